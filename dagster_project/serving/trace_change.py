"""What a change is made of: the figure, the one a year before, and the rows of both."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import duckdb

from dagster_project.editions.windows import years_before

from . import trace

CHANGES = ("prior_value", "volume_change", "pct_change")
"""Columns of the marts that are about the year before."""


@dataclass(frozen=True)
class Change:
    """A change: `now` and `before` are the two figures with their rows. `value`: what the cell says; None where there is no
    such number, and `why` says why. `unit`: percent, percentage_points, or that of the figures."""

    now: trace.Trail
    before: trace.Trail
    value: Decimal | None
    unit: str
    why: str = ""


def trace_change(con: duckdb.DuckDBPyConnection, asked: trace.Asked) -> Change:
    """The rows behind a figure of one of CHANGES, as `asked.shows` says. Raises TrailError where nothing is called as asked."""
    now = trace.trace(con, asked)
    earlier = replace(asked, first=years_before(asked.first), last=_year_before(asked.last))
    before = trace.trace(con, earlier)
    is_rate = now.unit == "percent"
    unit = now.unit
    if asked.shows == "pct_change":
        unit = "percent"
    elif asked.shows == "volume_change" and is_rate:
        unit = "percentage_points"
    # The report's own cell decides: a change is of two whole years, and there is none where one is not covered.
    cell = con.execute(
        "select max(value) from warehouse.reports.cells where mart = ? and measure = ? and category = ? and area_type = ?"
        " and area_name is not distinct from ? and force_code = ? and period_start is not distinct from ? and period_end = ?"
        " and shows = ?",
        [now.mart, asked.measure, asked.category, asked.area_type, asked.area_name, asked.force_code, asked.first, asked.last,
         asked.shows],
    ).fetchone()  # fmt: skip
    value = cell[0] if cell else None
    why = "" if value is not None else _why(asked.shows, now, before)
    return Change(now, before, value, unit, why)


def _why(shows: str, now: trace.Trail, before: trace.Trail) -> str:
    if shows == "pct_change" and before.value == 0:
        return "there is no change in per cent from 0"
    if shows == "pct_change" and now.unit == "percent":
        return "a rate changes by percentage points"
    return "one of the two periods is not covered from end to end"


def _year_before(day: date) -> date:
    earlier = years_before(day)
    assert earlier
    return earlier
