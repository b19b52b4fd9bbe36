"""Helpers of the tests of whole nights: run one, read what it made, write small extracts.

dbt's manifest, Dagster's definitions and Great Expectations' context are made once per process and used by every night. Homes
are pytest's temporary folders. To avoid running a night, copy a published home.
"""

import csv
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.check_results import Check
from dagster_project.core.config import read_config
from dagster_project.core.home import DBT_PROJECT, SEEDS, Home
from dagster_project.core.read_database import read_database
from dagster_project.definitions import build_defs
from dagster_project.editions.model import FOLDER as EDITIONS
from dagster_project.landing import LedgerEntry
from dagster_project.nights.night_run import NightRun
from dagster_project.nights.run_steps import run_steps
from dagster_project.publishing.outputs import Output, OutputContext
from dagster_project.publishing.postgres import embedded
from dagster_project.quality import engine, gate

MARTS = {p.stem for p in (DBT_PROJECT / "models" / "marts").glob("mart_*.sql")} - {"mart_control_charts"}
"""The marts that hold figures."""
TODAY = date(2026, 1, 3)
"""The night's date, unless a test gives another: three days after the sample ends."""

SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def begin(home: Home, inbox: Path | None = None, today: date = TODAY, **options: Any) -> NightRun:
    """Begin a night: it holds the home's lock and has the date `today`."""
    # Load the engine once per process. Otherwise each night starts a worker process, which takes seconds to load it.
    engine.preload()
    run = NightRun(home, inbox, **options)
    run.night = replace(run.begin(), today=today)
    return run


def run_night(home: Home, inbox: Path | None = None, today: date = TODAY, **options: Any) -> NightRun:
    """Run a whole night as `pam nightly` does. Its outcome is in `receipt`."""
    with night(home, inbox, today, **options) as run:
        run_steps(run)
    assert run.receipt is not None
    return run


def run_job(home: Home, inbox: Path | None = None, today: date = TODAY, **options: Any) -> NightRun:
    """Run a whole night by Dagster's job, which takes twice as long. Its outcome is in `receipt`."""
    run = begin(home, inbox, today, **options)
    try:
        job = build_defs(run).resolve_job_def("nightly")
        result = job.execute_in_process(raise_on_error=False, run_config=SILENT)
        assert run.receipt is not None
        # If a step failed after the night was published, the receipt has no reason.
        failed = [f"{e.step_key}: {e.message}" for e in result.all_events if e.is_failure]
        assert result.success == (run.receipt.outcome in ("published", "unchanged")), run.receipt.reason or failed
    finally:
        run.end()
    return run


@contextmanager
def night(home: Home, inbox: Path | None = None, today: date = TODAY, **options: Any) -> Iterator[NightRun]:
    """A night whose steps the test calls itself, without Dagster. It ends with the `with` block."""
    run = begin(home, inbox, today, **options)
    try:
        yield run
    finally:
        run.end()


def publish_night(home: Home, inbox: Path | None = None, today: date = TODAY, **options: Any) -> NightRun:
    """Run a whole night without Dagster. Raises what its steps raise."""
    with night(home, inbox, today, **options) as run:
        run.land()
        run.build()
        run.judge()
        run.publish()
    return run


def judge_candidate(home: Home, results_file: Path) -> list[Check]:
    """All checks of a home's candidate, whose public form was made by its settings."""
    return gate.judge(home, results_file, read_config(home).public, gate.judge_built(home))


def drop_something(home: Home) -> None:
    """Drop a file that is refused. As it is new, the next night builds and publishes; as it is refused, no figure changes."""
    (home.inbox / "minutes.docx").write_bytes(b"not an extract")


def land_night(home: Home, inbox: Path | None = None, today: date = TODAY, **options: Any) -> list[LedgerEntry]:
    """Only land the inbox. Returns what this night decided: `land` also returns files that an earlier night only landed."""
    with night(home, inbox, today, **options) as run:
        return [e for e in run.land() if e.outcome == "known" or (run.night and e.night_id == run.night.night_id)]


def copy_home(home: Home, to: Path, leave_out: Sequence[str] = ()) -> Home:
    """A copy of a home, without the files and folders whose names are left out. Its candidate's raw views still read the
    Parquet of the original.
    """
    shutil.copytree(home.path, to, symlinks=True, ignore=shutil.ignore_patterns(*leave_out))
    return Home(to)


