"""Holds workbooks with records of their window on sheets that are not read, or notes it. `open_file` finds these sheets."""

import re
from datetime import date

import duckdb

from dagster_project.core.sql import one_row

from ..rows.file_table import FileTable
from ..rows.row_rules import ELSEWHERE, PARSED

PERIOD = re.compile(
    r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?(?![a-z])"
    r"|(?<![a-z\d])q[1-4](?!\d)|(?:19|20)\d\d"
)
"""A month, quarter or year in a sheet's name, in lower case."""
MONTH_DAYS = 28
"""At least so many days without a row at the start or end of a window are not so by chance: a month."""
ELSEWHERE_ROWS, ELSEWHERE_SHARE = 20, 0.05
"""At least so many records on other sheets alone, and such a share of the first sheet's, are no sheet of examples."""


def left_on_other_sheets(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> str | None:
    """The reason to hold a workbook with a sheet for each period, of which the first does not fill the window; else None."""
    if file_table.is_named or not any(PERIOD.search(name.casefold()) for name in file_table.unread_sheets):
        return None
    first, last = one_row(con, f"select min(_date), max(_date) from {PARSED} where not bad")
    if first:
        before, after = date.fromisoformat(first) - file_table.covered_from, file_table.covered_to - date.fromisoformat(last)
        if max(before, after).days < MONTH_DAYS:
            return None
    names = ", ".join(file_table.unread_sheets)
    return (
        f"rows of its window are on other sheets, and only the first is read: {names}. Save each as a file of its own, or put"
        " all rows on the first; if the first has all, say table: {sheet: 1} in a mapping, or release the file"
    )


def records_on_other_sheets(con: duckdb.DuckDBPyConnection, file_table: FileTable, rows: int) -> str | None:
    """The reason to hold a workbook with records of its window that only other sheets with the same columns have, as where a
    tracker was split in two; else None."""
    if file_table.is_named or not (n := _records_elsewhere(con, file_table, rows)):
        return None
    return (
        f"{n:,} records of its window are on other sheets alone, and only the first is read:"
        f" {', '.join(file_table.unread_sheets)}."
        " Put all rows on one sheet; if the first has all that count, say table: {sheet: 1} in a mapping, or release the file"
    )


def records_left_out(con: duckdb.DuckDBPyConnection, file_table: FileTable, rows: int) -> list[str]:
    """The same as a note, where a mapping says which sheet is read: perhaps the others came later."""
    if not file_table.is_named or not (n := _records_elsewhere(con, file_table, rows)):
        return []
    where = f"on sheets alone that the mapping leaves out: {', '.join(file_table.unread_sheets)}"
    return [f"{n:,} records of its window are {where}. If they count, put all rows on one"]


def _records_elsewhere(con: duckdb.DuckDBPyConnection, file_table: FileTable, rows: int) -> int:
    """How many records of the window other sheets alone have; 0 if they may be examples."""
    if not (file_table.unread_sheets and file_table.key and file_table.contract.date_column):
        return 0
    # Of a whole list, a record may be from before the window.
    first = f"_date >= '{file_table.covered_from}' and " if file_table.contract.kind == "events" else ""
    (n,) = one_row(
        con,
        f"""
        select count(distinct _key) from {ELSEWHERE}
        where {first}_date <= '{file_table.covered_to}' and _key not in (select _key from {PARSED} where _key is not null)
        """,
    )
    return n if n >= max(ELSEWHERE_ROWS, ELSEWHERE_SHARE * rows) else 0
