"""The home's lock: one night, or one command that changes what nights read, at a time."""

import contextlib
import fcntl
import os
from collections.abc import Generator
from typing import TextIO

from .errors import Cause, PamError
from .home import Home
from .permissions import refuse_open, refuse_root


class NightUnderWayError(PamError, RuntimeError):
    """Another night is running in this home."""

    cause = Cause.UNDER_WAY
    is_transient = True


@contextlib.contextmanager
def locked(home: Home) -> Generator[None]:
    """Keep other nights out of a home; the lock ends with the process. Raises NightUnderWayError, without waiting."""
    handle = take_lock(home)
    try:
        yield
    finally:
        handle.close()


def is_under_way(home: Home) -> bool:
    """Whether a night, or a command that keeps nights out, holds the home's lock. Creates no file."""
    try:
        with (home.path / ".night.lock").open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def take_lock(home: Home) -> TextIO:
    """Take the home's lock. Returns the open lock file: close it to release the lock. Raises NightUnderWayError,
    OpenHomeError, OtherOwnerError."""
    refuse_root(home)
    refuse_open(home)
    home.create()
    handle = (home.path / ".night.lock").open("a+")
    # Whoever can open it can hold all nights up; a backup may have restored it with another mode.
    os.chmod(handle.name, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise NightUnderWayError(f"another night is under way in {home.path}; wait for it, or end that process") from None
    return handle
