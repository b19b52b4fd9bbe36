"""Counts and removes rows that are not records: totals and source lines, named by a mapping's `table.ignore`."""

import duckdb

from dagster_project.core.sql import literal, one_row

from .csv_reader import CELLS
from .refusal import Refused
from .row_rules import Sheet

DELIVERED = "landing_delivered"


def is_ignored(sheet: Sheet) -> str | None:
    """SQL that is true of a row that is not a record; None where the mapping has no rule for a column of the file.

    Rows of any width are checked: a line of totals seldom has as many fields as the header.
    """
    ignore = sheet.mapping.table.ignore if sheet.mapping else {}
    rules = [
        f"coalesce(lower({sheet.text(name)}), '') glob {literal(_glob(pattern))}"
        for name, patterns in ignore.items()
        if name in sheet.layout.position
        for pattern in patterns
    ]
    return " or ".join(rules) or None


def _glob(pattern: str) -> str:
    """A pattern with `*` and `?` as a DuckDB glob, in which a bracket is literal."""
    return pattern.lower().replace("[", "[[]")


def remove_ignored_rows(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> int:
    """Remove the rows that are not records from `landing_cells`. Returns how many there were.

    Raises Refused where the file ends within a record.
    """
    ignored = is_ignored(sheet)
    n = 0
    if ignored:
        con.execute(f"drop view if exists {DELIVERED}")
        con.execute(f"alter view {CELLS} rename to {DELIVERED}")
        (n,) = one_row(con.execute(f"select count(*) from {DELIVERED} where {ignored}"))
        con.execute(f"create temp view {CELLS} as select * from {DELIVERED} where not ({ignored})")
    if (cut := sheet.cells.cut_short) and one_row(con.execute(f"select count(*) from {CELLS} where line = {cut[0]}"))[0]:
        raise Refused(cut[1])
    return n
