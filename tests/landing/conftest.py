"""A small home with an inbox, and helpers that drop files, land them and read the results."""

import gzip
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb
import pytest

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import LedgerEntry, find_files, land_files, read_ledger

FORCES = {"derbyshire", "city-of-london", "leicestershire"}
NOW = datetime(2026, 1, 6, 3, 0, tzinfo=UTC)

# Headers that are short or in another order. Other extracts have all columns of the contract.
HEADERS = {
    "crimes": "crime_ref,recorded_on,offence_code,status,lpu",
    "incidents": "incident_ref,record_type,created_at,qualifiers,grade,channel,lpu",
    "drug_tests": "custody_ref,arrested_at,trigger_offence,test_status,result",
    "confiscation_orders": "order_ref,order_date,offence_category,order_value,benefit_value",
    "county_lines": "line_ref,identified_on,closed_on",
    "iom_cohort": "counted_on,cohort_size",
    "school_inputs": "input_ref,delivered_on,phase,young_people",
}


@cache
def reader() -> duckdb.DuckDBPyConnection:
    """One connection that reads Parquet in all tests of a process: to connect takes longer than to read."""
    return duckdb.connect()


@dataclass
class Warehouse:
    """A home under test."""

    home: Home
    nights: int = 0
    contracts: dict = field(default_factory=load_contracts)

    def put(self, name: str, data: bytes | str, folder: Path | None = None, mtime: float | None = None) -> Path:
        path = (folder or self.home.inbox) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = data.encode() if isinstance(data, str) else data
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        if mtime is not None:
            os.utime(path, (mtime, mtime))
        return path

    def drop(
        self,
        extract: str,
        *rows: str,
        force: str = "derbyshire",
        start: str = "2025-01-01",
        end: str = "2025-12-31",
        at: str = "20260105T020000Z",
        ext: str = ".csv",
        header: str | None = None,
        text: str | None = None,
        encoding: str = "utf-8",
        folder: Path | None = None,
        mtime: float | None = None,
    ) -> Path:
        """Drop a canonical file of these rows under the extract's header."""
        columns = header or HEADERS.get(extract) or ",".join(c.name for c in self.contracts[extract].columns)
        body = "".join(f"{line}\n" for line in (columns, *rows)) if text is None else text
        return self.put(f"{extract}__{force}__{start}__{end}__{at}{ext}", body.encode(encoding), folder, mtime)

    def night(
        self, *, archive: bool = True, inbox: Path | None = None, now: datetime = NOW, forces: set[str] = FORCES, **more
    ) -> list[LedgerEntry]:
        self.nights += 1
        files = find_files(inbox or self.home.inbox, self.contracts, forces)
        return land_files(self.home, self.contracts, files, f"night-{self.nights}", now=now, archive=archive, **more)

    def land(self, extract: str, *rows: str, **more) -> LedgerEntry:
        """Drop one file, run a night, return its entry."""
        self.drop(extract, *rows, **more)
        (entry,) = self.night()
        return entry

    def land_each(self, extract: str, *files: tuple[list[str], str]) -> list[LedgerEntry]:
        """Land files of these rows and headers in one night, each extracted a minute after the one before.

        Returns their entries in that order."""
        for n, (rows, header) in enumerate(files):
            self.drop(extract, *rows, header=header, at=f"20260105T02{n:02}00Z")
        return sorted(self.night(), key=lambda e: e.source_file)

    def land_forces(self, extract: str, *files: list[str], is_whole: bool = False, **more) -> list[LedgerEntry]:
        """Land files of these rows in one night, each of a force of its own, so that none has to do with another. `is_whole`:
        these are all lines, with the header.

        Returns their entries in that order."""
        forces = [f"force-{n:02}" for n in range(len(files))]
        for force, rows in zip(forces, files, strict=True):
            text = "".join(f"{line}\n" for line in rows) if is_whole else None
            self.drop(extract, *rows, force=force, text=text, **more)
        return sorted(self.night(forces={*forces}), key=lambda e: e.source_file)

    def ledger(self) -> list[LedgerEntry]:
        return read_ledger(self.home)

    def _rows(self, *paths: Path) -> list[dict]:
        if not paths:
            return []
        result = reader().execute(
            "select * from read_parquet($1, union_by_name = true) order by cast(_line as bigint)",
            [[str(p) for p in paths]],
        )
        names = [d[0] for d in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def raw(self, entry: LedgerEntry) -> list[dict]:
        return self._rows(self.home.raw / entry.extract / entry.force_code / f"{entry.load_id}.parquet")

    def quarantine(self, entry: LedgerEntry) -> list[dict]:
        folder = self.home.quarantine / entry.extract / entry.force_code
        return self._rows(*sorted(folder.glob(f"{entry.load_id}*.parquet")))

    def withheld(self, entry: LedgerEntry) -> list[dict]:
        return self._rows(*sorted(self.home.withheld.glob(f"{entry.load_id}*.parquet")))

    def inbox(self) -> list[str]:
        return sorted(p.name for p in self.home.inbox.rglob("*") if p.is_file())


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch) -> Warehouse:
    monkeypatch.delenv("PAM_PSEUDONYM_KEY", raising=False)
    return Warehouse(Home.of(tmp_path / "home").create())
