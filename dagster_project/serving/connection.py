"""A connection to the published file from which nothing else can be reached or changed."""

from pathlib import Path

import duckdb

from ..landing.forms import literal
from ..settings import Home
from .consulted import consulted

HARDENED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}
"""`read_only` alone would let a query read any file of the machine, write with COPY TO and attach other databases."""


class NothingPublishedError(RuntimeError):
    """No night has been published in this home."""


def connect(home: Home, reason: str = "", *, by: str = "connect()", asked: str = "") -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published night: no other file, no setting.

    It keeps the night that was published when it was opened, whatever is published meanwhile. That it was opened is put on
    record, with `reason`; `by`: through what, `asked`: a query, of which the record has the shape. Raises
    NothingPublishedError, OpenHomeError, and ReasonError where the settings ask for a reason and none is given.
    """
    consulted(home, reason, by=by, asked=asked)
    return opened(home)


def opened(home: Home) -> duckdb.DuckDBPyConnection:
    """The same, for what a command reads on the way to something else, which it puts on record itself."""
    if not home.warehouse.exists():
        raise NothingPublishedError(
            f"{home.path} has no published night: `pam nightly` makes one, `pam nightly --sample` one of made-up data"
        )
    try:
        return hardened(home.warehouse)
    except duckdb.Error as error:
        raise NothingPublishedError(f"{home.warehouse} can't be read as a published night: {error}") from error


def hardened(path: Path, writable: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A night's file, read-only, with everything else shut; but for files below `writable`, where one is given.

    Raises duckdb.Error.
    """
    con = duckdb.connect(str(path), read_only=True)
    try:
        if writable:
            con.execute(f"set allowed_directories = [{literal(str(writable))}]")
        for name, value in HARDENED.items():
            con.execute(f"set {name} = {value}")
    except BaseException:
        con.close()
        raise
    return con
