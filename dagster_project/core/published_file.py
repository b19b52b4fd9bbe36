"""The published night: where it is, its id, and opening it with no access to anything else."""

import hashlib
import os
import threading
from functools import lru_cache
from pathlib import Path

import duckdb

from .config import Limits
from .errors import PamError
from .home import Home
from .read_database import read_database
from .sql import literal, one_row

CURRENT = "current"


def published_folder(home: Home) -> Path | None:
    """The folder of the published night; None if nothing is published, or a copy of the home has files instead of links."""
    current = home.published / CURRENT
    return current.resolve() if current.is_symlink() and current.exists() else None


HARDENED = {
    "temp_directory": "''",
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}
"""With `read_only` alone a query could read any file of the machine, write with COPY TO, attach other databases, and spill to
disk next to the file."""

_settings_lock = threading.Lock()
"""Only one thread at a time may check whether the settings are locked, and lock them."""

MEMORY = Limits().memory
"""Default memory of a query. A query that needs more is ended: nothing is spilled to disk."""


class NothingPublishedError(PamError, RuntimeError):
    """No night has been published in this home."""


class NoRightsError(PamError, RuntimeError):
    """The user may not read the published night."""


class NotWritableError(PamError, RuntimeError):
    """Files were to be written from a night that this process has open for reading only."""


class PublishError(PamError, RuntimeError):
    """The candidate must not be published. The last publication stays."""


def published_night(home: Home) -> str | None:
    """The night id in the published file; None if nothing is published.

    Raises PublishError if the file can't be read as a published night.
    """
    if not home.warehouse.exists():
        return None
    try:
        return night_of(home.warehouse)
    except PublishError as error:
        raise PublishError(f"{error}; `pam rollback --list` shows which nights are kept and can be published again") from error


def night_of(path: Path) -> str | None:
    """The night id in a published or kept file. Raises PublishError if it can't be read as one."""
    try:
        # Of a link that a publication changes meanwhile, the file that is looked at is also the one that is read.
        file = path.resolve()
        status = file.stat()
    except OSError as error:
        raise PublishError(f"{path} is not a published night: {error.strerror}") from error
    # A night asks it many times. Nobody writes to such a file: one that is changed behind our back has another time of
    # change (ctime), which can't be set back as that of writing can.
    return _night_in(file, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(maxsize=64)
def _night_in(path: Path, *_state: int) -> str | None:
    try:
        with read_database(path) as con:
            row = con.execute("select night_id from meta.nights where finished_at is null").fetchone()
    except duckdb.Error as error:
        raise PublishError(f"{path} is not a published night: {str(error).splitlines()[0]}") from error
    return row[0] if row else None


def sha256_of(path: Path) -> str:
    """A file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_published(home: Home, *, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """The published night, opened by `open_hardened`. Puts nothing on record: the caller does.

    Raises NothingPublishedError, NoRightsError, and ValueError for a bad `memory`.
    """
    path = published_path(home)
    try:
        try:
            return open_hardened(path, memory=memory)
        except duckdb.Error:
            if path.exists():
                raise
            # Two nights were published since the path was read.
            return open_hardened(published_path(home), memory=memory)
    except (duckdb.InvalidInputException, duckdb.ParserException) as error:
        raise ValueError(f"memory {memory!r}: {str(error).splitlines()[0]}") from error
    except duckdb.Error as error:
        raise NothingPublishedError(f"{home.warehouse} can't be read as a published night: {error}") from error


def published_path(home: Home) -> Path:
    """The path of the published file itself, not of the link to it: a process may have two nights open, as two databases.
    Raises NothingPublishedError, NoRightsError."""
    try:
        path = home.warehouse.resolve(strict=True)
        if os.access(path, os.R_OK):
            return path
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NothingPublishedError(
            f"{home.path} has no published night: `pam nightly` makes one, `pam nightly --sample` one of made-up data"
        ) from error
    except PermissionError:
        # The home, or a folder below it, can't be entered.
        pass
    raise NoRightsError(
        f"{home.path}: you have no right to read what is published there. Its owner gives it to a group: [publish] group in"
        " pam.toml, then the next night. You must be in that group"
    )


def open_hardened(path: Path, *, memory: str | None = None, writable: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open a night's file read-only, with no access to anything else except `writable`: one file, or all below a folder.

    Raises duckdb.Error, and NotWritableError if this process already has the night open and `writable` is given.
    """
    with _settings_lock:
        con = duckdb.connect(str(path), read_only=True)
        try:
            (locked,) = one_row(con, "select current_setting('lock_configuration')")
            # Another connection of this process has the same night open: its settings apply, and can't be changed.
            if locked and writable:
                raise NotWritableError(
                    f"{path.name} is open in this process, so that no file can be written of it: close it first"
                )
            if not locked:
                if memory:
                    con.execute(f"set memory_limit = {literal(memory)}")
                if writable:
                    kind = "allowed_directories" if writable.is_dir() else "allowed_paths"
                    con.execute(f"set {kind} = [{literal(str(writable))}]")
                con.execute("; ".join(f"set {name} = {value}" for name, value in HARDENED.items()))
        except BaseException:
            con.close()
            raise
        return con
