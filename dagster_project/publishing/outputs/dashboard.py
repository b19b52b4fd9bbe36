"""The dashboard as an output of the night."""

from pathlib import Path

import duckdb

from dagster_project.core.memory import bounds
from dagster_project.reporting import dashboard
from dagster_project.reporting.dashboard.home_lists import read_home_lists

from ..changes_since import changes_since
from . import OutputContext, beside


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> None:
    """Write the dashboard of the night into `folder`. Raises OSError and SeedError."""
    links, lists = beside(context, "..", ("catalogue",)), read_home_lists(context.home)
    changes = changes_since(context.home, con, bounds(context.home))
    dashboard.write(con, folder, context.is_sample, links, lists, changes, context.reused)
