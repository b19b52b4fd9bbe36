"""Stores landed and quarantined rows: Parquet files, one for each load, all text, that appear whole or not at all."""

import hashlib
import hmac
import os
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.core.files import flush, make_file, make_folder, put_in_place, temporary_path
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..rows.duckdb_connection import one_thread
from ..rows.duplicate_rows import CLASHING
from ..rows.file_table import FileTable
from ..rows.parse_values import compared
from ..rows.pseudonyms import PseudonymKey
from ..rows.row_rules import PARSED, RAGGED, ragged_cells, reasons
from .ledger import LedgerEntry

QUARANTINED = "landing_quarantined"
TIE = "__tie_"
TIED = "__"
"""Between two loads, in the names of the files of the keys that a conflict withholds."""


@dataclass(frozen=True)
class Load:
    """Where the rows of one file are stored."""

    load_id: str
    extract: str
    force_code: str
    extracted_at: str
    source_file: str

    def raw(self, home: Home) -> Path:
        return home.raw / self.extract / self.force_code / f"{self.load_id}.parquet"

    def unplaced(self, home: Home) -> Path:
        """The file of its rows until it is known that they are stored."""
        return temporary_path(self.raw(home))

    def quarantine(self, home: Home, rival: str | None = None) -> Path:
        """The file of its quarantined rows; rows withheld for a conflict with the load `rival` have their own file."""
        name = self.load_id + (f"{TIE}{rival}" if rival else "")
        return home.quarantine / self.extract / self.force_code / f"{name}.parquet"

    def quarantine_files(self, home: Home) -> list[Path]:
        """The files that there are of its quarantined rows."""
        return sorted(self.quarantine(home).parent.glob(f"{self.load_id}*.parquet"))

    def counting_quarantine_files(self, home: Home, counting: set[str]) -> list[Path]:
        """Those of them whose rows are in quarantine while the loads `counting` count: rows that a file of the same time
        withholds are only while that file does."""
        return [path for path in self.quarantine_files(home) if counting.issuperset(path.stem.split(TIE))]

    def withheld(self, home: Home, rival: str | None = None) -> Path:
        """The file of the keys of its rows that must not be used, though the source file has them."""
        return home.withheld / f"{self.load_id}{f'{TIED}{rival}' if rival else ''}.parquet"


def load_of(entry: LedgerEntry) -> Load:
    """Where the rows of an accepted or held file are stored."""
    assert entry.load_id and entry.extract and entry.force_code and entry.extracted_at, "the file did not land"
    return Load(entry.load_id, entry.extract, entry.force_code, entry.extracted_at, entry.source_file)


def write_raw(con: duckdb.DuckDBPyConnection, home: Home, load: Load, file_table: FileTable, good: str) -> int:
    """Write `good` rows (SQL) under `load.unplaced`: the contract's columns in canonical form, then landing's own columns.
    Returns how many. They count once they are placed."""
    columns = ", ".join(f"c_{c.name} as {c.name}" for c in file_table.contract.columns)
    with one_thread(con) if file_table.cells.is_uniform else nullcontext():
        return _write_unplaced(con, f"select {columns}, {_own_columns(load, '_date')} {good}", load.unplaced(home))


def place_raw(home: Home, load: Load) -> None:
    """Give the rows of `write_raw` their final name."""
    flush(load.unplaced(home))
    put_in_place(load.unplaced(home), load.raw(home))


def _constant(text: str) -> str:
    """SQL for a text that all rows of a file have. As an enum, which Parquet stores as text, DuckDB writes it without looking
    up each row's value."""
    return f"cast({literal(text)} as enum({literal(text)}))"


def quarantine_rows(con: duckdb.DuckDBPyConnection, file_table: FileTable, has_repeats: bool) -> tuple[dict[str, int], int]:
    """Make `landing_quarantined`: rows that break a rule, or whose keys repeat with other content. Returns the number of rows
    by kind of reason, and in all."""
    rows = f"select line, cast(null as varchar) as reason, cast(null as varchar) as kind from {PARSED} where bad"
    if has_repeats:
        rows += f" union all select line, reason, kind from {CLASHING}"
    con.execute(
        f"""
        create or replace temp table landing_extra as
        select line, string_agg(reason, '; ') as reason, string_agg(distinct kind, '; ') as kind
        from ({rows})
        group by line
        """
    )
    reasons(con, file_table, "landing_extra", QUARANTINED)
    kinds = con.execute(
        f"""
        select kind, count(*) from (select unnest(string_split(_kinds, '; ')) as kind from {QUARANTINED})
        group by kind order by kind
        """
    ).fetchall()
    return dict(kinds), one_row(con, f"select count(*) from {QUARANTINED}")[0]


def _blank_unknown_keys(con: duckdb.DuckDBPyConnection, home: Home, load: Load, file_table: FileTable) -> None:
    """In ragged rows, blank a key that no landed row has.

    Where a field is missing, another column's identifier may be in the key's place, in the clear. The key of a landed row is
    not an identifier; any other key has no earlier version that could count as withdrawn, so no figure changes.
    """
    contract = file_table.contract
    if not set(contract.identifiers) - set(contract.key) or not file_table.key:
        return
    landed = sorted(load.raw(home).parent.glob("*.parquet"))
    known = f"(select _key from {parquet_of(*landed)} where _key is not null)" if landed else "('')"
    blanks = ", ".join(f"q_{name} = null" for name in contract.key if not contract.column(name).identifier)
    con.execute(
        f"update {QUARANTINED} set {blanks}, _key = null where contains(_kinds, {literal(RAGGED)}) and _key not in {known}"
    )


