"""Reading a DuckDB file by itself, such as a published night or a part of the candidate."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from .memory import NO_SPILL
from .sql import literal

_numbers = count()


@contextmanager
def read_database(path: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection with a DuckDB file as its default database, for reading a few rows. It has DuckDB's own settings: don't
    change them, as others share them. Raises duckdb.Error if the file can't be read.

    To open a file by itself takes 20 ms of processor time, as DuckDB then makes a new list of all its functions; to attach it
    to a database that is there takes 0.3 ms. A night, and its tests even more, read such files many times.
    """
    name = f"file_{next(_numbers)}"
    with _in_memory(os.getpid()).cursor() as con:
        con.execute(f"attach {literal(str(path))} as {name} (read_only)")
        try:
            con.execute(f"use {name}")
            yield con
        finally:
            con.execute(f"use memory; detach {name}")


def rows_if_readable(path: Path, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]] | None:
    """The rows of a query of a DuckDB file; None if it is not there or can't be read."""
    if not path.exists():
        return None
    with suppress(duckdb.Error), read_database(path) as con:
        return con.execute(sql, list(values)).fetchall()
    return None


@cache
def _in_memory(_process: int) -> duckdb.DuckDBPyConnection:
    """The empty database to which files are attached: one in a process, as its threads don't survive a fork. That of a parent
    is kept, because closing it would wait for them. It spills nothing, as it would in the folder that the process is in.
    """
    return duckdb.connect(config=NO_SPILL)
