"""The ledger: what was landed, held or refused, as append-only JSON lines, a file for each night and extract.

A load exists once its line is here. Parquet without a line was left by an interrupted night, and is overwritten when its file
lands again.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.home_lists import UNIT

Outcome = Literal["accepted", "known", "held", "refused", "retracted"]
STORED = ("accepted", "held", "retracted")
"""Outcomes of a file whose rows are stored."""
CONFLICT_KIND = "differs from an extraction of the same time"


class SaidDoubt(BaseModel, frozen=True):
    """A doubt that is not said again of later files with the same rows: what it is about, and the days that it is of."""

    about: str
    first: date | None = None
    last: date | None = None


class LedgerEntry(BaseModel, frozen=True):
    """One file of one night. Times are UTC, ISO 8601.

    For accepted and held files rows_in_file = rows_landed + rows_quarantined + rows_duplicate; for refused ones whose rows
    could be counted, rows_in_file = rows_refused.
    """

    night_id: str
    landed_at: str
    extract: str | None = None
    force_code: str | None = None
    source_file: str
    outcome: Outcome
    reason: str | None = None
    load_id: str | None = None
    form: Literal["canonical", "police_uk"] | None = None
    covered_from: date | None = None
    covered_to: date | None = None
    extracted_at: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    file_mtime: float | None = None
    encoding: str | None = None
    delimiter: str | None = None
    mapping: str | None = None
    headers: dict[str, str] = {}
    rows_in_file: int | None = None
    rows_landed: int | None = None
    rows_quarantined: int | None = None
    rows_duplicate: int | None = None
    rows_refused: int | None = None
    rows_ignored: int | None = None
    """Rows that a mapping says are not records; not part of `rows_in_file`."""
    unknown_columns: list[str] = []
    missing_columns: list[str] = []
    absent_columns: list[str] | None = None
    """Columns of the contract that the file lacks or that are blank in every row; None where it did not land."""
    drift: list[str] = []
    said: list[SaidDoubt] = []
    """Those of the doubts in `drift` that are said once."""
    unknown_values: dict[str, dict[str, int]] = {}
    """Column -> value that is on no list -> rows that have it, where the file landed."""
    own_values: dict[str, dict[str, int]] = {}
    """Likewise values that only the home's own lists know, and units: what one list knows, the next may not."""
    unasked_units: dict[str, int] = {}
    """Likewise units, where the force had no list of areas."""
    unknown_told: dict[str, int] = {}
    """Column -> rows without a known value, where there are so many that the night warns of them."""
    replaced: dict[str, int] = {}
    """File -> its rows that rows with the same keys replace from outside their days, where there are so many that the night
    warns of them. It is another file, or this one if it came late."""
    held_for: str | None = None
    """`vocabulary` where unknown values are the only reason to hold the file."""
    quarantine_reasons: dict[str, int] = {}
    ragged_digest: str | None = None
    """Digest of the ragged rows, in any order; the quarantine stores only their keys."""
    indicators: list[str] = []
    key_fingerprint: str | None = None
    withheld: dict[str, int] = {}
    made_up: bool = False
    """Whether the file's rows say that they are made up."""

    @property
    def lacks(self) -> list[str]:
        """Columns of the contract that a landed file lacks, or that are blank in every row. Ledgers of before 26 November 2026
        name those that it lacks alone."""
        return self.missing_columns if self.absent_columns is None else self.absent_columns

    @property
    def has_rows(self) -> bool:
        """Whether raw/ has rows of it, counting those that a conflict withholds: they count again if the other file is
        retracted."""
        return bool((self.rows_landed or 0) + self.quarantine_reasons.get(CONFLICT_KIND, 0))

    @property
    def window(self) -> tuple[date, date]:
        """The first and the last day that the file covers, where it landed or its name is valid."""
        assert self.covered_from is not None and self.covered_to is not None
        return self.covered_from, self.covered_to

    @property
    def values_looked_up(self) -> dict[str, dict[str, int]]:
        """Column -> value that may be on no list today -> rows that have it."""
        found: dict[str, dict[str, int]] = {}
        for columns in (self.unknown_values, self.own_values, {UNIT: self.unasked_units}):
            for column, values in columns.items():
                found.setdefault(column, {}).update(values)
        return found

    def plain_values(self, columns: set[str] | None = None) -> dict[str, Any]:
        """What it has of these columns (None: of all), as receipts and the record of processing keep it."""
        return self.model_dump(mode="json", include=columns, exclude_none=True)


class Counts(NamedTuple):
    """Current counts of one load: rows that a conflict with a later file withheld count as quarantined."""

    rows_in_file: int
    rows_landed: int
    rows_quarantined: int
    rows_duplicate: int


_cache: dict[tuple[str, int, int], list[LedgerEntry]] = {}
"""Entries by path, time and size of their file."""


