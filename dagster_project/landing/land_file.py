"""Lands one file: from its bytes to rows in raw and quarantine, and its entry in the ledger."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.errors import Cause, cause_of

from . import duplicate_rows, plausibility, raw_store, text_around_table, uncertain_dates
from .category_doubts import category_doubts
from .column_drift import absent_columns, describe_drift, describe_extraction
from .conflicting_files import count_conflicts, end_conflicts, settle_conflicts
from .containers import Manifest, StoredFile, read_manifest, read_stored
from .duplicate_rows import CLASHING, MERGED
from .file_doubts import doubts, no_rows, repeats
from .file_names import InboxFile
from .inbox_files import check_unchanged
from .known_files import utc_microseconds, utc_seconds
from .landing_session import LandingSession
from .ledger import CONFLICT_KIND, LedgerEntry
from .made_up_files import MIXED, is_made_up
from .mappings import NamedMapping, SystemMapping
from .open_file import open_file
from .raw_store import Load, load_of
from .reading_budget import Stopped
from .record_rows import fill_records, remove_ignored_rows
from .refusal import WAITS, Refused, TooLarge, Waits
from .restarted_keys import replaced_rows, restarted_keys
from .row_rules import PARSED, months_alone, parse, parse_within_rows, store_parsed
from .sheet import Sheet
from .vocabulary import HELD_FOR, check_vocabulary

UNRECOGNISED = "_files"
SUSPECT_DAYS = 7
"""A file without rows that covers at least so many days is held, where its contract says that no rows are suspect."""
LARGE = 100_000
"""Rows of a file after which its memory is given back before the next."""
LOG = logging.getLogger(__name__)
OTHER_MAPPING = "It was read with another mapping, or with none"
NEWER_TIME = "in its name, or, where a mapped name has none, by saving the file anew"
QUERY_INTERRUPTED = "Query interrupted"
"""DuckDB's message after a signal: somebody stops the night, and the file is not at fault."""


@dataclass(frozen=True)
class _FileCounts:
    """A file's rows: all, bad ones, merged repeats, and those of a key with different content."""

    rows: int
    bad: int
    merged: int
    clashing: int
    hold_reason: str | None
    """Why to hold the file; None where there is no reason."""
    ragged_digest: str | None = None
    """Digest of the rows with the wrong number of cells; None if there are none."""
    is_written: bool = False
    """Whether the rows that load are written already, under `Load.unplaced`."""

    @property
    def good(self) -> str:
        """SQL: the rows of `landing_parsed` that load."""
        # Where no row is bad, the rules need not be checked again.
        rules = ["not p.bad"] if self.bad else []
        if self.has_repeats:
            rules += [f"not exists (from {table} as o where o.line = p.line)" for table in (MERGED, CLASHING)]
        return f"from {PARSED} as p where {' and '.join(rules) or 'true'}"

    @property
    def has_repeats(self) -> bool:
        return self.merged + self.clashing > 0


@dataclass
class _Findings:
    """What is found of a file while its rows are stored."""

    hold_reason: str | None
    """Why to hold it; None: nothing so far."""
    n_quarantined: int = 0
    """Its rows in the quarantine."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Reasons of the quarantine, each with its number of rows."""
    notes: list[str] = field(default_factory=list)
    """What a person should look at."""
    if_accepted: list[str] = field(default_factory=list)
    """Notes that are true only if the file is not held."""
    replaced: dict[str, int] = field(default_factory=dict)
    """Rows outside its window that it replaces, by the file that has them."""
    withheld: dict[str, int] = field(default_factory=dict)
    """Rows that a file of the same time contradicts, by load."""


