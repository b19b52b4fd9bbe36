"""Limits the memory of this process while a query runs.

DuckDB's own limit covers its buffers only: a text of a hundred megabytes in each row is outside it, and the system would kill
the process. With this limit DuckDB is refused the memory instead, and reports an error.
"""

import contextlib
import resource
from collections.abc import Generator
from pathlib import Path

import duckdb

from dagster_project.core.memory import megabytes
from dagster_project.core.sql import one_row

SLACK = 1 << 30
"""Extra bytes of address space: stacks, allocators and libraries take more addresses than memory."""
STATM = Path("/proc/self/statm")


@contextlib.contextmanager
def limit_process_memory(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Within, this process may take what `con` may, plus SLACK. Does nothing on systems without such limits.

    Beyond it duckdb.OutOfMemoryException or MemoryError is raised.
    """
    if not STATM.exists():
        yield
        return
    used = int(STATM.read_text().split()[0]) * resource.getpagesize()
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    # Not on `con` itself: it may have a result that is being read, and takes no relation (`con.sql`) while one is unfinished.
    with con.cursor() as cursor:
        (limit,) = one_row(cursor, "select current_setting('memory_limit')")
    max_bytes = used + (megabytes(limit) << 20) + SLACK
    if any(limit != resource.RLIM_INFINITY and limit < max_bytes for limit in (before, hard)):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (max_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))
