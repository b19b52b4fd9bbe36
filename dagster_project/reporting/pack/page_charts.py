"""The charts of a page: those that the edition names, and those that a reader would expect for its tables.

For a table of monthly counts, money or rates of the force: the months as a control chart, or if there is none, with the twelve
months to each; the last two years month by month, where the table compares years; and a panel for each unit, where the mart has
units. Titles say whether the newest month is unusual, by the rule in docs/reference/control-charts.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import duckdb

from dagster_project.core.charts_fit_to_judge import FEW_A_MONTH, NOT_JUDGED, SMALL, WITHOUT_LIMITS
from dagster_project.core.home_lists import NOT_RECORDED
from dagster_project.core.plurals import counted
from dagster_project.editions.tables import CHANGES

from .control_chart_words import NORMAL, ChartMonth, ControlCharts, describe_newest_month
from .model import MISSING, PUBLIC_ONLY, Chart, ChartLimits, Definition, Panel, Point, Series, Table
from .wording import capitalise, describe_bars, describe_limits, describe_lines, format_number

MEASURES = 4
"""Panels of a trend chart at most: the first measures of the table."""
TREND_MONTHS = 36
UNITS = 24
"""Units drawn at most: the largest."""
MIN_POINTS = 6
"""A unit with fewer points is not drawn."""
TWELVE = ("rolling_12_months", "")
"""The twelve months to each month, of the force."""
NO_TOTAL = {("mart_prevention_activity", "activity_quantity")}
"""Measures whose categories count different things, such as leaflets and people, so that a chart of their sum means nothing."""
NO_LIMITS = {
    "few": f"Small numbers, on average under {FEW_A_MONTH} a month or a share of under {SMALL}, have no mean or limits",
    "still": "Too few changes for a mean and limits",
}
NOT_AVAILABLE = "Not available: no accepted file says anything of it."
NOT_PUBLIC = "Not public: every figure of it is small, or could give a small one away."


class Month(NamedTuple):
    """A figure of the marts for a month, or for the twelve months to its end."""

    day: date
    value: Decimal | None
    status: str
    marker: str | None


Months = Mapping[tuple[str, str], Sequence[Month]]
"""By kind of period, and by unit: the figures of a measure, the oldest first. A blank unit is the force."""


def make_page_charts(
    con: duckdb.DuckDBPyConnection, force: str, tables: Sequence[Table], control_charts: ControlCharts, public: bool = False
) -> tuple[Chart, ...]:
    """The charts of a page, in the order of their tables. `public`: of the marts' public form."""
    charts: list[Chart] = []
    drawn: set[tuple[str, str]] = set()
    of_force = {
        (k.mart, k.measure): months for k, months in control_charts.items() if (k.area_type, k.category) == ("force", "all")
    }
    for table in tables:
        if table.kind == "chart":
            charts.append(_edition_chart(table))
            continue
        wanted = [
            d for d in table.definitions
            # A chart of all categories would not be of what the table is about.
            if d.mart != "mart_public_health" and (d.mart, d.measure) not in NO_TOTAL | drawn | table.of_one_category
        ][:MEASURES]  # fmt: skip
        drawn |= {(d.mart, d.measure) for d in wanted}
        months = {d.measure: _months(con, force, d, table.data_to, public) for d in wanted}
        wanted = [d for d in wanted if months[d.measure]]
        if wanted:
            charts.append(_trend(table, wanted, months, of_force))
            if {*CHANGES, "prior_value"} & {c.shows for r in table.rows for c in r.cells}:
                charts += _years(table, wanted[:2], months)
            charts += _units(table, wanted[0], months[wanted[0].measure], public)
    return tuple(charts)


def _edition_chart(table: Table) -> Chart:
    """A chart of the edition: columns are series, rows are points."""
    units = [c.unit for c in table.columns if c.unit]
    series = tuple(
        Series(c.label, tuple(Point(r.label, None, r.cells[n].value, r.cells[n].printed, r.cells[n].data_status)
                              for r in table.rows))
        for n, c in enumerate(table.columns)
    )  # fmt: skip
    panel = Panel("", units[0] if units else "count", series)
    known = any(p.value is not None for s in series for p in s.points)
    kind = table.chart or "bar"
    notes = (*_provisional_notes(series), *_gap_notes((panel,))) if kind == "line" and known else ()
    alt = describe_lines("Line chart", table.title, [panel]) if kind == "line" else describe_bars(table.title, panel)
    return Chart(
        chart_id=table.name, kind=kind, paragraph=table.paragraph, title=table.title, table=table.name, x_title=table.rows_are,
        panels=(panel,), alt=alt, notes=notes,
        unavailable=None if known else table.unavailable or _why_empty(series),
    )  # fmt: skip


