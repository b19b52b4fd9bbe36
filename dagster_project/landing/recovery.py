"""Cleans up after a landing that was interrupted, and goes on from there.

A mark beside the ledger says that a landing has begun to write; it goes when the landing is over. Where it is still there,
some rows may have been stored that no line of the ledger names, and some files may have been decided on and not yet been
put away. The caller has the home's lock, so that no other landing is under way.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home

from .file_names import InboxFile
from .inbox_files import opened_file
from .ledger import LedgerEntry
from .raw_store import TIE
from .refusal import Refused

MARK = ".landing"
LOAD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")
JOINT = "__"
"""Between the two loads of a tie, in the names of the withheld keys."""


def begin(home: Home, nights: Iterable[str]) -> None:
    """Leave the mark. `nights`: those whose files are put away, this one and unfinished ones before it."""
    write_whole(home.ledger / MARK, json.dumps(sorted(set(nights))).encode("utf-8"))


def over(home: Home) -> None:
    """Take the mark away: all that was decided on is put away."""
    (home.ledger / MARK).unlink(missing_ok=True)


def unfinished_nights(home: Home) -> list[str] | None:
    """The nights whose files may still lie in the inbox, decided on; None where every landing came to its end."""
    try:
        return [str(night) for night in json.loads((home.ledger / MARK).read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return None


def tidy(home: Home, loads: Collection[str]) -> None:
    """Remove the rows of `raw/` and `quarantine/`, and the withheld keys, that an unfinished landing stored and no line
    of the ledger names.

    Nothing goes where no landing was left unfinished: rows without a ledger are then somebody's backup half restored. Nor
    does what is older than the mark, is a link, or has another name than landing gives.
    """
    try:
        began = (home.ledger / MARK).stat().st_mtime_ns
    except FileNotFoundError:
        return
    found = [path for root in (home.raw, home.quarantine) for path in root.glob("[a-z]*/*/*.parquet*")]
    for path in [*found, *home.withheld.glob("*.parquet*")]:
        unfinished = path.name.startswith(".") and path.name.endswith(".parquet.new")
        name = path.name.removeprefix(".").removesuffix(".new").removesuffix(".parquet")
        named = name.split(TIE if TIE in name else JOINT)
        ours = all(LOAD_ID.fullmatch(load) for load in named) and (unfinished or path.name == f"{name}.parquet")
        linked = any(p.is_symlink() for p in (path, path.parent, path.parent.parent))
        if not ours or linked or path.stat().st_mtime_ns < began:
            continue
        if unfinished or not all(load in loads for load in named):
            path.unlink()


class LeftOver:
    """Files that unfinished nights decided on and did not put away. Refused ones are not among them: they may be mended."""

    def __init__(self, entries: Iterable[LedgerEntry], nights: Collection[str]) -> None:
        decided = [e for e in entries if e.night_id in nights and e.outcome != "refused"]
        self._decided = {(e.source_file, e.file_mtime, e.bytes, e.sha256): e for e in decided}
        self._drops = {drop[:3] for drop in self._decided}

    def entry(self, file: InboxFile) -> LedgerEntry | None:
        """What was decided of this very file: name, time, size and bytes as they were; None of any other. Raises OSError."""
        drop = (file.name, file.mtime, file.size)
        if drop not in self._drops:
            return None
        try:
            with opened_file(file.path, file.root) as handle, open(handle, "rb", closefd=False) as source:
                return self._decided.get((*drop, hashlib.file_digest(source, "sha256").hexdigest()))
        except Refused:
            return None
