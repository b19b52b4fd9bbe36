"""Checks the values of classifying columns against the lists of known values, and finds unknown ones in the ledger.

A classifying column decides whether a row counts: with a code that is on no list, a measure would be a zero that looks
complete. The lists are the project's seeds/ (vocabulary, offence codes, areas) and the home's own.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TypeVar

import duckdb
from pydantic import BaseModel

from dagster_project.contracts import Column, Contract
from dagster_project.core.config import FileLimits
from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.home_lists import (
    NOTHING,
    UNIT,
    HomeListError,
    classifying_columns,
    counts_towards,
    known_offence_codes,
    known_units,
    known_words,
)
from dagster_project.core.plurals import counted, list_first

from .ledger import STORED, LedgerEntry, accepted, not_replaced, read_ledger
from .raw_store import Load, parquet_of

LISTED = 5_000
"""Unknown values of one column that the ledger stores, the most frequent first. No list of codes is longer: a column with more
is not a column of codes."""
CODE = "offence_code"
"""The column that has codes, each known where its group, the part before a slash, is."""
HELD_FOR = "vocabulary"
OTHER_SPELLING = (
    "; each is then a category of its own: have a mapping (values) say which code it is, if it is one that is spelled otherwise"
)
"""What to do about `092D`: once it counts, 92D lacks its rows."""
DRUG_NUMBERS = re.compile(r"0*(77|92|93)([/. -]\d+|\d\d)?")
"""Codes of drug offences that do not say their class, with a slash or without (`09230`): the counting rules number those of 92A
from 77/50, 92/2 and 93/55 on, and those of 92C to 92E in 92, too (Home Office Counting Rules, Drug Offences)."""
EITHER_CLASS = "X"
"""Stands for possession or trafficking in a command to paste. Pasted as it is, the command is refused."""
CLASS_ADVICE = (
    "they may be drug offences by the numbers of the counting rules. Have a mapping (values) say which of 92A, 92C, 92D and 92E"
    " each is, or write possession, trafficking or nothing in place of X"
)
UNIT_ADVICE = (
    "list a new unit in seeds/areas.csv, and an earlier or other name of one in seeds/unit_names.csv. Only if they are of no"
    " unit, and their rows Not recorded"
)
"""What to do about a unit: accepted, one that was renamed would be 0 in all months before."""
SHOWN_BY = "pam vocabulary shows them"
"""The reason of a held file says how many values there are: with a wrong mapping, a value may be a note on a person."""
Known = TypeVar("Known")


@dataclass(frozen=True)
class VocabularyCheck:
    unknown: dict[str, dict[str, int]] = field(default_factory=dict)
    """Column -> unknown value -> rows that have it."""
    own: dict[str, dict[str, int]] = field(default_factory=dict)
    """Column -> value that the project's lists do not know without the home's, or that is a unit -> rows that have it."""
    unasked_units: dict[str, int] = field(default_factory=dict)
    """Units of a force that has no list of areas -> rows that have them."""
    hold_reason: str | None = None
    """Why the file is held; None where it may land."""
    warnings: dict[str, int] = field(default_factory=dict)
    """Column -> rows without a known value, where there are enough of them to warn a person."""
    notes: list[str] = field(default_factory=list)
    count_nothing: list[str] = field(default_factory=list)
    """Columns by which none of the rows counts."""


def classifying(contract: Contract) -> list[str]:
    return [*classifying_columns(contract.extract), *(c.name for c in contract.columns if c.type == "unit")]


def check_vocabulary(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, contract: Contract, absent: list[str], rows: int, limits: FileLimits
) -> VocabularyCheck:
    """Check a load's stored rows against the lists. `absent`: columns that the file lacks. `rows`: how many rows it has."""
    check, hold_reasons = VocabularyCheck(), list[str]()
    for column in classifying(contract):
        if column in absent:
            continue
        known = known_values(home, load.force_code, load.extract, column)
        cells = con.execute(f"select {column}, count(*) from {parquet_of(load.raw(home))} group by 1 order by 2 desc")
        if known is None:
            check.unasked_units.update(_look_up(cells, {}, {}, contract.column(column))[0])
            continue
        shipped = {} if column == UNIT else _known_of(None, load.force_code, load.extract, column) or {}
        values, own_values, n_rows, n_unknown, n_counting = _look_up(cells, known, shipped, contract.column(column))
        if n_counting == 0:
            check.count_nothing.append(column)
        if values:
            check.unknown[column] = values
        if own_values:
            check.own[column] = own_values
        if n_counting == 0 and not n_unknown and values and column != UNIT and rows >= limits.vocabulary_rows:
            # Beside an item that is known, an unknown one holds nothing back.
            none = f"{column}: none of its {n_rows:,} rows counts by it, and no list knows {how_many(values)}"
            check.notes.append(f"{none}; {SHOWN_BY}")
        if rows < limits.vocabulary_rows or not n_unknown:
            continue
        percent = 100 * n_unknown / n_rows
        none_counts = n_counting == 0 and column != UNIT
        if percent >= limits.unknown_held_percent or (none_counts and percent >= limits.unknown_told_percent):
            reason = f"{n_unknown} of {n_rows} rows: no list knows their {column} ({how_many(values)}; {SHOWN_BY})"
            hold_reasons.append(f"{reason}; and none that counts" if none_counts else reason)
        if percent >= limits.unknown_told_percent:
            check.warnings[column] = n_unknown
    return replace(check, hold_reason="; ".join(hold_reasons) or None)


