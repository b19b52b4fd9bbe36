"""Lands the files of a night, one extract at a time or several in parallel, and writes the ledger."""

import logging
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from dagster_project import audit
from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.memory import megabytes, memory_limit

from . import interrupted_landing
from .inbox.file_names import InboxFile
from .inbox.inbox_files import files_being_written
from .inbox.move_to_archive import move_to_archive
from .land_file import UNRECOGNISED, land_file
from .landing_session import LandingSession
from .opening.choose_mapping import recognise_files
from .opening.file_facts import FileFacts
from .reading_budget import TEXT_SHARE, ReadingBudget, threads_for
from .storage.ledger import LedgerEntry, commit

LOG = logging.getLogger(__name__)
RECORDED = {
    "night_id", "source_file", "extract", "force_code", "outcome", "load_id", "sha256", "rows_landed", "rows_quarantined",
}  # fmt: skip
"""The facts of a file that the record of processing stores: which file, whose, and its outcome."""
INTERRUPT_SECONDS = 0.05
"""Seconds between two attempts to interrupt a thread."""


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
    threads: int | None = None,
    progress: Callable[[LedgerEntry], None] | None = None,
) -> list[LedgerEntry]:
    """Land files and return one entry for each, in order of landing; for an earlier file that one of them has held, one
    more. The caller holds the home's lock.

    An extract's files land oldest extraction first; their entries are committed together, after their rows.

    `archive`: move landed files to the home's archive. Without it (an inbox that is not ours to empty), and after a night that
    was interrupted, a file that was decided before is skipped: its entry is returned as `known` and not written again.
    `whole`: `files` are all the files of the inbox. `settled_seconds`: files that changed within so many seconds wait in the
    inbox without a line in the ledger; 0 does not check. `threads`: extracts to read at a time; None chooses by the size of the
    files and the number of processors. `progress`: called with every entry.

    A file that can't be read is refused and the others land. Raises PseudonymKeyError before anything lands, and OSError or
    duckdb.Error when rows can't be stored: what is committed by then stays, the rest lands next time.
    """
    if not files and interrupted_landing.unfinished_nights(home) is None:
        return []
    landing = Landing(home, contracts, night_id, now, archive)
    files = recognise_files(files, landing.mappings)
    groups: dict[str, list[InboxFile]] = defaultdict(list)
    for file in files:
        groups[UNRECOGNISED if file.problem else file.extract_and_force[0]].append(file)
    has_identifiers = any(contracts[name].identifiers for name in groups if name != UNRECOGNISED)
    by_extract = {name: sorted(groups[name], key=landing_order) for name in sorted(groups)}
    try:
        landing.prepare(has_identifiers)
        landing.being_written = files_being_written(files, settled_seconds)
        new = files if archive else [f for f in files if landing.decisions.same_drop(f) is None]
        results: Generator[ExtractResult, None, None]
        if (threads := threads or threads_for(new)) > 1:
            landing.mark_started()
            results = read_in_parallel(landing, by_extract, threads, progress)
        else:
            results = (landing.read_extract(name, extract_files, progress) for name, extract_files in by_extract.items())
        with closing(results):
            entries = [entry for result in results for entry in landing.commit_extract(result)]
        landing.mark_finished(whole)
    finally:
        landing.close()
    return sorted(entries, key=lambda entry: entry.landed_at)


def landing_order(file: InboxFile) -> tuple[bool, datetime, float, str, str]:
    """Sort key of files: oldest extraction first. Files of data.police.uk, whose name gives no time, by age of the file."""
    return file.extracted_at is None, file.extracted_at or datetime.min, file.mtime, file.name, str(file.path)


@dataclass(frozen=True)
class ExtractResult:
    """One extract whose rows are stored. `entries`: of every file; `new`: those for the ledger; `done`: files to archive."""

    name: str
    entries: list[LedgerEntry]
    new: list[LedgerEntry]
    done: list[InboxFile]


