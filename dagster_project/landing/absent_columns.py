"""Which columns of its contract a file does without. Coverage rests on it: a measure is not available where no file has the
columns that tell it."""

from pathlib import Path

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.sql import one_row

from .raw_store import Load, parquet_of
from .row_rules import Sheet

BLANK_ROWS = 50
"""A column that is blank in all rows of a file with as many rows or more counts as absent."""


def absent_columns(con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, rows: int) -> list[str]:
    """Columns of the contract that the file lacks, or that are blank in all of its rows where it has 50 or more.

    `rows`: how many the file has. Asked once its rows are stored: what Parquet notes of each column tells whether any row has a
    value, without reading one.
    """
    given = {*sheet.layout.position, *(sheet.mapping.constants if sheet.mapping else ())}
    absent = [c.name for c in sheet.contract.columns if c.name not in given]
    if rows >= BLANK_ROWS:
        there = [c.name for c in sheet.contract.columns if c.name in sheet.layout.position]
        landed = _blank(con, load.raw(home), there)
        absent += _blank_as_delivered(con, load.quarantine(home), landed)
    return sorted(absent)


def _blank(con: duckdb.DuckDBPyConnection, path: Path, columns: list[str]) -> list[str]:
    """Those of the columns that no landed row has a value in."""
    values = {
        name: n
        for name, n in con.execute(
            "select path_in_schema, sum(num_values - coalesce(stats_null_count, 0)) from parquet_metadata(?) group by 1",
            [str(path)],
        ).fetchall()
    }
    return [c for c in columns if not values.get(c)]


def _blank_as_delivered(con: duckdb.DuckDBPyConnection, path: Path, columns: list[str]) -> list[str]:
    """Those of the columns that no quarantined row has a value in."""
    if not columns or not path.exists():
        return columns
    counts = ", ".join(f"count(nullif(trim(\"{c}\"), ''))" for c in columns)
    found = one_row(con.execute(f"select {counts} from {parquet_of(path)}"))
    return [c for c, n in zip(columns, found, strict=True) if not n]