def rows_that_count(con: duckdb.DuckDBPyConnection, home: Home, load: Load, column: Column) -> int | None:
    """How many of a load's stored rows count by a classifying column; None where no list has its values, or they lack it."""
    known = known_values(home, load.force_code, load.extract, column.name)
    if known is None or not load.raw(home).exists():
        return None
    # An older version of the project may have stored fewer columns.
    if column.name not in {name for name, *_ in con.execute(f"describe from {parquet_of(load.raw(home))}").fetchall()}:
        return None
    cells = con.execute(f"select {column.name}, count(*) from {parquet_of(load.raw(home))} group by 1 order by 2 desc")
    *_, n_counting = _look_up(cells, known, {}, column)
    return n_counting


def _look_up(
    cells: duckdb.DuckDBPyConnection, known: Mapping[str, bool], shipped: Mapping[str, bool], column: Column
) -> tuple[dict[str, int], dict[str, int], int, int, int]:
    """Look up each value of a column. `cells`: its different cells and their rows, the most frequent first. `shipped`: what is
    known without the home's own lists.

    Returns the unknown values with their rows, those that the home's own lists alone know, and the number of rows, of rows with
    values of which none is known, and of rows that count.
    """
    unknown, own, spelling = Counter[str](), Counter[str](), dict[str, str]()
    n_rows = n_unknown = n_counting = 0
    while batch := cells.fetchmany(10_000):
        for cell, n in batch:
            items = (cell or "").split(";") if column.type == "list" else [cell or ""]
            # Once where a row has it twice.
            values = list({value.lower(): value for item in items if (value := item.strip(" "))}.values())
            meanings = [look_up(value, known, column.name) for value in values]
            n_rows += n
            n_unknown += n if values and all(counts is None for counts in meanings) else 0
            n_counting += n if any(meanings) else 0
            for value, counts in zip(values, meanings, strict=True):
                word = value.lower()
                if counts is not None and look_up(value, shipped, column.name) is not None:
                    continue
                found = unknown if counts is None else own
                # The rarest values of a column that holds no codes would fill the memory.
                if word in found or len(found) < 10 * LISTED:
                    found[word] += n
                    spelling[word] = min(value, spelling.get(word, value))
    commonest = sorted(((spelling[word], n) for word, n in unknown.items()), key=lambda v: (-v[1], v[0]))[:LISTED]
    return dict(commonest), {spelling[word]: n for word, n in own.items()}, n_rows, n_unknown, n_counting


def look_up(value: str, known: Mapping[str, Known], column: str) -> Known | None:
    """What `known`, by lower-case value, says of a value, such as whether rows with it count; None where it is not known."""
    word = value.lower()
    group = word.split("/")[0].strip(" ") if column == CODE else word
    return known.get(word, known.get(group))


def how_many(values: Collection[str]) -> str:
    """The number of different values of a column, as text."""
    return f"{LISTED:,} values or more" if len(values) >= LISTED else counted(len(values), "value")


def shown_values(values: dict[str, int]) -> str:
    """The three most frequent values, each with its rows, as text for the terminal."""
    return list_first([f"'{value}' ({n})" for value, n in sorted(values.items(), key=lambda v: (-v[1], v[0]))], 3)


