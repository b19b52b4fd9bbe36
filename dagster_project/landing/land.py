"""A night's files, an extract at a time or several side by side: what each becomes, and the ledger that says so."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb

from dagster_project import audit
from dagster_project.contracts import Contract
from dagster_project.core.config import read_config
from dagster_project.core.errors import Cause, cause_of
from dagster_project.core.files import make_folder
from dagster_project.core.home import Home
from dagster_project.core.memory import bounds
from dagster_project.core.seeds import force_names

from . import canonical_values, parallel, pseudonyms, recovery
from .absent_columns import absent_columns
from .archive import move_to_archive
from .believe import quarantined_too_much, refuse_american, withdraws_too_much
from .column_drift import drift
from .conflicts import KIND, load_of, settle
from .connection import connect
from .containers import Stored, read_manifest, read_stored
from .duplicates import doubled, repeats, weigh
from .file_names import InboxFile
from .ignored_rows import leave_out
from .inbox_files import FileStamp, check_unchanged, still_written
from .known_files import Clock, Decisions, landing_text, moment_text
from .ledger import LedgerEntry, accepted, commit, read_ledger
from .made_up import Kind, is_made_up
from .mappings import SystemMapping, Used, read_mappings
from .open_file import open_file
from .own_file_names import recognised
from .parallel import ALONE, Room, Stopped
from .raw_store import Load, clear, good_rows, quarantine_rows, ragged_digest, same_rows, write_quarantine, write_raw
from .refusal import Refused, StillChanging, TooLarge, Waits
from .row_rules import PARSED, Sheet, keep, parse
from .row_window import parse_within_rows, widest
from .vocabulary import HELD_FOR, look_up

UNRECOGNISED = "_files"
SUSPECT_DAYS = 7
LARGE = 100_000
LOG = logging.getLogger(__name__)
QUERY_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of a signal, whatever its handler raised: somebody ends the night, the file is not at fault."""


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
    landing = _Landing(home, contracts, night_id, now, archive)
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
class _Found:
    """What a file holds: rows, bad ones, repeats merged, rows whose keys clash; and why to hold it, if so."""

    rows: int
    bad: int
    merged: int
    clashing: int
    held: str | None
    ragged: str | None = None
    """Digest of the rows of odd width, where there are any."""

    @property
    def repeated(self) -> bool:
        """Whether any key repeats."""
        return self.merged + self.clashing > 0


@dataclass(frozen=True)
class Read:
    """One extract whose rows are stored: an entry of every file; those that are new, and the files that are done with."""

    name: str
    entries: list[LedgerEntry]
    new: list[LedgerEntry]
    done: list[InboxFile]


