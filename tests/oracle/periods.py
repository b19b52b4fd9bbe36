"""Periods of the marts: which ones a coverage has, their labels, and how much of each is covered."""

import calendar
from dataclasses import dataclass
from datetime import date

ONE_MONTH = "%b %Y"


@dataclass(frozen=True)
class Month:
    """A calendar month as a number: `Month.of(day) + 1` is the next month."""

    number: int

    @classmethod
    def of(cls, day):
        return cls(day.year * 12 + day.month - 1)

    def __add__(self, months):
        return Month(self.number + months)

    @property
    def year(self):
        return self.number // 12

    @property
    def month(self):
        return self.number % 12 + 1

    @property
    def first(self):
        return date(self.year, self.month, 1)

    @property
    def last(self):
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def short(self):
        return self.first.strftime("%b")


@dataclass(frozen=True)
class Period:
    """Consecutive whole months, with a type and a label. `months`: their Month numbers."""

    type: str
    months: range
    label: str

    @property
    def start(self):
        return Month(self.months[0]).first

    @property
    def end(self):
        return Month(self.months[-1]).last


def financial_start(month):
    """The April that begins the financial year of a month."""
    year = month.year if month.month >= 4 else month.year - 1
    return Month(year * 12 + 3)


def financial_label(year):
    """`2024/25` of the financial year that begins in 2024."""
    return f"{year}/{(year + 1) % 100:02d}"


def span(kind, first, last):
    """The period from Month `first` to Month `last`, with the label of its type."""
    months = range(first.number, last.number + 1)
    one_year = first.year == last.year
    months_text = f"{first.short}-{last.short}" if len(months) > 1 else first.short
    if kind == "month":
        label = first.first.strftime(ONE_MONTH)
    elif kind == "calendar_year":
        label = str(first.year)
    elif kind == "financial_year":
        label = financial_label(first.year)
    elif kind == "rolling_12_months":
        label = f"{months_text} {first.year if one_year else financial_label(first.year)}"
    elif kind == "calendar_year_to_date":
        label = f"{months_text} {first.year}"
    elif kind == "financial_year_to_date":
        label = f"{months_text} {financial_label(first.year)}"
    else:
        raise ValueError(f"no such period type: {kind}")
    return Period(kind, months, label)


def periods_of(covered):
    """Every period that has rows, for a non-empty set of covered days.

    Months of every calendar or financial year with a covered day; those years; for each month from the first to the
    last with a covered day both years to date, and the twelve months if they begin no earlier than the first.
    """
    touched = {Month.of(day) for day in covered}
    numbers = [m.number for m in touched]
    first_covered, last_covered = min(numbers), max(numbers)
    januaries = {Month(m.year * 12) for m in touched}
    aprils = {financial_start(m) for m in touched}
    months = sorted({start + n for start in januaries | aprils for n in range(12)}, key=lambda m: m.number)
    out = [span("month", m, m) for m in months]
    out += [span("calendar_year", start, start + 11) for start in januaries]
    out += [span("financial_year", start, start + 11) for start in aprils]
    for m in map(Month, range(first_covered, last_covered + 1)):
        if m.number - 11 >= first_covered:
            out.append(span("rolling_12_months", m + -11, m))
        out.append(span("calendar_year_to_date", Month(m.year * 12), m))
        out.append(span("financial_year_to_date", financial_start(m), m))
    return out


class Cover:
    """Covered days, counted by month, which give the status of a period."""

    def __init__(self, days):
        self.days = days
        self.by_month = {}
        for day in days:
            number = Month.of(day).number
            self.by_month[number] = self.by_month.get(number, 0) + 1

    def status(self, period):
        """`complete`, `partial` or `not_available`."""
        covered = sum(self.by_month.get(number, 0) for number in period.months)
        if not covered:
            return "not_available"
        return "complete" if covered == (period.end - period.start).days + 1 else "partial"


def year_earlier(day):
    """The same day one year earlier. A month's last day stays the last."""
    last = day.day == calendar.monthrange(day.year, day.month)[1]
    return Month(Month.of(day).number - 12).last if last else day.replace(year=day.year - 1)
