"""Checks the values of classifying columns against the lists of known values.

A classifying column decides whether a row counts: with a code that is on no list, a measure would be a zero that looks
complete. The lists are the project's seeds/ (vocabulary, offence codes, areas) and the home's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from dagster_project.contracts import Column, Contract
from dagster_project.core.config import Believe
from dagster_project.core.home import Home
from dagster_project.core.reference_lists import (
    CLASSIFYING,
    NOTHING,
    UNIT,
    SeedError,
    counts_towards,
    known_offence_codes,
    known_units,
    known_words,
)
from dagster_project.core.row_tables import make_table
from dagster_project.core.sql import one_row

from .raw_store import Load, parquet_of

LISTED = 5_000
"""Unknown values of one column that the ledger stores, the most frequent first. No list of codes is longer: a column with more
is not a column of codes."""
FEW_CELLS = 1_000
"""Different cells up to which Python looks them up: for a small file, DuckDB takes several times longer to plan its queries."""
CODE = "offence_code"
"""The column that has codes, each known where its group, the part before a slash, is."""
HELD_FOR = "vocabulary"


@dataclass(frozen=True)
class VocabularyCheck:
    """The result of checking one file's classifying columns."""

    unknown: dict[str, dict[str, int]]
    """Column -> unknown value -> rows that have it."""
    hold_reason: str | None = None
    """Why the file is held; None where it may land."""
    warnings: dict[str, int] = field(default_factory=dict)
    """Column -> rows without a known value, where there are enough of them to warn a person."""


def classifying(contract: Contract) -> list[str]:
    """The classifying columns of an extract."""
    return [*CLASSIFYING.get(contract.extract, ()), *(c.name for c in contract.columns if c.type == "unit")]


def check_vocabulary(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, contract: Contract, absent: list[str], rows: int, limits: Believe
) -> VocabularyCheck:
    """Check a load's stored rows against the lists. `absent`: columns that the file lacks. `rows`: how many rows it has."""
    unknown: dict[str, dict[str, int]] = {}
    hold_reasons: list[str] = []
    warnings: dict[str, int] = {}
    columns = [column for column in classifying(contract) if column not in absent]
    cells = _few_cells(con, load, home, columns)
    for column in columns:
        known = known_values(home, load.force_code, load.extract, column)
        if known is None or (cells and _are_known(cells[column], known, contract.column(column))):
            continue
        make_table(con, "landing_known", {"value": "varchar", "counts": "boolean"}, sorted(known.items()), temporary=True)
        values = _values(con, load, home, contract.column(column))
        if values:
            unknown[column] = values
        if rows < limits.vocabulary_rows:
            continue
        n_rows, n_unknown, n_counting = _row_counts(con)
        if not n_unknown:
            continue
        percent = 100 * n_unknown / n_rows
        none_counts = n_counting == 0 and column != UNIT
        if percent >= limits.unknown_held_percent or (none_counts and percent >= limits.unknown_told_percent):
            reason = f"{n_unknown} of {n_rows} rows: no list knows their {column}: {shown_values(values)}"
            hold_reasons.append(f"{reason}; and none that counts" if none_counts else reason)
        if percent >= limits.unknown_told_percent:
            warnings[column] = n_unknown
    return VocabularyCheck(unknown, "; ".join(hold_reasons) or None, warnings)


def shown_values(values: dict[str, int]) -> str:
    """The three most frequent values, each with its rows, as text."""
    first = sorted(values.items(), key=lambda v: (-v[1], v[0]))[:3]
    more = f" and {len(values) - 3} more" if len(values) > 3 else ""
    return ", ".join(f"'{value}' ({n})" for value, n in first) + more


def accept_line(extract: str, column: str, values: dict[str, int], counts_as: str) -> str:
    """The command that adds values to the list, to paste."""
    quoted = " ".join("'" + v.replace("'", "'\\''") + "'" for v in sorted(values, key=lambda v: (-values[v], v))[:10])
    return f"pam vocabulary accept {extract} {column} {quoted} --counts-as {counts_as}"


