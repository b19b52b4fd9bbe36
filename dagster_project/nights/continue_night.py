"""Whether a run continues the last night, which was killed or stopped after a step, or begins a new one.

`pam nightly` always begins a new one. A run of Dagster that is executed again continues its own night, and one that lands
nothing continues what earlier runs have landed and built.
"""

from datetime import UTC, datetime

from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Night, night_order, today_of

from .steps import Landed, Plan, Started, nights_without_receipt, read_step, saved_nights


def find_night_to_continue(home: Home, plan: Plan) -> Night | None:
    """The last night, if a run is to continue it: because the run re-executes it, or because it has no receipt and the run
    lands nothing itself. None if a new night is to start: also if the run would land or publish a second time.
    """
    last = next(iter(reversed(saved_nights(home))), None)
    started = read_step(home, last, Started) if last else None
    if started is None:
        return None
    if any(night_order(receipt.stem) > night_order(started.night_id) for receipt in home.nights.glob("*.json")):
        return None
    is_done = (plan.lands and read_step(home, started.night_id, Landed)) or (
        plan.publishes and published_night(home) == started.night_id
    )
    is_again = started.run_id and started.run_id in plan.reexecuted_runs and not is_done
    is_open = not plan.reexecuted_runs and not plan.lands and started.night_id in nights_without_receipt(home)
    if not (is_again or is_open):
        return None
    if is_open:
        # The partial build may be days old: lateness and duration are those of this run.
        return Night(home, started.night_id, datetime.now(UTC), today_of(home))
    return Night(home, started.night_id, started.started_at, started.today)
