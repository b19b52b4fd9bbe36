"""Finds held files by name, and releases one under the lock."""

from dagster_project.contracts import load_contracts
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.receipts import Night, locked

from . import LedgerEntry, accepted, read_ledger, release_load
from .latest_files import is_replaced, standing_files


class WhichFileError(PamError, ValueError):
    """The name given means no held file, or several. The message lists what is held."""


def held_files(home: Home) -> list[LedgerEntry]:
    """Held files that no person released and no newer file replaced, in order of landing."""
    entries = read_ledger(home)
    loads = accepted(entries)
    return [e for e in standing_files(entries) if e.outcome == "held" and not is_replaced(e, loads)]


def release(home: Home, name: str, *, by: str, why: str) -> LedgerEntry:
    """Accept a held file as it is. `name`: its file name or its load's id, or the beginning of one that is clear.

    Takes the home's lock: raises NightUnderWayError, and WhichFileError where the name is not clear. The figures follow
    with the next night.
    """
    found = held_files(home)
    exact = [e for e in found if name in (e.load_id, e.source_file)]
    match = exact or [e for e in found if str(e.load_id).startswith(name) or e.source_file.startswith(name)]
    if len(match) != 1:
        said = "; ".join(f"{e.load_id} ({e.source_file})" for e in match or found) or "no file at all"
        raise WhichFileError(f"{name!r} means {len(match) or 'none'} of the held files. Held: {said}")
    with locked(home):
        night = Night.begin(home)
        return release_load(home, load_contracts(), str(match[0].load_id), night.night_id, by=by, why=why)
