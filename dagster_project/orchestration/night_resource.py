"""The resource `night`: the night of a Dagster run, made when the run starts and ended when it ends."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.core.home import Home
from dagster_project.core.made_up_home import is_sample_home
from dagster_project.nights import period_coverage
from dagster_project.nights.end_night import end_night
from dagster_project.nights.night_run import NightRun
from dagster_project.nights.saved_steps import Plan

PATIENCE = 15 * 60
"""For how many seconds in all a night that Dagster runs tries a step again after a fault that may pass."""

WAREHOUSE = dg.AssetKey(["published", "warehouse"])
LANDING, PUBLISHING = "landing", "publishing"
"""The names of the steps that make `raw/<extract>` and `published/warehouse`."""

TONIGHT = {
    "from": dg.Field(str, is_required=False, description="First day (YYYY-MM-DD) of a past period: only files that touch it."),
    "to": dg.Field(str, is_required=False, description="Last day of that period."),
    "rebuild": dg.Field(bool, default_value=False, description="Build every mart, also those that no new file touches."),
}
"""What a run started from the page can set. It can't set which files are read, because whoever reaches the page could then
publish figures of their own: the home's settings or the command line say that.
"""


def plan_of(run: dg.DagsterRun | None) -> Plan:
    if run is None:
        return Plan()
    chosen, steps = run.asset_selection or (), run.step_keys_to_execute
    # For a run of everything Dagster has no selection; for one of checks alone it has only theirs.
    is_all = not chosen and not run.asset_check_selection
    lands = is_all or any(key.path[0] == "raw" for key in chosen)
    publishes = is_all or WAREHOUSE in chosen
    if steps is not None:
        lands, publishes = lands and LANDING in steps, publishes and PUBLISHING in steps
    again = tuple(x for x in (run.parent_run_id, run.root_run_id) if x)
    return Plan(run.run_id, again, lands, publishes)


def night_of(config: dict[str, Any], plan: Plan) -> NightRun:
    """The night that a run's config asks for, in the home that PAM_HOME names. Raises PeriodError."""
    first, last = config.get("from"), config.get("to")
    if bool(first) != bool(last):
        raise period_coverage.PeriodError("a period has a first and a last day: set both `from` and `to`")
    period = period_coverage.read_period(first, last) if first and last else None
    home = Home.of()
    return NightRun(
        home, rebuild=config.get("rebuild", False), period=period, patience=PATIENCE, plan=plan,
        # A home of made-up data stays one, and its night can be run again from its page.
        sample=is_sample_home(home),
    )  # fmt: skip


@dg.resource(config_schema=TONIGHT, description="The night under way: what one step passes on to the next.")
def tonight(context: dg.InitResourceContext) -> Iterator[NightRun]:
    """One `NightRun` for each run. When the run is over, its receipt is written, alerts are sent, and the lock is released."""
    run, log = night_of(context.resource_config, plan_of(context.run)), context.log
    assert log is not None
    try:
        yield run
    finally:
        for line in end_night(run):
            log.warning(f"alert: {line}")
