"""Cleans up after an interrupted landing, and goes on from there.

A mark in the ledger's folder says that a landing has started to write; it is removed when the landing is finished. Where the
mark is still there, some rows may be stored that no line of the ledger names, and some files may be decided on and not yet
archived. The caller holds the home's lock, so no other landing is running.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home

from .inbox.file_names import InboxFile
from .inbox.inbox_files import opened_file
from .refusal import Refused
from .storage.ledger import LedgerEntry
from .storage.raw_store import TIE, TIED

MARK = ".landing"
LOAD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")


def mark_started(home: Home, nights: Iterable[str]) -> None:
    """Write the mark. `nights`: those whose files are archived, this one and unfinished ones before it."""
    write_whole(home.ledger / MARK, json.dumps(sorted(set(nights))).encode("utf-8"))


def mark_finished(home: Home) -> None:
    """Remove the mark: every file that was decided on is archived."""
    (home.ledger / MARK).unlink(missing_ok=True)


def unfinished_nights(home: Home) -> list[str] | None:
    """The nights that may have left decided files in the inbox; None where every landing was finished."""
    try:
        return [str(night) for night in json.loads((home.ledger / MARK).read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return None


def remove_uncommitted(home: Home, loads: Collection[str]) -> None:
    """Remove the rows in `raw/` and `quarantine/`, and the withheld keys, that an unfinished landing stored and no line of the
    ledger names.

    Nothing is removed where no landing was left unfinished: rows without a ledger are then a backup, half restored. Links,
    files older than the mark, and files whose name landing does not give are left alone.
    """
    try:
        started_at = (home.ledger / MARK).stat().st_mtime_ns
    except FileNotFoundError:
        return
    paths = [path for root in (home.raw, home.quarantine) for path in root.glob("[a-z]*/*/*.parquet*")]
    for path in [*paths, *home.withheld.glob("*.parquet*")]:
        unfinished = path.name.startswith(".") and path.name.endswith(".parquet.new")
        name = path.name.removeprefix(".").removesuffix(".new").removesuffix(".parquet")
        load_ids = name.split(TIE if TIE in name else TIED)
        is_ours = all(LOAD_ID.fullmatch(load) for load in load_ids) and (unfinished or path.name == f"{name}.parquet")
        is_linked = any(p.is_symlink() for p in (path, path.parent, path.parent.parent))
        if not is_ours or is_linked or path.stat().st_mtime_ns < started_at:
            continue
        if unfinished or not all(load in loads for load in load_ids):
            path.unlink()
    # A part of the ledger that did not get its name.
    for path in home.ledger.glob(".*.jsonl.new"):
        if not path.is_symlink() and path.stat().st_mtime_ns >= started_at:
            path.unlink()


Unarchived = dict[tuple[str, float | None, int | None], list[LedgerEntry]]
"""What unfinished nights decided on, by name, time and size of the file."""


def by_file(decided: Iterable[LedgerEntry]) -> Unarchived:
    """Entries by file, without refused ones: what was refused may have been corrected."""
    entries: Unarchived = {}
    for entry in decided:
        if entry.outcome != "refused":
            entries.setdefault((entry.source_file, entry.file_mtime, entry.bytes), []).append(entry)
    return entries


def find_unarchived(file: InboxFile, decided: Unarchived) -> LedgerEntry | None:
    """The last entry of this very file, with the same name, time, size and bytes; None for any other file. Raises OSError."""
    candidates = decided.get((file.name, file.mtime, file.size))
    if not candidates:
        return None
    try:
        with opened_file(file.path, file.root) as handle, open(handle, "rb", closefd=False) as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
    except Refused:
        return None
    return next((e for e in reversed(candidates) if e.sha256 == sha256), None)
