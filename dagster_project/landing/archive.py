"""The archive: files that a night has dealt with, by date of landing."""

import os
import shutil
from datetime import date
from pathlib import Path

from ..settings import Home
from .files import make_folder
from .names import MANIFEST, InboxFile


def move_to_archive(home: Home, file: InboxFile, day: date) -> Path:
    """Move a file, and its manifest, to `archive/<day>/`; never over another: the name gets a number."""
    folder = make_folder(home.archive / day.isoformat())
    target = folder / file.name
    number = 1
    while target.exists() or target.with_name(target.name + MANIFEST).exists():
        number += 1
        target = folder / f"{file.name}.{number}"
    _move(file.path, target)
    if file.manifest.exists():
        _move(file.manifest, target.with_name(target.name + MANIFEST))
    return target


def _move(source: Path, target: Path) -> None:
    if source.is_symlink():
        # What is kept is the file as it was read, and nobody else's file changes.
        shutil.copyfile(source, target)
        source.unlink()
    else:
        shutil.move(source, target)
    os.chmod(target, 0o600)
