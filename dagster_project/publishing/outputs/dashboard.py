"""The dashboard as an output of the night."""

from pathlib import Path

import duckdb

from dagster_project.core.made_up_home import sample_day_of
from dagster_project.core.memory import memory_settings
from dagster_project.reporting import dashboard
from dagster_project.reporting.dashboard.area_lists import read_area_lists

from ..changes_since import changes_since
from . import OutputContext, links_to


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> None:
    """Write the dashboard of the night into `folder`. Raises OSError and SeedError."""
    links, lists = links_to(context, "..", ("catalogue",)), read_area_lists(context.home)
    changes = changes_since(context.home, con, memory_settings(context.home))
    today = sample_day_of(context.home)
    dashboard.write(con, folder, context.is_made_up, links, lists, changes, context.reused, today)
