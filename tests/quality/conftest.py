"""The sample's candidate as the gate passed it, for tests that put bad data into it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import candidate, copy_home, failed, judge_candidate

from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.check_results import Check
from dagster_project.core.home import Home
from dagster_project.quality import gate
from dagster_project.transform import dbt_runner


@pytest.fixture(scope="session")
def sample_home(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The published sample with its whole candidate, as the gate saw it. Do not change it: use `sample_candidate`."""
    home = copy_home(sample_home, tmp_path_factory.mktemp("judged") / "home")
    shutil.copyfile(home.warehouse, home.candidate / WAREHOUSE)
    return home


Spoil = Callable[..., list[Check]]


@pytest.fixture
def sample_candidate(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the sample's home, with its candidate, which a test may change."""
    return copy_home(sample_home, tmp_path / "home")


@pytest.fixture(scope="session")
def sample_checks(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> list[Check]:
    """The gate's checks of the unchanged sample. One fails: intelligence ends a month before the other extracts."""
    checks = judge_candidate(sample_home, tmp_path_factory.mktemp("checks") / "results.json")
    assert failed(checks) == {("intelligence", "freshness", "warning")}
    return checks


@pytest.fixture
def spoil(sample_checks: list[Check]) -> Spoil:
    """Changes a candidate by SQL, builds one model of facts again, and returns the checks of what a build makes that fail
    and did not fail before. Those of the public form and the report, which a changed mart fails, too, are in
    test_outgoing_rules.py."""

    def newly_failed(home: Home, model: str, *statements: str) -> list[Check]:
        with candidate(home, read_only=False) as con:
            for statement in statements:
                rows = con.execute(statement).fetchone()
                assert rows and rows[0], f"touches no row: {statement}"
        nodes = dbt_runner.build(home, select=[model])
        assert all(n.ok for n in nodes) and nodes
        checks = [c for c in gate.judge_built(home)[0] if not c.passed]
        return [c for c in checks if (c.subject, c.rule, c.severity) not in failed(sample_checks)]

    return newly_failed
