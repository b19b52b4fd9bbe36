"""The tables of the candidate's `raw` schema other than extracts. Their columns are defined in dbt's `_raw_tables.yml`, and
read here by the code that makes them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import duckdb

from .home import DBT_PROJECT
from .row_tables import make_table
from .yaml_io import read_yaml

PATH = DBT_PROJECT / "models" / "staging" / "_raw_tables.yml"


@cache
def _tables() -> dict[str, dict[str, Any]]:
    (source,) = read_yaml(PATH.read_text(encoding="utf-8"))["sources"]
    return {table["name"]: table for table in source["tables"]}


def descriptions() -> dict[str, str]:
    """What each table is, by name."""
    return {name: table["description"] for name, table in _tables().items()}


def made_from_lists() -> set[str]:
    """The tables that no landed file changes: they are made of lists, settings and the night before."""
    return {name for name, table in _tables().items() if table.get("config", {}).get("meta", {}).get("made_from") == "lists"}


def columns_of(table: str) -> dict[str, str]:
    """Types of a table's columns in DuckDB, by name, in order."""
    return {column["name"]: column["data_type"] for column in _tables()[table]["columns"]}


def named_row(table: str, **values: Any) -> dict[str, Any]:
    """A row of a table by column, in their order. A column without a value is None. Raises KeyError for a name that is none."""
    row = dict.fromkeys(columns_of(table))
    if unknown := values.keys() - row.keys():
        raise KeyError(f"raw.{table} has no column {', '.join(unknown)}")
    return row | values


def make_raw_table(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Make `raw.<table>`, and fill it with rows in their order."""
    make_table(con, f"raw.{table}", columns_of(table), rows)
