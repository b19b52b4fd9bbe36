"""Finds earlier decisions in the ledger: whether a file came before, and what replaced it."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any

from dagster_project.contracts import Contract
from dagster_project.core.receipts import utc_seconds

from ..inbox.file_names import InboxFile
from .ledger import STORED, Counts, LedgerEntry, accepted, counts

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def utc_microseconds(at: datetime) -> str:
    """The ledger's form of a landing time: UTC with microseconds, so that the texts sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Clock:
    """Gives landing times, each later than the one before."""

    def __init__(self, now: datetime | None, latest: datetime) -> None:
        self._now, self._latest, self._lock = now, latest, Lock()

    def tick(self) -> datetime:
        """Now, or just after the latest time in the ledger or given before: the order of landing survives a clock set back."""
        with self._lock:
            self._latest = max(self._now or datetime.now(UTC), self._latest + timedelta(microseconds=1))
            return self._latest


class Decisions:
    """The ledger's entries, indexed by what identifies a file. `add` updates the index as files land."""

    def __init__(self, entries: Iterable[LedgerEntry]) -> None:
        self.loads: dict[str, LedgerEntry] = {}
        self.latest = LONG_AGO
        self.key_fingerprint: str | None = None
        self._by_force: dict[tuple[str | None, ...], dict[str, LedgerEntry]] = defaultdict(dict)
        self._drops: dict[tuple[Any, ...], LedgerEntry] = {}
        self._entries: list[LedgerEntry] = []
        for entry in entries:
            self.add(entry)

    def add(self, entry: LedgerEntry) -> None:
        """Add an entry that is newer than all before it."""
        self._entries.append(entry)
        self.latest = max(self.latest, datetime.fromisoformat(entry.landed_at))
        self._drops[(entry.source_file, entry.file_mtime, entry.bytes)] = entry
        if entry.outcome not in STORED or entry.load_id is None:
            return
        if entry.outcome == "retracted":
            # What was refused because of it is read again.
            self._drops = {k: e for k, e in self._drops.items() if e.outcome != "refused" or e.extract != entry.extract}
        if entry.key_fingerprint:
            self.key_fingerprint = entry.key_fingerprint
        self.loads[entry.load_id] = self._by_force[entry.extract, entry.force_code][entry.load_id] = entry

    def of(self, extract: str | None) -> "Decisions":
        """The decisions of one extract (None: of files whose name gives no extract), and every drop by its name."""
        decisions = Decisions(e for e in self._entries if e.extract == extract)
        decisions._drops = dict(self._drops)
        return decisions

    def counts(self) -> dict[str, Counts]:
        """The current counts of every load, by its id."""
        return counts(self._entries)

    def same_drop(self, file: InboxFile, mapping: str | None = None) -> LedgerEntry | None:
        """The entry of this very file, with the same name, time and size.

        None where the decision could differ today: the name has another problem, a manifest arrived since, or a refused or
        retracted file would be read with another mapping (`mapping`: today's, by its label in the ledger).
        """
        entry = self._drops.get((file.name, file.mtime, file.size))
        if entry is None or (entry.extract is None) != (file.problem is not None):
            return None
        if file.problem and entry.reason != file.problem:
            return None
        if entry.outcome in ("refused", "retracted") and entry.extract and entry.mapping != mapping:
            return None
        if entry.outcome == "refused":
            # An error: no manifest. There can't be one where the file's name is too long.
            with suppress(OSError):
                if file.manifest.stat().st_mtime >= datetime.fromisoformat(entry.landed_at).timestamp():
                    return None
        return entry

    def _loads_of(self, extract: str | None, force_code: str | None, form: str) -> list[LedgerEntry]:
        return [e for e in self._by_force[extract, force_code].values() if e.form == form and e.outcome != "retracted"]

    def accepted_of(self, file: InboxFile) -> list[LedgerEntry]:
        return [e for e in self._by_force[file.extract, file.force_code].values() if e.outcome == "accepted"]

    def newer_of_all_its_days(self, file: InboxFile) -> LedgerEntry | None:
        """An accepted load that covers all days of a file of a mapping whose name does not say when it was extracted: its time
        is that of its last change, which a copy may have."""
        if file.mapping is None or file.extracted_at is None or int(file.extracted_at.timestamp()) != int(file.mtime):
            return None
        first, last, extracted_at = *file.window, utc_seconds(file.extracted_at)
        newer = (e for e in self.accepted_of(file) if str(e.extracted_at) > extracted_at)
        return next((e for e in newer if e.window[0] <= first and last <= e.window[1]), None)

    def last_accepted(self, file: InboxFile) -> LedgerEntry | None:
        """The load of the same extract, force and form that was accepted last."""
        return max((e for e in self.accepted_of(file) if e.form == file.form), key=lambda e: e.landed_at, default=None)

    def last_like(self, file: InboxFile, first: date, last: date, rows: int) -> LedgerEntry | None:
        """The load with which to compare a file of these days: the last of as many rows that has half of the days, too. Some
        files come in two windows. If there is none, the last of as many rows, or else the last."""

        def is_like(entry: LedgerEntry) -> bool:
            a, b = entry.window
            common = (min(last, b) - max(first, a)).days + 1
            return 2 * common >= max((last - first).days, (b - a).days) + 1

        loads = [e for e in self.accepted_of(file) if e.form == file.form]
        return max(loads, key=lambda e: ((e.rows_landed or 0) >= rows, is_like(e), e.landed_at), default=None)

    def same_extraction(self, file: InboxFile | LedgerEntry) -> LedgerEntry | None:
        """The accepted or held load, other than this one, of the same extract, force, window and time of extraction."""
        return next((e for e in self._of_same_time(file) if e.window == file.window), None)

    def rival(self, file: InboxFile | LedgerEntry, contract: Contract) -> LedgerEntry | None:
        """The load beside which a file may not count: of the same extraction, or, for a monthly file, whose rows have no key
        and say their month alone, of the same time over any of its months. Rows of both would count."""
        if contract.kind != "monthly_file":
            return self.same_extraction(file)
        first, last = _months(file)
        return next((e for e in self._of_same_time(file) if _months(e)[0] <= last and first <= _months(e)[1]), None)

    def conflicting_loads(self, file: InboxFile | LedgerEntry) -> list[LedgerEntry]:
        """Accepted loads of the same extract, force and time of extraction over another window."""
        return [e for e in self._of_same_time(file) if e.outcome == "accepted" and e.window != file.window]

    def _of_same_time(self, file: InboxFile | LedgerEntry) -> list[LedgerEntry]:
        """Other accepted and held loads of the same time of extraction: none of data.police.uk, as no two land at one time."""
        if file.form != "canonical":
            return []
        extracted_at = utc_seconds(file.extracted_at) if isinstance(file.extracted_at, datetime) else file.extracted_at
        own_id = file.load_id if isinstance(file, LedgerEntry) else None
        loads = self._loads_of(file.extract, file.force_code, "canonical")
        return [e for e in loads if e.extracted_at == extracted_at and e.load_id != own_id]

    def retracted(self, file: InboxFile) -> list[LedgerEntry]:
        """The retracted loads of the same extraction; of data.police.uk, of the same month."""
        at = utc_seconds(file.extracted_at) if file.extracted_at else None
        return [
            e for e in self._by_force[file.extract, file.force_code].values()
            if e.outcome == "retracted" and e.form == file.form and e.window == file.window and at in (None, e.extracted_at)
        ]  # fmt: skip

    def same_bytes(self, file: InboxFile, sha256: str, keyless: bool = False) -> LedgerEntry | None:
        """The load with the same bytes: of the same extraction, or the newest of its month. Older content of a month that
        arrives again is a new landing: the newest file of a month counts."""
        if file.form != "police_uk":
            load = self.same_extraction(file)
            return load if load and load.sha256 == sha256 else None
        return next((e for e in self.newest(file, keyless) if e.sha256 == sha256), None)

    def same_of_another_force(self, file: InboxFile, sha256: str) -> LedgerEntry | None:
        """A load of the same bytes, with rows, that is another force's."""
        same_bytes = (e for e in self.loads.values() if e.sha256 == sha256 and e.force_code != file.force_code)
        return next((e for e in same_bytes if e.extract == file.extract and e.rows_landed and e.outcome != "retracted"), None)

    def newest(self, file: InboxFile, keyless: bool = False) -> list[LedgerEntry]:
        """Of a month of data.police.uk: the load that landed last, and the last accepted one.

        Empty where the force's own extract of a `keyless` contract has replaced the month since: a file that arrives again then
        replaces that extract.
        """
        if file.form != "police_uk":
            return []
        loads = self._loads_of(file.extract, file.force_code, "police_uk")
        # By first landing: a load is no newer for its release.
        loads = sorted((e for e in loads if e.window == file.window), key=lambda e: str(e.extracted_at))
        if keyless and loads and self._replaced(loads[-1]):
            return []
        return loads[-1:] + accepted(loads)[-1:]

    def _replaced(self, month: LedgerEntry) -> bool:
        landed, (first, last) = datetime.fromisoformat(str(month.extracted_at)), month.window
        return any(
            e.outcome == "accepted" and e.window[0] <= last and first <= e.window[1]
            and datetime.fromisoformat(str(e.extracted_at)) > landed
            for e in self._loads_of(month.extract, month.force_code, "canonical")
        )  # fmt: skip


def _months(file: InboxFile | LedgerEntry) -> list[tuple[int, int]]:
    """The first and the last month of a file's window."""
    return [(day.year, day.month) for day in file.window]
