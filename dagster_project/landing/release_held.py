"""Finds held and retracted files by name, and releases those that a person has checked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from dagster_project import audit
from dagster_project.contracts import Contract, load_contracts
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.memory import memory_settings
from dagster_project.core.night_lock import locked
from dagster_project.core.receipts import Night

from .rows.duckdb_connection import connect
from .same_time_conflicts import settle_conflicts
from .storage.earlier_decisions import Clock, Decisions, utc_microseconds
from .storage.ledger import CONFLICT_KIND, LedgerEntry, Outcome, accepted, commit, current_files, is_replaced, read_ledger
from .storage.raw_store import load_of
from .storage.vocabulary import VocabularyCheck


class WhichFileError(PamError, ValueError):
    """The given name matches no file, or several. The message lists files that it could be."""


LISTED = 10
"""How many files a message lists."""


def held_files(home: Home, outcome: Outcome = "held") -> list[LedgerEntry]:
    """Held (or retracted) files that nobody released and no newer file replaced, in order of landing."""
    return held_of(read_ledger(home), outcome)


def held_of(entries: Sequence[LedgerEntry], outcome: Outcome = "held") -> list[LedgerEntry]:
    """As `held_files`, of a ledger that was read."""
    loads = accepted(entries)
    return [e for e in current_files(entries) if e.outcome == outcome and not is_replaced(e, loads)]


def file_of_name(files: Iterable[LedgerEntry], name: str, kind: str) -> LedgerEntry:
    """The one of the `kind` files with a file name or load id, or an unambiguous beginning of one. Raises WhichFileError."""
    files = list(files)
    exact = [e for e in files if name in (e.load_id, e.source_file)]
    matches = exact or [e for e in files if name and (str(e.load_id).startswith(name) or e.source_file.startswith(name))]
    if len(matches) == 1:
        return matches[0]
    could = matches or files
    listed = "; ".join(f"{e.load_id} ({e.source_file})" for e in could[-LISTED:]) or "no file at all"
    more = f"; and {len(could) - LISTED} more" if len(could) > LISTED else ""
    raise WhichFileError(f"{name!r} means {len(matches) or 'none'} of the {kind} files. {kind.capitalize()}: {listed}{more}")


def release(home: Home, name: str, *, by: str, why: str) -> LedgerEntry:
    """Accept a held or retracted file as it is. `name`: its file name or load id, or an unambiguous beginning of one.

    Takes the home's lock: raises NightUnderWayError, WhichFileError where the name is ambiguous, and NotHeld. The next night
    updates the figures.
    """
    held = file_of_name([*held_files(home), *held_files(home, "retracted")], name, "held")
    with locked(home):
        night = Night.begin(home)
        return release_load(home, load_contracts(), str(held.load_id), night.night_id, by=by, why=why)


class NotHeld(PamError, ValueError):
    """There is no such held or retracted load, it was released already, or it can't be released any more."""


def release_load(
    home: Home, contracts: Mapping[str, Contract], load_id: str, night_id: str, *, by: str, why: str,
    unknown: VocabularyCheck | None = None, now: datetime | None = None,
) -> LedgerEntry:  # fmt: skip
    """Accept a held or retracted load as it is, in a new ledger entry that says who released it, why, and why it was held.
    Returns the entry. `unknown`: what the lists do not know of it today; None: as when it was held.

    Its rows are stored already; only conflicts with loads of the same time are settled now. Raises NotHeld.
    """
    decisions = Decisions(read_ledger(home))
    held = decisions.loads.get(load_id)
    if held is None or held.outcome not in ("held", "retracted"):
        raise NotHeld(f"{load_id} is not a held load" + (f": it is {held.outcome}" if held else ""))
    load = load_of(held)
    if held.has_rows and not load.raw(home).exists():
        raise NotHeld(f"{held.source_file} can't be released: its rows were erased")
    contract = contracts[load.extract]
    if rival := decisions.rival(held, contract):
        raise NotHeld(f"{held.source_file} can't be released: {rival.source_file} ({rival.load_id}) is of the same extraction")
    at = Clock(now, decisions.latest).tick()
    withheld: dict[str, int] = {}
    if contract.key and (conflicting_loads := decisions.conflicting_loads(held)):
        # Stored rows have pseudonyms only.
        with connect(memory_settings(home), has_identifiers=False) as con:
            withheld = settle_conflicts(con, home, contract, load, conflicting_loads)
    n_tied = withheld.pop(load_id, 0)
    entry = held.model_copy(
        update={
            "night_id": night_id,
            "landed_at": utc_microseconds(at),
            "outcome": "accepted",
            "reason": f"released by {by}: {why}; was {'held: ' if held.outcome == 'held' else ''}{held.reason}",
            "rows_landed": (held.rows_landed or 0) - n_tied,
            "rows_quarantined": (held.rows_quarantined or 0) + n_tied,
            "quarantine_reasons": held.quarantine_reasons | ({CONFLICT_KIND: n_tied} if n_tied else {}),
            "withheld": withheld,
            "held_for": None,
        }
        | (_looked_up(held, unknown) if unknown else {})
    )
    return commit_alteration(home, entry, what="released", by=by, why=why)


def _looked_up(held: LedgerEntry, values: VocabularyCheck) -> dict[str, object]:
    """What a ledger entry has of its file's values. What a list knew when the file landed stays: it may have lost it since."""
    own_values = {
        column: {**held.own_values.get(column, {}), **values.own.get(column, {})}
        for column in {**held.own_values, **values.own}
    }
    return {
        "unknown_values": values.unknown, "own_values": own_values, "unasked_units": values.unasked_units,
        "unknown_told": values.warnings,
    }  # fmt: skip


def commit_alteration(home: Home, entry: LedgerEntry, *, what: str, by: str, why: str) -> LedgerEntry:
    """Put on record what a person decided of a stored file, then in the ledger. Returns the entry."""
    facts = {"night_id": entry.night_id, "load_id": entry.load_id, "source_file": entry.source_file, "by": by, "why": why}
    audit.record(home, "alteration", what=what, **facts)
    commit(home, entry.night_id, str(entry.extract), [entry])
    return entry
