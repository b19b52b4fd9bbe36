"""Every rule has bad data, every suite has its rules, and a missing result fails."""

from pathlib import Path
from string import Formatter

import duckdb
import pandas as pd
import pytest
import yaml
from support import MARTS, candidate, judge_candidate, seed

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WORK
from dagster_project.core.check_results import Check
from dagster_project.core.config import Public
from dagster_project.core.home import DBT_PROJECT, EXPECTATIONS, Home
from dagster_project.landing import accepted, read_ledger
from dagster_project.quality import gate
from dagster_project.quality.gate import outgoing_facts
from dagster_project.quality.suites import FACTS, OUTGOING, SuiteError, load_suites, read_suites, suite_for

from .figure_cases import FIGURE_CASES
from .test_extract_rules import EXTRACT_CASES
from .test_outgoing_rules import OUTGOING_CASES

IN_NIGHTS = {
    "month_far_from_the_year_before", "money_far_above_the_year_before", "unit_without_events", "forgotten_values",
}  # fmt: skip
"""Rules with nights of their own as bad data: test_month_rules.py here, and tests/nights/test_changed_lists.py."""
SUITES = load_suites()
RULES = {
    (suite.subject, e["meta"]["rule"]): e["kwargs"] for suite in SUITES.values() for e in suite.expectations
}  # fmt: skip


def test_every_rule_has_bad_data() -> None:
    rules = {
        e["meta"]["rule"]
        for path in [*EXPECTATIONS.glob("*.yml"), *(EXPECTATIONS / "shared").glob("*.yml")]
        for body in [yaml.safe_load(path.read_text(encoding="utf-8"))]
        for e in (body if isinstance(body, list) else body.get("expectations", ()))
    }
    assert rules == {rule for _, rule in RULES}, "a shared file that no suite includes"
    assert rules == {*FIGURE_CASES, *EXTRACT_CASES, *IN_NIGHTS, *OUTGOING_CASES}


def test_sentences_name_only_columns_of_the_facts() -> None:
    """Rules on extracts are about shares, days or rows: each has a sentence that says which."""
    described = yaml.safe_load((DBT_PROJECT / "models" / "gate" / "_gate.yml").read_text(encoding="utf-8"))["models"]
    columns = {model["name"]: {c["name"] for c in model["columns"]} for model in described}
    for suite in SUITES.values():
        for e in suite.expectations:
            sentence = e["meta"].get("sentence", "")
            assert sentence or suite.subject != "extract", e["meta"]["rule"]
            fact_columns = columns.get(FACTS.get(suite.subject, ""), set())
            assert {name for _, name, _, _ in Formatter().parse(sentence) if name} <= fact_columns, sentence


def test_every_shared_file_is_included_by_a_suite() -> None:
    included = {
        part
        for path in EXPECTATIONS.glob("*.yml")
        for part in yaml.safe_load(path.read_text(encoding="utf-8")).get("include", ())
    }
    assert included == {p.stem for p in (EXPECTATIONS / "shared").glob("*.yml")}


def test_severities_are_those_of_the_bad_data() -> None:
    severities = {e["meta"]["rule"]: e["severity"] for s in SUITES.values() for e in s.expectations}
    assert {severities[rule] for rule in (*FIGURE_CASES, *OUTGOING_CASES)} == {"critical"}
    assert {(rule, severities[rule]) for rule in EXTRACT_CASES} == {
        (rule, severity) for rule, cases in EXTRACT_CASES.items() for _, severity in cases
    }


def test_one_place_in_which_figures_contradict_themselves_holds_the_night() -> None:
    """Bad data often break a rule in many places, and would still fail it with a limit above 0."""
    limits = [kwargs for (_, rule), kwargs in RULES.items() if rule in {*FIGURE_CASES, *OUTGOING_CASES}]
    assert {(kwargs["min_value"], kwargs["max_value"]) for kwargs in limits} == {(0, 0)}


