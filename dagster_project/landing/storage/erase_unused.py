"""Erases original files from the archive after a short time, because they hold personal data in the clear, and loads older
than their retention limit. Each erasure is recorded before it happens.

A load expires when its last covered day is longer ago than its contract's `keep_years`, or the home's own limit: its
quarantine, its original, and raw rows that no figure uses are erased. Its line in the ledger and its withheld keys stay:
figures would change without them. Rows that figures use are erased when the night is published
(`dagster_project/nights/erase_expired_rows.py`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from dagster_project import audit
from dagster_project.contracts import Contract
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.published_file import sha256_of

from ..inbox.file_names import name_text
from .ledger import LedgerEntry, read_ledger
from .raw_store import load_of

Kind = Literal["archive", "quarantine", "raw", "withdrawn"]
"""`withdrawn`: a list of the rows that a night withdrew, with their keys."""


WITHDRAWN_LIST = "__withdrawn.csv"
"""What the names of those lists in `nights/` end in, after the night's id."""


class Erasure(BaseModel, frozen=True):
    """One file that was erased, and on which day."""

    night_id: str
    erased_on: date
    archived: str
    """Of an original in the archive its day and name there, of another kind its path in the home."""
    bytes: int
    sha256: str
    kind: Kind = "archive"
    kept: dict[str, str] = {}
    """The monthly totals that replace erased rows in figures: files of `raw/_kept`, by their path in it, and their SHA-256."""
    units: list[str] | None = None
    """Codes of the force's units when the totals were made: the totals say nothing of units that are listed since."""
    forgotten: list[str] = []
    """Columns with values that the lists no longer knew when the totals were made: no list can say now what they counted as."""


def erase_old_originals(home: Home, days: int, today: date, night_id: str) -> list[Erasure]:
    """Erase files that were archived `days` days ago or earlier. Returns what was erased, oldest first.

    Erasures are written to `raw/_ledger/erased/<night id>.jsonl` first: if a night is stopped in between, the next one erases
    the rest. Folders that are not named by a date, and links, are not ours and stay: nothing that a link leads to is erased.
    """
    old = [folder for day, folder in _days(home) if (today - day).days >= days]
    files = (path for folder in old for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink())
    erasures = {path: describe_erasure(home, "archive", path, night_id, today) for path in files}
    erased = _record_and_erase(home, f"{night_id}.jsonl", erasures)
    for folder in old:
        if not any(folder.iterdir()):
            folder.rmdir()
    return erased


def erase_old_lists(home: Home, days: int, today: date, night_id: str) -> list[Erasure]:
    """Erase the lists of rows that nights of `days` days ago or earlier withdrew, as of originals: they have keys in the clear,
    also of rows that reach their own limit. Returns what was erased."""
    nights = ((date.fromisoformat(path.name[:8]), path) for path in sorted(home.nights.glob(f"[0-9]*{WITHDRAWN_LIST}")))
    old = [path for night, path in nights if (today - night).days >= days]
    erasures = {path: describe_erasure(home, "withdrawn", path, night_id, today) for path in old}
    return _record_and_erase(home, f"{night_id}.jsonl", erasures)


def record_erasures(home: Home, name: str, erasures: Collection[Erasure]) -> None:
    """Put erasures on record, in the record of processing and in the ledger's file `erased/<name>`, before they happen."""
    audit.record_all(
        home, [("erasure", {"night_id": e.night_id, "what": e.kind, "file": e.archived, "sha256": e.sha256}) for e in erasures]
    )
    write_erasures(home.erasures / name, erasures)


def write_erasures(path: Path, erasures: Iterable[Erasure]) -> None:
    """Add erasures to a file of them: landing may be tried again in the same night."""
    by_file = {e.archived: e for e in [*_read(path), *erasures]}
    write_whole(path, "".join(json.dumps(e.model_dump(mode="json")) + "\n" for e in by_file.values()).encode("utf-8"))


def _read(path: Path) -> list[Erasure]:
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else ()
    return [Erasure.model_validate_json(line) for line in lines if line]


def read_erasures(home: Home) -> list[Erasure]:
    """All erasures, oldest first; of a file that two nights recorded, the later one."""
    by_file: dict[str, Erasure] = {}
    for path in sorted(home.erasures.glob("*.jsonl")):
        by_file |= {e.archived: e for e in _read(path)}
    return list(by_file.values())


