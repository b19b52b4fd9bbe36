"""Errors that a person can act on: what caused them, what to do, and whether waiting helps.

Our own errors (`PamError`) carry this. Errors of the system and of libraries are classified here: by number, or by their
message if they have no number.

Trying again helps with a lock that another process holds, a share that is briefly unavailable, or a full disk that somebody
tidies. It never helps with a wrong list, setting, key or figure: those end the night at once.
"""

import errno
import random
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Self

TRIES = 4
"""The most times that a step is tried again."""


class Cause(StrEnum):
    """Why something failed. Receipts keep it; alerts and the runbook say what to do about each."""

    UNDER_WAY = "under_way"
    INTERRUPTED = "interrupted"
    DISK_FULL = "disk_full"
    FILE_LIMIT = "file_limit"
    DISK_AWAY = "disk_away"
    DISK_REFUSES = "disk_refuses"
    SPILL_LIMIT = "spill_limit"
    KEY = "key"
    SETTINGS = "settings"
    LIST = "list"
    MAPPING = "mapping"
    SAMPLE_HOME = "sample_home"
    MODEL = "model"
    OTHER = "other"


ADVICE = {
    Cause.DISK_FULL: "make room on the home's disk (`df -h`); the next night then takes up what this one left undone",
    Cause.FILE_LIMIT: "allow larger files (`ulimit -f`), or make room; the next night then takes up what this one left undone",
    Cause.DISK_REFUSES: "let the night's user write there; the next night then takes up what this one left undone",
    Cause.SPILL_LIMIT: "what did not fit into memory took more of the disk than it may: allow more with `[night] spill`",
}
"""What to do, for errors of libraries and the system, whose messages do not say it."""


class PamError(Exception):
    """An error that a person can act on. The message says what is wrong, where, and what to do.

    `cause` and `is_transient` (whether it may pass by itself) are those of the class, unless the error itself says more.
    """

    cause: Cause = Cause.OTHER
    is_transient: bool = False

    def __init__(self, message: str = "", *, cause: Cause | None = None, is_transient: bool | None = None) -> None:
        super().__init__(message)
        if cause is not None:
            self.cause = cause
        if is_transient is not None:
            self.is_transient = is_transient

    @classmethod
    def quoting(cls, message: str) -> Self:
        """An error that quotes a library's message, which decides the cause and whether waiting helps."""
        cause = _cause_in(message)
        return cls(message) if cause is Cause.OTHER else cls(message, cause=cause, is_transient=cause in _TRANSIENT)


class InboxMissingError(PamError, NotADirectoryError):
    """The folder to read extracts from is not there: perhaps a share that is not mounted yet."""

    cause = Cause.DISK_AWAY
    is_transient = True


_AWAY = (
    errno.EAGAIN, errno.EBUSY, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTDOWN, errno.EHOSTUNREACH,
    errno.EINTR, errno.EIO, errno.EMFILE, errno.ENETDOWN, errno.ENETUNREACH, errno.ENFILE, errno.ENOBUFS, errno.ENODEV,
    errno.ENOLCK, errno.ENOMEM, errno.ENOTCONN, errno.ENXIO, errno.ESTALE, errno.ETIMEDOUT, errno.ETXTBSY,
)  # fmt: skip
_CAUSES = {
    errno.ENOSPC: Cause.DISK_FULL, errno.EDQUOT: Cause.DISK_FULL, errno.EFBIG: Cause.FILE_LIMIT,
    **dict.fromkeys(_AWAY, Cause.DISK_AWAY),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), Cause.DISK_REFUSES),
}  # fmt: skip
_TRANSIENT = {Cause.DISK_FULL, Cause.DISK_AWAY, Cause.UNDER_WAY}
"""A full disk is among them: somebody may tidy it meanwhile."""

_WORDS = (
    (Cause.DISK_FULL, r"no space left on device|disk quota exceeded|out of disk space|database or disk is full"),
    (Cause.FILE_LIMIT, r"file too large"),
    (Cause.SPILL_LIMIT, r"max_temp_directory_size"),
    (Cause.DISK_AWAY, r"set lock on file|input/output error|disk i/o error|resource temporarily unavailable|stale file handle"
                      r"|too many open files|connection timed out|transport endpoint is not connected"),
    (Cause.DISK_REFUSES, r"read-only file system|permission denied"),
)  # fmt: skip
"""The same for libraries that only give a message: DuckDB, dbt (which quotes DuckDB), SQLite, and Dagster."""


def _cause_in(message: str) -> Cause:
    """The cause that a library's message names; `OTHER` where it names none."""
    return next((cause for cause, words in _WORDS if re.search(words, message, re.I)), Cause.OTHER)


def cause_of(error: BaseException | str | None) -> Cause:
    """Why something failed: the cause of the error, or of the first error in its chain that has one."""
    if isinstance(error, str):
        return _cause_in(error)
    return next((cause for e in _chain(error) if (cause := _own_cause(e)) != Cause.OTHER), Cause.OTHER)


def is_transient(error: BaseException | None) -> bool:
    """Whether an error, or one in its chain, may pass by itself."""
    return any(e.is_transient if isinstance(e, PamError) else _own_cause(e) in _TRANSIENT for e in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _own_cause(error: BaseException) -> Cause:
    if isinstance(error, PamError):
        return error.cause
    by_number = _CAUSES.get(error.errno or 0) if isinstance(error, OSError) else None
    return by_number or _cause_in(str(error))


def with_advice(error: BaseException | str) -> str:
    """The message of an error, with advice if it is of a library or the system."""
    message = str(error) or type(error).__name__
    advice = ADVICE.get(cause_of(error))
    return f"{message}: {advice}" if advice else message


def interrupt_in(error: BaseException | None) -> BaseException | None:
    """The interrupt behind an error; None if there was none.

    Interrupted code often fails while it cleans up, and raises that error instead.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if not isinstance(error, (Exception, GeneratorExit)):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def seconds_before_retry(attempt: int, patience: float) -> float:
    """Seconds to wait before a retry (`attempt`: 1 for the first): twice as long each time, plus or minus a tenth.

    The waits of all `TRIES` add up to about `patience` seconds.
    """
    step: float = patience / (2**TRIES - 1)
    return step * 2.0 ** (attempt - 1) * random.uniform(0.9, 1.1)  # noqa: S311  (so that two processes do not keep meeting)
