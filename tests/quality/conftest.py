"""A candidate to spoil: the sample's, as it was when the gate let it pass."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from support import candidate, copy_home, failed

from dagster_project.core.check_results import Check
from dagster_project.core.home import Home
from dagster_project.quality import gate
from dagster_project.quality.suites import OUTGOING
from dagster_project.transform import dbt_runner
from dagster_project.transform.raw_schema import WAREHOUSE


@pytest.fixture(scope="session")
def sample_home(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """With its candidate whole, as the gate saw it. To be read, not changed."""
    home = copy_home(sample_home, tmp_path_factory.mktemp("judged") / "home")
    shutil.copyfile(home.warehouse, home.candidate / WAREHOUSE)
    return home


Spoil = Callable[..., list[Check]]


@pytest.fixture
def sample_candidate(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the sample's home, candidate and all."""
    return copy_home(sample_home, tmp_path / "home")


@pytest.fixture(scope="session")
def sample_checks(sample_home: Home) -> list[Check]:
    """What the gate says of the untouched sample. One check fails: intelligence ends a month before the other extracts."""
    checks = gate.judge(sample_home)
    assert failed(checks) == {("intelligence", "freshness", "warning")}
    return checks


def of_figures(checks: Iterable[Check]) -> list[Check]:
    """Without the checks of what leaves the force, which a spoiled mart is no longer like: test_leaving.py is about them."""
    return [c for c in checks if c.suite not in OUTGOING.values()]


@pytest.fixture
def spoil(sample_checks: list[Check]) -> Spoil:
    """Change a candidate by SQL, build one audit model again, and say which checks fail that did not before."""

    def changed(home: Home, audit: str, *statements: str) -> list[Check]:
        with candidate(home, read_only=False) as con:
            for statement in statements:
                rows = con.execute(statement).fetchone()
                assert rows and rows[0], f"touches no row: {statement}"
        nodes = dbt_runner.build(home, select=[audit])
        assert all(n.ok for n in nodes) and nodes
        checks = [c for c in of_figures(gate.judge(home)) if not c.passed]
        return [c for c in checks if (c.subject, c.rule, c.severity) not in failed(sample_checks)]

    return changed