class Landing(LandingSession):
    """Lands the files of an inbox, an extract at a time."""

    def read_extract(self, name: str, files: list[InboxFile], progress: Callable[[LedgerEntry], None] | None) -> ExtractResult:
        """Read and store one extract's files. Nothing counts before `commit_extract`. Raises Stopped if another failed."""
        result = ExtractResult(name, [], [], [])
        self.connect(name)
        for file in files:
            entry = self._decided_before(file)
            if entry is None:
                entry, stays_in_inbox = land_file(self, file)
                if not stays_in_inbox:
                    result.done.append(file)
                    for new_entry in (entry, *self.also_held):
                        result.new.append(new_entry)
                        self.decisions.add(new_entry)
                    result.entries.extend(self.also_held)
            elif self.archive:
                result.done.append(file)
            result.entries.append(entry)
            if progress:
                progress(entry)
        return result

    def commit_extract(self, result: ExtractResult) -> list[LedgerEntry]:
        """Commit an extract's entries, then archive its files. Returns the entries."""
        if result.new:
            self.mark_started()
            # Before the ledger, so that what is stored is on record even if the night is killed in between.
            records = [e.plain_values(RECORDED) for e in result.new]
            audit.record_all(self.home, [("collection", record) for record in records])
        commit(self.home, self.night_id, result.name, result.new)
        if self.archive:
            for file in result.done:
                state, sha256 = self.files_read.get(file.path, (None, None))
                if not move_to_archive(self.home, file, self.clock.tick().date(), sha256, state):
                    LOG.warning("%s has changed since it was read: it stays in the inbox", file.name)
        return result.entries

    def _decided_before(self, file: InboxFile) -> LedgerEntry | None:
        """A `known` entry for an unchanged file that was decided before: in an inbox that is not ours to empty, or by a night
        that was interrupted before it archived the file. None for any other file."""
        if file.waits:
            earlier = None
        elif self.archive:
            earlier = interrupted_landing.find_unarchived(file, self.unarchived)
        else:
            used = self.mapping_of(file)
            earlier = self.decisions.same_drop(file, used.label if used else None)
        if earlier is None:
            return None
        self.files_read[file.path] = (None, earlier.sha256)
        reason = f": {earlier.reason}" if earlier.reason else ""
        facts = FileFacts(file, self.clock.tick(), self.night_id, earlier.bytes, earlier.sha256)
        return facts.entry("known", f"decided before: {earlier.outcome}{reason}", load_id=earlier.load_id)


def read_in_parallel(
    landing: Landing, files: Mapping[str, list[InboxFile]], threads: int, progress: Callable[[LedgerEntry], None] | None
) -> Generator[ExtractResult, None, None]:
    """Read each extract's files on its own connection, the largest extract first, and yield each result as it is done.

    Raises what the first extract to fail raises, once the others have stopped: what they stored does not count.
    """
    parts = min(threads, len(files))
    budget = ReadingBudget((megabytes(memory_limit(landing.home)) << 20) // TEXT_SHARE, parts)
    lock = Lock()

    def report(entry: LedgerEntry) -> None:
        with lock:
            if progress and not budget.is_closed:
                progress(entry)

    def read(reader: Landing, name: str) -> ExtractResult:
        with closing(reader):
            return reader.read_extract(name, files[name], report)

    largest_first = sorted(files, key=lambda name: -sum(f.size for f in files[name]))
    readers = {name: landing.for_extract(name, budget) for name in largest_first}
    pool, started = ThreadPoolExecutor(parts, "landing"), list[Future[ExtractResult]]()
    try:
        started += [pool.submit(read, reader, name) for name, reader in readers.items()]
        for future in as_completed(started):
            yield future.result()
    finally:
        _stop_all(pool, started, budget, readers.values())


def _stop_all(
    pool: ThreadPoolExecutor, started: list[Future[ExtractResult]], budget: ReadingBudget, readers: Iterable[Landing]
) -> None:
    """Stop all threads. Interruptions wait until they have stopped: none may write once the home's lock is released."""
    interruption: BaseException | None = None
    while True:
        try:
            budget.close()
            pool.shutdown(wait=False, cancel_futures=True)
            while wait(started, INTERRUPT_SECONDS).not_done:
                # DuckDB forgets an interruption that comes between two statements.
                for reader in readers:
                    reader.interrupt()
            pool.shutdown()
            break
        except BaseException as error:
            interruption = error
    if interruption:
        raise interruption
