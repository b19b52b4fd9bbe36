"""Links the numbers of sentences with the pack's wording, which name a row and columns of a table: `North: 10 (Total)`."""

import re

from dagster_project.editions.tables import CHANGES

from ..edition_figures import EditionFigures, PrintedTable
from ..model import Figure
from ..text.figures_in_text import Number
from ..text.labels import matches, shared_words

_ROW = re.compile(r"(?:\d+(?:\.\d+)+\s+)?(?P<label>[^:;]{2,90}): ")
_COLUMN = re.compile(r"(?: \[[a-z]\])* \((?P<label>(?:[^()]|\([^()]*\)){1,60})\)")
_IN = re.compile(r"(?: \[[a-z]\])* in (?P<label>[^,;]{1,60})[,;] (?:against|a change of) ")


def link_suggested(sentence: str, numbers: list[Number], heading: str, edition: EditionFigures) -> dict[Number, Figure]:
    """The figures of a sentence with the pack's wording, below a table's heading: `North: 10 (Total), 3 (New)`, or `Searches: 9
    in 2024/25, against 8 in 2023/24; a change of 1 (12%)`.

    In the pack's document these figures have tags, but another editor or a PDF may lose them.
    """
    row = _ROW.match(sentence)
    if row is None or not numbers or numbers[0].start < row.end():
        return {}
    listed = {n: m["label"] for n in numbers if (m := _COLUMN.match(sentence, n.end))}
    compared = {n: m["label"] for n in numbers[:2] if (m := _IN.match(sentence, n.end))}
    links = []
    for table in edition.tables.values():
        if shared_words(heading, table.title) < 1:
            continue
        row_no = _only(row["label"], table.rows)
        if len(listed) == len(numbers):
            links.append(_cells_of_row(table, row_no, listed))
        elif len(compared) == 2 and len(numbers) > 2 and (cells := _cells_of_row(table, row_no, compared)):
            links.append(cells | _changes_of_row(table, row_no, numbers[2:], cells[numbers[0]]))
    links = [cells for cells in links if cells]
    return links[0] if len(links) == 1 else {}


def _changes_of_row(table: PrintedTable, row: int, numbers: list[Number], now: Figure) -> dict[Number, Figure]:
    """The changes of a row, in the order of its columns."""
    changes = [c.figure for (r, _), c in sorted(table.cells.items()) if r == row and c.figure and c.figure.shows in CHANGES]
    is_of_now = len(changes) == len(numbers) and all(f.last == now.last for f in changes)
    return dict(zip(numbers, changes, strict=True)) if is_of_now else {}


def _cells_of_row(table: PrintedTable, row: int, columns: dict[Number, str]) -> dict[Number, Figure]:
    cells = {number: table.cells.get((row, _only(column, table.columns))) for number, column in columns.items()}
    figures = {number: cell.figure for number, cell in cells.items() if cell and cell.figure}
    return figures if len(figures) == len(columns) else {}


def _only(label: str, known: dict[int, str]) -> int:
    """The number of the only row or column with this label; -1 if there is none, or more than one."""
    same = [n for n, is_same in matches(label, known) if is_same]
    return same[0] if len(same) == 1 else -1
