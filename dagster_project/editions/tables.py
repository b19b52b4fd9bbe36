"""The model of an edition's printed tables, and how rows and columns together give the figure of each cell."""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, Self, overload

from pydantic import BaseModel, Field, model_validator

from dagster_project.core.similar_names import suggestion
from dagster_project.core.validation_errors import Name, Text, Whole

from .windows import Days, Window

Shows = Literal["value", "prior_value", "volume_change", "pct_change", "numerator", "denominator"]
CHANGES = ("volume_change", "pct_change")
"""What a cell shows, if it is a change on the year before."""
EVERY = "*"
"""As area or category of a row: print one row for each."""

SERIES = {"months": "month", "financial_years": "financial_year", "published_periods": "published"}
"""Fields of a row that is a series of periods, and the window of each period."""


class FigureFields(BaseModel, extra="forbid", frozen=True):
    """What a table, row or column sets for its cells; a cell's figure has the fields of all three.

    `window`: a window, or the name of one of the edition's. `shows`: which column of the marts. `decimals`: places to print;
    `cut`: the rest is cut off, not rounded. `sign`: printed after a number without a unit sign.
    """

    mart: Text | None = None
    measure: Text | None = None
    area_type: Text | None = None
    area_name: Text | None = None
    category: Text | None = None
    window: Text | Window | None = None
    shows: Shows | None = None
    decimals: Annotated[Whole, Field(ge=0, le=2)] | None = None
    cut: bool | None = None
    sign: Literal["%"] | None = None

    def fields(self) -> dict[str, Any]:
        return {n: getattr(self, n) for n in FigureFields.model_fields if getattr(self, n) is not None}


class RowSpec(FigureFields):
    """A row, or several: so many `months` or `financial_years` up to the last day of data, or the last `published_periods` that
    others publish; one for each area (`area_name: "*"`) or category (`category: "*"`), the largest first.

    `by_month_name`: the 12 months of the calendar year of the last day of data, named January, under columns that are years
    (`years_back`). `blank`: names of columns that do not apply. `cells`: column name -> fields of that one cell.
    """

    label: Text | None = None
    months: Annotated[Whole, Field(ge=1, le=1200)] | None = None
    financial_years: Annotated[Whole, Field(ge=1, le=100)] | None = None
    published_periods: Annotated[Whole, Field(ge=1, le=1200)] | None = None
    by_month_name: bool = False
    blank: tuple[Name, ...] = ()
    cells: dict[Name, FigureFields] = {}

    @model_validator(mode="after")
    def _one(self) -> Self:
        series = [n for n in SERIES if getattr(self, n)]
        if len(series) > 1 or (series and (self.window or self.label)):
            raise ValueError("a row is either one series, which names its own rows, or has a window and a label")
        if not series and not self.label and EVERY not in (self.area_name, self.category):
            raise ValueError("a row needs a label")
        if self.by_month_name and self.months != 12:
            raise ValueError("by_month_name goes with months: 12, January to December, as its columns are calendar years")
        return self

    def expanded(self) -> list[tuple[str | None, "Window | str | None"]]:
        """Label and window of each printed row. Without a label, the window names the row."""
        for field, window in SERIES.items():
            if count := getattr(self, field):
                return [(None, Window.model_validate({window: n})) for n in range(1 - count, 1)]
        return [(self.label, self.window)]


class ColumnSpec(FigureFields):
    """A column. `name`: its name in the relation, the same in every edition. `label`: as printed, with `{window}` for the name
    of its window. `years_back`: its cells have the row's window, so many years earlier.
    """

    name: Name
    label: Text | None = None
    years_back: Annotated[Whole, Field(ge=0)] | None = None


class TableSpec(BaseModel, extra="forbid", frozen=True):
    """A printed table, or the series of a chart. `data_to`: its last day of data, if it differs from the edition's.
    `short_years`: years have two digits, `24/25` and `Oct 24`."""

    table: Name
    kind: Literal["table", "chart"] = "table"
    chart: Literal["line", "bar"] | None = None
    objective: Text | None = None
    paragraph: Text
    title: Text
    rows_are: Text = ""
    data_to: date | None = None
    short_years: bool = False
    figure: FigureFields = FigureFields()
    rows: Annotated[tuple[RowSpec, ...], Field(min_length=1)]
    columns: Annotated[tuple[ColumnSpec, ...], Field(min_length=1)]
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


@overload
def unit_shown(unit: str, shows: str) -> str: ...
@overload
def unit_shown(unit: str | None, shows: str) -> str | None: ...
def unit_shown(unit: str | None, shows: str) -> str | None:
    """The unit of what is shown of a measure, whose own unit is given. Two percentages differ by points."""
    if shows == "pct_change":
        return "percent"
    if shows == "volume_change" and unit == "percent":
        return "percentage_points"
    return "count" if shows in ("numerator", "denominator") else unit


@dataclass(frozen=True)
class CellSpec:
    """One cell: its place, and the fields and days of its figure. `fields`: None if the cell does not apply."""

    row_no: int
    row_label: str | None
    column: ColumnSpec
    column_no: int
    fields: dict[str, Any] | None
    days: Days | None

    @property
    def column_label(self) -> str:
        """The column's heading: its own label, else its window's, else the year."""
        if self.column.label or self.days is None:
            return (self.column.label or self.column.name).replace("{window}", self.days.label if self.days else "")
        if self.column.years_back is not None and self.days.last:
            return str(self.days.last.year)
        return self.days.label if self.column.window else self.column.name


def cells(table: TableSpec, windows: dict[str, Window], data_to: date) -> list[CellSpec]:
    """All cells of a table, row by row. Raises ValueError for an unknown window, or a cell without a figure."""
    end = table.data_to or data_to
    cells_of_table: list[CellSpec] = []
    row_no = 0
    for row in table.rows:
        for label, window in row.expanded():
            row_no += 1
            # January of one year and December of the year before must not share a column: a column is one year.
            row_end = date(end.year, 12, 31) if row.by_month_name else end
            row_fields = table.figure.fields() | row.fields() | ({"window": window} if window else {})
            name = label
            if name is None and isinstance(window, Window):
                days = _short_label(window.days(row_end), table)
                # A period that others publish keeps their name.
                name = None if row.published_periods else days.label
                name = f"{days.last:%B}" if row.by_month_name and days.last else name
            for column_no, column in enumerate(table.columns, start=1):
                if column.name in row.blank:
                    cells_of_table.append(CellSpec(row_no, name, column, column_no, None, None))
                    continue
                fields = row_fields | column.fields() | row.cells.get(column.name, FigureFields()).fields()
                place = f"{table.table}: row {label or row_no}, column {column.name}"
                if missing := [n for n in ("mart", "measure", "window") if n not in fields]:
                    raise ValueError(f"{place}: says no {' and no '.join(missing)}")
                days = _short_label(_window(fields.pop("window"), windows, place).days(row_end, column.years_back or 0), table)
                cells_of_table.append(CellSpec(row_no, name, column, column_no, fields, days))
    return cells_of_table


def _short_label(days: Days, table: TableSpec) -> Days:
    """Days with a label of two-digit years, if the table has them."""
    return replace(days, label=re.sub(r"\b20(\d\d)\b", r"\1", days.label)) if table.short_years else days


def _window(named: str | Window, windows: dict[str, Window], at: str) -> Window:
    if isinstance(named, Window):
        return named
    if named not in windows:
        there_are = f"there are {', '.join(windows)}" if windows else "define it under windows, or here"
        raise ValueError(f"{at}: no window is called {named!r}{suggestion(named, windows) or f': {there_are}'}")
    return windows[named]
