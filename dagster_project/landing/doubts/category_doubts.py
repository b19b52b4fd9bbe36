"""Notes categories that are probably not what they seem: one spelled in several ways, a blank that has a name, and one that is
0 because it has another name now. Each is a category of its own, as no list has them. Notes units that are gone, too."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import duckdb

from dagster_project.contracts import Column
from dagster_project.core.home import Home
from dagster_project.core.home_lists import HomeListError, areas_of_force, classifying_columns, other_unit_names
from dagster_project.core.plurals import list_first
from dagster_project.core.sql import one_row

from ..refusal import printable
from ..rows.file_table import FileTable
from ..storage.raw_store import Load, parquet_of
from ..storage.vocabulary import rows_that_count
from .stored_rows import StoredRows

MAX_VALUES = 1_000
"""A column with more is free text, and no category."""
USUAL_ROWS = 30
"""Where at least so many rows of a category are usual, none is no chance, as in `unit_without_events`."""
SHOWN = 3
_SPELLING = r"â€.|[\s\-–—_.,'’‘\"“”]"
"""What the same category may have or lack; the first is a dash or a quote in another encoding."""
_BLANK = re.compile(
    r"[(<\[]?null[)>\]]?|\\n|nan|nat|\(blank\)|#[a-z_/]{3,}[!?]?"
    r"|[-<\[( ]*(please )?select( (one|an option|a value))?[->\]). ]*",
    re.I,
)
"""What programs write for a blank or an error, in a whole cell."""

Values = dict[str, int]
"""Value -> its rows."""


def category_doubts(rows: StoredRows, count_nothing: Collection[str]) -> Iterator[str]:
    """Notes the categories of a file, also beside the load before it. `count_nothing`: columns by which none of its rows
    counts."""
    con, home, load, file_table = rows.con, rows.home, rows.load, rows.file_table
    if not file_table.key:
        return
    columns = _categories(file_table)
    units = {c.name: c for c in file_table.contract.columns if c.type == "unit" and c.name in file_table.layout.position}
    current = _values(con, home, load, [*columns, *units.values()])
    for name in (n for n in current if n not in units):
        yield from _spellings(name, current[name])
    if rows.before:
        earlier = _values(con, home, rows.before, [c for c in (*columns, *units.values()) if c.name in current])
        for name, then in earlier.items():
            now = current[name]
            if name in units:
                now, then = _by_unit(home, load, now), _by_unit(home, load, then)
            why = ": has it other names for these units, or no rows of them?"
            if name not in units:
                why = ", which counts as 0: has it another name?"
            if gone := _gone(now, then):
                yield f"{name}: in the file before {_quoted(gone, then)}, in this one none{why}"
        yield from _none_counts(rows, rows.before, {*count_nothing, *rows.absent})


def _spellings(name: str, values: Values) -> Iterator[str]:
    """Notes values that are spelled in several ways, or stand for a blank."""
    by_spelling: dict[str, list[str]] = {}
    for value in values:
        # `Team 1-1` is not `Team 11`.
        spelled = re.sub(rf"(?<=\d)(?:{_SPELLING})+(?=\d)", "/", value)
        by_spelling.setdefault(re.sub(_SPELLING, "", spelled).casefold(), []).append(value)
    if groups := [spellings for spellings in by_spelling.values() if len(spellings) > 1]:
        more = f", and {len(groups) - 1:,} more" if len(groups) > 1 else ""
        yield f"{name}: {_quoted(groups[0], values)} are categories of their own{more}: is it one, spelled in several ways?"
    if blanks := [value for value in values if _BLANK.fullmatch(value)]:
        note = f"{name}: {_quoted(blanks, values)}, as programs write a blank, is a category"
        yield f"{note}: a mapping's values can make it a blank"


def _none_counts(rows: StoredRows, before: Load, count_nothing: Collection[str]) -> Iterator[str]:
    """Notes those columns by which many rows of the file before counted: as where a code that a mapping gives no meaning of its
    own has become another, or stands for any other value (`"*"`)."""
    contract = rows.file_table.contract
    for name in classifying_columns(contract.extract):
        if name not in count_nothing or name not in rows.file_table.layout.position:
            continue
        earlier = rows_that_count(rows.con, rows.home, before, contract.column(name))
        if not earlier:
            continue
        n, n_before = rows.n, int(one_row(rows.con, f"select count(*) from {rows.old}")[0])
        if earlier * n / n_before >= USUAL_ROWS:
            note = f"{name}: {earlier:,} of {n_before:,} rows of the file before count by it, and none of {n:,} in this one"
            yield f"{note}: have its codes changed, or what the mapping makes of them?"


def _by_unit(home: Home, load: Load, values: Values) -> Values:
    """The rows of each unit, whichever of its names they have."""
    names = unit_names(home, load.force_code)
    rows = Counter[str]()
    for value, n in values.items():
        rows[names.get(value.lower(), value.lower())] += n
    return rows


def unit_names(home: Home, force: str) -> dict[str, str]:
    """What a file may call a unit, in lower case -> its name."""
    try:
        names = {a["lpu_code"]: a["lpu_name"] for a in areas_of_force(home, force)}
        others = {name: names.get(code, code) for of_force, name, code in other_unit_names(home) if of_force == force}
    except HomeListError:
        # The night ends with the error of the list.
        return {}
    return {name.lower(): name for name in names.values()} | {text.lower(): n for text, n in (names | others).items()}


def _gone(current: Values, earlier: Values) -> list[str]:
    """Values that would usually be in a file of this size, and are not: as after a system gave them other names."""
    share = sum(current.values()) / max(1, sum(earlier.values()))
    return [value for value, n in earlier.items() if value not in current and n * share >= USUAL_ROWS]


def _categories(file_table: FileTable) -> list[Column]:
    """The columns of free text that measures are split by, and choices of which a mapping takes any other code for one. Without
    that, another name of a choice would be in quarantine."""
    excluded = {*file_table.key, *classifying_columns(file_table.contract.extract)}
    takes_others = {name for name, codes in file_table.mapping.values.items() if any(code.endswith("*") for code in codes)}
    return [
        c for c in file_table.contract.columns
        if (c.type == "text" or (c.values and c.name in takes_others))
        and not c.identifier and c.name not in excluded and c.name in file_table.layout.position
    ]  # fmt: skip


def _values(con: duckdb.DuckDBPyConnection, home: Home, load: Load, columns: Iterable[Column]) -> dict[str, Values]:
    """The values of each column that a load's rows have, most frequent first, unless it is free text or has none."""
    if not load.raw(home).exists():
        return {}
    path = parquet_of(load.raw(home))
    stored = {name for name, *_ in con.execute(f"describe from {path}").fetchall()}
    select = " union all ".join(
        f"(select '{c.name}', {c.name}, count(*) from {path} where {c.name} is not null group by 2 order by 3 desc, 2"
        f" limit {MAX_VALUES + 1})"
        for c in columns if c.name in stored
    )  # fmt: skip
    by_column: dict[str, Values] = {}
    for name, value, n in con.execute(select).fetchall() if select else ():
        by_column.setdefault(name, {})[value] = n
    return {name: values for name, values in by_column.items() if len(values) <= MAX_VALUES}


def _quoted(categories: list[str], values: Values) -> str:
    return list_first([f"'{printable(value[:40])}' ({values[value]:,})" for value in categories], SHOWN)
