"""A home's own reference lists (CSV files in its `seeds/`), read together with the project's."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from .errors import Cause, PamError
from .files import nearly_named, read_written
from .home import SEEDS, Home, extract_names
from .printable import LONGEST, NOT_PRINTABLE, is_printable, visible
from .project_lists import force_names, read_seed
from .similar_names import suggestion

AREA_TYPES = ("force", "section", "lpu", "district")

OWN_LISTS: dict[str, tuple[str, ...]] = {
    "areas": ("force_code", "section_code", "section_name", "lpu_code", "lpu_name"),
    "offence_codes": ("offence_code", "offence_class"),
    "rebases": ("force_code", "area_type", "area_code", "measure", "category", "rebase_on", "reason"),
    "unit_names": ("force_code", "other_name", "lpu_code"),
    "vocabulary": ("extract", "column", "value", "counts_as"),
}
"""The columns of each list that dbt reads. `measure` of a rebase: preceded by its mart (`mart_mda_orders.orders`) if several
marts have it."""
COLUMNS = OWN_LISTS | {"population": ("force_code", "area_type", "area_code", "population", "as_of")}
"""`as_of`: when and by whom people were counted, as the dashboard prints it: `Mid-2024 estimate, ONS`."""
KEYS = {
    "areas": ("force_code", "lpu_code"), "offence_codes": ("offence_code",), "unit_names": ("force_code", "other_name"),
    "rebases": ("force_code", "area_type", "area_code", "measure", "category", "rebase_on"),
    "vocabulary": ("extract", "column", "value"), "population": ("force_code", "area_type", "area_code"),
}  # fmt: skip
"""The columns of each list that together may appear once."""
IN_ANY_CASE = ("lpu_code", "offence_code", "other_name", "value")
"""Columns of a key that are the same in capitals and small letters."""
OFFENCE_CLASSES = ("possession", "trafficking", "other")
"""Classes of offences; `other` is not counted."""
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
CODE_AS_DATE = re.compile(
    rf"\d{{1,2}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{2}}|\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|\d{{4}}-\d\d-\d\d(?: 00:00:00)?"
)
"""What a spreadsheet makes of an offence code such as 4/1: `04-Jan`. A code in capitals, such as `MAY-01`, is none."""
MAX_PEOPLE = 10**10
"""More than an area can have: such a number would make every rate 0."""
LONGEST_VALUE = 100_000
"""Characters that a value of the vocabulary may have: it is copied from a file. Other cells: `LONGEST`."""
NOTHING = "nothing"
"""In the vocabulary: the value is known, and is not counted."""
UNIT = "lpu"
NOT_RECORDED = "Not recorded"
"""The unit or category of rows that have none, or a unit that is not listed."""
UNKNOWN = "unknown"
"""The code of that unit."""


class HomeListError(PamError, ValueError):
    """A force's own list with a mistake. The message gives file, line and reason."""

    cause = Cause.LIST


def fault_of_text(text: str, longest: int) -> str:
    """What is wrong with a text for a list, and what to do; empty if it is fine."""
    if len(text) > longest:
        return f"has {len(text):,} characters: {longest:,} at most"
    return "" if is_printable(text) else f"{NOT_PRINTABLE}: write it without"


def read_own_list(path: Path) -> list[tuple[str, ...]]:
    """The rows of a force's own list, texts in the order of COLUMNS; none if there is no file. Raises HomeListError."""
    if not path.exists():
        if misnamed := nearly_named(path):
            raise HomeListError(f"seeds/{misnamed}: is not read: its name must be {path.name}")
        return []
    # As cells of files are read: a value that was copied from one is still the same.
    text = visible(read_written(path, f"seeds/{path.name}", HomeListError, "CSV UTF-8"))
    rows = list(_rows_of(text, path.stem))
    if path.stem in ("rebases", "population"):
        _refuse_names(rows, path)
    if path.stem == "unit_names":
        _refuse_other_units(rows, path)
    return rows


def _refuse_names(rows: list[tuple[str, ...]], path: Path) -> None:
    """Raises HomeListError where `area_code` has a unit's name, or its code in other letters: no figure would be found by
    it."""

    @cache
    def codes(force: str, kind: str) -> dict[str, str]:
        areas = _areas(path.parent, force)
        named = {a[f"{kind}_{how}"].lower(): a[f"{kind}_code"] for a in areas for how in ("name", "code")}
        return {NOT_RECORDED.lower(): UNKNOWN, **named}

    for force, kind, written, *_ in rows:
        code_of = codes(force, kind) if kind in ("section", "lpu") else {}
        if written not in code_of.values() and (code := code_of.get(written.lower())):
            raise HomeListError(
                f"seeds/{path.name}: {force}, {kind}: area_code {written!r} is not the code of an area: write {code}"
            )