def read_ledger(home: Home) -> list[LedgerEntry]:
    """All entries in order of landing; empty where there is no ledger yet. A broken line raises ValueError."""
    entries: list[LedgerEntry] = []
    if not home.ledger.is_dir():
        return entries
    with os.scandir(home.ledger) as listing:
        files = [f for f in listing if f.name.endswith(".jsonl") and not f.name.startswith(".")]
    for file in sorted(files, key=lambda f: f.name):
        stat = file.stat()
        # A file is only ever replaced by a longer one: path, time and size show whether it was read before.
        key = (file.path, stat.st_mtime_ns, stat.st_size)
        if key not in _cache:
            # Not `splitlines`, which also splits at other characters that names and headers may have.
            lines = Path(file.path).read_text(encoding="utf-8").split("\n")
            _cache[key] = [LedgerEntry.model_validate_json(line) for line in lines if line]
        entries += _cache[key]
    return sorted(entries, key=lambda e: e.landed_at)


def accepted(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The accepted loads in order of landing. Of a load with several entries (held, then released) the last counts."""
    by_load: dict[str, LedgerEntry] = {}
    for entry in entries:
        if entry.load_id and entry.outcome in STORED:
            by_load.pop(entry.load_id, None)
            by_load[entry.load_id] = entry
    return [entry for entry in by_load.values() if entry.outcome == "accepted"]


def counts(entries: Iterable[LedgerEntry]) -> dict[str, Counts]:
    """The current counts of every accepted, held or retracted load, by load id."""
    loads: dict[str, LedgerEntry] = {}
    withheld: Counter[str] = Counter()
    for entry in entries:
        if entry.load_id and entry.outcome in STORED:
            loads[entry.load_id] = entry
        # Below 0 where a conflict ended, as the other file was retracted.
        withheld.update(entry.withheld)
    return {
        load: Counts(
            entry.rows_in_file or 0,
            (entry.rows_landed or 0) - withheld[load],
            (entry.rows_quarantined or 0) + withheld[load],
            entry.rows_duplicate or 0,
        )
        for load, entry in loads.items()
    }


def commit(home: Home, night_id: str, extract: str, entries: list[LedgerEntry]) -> None:
    """Append entries of one night and extract, all or none: new file, fsync, rename. Without entries no file is written."""
    if not entries:
        return
    path = home.ledger / f"{night_id}__{extract}.jsonl"
    earlier = path.read_text(encoding="utf-8") if path.exists() else ""
    text = earlier + "".join(json.dumps(e.model_dump(mode="json"), ensure_ascii=False) + "\n" for e in entries)
    write_whole(path, text.encode("utf-8"))


def extracted(entry: LedgerEntry) -> datetime:
    return datetime.fromisoformat(str(entry.extracted_at)).astimezone(UTC)


def covers(newer: LedgerEntry, older: LedgerEntry) -> bool:
    return newer.window[0] <= older.window[0] and newer.window[1] >= older.window[1]


def current_files(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The last entry of each load, and every refused file that was not corrected since.

    A refused file is corrected by one of its name that was decided on later, whatever the outcome: it may be the same, and have
    a mapping since. Or it is corrected by a newer one that covers all of its window.
    """
    entries = list(entries)
    last: dict[str, LedgerEntry] = {}
    for entry in entries:
        if entry.outcome != "known":
            is_load = entry.load_id and entry.outcome != "refused"
            last[str(entry.load_id) if is_load else f"{entry.night_id} {entry.source_file}"] = entry
    # What was retracted corrects nothing any more.
    decided = sorted((e for e in last.values() if e.outcome != "retracted"), key=lambda e: e.landed_at)
    newest = {e.source_file: e.landed_at for e in decided}
    loads = [e for e in last.values() if e.outcome == "accepted"]
    return [
        e for e in last.values()
        if e.outcome != "refused"
        or (newest[e.source_file] == e.landed_at and not (e.form and is_replaced(e, loads)))
    ]  # fmt: skip


def not_replaced(loads: Iterable[LedgerEntry]) -> set[str]:
    """The ids of the accepted and held `loads` that no newer accepted one replaces, and of held ones no newer held one either.

    As `is_replaced`, for all files of a home: a thousand daily ones take a moment, and would take it half a minute.
    """
    current: set[str] = set()
    windows = defaultdict[tuple[str | None, ...], list[tuple[date, date, datetime, Outcome]]](list)
    for entry in sorted(loads, key=extracted, reverse=True):
        (first, last), at = entry.window, extracted(entry)
        newer = windows[entry.extract, entry.force_code, entry.form]
        may_replace = ("accepted", entry.outcome)
        if not any(a <= first and b >= last and time > at and outcome in may_replace for a, b, time, outcome in newer):
            # What replaces a file covers all that it covers, so only the others are compared with.
            newer.append((first, last, at, entry.outcome))
            current.add(str(entry.load_id))
    return current


def is_replaced(entry: LedgerEntry, loads: Iterable[LedgerEntry]) -> bool:
    """Whether one of the accepted `loads`, of the same extract, force and form, is newer than a file and covers its window."""
    return any(
        (e.extract, e.force_code, e.form) == (entry.extract, entry.force_code, entry.form)
        and entry.covered_from is not None
        and extracted(e) > extracted(entry)
        and covers(e, entry)
        for e in loads
    )
