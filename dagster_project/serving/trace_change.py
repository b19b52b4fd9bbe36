"""Traces a change to its two figures, now and a year before, and the rows of both."""

from dataclasses import dataclass, replace
from decimal import Decimal

import duckdb

from dagster_project.editions.windows import years_before

from .trace import Trail, trace
from .trace_request import FigureRequest

CHANGES = ("prior_value", "volume_change", "pct_change")
"""Columns of the marts that compare with the year before."""


@dataclass(frozen=True)
class Change:
    """A change: `now` and `before` are the two figures with their rows. `value`: what the cell shows; None if it has no number,
    and `why` says why. `unit`: percent, percentage_points, or the unit of the figures."""

    now: Trail
    before: Trail
    value: Decimal | None
    unit: str
    why: str = ""


def trace_change(con: duckdb.DuckDBPyConnection, request: FigureRequest) -> Change:
    """The rows behind a figure whose `request.shows` is one of CHANGES. Raises TrailError if there is no such figure."""
    now = trace(con, request)
    before = trace(con, replace(request, first=years_before(request.first), last=years_before(request.last)))
    unit = "percent" if request.shows == "pct_change" else now.unit
    if request.shows == "volume_change" and unit == "percent":
        unit = "percentage_points"
    # The report's cell is the judge: a change is between two whole periods, and there is none if one is not covered.
    cell = con.execute(
        "select max(value) from warehouse.reports.cells where mart = ? and measure = ? and category = ? and area_type = ?"
        " and area_name is not distinct from ? and force_code = ? and period_start is not distinct from ? and period_end = ?"
        " and shows = ?",
        [now.mart, request.measure, request.category, request.area_type, request.area_name, request.force_code, request.first,
         request.last, request.shows],
    ).fetchone()  # fmt: skip
    value = cell[0] if cell else None
    why = "one of the two figures is not applicable"
    if value is not None:
        why = ""
    elif {now.data_status, before.data_status} != {"complete"}:
        why = "one of the two periods is not fully covered"
    elif request.shows == "pct_change" and now.unit == "percent":
        why = "a rate changes by percentage points"
    elif request.shows == "pct_change" and before.value == 0:
        why = "there is no change in per cent from 0"
    return Change(now, before, value, unit, why)
