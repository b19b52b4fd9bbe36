"""Finds which figure somebody wants to trace: by measure and period, or by a cell of the report."""

from dataclasses import dataclass
from datetime import date

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.similar_names import suggestion

from .typed_names import area_named, areas_of, force_named, forces_of, measure_named

MARTS = "warehouse.marts"
"""The schema of the marts, where the published file is attached."""


class TrailError(PamError, ValueError):
    """There is no such figure, or its rows can't be read now. The message says which, and what to do."""


@dataclass(frozen=True)
class FigureRequest:
    """A figure of the marts, or one over any run of days. `first`: None from the beginning. `shows`: for a cell of the report,
    the column of the marts that it prints. `area_code`: None to find it by `area_name`."""

    measure: str
    last: date
    first: date | None = None
    mart: str | None = None
    category: str = "all"
    area_type: str = "force"
    area_name: str | None = None
    force_code: str | None = None
    shows: str = "value"
    area_code: str | None = None


def request_for_period(
    con: duckdb.DuckDBPyConnection,
    measure: str,
    mart: str | None,
    category: str,
    area_type: str | None,
    area: str | None,
    force: str | None,
    period: str | None,
    first: date | None,
    last: date | None,
) -> FigureRequest:
    """A figure by its period's label, or by days. Names are as `typed_names` has them; of an area's kinds, lpu is the default.

    Raises UnknownNameError, and TrailError if the mart has no such category or period, or several periods.
    """
    row = measure_named(measure, mart)
    measure, mart = row["measure"], row["mart"]
    force = force_named(force, forces_of(con, MARTS))
    if (period is None) == (last is None) or (period and first):
        raise TrailError("say which days: --period, or --from and --to")
    if first and last and first > last:
        raise TrailError(f"the days end before they begin: {first} to {last}")
    kind, area_code, area_name, _ = area_named(area, area_type, areas_of(con, force, mart, MARTS), first=("lpu",))
    categories = _categories(con, mart, measure, force)
    # No row has an unknown category: its figure would be 0.
    if category not in categories and (categories or category != "all"):
        hint = f"{suggestion(category, categories)}: there are {', '.join(categories) or 'none'}"
        raise TrailError(f"{measure} has no figure of the category {category!r}{hint}")
    if period is not None:
        periods = con.execute(
            f"select distinct period_start, period_end from warehouse.marts.{mart}"
            " where force_code = ? and measure = ?"
            " and (period_label = ? or (period_type = 'month' and strftime(period_start, '%Y-%m') = ?)) order by all",
            [force, measure, period, period],
        ).fetchall()
        if len(periods) != 1:
            there_are = "; ".join(f"{a} to {b}" for a, b in periods) or "no period of this name (as Dec 2025, 2025, 2024/25)"
            raise TrailError(f"{mart} has for {period!r}: {there_are}; say the days with --from and --to")
        first, last = periods[0]
    assert last
    name = None if kind == "force" else area_name
    return FigureRequest(measure, last, first, mart, category, kind, name, force, area_code=area_code)


def _categories(con: duckdb.DuckDBPyConnection, mart: str, measure: str, force: str) -> list[str]:
    """The categories of a measure's figures; of one that is in no mart, as it is only a part of rates, those of its events."""
    query = "select distinct category from {} where force_code = ? and measure = ? order by 1"
    found = con.execute(query.format(f"warehouse.marts.{mart}"), [force, measure]).fetchall()
    if not found and mart != "mart_public_health":
        events = f"work.measures.{mart.removeprefix('mart_')}_events"
        found = [("all",), *con.execute(query.format(events), [force, measure]).fetchall()]
    return list(dict.fromkeys(name for (name,) in found))


def request_for_cell(con: duckdb.DuckDBPyConnection, cell: str, edition: str | None) -> FigureRequest:
    """The figure behind a cell of the report, by `table/row/column`; row and column by number or by name.

    Raises TrailError if there is no such cell, or no figure behind it.
    """
    table, _, rest = cell.partition("/")
    row, _, column = rest.partition("/")
    cells = con.execute(
        "select mart, measure, category, area_type, area_name, period_start, period_end, force_code, answer_id, shows"
        " from warehouse.reports.cells where table_name = ? and (cast(row_no as varchar) = ? or lower(row_label) = lower(?))"
        " and (cast(column_no as varchar) = ? or column_name = ?)"
        " and edition = coalesce(?, (select max(edition) from warehouse.reports.tables))",
        [table, row, row, column, column, edition],
    ).fetchall()
    if len(cells) != 1:
        raise TrailError(f"{cell!r} is not a cell of the report: give table/row/column, as reports.cells has them")
    mart, measure, category, area_type, area_name, first, last, force, answer, shows = cells[0]
    if answer is None:
        raise TrailError(f"{cell}: the cell does not apply")
    if last is None:
        raise TrailError(f"{cell}: others publish this figure: ask for it by measure, area and period")
    return FigureRequest(measure, last, first, mart, category, area_type, area_name, force, shows)
