"""Public figures over any window: the periods of `marts_public`, and sums and differences of the periods that it shows.

Reads `marts_public` alone, so that what is made of these figures tells no more than that schema does.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import duckdb

from dagster_project.editions.windows import month_end, month_number, years_before

HIDDEN, NOT_AVAILABLE, NO_SUCH_NUMBER = "[c]", "[x]", "[z]"
PLACES = Decimal(1).scaleb(-10)
"""Decimal places of a rate in the marts."""


class WantedSeries(NamedTuple):
    """Series to read, of one force. `area_name`, `category`: None for all of them."""

    mart: str
    measure: str
    area_type: str
    area_name: str | None
    category: str | None


class FigureSeries(NamedTuple):
    """A measure of one area and category."""

    mart: str
    measure: str
    area_type: str
    area_name: str
    category: str


@dataclass(frozen=True)
class PublicFigure:
    """A figure over a window. `marker`: why `value` is None, else None; `prior_marker`: the same for the year before.
    There is a change only between two complete windows whose figures are both shown."""

    value: Decimal | None
    marker: str | None
    data_status: str
    prior_value: Decimal | None = None
    prior_marker: str | None = NOT_AVAILABLE
    prior_status: str = "not_available"
    volume_change: Decimal | None = None
    pct_change: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    period_label: str | None = None

    def shown(self, shows: str) -> tuple[Decimal | None, str | None]:
        """The value of a column of the marts; None, and the marker that says why, where there is none."""
        value: Decimal | None = getattr(self, shows)
        if value is not None:
            return value, None
        if shows == "value":
            return None, self.marker
        if shows == "prior_value":
            return None, self.prior_marker
        if shows in ("numerator", "denominator"):
            return None, HIDDEN if self.marker == HIDDEN else NOT_AVAILABLE
        is_complete = self.data_status == self.prior_status == "complete"
        markers = (self.marker, self.prior_marker)
        # Of a rate of nothing, or of nothing counted, there is no change, nor from one.
        of_nothing = is_complete and NO_SUCH_NUMBER in markers and HIDDEN not in markers
        if self.volume_change is not None or self.denominator == 0 or of_nothing:
            return None, NO_SUCH_NUMBER
        is_hidden = HIDDEN in markers and NOT_AVAILABLE not in markers and self.data_status == "complete"
        return None, HIDDEN if is_hidden else NOT_AVAILABLE


NO_FIGURE = PublicFigure(None, NOT_AVAILABLE, "not_available")


class Sums:
    """Sums over months, worked out from known sums by adding and subtracting.

    A union-find over the ends of months: a known sum joins its two ends, with their difference. A sum can be worked out where
    its two ends are joined, and not otherwise.
    """

    def __init__(self) -> None:
        self._joined: dict[int, tuple[int, Decimal]] = {}

    def add(self, first: int, last: int, amount: Decimal) -> None:
        """Record the sum of the months from `first` to `last`."""
        (low, up_to_low), (high, up_to_high) = self._root(first), self._root(last + 1)
        if low != high:
            self._joined[high] = (low, amount + up_to_low - up_to_high)

    def over(self, first: int, last: int) -> Decimal | None:
        """The sum of the months from `first` to `last`; None where it can't be worked out."""
        (low, up_to_low), (high, up_to_high) = self._root(first), self._root(last + 1)
        return up_to_high - up_to_low if low == high else None

    def _root(self, end: int) -> tuple[int, Decimal]:
        amount = Decimal(0)
        while end in self._joined:
            end, more = self._joined[end]
            amount += more
        return end, amount


@dataclass
class _PublicRows:
    """The rows of one series in `marts_public`, by days, and what follows from them: the sums of its figures, or of a rate's
    numerators and denominators. `months`: the status of each."""

    rows: dict[tuple[date, date], dict[str, Any]] = field(default_factory=dict)
    months: dict[int, str] = field(default_factory=dict)
    numerators: Sums = field(default_factory=Sums)
    denominators: Sums = field(default_factory=Sums)

    def add(self, row: dict[str, Any]) -> None:
        days = (row["period_start"], row["period_end"])
        figure = self.rows.get(days)
        if figure is None or (figure["marker"] == HIDDEN and row["marker"] != HIDDEN):
            self.rows[days] = row
        first, last = month_number(days[0]), month_number(days[1])
        if row["period_type"] == "month":
            self.months[first] = row["data_status"]
        is_rate = row["unit"] == "percent"
        if row["marker"] == NOT_AVAILABLE:
            # No day is covered, so nothing counts.
            self.numerators.add(first, last, Decimal(0))
            self.denominators.add(first, last, Decimal(0))
        elif row["marker"] != HIDDEN and is_rate and row["denominator"] is not None:
            self.numerators.add(first, last, row["numerator"])
            self.denominators.add(first, last, row["denominator"])
        elif row["marker"] is None and not is_rate:
            self.numerators.add(first, last, row["value"])
        if row["prior_marker"] is None and not is_rate:
            self.numerators.add(first - 12, last - 12, row["prior_value"])


