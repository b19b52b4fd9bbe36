"""Reads a file's rows, checks each against its contract, and counts them."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

import duckdb

from .doubts import implausible_files
from .doubts.hold_before_storing import reason_to_hold
from .landing_session import LandingSession
from .opening.file_facts import FileFacts
from .rows import duplicate_rows
from .rows.duplicate_rows import CLASHING, MERGED
from .rows.file_table import FileTable
from .rows.keep_only_records import fill_records, remove_ignored_rows
from .rows.row_rules import PARSED, parse, parse_within_rows, store_parsed
from .storage import raw_store


@dataclass(frozen=True)
class RowCounts:
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


def read_file_rows(
    session: LandingSession, facts: FileFacts, open_rows: Callable[..., FileTable], resources: ExitStack
) -> tuple[FileTable, RowCounts]:
    """Read a file's rows and check them against their contract. Where DuckDB's own reader finds other rows than the scan of
    the text did, they are read by the slower reader."""
    try:
        file_table = _parse(session, facts, open_rows(fast=True))
        rows = _write_early(session, facts, file_table, resources)
        counts = _count_rows(session, facts, file_table, rows or PARSED, is_written=rows is not None)
        if file_table.cells.lines in (None, counts.rows + file_table.n_ignored):
            return file_table, counts
    except duckdb.InvalidInputException:
        pass
    file_table = _parse(session, facts, open_rows(fast=False))
    return file_table, _count_rows(session, facts, file_table)


def _parse(session: LandingSession, facts: FileFacts, file_table: FileTable) -> FileTable:
    """Check a file's rows against their contract, into `landing_parsed`."""
    con = session.con
    # First filled, so that the later rows of a record that is ignored are.
    file_table = replace(file_table, n_astray=fill_records(con, file_table))
    file_table = replace(file_table, n_ignored=remove_ignored_rows(con, file_table))
    file_table = replace(file_table, says_own_number=implausible_files.says_own_number(con, file_table))
    implausible_files.refuse_other_force(con, file_table, facts, session.limits)
    if facts.file.covers:
        file_table = parse_within_rows(con, file_table, facts.file.covers)
        facts.file = replace(facts.file, covered_from=file_table.covered_from, covered_to=file_table.covered_to)
    else:
        parse(con, file_table)
    return file_table


def _write_early(session: LandingSession, facts: FileFacts, file_table: FileTable, resources: ExitStack) -> str | None:
    """Write the good rows of a large text before they are counted: as most files have no others, they are then counted in
    what was written, and the text is read once instead of twice. They are removed again unless they are stored.

    Returns SQL for the rows to count; None where none were written."""
    if not file_table.cells.lines or not file_table.key:
        return None
    path = facts.load.unplaced(session.home)
    resources.callback(path.unlink, missing_ok=True)
    session.mark_started()
    try:
        n_good = raw_store.write_raw(session.con, session.home, facts.load, file_table, f"from {PARSED} as p where not p.bad")
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException):
        # Not the file's fault: it is written again once it is decided on, and then the error stops the night.
        return None
    is_whole = n_good == file_table.cells.lines - file_table.n_ignored
    return f"(select _key, false as bad, false as ragged from {raw_store.parquet_of(path)})" if is_whole else PARSED


def _count_rows(
    session: LandingSession, facts: FileFacts, file_table: FileTable, rows: str = PARSED, *, is_written: bool = False
) -> RowCounts:
    """Count the `rows` read, sort out repeated keys, and look for a reason to hold the file before its rows are stored."""
    con = session.con
    n_rows, n_bad, n_ragged, n_keys, n_distinct, may_be_doubled = duplicate_rows.count_rows(con, rows)
    # Before rows with repeated keys are sorted out, which changes what is read.
    hold_reason = (duplicate_rows.doubled_feed(con, file_table) if may_be_doubled else None) or reason_to_hold(
        session, facts.file, file_table, n_rows, n_bad
    )
    n_merged = n_clashing = 0
    if n_distinct < n_keys:
        store_parsed(con, file_table)
        n_merged, n_clashing = duplicate_rows.sort_repeated_keys(con, file_table)
    digest = raw_store.ragged_digest(con, file_table, session.key) if n_ragged else None
    # Of rows whose keys repeat, some are not stored.
    return RowCounts(n_rows, n_bad, n_merged, n_clashing, hold_reason, digest, is_written and not n_merged + n_clashing)
