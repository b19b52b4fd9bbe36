"""Extracts of a large night landed side by side: one thread reads a file while another writes what it read.

Reading and writing are mostly single-threaded work of DuckDB's, of NumPy's and of hashing, all of which leave Python alone.
Each extract has a connection of its own, and knows only of its own files; what it found is committed by the caller, an extract
at a time. A small night is over before a second thread would have begun.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Condition, Lock
from typing import TYPE_CHECKING

import duckdb

from ..memory import megabytes, memory_of
from .ledger import LedgerEntry
from .names import InboxFile
from .refusal import TooLarge

if TYPE_CHECKING:
    from .land import Read, _Landing

WORTH_IT = 1 << 25
"""Bytes of a night's files from which on it is faster."""

AT_ONCE = 4
"""Extracts at the most, where there are so many processors: each takes a part of the memory."""

TEXTS = 6
"""Texts read at one time may be one part in so many of the night's memory: each is there three times for a moment."""

UNPACKED = 10
"""How many times as large a packed file may be."""


class Room:
    """The memory that the texts of files may take which are read at one time. This one is of a night that reads one by one."""

    parts = 1
    """How many databases share the night's memory."""

    def taken(self, _file: InboxFile) -> AbstractContextManager[None]:
        """A context in which a file may be read."""
        return nullcontext()


ALONE = Room()


class _Shared(Room):
    def __init__(self, size: int, parts: int) -> None:
        self.size, self.parts, self.is_over = size, parts, False
        self._left, self._change = size, Condition()

    @contextmanager
    def taken(self, file: InboxFile) -> Iterator[None]:
        """Wait until there is room. A file that is larger than all of it is read alone. Raises _Stopped."""
        wanted = min(self.size, file.size * (1 if file.container == ".csv" else UNPACKED))
        with self._change:
            self._change.wait_for(lambda: self.is_over or self._left >= wanted)
            if self.is_over:
                raise _Stopped
            self._left -= wanted
        try:
            yield
        finally:
            with self._change:
                self._left += wanted
                self._change.notify_all()

    def close(self) -> None:
        """Let nobody read any more."""
        with self._change:
            self.is_over = True
            self._change.notify_all()


class _Stopped(Exception):
    """Another extract could not be landed, or somebody ends the night."""


def is_worth_it(new: Sequence[InboxFile]) -> bool:
    """Whether there is enough to read in these files, of several extracts, and more than one processor."""
    return processors() > 1 and len({f.extract for f in new}) > 1 and sum(f.size for f in new) >= WORTH_IT


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read(
    landing: "_Landing", files: Mapping[str, list[InboxFile]], progress: Callable[[LedgerEntry], None] | None
) -> Iterator["Read"]:
    """Read each extract's files, the largest first, and yield what came of each as it is done; what is too large for its part
    of the memory, alone and last.

    Raises what the first to fail raises, once the others have stopped: what they stored does not count.
    """
    parts = min(AT_ONCE, processors(), len(files))
    room = _Shared((megabytes(memory_of(landing.home)) << 20) // TEXTS, parts)
    told, one_at_a_time = set(), Lock()

    def tell(entry: LedgerEntry) -> None:
        with one_at_a_time:
            if progress and entry.source_file not in told:
                told.add(entry.source_file)
                progress(entry)

    largest = sorted(files, key=lambda name: -sum(f.size for f in files[name]))
    each = {name: landing.apart(name) for name in largest}
    too_large = []
    with ThreadPoolExecutor(parts, "landing") as pool:
        begun = {pool.submit(_read, each[name], name, files[name], tell, room): name for name in largest}
        try:
            for one in as_completed(begun):
                try:
                    done = one.result()
                except (TooLarge, duckdb.OutOfMemoryException):
                    too_large.append(begun[one])
                    continue
                yield done
        except BaseException:
            room.close()
            for own in each.values():
                own.interrupt()
            raise
    for name in too_large:
        yield _read(landing.apart(name), name, files[name], tell, ALONE)


def _read(
    landing: "_Landing", name: str, files: list[InboxFile], tell: Callable[[LedgerEntry], None], room: Room
) -> "Read":
    try:
        return landing.read_extract(name, files, tell, room)
    finally:
        landing.close()
