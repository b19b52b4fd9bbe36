"""Lands one file: from its bytes to rows in raw and quarantine, and its entry in the ledger."""

import logging
from contextlib import ExitStack
from datetime import datetime
from functools import partial

import duckdb

from dagster_project.core.errors import Cause, cause_of

from . import uncertain_dates
from .containers import read_manifest, read_stored
from .dropped_again import find_same_rows, known_again, refuse_retracted, refuse_second_claim
from .file_facts import FileFacts
from .file_names import InboxFile
from .inbox_files import check_unchanged
from .landing_session import LandingSession
from .ledger import LedgerEntry
from .made_up_files import MIXED, is_made_up
from .mappings import NamedMapping, SystemMapping
from .open_file import open_file
from .read_file_rows import read_file_rows
from .reading_budget import Stopped
from .refusal import WAITS, Refused, TooLarge, Waits
from .store_file import store_file

UNRECOGNISED = "_files"
LOG = logging.getLogger(__name__)
QUERY_INTERRUPTED = "Query interrupted"
"""DuckDB's message after a signal: somebody stops the night, and the file is not at fault."""


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
        facts = FileFacts(file, at, self.night_id, file.size)
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
                facts.mapping, mapping = used.label, used.mapping
            with ExitStack() as resources:
                return self._decide_by_content(facts, mapping, resources), False
        except Waits as error:
            return facts.entry("refused", str(error)), True
        except Refused as error:
            if isinstance(error, TooLarge) and self.parts > 1:
                raise
            return facts.entry("refused", str(error), rows_refused=facts.rows_in_file), False

    def _decide_by_content(self, facts: FileFacts, mapping: SystemMapping, resources: ExitStack) -> LedgerEntry:
        """Decide on a file whose name is valid. Adds what is known of it to `facts`, and what its rows are read from to
        `resources`. Raises Refused."""
        file = facts.file
        try:
            manifest = read_manifest(file.manifest, file.root)
            stored = read_stored(file, self.home)
            self.files_read[file.path] = (stored.state, stored.sha256)
            facts.sha256, facts.bytes = stored.sha256, len(stored.data)
            manifest.check_bytes(stored)
            contract = self.contracts[file.extract_and_force[0]]
            if not file.covers and (earlier := self.decisions.same_bytes(file, stored.sha256, not contract.key)):
                return known_again(facts, earlier, stored, manifest)
            open_rows = partial(open_file, self.con, file, stored, contract, facts.how, mapping, resources)
            sheet, counts = read_file_rows(self, facts, open_rows, resources)
            facts.rows_in_file, facts.rows_ignored = counts.rows, sheet.n_ignored or None
            if earlier := find_same_rows(self, facts, sheet, counts):
                return known_again(facts, earlier, stored, manifest)
            check_unchanged(file, stored.state)
            manifest.check_rows(counts.rows, sheet.n_ignored)
            refuse_retracted(self, facts, sheet, counts)
            facts.made_up = is_made_up(self.con)
            if facts.made_up and self.is_home_real:
                raise Waits(f"{MIXED}. Give it another home (--home DIR)")
            is_mapped = facts.mapping is not None
            uncertain_dates.refuse_american(self.con, sheet, counts.rows, counts.bad, self.limits, is_mapped=is_mapped)
            refuse_second_claim(self, facts, contract)
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
        return store_file(self, facts, sheet, counts)
