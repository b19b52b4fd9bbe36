"""Holds files whose titles, headers or last lines say that rows are missing or amounts not in pounds, and those with records
above the header, or below it a second header or another table. Notes what else they say that the name does not."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime

import duckdb

from dagster_project.contracts import Column, Contract, plain_header
from dagster_project.contracts.model import DATE_TYPES
from dagster_project.core.project_lists import force_names
from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..formats.header_columns import AroundTable, Layout
from ..formats.header_row import HeaderNames
from ..mappings.mapping_fields import TablePlace
from ..rows.file_table import FileTable
from ..rows.row_rules import PARSED
from ..rows_not_to_count import POUNDS
from ..storage.raw_store import QUARANTINED

LAST_LINES = 6
LAST_CHARACTERS = 4_000
"""End of a text that may have a note: a long line may be a record."""
MIN_FILLED = 0.7
"""Share of the header's cells that a record fills at least."""
MIN_ROWS = 2
"""A single row may be a title that happens to lie so."""
MIN_COLUMNS = 4
"""In a narrower table a line such as `Period from, 01/01/2025` looks like a record."""
MAX_NOTE_CELLS = 2
"""A row with more cells is no note."""
MIN_HEADERS = 3
"""A row with fewer cells is no header of another table."""
MIN_NAMED = 2
"""Cells of a second header that name a column: one alone may be a word."""

_REFERENCE = r"[a-z]{1,12}[-_/]{0,2}\d[\w/.-]*|[a-z]{1,4} ?\d[\w/.-]*|\d{5,}|\d{1,4}[/-]\d{4,}"
"""What looks like a record's reference: `C12`, `INC-2025/0001`, `C 12`, `1234567`, `25/123456`."""
_ERROR = r"(ora|err(or)?|http|sql|page|rows?|code|status|total)[-_ ]?\d.*"
"""What looks like one, and is an error or a count: `ORA-01013`, `ERR_504`, `Page 1`."""
_OMITTED = re.compile(
    r"exceeded the allowed volume|data (may|might) have been omitted"
    r"|\b(rows?|records?|results?|data|output) (has|have|was|were) (been )?truncated(?! to)"
    r"|\b(row|record|result) limit (of [\d,]+ )?(was |has been )?(reached|exceeded)",
    re.I,
)
"""What programs write below or above rows of which they left some out. Power BI writes the first."""
_DENIED = re.compile(r"\s*[:=]\s*(no|none|false|0)\b", re.I)
_THINGS = r"(?:rows|records|entries|results|items)"
_COUNTED = re.compile(
    rf"\b(?:showing|displaying|{_THINGS})\D{{0,20}}\d[\d,]* ?(?:-|–|to) ?\d[\d,]* of (\d[\d,]*)"
    rf"|\b(\d[\d,]*) {_THINGS} (?:affected|returned|exported)\b"
    rf"|\b(?:total|number of|no\.? of) {_THINGS} ?[:=] ?(\d[\d,]*)$"
    rf"|\b{_THINGS} (?:count|exported|returned) ?[:=] ?(\d[\d,]*)$|\brecord count ?[:=]? ?(\d[\d,]*)$",
    re.I,
)
"""How many rows a note says there are: `Showing 1 to 25 of 2,345 entries`, `(2345 rows affected)`, `Total records: 2345`."""
_THOUSANDS = re.compile(r"(£|\bgbp)\s?['’]?000s?\b|(£|\bgbp\s?)(k|m|mn|bn)\b|\bin (£ ?|pounds )?(thousands|millions)\b", re.I)
_IN_THOUSANDS = re.compile(rf"{_THOUSANDS.pattern}|(?<![\d,])000s?\b|\b(thousands|millions)\b", re.I)
_NOT_POUNDS = re.compile(r"\b(pence|eur|euros?|usd|dollars?)\b|[€$]", re.I)
_SECTION = (
    r"(?:\w+ )?(void(?:ed)?|cancelled|deleted|rejected|duplicates?|withdrawn|no crimes?|created in error|entered in error)"
    r"(?: (?:slips|records|rows|entries|crimes|incidents|searches|tests|items))?:?"
)
"""A heading above rows that are no records."""
_OF_DAYS = r"((start|end|order|event|recorded|reported|created) )?(date|day|month|year|week|quarter|period|time)s?( of .*)?"
"""What a table of something else calls the column that stands where the days are: a bad date of a record is no such word."""
_SAID = r"(\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
_PERIOD = re.compile(rf"\b(?:from|between|period)\b\D{{0,20}}{_SAID}\s*(?:to|and|until|till|[-–])\s*:?\s*{_SAID}", re.I)
"""`Period: 01/03/2025 - 31/03/2025`, as reports print what they were asked for."""
_FILTERED = re.compile(r"\b(applied filters|filters? applied|filter(ed)? (by|on|to))\b", re.I)
_YEAR = re.compile(r"(19[89]|20\d)\d")
"""A number that is more likely a year: `Number of results: 2025` may be a title."""
DAY_CELL = re.compile(r"\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4}(\D.*)?|\d{4}-\d{2}-\d{2}.*")
"""A whole cell that begins with a day."""


