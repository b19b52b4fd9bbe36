"""What `pam serve` does to Dagster's runs, each time in a new process, so that the libraries cost no memory in between.

`python -m dagster_project.orchestration.serve.runs left` after a start or a crash of the code server: no run of before
can be alive.
`... stop`: end the run that is under way. `... tidy`: forget old runs.
"""

import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from dagster_project.core.home import Home
from dagster_project.core.receipts import SampleHomeError

from ..sensors import BUSY, note_vanished

KEEP_DAYS = 90
"""For how long Dagster remembers a run. The receipts, which are what counts, stay."""

STOP_SECONDS = 60
UNFINISHED = [s for s in BUSY if s is not dg.DagsterRunStatus.QUEUED]
"""What a queued run is not: it begins once there is a server again."""

GONE = "The process of this night is gone: its server was ended."


def unfinished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs that began, or were about to, and have not ended."""
    return list(instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED)))


def mark_left(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """Mark unfinished runs as failed, of which no process is left. Returns lines that say so."""
    said = []
    for run in unfinished(instance):
        instance.report_run_failed(run, GONE)
        said.append(f"run {run.run_id[:8]} was left unfinished: marked as failed")
    said += [f"night {night_id} was interrupted: it has its receipt now" for night_id in note_vanished(home)]
    return said


def stop(instance: dg.DagsterInstance, seconds: float = STOP_SECONDS) -> list[str]:
    """Interrupt the run that is under way, and wait until it has written down that it was."""
    said = []
    for run in unfinished(instance):
        instance.run_launcher.terminate(run.run_id)
        said.append(f"run {run.run_id[:8]} is under way: interrupting it")
    until = time.monotonic() + seconds
    while unfinished(instance) and time.monotonic() < until:
        time.sleep(0.5)
    return said


def tidy(instance: dg.DagsterInstance, home: Home, days: float = KEEP_DAYS) -> list[str]:
    """Forget runs that ended long ago, with their logs."""
    before = datetime.now(UTC) - timedelta(days=days)
    ended = [s for s in dg.DagsterRunStatus if s not in UNFINISHED and s != dg.DagsterRunStatus.QUEUED]
    old = instance.get_run_ids(filters=dg.RunsFilter(statuses=ended, created_before=before))
    for run_id in old:
        instance.delete_run(run_id)
        # The log of a run is a file of its own, which Dagster empties and leaves; so is what its process printed.
        for path in Path(home.dagster, "history", "runs").glob(f"{run_id}.db*"):
            path.unlink(missing_ok=True)
        shutil.rmtree(home.dagster / "storage" / run_id, ignore_errors=True)
    return [f"{len(old)} runs of more than {days:g} days ago are forgotten"] if old else []


def main(action: str) -> None:
    """Do one of left, stop, tidy, in the home and the instance that the environment names; what was done is printed."""
    home = Home.of()
    with dg.DagsterInstance.get() as instance:
        if action == "stop":
            said = stop(instance)
        elif action == "left":
            said = mark_left(instance, home)
        else:
            said = tidy(instance, home)
    for line in said:
        print(line, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (OSError, SampleHomeError) as error:
        print(error, flush=True)
