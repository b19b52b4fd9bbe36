"""The charts of a page: those that the edition names, and those that readers would expect of its tables.

Of a table of counts, money or rates of the force by month: the months as a control chart, or where the night has none with the
twelve months to each; where the table sets a year against the one before, the two years month by month; and, where the mart has
units, a panel a unit. Titles say what happened, by the rule in docs/reference/control-charts.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import duckdb

from dagster_project.core.small_numbers import FEW_A_MONTH

from .model import NOT_RECORDED, PUBLIC_ONLY, Chart, ChartLimits, Definition, Panel, Point, Series, Table
from .unusual import NORMAL, ChartMonth, Charts, is_sparse, until, what_happened
from .wording import number, of_bars, of_limits, of_lines

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
    con: duckdb.DuckDBPyConnection, force: str, tables: Sequence[Table], controlled: Charts, public: bool = False
) -> tuple[Chart, ...]:
    """A page's charts, each after the table that it is drawn from. `controlled`: the night's control charts. `public`: of the
    marts' public form."""
    found: list[Chart] = []
    drawn: set[tuple[str, str]] = set()
    own = {(k.mart, k.measure): months for k, months in controlled.items() if (k.area_type, k.category) == ("force", "all")}
    for table in tables:
        if table.kind == "chart":
            found.append(_named(table))
            continue
        wanted = [d for d in _wanted(table) if (d.mart, d.measure) not in drawn][:MEASURES]
        drawn |= {(d.mart, d.measure) for d in wanted}
        months = {d.measure: _months(con, force, d, table.data_to, public) for d in wanted}
        wanted = [d for d in wanted if months[d.measure]]
        if wanted:
            found.append(_trend(table, wanted, months, own))
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
    return ("Figures that are not public are not 0: lines break there, and a c replaces the bar.",) if hidden else ()


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


def _trend(
    table: Table, wanted: Sequence[Definition], months: dict[str, list[Month]],
    controlled: Mapping[tuple[str, str], tuple[ChartMonth, ...]],
) -> Chart:  # fmt: skip
    panels, few = [], []
    for d in wanted:
        charted = until(controlled.get((d.mart, d.measure), ()), table.data_to)[-TREND_MONTHS:]
        single = _trimmed(_points(_of(months[d.measure], "month")[-TREND_MONTHS:], d.unit))
        known = [p.value for p in single if p.value is not None]
        if is_sparse(charted) or (d.unit == "count" and known and sum(known) < FEW_A_MONTH * len(known)):
            few.append(d.title)
            panels.append(Panel(d.title, d.unit, (Series("Each month", single, "months"),)))
        elif charted:
            panels.append(_controlled(d, single, charted))
        else:
            panels.append(_with_mean(d, single, _of(months[d.measure], "rolling_12_months")[-TREND_MONTHS:]))
    title = _what_happened(table, panels)
    points = [point for panel in panels for s in panel.series for point in s.points]
    return Chart(
        chart_id=f"{table.name}-trend", kind="trend", paragraph=table.paragraph, title=title, table=table.name, x_title="Month",
        panels=tuple(panels), alt=" ".join([of_lines("Chart of months", title, panels), *of_limits(panels)]),
        notes=_trend_notes(panels, few),
        unavailable=None if any(p.value is not None for p in points) else _nothing(s for p in panels for s in p.series),
    )  # fmt: skip


def _controlled(wanted: Definition, points: tuple[Point, ...], charted: Sequence[ChartMonth]) -> Panel:
    """An XmR chart: the months, those that are unusual marked, with the mean and the limits of each base. A limit that no month
    can reach, below 0 or above 100%, is left out."""
    marks = {m.end: m.mark for m in charted}
    marked = tuple(replace(p, mark=marks.get(p.day, "")) if p.day else p for p in points)
    limits = []
    for (mean, lower, upper), own in groupby(charted, key=lambda m: (m.mean, m.lower, m.upper)):
        ends = [m.end for m in own]
        top = 100 if wanted.unit == "percent" else None
        limits.append(
            ChartLimits(
                ends[0], ends[-1], mean, None if lower is None or lower < 0 else lower,
                None if upper is None or (top and upper > top) else upper,
            )
        )  # fmt: skip
    return Panel(wanted.title, wanted.unit, (Series("Each month", marked, "months"),), tuple(limits), what_happened(charted))


