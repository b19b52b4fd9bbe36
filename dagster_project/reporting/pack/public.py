"""An edition's cells in the public form, made from `marts_public` and from no exact relation.

They are those of `reports.cells`, but for what marts_public does not show. Which rows there are, and in which order, follows
from the public figures, too: the order of two hidden ones would tell which is the larger.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.seeds import force_names, read_seed
from dagster_project.editions import Edition
from dagster_project.editions.tables import EVERY, CellSpec, TableSpec
from dagster_project.public_form import SCHEMA
from dagster_project.public_form.windows import (
    HIDDEN,
    NO_SUCH_NUMBER,
    NOT_AVAILABLE,
    NOTHING,
    AskedSeries,
    FigureSeries,
    PublicFigure,
    PublicFigures,
)

from .model import NOT_RECORDED
from .wording import PLACES, number


class NoPublicFormError(PamError, ValueError):
    """The night has no public form. The message says why."""


@dataclass(frozen=True)
class _Found:
    """A cell of a printed row: `figure` is None where nothing is asked, `series` where no measure is called so."""

    cell: CellSpec
    name: str | None
    series: FigureSeries | None = None
    figure: PublicFigure | None = None


def rule(con: duckdb.DuckDBPyConnection) -> str:
    """What the night's public form leaves out, in a sentence. Raises NoPublicFormError where it has none."""
    (said,) = con.execute(
        "select max(comment) from duckdb_tables() where schema_name = $1 and table_name = 'measures'", [SCHEMA]
    ).fetchone() or (None,)
    if not said:
        raise NoPublicFormError(f"the published night has no {SCHEMA}: `[public] mode` of pam.toml leaves it out")
    return str(said)


def public_cells(con: duckdb.DuckDBPyConnection, edition: Edition) -> dict[str, list[dict[str, Any]]]:
    """The cells of each table of an edition, in the shape of `reports.cells`, row by row."""
    listed = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
    force = force_names().get(edition.force_code, edition.force_code)
    made = {t.table: edition.cells(t) for t in edition.tables}
    asks = {id(c): _asked(c.fields, force) for found in made.values() for c in found if c.fields}
    figures = PublicFigures(
        con, edition.force_code, [a for a in asks.values() if (a.mart, a.measure) in listed],
        {key: m["aggregation"] for key, m in listed.items()},
    )  # fmt: skip
    return {t.table: list(_cells_of(t, made[t.table], asks, figures, listed, edition.force_code)) for t in edition.tables}


def _asked(ask: dict[str, Any], force: str) -> AskedSeries:
    area_type, category = ask.get("area_type", "force"), ask.get("category", "all")
    area = ask.get("area_name") or (force if area_type == "force" else EVERY)
    return AskedSeries(
        ask["mart"], ask["measure"], area_type, None if area == EVERY else area, None if category == EVERY else category
    )


def _cells_of(
    table: TableSpec,
    cells: list[CellSpec],
    asks: dict[int, AskedSeries],
    figures: PublicFigures,
    listed: dict[Any, Any],
    force: str,
) -> Iterator[dict[str, Any]]:
    rows: dict[tuple[int, str], list[_Found]] = defaultdict(list)
    found = [one for cell in cells for one in _found(cell, asks.get(id(cell)), figures, listed)]
    for one in found:
        if one.name is not None:
            rows[one.cell.row_no, one.name].append(one)
    # What does not apply stands in each row of every area or category.
    for one in (f for f in found if f.name is None and f.cell.fields is None):
        for (row_no, _), own in rows.items():
            if row_no == one.cell.row_no:
                own.append(one)
    ordered = sorted((place for place in rows if _is_printed(rows[place])), key=_order(rows))
    for row_no, place in enumerate(ordered, start=1):
        for one in sorted(rows[place], key=lambda f: f.cell.column_no):
            yield _as_cell(table, one, row_no, place[1], listed, force)


