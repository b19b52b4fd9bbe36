"""The printed tables of an edition: what each row and column adds to the figure of a cell."""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.core.similar_names import suggestion
from dagster_project.core.validation import Name, Text

from .windows import Days, Window, years_before

Shows = Literal["value", "prior_value", "volume_change", "pct_change", "numerator", "denominator"]
EVERY = "*"
"""Area or category of a row that stands for all there are: one printed row each."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Ask(_Part):
    """What a table, a row or a column says of its cells; the cell asks for what all three say together.

    `window`: the name of one of the edition's windows, or a window. `shows`: which column of the marts. `decimals`: places
    to print; `cut`: what lies beyond them is cut off, not rounded. `sign`: stands after a number that has no sign of its own.
    """

    mart: Text | None = None
    measure: Text | None = None
    area_type: Text | None = None
    area_name: Text | None = None
    category: Text | None = None
    window: Text | Window | None = None
    shows: Shows | None = None
    decimals: Annotated[int, Field(ge=0, le=2)] | None = None
    cut: bool | None = None
    sign: Literal["%"] | None = None

    def said(self) -> dict[str, Any]:
        """The fields that it says."""
        return {n: getattr(self, n) for n in Ask.model_fields if getattr(self, n) is not None}


class AskedRow(Ask):
    """A row, or several: `months`, `financial_years` or `calendar_years` of them up to the last day of data, or the last
    `published_periods` of what others publish; one for each area (`area_name: "*"`) or category (`category: "*"`), the
    largest first.

    `whole_years`: the series ends with the last whole year. `by_month_name`: months are called January, and columns are the
    years (`years_back`). `blank`: names of columns that do not apply. `cells`: what the row's cell in a column asks that its
    neighbours do not, by the column's name.
    """

    label: Text | None = None
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    financial_years: Annotated[int, Field(ge=1, le=100)] | None = None
    calendar_years: Annotated[int, Field(ge=1, le=100)] | None = None
    published_periods: Annotated[int, Field(ge=1, le=1200)] | None = None
    whole_years: bool = False
    by_month_name: bool = False
    blank: tuple[Name, ...] = ()
    cells: dict[Name, Ask] = {}

    @model_validator(mode="after")
    def _one(self) -> Self:
        series = [n for n in ("months", "financial_years", "calendar_years", "published_periods") if getattr(self, n)]
        if len(series) > 1 or (series and (self.window or self.label)):
            raise ValueError("a row is one series of windows, which name themselves, or has a window and a label")
        if not series and not self.label and EVERY not in (self.area_name, self.category):
            raise ValueError("a row needs a label")
        return self

    def expanded(self) -> list[tuple[str | None, "Window | str | None"]]:
        """Label and window of each row it stands for; a window names its row where there is no label."""
        last = -1 if self.whole_years else 0
        for field, windows in (
            (self.months, [Window(month=-n) for n in range(self.months or 0)]),
            (self.financial_years, [Window(financial_year=last - n) for n in range(self.financial_years or 0)]),
            (self.calendar_years, [Window(calendar_year=last - n) for n in range(self.calendar_years or 0)]),
            (self.published_periods, [Window(published=-n) for n in range(self.published_periods or 0)]),
        ):
            if field:
                return [(None, window) for window in reversed(windows)]
        return [(self.label, self.window)]


class AskedColumn(Ask):
    """A column. `name`: what it is called in the relation, edition after edition. `label`: as it is printed, `{window}`
    standing for its window's name. `years_back`: its cells look at the row's window, so many years earlier.
    """

    name: Name
    label: Text | None = None
    years_back: Annotated[int, Field(ge=0)] | None = None


class AskedTable(_Part):
    """A printed table, or the series behind a chart. `data_to`: its own last day of data, where it has another.
    `short_years`: years are called by two digits, `24/25` and `Oct 24`."""

    table: Name
    kind: Literal["table", "chart"] = "table"
    chart: Literal["line", "bar"] | None = None
    objective: Text | None = None
    paragraph: Text
    title: Text
    rows_are: Text = ""
    data_to: date | None = None
    short_years: bool = False
    figure: Ask = Ask()
    rows: Annotated[tuple[AskedRow, ...], Field(min_length=1)]
    columns: Annotated[tuple[AskedColumn, ...], Field(min_length=1)]
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"columns: {next(n for n in names if names.count(n) > 1)} appears twice")
        if unknown := {b for r in self.rows for b in r.blank} - set(names):
            raise ValueError(f"rows: blank names no column: {', '.join(sorted(unknown))}{suggestion(min(unknown), names)}")
        if unknown := {c for r in self.rows for c in r.cells} - set(names):
            raise ValueError(f"rows: cells names no column: {', '.join(sorted(unknown))}{suggestion(min(unknown), names)}")
        if (self.kind == "chart") != (self.chart is not None):
            raise ValueError("kind chart goes with chart: line or bar")
        return self


@dataclass(frozen=True)
class AskedCell:
    """One cell: where it stands, and what it asks. `ask`: None where it does not apply."""

    row_no: int
    row_label: str | None
    column: AskedColumn
    column_no: int
    ask: dict[str, Any] | None
    days: Days | None

    @property
    def column_label(self) -> str:
        """What stands over it: the column's own label, else its window's, else the year that it looks at."""
        if self.column.label or self.days is None:
            return (self.column.label or self.column.name).replace("{window}", self.days.label if self.days else "")
        if self.column.years_back is not None and self.days.last:
            return str(self.days.last.year)
        return self.days.label if self.column.window else self.column.name


def cells(table: AskedTable, windows: dict[str, Window], data_to: date) -> list[AskedCell]:
    """All cells of a table, row by row. Raises ValueError for a window that is not there, or a cell that asks nothing."""
    end = table.data_to or data_to
    found = []
    row_no = 0
    for row in table.rows:
        for label, window in row.expanded():
            row_no += 1
            said = table.figure.said() | row.said() | ({"window": window} if window else {})
            name = label
            if name is None and isinstance(window, Window):
                days = _called(window.days(end), table)
                # What others publish is called as they call it.
                name = None if row.published_periods else days.label
                name = f"{days.last:%B}" if row.by_month_name and days.last else name
            for column_no, column in enumerate(table.columns, start=1):
                if column.name in row.blank:
                    found.append(AskedCell(row_no, name, column, column_no, None, None))
                    continue
                ask = said | column.said() | row.cells.get(column.name, Ask()).said()
                at = f"{table.table}: row {label or row_no}, column {column.name}"
                if lacking := [n for n in ("mart", "measure", "window") if n not in ask]:
                    raise ValueError(f"{at}: says no {' and no '.join(lacking)}")
                days = _called(_window(ask.pop("window"), windows, at).days(end), table)
                if back := column.years_back:
                    days = Days(years_before(days.first, back), years_before(days.last, back), days.label)
                found.append(AskedCell(row_no, name, column, column_no, ask, days))
    return found


def _called(days: Days, table: AskedTable) -> Days:
    """Days, called as the table calls them."""
    return replace(days, label=re.sub(r"\b20(\d\d)\b", r"\1", days.label)) if table.short_years else days


def _window(said: str | Window, windows: dict[str, Window], at: str) -> Window:
    if isinstance(said, Window):
        return said
    if said not in windows:
        there_are = f"there are {', '.join(windows)}" if windows else "name it under windows, or say it here"
        raise ValueError(f"{at}: no window is called {said!r}{suggestion(said, windows) or f': {there_are}'}")
    return windows[said]