def _quoted(value: str) -> str:
    """A value for the shell. What cannot be pasted as it is shown, such as the line end of a cell, is written as an escape."""
    if value.replace("\xa0", "").isprintable():
        return "'" + value.replace("'", "'\\''") + "'"
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t"}
    return "$'" + "".join(escapes.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in value) + "'"


def accept_line(extract: str, column: str, values: dict[str, int], counts_as: str) -> str:
    """The command that adds values to the list, to paste."""
    quoted = " ".join(_quoted(v) for v in sorted(values, key=lambda v: (-values[v], v))[:10])
    return f"pam vocabulary accept {extract} {column} {quoted} --counts-as {counts_as}"


def likely_meaning(extract: str, column: str, value: str) -> str:
    """What a value probably counts as: Drugs where the column counts those and the value has the word; for a code such as
    `092D`, what it counts as without blanks and the nought, and `EITHER_CLASS` for the number of a drug offence."""
    if column == CODE:
        if DRUG_NUMBERS.fullmatch(value.strip()):
            return EITHER_CLASS
        meaning = look_up(value.replace(" ", "").lstrip("0"), known_offence_codes(None), column)
        return meaning if meaning in counts_towards(extract, column) else NOTHING
    return next((m for m in counts_towards(extract, column) if m.removesuffix("s").lower() in value.lower()), NOTHING)


def known_values(home: Home, force: str, extract: str, column: str) -> dict[str, bool] | None:
    """Known values in lower case, and whether rows with them count; None where the column is not checked for the force.

    Where the home's own lists can't be read, only the project's are used: the night ends with the lists' error, and files held
    for unknown values are checked again once the lists are corrected.
    """
    try:
        return _known_of(home, force, extract, column)
    except HomeListError:
        return _known_of(None, force, extract, column)


def _known_of(home: Home | None, force: str, extract: str, column: str) -> dict[str, bool] | None:
    meanings = known_words(home, extract, column) | (known_offence_codes(home) if column == CODE else {})
    known = {value: counts not in ("nothing", "other") for value, counts in meanings.items()}
    if column != UNIT:
        return known
    units = known_units(home, force)
    return known | dict.fromkeys(units, False) if units else None


def ask_once(known: Callable[[str, str, str], Mapping[str, bool] | None]) -> Callable[[str, str, str, str], bool | None]:
    """A function of force, extract, column and value: whether the lists know the value; None where the column is not checked
    for the force. It looks each value up once, as a thousand files may have it. `known`: as `known_values`."""
    known = cache(known)

    @cache
    def is_known(force: str, extract: str, column: str, value: str) -> bool | None:
        words = known(force, extract, column)
        return None if words is None else look_up(value, words, column) is not None

    return is_known


class KnownSince(BaseModel, frozen=True):
    """Values that no list knew when a file landed, and that the lists of a later night did: column -> value -> rows."""

    load_id: str
    values: dict[str, dict[str, int]]


def note_known_since(home: Home, night_id: str) -> None:
    """Store which unknown values of accepted files the lists of this night know: a list of another night may not.

    A list that can't be read says nothing; the night ends with its error.
    """
    is_known, noted = ask_once(partial(_known_of, home)), _known_since(home)
    new: list[KnownSince] = []
    try:
        for entry in accepted(read_ledger(home)):
            columns: dict[str, dict[str, int]] = {}
            for column, values in [*entry.unknown_values.items(), (UNIT, entry.unasked_units)]:
                before = noted.get(str(entry.load_id), {}).get(column, {})
                place = str(entry.force_code), str(entry.extract), column
                if found := {value: n for value, n in values.items() if value not in before and is_known(*place, value)}:
                    columns[column] = found
            if columns:
                new.append(KnownSince(load_id=str(entry.load_id), values=columns))
    except HomeListError:
        return
    if new:
        path = home.known_since / f"{night_id}.jsonl"
        earlier = path.read_text(encoding="utf-8") if path.exists() else ""
        write_whole(path, (earlier + "".join(f"{n.model_dump_json()}\n" for n in new)).encode("utf-8"))


def _known_since(home: Home) -> dict[str, dict[str, dict[str, int]]]:
    """Load -> column -> values that no list knew when it landed, and that one knew later, with their rows."""
    noted: dict[str, dict[str, dict[str, int]]] = {}
    for path in sorted(home.known_since.glob("*.jsonl")):
        for line in filter(None, path.read_text(encoding="utf-8").split("\n")):
            note = KnownSince.model_validate_json(line)
            for column, values in note.values.items():
                noted.setdefault(note.load_id, {}).setdefault(column, {}).update(values)
    return noted


