"""What one call of `land_files` shares: its connection, its clock and what the ledger knows."""

from collections.abc import Mapping
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
from dagster_project.core.seeds import force_names

from . import canonical_values, pseudonyms, recovery
from .connection import connect
from .inbox_files import FileStamp
from .known_files import Clock, Decisions
from .ledger import accepted, read_ledger
from .made_up import Kind
from .mappings import read_mappings
from .parallel import ALONE, Room


class LandingSession:
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
        """Files that are still being written, and why they wait."""
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
            self.key = pseudonyms.find_pseudonym_key(self.home, self.decisions.key_fingerprint)
        recovery.tidy(self.home, self.decisions.loads)

    def connect(self, name: str, parts: int | None = None) -> None:
        """Open a connection for an extract's rows, with or without identifiers. `parts`: how many connections share the memory;
        each spills to its own folder.
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
        self._con = connect(memory_settings(self.home, parts, place), identified)
        self.is_for_identified, self.parts = identified, parts
        canonical_values.install(self.con)
        if self.key:
            pseudonyms.install(self.con, self.key)

    def begin(self) -> None:
        """Mark that writing begins."""
        if not self.begun:
            recovery.begin(self.home, [*(self.unfinished or ()), *([self.night_id] if self.archive else ())])
            self.begun = True

    def over(self, whole: bool) -> None:
        """Mark that all is written. Files that an earlier night left in the inbox wait for a night that empties all of it."""
        if self.unfinished and not (self.archive and whole):
            recovery.begin(self.home, self.unfinished)
        elif self.begun or self.unfinished is not None:
            recovery.over(self.home)

    def interrupt(self) -> None:
        """Interrupt a query that another thread runs."""
        with self.one_at_a_time:
            if self._con is not None:
                self._con.interrupt()

    def close(self) -> None:
        """Close the connection and free its memory."""
        with self.one_at_a_time:
            if self._con is not None:
                self._con.close()
                self._con = None

    def apart(self, name: str, room: Room) -> Self:
        """A session for one extract alone, with its part of the ledger and its own connection."""
        one = copy(self)
        one.decisions, one._con, one.room = self.decisions.of(name if name in self.contracts else None), None, room
        return one
