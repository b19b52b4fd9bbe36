"""What Dagster shows and runs: assets from the inbox to the published file, their checks, and the schedule."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from dagster_project.contracts import load_contracts
from dagster_project.core.check_results import Check
from dagster_project.core.config import ConfigError, read_config
from dagster_project.core.made_up_home import MADE_UP_MARK, SAMPLE_MARK
from dagster_project.definitions import build_defs
from dagster_project.nights.errors import NightFailedError
from dagster_project.nights.night_run import NightRun
from dagster_project.orchestration.checks import SOMETHING, as_name, results_of
from dagster_project.publishing import outputs
from dagster_project.quality.suites import load_suites, suite_for
from dagster_project.transform import dbt_runner
from dagster_project.transform.figure_causes import measure_sources

ALL_OUTPUTS = outputs.OUTPUTS
"""As outside the tests, whose nights publish only the warehouse."""


@pytest.fixture(scope="module")
def defs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "OUTPUTS", ALL_OUTPUTS)
        return build_defs()


@pytest.fixture(scope="module")
def graph(defs):
    return defs.resolve_asset_graph()


def test_every_counted_extract_leads_to_the_published_file(graph):
    published = dg.AssetKey(["published", "warehouse"])
    ancestors = (
        graph.get_ancestor_asset_keys(published) if hasattr(graph, "get_ancestor_asset_keys") else _ancestors(graph, published)
    )
    counted = {extract for _, _, extract in measure_sources()}
    assert counted and counted <= load_contracts().keys()
    for extract in counted:
        assert dg.AssetKey(["raw", extract]) in ancestors
        assert dg.AssetKey(["staging", f"stg_{extract}"]) in ancestors


def _ancestors(graph, key):
    ancestors, todo = set(), [key]
    while todo:
        for parent in graph.get(todo.pop()).parent_keys:
            if parent not in ancestors:
                ancestors.add(parent)
                todo.append(parent)
    return ancestors


def test_every_dbt_test_is_a_check(graph):
    names = {(k.asset_key.path[-1], k.name) for k in graph.asset_check_keys}
    tests = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "test"]
    assert tests
    for test in tests:
        assert (test.attached_node.split(".")[-1], test.name) in names
    spec = graph.get_check_spec(dg.AssetCheckKey(dg.AssetKey(["staging", "offence_classes"]), "unique_offence_classes"))
    assert spec.blocking and spec.description == "A code has one class. Holds the night back."


def test_every_rule_of_the_gate_is_a_check_and_only_critical_ones_block(graph):
    specs = {k: graph.get_check_spec(k) for k in graph.asset_check_keys}
    rules = 0
    for name in load_contracts():
        for e in suite_for("extract", name).expectations:
            rules += 1
            spec = specs[dg.AssetCheckKey(dg.AssetKey(["staging", f"stg_{name}"]), as_name(e["meta"]["rule"]))]
            assert spec.blocking == (e["severity"] == "critical") and spec.metadata["advice"] == e["meta"]["advice"]
    marts = [s for s in load_suites().values() if s.subject == "mart"]
    for suite in marts:
        outside_rules = [e for kind in ("public", "report") for e in suite_for(kind, suite.name).expectations]
        assert outside_rules, "every mart has rules for what leaves the force"
        for e in (*suite.expectations, *outside_rules):
            rules += 1
            spec = specs[dg.AssetCheckKey(dg.AssetKey(["marts", suite.name]), as_name(e["meta"]["rule"]))]
            assert (spec.blocking == (e["severity"] == "critical") and "night" in spec.description) or not spec.blocking
    judged = [spec for key, spec in specs.items() if key.name == SOMETHING]
    assert len(judged) == len(marts) + len(load_contracts()) and all(spec.blocking for spec in judged)
    tests = sum(n.resource_type == "test" for n in dbt_runner.manifest().nodes.values())
    assert rules > 300 and len(specs) == rules + tests + len(marts) + len(load_contracts()), "and one of whether it was judged"


def test_a_home_s_own_rules_are_checks_too(new_home, monkeypatch):
    monkeypatch.setenv("PAM_HOME", str(new_home.path))
    new_home.expectations.mkdir()
    suite = "name: {0}\nrelation: {1}\nexpectations:\n  - type: expect_column_values_to_not_be_null\n"
    suite += "    kwargs: {{column: {2}}}\n    severity: {3}\n    meta: {{advice: Ask.}}\n"
    for given in (("one", "stg_crimes", "status", "critical"), ("two", "reports.offences", "value", "warning")):
        (new_home.expectations / f"{given[0]}.yml").write_text(suite.format(*given))
    graph = build_defs().resolve_asset_graph()
    check_key = dg.AssetCheckKey(dg.AssetKey(["staging", "stg_crimes"]), "one__status_to_not_be_null")
    assert graph.get_check_spec(check_key).blocking
    check_key = dg.AssetCheckKey(dg.AssetKey(["reports", "offences"]), "two__value_to_not_be_null")
    assert not graph.get_check_spec(check_key).blocking
    failed = Check("one", "crimes", "status_to_not_be_null", "critical", False, "status is null", "r", "Ask.")
    ((key, result),) = results_of([failed], new_home)
    assert key.name == "one__status_to_not_be_null" and not result.passed and result.metadata["advice"].value == "Ask."
    (new_home.expectations / "one.yml").write_text("name: [")
    assert build_defs().resolve_asset_graph().asset_check_keys, "a night reports what is wrong"


def test_assets_have_metadata(graph):
    def node(key):
        return graph.get(dg.AssetKey(key.split("/")))

    for name, contract in load_contracts().items():
        policy = node(f"inbox/{name}").freshness_policy_or_from_metadata
        assert policy.fail_window.to_timedelta() == timedelta(days=contract.grace_days)
        assert policy.warn_window.to_timedelta() == timedelta(days=contract.grace_days) * 2 / 3
        assert node(f"raw/{name}").code_version
        columns = node(f"raw/{name}").metadata["dagster/column_schema"].columns
        assert [c.name for c in columns] == [c.name for c in contract.columns]
    assert node("marts/mart_naloxone").code_version and node("marts/mart_naloxone").kinds == {"dbt", "duckdb"}
    for name in (*(o.name for o in ALL_OUTPUTS), "public_form"):
        asset = node(f"published/{name}")
        assert asset.parent_keys == {dg.AssetKey(["published", "warehouse"])} and asset.kinds and asset.description
    parents = {k.path[0] for k in node("published/warehouse").parent_keys}
    assert parents == {"marts", "reports", "bi"}
    assert not [k for k in graph.get_all_asset_keys() if k.path[0] in parents and not graph.get(k).child_keys]
    assert len({node(f"raw/{name}").code_version for name in load_contracts()}) == len(load_contracts())
    assert node("raw/loads").parent_keys == {dg.AssetKey(["raw", name]) for name in load_contracts()}
    assert not node("raw/rebases").parent_keys, "no file of an extract changes a list"
    assert not graph.has(dg.AssetKey(["published", "postgres"])), "no server is set up"
    for key in ("raw/crimes", "marts/mart_naloxone", "published/warehouse"):
        assert node(key).pools == {"home"}, "a second run waits for it"
    policy = node("published/warehouse").freshness_policy_or_from_metadata
    by_seven_since_seven = ("0 7 * * *", timedelta(hours=12), "Europe/London")
    assert (policy.deadline_cron, policy.lower_bound_delta, policy.timezone) == by_seven_since_seven


def test_owners_and_tags_come_from_the_settings(new_home, monkeypatch):
    monkeypatch.setenv("PAM_HOME", str(new_home.path))
    new_home.config_file.write_text('[serve]\nowners = ["team:performance", "a@force.example"]\ntags = {force = "kent"}\n')
    graph = build_defs().resolve_asset_graph()
    for key in ("inbox/crimes", "raw/crimes", "marts/mart_naloxone", "published/warehouse"):
        node = graph.get(dg.AssetKey(key.split("/")))
        assert sorted(node.owners) == ["a@force.example", "team:performance"] and node.tags["force"] == "kent"
        assert "made-up" not in node.tags
    for mark in (SAMPLE_MARK, MADE_UP_MARK):
        (new_home.path / mark).touch()
        assert "made-up" in build_defs().resolve_asset_graph().get(dg.AssetKey(["raw", "crimes"])).tags
        (new_home.path / mark).unlink()
    new_home.config_file.write_text('[serve]\nowners = ["somebody"]\n')
    with pytest.raises(ConfigError, match=r"pam\.toml: serve\.owners"):
        read_config(new_home)
    assert not build_defs().resolve_asset_graph().get(dg.AssetKey(["raw", "crimes"])).owners, "a night reports what is wrong"
    new_home.config_file.unlink()
    new_home.config_file.mkdir()
    assert build_defs().resolve_asset_graph().get(dg.AssetKey(["raw", "crimes"])), "also that they can't be read"


def test_the_schedule_is_two_in_london_on_both_clock_change_nights(defs):
    schedule = defs.resolve_schedule_def("nightly_at_two")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Europe/London")
    for day, hours in ((datetime(2027, 3, 27, 12, tzinfo=UTC), (1,)), (datetime(2026, 10, 24, 12, tzinfo=UTC), (2,))):
        ticks = schedule_execution_time_iterator(day.timestamp(), schedule.cron_schedule, schedule.execution_timezone)
        first, second = (next(ticks).astimezone(UTC) for _ in range(2))
        assert first.date() == (day.date().replace(day=day.day + 1))
        assert first.hour in hours
        assert (second.date() - first.date()).days == 1


def test_a_night_is_not_published_without_its_gate(new_home):
    run = NightRun(new_home)
    try:
        run.begin()
        with pytest.raises(NightFailedError, match="only after its gate"):
            run.publish()
    finally:
        run.end()
    assert not new_home.warehouse.exists()