def _refuse_other_units(rows: list[tuple[str, ...]], path: Path) -> None:
    """Raises HomeListError where `unit_names.csv` gives a name to a unit that is not listed, or one that another unit has."""

    @cache
    def names_of(force: str) -> dict[str, str]:
        """The name of each unit, by its code."""
        return {a["lpu_code"]: a["lpu_name"] for a in _areas(path.parent, force)}

    for force, name, code in rows:
        units = names_of(force)
        place = f"seeds/{path.name}: {force}, {name}"
        if code not in units:
            hint = suggestion(code, units) or ": write the code that the unit has in areas.csv now, or list it there"
            raise HomeListError(f"{place}: lpu_code {code!r} is not the code of a unit{hint}")
        if name.lower() in (UNKNOWN, NOT_RECORDED.lower()):
            raise HomeListError(f"{place}: rows that say so have no unit: leave it out")
        if other := next((c for c, n in units.items() if c != code and name.lower() in (c.lower(), n.lower())), None):
            raise HomeListError(f"{place}: is the code or name of the unit {other}: rows that say so are of it")


@lru_cache(maxsize=16)
def _rows_of(text: str, name: str) -> list[tuple[str, ...]]:
    """The rows of a list's text. Checked once: each file that lands looks into the same lists."""
    columns, file = COLUMNS[name], f"seeds/{name}.csv"
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    rows: list[tuple[str, ...]] = []
    line_of: dict[tuple[str, ...], int] = {}
    units: dict[tuple[str, str, str], tuple[str, int]] = {}
    try:
        reader.fieldnames = header = [h.strip() for h in reader.fieldnames or ()]
        if fault := _fault_of_header(header, columns):
            raise HomeListError(f"{file}: line 1: {fault}")
        last_line = reader.line_num
        for record in reader:
            if is_emptied(record):
                last_line = reader.line_num
                continue
            values = {c: (record[c] or "").strip() for c in columns}
            if any("\n" in text or "\r" in text for text in values.values()):
                # The rows that it takes in would be missing.
                raise HomeListError(f"{file}: line {last_line + 1}: a cell has a line break: is a quotation mark alone?")
            last_line = reader.line_num
            key = tuple(values[c].lower() if c in IN_ANY_CASE else values[c] for c in KEYS[name])
            # `None` has the cells past the header.
            fault = _fault_of_row(name, values, [c for c in record.get(None) or () if c.strip()])
            if not fault and key in line_of:
                fault = f"{' '.join(values[c] for c in KEYS[name])} appears twice (line {line_of[key]} too)"
            if not fault and name == "areas":
                fault = _fault_of_unit(values, units, reader.line_num)
            if fault:
                raise HomeListError(f"{file}: line {reader.line_num}: {fault}")
            if name == "vocabulary":
                values["counts_as"] = str(_meaning_of(values["extract"], values["column"], values["counts_as"]))
            line_of[key] = reader.line_num
            rows.append(tuple(values.values()))
    except csv.Error as error:
        raise HomeListError(f"{file}: line {reader.line_num + 1}: not readable as CSV: {error}") from error
    return rows


def is_emptied(record: Mapping[str, Any]) -> bool:
    """Whether a row of a `csv.DictReader` has no text: a spreadsheet leaves its commas where somebody emptied one."""
    return not any(cell and "".join(cell).strip() for cell in record.values())


def _fault_of_header(header: list[str], columns: tuple[str, ...]) -> str:
    """What is wrong with the header of a list; empty if it is fine."""
    if missing := [c for c in columns if c not in header]:
        is_otherwise = len(header) == 1 and any(mark in header[0] for mark in ";\t")
        hint = ": save it with commas between the columns (CSV UTF-8, comma delimited)" if is_otherwise else ""
        return f"the header lacks {', '.join(missing)}{hint}"
    repeated = [c for c in columns if header.count(c) > 1]
    return f"the header has {', '.join(repeated)} twice: leave one out" if repeated else ""


def _fault_of_row(name: str, values: dict[str, str], further: list[str]) -> str:
    """What is wrong with a row of a list, and what to write instead; empty if it is fine. `further`: cells past the header."""
    if further:
        return (
            f"it has more cells than the header ({further[0][:60]!r}): name their column in the header, or put a text that has"
            " a comma in quotation marks"
        )
    if blank := [c for c, text in values.items() if not text]:
        return f"{', '.join(blank)} is blank"
    for column, text in values.items():
        # These texts go straight to pages and charts: no quarantine filters them.
        if fault := fault_of_text(text, LONGEST_VALUE if column == "value" else LONGEST):
            return f"{column} {fault}"
    if "force_code" in values and values["force_code"] not in force_names():
        hint = suggestion(values["force_code"], force_names())
        return f"force_code {values['force_code']!r} is in no row of the project's seeds/forces.csv{hint}"
    match name:
        case "areas" | "unit_names":
            return _fault_of_unrecorded(values)
        case "offence_codes":
            return _fault_of_offence(**values)
        case "population":
            return _fault_of_people(values["population"])
        case "rebases":
            return _fault_of_rebase(values)
    return _fault_of_word(values)


