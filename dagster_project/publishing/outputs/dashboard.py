"""The dashboard as an output of the night."""

from pathlib import Path

import duckdb

from dagster_project.reporting import dashboard

from ..changes_since import changes_since
from . import OutputContext, links_to


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> None:
    """Write the dashboard of the night into `folder`. Raises OSError and HomeListError."""
    links, changes = links_to(context, "..", ("catalogue",)), changes_since(context.home, con)
    dashboard.write(con, folder, context.home, links, changes, context.reused)
