"""Is it unusual? What `mart_control_charts` says of the printed series, in words.

docs/reference/control-charts.md has the rules. All of it is read from the mart: no limit is computed here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from dagster_project.core.charts_fit_to_judge import NOT_JUDGED, charts_in_words, is_small
from dagster_project.core.plurals import counted
from dagster_project.core.published_explanations import Rebase, rebases
from dagster_project.core.sql import has_table
from dagster_project.editions.tables import CHANGES
from dagster_project.public_form.public_windows import FigureSeries

from .wording import format_number, join_words, month_in_words

CHARTS = "mart_control_charts"
NORMAL = "within normal variation"
UNUSUAL = "unusual: "
NO_CHART = "no control chart, as it has under 12 complete months"
NO_MONTH = "not known, as no complete month lies in its days"
NOT_PUBLIC = "no public control chart"
NOT_MONTHLY = "no control chart, as it is not counted by month"
TREND = "trend"
BY_YEAR = {"mart_public_health"}
"""Marts of figures that others publish year by year."""


@dataclass(frozen=True)
class ChartMonth:
    """A month of a control chart. `mark`: `high`, `low`, or empty where the month is not unusual. `rules`: in words, those that
    mark it, in the order of the method. `not_judged`: why it has no verdict, a key of NOT_JUDGED; None if it has one."""

    start: date
    end: date
    value: Decimal
    mean: Decimal
    lower: Decimal | None
    upper: Decimal | None
    mark: str
    rules: list[str]
    not_judged: str | None = None


class Comparison(NamedTuple):
    """A figure and that of the year before, from the marts. `change`: in its unit; of per cent, in percentage points.
    `share_of`, `share_of_before`: of a rate, the denominators."""

    unit: str
    value: Decimal | None
    before: Decimal | None
    change: Decimal | None
    pct_change: Decimal | None
    share_of: Decimal | None = None
    share_of_before: Decimal | None = None

    @property
    def small_numbers(self) -> str:
        """The numbers of a change of small numbers, in words; empty for others."""
        if not is_small(self.unit, self.value, self.before, (self.share_of, self.share_of_before)):
            return ""
        is_rate = self.unit == "percent"
        numbers = (self.share_of, self.share_of_before) if is_rate else (self.value, self.before)
        printed = join_words([format_number(v, "count") for v in numbers if v is not None])
        return f"small numbers: {'shares of ' if is_rate else ''}{printed}"


ControlCharts = Mapping[FigureSeries, tuple[ChartMonth, ...]]
Window = tuple[FigureSeries, date | None, date | None]
"""A series over days: the first (None for a figure as at a day, or from the start of the data) and the last."""


@dataclass(frozen=True)
class Evidence:
    """What the marts say of the printed series, in their exact or their public form."""

    charts: ControlCharts
    comparisons: Mapping[Window, Comparison]
    public: bool
    rebases: Sequence[Rebase] = ()

    def describe_changes(self, cells: Iterable[Mapping[str, Any]]) -> dict[tuple[int, str], str]:
        """Whether the changes of a table are unusual, in words, by row and column. A change that is printed both as a number
        and in per cent is described once, with the second."""
        last: dict[tuple[Any, ...], tuple[int, str]] = {}
        words: dict[tuple[int, str], str] = {}
        for cell in cells:
            window = window_of(cell)
            if window is None or cell["shows"] not in CHANGES or (cell["value"] is None and cell["marker"] != "[z]"):
                continue
            change = (cell["row_no"], window)
            words.pop(last.get(change, (0, "")), None)
            last[change] = place = (cell["row_no"], cell["column_name"])
            words[place] = self.describe_change(window)
        return words

    def describe_change(self, window: Window) -> str:
        """`within normal variation`, `unusual: 7 of 12 months high; small numbers: 12 and 4`, or why it is not judged."""
        comparison = self.comparisons.get(window)
        return "; ".join(filter(None, (self.describe_verdict(window), comparison.small_numbers if comparison else "")))

    def describe_verdict(self, window: Window) -> str:
        """Whether a figure is unusual, or why it is not judged. The public form does not say why it has no chart: a hidden
        month may be the reason."""
        key, first, last = window
        months = self.charts.get(key, ())
        if rebase := self.find_rebase(window):
            return f"not judged, as a known change began in {month_in_words(rebase.month.isoformat())}"
        why_no_chart = NOT_MONTHLY if key.mart in BY_YEAR else NOT_PUBLIC if self.public else NO_CHART
        return describe_period(months, first, last) or (NO_MONTH if months else why_no_chart)

    def find_rebase(self, window: Window) -> Rebase | None:
        """The newest known change of a series, such as another way to count, from the first day of the year before to the
        last day."""
        key, first, last = window
        if last is None:
            return None
        year_before = date((first or last).year - 1, (first or last).month, 1)
        return next((r for r in reversed(self.rebases) if r[:5] == key and year_before < r.month <= last), None)

    def describe_rebases(self, windows: Iterable[Window], titles: Mapping[tuple[str, str], str]) -> list[str]:
        """A note for each known change that figures are compared across. The reason is for the force's own people."""
        found = dict.fromkeys(rebase for window in windows if (rebase := self.find_rebase(window)))
        return [
            f"{titles.get(r[:2], r.measure)}{'' if r.category == 'all' else f', {r.category}'}, {r.area_name}: a known"
            f" change began in {month_in_words(r.month.isoformat())}{'' if self.public else f': {r.reason}'}"
            for r in found
        ]


