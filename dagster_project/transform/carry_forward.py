"""Carries forward the months that have not changed: the tables of the night before, without the months to build again.

Before dbt builds, the tables are renamed to `previous__<table>`, and views in `raw` select their rows that are carried forward.
The models union these with new rows; then the renamed tables are dropped. If everything is built again, empty tables replace
the views.

Figures and their facts are not carried forward: they stay in their tables, and the models replace them from the first month
that changes (`figures_to_rebuild`).
"""

from collections.abc import Iterable

import duckdb

from dagster_project.core.project_lists import extract_of, read_seed
from dagster_project.core.raw_table_columns import columns_of, make_raw_table
from dagster_project.core.row_tables import make_table
from dagster_project.core.sql import literal

from .changed_months import MonthsToRebuild
from .figure_causes import measure_sources

PREVIOUS = "previous__"
CARRIED = (
    "carried_months", "carried_days", "carried_row_days", "carried_superseded", "carried_periods", "carried_series",
    "figures_touched",
)  # fmt: skip
"""Relations of `raw` that say what is carried forward: empty where everything is built again."""


def carry_forward(con: duckdb.DuckDBPyConnection, to_rebuild: MonthsToRebuild | None, erased: Iterable[str]) -> None:
    """Make the views of carried rows, and mark the carried months in `raw.kept_months`. `to_rebuild`: None if everything is
    built again. `erased`: loads whose rows are erased.
    """
    _carry_nothing(con)
    if to_rebuild is None:
        return
    place = {"extract": "varchar", "force_code": "varchar"}
    make_table(con, "raw.months_to_rebuild", {**place, "month_no": "integer"}, to_rebuild.by_month())
    make_table(con, "raw.places_to_rebuild", place, sorted(to_rebuild.whole))
    make_table(con, "raw.measure_extracts", dict.fromkeys(("mart", "measure", "extract"), "varchar"), _measures())
    con.execute(
        "update raw.kept_months set is_carried = true"
        " where (extract, force_code) not in (from raw.places_to_rebuild)"
        " and (extract, force_code, month_no) not in (from raw.months_to_rebuild)"
    )
    con.execute("update raw.night set is_in_part = true")
    con.execute("drop table raw.figures_touched")
    make_raw_table(con, "figures_touched", _figures_touched(to_rebuild))
    _fill(con, "carried_periods", f"select * from {_previous(con, 'staging', 'periods')}")
    touched = {x for x, _ in (*to_rebuild.whole, *to_rebuild.months)}
    by_measure = " join raw.measure_extracts as of on of.mart = t.mart and of.measure = t.measure"
    _fill(
        con, "carried_months",
        f"select {_columns('carried_months')} from {_previous(con, 'measures', 'monthly')} as t"
        + by_measure + _not_rebuilt("of.extract", "t.month_no"),
    )  # fmt: skip
    marts = sorted({mart for mart, _, extract in _measures() if extract in touched})
    if marts:
        _fill(con, "carried_series", _series(marts))
        _fill(
            con, "carried_days",
            f"select {_columns('carried_days')} from {_previous(con, 'answers', 'daily')} as t"
            + by_measure + _not_rebuilt("of.extract", _month_of("t.event_on")),
        )  # fmt: skip
    _fill(
        con, "carried_row_days",
        f"select {_columns('carried_row_days')} from {_previous(con, 'gate', 'row_days')} as t"
        + _not_rebuilt("t.extract", _month_of("t.row_date")),
    )  # fmt: skip
    # Superseded rows stay superseded, unless they are looked at again, or their load is erased.
    erased_list = ", ".join(literal(load) for load in sorted(erased))
    _fill(
        con, "carried_superseded",
        f"select {_columns('carried_superseded')} from {_previous(con, 'staging', 'superseded_rows')} as t"
        " join raw.loads on loads.load_id = t.load_id"
        " left join raw.row_index as again on again.load_id = t.load_id and again.line = t.line"
        " left join raw.places_to_rebuild as place on place.extract = t.extract and place.force_code = loads.force_code"
        " where again.load_id is null and place.extract is null"
        + (f" and t.load_id not in ({erased_list})" if erased_list else ""),
    )  # fmt: skip


