"""Monthly totals that replace erased rows, so that figures stay the same: `raw/_kept`.

One Parquet file for each load, from the last publication that was made from its rows: what each month adds to each measure, by
unit and category. No key, no identifier, no row. `monthly` adds them up like events.

A second file lists, by load and line, the rows of other loads that the erased rows had superseded.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache, partial
from pathlib import Path

import duckdb

from dagster_project.contracts import Column, Contract
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.home_lists import UNIT, UNKNOWN, areas_of_force, other_unit_names
from dagster_project.core.published_file import sha256_of
from dagster_project.core.raw_table_columns import columns_of, make_raw_table
from dagster_project.landing import Erasure, LedgerEntry, read_erasures
from dagster_project.landing.storage.vocabulary import known_values

TOTALS_COLUMNS = {name: kind for name, kind in columns_of("kept_months").items() if name not in ("kept_night", "is_carried")}
"""The columns of a file of kept totals; the night adds the others."""
SUPERSEDED_COLUMNS = columns_of("kept_superseded")
SUPERSEDED_SUFFIX = "__superseded"


class RawLostError(PamError, RuntimeError):
    """A file in raw/ that the ledger names is missing or was changed. Nothing is published without it."""


def loads_as_totals(home: Home) -> dict[str, Erasure]:
    """Loads whose rows were erased and replaced by monthly totals, with the record of each erasure."""
    return {Path(e.archived).stem: e for e in read_erasures(home) if e.kind == "raw" and e.kept}


def absent_in_totals(
    home: Home, entries: Iterable[LedgerEntry], contracts: Mapping[str, Contract], as_totals: Mapping[str, Erasure]
) -> list[tuple[str, str, bool]]:
    """Erased loads, as rows of `raw.absent_columns`: those whose force lists units that it did not when their totals were made,
    and those with values that the lists no longer knew then. Which of the erased rows count by them is not known, and not 0.
    """

    @cache
    def units(force: str) -> list[set[str]]:
        """Of each unit the code, and the codes and names that it had."""
        others = [(name.lower(), code) for of, name, code in other_unit_names(home) if of == force]
        codes = {area["lpu_code"] for area in areas_of_force(home, force)}
        return [{code.lower(), *(name for name, of in others if of == code)} for code in codes]

    def is_absent(entry: LedgerEntry, erasure: Erasure, column: Column) -> bool:
        if column.name in entry.lacks:
            return False
        had = None if erasure.units is None else {code.lower() for code in erasure.units}
        has_new_units = had is not None and any(had.isdisjoint(names) for names in units(str(entry.force_code)))
        return column.name in erasure.forgotten or (column.type == "unit" and has_new_units)

    return [
        (str(e.load_id), column.name, column.type == "unit")
        for e in entries
        if (erasure := as_totals.get(str(e.load_id)))
        for column in contracts[str(e.extract)].columns
        if is_absent(e, erasure, column)
    ]


def forgotten_units(
    con: duckdb.DuckDBPyConnection, home: Home, entries: Iterable[LedgerEntry]
) -> list[tuple[LedgerEntry, str, dict[str, int]]]:
    """The erased loads with totals of units that no list knows any more, as of `forgotten_values`: code -> rows that the file
    had of it. `con` has `raw.kept_months`."""
    codes: dict[str, list[str]] = {}
    for load, code in con.execute(
        "select distinct load_id, leaf_code from raw.kept_months where leaf_code <> ? and leaf_name is null and amount <> 0"
        " order by all", [UNKNOWN],
    ).fetchall():  # fmt: skip
        codes.setdefault(load, []).append(code)
    known = cache(partial(known_values, home))
    found = []
    for entry in entries:
        if listed := codes.get(str(entry.load_id)):
            words = known(str(entry.force_code), str(entry.extract), UNIT)
            rows = {value.lower(): n for value, n in entry.values_looked_up.get(UNIT, {}).items()}
            if words is not None and (gone := [code for code in listed if code.lower() not in words]):
                lost = sum(n for value, n in rows.items() if value not in words) or 1
                found.append((entry, UNIT, {code: rows.get(code.lower(), lost) for code in gone}))
    return found


def load_kept_totals(con: duckdb.DuckDBPyConnection, home: Home, loads: Collection[str]) -> None:
    """Make or replace `raw.kept_months` and `raw.kept_superseded` from the kept totals of these loads.

    Raises RawLostError if a file is missing or was changed.
    """
    for table in ("kept_months", "kept_superseded"):
        con.execute(f"drop table if exists raw.{table}")
        make_raw_table(con, table, ())
    for load, erasure in loads_as_totals(home).items():
        if load not in loads:
            continue
        for name, digest in sorted(erasure.kept.items()):
            path = _checked_path(home, name, digest)
            if path.stem.endswith(SUPERSEDED_SUFFIX):
                con.execute(
                    f"insert into raw.kept_superseded select {', '.join(SUPERSEDED_COLUMNS)} from read_parquet(?)", [str(path)]
                )
            else:
                con.execute(
                    f"insert into raw.kept_months select {', '.join(TOTALS_COLUMNS)}, ?, false from read_parquet(?)",
                    [erasure.night_id, str(path)],
                )


def _checked_path(home: Home, name: str, digest: str) -> Path:
    path = home.kept / name
    if not path.exists():
        raise RawLostError(
            f"{path.relative_to(home.path)} is gone, and stands for rows that were erased: restore raw/ from a backup, then run"
            " the night again"
        )
    if sha256_of(path) != digest:
        raise RawLostError(
            f"{path.relative_to(home.path)} is not as it was when it took the place of erased rows: restore raw/ from a"
            " backup, then run the night again"
        )
    return path