class PublicFigures:
    """Public figures of some series of one force."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, force: str, wanted: Iterable[WantedSeries],
        aggregations: dict[tuple[str, str], str],
    ):  # fmt: skip
        """`aggregations`: how the months of a measure make a period (`sum`, `rate` and so on), by mart and measure."""
        self._aggregations = aggregations
        self._series: dict[FigureSeries, _PublicRows] = defaultdict(_PublicRows)
        unique = list(dict.fromkeys(wanted))
        result = con.execute(
            """
            select distinct p.mart, p.measure, p.area_type, p.area_name, p.category, p.period_type, p.period_start,
                p.period_end, p.period_label, p.value, p.unit, p.numerator, p.denominator, p.prior_value, p.volume_change,
                p.pct_change, p.data_status, p.marker, p.prior_marker
            from marts_public.measures as p
            join (
                select unnest($2) as mart, unnest($3) as measure, unnest($4) as area_type, unnest($5) as area_name,
                    unnest($6) as category
            ) as wanted
                on p.mart = wanted.mart and p.measure = wanted.measure and p.area_type = wanted.area_type
                and p.area_name = coalesce(wanted.area_name, p.area_name)
                and p.category = coalesce(wanted.category, p.category)
            where p.force_code = $1 and (wanted.category is not null or p.category <> 'all')
            order by all
            """,
            [force, *([w[n] for w in unique] for n in range(len(WantedSeries._fields)))],
        )
        names = [c[0] for c in result.description]
        while rows := result.fetchmany(10_000):
            for row in rows:
                self._series[FigureSeries(*row[:5])].add(dict(zip(names, row, strict=True)))

    def matching(self, wanted: WantedSeries) -> list[FigureSeries]:
        """The series that match what is wanted."""
        return sorted(
            s
            for s in self._series
            if s[:3] == wanted[:3]
            and wanted.area_name in (None, s.area_name)
            and (wanted.category == s.category or (wanted.category is None and s.category != "all"))
        )

    def published(self, series: FigureSeries, back: int) -> PublicFigure:
        """A figure as others publish it. `back`: 0 for the newest period, 1 for the one before it."""
        rows = self._series[series].rows
        newest = sorted(rows, key=lambda days: (days[1], days[0]), reverse=True)
        return _as_row(rows[newest[back]]) if back < len(newest) else NO_FIGURE

    def over(self, series: FigureSeries, first: date | None, last: date) -> PublicFigure:
        """The figure from one day to another; from the start of the data where `first` is None."""
        public = self._series.get(series)
        if public is None:
            return NO_FIGURE
        if first and (row := public.rows.get((first, last))):
            return _as_row(row, public.rows.get((years_before(first), years_before(last))))
        aggregation = self._aggregations[series.mart, series.measure]
        now, prior = (
            _as_at(public, aggregation, *days) if aggregation in ("stock", "last") else _sum(public, aggregation, *days)
            for days in ((first, last), (years_before(first), years_before(last)))
        )
        change = percent = None
        if now.data_status == prior.data_status == "complete" and now.value is not None and prior.value is not None:
            change = now.value - prior.value
            if prior.value and aggregation not in ("rate", "share"):
                percent = _percent(change, prior.value)
        return PublicFigure(
            now.value, now.marker, now.data_status, prior.value, prior.marker, prior.data_status, change, percent,
            now.numerator, now.denominator,
        )  # fmt: skip


def _as_row(row: dict[str, Any], before: dict[str, Any] | None = None) -> PublicFigure:
    """A row of `marts_public`, and that of the year before, if there is one."""
    prior_status = "complete" if row["prior_value"] is not None else "not_available"
    row = row | {"prior_status": before["data_status"] if before else prior_status}
    return PublicFigure(**{name: row[name] for name in PublicFigure.__dataclass_fields__})


def _as_at(public: _PublicRows, aggregation: str, first: date | None, last: date) -> PublicFigure:
    """A figure as at a day: a stock of any period that ends with it, a last count of one that also has its day."""
    rows = [
        row
        for (start, end), row in public.rows.items()
        if end == last and (aggregation == "stock" or first is None or first <= start)
    ]
    if all(row["marker"] == NOT_AVAILABLE for row in rows):
        return NO_FIGURE
    shown = [row for row in rows if row["marker"] is None]
    return PublicFigure(shown[0]["value"], None, "complete") if shown else PublicFigure(None, HIDDEN, "complete")


def _sum(public: _PublicRows, aggregation: str, first: date | None, last: date) -> PublicFigure:
    covered = sorted(m for m, status in public.months.items() if status != "not_available")
    start, end = month_number(first) if first else (covered or [0])[0], month_number(last)
    inside = [public.months.get(m, "not_available") for m in range(start, end + 1)]
    if not covered or all(status == "not_available" for status in inside):
        return NO_FIGURE
    status = "complete" if all(s == "complete" for s in inside) else "partial"
    # A month without a row is not covered.
    for m in range(start, end + 1):
        if m not in public.months:
            public.numerators.add(m, m, Decimal(0))
            public.denominators.add(m, m, Decimal(0))
    is_whole_months = (first is None or first.day == 1) and last == month_end(last.year, last.month)
    n = public.numerators.over(start, end) if is_whole_months else None
    if aggregation not in ("rate", "share"):
        return PublicFigure(n, HIDDEN if n is None else None, status)
    d = public.denominators.over(start, end) if is_whole_months else None
    if n is None or d is None:
        return PublicFigure(None, HIDDEN, status)
    value = _percent(n, d) if d else None
    return PublicFigure(value, None if d else NO_SUCH_NUMBER, status, numerator=n, denominator=d)


def _percent(n: Decimal, d: Decimal) -> Decimal:
    """A percentage, computed in double precision as in the marts."""
    return Decimal(100 * float(n) / float(d)).quantize(PLACES, ROUND_HALF_UP)