def read_evidence(
    con: duckdb.DuckDBPyConnection, force_code: str, force: str, cells: Iterable[Mapping[str, Any]], public: bool
) -> Evidence:
    """What the marts say of the series of these cells, and of their measures for the whole force. `force`: its name."""
    windows = {window for c in cells if (window := window_of(c))}
    series = {key for key, _, _ in windows}
    series |= {FigureSeries(key.mart, key.measure, "force", force, "all") for key in series}
    schema = "marts_public" if public else "marts"
    charts = _read_control_charts(con, schema, force_code, sorted(series))
    return Evidence(charts, _read_comparisons(con, schema, force_code, windows), public, rebases(con, force_code, schema))


def _read_control_charts(
    con: duckdb.DuckDBPyConnection, schema: str, force: str, keys: Sequence[FigureSeries]
) -> ControlCharts:
    """The control charts of series, oldest month first. A series without a chart is left out, as are all those of a night that
    had no charts yet. `marts_public` has none where a month is hidden or figures are rounded."""
    if not keys or not has_table(con, schema, CHARTS):
        return {}
    wanted_charts = f"""(
        select charts.* from {schema}.{CHARTS} as charts
        join wanted using (mart, measure, category, area_type, area_name) where force_code = $6
    )"""
    rows = con.execute(
        f"""
        with wanted as (
            select unnest($1) as mart, unnest($2) as measure, unnest($3) as area_type, unnest($4) as area_name,
                unnest($5) as category
        )
        select mart, measure, area_type, area_name, category, period_start, period_end, value, mean, lower_limit, upper_limit,
            case variation when 'common cause' then '' else variation end as mark,
            list_filter([
                if(is_outside_limits, if(value > mean, 'above the upper limit', 'below the lower limit'), null),
                if(is_trend, '{TREND}', null),
                if(is_two_of_three, if(value > mean, 'near the upper limit', 'near the lower limit'), null),
                if(is_run, if(value > mean, 'above the mean', 'below the mean'), null)
            ], lambda rule: rule is not null) as rules,
            not_judged
        from {charts_in_words(wanted_charts, f"{schema}.measures")}
        order by period_start
        """,
        [*(list(column) for column in zip(*keys, strict=True)), force],
    ).fetchall()
    charts: dict[FigureSeries, list[ChartMonth]] = {}
    for row in rows:
        charts.setdefault(FigureSeries(*row[:5]), []).append(ChartMonth(*row[5:]))
    return {key: tuple(months) for key, months in charts.items()}


