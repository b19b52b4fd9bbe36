"""The sensor: a complete set of files that no longer changes starts one night, and only then."""

import json
import os
import time
from pathlib import Path

import dagster as dg
import pytest
from support import land_night, write_extract

from dagster_project.core.config import Arrival
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import SAMPLE_MARK
from dagster_project.core.night_lock import locked
from dagster_project.definitions import build_defs
from dagster_project.landing import complete_inbox
from dagster_project.orchestration.schedules import QUIET_RUN

SEARCHES = ["search_ref", "searched_at", "object_of_search", "object_found"]
TESTS = ["custody_ref", "arrested_at", "trigger_offence", "test_status"]
ORDERS = ["order_ref", "order_date", "amount", "recipient"]


def drop(home: Home, extract: str, force: str = "derbyshire", stamp: str = "20260106T020000Z") -> Path:
    rows, columns = {
        "stop_search": ([["S1", "2025-12-02 10:00", "Drugs", "N"]], SEARCHES),
        "drug_tests": ([["C1", "2025-12-02 10:00", "Theft", "Missed"]], TESTS),
        "mda_orders": ([["M1", "2025-12-02", "10", "Police"]], ORDERS),
    }[extract]
    return write_extract(
        home.inbox, extract, rows, columns=columns, force=force, window=("2025-12-01", "2025-12-31"), stamp=stamp
    )


@pytest.fixture
def known_home(new_home: Home) -> Home:
    """A home that has received searches of two forces, drug tests of one, and monthly orders."""
    drop(new_home, "stop_search", stamp="20260105T020000Z")
    drop(new_home, "stop_search", "kent", stamp="20260105T020000Z")
    drop(new_home, "drug_tests", stamp="20260105T020000Z")
    drop(new_home, "mda_orders", stamp="20260105T020000Z")
    assert {e.outcome for e in land_night(new_home)} == {"accepted"}
    return new_home


def drop_all(home: Home) -> None:
    drop(home, "stop_search")
    drop(home, "stop_search", "kent")
    drop(home, "drug_tests")


def check(home: Home, cursor: str | None, now: float, **settings: object) -> complete_inbox.InboxCheck:
    return complete_inbox.check_inbox(home, Arrival(**settings), cursor, now)


def test_the_expected_set_is_what_came_nightly_before(known_home: Home) -> None:
    assert complete_inbox.expected_set(known_home, Arrival()) == {
        ("stop_search", "derbyshire"), ("stop_search", "kent"), ("drug_tests", "derbyshire"),
    }  # fmt: skip


def test_each_missing_file_is_named(known_home: Home) -> None:
    drop(known_home, "stop_search", "kent")
    answer = check(known_home, None, 0)
    assert answer.run_key is None
    assert answer.reason == "not complete, 2 of 3 missing: drug_tests (derbyshire), stop_search (derbyshire)"
    drop(known_home, "drug_tests")
    drop(known_home, "mda_orders")
    assert check(known_home, None, 0).reason == "not complete, 1 of 3 missing: stop_search (derbyshire)"


def test_a_file_under_way_or_misnamed_does_not_count(known_home: Home) -> None:
    drop_all(known_home)
    path = drop(known_home, "drug_tests")
    path.rename(path.with_name(path.name + ".part"))
    assert "missing: drug_tests" in check(known_home, None, 0).reason
    path.with_name(path.name + ".part").rename(path.with_name("drug_tests.csv"))
    assert "missing: drug_tests" in check(known_home, None, 0).reason


def test_a_night_waits_until_nothing_has_changed_for_minutes(known_home: Home) -> None:
    drop_all(known_home)
    first = check(known_home, None, 1000)
    assert first.reason == "complete, and changed less than 5 minutes ago"
    assert check(known_home, first.cursor, 1299).run_key is None
    settled = check(known_home, first.cursor, 1300)
    assert settled.run_key and settled.reason == "complete: 3 of 3"
    path = drop(known_home, "drug_tests")
    with path.open("a") as file:
        file.write("C2,2025-12-03 10:00,Theft,Missed\n")
    changed = check(known_home, settled.cursor, 1301)
    assert changed.run_key is None, "a growing file restarts the wait"
    again = check(known_home, changed.cursor, 1601)
    assert again.run_key and again.run_key != settled.run_key
    (known_home.inbox / ".upload.tmp").touch()
    assert check(known_home, again.cursor, 1602).run_key is None, "an upload under way is a change too"


def test_file_times_set_back_by_a_copying_program_are_ignored(known_home: Home) -> None:
    drop_all(known_home)
    for path in known_home.inbox.iterdir():
        os.utime(path, (0, 0))
    assert check(known_home, None, 10_000).run_key is None
    assert check(known_home, None, 10_000, settled_minutes=0).run_key


