"""Rules that a suite's YAML puts on a mart, a table of the report or a staging model, without code."""

import importlib
import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from offline_browser import BROWSER, WIDE, offline_page, open_browser
from support import published, write_extract
from week import CRIMES, NIGHTS, YEAR, dated

from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.check_results import Check
from dagster_project.core.home import EXPECTATIONS, Home
from dagster_project.quality import data_docs, relation_rules, stored_results
from dagster_project.quality.suites import SuiteError, load_suites, relation_suites

NEXT = "20260108T020000Z"
IN_SET = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "status", "value_set": ["Recorded"]}}
BETWEEN = {
    "type": "expect_column_values_to_be_between", "kwargs": {"column": "value", "min_value": 0, "max_value": 1},
}  # fmt: skip


def write_suite(home: Home, relation: str, *rules: dict[str, Any], name: str = "own", severity: str = "critical") -> None:
    home.expectations.mkdir(exist_ok=True)
    completed = [{"severity": severity, "meta": {"advice": "Ask the analyst."}, **rule} for rule in rules]
    body = {"name": name, "relation": relation, "expectations": completed}
    (home.expectations / f"{name}.yml").write_text(yaml.safe_dump(body), encoding="utf-8")


@pytest.fixture(scope="module")
def unpublished_home(week: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The week's last night as it was before publishing."""
    home = Home(tmp_path_factory.mktemp("unpublished_home") / "home")
    shutil.copytree(week.path, home.path, symlinks=True)
    shutil.copyfile(home.warehouse, home.candidate / WAREHOUSE)
    return home


@pytest.fixture
def judge(unpublished_home: Home) -> Any:
    """Writes a suite of these rules and returns its checks."""

    def call(relation: str, *rules: dict[str, Any], **options: Any) -> list[Check]:
        write_suite(unpublished_home, relation, *rules, **options)
        return relation_rules.judge_relations(unpublished_home, relation_suites(unpublished_home))[0]

    yield call
    shutil.rmtree(unpublished_home.expectations, ignore_errors=True)


def test_core_expectations_work_on_every_kind_of_relation(judge: Callable) -> None:
    """Each on data that pass and on data that fail."""
    (good,) = judge("stg_crimes", IN_SET)
    assert (good.passed, good.subject, good.rule, good.found) == (True, "crimes", "status_to_be_in_set", "")
    bad = {**IN_SET, "kwargs": {"column": "status", "value_set": ["Cancelled"]}}
    (c,) = judge("staging.stg_crimes", {**bad, "description": "Nothing is cancelled."})
    assert c.reason == "Nothing is cancelled."
    assert (c.passed, c.holds, c.advice) == (False, True, "Ask the analyst.") and c.found.startswith("status 'Recorded': ")
    rows = {"row_condition": 'measure == "naloxone_administrations"', "condition_parser": "pandas"}
    (c,) = judge("mart_naloxone", {**BETWEEN, "kwargs": {**BETWEEN["kwargs"], **rows}}, severity="warning")
    assert (c.subject, c.passed, c.holds) == ("mart_naloxone", False, False) and c.found.startswith("value ")
    day = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "period_start", "min_value": date(2020, 1, 1)}}
    later = {"type": "expect_column_min_to_be_between", "kwargs": {"column": "value", "min_value": 1}}
    count = {"type": "expect_table_row_count_to_be_between", "kwargs": {"max_value": 1}}
    labels = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "period_label", "value_set": ["x"]}}
    (c,) = judge("mart_naloxone", labels)
    assert c.found.count(", ") == 4 and " and more: " in c.found, "five of its values"
    assert judge("mart_cash_seizures", count)[0].passed, "without a row there are none"
    first, second, third = sorted(judge("mart_naloxone", day, later, count), key=lambda c: c.rule)
    assert first.passed and (second.found, third.passed) == ("mart_naloxone is " + second.found.split()[-1], False)
    (c,) = judge("reports.offences", {"type": "expect_column_to_exist", "kwargs": {"column": "rolling"}})
    assert c.passed and c.subject == "reports.offences"