def _with_mean(wanted: Definition, points: tuple[Point, ...], twelve: Sequence[Month]) -> Panel:
    """Months of which there is no control chart, with the twelve months to each."""
    series = [Series("Each month", points, "months")]
    is_total = _is_total(wanted)
    rolling = _trimmed(_points(twelve, wanted.unit, 12 if is_total else 1))
    if rolling and (is_total or wanted.unit == "percent"):
        series.append(Series("Average of the 12 months to it" if is_total else "12 months to it", rolling, "rolling"))
    return Panel(wanted.title, wanted.unit, tuple(series))


def _what_happened(table: Table, panels: Sequence[Panel]) -> str:
    """What the newest months are: `Drug searches: above the upper limit since March 2025`. Those within normal variation are
    counted, where another is not."""
    unusual = [p for p in panels if p.happened and not p.happened.startswith(NORMAL)]
    normal = [p for p in panels if p.happened.startswith(NORMAL)]
    if not unusual and not normal:
        return f"{panels[0].title if len(panels) == 1 else table.title} by month"
    if len(panels) == 1:
        return f"{panels[0].title}: {panels[0].happened}"
    if not unusual:
        share = f"{len(normal)} of {len(panels)}" if len(normal) < len(panels) else "both" if len(normal) == 2 else "all"
        return f"{table.title}: {share} measures {NORMAL}"
    said = [f"{p.title} {p.happened}" for p in unusual]
    return f"{table.title}: {'; '.join([*said, *([f'{len(normal)} more {NORMAL}'] if normal else [])])}"


def _trend_notes(panels: Sequence[Panel], few: Sequence[str]) -> tuple[str, ...]:
    """How to read the pictures."""
    bars = [p for p in panels if not p.limits]
    means = list(dict.fromkeys(s.name for p in bars for s in p.series if s.role == "rolling"))
    said = []
    if len(bars) < len(panels):
        said.append(
            "A control chart: the solid line is the mean, the dashed lines are the limits. Triangles mark unusual months, up"
            " for high and down for low."
        )
    if bars:
        line = f" Line: {' or, of a rate, '.join(m[:1].lower() + m[1:] for m in means)}." if means else ""
        said.append(f"Bars: each month.{line}")
    if few:
        said.append(f"Small numbers, under {FEW_A_MONTH} a month on average, have no mean or limits: {'; '.join(few)}.")
    return (*said, "Incomplete months are not shown.", *_gaps(panels))


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
    title = f"{table.title}: the last 12 months against the 12 before"
    if sums := [text for d in wanted if (text := _against(d, months[d.measure], panels))]:
        title = "; ".join(sums)
    return [
        Chart(
            chart_id=f"{table.name}-years", kind="years", paragraph=table.paragraph, title=title, table=table.name,
            x_title="Month", panels=tuple(panels), alt=of_lines("Line chart", title, panels),
        )
    ]  # fmt: skip


def _against(wanted: Definition, months: Sequence[Month], panels: Sequence[Panel]) -> str:
    """`Possession offences: 2,187 in the 12 months to Oct 2025, 1,649 in the 12 before`."""
    twelve = _of(months, "rolling_12_months")
    if wanted.title not in [p.title for p in panels] or len(twelve) < 13:
        return ""
    now, before = twelve[-1], twelve[-13]
    if now.value is None or before.value is None:
        return ""
    figures = [number(m.value or Decimal(0), wanted.unit) for m in (now, before)]
    return f"{wanted.title}: {figures[0]} in the 12 months to {now.day:%b %Y}, {figures[1]} in the 12 before"


def _by_name(points: Sequence[Point]) -> tuple[Point, ...]:
    return tuple(replace(p, label=f"{p.day:%b}", day=None) if p.day else p for p in points)


def _most(panels: Sequence[Panel]) -> str:
    """`: most in Derby North, 430 to Oct 2025`, where one unit alone has most."""
    named = [p for p in panels if p.title != NOT_RECORDED]
    ends = [p.series[0].points[-1] for p in named]
    top = max((e.value for e in ends if e.value), default=None)
    first = [(p, e) for p, e in zip(named, ends, strict=True) if e.value == top and top]
    if len(first) != 1 or len(named) < 2:
        return ""
    panel, end = first[0]
    return f": most in {panel.title}, {end.printed} to {end.label}"


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
    title = f"{wanted.title} by unit, the 12 months to each month{_most(panels)}"
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
