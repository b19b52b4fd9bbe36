"""What each step of a night hands to the next. It is also saved to disk, so that another process can continue the night.

`nights/steps/<night id>/` holds the files `begun`, `landed`, `built` and `judged`; the receipt has the rest. Only the last
night can be continued, because each night replaces the candidate. `pam nightly` always begins a new one. A run of Dagster that
is executed again continues its own night, and one that lands nothing continues what earlier runs have landed and built.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dagster_project.core.check_results import Check
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import STEPS, Night, night_order, receipt_path, today_of
from dagster_project.landing import Erasure, LedgerEntry
from dagster_project.transform import candidate
from dagster_project.transform.dbt_runner import Node


@dataclass(frozen=True)
class Plan:
    """What a run is to do. The default is the whole night, as the command line runs it.

    `run_id`: Dagster's run. `reexecuted_runs`: the runs that it re-executes. `lands`, `publishes`: whether it takes those
    steps. A run that does not publish writes no receipt and sends no alert.
    """

    run_id: str = ""
    reexecuted_runs: tuple[str, ...] = ()
    lands: bool = True
    publishes: bool = True


@dataclass(frozen=True)
class StartedNight:
    """A night that has its id. `run_id`: the Dagster run that began it; blank on the command line."""

    night_id: str
    started_at: datetime
    today: date
    run_id: str = ""


@dataclass(frozen=True)
class Landed:
    """What became of each file, and what was erased at its retention limit."""

    entries: tuple[LedgerEntry, ...] = ()
    erased: tuple[Erasure, ...] = ()
    seconds: float = 0


@dataclass(frozen=True)
class Built:
    """The candidate, and the outcome of every node in it.

    `new_nodes`: those that this night built; the others are unchanged. `left`: what is still to be built, as dbt selects it,
    after a partial build. `state`: what the candidate was made from and its files' sizes and times (`candidate.state_of`);
    when that no longer matches, the candidate is built again.
    """

    nodes: tuple[Node, ...] = ()
    new_nodes: tuple[Node, ...] = ()
    left: tuple[str, ...] = ()
    state: dict[str, Any] | None = None
    seconds: float = 0


@dataclass(frozen=True)
class Judged:
    """The gate's answers: every check, passed or not."""

    checks: tuple[Check, ...] = ()
    seconds: float = 0


Step = StartedNight | Landed | Built | Judged
Kind = TypeVar("Kind", StartedNight, Landed, Built, Judged)
FILES: dict[type[Step], str] = {StartedNight: "begun.json", Landed: "landed.json", Built: "built.json", Judged: "judged.json"}


@cache
def _adapters() -> dict[type[Step], TypeAdapter[Any]]:
    """What writes and reads each step. Made at first use, because making one takes milliseconds."""
    return {kind: TypeAdapter(kind) for kind in FILES}


def _path(home: Home, night_id: str, kind: type[Step]) -> Path:
    return home.nights / STEPS / night_id / FILES[kind]


def save_step(home: Home, night_id: str, step: Step) -> None:
    """Save what a step made, whole or not at all. Raises OSError."""
    write_whole(_path(home, night_id, type(step)), _adapters()[type(step)].dump_json(step))


def read_step(home: Home, night_id: str, kind: type[Kind]) -> Kind | None:
    """What a step made; None if it did not finish, or if another version of the warehouse wrote it."""
    try:
        step: Kind = _adapters()[kind].validate_json(_path(home, night_id, kind).read_bytes())
    except (OSError, ValidationError):
        return None
    return step


def read_current_build(home: Home, night_id: str, inputs: dict[str, str]) -> Built | None:
    """What was built; None if the candidate's files or anything they were made from have changed since. `inputs`: of
    `candidate.inputs_of`."""
    built = read_step(home, night_id, Built)
    return built if built and built.state == candidate.state_of(home, inputs) else None


def _saved_nights(home: Home) -> list[str]:
    """The nights with saved steps, oldest first."""
    return sorted((p.name for p in (home.nights / STEPS).glob("*/")), key=night_order)


def nights_without_receipt(home: Home) -> set[str]:
    """Nights that were not to publish, and so ended without a receipt: the next night reports what they landed."""
    return {night_id for night_id in _saved_nights(home) if not receipt_path(home, night_id).exists()}


def delete_other_steps(home: Home, night_id: str) -> None:
    """Delete the steps of all other nights, because this night's receipt reports what they landed. What can't be deleted now is
    deleted by the next night.
    """
    for saved_id in _saved_nights(home):
        if saved_id != night_id:
            shutil.rmtree(home.nights / STEPS / saved_id, ignore_errors=True)


def find_night_to_continue(home: Home, plan: Plan) -> Night | None:
    """The last night, if a run is to continue it: because the run re-executes it, or because it has no receipt and the run
    lands nothing itself. None if a new night is to start: also if the run would land or publish a second time.
    """
    nights = _saved_nights(home)
    begun = read_step(home, nights[-1], StartedNight) if nights else None
    if begun is None:
        return None
    if any(night_order(receipt.stem) > night_order(begun.night_id) for receipt in home.nights.glob("*.json")):
        return None
    is_done = (plan.lands and read_step(home, begun.night_id, Landed)) or (
        plan.publishes and published_night(home) == begun.night_id
    )
    is_again = begun.run_id and begun.run_id in plan.reexecuted_runs and not is_done
    is_open = not plan.reexecuted_runs and not plan.lands and begun.night_id in nights_without_receipt(home)
    if is_open:
        # The partial build may be days old: lateness and duration are those of this run.
        return Night(home, begun.night_id, datetime.now(UTC), today_of(home))
    return Night(home, begun.night_id, begun.started_at, begun.today) if is_again else None
