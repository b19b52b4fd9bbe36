"""An edition's cells in the public form, made from `marts_public` and no exact relation.

They equal those of `reports.cells`, except for what marts_public hides. Which rows there are, and their order, also depend on
public figures alone: the order of two hidden figures would tell which is larger.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.seeds import force_names, read_seed
from dagster_project.editions import Edition
from dagster_project.editions.tables import EVERY, CellSpec
from dagster_project.public_form import SCHEMA
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

from .model import NOT_RECORDED
from .wording import PLACES, format_number


class NoPublicFormError(PamError, ValueError):
    """The night has no public form. The message says why."""


@dataclass(frozen=True)
class _RowCell:
    """A cell of a printed row. `row_name`: None for a cell of all rows. `figure`: None where nothing is asked for. `series`:
    None where the measure does not exist."""

    cell: CellSpec
    row_name: str | None
    series: FigureSeries | None = None
    figure: PublicFigure | None = None


def read_public_rule(con: duckdb.DuckDBPyConnection) -> str:
    """What the night's public form leaves out, in a sentence. Raises NoPublicFormError if it has no public form."""
    (comment,) = con.execute(
        "select max(comment) from duckdb_tables() where schema_name = $1 and table_name = 'measures'", [SCHEMA]
    ).fetchone() or (None,)
    if not comment:
        raise NoPublicFormError(f"the published night has no {SCHEMA}: `[public] mode` of pam.toml leaves it out")
    return str(comment)


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
        wanted = [self._wanted(c.fields) for own in self.cells.values() for c in own if c.fields]
        self.figures = PublicFigures(
            con, edition.force_code, [w for w in wanted if w[:2] in self.measures],
            {key: m["aggregation"] for key, m in self.measures.items()},
        )  # fmt: skip

    def _wanted(self, fields: dict[str, Any]) -> WantedSeries:
        area_type, category = fields.get("area_type", "force"), fields.get("category", "all")
        area = fields.get("area_name") or (self.force if area_type == "force" else EVERY)
        names = (None if name == EVERY else name for name in (area, category))
        return WantedSeries(fields["mart"], fields["measure"], area_type, *names)

    def cells_of(self, table: str) -> Iterator[dict[str, Any]]:
        rows: dict[tuple[int, str], list[_RowCell]] = defaultdict(list)
        row_cells = [c for cell in self.cells[table] for c in self._row_cells(cell)]
        for row_cell in row_cells:
            if row_cell.row_name is not None:
                rows[row_cell.cell.row_no, row_cell.row_name].append(row_cell)
        # A cell that does not apply is in each row of every area or category.
        for row_cell in (c for c in row_cells if c.row_name is None and c.cell.fields is None):
            for (row_no, _), own in rows.items():
                if row_no == row_cell.cell.row_no:
                    own.append(row_cell)
        ordered = sorted((key for key in rows if _is_printed(rows[key])), key=lambda key: _sort_key(key, rows[key]))
        for row_no, key in enumerate(ordered, start=1):
            for row_cell in sorted(rows[key], key=lambda c: c.cell.column_no):
                yield {"table_name": table, "row_no": row_no, "row_label": key[1], **self._as_cell(row_cell)}

    def _row_cells(self, cell: CellSpec) -> Iterator[_RowCell]:
        """The cells of rows that an edition's cell stands for: several where it asks for every area or category."""
        if cell.fields is None or cell.days is None:
            yield _RowCell(cell, cell.row_label)
            return
        wanted = self._wanted(cell.fields)
        if wanted[:2] not in self.measures:
            yield _RowCell(cell, cell.row_label, figure=NO_FIGURE)
            return
        matching = self.figures.matching(wanted)
        if not matching and wanted.area_name and wanted.category:
            matching = [FigureSeries(*wanted[:3], wanted.area_name, wanted.category)]
        for series in matching:
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
            yield _RowCell(cell, name, series, figure)

    def _as_cell(self, row_cell: _RowCell) -> dict[str, Any]:
        """A cell in the columns of `reports.cells`, but for its table and row."""
        cell, series, days = row_cell.cell, row_cell.series, row_cell.cell.days
        fields = cell.fields or {}
        of_series = series._asdict() if series else dict.fromkeys(FigureSeries._fields)
        shows = fields.get("shows", "value")
        value, marker = _shown(row_cell)
        unit = self.measures[series[:2]]["unit"] if series else None
        places = fields.get("decimals")
        if places is None:
            places = 1 if shows == "pct_change" else PLACES.get(unit or "", 0)
        unit = _unit(unit, shows)
        status = row_cell.figure.data_status if row_cell.figure and series else None
        if value is not None and status == "partial":
            marker = "[p]"
        printed = marker or NOT_AVAILABLE
        if value is not None:
            shown = value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN) if fields.get("cut") else value
            text = format_number(shown, unit, places)
            sign = "" if text.endswith("%") else fields.get("sign") or ""
            printed = " ".join(filter(None, (text + sign, marker)))
        return {
            **of_series, "column_no": cell.column_no, "column_name": cell.column.name, "column_label": cell.column_label,
            "window_label": days.label if days else None, "answer_id": "public" if series else None,
            "force_code": self.force_code, "mart": fields.get("mart"), "measure": fields.get("measure"),
            "period_start": days.first if days else None, "period_end": days.last if days else None, "shows": shows,
            "value": value, "unit": unit, "data_status": status or "not_applicable", "marker": marker, "printed": printed,
            "printed_before": None, "printed_in": None,
        }  # fmt: skip


def _is_printed(row: list[_RowCell]) -> bool:
    """Whether a row is printed: all but a `Not recorded` of which the public form says that nothing is recorded."""
    first = row[0]
    if first.cell.row_label is not None or first.row_name != NOT_RECORDED:
        return True
    return any(f.figure and (_shown(f)[0] or _shown(f)[1] == HIDDEN) for f in row)


def _sort_key(key: tuple[int, str], row: list[_RowCell]) -> tuple[Any, ...]:
    """The order of rows as printed: of every area or category, those with the largest figure in the first column first, hidden
    ones by name."""
    row_no, name = key
    first = min(row, key=lambda c: c.cell.column_no)
    value = _shown(first)[0] if first.figure and first.cell.row_label is None else None
    return (row_no, name == NOT_RECORDED, value is None, -(value or Decimal(0)), name)


def _shown(row_cell: _RowCell) -> tuple[Decimal | None, str | None]:
    fields = row_cell.cell.fields
    if row_cell.figure is None or row_cell.series is None or fields is None:
        return None, NO_SUCH_NUMBER
    return row_cell.figure.shown(fields.get("shows", "value"))


def _unit(unit: str | None, shows: str) -> str | None:
    if shows == "pct_change":
        return "percent"
    if shows == "volume_change" and unit == "percent":
        return "percentage_points"
    return "count" if shows in ("numerator", "denominator") else unit