def forgotten_values(
    home: Home, entries: Iterable[LedgerEntry], limits: FileLimits
) -> Iterator[tuple[LedgerEntry, str, dict[str, int]]]:
    """The files with values that the home's lists knew when the file landed, or in a night since, and no longer know: file,
    column, and values with their rows. Whatever such a row was counted as, it is no longer, and a 0 in its place would look
    complete.

    Likewise a file that landed before its force had a list of areas, if the list of today lacks so many of its units that it
    would be held; a small one, too: nobody was told of its units.
    """
    is_known, known_since = ask_once(partial(known_values, home)), _known_since(home)

    def unlisted(entry: LedgerEntry, column: str, values: dict[str, int]) -> dict[str, int]:
        place = str(entry.force_code), str(entry.extract), column
        return {value: n for value, n in values.items() if is_known(*place, value) is False}

    for entry in entries:
        since = known_since.get(str(entry.load_id), {})
        gone = {
            column: unlisted(entry, column, {**entry.own_values.get(column, {}), **since.get(column, {})})
            for column in {**entry.own_values, **since}
        }
        never_listed, rows = unlisted(entry, UNIT, entry.unasked_units), entry.rows_landed or 0
        if never_listed and 100 * sum(never_listed.values()) >= limits.unknown_held_percent * rows:
            gone[UNIT] = {**gone.get(UNIT, {}), **never_listed}
        for column, values in gone.items():
            if values:
                yield entry, column, values


@dataclass(frozen=True)
class UnknownValue:
    """A value that is on no list, in one force's extract. `rows`: in the files that no newer accepted one replaces, and
    of held ones no newer held one."""

    force_code: str
    extract: str
    column_name: str
    value: str
    rows: int
    first_night: str
    last_night: str


def unknown_values(home: Home, entries: Sequence[LedgerEntry] | None = None) -> list[UnknownValue]:
    """Every value of an accepted or held file that is on no list today, by force, extract, column and rows.

    `entries`: the ledger's, where it was read already.
    """
    stored = [e for e in entries or read_ledger(home) if e.outcome in STORED]
    by_load = {e.load_id: e for e in stored}
    # A file that was held came in an earlier night than the one that released it.
    came_in = {e.load_id: e.night_id for e in reversed(stored)}
    loads = [e for e in by_load.values() if e.outcome != "retracted"]
    by_value: dict[tuple[str, str, str, str], list[tuple[LedgerEntry, int]]] = defaultdict(list)
    for entry in loads:
        for column, values in entry.values_looked_up.items():
            for value, rows in values.items():
                by_value[str(entry.force_code), str(entry.extract), column, value].append((entry, rows))
    current = not_replaced(loads)
    is_known = ask_once(partial(known_values, home))
    unknown = []
    for (force, extract, column, value), files in by_value.items():
        # None: nothing is asked of it any more, as of units where the force has no list of areas.
        if is_known(force, extract, column, value) is False:
            rows = sum(n for e, n in files if e.load_id in current)
            first, last = min(came_in[e.load_id] for e, _ in files), max(e.night_id for e, _ in files)
            unknown.append(UnknownValue(force, extract, column, value, rows, first, last))
    return sorted(unknown, key=lambda u: (u.force_code, u.extract, u.column_name, -u.rows, u.value))


def lines_to_paste(unknown: Sequence[UnknownValue]) -> list[str]:
    """A line for each extract, column and likely meaning: how much is unknown, and the command that adds it to the list.
    Nothing on values that only files had which newer ones replace.
    """
    places = defaultdict[tuple[str, str, str], Counter[str]](Counter)
    for item in (u for u in unknown if u.rows):
        meaning = likely_meaning(item.extract, item.column_name, item.value)
        places[item.extract, item.column_name, meaning][item.value] += item.rows
    return [
        f"{extract}.{column}: {len(values)} unknown, in {counted(sum(values.values()), 'row')};"
        f" {UNIT_ADVICE if column == UNIT else CLASS_ADVICE if meaning == EITHER_CLASS else 'check what they count as'}:"
        f" {accept_line(extract, column, values, meaning)}"
        f"{OTHER_SPELLING if column == CODE and meaning not in (NOTHING, EITHER_CLASS) else ''}"
        for (extract, column, meaning), values in places.items()
    ]