def subjects_with(subject: str, rule: str) -> set[str]:
    """The extracts or marts to which a rule applies."""
    names = load_contracts() if subject == "extract" else [s.name for s in SUITES.values() if s.subject == "mart"]
    if subject == "report":
        # The report has no table of this mart.
        names = [n for n in names if n != "mart_street_crime"]
    return {
        name
        for name in names
        for suite in [suite_for(subject, name)]
        if suite and any(e["meta"]["rule"] == rule for e in suite.expectations)
    }


@pytest.fixture(scope="module")
def facts(sample_home: Home) -> dict[str, pd.DataFrame]:
    """The facts of the sample that the gate judges, by subject, as if nothing were late: all pass."""
    with candidate(sample_home) as con:
        frames = {kind: con.execute(f"select * from gate.{table}").df() for kind, table in FACTS.items()}
    frames |= {kind: frame for kind, (frame, _) in outgoing_facts(sample_home, Public()).items()}
    for subject, frame in frames.items():
        if "days_late" in frame:
            frame["days_late"] = 0
        assert [c for c in gate._judge_kind(subject, frame, set())[0] if not c.passed] == []
    return frames


@pytest.mark.parametrize("subject", sorted({subject for subject, _ in RULES}))
def test_bad_values_fail_every_suite_with_the_rule(subject: str, facts: dict[str, pd.DataFrame]) -> None:
    """With bad values in every row, each subject of a rule fails it. Each rule has its own column, the same in every suite."""
    rules = {rule: kwargs for of, rule in RULES if of == subject for kwargs in [RULES[of, rule]]}
    assert len({kwargs["column"] for kwargs in rules.values()}) == len(rules)
    for suite in SUITES.values():
        for e in suite.expectations if suite.subject == subject else ():
            assert e["kwargs"] == rules[e["meta"]["rule"]], suite.name
    # Two facts of each: the sample has hundreds of a mart, and what broke a rule is listed.
    frame = facts[subject].groupby(subject).head(2).copy()
    judged = {*frame[subject]}
    expected = {(name, rule) for rule in rules for name in subjects_with(subject, rule) & judged}
    assert {rule for _, rule in expected} == {*rules}
    for value in (lambda kwargs: kwargs["max_value"] + 1, lambda kwargs: kwargs.get("min_value", 1e9) - 0.01):
        for kwargs in rules.values():
            frame[kwargs["column"]] = value(kwargs)
        assert {(c.subject, c.rule) for c in gate._judge_kind(subject, frame, set())[0] if not c.passed} == expected


def test_suites_have_the_rules_that_their_figures_need(sample_home: Home) -> None:
    """A mart with units, categories, rates or years must have the rules on them."""
    with candidate(sample_home) as con:
        marts = con.execute(
            "select mart, bool_or(area_type in ('lpu', 'district')) and mart <> 'mart_public_health' as units,"
            " bool_or(category <> 'all') and mart <> 'mart_public_health' as categories, bool_or(unit = 'percent') as rates,"
            " bool_or(period_type = 'calendar_year') as years from warehouse.marts.measures group by mart"
        ).fetchall()
    needed = {"force_not_its_units": 1, "all_not_its_categories": 2, "rate_not_its_parts": 3, "year_not_its_months": 4}
    assert {row[0] for row in marts} == MARTS
    for rule, n in needed.items():
        assert {row[0] for row in marts if row[n]} - subjects_with("mart", rule) == set(), rule


def test_suites_have_the_rules_that_their_measures_and_contracts_need() -> None:
    """A rule that a suite leaves out warns nobody, and no figure shows that it is missing."""
    for rule, wanted in (("month_far_from_the_year_before", "is_headline"), ("money_far_above_the_year_before", "unit")):
        marts = {row["mart"] for row in seed("measure_list") if row[wanted] in (True, "true", "gbp")}
        assert marts and marts <= subjects_with("mart", rule), rule
        # `pam accept --night` accepts what the check names.
        assert all(e["meta"]["names_all"] for s in SUITES.values() for e in s.expectations if e["meta"]["rule"] == rule)
    with_units = {name for name, contract in load_contracts().items() if contract.has_units}
    assert subjects_with("extract", "share_unplaced") == with_units
    suspect = {name for name, contract in load_contracts().items() if contract.empty_is_suspect}
    assert suspect and suspect <= subjects_with("extract", "rows_a_day")


