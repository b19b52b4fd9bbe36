"""The DuckDB connection used for landing."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from secrets import token_bytes

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.memory import NO_SPILL, memory_settings

from . import canonical_values, pseudonyms


def connect(bounds: Mapping[str, str], has_identifiers: bool) -> duckdb.DuckDBPyConnection:
    """A new in-memory database, which loads no extension by itself and reads no Python variable as a table.

    `bounds`: how much memory it may use, and where it spills. `has_identifiers`: the rows have personal identifiers. They are
    in memory in the clear and a temporary file would put them on disk, so nothing is spilled: a file of them that is too large
    for memory is refused.
    """
    return duckdb.connect(
        config={
            **bounds,
            **(NO_SPILL if has_identifiers else {}),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            # Files are read by descriptors, whose numbers are used again: a cache would return an earlier file.
            "enable_external_file_cache": False,
        }
    )


def connect_to_look(home: Home, contract: Contract) -> duckdb.DuckDBPyConnection:
    """A connection to read a file's rows with, none of which is stored: identifiers are hashed with any key."""
    con = connect(memory_settings(home), bool(contract.identifiers))
    canonical_values.install(con)
    pseudonyms.install(con, pseudonyms.PseudonymKey(token_bytes(32)))
    return con


@contextmanager
def one_thread(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Run statements on one thread: where rows are read in sequence, more threads only wait for each other."""
    con.execute("set threads = 1")
    try:
        yield
    finally:
        con.execute("reset threads")
