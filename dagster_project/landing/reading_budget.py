"""How much of a large night is read at one time: extracts land in parallel, a thread each, and share the memory.

Reading and writing are mostly single-threaded work in DuckDB, NumPy and hashing, all of which release Python's lock. A night of
a few small files is over before a second thread would have started.
"""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from threading import Condition

from .inbox.file_names import InboxFile

WORTH_IT = 1 << 25
"""For at least so many bytes of a night's files, threads are faster."""

MANY_FILES = 100
"""So are they for so many small files, each of which takes some 40 ms, most of it in DuckDB."""

MAX_THREADS = 4
"""Each thread takes a share of the memory, so there are no more even with more processors."""

TEXT_SHARE = 6
"""The texts being read may be 1/6 of the night's memory: each is there three times for a moment."""

UNPACKED = 30
"""How many times larger a packed file may become."""


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
    def reserve(self, file: InboxFile, *, alone: bool = False) -> Generator[None]:
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


def threads_for(new: Sequence[InboxFile]) -> int:
    """How many extracts of these new files to read at a time: 1 where there is too little to read for more."""
    is_small = len(new) < MANY_FILES and sum(f.size for f in new) < WORTH_IT
    if is_small or len({f.extract for f in new}) < 2:
        return 1
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MAX_THREADS, processors)
