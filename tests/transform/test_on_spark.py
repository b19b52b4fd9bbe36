"""A night on Spark equals the night on DuckDB: every row of every relation, made of unusual files.

Both engines read the files of one home: four nights of oracle/unusual_files, of two forces. The home's list of areas has two
units of one force, as SQL that treats all units alike needs no more. The long run alone builds on Spark, and then a night on
DuckDB, with two more files, after a night that Spark published; in the suite, test_sql_on_spark.py has Spark read the SQL.
"""

import csv
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from oracle.unusual_files.plan import BELIEVED, write_unusual_files
from support import candidate, copy_home, drop_something, night

from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.check_results import Check
from dagster_project.core.home import PROJECT, SEEDS, Home
from dagster_project.core.home_lists import OWN_LISTS
from dagster_project.core.receipts import read_receipts
from dagster_project.nights.errors import NightFailedError
from dagster_project.nights.night_run import NightRun
from dagster_project.transform import dbt_runner
from dagster_project.transform.candidate import EVENT_DAYS, start
from dagster_project.transform.dbt_runner import Node
from dagster_project.transform.spark import SparkMissingError, require

from .needs_spark import QUICK_JAVA, WHY_NO_SPARK, needs_spark

pytestmark = pytest.mark.begin_first

SEED = int(os.environ.get("PAM_TEST_SEED", "7"))
UNITS = ("chesterfield", "derby-east")
"""One a section. Rows of other units have a unit that is not in the list."""
LATER_FILES = ("crimes__derbyshire__2025-10-20__2025-11-21__", "naloxone__derbyshire__2023-10-01__2025-03-31__")
"""One corrects and withdraws rows of earlier files; one is older than the files that came before it."""
SMALL_DATA_SETTINGS = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.ui.explainMode": "simple",
    "spark.buffer.pageSize": "1m",
    **QUICK_JAVA,
}
"""Settings that make Spark faster on small data; none changes a figure."""


def drop(home: Home, files: Path, place: int, later: Path) -> None:
    """Drop the files of a night. LATER_FILES go to a folder of their own."""
    for path in sorted((files / f"night{place:02d}").iterdir()):
        shutil.copy2(path, (later if path.name.startswith(LATER_FILES) else home.inbox) / path.name)


def tables() -> list[tuple[str, str, str]]:
    """Database, schema and name of every model that is a table after a night: the sums of days are dropped."""
    models = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "model" and n.name != EVENT_DAYS]
    return [(str(n.database), n.schema, n.alias) for n in models if n.config.materialized != dbt_runner.VIEW]


