"""Takes back files that were accepted wrongly: from the next night on, all is as if they had never been accepted. And closes
held files that nobody will release, where no newer file will replace their whole window. Erases such files, as by an order."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from dagster_project import audit
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.memory import memory_settings
from dagster_project.core.night_lock import locked
from dagster_project.core.published_file import published_night
from dagster_project.core.receipts import Night, night_order

from .release_held import commit_alteration, file_of_name, held_files
from .rows.duckdb_connection import connect
from .same_time_conflicts import end_conflicts
from .storage.earlier_decisions import Clock, Decisions, utc_microseconds
from .storage.erase_unused import Erasure, erase_load, read_erasures
from .storage.ledger import STORED, LedgerEntry, accepted, read_ledger


class NotRetractedError(PamError, ValueError):
    """The load is neither accepted nor held, or figures without it can't be made any more."""


def retract(home: Home, name: str, *, by: str, why: str) -> LedgerEntry:
    """Take back an accepted or held file. `name`: its file name or load id, or an unambiguous beginning of one.

    Takes the home's lock: raises NightUnderWayError, WhichFileError where the name is ambiguous, and NotRetractedError. The
    next night updates the figures.
    """
    load = file_of_name([*held_files(home), *accepted(read_ledger(home))], name, "accepted or held")
    with locked(home):
        return retract_load(home, str(load.load_id), Night.begin(home).night_id, by=by, why=why)


def retract_load(home: Home, load_id: str, night_id: str, *, by: str, why: str, now: datetime | None = None) -> LedgerEntry:
    """Take back an accepted or held load, in a new ledger entry that says who did it and why. Returns the entry.

    Its rows stay in raw/, and rows of other loads that only a conflict with it withheld count again. Raises NotRetractedError.
    """
    entries = read_ledger(home)
    decisions = Decisions(entries)
    load = decisions.loads.get(load_id)
    if load is None or load.outcome not in ("accepted", "held"):
        raise NotRetractedError(f"{load_id} is no accepted or held load" + (f": it is {load.outcome}" if load else ""))
    was_accepted = load.outcome == "accepted"
    if erased := _erased_since(home, load, entries) if was_accepted else None:
        raise NotRetractedError(
            f"{load.source_file} can't be retracted: {erased} was erased at its retention limit since it was accepted, and its"
            " rows may have to count without this file. Drop a newer file that covers the same days"
        )
    changes: dict[str, Any] = {}
    if was_accepted:
        with connect(memory_settings(home), has_identifiers=False) as con:
            n_later = sum(e.withheld.get(load_id, 0) for e in entries)
            changes = end_conflicts(con, home, load, n_later, {str(e.load_id) for e in accepted(entries)})
    at = Clock(now, decisions.latest).tick()
    was = f"; was {'' if was_accepted else 'held: '}{load.reason}" if load.reason else ""
    entry = load.model_copy(
        update={
            "night_id": night_id,
            "landed_at": utc_microseconds(at),
            "outcome": "retracted",
            "reason": f"retracted on {at.date()} by {by}: {why}{was}",
            "held_for": None,
        }
        | changes
    )
    return commit_alteration(home, entry, what="retracted", by=by, why=why)


class NotErasedError(PamError, ValueError):
    """Figures rest on the file."""


def erase(home: Home, name: str, *, by: str, why: str) -> tuple[LedgerEntry, list[Erasure]]:
    """Erase the rows, the quarantine and the originals of a file that was retracted or is held. Returns its entry, and what was
    erased. `name`: as of `retract`. A held file is retracted first.

    Takes the home's lock. Raises NightUnderWayError, WhichFileError, and NotErasedError while figures rest on the file.
    """
    loads = Decisions(read_ledger(home)).loads.values()
    stored = [e for e in loads if e.outcome in STORED]
    load = file_of_name(stored, name, "stored")
    with locked(home):
        entries, night = read_ledger(home), Night.begin(home)
        load = Decisions(entries).loads[str(load.load_id)]
        if load.outcome == "accepted":
            raise NotErasedError(
                f"{load.source_file} counts: pam retract it without --erase, drop the corrected file if there is one, then"
                " pam nightly, then erase it"
            )
        counted = any(e.load_id == load.load_id and e.outcome == "accepted" for e in entries)
        published = published_night(home)
        if counted and published and night_order(published) < night_order(load.night_id):
            raise NotErasedError(
                f"figures of night {published}, which is published, rest on {load.source_file}: pam nightly first"
            )
        if load.outcome == "held":
            load = retract_load(home, str(load.load_id), night.night_id, by=by, why=why)
        facts = {"load_id": load.load_id, "source_file": load.source_file, "by": by, "why": why}
        audit.record(home, "erasure", night_id=night.night_id, what="load", **facts)
        return load, erase_load(home, str(load.load_id), night.today, night.night_id)


def _erased_since(home: Home, load: LedgerEntry, entries: Iterable[LedgerEntry]) -> str | None:
    """A file of raw/, of the same extract and force, that was erased since a load was accepted, and may count."""
    retracted = {load_id for load_id, e in Decisions(entries).loads.items() if e.outcome == "retracted"}
    for erasure in read_erasures(home):
        is_own = erasure.kind == "raw" and Path(erasure.archived).parts[1:3] == (load.extract, load.force_code)
        if Path(erasure.archived).stem in retracted:
            continue
        if is_own and night_order(erasure.night_id) >= night_order(load.night_id):
            return erasure.archived
    return None
