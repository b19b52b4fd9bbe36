"""Erases loads that have been kept long enough: quarantine, originals, and the rows in raw that no figure is made from.

A load's time is over once its last covered day is longer ago than its contract's `keep_years`, or the home's own. Its line in
the ledger stays, and its withheld keys do, without which figures would change. Rows that figures rest on are erased when the
night is published (`dagster_project/nights/erase_expired.py`).
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

from dagster_project import audit
from dagster_project.contracts import Contract
from dagster_project.core.home import Home

from .archive_retention import Erasure, Kind, note, read_erasures
from .conflicts import load_of
from .ledger import LedgerEntry, read_ledger
from .raw_store import TIE


def erase_expired(
    home: Home, contracts: Mapping[str, Contract], years: Mapping[str, int], needed: Collection[str], today: date, night_id: str
) -> list[Erasure]:
    """Erase what is kept of loads whose time is over. Returns what was erased.

    `years`: extract -> years, in place of the contract's. `needed`: loads that figures still rest on, whose rows in raw stay.
    On record, and in `raw/_ledger/erased/<night id>__expired.jsonl`, before anything goes. Raises OSError.
    """
    limits, before = limits_of(contracts, years), {e.archived: e for e in read_erasures(home)}
    found: dict[Path, Erasure] = {}
    for e in read_ledger(home):
        limit = limits.get(str(e.extract))
        if limit is None or not e.load_id or e.covered_to is None or not is_over(e.covered_to, limit, today):
            continue
        for kind, path in _kept(home, e, e.load_id not in needed):
            erasure = erasure_of(home, kind, path, night_id, today)
            earlier = before.get(erasure.archived)
            # Noted by a night that was stopped before it erased: what stands for the rows is still known.
            found[path] = earlier if earlier and earlier.kept else erasure
    if not found:
        return []
    audit.record_all(
        home,
        [("erasure", {"night_id": night_id, "what": e.kind, "file": e.archived, "sha256": e.sha256}) for e in found.values()],
    )
    note(home.erasures / f"{night_id}__expired.jsonl", found.values())
    for path in found:
        path.unlink(missing_ok=True)
    return list(found.values())


def limits_of(contracts: Mapping[str, Contract], years: Mapping[str, int]) -> dict[str, int | None]:
    """For how many years each extract's rows are kept; None: for as long as the home."""
    return {name: years.get(name, c.keep_years) for name, c in contracts.items()}


def is_over(last_day: date, years: int, today: date) -> bool:
    """Whether a day is more than so many years ago."""
    return (last_day.year + years, last_day.month, last_day.day) < (today.year, today.month, today.day)


def erased_loads(home: Home) -> set[str]:
    """Loads whose rows in raw were erased."""
    return {Path(e.archived).stem for e in read_erasures(home) if e.kind == "raw"}


def _kept(home: Home, e: LedgerEntry, is_spent: bool) -> Iterator[tuple[Kind, Path]]:
    """What there still is of a load, as delivered or row by row."""
    load = load_of(e)
    if e.outcome in ("accepted", "held"):
        folder = load.quarantine(home).parent
        for path in (load.quarantine(home), *sorted(folder.glob(f"{load.load_id}{TIE}*.parquet"))):
            if path.exists():
                yield "quarantine", path
        if is_spent and load.raw(home).exists():
            yield "raw", load.raw(home)
    original = home.archive / e.landed_at[:10] / e.source_file
    if original.parent.is_dir() and original.is_file() and not original.is_symlink():
        yield "archive", original


def erasure_of(home: Home, kind: Kind, path: Path, night_id: str, today: date) -> Erasure:
    """What is noted of a file before it goes."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    place = path.relative_to(home.archive if kind == "archive" else home.path)
    return Erasure(
        night_id=night_id, erased_on=today, archived=str(place), bytes=path.stat().st_size, sha256=digest, kind=kind
    )
