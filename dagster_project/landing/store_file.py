"""Stores a file's rows, and decides by them, other files and lists whether it is accepted or held."""

from dataclasses import dataclass, field
from functools import partial

from .doubts import implausible_files, other_sheets
from .doubts.category_doubts import category_doubts
from .doubts.changed_records import UNIT_QUESTION, amounts_of_another_unit, changes
from .doubts.doubts_said import DoubtsSaid
from .doubts.file_doubts import doubts, no_rows, repeats
from .doubts.flags_in_unstored_columns import doubts_from_unstored_columns
from .doubts.hold_before_storing import extracted_far_ahead
from .doubts.indicator_periods import period_doubts
from .doubts.mass_withdrawals import withdraws_too_much
from .doubts.reference_doubts import reference_doubts
from .doubts.restarted_keys import replaced_rows, restarted_keys
from .doubts.stopped_values import stopped_values
from .doubts.stored_rows import StoredRows
from .landing_session import LandingSession
from .opening import text_around_table
from .opening.column_drift import describe_drift, describe_extraction
from .opening.file_facts import FileFacts
from .read_file_rows import RowCounts
from .rows import duplicate_rows
from .rows.file_table import FileTable
from .rows.row_rules import PARSED, months_alone
from .same_rows_again import NEWER_TIME
from .same_time_conflicts import hold_for_conflicts, settle_conflicts
from .storage import raw_store
from .storage.ledger import CONFLICT_KIND, LedgerEntry
from .storage.raw_store import load_of
from .storage.vocabulary import HELD_FOR, check_vocabulary

FEW_ROWS = 20
"""A file of fewer rows says little of what is usual, unless this one has as few."""
LARGE = 100_000
"""Rows of a file after which its memory is given back before the next."""


