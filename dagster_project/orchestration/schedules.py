"""When nights run."""

from typing import Any

import dagster as dg

JOB = "nightly"
QUIET_RUN = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
"""The story of each step is on Dagster's page; the system's log is for what went wrong."""


@dg.failure_hook(required_resource_keys={"night"})
def note_failure(context: dg.HookContext) -> None:
    """A night that stops is written down: held, or failed with the reason. A step that is tried again has not stopped."""
    error = context.op_exception
    if isinstance(error, dg.RetryRequested):
        # The last try is over: what it failed of is its cause.
        error = error.__cause__
    context.resources.night.fail(error or "a step failed")


def nightly_job() -> Any:
    """The whole night, in one process: its steps share the libraries that cost most of a small night to import."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="Land the inbox, build the marts, ask the gate, publish.",
        executor_def=dg.in_process_executor,
        hooks={note_failure},
        config=QUIET_RUN,
    )


def nightly_schedule(job: Any) -> dg.ScheduleDefinition:
    """02:00 in London, whatever the clocks do."""
    return dg.ScheduleDefinition(
        name="nightly_at_two",
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone="Europe/London",
        description="A night at 02:00 in London, whatever the clocks do: all that lies in the inbox, to what is published.",
        run_config=QUIET_RUN,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
