"""What each step of a night hands to the next, also on disk: another process can read it and continue the night.

`nights/steps/<night id>/` holds `begun`, `landed`, `built` and `judged`; published and served are in the receipt. Only the
last night is gone on with: a later one takes its candidate.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dagster_project.core.checks import Check
from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import STEPS, Night, night_order, receipt_path, today_of
from dagster_project.landing import Erasure, LedgerEntry
from dagster_project.transform import candidate
from dagster_project.transform.dbt_runner import Node


@dataclass(frozen=True)
class Plan:
    """What a run is to do. The default is the whole night, as the command line runs it.

    `run_id`: of Dagster's run. `goes_on_from`: the runs that it executes again from where they failed. `lands`, `publishes`:
    whether those steps are among its own. What does not publish is no night of its own: it has no receipt and no alert.
    """

    run_id: str = ""
    goes_on_from: tuple[str, ...] = ()
    lands: bool = True
    publishes: bool = True


@dataclass(frozen=True)
class Begun:
    """A night that has its id. `run_id`: of the run of Dagster's that began it; blank on the command line."""

    night_id: str
    started_at: datetime
    today: date
    run_id: str = ""


@dataclass(frozen=True)
class Landed:
    """What became of the files, and what was erased as its time was over."""

    entries: tuple[LedgerEntry, ...] = ()
    erased: tuple[Erasure, ...] = ()
    seconds: float = 0


@dataclass(frozen=True)
class Built:
    """The candidate, and the outcome of every node in it.

    `left`: what is still to be built, as dbt selects it, where only a part was asked for. `state`: what the candidate was made
    of and how its files were left (`candidate.state_of`); where that is another by now, it is built again.
    """

    nodes: tuple[Node, ...] = ()
    built: tuple[Node, ...] = ()
    """Those of the nodes that were built by this night; the others stand as they were."""
    left: tuple[str, ...] = ()
    state: dict[str, Any] | None = None
    seconds: float = 0


@dataclass(frozen=True)
class Judged:
    """The gate's answers: every check, passed or not."""

    checks: tuple[Check, ...] = ()
    seconds: float = 0


Step = Begun | Landed | Built | Judged
Kind = TypeVar("Kind", Begun, Landed, Built, Judged)


def steps_folder(home: Home) -> Path:
    """Where the steps of nights are."""
    return home.nights / STEPS


_adapters: dict[str, TypeAdapter[Any]] = {}


def _adapter(kind: type[Step]) -> TypeAdapter[Any]:
    """What writes and reads a step; made when one is first written, as that takes some milliseconds."""
    if kind.__name__ not in _adapters:
        _adapters[kind.__name__] = TypeAdapter(kind)
    return _adapters[kind.__name__]


def _path(home: Home, night_id: str, kind: type[Step]) -> Path:
    return steps_folder(home) / night_id / f"{kind.__name__.lower()}.json"


def keep(home: Home, night_id: str, step: Step) -> None:
    """Hand on what a step made; whole or not at all. Raises OSError."""
    path = _path(home, night_id, type(step))
    make_folder(path.parent.parent)
    make_folder(path.parent)
    write_whole(path, _adapter(type(step)).dump_json(step))


def read(home: Home, night_id: str, kind: type[Kind]) -> Kind | None:
    """What a step handed on; None where it did not end, or another version of the warehouse wrote it."""
    try:
        step: Kind = _adapter(kind).validate_json(_path(home, night_id, kind).read_bytes())
    except (OSError, ValidationError):
        return None
    return step


def read_built(home: Home, night_id: str) -> Built | None:
    """What was built, where the candidate is still as it was left, and still made of what it would be made of now."""
    built = read(home, night_id, Built)
    return built if built and built.state == candidate.state_of(home) else None


def _nights(home: Home) -> list[str]:
    """The nights that have steps here, oldest first."""
    folder = steps_folder(home)
    return sorted((p.name for p in folder.iterdir() if p.is_dir()), key=night_order) if folder.is_dir() else []


def unfinished(home: Home) -> set[str]:
    """Nights that ended without a receipt, as they were not to publish: what they landed is the next night's to tell of."""
    return {night_id for night_id in _nights(home) if not receipt_path(home, night_id).exists()}


def find(home: Home, plan: Plan) -> Night | None:
    """The night that a run goes on with: the last one, where the run executes it again, or where it was left without a receipt
    and the run lands nothing itself. None where a new one is to begin: also where the run would land again, and find new files,
    or publish again.
    """
    last = next(iter(reversed(_nights(home))), None)
    begun = read(home, last, Begun) if last else None
    if begun is None or any(night_order(later) > night_order(begun.night_id) for later in _receipts(home)):
        return None
    is_done = (plan.lands and read(home, begun.night_id, Landed)) or (
        plan.publishes and published_night(home) == begun.night_id
    )
    is_again = begun.run_id and begun.run_id in plan.goes_on_from and not is_done
    is_open = not plan.goes_on_from and not plan.lands and begun.night_id in unfinished(home)
    if not (is_again or is_open):
        return None
    if is_open:
        # What was built in part waited for this run: lateness and the time that it takes are this run's.
        return Night(home, begun.night_id, datetime.now(UTC), today_of(home))
    return Night(home, begun.night_id, begun.started_at, begun.today)


def _receipts(home: Home) -> Iterator[str]:
    return (path.stem for path in home.nights.glob("*.json"))


def forget(home: Home, night_id: str) -> None:
    """Forget the steps of all other nights: this one has its receipt, and tells of what they landed. What can't be removed now
    is removed by the next night.
    """
    for other in _nights(home):
        if other != night_id:
            shutil.rmtree(steps_folder(home) / other, ignore_errors=True)
