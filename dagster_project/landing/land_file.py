"""Lands one file: from its bytes to rows in raw and quarantine, and its ledger entry."""

import hashlib
import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from dagster_project.core.errors import Cause, cause_of

from .absent_columns import absent_columns
from .believe import quarantined_too_much, refuse_american, withdraws_too_much
from .column_drift import drift
from .conflicts import KIND, load_of, settle_conflicts
from .containers import Stored, read_manifest, read_stored
from .duplicates import doubled, repeats, weigh
from .file_names import InboxFile
from .ignored_rows import leave_out
from .inbox_files import check_unchanged
from .known_files import landing_text, moment_text
from .landing_session import LandingSession
from .ledger import LedgerEntry
from .made_up import is_made_up
from .mappings import SystemMapping, Used
from .open_file import open_file
from .parallel import Stopped
from .raw_store import Load, clear, good_rows, quarantine_rows, ragged_digest, same_rows, write_quarantine, write_raw
from .refusal import Refused, StillChanging, TooLarge, Waits
from .row_rules import PARSED, Sheet, keep_parsed, parse
from .row_window import parse_within_rows, widest
from .vocabulary import HELD_FOR, look_up

UNRECOGNISED = "_files"
SUSPECT_DAYS = 7
LARGE = 100_000
LOG = logging.getLogger(__name__)
QUERY_INTERRUPTED = "Query interrupted"
"""DuckDB's message after a signal: somebody ended the night, and the file is not at fault."""


@dataclass(frozen=True)
class _Found:
    """What a file holds: rows, bad ones, repeats merged, rows whose keys clash; and why to hold it, if so."""

    rows: int
    bad: int
    merged: int
    clashing: int
    held: str | None
    ragged: str | None = None
    """Digest of the rows with the wrong number of cells; None if there are none."""

    @property
    def repeated(self) -> bool:
        """Whether any key repeats."""
        return self.merged + self.clashing > 0


class FileLanding(LandingSession):
    """Lands one file: reads it, checks it against its contract, decides whether to accept it, and stores it."""

    def _mapping(self, file: InboxFile) -> Used | None:
        """The mapping to read a file with. What data.police.uk publishes looks the same from every force."""
        if file.mapping:
            return self.mappings.named(file.mapping)
        return self.mappings.of(*file.whose) if file.form == "canonical" else None

    def land(self, file: InboxFile) -> tuple[LedgerEntry, bool]:
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
        """Read a file's rows and check them against their contract. If DuckDB's own reader finds other rows than the header
        reader expects, they are read by the slower reader."""
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
        """Check a file's rows against their contract, into `landing_parsed`."""
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
        """Count what was read, settle repeated keys, and decide whether to hold the file."""
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
            keep_parsed(self.con, sheet)
            n_merged, n_clashing = repeats(self.con, sheet)
        return _Found(n_rows, n_bad, n_merged, n_clashing, held, ragged_digest(self.con, sheet, self.key) if n_ragged else None)

    def _store(self, file: InboxFile, at: datetime, facts: dict[str, Any], sheet: Sheet, found: _Found) -> LedgerEntry:
        """Write the file's rows. Errors here are not the file's fault: they end the night."""
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
            withheld = settle_conflicts(self.con, self.home, sheet.contract, load, others)
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