def drop_previous(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the renamed tables once the models are built. A model that is built by hand later is then built whole."""
    _carry_nothing(con)
    # The public form is made after the build, and needs to know which figures are new.
    con.execute("create or replace table raw.figures_made as select * from staging.figures_to_rebuild")
    con.execute("update raw.night set is_in_part = false")
    con.execute(
        "create or replace table staging.figures_to_rebuild as"
        " select distinct listed.mart, windows.force_code, 0 as from_month_no, true as has_complete_months"
        " from seeds.measure_list as listed cross join staging.coverage_windows as windows"
    )
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() and schema_name <> 'raw'"
    ).fetchall()
    for schema, table in rows:
        if table.startswith(PREVIOUS):
            con.execute(f"drop table {schema}.{table}")


def _carry_nothing(con: duckdb.DuckDBPyConnection) -> None:
    """Make an empty table for each of `CARRIED`, in place of a table or view of its name."""
    views = {name for (name,) in con.execute("select view_name from duckdb_views() where schema_name = 'raw'").fetchall()}
    for name in CARRIED:
        con.execute(f"drop {'view' if name in views else 'table'} if exists raw.{name}")
        make_raw_table(con, name, ())


def _figures_touched(to_rebuild: MonthsToRebuild) -> list[tuple[str, str, int]]:
    """Mart, force and month of figures that can change; month 0 for all months."""
    marts: dict[str, set[str]] = {}
    for mart, _, extract in measure_sources():
        marts.setdefault(extract, set()).add(mart)
    return sorted({(mart, force, month) for x, force, month in to_rebuild.of_figures() for mart in marts.get(x, ())})


def _measures() -> list[tuple[str, str, str]]:
    """Mart, measure and extract of every measure that is counted from rows."""
    return [
        (m["mart"], m["measure"], extract_of(m))
        for m in read_seed("measure_list")
        if m["aggregation"] not in ("rate", "share", "published")
    ]


def _not_rebuilt(extract: str, month_no: str) -> str:
    """SQL: joins and conditions that leave the rows of `t` that are not built again."""
    return (
        f" left join raw.places_to_rebuild as place on place.extract = {extract} and place.force_code = t.force_code"
        f" left join raw.months_to_rebuild as month on month.extract = {extract} and month.force_code = t.force_code"
        f" and month.month_no = {month_no}"
        " where place.extract is null and month.extract is null"
    )


def _series(marts: list[str]) -> str:
    """SQL: the categories and districts of these marts on the night before. `figures_to_rebuild` selects tonight's likewise."""
    rows = f"from measures.{PREVIOUS}monthly where mart in ({', '.join(map(literal, marts))})"
    return (
        f"select distinct mart, force_code, 'category' as kind, measure as code, category as title {rows}"
        f" union all select mart, force_code, 'district' as kind, leaf_code as code, max(leaf_name) as title {rows}"
        " group by mart, force_code, leaf_code having max(leaf_name) is not null"
    )


def _month_of(day: str) -> str:
    return f"(year({day}) * 12 + month({day}) - 1)"


def _previous(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    con.execute(f"alter table {schema}.{table} rename to {PREVIOUS}{table}")
    return f"{schema}.{PREVIOUS}{table}"


def _columns(name: str) -> str:
    """SQL: the columns of a table of `raw`, prefixed with `t.`."""
    return ", ".join(f"t.{c}" for c in columns_of(name))


def _fill(con: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    cast = ", ".join(f"cast({c} as {k}) as {c}" for c, k in columns_of(name).items())
    con.execute(f"drop table raw.{name}")
    con.execute(f"create view raw.{name} as select {cast} from ({select})")
