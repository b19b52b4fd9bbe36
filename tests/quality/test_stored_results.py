"""Which night's results are meant, and how many nights' results are kept."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from dagster_project.core.home import Home
from dagster_project.core.receipts import Receipt, read_receipts, write_receipt
from dagster_project.quality import relation_rules, stored_results
from dagster_project.quality.stored_results import nights, path_of, read_results, write_results

NIGHTS = [f"202601{day:02d}T020000Z" for day in (1, 2, 3)]


def test_results_of_the_last_nights_are_kept(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """By when the nights began: the tenth of one second is later than the second."""
    monkeypatch.setattr(stored_results, "LAST", 3)
    same_second = [f"{NIGHTS[0]}-2", f"{NIGHTS[0]}-10"]
    new_home.checks.mkdir(exist_ok=True)
    (new_home.checks / ".half.json").write_text("{", encoding="utf-8")
    for night in (NIGHTS[0], same_second[1], same_second[0], NIGHTS[1]):
        write_results(path_of(new_home, night), [{"meta": {}}])
    assert nights(new_home) == [*same_second, NIGHTS[1]]
    assert read_results(new_home, NIGHTS[1])[0]["meta"]["run_id"]["run_name"] == NIGHTS[1]


def test_values_of_keys_and_identifiers_of_an_extract_are_private() -> None:
    assert relation_rules._private_columns("staging", "exploitation_outcomes") == {"outcome_ref", "person_ref"}
    assert relation_rules._private_columns("marts", "exploitation_outcomes") == set()


def test_the_columns_that_rules_name_are_read_and_no_others() -> None:
    def rule(kind: str, **kwargs: Any) -> dict[str, Any]:
        return {"type": f"expect_{kind}", "kwargs": kwargs}

    rules = [
        rule("column_values_to_be_between", column="b", max_value=1, row_condition="c > 1"),
        rule("column_pair_values_to_be_equal", column_A="b", column_B="d"),
        rule("compound_columns_to_be_unique", column_list=["b", "e"]),
    ]
    kinds = dict.fromkeys("zabcdef", "VARCHAR")
    assert relation_rules._columns_read(rules, kinds) == ["b", "c", "d", "e"]
    assert relation_rules._columns_read([rule("table_row_count_to_be_between", max_value=1)], kinds) == ["z"]
    assert relation_rules._columns_read([rule("table_columns_to_match_set", column_set=["a"])], kinds) == [*kinds]


def test_an_error_of_a_rule_is_a_line_without_the_paths_of_the_machine() -> None:
    """Great Expectations says it of the rule, or of each of its parts."""
    for is_of_parts in (False, True):
        info = {"raised_exception": True, "exception_message": "no\n column", "exception_traceback": "/home/x.py"}
        answer = {"exception_info": {"a metric": info} if is_of_parts else info}
        assert (relation_rules.take_error(answer), info["exception_traceback"]) == ("no column", "")
    assert relation_rules.take_error({"exception_info": {"raised_exception": False}}) == ""
    assert relation_rules._short("x" * 60) == f"'{'x' * 56}..." and relation_rules._short([1.5] * 9).endswith("1.5, ...)")


def test_a_relation_is_looked_for_in_the_schemas_that_rules_may_name() -> None:
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as warehouse; attach ':memory:' as work")
        for schema in ("warehouse.marts", "warehouse.reports", "work.staging", "work.raw"):
            con.execute(f"create schema {schema}")
        for name in ("warehouse.reports.offences", "warehouse.marts.offences", "work.staging.stg_crimes", "work.raw.loads"):
            con.execute(f"create table {name} (a integer)")
        found = {name: relation_rules._find(con, name)[0] for name in (
            "offences", "reports.offences", "staging.stg_crimes", "marts.stg_crimes", "raw.loads", "loads",
        )}  # fmt: skip
        nearest = [relation_rules._find(con, name)[2].partition("; nearest: ")[2] for name in (
            "stg_crime", "staging.offence", "marts.offence", "raw.loads",
        )]  # fmt: skip
    assert nearest == ["stg_crimes", "", "offences", ""], "of the schema that was meant, and none that rules may not name"
    assert found == {
        "offences": 'warehouse.marts."offences"', "reports.offences": 'warehouse.reports."offences"',
        "staging.stg_crimes": 'work.staging."stg_crimes"', "marts.stg_crimes": None, "raw.loads": None, "loads": None,
    }  # fmt: skip


def test_what_to_do_is_said_once_below_all_that_a_rule_found(pam: Callable, sample_copy: Home) -> None:
    """With 22 late extracts it was said 22 times."""
    (receipt,) = read_receipts(sample_copy)
    (late,) = (c for c in receipt.checks if not c["passed"])
    others = [c for c in receipt.checks if c["passed"]]
    skipped = {**late, "rule": "a_rule", "message": "three", "found": "skipped"}
    checks = [skipped, *({**late, "message": m} for m in ("one", "two")), *others]
    write_receipt(sample_copy, replace(receipt, checks=checks))
    write_receipt(sample_copy, Receipt(NIGHTS[0], "failed", "2026-01-01T02:00:00Z", "2026-01-01T02:00:01Z", "of another night"))
    lines = pam("checks", "--home", sample_copy.path).stdout.splitlines()
    assert [line.split()[:2] for line in lines if "Warning" in line] == [["Warning", m] for m in ("one", "two", "three")]
    assert sum(late["advice"] in line for line in lines) == 2
    assert lines[-1] == f"Night {receipt.night_id} (published): {len(others)} of {len(checks)} checks passed"


def test_a_home_without_a_checked_night_says_so(new_home: Home, pam: Callable) -> None:
    result = pam("checks", "--home", new_home.path)
    assert result.exit_code and f"{new_home.path}: no night has been checked yet" in result.stderr