def differing(one: Home, other: Home) -> list[tuple[Any, ...]]:
    """Relations that differ between two homes' last nights, with the number of rows and one of them."""
    differences = []
    con = duckdb.connect()
    for name, home in (("a", one), ("b", other)):
        con.execute(f"attach '{home.warehouse}' as {name} (read_only)")
        con.execute(f"attach '{home.candidate / WORK}' as {name}_work (read_only)")
    schemas = [f".{s}" for s in ("marts", "marts_public", "reports", "bi")]
    schemas += [f"_work.{s}" for s in ("gate", "answers", "measures", "staging")]
    tables = con.execute("select database_name || '.' || schema_name, table_name from duckdb_tables()").fetchall()
    for schema in schemas:
        names = [{t for full_schema, t in tables if full_schema == f"{n}{schema}"} for n in "ab"]
        assert names[0] == names[1] != set()
        for table in sorted(names[0]):
            # The night that landed a load differs between homes.
            columns = "* exclude (night_id)" if table == "standing_loads" else "*"
            a, b = (f"select {columns} from {n}{schema}.{table}" for n in "ab")
            rows = con.execute(f"({a} except all {b}) union all ({b} except all {a})").fetchall()
            differences += [(f"{schema}.{table}", len(rows), rows[0])] if rows else []
    a, b = (f"select * from {n}.meta.extracts" for n in "ab")
    differences += con.execute(f"({a} except all {b}) union all ({b} except all {a})").fetchall()
    con.close()
    return differences