@pytest.mark.parametrize(
    ("relation", "rule", "message"),
    [
        ("stg_crime", IN_SET, "no mart, report or staging model is called stg_crime; nearest: stg_crimes"),
        ("raw.loads", IN_SET, "no mart, report or staging model is called raw.loads"),
        ("stg_crimes", {**IN_SET, "kwargs": {"column": "statu"}}, "no column statu in stg_crimes; nearest: status"),
        ("stg_crimes", {**IN_SET, "type": "expect_nothing"}, "expect_nothing not found"),
        ("mart_cash_seizures", BETWEEN, "there is no row to judge"),
        ("stg_crimes", {**BETWEEN, "kwargs": {"column": "status", "min_value": 1}}, "must either be None or of the same type"),
        ("stg_crimes", {**BETWEEN, "kwargs": {"column": "status", "min_value": [1]}}, "min_value"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_run_fails(judge: Callable, relation: str, rule: dict, message: str) -> None:
    (check,) = judge(relation, rule)
    assert check.holds and check.found.startswith("the check failed to run: ") and message in check.found


def test_an_extract_that_nobody_sends_is_not_judged(judge: Callable) -> None:
    assert judge("stg_incidents", {"type": "expect_column_to_exist", "kwargs": {"column": "lpu"}}) == []
    (check,) = judge("staging.coverage_windows", {"type": "expect_column_to_exist", "kwargs": {"column": "covered_to"}})
    assert check.passed and check.subject == "coverage_windows", "of no extract alone"


def test_values_of_keys_are_not_shown(unpublished_home: Home) -> None:
    """Great Expectations gives them in other parts of its answer to each kind of rule."""
    in_set = {"value_set": ["X"]}
    rules = {"values_to_match_regex": {"regex": "^X"}, "distinct_values_to_be_in_set": in_set}
    rules |= {"most_common_value_to_be_in_set": in_set}
    write_suite(unpublished_home, "stg_crimes", *(
        {"type": f"expect_column_{kind}", "kwargs": {"column": "crime_ref", **more}} for kind, more in rules.items()
    ))  # fmt: skip
    checks, (result,) = relation_rules.judge_relations(unpublished_home, relation_suites(unpublished_home))
    assert len(checks) == len(rules) and "C1" not in json.dumps(result)
    assert [c.found for c in checks if not c.found.endswith("(values of keys and identifiers are not shown)")] == []
    shutil.rmtree(unpublished_home.expectations)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "own", "relation": "stg_crimes", "subject": "mart", "expectations": []}, "relation"),
        ({"name": "own", "subject": "relation"}, "needs a relation, such as stg_crimes, or else a subject"),
        ({"name": "own", "relation": "stg_crimes", "expectations": [{**IN_SET, "severity": "warning"}]}, "lacks advice"),
        ({"name": "own", "relation": "stg_crimes", "expectations": [{**IN_SET, "meta": {"advice": "Ask."}}]}, "a severity"),
        ({"name": "own", "relation": "stg_crimes", "expectations": ["status"]}, "a rule has a type"),
        (
            {"name": "own", "relation": "stg_crimes",
             "expectations": [{**IN_SET, "severity": "warning", "meta": {"advice": "Ask."}}] * 2},
            "several rules have this name",
        ),
        ({"name": "own", "subject": "mart"}, "a home's own suite has a `relation`"),
        ({"name": "crimes", "relation": "stg_crimes"}, "a name that no suite"),
    ],
)  # fmt: skip
def test_an_invalid_suite_is_an_error(new_home: Home, body: dict, message: str) -> None:
    new_home.expectations.mkdir()
    (new_home.expectations / f"{body['name']}.yml").write_text(yaml.safe_dump(body), encoding="utf-8")
    with pytest.raises(SuiteError, match=message):
        relation_suites(new_home)


