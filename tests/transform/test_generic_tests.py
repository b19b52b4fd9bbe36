"""Bad data for each dbt data test: they hold a night, so each must be able to fail."""

import pytest

from dagster_project.contracts import Contract, load_contracts
from dagster_project.transform import dbt_runner

from .conftest import Candidate

SAMPLE = {"date": "2025-01-31", "timestamp": "2025-01-31 10:00:00", "month": "2025-01-01", "whole": "1"}


def _raw(contract: Contract, load: str = "a", line: int = 2, force: str = "derbyshire", **changed: str | None) -> str:
    """SQL to insert one landed row with key and date."""
    required = {c.name: SAMPLE.get(c.type, "x") for c in contract.columns if c.key or c.name == contract.date_column}
    row = {**required, **changed, "_force_code": force, "_load_id": load, "_line": str(line)}
    values = ", ".join("null" if v is None else f"'{v}'" for v in row.values())
    return f'insert into work.raw."{contract.extract}" ({", ".join(row)}) values ({values})'


CURRENT = [
    ("incidents", [{}], "pass"),
    ("incidents", [{}, {"load": "b"}], "fail"),
    ("incidents", [{}, {"force": "kent"}], "pass"),
    ("incidents", [{}, {"line": 3, "incident_ref": "y"}], "pass"),
    ("incidents", [{"incident_ref": None}], "fail"),
    ("incidents", [{"created_at": None}], "fail"),
    ("iom_cohort", [{}, {"line": 3, "cohort_size": "9"}], "fail"),
    ("stop_search", [{}, {"load": "b"}], "fail"),
    ("stop_search", [{"search_ref": None}, {"line": 3, "search_ref": None}], "pass"),
    ("stop_search", [{"search_ref": None}, {"search_ref": None}], "fail"),
    ("stop_search", [{"search_ref": None, "searched_at": None}], "fail"),
    ("street_crime", [{}, {"line": 3}], "pass"),
    ("street_crime", [{}, {}], "fail"),
    ("street_crime", [{"month": None}], "fail"),
    ("public_health", [{}, {"line": 3}, {"load": "b"}], "pass"),
    ("public_health", [{}, {}], "fail"),
]
"""Rows of an extract, and the result of its test."""


def test_one_current_version(compiled_sql: dict[str, str], candidate: Candidate) -> None:
    """With the SQL that dbt compiles for each test."""
    contracts = load_contracts()
    queries = {x: compiled_sql[f"one_current_version_stg_{x}"] for x in contracts}
    results = [
        (extract, rows, "fail" if candidate.execute(
            f'delete from work.raw."{extract}"', *(_raw(contracts[extract], **row) for row in rows), queries[extract]
        ) else "pass")
        for extract, rows, _ in CURRENT
    ]  # fmt: skip
    assert results == CURRENT


def test_one_current_version_of_every_extract(candidate: Candidate) -> None:
    """A row that appears twice fails the test, in any extract."""
    contracts = load_contracts()
    candidate.execute(*(_raw(c) for c in contracts.values() for _ in range(2)))
    statuses = candidate.test("test_name:one_current_version")
    assert len(statuses) == len(contracts)
    assert set(statuses.values()) == {"fail"}


UNIQUE = {
    "work.staging.superseded_rows (load_id, line, reason)": ("'a', '2', 'withdrawn'", "'a', '2', 'replaced'"),
    "work.staging.unit_names (force_code, unit_name, unit_code)": ("'kent', 'dover', 'a'", "'kent', 'dover', 'b'"),
    "work.staging.offence_classes": ("'77/50', 'possession'", "'77/50', 'trafficking'"),
    "warehouse.bi.dim_area (area_key, area_name)": ("'kent/lpu/a', 'Dover'", "'kent/lpu/a', 'Deal'"),
    "warehouse.bi.dim_measure (measure_key, unit)": ("'mart_x/arrests', 'count'", "'mart_x/arrests', 'gbp'"),
    "warehouse.marts.mart_control_charts (force_code, area_type, area_code, measure, category, period_start, value)": (
        "'kent', 'force', 'kent', 'arrests', 'all', '2025-01-01', 1",
        "'kent', 'force', 'kent', 'arrests', 'all', '2025-01-01', 2",
    ),
}
"""Relation -> a row, and another with the same key."""


def test_unique(candidate: Candidate) -> None:
    for i, status in ((0, "pass"), (1, "fail")):
        candidate.execute(*(f"insert into {relation} values ({rows[i]})" for relation, rows in UNIQUE.items()))
        statuses = candidate.test("test_name:unique", "test_name:unique_together")
        assert len(statuses) == len(UNIQUE) and set(statuses.values()) == {status}, statuses


def test_accepted_values(candidate: Candidate) -> None:
    tests = [t for t in _data_tests() if t.test_metadata.name == "accepted_values"]
    assert tests
    candidate.execute(
        *(f"insert into work.seeds.{t.attached_node.split('.')[-1]} ({t.column_name}) values ('nonsense')" for t in tests)
    )
    statuses = candidate.test("test_name:accepted_values")
    assert len(statuses) == len(tests)
    assert set(statuses.values()) == {"fail"}


def _data_tests() -> list:
    return [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "test"]


def test_every_data_test_has_bad_data() -> None:
    """A new kind of test needs its own case here."""
    kinds = {t.test_metadata.name for t in _data_tests()}
    assert kinds == {"one_current_version", "unique", "unique_together", "accepted_values"}
    unique = {t.attached_node.split(".")[-1] for t in _data_tests() if t.test_metadata.name in ("unique", "unique_together")}
    assert unique == {relation.split(".")[2].split(" ")[0] for relation in UNIQUE}


def test_every_data_test_has_a_short_name_and_a_description() -> None:
    """Alerts and pages show both. Without a name dbt makes one of the arguments."""
    assert [t.name for t in _data_tests() if not t.description or len(t.name) > 60] == []


def test_a_test_that_only_warns_does_not_hold_the_night(candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    """As dbt has it: `severity: warn`."""
    test = next(t for t in _data_tests() if t.name == "unique_offence_classes")
    candidate.execute(*(f"insert into work.staging.offence_classes values ('77/50', '{x}')" for x in ("other", "trafficking")))
    (check,) = dbt_runner.checks(dbt_runner.build(candidate.home, [test.name]))
    assert check.holds and check.reason == "A code has one class."
    monkeypatch.setattr(test.config, "severity", "WARN")
    (check,) = dbt_runner.checks(dbt_runner.build(candidate.home, [test.name]))
    assert (check.severity, check.passed, check.holds) == ("warning", False, False)
    assert "Got 1 result" in check.message
    candidate.execute("delete from work.staging.offence_classes")
    (check,) = dbt_runner.checks(dbt_runner.build(candidate.home, [test.name]))
    assert (check.severity, check.passed) == ("warning", True)
    candidate.execute("drop table work.staging.offence_classes")
    (check,) = dbt_runner.checks(dbt_runner.build(candidate.home, [test.name]))
    assert check.holds, "a test that can't run finds nothing out"


def test_all_data_tests_pass_on_an_empty_home(empty_candidate: Candidate) -> None:
    statuses = empty_candidate.test("test_type:data")
    assert len(statuses) == len(_data_tests())
    assert set(statuses.values()) == {"pass"}
