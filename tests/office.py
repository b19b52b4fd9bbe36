"""LibreOffice, to convert documents. Its profile is made once per process: making it takes twice as long as converting."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
WITHOUT = "LibreOffice is not here"


@cache
def profile() -> TemporaryDirectory[str]:
    """A folder for the profile, deleted when the process ends."""
    return TemporaryDirectory(prefix="pam-office-")


def convert(path: Path, folder: Path, form: str) -> Path:
    """Convert a document into a folder, and return the new file's path."""
    assert OFFICE, WITHOUT
    subprocess.run(
        [OFFICE, f"-env:UserInstallation=file://{profile().name}", "--headless", "--convert-to", form,
         "--outdir", str(folder), str(path)],
        check=True, capture_output=True, timeout=180,
        # What root's run leaves in a folder that all share would keep others out: `pam` makes files for its user alone.
        umask=0o022,
    )  # fmt: skip
    return folder / f"{path.stem}.{form}"