def write_quarantine(con: duckdb.DuckDBPyConnection, home: Home, load: Load, file_table: FileTable) -> None:
    """Store `landing_quarantined`, and its keys as withheld: the source file still has them."""
    _blank_unknown_keys(con, home, load, file_table)
    columns = ", ".join(f"q_{c.name} as {c.name}" for c in file_table.contract.columns)
    write_parquet(con, f"select {columns}, {_own_columns(load)} from {QUARANTINED} order by line", load.quarantine(home))
    if file_table.key:
        write_withheld(con, load, f"{QUARANTINED} where _key is not null", load.withheld(home))


def _own_columns(load: Load, only_here: str = "_reasons") -> str:
    """SQL for landing's own columns of a row. `only_here`: the one that only the quarantine has, or only raw."""
    return f"""
        {_constant(load.extract)} as _extract,
        {_constant(load.force_code)} as _force_code,
        {_constant(load.load_id)} as _load_id,
        cast(line as varchar) as _line,
        _key,
        {only_here},
        {_constant(load.extracted_at)} as _extracted_at,
        {_constant(load.source_file)} as _source_file
    """


def withhold_conflicting_rows(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, rival: str, columns: list[str], rows: str
) -> None:
    """Withhold rows of a stored load: `rows` (SQL) gives the contract's columns, line, _key and _reasons."""
    names = ", ".join(columns)
    write_parquet(con, f"select {names}, {_own_columns(load)} from {rows}", load.quarantine(home, rival))
    write_withheld(con, load, rows, load.withheld(home, rival))


def write_withheld(con: duckdb.DuckDBPyConnection, load: Load, rows: str, path: Path) -> None:
    """Store the keys of rows (SQL that gives line and _key)."""
    extract, force, load_id = map(literal, (load.extract, load.force_code, load.load_id))
    columns = f"{extract} as extract, {force} as force_code, {load_id} as load_id"
    write_parquet(con, f"select {columns}, cast(line as varchar) as _line, _key from {rows}", path)


def write_parquet(con: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    """Write a query's rows to a temporary file, sync it to disk, then give it its name. Mode 0600."""
    temporary = temporary_path(path)
    _write_unplaced(con, select, temporary)
    flush(temporary)
    put_in_place(temporary, path)


def _write_unplaced(con: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    make_folder(path.parent)
    # Made beforehand with its mode, so that no umask ever lets others read it.
    os.close(make_file(path))
    # Level 1 of zstd is faster than level 3, and the files become no larger. A dictionary of more values than this seldom pays.
    options = "format parquet, compression zstd, compression_level 1, dictionary_size_limit 5000, use_tmp_file false"
    return int(one_row(con, f"copy ({select}) to {literal(str(path))} ({options})")[0])


def parquet_of(*paths: Path) -> str:
    return f"read_parquet([{', '.join(literal(str(p)) for p in paths)}])"


def same_rows(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, file_table: FileTable, good: str, has_repeats: bool
) -> bool:
    """Whether the file just read has the rows of a stored load, on any lines: these differ between containers. Rows are
    compared in canonical form; quarantined cells without one as delivered."""
    if not load.raw(home).exists():
        # Erased, as it expired.
        return False
    columns = [c.name for c in file_table.contract.columns]
    names = ", ".join(compared(c, c.name) for c in file_table.contract.columns)
    good = f"select {', '.join(compared(c, f'c_{c.name}') for c in file_table.contract.columns)} {good}"
    if _differ(con, f"select {names} from {parquet_of(load.raw(home))}", good):
        return False
    quarantine_rows(con, file_table, has_repeats)
    _blank_unknown_keys(con, home, load, file_table)
    path = load.quarantine(home)
    if not path.exists():
        return bool(one_row(con, f"select count(*) from {QUARANTINED}")[0] == 0)
    bad = f"select {', '.join(f'q_{n} as t_{n}' for n in columns)} from {QUARANTINED}"
    stored = f"select {', '.join(f'{n} as t_{n}' for n in columns)} from {parquet_of(path)}"
    readable = ", ".join(
        f"t_{c.name}" if c.identifier else compared(c, f"coalesce({file_table.canonical(c)}, t_{c.name})")
        for c in file_table.contract.columns
    )
    return not _differ(con, f"select {readable} from ({stored})", f"select {readable} from ({bad})")


def _differ(con: duckdb.DuckDBPyConnection, select: str, other_select: str) -> bool:
    return bool(
        one_row(
            con, f"select exists (({select}) except all ({other_select})) or exists (({other_select}) except all ({select}))"
        )[0]
    )


def ragged_digest(con: duckdb.DuckDBPyConnection, file_table: FileTable, key: PseudonymKey | None) -> str:
    """SHA-256 (hex) of the ragged rows of the file just read, in any order: it identifies them without storing them. Keyed
    where the contract has identifiers, as such a row may have one in any cell."""
    (digest,) = one_row(
        con,
        f"""
        select sha256(string_agg(cells, chr(30) order by cells))
        from (
            select array_to_string({ragged_cells(file_table)}, chr(31)) as cells
            from {CELLS}
            where {file_table.is_ragged}
        )
        """,
    )
    if key and file_table.contract.identifiers:
        return hmac.new(key.secret, digest.encode(), hashlib.sha256).hexdigest()
    return str(digest)


def drop_file_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Free the memory of the last file."""
    relations = con.execute(
        """
        select 'view', view_name from duckdb_views() where temporary and not internal
        union all select 'table', table_name from duckdb_tables() where temporary
        """
    ).fetchall()
    for kind, name in relations:
        con.execute(f"drop {kind} {name}")
