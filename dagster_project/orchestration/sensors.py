"""What Dagster watches for between nights: a complete set of files, and a night whose process has ended."""

import time
from typing import Any

import dagster as dg

from dagster_project.core.config import read_config
from dagster_project.core.home import Home
from dagster_project.core.receipts import SAMPLE_MARK, NightUnderWayError, is_under_way
from dagster_project.landing import arrival
from dagster_project.nights import alerts
from dagster_project.nights.lifecycle import note_interrupted
from dagster_project.nights.run import NightRun

from .schedules import QUIET_RUN
from .tonight import PATIENCE

LOOK_SECONDS = 60
BEGUN_SECONDS = 1.2 * PATIENCE
"""After so long a run that is alive has the home's lock: until then it may be waiting to try again to begin."""
LET_GO = 3
"""Seconds between looks at the lock: one run may wait for another to let go of it."""
GONE = "The process of this night has ended without a word, perhaps because the disk was full: make room, and see pam status."
BUSY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def arrival_sensor(job: Any) -> dg.SensorDefinition:
    """Starts a night when a complete set of files has come; once for each set."""

    @dg.sensor(
        name="files_arrived",
        job=job,
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a night before its hour, when a file of every expected extract lies in the inbox and none changes.",
    )
    def files_arrived(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        """One look at the inbox."""
        home = Home.of()
        end_gone(context.instance, home)
        if (home.path / SAMPLE_MARK).exists():
            return dg.SensorResult(skip_reason="the files of this home are made up: no night starts by itself")
        config = read_config(home)
        settings = config.arrival
        if not settings.enabled:
            return dg.SensorResult(skip_reason="switched off: pam.toml says arrival.enabled = false")
        found = arrival.look(home, settings, context.cursor, time.time(), config.night.inbox)
        if found.run_key is None:
            return dg.SensorResult(skip_reason=found.reason, cursor=found.cursor)
        busy = context.instance.get_runs_count(dg.RunsFilter(job_name=job.name, statuses=BUSY))
        if busy or is_under_way(home):
            return dg.SensorResult(skip_reason=f"{found.reason}; a night is under way", cursor=found.cursor)
        return dg.SensorResult(run_requests=[dg.RunRequest(found.run_key, QUIET_RUN)], cursor=found.cursor)

    return files_arrived


def end_gone(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """Mark runs as failed that began long ago and have no process. Returns their ids.

    Dagster's own watch ends with the first that it can't write down, on a full disk say; such a run would keep all later ones
    in the queue. A run that was made there and never queued would seem under way for ever to `files_arrived`.
    """
    unqueued = dg.DagsterRunStatus.NOT_STARTED
    begun = [unqueued, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    records = instance.get_run_records(dg.RunsFilter(statuses=begun))
    before = time.time() - BEGUN_SECONDS
    old = [
        r.dagster_run for r in records
        if (r.create_timestamp.timestamp() if r.dagster_run.status == unqueued else r.start_time or 0) < before
    ]  # fmt: skip
    if not old or is_under_way(home):
        return []
    time.sleep(LET_GO)
    if is_under_way(home):
        return []
    still = {r.run_id for r in instance.get_runs(filters=dg.RunsFilter(statuses=begun))}
    gone = [run for run in old if run.run_id in still]
    for run in gone:
        instance.report_run_failed(run, GONE)
    return [run.run_id for run in gone]


def vanished_sensor(job: Any) -> dg.SensorDefinition:
    """Notes at once that a night's process is gone, where otherwise the next night would."""

    @dg.run_failure_sensor(
        name="night_vanished",
        monitored_jobs=[job],
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Writes the receipt of a night that did not live to write it, and sends its alert.",
    )
    def night_vanished(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        """After a run that failed: most have said so themselves."""
        noted = note_vanished(Home.of())
        return None if noted else dg.SkipReason("the night has its receipt")

    return night_vanished


def note_vanished(home: Home) -> list[str]:
    """Write the receipts that nights did not live to write, and tell of them. Returns the ids of those nights."""
    run = NightRun(home)
    try:
        run.take()
    except NightUnderWayError:
        return []
    try:
        run.noted += note_interrupted(home)
        if run.noted:
            alerts.tell(run.ended)
        return [r.night_id for r in run.noted]
    finally:
        run.end()
