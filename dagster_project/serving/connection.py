"""A connection to the published file from which nothing else can be reached or changed."""

from pathlib import Path

import duckdb

from ..landing.forms import literal
from ..settings import Home

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


def connect(home: Home) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published night: no other file, no setting. Raises NothingPublishedError.

    It keeps the night that was published when it was opened, whatever is published meanwhile.
    """
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
