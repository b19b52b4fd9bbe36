"""Finds which figure somebody wants to trace: by measure and period, or by a cell of the report."""

from dataclasses import dataclass
from datetime import date

import duckdb

from dagster_project.core.errors import PamError
from dagster_project.core.seeds import force_names, read_seed
from dagster_project.core.similar_names import closest_titled, suggestion


class TrailError(PamError, ValueError):
    """There is no such figure, or its rows can't be read now. The message says which, and what to do."""


@dataclass(frozen=True)
class FigureRequest:
    """A figure of the marts, or one over any run of days. `first`: None from the beginning. `shows`: for a cell of the report,
    the column of the marts that it prints."""

    measure: str
    last: date
    first: date | None = None
    mart: str | None = None
    category: str = "all"
    area_type: str = "force"
    area_name: str | None = None
    force_code: str | None = None
    shows: str = "value"


def measure_row(measure: str, mart: str | None) -> dict[str, str]:
    """A measure's row of the measure list. Raises TrailError if there is none, or several marts have the measure."""
    listed = [m for m in read_seed("measure_list") if mart in (None, m["mart"], m["mart"].removeprefix("mart_"))]
    rows = [m for m in listed if measure == m["measure"]] or [m for m in listed if measure.lower() == m["title"].lower()]
    if not rows:
        near = closest_titled(measure, {m["measure"]: m["title"] for m in listed})
        hint = f"nearest: {', '.join(near)}" if near else "meta.dictionary has them all"
        raise TrailError(f"no measure is called {measure!r}{f' in {mart}' if mart else ''}; {hint}")
    if len(rows) > 1:
        raise TrailError(f"{' and '.join(m['mart'] for m in rows)} have a measure {measure}: name one with --mart")
    return rows[0]


def force_of(con: duckdb.DuckDBPyConnection, name: str | None) -> str:
    """The force with this code, or the only one that has figures. Raises TrailError."""
    forces = [r[0] for r in con.execute("select distinct force_code from warehouse.marts.measures order by 1").fetchall()]
    if name is not None and name not in forces:
        raise TrailError(f"no force {name!r} has figures{suggestion(name, forces)}: there are {', '.join(forces) or 'none'}")
    if name is None and len(forces) != 1:
        raise TrailError(f"name the force with --force: {', '.join(forces) or 'none has figures'}")
    return name or str(forces[0])


def request_for_period(
    con: duckdb.DuckDBPyConnection,
    measure: str,
    mart: str | None,
    category: str,
    area_type: str,
    area_name: str | None,
    force: str | None,
    period: str | None,
    first: date | None,
    last: date | None,
) -> FigureRequest:
    """A figure by its period's label, or by days. Raises TrailError if the mart has no such period, or several."""
    row = measure_row(measure, mart)
    measure, mart = row["measure"], row["mart"]
    force = force_of(con, force)
    if (period is None) == (last is None) or (period and first):
        raise TrailError("say which days: --period, or --from and --to")
    if first and last and first > last:
        raise TrailError(f"the days end before they begin: {first} to {last}")
    if area_type == "force" and area_name is not None:
        if area_name.lower() not in (force, force_names()[force].lower()):
            raise TrailError(f"{area_name!r} is not the force: say what it is with --area-type (lpu, section, district)")
        area_name = None
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
    return FigureRequest(measure, last, first, mart, category, area_type, area_name, force)


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
