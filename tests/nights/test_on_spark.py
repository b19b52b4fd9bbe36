"""A night on Spark is the night on DuckDB: every row of every relation, of the sample and of awkward files beside it.

One home, whose files both engines read: the sample's of Derbyshire, and four nights of tests/nasty under the name of another
force, with a list of areas of its own: of two units, since ten would say no more of SQL that treats all alike.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from nasty.plan import write_nasty
from support import night

from dagster_project import transform
from dagster_project.gate import Check
from dagster_project.night_run import NightRun
from dagster_project.nights import read_receipts
from dagster_project.prepare import OWN_LISTS, WAREHOUSE, WORK
from dagster_project.sample import write_sample
from dagster_project.settings import PROJECT, SEEDS, Home
from dagster_project.spark import SparkMissingError, require

SEED = int(os.environ.get("PAM_TEST_SEED", "7"))
OTHER = "nottinghamshire"
UNITS = ("chesterfield", "derby-east")
"""One a section. Rows of the others are of a unit that the list does not have."""
SMALL = {
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
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m -Xmn1g",
}
"""What makes Spark spend less on small data; no setting changes a figure."""

try:
    require()
    LACKS = ""
except SparkMissingError as error:
    LACKS = str(error)
needs_spark = pytest.mark.skipif(bool(LACKS), reason=LACKS)


def drop(home: Home, made: Path, place: int) -> None:
    """A night's files, those of Derbyshire as another force's; what data.police.uk publishes says whose it is inside."""
    for path in sorted((made / f"night{place:02d}").iterdir()):
        shutil.copy2(path, home.inbox / path.name.replace("__derbyshire__", f"__{OTHER}__"))


def tables() -> list[tuple[str, str, str]]:
    """Database, schema and name of every model that is a table."""
    models = [n for n in transform.manifest().nodes.values() if n.resource_type == "model"]
    return [(str(n.database), n.schema, n.alias) for n in models if n.config.materialized == "table"]


def differences(one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Relations of two candidates that differ: how many rows each has that the other lacks. Doubles, which only the gate reads,
    to nine places: they are added in any order."""
    found = {}
    with duckdb.connect() as con:
        for name, folder in (("one", one), ("other", other)):
            for file, database in ((WAREHOUSE, "warehouse"), (WORK, "work")):
                con.execute(f"attach '{folder / file}' as {name}_{database} (read_only)")
        for database, schema, table in tables():
            columns = con.execute(f"describe one_{database}.{schema}.{table}").fetchall()
            chosen = ", ".join(f"round({c[0]}, 9)" if c[1] == "DOUBLE" else f'"{c[0]}"' for c in columns)
            sides = [f"select {chosen} from {name}_{database}.{schema}.{table}" for name in ("one", "other")]
            lacking = [
                con.execute(f"select count(*) from ({a} except all {b})").fetchone()[0] for a, b in (sides, reversed(sides))
            ]
            if any(lacking):
                found[f"{schema}.{table}"] = tuple(lacking)
    return found


def said(check: Check) -> tuple[str, str, str, bool]:
    """What a check is of, and whether it passed."""
    return check.suite, check.subject, check.rule, check.passed


@pytest.fixture(scope="module")
def made_here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path, list[Check]]:
    """A home that has landed all files, the candidate that DuckDB made of them, and what the gate says to it."""
    folder = tmp_path_factory.mktemp("engines")
    home = Home(folder / "home").create()
    home.config_file.write_text("[spark.settings]\n" + "".join(f"{k!r} = {v!r}\n".replace("'", '"') for k, v in SMALL.items()))
    home.seeds.mkdir()
    with (home.seeds / "areas.csv").open("w", newline="") as file, (SEEDS / "areas.csv").open(newline="") as seed:
        rows = csv.DictWriter(file, OWN_LISTS["areas"], extrasaction="ignore")
        rows.writeheader()
        rows.writerows({**row, "force_code": OTHER} for row in csv.DictReader(seed) if row["lpu_code"] in UNITS)
    write_sample(home.inbox)
    write_nasty(folder / "made", SEED)
    for place in (1, 2, 3, 4):
        drop(home, folder / "made", place)
        with night(home) as run:
            run.land()
    with night(home, engine="duckdb") as run:
        run.land()
        run.build()
        checks = run.judge()
        shutil.copytree(home.candidate, folder / "duckdb")
    return home, folder / "duckdb", checks


@needs_spark
def test_every_row_is_the_same(made_here: tuple[Home, Path, list[Check]]) -> None:
    home, on_duckdb, checks = made_here
    with night(home, engine="spark") as run:
        run.land()
        nodes = run.build()
        # Tests come in the order in which they were done.
        assert sorted(said(c) for c in run.judge()) == sorted(said(c) for c in checks)
    assert len(nodes) == sum(n.resource_type in ("model", "seed", "test") for n in transform.manifest().nodes.values())
    assert differences(on_duckdb, home.candidate) == {}
    assert not home.spill.exists()


def test_a_row_that_differs_is_seen(made_here: tuple[Home, Path, list[Check]], tmp_path: Path) -> None:
    _, on_duckdb, _ = made_here
    shutil.copytree(on_duckdb, tmp_path / "other")
    with duckdb.connect(str(tmp_path / "other" / WAREHOUSE)) as con:
        con.execute(
            "update marts.mart_iom set value = value + 0.0000000001"
            " where rowid = (select min(rowid) from marts.mart_iom where value is not null)"
        )
        con.execute("delete from reports.cells where rowid = 0")
    assert differences(on_duckdb, tmp_path / "other") == {"marts.mart_iom": (1, 1), "reports.cells": (1, 0)}


def test_without_java_it_says_which(new_home: Home) -> None:
    """Before anything is landed."""
    environment = {**os.environ, "PATH": "/nowhere", "JAVA_HOME": "/nowhere"}
    said = subprocess.run(
        [sys.executable, "-m", "dagster_project.cli", "nightly", "--engine", "spark", "--home", str(new_home.path)],
        env=environment, cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert ("requirements-spark.lock" if "requirements-spark.lock" in LACKS else "Java 17") in said.stderr
    assert not read_receipts(new_home)


def test_without_pyspark_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.spark.session.find_spec", lambda name: None)
    with pytest.raises(SparkMissingError, match=r"requirements-spark\.lock"):
        require()


def test_the_engine_is_a_setting(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    new_home.config_file.write_text('[night]\nengine = "spark"\n')
    monkeypatch.setattr("dagster_project.spark.session.find_spec", lambda name: None)
    with pytest.raises(SparkMissingError):
        NightRun(new_home).begin()
    with night(new_home, engine="duckdb") as run:
        assert run.engine == "duckdb"