class _Landing:
    """One call of `land_files`: its connection, clock and what the ledger knows."""

    def __init__(
        self,
        home: Home,
        contracts: Mapping[str, Contract],
        night_id: str,
        now: datetime | None,
        archive: bool,
    ) -> None:
        self.home, self.contracts, self.night_id, self.archive = home, contracts, night_id, archive
        entries = read_ledger(home)
        self.decisions = Decisions(entries)
        self.clock = Clock(now, self.decisions.latest)
        self.unfinished = recovery.unfinished_nights(home)
        self.left_over = recovery.LeftOver(entries, self.unfinished or ())
        self.begun = False
        self.mappings = read_mappings(home, contracts, force_names())
        self.limits = read_config(home).believe
        self.kind = Kind(home, accepted(entries))
        self.key: pseudonyms.PseudonymKey | None = None
        self._con: duckdb.DuckDBPyConnection | None = None
        self.is_for_identified, self.parts = False, 1
        self.room = ALONE
        self.unsettled: dict[Path, str] = {}
        """Why files are left alone that their senders are not done with."""
        self.seen: dict[Path, tuple[FileStamp | None, str | None]] = {}
        """What was read of each file, and its SHA-256."""
        self.one_at_a_time = Lock()

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The connection that `connect` made."""
        assert self._con is not None
        return self._con

    def open(self, identified: bool) -> None:
        """Get ready. `identified`: personal identifiers will come, so the key is needed."""
        if identified:
            self.key = pseudonyms.find_key(self.home, self.decisions.key_fingerprint)
        recovery.tidy(self.home, self.decisions.loads)

    def connect(self, name: str, parts: int | None = None) -> None:
        """Have a connection for an extract's rows: with identifiers or without. `parts`: how many share the memory; each spills
        to a folder of its own.
        """
        if name not in self.contracts:
            return
        identified, parts = bool(self.contracts[name].identifiers), parts or self.room.parts
        if self._con is not None and (identified, parts) == (self.is_for_identified, self.parts):
            return
        self.close()
        place = name if self.room.parts > 1 else ""
        if place:
            make_folder(self.home.spill)
        self._con = connect(bounds(self.home, parts, place), identified)
        self.is_for_identified, self.parts = identified, parts
        canonical_values.install(self.con)
        if self.key:
            pseudonyms.install(self.con, self.key)

    def begin(self) -> None:
        """Say that something is about to be written."""
        if not self.begun:
            recovery.begin(self.home, [*(self.unfinished or ()), *([self.night_id] if self.archive else ())])
            self.begun = True

    def over(self, whole: bool) -> None:
        """Say that all is written. What an earlier night left in the inbox is left to whoever empties it whole."""
        if self.unfinished and not (self.archive and whole):
            recovery.begin(self.home, self.unfinished)
        elif self.begun or self.unfinished is not None:
            recovery.over(self.home)

    def interrupt(self) -> None:
        """Have what another thread asks of the connection end."""
        with self.one_at_a_time:
            if self._con is not None:
                self._con.interrupt()

    def close(self) -> None:
        """Let the connection and its memory go."""
        with self.one_at_a_time:
            if self._con is not None:
                self._con.close()
                self._con = None

    def apart(self, name: str, room: Room) -> "_Landing":
        """The same for one extract alone: with what the ledger knows of it, and a connection, of its own."""
        one = copy(self)
        one.decisions, one._con, one.room = self.decisions.of(name if name in self.contracts else None), None, room
        return one

    def read_extract(self, name: str, files: list[InboxFile], progress: Callable[[LedgerEntry], None] | None) -> Read:
        """Read and store one extract's files. Nothing counts of it before `finish`. Raises Stopped where `room` is closed."""
        read = Read(name, [], [], [])
        self.connect(name)
        for file in files:
            entry = self._passed_over(file)
            if entry is None:
                entry, stays = self._land(file)
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

    def _mapping(self, file: InboxFile) -> Used | None:
        """The mapping to read a file with. What data.police.uk publishes looks the same from every force."""
        if file.mapping:
            return self.mappings.named(file.mapping)
        return self.mappings.of(*file.whose) if file.form == "canonical" else None

    def _land(self, file: InboxFile) -> tuple[LedgerEntry, bool]:
        """One file's entry, and whether the file is to be left alone: it waits for its sender, or for its mapping. What is too
        large for a part of the memory is read while nobody else reads, with all of it.
        """
        at = self.clock.tick()
        try:
            with self.room.taken(file):
                return self._decide(file, at)
        except (TooLarge, duckdb.OutOfMemoryException):
            if self.parts == 1:
                raise
        with self.room.whole():
            self.connect(file.extract or UNRECOGNISED, parts=1)
            try:
                return self._decide(file, at)
            finally:
                self.connect(file.extract or UNRECOGNISED)

    def _decide(self, file: InboxFile, at: datetime) -> tuple[LedgerEntry, bool]:
        facts: dict[str, Any] = {}
        try:
            if file.path in self.unsettled:
                raise StillChanging(self.unsettled[file.path])
            if file.waits:
                raise Waits(file.waits)
            if file.problem:
                raise Refused(file.problem)
            by_extract = file.form == "canonical" and not file.mapping
            if by_extract and (problem := self.mappings.problem(*file.whose)):
                raise Waits(f"waits in the inbox until a mapping is mended: {problem}")
            if used := self._mapping(file):
                facts["mapping"] = used.label
            with ExitStack() as held:
                return self._read(file, at, facts, used.mapping if used else None, held), False
        except Waits as error:
            return self._entry(file, at, outcome="refused", reason=str(error), **facts), True
        except Refused as error:
            if isinstance(error, TooLarge) and self.parts > 1:
                raise
            refused = {"rows_refused": facts.get("rows_in_file")}
            return self._entry(file, at, outcome="refused", reason=str(error), **facts, **refused), False

    def _read(
        self, file: InboxFile, at: datetime, facts: dict[str, Any], mapping: SystemMapping | None, held: ExitStack
    ) -> LedgerEntry:
        """Decide on a file whose name is in order. `facts` fills with what is known of it, `held` with what its rows are read
        from. Raises Refused."""
        try:
            manifest = read_manifest(file.manifest, file.root)
            stored = read_stored(file, self.home)
            self.seen[file.path] = (stored.seen, stored.sha256)
            facts.update(sha256=stored.sha256, bytes=stored.size)
            if manifest:
                manifest.check_bytes(stored)
            keyless = not self.contracts[file.whose[0]].key
            earlier = None if file.covers else self.decisions.same_bytes(file, stored.sha256, keyless)
            if earlier is None:
                sheet, found = self._take(file, stored, facts, mapping, held)
                facts.update(rows_in_file=found.rows, rows_ignored=sheet.n_ignored or None)
                file = replace(file, covered_from=sheet.covered_from, covered_to=sheet.covered_to)
                earlier = self._same_content(file, sheet, found)
            check_unchanged(file, stored.seen)
            if manifest:
                of = (earlier.rows_in_file, earlier.rows_ignored) if earlier else (found.rows, sheet.n_ignored)
                manifest.check_rows(*of)
            if earlier:
                return self._known(file, at, facts, earlier)
            facts["made_up"] = is_made_up(self.con)
            if found.rows:
                self.kind.admit(facts["made_up"])
            refuse_american(self.con, sheet, found.rows, found.bad, self.limits, file.whose[1])
            if rival := self.decisions.same_extraction(file):
                said = f"{rival.source_file} came first, with other content"
                if rival.mapping != facts.get("mapping"):
                    said += " (or the mapping changed since: what is mapped anew is dropped as a newer extraction)"
                raise Refused(f"two files claim to be one extraction: {said}")
        except Refused:
            raise
        except OSError as error:
            raise Refused(f"could not be read: {error.strerror or type(error).__name__}") from error
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise TooLarge(spilled=cause_of(error) is Cause.SPILL_LIMIT) from error
        except duckdb.InterruptException:
            # By another thread, as the night is ended: the file is not at fault.
            raise
        except Exception as error:
            if str(error) == QUERY_INTERRUPTED:
                raise KeyboardInterrupt from error
            # The error's own words may hold a row: only its kind is said, and to the log.
            LOG.warning("%s could not be read: %s", file.name, type(error).__name__)
            raise Refused("could not be read: damaged, or written in a way that is not known; export it again") from error
        if self.room.is_over:
            raise Stopped
        return self._store(file, at, facts, sheet, found)

    def _same_content(self, file: InboxFile, sheet: Sheet, found: _Found) -> LedgerEntry | None:
        """The load that the rows just read are already, though in other bytes: another container or
        encoding."""
        rival = self.decisions.same_extraction(file)
        for other in [rival] if rival else self.decisions.newest(file, not sheet.contract.key):
            counts = (other.rows_in_file, other.rows_duplicate)
            alike = counts == (found.rows, found.merged) and other.ragged_digest == found.ragged
            good = good_rows(bad=found.bad > 0, repeated=found.repeated)
            if alike and same_rows(self.con, self.home, load_of(other), sheet, good, found.repeated):
                return other
        return None

    def _take(
        self, file: InboxFile, stored: Stored, facts: dict[str, Any], mapping: SystemMapping | None, held: ExitStack
    ) -> tuple[Sheet, _Found]:
        """Read a file's rows and hold them against their contract. Where DuckDB's own reader finds other rows in a text than
        were seen in it, they are read the long way."""
        try:
            sheet = self._parse(file, stored, facts, mapping, held, plainly=True)
            found = self._weigh(sheet)
            if sheet.cells.lines in (None, found.rows + sheet.n_ignored):
                return sheet, found
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            pass
        sheet = self._parse(file, stored, facts, mapping, held, plainly=False)
        return sheet, self._weigh(sheet)

    def _parse(
        self,
        file: InboxFile,
        stored: Stored,
        facts: dict[str, Any],
        mapping: SystemMapping | None,
        held: ExitStack,
        *,
        plainly: bool,
    ) -> Sheet:
        """A file's rows against their contract, in `landing_parsed`."""
        assert file.form is not None
        contract = self.contracts[file.whose[0]]
        opened = open_file(self.con, file, stored, contract, facts, mapping, held, plainly=plainly)
        at = file.extracted_at if file.covers else None
        window = widest(at) if at else file.window
        sheet = Sheet(contract, file.form, *window, opened.layout, opened.cells, mapping, opened.other_than)
        sheet = replace(sheet, n_ignored=leave_out(self.con, sheet))
        if file.covers and at:
            sheet = parse_within_rows(self.con, sheet, file.covers, at)
            facts.update(covered_from=sheet.covered_from, covered_to=sheet.covered_to)
        else:
            parse(self.con, sheet)
        return sheet

    def _weigh(self, sheet: Sheet) -> _Found:
        """Count what was read, sort out keys that repeat, and see whether the file is to be held."""
        n_rows, n_bad, n_ragged, n_keys, n_distinct, perhaps_doubled = weigh(self.con, sheet)
        held = None
        if perhaps_doubled:
            held = doubled(self.con, sheet)
        if n_rows == 0 and sheet.contract.empty_is_suspect:
            days = (sheet.covered_to - sheet.covered_from).days + 1
            if days >= SUSPECT_DAYS:
                held = f"header and no rows over {days} days: not believed of {sheet.contract.extract}"
        n_merged = n_clashing = 0
        if n_distinct < n_keys:
            keep(self.con, sheet)
            n_merged, n_clashing = repeats(self.con, sheet)
        return _Found(n_rows, n_bad, n_merged, n_clashing, held, ragged_digest(self.con, sheet, self.key) if n_ragged else None)

    def _store(self, file: InboxFile, at: datetime, facts: dict[str, Any], sheet: Sheet, found: _Found) -> LedgerEntry:
        """Write the file's rows. Errors here are no fault of the file: they end the night."""
        load = self._load(file, at, facts["sha256"])
        n_quarantined = 0
        kinds: dict[str, int] = {}
        withheld: dict[str, int] = {}
        self.begin()
        write_raw(self.con, self.home, load, sheet, good_rows(bad=found.bad > 0, repeated=found.repeated))
        if found.bad or found.clashing:
            kinds, n_quarantined = quarantine_rows(self.con, sheet, found.repeated)
            write_quarantine(self.con, self.home, load, sheet)
        held = found.held or quarantined_too_much(found.rows, n_quarantined, self.limits)
        if held is None:
            earlier = self.decisions.accepted_of(file)
            held = withdraws_too_much(self.con, self.home, sheet.contract, load, sheet, earlier, self.limits)
        absent = absent_columns(self.con, self.home, load, sheet, found.rows)
        words = look_up(self.con, self.home, load, sheet.contract, absent, found.rows, self.limits)
        # Once its words are known, the file lands by itself: not where it is held for something else, too.
        held_for = HELD_FOR if words.held and held is None else None
        held = "; ".join(filter(None, (held, words.held))) or None
        if held is None and sheet.key and (others := self.decisions.tied(file)):
            withheld = settle(self.con, self.home, sheet.contract, load, others)
            if n_tied := withheld.pop(load.load_id, 0):
                kinds[KIND] = n_tied
                n_quarantined += n_tied
        before = self.decisions.last_accepted(file)
        columns = (sheet.layout.headers, sheet.layout.unknown, sheet.layout.missing)
        indicators = self._indicators() if sheet.contract.kind == "indicators" else []
        if found.rows > LARGE:
            clear(self.con)
        return self._entry(
            file,
            at,
            outcome="held" if held else "accepted",
            reason=held,
            held_for=held_for,
            unknown_values=words.unknown,
            unknown_told=words.told,
            load_id=load.load_id,
            rows_landed=found.rows - n_quarantined - found.merged,
            rows_quarantined=n_quarantined,
            rows_duplicate=found.merged,
            quarantine_reasons=kinds,
            ragged_digest=found.ragged,
            absent_columns=absent,
            drift=drift(before, *columns) if before else [],
            indicators=indicators,
            withheld=withheld,
            key_fingerprint=self.key.fingerprint if self.key and sheet.contract.identifiers else None,
            **facts,
        )

    def _indicators(self) -> list[str]:
        """Indicator ids among the good rows: a later download replaces those indicators and no other."""
        rows = self.con.execute(
            f"""
            select distinct c_indicator_id from {PARSED}
            where not bad and c_indicator_id is not null
            order by 1
            """
        ).fetchall()
        return [indicator for (indicator,) in rows]

    def _load(self, file: InboxFile, at: datetime, sha256: str) -> Load:
        """Named by what the file claims and holds: an interrupted landing is written over by the next."""
        said = moment_text(file.extracted_at) if file.extracted_at else landing_text(at)
        claim = f"{file.extract}|{file.force_code}|{file.covered_from}|{file.covered_to}|{said}|{sha256}"
        name = f"{file.extracted_at or at:%Y%m%dT%H%M%S}Z-{hashlib.sha256(claim.encode()).hexdigest()[:12]}"
        return Load(name, *file.whose, said, file.name)

    def _known(self, file: InboxFile, at: datetime, facts: dict[str, Any], earlier: LedgerEntry) -> LedgerEntry:
        said = f"{earlier.outcome} on {earlier.landed_at[:10]}"
        reason = f"the same as {earlier.source_file}, {said}: nothing changes"
        return self._entry(
            file,
            at,
            outcome="known",
            reason=reason,
            load_id=earlier.load_id,
            # What stands was read with the mapping of then.
            **{**facts, "rows_in_file": earlier.rows_in_file, "rows_ignored": earlier.rows_ignored, "mapping": earlier.mapping},
        )

    def _entry(self, file: InboxFile, at: datetime, **more: Any) -> LedgerEntry:
        extracted_at = None
        if file.form:
            extracted_at = moment_text(file.extracted_at) if file.extracted_at else landing_text(at)
        return LedgerEntry(
            night_id=self.night_id,
            landed_at=landing_text(at),
            extract=None if file.problem else file.extract,
            force_code=file.force_code,
            source_file=file.name,
            form=file.form,
            extracted_at=extracted_at,
            file_mtime=file.mtime,
            **{"bytes": file.size, "covered_from": file.covered_from, "covered_to": file.covered_to, **more},
        )
