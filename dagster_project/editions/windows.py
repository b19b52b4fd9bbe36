"""The windows of days that a report covers, relative to the edition's last day of data.

The next edition then needs only another last day: `financial_year: -1` is the last whole one before it.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal, Self, overload

from pydantic import BaseModel, Field, model_validator

from dagster_project.core.validation_errors import Text, Whole

Back = Annotated[Whole, Field(le=0)]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Days:
    """A window's days and its name. `first`: None from the beginning of the data. `published`: for figures that others publish,
    which of their periods, 0 the newest; there are no days then."""

    first: date | None
    last: date | None
    label: str
    published: int | None = None


class Window(BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    """One window: exactly one field, apart from `label`; `from` and `to` go together.

    Numbers count back from the window of the last day of data, which is 0. `last_months`: so many up to the month of the last
    day of data; `since`: from a day to it; `all_to_date`: everything up to it. `as_at`: one day, 0 the last day of data.
    `published`: a period that others publish, 0 the newest.
    """

    month: Back | None = None
    rolling_12_months: Back | None = None
    calendar_year: Back | None = None
    financial_year: Back | None = None
    calendar_year_to_date: Back | None = None
    financial_year_to_date: Back | None = None
    last_months: Annotated[Whole, Field(ge=1)] | None = None
    as_at: Back | None = None
    all_to_date: Literal[True] | None = None
    since: date | None = None
    from_day: Annotated[date | None, Field(alias="from")] = None
    to_day: Annotated[date | None, Field(alias="to")] = None
    published: Back | None = None
    label: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        fields_set = [n for n in type(self).model_fields if n not in ("label", "to_day") and getattr(self, n) is not None]
        if len(fields_set) != 1 and not (not fields_set and self.to_day):
            raise ValueError(f"a window is one thing, not {' and '.join(fields_set) or 'nothing'}")
        if self.from_day and not self.to_day:
            raise ValueError("from goes with to")
        if self.to_day and fields_set not in (["from_day"], []):
            raise ValueError("to goes with from, or stands alone")
        if self.from_day and self.to_day and self.from_day > self.to_day:
            raise ValueError("ends before it begins")
        return self

    def days(self, data_to: date, years_back: int = 0) -> Days:
        """The window's days. `data_to`: the last day of data. `years_back`: so many years earlier, and named so."""
        if years_back:
            fixed = {field: years_before(getattr(self, field), years_back) for field in ("since", "from_day", "to_day")}
            return self.model_copy(update=fixed).days(years_before(data_to, years_back))
        first, last, name = self._days(data_to)
        return Days(first, last, self.label or name, None if self.published is None else -self.published)

    def _days(self, data_to: date) -> tuple[date | None, date | None, str]:
        year, month = data_to.year, data_to.month
        fiscal = year if month >= 4 else year - 1
        if self.month is not None:
            first, last = month_days(month_number(data_to) + self.month)
            return first, last, _month(first)
        if self.rolling_12_months is not None:
            y = year + self.rolling_12_months
            last = month_end(y, month)
            first, _ = month_days(month_number(last) - 11)
            name = f"Jan-Dec {y}" if month == 12 else f"{MONTHS[month]}-{MONTHS[month - 1]} {pair(y - 1)}"
            return first, last, name
        if self.calendar_year is not None:
            y = year + self.calendar_year
            return date(y, 1, 1), date(y, 12, 31), str(y)
        if self.financial_year is not None:
            y = fiscal + self.financial_year
            return date(y, 4, 1), date(y + 1, 3, 31), pair(y)
        if self.calendar_year_to_date is not None:
            y = year + self.calendar_year_to_date
            name = f"Jan {y}" if month == 1 else f"Jan-{MONTHS[month - 1]} {y}"
            return date(y, 1, 1), month_end(y, month), name
        if self.financial_year_to_date is not None:
            y = fiscal + self.financial_year_to_date
            name = f"Apr {pair(y)}" if month == 4 else f"Apr-{MONTHS[month - 1]} {pair(y)}"
            return date(y, 4, 1), month_end(y if month >= 4 else y + 1, month), name
        if self.as_at is not None:
            day = data_to + timedelta(days=self.as_at)
            return day, day, f"{day.day} {_month(day)}"
        if self.last_months is not None:
            first, _ = month_days(month_number(data_to) + 1 - self.last_months)
            return first, month_end(year, month), _span(first, month_end(year, month))
        if self.all_to_date:
            return None, data_to, f"to {_month(data_to)}"
        if self.since is not None:
            return self.since, data_to, f"{_month(self.since)} to {_month(data_to)}"
        if self.published is not None:
            return None, None, "newest" if self.published == 0 else f"{-self.published} before the newest"
        assert self.to_day
        if self.from_day is None:
            return None, self.to_day, f"to {_month(self.to_day)}"
        return self.from_day, self.to_day, _span(self.from_day, self.to_day)


def pair(year: int) -> str:
    """A financial year's name: `2024/25`."""
    return f"{year}/{(year + 1) % 100:02d}"


def month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def month_number(day: date) -> int:
    """The number of a day's month, to count with."""
    return day.year * 12 + day.month - 1


def month_days(number: int) -> tuple[date, date]:
    """The first and last day of a month by its number."""
    first = date(number // 12, number % 12 + 1, 1)
    return first, month_end(first.year, first.month)


@overload
def years_before(day: date, years: int = 1) -> date: ...
@overload
def years_before(day: date | None, years: int = 1) -> date | None: ...
def years_before(day: date | None, years: int = 1) -> date | None:
    """The same day some years earlier; a month's last day becomes that month's last day."""
    if day is None:
        return day
    last = month_end(day.year - years, day.month)
    return last if day == month_end(day.year, day.month) else date(day.year - years, day.month, min(day.day, last.day))


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def _span(first: date, last: date) -> str:
    is_whole_month = first.day == 1 and last == month_end(last.year, last.month)
    if is_whole_month and (first.year, first.month) == (last.year, last.month):
        return _month(first)
    if is_whole_month:
        return f"{_month(first)} to {_month(last)}"
    return f"{first.day} {_month(first)} to {last.day} {_month(last)}"
