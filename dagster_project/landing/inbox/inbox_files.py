"""Opens files of the inbox so that no link leads out of it, and checks that they do not change while they are read.

A path can mean another file from one moment to the next. So a file is opened once, folder by folder and without following
links, and every check is made on the open file. A link within the inbox is resolved first.
"""

import contextlib
import fcntl
import os
import signal
import stat
import time
from collections.abc import Generator, Iterable
from pathlib import Path

from dagster_project.core.home import Home

from ..refusal import CHANGED, CHANGED_MEANWHILE, OPEN_FOR_WRITING, Refused, StaysInInbox
from .file_names import LINK_OUT, InboxFile, leads_out

NO_FILE = "not a file: drop the file itself"
A_KEY = "one of the home's keys: it is never read as an extract, nor archived"

FileState = tuple[int, int, int, int, int]


def state_of(handle: int) -> FileState:
    """Changes whenever the content of an open file does: the time of its last change can't be set back."""
    status = os.fstat(handle)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextlib.contextmanager
def opened_file(path: Path, root: Path | None) -> Generator[int]:
    """A descriptor of a file to read. `root`: the folder that no link may lead out of; None where a person named the file.

    Raises Refused for a link that leads out and for anything but a regular file, and OSError.
    """
    place: contextlib.AbstractContextManager[tuple[int | None, str]]
    if root is None:
        place = contextlib.nullcontext((None, str(path)))
    elif leads_out(path, root):
        raise Refused(LINK_OUT)
    else:
        place = folder_of(Path(os.path.realpath(path)) if path.is_symlink() else path, root)
    with place as (folder, name):
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_NOFOLLOW if root else 0)
        try:
            handle = os.open(name, flags, dir_fd=folder)
        except OSError as error:
            if os.path.islink(path):
                raise Refused(LINK_OUT) from error
            raise
    try:
        # Reading a pipe or a device might never end.
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Refused(NO_FILE)
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def folder_of(path: Path, root: Path) -> Generator[tuple[int, str]]:
    """A descriptor of the folder of a path, reached from `root` without following a link, and the path's last part.

    Raises Refused where a folder on the way is a link.
    """
    real = os.path.realpath(root)
    relative = path.relative_to(root) if path.is_relative_to(root) else path.relative_to(real)
    handle = os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in relative.parts[:-1]:
            try:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
            except NotADirectoryError as error:
                raise Refused(LINK_OUT) from error
            os.close(handle)
            handle = below
        yield handle, relative.parts[-1]
    finally:
        os.close(handle)


def refuse_keys(home: Home, handle: int) -> None:
    """Raises Refused where an open file is one of the home's keys under any name: a hard link does not look like a link."""
    opened = os.fstat(handle)
    for path in (home.key_file, home.audit_key_file):
        with contextlib.suppress(OSError):
            if os.path.samestat(path.stat(), opened):
                raise Refused(A_KEY)


def check_unchanged(file: InboxFile, state: FileState) -> None:
    """Raises Waits where the file has changed since it was read, Refused and OSError as `opened_file` does."""
    with opened_file(file.path, file.root) as handle:
        if state_of(handle) != state:
            raise StaysInInbox(CHANGED_MEANWHILE)


def files_being_written(files: Iterable[InboxFile], seconds: float) -> dict[Path, str]:
    """The files that are still being written, each with the reason. `seconds`: 0 does not check.

    Waits until the youngest file is this old, at most `seconds`, and then finds the files that have changed. Where the system
    can tell whether a file is open for writing (local disks, files of this user), open files are found however long their
    writer pauses.
    """
    if not seconds:
        return {}
    real_files = [f for f in files if not f.path.is_symlink()]
    youngest = max((f.mtime for f in real_files), default=0.0)
    # A time in the future does not say when the file was written.
    if (wait_seconds := youngest + seconds - time.time()) > 0:
        time.sleep(min(wait_seconds, seconds))
    reasons = {}
    for file in real_files:
        with contextlib.suppress(OSError, Refused), opened_file(file.path, file.root) as handle:
            now = os.fstat(handle)
            if (now.st_size, now.st_mtime) != (file.size, file.mtime):
                reasons[file.path] = CHANGED.format(seconds=seconds)
            # Closing the file gives the lease back.
            elif lease(handle) is False:
                reasons[file.path] = OPEN_FOR_WRITING
    return reasons


def lease(handle: int) -> bool | None:
    """Take a read lease: True where nobody has the file open for writing, False where somebody has; None where the system
    can't tell (another user's file, a network share, not Linux)."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        # The default signal would end the process; this one is ignored.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