def store_file(session: LandingSession, facts: FileFacts, file_table: FileTable, counts: RowCounts) -> LedgerEntry:
    """Write the file's rows and return its entry. Errors here are not the file's fault: they stop the night."""
    con, home, load = session.con, session.home, facts.load
    session.mark_started()
    if not counts.is_written:
        raw_store.write_raw(con, home, load, file_table, counts.good)
    raw_store.place_raw(home, load)
    previous, give_window = session.decisions.last_accepted(facts.file), facts.file.covers is not None
    enough = max(min(FEW_ROWS, counts.rows), counts.rows // 10)
    usual = session.decisions.last_like(facts.file, file_table.covered_from, file_table.covered_to, enough)
    said = DoubtsSaid(session.decisions.accepted_of(facts.file))
    rows = StoredRows(con, home, load, file_table, counts.rows, give_window, load_of(usual) if usual else None, said)
    hold_reason = counts.hold_reason or extracted_far_ahead(facts.file, facts.at)
    findings = _Findings(session, facts, rows, counts, hold_reason)
    findings.quarantine_and_hold()
    findings.compare_with_earlier()
    vocabulary = check_vocabulary(con, home, load, file_table.contract, rows.absent, counts.rows, session.limits)
    # A file that is held for its vocabulary alone lands by itself once its values are known.
    held_for = HELD_FOR if vocabulary.hold_reason and findings.hold_reason is None else None
    findings.hold_reason = "; ".join(filter(None, (findings.hold_reason, vocabulary.hold_reason))) or None
    findings.settle_conflicts()
    findings.compare_with_others(previous)
    # Where a record has a row for each item, the others of its rows are merged as the mapping says.
    merged = 0 if file_table.mapping.table.row_for_each else counts.merged
    findings.notes += [*vocabulary.notes, *repeats(counts.rows, merged)]
    findings.notes += other_sheets.records_left_out(con, file_table, counts.rows)
    findings.notes += category_doubts(rows, vocabulary.count_nothing)
    findings.notes += changes(rows, leave_out=findings.in_another_unit)
    for notes in (doubts, reference_doubts, doubts_from_unstored_columns, period_doubts):
        findings.notes += notes(rows)
    findings.notes += stopped_values(rows, session.decisions.accepted_of(facts.file), findings.notes)
    indicators = _indicators(session) if file_table.contract.kind == "indicators" else []
    if counts.rows > LARGE:
        raw_store.drop_file_tables(con)
    return facts.entry(
        "held" if findings.hold_reason else "accepted",
        findings.hold_reason,
        held_for=held_for,
        unknown_values=vocabulary.unknown,
        own_values=vocabulary.own,
        unasked_units=vocabulary.unasked_units,
        unknown_told=vocabulary.warnings,
        load_id=load.load_id,
        rows_landed=counts.rows - findings.n_quarantined - counts.merged,
        rows_quarantined=findings.n_quarantined,
        rows_duplicate=counts.merged,
        quarantine_reasons=findings.kinds,
        ragged_digest=counts.ragged_digest,
        absent_columns=rows.absent,
        drift=[
            *(describe_drift(previous, file_table.layout) if previous else []),
            *file_table.unseen,
            *text_around_table.describe_around(file_table.around, file_table),
            *findings.notes,
            *describe_extraction(facts.file, facts.at),
        ],
        said=said.now,
        replaced=findings.replaced,
        indicators=indicators,
        withheld=findings.withheld,
        key_fingerprint=session.key.fingerprint if session.key and file_table.contract.identifiers else None,
    )


def _indicators(session: LandingSession) -> list[str]:
    """The indicators that a file has rows of. A later download replaces these and no others."""
    ids = f"select distinct c_indicator_id from {PARSED} where not bad and c_indicator_id is not null order by 1"
    return [indicator for (indicator,) in session.con.execute(ids).fetchall()]


@dataclass
class _Findings:
    """What is found of a file while its rows are stored."""

    session: LandingSession
    facts: FileFacts
    rows: StoredRows
    counts: RowCounts
    hold_reason: str | None
    """Why to hold it; None: nothing so far."""
    in_another_unit: dict[str, str] = field(default_factory=dict)
    """Amounts that it is held for, as `amounts_of_another_unit` returns them."""
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

    def quarantine_and_hold(self) -> None:
        """Write the rows that do not load, and hold the file for what they say of it."""
        con, home, load, file_table, counts = self.rows.con, self.rows.home, self.rows.load, self.rows.file_table, self.counts
        fault, list_column = (
            duplicate_rows.several_rows_a_record(con, file_table, counts.rows) if counts.clashing else ("", None)
        )
        if counts.bad:
            fault, list_column = duplicate_rows.items_alone(con, file_table, counts.rows, counts.bad) or (fault, list_column)
        if counts.bad or counts.clashing:
            self.kinds, self.n_quarantined = raw_store.quarantine_rows(con, file_table, counts.has_repeats)
            raw_store.write_quarantine(con, home, load, file_table)
        if list_column and self.hold_reason is None:
            todo = (
                "have the system export the rows of a record one below the other, the first with all that they have in common"
                if file_table.mapping.table.row_for_each == list_column
                else f"say table: {{row_for_each: {list_column}}} in a mapping, which makes one row of them, and drop the file"
                f" again under a newer time ({NEWER_TIME})"
            )
            self.hold_reason = f"{fault}. Not believed: {todo}; if they are faults of single records, release it"
        elif fault:
            self.notes.append(f"{fault}: have the system export one row for each record")
        too_many = partial(
            implausible_files.quarantined_too_much, counts.rows, self.n_quarantined, self.kinds, self.session.limits
        )
        if self.hold_reason is None and (reason := too_many()):
            advice = months_alone(con, file_table)
            self.hold_reason = too_many(advice) if advice else reason
        if self.hold_reason is None and self.kinds:
            self.hold_reason = text_around_table.other_order_below(con, file_table)
            self.notes += text_around_table.heading_of_no_records(con, file_table)
        for of_stored in (implausible_files.ranges_as_dates, implausible_files.amounts_beyond_figures):
            self.hold_reason = self.hold_reason or of_stored(self.rows)

    def compare_with_earlier(self) -> None:
        """Hold a file that would undo what stands, and note which rows of earlier files it replaces."""
        if self.hold_reason is None:
            earlier = self.session.decisions.accepted_of(self.facts.file)
            self.hold_reason, self.if_accepted = withdraws_too_much(self.rows, earlier, self.session.limits)
            if self.hold_reason is None:
                self.hold_reason = restarted_keys(self.rows, earlier)
            if self.hold_reason is None and (in_another_unit := amounts_of_another_unit(self.rows)):
                self.in_another_unit = in_another_unit
                self.hold_reason = "; ".join(in_another_unit.values()) + UNIT_QUESTION
            if self.hold_reason is None:
                self.replaced, notes = replaced_rows(self.rows, earlier)
                self.notes += notes

    def settle_conflicts(self) -> None:
        """Put rows that another file of the same time contradicts into the quarantine, or hold one of the two files."""
        if self.hold_reason is None and (conflicting_loads := self.session.decisions.conflicting_loads(self.facts.file)):
            load, contract = self.rows.load, self.rows.file_table.contract
            self.hold_reason, conflicting_loads = hold_for_conflicts(
                self.session, load, contract, conflicting_loads, self.counts.rows, self.n_quarantined, self.kinds
            )
            if self.hold_reason is None:
                self.withheld = settle_conflicts(self.session.con, self.session.home, contract, load, conflicting_loads)
            if n_tied := self.withheld.pop(load.load_id, 0):
                self.kinds[CONFLICT_KIND] = n_tied
                self.n_quarantined += n_tied

    def compare_with_others(self, previous: LedgerEntry | None) -> None:
        """Note what other files say against this one. `previous`: the last accepted file before it."""
        decisions, file, rows = self.session.decisions, self.facts.file, self.counts.rows
        if self.hold_reason is None:
            self.notes += self.if_accepted
        is_dated = self.rows.file_table.contract.kind != "indicators"
        if is_dated and (newer := decisions.newer_of_all_its_days(file)):
            self.notes.append(
                f"older than {newer.source_file}, which covers all of its days: hardly any of its rows counts. If it is the"
                " newer one, save it anew and drop it again"
            )
        if same_file := decisions.same_of_another_force(file, str(self.facts.sha256)):
            self.notes.append(f"the same bytes as {same_file.source_file}: whose rows are they?")
        if rows in (0, self.counts.bad) and not self.hold_reason and (note := no_rows(self.rows.file_table, rows, previous)):
            self.notes.append(note)
