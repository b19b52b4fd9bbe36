"""Moves landed files from the inbox to the archive, by date of landing."""

import contextlib
import errno
import fcntl
import hashlib
import os
from datetime import date
from pathlib import Path

from dagster_project.core.files import make_file, make_folder, put_in_place, temporary_path
from dagster_project.core.home import Home

from ..refusal import Refused
from .file_names import MANIFEST, InboxFile, leads_out
from .inbox_files import FileState, check_unchanged, folder_of, lease, opened_file, refuse_keys, state_of

CHUNK = 1 << 20
LONGEST_NAME = 250
"""Bytes that a name may have on the file systems in use, less those of its number."""


def move_to_archive(
    home: Home, file: InboxFile, day: date, sha256: str | None = None, state: FileState | None = None
) -> Path | None:
    """Move a file, and its manifest, to `archive/<day>/`, under a numbered name where another file has its name. Returns its
    path.

    `sha256`, `state`: the file as it was read; where it has changed since, nothing moves and None is returned. A link that
    leads out of the inbox, or to a folder, is removed, and what it leads to is not archived. Raises OSError.
    """
    folder = make_folder(home.archive / day.isoformat())
    name = file.name
    if len(os.fsencode(name + MANIFEST)) > LONGEST_NAME:
        # No room for a number, a manifest's ending or escaped bytes.
        end = name.encode("utf-8")[-180:].decode("utf-8", "ignore")
        name = f"{hashlib.sha256(os.fsencode(file.path)).hexdigest()[:12]}-{end}"
    target, number = folder / name, 1
    while target.exists() or target.with_name(target.name + MANIFEST).exists():
        number += 1
        target = folder / f"{name}.{number}"
    root = file.root or file.path.parent
    if state and not _is_unchanged(file, state):
        return None
    try:
        # First: a manifest that a killed night left alone would be compared with the next file of that name.
        if os.path.lexists(file.manifest):
            _move(home, file.manifest, target.with_name(target.name + MANIFEST), root)
        return target if _move(home, file.path, target, root, sha256, state) else None
    except Refused:
        # Its folder has become a link: the file there now is not the inbox's.
        return None


def _is_unchanged(file: InboxFile, state: FileState) -> bool:
    try:
        check_unchanged(file, state)
    except (Refused, FileNotFoundError):
        return os.path.islink(file.path) and leads_out(file.path, file.root or file.path.parent)
    return True


def _move(
    home: Home, source: Path, target: Path, root: Path, sha256: str | None = None, state: FileState | None = None
) -> bool:
    """Move the file at `source` to `target`. Returns False, and leaves the file, where it has changed since it was read. A link
    that leads out is removed, and what it leads to is not copied."""
    with folder_of(source, root) as (folder, name):
        try:
            with opened_file(source, root) as handle:
                refuse_keys(home, handle)
                if state and state_of(handle) != state:
                    return False
                is_renamed = not os.path.islink(source) and (state or not sha256) and _rename(folder, name, handle, target)
                if not is_renamed and not _copy(handle, target, sha256):
                    return False
        except PermissionError:
            if sha256:
                raise
            # The file was never read: it is moved as it is.
            os.rename(name, target, src_dir_fd=folder)
            is_renamed = True
        except (Refused, FileNotFoundError):
            # A link, a key or anything else that is not a file to archive; a folder stays.
            with contextlib.suppress(IsADirectoryError, FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            return True
        if not is_renamed:
            os.unlink(name, dir_fd=folder)
    os.chmod(target, 0o600)
    return True


def _rename(folder: int, name: str, handle: int, target: Path) -> bool:
    """Rename a file where nobody can go on writing to it afterwards: it is this user's, has only this name, and no process has
    it open for writing. Returns whether it was moved."""
    status = os.fstat(handle)
    if status.st_uid != os.geteuid() or status.st_nlink != 1 or not lease(handle):
        return False
    try:
        os.rename(name, target, src_dir_fd=folder)
        is_leased = fcntl.fcntl(handle, fcntl.F_GETLEASE) == fcntl.F_RDLCK
        if is_leased and os.path.samestat(os.stat(target, follow_symlinks=False), status):
            return True
        # Somebody opened it for writing, or put another file in its place: move it back and copy it instead.
        os.rename(target, name, dst_dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    finally:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _copy(handle: int, target: Path, sha256: str | None) -> bool:
    """Copy an open file to a new file of this user's, synced to disk. Returns False, and leaves nothing, where the bytes are
    not those that were hashed."""
    digest = hashlib.sha256()
    temporary = temporary_path(target)
    try:
        with open(handle, "rb", closefd=False) as source, os.fdopen(make_file(temporary), "wb") as copy:
            while piece := source.read(CHUNK):
                digest.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        if sha256 and digest.hexdigest() != sha256:
            return False
        put_in_place(temporary, target)
        return True
    finally:
        temporary.unlink(missing_ok=True)
