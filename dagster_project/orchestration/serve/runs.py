"""Changes Dagster's runs for `pam serve`, each time in a new process, so that Dagster takes no memory of the server's.

`python -m dagster_project.orchestration.serve.runs mark-unfinished` after a start or a crash of the code server, when no
earlier run can be alive; `... stop`: end the run that is under way; `... delete-old`: delete runs that ended long ago.
"""

import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from dagster_project.core.home import Home
from dagster_project.core.plurals import counted

from ..sensors import BUSY, report_interrupted_nights
from .event_log import EventLog

KEEP_DAYS = 90
"""For how long Dagster's runs are kept. Receipts stay."""

STOP_SECONDS = 60
UNFINISHED = [s for s in BUSY if s is not dg.DagsterRunStatus.QUEUED]
"""The statuses of runs that started, or were about to. A queued run has not: it starts once there is a server again."""

NO_PROCESS = "The process of this night ended with its server."


def unfinished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs that have started, or were about to, and have not ended."""
    return list(instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED)))


def mark_unfinished(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """Mark runs as failed that no process can finish, and write their nights' receipts. Returns lines for a person."""
    lines = []
    for run in unfinished(instance):
        instance.report_run_failed(run, NO_PROCESS)
        lines.append(f"run {run.run_id[:8]} was left unfinished: marked as failed")
    lines += [f"night {night_id} was interrupted: it has its receipt now" for night_id in report_interrupted_nights(home)]
    return lines


def _stop_runs(instance: dg.DagsterInstance) -> list[str]:
    """Interrupt the run that is under way, and wait up to `STOP_SECONDS` until it has ended. Returns lines for a person."""
    lines = []
    for run in unfinished(instance):
        instance.run_launcher.terminate(run.run_id)
        lines.append(f"run {run.run_id[:8]} is under way: interrupting it")
    deadline = time.monotonic() + STOP_SECONDS
    while unfinished(instance) and time.monotonic() < deadline:
        time.sleep(0.5)
    return lines


def delete_old_runs(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """Delete runs that ended more than `KEEP_DAYS` ago, with their logs, and events of that time without a run. Returns lines
    for a person."""
    before = datetime.now(UTC) - timedelta(days=KEEP_DAYS)
    ended = [s for s in dg.DagsterRunStatus if s not in BUSY]
    old = instance.get_run_ids(filters=dg.RunsFilter(statuses=ended, created_before=before))
    for run_id in old:
        instance.delete_run(run_id)
        # Dagster empties a run's log and leaves the file; it also leaves what the run's process printed.
        for path in Path(home.dagster, "history", "runs").glob(f"{run_id}.db*"):
            path.unlink(missing_ok=True)
        shutil.rmtree(home.dagster / "storage" / run_id, ignore_errors=True)
    if isinstance(log := instance.event_log_storage, EventLog):
        log.delete_left(before)
    return [f"{counted(len(old), 'run')} of more than {KEEP_DAYS} days ago deleted"] if old else []


def main(action: str) -> None:
    """Do one action, in the home and the Dagster instance that the environment names, and print what was done."""
    home = Home.of()
    with dg.DagsterInstance.get() as instance:
        if action == "stop":
            lines = _stop_runs(instance)
        elif action == "mark-unfinished":
            lines = mark_unfinished(instance, home)
        else:
            lines = delete_old_runs(instance, home)
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except OSError as error:
        print(error, flush=True)
