"""Erases loads older than their retention limit: quarantine, original files, and raw rows that no figure uses.

A load expires when its last covered day is longer ago than its contract's `keep_years`, or the home's own limit. Its line in
the ledger and its withheld keys stay: figures would change without them. Rows that figures use are erased when the night is
published (`dagster_project/nights/erase_expired.py`).
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

from dagster_project.contracts import Contract
from dagster_project.core.home import Home

from .archive_retention import Erasure, Kind, describe_erasure, read_erasures, record_erasures
from .conflicts import load_of
from .ledger import LedgerEntry, read_ledger
from .raw_store import TIE


def erase_expired(
    home: Home, contracts: Mapping[str, Contract], years: Mapping[str, int], needed: Collection[str], today: date, night_id: str
) -> list[Erasure]:
    """Erase the files of expired loads. Returns what was erased.

    `years`: extract -> years, in place of the contract's. `needed`: loads that figures still use, whose raw rows stay.
    Recorded first, also in `raw/_ledger/erased/<night id>__expired.jsonl`. Raises OSError.
    """
    limits, recorded = retention_years(contracts, years), {e.archived: e for e in read_erasures(home)}
    erasures: dict[Path, Erasure] = {}
    for e in read_ledger(home):
        limit = limits.get(str(e.extract))
        if limit is None or not e.load_id or e.covered_to is None or not is_expired(e.covered_to, limit, today):
            continue
        for kind, path in _files_of(home, e, with_raw=e.load_id not in needed):
            erasure = describe_erasure(home, kind, path, night_id, today)
            earlier = recorded.get(erasure.archived)
            # A night that was stopped before it erased has recorded the totals that replace the rows.
            erasures[path] = earlier if earlier and earlier.kept else erasure
    if not erasures:
        return []
    record_erasures(home, f"{night_id}__expired.jsonl", erasures.values())
    for path in erasures:
        path.unlink(missing_ok=True)
    return list(erasures.values())


def retention_years(contracts: Mapping[str, Contract], years: Mapping[str, int]) -> dict[str, int | None]:
    """For how many years each extract's rows are kept; None: no limit."""
    return {name: years.get(name, c.keep_years) for name, c in contracts.items()}


def is_expired(last_day: date, years: int, today: date) -> bool:
    """Whether a day is more than `years` years ago."""
    return (last_day.year + years, last_day.month, last_day.day) < (today.year, today.month, today.day)


def erased_loads(home: Home) -> set[str]:
    """Ids of the loads whose raw rows were erased."""
    return {Path(e.archived).stem for e in read_erasures(home) if e.kind == "raw"}


def _files_of(home: Home, e: LedgerEntry, *, with_raw: bool) -> Iterator[tuple[Kind, Path]]:
    """The files of a load that are still there: quarantine, raw rows if wanted, and the archived original."""
    load = load_of(e)
    if e.outcome in ("accepted", "held"):
        folder = load.quarantine(home).parent
        for path in (load.quarantine(home), *sorted(folder.glob(f"{load.load_id}{TIE}*.parquet"))):
            if path.exists():
                yield "quarantine", path
        if with_raw and load.raw(home).exists():
            yield "raw", load.raw(home)
    original = home.archive / e.landed_at[:10] / e.source_file
    if original.parent.is_dir() and original.is_file() and not original.is_symlink():
        yield "archive", original
