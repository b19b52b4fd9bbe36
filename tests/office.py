"""LibreOffice, which saves documents anew. Its profile is made once in a process: making it takes twice as long as saving."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
WITHOUT = "LibreOffice is not here"


@cache
def profile() -> TemporaryDirectory[str]:
    """A folder for the profile, which goes when the process ends."""
    return TemporaryDirectory(prefix="pam-office-")


def convert(path: Path, folder: Path, form: str) -> Path:
    """What LibreOffice makes of a document, in a folder."""
    assert OFFICE, WITHOUT
    subprocess.run(
        [OFFICE, f"-env:UserInstallation=file://{profile().name}", "--headless", "--convert-to", form,
         "--outdir", str(folder), str(path)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return folder / f"{path.stem}.{form}"
