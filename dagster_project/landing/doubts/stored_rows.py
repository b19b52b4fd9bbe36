"""The stored rows of a file that lands, and those of the file before it, as doubts look at them."""

from dataclasses import dataclass
from functools import cached_property

import duckdb

from dagster_project.contracts import Column
from dagster_project.core.home import Home
from dagster_project.core.sql import one_row

from ..rows.file_table import FileTable
from ..storage.raw_store import Load, parquet_of
from .doubts_said import DoubtsSaid

BLANK_ROWS = 50
"""A column that is blank in every row of a file with at least this many rows counts as absent."""


@dataclass(frozen=True)
class StoredColumn:
    """What Parquet's metadata say of a load's column: rows with a value, and the first and last value in the order of texts."""

    filled: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class StoredRows:
    """A load's stored rows, and what landing knows of them."""

    con: duckdb.DuckDBPyConnection
    home: Home
    load: Load
    file_table: FileTable
    n_read: int
    """How many rows the file has."""
    give_window: bool
    """Whether the rows say which days the file covers (a mapping's `covers`), and not its name."""
    before: Load | None
    """The load before it; None: there is none."""
    said: DoubtsSaid

    @property
    def table(self) -> str:
        """SQL for their Parquet file."""
        return parquet_of(self.load.raw(self.home))

    @cached_property
    def columns(self) -> dict[str, StoredColumn]:
        rows = self.con.execute(
            """
            select
                path_in_schema, cast(sum(num_values - coalesce(stats_null_count, 0)) as bigint),
                min(stats_min_value), max(stats_max_value)
            from parquet_metadata(?)
            group by path_in_schema
            """,
            [str(self.load.raw(self.home))],
        ).fetchall()
        return {name: StoredColumn(*facts) for name, *facts in rows}

    @property
    def n(self) -> int:
        """How many are stored."""
        return self.columns["_line"].filled if "_line" in self.columns else 0

    @cached_property
    def absent(self) -> list[str]:
        """Columns of the contract that the file lacks, or that are blank in all of its rows, quarantined ones too, where it has
        50 or more."""
        position = self.file_table.layout.position
        given_columns = {*position, *self.file_table.mapping.constants}
        absent = [c.name for c in self.file_table.contract.columns if c.name not in given_columns]
        if self.n_read < BLANK_ROWS:
            return sorted(absent)
        blank = [n for n in position if n not in self.columns or not self.columns[n].filled]
        quarantine = self.load.quarantine(self.home)
        if blank and quarantine.exists():
            counts = ", ".join(f"count(nullif(trim(\"{name}\"), ''))" for name in blank)
            filled = one_row(self.con, f"select {counts} from {parquet_of(quarantine)}")
            blank = [name for name, n in zip(blank, filled, strict=True) if not n]
        return sorted(absent + blank)

    @property
    def of_contract(self) -> list[Column]:
        """The contract's columns that the file has."""
        position = self.file_table.layout.position
        return [c for c in self.file_table.contract.columns if c.name in position and c.name not in self.absent]

    @property
    def content(self) -> list[str]:
        """What a record says, apart from its key: the contract's other columns that the file has."""
        return [c.name for c in self.of_contract if not c.key]

    @cached_property
    def n_repeated(self) -> int:
        """How many contents there are that more than one record has."""
        if not self.content:
            return min(1, self.n // 2)
        repeated = f"select 1 from {self.table} group by {', '.join(self.content)} having count(*) > 1"
        return int(one_row(self.con, f"select count(*) from ({repeated})")[0])

    @property
    def old(self) -> str:
        """SQL for the Parquet file of the load before it."""
        assert self.before is not None
        return parquet_of(self.before.raw(self.home))

    @cached_property
    def compared(self) -> list[Column]:
        """The contract's columns that both loads have. None where the one before is not older by its extraction, or was
        erased."""
        if not self.file_table.key or not self.before or self.load.extracted_at <= self.before.extracted_at:
            return []
        if not self.before.raw(self.home).exists():
            return []
        # An older version of the project may have stored fewer columns.
        stored = {name for name, *_ in self.con.execute(f"describe from {self.old}").fetchall()}
        present = stored & self.file_table.layout.position.keys()
        return [c for c in self.file_table.contract.columns if c.name in present]
