"""The archive: files that a night has finished with, by date of landing."""

import contextlib
import errno
import fcntl
import hashlib
import os
from datetime import date
from pathlib import Path

from dagster_project.core.files import make_file, make_folder, put_in_place, temporary_path
from dagster_project.core.home import Home

from .file_names import MANIFEST, InboxFile, leads_out
from .inbox_files import FileStamp, check_unchanged, folder_of, is_still_leased, lease, opened_file, refuse_keys
from .refusal import Refused

CHUNK = 1 << 20
LONGEST = 255
"""Bytes that a name may have on the file systems in use."""


def move_to_archive(
    home: Home, file: InboxFile, day: date, sha256: str | None = None, seen: FileStamp | None = None
) -> Path | None:
    """Move a file, and its manifest, to `archive/<day>/`; never over another: the name gets a number. Returns where it is.

    `sha256`, `seen`: what was read. None is returned, and nothing moves, where that is not there any more. A link that leads
    out of the inbox, or to a folder, is removed, and nothing of what it leads to is kept. Raises OSError.
    """
    folder = make_folder(home.archive / day.isoformat())
    target = folder / file.name
    number = 1
    while _taken(target):
        number += 1
        target = folder / f"{file.name}.{number}"
    if len(os.fsencode(target.name + MANIFEST)) > LONGEST:
        # No room for a number or a manifest's ending, nor for bytes spelled out.
        target = folder / f"{hashlib.sha256(os.fsencode(file.path)).hexdigest()[:12]}-{at_most(file.name, 180)}"
    root = file.root or file.path.parent
    if seen and not _is_as_seen(file, seen):
        return None
    try:
        # A manifest that a killed night left alone would be held against the next file of that name.
        if os.path.lexists(file.manifest):
            _move(home, file.manifest, target.with_name(target.name + MANIFEST), root)
        return target if _move(home, file.path, target, root, sha256, seen) else None
    except Refused:
        # Its folder has become a link: whatever is there now is not the inbox's.
        return None


def at_most(name: str, length: int) -> str:
    """The end of a name in that many bytes or fewer."""
    return name.encode("utf-8")[-length:].decode("utf-8", "ignore")


def _taken(target: Path) -> bool:
    # `Path.exists` raises where a name is too long to be.
    return os.path.exists(target) or os.path.exists(f"{target}{MANIFEST}")


def _is_as_seen(file: InboxFile, seen: FileStamp) -> bool:
    try:
        check_unchanged(file, seen)
    except (Refused, FileNotFoundError):
        return os.path.islink(file.path) and leads_out(file.path, file.root or file.path.parent)
    return True


def _move(home: Home, source: Path, target: Path, root: Path, sha256: str | None = None, seen: FileStamp | None = None) -> bool:
    """Have `target` be the file at `source`, as it was seen and hashed, and `source` gone. Returns whether it was done: a file
    that has changed stays, and a link that leads out is removed without a trace of what it led to."""
    with folder_of(source, root) as (folder, name):
        try:
            with opened_file(source, root) as handle:
                refuse_keys(home, handle)
                if seen and FileStamp.of(handle) != seen:
                    return False
                linked = os.path.islink(source)
                by_name = not linked and (seen or not sha256) and _rename(folder, name, handle, target)
                if not by_name and not _copy(handle, target, sha256):
                    return False
        except PermissionError:
            if sha256:
                raise
            # Not read, and moved as it is.
            os.rename(name, target, src_dir_fd=folder)
            by_name = True
        except (Refused, FileNotFoundError):
            _remove(folder, name)
            return True
        if not by_name:
            os.unlink(name, dir_fd=folder)
    os.chmod(target, 0o600)
    return True


def _remove(folder: int, name: str) -> None:
    """Remove a name that is a link, a key's or no file's; a folder stays."""
    with contextlib.suppress(IsADirectoryError, FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _rename(folder: int, name: str, handle: int, target: Path) -> bool:
    """Move a file by its name, where nobody can go on writing to it then: it is this user's, has this one name, and no process
    has it open for writing. Returns whether it was moved."""
    found = os.fstat(handle)
    if found.st_uid != os.geteuid() or found.st_nlink != 1 or not lease(handle):
        return False
    try:
        os.rename(name, target, src_dir_fd=folder)
        moved = os.stat(target, follow_symlinks=False)
        if is_still_leased(handle) and (moved.st_dev, moved.st_ino) == (found.st_dev, found.st_ino):
            return True
        # Somebody has asked to write, or put another file there, in between: as it was, and then a copy.
        os.rename(target, name, dst_dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    finally:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _copy(handle: int, target: Path, sha256: str | None) -> bool:
    """Write what is opened to a new file of this user's, for good. Returns False, and leaves nothing, where that is not what
    was hashed."""
    digest = hashlib.sha256()
    new = temporary_path(target)
    try:
        with open(handle, "rb", closefd=False) as source, os.fdopen(make_file(new), "wb") as copy:
            while piece := source.read(CHUNK):
                digest.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        if sha256 and digest.hexdigest() != sha256:
            return False
        put_in_place(new, target)
        return True
    finally:
        new.unlink(missing_ok=True)
