"""Holds reports in which a value stands on the first row of its group alone: the other rows would be blank, and not count."""

import duckdb

from dagster_project.core.reference_lists import CLASSIFYING
from dagster_project.core.sql import one_row

from .row_rules import PARSED, Sheet

FEWEST_ROWS = 50
"""With fewer rows, blanks may lie so by chance."""
FEWEST_GROUPS = 3
FIRST_ROWS = 1_000
"""Rows that are looked at: a report has its groups from the first row on."""
LEAST_BLANK = 0.5
"""Share of blank rows from which groups have two rows or more on average."""


def only_on_first_rows(con: duckdb.DuckDBPyConnection, sheet: Sheet, rows: int) -> str | None:
    """The reason to hold a file with such a column, or None. `rows`: how many it has.

    The first row has a value, most have none, and no value follows itself, as it would begin no group. Asked are columns that
    must be there and decide what a row counts as.
    """
    if rows < FEWEST_ROWS or not sheet.key:
        return None
    classifying = CLASSIFYING.get(sheet.contract.extract, ())
    for c in sheet.contract.columns:
        if not c.required or c.name not in sheet.layout.position or not (c.type == "choice" or c.name in classifying):
            continue
        seen, filled, first_filled, repeats = one_row(con.execute(
            f"""
            select count(*), count(v), coalesce(arg_min(v is not null, line), false), coalesce(bool_or(v = before), false)
            from (
                select line, v, lag(v) over (partition by v is null order by line) as before
                from (select line, c_{c.name} as v from {PARSED} limit {FIRST_ROWS})
            )
            """
        ))
        if filled >= FEWEST_GROUPS and filled < (1 - LEAST_BLANK) * seen and first_filled and not repeats:
            return (
                f"{c.name}: blank in {seen - filled:,} of the first {seen:,} rows, as in a report that has a value on the first"
                " row of its group alone: fill it down and export again; if blanks are meant, release the file"
            )
    return None
