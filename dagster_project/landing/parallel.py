"""Lands the extracts of a large night in parallel, a thread each.

Reading and writing are mostly single-threaded work in DuckDB, NumPy and hashing, all of which release Python's lock. Each
extract has its own connection and knows only its own files; the caller commits the results, an extract at a time. A small night
is over before a second thread would have started.
"""

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing, contextmanager
from threading import Condition, Lock
from typing import Protocol, TypeVar

from dagster_project.core.home import Home
from dagster_project.core.memory import megabytes, memory_limit

from .file_names import InboxFile
from .ledger import LedgerEntry

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

WORTH_IT = 1 << 25
"""Bytes of a night's files from which threads are faster."""

MOST_THREADS = 4
"""Each thread takes a share of the memory, so there are no more even with more processors."""

TEXT_SHARE = 6
"""The texts being read may be 1/6 of the night's memory: each is there three times for a moment."""

UNPACKED = 30
"""How many times larger a packed file may become."""

INTERRUPT_SECONDS = 0.05
"""Seconds between two attempts to interrupt a thread."""


class Stopped(Exception):
    """Another extract could not be landed, or somebody ends the night."""


class ReadingBudget:
    """Memory for the texts that are read at one time, shared between threads.

    `size`: bytes that may be read at one time; by default one file at a time. `parts`: databases that share the memory.
    """

    def __init__(self, size: int = 1, parts: int = 1) -> None:
        self.size, self.parts = size, parts
        self.is_closed = False
        self._left, self._change = size, Condition()

    @contextmanager
    def reserve(self, file: InboxFile, *, alone: bool = False) -> Iterator[None]:
        """A context in which a file may be read; waits until there is room, or with `alone` until nobody else reads. A file
        larger than the whole budget is read alone. Raises Stopped."""
        size = self.size if alone else min(self.size, file.size * (1 if file.container == ".csv" else UNPACKED))
        with self._change:
            self._change.wait_for(lambda: self.is_closed or self._left >= size)
            if self.is_closed:
                raise Stopped
            self._left -= size
        try:
            yield
        finally:
            with self._change:
                self._left += size
                self._change.notify_all()

    def close(self) -> None:
        """Let nobody read any more."""
        with self._change:
            self.is_closed = True
            self._change.notify_all()


class ExtractReader(Protocol[T_co]):
    """Reads the files of one extract, on its own connection. Another thread may interrupt its query."""

    def read_extract(self, name: str, files: list[InboxFile], progress: Callable[[LedgerEntry], None]) -> T_co: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...


def threads_for(new: Sequence[InboxFile], available: int | None = None, worth_it: int | None = None) -> int:
    """How many extracts of these new files to read at a time: 1 where there is too little to read for more.

    `available`: processors; `worth_it`: bytes from which threads are faster. None: this machine's, and `WORTH_IT`.
    """
    extracts = len({f.extract for f in new})
    if extracts < 2 or sum(f.size for f in new) < (WORTH_IT if worth_it is None else worth_it):
        return 1
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_THREADS, available or own)


def read(
    home: Home,
    make_reader: Callable[[str, ReadingBudget], ExtractReader[T]],
    files: Mapping[str, list[InboxFile]],
    threads: int,
    progress: Callable[[LedgerEntry], None] | None,
) -> Generator[T, None, None]:
    """Read each extract's files, the largest extract first, and yield each result as it is done.

    `make_reader`: makes the reader of an extract, which reads within the budget it is given. Raises what the first reader to
    fail raises, once the others have stopped: what they stored does not count.
    """
    parts = min(threads, len(files))
    budget = ReadingBudget((megabytes(memory_limit(home)) << 20) // TEXT_SHARE, parts)
    lock = Lock()

    def report(entry: LedgerEntry) -> None:
        with lock:
            if progress and not budget.is_closed:
                progress(entry)

    largest_first = sorted(files, key=lambda name: -sum(f.size for f in files[name]))
    readers = [make_reader(name, budget) for name in largest_first]
    pool, started = ThreadPoolExecutor(parts, "landing"), []
    try:
        for reader, name in zip(readers, largest_first, strict=True):
            started.append(pool.submit(_read, reader, name, files[name], report))
        for future in as_completed(started):
            yield future.result()
    finally:
        _stop_all(pool, started, budget, readers)


def _read(reader: ExtractReader[T], name: str, files: list[InboxFile], report: Callable[[LedgerEntry], None]) -> T:
    with closing(reader):
        return reader.read_extract(name, files, report)


def _stop_all(
    pool: ThreadPoolExecutor, started: list[Future[T]], budget: ReadingBudget, readers: list[ExtractReader[T]]
) -> None:
    """Stop all threads. Interruptions wait until they have stopped: none may write once the home's lock is released."""
    interruption: BaseException | None = None
    while True:
        try:
            budget.close()
            pool.shutdown(wait=False, cancel_futures=True)
            while wait(started, INTERRUPT_SECONDS).not_done:
                # DuckDB forgets an interruption that comes between two statements.
                for reader in readers:
                    reader.interrupt()
            pool.shutdown()
            break
        except BaseException as error:
            interruption = error
    if interruption:
        raise interruption
