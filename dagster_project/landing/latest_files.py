"""Which files still count: the last decision on each, and what a newer file replaced."""

from collections.abc import Iterable
from datetime import UTC, datetime

from .ledger import LedgerEntry


def extracted(entry: LedgerEntry) -> datetime:
    """When a load's file was extracted, as a UTC time."""
    return datetime.fromisoformat(str(entry.extracted_at).replace("Z", "+00:00")).astimezone(UTC)


def covers(newer: LedgerEntry, older: LedgerEntry) -> bool:
    """Whether a file's window holds all of another's."""
    assert newer.covered_from and newer.covered_to and older.covered_from and older.covered_to
    return newer.covered_from <= older.covered_from and newer.covered_to >= older.covered_to


def standing_files(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The last word on each load, and every refused file that was not mended since.

    A refused file is mended by one of its name that is accepted, or by a newer one that covers all of its window.
    """
    entries = list(entries)
    last: dict[str, LedgerEntry] = {}
    for e in entries:
        if e.outcome != "known":
            last[e.load_id if e.load_id and e.outcome != "refused" else f"{e.night_id} {e.source_file}"] = e
    mended = {e.source_file: e.landed_at for e in entries if e.outcome == "accepted"}
    taken = [e for e in last.values() if e.outcome == "accepted"]
    return [
        e for e in last.values()
        if e.outcome != "refused"
        or (mended.get(e.source_file, "") < e.landed_at and not (e.form and is_replaced(e, taken)))
    ]  # fmt: skip


def is_replaced(held: LedgerEntry, loads: Iterable[LedgerEntry]) -> bool:
    """Whether a newer file of the same extract, force and form was accepted that covers the held one's window."""
    return any(
        (e.extract, e.force_code, e.form) == (held.extract, held.force_code, held.form)
        and held.covered_from is not None
        and extracted(e) > extracted(held)
        and covers(e, held)
        for e in loads
    )