class FileLanding(LandingSession):
    """Lands one file: reads it, checks it against its contract, decides whether to accept it, and stores it."""

    def _mapping(self, file: InboxFile) -> NamedMapping | None:
        """The mapping to read a file with; None for data.police.uk, whose files look the same from every force."""
        if file.mapping:
            return self.mappings.named(file.mapping)
        return self.mappings.of(*file.extract_and_force) if file.form == "canonical" else None

    def land(self, file: InboxFile) -> tuple[LedgerEntry, bool]:
        """Land one file. Returns its entry, and whether the file stays in the inbox: it waits for its sender or its mapping.

        A file that is too large for a share of the memory is read again with all of it, while nobody else reads.
        """
        at = self.clock.tick()
        try:
            with self.budget.reserve(file):
                return self._decide(file, at)
        except (TooLarge, duckdb.OutOfMemoryException):
            if self.parts == 1:
                raise
        with self.budget.reserve(file, alone=True):
            self.connect(file.extract or UNRECOGNISED, parts=1)
            try:
                return self._decide(file, at)
            finally:
                self.connect(file.extract or UNRECOGNISED)

    def _decide(self, file: InboxFile, at: datetime) -> tuple[LedgerEntry, bool]:
        facts: dict[str, Any] = {}
        self.also_held = []
        try:
            if file.path in self.being_written:
                raise Waits(self.being_written[file.path])
            if file.waits:
                raise Waits(file.waits)
            if file.problem:
                raise Refused(file.problem)
            by_extract = file.form == "canonical" and not file.mapping
            if by_extract and (problem := self.mappings.problem(*file.extract_and_force)):
                raise Waits(f"{WAITS}: {problem}")
            mapping = SystemMapping(extract=file.extract_and_force[0])
            if used := self._mapping(file):
                facts["mapping"], mapping = used.label, used.mapping
            with ExitStack() as resources:
                return self._decide_by_content(file, at, facts, mapping, resources), False
        except Waits as error:
            return self._entry(file, at, outcome="refused", reason=str(error), **facts), True
        except Refused as error:
            if isinstance(error, TooLarge) and self.parts > 1:
                raise
            facts["rows_refused"] = facts.get("rows_in_file")
            return self._entry(file, at, outcome="refused", reason=str(error), **facts), False

    def _decide_by_content(
        self, file: InboxFile, at: datetime, facts: dict[str, Any], mapping: SystemMapping, resources: ExitStack
    ) -> LedgerEntry:
        """Decide on a file whose name is valid. Adds what is known of it to `facts`, and what its rows are read from to
        `resources`. Raises Refused."""
        try:
            manifest = read_manifest(file.manifest, file.root)
            stored = read_stored(file, self.home)
            self.files_read[file.path] = (stored.stamp, stored.sha256)
            facts.update(sha256=stored.sha256, bytes=len(stored.data))
            manifest.check_bytes(stored)
            contract = self.contracts[file.extract_and_force[0]]
            if not file.covers and (earlier := self.decisions.same_bytes(file, stored.sha256, not contract.key)):
                return self._known(file, at, facts, earlier, stored, manifest)
            open_rows = partial(open_file, self.con, file, stored, contract, facts, mapping, resources)
            sheet, counts = self._read_rows(file, at, facts, open_rows, resources)
            facts.update(rows_in_file=counts.rows, rows_ignored=sheet.n_ignored or None)
            file = replace(file, covered_from=sheet.covered_from, covered_to=sheet.covered_to)
            if earlier := self._same_content(file, sheet, counts):
                return self._known(file, at, facts, earlier, stored, manifest)
            check_unchanged(file, stored.stamp)
            manifest.check_rows(counts.rows, sheet.n_ignored)
            self._refuse_retracted(file, stored.sha256, facts, sheet, counts)
            facts["made_up"] = is_made_up(self.con)
            if facts["made_up"] and self.is_home_real:
                raise Waits(f"{MIXED}. Give it another home (--home DIR)")
            uncertain_dates.refuse_american(self.con, sheet, counts.rows, counts.bad, self.limits, is_mapped="mapping" in facts)
            self._refuse_second_claim(file, contract, facts)
        except Refused:
            raise
        except OSError as error:
            raise Refused(f"could not be read: {error.strerror or type(error).__name__}") from error
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise TooLarge(spilled=cause_of(error) is Cause.SPILL_LIMIT) from error
        except duckdb.InterruptException:
            # Another thread stops the night: the file is not at fault.
            raise
        except Exception as error:
            if str(error) == QUERY_INTERRUPTED:
                raise KeyboardInterrupt from error
            # The error's message may contain a row: only its type is logged.
            LOG.warning("%s could not be read: %s", file.name, type(error).__name__)
            raise Refused("could not be read: damaged, or written in a way that is not known; export it again") from error
        if self.budget.is_closed:
            raise Stopped
        return self._store(file, at, facts, sheet, counts)

    def _refuse_retracted(self, file: InboxFile, sha256: str, facts: dict[str, Any], sheet: Sheet, counts: _FileCounts) -> None:
        """Raise Refused for a file that a person has retracted, in whatever container it comes again."""
        for retracted in self.decisions.retracted(file):
            if retracted.sha256 == sha256 or self._has_rows_of(retracted, sheet, counts):
                remedy = f"pam release {retracted.load_id}"
                if retracted.mapping != facts.get("mapping"):
                    remedy += "; to read it with another mapping, drop it as a newer extraction"
                raise Refused(f"{retracted.reason}. If it is right after all: {remedy}")

    def _refuse_second_claim(self, file: InboxFile, contract: Contract, facts: dict[str, Any]) -> None:
        """Raise Refused if another file claims to be the same extraction."""
        rival = self.decisions.rival(file, contract)
        if rival is None:
            return
        is_part = rival.window != file.window
        how = "and covers some of the same months, whose rows would count twice" if is_part else "with other content"
        reason = (
            f"two files claim to be one extraction: {rival.source_file} came first, {how}; if this one corrects it,"
            f" drop it again under a newer time ({NEWER_TIME})"
        )
        mappings = {str(m).partition("@")[0] for m in (rival.mapping, facts.get("mapping")) if m}
        if len(mappings) > 1:
            reason += "; if they are of two systems, have each cover its own days alone (covers: months in its mapping)"
        elif rival.mapping != facts.get("mapping"):
            reason += " (or the mapping changed since: drop what is mapped again as a newer extraction)"
        raise Refused(reason)

    def _same_content(self, file: InboxFile, sheet: Sheet, counts: _FileCounts) -> LedgerEntry | None:
        """The earlier load with the same rows in other bytes (another container or encoding), or None."""
        rival = self.decisions.same_extraction(file)
        for earlier in [rival] if rival else self.decisions.newest(file, not sheet.contract.key):
            if self._has_rows_of(earlier, sheet, counts):
                return earlier
        return None

    def _has_rows_of(self, other: LedgerEntry, sheet: Sheet, counts: _FileCounts) -> bool:
        other_counts = (other.rows_in_file, other.ragged_digest)
        return other_counts == (counts.rows, counts.ragged_digest) and raw_store.same_rows(
            self.con, self.home, load_of(other), sheet, counts.good, counts.has_repeats
        )

    def _read_rows(
        self, file: InboxFile, at: datetime, facts: dict[str, Any], open_rows: Callable[..., Sheet], resources: ExitStack
    ) -> tuple[Sheet, _FileCounts]:
        """Read a file's rows and check them against their contract. Where DuckDB's own reader finds other rows than the scan of
        the text did, they are read by the slower reader."""
        try:
            sheet = self._parse(file, facts, open_rows(fast=True))
            rows = self._write_early(file, at, facts, sheet, resources)
            counts = self._count_rows(sheet, file, rows or PARSED, is_written=rows is not None)
            if sheet.cells.lines in (None, counts.rows + sheet.n_ignored):
                return sheet, counts
        except duckdb.InvalidInputException:
            pass
        sheet = self._parse(file, facts, open_rows(fast=False))
        return sheet, self._count_rows(sheet, file)

    def _write_early(
        self, file: InboxFile, at: datetime, facts: dict[str, Any], sheet: Sheet, resources: ExitStack
    ) -> str | None:
        """Write the good rows of a large text before they are counted: as most files have no others, they are then counted in
        what was written, and the text is read once instead of twice. They are removed again unless they are stored.

        Returns SQL for the rows to count; None where none were written."""
        if not sheet.cells.lines or not sheet.key:
            return None
        file = replace(file, covered_from=sheet.covered_from, covered_to=sheet.covered_to)
        load = self._load(file, at, facts["sha256"])
        path = load.unplaced(self.home)
        resources.callback(path.unlink, missing_ok=True)
        self.mark_started()
        try:
            n_good = raw_store.write_raw(self.con, self.home, load, sheet, f"from {PARSED} as p where not p.bad")
        except (OSError, duckdb.IOException, duckdb.OutOfMemoryException):
            # Not the file's fault: it is written again once it is decided on, and then the error stops the night.
            return None
        is_whole = n_good == sheet.cells.lines - sheet.n_ignored
        return f"(select _key, false as bad, false as ragged from {raw_store.parquet_of(path)})" if is_whole else PARSED

    def _parse(self, file: InboxFile, facts: dict[str, Any], sheet: Sheet) -> Sheet:
        """Check a file's rows against their contract, into `landing_parsed`."""
        # First filled, so that the later rows of a record that is ignored are.
        sheet = replace(sheet, n_astray=fill_records(self.con, sheet))
        sheet = replace(sheet, n_ignored=remove_ignored_rows(self.con, sheet))
        sheet = replace(sheet, says_own_number=plausibility.says_own_number(self.con, sheet))
        plausibility.refuse_other_force(self.con, sheet, facts, self.limits)
        if file.covers:
            sheet = parse_within_rows(self.con, sheet, file.covers)
            facts.update(covered_from=sheet.covered_from, covered_to=sheet.covered_to)
        else:
            parse(self.con, sheet)
        return sheet

    def _count_rows(self, sheet: Sheet, file: InboxFile, rows: str = PARSED, *, is_written: bool = False) -> _FileCounts:
        """Count the `rows` read, sort out repeated keys, and look for a reason to hold the file before its rows are stored."""
        n_rows, n_bad, n_ragged, n_keys, n_distinct, may_be_doubled = duplicate_rows.count_rows(self.con, sheet, rows)
        # Before rows with repeated keys are sorted out, which changes what is read.
        hold_reason = (duplicate_rows.doubled_feed(self.con, sheet) if may_be_doubled else None) or self._hold_before_storing(
            sheet, file, n_rows, n_bad
        )
        n_merged = n_clashing = 0
        if n_distinct < n_keys:
            store_parsed(self.con, sheet)
            n_merged, n_clashing = duplicate_rows.sort_repeated_keys(self.con, sheet)
        digest = raw_store.ragged_digest(self.con, sheet, self.key) if n_ragged else None
        # Of rows whose keys repeat, some are not stored.
        return _FileCounts(n_rows, n_bad, n_merged, n_clashing, hold_reason, digest, is_written and not n_merged + n_clashing)

    def _hold_before_storing(self, sheet: Sheet, file: InboxFile, rows: int, bad: int) -> str | None:
        """The first reason to hold a file that its own rows and notes give, or None. `bad`: how many of its `rows` are.

        What quarantine, earlier files and lists give is asked in `_store`.
        """
        table, placing = sheet.mapping.table, sheet.contract.date_column
        return (
            self._has_no_records(sheet, rows, bad)
            or plausibility.of_another_extract(sheet)
            or plausibility.cut_by_spreadsheet(sheet, rows)
            or plausibility.left_on_other_sheets(self.con, sheet)
            or plausibility.records_on_other_sheets(self.con, sheet, rows)
            or plausibility.points_for_thousands(self.con, sheet, rows)
            or plausibility.only_on_first_rows(self.con, sheet, rows)
            or text_around_table.says_rows_are_missing(sheet.around, table, rows)
            or text_around_table.says_thousands(sheet.around, sheet.contract, sheet.layout.headers)
            or text_around_table.records_above_header(sheet.around, table, sheet.layout, placing)
            or uncertain_dates.stretched_by_few(self.con, sheet, file.covers, rows - bad)
            or uncertain_dates.firsts_of_months(self.con, sheet, rows)
            or uncertain_dates.either_order(self.con, sheet)
            or uncertain_dates.swapped_by_program(self.con, sheet, bad)
            or duplicate_rows.out_of_order(sheet, rows)
        )

    def _has_no_records(self, sheet: Sheet, rows: int, bad: int) -> str | None:
        """The reason to hold a file with a header alone, or a message below it, over many days of what happens daily."""
        days = (sheet.covered_to - sheet.covered_from).days + 1
        if not sheet.contract.empty_is_suspect or days < SUSPECT_DAYS or not rows == bad < self.limits.quarantined_rows:
            return None
        if not text_around_table.has_notes_alone(self.con, sheet):
            return None
        none = "a message, and no rows," if rows else "no rows"
        return f"header and {none} over {days} days: not believed of {sheet.contract.extract}"

    def _store(self, file: InboxFile, at: datetime, facts: dict[str, Any], sheet: Sheet, counts: _FileCounts) -> LedgerEntry:
        """Write the file's rows and return its entry. Errors here are not the file's fault: they stop the night."""
        load = self._load(file, at, facts["sha256"])
        self.mark_started()
        if not counts.is_written:
            raw_store.write_raw(self.con, self.home, load, sheet, counts.good)
        raw_store.place_raw(self.home, load)
        findings = _Findings(counts.hold_reason)
        self._quarantine(findings, load, sheet, counts)
        self._compare_with_earlier(findings, file, load, sheet, counts)
        stored = raw_store.read_stored_columns(self.con, self.home, load)
        absent = absent_columns(self.con, self.home, load, sheet, stored, counts.rows)
        vocabulary = check_vocabulary(self.con, self.home, load, sheet.contract, absent, counts.rows, self.limits)
        # A file that is held for its vocabulary alone lands by itself once its values are known.
        held_for = HELD_FOR if vocabulary.hold_reason and findings.hold_reason is None else None
        findings.hold_reason = "; ".join(filter(None, (findings.hold_reason, vocabulary.hold_reason))) or None
        self._settle_conflicts(findings, file, load, sheet, counts)
        previous = self.decisions.last_accepted(file)
        self._compare_with_others(findings, file, facts["sha256"], sheet, counts, previous)
        # Where a record has a row for each item, the others of its rows are merged as the mapping says.
        merged = 0 if sheet.mapping.table.row_for_each else counts.merged
        findings.notes += [*vocabulary.notes, *repeats(counts.rows, merged)]
        findings.notes += plausibility.records_left_out(self.con, sheet, counts.rows)
        findings.notes += category_doubts(self.con, self.home, load, sheet, load_of(previous) if previous else None)
        findings.notes += doubts(self.con, self.home, load, sheet, stored, absent, counts.rows)
        indicators = self._indicators() if sheet.contract.kind == "indicators" else []
        if counts.rows > LARGE:
            raw_store.drop_file_tables(self.con)
        return self._entry(
            file,
            at,
            outcome="held" if findings.hold_reason else "accepted",
            reason=findings.hold_reason,
            held_for=held_for,
            unknown_values=vocabulary.unknown,
            unknown_told=vocabulary.warnings,
            load_id=load.load_id,
            rows_landed=counts.rows - findings.n_quarantined - counts.merged,
            rows_quarantined=findings.n_quarantined,
            rows_duplicate=counts.merged,
            quarantine_reasons=findings.kinds,
            ragged_digest=counts.ragged_digest,
            absent_columns=absent,
            drift=[
                *(describe_drift(previous, sheet.layout) if previous else []),
                *sheet.unseen,
                *text_around_table.describe_around(sheet.around, sheet),
                *findings.notes,
                *describe_extraction(file, at),
            ],
            replaced=findings.replaced,
            indicators=indicators,
            withheld=findings.withheld,
            key_fingerprint=self.key.fingerprint if self.key and sheet.contract.identifiers else None,
            **facts,
        )

    def _quarantine(self, findings: _Findings, load: Load, sheet: Sheet, counts: _FileCounts) -> None:
        """Write the rows that do not load, and hold the file for what they say of it."""
        fault, list_column = (
            duplicate_rows.several_rows_a_record(self.con, sheet, counts.rows) if counts.clashing else ("", None)
        )
        if counts.bad:
            fault, list_column = duplicate_rows.items_alone(self.con, sheet, counts.rows, counts.bad) or (fault, list_column)
        if counts.bad or counts.clashing:
            findings.kinds, findings.n_quarantined = raw_store.quarantine_rows(self.con, sheet, counts.has_repeats)
            raw_store.write_quarantine(self.con, self.home, load, sheet)
        if list_column and findings.hold_reason is None:
            todo = (
                "have the system export the rows of a record one below the other, the first with all that they have in common"
                if sheet.mapping.table.row_for_each == list_column
                else f"say table: {{row_for_each: {list_column}}} in a mapping, which makes one row of them, and drop the file"
                f" again under a newer time ({NEWER_TIME})"
            )
            findings.hold_reason = f"{fault}. Not believed: {todo}; if they are faults of single records, release it"
        elif fault:
            findings.notes.append(f"{fault}: have the system export one row for each record")
        too_many = partial(plausibility.quarantined_too_much, counts.rows, findings.n_quarantined, findings.kinds, self.limits)
        if findings.hold_reason is None and (reason := too_many()):
            advice = months_alone(self.con, sheet)
            findings.hold_reason = too_many(advice) if advice else reason
        if findings.hold_reason is None and findings.kinds:
            findings.hold_reason = text_around_table.other_order_below(self.con, sheet)
            findings.notes += text_around_table.heading_of_no_records(self.con, sheet)
        for of_stored in (plausibility.ranges_as_dates, plausibility.amounts_beyond_figures):
            findings.hold_reason = findings.hold_reason or of_stored(self.con, self.home, load, sheet)

    def _compare_with_earlier(
        self, findings: _Findings, file: InboxFile, load: Load, sheet: Sheet, counts: _FileCounts
    ) -> None:
        """Hold a file that would undo what stands, and note which rows of earlier files it replaces."""
        if findings.hold_reason is None:
            earlier = self.decisions.accepted_of(file)
            reason, findings.if_accepted = plausibility.withdraws_too_much(
                self.con, self.home, load, sheet, earlier, self.limits
            )
            findings.hold_reason = reason or restarted_keys(self.con, self.home, load, sheet, counts.rows, earlier)
            if findings.hold_reason is None:
                findings.replaced, notes = replaced_rows(self.con, self.home, load, sheet, counts.rows, earlier)
                findings.notes += notes

    def _settle_conflicts(self, findings: _Findings, file: InboxFile, load: Load, sheet: Sheet, counts: _FileCounts) -> None:
        """Put rows that another file of the same time contradicts into the quarantine, or hold one of the two files."""
        if findings.hold_reason is None and (tied_loads := self.decisions.tied_loads(file)):
            findings.hold_reason, tied_loads = self._hold_for_conflicts(
                load, sheet, tied_loads, counts.rows, findings.n_quarantined, findings.kinds
            )
            if findings.hold_reason is None:
                findings.withheld = settle_conflicts(self.con, self.home, sheet.contract, load, tied_loads)
            if n_tied := findings.withheld.pop(load.load_id, 0):
                findings.kinds[CONFLICT_KIND] = n_tied
                findings.n_quarantined += n_tied

    def _compare_with_others(
        self, findings: _Findings, file: InboxFile, sha256: str, sheet: Sheet, counts: _FileCounts, previous: LedgerEntry | None
    ) -> None:
        """Note what other files say against this one. `previous`: the last accepted file before it."""
        if findings.hold_reason is None:
            findings.notes += findings.if_accepted
        is_dated = sheet.contract.kind != "indicators"
        if is_dated and (newer := self.decisions.newer_of_all_its_days(file)):
            findings.notes.append(
                f"older than {newer.source_file}, which covers all of its days: hardly any of its rows counts. If it is the"
                " newer one, save it anew and drop it again"
            )
        if same_file := self.decisions.same_of_another_force(file, sha256):
            findings.notes.append(f"the same bytes as {same_file.source_file}: whose rows are they?")
        if counts.rows in (0, counts.bad) and not findings.hold_reason and (note := no_rows(sheet, counts.rows, previous)):
            findings.notes.append(note)

    def _indicators(self) -> list[str]:
        """The indicators that a file has rows of. A later download replaces these and no others."""
        ids = f"select distinct c_indicator_id from {PARSED} where not bad and c_indicator_id is not null order by 1"
        return [indicator for (indicator,) in self.con.execute(ids).fetchall()]

    def _hold_for_conflicts(
        self, load: Load, sheet: Sheet, tied_loads: list[LedgerEntry], rows: int, quarantined: int, kinds: dict[str, int]
    ) -> tuple[str | None, list[LedgerEntry]]:
        """The reason to hold a file that would lose most of its rows to conflicts with `tied_loads`, accepted files of its
        time, or None; and those of them to settle conflicts with. The rest are held, as they would lose most of theirs,
        whichever came first: a held file has no conflicts. `quarantined`, `kinds`: of the file's rows so far."""
        conflicts = count_conflicts(self.con, self.home, sheet.contract, load, tied_loads)
        by_load, accepted = self.decisions.counts(), {str(o.load_id) for o in tied_loads}
        settled: list[LedgerEntry] = []
        # Rows of one that come back (less than 0) because another is held.
        freed = Counter[str]()
        for other in tied_loads:
            counts_before, n_tied = by_load[str(other.load_id)], conflicts.get(str(other.load_id), 0)
            n_later = counts_before.rows_quarantined - (other.rows_quarantined or 0)
            n_all = other.quarantine_reasons.get(CONFLICT_KIND, 0) + n_later + n_tied
            its_kinds = other.quarantine_reasons | {CONFLICT_KIND: n_all}
            reason = n_tied and self._lost_to_conflicts(
                counts_before.rows_in_file, counts_before.rows_quarantined + n_tied, its_kinds, [load.source_file]
            )
            if reason:
                held_facts = {"night_id": self.night_id, "landed_at": utc_microseconds(self.clock.tick()), "outcome": "held"}
                changes = end_conflicts(self.con, self.home, other, n_later + freed[str(other.load_id)], accepted)
                freed.update(changes["withheld"])
                accepted.remove(str(other.load_id))
                self.also_held.append(other.model_copy(update=held_facts | changes | {"reason": reason}))
            else:
                settled.append(other)
        n_tied, rivals = conflicts[load.load_id], [o.source_file for o in tied_loads if conflicts.get(str(o.load_id))]
        return self._lost_to_conflicts(rows, quarantined + n_tied, kinds | {CONFLICT_KIND: n_tied}, rivals), settled

    def _lost_to_conflicts(self, rows: int, quarantined: int, kinds: dict[str, int], rivals: list[str]) -> str | None:
        advice = (
            f"Of the same time: {', '.join(rivals)}. Drop the one that counts again under a newer time ({NEWER_TIME}), or"
            " release it"
        )
        return plausibility.quarantined_too_much(rows, quarantined, kinds, self.limits, advice)

    def _load(self, file: InboxFile, at: datetime, sha256: str) -> Load:
        """The load's id follows from the file's name and content, so the next landing overwrites an interrupted one."""
        extracted_at = _extracted_at(file, at)
        claim = f"{file.extract}|{file.force_code}|{file.covered_from}|{file.covered_to}|{extracted_at}|{sha256}"
        name = f"{file.extracted_at or at:%Y%m%dT%H%M%S}Z-{hashlib.sha256(claim.encode()).hexdigest()[:12]}"
        return Load(name, *file.extract_and_force, extracted_at, file.name)

    def _known(
        self, file: InboxFile, at: datetime, facts: dict[str, Any], earlier: LedgerEntry, stored: StoredFile,
        manifest: Manifest,
    ) -> LedgerEntry:  # fmt: skip
        """A file with the content of an earlier one. Raises Refused if it changed meanwhile, or its manifest says otherwise."""
        check_unchanged(file, stored.stamp)
        manifest.check_rows(earlier.rows_in_file, earlier.rows_ignored)
        reason = f"the same as {earlier.source_file}, {earlier.outcome} on {earlier.landed_at[:10]}: nothing changes"
        if earlier.mapping != facts.get("mapping"):
            reason += f". {OTHER_MAPPING}: to have it read with today's, drop it again under a newer time ({NEWER_TIME})"
        return self._entry(
            file,
            at,
            outcome="known",
            reason=reason,
            load_id=earlier.load_id,
            # The stored rows were read with the mapping of that time.
            **{**facts, "rows_in_file": earlier.rows_in_file, "rows_ignored": earlier.rows_ignored, "mapping": earlier.mapping},
        )

    def _entry(self, file: InboxFile, at: datetime, **more: Any) -> LedgerEntry:
        known: dict[str, Any] = {"bytes": file.size, "covered_from": file.covered_from, "covered_to": file.covered_to, **more}
        return LedgerEntry(
            night_id=self.night_id,
            landed_at=utc_microseconds(at),
            extract=None if file.problem else file.extract,
            force_code=file.force_code,
            source_file=file.name,
            form=file.form,
            extracted_at=_extracted_at(file, at) if file.form else None,
            file_mtime=file.mtime,
            **known,
        )


def _extracted_at(file: InboxFile, at: datetime) -> str:
    """A file of data.police.uk counts as extracted when it lands, at `at`."""
    return utc_seconds(file.extracted_at) if file.extracted_at else utc_microseconds(at)
