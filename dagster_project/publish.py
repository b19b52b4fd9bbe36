"""From candidate to published, and from a kept night back to it: the one place that does it, in one step.

The candidate is complete, audited and on disk before its name changes. Readers who have the old file open keep the old
night whole; those who come later see the new one. Nothing opens a published or a kept file for writing.
"""

import errno
import hashlib
import os
import shutil
from pathlib import Path

import duckdb

from .landing.files import make_file, put_in_place, unfinished
from .prepare import WAREHOUSE
from .settings import Home

PUBLISHED_SCHEMAS = {"marts", "meta", "reports"}
ALLOWED_SCHEMAS = {"marts_public"}
"""Schemas that a home's settings can leave out."""


class PublishError(RuntimeError):
    """The candidate is not what may be published. The last publication stands."""


NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS}
"""What a file system says that has no hard links, or no more of them: a copy serves as well."""


def count_figures(path: Path) -> dict[str, int]:
    """Rows of each mart in a night's file, the candidate's or a published one."""
    con = duckdb.connect(str(path), read_only=True)
    try:
        return dict(con.execute("select mart, count(*) from marts.measures group by mart order by mart").fetchall())
    finally:
        con.close()


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


def seal(home: Home) -> str:
    """Look over the candidate's file, bring it to disk whole, and return its SHA-256.

    Raises PublishError where it holds a schema that is not for publication, or lacks one.
    """
    path = home.candidate / WAREHOUSE
    con = duckdb.connect(str(path))
    try:
        schemas = {
            r[0] for r in con.execute(
                "select schema_name from duckdb_schemas() where not internal and database_name = 'warehouse'"
            ).fetchall()
        }  # fmt: skip
        if schemas - {"main"} - ALLOWED_SCHEMAS != PUBLISHED_SCHEMAS:
            raise PublishError(f"the candidate has the schemas {', '.join(sorted(schemas))}, not marts, meta and reports")
        con.execute("checkpoint")
    finally:
        con.close()
    if path.with_name(path.name + ".wal").exists():
        raise PublishError("the candidate is still being written")
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return digest_of(path)


def publish(home: Home) -> Path:
    """Give the sealed candidate the published name. Returns the published file."""
    home.published.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home.candidate / WAREHOUSE
    put_in_place(path, home.warehouse)
    return home.warehouse


def republish(home: Home, kept: Path) -> Path:
    """Give a kept night the published name; it stays kept. Returns the published file."""
    home.published.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Of two names of one file, a rename leaves both.
    if not (home.warehouse.exists() and home.warehouse.samefile(kept)):
        second_name(kept, home.warehouse)
    return home.warehouse


def second_name(path: Path, name: Path) -> None:
    """Have a file under another name, too: the same file where the disk can do that, else a copy (0600).

    `name` appears whole or not at all, in the place of what was there. Raises OSError, of a full disk for one.
    """
    new = unfinished(name)
    new.unlink(missing_ok=True)
    try:
        os.link(path, new)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        try:
            with path.open("rb") as source, os.fdopen(make_file(new), "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            new.unlink(missing_ok=True)
            raise
    put_in_place(new, name)
