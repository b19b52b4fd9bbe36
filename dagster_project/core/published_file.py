"""The published night: where it is, its id, and opening it with no access to anything else."""

import hashlib
import os
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import duckdb

from .errors import PamError
from .home import Home
from .sql import literal, one_row

CURRENT = "current"


def published_folder(home: Home) -> Path | None:
    """The folder of the published night; None where nothing is published, or a copy left files in the place of links."""
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
"""`read_only` alone would let a query read any file of the machine, write with COPY TO and attach other databases, and what
does not fit into memory would be written beside the file."""

_one_at_a_time = threading.Lock()
"""Between looking whether the settings are shut and shutting them, no other thread may shut them."""

MEMORY = "2GB"
"""What a question may use where nobody says otherwise. Nothing is written to disk when it is used up: the question ends."""


class NothingPublishedError(PamError, RuntimeError):
    """No night has been published in this home."""


class NoRightsError(PamError, RuntimeError):
    """Who asks may not read the published night."""


class NotWritableError(PamError, RuntimeError):
    """A night that was to be opened for writing files of it, while this process has it open for reading alone."""


class PublishError(PamError, RuntimeError):
    """The candidate is not what may be published. The last publication stays."""


def published_night(home: Home) -> str | None:
    """The night that the published file itself says it is of; None where nothing is published.

    Raises PublishError where the file can't be read as one of ours.
    """
    if not home.warehouse.exists():
        return None
    try:
        return night_of(home.warehouse)
    except PublishError as error:
        raise PublishError(f"{error}; `pam rollback --list` shows which nights are kept and can be published again") from error


def night_of(path: Path) -> str | None:
    """The night that a published or kept file itself says it is of. Raises PublishError where it can't be read as one."""
    try:
        found = path.stat()
    except OSError as error:
        raise PublishError(f"{path} is not a published night: {error.strerror}") from error
    # A night asks it many times, also by the names that the file gets as it is published and kept. Nobody writes to
    # such a file: what is changed behind our back has another time.
    return _night_in(_Version(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, path))


@dataclass(frozen=True)
class _Version:
    device: int
    inode: int
    size: int
    written: int
    path: Path = field(compare=False)


@lru_cache(maxsize=64)
def _night_in(version: _Version) -> str | None:
    path = version.path
    try:
        con = duckdb.connect(str(path), read_only=True)
        try:
            row = con.execute("select night_id from meta.nights where finished_at is null").fetchone()
        finally:
            con.close()
    except duckdb.Error as error:
        raise PublishError(f"{path} is not a published night: {str(error).splitlines()[0]}") from error
    return row[0] if row else None


def digest_of(path: Path) -> str:
    """A file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    of its own. Raises NothingPublishedError, NoRightsError."""
    try:
        is_there = home.warehouse.exists()
    except PermissionError as error:
        raise NoRightsError(_no_rights(home)) from error
    if not is_there:
        raise NothingPublishedError(
            f"{home.path} has no published night: `pam nightly` makes one, `pam nightly --sample` one of made-up data"
        )
    path = home.warehouse.resolve()
    if not os.access(path, os.R_OK):
        raise NoRightsError(_no_rights(home))
    return path


def _no_rights(home: Home) -> str:
    return (
        f"{home.path}: you have no right to read what is published there. Its owner gives it to a group: [publish] group in"
        " pam.toml, then the next night. You must be in that group"
    )


def hardened(path: Path, *, memory: str | None = None, writable: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A night's file, read-only, with everything else shut; but for what is `writable`: one file, or all below a folder.

    Raises duckdb.Error, and NotWritableError where something is to be `writable` and this process has the night open.
    """
    with _one_at_a_time:
        return _hardened(path, memory, writable)


def _hardened(path: Path, memory: str | None, writable: Path | None) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(path), read_only=True)
    try:
        (locked,) = one_row(con.execute("select current_setting('lock_configuration')"))
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
