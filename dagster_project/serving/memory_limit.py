"""Limits the memory of this process while a question is answered.

DuckDB's own limit is of its buffers: a text of a hundred megabytes in each row is outside it, and the system would end the
process without a word. Under the ceiling DuckDB is refused the memory instead, and says so.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

try:
    import resource
except ImportError:  # no POSIX system
    resource = None  # type: ignore[assignment]  # the types are those of POSIX

SLACK = 1 << 30
"""Bytes of addresses besides: stacks, allocators and libraries take more addresses than memory."""
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
STATM = Path("/proc/self/statm")


@contextlib.contextmanager
def ceiling(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have this process take no more than `con` may, and some, within. Nothing happens where the system can't say or do it.

    What runs out of memory raises duckdb.OutOfMemoryException or MemoryError.
    """
    if resource is None or not STATM.exists():
        yield
        return
    taken = int(STATM.read_text().split()[0]) * resource.getpagesize()
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = taken + allowed(con) + SLACK
    if any(limit != resource.RLIM_INFINITY and limit < wanted for limit in (before, hard)):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def allowed(con: duckdb.DuckDBPyConnection) -> int:
    """A connection's memory limit, in bytes."""
    (said,) = con.execute("select current_setting('memory_limit')").fetchone() or ("0 bytes",)
    number, unit = str(said).split()
    return int(float(number) * UNITS[unit])
