"""Lands the files of a night, one extract at a time or several in parallel, and writes the ledger."""

import logging
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from dagster_project import audit
from dagster_project.contracts import Contract
from dagster_project.core.home import Home

from . import parallel, recovery
from .archive import move_to_archive
from .file_names import InboxFile
from .inbox_files import still_written
from .land_file import UNRECOGNISED, FileLanding
from .ledger import LedgerEntry, commit
from .own_file_names import recognised

LOG = logging.getLogger(__name__)


def land_files(
    home: Home,
    contracts: Mapping[str, Contract],
    files: list[InboxFile],
    night_id: str,
    *,
    now: datetime | None = None,
    archive: bool,
    whole: bool = True,
    settled_seconds: float = 0,
    progress: Callable[[LedgerEntry], None] | None = None,
) -> list[LedgerEntry]:
    """Land files and return one entry for each, in order of landing. The caller keeps other landings out of the home.

    Extract by extract, or several of them side by side (`abreast`), the oldest extraction first; an extract's entries are
    committed together, after its rows. With `archive` the files then move to the home's archive; without (an inbox of somebody
    else's), a file that was decided before is passed over: its entry is returned as `known` and not
    written again. So is one that an unfinished night decided on and did not archive. `whole`: these are all the
    files of the inbox. `settled_seconds`: a file that changed within so many waits in the inbox, and its entry is not written
    down; 0 asks of none. `progress` is called with every entry.

    A file that can't be read is refused and the others land. Raises PseudonymKeyError before anything
    lands, and OSError or duckdb.Error when rows can't be stored: what is committed by then stays, the
    rest lands next time.
    """
    if not files and recovery.unfinished_nights(home) is None:
        return []
    landing = Landing(home, contracts, night_id, now, archive)
    files = recognised(files, landing.mappings)
    groups: dict[str, list[InboxFile]] = defaultdict(list)
    for file in files:
        groups[UNRECOGNISED if file.problem else file.whose[0]].append(file)
    identified = any(contracts[name].identifiers for name in groups if name != UNRECOGNISED)
    ordered = {name: sorted(groups[name], key=order) for name in sorted(groups)}
    try:
        landing.open(identified)
        landing.unsettled = still_written(files, settled_seconds)
        new = files if archive else [f for f in files if landing.decisions.same_drop(f) is None]
        done: Generator[Read, None, None]
        if parallel.is_worth_it(new):
            landing.begin()
            done = parallel.read(landing.home, landing.apart, ordered, progress)
        else:
            done = (landing.read_extract(name, own, progress) for name, own in ordered.items())
        with closing(done):
            entries = [entry for read in done for entry in landing.finish(read)]
        landing.over(whole)
    finally:
        landing.close()
    return sorted(entries, key=lambda entry: entry.landed_at)


def order(file: InboxFile) -> tuple[bool, datetime, float, str, str]:
    """What files are sorted by: oldest extraction first; data.police.uk files, extracted when they land, by age of the
    file."""
    return (
        file.extracted_at is None,
        file.extracted_at or datetime.min,
        file.mtime,
        file.name,
        str(file.path),
    )


def collected(entry: LedgerEntry) -> dict[str, object]:
    """What the record of processing says of a file: which, whose, and what became of it."""
    kept = (
        "night_id", "source_file", "extract", "force_code", "outcome", "load_id", "sha256", "rows_landed", "rows_quarantined",
    )  # fmt: skip
    return entry.model_dump(mode="json", include=set(kept), exclude_none=True)


@dataclass(frozen=True)
class Read:
    """One extract whose rows are stored: an entry of every file; those that are new, and the files that are done with."""

    name: str
    entries: list[LedgerEntry]
    new: list[LedgerEntry]
    done: list[InboxFile]


class Landing(FileLanding):
    """Landing the files of an inbox, an extract at a time."""

    def read_extract(self, name: str, files: list[InboxFile], progress: Callable[[LedgerEntry], None] | None) -> Read:
        """Read and store one extract's files. Nothing counts of it before `finish`. Raises Stopped where `room` is closed."""
        read = Read(name, [], [], [])
        self.connect(name)
        for file in files:
            entry = self._passed_over(file)
            if entry is None:
                entry, stays = self.land(file)
                if not stays:
                    read.new.append(entry)
                    read.done.append(file)
                    self.decisions.add(entry)
            elif self.archive:
                read.done.append(file)
            read.entries.append(entry)
            if progress:
                progress(entry)
        return read

    def finish(self, read: Read) -> list[LedgerEntry]:
        """Commit an extract's entries, then archive its files. Returns the entries."""
        if read.new:
            self.begin()
            # Before the ledger: what is stored is on record, though the night be killed in between.
            audit.record_all(self.home, [("collection", collected(e)) for e in read.new])
        commit(self.home, self.night_id, read.name, read.new)
        if self.archive:
            for file in read.done:
                seen, sha256 = self.seen.get(file.path, (None, None))
                if not move_to_archive(self.home, file, self.clock.tick().date(), sha256, seen):
                    LOG.warning("%s is not what was read any more: it stays in the inbox", file.name)
        return read.entries

    def _passed_over(self, file: InboxFile) -> LedgerEntry | None:
        """The entry of a file that was decided before and is as it was: one of an inbox that is not ours to empty, or
        one that a night which did not come to its end left in ours."""
        if file.waits:
            earlier = None
        elif self.archive:
            earlier = self.left_over.entry(file)
        else:
            used = self._mapping(file)
            earlier = self.decisions.same_drop(file, used.label if used else None)
        if earlier is None:
            return None
        self.seen[file.path] = (None, earlier.sha256)
        said = f": {earlier.reason}" if earlier.reason else ""
        return self._entry(
            file,
            self.clock.tick(),
            outcome="known",
            reason=f"decided before: {earlier.outcome}{said}",
            load_id=earlier.load_id,
            sha256=earlier.sha256,
            bytes=earlier.bytes,
        )
