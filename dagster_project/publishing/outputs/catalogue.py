"""The catalogue as an output of the night."""

from pathlib import Path

import duckdb

from dagster_project.reporting import catalogue

from . import OutputContext, links_to


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> None:
    """Write the catalogue of the night into `folder`, with links to the outputs written before it. Raises OSError."""
    editions = sorted(p.parent.name for p in folder.parent.glob("report/*/index.html"))
    catalogue.write(con, folder, context.is_made_up, links_to(context, "..", ("dashboard",)), editions)