@contextmanager
def candidate(home: Home, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """The candidate's two files under dbt's names; the published figures if the candidate was published."""
    con = duckdb.connect()
    mode = " (read_only)" if read_only else ""
    built = home.candidate / WAREHOUSE
    try:
        con.execute(f"attach '{built if built.exists() else home.warehouse}' as warehouse{mode}")
        con.execute(f"attach '{home.candidate / WORK}' as work{mode}")
        con.execute("use work")
        yield con
    finally:
        con.close()


def published(home: Home, sql: str) -> list[tuple[Any, ...]]:
    """A query's rows from the published file."""
    with read_database(home.warehouse) as con:
        return con.execute(sql).fetchall()


def wrong_sums_of_fact_month(home: Home) -> list[tuple[Any, ...]]:
    """Additive measures, forces and months in which `bi.fact_month` does not add up to the force's figure, or has no row."""
    return published(
        home,
        "with summed as (select measure_key, force_code, date_key, sum(value) as total from bi.fact_month"
        " join bi.dim_area using (area_key) group by all), expected as (select measure_key, force_code, date_key, value"
        " from bi.fact_figure join bi.dim_area using (area_key) join bi.dim_measure using (measure_key) where is_additive"
        " and area_type = 'force' and category = 'all' and period_type = 'month')"
        " select measure_key, force_code, date_key, total, value from expected as e full join summed as s"
        " using (measure_key, force_code, date_key) where total is distinct from value or s.force_code is null"
        " or e.force_code is null",
    )


@contextmanager
def own_postgres(home: Home) -> Iterator[embedded.Embedded]:
    """A home's own PostgreSQL, stopped and deleted afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        # The data need not survive a power cut.
        patch.setattr(embedded, "SETTINGS", (*embedded.SETTINGS, "fsync = off", "synchronous_commit = off"))
        server = embedded.start(home)
    try:
        yield server
    finally:
        embedded.stop(home)
        if (folder := embedded.server_folder(home)).parent == embedded.ROOT_FOLDER:
            shutil.rmtree(folder, ignore_errors=True)


def as_dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """A result's rows by column name."""
    names = [c[0] for c in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


ALL_FIGURES = "select * from warehouse.marts.measures order by all"
OFFENCES = (
    "select value, prior_value from marts.mart_drug_offences where measure = 'possession_offences' and category = 'all'"
    " and area_type = 'force' and period_type = 'rolling_12_months' and period_end = date '2025-10-31'"
)
"""The README's query. Its answer is 2187 and 1649."""


def meta_rows(home: Home, table: str) -> list[dict[str, Any]]:
    """A table of the published file's `meta` schema."""
    with read_database(home.warehouse) as con:
        return as_dicts(con.execute(f"select * from meta.{table}"))


def all_text(home: Home) -> str:
    """Every text in the tables, comments and views of the published file, whose bytes may be compressed."""
    with read_database(home.warehouse) as con:
        texts = [str(con.execute("select list(comment) from duckdb_columns() where comment is not null").fetchone())]
        texts += [str(row) for row in con.execute("select sql, comment from duckdb_tables()").fetchall()]
        texts += [str(row) for row in con.execute("select sql, comment from duckdb_views() where not internal").fetchall()]
        for schema, table in con.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            columns = [
                name for name, kind in con.execute(
                    "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?",
                    [schema, table],
                ).fetchall() if kind == "VARCHAR"
            ]  # fmt: skip
            for column in columns:
                values = con.execute(f'select distinct "{column}" from "{schema}"."{table}"').fetchall()
                texts += [str(value) for (value,) in values]
    return "\n".join(texts)


def same_figures(one: Home, other: Home) -> list[tuple[Any, ...]]:
    """Rows of the published marts that differ between two homes: none if figures and control charts are the same."""
    differing: list[tuple[Any, ...]] = []
    with duckdb.connect() as con:
        con.execute(f"attach '{one.warehouse}' as a (read_only)")
        con.execute(f"attach '{other.warehouse}' as b (read_only)")
        for table in ("measures", "mart_control_charts"):
            a, b = (f"select * from {n}.marts.{table}" for n in "ab")
            (sizes,) = con.execute(f"select (select count(*) from ({a})), (select count(*) from ({b}))").fetchall()
            differing += con.execute(f"{a} except all {b}").fetchall()
            # Where both have as many rows, and all rows of the one are in the other, they are the same.
            differing += con.execute(f"{b} except all {a}").fetchall() if sizes[0] != sizes[1] else []
    return differing


def failed(checks: Iterable[Check]) -> set[tuple[str, str, str]]:
    """Subject, rule and severity of each check that did not pass."""
    return {(c.subject, c.rule, c.severity) for c in checks if not c.passed}


def seed(name: str) -> list[dict[str, str]]:
    """A reference list's rows, read with the csv module."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_extract(
    folder: Path,
    extract: str,
    rows: Iterable[Mapping[str, Any]] | Iterable[Sequence[Any]],
    *,
    columns: Sequence[str] = (),
    force: str = "derbyshire",
    window: tuple[str, str] = ("2025-01-01", "2025-12-31"),
    stamp: str = "20260105T020000Z",
) -> Path:
    """Write one canonical file of rows (dicts, or sequences in the order of `columns`). Returns its path."""
    body = [list(r.values()) if isinstance(r, Mapping) else list(r) for r in rows]
    if not columns:
        columns = next(list(r) for r in rows if isinstance(r, Mapping))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{extract}__{force}__{window[0]}__{window[1]}__{stamp}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *body])
    # Make the file a minute old: a night waits for files that may still be growing.
    modified_at = path.stat().st_mtime - 60
    os.utime(path, (modified_at, modified_at))
    return path


def shorten_edition(home: Home, *leave_out: str) -> None:
    """Keep only the tables of the newest edition whose rows are named by the data. All other words are the edition's own.
    `leave_out`: fields that the home's edition lacks, such as statements that name areas of another list.
    """
    body = yaml.safe_load((EDITIONS / "2026-03.yml").read_text(encoding="utf-8"))
    body["tables"] = [t for t in body["tables"] if any("*" in row.values() for row in t["rows"])]
    assert len(body["tables"]) > 5
    for field in leave_out:
        del body[field]
    home.editions.mkdir(mode=0o700)
    path = home.editions / "2026-03.yml"
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    path.chmod(0o600)


def each(n: int, row: Callable[[int], Sequence[Any]]) -> list[Sequence[Any]]:
    """`row(0)` to `row(n - 1)`."""
    return [row(i) for i in range(n)]


def says(name: str) -> Output:
    """An output that writes two files: the night's id, and what its context says."""

    def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> None:
        (night,) = con.execute("select night_id from meta.nights where finished_at is null").fetchone()
        (folder / "night.txt").write_text(night, encoding="utf-8")
        (folder / "told").mkdir()
        context_text = f"{'+'.join(context.published_folders)} {context.is_made_up}"
        con.execute(f"copy (select '{context_text}') to '{folder}/told/it.csv' (header false)")

    return made_output(name, write)


def made_output(name: str, write: Callable[..., None], *, links_others: bool = False) -> Output:
    """An output written by the function `write`."""
    output_type: type[Output] = type("Made", (Output,), {"write": property(lambda _: write)})
    return output_type(name, name, name, name, links_others=links_others)
