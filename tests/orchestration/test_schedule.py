"""02:00 in London, once a day, also on the nights when the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from dagster_project.definitions import build_defs
from dagster_project.orchestration.schedules import QUIET_RUN

LONDON = ZoneInfo("Europe/London")
CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]


@pytest.fixture(scope="module")
def schedule() -> dg.ScheduleDefinition:
    return build_defs().resolve_schedule_def("nightly_at_two")


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_each_day_around_a_clock_change_has_one_night(change: date, schedule: dg.ScheduleDefinition) -> None:
    start = datetime(change.year, change.month, change.day, tzinfo=LONDON) - timedelta(days=3)
    ticks = schedule_execution_time_iterator(start.timestamp(), schedule.cron_schedule, schedule.execution_timezone)
    local = [next(ticks).astimezone(LONDON) for _ in range(7)]
    assert [t.date() for t in local] == [start.date() + timedelta(days=n) for n in range(7)]
    assert {(t.hour, t.minute) for t in local} == {(2, 0)}
    hours = [(b.astimezone(UTC) - a.astimezone(UTC)).total_seconds() / 3600 for a, b in pairwise(local)]
    assert sorted(hours) == [23, *[24] * 5] if change.month == 3 else sorted(hours) == [*[24] * 5, 25]


def test_a_year_has_one_night_a_day(schedule: dg.ScheduleDefinition) -> None:
    start = datetime(2027, 1, 1, tzinfo=LONDON)
    ticks = schedule_execution_time_iterator(start.timestamp(), schedule.cron_schedule, schedule.execution_timezone)
    dates = [next(ticks).astimezone(LONDON).date() for _ in range(365)]
    assert dates == [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]


def test_the_schedule_runs_the_job_and_is_on(schedule: dg.ScheduleDefinition) -> None:
    assert schedule.job_name == "nightly"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2027, 3, 28, 2, tzinfo=LONDON))
    tick = schedule.evaluate_tick(context)
    assert [r.run_config for r in tick.run_requests] == [QUIET_RUN] and tick.skip_message is None
