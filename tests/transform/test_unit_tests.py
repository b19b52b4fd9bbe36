"""dbt's unit tests, a case each: the logic of the models on rows written by hand, beside the models in `dbt/models/`.

The nightly build leaves them out. dbt asks the database for the columns of what a model reads: they run on an empty home.
"""

from typing import Any

import pytest
import yaml

from dagster_project.core.home import DBT_PROJECT
from dagster_project.transform import dbt_runner

from .conftest import Candidate, run_dbt

LISTED = sorted(
    (test["name"], test["model"])
    for path in (DBT_PROJECT / "models").rglob("*.yml")
    for test in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("unit_tests", [])
)


@pytest.fixture(scope="module")
def results(empty: Candidate) -> dict[str, Any]:
    """What dbt says of each unit test, by name."""
    return {r.node.name: r for r in run_dbt(empty.home, "test", "--select", "test_type:unit").results}


def test_all_are_run(results: dict[str, Any]) -> None:
    assert LISTED, "no unit test is listed"
    names = [name for name, _ in LISTED]
    assert len(set(names)) == len(names), "two unit tests have one name"
    assert sorted(results) == sorted(names)


def test_each_says_what_it_shows() -> None:
    assert [t.name for t in dbt_runner.manifest().unit_tests.values() if not t.description.strip()] == []


@pytest.mark.parametrize(("name", "model"), LISTED, ids=[f"{model}-{name}" for name, model in LISTED])
def test_unit(results: dict[str, Any], name: str, model: str) -> None:
    result = results[name]
    assert str(result.status) == "pass", f"{model}: {result.status}\n{result.message}"


def test_a_wrong_expectation_fails(empty: Candidate) -> None:
    """Were dbt's own comparison to let everything pass, the cases above would be worth nothing."""
    manifest = dbt_runner.manifest()
    test = manifest.unit_tests["unit_test.pam_warehouse.offence_classes.a_homes_own_offence_code_wins"]
    right = test.expect.rows
    try:
        test.expect.rows = [{**row, "offence_class": "possession"} for row in right]
        (result,) = run_dbt(empty.home, "test", "--select", test.name).results
    finally:
        test.expect.rows = right
    assert str(result.status) == "fail", result.status
