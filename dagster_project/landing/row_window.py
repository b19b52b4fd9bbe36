"""Finds the window of a file whose name gives none: from its first to its last row, in days or months."""

from dataclasses import replace
from datetime import date, datetime

import duckdb

from dagster_project.core.home import LONDON
from dagster_project.core.sql import one_row

from .name_patterns import FIRST_YEAR, Covers, months
from .refusal import Refused
from .row_rules import PARSED, Sheet, parse


def last_day(extracted_at: datetime) -> date:
    """The last day that an extraction can cover, in London."""
    return extracted_at.astimezone(LONDON).date()


def widest(extracted_at: datetime) -> tuple[date, date]:
    """The widest window that a file can have."""
    return date(FIRST_YEAR, 1, 1), last_day(extracted_at)


def parse_within_rows(con: duckdb.DuckDBPyConnection, sheet: Sheet, covers: Covers, extracted_at: datetime) -> Sheet:
    """Make `landing_parsed`, as `parse` does, with the window given by the rows. Returns the sheet with this window.

    Rows dated after the extraction, or that break another rule, are left out. Raises Refused where none is left.
    """
    first, last = widest(extracted_at)
    parse(con, replace(sheet, covered_from=first, covered_to=last))
    days = one_row(con.execute(f"select min(_date), max(_date) from {PARSED} where not bad"))
    if days[0] is None:
        raise Refused(f"no sound row to take the window from: the mapping says covers: {covers}, and the name says no window")
    first, until = map(date.fromisoformat, days)
    if covers == "months":
        first, until = months(first, until)
    sheet = replace(sheet, covered_from=first, covered_to=min(until, last))
    parse(con, sheet)
    return sheet
