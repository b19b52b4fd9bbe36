"""The archive: files that a night has dealt with, by date of landing."""

import hashlib
import os
import shutil
from datetime import date
from pathlib import Path

from dagster_project.core.files import make_folder
from dagster_project.core.home import Home

from .file_names import MANIFEST, InboxFile

LONGEST = 255
"""Bytes that a name may have on the file systems in use."""


def move_to_archive(home: Home, file: InboxFile, day: date) -> Path:
    """Move a file, and its manifest, to `archive/<day>/`; never over another: the name gets a number."""
    folder = make_folder(home.archive / day.isoformat())
    target = folder / file.name
    number = 1
    while _taken(target):
        number += 1
        target = folder / f"{file.name}.{number}"
    if len(os.fsencode(target.name + MANIFEST)) > LONGEST:
        # No room for a number or a manifest's ending, nor for bytes spelled out.
        target = folder / f"{hashlib.sha256(os.fsencode(file.path)).hexdigest()[:12]}-{at_most(file.name, 180)}"
    # A manifest that a killed night left alone would be held against the next file of that name.
    if os.path.exists(file.manifest):
        _move(file.manifest, target.with_name(target.name + MANIFEST))
    _move(file.path, target)
    return target


def at_most(name: str, length: int) -> str:
    """The end of a name in that many bytes or fewer."""
    return name.encode("utf-8")[-length:].decode("utf-8", "ignore")


def _taken(target: Path) -> bool:
    # `Path.exists` raises where a name is too long to be.
    return os.path.exists(target) or os.path.exists(f"{target}{MANIFEST}")


def _move(source: Path, target: Path) -> None:
    if source.is_symlink():
        # What is kept is the file as it was read, and nobody else's file changes.
        shutil.copyfile(source, target)
        source.unlink()
    else:
        shutil.move(source, target)
    os.chmod(target, 0o600)
