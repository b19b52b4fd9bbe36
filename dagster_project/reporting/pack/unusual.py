"""Is it unusual? What `mart_control_charts` says of the printed series, in words.

The rules are in docs/reference/control-charts.md. Everything here is read off the mart: no limit is computed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from dagster_project.core.small_numbers import FEW_A_MONTH

from .wording import MONTHS, listed, number

CHARTS = "mart_control_charts"
SMALL = 20
"""A change of a count is called small where either side of it is under this: one or two more would turn it."""
NORMAL = "within normal variation"
TOO_FEW = "too few a month to tell"
NO_CHART = "no control chart, as it has under 12 complete months"
NOT_PUBLIC = "no public control chart"
NOT_MONTHLY = "no control chart, as it is not counted by month"
TREND = "trend"
BY_YEAR = {"mart_public_health"}
"""As others publish it, year by year."""
CHANGES = ("volume_change", "pct_change")


class SeriesKey(NamedTuple):
    """A series: a measure of a mart in one category, of one area."""

    mart: str
    measure: str
    category: str
    area_type: str
    area_name: str


@dataclass(frozen=True)
class ChartMonth:
    """A month of a control chart. `mark`: `high`, `low`, or empty where the month is not unusual. `rules`: those that mark it,
    in words, in the method's order."""

    start: date
    end: date
    value: Decimal
    mean: Decimal
    lower: Decimal | None
    upper: Decimal | None
    mark: str
    rules: list[str]


class Sides(NamedTuple):
    """A figure and the same a year before, as the marts have them. `change`: in its unit, per cent in percentage points."""

    unit: str
    value: Decimal | None
    before: Decimal | None
    change: Decimal | None
    pct_change: Decimal | None


Charts = Mapping[SeriesKey, tuple[ChartMonth, ...]]
Window = tuple[SeriesKey, date | None, date | None]
"""A series over days: the first, none for what is counted on one day or from the beginning, and the last."""
Compared = Mapping[Window, Sides]


