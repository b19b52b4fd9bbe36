"""dbt's unit tests, one test case each. They are in `dbt/models/`: the logic of the models on rows written by hand.

The nightly build leaves them out. They run on an empty home, as dbt reads the columns of a model's inputs from the database.
"""

from typing import Any

import pytest

from dagster_project.core.home import DBT_PROJECT
from dagster_project.core.yaml_io import read_yaml
from dagster_project.transform import dbt_runner

from .conftest import Candidate, run_dbt

pytestmark = pytest.mark.begin_first

LISTED = sorted(
    (test["name"], test["model"])
    for path in (DBT_PROJECT / "models").rglob("*.yml")
    for test in (read_yaml(path.read_text(encoding="utf-8")) or {}).get("unit_tests", [])
)


@pytest.fixture(scope="module")
def results(empty_candidate: Candidate) -> dict[str, Any]:
    """dbt's result of each unit test, by name."""
    return {r.node.name: r for r in run_dbt(empty_candidate.home, "test", "--select", "test_type:unit").results}


def test_all_unit_tests_run(results: dict[str, Any]) -> None:
    assert LISTED, "no unit test is listed"
    names = [name for name, _ in LISTED]
    assert len(set(names)) == len(names), "two unit tests have the same name"
    assert sorted(results) == sorted(names)


def test_each_unit_test_has_a_description() -> None:
    assert [t.name for t in dbt_runner.manifest().unit_tests.values() if not t.description.strip()] == []


@pytest.mark.parametrize(("name", "model"), LISTED, ids=[f"{model}-{name}" for name, model in LISTED])
def test_the_unit_test_passes(results: dict[str, Any], name: str, model: str) -> None:
    result = results[name]
    assert str(result.status) == "pass", f"{model}: {result.status}\n{result.message}"


def test_a_wrong_expectation_fails(empty_candidate: Candidate) -> None:
    """If dbt's comparison let everything pass, the cases above would prove nothing."""
    manifest = dbt_runner.manifest()
    test = manifest.unit_tests["unit_test.pam_warehouse.offence_classes.a_homes_own_offence_code_wins"]
    expected_rows = test.expect.rows
    try:
        test.expect.rows = [{**row, "offence_class": "possession"} for row in expected_rows]
        (result,) = run_dbt(empty_candidate.home, "test", "--select", test.name).results
    finally:
        test.expect.rows = expected_rows
    assert str(result.status) == "fail", result.status