def likely_meaning(column: str, value: str) -> str:
    """What a value probably counts as: Drugs where the column counts those and the value has the word."""
    return next((m for m in counts_towards(column) if m == "Drugs" and m[:-1].lower() in value.lower()), NOTHING)


def known_values(home: Home, force: str, extract: str, column: str) -> dict[str, bool] | None:
    """Known values in lower case, and whether rows with them count; None where the column is not checked for the force.

    Where the home's own lists can't be read, only the project's are used: the night ends with the lists' error, and files held
    for unknown values are checked again once the lists are corrected.
    """
    try:
        return _known_of(home, force, extract, column)
    except SeedError:
        return _known_of(None, force, extract, column)


def _known_of(home: Home | None, force: str, extract: str, column: str) -> dict[str, bool] | None:
    meanings = known_words(home, extract, column) | (known_offence_codes(home) if column == CODE else {})
    known = {value: counts not in ("nothing", "other") for value, counts in meanings.items()}
    if column != UNIT:
        return known
    units = known_units(home, force)
    return known | dict.fromkeys(units, False) if units else None


def _few_cells(con: duckdb.DuckDBPyConnection, load: Load, home: Home, columns: list[str]) -> dict[str, set[str | None]] | None:
    """The different cells of each column, with None for blank ones; None where they are many."""
    if not columns:
        return None
    sets = ", ".join(f"({column})" for column in columns)
    rows = con.execute(
        f"""
        select {", ".join(columns)} from {parquet_of(load.raw(home))} group by grouping sets ({sets}) limit {FEW_CELLS}
        """
    ).fetchall()
    return {c: {row[at] for row in rows} for at, c in enumerate(columns)} if len(rows) < FEW_CELLS else None


def _are_known(cells: set[str | None], known: Mapping[str, bool], column: Column) -> bool:
    """Whether every item of these cells is certainly known. False beyond ASCII, where DuckDB may have other lower case."""
    for cell in filter(None, cells):
        if not cell.isascii():
            return False
        for item in cell.lower().split(";") if column.type == "list" else [cell.lower()]:
            word = item.strip(" ")
            group = word.split("/")[0].strip(" ") if column.name == CODE else word
            if word and not {word, group} & known.keys():
                return False
    return True


def _values(con: duckdb.DuckDBPyConnection, load: Load, home: Home, described: Column) -> dict[str, int]:
    """Make `landing_items (cell, n, item, is_known, counts)`: each cell's items, and the rows with that cell. Returns the
    unknown items with their rows."""
    column = described.name
    items = f"string_split({column}, ';')" if described.type == "list" else f"[{column}]"
    group = "trim(split_part(lower(item), '/', 1))" if column == CODE else "lower(trim(item))"
    con.execute(
        f"""
        create or replace temp table landing_items as
        with cells as (
            select coalesce("{column}", '') as {column}, count(*) as n from {parquet_of(load.raw(home))} group by 1
        ),
        items as (select {column} as cell, n, unnest({items}) as item from cells)
        select
            items.cell, items.n, trim(items.item) as item,
            whole.value is not null or grouped.value is not null as is_known,
            coalesce(whole.counts, grouped.counts, false) as counts
        from items
        left join landing_known as whole on lower(trim(items.item)) = whole.value
        left join landing_known as grouped on {group} = grouped.value
        """
    )
    rows = con.execute(
        f"""
        select min(item), sum(n)::bigint from landing_items
        where not is_known and item <> '' and item is not null
        group by lower(item) order by 2 desc, 1 limit {LISTED}
        """
    ).fetchall()
    return dict(rows)


def _row_counts(con: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """Of `landing_items`: rows, rows with values of which none is known, and rows that count."""
    return one_row(con.execute(
        """
        select
            coalesce(sum(n), 0)::bigint,
            coalesce(sum(n) filter (where has_value and not any_known), 0)::bigint,
            coalesce(sum(n) filter (where any_counts), 0)::bigint
        from (
            select
                cell, max(n) as n, bool_or(coalesce(item, '') <> '') as has_value,
                bool_or(is_known and coalesce(item, '') <> '') as any_known,
                bool_or(counts) as any_counts
            from landing_items group by cell
        )
        """
    ))
