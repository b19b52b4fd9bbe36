"""What Dagster shows and runs: the way from files to the published file, its checks, and when."""

from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from dagster_project.contracts import load_contracts
from dagster_project.definitions import build_defs
from dagster_project.nights.run import NightFailedError, NightRun
from dagster_project.quality import gate
from dagster_project.transform import dbt_runner


@pytest.fixture(scope="module")
def defs():
    return build_defs()


@pytest.fixture(scope="module")
def graph(defs):
    return defs.resolve_asset_graph()


def test_the_way_from_every_extract_to_the_published_file(graph):
    published = dg.AssetKey(["published", "warehouse"])
    above = graph.get_ancestor_asset_keys(published) if hasattr(graph, "get_ancestor_asset_keys") else _above(graph, published)
    for extract in load_contracts():
        assert dg.AssetKey(["raw", extract]) in above
        assert dg.AssetKey(["staging", f"stg_{extract}"]) in above


def _above(graph, key):
    found, todo = set(), [key]
    while todo:
        for parent in graph.get(todo.pop()).parent_keys:
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return found


def test_every_dbt_test_and_every_suite_is_a_check(graph):
    names = {(k.asset_key.path[-1], k.name) for k in graph.asset_check_keys}
    tests = [n for n in dbt_runner.manifest().nodes.values() if n.resource_type == "test"]
    assert tests
    for test in tests:
        assert (test.attached_node.split(".")[-1], test.name) in names
    for suite in gate.load_suites().values():
        if suite.name != gate.DEFAULT_SUITE:
            subject = suite.name if suite.subject == "mart" else f"stg_{suite.name}"
            assert (subject, "gate") in names
    blocking = {k for k in graph.asset_check_keys if k.name == "gate" and graph.get(k).blocking}
    assert len(blocking) == len(load_contracts()) + 18


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
