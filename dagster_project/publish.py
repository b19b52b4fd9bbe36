"""From candidate to published: the one place that does it, in one step.

The candidate is complete, audited and on disk before its name changes. Readers who have the old file open keep the old
night whole; those who come later see the new one.
"""

import hashlib
import os
from pathlib import Path

import duckdb

from .landing.files import put_in_place
from .prepare import WAREHOUSE
from .settings import Home

PUBLISHED_SCHEMAS = {"marts", "meta", "reports"}


class PublishError(RuntimeError):
    """The candidate is not what may be published. The last publication stands."""


def count_figures(home: Home) -> dict[str, int]:
    """Rows of each mart in the candidate."""
    con = duckdb.connect(str(home.candidate / WAREHOUSE), read_only=True)
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
        con = duckdb.connect(str(home.warehouse), read_only=True)
        try:
            row = con.execute("select night_id from meta.nights where finished_at is null").fetchone()
        finally:
            con.close()
    except duckdb.Error as error:
        raise PublishError(f"{home.warehouse} is not a published night: {error}") from error
    return row[0] if row else None


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
        if schemas - {"main"} != PUBLISHED_SCHEMAS:
            raise PublishError(f"the candidate has the schemas {', '.join(sorted(schemas))}, not marts, meta and reports")
        con.execute("checkpoint")
    finally:
        con.close()
    if path.with_name(path.name + ".wal").exists():
        raise PublishError("the candidate is still being written")
    with path.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return digest


def publish(home: Home) -> Path:
    """Give the sealed candidate the published name. Returns the published file."""
    home.published.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home.candidate / WAREHOUSE
    put_in_place(path, home.warehouse)
    return home.warehouse
