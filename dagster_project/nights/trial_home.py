"""A throw-away home on top of a real one, to try what a night would do. The real one does not change.

Landed rows, ledger, quarantine, mappings, lists and key are links to the real home's; whatever is written lies in a
temporary folder of its own, for the owner alone, and is gone afterwards.
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
    """A home with all that `home` has landed, to land more in. `home` need not be there. Raises OSError.

    Where the real home has no pseudonym key, the trial makes one of its own.
    """
    with tempfile.TemporaryDirectory(prefix="pam-trial-", ignore_cleanup_errors=True) as folder:
        trial = Home(Path(folder) / "home").create()
        for name in ("raw", "quarantine", "mappings", "seeds", "editions", "expectations", "published"):
            _link_files(home.path / name, trial.path / name)
        if home.pictures.is_dir():
            # Copies: whoever draws says when a picture was used last, and throws away old ones.
            shutil.copytree(home.pictures, trial.pictures)
        for path in (home.key_file, home.config_file):
            if path.exists():
                (trial.path / path.name).symlink_to(path)
        yield trial


def take_base(home: Home, trial: Home) -> None:
    """Let a night of the trial build on what `home` has published, as its own next night would."""
    work, base = home.candidate / WORK, home.candidate / BASE
    if not (work.exists() and base.exists()):
        return
    said = base.read_bytes()
    try:
        shutil.copyfile(work, trial.candidate / WORK)
        # A night takes its base away before it touches the rest: the same base still there means a whole copy.
        if base.read_bytes() == said:
            (trial.candidate / BASE).write_bytes(said)
    except FileNotFoundError:
        # A night has begun meanwhile: build from nothing.
        (trial.candidate / WORK).unlink(missing_ok=True)


def _link_files(source: Path, target: Path) -> None:
    """Make a folder's tree anew, each of its files a link: a file that is replaced or removed here stays there."""
    for folder, _, names in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in names:
            (here / name).symlink_to(Path(folder, name))
