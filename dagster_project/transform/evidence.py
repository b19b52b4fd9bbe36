"""What the figures of a kept night are made of: `publications/<night id>.trail`, beside the night's file.

A small DuckDB file: the lists of the night's work (its loads, what each covers, which rows newer files replaced) and the
views that make events of rows. The rows stay where they are, in raw/, whose files no night changes. So any kept night
can be followed to its rows, whatever was built, held or rolled back since.
"""

import os
from pathlib import Path

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.files import put_in_place, temporary_path
from dagster_project.core.home import Home
from dagster_project.core.sql import literal

from .monthly_archive import RawLostError, archived_loads, load_archived_totals
from .raw_schema import WORK, raw_view

SCHEMAS = ("raw", "seeds", "staging", "measures")
LEFT_OUT = {
    "withheld", "withheld_versions", "asked", "claims", "frozen", "report_cells", "report_tables", "statement_terms",
    "unknown_tonight",
}  # fmt: skip
"""Lists of the night's work that no figure is followed by; some hold keys of rows, or values that no list knows."""


def evidence_of(publication: Path) -> Path:
    """Where the evidence of a kept night's file lies. It may not be there."""
    return publication.with_suffix(".trail")


def keep_evidence(home: Home, night_id: str, path: Path) -> bool:
    """Write the evidence of a night, while its work is still what the candidate's folder holds. Returns whether it is.

    Raises OSError, and duckdb.Error for a work file that can't be read.
    """
    con = duckdb.connect()
    new = temporary_path(path)
    try:
        con.execute(f"attach {literal(str(home.candidate / WORK))} as work (read_only)")
        if con.execute("select night_id from work.raw.night").fetchone() != (night_id,):
            return False
        new.unlink(missing_ok=True)
        con.execute(f"attach {literal(str(new))} as evidence (block_size 16384)")
        os.chmod(new, 0o600)
        con.execute("begin")
        _copy(con, "work", "evidence")
        con.execute("commit")
        con.execute("use memory")
        con.execute("detach evidence")
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        put_in_place(new, path)
        return True
    finally:
        con.close()
        new.unlink(missing_ok=True)


def attach_built(con: duckdb.DuckDBPyConnection, home: Home, night_id: str) -> bool:
    """Attach the candidate's work as `work`, to read, where it is this night's. Returns whether it is; where it is another
    night's, or is being written, nothing is attached."""
    path = home.candidate / WORK
    if not path.exists():
        return False
    try:
        con.execute(f"attach {literal(str(path))} as work (read_only)")
    except duckdb.Error:
        return False
    try:
        if con.execute("select night_id from work.raw.night").fetchone() == (night_id,):
            return True
    except duckdb.Error:
        # A night is being built, or stopped while it was.
        pass
    con.execute("detach work")
    return False


def attach_evidence(con: duckdb.DuckDBPyConnection, home: Home, path: Path) -> list[str]:
    """Attach a kept night's evidence as `work`, over the rows that raw/ has today. Returns the source files whose rows were
    erased since, as their time was over: what their months add to is in `work.raw.kept_months`, where it was kept.

    Raises duckdb.Error for a file that can't be read, and RawLostError where raw/ lacks what it should hold.
    """
    con.execute(f"attach {literal(str(path))} as evidence (read_only)")
    con.execute("attach ':memory:' as work")
    loads = con.execute(
        "select extract, force_code, load_id, source_file from evidence.raw.loads where rows_landed > 0 order by all"
    ).fetchall()
    files = {load: home.raw / extract / force / f"{load}.parquet" for extract, force, load, _ in loads}
    kept_then = {row[0] for row in con.execute("select distinct load_id from evidence.raw.kept_months").fetchall()}
    gone = [load for load, file in files.items() if load not in kept_then and not file.exists()]
    _copy(con, "evidence", "work", but={"kept_months", "kept_superseded"} if gone else set())
    if gone:
        load_archived_totals(con, home, set(files))
    archived = archived_loads(home) if gone else {}
    for extract, contract in load_contracts().items():
        there = [files[load] for x, _, load, _ in loads if x == extract and load not in {*gone, *kept_then, *archived}]
        con.execute(raw_view(contract, there))
    _make_views(con, "evidence")
    con.execute("use memory")
    con.execute("detach evidence")
    return [source for _, _, load, source in loads if load in gone]


def _copy(con: duckdb.DuckDBPyConnection, source: str, target: str, but: set[str] | None = None) -> None:
    """Copy the lists and, into evidence, what the views say. Leaves `target` as what statements are about."""
    con.execute(f"use {target}")
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = $1 and list_contains($2, schema_name)"
        " and schema_name <> 'measures' order by all",
        [source, list(SCHEMAS)],
    ).fetchall()
    for schema, table in tables:
        if table not in LEFT_OUT | (but or set()):
            con.execute(f'create table {schema}."{table}" as from {source}.{schema}."{table}"')
    if target == "evidence":
        con.execute("create table raw.views (sql varchar)")
        con.execute(
            "insert into raw.views select sql from duckdb_views() where database_name = $1"
            " and (schema_name = 'measures' or schema_name = 'staging')",
            [source],
        )


def _make_views(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Make the views of events and staging, each after those that it reads. Raises RawLostError where one can't be made."""
    views = [sql for (sql,) in con.execute(f"select sql from {source}.raw.views").fetchall()]
    while views:
        left, why = [], ""
        for sql in views:
            try:
                con.execute(sql)
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                left.append(sql)
                why = str(error).splitlines()[0]
        if len(left) == len(views):
            raise RawLostError(f"the evidence of this night can't be read: {why}")
        views = left
