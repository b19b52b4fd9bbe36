"""Records who consults the warehouse and why, before anything is shown, and opens the published file."""

import os
from functools import lru_cache
from pathlib import Path

import duckdb

from dagster_project.audit import mask_query, record
from dagster_project.core.config import read_config
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.permissions import refuse_open
from dagster_project.core.published_file import MEMORY, open_published
from dagster_project.core.read_database import read_database


class ReasonError(PamError, ValueError):
    """The settings require a reason, and none is given."""


def connect(
    home: Home | Path | str | None = None, reason: str = "", *, by: str = "connect()", query: str = "", memory: str = MEMORY
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published night: no other file, no setting, no write.

    `home`: the warehouse's folder; by default that of `PAM_HOME`, else var/ in the checkout. `memory`: what it may use, such
    as `500MB` or `2GB`; the connections of one process to one night share it, and the first sets it.
    The connection stays on the night that was published when it was opened. The opening is put on record, with `reason`, the
    command (`by`), and the shape of `query`.
    Raises NothingPublishedError, OpenHomeError, ReasonError if the settings require a reason and none is given, and ValueError
    for an amount of memory that is not one.
    """
    home = home if isinstance(home, Home) else Home.of(home)
    record_consultation(home, reason, by=by, query=query)
    return open_published(home, memory=memory)


def record_consultation(home: Home, reason: str = "", *, by: str, query: str = "", **facts: object) -> None:
    """Record a consultation: `by` which command, and the shape of its `query`, without the values in it.

    A member of the group that reads what is published can't write in the home: that reading is not on record.
    Raises ReasonError, OpenHomeError, AuditKeyError and OSError.
    """
    if not can_record(home):
        return
    refuse_open(home)
    if not reason.strip() and read_config(home).audit.reasons == "required":
        raise ReasonError(f"say why, with --why (or `reason` of connect()): {home.config_file.name} asks for it")
    record(home, "consultation", by=by, why=reason.strip(), asked=_shape(home, query), **facts)


def record_disclosure(
    home: Home, reason: str = "", *, by: str, what: str, to: str, query: str = "", **facts: object
) -> None:  # fmt: skip
    """Record that `what` is written to the file `to`. Other arguments, and who is recorded: as `record_consultation`."""
    if can_record(home):
        record(home, "disclosure", what=what, to=to, by=by, why=reason.strip(), asked=_shape(home, query), **facts)


def _shape(home: Home, query: str) -> str:
    """The shape of a query: of its names, only those of schemas, relations and columns in the published night."""
    return mask_query(query, _published_names(home)) if query.strip() else ""


def can_record(home: Home) -> bool:
    """Whether this process may write in the home, so that what it reads is recorded."""
    return home.path.is_dir() and os.access(home.path, os.W_OK)


def _published_names(home: Home) -> frozenset[str]:
    """All names in the published file; none if nothing is published, or it can't be read."""
    try:
        path = home.warehouse.resolve(strict=True)
        return _names(path, path.stat().st_mtime_ns)
    except (OSError, duckdb.Error):
        return frozenset()


@lru_cache(maxsize=4)
def _names(path: Path, _mtime_ns: int) -> frozenset[str]:
    with read_database(path) as con:
        names = con.execute(
            """
            with columns as (from duckdb_columns() where database_name = current_database())

            select schema_name from columns union select table_name from columns union select column_name from columns
            """
        )
        return frozenset(name for (name,) in names.fetchall())
