"""The sensors: one starts a night when a complete set of files has come, one reports nights whose process was killed."""

import time
from typing import Any

import dagster as dg

from dagster_project.core import memory
from dagster_project.core.config import read_config
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import is_sample_home
from dagster_project.core.night_lock import NightUnderWayError, is_under_way, locked
from dagster_project.landing import complete_inbox
from dagster_project.nights import alerts
from dagster_project.nights.interrupted_nights import recover_interrupted_nights

from .night_resource import PATIENCE
from .schedules import QUIET_RUN

LOOK_SECONDS = 60
STARTED_SECONDS = 1.2 * PATIENCE
"""After so long a live run has the home's lock. Until then it may be waiting to try its first step again."""
LOCK_SECONDS = 3
"""Seconds between two looks at the lock: one run may be waiting for another to release it."""
NO_PROCESS = "The process of this night ended without a receipt. If the disk was full, make room; then see pam status."
BUSY = [s for s in dg.DagsterRunStatus if s.name in ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")]
"""The statuses of runs that have not ended."""


def arrival_sensor(job: Any) -> dg.SensorDefinition:
    """Starts a night when a complete set of files has come, once for each set."""

    @dg.sensor(
        name="files_arrived",
        job=job,
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a night before its hour, when a file of every expected extract lies in the inbox and none changes.",
    )
    def files_arrived(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        home = Home.of()
        mark_dead_runs(context.instance, home)
        if is_sample_home(home):
            return dg.SensorResult(skip_reason="the files of this home are made up: no night starts by itself")
        config = read_config(home)
        settings = config.arrival
        if not settings.enabled:
            return dg.SensorResult(skip_reason="switched off: pam.toml says arrival.enabled = false")
        inbox_check = complete_inbox.check_inbox(home, settings, context.cursor, time.time(), config.night.inbox)
        if inbox_check.run_key is None:
            return dg.SensorResult(skip_reason=inbox_check.reason, cursor=inbox_check.cursor)
        busy = context.instance.get_runs_count(dg.RunsFilter(job_name=job.name, statuses=BUSY))
        if busy or is_under_way(home):
            return dg.SensorResult(skip_reason=f"{inbox_check.reason}; a night is under way", cursor=inbox_check.cursor)
        return dg.SensorResult(run_requests=[dg.RunRequest(inbox_check.run_key, QUIET_RUN)], cursor=inbox_check.cursor)

    return files_arrived


def mark_dead_runs(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """Mark runs as failed that started long ago and have no process. Returns their ids.

    Dagster's own monitoring stops for good when it can't write, for example on a full disk, and such a run would block all
    later ones in the queue. A run that was created then and never queued would look to `files_arrived` as if it were under way.
    """
    unqueued = dg.DagsterRunStatus.NOT_STARTED
    statuses = [unqueued, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    records = instance.get_run_records(dg.RunsFilter(statuses=statuses))
    before = time.time() - STARTED_SECONDS
    old = [
        r.dagster_run for r in records
        if (r.create_timestamp.timestamp() if r.dagster_run.status == unqueued else r.start_time or 0) < before
    ]  # fmt: skip
    if not old or is_under_way(home):
        return []
    time.sleep(LOCK_SECONDS)
    if is_under_way(home):
        return []
    still_started = {r.run_id for r in instance.get_runs(filters=dg.RunsFilter(statuses=statuses))}
    dead = [run for run in old if run.run_id in still_started]
    for run in dead:
        instance.report_run_failed(run, NO_PROCESS)
    return [run.run_id for run in dead]


def vanished_sensor(job: Any) -> dg.SensorDefinition:
    """Reports a killed night at once, which otherwise the next night would."""

    @dg.run_failure_sensor(
        name="night_vanished",
        monitored_jobs=[job],
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Writes the receipt of a night whose process ended before it could, and sends its alert.",
    )
    def night_vanished(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        """After a failed run. Most have written their own receipt."""
        reported = report_interrupted_nights(Home.of())
        return None if reported else dg.SkipReason("the night has its receipt")

    return night_vanished


def report_interrupted_nights(home: Home) -> list[str]:
    """Write the receipts of nights that were killed before they could, and send alerts. Returns the ids of those nights."""
    try:
        with locked(home):
            receipts = recover_interrupted_nights(home)
            if receipts:
                alerts.send_alerts(alerts.NightEnd(home, interrupted=tuple(receipts)))
            memory.delete_spill(home)
            return [r.night_id for r in receipts]
    except NightUnderWayError:
        return []
