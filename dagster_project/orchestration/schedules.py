"""The job that is a night, and its schedule."""

from typing import Any

import dagster as dg

JOB = "nightly"
QUIET_RUN = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
"""Run config: the system's log gets warnings and errors only. Dagster's page shows each step."""


@dg.failure_hook(required_resource_keys={"night"})
def note_failure(context: dg.HookContext) -> None:
    """Writes the receipt of a night when a step fails for good."""
    context.resources.night.fail(context.op_exception or "a step failed")


def nightly_job() -> Any:
    """The whole night, in one process: importing its libraries takes most of the time of a small night."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="Land the files of the inbox, build the marts, check them, and publish them.",
        hooks={note_failure},
        config=QUIET_RUN,
    )


def nightly_schedule(job: Any) -> dg.ScheduleDefinition:
    """Every night at 02:00 in London, in summer and winter time."""
    return dg.ScheduleDefinition(
        name="nightly_at_two",
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone="Europe/London",
        description="Runs a night at 02:00 London time, in summer and winter: what is in the inbox, up to publication.",
        run_config=QUIET_RUN,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
