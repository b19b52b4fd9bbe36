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
SCALES = {100: "100 times", 1000: "1,000 times", 0.01: "a hundredth of", 0.001: "a thousandth of"}
SCALED_SHARE = 0.9
"""What an amount may be of what it was before, give or take what was rounded, and the share of records of which that is no
correction."""
OTHER_SIZE = 30
"""The median amount of two files differs less by chance."""


def amounts_of_another_unit(con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, before: Load) -> str | None:
    """The reason to hold a file in which nearly every amount is a hundred or a thousand times, or such a part of, what the load
    before it says of the same record; None if there is none such."""
    new, old = load.raw(home), before.raw(home)
    amounts = [c.name for c in sheet.contract.columns if c.type == "money" and c.name in sheet.layout.position]
    for name in amounts if new.exists() and old.exists() else ():
        shared, *scaled = one_row(
            con,
            f"""
            select count(*), {", ".join(f"count(*) filter (where n / o between {f} * 0.99 and {f} * 1.01)" for f in SCALES)}
            from (
                select cast(n.{name} as double) as n, cast(o.{name} as double) as o
                from {parquet_of(new)} as n join {parquet_of(old)} as o on n._key = o._key
            )
            where n <> 0 and o <> 0
            """,
        )
        for n, times in zip(scaled, SCALES.values(), strict=True):
            if n >= CHANGED_ROWS and n >= SCALED_SHARE * shared:
                return (
                    f"{name}: in {n:,} of {shared:,} records {times} what the file before said. In pence, or in thousands?"
                    " Export again in pounds; if the file before was wrong and this one is right, release it"
                )
    return None


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


def amounts_of_another_size(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, before: Load
) -> Iterator[str]:
    """Notes amounts of which the usual one is many times, or a small part of, that of the load before it, of any records."""
    new, old = load.raw(home), before.raw(home)
    amounts = [c.name for c in sheet.contract.columns if c.type == "money" and c.name in sheet.layout.position]
    for name in amounts if new.exists() and old.exists() else ():
        now, n, then, n_before = one_row(
            con,
            f"""
            select * from (select median(cast({name} as double)), count({name}) from {parquet_of(new)})
            cross join (select median(cast({name} as double)), count({name}) from {parquet_of(old)})
            """,
        )
        if min(n, n_before) >= CHANGED_ROWS and min(now, then) > 0 and max(now / then, then / now) >= OTHER_SIZE:
            yield f"{name}: half are above {now:,.2f}, and {then:,.2f} in the file before: is it in pence, or in thousands?"


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