def read_around(head: str, tail: str, layout: Layout) -> AroundTable:
    """What lies around a table. `head`: the text to the end of the header. `tail`: its last `LAST_CHARACTERS`."""
    rows = _cells(head, layout.separator)[:-1] if layout.rows > 1 else []
    last = _cells(tail, layout.separator)[-LAST_LINES:]
    filled_rows = ([cell for cell in row if cell] for row in (*rows, *last))
    return AroundTable(rows, [" ".join(cells) for cells in filled_rows if 0 < len(cells) <= MAX_NOTE_CELLS])


def _cells(text: str, separator: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return []
    return [cells for row in rows if any(cells := [cell.strip() for cell in row])]


def has_notes_alone(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> bool:
    """Whether the file has no record: there is no row, or a message such as `No data`.

    A message has few cells, and none where the key and the date are. Its words are no choice and no date of the window, nor is
    there a reference such as `C12` for a key. A code that a mapping has for any other value, or for a blank, is no choice."""
    cells = {name: f"trim(cells[{file_table.layout.fields_of(name)[0] + 1}])" for name in file_table.layout.position}
    keys = [cells[name] for name in file_table.contract.key if name in cells]
    placing = [cells[c.name] for c in file_table.contract.columns if c.places_row and c.name in cells]
    keyed = [f"{cell} <> ''" for cell in (*keys, *placing)]
    window = f"between '{file_table.covered_from}' and '{file_table.covered_to}'"
    signs = [
        f"regexp_full_match({cell}, {literal(_REFERENCE)}, 'i') and not regexp_full_match({cell}, {literal(_ERROR)}, 'i')"
        for cell in keys
    ]
    for c in (c for c in file_table.contract.columns if c.name in cells):
        if c.type in DATE_TYPES:
            signs.append(f"left(c_{c.name}, 10) {window}")
        elif c.values and not any(code.endswith("*") for code in file_table.mapping.values.get(c.name, {})):
            signs.append(f"({cells[c.name]} <> '' and c_{c.name} is not null)")
    return not con.execute(
        f"""
        select 1
        from {CELLS} join {PARSED} using (line)
        where len(list_filter(cells, lambda cell: trim(cell) <> '')) > {MAX_NOTE_CELLS}
            or ({" and ".join(keyed) or "false"}) or {" or ".join(signs) or "false"}
        limit 1
        """
    ).fetchall()


def says_rows_are_missing(around: AroundTable, table: TablePlace, rows: int) -> str | None:
    """The reason to hold a file that says itself that it is not whole, or None.

    `table`: a mapping's; one that says which rows are no records knows the numbers there. `rows`: how many the file has.
    """
    is_known = bool(table.header_row or table.ignore)
    for note in around.notes:
        if (match := _OMITTED.search(note)) and not _DENIED.match(note, match.end()):
            return f"says that rows are missing ('{match[0]}'): export fewer days at a time; if it is whole, release it"
        counts = [int(n.replace(",", "")) for groups in _COUNTED.findall(note) for n in groups if n and not _YEAR.fullmatch(n)]
        if counts and max(counts) > rows and not is_known:
            return (
                f"says that it has {max(counts):,} rows, and has {rows:,}: export all of them; if the number counts something"
                " else, release the file, or name its row in a mapping (table: header_row: or ignore:)"
            )
    return None


def says_thousands(around: AroundTable, contract: Contract, headers: Mapping[str, str]) -> str | None:
    """The reason to hold a file of amounts whose titles or last lines say that they are in thousands or millions, or whose
    header says that they are not in pounds, or None. `headers`: those of its columns, as a mapping may name them."""
    amounts = [c.name for c in contract.columns if c.type == "money"]
    for name in filter(headers.get, amounts):
        header = headers[name]
        match = _IN_THOUSANDS.search(header) or (None if POUNDS.search(header) else _NOT_POUNDS.search(header))
        if match and not re.search(r"\bnot?\b", header, re.I):
            return f"{name}: its header says that it is not in pounds ('{match[0]}'): export pounds; if it is, release the file"
    notes = [note for note in around.notes if amounts and not re.search(r"\bnot\b", note, re.I)]
    for match in filter(None, map(_THOUSANDS.search, notes)):
        reason = f"says that its amounts are in thousands or millions ('{match[0]}')"
        return f"{reason}: export pounds; if they are in pounds, release the file"
    return None


def describe_around(around: AroundTable, file_table: FileTable) -> Iterator[str]:
    """Sentences on titles and last lines that say what the file's name does not: a shorter period, another force, or filters.

    A mapping that says where the table is, or which rows are no records, knows what stands there.
    """
    if file_table.form != "canonical" or file_table.mapping.table.header_row or file_table.mapping.table.ignore:
        return
    text = " ".join(around.notes)
    first, last = file_table.covered_from, file_table.covered_to
    days = [_day(day_text) for day_text in match.groups()] if (match := _PERIOD.search(text)) else []
    if len(period := [day for day in days if day]) == 2 and first <= period[0] <= period[1] <= last and period != [first, last]:
        yield f"says that it is of {period[0]} to {period[1]}, and its window is {first} to {last}: the other days count as 0"
    names = force_names()
    other_forces = [name for code, name in names.items() if code != file_table.force and name.lower() in text.lower()]
    own_name = re.sub(r" (police|constabulary|service)\b", "", names.get(file_table.force, "").lower())
    if other_forces and own_name not in text.lower():
        yield f"says {', '.join(other_forces)} around its table, and counts for {file_table.force}"
    if match := _FILTERED.search(text):
        yield f"says that rows were filtered ('{match[0]}'): is anything left out of its window?"


def _day(text: str) -> date | None:
    with suppress(ValueError):
        return datetime.strptime(text, "%d/%m/%Y" if "/" in text else "%Y-%m-%d").date()
    return None


def records_above_header(around: AroundTable, table: TablePlace, layout: Layout, placing: str | None) -> str | None:
    """The reason to hold a file with records above its header, as after sorting the header with them, or None. `placing`: the
    column that places a row."""
    if placing is None or placing not in layout.position or layout.width < MIN_COLUMNS or table.header_row:
        return None
    index, least = layout.position[placing], MIN_FILLED * layout.width
    records = [
        row for row in around.above if index < len(row) and DAY_CELL.fullmatch(row[index]) and sum(map(bool, row)) >= least
    ]
    if len(records) < MIN_ROWS:
        return None
    return (
        f"{len(records):,} rows above the header, in row {layout.rows}, look like records and would be left out: put the header"
        f" above them; if they are none, say table: {{header_row: {layout.rows}}} in a mapping, or release the file"
    )


def other_order_below(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> str | None:
    """The reason to hold a file with a header among its rows that has columns in other places, or None: the rows below it would
    be read under the first. A header in the same order is a row in quarantine like any other.

    Looks at `landing_quarantined`: a header is no date. Identifiers are hashed there.
    """
    meanings = HeaderNames(file_table.contract, file_table.form, file_table.mapping).columns
    names = [c.name for c in file_table.contract.columns if c.name in file_table.layout.position and not c.identifier]
    placing = file_table.contract.date_column
    if placing not in names:
        return None
    words = ", ".join(map(literal, meanings))
    cells = ", ".join(f"q_{name}" for name in names)
    candidates = con.execute(
        f"""
        select line, [{cells}] from {QUARANTINED}
        where lower(regexp_replace(q_{placing}, '[\\s_-]', '', 'g')) in ({words}) order by line limit 100
        """
    ).fetchall()
    for line, row in candidates:
        columns_meant = {name: meanings.get(plain_header(cell or ""), ()) for name, cell in zip(names, row, strict=True)}
        moved = {name: columns[0] for name, columns in columns_meant.items() if columns and name not in columns}
        if moved and sum(map(bool, columns_meant.values())) >= MIN_NAMED:
            column, below = next(iter(moved.items()))
            if line < _good_lines(con)[1]:
                return (
                    f"line {line} is another header, in another order ({below} stands where {column} did), and the rows below"
                    " it are read under the first: make each table a file of its own"
                )
    return _another_table(con, file_table, [c for c in file_table.contract.columns if c.name in names], words)


def _good_lines(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The first and the last line of a good row; 0 if there is none."""
    return one_row(con, f"select coalesce(min(line), 0), coalesce(max(line), 0) from {PARSED} where not bad")


def heading_of_no_records(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> Iterator[str]:
    """Notes a row of `landing_quarantined` that says `Void` or the like and nothing else, as above a section of such rows."""
    names = [c.name for c in file_table.contract.columns if c.name in file_table.layout.position and not c.identifier]
    if (placing := file_table.contract.date_column) not in names:
        return
    cells = f"list_filter([{', '.join(f'q_{name}' for name in names)}], lambda cell: cell <> '')"
    heading = con.execute(
        f"""
        select line, lower(regexp_extract({cells}[1], {literal(_SECTION)}, 1, 'i')) from {QUARANTINED}
        where q_{placing} is null and len({cells}) = 1 and regexp_full_match(trim({cells}[1]), {literal(_SECTION)}, 'i')
        order by line limit 1
        """
    ).fetchone()
    if heading and heading[0] < _good_lines(con)[1]:
        note = f"line {heading[0]} says '{heading[1]}' and nothing else, and the rows below it count"
        yield f"{note}: leave them out if they should not"


def _another_table(con: duckdb.DuckDBPyConnection, file_table: FileTable, columns: Sequence[Column], words: str) -> str | None:
    """The reason to hold a file with rows in quarantine that look like the header of a table of something else, and good rows
    above and below, or None. `words`: the headers of the file's own columns, as SQL."""
    placing = file_table.contract.date_column
    is_filled = " and ".join(f"q_{name} <> ''" for name in (*file_table.key, placing))
    values = {c.name: ", ".join(literal(v.lower()) for v in c.values) for c in columns if c.values}
    no_values = [f"lower(coalesce(q_{name}, '')) not in ({allowed})" for name, allowed in values.items()]
    cells = f"list_filter([{', '.join(f'q_{c.name}' for c in columns)}], lambda cell: cell <> '')"
    header_lines = con.execute(
        f"""
        select line from {QUARANTINED}
        where not regexp_matches(array_to_string({cells}, ''), '\\d') and len({cells}) >= {MIN_HEADERS}
            and len(list_distinct({cells})) = len({cells}) and {is_filled}
            and regexp_full_match(lower(trim(q_{placing})), {literal(_OF_DAYS)})
            and lower(regexp_replace(q_{placing}, '[\\s_-]', '', 'g')) not in ({words}) and {" and ".join(no_values) or "true"}
        order by line limit 100
        """
    ).fetchall()
    # One right below the header may be the same in another language.
    first, last = _good_lines(con) if header_lines else (0, 0)
    line = next((line for (line,) in header_lines if first < line < last), None)
    return line and (
        f"line {line} looks like the header of another table, and the rows below it are read as records: make each table a"
        " file of its own; if they are records, release the file"
    )