def _found(cell: CellSpec, asked: AskedSeries | None, figures: PublicFigures, listed: dict[Any, Any]) -> Iterator[_Found]:
    """The figures of a cell: one each where it asks for every area or category."""
    if asked is None or cell.days is None:
        yield _Found(cell, cell.row_label)
        return
    if (asked.mart, asked.measure) not in listed:
        yield _Found(cell, cell.row_label, figure=NOTHING)
        return
    given = figures.named(asked)
    if not given and asked.area_name and asked.category:
        given = [FigureSeries(*asked[:3], asked.area_name, asked.category)]
    for series in given:
        if cell.days.published is not None:
            figure = figures.published(series, cell.days.published)
        elif cell.days.last:
            figure = figures.over(series, cell.days.first, cell.days.last)
        if figure is NOTHING and listed[series[:2]]["is_published"] != "true":
            # Its figures are in no public relation, whether there are any or not.
            figure = replace(NOTHING, marker=HIDDEN)
        name = cell.row_label
        if name is None:
            every = asked.area_name is None or asked.category is None
            name = series.category if asked.category is None else series.area_name
            name = name if every or cell.days.published is None else figure.period_label
        yield _Found(cell, name, series, figure)


def _is_printed(row: list[_Found]) -> bool:
    """Not a unit or category `Not recorded` of which nothing is recorded, as far as the public form says."""
    first = row[0]
    if first.cell.row_label is not None or first.name != NOT_RECORDED:
        return True
    return any(f.figure and (_shown(f)[0] or _shown(f)[1] == HIDDEN) for f in row)


def _order(rows: dict[tuple[int, str], list[_Found]]) -> Callable[[tuple[int, str]], tuple[Any, ...]]:
    """As printed: spelled out areas and categories by their first column, the largest first; hidden ones by name."""

    def place(at: tuple[int, str]) -> tuple[Any, ...]:
        row = rows[at]
        first = min(row, key=lambda f: f.cell.column_no)
        value = _shown(first)[0] if first.figure and first.cell.row_label is None else None
        return (at[0], at[1] == NOT_RECORDED, value is None, -(value or Decimal(0)), at[1])

    return place


def _shown(found: _Found) -> tuple[Decimal | None, str | None]:
    ask = found.cell.fields
    if found.figure is None or found.series is None or ask is None:
        return None, NO_SUCH_NUMBER
    return found.figure.shown(ask.get("shows", "value"))


def _as_cell(table: TableSpec, found: _Found, row_no: int, label: str, listed: dict[Any, Any], force: str) -> dict[str, Any]:
    cell, series, days = found.cell, found.series, found.cell.days
    ask = cell.fields or {}
    shows = ask.get("shows", "value")
    value, marker = _shown(found)
    unit = listed[series[:2]]["unit"] if series else None
    places = ask.get("decimals")
    if places is None:
        places = 1 if shows == "pct_change" else PLACES.get(unit or "", 0)
    unit = _unit(unit, shows)
    status = found.figure.data_status if found.figure and series else None
    if value is not None and status == "partial":
        marker = "[p]"
    printed = marker or NOT_AVAILABLE
    if value is not None:
        text = number(_cut(value, places) if ask.get("cut") else value, unit, places)
        sign = "" if text.endswith("%") else ask.get("sign") or ""
        printed = " ".join(filter(None, (text + sign, marker)))
    return {
        "table_name": table.table, "row_no": row_no, "row_label": label, "column_no": cell.column_no,
        "column_name": cell.column.name, "column_label": cell.column_label, "window_label": days.label if days else None,
        "answer_id": "public" if series else None, "force_code": force, "mart": ask.get("mart"), "measure": ask.get("measure"),
        "category": series.category if series else None, "area_type": series.area_type if series else None,
        "area_name": series.area_name if series else None, "period_start": days.first if days else None,
        "period_end": days.last if days else None, "shows": shows, "value": value, "unit": unit,
        "data_status": status or "not_applicable", "marker": marker, "printed": printed, "printed_before": None,
        "printed_in": None,
    }  # fmt: skip


def _cut(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)


def _unit(unit: str | None, shows: str) -> str | None:
    if shows == "pct_change":
        return "percent"
    if shows == "volume_change" and unit == "percent":
        return "percentage_points"
    return "count" if shows in ("numerator", "denominator") else unit
