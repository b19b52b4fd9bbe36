"""A temporary home on top of a real one, to try what a night would do. The real one does not change.

Landed rows, ledger, quarantine, mappings, lists and key are links to the real home's. Whatever is written goes to a temporary
folder, for its owner alone, which is deleted afterwards.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_project.core.home import Home
from dagster_project.transform.raw_schema import WORK

BASE = "base.json"


@contextmanager
def trial_home(home: Home) -> Iterator[Home]:
    """A home with all that `home` has landed, to land more in. `home` need not exist. Raises OSError.

    If the real home has no pseudonym key, the trial makes its own.
    """
    with tempfile.TemporaryDirectory(prefix="pam-trial-", ignore_cleanup_errors=True) as folder:
        trial = Home(Path(folder) / "home").create()
        for name in ("raw", "quarantine", "mappings", "seeds", "editions", "expectations", "published"):
            _link_files(home.path / name, trial.path / name)
        if home.pictures.is_dir():
            # Copied, because drawing charts updates when each picture was last used, and deletes old ones.
            shutil.copytree(home.pictures, trial.pictures)
        for path in (home.key_file, home.config_file):
            if path.exists():
                (trial.path / path.name).symlink_to(path)
        yield trial


def copy_base(home: Home, trial: Home) -> None:
    """Copy the tables that the real home's next night would start from, so that the trial's night can, too."""
    work, base = home.candidate / WORK, home.candidate / BASE
    if not (work.exists() and base.exists()):
        return
    content = base.read_bytes()
    try:
        shutil.copyfile(work, trial.candidate / WORK)
        # A night deletes this file before it changes the tables: while it is the same, the copy is whole.
        if base.read_bytes() == content:
            (trial.candidate / BASE).write_bytes(content)
    except FileNotFoundError:
        # A night has started meanwhile: build everything.
        (trial.candidate / WORK).unlink(missing_ok=True)


def _link_files(source: Path, target: Path) -> None:
    """Copy a folder's tree with a link for each file, so that replacing or deleting one here leaves the real one."""
    for folder, _, names in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in names:
            (here / name).symlink_to(Path(folder, name))
