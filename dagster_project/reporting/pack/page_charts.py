"""The charts of a page: those that the edition names, and those that a reader would expect of its tables.

Of a table of counts, money or rates of the force by month: the months with the twelve months to each; where the table sets a
year against the one before, the two years month by month; and, where the mart has units, a panel a unit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import duckdb

from .model import NOT_RECORDED, PUBLIC_ONLY, Chart, Definition, Panel, Point, Series, Table
from .wording import number, of_bars, of_lines

MEASURES = 4
"""Panels of a trend: the first measures of the table."""
TREND_MONTHS = 36
UNITS = 24
"""Units that are drawn: the largest."""
ENOUGH = 6
"""Points that make a line of a unit."""
NOT_ADDED = {("mart_prevention_activity", "activity_quantity")}
"""Measures whose categories are of different things, leaflets and people, so that their sum is of nothing: no chart of it."""
NOTHING = "Not available: no accepted file says anything of it."
NOT_PUBLIC = "Not public: every figure of it is small, or could give a small one away."


class Month(NamedTuple):
    """A figure of the marts over a month, or the twelve months to its end."""

    period: str
    area: str
    day: date
    value: Decimal | None
    status: str
    marker: str | None


def charts_of_page(
    con: duckdb.DuckDBPyConnection, force: str, tables: Sequence[Table], public: bool = False
) -> tuple[Chart, ...]:
    """A page's charts, each after the table that it is drawn from. `public`: of the marts' public form."""
    found: list[Chart] = []
    drawn: set[tuple[str, str]] = set()
    for table in tables:
        if table.kind == "chart":
            found.append(_named(table))
            continue
        wanted = [d for d in _wanted(table) if (d.mart, d.measure) not in drawn][:MEASURES]
        drawn |= {(d.mart, d.measure) for d in wanted}
        months = {d.measure: _months(con, force, d, table.data_to, public) for d in wanted}
        wanted = [d for d in wanted if months[d.measure]]
        if wanted:
            found.append(_trend(table, wanted, months))
            if _compares_years(table):
                found += _years(table, wanted[:2], months)
            found += _units(table, wanted[0], months[wanted[0].measure])
    return tuple(found)


def _named(table: Table) -> Chart:
    """A chart that the edition names: its columns are the series, its rows the points."""
    units = [c.unit for c in table.columns if c.unit]
    series = tuple(
        Series(c.label, tuple(Point(r.label, None, r.cells[n].value, r.cells[n].printed, r.cells[n].data_status)
                              for r in table.rows))
        for n, c in enumerate(table.columns)
    )  # fmt: skip
    panel = Panel("", units[0] if units else "count", series)
    known = any(p.value is not None for s in series for p in s.points)
    kind = table.chart or "bar"
    alt = of_lines("Line chart", table.title, [panel]) if kind == "line" else of_bars(table.title, panel)
    return Chart(
        chart_id=table.name, kind=kind, paragraph=table.paragraph, title=table.title, table=table.name, x_title=table.rows_are,
        panels=(panel,), alt=alt, unavailable=None if known else table.unavailable or _nothing(series),
    )  # fmt: skip


def _nothing(series: Iterable[Series]) -> str:
    """Why there is no point to draw."""
    return NOT_PUBLIC if any(p.printed == PUBLIC_ONLY for s in series for p in s.points) else NOTHING


def _gaps(panels: Iterable[Panel]) -> tuple[str, ...]:
    """What is to be said of points that are not public."""
    hidden = any(p.printed == PUBLIC_ONLY for panel in panels for s in panel.series for p in s.points)
    return ("What is not public is no 0: lines break there, and a c stands in the place of a bar.",) if hidden else ()


def _wanted(table: Table) -> list[Definition]:
    """Measures of the table's own that months can be drawn of: the force's, over all categories or the first."""
    return [d for d in table.definitions if d.mart != "mart_public_health" and (d.mart, d.measure) not in NOT_ADDED]


def _months(con: duckdb.DuckDBPyConnection, force: str, wanted: Definition, data_to: date, public: bool) -> list[Month]:
    schema, marker = ("marts_public", "marker") if public else ("marts", "null")
    rows = con.execute(
        f"select period_type, case area_type when 'force' then '' else area_name end, period_end, value, data_status, {marker}"
        f" from {schema}.{wanted.mart}"
        " where force_code = ? and measure = ? and category = 'all' and area_type in ('force', 'lpu')"
        " and period_type in ('month', 'rolling_12_months') and period_end <= ? order by 2, 1, 3",
        [force, wanted.measure, data_to],
    ).fetchall()
    found = [Month(*row) for row in rows]
    return found if any(m.value is not None for m in found) else []


def _of(months: Iterable[Month], period: str, area: str = "") -> list[Month]:
    return [m for m in months if (m.period, m.area) == (period, area)]


def _points(months: Sequence[Month], unit: str, share: int = 1) -> tuple[Point, ...]:
    """Points of whole months only: a part of a month would look like a fall. `share`: of twelve months, 12 gives the mean."""
    places = 1 if share > 1 and unit == "count" else None
    return tuple(
        Point(f"{m.day:%b %Y}", m.day, value, _why(m) if value is None else number(value, unit, places), m.status)
        for m in months
        for value in [m.value / share if m.status == "complete" and m.value is not None else None]
    )


def _why(month: Month) -> str:
    return PUBLIC_ONLY if month.marker == PUBLIC_ONLY and month.status == "complete" else "[x]"


def _trimmed(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Without what is not available at either end."""
    known = [n for n, p in enumerate(points) if p.value is not None or p.printed == PUBLIC_ONLY]
    return points[known[0] : known[-1] + 1] if known else ()


