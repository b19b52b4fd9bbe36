"""Finds held files by name, and releases one under the home's lock."""

from dagster_project.contracts import load_contracts
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.receipts import Night, locked

from . import LedgerEntry, accepted, read_ledger, release_load
from .latest_files import current_files, is_replaced


class WhichFileError(PamError, ValueError):
    """The given name matches no held file, or several. The message lists the held files."""


def held_files(home: Home) -> list[LedgerEntry]:
    """Held files that nobody released and no newer file replaced, in order of landing."""
    entries = read_ledger(home)
    loads = accepted(entries)
    return [e for e in current_files(entries) if e.outcome == "held" and not is_replaced(e, loads)]


def release(home: Home, name: str, *, by: str, why: str) -> LedgerEntry:
    """Accept a held file as it is. `name`: its file name or load id, or an unambiguous beginning of one.

    Takes the home's lock: raises NightUnderWayError, and WhichFileError where the name is ambiguous. The next night updates the
    figures.
    """
    held = held_files(home)
    exact = [e for e in held if name in (e.load_id, e.source_file)]
    matches = exact or [e for e in held if str(e.load_id).startswith(name) or e.source_file.startswith(name)]
    if len(matches) != 1:
        files = "; ".join(f"{e.load_id} ({e.source_file})" for e in matches or held) or "no file at all"
        raise WhichFileError(f"{name!r} means {len(matches) or 'none'} of the held files. Held: {files}")
    with locked(home):
        night = Night.begin(home)
        return release_load(home, load_contracts(), str(matches[0].load_id), night.night_id, by=by, why=why)
