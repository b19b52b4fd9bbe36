"""Opens the published file so that nothing else can be read and nothing changed."""

from pathlib import Path

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.published_file import MEMORY, open_published

from .consultation import record_consultation


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
