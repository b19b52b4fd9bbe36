"""Finds the columns of its contract that a file lacks. Coverage depends on it: a measure is not available where no file has its
columns."""

from pathlib import Path

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.sql import one_row

from .raw_store import Load, parquet_of
from .row_rules import Sheet

BLANK_ROWS = 50
"""A column that is blank in every row of a file with at least this many rows counts as absent."""


def absent_columns(con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, rows: int) -> list[str]:
    """Columns of the contract that the file lacks, or that are blank in all of its rows where it has 50 or more.

    `rows`: how many the file has. The rows are stored already: Parquet's metadata say whether a column has any value.
    """
    given = {*sheet.layout.position, *(sheet.mapping.constants if sheet.mapping else ())}
    absent = [c.name for c in sheet.contract.columns if c.name not in given]
    if rows >= BLANK_ROWS:
        present = [c.name for c in sheet.contract.columns if c.name in sheet.layout.position]
        landed = con.execute(
            "select path_in_schema, sum(num_values - coalesce(stats_null_count, 0)) from parquet_metadata(?) group by 1",
            [str(load.raw(home))],
        ).fetchall()
        values = dict(landed)
        absent += _blank_as_delivered(con, load.quarantine(home), [c for c in present if not values.get(c)])
    return sorted(absent)


def _blank_as_delivered(con: duckdb.DuckDBPyConnection, path: Path, columns: list[str]) -> list[str]:
    """The columns without a value in any quarantined row."""
    if not columns or not path.exists():
        return columns
    counts = ", ".join(f"count(nullif(trim(\"{c}\"), ''))" for c in columns)
    values = one_row(con.execute(f"select {counts} from {parquet_of(path)}"))
    return [c for c, n in zip(columns, values, strict=True) if not n]
