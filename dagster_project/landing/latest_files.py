"""Which files still count: the last decision on each, and whether a newer file replaced it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from .ledger import LedgerEntry


def extracted(entry: LedgerEntry) -> datetime:
    """The time when a load's file was extracted (UTC)."""
    return datetime.fromisoformat(str(entry.extracted_at).replace("Z", "+00:00")).astimezone(UTC)


def covers(newer: LedgerEntry, older: LedgerEntry) -> bool:
    """Whether a file's window includes all of another's."""
    assert newer.covered_from and newer.covered_to and older.covered_from and older.covered_to
    return newer.covered_from <= older.covered_from and newer.covered_to >= older.covered_to


def current_files(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The last entry of each load, and every refused file that was not corrected since.

    A refused file is corrected by an accepted file of its name, or by a newer one that covers all of its window.
    """
    entries = list(entries)
    last: dict[str, LedgerEntry] = {}
    for e in entries:
        if e.outcome != "known":
            last[e.load_id if e.load_id and e.outcome != "refused" else f"{e.night_id} {e.source_file}"] = e
    last_accepted = {e.source_file: e.landed_at for e in entries if e.outcome == "accepted"}
    loads = [e for e in last.values() if e.outcome == "accepted"]
    return [
        e for e in last.values()
        if e.outcome != "refused"
        or (last_accepted.get(e.source_file, "") < e.landed_at and not (e.form and is_replaced(e, loads)))
    ]  # fmt: skip


def is_replaced(entry: LedgerEntry, loads: Iterable[LedgerEntry]) -> bool:
    """Whether one of the accepted `loads`, of the same extract, force and form, is newer than a file and covers its window."""
    return any(
        (e.extract, e.force_code, e.form) == (entry.extract, entry.force_code, entry.form)
        and entry.covered_from is not None
        and extracted(e) > extracted(entry)
        and covers(e, entry)
        for e in loads
    )
