"""Errors that a person can act on: what caused them, what to do, and whether waiting helps.

Our own errors say so themselves (`PamError`). Those of the system and of libraries are told apart here, at the border: by
number, or by their words where they have no number.

Trying again helps against a lock that another process holds, a share that is away for a minute, a disk that fills and
empties. It never helps against a list, a setting, a key or a figure that is wrong: those end the night at once.
"""

import errno
import random
import re
from enum import StrEnum
from typing import Self

TRIES = 4
"""How often a step is tried again at most."""


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
"""What to do, where the message of a library or the system does not say it."""


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
        """An error whose message quotes a library: its words decide the cause, and whether waiting helps."""
        cause = cause_in(message)
        return cls(message) if cause is Cause.OTHER else cls(message, cause=cause, is_transient=cause in _TRANSIENT)


class InboxMissingError(PamError, NotADirectoryError):
    """The folder to read extracts from is not there: perhaps a share that is not mounted yet."""

    cause = Cause.DISK_AWAY
    is_transient = True


_FULL = ("ENOSPC", "EDQUOT")
_AWAY = (
    "EAGAIN", "EBUSY", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH", "EINTR", "EIO", "EMFILE",
    "ENETDOWN", "ENETUNREACH", "ENFILE", "ENOBUFS", "ENODEV", "ENOLCK", "ENOMEM", "ENOTCONN", "ENXIO", "ESTALE", "ETIMEDOUT",
    "ETXTBSY",
)  # fmt: skip
_CAUSES = {
    getattr(errno, name): cause
    for cause, names in (
        (Cause.DISK_FULL, _FULL), (Cause.FILE_LIMIT, ("EFBIG",)), (Cause.DISK_AWAY, _AWAY),
        (Cause.DISK_REFUSES, ("EROFS", "EACCES", "EPERM")),
    )
    for name in names
    if hasattr(errno, name)
}  # fmt: skip
_TRANSIENT = {Cause.DISK_FULL, Cause.DISK_AWAY, Cause.UNDER_WAY}
"""A full disk is one: the archive is tidied, a copy is moved."""

_WORDS = (
    (Cause.DISK_FULL, r"no space left on device|disk quota exceeded|out of disk space|database or disk is full"),
    (Cause.FILE_LIMIT, r"file too large"),
    (Cause.SPILL_LIMIT, r"max_temp_directory_size"),
    (Cause.DISK_AWAY, r"set lock on file|input/output error|disk i/o error|resource temporarily unavailable|stale file handle"
                      r"|too many open files|connection timed out|transport endpoint is not connected"),
    (Cause.DISK_REFUSES, r"read-only file system|permission denied"),
)  # fmt: skip
"""The same where a library says it in words: DuckDB, dbt of what DuckDB said, SQLite, and Dagster of what ended a step."""


def cause_in(said: str) -> Cause:
    """The cause that a library's message names; `OTHER` where it names none."""
    return next((cause for cause, words in _WORDS if re.search(words, said, re.I)), Cause.OTHER)


def cause_of(error: BaseException | str | None) -> Cause:
    """Why something failed: what the error says of itself, or the first of those that caused it which says something."""
    if isinstance(error, str):
        return cause_in(error)
    while error is not None:
        if isinstance(error, PamError) and error.cause != Cause.OTHER:
            return error.cause
        if isinstance(error, OSError) and error.errno in _CAUSES:
            return _CAUSES[error.errno]
        if not isinstance(error, PamError) and (found := cause_in(str(error))) != Cause.OTHER:
            return found
        error = error.__cause__
    return Cause.OTHER


def is_transient(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, may pass by itself."""
    while error is not None:
        if isinstance(error, PamError) and error.is_transient:
            return True
        if isinstance(error, OSError) and _CAUSES.get(error.errno or 0) in _TRANSIENT:
            return True
        if not isinstance(error, PamError) and cause_in(str(error)) in _TRANSIENT:
            return True
        error = error.__cause__
    return False


def with_advice(error: BaseException | str) -> str:
    """What went wrong, and what a person is to do where the message of a library or the system does not say it."""
    said = str(error) or type(error).__name__
    advice = ADVICE.get(cause_of(error))
    return f"{said}: {advice}" if advice else said


def interrupt_in(error: BaseException | None) -> BaseException | None:
    """The interrupt that an error is, or came of; None where nobody interrupted anything.

    What is interrupted often breaks while it cleans up, and raises that instead.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if not isinstance(error, (Exception, GeneratorExit)):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def wait_before(again: int, patience: float) -> float:
    """Seconds to wait before trying for the `again`th time (from 1): twice as long each time, and a tenth more or less.

    The waits of all `TRIES` add up to about `patience` seconds.
    """
    step: float = patience / (2**TRIES - 1)
    return step * 2.0 ** (again - 1) * random.uniform(0.9, 1.1)  # noqa: S311  (so that two do not try at once for ever)
