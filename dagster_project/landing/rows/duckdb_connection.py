"""The DuckDB connection used for landing."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from secrets import token_bytes
from typing import Any

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.memory import NO_SPILL, memory_settings
from dagster_project.core.sql import literal

from . import parse_values, pseudonyms

_idle: dict[bool, duckdb.DuckDBPyConnection] = {}
"""Databases that nothing reads with now, by whether their rows have personal identifiers. To open one, with the macros, takes a
quarter of the time that a small file takes to land."""


@contextmanager
def connect(bounds: Mapping[str, str], has_identifiers: bool) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection to an in-memory database of its own, with the macros of canonical forms. It loads no extension by itself and
    reads no Python variable as a table. Its tables are gone afterwards; the empty database is kept for the next one.

    `bounds`: how much memory it may use, and where it spills. `has_identifiers`: the rows have personal identifiers. They are
    in memory in the clear and a temporary file would put them on disk, so nothing is spilled: a file of them that is too large
    for memory is refused.
    """
    settings = {**bounds, **(NO_SPILL if has_identifiers else {})}
    database = _idle.pop(has_identifiers, None)
    if database is None or not _set_all(database, settings):
        database = _open(settings)
    con = database.cursor()
    try:
        yield con
    finally:
        con.close()
        # One that has spilled keeps its folder until it is closed.
        if not _set_all(database, NO_SPILL) or _idle.setdefault(has_identifiers, database) is not database:
            database.close()


def _open(settings: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(
        config={
            **settings,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            # Files are read by descriptors, whose numbers are used again: a cache would return an earlier file.
            "enable_external_file_cache": False,
        }
    )
    parse_values.install(database)
    return database


def _set_all(database: duckdb.DuckDBPyConnection, settings: Mapping[str, Any]) -> bool:
    """Change a database's settings. False where it takes them no more: it has spilled, or has failed. It is then closed."""
    try:
        for name, value in settings.items():
            database.execute(f"set {name} = {literal(str(value))}")
    except duckdb.Error:
        database.close()
        return False
    return True


@contextmanager
def connect_without_storing(home: Home, contract: Contract) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection to read a file's rows with, none of which is stored: identifiers are hashed with any key."""
    with connect(memory_settings(home), bool(contract.identifiers)) as con:
        pseudonyms.install(con, pseudonyms.PseudonymKey(token_bytes(32)))
        yield con


@contextmanager
def one_thread(con: duckdb.DuckDBPyConnection) -> Generator[None]:
    """Run statements on one thread: where rows are few or read in sequence, more threads only wait for each other."""
    con.execute("set threads = 1")
    try:
        yield
    finally:
        con.execute("reset threads")