def _why_empty(series: Iterable[Series]) -> str:
    """Why there is no point to draw, in a sentence."""
    return NOT_PUBLIC if any(p.printed == PUBLIC_ONLY for s in series for p in s.points) else NOT_AVAILABLE


def _provisional_notes(series: Iterable[Series]) -> tuple[str, ...]:
    partial = any(p.data_status == "partial" and p.value is not None for s in series for p in s.points)
    return ("An open point is provisional, as files cover only part of its days: no line joins it.",) if partial else ()


def _gap_notes(panels: Iterable[Panel]) -> tuple[str, ...]:
    """A note on points that are not public, and one on those that are not available or not complete, if there are any."""
    gaps = {(p.printed, s.role) for panel in panels for s in panel.series for p in s.points if p.value is None}
    kinds = ((PUBLIC_ONLY, "public", "a c"), (MISSING, "available or not complete", "an x"))
    return tuple(
        f"Figures that are not {what} are not 0: lines break there"
        f"{f', and {letter} marks the month' if (marker, 'months') in gaps else ''}."
        for marker, what, letter in kinds if marker in dict(gaps)
    )  # fmt: skip


def _months(con: duckdb.DuckDBPyConnection, force: str, wanted: Definition, data_to: date, public: bool) -> Months:
    schema, marker = ("marts_public", "marker") if public else ("marts", "null")
    rows = con.execute(
        f"select period_type, case area_type when 'force' then '' else area_name end, period_end, value, data_status, {marker}"
        f" from {schema}.{wanted.mart}"
        " where force_code = ? and measure = ? and category = 'all' and area_type in ('force', 'lpu')"
        " and period_type in ('month', 'rolling_12_months') and period_end <= ? order by 2, 1, 3",
        [force, wanted.measure, data_to],
    ).fetchall()
    months: defaultdict[tuple[str, str], list[Month]] = defaultdict(list)
    for period, area, *month in rows:
        months[period, area].append(Month(*month))
    return months if any(m.value is not None for months_of_series in months.values() for m in months_of_series) else {}


def _points(months: Sequence[Month], unit: str, divisor: int = 1) -> tuple[Point, ...]:
    """Points of complete months only: part of a month would look like a fall. `divisor`: 12 for the mean of twelve months."""
    places = 1 if divisor > 1 and unit == "count" else None
    points = []
    for m in months:
        value = m.value / divisor if m.status == "complete" and m.value is not None else None
        printed = PUBLIC_ONLY if m.status == "complete" and m.marker == PUBLIC_ONLY else MISSING
        printed = printed if value is None else format_number(value, unit, places)
        points.append(Point(f"{m.day:%b %Y}", m.day, value, printed, m.status))
    return tuple(points)


