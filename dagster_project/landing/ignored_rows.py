"""Rows that are no records, such as totals and source lines, or what a mapping's `table.ignore` names. Counted and left out."""

import duckdb

from dagster_project.core.sql import literal, one_row

from .csv_reader import CELLS
from .refusal import Refused
from .row_rules import Sheet

DELIVERED = "landing_delivered"


def is_ignored(sheet: Sheet) -> str | None:
    """SQL that is true of a row that is no record; None where the mapping names none, or no column that the file has.

    Of a row of any width: a line of totals seldom has as many fields as the header.
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
    """A glob of `*` and `?` in DuckDB's spelling: a bracket means itself."""
    return pattern.lower().replace("[", "[[]")


def leave_out(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> int:
    """Have `landing_cells` without the rows that are no records. Returns how many these were.

    Raises Refused where the file ends within a row that is a record.
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
