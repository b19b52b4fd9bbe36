"""Notes a file in which many records that the file before had, too, say something else, as where another column has the header,
amounts are in another unit, days and months are swapped, lists are cut, or a column was sorted by itself."""

from collections.abc import Iterator, Mapping

import duckdb

from dagster_project.contracts import Column
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row

from .canonical_values import compared
from .category_doubts import unit_names
from .raw_store import Load, parquet_of
from .sheet import Sheet

COMPARED_ROWS = 10_000
"""About so many rows of a larger file are looked up in the one before: enough to tell a share."""
CHANGED_ROWS, CHANGED_SHARE = 20, 0.25
"""At least so many changed records, and such a share of those in both files, are no correction of single ones."""


def changed_records(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, rows: int, before: Load
) -> Iterator[str]:
    """Notes columns in which a load's records often differ from those of the load before it, by their key. A value where there
    was a blank is no difference, as it may have been added since. `rows`: how many the file has."""
    new, old = load.raw(home), before.raw(home)
    if not sheet.key or not new.exists() or not old.exists():
        return
    # An older version of the project may have stored fewer columns.
    stored = {name for name, *_ in con.execute(f"describe from {parquet_of(old)}").fetchall()}
    columns = [c for c in sheet.contract.columns if c.name in sheet.layout.position and c.name in stored]
    columns = [c for c in columns if _should_stay(sheet, c)]
    units = unit_names(home, load.force_code)
    differs = [f"count(*) filter (where {_value('o', c, units)} <> coalesce({_value('n', c, units)}, ''))" for c in columns]
    part = f"where hash(_key) % {max(1, rows // COMPARED_ROWS)} = 0"
    shared, *changed = one_row(
        con,
        f"""
        select {", ".join(["count(*)", *differs])}
        from (from {parquet_of(new)} {part}) as n
        join (from {parquet_of(old)} {part}) as o on n._key = o._key
        """,
    )
    often = [
        f"{c.name} in {n:,}" for c, n in zip(columns, changed, strict=True)
        if n >= CHANGED_ROWS and n >= CHANGED_SHARE * shared
    ]  # fmt: skip
    if often:
        yield (
            f"of {shared:,} records that the file before had, too, many differ: {', '.join(often)}. Were a column, its unit or"
            " the references changed in the system? If these are corrections, nothing is to be done"
        )


def _value(row: str, column: Column, units: Mapping[str, str]) -> str:
    """SQL for a record's value; for that of a unit, whichever of its names it has."""
    text = compared(column, f"{row}.{column.name}")
    if column.type != "unit" or not units:
        return text
    names, plain_names = (", ".join(map(literal, part)) for part in (units, units.values()))
    return f"coalesce(map([{names}], [{plain_names}])[{text}], {text})"


def _should_stay(sheet: Sheet, column: Column) -> bool:
    """Whether a record's value in this column is for good. That of a list's choice is not: cash that was under investigation is
    forfeited. People are hashed, perhaps with another key."""
    may_change = sheet.contract.kind == "list" and column.type == "choice"
    return not (column.name in sheet.key or column.identifier or may_change)
