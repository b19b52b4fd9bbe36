"""Holds files whose titles or last lines say that rows are missing, and those with records above the header."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .header_columns import Layout
from .mapping_fields import TablePlace

LAST_LINES = 6
LAST_CHARACTERS = 4_000
"""End of a text that may have a note: a long line may be a record."""
FEWEST_FILLED = 0.7
"""Share of the header's cells that a record fills at least."""
FEWEST_ROWS = 2
"""A single row may be a title that happens to lie so."""
FEWEST_COLUMNS = 4
"""In a narrower table a line such as `Period from, 01/01/2025` looks like a record."""
MOST_NOTE_CELLS = 2

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
_YEAR = re.compile(r"(19[89]|20\d)\d")
"""A number that is more likely a year: `Number of results: 2025` may be a title."""
_DAY = re.compile(r"\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4}(\D.*)?|\d{4}-\d{2}-\d{2}.*")


@dataclass(frozen=True)
class AroundTable:
    """The cells of the rows above the header, and the notes above and below the table: lines with one or two cells."""

    above: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()


def read_around(head: str, tail: str, layout: Layout) -> AroundTable:
    """What lies around a table. `head`: the text to the end of the header. `tail`: its last `LAST_CHARACTERS`."""
    rows = _cells(head, layout.separator)[:-1] if layout.rows > 1 else []
    last = _cells(tail, layout.separator)[-LAST_LINES:]
    filled = ([cell for cell in row if cell] for row in (*rows, *last))
    return AroundTable(rows, [" ".join(cells) for cells in filled if 0 < len(cells) <= MOST_NOTE_CELLS])


def _cells(text: str, separator: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return []
    return [cells for row in rows if any(cells := [cell.strip() for cell in row])]


def says_rows_are_missing(around: AroundTable, table: TablePlace | None, rows: int) -> str | None:
    """The reason to hold a file that says itself that it is not whole, or None.

    `table`: a mapping's; one that says which rows are no records knows the numbers there. `rows`: how many the file has.
    """
    is_known = bool(table and (table.header_row or table.ignore))
    for note in around.notes:
        if (said := _OMITTED.search(note)) and not _DENIED.match(note, said.end()):
            return f"says that rows are missing ('{said[0]}'): export fewer days at a time; if it is whole, release it"
        counts = [int(n.replace(",", "")) for found in _COUNTED.findall(note) for n in found if n and not _YEAR.fullmatch(n)]
        if counts and max(counts) > rows and not is_known:
            return (
                f"says that it has {max(counts):,} rows, and has {rows:,}: export all of them; if the number counts something"
                " else, release the file, or name its row in a mapping (table: header_row: or ignore:)"
            )
    return None


def records_above_header(around: AroundTable, table: TablePlace | None, layout: Layout, placing: str | None) -> str | None:
    """The reason to hold a file with records above its header, as after sorting the header with them, or None. `placing`: the
    column that places a row."""
    if placing is None or placing not in layout.position or layout.width < FEWEST_COLUMNS or (table and table.header_row):
        return None
    at, least = layout.position[placing], FEWEST_FILLED * layout.width
    alike = [row for row in around.above if at < len(row) and _DAY.fullmatch(row[at]) and sum(map(bool, row)) >= least]
    if len(alike) < FEWEST_ROWS:
        return None
    return (
        f"{len(alike):,} rows above the header, in row {layout.rows}, look like records and would be left out: put the header"
        f" above them; if they are none, say table: {{header_row: {layout.rows}}} in a mapping, or release the file"
    )