def differences(one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Relations that differ between two candidates: how many rows each has that the other lacks. Doubles, which only the gate
    reads, are compared to nine places: the order of adding varies.
    """
    row_counts = {}
    with duckdb.connect() as con:
        for name, folder in (("one", one), ("other", other)):
            attach(con, folder, f"{name}_")
        for database, schema, table in tables():
            columns = con.execute(f"describe one_{database}.{schema}.{table}").fetchall()
            # The night that landed a load differs between homes.
            columns = [c for c in columns if (table, c[0]) != ("standing_loads", "night_id")]
            chosen = ", ".join(f"round({c[0]}, 9)" if c[1] == "DOUBLE" else f'"{c[0]}"' for c in columns)
            sides = [f"select {chosen} from {name}_{database}.{schema}.{table}" for name in ("one", "other")]
            missing_rows = [
                con.execute(f"select count(*) from ({a} except all {b})").fetchone()[0] for a, b in (sides, reversed(sides))
            ]
            if any(missing_rows):
                row_counts[f"{schema}.{table}"] = tuple(missing_rows)
    return row_counts


def attach(con: duckdb.DuckDBPyConnection, candidate: Path, prefix: str = "") -> None:
    """Attach a candidate's two files under dbt's names."""
    for file, database in ((WAREHOUSE, "warehouse"), (WORK, "work")):
        con.execute(f"attach '{candidate / file}' as {prefix}{database} (read_only)")


def empty_tables(candidate: Path) -> list[str]:
    """Tables without a row: comparing them would prove nothing."""
    with duckdb.connect() as con:
        attach(con, candidate)
        return [name for at, schema, name in tables() if not con.execute(f"from {at}.{schema}.{name} limit 1").fetchall()]


def outcome(check: Check) -> tuple[str, str, str, bool]:
    """Suite, subject and rule of a check, and whether it passed."""
    return check.suite, check.subject, check.rule, check.passed


@dataclass(frozen=True)
class DuckDBNight:
    """A home that landed all files but LATER_FILES, which are in a folder; and the candidate that DuckDB built."""

    home: Home
    later: Path
    candidate: Path


@dataclass(frozen=True)
class SparkNight:
    """The checks of DuckDB's candidate; and a published night of the same home on Spark, with its candidate from before
    publishing."""

    checks_on_duckdb: list[Check]
    nodes: list[Node]
    checks: list[Check]
    candidate: Path


@pytest.fixture(scope="module")
def duckdb_night(tmp_path_factory: pytest.TempPathFactory) -> DuckDBNight:
    folder = tmp_path_factory.mktemp("engines")
    home, later = Home(folder / "home").create(), folder / "later"
    later.mkdir()
    settings = "".join(f"{k!r} = {v!r}\n".replace("'", '"') for k, v in SMALL_DATA_SETTINGS.items())
    home.config_file.write_text(BELIEVED + "[spark.settings]\n" + settings)
    home.seeds.mkdir()
    with (home.seeds / "areas.csv").open("w", newline="") as file, (SEEDS / "areas.csv").open(newline="") as seed:
        rows = csv.DictWriter(file, OWN_LISTS["areas"], extrasaction="ignore")
        rows.writeheader()
        rows.writerows(row for row in csv.DictReader(seed) if row["force_code"] == "derbyshire" and row["lpu_code"] in UNITS)
    write_unusual_files(folder / "made", SEED)
    for place in (1, 2, 3, 4):
        drop(home, folder / "made", place, later)
        with night(home) as run:
            run.land()
    with night(home, engine="duckdb") as run:
        run.land()
        run.build()
        shutil.copytree(home.candidate, folder / "duckdb")
    return DuckDBNight(home, later, folder / "duckdb")


@pytest.fixture(scope="module")
def spark_night(duckdb_night: DuckDBNight, tmp_path_factory: pytest.TempPathFactory) -> SparkNight:
    copy = tmp_path_factory.mktemp("spark") / "candidate"
    with night(duckdb_night.home, engine="duckdb", rebuild=True) as run:
        run.land()
        run.build()
        checks_on_duckdb = run.judge()
    with night(duckdb_night.home, engine="spark") as run:
        run.land()
        nodes = run.build()
        checks = run.judge()
        shutil.copytree(duckdb_night.home.candidate, copy)
        run.publish()
    return SparkNight(checks_on_duckdb, nodes, checks, copy)


@needs_spark
@pytest.mark.long
def test_every_row_is_the_same(duckdb_night: DuckDBNight, spark_night: SparkNight) -> None:
    assert empty_tables(spark_night.candidate) == []
    # dbt's tests are in the order in which they ended.
    assert sorted(map(outcome, spark_night.checks)) == sorted(map(outcome, spark_night.checks_on_duckdb))
    nodes = dbt_runner.manifest().nodes.values()
    assert len(spark_night.nodes) == sum(n.resource_type in ("model", "seed", "test") for n in nodes)
    assert differences(duckdb_night.candidate, spark_night.candidate) == {}
    assert not duckdb_night.home.spill.exists()


@needs_spark
@pytest.mark.long
def test_the_next_night_on_duckdb_equals_a_rebuild(duckdb_night: DuckDBNight, spark_night: SparkNight, tmp_path: Path) -> None:
    """After a night that Spark published, with new files of one force."""
    assert len(list(duckdb_night.later.iterdir())) == len(LATER_FILES)
    other = copy_home(duckdb_night.home, tmp_path / "home")
    for home, rebuild in ((other, True), (duckdb_night.home, False)):
        with night(home, duckdb_night.later, rebuild=rebuild, engine="duckdb") as run:
            run.land()
            run.build()
            if not rebuild:
                with candidate(home) as con:
                    rebuilt = con.execute(
                        "select force_code, from_month_no > 0 from raw.figures_made where mart = 'mart_drug_offences'"
                    ).fetchall()
                assert rebuilt == [("derbyshire", True)], "the other force's figures are carried forward"
            run.judge()
    assert differences(other.candidate, duckdb_night.home.candidate) == {}


@pytest.mark.long
def test_a_different_row_is_found(duckdb_night: DuckDBNight, tmp_path: Path) -> None:
    original = duckdb_night.candidate
    shutil.copytree(original, tmp_path / "other")
    with duckdb.connect(str(tmp_path / "other" / WAREHOUSE)) as con:
        con.execute(
            "update marts.mart_iom set value = value + 0.0000000001"
            " where rowid = (select min(rowid) from marts.mart_iom where value is not null)"
        )
        con.execute("delete from reports.cells where rowid = 0")
    assert differences(original, tmp_path / "other") == {"marts.mart_iom": (1, 1), "reports.cells": (1, 0)}


def test_a_failed_night_on_spark_is_not_built_on(sample_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is the candidate filled: it holds nothing that looks like figures."""
    failed = Node("model.pam_warehouse.periods", "periods", "model", "error", "no", 0)
    monkeypatch.setattr("dagster_project.nights.night_run.spark.require", lambda: None)
    monkeypatch.setattr("dagster_project.transform.spark.spark_session", lambda *_: nullcontext())
    monkeypatch.setattr("dagster_project.transform.spark.make_raw_views", lambda *_: None)
    monkeypatch.setattr(dbt_runner, "build", lambda *_: [failed])
    drop_something(sample_copy)
    with night(sample_copy, engine="spark") as run:
        run.land()
        with pytest.raises(NightFailedError, match="periods"):
            run.build()
    assert start(sample_copy).base != "night"


def test_without_java_the_message_names_what_to_install(new_home: Home) -> None:
    """And nothing is landed."""
    environment = {**os.environ, "PATH": "/nowhere", "JAVA_HOME": "/nowhere"}
    process = subprocess.run(
        [sys.executable, "-m", "dagster_project", "nightly", "--engine", "spark", "--home", str(new_home.path)],
        env=environment, cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert ("bootstrap.py spark" if "bootstrap.py spark" in WHY_NO_SPARK else "Java 17") in process.stderr
    assert not read_receipts(new_home)


def test_without_pyspark_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.transform.spark.session.find_spec", lambda name: None)
    with pytest.raises(SparkMissingError, match=r"bootstrap\.py spark"):
        require()


def test_the_engine_is_a_setting(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    new_home.config_file.write_text('[night]\nengine = "spark"\n')
    monkeypatch.setattr("dagster_project.transform.spark.session.find_spec", lambda name: None)
    with pytest.raises(SparkMissingError):
        NightRun(new_home).begin()
    with night(new_home, engine="duckdb") as run:
        assert run.engine == "duckdb"
