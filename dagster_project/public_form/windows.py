"""Figures over any window in the public form: its own periods, and sums and differences of shown ones.

Reads `marts_public` and nothing else, so that whatever is made of these figures tells no more than that schema does.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import duckdb

from dagster_project.editions.windows import month_end, years_before

HIDDEN, NOT_AVAILABLE, NO_SUCH_NUMBER = "[c]", "[x]", "[z]"
PLACES = Decimal(1).scaleb(-10)
"""Of rates, as the marts have them."""


class AskedSeries(NamedTuple):
    """One series of the public form, of one force. `area_name`, `category`: None for every one that there is."""

    mart: str
    measure: str
    area_type: str
    area_name: str | None
    category: str | None


class FigureSeries(NamedTuple):
    """Whose figures these are: a measure of one area and category."""

    mart: str
    measure: str
    area_type: str
    area_name: str
    category: str


@dataclass(frozen=True)
class PublicFigure:
    """A figure over a window. `marker`: why `value` is None, else None; `prior_marker` the same of the year before. The changes
    are there between two complete windows whose figures are shown."""

    value: Decimal | None
    marker: str | None
    data_status: str
    prior_value: Decimal | None = None
    prior_marker: str | None = NOT_AVAILABLE
    volume_change: Decimal | None = None
    pct_change: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    period_label: str | None = None

    def shown(self, shows: str) -> tuple[Decimal | None, str | None]:
        """What a cell shows that looks at this column of the marts, and why it shows nothing."""
        value: Decimal | None = getattr(self, shows)
        if value is not None:
            return value, None
        if shows == "value":
            return None, self.marker
        if shows == "prior_value":
            return None, self.prior_marker
        if shows in ("numerator", "denominator"):
            return None, HIDDEN if self.marker == HIDDEN else NOT_AVAILABLE
        if self.volume_change is not None:
            return None, NO_SUCH_NUMBER
        both = (self.marker, self.prior_marker)
        hidden = HIDDEN in both and NOT_AVAILABLE not in both and self.data_status == "complete"
        return None, HIDDEN if hidden else NOT_AVAILABLE


NOTHING = PublicFigure(None, NOT_AVAILABLE, "not_available")


class Sums:
    """Sums between the ends of months of which some are known: any that follows from them by adding and taking away.

    A known sum ties its two ends together. What lies between two ends follows where a chain of ties leads from one to the
    other, and can't be had otherwise.
    """

    def __init__(self) -> None:
        self._tied: dict[int, tuple[int, Decimal]] = {}

    def add(self, first: int, last: int, amount: Decimal) -> None:
        """Tell the sum of the months from `first` to `last`."""
        (low, up_to_low), (high, up_to_high) = self._root(first), self._root(last + 1)
        if low != high:
            self._tied[high] = (low, amount + up_to_low - up_to_high)

    def over(self, first: int, last: int) -> Decimal | None:
        """The sum of the months from `first` to `last`; None where it does not follow."""
        (low, up_to_low), (high, up_to_high) = self._root(first), self._root(last + 1)
        return up_to_high - up_to_low if low == high else None

    def _root(self, end: int) -> tuple[int, Decimal]:
        amount = Decimal(0)
        while end in self._tied:
            end, more = self._tied[end]
            amount += more
        return end, amount


@dataclass
class _Known:
    """What the public form says of one series."""

    rows: dict[tuple[date, date], dict[str, Any]] = field(default_factory=dict)
    months: dict[int, str] = field(default_factory=dict)
    above: Sums = field(default_factory=Sums)
    below: Sums = field(default_factory=Sums)

    def learn(self, row: dict[str, Any]) -> None:
        days = (row["period_start"], row["period_end"])
        kept = self.rows.get(days)
        if kept is None or (kept["marker"] == HIDDEN and row["marker"] != HIDDEN):
            self.rows[days] = row
        first, last = _month(days[0]), _month(days[1])
        if row["period_type"] == "month":
            self.months[first] = row["data_status"]
        is_rate = row["unit"] == "percent"
        if row["marker"] == NOT_AVAILABLE:
            # Nothing of it is covered, and so nothing of it counts.
            self.above.add(first, last, Decimal(0))
            self.below.add(first, last, Decimal(0))
        elif row["marker"] != HIDDEN and is_rate and row["denominator"] is not None:
            self.above.add(first, last, row["numerator"])
            self.below.add(first, last, row["denominator"])
        elif row["marker"] is None and not is_rate:
            self.above.add(first, last, row["value"])
        if row["prior_marker"] is None and not is_rate:
            self.above.add(first - 12, last - 12, row["prior_value"])


class PublicFigures:
    """The public form of some series, of one force; `over` answers for any window of them."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, force: str, asked: Iterable[AskedSeries], kinds: dict[tuple[str, str], str]
    ):
        """`kinds`: how the months of a measure make a period, by mart and measure: `sum`, `rate` and so on."""
        self._kinds = kinds
        self._known: dict[FigureSeries, _Known] = defaultdict(_Known)
        wanted = list(dict.fromkeys(asked))
        result = con.execute(
            """
            select distinct p.mart, p.measure, p.area_type, p.area_name, p.category, p.period_type, p.period_start,
                p.period_end, p.period_label, p.value, p.unit, p.numerator, p.denominator, p.prior_value, p.volume_change,
                p.pct_change, p.data_status, p.marker, p.prior_marker
            from marts_public.measures as p
            join (
                select unnest($2) as mart, unnest($3) as measure, unnest($4) as area_type, unnest($5) as area_name,
                    unnest($6) as category
            ) as asked
                on p.mart = asked.mart and p.measure = asked.measure and p.area_type = asked.area_type
                and p.area_name = coalesce(asked.area_name, p.area_name)
                and p.category = coalesce(asked.category, p.category)
            where p.force_code = $1 and (asked.category is not null or p.category <> 'all')
            order by all
            """,
            [force, *([a[n] for a in wanted] for n in range(len(AskedSeries._fields)))],
        )
        names = [c[0] for c in result.description]
        while rows := result.fetchmany(10_000):
            for row in rows:
                self._known[FigureSeries(*row[:5])].learn(dict(zip(names, row, strict=True)))

    def named(self, asked: AskedSeries) -> list[FigureSeries]:
        """The series that there are of what is asked."""
        return sorted(
            s
            for s in self._known
            if s[:3] == asked[:3]
            and asked.area_name in (None, s.area_name)
            and (asked.category == s.category or (asked.category is None and s.category != "all"))
        )

    def published(self, series: FigureSeries, back: int) -> PublicFigure:
        """The newest period but `back` of what others publish."""
        rows = self._known[series].rows
        newest = sorted(rows, key=lambda days: (days[1], days[0]), reverse=True)
        return _as_it_stands(rows[newest[back]]) if back < len(newest) else NOTHING

    def over(self, series: FigureSeries, first: date | None, last: date) -> PublicFigure:
        """The figure from one day to another; from the beginning where `first` is None."""
        known = self._known.get(series)
        if known is None:
            return NOTHING
        if first and (row := known.rows.get((first, last))):
            return _as_it_stands(row)
        kind = self._kinds[series.mart, series.measure]
        now, then = (
            _as_at(known, kind, *days) if kind in ("stock", "last") else _summed(known, kind, *days)
            for days in ((first, last), (years_before(first), _before(last)))
        )
        change = percent = None
        if now.data_status == then.data_status == "complete" and now.value is not None and then.value is not None:
            change = now.value - then.value
            if then.value and kind not in ("rate", "share"):
                percent = _percent(change, then.value)
        return PublicFigure(
            now.value, now.marker, now.data_status, then.value, then.marker, change, percent, now.numerator, now.denominator
        )


