"""Assembly only: the assets, checks, job, schedule and sensors that Dagster shows and runs."""

from collections.abc import Iterator
from typing import Any

from dagster_project.core.home import be_quiet
from dagster_project.core.import_speed import import_less

be_quiet()
import_less()

import dagster as dg  # noqa: E402  (nothing is imported before the libraries are told to be quiet)

from dagster_project.core.home import Home, be_private  # noqa: E402
from dagster_project.nights import backfill  # noqa: E402
from dagster_project.nights.end_night import end_night  # noqa: E402
from dagster_project.nights.run import NightRun  # noqa: E402
from dagster_project.orchestration.assets import make_assets  # noqa: E402
from dagster_project.orchestration.schedules import nightly_job, nightly_schedule  # noqa: E402
from dagster_project.orchestration.sensors import arrival_sensor, vanished_sensor  # noqa: E402

be_private()

PATIENCE = 15 * 60
"""Seconds for which a night that Dagster runs tries again, in all, what can pass by itself."""

TONIGHT = {
    "from": dg.Field(str, is_required=False, description="First day (YYYY-MM-DD) of a past period: only files that touch it."),
    "to": dg.Field(str, is_required=False, description="Last day of that period."),
    "rebuild": dg.Field(bool, default_value=False, description="Build every mart, also those that no new file touches."),
}
"""What a run started from the page can be told. Which files are read is not among it: whoever reaches the page could have
figures of their own published. The home's settings say it, or the command line.
"""


@dg.io_manager(config_schema={}, description="What steps return, in the instance's folder.")
def kept(context: dg.InitResourceContext) -> dg.IOManager:
    """Dagster's own one, but that it can't be told another folder from the page, to read pickles from."""
    return dg.FilesystemIOManager().create_io_manager(context)


def _night(config: dict[str, Any]) -> NightRun:
    """The night that a run's config asks for, in the home that PAM_HOME names. Raises PeriodError."""
    first, last = config.get("from"), config.get("to")
    if bool(first) != bool(last):
        raise backfill.PeriodError("a period has a first and a last day: give both `from` and `to`")
    period = backfill.read_period(first, last) if first and last else None
    return NightRun(Home.of(), rebuild=config.get("rebuild", False), period=period, patience=PATIENCE)


@dg.resource(config_schema=TONIGHT, description="The night under way: what one step passes on to the next.")
def tonight(context: dg.InitResourceContext) -> Iterator[NightRun]:
    """One `NightRun` a run; when the run is over, it has its receipt, its alerts are sent, and the lock is given back."""
    run, log = _night(context.resource_config), context.log
    assert log is not None
    try:
        yield run
    finally:
        for line in end_night(run):
            log.warning(f"alert: {line}")


def build_defs(night: NightRun | None = None) -> dg.Definitions:
    """All definitions. `night` stands in for the one that a run makes for itself (the command line's, a test's)."""
    assets, checks = make_assets()
    job = nightly_job()
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[job],
        schedules=[nightly_schedule(job)],
        sensors=[arrival_sensor(job), vanished_sensor(job)],
        executor=dg.in_process_executor,
        resources={"night": dg.ResourceDefinition.hardcoded_resource(night) if night else tonight, "io_manager": kept},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads: `pam serve`, or `dagster dev` of those who work on the project."""
    return build_defs()
