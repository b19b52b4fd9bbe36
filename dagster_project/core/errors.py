"""Which faults can pass by themselves, and how long to wait before trying again.

Trying again helps against a lock that another process holds, a share that is away for a minute, a disk that fills and
empties. It never helps against a list, a setting, a key or a figure that is wrong: those end the night at once.
"""

import errno
import random
import re

from .receipts import NightUnderWayError

TRIES = 4
"""How often a step is tried again at most."""

PASSING = frozenset(
    getattr(errno, name)
    for name in (
        "EAGAIN", "EBUSY", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EDQUOT", "EHOSTDOWN", "EHOSTUNREACH", "EINTR", "EIO",
        "EMFILE", "ENETDOWN", "ENETUNREACH", "ENFILE", "ENOBUFS", "ENODEV", "ENOLCK", "ENOMEM", "ENOSPC", "ENOTCONN", "ENXIO",
        "ESTALE", "ETIMEDOUT", "ETXTBSY",
    )
    if hasattr(errno, name)
)  # fmt: skip
"""Errors of a disk or a share that may be gone in a minute. A full disk is one: the archive is tidied, a copy is moved."""

_SAID = re.compile(
    r"set lock on file|no space left on device|input/output error|resource temporarily unavailable|stale file handle"
    r"|disk quota exceeded|too many open files|connection timed out|transport endpoint is not connected",
    re.I,
)
"""The same where a library says it in words: DuckDB, and dbt of what DuckDB said."""


class InboxMissingError(NotADirectoryError):
    """The folder to read extracts from is not there: perhaps a share that is not mounted yet."""


def is_passing(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, may pass by itself."""
    while error is not None:
        if isinstance(error, (NightUnderWayError, InboxMissingError)) or getattr(error, "passing", False):
            return True
        if isinstance(error, OSError) and error.errno in PASSING:
            return True
        if _SAID.search(str(error)):
            return True
        error = error.__cause__
    return False


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
