"""Lands the extracts of a large night in parallel, a thread each.

Reading and writing are mostly single-threaded work of DuckDB's, of NumPy's and of hashing, all of which leave Python alone.
Each extract has a connection of its own, and knows only of its own files; what it found is committed by the caller, an extract
at a time. A small night is over before a second thread would have begun.
"""

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Condition, Lock
from typing import Protocol, TypeVar

from dagster_project.core.home import Home
from dagster_project.core.memory import megabytes, memory_limit

from .file_names import InboxFile
from .ledger import LedgerEntry

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

WORTH_IT = 1 << 25
"""Bytes of a night's files from which on it is faster."""

AT_ONCE = 4
"""Extracts at the most, where there are so many processors: each takes a part of the memory."""

TEXTS = 6
"""Texts read at one time may be one part in so many of the night's memory: each is there three times for a moment."""

UNPACKED = 30
"""How many times as large a packed file may be."""

PATIENCE = 0.05
"""Seconds after which a thread that is to end is told so again."""


class Room:
    """The memory that the texts of files may take which are read at one time. This one is of a night that reads one by one."""

    parts = 1
    """How many databases share the night's memory."""
    is_over = False
    """Whether nobody is to read any more."""

    def taken(self, _file: InboxFile) -> AbstractContextManager[None]:
        """A context in which a file may be read."""
        return nullcontext()

    def whole(self) -> AbstractContextManager[None]:
        """A context in which nobody else reads."""
        return nullcontext()


ALONE = Room()


class _Shared(Room):
    def __init__(self, size: int, parts: int) -> None:
        self.size, self.parts = size, parts
        self._left, self._change = size, Condition()

    def taken(self, file: InboxFile) -> AbstractContextManager[None]:
        """Waits until there is room. A file that is larger than all of it is read alone. Raises Stopped."""
        return self._take(min(self.size, file.size * (1 if file.container == ".csv" else UNPACKED)))

    def whole(self) -> AbstractContextManager[None]:
        """Waits until all others are between two files. Raises Stopped."""
        return self._take(self.size)

    @contextmanager
    def _take(self, wanted: int) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: self.is_over or self._left >= wanted)
            if self.is_over:
                raise Stopped
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


class Stopped(Exception):
    """Another extract could not be landed, or somebody ends the night."""


def is_worth_it(new: Sequence[InboxFile]) -> bool:
    """Whether there is enough to read in these files, of several extracts, and more than one processor."""
    return processors() > 1 and len({f.extract for f in new}) > 1 and sum(f.size for f in new) >= WORTH_IT


class ExtractReader(Protocol[T_co]):
    """What reads the files of one extract, on a connection of its own."""

    def read_extract(self, name: str, files: list[InboxFile], tell: Callable[[LedgerEntry], None]) -> T_co:
        """Read the extract's files; `tell` hears of each. Returns what came of them."""

    def interrupt(self) -> None:
        """End the statement under way, from another thread."""

    def close(self) -> None:
        """Close the connection."""


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read(
    home: Home,
    reader_of: Callable[[str, Room], ExtractReader[T]],
    files: Mapping[str, list[InboxFile]],
    progress: Callable[[LedgerEntry], None] | None,
) -> Generator[T, None, None]:
    """Read each extract's files, the largest first, and yield what came of each as it is done.

    `reader_of`: makes the reader of an extract, which reads within the room that it is given.

    Raises what the first to fail raises, once the others have stopped: what they stored does not count.
    """
    parts = min(AT_ONCE, processors(), len(files))
    room = _Shared((megabytes(memory_limit(home)) << 20) // TEXTS, parts)
    one_at_a_time = Lock()

    def tell(entry: LedgerEntry) -> None:
        with one_at_a_time:
            if progress and not room.is_over:
                progress(entry)

    largest = sorted(files, key=lambda name: -sum(f.size for f in files[name]))
    each = [reader_of(name, room) for name in largest]
    pool, begun = ThreadPoolExecutor(parts, "landing"), []
    try:
        for own, name in zip(each, largest, strict=True):
            begun.append(pool.submit(_read, own, name, files[name], tell))
        for one in as_completed(begun):
            yield one.result()
    finally:
        _end(pool, begun, room, each)


def _read(own: ExtractReader[T], name: str, files: list[InboxFile], tell: Callable[[LedgerEntry], None]) -> T:
    try:
        return own.read_extract(name, files, tell)
    finally:
        own.close()


def _end(pool: ThreadPoolExecutor, begun: list[Future[T]], room: _Shared, each: list[ExtractReader[T]]) -> None:
    """Have all threads end, whatever they are at, and whoever wants to end this as well: none may write in a home that is let
    go."""
    meanwhile: BaseException | None = None
    while True:
        try:
            room.close()
            pool.shutdown(wait=False, cancel_futures=True)
            while wait(begun, PATIENCE).not_done:
                # DuckDB forgets an interruption that comes between two statements.
                for own in each:
                    own.interrupt()
            pool.shutdown()
            break
        except BaseException as error:
            meanwhile = error
    if meanwhile:
        raise meanwhile