def read_charts(con: duckdb.DuckDBPyConnection, force: str, wanted: Iterable[SeriesKey], public: bool = False) -> Charts:
    """The control charts of these series, oldest month first. A series without one is left out. `public`: of `marts_public`,
    which has none where a month is hidden or figures are rounded. Of a night from before there were any, none."""
    keys = sorted(set(wanted))
    schema = "marts_public" if public else "marts"
    exists = con.execute("select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, CHARTS]).fetchone()
    if not keys or not exists:
        return {}
    rows = con.execute(
        f"""
        with wanted as (
            select unnest($1) as mart, unnest($2) as measure, unnest($3) as category, unnest($4) as area_type,
                unnest($5) as area_name
        )
        select mart, measure, category, area_type, area_name, period_start, period_end, value, mean, lower_limit, upper_limit,
            case variation when 'common cause' then '' else variation end as mark,
            list_filter([
                if(is_outside_limits, if(value > mean, 'above the upper limit', 'below the lower limit'), null),
                if(is_trend, '{TREND}', null),
                if(is_two_of_three, if(value > mean, 'near the upper limit', 'near the lower limit'), null),
                if(is_run, if(value > mean, 'above the mean', 'below the mean'), null)
            ], lambda rule: rule is not null) as rules
        from {schema}.{CHARTS}
        join wanted using (mart, measure, category, area_type, area_name)
        where force_code = $6
        order by period_start
        """,
        [*(list(column) for column in zip(*keys, strict=True)), force],
    ).fetchall()
    found: dict[SeriesKey, list[ChartMonth]] = {}
    for row in rows:
        found.setdefault(SeriesKey(*row[:5]), []).append(ChartMonth(*row[5:]))
    return {key: tuple(months) for key, months in found.items()}


def read_compared(con: duckdb.DuckDBPyConnection, force: str, wanted: Iterable[Window], public: bool = False) -> Compared:
    """What the marts set these figures against. A window that is no period of theirs is left out, and in the public form what
    is hidden."""
    windows = [(*key, first, last) for key, first, last in set(wanted) if last]
    if not windows:
        return {}
    rows = con.execute(
        f"""
        with wanted as (
            select unnest($1) as mart, unnest($2) as measure, unnest($3) as category, unnest($4) as area_type,
                unnest($5) as area_name, unnest($6) as first, unnest($7) as period_end
        )
        select mart, measure, category, area_type, area_name, wanted.first, period_end,
            figures.unit, figures.value, figures.prior_value, figures.volume_change, figures.pct_change
        from {"marts_public" if public else "marts"}.measures as figures
        join wanted using (mart, measure, category, area_type, area_name, period_end)
        where figures.force_code = $8 and figures.period_start = wanted.first
        """,
        [*(list(column) for column in zip(*windows, strict=True)), force],
    ).fetchall()
    return {(SeriesKey(*row[:5]), row[5], row[6]): Sides(*row[7:]) for row in rows}


def until(months: Sequence[ChartMonth], day: date) -> tuple[ChartMonth, ...]:
    """The months of a chart that end by a day."""
    return tuple(m for m in months if m.end <= day)


def is_sparse(months: Sequence[ChartMonth]) -> bool:
    """Whether a series is of so few that a mean and limits say nothing. A rate or an amount is so where it is mostly 0."""
    return bool(months) and months[-1].mean < FEW_A_MONTH


def what_happened(months: Sequence[ChartMonth]) -> str:
    """What the newest month is by the first rule that marks it, and since when that rule has marked every month: `above the
    upper limit since March 2025`. Where no month is marked: `within normal variation`."""
    newest = months[-1]
    rule = newest.rules[0] if newest.rules else ""
    rises = newest.mark == "high"

    def goes_on(month: ChartMonth, after: ChartMonth) -> bool:
        if not rule:
            return not month.rules
        return rule in month.rules and (rule != TREND or (after.value > month.value) == rises)

    first = len(months) - 1
    while first > 0 and goes_on(months[first - 1], months[first]):
        first -= 1
    if not rule and first == 0:
        return NORMAL
    state = ("rising" if rises else "falling") if rule == TREND else rule or NORMAL
    return f"{state} {'in' if first == len(months) - 1 else 'since'} {_month(months[first].start)}"


def in_period(months: Sequence[ChartMonth], first: date | None, last: date | None) -> str:
    """Whether a figure's days are unusual: how many of its months are marked, and which way. Empty where the chart has none
    of them."""
    own = [m for m in months if last and m.end <= last and (first is None or m.start >= first)]
    if not own:
        return ""
    high, low = (sum(m.mark == mark for m in own) for mark in ("high", "low"))
    if not high and not low:
        return NORMAL
    of = f"of {len(own)} {'month' if len(own) == 1 else 'months'}"
    both = f", {low} low" if high and low else ""
    return f"unusual: {high or low} {of} {'high' if high else 'low'}{both}"


def is_small(unit: str | None, now: Decimal | None, before: Decimal | None) -> bool:
    """Whether a change is of a count so small that one or two more would turn it."""
    return unit == "count" and any(v is not None and abs(v) < SMALL for v in (now, before))


def key_of(cell: Mapping[str, Any]) -> SeriesKey | None:
    """The series of a cell; None where nothing is asked."""
    if not cell["answer_id"] or not cell["measure"] or not cell["area_name"]:
        return None
    return SeriesKey(cell["mart"], cell["measure"], cell["category"] or "all", cell["area_type"], cell["area_name"])


def words_of_changes(
    cells: Iterable[Mapping[str, Any]], charts: Charts, compared: Compared, public: bool = False
) -> dict[tuple[int, str], str]:
    """What is said beside the changes of a table, by row and column: once for a change that is printed as a number and in per
    cent, beside the last of the two. Nothing where no chart of the night covers the change."""
    last: dict[tuple[Any, ...], tuple[int, str]] = {}
    said: dict[tuple[int, str], str] = {}
    for cell in cells:
        key = key_of(cell)
        if key is None or cell["shows"] not in CHANGES or (cell["value"] is None and cell["marker"] != "[z]"):
            continue
        change = (cell["row_no"], key, cell["period_start"], cell["period_end"])
        said.pop(last.get(change, (0, "")), None)
        last[change] = place = (cell["row_no"], cell["column_name"])
        said[place] = words_of_change(key, cell["period_start"], cell["period_end"], charts, compared, public)
    return said


def words_of_change(
    key: SeriesKey, first: date | None, last: date | None, charts: Charts, compared: Compared, public: bool = False
) -> str:
    """`within normal variation`, `unusual: 7 of 12 months high; small numbers: 12 and 4`, or that there is no chart. Why the
    public form has none is not told: a month that is hidden may be the reason."""
    months, sides = charts.get(key, ()), compared.get((key, first, last))
    unusual = in_period(months, first, last) or (NOT_MONTHLY if key.mart in BY_YEAR else NOT_PUBLIC if public else NO_CHART)
    if is_sparse(months):
        unusual = TOO_FEW
    if sides is None or not is_small(sides.unit, sides.value, sides.before):
        return unusual
    return f"{unusual}; small numbers: {listed([number(v, sides.unit) for v in (sides.value, sides.before) if v is not None])}"


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"