def archive_size(home: Home) -> tuple[int, int, date | None]:
    """The number of files in the archive, their bytes, and the oldest day (None where it is empty)."""
    days = _days(home)
    sizes = [p.lstat().st_size for _, folder in days for p in folder.iterdir() if p.is_file()]
    return len(sizes), sum(sizes), days[0][0] if days else None


def _days(home: Home) -> list[tuple[date, Path]]:
    """The archive's folders by their day, oldest first."""
    folders = []
    for folder in home.archive.iterdir() if home.archive.is_dir() else ():
        with suppress(ValueError):
            folders.append((date.fromisoformat(folder.name), folder))
    return sorted((day, folder) for day, folder in folders if folder.is_dir() and not folder.is_symlink())


def describe_erasure(home: Home, kind: Kind, path: Path, night_id: str, today: date) -> Erasure:
    place = name_text(str(path.relative_to(home.archive if kind == "archive" else home.path)))
    size, digest = path.stat().st_size, sha256_of(path)
    return Erasure(night_id=night_id, erased_on=today, archived=place, bytes=size, sha256=digest, kind=kind)


def erase_unused_loads(
    home: Home, contracts: Mapping[str, Contract], years: Mapping[str, int], needed: Collection[str], today: date, night_id: str
) -> list[Erasure]:
    """Erase the files of expired loads. Returns what was erased.

    `years`: extract -> years, in place of the contract's. `needed`: loads that figures still use, whose raw rows stay.
    Recorded first, also in `raw/_ledger/erased/<night id>__expired.jsonl`. Raises OSError.
    """
    limits, recorded = retention_years(contracts, years), {entry.archived: entry for entry in read_erasures(home)}
    erasures: dict[Path, Erasure] = {}
    originals = _archived_by_size(home)
    for entry in read_ledger(home):
        limit = limits.get(str(entry.extract))
        if limit is None or not entry.load_id or entry.covered_to is None or not is_expired(entry.covered_to, limit, today):
            continue
        for kind, path in _files_of(home, entry, originals, with_raw=entry.load_id not in needed):
            erasure = describe_erasure(home, kind, path, night_id, today)
            earlier = recorded.get(erasure.archived)
            # A night that was stopped before it erased has recorded the totals that replace the rows.
            erasures[path] = earlier if earlier and earlier.kept else erasure
    return _record_and_erase(home, f"{night_id}__expired.jsonl", erasures)


def erase_load(home: Home, load_id: str, today: date, night_id: str) -> list[Erasure]:
    """Erase all files of a load that no figure uses, and the archived originals of the same content that came again. Returns
    what was erased. Recorded first, also in `raw/_ledger/erased/<night id>__ordered.jsonl`. Raises OSError."""
    originals = _archived_by_size(home)
    entries = (entry for entry in read_ledger(home) if entry.load_id == load_id)
    files = {path: kind for entry in entries for kind, path in _files_of(home, entry, originals, with_raw=True)}
    erasures = {path: describe_erasure(home, kind, path, night_id, today) for path, kind in files.items()}
    return _record_and_erase(home, f"{night_id}__ordered.jsonl", erasures)


def _record_and_erase(home: Home, name: str, erasures: Mapping[Path, Erasure]) -> list[Erasure]:
    if erasures:
        record_erasures(home, name, erasures.values())
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
    return {Path(e.archived).stem for e in read_erasures(home) if e.kind == "raw"}


def _files_of(
    home: Home, entry: LedgerEntry, originals: Mapping[int | None, list[Path]], *, with_raw: bool
) -> Iterator[tuple[Kind, Path]]:
    """The files of a load that are still there: quarantine, raw rows if wanted, and the archived files of its content.
    `originals`: as `_archived_by_size`."""
    load = load_of(entry)
    if entry.outcome in ("accepted", "held"):
        for path in load.quarantine_files(home):
            yield "quarantine", path
        if with_raw and load.raw(home).exists():
            yield "raw", load.raw(home)
    # Its content says what is the original, not its name or its day: several of one name may come on a day, the archive has
    # another name for a long one, and after a night that was killed, a later one archives the file.
    for path in originals.get(entry.bytes, ()):
        if sha256_of(path) == entry.sha256:
            yield "archive", path


def _archived_by_size(home: Home) -> Mapping[int | None, list[Path]]:
    """The files of the archive, but no links, by their bytes."""
    by_size = defaultdict[int | None, list[Path]](list)
    for path in (path for _, folder in _days(home) for path in sorted(folder.iterdir())):
        if path.is_file() and not path.is_symlink():
            by_size[path.stat().st_size].append(path)
    return by_size