def _fault_of_unrecorded(values: dict[str, str]) -> str:
    """That a row lists the unit of rows without one."""
    for kind in ("section", "lpu"):
        code, name = values.get(f"{kind}_code", ""), values.get(f"{kind}_name", "")
        if code.lower() == UNKNOWN or name.lower() == NOT_RECORDED.lower():
            return f"{code} ({name}) is what rows without a unit count as: leave it out"
    return ""


def _fault_of_offence(offence_code: str, offence_class: str) -> str:
    if CODE_AS_DATE.fullmatch(offence_code):
        return f"offence_code {offence_code!r} is what a spreadsheet makes of a code such as 4/1: write the code"
    if offence_class not in OFFENCE_CLASSES:
        return f"offence_class {offence_class!r} is none of {', '.join(OFFENCE_CLASSES)}"
    return ""


def _fault_of_people(people: str) -> str:
    if people.isascii() and people.isdigit() and 0 < int(people) < MAX_PEOPLE:
        return ""
    return (
        f"population {people!r} is no number of people: write it in digits alone, such as 125800, and leave out areas where"
        " nobody lives"
    )


def _fault_of_unit(values: dict[str, str], units: dict[tuple[str, str, str], tuple[str, int]], line: int) -> str:
    """What is wrong with a row's section or unit: two of one name would have both figures where a report asks for one.
    `units`: of the rows above, by force and code or name, what goes with it and its line; this row's is added."""
    force = values["force_code"]
    section, section_name, unit, unit_name = (values[f"{of}_{what}"] for of in ("section", "lpu") for what in ("code", "name"))
    # To Power BI and Excel, codes that differ in capitals alone are one.
    as_first, first_line = units.setdefault((force, "capitals", section.lower()), (section, line))
    if as_first != section:
        alike = "write both alike, or give one another code"
        return f"section {section} ({section_name}) is {as_first} on line {first_line}: {alike}"
    for what, differs, own, other in (
        (f"section {section} ({section_name})", "name", section, section_name),
        (f"section {section} ({section_name})", "code", f"section {section_name.lower()}", section),
        (f"unit {unit} ({unit_name})", "code", f"unit {unit_name.lower()}", unit),
    ):
        known, first_line = units.setdefault((force, differs, own), (other, line))
        if known != other:
            return f"{what} has another {differs} than on line {first_line}, {known}: write both alike, or name them apart"
    return ""


@cache
def classifying_columns(extract: str) -> tuple[str, ...]:
    """The columns that decide whether a row counts: those with values in the project's vocabulary, and the codes of offences.
    Extracts with units also have the column `UNIT`."""
    listed = [column for x, column, _ in seeded_words() if x == extract and column != UNIT]
    return (*dict.fromkeys(listed), *(["offence_code"] if extract == "crimes" else []))


@cache
def counts_towards(extract: str, column: str) -> tuple[str, ...]:
    """What a value of a classifying column can count as: what the project's vocabulary says of it."""
    if column == "offence_code":
        return (*(c for c in OFFENCE_CLASSES if c != "other"), NOTHING)
    meanings = [m for (x, c, _), m in seeded_words().items() if (x, c) == (extract, column) and m != NOTHING]
    return (*dict.fromkeys(meanings), NOTHING)


def _meaning_of(extract: str, column: str, counts_as: str) -> str | None:
    """What a row of the vocabulary counts as, in the project's spelling; None for a word that no model knows."""
    return next((m for m in (*counts_towards(extract, column), "other") if m.lower() == counts_as.lower()), None)


def _fault_of_word(values: dict[str, str]) -> str:
    """What is wrong with a row of the vocabulary: a word that no model knows would make a false zero."""
    extract, column = values["extract"], values["column"]
    extracts = extract_names()
    columns = (*classifying_columns(extract), UNIT)
    if extract not in extracts:
        return f"no extract is called {extract!r}{suggestion(extract, extracts)}"
    if column not in columns:
        return f"{extract} has no list for {column!r}{suggestion(column, columns)}: it has one for {', '.join(columns)}"
    if _meaning_of(extract, column, values["counts_as"]) is None:
        meanings = " or ".join(counts_towards(extract, column))
        return f"a value of {extract}.{column} counts as {meanings}, not {values['counts_as']!r}"
    return ""


