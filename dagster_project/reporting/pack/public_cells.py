"""An edition's cells in the public form, made from `marts_public` and no exact relation.

They equal those of `reports.cells`, except for what marts_public hides. Which rows there are, and their order, also depend on
public figures alone: the order of two hidden figures would tell which is larger.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.home_lists import NOT_RECORDED
from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.editions import Edition
from dagster_project.editions.tables import EVERY, CellSpec, unit_shown
from dagster_project.public_form import SCHEMA, rule_of
from dagster_project.public_form.public_windows import (
    HIDDEN,
    NO_FIGURE,
    NO_SUCH_NUMBER,
    NOT_AVAILABLE,
    FigureSeries,
    PublicFigure,
    PublicFigures,
    WantedSeries,
)

from .wording import PLACES, format_number


class NoPublicFormError(PamError, ValueError):
    """The night has no public form. The message says why."""


def read_public_rule(con: duckdb.DuckDBPyConnection) -> str:
    """What the night's public form leaves out, in a sentence. Raises NoPublicFormError if it has no public form."""
    rule = rule_of(con)
    if not rule:
        raise NoPublicFormError(f"the published night has no {SCHEMA}: `[public] mode` of pam.toml leaves it out")
    return rule


def public_cells(con: duckdb.DuckDBPyConnection, edition: Edition) -> dict[str, list[dict[str, Any]]]:
    """The cells of each table of an edition, in the shape of `reports.cells`, row by row."""
    reader = _Reader(con, edition)
    return {t.table: list(reader.cells_of(t.table)) for t in edition.tables}


class _Reader:
    """Reads the figures of an edition. `cells`: what it asks for, by table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, edition: Edition) -> None:
        self.force_code = edition.force_code
        self.force = force_names().get(edition.force_code, edition.force_code)
        self.measures = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
        self.cells = {t.table: edition.cells(t) for t in edition.tables}
        wanted_series = [self._wanted(c.fields) for row_cells in self.cells.values() for c in row_cells if c.fields]
        self.figures = PublicFigures(
            con, edition.force_code, [w for w in wanted_series if w[:2] in self.measures],
            {key: m["aggregation"] for key, m in self.measures.items()},
        )  # fmt: skip

    def _wanted(self, fields: dict[str, Any]) -> WantedSeries:
        area_type, category = fields.get("area_type", "force"), fields.get("category", "all")
        area = fields.get("area_name") or (self.force if area_type == "force" else EVERY)
        names = (None if name == EVERY else name for name in (area, category))
        return WantedSeries(fields["mart"], fields["measure"], area_type, *names)

    def cells_of(self, table: str) -> Iterator[dict[str, Any]]:
        rows: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
        for cell in self.cells[table]:
            for name, row_cell in self._row_cells(cell):
                rows[cell.row_no, name].append(row_cell)
        every = {c.row_no for c in self.cells[table] if c.row_label is None}
        # A cell that does not apply is in each row of every area or category.
        for cell in (c for c in self.cells[table] if c.fields is None and c.row_no in every):
            for row in (row for (row_no, _), row in rows.items() if row_no == cell.row_no):
                row.append(self._as_cell(cell))
        for row in rows.values():
            row.sort(key=lambda c: c["column_no"])
        printed = [key for key, row in rows.items() if key[0] not in every or _is_printed(key[1], row)]
        for row_no, key in enumerate(sorted(printed, key=lambda key: _sort_key(key, rows[key])), start=1):
            yield from ({"table_name": table, "row_no": row_no, "row_label": key[1], **cell} for cell in rows[key])

    def _row_cells(self, cell: CellSpec) -> Iterator[tuple[str, dict[str, Any]]]:
        """The cells of rows that an edition's cell stands for, and the names of the rows: several where it asks for every area
        or category."""
        wanted = self._wanted(cell.fields) if cell.fields else None
        if wanted is None or cell.days is None or wanted[:2] not in self.measures:
            if cell.row_label is not None:
                yield cell.row_label, self._as_cell(cell)
            return
        matching = self.figures.matching(wanted)
        if not matching and wanted.area_name and wanted.category:
            matching = [FigureSeries(*wanted[:3], wanted.area_name, wanted.category)]
        for series in matching:
            figure = NO_FIGURE
            if cell.days.published is not None:
                figure = self.figures.published(series, cell.days.published)
            elif cell.days.last:
                figure = self.figures.over(series, cell.days.first, cell.days.last)
            if figure is NO_FIGURE and self.measures[series[:2]]["is_published"] != "true":
                # No public relation has its figures, so nothing says whether there are any.
                figure = replace(NO_FIGURE, marker=HIDDEN)
            name = cell.row_label
            if name is None:
                every = wanted.area_name is None or wanted.category is None
                name = series.category if wanted.category is None else series.area_name
                name = name if every or cell.days.published is None else figure.period_label
            if name is not None:
                yield name, self._as_cell(cell, series, figure)

    def _as_cell(self, cell: CellSpec, series: FigureSeries | None = None, figure: PublicFigure = NO_FIGURE) -> dict[str, Any]:
        """A cell in the columns of `reports.cells`, but for its table and row. `series`: None where nothing is asked for, or
        the measure does not exist."""
        fields, days = cell.fields or {}, cell.days
        of_series = series._asdict() if series else dict.fromkeys(FigureSeries._fields)
        shows = fields.get("shows", "value")
        value, marker = figure.shown(shows) if series else (None, NO_SUCH_NUMBER)
        unit = self.measures[series[:2]]["unit"] if series else None
        places = fields.get("decimals")
        if places is None:
            is_part = shows in ("numerator", "denominator")
            places = 1 if shows == "pct_change" else 0 if is_part else PLACES.get(unit or "", 0)
        unit = unit_shown(unit, shows)
        own_status = figure.prior_status if shows == "prior_value" else figure.data_status
        status = own_status if series else "not_applicable"
        if value is not None and status == "partial":
            marker = "[p]"
        printed = marker or NOT_AVAILABLE
        if value is not None:
            rounding = ROUND_DOWN if fields.get("cut") else ROUND_HALF_UP
            text = format_number(value, unit, places, rounding)
            sign = "" if text.endswith("%") else fields.get("sign") or ""
            printed = " ".join(filter(None, (text + sign, marker)))
        return {
            **of_series, "column_no": cell.column_no, "column_name": cell.column.name, "column_label": cell.column_label,
            "window_label": days.label if days else None, "answer_id": "public" if series else None,
            "force_code": self.force_code, "mart": fields.get("mart"), "measure": fields.get("measure"),
            "period_start": days.first if days else None, "period_end": days.last if days else None, "shows": shows,
            "value": value, "unit": unit, "data_status": status, "marker": marker, "printed": printed,
            "printed_before": None, "printed_in": None,
        }  # fmt: skip


def _is_printed(name: str, row: list[dict[str, Any]]) -> bool:
    """Whether a row of every area or category is printed: all but a `Not recorded` of which the public form says that nothing
    is recorded."""
    return name != NOT_RECORDED or any(c["value"] or c["marker"] == HIDDEN for c in row)


def _sort_key(key: tuple[int, str], row: list[dict[str, Any]]) -> tuple[Any, ...]:
    """The order of rows as printed: of every area or category, those with the largest figure in the first column first, hidden
    ones by name."""
    (row_no, name), value = key, row[0]["value"]
    return (row_no, name == NOT_RECORDED, value is None, -(value or Decimal(0)), name)
