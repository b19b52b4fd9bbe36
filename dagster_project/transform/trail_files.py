"""Trail files: what the figures of a kept night were made from, `publications/<night id>.trail`, next to the night's file.

A small DuckDB file with the lists of the night's work file (loads, coverage, superseded rows) and the views that turn rows into
events. The rows stay in raw/, whose files no night changes. So the figures of any kept night can be traced to their rows,
whatever was built, held or rolled back since.
"""

import os
from contextlib import suppress
from pathlib import Path

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WORK
from dagster_project.core.files import flush, put_in_place, temporary_path
from dagster_project.core.home import Home
from dagster_project.core.sql import literal

from .kept_totals import RawLostError, load_kept_totals, loads_as_totals
from .raw_schema import raw_view

SCHEMAS = ("raw", "seeds", "staging", "measures")
LEFT_OUT = {
    "withheld", "withheld_versions", "asked", "claims", "frozen", "report_cells", "report_tables", "statement_terms",
    "unknown_tonight", "replaced_tonight", "forgotten_values",
}  # fmt: skip
"""Lists that tracing does not need; some hold keys of rows, or unknown values."""


def trail_file_of(publication: Path) -> Path:
    """The path of a kept night's trail file, which may not exist."""
    return publication.with_suffix(".trail")


def write_trail_file(home: Home, night_id: str, path: Path) -> None:
    """Write the trail file of a night, if the candidate's work file is still of that night.

    Raises OSError, and duckdb.Error for a work file that can't be read.
    """
    con = duckdb.connect()
    temporary = temporary_path(path)
    try:
        con.execute(f"attach {literal(str(home.candidate / WORK))} as work (read_only)")
        if con.execute("select night_id from work.raw.night").fetchone() != (night_id,):
            return
        temporary.unlink(missing_ok=True)
        con.execute(f"attach {literal(str(temporary))} as trail (block_size 16384)")
        os.chmod(temporary, 0o600)
        con.execute("begin")
        _copy(con, "work", "trail")
        con.execute("commit")
        con.execute("use memory")
        con.execute("detach trail")
        flush(temporary)
        put_in_place(temporary, path)
    finally:
        con.close()
        temporary.unlink(missing_ok=True)


def attach_built(con: duckdb.DuckDBPyConnection, home: Home, night_id: str) -> bool:
    """Attach the candidate's work file read-only as `work`, if it is of this night and not being written. Returns whether it
    was attached."""
    path = home.candidate / WORK
    if not path.exists():
        return False
    # Fails while a night is being built, or if one was stopped meanwhile.
    with suppress(duckdb.Error):
        con.execute(f"attach {literal(str(path))} as work (read_only)")
        if con.execute("select night_id from work.raw.night").fetchone() == (night_id,):
            return True
    con.execute("detach database if exists work")
    return False


def attach_trail_file(con: duckdb.DuckDBPyConnection, home: Home, path: Path) -> list[str]:
    """Attach a kept night's trail file as `work`, with views of the rows in raw/. Returns the loads whose rows were erased
    since, at the end of their retention period: their monthly totals, if kept, are in `work.raw.kept_months`.

    Raises duckdb.Error for a file that can't be read, and RawLostError if raw/ lacks files that it should have.
    """
    con.execute(f"attach {literal(str(path))} as trail (read_only)")
    con.execute("attach ':memory:' as work")
    loads = con.execute(
        "select extract, force_code, load_id from trail.raw.loads where rows_landed > 0 order by all"
    ).fetchall()
    files = {load: home.raw / extract / force / f"{load}.parquet" for extract, force, load in loads}
    as_totals_then = {row[0] for row in con.execute("select distinct load_id from trail.raw.kept_months").fetchall()}
    erased = [load for load, file in files.items() if load not in as_totals_then and not file.exists()]
    _copy(con, "trail", "work", leave_out={"kept_months", "kept_superseded"} if erased else set())
    if erased:
        load_kept_totals(con, home, set(files))
    as_totals = loads_as_totals(home) if erased else {}
    for extract, contract in load_contracts().items():
        paths = [files[load] for x, _, load in loads if x == extract and load not in {*erased, *as_totals_then, *as_totals}]
        con.execute(raw_view(contract, paths))
    _make_views(con, "trail")
    con.execute("use memory")
    con.execute("detach trail")
    return erased


def measures_of(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, str]]:
    """By mart and measure, how it is counted by the list that the night of `work` was built with. Today's may name its coverage
    otherwise, and under that name the night covers no day."""
    columns = (
        "mart", "measure", "aggregation", "coverage", "category_coverage", "numerator", "denominator", "denominator_category",
    )  # fmt: skip
    found = con.execute(f"select {', '.join(columns)} from work.seeds.measure_list").fetchall()
    rows = [{c: v or "" for c, v in zip(columns, values, strict=True)} for values in found]
    return {(row["mart"], row["measure"]): row for row in rows}


def in_area(area_type: str, area: str) -> str:
    """SQL: whether a row of `events` is of an area, whose type and code are given as SQL."""
    return f"""(
        {area_type} = 'force' or ({area_type} = 'district' and events.leaf_code = {area}) or exists (
            from work.staging.area_members as members
            where members.force_code = events.force_code and members.leaf_code = events.leaf_code
                and members.area_type = {area_type} and members.area_code = {area}
        )
    )"""


def on_covered_day(coverage: str) -> str:
    """SQL: whether a row of `events` is of a day that a coverage has, whose name is given as SQL."""
    return f"""exists (
        from work.staging.coverage_windows as windows
        where windows.coverage = {coverage} and windows.force_code = events.force_code
            and events.event_on between windows.covered_from and windows.covered_to
    )"""


def _copy(con: duckdb.DuckDBPyConnection, source: str, target: str, leave_out: set[str] | None = None) -> None:
    """Copy the lists and, into a trail file, the views' SQL. Leaves `target` as the default database."""
    con.execute(f"use {target}")
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = $1 and list_contains($2, schema_name)"
        " and schema_name <> 'measures' order by all",
        [source, list(SCHEMAS)],
    ).fetchall()
    for schema, table in tables:
        if table not in LEFT_OUT | (leave_out or set()):
            con.execute(f'create table {schema}."{table}" as from {source}.{schema}."{table}"')
    if target == "trail":
        con.execute("create table raw.views (sql varchar)")
        con.execute(
            "insert into raw.views select sql from duckdb_views() where database_name = $1"
            # Events read the views of staging.
            " and schema_name in ('measures', 'staging') order by schema_name desc, view_name",
            [source],
        )


def _make_views(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Make the views of events and staging, each after those that it reads. Raises RawLostError if one can't be made."""
    views = [sql for (sql,) in con.execute(f"select sql from {source}.raw.views").fetchall()]
    while views:
        remaining, reason = list[str](), ""
        for sql in views:
            try:
                con.execute(sql)
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                remaining.append(sql)
                reason = str(error).splitlines()[0]
        if len(remaining) == len(views):
            raise RawLostError(f"the trail file of this night can't be read: {reason}")
        views = remaining