def _is_total(wanted: Definition) -> bool:
    """Whether its months add up, so that twelve of them have a mean; a rate's twelve months are a rate."""
    return wanted.aggregation == "sum"


def _trend(table: Table, wanted: Sequence[Definition], months: dict[str, list[Month]]) -> Chart:
    panels = []
    for d in wanted:
        single = _trimmed(_points(_of(months[d.measure], "month")[-TREND_MONTHS:], d.unit))
        series = [Series("Each month", single, "months")]
        twelve = _of(months[d.measure], "rolling_12_months")[-TREND_MONTHS:]
        rolling = _trimmed(_points(twelve, d.unit, 12 if _is_total(d) else 1))
        if rolling and (_is_total(d) or d.unit == "percent"):
            series.append(Series("Average of the 12 months to it" if _is_total(d) else "12 months to it", rolling, "rolling"))
        panels.append(Panel(d.title, d.unit, tuple(series)))
    title = f"{table.title}: the trend"
    points = [point for panel in panels for s in panel.series for point in s.points]
    return Chart(
        chart_id=f"{table.name}-trend", kind="trend", paragraph=table.paragraph, title=title, table=table.name, x_title="Month",
        panels=tuple(panels), alt=of_lines("Chart of months", title, panels),
        notes=("Months that are covered in part are left out.", *_gaps(panels)),
        unavailable=None if any(p.value is not None for p in points) else _nothing(s for p in panels for s in p.series),
    )  # fmt: skip


def _compares_years(table: Table) -> bool:
    """Whether it sets a year, or the year so far, against the one before."""
    shows = {c.shows for r in table.rows for c in r.cells}
    return bool(shows & {"volume_change", "pct_change", "prior_value"})


def _years(table: Table, wanted: Sequence[Definition], months: dict[str, list[Month]]) -> list[Chart]:
    panels = []
    for d in wanted:
        points = _points(_of(months[d.measure], "month"), d.unit)
        this, before = points[-12:], points[-24:-12]
        if len(before) == 12 and all(p.value is not None for p in (*this, *before)):
            panels.append(
                Panel(d.title, d.unit, (
                    Series(f"12 months to {before[-1].label}", _by_name(before), "before"),
                    Series(f"12 months to {this[-1].label}", _by_name(this), "this"),
                ))
            )  # fmt: skip
    if not panels:
        return []
    title = f"{table.title}: the last twelve months against the twelve before"
    return [
        Chart(
            chart_id=f"{table.name}-years", kind="years", paragraph=table.paragraph, title=title, table=table.name,
            x_title="Month", panels=tuple(panels), alt=of_lines("Line chart", title, panels),
        )
    ]  # fmt: skip


def _by_name(points: Sequence[Point]) -> tuple[Point, ...]:
    return tuple(replace(p, label=f"{p.day:%b}", day=None) if p.day else p for p in points)


def _units(table: Table, wanted: Definition, months: Sequence[Month]) -> list[Chart]:
    """A panel a unit, of the twelve months to each month: single months of a unit are few events, and mostly chance."""
    panels = []
    for area, own in groupby((m for m in months if m.area), key=lambda m: m.area):
        points = _trimmed(_points(_of(own, "rolling_12_months", area)[-TREND_MONTHS:], wanted.unit))
        if sum(p.value is not None for p in points) >= ENOUGH and any(p.value for p in points):
            panels.append(Panel(area, wanted.unit, (Series("12 months to each month", points, "rolling"),)))
    if len(panels) < 2:
        return []
    panels.sort(key=lambda p: (p.title == NOT_RECORDED, -(p.series[0].points[-1].value or Decimal(0)), p.title))
    title = f"{wanted.title} by unit: the 12 months to each month"
    left = len(panels) - UNITS
    notes = (f"The {UNITS} largest units; {left} more are in the marts.",) if left > 0 else ()
    return [
        Chart(
            chart_id=f"{table.name}-units", kind="units", paragraph=table.paragraph, title=title, table=table.name,
            x_title="Month", panels=tuple(panels[:UNITS]),
            alt=of_lines("Small charts, one a unit", title, panels[:UNITS], with_range=False),
            notes=("All panels have one scale.", *notes, *_gaps(panels[:UNITS])),
        )
    ]  # fmt: skip