OWN = "name: own\nrelation: stg_crimes\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN + "expectations:\n\t- a\n", r"^own\.yml: not readable as YAML: .* line 4, "),
        (OWN + "name: own\n", r"^own\.yml: not readable as YAML: line 3: name appears twice: delete one"),
        ((OWN + "# \u2019\n").encode("cp1252"), r"^own\.yml: not UTF-8 \(byte 34\): save it as UTF-8"),
        (OWN + "expectations: 5\n", r"^own\.yml: expectations: is a list: begin each of its lines with a hyphen$"),
        (OWN + "include: part\n", r"^own\.yml: include: is a list: begin each of its lines with a hyphen$"),
        (OWN + "include: [list]\n", r"^shared/list\.yml: is a list: begin each of its lines with a hyphen$"),
        (OWN + "include: [cut]\n", r"^shared/cut\.yml: not readable as YAML: .* line 1, "),
        ("- own\n", r"^own\.yml: has no fields: a suite has name, relation and expectations$"),
        (OWN + "expectation: []\n", r"^own\.yml: expectation: not known here; what can be set is expectations, "),
        ("name: mine\nrelation: stg_crimes\n", r"^own\.yml: name: 'mine' is not that of the file: write own$"),
        (OWN + "expectations:\n- {type: expect_a, severity: warning, meta: Ask}\n", r"^own\.yml: .*: meta has advice below it"),
        (OWN + "expectations:\n- {type: expect_a, kwargs: {min_value: 2025-13-01}}\n", r"^own\.yml: .*README\.md shows"),
    ],
)
def test_a_suite_that_cannot_be_read_is_named(new_home: Home, text: str | bytes, message: str) -> None:
    """Each ended in an error of Python without the name of the file."""
    (new_home.expectations / "shared").mkdir(parents=True)
    (new_home.expectations / "shared" / "list.yml").write_text("rule: a\n", encoding="utf-8")
    (new_home.expectations / "shared" / "cut.yml").write_text("- {type: a", encoding="utf-8")
    (new_home.expectations / "own.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SuiteError, match=message):
        relation_suites(new_home)


@pytest.mark.parametrize("name", ["own.yaml", "own.YML", "own.yml.txt"])
def test_a_suite_under_nearly_its_name_is_named(new_home: Home, name: str) -> None:
    """Its rules were never asked, without a word."""
    new_home.expectations.mkdir()
    (new_home.expectations / name).write_text(OWN, encoding="utf-8")
    with pytest.raises(SuiteError, match=rf"^{name}: is not read, and none of its rules asked: its name must be own\.yml"):
        relation_suites(new_home)


def test_a_rule_in_yaml_holds_the_night_and_is_shown(week_copy: Home, pam: Callable, tmp_path: Path) -> None:
    rows = [["C1", "2025-01-05", "92D/1", "Recorded", "Dales"], ["X1", "2025-06-05", "92D/1", "Cancelled", "<b>Odd"]]
    write_extract(week_copy.inbox, "crimes", rows, columns=CRIMES, window=YEAR, stamp="20260108T010000Z")
    place = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "lpu", "value_set": ["Dales", "<i class=x>"]}}
    write_suite(week_copy, "stg_crimes", IN_SET, {**place, "severity": "warning"})
    write_suite(week_copy, "mart_naloxone", BETWEEN, name="values", severity="warning")
    with dated(week_copy, NEXT) as run:
        run.land()
        run.build()
        run.judge()
    assert run.receipt and (run.receipt.outcome, run.receipt.reason) == (
        "held", f"crimes: status 'Cancelled': 1 of {len(staged_rows(week_copy))} rows [status_to_be_in_set]"
    )  # fmt: skip
    assert published(week_copy, "select night_id from meta.nights where finished_at is null") == [(NIGHTS[4],)]
    result = pam("checks", "--home", week_copy.path)
    assert result.exit_code == 0 and "status_to_be_in_set" in result.stdout and f"Night {NEXT} (held): " in result.stdout
    body = json.loads(pam("checks", "--night", NEXT, "--format", "json", "--home", week_copy.path).stdout)
    own = next(r for r in body["results"] if r["suite_name"] == "own")
    assert sorted(r["result"]["partial_unexpected_list"] for r in own["results"]) == [["<b>Odd"], ["Cancelled"]]

    (loaded,) = (r for r in stored_results.load_results(week_copy, NEXT) if r.suite_name == "own")
    assert loaded.success is False and loaded.results[0].result["unexpected_count"] == 1
    index = pam("checks", "--docs", tmp_path / "docs", "--home", week_copy.path).stdout.strip()
    pages = {p.name: p.read_text(encoding="utf-8") for p in Path(index).parent.glob("*.html")}
    assert data_docs.INDEX in pages and "own" in pages[data_docs.INDEX]
    unsafe = ("//", "<script", "<b>Odd", "<i class=x")
    assert not [(name, part) for name, text in pages.items() for part in unsafe if part in text]
    words = "At most 2. A few broken rows are normal; more means that an export changed."
    assert any(words in text for text in pages.values()), "the limits of a rule and its reason"
    assert any("Odd" in text for text in pages.values()) and any("i class=x" in text for text in pages.values())
    if BROWSER:
        with open_browser() as browser, offline_page(browser) as page:
            # All pages have one template: test the index and the pages with the longest and most unusual values.
            for name in [data_docs.INDEX, *(name for name, text in pages.items() if "Odd" in text or "i class=x" in text)]:
                page.goto(Path(index).with_name(name).as_uri())
                assert not page.evaluate(WIDE), f"{name} is wider than its window"

    # Great Expectations' own API opens the project without the warehouse.
    import great_expectations as gx

    folder = pam("checks", "--gx-project", tmp_path / "project", "--home", week_copy.path).stdout.strip()
    assert Path(folder).parent == tmp_path / "project"
    context = gx.get_context(mode="file", project_root_dir=str(tmp_path / "project"))
    assert {s.name for s in context.suites.all()} == {*load_suites(), "own", "values"}
    store = context.validation_results_store
    (stored,) = (r for r in map(store.get, store.list_keys()) if r.suite_name == "own")
    assert stored.success is False and stored.results[0].expectation_config.kwargs["column"] == "status"

    (week_copy.expectations / "own.yml").unlink()
    with dated(week_copy, "20260109T020000Z") as run:
        run.land()
        assert not run.end_if_unchanged(), "the rules changed"
        run.build()
        run.judge()
        run.publish()
    (check,) = published(week_copy, "select severity, passed, found from meta.checks where suite = 'values'")
    assert check[:2] == ("warning", False) and check[2].startswith("value ")


