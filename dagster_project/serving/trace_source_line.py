"""Finds which figures a source file, or one row of it, adds to."""

from typing import Any

import duckdb

from dagster_project.core.seeds import read_seed
from dagster_project.core.sql import one_row

from .trace_request import TrailError

COLUMNS = ("mart", "measure", "category", "unit", "month", "rows", "amount")


def figures_from_file(con: duckdb.DuckDBPyConnection, file: str, line: int | None = None) -> list[tuple[Any, ...]]:
    """What a source file, or one row of it, adds to: rows under the names of `COLUMNS`.

    Each is a month's figure, and part of the years and twelve months that include it. Raises TrailError for a file that affects
    no figure of the published night.
    """
    load = con.execute("select load_id from work.raw.loads where source_file = ? or load_id = ?", [file, file]).fetchone()
    if load is None:
        raise TrailError(f"{file} affects no published figure: it was not accepted, or newer files replaced all of it")
    (load_id,) = load
    if one_row(con.execute("select exists (from work.raw.kept_months where load_id = ?)", [load_id]))[0]:
        return _figures_from_erased_rows(con, file, load_id, line)
    subjects = sorted({m["mart"].removeprefix("mart_") for m in read_seed("measure_list")} - {"public_health"})
    events = " union all ".join(
        f"select 'mart_{s}' as mart, measure, category, coalesce(leaf_code, '') as unit, event_on, amount, load_id, line"
        f" from work.measures.{s}_events where load_id = $load"
        for s in subjects
    )
    return con.execute(
        "select mart, measure, category, unit, strftime(event_on, '%Y-%m') as month, count(*) as rows, sum(amount) as amount"
        f" from ({events}) where $line is null or line = cast($line as varchar) group by all order by all",
        {"load": load_id, "line": line},
    ).fetchall()


def _figures_from_erased_rows(
    con: duckdb.DuckDBPyConnection, file: str, load_id: str, line: int | None
) -> list[tuple[Any, ...]]:  # fmt: skip
    """What a load's erased rows add to, by month. Their number was not kept."""
    if line is not None:
        raise TrailError(f"the rows of {file} were erased at the end of their retention: only its monthly totals are kept")
    return con.execute(
        "select mart, measure, category, coalesce(leaf_code, '') as unit, strftime(month_start, '%Y-%m') as month,"
        " cast(null as bigint) as rows, sum(amount) as amount from work.measures.kept_measures where load_id = ?"
        " group by all order by all",
        [load_id],
    ).fetchall()