def test_a_clock_set_back_or_a_broken_cursor_restarts_the_wait(known_home: Home) -> None:
    drop_all(known_home)
    late = check(known_home, None, 5000)
    back = check(known_home, late.cursor, 100)
    assert json.loads(back.cursor)["since"] == 100 and check(known_home, back.cursor, 400).run_key
    for cursor in ("", "x", "[]", '{"since": "a"}', '{"digest": 1}'):
        assert check(known_home, cursor, 50).run_key is None


def test_an_empty_inbox_and_a_home_without_earlier_files_start_nothing(new_home: Home) -> None:
    assert check(new_home, None, 0).reason == "the inbox is empty"
    drop(new_home, "stop_search")
    assert "no nightly extract was accepted before" in check(new_home, None, 0).reason


def test_the_settings_can_name_the_set(known_home: Home) -> None:
    drop(known_home, "mda_orders")
    named = {"extracts": ("mda_orders",), "settled_minutes": 0}
    assert check(known_home, None, 0, **named).run_key
    answer = check(known_home, None, 0, extracts=("mda_orders", "crimes", "stop_search"))
    assert answer.reason == "not complete, 3 of 4 missing: crimes, stop_search (derbyshire), stop_search (kent)"


class TestSensor:
    """The same, evaluated by Dagster."""

    @pytest.fixture
    def tick(self, known_home: Home, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("PAM_HOME", str(known_home.path))
        defs = build_defs()
        sensor = defs.resolve_sensor_def("files_arrived")
        repository = defs.get_repository_def()

        def tick(cursor: str | None = None, instance: dg.DagsterInstance | None = None) -> dg.SensorResult:
            with dg.build_sensor_context(
                instance or dg.DagsterInstance.ephemeral(), cursor=cursor, repository_def=repository
            ) as context:
                return sensor.evaluate_tick(context)

        return tick

    def test_one_run_for_one_set(self, known_home: Home, tick) -> None:
        known_home.config_file.write_text("[arrival]\nsettled_minutes = 0\n")
        drop_all(known_home)
        first, second = tick(), tick()
        assert [r.run_key for r in first.run_requests] == [r.run_key for r in second.run_requests]
        assert len(first.run_requests) == 1 and first.skip_message is None
        drop(known_home, "stop_search", stamp="20260107T020000Z")
        assert tick().run_requests[0].run_key != first.run_requests[0].run_key
        assert first.run_requests[0].run_config == QUIET_RUN

    def test_the_inbox_of_the_settings_is_looked_at(self, known_home: Home, tick) -> None:
        drop_all(known_home)
        elsewhere = known_home.inbox.rename(known_home.path.parent / "elsewhere")
        known_home.inbox.mkdir()
        known_home.config_file.write_text(f'[night]\ninbox = "{elsewhere}"\n[arrival]\nsettled_minutes = 0\n')
        assert len(tick().run_requests) == 1

    def test_the_sensor_is_on_and_starts_the_night(self, tick) -> None:
        sensor = build_defs().resolve_sensor_def("files_arrived")
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING and sensor.job_name == "nightly"

    def test_missing_files_are_the_skip_reason(self, known_home: Home, tick) -> None:
        drop(known_home, "drug_tests")
        result = tick()
        assert result.run_requests == []
        assert "2 of 3 missing: stop_search (derbyshire), stop_search (kent)" in result.skip_message

    def test_the_cursor_keeps_the_time_of_the_last_change(self, known_home: Home, tick) -> None:
        drop_all(known_home)
        result = tick()
        assert "changed less than" in result.skip_message
        cursor = json.loads(result.cursor)
        aged = json.dumps({**cursor, "since": time.time() - 301})
        assert len(tick(aged).run_requests) == 1

    def test_no_start_while_a_night_is_under_way(self, known_home: Home, tick) -> None:
        known_home.config_file.write_text("[arrival]\nsettled_minutes = 0\n")
        drop_all(known_home)
        with locked(known_home):
            result = tick()
            assert result.run_requests == [] and result.skip_message == "complete: 3 of 3; a night is under way"
        instance = dg.DagsterInstance.ephemeral()
        job = build_defs().resolve_job_def("nightly")
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "nightly"), run.run_id)
        assert "a night is under way" in tick(instance=instance).skip_message
        instance.report_run_canceled(run)
        assert len(tick(instance=instance).run_requests) == 1

    def test_the_sensor_can_be_switched_off(self, known_home: Home, tick) -> None:
        known_home.config_file.write_text("[arrival]\nenabled = false\nsettled_minutes = 0\n")
        drop_all(known_home)
        assert "switched off" in tick().skip_message

    def test_a_home_of_sample_data_starts_nothing(self, known_home: Home, tick) -> None:
        (known_home.path / SAMPLE_MARK).touch()
        drop_all(known_home)
        result = tick()
        assert result.run_requests == [] and "made up: no night starts by itself" in result.skip_message