@pytest.mark.parametrize(
    ("kwargs", "passed", "words"),
    [
        ({"min_value": 0, "max_value": 0}, True, "Always 0. Rows are whole."),
        ({"max_value": 2.5}, False, "At most 2.5. Rows are whole. What to do: pam accept --night N1"),
        ({"min_value": 0, "max_value": 12345678901}, True, "At least 0 and at most 12,345,678,901. Rows are whole."),
        ({"min_value": "2020-01-01", "mostly": 1}, True, "At least 2020-01-01. Rows are whole."),
        ({"min_value": 0, "mostly": 0.95}, False, None),
        ({"min_value": 0, "strict_min": True}, False, None),
        ({"max_value": 0, "row_condition": "a > 1"}, False, None),
    ],
)
def test_data_docs_say_why_a_rule_of_limits_exists(kwargs: dict[str, Any], passed: bool, words: str | None) -> None:
    """Of a rule that says more than limits they have Great Expectations' own sentence, which says all of it."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    meta = {"reason": "Rows are whole.", "advice": "pam accept --night NIGHT"}
    rule = ExpectationConfiguration(type=data_docs.LIMITS, kwargs={"column": "n", **kwargs}, meta=meta)
    assert data_docs.describe_rule(rule, passed, "N1") == words
    rule.description = "Its own words."
    assert data_docs.describe_rule(rule, passed, "N1") == "Its own words."


def staged_rows(home: Home) -> list[Any]:
    import duckdb

    with duckdb.connect(str(home.candidate / "work.duckdb"), read_only=True) as con:
        return con.execute("select * from staging.stg_crimes").fetchall()


README = EXPECTATIONS / "README.md"


def test_the_readme_s_suite_and_commands_work(
    unpublished_home: Home, week_copy: Home, pam: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = README.read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    unpublished_home.expectations.mkdir(exist_ok=True)
    (unpublished_home.expectations / "recorded_crimes.yml").write_text(block, encoding="utf-8")
    (check,), _ = relation_rules.judge_relations(unpublished_home, relation_suites(unpublished_home))
    assert check.passed and check.severity == "critical"
    shutil.rmtree(unpublished_home.expectations)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAM_HOME", str(week_copy.path))
    commands = re.findall(r"^    pam (.*?)(?: {2,}#.*)?$", text, re.M)
    assert len(commands) == 3
    for command in commands:
        result = pam(*command.split())
        assert result.exit_code == 0 and result.stdout, command
    assert (tmp_path / "data-docs" / data_docs.INDEX).exists()
    module, name = re.findall(r"`(great_expectations[\w.]+)\.(\w+)\.load`", text)[0]
    load = getattr(importlib.import_module(module), name).load
    loaded = [load(r) for r in json.loads((week_copy.checks / f"{NIGHTS[4]}.json").read_text())["results"]]
    assert len(loaded) > 5 and all(r.results for r in loaded)