def _read_comparisons(
    con: duckdb.DuckDBPyConnection, schema: str, force: str, wanted: Iterable[Window]
) -> dict[Window, Comparison]:
    """The comparisons of figures with the year before, as the marts have them. A window that is no period of the marts is left
    out, and so is, in the public form, a hidden one."""
    windows = [(*key, first, last) for key, first, last in wanted if last]
    if not windows:
        return {}
    rows = con.execute(
        f"""
        with wanted as (
            select unnest($1) as mart, unnest($2) as measure, unnest($3) as area_type, unnest($4) as area_name,
                unnest($5) as category, unnest($6) as first, unnest($7) as period_end
        )
        select mart, measure, area_type, area_name, category, wanted.first, period_end,
            figures.unit, figures.value, figures.prior_value, figures.volume_change, figures.pct_change,
            figures.denominator, year_before.denominator
        from {schema}.measures as figures
        join wanted using (mart, measure, category, area_type, area_name, period_end)
        left join {schema}.measures as year_before
            on figures.denominator is not null and figures.mart = year_before.mart and figures.measure = year_before.measure
            and figures.force_code = year_before.force_code and figures.area_type = year_before.area_type
            and figures.area_code = year_before.area_code and figures.category = year_before.category
            and figures.period_type = year_before.period_type
            and year_before.period_start = figures.period_start - interval 1 year
            and year_before.period_end = last_day(figures.period_end - interval 1 year)
        where figures.force_code = $8 and figures.period_start = wanted.first
        -- A calendar year is also twelve months, which may have no row a year before: the last row counts, which has more.
        order by figures.prior_value is not null, figures.volume_change is not null
        """,
        [*(list(column) for column in zip(*windows, strict=True)), force],
    ).fetchall()
    return {(FigureSeries(*row[:5]), row[5], row[6]): Comparison(*row[7:]) for row in rows}


def describe_newest_month(months: Sequence[ChartMonth]) -> str:
    """The newest month by the first rule that marks it, and since when that rule has marked every month: `above the upper limit
    since March 2025`. `within normal variation` where no month is marked; why, where it is not judged."""
    newest = months[-1]
    if newest.not_judged:
        return NOT_JUDGED[newest.not_judged]
    rule = newest.rules[0] if newest.rules else ""
    is_high = newest.mark == "high"

    def continues(month: ChartMonth, after: ChartMonth) -> bool:
        # Nothing is said of a month without a figure, and a new base has another mean.
        if month.end + timedelta(days=1) != after.start or month.mean != after.mean:
            return False
        if not rule:
            return not month.rules
        return rule in month.rules and (rule != TREND or (after.value > month.value) == is_high)

    first = len(months) - 1
    while first > 0 and continues(months[first - 1], months[first]):
        first -= 1
    if not rule and first == 0:
        return NORMAL
    state = ("rising" if is_high else "falling") if rule == TREND else rule or NORMAL
    return f"{state} {'in' if first == len(months) - 1 else 'since'} {month_in_words(months[first].start.isoformat())}"


def describe_period(months: Sequence[ChartMonth], first: date | None, last: date | None) -> str:
    """Whether a figure's days are unusual: how many of its months are marked, and which way; why, where one is not judged.
    Empty where the chart has none of its months."""
    months_in_period = [m for m in months if last and m.end <= last and (first is None or m.start >= first)]
    if not months_in_period:
        return ""
    if not_judged := next((m.not_judged for m in reversed(months_in_period) if m.not_judged), None):
        return NOT_JUDGED[not_judged]
    high, low = (sum(m.mark == mark for m in months_in_period) for mark in ("high", "low"))
    if not high and not low:
        return NORMAL
    of_months = f"of {counted(len(months_in_period), 'month')}"
    low_too = f", {low} low" if high and low else ""
    return f"{UNUSUAL}{high or low} {of_months} {'high' if high else 'low'}{low_too}"


def window_of(cell: Mapping[str, Any]) -> Window | None:
    """The series and days of a cell; None where the cell has no figure."""
    if not cell["answer_id"] or not cell["measure"] or not cell["area_name"]:
        return None
    key = FigureSeries(cell["mart"], cell["measure"], cell["area_type"], cell["area_name"], cell["category"] or "all")
    return key, cell["period_start"], cell["period_end"]
