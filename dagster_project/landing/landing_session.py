"""What one call of `land_files` shares."""

from collections.abc import Mapping
from contextlib import ExitStack
from copy import copy
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Self

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.config import read_config
from dagster_project.core.files import make_folder
from dagster_project.core.home import Home
from dagster_project.core.memory import memory_settings
from dagster_project.core.project_lists import force_names

from . import interrupted_landing
from .inbox.file_names import InboxFile
from .inbox.inbox_files import FileState
from .mappings.mappings import NamedMapping, read_mappings
from .reading_budget import ReadingBudget
from .rows import pseudonyms
from .rows.duckdb_connection import connect
from .storage.earlier_decisions import Clock, Decisions
from .storage.ledger import LedgerEntry, accepted, read_ledger
from .storage.made_up_files import has_only_real_files


class LandingSession:
    """One call of `land_files`: its connection, clock and what the ledger knows."""

    def __init__(
        self, home: Home, contracts: Mapping[str, Contract], night_id: str, now: datetime | None, archive: bool
    ) -> None:
        self.home, self.contracts, self.night_id, self.archive = home, contracts, night_id, archive
        entries = read_ledger(home)
        self.decisions = Decisions(entries)
        self.clock = Clock(now, self.decisions.latest)
        self.unfinished = interrupted_landing.unfinished_nights(home)
        self.unarchived = interrupted_landing.by_file(e for e in entries if e.night_id in (self.unfinished or ()))
        self.is_started = False
        self.mappings = read_mappings(home, contracts, force_names())
        self.limits = read_config(home).believe
        self.is_home_real = has_only_real_files(home, accepted(entries))
        self.key: pseudonyms.PseudonymKey | None = None
        self._con: duckdb.DuckDBPyConnection | None = None
        self._open = ExitStack()
        self._con_has_identifiers, self.parts = False, 1
        self.budget = ReadingBudget()
        self.being_written: dict[Path, str] = {}
        """Files that are still being written, each with the reason why it waits."""
        self.files_read: dict[Path, tuple[FileState | None, str | None]] = {}
        """The state and the SHA-256 of each file as it was read."""
        self.also_held: list[LedgerEntry] = []
        """New entries of earlier files that the file just landed has held."""
        self._con_lock = Lock()

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        assert self._con is not None
        return self._con

    def mapping_of(self, file: InboxFile) -> NamedMapping | None:
        """The mapping to read a file with; None for data.police.uk, whose files look the same from every force."""
        if file.mapping:
            return self.mappings.named(file.mapping)
        return self.mappings.of(*file.extract_and_force) if file.form == "canonical" else None

    def prepare(self, has_identifiers: bool) -> None:
        """Find the pseudonym key where there are personal identifiers to hash, and clean up after an interrupted night."""
        if has_identifiers:
            self.key = pseudonyms.read_or_make_key(self.home, self.decisions.key_fingerprint)
        interrupted_landing.remove_uncommitted(self.home, self.decisions.loads)

    def connect(self, name: str, parts: int | None = None) -> None:
        """Open a connection for an extract's rows. `parts`: how many share the memory; each spills to its own folder."""
        if name not in self.contracts:
            return
        has_identifiers, parts = bool(self.contracts[name].identifiers), parts or self.budget.parts
        if self._con is not None and (has_identifiers, parts) == (self._con_has_identifiers, self.parts):
            return
        self.close()
        spill_folder = name if self.budget.parts > 1 else ""
        if spill_folder:
            make_folder(self.home.spill / spill_folder)
        self._con = self._open.enter_context(connect(memory_settings(self.home, parts, spill_folder), has_identifiers))
        self._con_has_identifiers, self.parts = has_identifiers, parts
        if self.key:
            pseudonyms.install(self.con, self.key)

    def mark_started(self) -> None:
        """Mark in the home that writing has started."""
        if not self.is_started:
            interrupted_landing.mark_started(self.home, [*(self.unfinished or ()), *([self.night_id] if self.archive else ())])
            self.is_started = True

    def mark_finished(self, whole: bool) -> None:
        """Mark that all is written. Files that an earlier night did not archive wait for a night that takes the whole inbox."""
        if self.unfinished and not (self.archive and whole):
            interrupted_landing.mark_started(self.home, self.unfinished)
        elif self.is_started or self.unfinished is not None:
            interrupted_landing.mark_finished(self.home)

    def interrupt(self) -> None:
        with self._con_lock:
            if self._con is not None:
                self._con.interrupt()

    def close(self) -> None:
        with self._con_lock:
            self._con = None
            self._open.close()

    def for_extract(self, name: str, budget: ReadingBudget) -> Self:
        """A session for one extract, with its part of the ledger and its own connection."""
        copied = copy(self)
        copied.decisions = self.decisions.of(name if name in self.contracts else None)
        copied._con, copied._open, copied.budget = None, ExitStack(), budget
        return copied
