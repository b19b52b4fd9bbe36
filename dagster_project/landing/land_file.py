"""Lands one file: from its bytes to rows in raw and quarantine, and its entry in the ledger."""

import logging
from contextlib import ExitStack
from datetime import datetime
from functools import partial

import duckdb

from dagster_project.core.errors import Cause, cause_of

from .doubts import suspicious_dates
from .formats.containers import read_manifest, read_stored
from .inbox.file_names import InboxFile
from .inbox.inbox_files import check_unchanged
from .landing_session import LandingSession
from .mappings.mappings import SystemMapping
from .opening.file_facts import FileFacts
from .opening.open_file import open_file
from .read_file_rows import read_file_rows
from .reading_budget import Stopped
from .refusal import MIXED, WAITS, Refused, StaysInInbox, TooLarge
from .rows.duckdb_connection import one_thread
from .same_rows_again import find_same_rows, known_again, refuse_retracted, refuse_second_claim
from .storage.ledger import LedgerEntry
from .storage.made_up_files import is_made_up
from .store_file import store_file

UNRECOGNISED = "_files"
SMALL = 1 << 20
"""Bytes of a file that a second thread does not make faster."""
LOG = logging.getLogger(__name__)
QUERY_INTERRUPTED = "Query interrupted"
"""DuckDB's message after a signal: somebody stops the night, and the file is not at fault."""


def land_file(session: LandingSession, file: InboxFile) -> tuple[LedgerEntry, bool]:
    """Land one file. Returns its entry, and whether the file stays in the inbox: it waits for its sender or its mapping.

    A file that is too large for a share of the memory is read again with all of it, while nobody else reads.
    """
    at = session.clock.tick()
    try:
        with session.budget.reserve(file):
            return _decide(session, file, at)
    except (TooLarge, duckdb.OutOfMemoryException):
        if session.parts == 1:
            raise
    with session.budget.reserve(file, alone=True):
        session.connect(file.extract or UNRECOGNISED, parts=1)
        try:
            return _decide(session, file, at)
        finally:
            session.connect(file.extract or UNRECOGNISED)


def _decide(session: LandingSession, file: InboxFile, at: datetime) -> tuple[LedgerEntry, bool]:
    facts = FileFacts(file, at, session.night_id, file.size)
    session.also_held = []
    try:
        if file.path in session.being_written:
            raise StaysInInbox(session.being_written[file.path])
        if file.waits:
            raise StaysInInbox(file.waits)
        if file.problem:
            raise Refused(file.problem)
        by_extract = file.form == "canonical" and not file.mapping
        if by_extract and (problem := session.mappings.problem(*file.extract_and_force)):
            raise StaysInInbox(f"{WAITS}: {problem}")
        mapping = SystemMapping(extract=file.extract_and_force[0])
        if used := session.mapping_of(file):
            facts.mapping, mapping = used.label, used.mapping
        with ExitStack() as resources:
            if file.size < SMALL:
                resources.enter_context(one_thread(session.con))
            return _decide_by_content(session, facts, mapping, resources), False
    except StaysInInbox as error:
        return facts.entry("refused", str(error)), True
    except Refused as error:
        if isinstance(error, TooLarge) and session.parts > 1:
            raise
        return facts.entry("refused", str(error), rows_refused=facts.rows_in_file), False


def _decide_by_content(session: LandingSession, facts: FileFacts, mapping: SystemMapping, resources: ExitStack) -> LedgerEntry:
    """Decide on a file whose name is valid. Adds what is known of it to `facts`, and what its rows are read from to
    `resources`. Raises Refused."""
    file = facts.file
    try:
        manifest = read_manifest(file.manifest, file.root)
        stored = read_stored(file, session.home)
        session.files_read[file.path] = (stored.state, stored.sha256)
        facts.sha256, facts.bytes = stored.sha256, len(stored.data)
        manifest.check_bytes(stored)
        contract = session.contracts[file.extract_and_force[0]]
        if not file.covers and (earlier := session.decisions.same_bytes(file, stored.sha256, not contract.key)):
            return known_again(facts, earlier, stored, manifest)
        open_rows = partial(open_file, session.con, file, stored, contract, facts.how, mapping, resources)
        file_table, counts = read_file_rows(session, facts, open_rows, resources)
        facts.rows_in_file, facts.rows_ignored = counts.rows, file_table.n_ignored or None
        if earlier := find_same_rows(session, facts, file_table, counts):
            return known_again(facts, earlier, stored, manifest)
        check_unchanged(file, stored.state)
        manifest.check_rows(counts.rows, file_table.n_ignored)
        refuse_retracted(session, facts, file_table, counts)
        facts.made_up = is_made_up(session.con)
        if facts.made_up and session.is_home_real:
            raise StaysInInbox(f"{MIXED}. Give it another home (--home DIR)")
        is_mapped = facts.mapping is not None
        suspicious_dates.refuse_american(session.con, file_table, counts.rows, counts.bad, session.limits, is_mapped=is_mapped)
        refuse_second_claim(session, facts, contract)
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
    if session.budget.is_closed:
        raise Stopped
    return store_file(session, facts, file_table, counts)