def _as_it_stands(row: dict[str, Any]) -> PublicFigure:
    return PublicFigure(**{name: row[name] for name in PublicFigure.__dataclass_fields__})


def _as_at(known: _Known, kind: str, first: date | None, last: date) -> PublicFigure:
    """A stock is the same for every period that ends with a day; so is a last count for those that have the day it is of."""
    found = [
        row
        for (begins, ends), row in known.rows.items()
        if ends == last and (kind == "stock" or first is None or first <= begins)
    ]
    if not found or all(row["marker"] == NOT_AVAILABLE for row in found):
        return NOTHING
    shown = [row for row in found if row["marker"] is None]
    return PublicFigure(shown[0]["value"], None, "complete") if shown else PublicFigure(None, HIDDEN, "complete")


def _summed(known: _Known, kind: str, first: date | None, last: date) -> PublicFigure:
    covered = sorted(m for m, status in known.months.items() if status != "not_available")
    begins, ends = _month(first) if first else (covered or [0])[0], _month(last)
    inside = [known.months.get(m, "not_available") for m in range(begins, ends + 1)]
    if not covered or all(status == "not_available" for status in inside):
        return NOTHING
    status = "complete" if all(s == "complete" for s in inside) else "partial"
    # Of a month that nothing is said of, nothing is covered.
    for m in range(begins, ends + 1):
        if m not in known.months:
            known.above.add(m, m, Decimal(0))
            known.below.add(m, m, Decimal(0))
    whole = (first is None or first.day == 1) and last == month_end(last.year, last.month)
    n = known.above.over(begins, ends) if whole else None
    if kind not in ("rate", "share"):
        return PublicFigure(n, HIDDEN if n is None else None, status)
    d = known.below.over(begins, ends) if whole else None
    if n is None or d is None:
        return PublicFigure(None, HIDDEN, status)
    value = _percent(n, d) if d else None
    return PublicFigure(value, None if d else NO_SUCH_NUMBER, status, numerator=n, denominator=d)


def _percent(n: Decimal, d: Decimal) -> Decimal:
    """Through double, as the marts have it."""
    return Decimal(100 * float(n) / float(d)).quantize(PLACES, ROUND_HALF_UP)


def _month(day: date) -> int:
    return 12 * day.year + day.month - 1


def _before(last: date) -> date:
    day = years_before(last)
    assert day
    return day
