"""What Dagster shows of an asset: owners, freshness, row count and columns."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.config import ConfigError, Serve, read_config
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.core.sql import literal

FRESH_BY = dg.FreshnessPolicy.cron("0 7 * * *", lower_bound_delta=timedelta(hours=12), timezone="Europe/London")
"""For what is published: by 07:00 there has been a night since 19:00 the evening before."""
MADE_UP = {"made-up": ""}
"""The tag of every asset in a home of made-up data."""


def with_owners_and_tags(
    assets: Iterable[dg.AssetsDefinition | dg.AssetSpec], home: Home
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets with the owners and tags from the home's settings."""
    try:
        settings = read_config(home).serve
    except (ConfigError, OSError):
        # Every night reports it.
        settings = Serve()
    tags = {**settings.tags, **(MADE_UP if holds_made_up(home) else {})}
    owners = list(settings.owners)
    return list(dg.map_asset_specs(lambda spec: spec.merge_attributes(owners=owners or ..., tags=tags or ...), assets))


def table_metadata(candidate: Path, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """By name: `dagster/row_count` and `dagster/column_schema` of these tables of the candidate. Views are left out."""
    files = [candidate / file for file in (WORK, WAREHOUSE)]
    return _tables([f for f in files if f.exists()], "list_contains(?, table_name)", sorted(names))


def published_tables(warehouse: Path) -> dict[str, dict[str, Any]]:
    """By name: row count and columns of the marts of a published file. Views are left out."""
    return _tables([warehouse.resolve()], "schema_name = ?", "marts")


def _tables(files: list[Path], where: str, parameter: Any) -> dict[str, dict[str, Any]]:
    with duckdb.connect() as con:
        # On a busy machine the bar would end up in the log of `pam serve`.
        con.execute("set enable_progress_bar = false")
        for file in files:
            con.execute(f"attach {literal(str(file))} as {file.stem} (read_only)")
        tables = con.execute(
            "select table_name, any_value(database_name || '.' || schema_name || '.' || table_name),"
            " list((column_name, data_type, comment) order by column_index) from duckdb_columns()"
            f" where not internal and {where} and (database_name, schema_name, table_name) in"
            " (select (database_name, schema_name, table_name) from duckdb_tables()) group by all order by all",
            [parameter],
        ).fetchall()
        counts = " union all ".join(f"select {literal(name)}, count(*) from {path}" for name, path, _ in tables)
        rows: Mapping[str, int] = dict(con.execute(counts).fetchall()) if counts else {}
    return {
        name: {
            "dagster/row_count": rows[name],
            "dagster/column_schema": dg.TableSchema([dg.TableColumn(*column) for column in columns]),
        }
        for name, _, columns in tables
    }
