"""An empty home that dbt has built, made once and copied for tests that change it."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.home import DBT_PROJECT, Home, be_quiet
from dagster_project.transform import dbt_runner, empty_build, raw_schema

be_quiet()


def run_dbt(home: Home, *args: str) -> Any:
    """Run dbt on a home's candidate in this process; its result. Raises what dbt raises."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["PAM_CANDIDATE"] = str(home.candidate)
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "none"]
    project, target = str(DBT_PROJECT), str(home.candidate / "dbt")
    where = ["--project-dir", project, "--profiles-dir", project, "--target-path", target]
    try:
        result = dbtRunner(manifest=dbt_runner.manifest()).invoke([*quiet, *args, "--no-write-json", *where])
    finally:
        DuckDBConnectionManager.close_all_connections()
    if result.exception:
        raise result.exception
    return result.result


@dataclass(frozen=True)
class Candidate:
    """A home with a built candidate, and methods to change and test it."""

    home: Home

    def execute(self, *statements: str) -> list[tuple]:
        """Run SQL on the candidate's two files. Returns the rows of the last statement."""
        con = duckdb.connect(str(self.home.candidate / WAREHOUSE))
        try:
            con.execute(f"attach '{self.home.candidate / WORK}' as work")
            for statement in statements:
                result = con.execute(statement)
            return result.fetchall()
        finally:
            con.close()

    def test(self, *selection: str) -> dict[str, str]:
        """Status of each dbt test of a selection, by name."""
        results = run_dbt(self.home, "test", "-s", *selection).results
        return {r.node.name: str(r.status) for r in results}


@pytest.fixture(scope="session")
def empty_candidate(tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    """A candidate without any load. Do not change it: use `candidate`."""
    home = Home(tmp_path_factory.mktemp("dbt") / "home").create()
    empty_build.copy_to(home)
    raw_schema.prepare_raw(home, "night", date(2026, 1, 6))
    return Candidate(home)


@pytest.fixture(scope="session")
def compiled_sql(made_once: Callable[..., Path], request: pytest.FixtureRequest) -> dict[str, str]:
    """The SQL that dbt compiles for each model and data test, by name."""

    def make(folder: Path) -> None:
        home = request.getfixturevalue("empty_candidate").home
        results = run_dbt(home, "compile", "-s", "resource_type:model").results
        (folder / "sql.json").write_text(json.dumps({r.node.name: r.node.compiled_code for r in results}), encoding="utf-8")

    return json.loads((made_once("compiled_sql", make) / "sql.json").read_text(encoding="utf-8"))


@pytest.fixture
def candidate(empty_candidate: Candidate, tmp_path: Path) -> Iterator[Candidate]:
    """A copy of the empty candidate, which a test may change. Its raw extracts are tables, so that rows can be added."""
    home = Home(tmp_path / "home")
    shutil.copytree(empty_candidate.home.path, home.path)
    with duckdb.connect(str(home.candidate / WORK)) as con:
        for extract in load_contracts():
            con.execute(f'create table raw.new_table as from raw."{extract}"; drop view raw."{extract}"')
            con.execute(f'alter table raw.new_table rename to "{extract}"')
    yield Candidate(home)


@pytest.fixture(scope="session")
def dbt_project() -> Callable[[str], list[Path]]:
    """The project's own files of a kind (`*.sql`, `*.yml`)."""
    return lambda pattern: sorted(p for d in ("models", "macros") for p in (DBT_PROJECT / d).rglob(pattern))