def _trimmed(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points without those at either end that are not available."""
    known = [n for n, p in enumerate(points) if p.value is not None or p.printed == PUBLIC_ONLY]
    return points[known[0] : known[-1] + 1] if known else ()


def _trend(
    table: Table, wanted: Sequence[Definition], months: Mapping[str, Months],
    control_charts: Mapping[tuple[str, str], tuple[ChartMonth, ...]],
) -> Chart:  # fmt: skip
    panels: list[Panel] = []
    not_judged: dict[str, list[str]] = {}
    for d in wanted:
        chart = [m for m in control_charts.get((d.mart, d.measure), ()) if m.end <= table.data_to][-TREND_MONTHS:]
        single = _trimmed(_points(months[d.measure].get(("month", ""), ())[-TREND_MONTHS:], d.unit))
        known = [p.value for p in single if p.value is not None]
        is_of_few = d.unit == "count" and known and sum(known) < FEW_A_MONTH * len(known)
        why = chart[-1].not_judged if chart else "few" if is_of_few else None
        if why:
            not_judged.setdefault(why, []).append(d.title)
        if why in WITHOUT_LIMITS:
            panels.append(Panel(d.title, d.unit, (Series("Each month", single, "months"),)))
        elif chart:
            panels.append(_control_panel(d, single, chart))
        else:
            panels.append(_mean_panel(d, single, months[d.measure].get(TWELVE, ())[-TREND_MONTHS:]))
    title = _trend_title(table, panels)
    points = [point for panel in panels for s in panel.series for point in s.points]
    return Chart(
        chart_id=f"{table.name}-trend", kind="trend", paragraph=table.paragraph, title=title, table=table.name, x_title="Month",
        panels=tuple(panels),
        alt=" ".join([describe_lines("Chart of months", title, panels), *(describe_limits(p) for p in panels if p.limits)]),
        notes=_trend_notes(panels, not_judged),
        unavailable=None if any(p.value is not None for p in points) else _why_empty(s for p in panels for s in p.series),
    )  # fmt: skip


def _control_panel(measure: Definition, points: tuple[Point, ...], chart: Sequence[ChartMonth]) -> Panel:
    """An XmR chart: the months, with unusual ones marked, and the mean and limits of each baseline. A limit that no month can
    reach, below 0 or above 100%, is left out."""
    marks = {m.end: m.mark for m in chart}
    marked = tuple(replace(p, mark=marks.get(p.day, "")) if p.day else p for p in points)
    limits = []
    for (mean, lower, upper), segment in groupby(chart, key=lambda m: (m.mean, m.lower, m.upper)):
        ends = [m.end for m in segment]
        top = 100 if measure.unit == "percent" else None
        limits.append(
            ChartLimits(
                ends[0], ends[-1], mean, None if lower is None or lower < 0 else lower,
                None if upper is None or (top and upper > top) else upper,
            )
        )  # fmt: skip
    series = (Series("Each month", marked, "months"),)
    newest = "" if chart[-1].not_judged else describe_newest_month(chart)
    return Panel(measure.title, measure.unit, series, tuple(limits), newest)


def _mean_panel(measure: Definition, points: tuple[Point, ...], twelve: Sequence[Month]) -> Panel:
    """Months without a control chart, with the twelve months to each."""
    series = [Series("Each month", points, "months")]
    # Months that add up have a mean. The twelve months of a rate are a rate.
    is_sum = measure.aggregation == "sum"
    rolling = _trimmed(_points(twelve, measure.unit, 12 if is_sum else 1))
    if rolling and (is_sum or measure.unit == "percent"):
        series.append(Series("Average of the 12 months to it" if is_sum else "12 months to it", rolling, "rolling"))
    return Panel(measure.title, measure.unit, tuple(series))


def _trend_title(table: Table, panels: Sequence[Panel]) -> str:
    """What the newest months are: `Drug searches: above the upper limit since March 2025`. Where some are unusual, those within
    normal variation are only counted; where none is, so are those that are not judged."""
    unusual = [p for p in panels if p.newest_month and not p.newest_month.startswith(NORMAL)]
    normal = [p for p in panels if p.newest_month.startswith(NORMAL)]
    if not unusual and not normal:
        return f"{panels[0].title if len(panels) == 1 else table.title.removesuffix(' by month')} by month"
    if len(panels) == 1:
        return f"{panels[0].title}: {panels[0].newest_month}"
    if not unusual:
        # `2 of 4` would say that the other two are unusual.
        if without := len(panels) - len(normal):
            within = f"{counted(len(normal), 'measure')} {NORMAL} in the newest month"
            return f"{table.title}: {within}; {without} not judged"
        return f"{table.title}: {'both' if len(normal) == 2 else 'all'} measures {NORMAL} in the newest month"
    words = [f"{p.title} {p.newest_month}" for p in unusual]
    return f"{table.title}: {'; '.join([*words, *([f'{len(normal)} more {NORMAL}'] if normal else [])])}"


def _trend_notes(panels: Sequence[Panel], not_judged: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """`not_judged`: the measures that are not, by the reason."""
    bars = [p for p in panels if not p.limits]
    means = list(dict.fromkeys(s.name for p in bars for s in p.series if s.role == "rolling"))
    notes = []
    if len(bars) < len(panels):
        triangles = (
            " Triangles mark unusual months, up for high and down for low." if any(p.newest_month for p in panels) else ""
        )
        notes.append(f"A control chart: the solid line is the mean, the dashed lines are the limits.{triangles}")
    notes += [
        f"Mean and limits of {p.title} start again in {x.first:%B %Y}, as a known change began."
        for p in panels
        for x in p.limits[1:]
    ]
    if bars:
        line = f" Line: {' or, of a rate, '.join(m[:1].lower() + m[1:] for m in means)}." if means else ""
        notes.append(f"Bars: each month.{line}")
    for why, titles in not_judged.items():
        notes.append(f"{NO_LIMITS.get(why) or capitalise(NOT_JUDGED[why])}: {'; '.join(titles)}.")
    return (*notes, "Incomplete months are not shown.", *_gap_notes(panels))


def _years(table: Table, wanted: Sequence[Definition], months: Mapping[str, Months]) -> list[Chart]:
    panels = []
    for d in wanted:
        points = _points(months[d.measure].get(("month", ""), ()), d.unit)
        this, before = points[-12:], points[-24:-12]
        if len(before) == 12 and all(p.value is not None for p in (*this, *before)):
            panels.append(
                Panel(d.title, d.unit, (
                    Series(f"12 months to {before[-1].label}", _by_month_name(before), "before"),
                    Series(f"12 months to {this[-1].label}", _by_month_name(this), "this"),
                ))
            )  # fmt: skip
    if not panels:
        return []
    title = f"{table.title}: the last 12 months against the 12 before"
    if totals := [text for d in wanted if (text := _compare_totals(d, months[d.measure].get(TWELVE, ()), panels))]:
        title = "; ".join(totals)
    return [
        Chart(
            chart_id=f"{table.name}-years", kind="years", paragraph=table.paragraph, title=title, table=table.name,
            x_title="Month", panels=tuple(panels), alt=describe_lines("Line chart", title, panels),
        )
    ]  # fmt: skip


def _compare_totals(measure: Definition, twelve: Sequence[Month], panels: Sequence[Panel]) -> str:
    """`Possession offences: 2,187 in the 12 months to Oct 2025, 1,649 in the 12 before`."""
    if measure.title not in [p.title for p in panels] or len(twelve) < 13:
        return ""
    latest, year_before = twelve[-1], twelve[-13]
    if latest.value is None or year_before.value is None:
        return ""
    figures = [format_number(m.value or Decimal(0), measure.unit) for m in (latest, year_before)]
    return f"{measure.title}: {figures[0]} in the 12 months to {latest.day:%b %Y}, {figures[1]} in the 12 before"


def _by_month_name(points: Sequence[Point]) -> tuple[Point, ...]:
    """Points labelled with their month alone, so that two years share an axis."""
    return tuple(replace(p, label=f"{p.day:%b}", day=None) if p.day else p for p in points)


def _largest_unit(panels: Sequence[Panel]) -> str:
    """`: most in Derby North, 430 to Oct 2025`, where one unit has most."""
    named = [p for p in panels if p.title != NOT_RECORDED]
    ends = [p.series[0].points[-1] for p in named]
    top = max((e.value for e in ends if e.value), default=None)
    first = [(p, e) for p, e in zip(named, ends, strict=True) if e.value == top and top]
    if len(first) != 1 or len(named) < 2:
        return ""
    panel, end = first[0]
    return f": most in {panel.title}, {end.printed} to {end.label}"


def _units(table: Table, measure: Definition, months: Months, public: bool) -> list[Chart]:
    """A panel for each unit, of the twelve months to each month: single months of a unit vary by chance."""
    panels = []
    for (period, area), months_of_unit in months.items():
        points = _trimmed(_points(months_of_unit[-TREND_MONTHS:], measure.unit)) if area and period == TWELVE[0] else ()
        if sum(p.value is not None for p in points) >= MIN_POINTS and any(p.value for p in points):
            panels.append(Panel(area, measure.unit, (Series("12 months to each month", points, "rolling"),)))
    if len(panels) < 2:
        return []
    panels.sort(key=lambda p: (p.title == NOT_RECORDED, -(p.series[0].points[-1].value or Decimal(0)), p.title))
    # In the public form another unit may have more: its figure is hidden, or rounding changed the order.
    title = f"{measure.title} by unit, the 12 months to each month{'' if public else _largest_unit(panels)}"
    left = len(panels) - UNITS
    which, place = (f"{UNITS} units", "marts_public") if public else (f"The {UNITS} largest units", "the marts")
    notes = (f"{which}; {left} more are in {place}.",) if left > 0 else ()
    return [
        Chart(
            chart_id=f"{table.name}-units", kind="units", paragraph=table.paragraph, title=title, table=table.name,
            x_title="Month", panels=tuple(panels[:UNITS]),
            alt=describe_lines("Small charts, one a unit", title, panels[:UNITS], with_range=False),
            notes=("All panels have one scale.", *notes, *_gap_notes(panels[:UNITS])),
        )
    ]  # fmt: skip