def test_every_mart_and_every_extract_is_judged(sample_home: Home, sample_checks: list[Check]) -> None:
    checks = sample_checks
    judged = {c.subject for c in checks}
    assert {f"{row['mart']}" for row in seed("measure_list")} <= judged
    assert {e.extract for e in accepted(read_ledger(sample_home))} <= judged
    for name in judged:
        suite = suite_for("mart" if name.startswith("mart_") else "extract", name)
        rules = [c.rule for c in checks if c.subject == name and c.suite not in OUTGOING.values()]
        assert sorted(rules) == sorted(e["meta"]["rule"] for e in suite.expectations)


def test_what_broke_a_rule_is_listed_in_a_fixed_order() -> None:
    """In any order of the facts, so that a night built again gives the same text."""
    places = [{"extract": "crimes", "force_code": f, "days_late": n} for f, n in (("kent", 9), ("essex", 1), ("devon", 5))]
    rule = {"kwargs": {"column": "days_late"}, "meta": {"sentence": "days late: {days_late}"}}
    message = "crimes (devon): days late: 5; crimes (essex): days late: 1; crimes (kent): days late: 9"
    for facts in (places, places[::-1]):
        answer = {"success": False, "result": {"unexpected_index_list": facts}}
        result = gate._answer("crimes", rule, answer, "extract")
        assert result == (False, "days_late 5 (devon); days_late 1 (essex); days_late 9 (kent)", message)


@pytest.mark.parametrize(("n", "meta", "more"), [
    (5, {}, ""), (7, {}, " and 2 more"), (7, {"names_all": True}, ""),
])  # fmt: skip
def test_five_places_that_break_a_rule_are_named_or_all(n: int, meta: dict, more: str) -> None:
    places = [{"extract": "crimes", "force_code": f"f{i}", "days_late": i} for i in range(n)]
    rule = {"kwargs": {"column": "days_late"}, "meta": {"sentence": "days late: {days_late}", **meta}}
    answer = {"success": False, "result": {"unexpected_index_list": places}}
    _, found, message = gate._answer("crimes", rule, answer, "extract")
    assert found.count("days_late") == message.count("days late") == (5 if more else n)
    assert found.endswith(f"){more}") and message.endswith(more or f": {n - 1}")


@pytest.mark.parametrize("sentence", ["covered to {covered_to:.10}", "{no_such_column} days", "{days_late:%}{days_late:q}"])
def test_a_sentence_that_cannot_be_formatted_is_replaced(sentence: str) -> None:
    rule = {"kwargs": {"column": "days_late"}, "meta": {"sentence": sentence}}
    fact = {"extract": "crimes", "days_late": 9, "covered_to": None}
    answer = {"success": False, "result": {"unexpected_index_list": [fact]}}
    assert gate._answer("crimes", rule, answer, "extract") == (False, "days_late 9 ()", "crimes: days_late 9")


def holding_checks(home: Home, *statements: str) -> list[Check]:
    """The checks of what a build makes that hold a night after these statements."""
    with duckdb.connect(str(home.candidate / WORK)) as con:
        for statement in statements:
            con.execute(statement)
    return gate.held_by(gate.judge_built(home)[0])


def as_table(where: str = "true") -> tuple[str, ...]:
    """Statements that replace the view `gate.mart_facts` by a table."""
    return (
        f"create table gate.facts as select * from gate.mart_facts where {where}",
        "drop view gate.mart_facts",
        "alter table gate.facts rename to mart_facts",
    )


def test_an_empty_table_of_facts_fails_each_subject(sample_copy: Home) -> None:
    held = holding_checks(sample_copy, *as_table(where="false"), "delete from gate.extract_facts")
    assert {c.rule for c in held} == {"something_to_judge"} and not any(c.passed for c in held)
    dropped = {e.extract for e in accepted(read_ledger(sample_copy))}
    assert {c.subject for c in held} == {s.name for s in SUITES.values() if s.subject == "mart"} | dropped


