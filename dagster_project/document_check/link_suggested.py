"""Links the numbers of a sentence with the pack's wording, by the labels of a table: `North: 10 (Total), 3 (New)`, or
`Searches: 9 in 2024/25, against 8 in 2023/24; a change of 1 (12%)`.

In the pack's document these figures have tags, but another editor or a PDF may lose them.
"""

import re

from .edition_figures import EditionFigures, PrintedTable
from .link_tables import matches, shared_words
from .model import Figure
from .numbers import Number

_ROW = re.compile(r"(?:\d+(?:\.\d+)+\s+)?(?P<label>[^:;]{2,90}): ")
_COLUMN = re.compile(r"(?: \[[a-z]\])* \((?P<label>(?:[^()]|\([^()]*\)){1,60})\)")
_IN = re.compile(r"(?: \[[a-z]\])* in (?P<label>[^,;]{1,60})[,;] (?:against|a change of) ")
_CHANGES = ("volume_change", "pct_change")


def link_suggested(sentence: str, numbers: list[Number], heading: str, edition: EditionFigures) -> dict[Number, Figure]:
    """The figures of a sentence below a table's heading, if a column's label follows each of its numbers, or the numbers are
    two such figures and their change."""
    row = _ROW.match(sentence)
    if row is None or not numbers or numbers[0].start < row.end():
        return {}
    listed = {n: m["label"] for n in numbers if (m := _COLUMN.match(sentence, n.end))}
    compared = {n: m["label"] for n in numbers[:2] if (m := _IN.match(sentence, n.end))}
    links = []
    for table in edition.tables.values():
        if shared_words(heading, table.title) < 1:
            continue
        if len(listed) == len(numbers):
            links.append(_cells(table, row["label"], listed))
        elif len(compared) == 2 and len(numbers) > 2:
            cells = _cells(table, row["label"], compared)
            links.append(cells | _changes(table, row["label"], numbers[2:], cells.get(numbers[0])))
    links = [cells for cells in links if cells]
    return links[0] if len(links) == 1 else {}


def _changes(table: PrintedTable, label: str, numbers: list[Number], now: Figure | None) -> dict[Number, Figure]:
    """The changes of a row, in the order of its columns."""
    rows = _same(label, table.rows)
    changes = [c.figure for (r, _), c in sorted(table.cells.items()) if r in rows and c.figure and c.figure.shows in _CHANGES]
    if now is None or len(rows) != 1 or len(changes) != len(numbers) or any(f.last != now.last for f in changes):
        return {}
    return dict(zip(numbers, changes, strict=True))


def _cells(table: PrintedTable, label: str, columns: dict[Number, str]) -> dict[Number, Figure]:
    rows = _same(label, table.rows)
    cells: dict[Number, Figure] = {}
    for number, column in columns.items():
        at = _same(column, table.columns)
        figure = table.cells[rows[0], at[0]].figure if len(rows) == len(at) == 1 and (rows[0], at[0]) in table.cells else None
        if figure is None:
            return {}
        cells[number] = figure
    return cells


def _same(label: str, known: dict[int, str]) -> list[int]:
    return [n for n, is_same in matches(label, known) if is_same]
