"""Compares a file's records with those of the file before it: notes, or holds it for, what a correction of single records does
not change, such as another column under a header, amounts in another unit, days and months that are swapped, or a column that
was sorted by itself."""

from collections.abc import Collection, Iterator, Mapping

from dagster_project.contracts import Column
from dagster_project.core.sql import literal, one_row

from ..rows.file_table import FileTable
from ..rows.parse_values import compared
from .category_doubts import unit_names
from .stored_rows import StoredRows

COMPARED_ROWS = 10_000
"""About so many records of a larger file are looked up in the one before: enough to tell a share."""
CHANGED_ROWS, CHANGED_SHARE = 20, 0.25
"""At least so many changed records, and such a share of those in both files, are no correction of single ones."""
FEW_CHANGED, MOST_CHANGED = 5, 0.9
"""Nor are so few, if they are such a share."""
SCALES = {100: "100 times", 1000: "1,000 times", 0.01: "a hundredth of", 0.001: "a thousandth of"}
SCALED_SHARE = 0.9
"""What an amount may be of what it was before, give or take what was rounded, and the share of records of which that is no
correction."""
OTHER_SIZE = 30
"""The median amount of two files differs less by chance."""


UNIT_QUESTION = (
    ". In pence, or in thousands? Export again in pounds; if this one is right, retract the file before or release this one"
)


def amounts_of_another_unit(rows: StoredRows) -> dict[str, str]:
    """Columns of amounts, each with how they differ, in which nearly every one is a hundred or a thousand times, or such a part
    of, what the load before it says of the same record. A file that has any is held, with `UNIT_QUESTION`."""
    found = dict[str, str]()
    for name in _amounts(rows):
        shared, *scaled = one_row(
            rows.con,
            f"""
            select count(*), {", ".join(f"count(*) filter (where n / o between {f} * 0.99 and {f} * 1.01)" for f in SCALES)}
            from (
                select cast(n.{name} as double) as n, cast(o.{name} as double) as o
                from {rows.table} as n join {rows.old} as o on n._key = o._key
            )
            where n <> 0 and o <> 0
            """,
        )
        for n, times in zip(scaled, SCALES.values(), strict=True):
            if n >= FEW_CHANGED and n >= SCALED_SHARE * shared:
                found[name] = f"{name}: in {n:,} of {shared:,} records {times} what the file before said"
                break
    return found


def _amounts(rows: StoredRows) -> list[str]:
    """The amounts that both loads have, if there are rows enough to compare."""
    return [c.name for c in _comparable(rows) if c.type == "money"]


def _comparable(rows: StoredRows) -> list[Column]:
    """The contract's columns that both loads have. None where the file has too few rows for a note."""
    return rows.compared if rows.n >= FEW_CHANGED else []


def changes(rows: StoredRows, leave_out: Collection[str]) -> Iterator[str]:
    """Notes what may be wrong with a load by the one before it, a sentence for each. `leave_out`: columns that it is held
    for."""
    yield from _changed_records(rows, leave_out)
    yield from _amounts_of_another_size(rows, leave_out)


def _changed_records(rows: StoredRows, leave_out: Collection[str]) -> Iterator[str]:
    """Notes columns in which records often differ from those of the load before it, by their key. A value where there was a
    blank may have been added since, and one that was the same in all of them may be settled now, or have another name."""
    columns = [c for c in _comparable(rows) if c.name not in leave_out and _should_stay(rows.file_table, c)]
    if not columns:
        return
    units = unit_names(rows.home, rows.load.force_code)
    counts = ["count(*)"]
    for c in columns:
        old, new = (_value(row, c, units) for row in "on")
        is_changed = f"filter (where {old} <> coalesce({new}, ''))"
        counts += [f"count(*) {is_changed}", f"coalesce(min({old}) {is_changed} < max({old}) {is_changed}, false)"]
    part = f"where hash(_key) % {max(1, rows.n_read // COMPARED_ROWS)} = 0"
    # A record of other days has the same reference because references began again (`restarted_keys`).
    days = rows.file_table.covered_from, rows.file_table.covered_to
    of_days = f" and left(_date, 10) between '{days[0]}' and '{days[1]}'" if rows.file_table.contract.kind == "events" else ""
    shared, *found = one_row(
        rows.con,
        f"""
        select {", ".join(counts)}
        from (from {rows.table} {part}) as n join (from {rows.old} {part}{of_days}) as o on n._key = o._key
        """,
    )
    often = [
        f"{c.name} in {n / shared:.0%}" for c, n, were_several in zip(columns, found[::2], found[1::2], strict=True)
        if were_several and _is_no_correction(n, shared)
    ]  # fmt: skip
    if often:
        yield (
            f"of {shared:,} records compared with the file before, many differ: {', '.join(often)}. Were a column, its unit,"
            " the references or the mapping changed? If these are corrections, nothing is to be done"
        )


def _is_no_correction(n: int, shared: int) -> bool:
    """Whether `n` of the `shared` records of two files have changed too often for corrections."""
    fewest, share = (CHANGED_ROWS, CHANGED_SHARE) if n >= CHANGED_ROWS else (FEW_CHANGED, MOST_CHANGED)
    return n >= max(fewest, share * shared)


def _value(row: str, column: Column, units: Mapping[str, str]) -> str:
    """SQL for a record's value: of a list, its items in whatever order; of a unit, whichever of its names it has."""
    text = compared(column, f"{row}.{column.name}")
    if column.type == "list":
        return f"array_to_string(list_sort(list_transform(string_split({text}, ';'), lambda x: trim(x))), ';')"
    if column.type != "unit" or not units:
        return text
    names, plain_names = (", ".join(map(literal, part)) for part in (units, units.values()))
    return f"coalesce(map([{names}], [{plain_names}])[{text}], {text})"


def _should_stay(file_table: FileTable, column: Column) -> bool:
    """Whether a record's value in this column is for good. That of a list's choice is not: cash that was under investigation is
    forfeited. People are hashed, perhaps with another key."""
    may_change = file_table.contract.kind == "list" and column.type == "choice"
    return not (column.name in file_table.key or column.identifier or may_change)


def _amounts_of_another_size(rows: StoredRows, leave_out: Collection[str]) -> Iterator[str]:
    """Notes amounts of which the usual one is many times, or a small part of, that of the load before it, of any records."""
    for name in (name for name in _amounts(rows) if name not in leave_out):
        now, n, then, n_before = one_row(
            rows.con,
            f"""
            select * from (select median(cast({name} as double)), count({name}) from {rows.table})
            cross join (select median(cast({name} as double)), count({name}) from {rows.old})
            """,
        )
        if min(n, n_before) >= CHANGED_ROWS and min(now, then) > 0 and max(now / then, then / now) >= OTHER_SIZE:
            yield f"{name}: half are above {now:,.2f}, and {then:,.2f} in the file before: is it in pence, or in thousands?"
