"""Notes categories that are probably not what they seem: one spelled in several ways, a blank that has a name, and one that is
0 because it has another name now. Each is a category of its own, as no list has them."""

import re
from collections.abc import Iterable, Iterator

import duckdb

from dagster_project.contracts import Column
from dagster_project.core.home import Home
from dagster_project.core.reference_lists import CLASSIFYING

from .raw_store import Load, parquet_of
from .refusal import printable
from .row_rules import Sheet

MOST_VALUES = 1_000
"""A column with more is free text, and no category."""
USUAL_ROWS = 30
"""Rows of a category that would be usual, from which none is no chance, as in `unit_without_events`."""
SHOWN = 3
_SPELLING = r"â€.|[\s\-–—_.,'’‘\"“”]"
"""What the same category may have or lack; the first is a dash or a quote in another encoding."""
_BLANK = re.compile(r"[(<\[]?null[)>\]]?|\\n|nan|nat|\(blank\)|#[a-z_/]{3,}[!?]?", re.I)
"""What programs write for a blank or an error, in a whole cell."""

Values = dict[str, int]
"""Value -> its rows."""


def names_of_categories(con: duckdb.DuckDBPyConnection, sheet: Sheet, load: Load, home: Home) -> Iterator[str]:
    """Notes the values of a file's columns of text that are spelled in several ways, or stand for a blank."""
    if not sheet.key:
        return
    columns = [c for c in _categories(sheet) if c.type == "text"]
    for name, values in _values(con, load, home, columns):
        alike: dict[str, list[str]] = {}
        for value in values:
            alike.setdefault(re.sub(_SPELLING, "", value).casefold(), []).append(value)
        if several := [own for own in alike.values() if len(own) > 1]:
            more = f", and {len(several) - 1:,} more" if len(several) > 1 else ""
            yield f"{name}: {_shown(several[0], values)} are categories of their own{more}: is it one, spelled in several ways?"
        if blanks := [value for value in values if _BLANK.fullmatch(value)]:
            said = f"{name}: {_shown(blanks, values)}, as programs write a blank, is a category"
            yield f"{said}: a mapping's values can make it a blank"


def values_gone(con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, before: Load) -> Iterator[str]:
    """Notes the values that the file before had often, and this one never: as after a system gave them other names."""
    if not sheet.key or not (load.raw(home).exists() and before.raw(home).exists()):
        return
    columns = [c for c in _categories(sheet) if c.name != "status"]
    now = dict(_values(con, load, home, columns))
    for name, then in _values(con, before, home, [c for c in columns if c.name in now]):
        share = sum(now[name].values()) / max(1, sum(then.values()))
        gone = [value for value, n in then.items() if value not in now[name] and n * share >= USUAL_ROWS]
        if gone and now[name]:
            yield f"{name}: in the file before {_shown(gone, then)}, in this one none, which counts as 0: has it another name?"


def _categories(sheet: Sheet) -> list[Column]:
    """The columns that measures are split by, or counted by."""
    others = {*sheet.key, *CLASSIFYING.get(sheet.contract.extract, ())}
    return [
        c for c in sheet.contract.columns
        if c.type in ("text", "choice") and not c.identifier and c.name not in others and c.name in sheet.layout.position
    ]  # fmt: skip


def _values(
    con: duckdb.DuckDBPyConnection, load: Load, home: Home, columns: Iterable[Column]
) -> Iterator[tuple[str, Values]]:
    """The values of each column that a load's rows have, unless it is free text."""
    path = parquet_of(load.raw(home))
    for c in columns:
        if c.name in (row[0] for row in con.execute(f"describe select * from {path}").fetchall()):
            rows = con.execute(
                f"select {c.name}, count(*) from {path} where {c.name} is not null group by 1 order by 2 desc, 1"
                f" limit {MOST_VALUES + 1}"
            ).fetchall()
            if len(rows) <= MOST_VALUES:
                yield c.name, dict(rows)


def _shown(some: list[str], values: Values) -> str:
    """The first of some values with their rows."""
    more = f" and {len(some) - SHOWN:,} more" if len(some) > SHOWN else ""
    return ", ".join(f"'{printable(value[:40])}' ({values[value]:,})" for value in some[:SHOWN]) + more
