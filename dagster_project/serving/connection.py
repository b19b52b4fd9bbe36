"""A connection to the published file from which nothing else can be reached or changed."""

from pathlib import Path

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.published_file import MEMORY, open_published

from .consultation import consulted


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
    return open_published(home, memory=memory)