Place = tuple[str, str, str]
"""Extract, column, and value in lower case."""


@cache
def seeded_words() -> dict[Place, str]:
    """What values count as, from the project's vocabulary."""
    return {(r["extract"], r["column"], r["value"].lower()): r["counts_as"] for r in read_seed("vocabulary")}


def own_words(home: Home) -> dict[Place, str]:
    """What values count as, from the home's own `seeds/vocabulary.csv`. Raises HomeListError."""
    rows = read_own_list(home.seeds / "vocabulary.csv")
    return {(extract, column, value.lower()): counts_as for extract, column, value, counts_as in rows}


def known_words(home: Home | None, extract: str, column: str) -> dict[str, str]:
    """Known values of a column, in lower case, and what they count as.

    `home`: None for the project's list alone. Raises HomeListError.
    """
    words = {**seeded_words(), **(own_words(home) if home else {})}
    return {value: counts_as for (x, c, value), counts_as in words.items() if (x, c) == (extract, column)}


def known_offence_codes(home: Home | None) -> dict[str, str]:
    """Offence codes in lower case, and their class. Raises HomeListError."""
    seeded = {r["offence_code"].lower(): r["offence_class"] for r in read_seed("offence_codes")}
    own_codes = read_own_list(home.seeds / "offence_codes.csv") if home else []
    return {**seeded, **{code.lower(): offence_class for code, offence_class in own_codes}}


def areas_of_force(home: Home | None, force_code: str) -> list[dict[str, str]]:
    """A force's areas, by the columns of `OWN_LISTS`: those of the home's own list, else of the project's. Raises
    HomeListError."""
    return _areas(home.seeds if home else SEEDS, force_code)


def _areas(folder: Path, force_code: str) -> list[dict[str, str]]:
    own_rows = read_own_list(folder / "areas.csv") if folder != SEEDS else []
    own = [dict(zip(OWN_LISTS["areas"], row, strict=True)) for row in own_rows if row[0] == force_code]
    return own or [r for r in read_seed("areas") if r["force_code"] == force_code]


def known_units(home: Home | None, force_code: str) -> set[str]:
    """Codes and names of a force's units, in lower case, and their other names; none if it has no list of areas. Raises
    HomeListError."""
    listed = {a[column].lower() for a in areas_of_force(home, force_code) for column in ("lpu_code", "lpu_name")}
    return listed | {name.lower() for force, name, _ in other_unit_names(home) if force == force_code}


def other_unit_names(home: Home | None) -> list[tuple[str, ...]]:
    """Other names that rows have for units, such as those of earlier years: force, name, code of the unit. Raises
    HomeListError."""
    return read_own_list(home.seeds / "unit_names.csv") if home else []


def _fault_of_rebase(values: dict[str, str]) -> str:
    """What is wrong with a row of the list of rebases, and what to write instead; empty if it is fine."""
    marts = _marts_of(values["measure"])
    if not marts:
        return f"measure {values['measure']!r} has no control charts: `pam query` on meta.dictionary lists the measures"
    if len(marts) > 1:
        written = " or ".join(f"{mart}.{values['measure']}" for mart in marts)
        return f"measure {values['measure']!r} is in several marts: write {written}"
    if values["area_type"] not in AREA_TYPES:
        return f"area_type {values['area_type']!r} is none of {', '.join(AREA_TYPES)}"
    if values["area_type"] == "force" and values["area_code"] != values["force_code"]:
        return f"area_code {values['area_code']!r} is no force: for the whole force write {values['force_code']}"
    try:
        # Python reads 20250401 and 2025-W14-2, too. DuckDB does not.
        is_day = date.fromisoformat(values["rebase_on"]).isoformat() == values["rebase_on"]
    except ValueError:
        is_day = False
    return "" if is_day else f"rebase_on {values['rebase_on']!r} is no date: write it as 2025-04-01"


def rebase_rows(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows of `raw.rebases`, from valid rows of the list."""
    result: list[tuple[str, ...]] = []
    for row in rows:
        values = dict(zip(OWN_LISTS["rebases"], row, strict=True))
        (mart,) = _marts_of(values["measure"])
        values["measure"] = values["measure"].rpartition(".")[2]
        result.append((mart, *values.values()))
    return result


def _marts_of(measure: str) -> list[str]:
    mart, _, name = measure.rpartition(".")
    return sorted(
        m["mart"]
        for m in read_seed("measure_list")
        if m["measure"] == name and mart in ("", m["mart"]) and m["is_published"] == "true" and m["aggregation"] != "published"
    )