def test_missing_facts_suites_and_columns_fail(sample_copy: Home) -> None:
    held = holding_checks(
        sample_copy,
        *as_table(),
        "delete from gate.extract_facts where extract = 'crimes'",
        "insert into gate.mart_facts select * replace ('mart_new' as mart) from gate.mart_facts limit 1",
        "alter table gate.mart_facts drop column year_not_its_months",
    )
    without_column = {(mart, "year_not_its_months") for mart in subjects_with("mart", "year_not_its_months")}
    missing = {("crimes", "something_to_judge"), ("mart_new", "has_a_suite")}
    assert {(c.subject, c.rule) for c in held} == missing | without_column
    assert all("the check failed to run" in c.found for c in held if c.rule == "year_not_its_months")


def test_a_missing_table_of_facts_is_an_error(sample_copy: Home) -> None:
    with pytest.raises(duckdb.CatalogException, match="mart_facts"):
        holding_checks(sample_copy, "drop view gate.mart_facts")


def test_a_check_without_a_result_fails(sample_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.engine, "validate_facts", lambda *_: {"meta": {}, "results": []})
    checks = judge_candidate(sample_home, tmp_path / "results.json")
    assert checks and not any(c.passed for c in checks)
    assert {c.found for c in checks} == {"the check gave no result"}


RULE = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "days_late", "max_value": 0},
    "severity": "critical",
    "meta": {"rule": "r", "reason": "why", "since": "2026-01-01", "advice": "what"},
}


def rule_without(field: str) -> dict:
    return {**RULE, "meta": {k: v for k, v in RULE["meta"].items() if k != field}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "other", "subject": "extract"}, "name: 'other' is not that of the file: write incidents"),
        ({"name": "incidents", "subject": "table"}, "subject"),
        ({"name": "incidents"}, "subject"),
        ([RULE], "has no fields"),
        ({"name": "incidents", "subject": "extract", "expectation": []}, "expectation: not known here"),
        ({"name": "incidents", "subject": "extract", "include": ["nowhere"]}, "there is no shared/nowhere.yml"),
        *(
            ({"name": "incidents", "subject": "extract", "expectations": [rule_without(f)]}, f"lacks {f}")
            for f in ("rule", "reason", "since", "advice")
        ),
        ({"name": "incidents", "subject": "extract", "expectations": [{**RULE, "severity": "info"}]}, "lacks a severity"),
        ({"name": "incidents", "subject": "extract", "expectations": [{**RULE, "meta": "Ask"}]}, "with advice below it"),
        ({"name": "incidents", "subject": "extract", "expectations": ["Ask"]}, "a rule has a type, a severity and meta"),
        ({"name": "incidents", "subject": "extract", "expectations": [{**RULE, "meta": {}}]}, "lacks rule, reason"),
    ],
)
def test_an_invalid_suite_is_an_error(body: object, message: str, tmp_path: Path) -> None:
    (tmp_path / "incidents.yml").write_text(yaml.safe_dump(body), encoding="utf-8")
    with pytest.raises(SuiteError) as error:
        read_suites(tmp_path)
    assert message in str(error.value) and "incidents.yml" in str(error.value)


def test_a_suite_has_the_shared_rules_and_its_own(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    own = {**RULE, "meta": {**RULE["meta"], "rule": "own"}}
    (tmp_path / "shared" / "rows.yml").write_text(yaml.safe_dump([RULE]), encoding="utf-8")
    (tmp_path / "incidents.yml").write_text(
        yaml.safe_dump({"name": "incidents", "subject": "extract", "include": ["rows"], "expectations": [own]}),
        encoding="utf-8",
    )
    suite = read_suites(tmp_path)["incidents"]
    assert [e["meta"]["rule"] for e in suite.expectations] == ["r", "own"]
