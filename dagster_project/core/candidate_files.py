"""The two files of the candidate, which is what a night builds, and opening them."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from .home import Home
from .memory import limit_memory
from .published_file import PublishError
from .sql import literal

WORK = "work.duckdb"
"""What the figures are made from: the raw rows, staging and facts. It is not published."""
WAREHOUSE = "warehouse.duckdb"
"""What will be published."""


@contextmanager
def read_candidate(home: Home, *files: str) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection to the candidate's files, attached as `work` and `warehouse`, for reading. Raises duckdb.Error.

    `files`: only these. A file can be read while another one is written to.
    """
    with duckdb.connect() as con:
        limit_memory(con, home)
        for file in files or (WORK, WAREHOUSE):
            path = home.candidate / file
            con.execute(f"attach {literal(str(path))} as {path.stem} (read_only)")
        yield con


def open_candidate(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a candidate's file for writing. Raises PublishError if it is missing: DuckDB would make an empty one."""
    if not path.exists():
        raise PublishError(f"there is no candidate {path}: build it again")
    return duckdb.connect(str(path))
