"""A connection to the published file from which nothing else can be reached or changed."""

import threading
from pathlib import Path

import duckdb

from dagster_project.core.home import Home
from dagster_project.landing.canonical_values import literal

from .consultation import consulted

HARDENED = {
    "temp_directory": "''",
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}
"""`read_only` alone would let a query read any file of the machine, write with COPY TO and attach other databases, and what
does not fit into memory would be written beside the file."""

_one_at_a_time = threading.Lock()
"""Between looking whether the settings are shut and shutting them, no other thread may shut them."""

MEMORY = "2GB"
"""What a question may use where nobody says otherwise. Nothing is written to disk when it is used up: the question ends."""


class NothingPublishedError(RuntimeError):
    """No night has been published in this home."""


class NotWritableError(RuntimeError):
    """A night that was to be opened for writing files of it, while this process has it open for reading alone."""


def connect(
    home: Home | Path | str | None = None, reason: str = "", *, by: str = "connect()", asked: str = "", memory: str = MEMORY
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published night: no other file, no setting, no write.

    `home`: the warehouse's folder; without it that of `PAM_HOME`, else var/ in the checkout. `memory`: what it may use, such
    as `500MB` or `2GB`; connections of one process to one night share it, and the first one says how much.
    It keeps the night that was published when it was opened, whatever is published meanwhile. That it was opened is put on
    record, with `reason`; `by`: through what, `asked`: a query, of which the record has the shape.
    Raises NothingPublishedError, OpenHomeError, ReasonError where the settings ask for a reason and none is given, and
    ValueError for an amount of memory that can't be meant.
    """
    home = home if isinstance(home, Home) else Home.of(home)
    consulted(home, reason, by=by, asked=asked)
    return opened(home, memory=memory)


def opened(home: Home, *, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """The same, for what a command reads on the way to something else, which it puts on record itself."""
    path = published_path(home)
    try:
        try:
            return hardened(path, memory=memory)
        except duckdb.Error:
            if path.exists():
                raise
            # Two nights were published since its name was read.
            return hardened(published_path(home), memory=memory)
    except (duckdb.InvalidInputException, duckdb.ParserException) as error:
        raise ValueError(f"memory {memory!r}: {str(error).splitlines()[0]}") from error
    except duckdb.Error as error:
        raise NothingPublishedError(f"{home.warehouse} can't be read as a published night: {error}") from error


def published_path(home: Home) -> Path:
    """The published file by its own name, not by the link: a process may have two nights open, and each is then a database
    of its own. Raises NothingPublishedError."""
    if not home.warehouse.exists():
        raise NothingPublishedError(
            f"{home.path} has no published night: `pam nightly` makes one, `pam nightly --sample` one of made-up data"
        )
    return home.warehouse.resolve()


def hardened(path: Path, *, memory: str | None = None, writable: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A night's file, read-only, with everything else shut; but for what is `writable`: one file, or all below a folder.

    Raises duckdb.Error, and NotWritableError where something is to be `writable` and this process has the night open.
    """
    with _one_at_a_time:
        return _hardened(path, memory, writable)


def _hardened(path: Path, memory: str | None, writable: Path | None) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(path), read_only=True)
    try:
        (locked,) = con.execute("select current_setting('lock_configuration')").fetchone()
        # Another connection of this process has the same night open: its settings hold, and can't be changed.
        if locked and writable:
            raise NotWritableError(f"{path.name} is open in this process, so that no file can be written of it: close it first")
        if not locked:
            if memory:
                con.execute(f"set memory_limit = {literal(memory)}")
            if writable:
                kind = "allowed_directories" if writable.is_dir() else "allowed_paths"
                con.execute(f"set {kind} = [{literal(str(writable))}]")
            for name, value in HARDENED.items():
                con.execute(f"set {name} = {value}")
    except BaseException:
        con.close()
        raise
    return con
