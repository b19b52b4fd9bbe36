"""Assembly only: the assets, checks, job and schedule that Dagster shows and runs."""

from .settings import be_quiet

be_quiet()

import dagster as dg  # noqa: E402  (nothing is imported before the libraries are told to be quiet)

from .assets import make_assets  # noqa: E402
from .night_run import NightRun  # noqa: E402
from .schedules import nightly_job, nightly_schedule  # noqa: E402
from .settings import Home  # noqa: E402


@dg.resource(description="The night under way: what one step passes on to the next.")
def tonight(_: dg.InitResourceContext):
    """One `NightRun` a run, in the home that PAM_HOME names; the lock is given back when the run is over."""
    run = NightRun(Home.of())
    try:
        yield run
    finally:
        run.end()


def build_defs(night: NightRun | None = None) -> dg.Definitions:
    """All definitions. `night` stands in for the one that a run makes for itself (the command line's, a test's)."""
    assets, checks = make_assets()
    job = nightly_job()
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[job],
        schedules=[nightly_schedule(job)],
        resources={"night": dg.ResourceDefinition.hardcoded_resource(night) if night else tonight},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev` loads."""
    return build_defs()
