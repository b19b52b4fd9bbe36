"""Paragraphs and tables of plain text: a table's cells are told apart by tabs, or by columns of blanks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .model import Block, Grid, Text

_STARTS = re.compile(r"\s*(?:[-•▪*o–]\s|\d{1,2}(?:\.\d{1,3})*[.)]?\s)")
_WRAPPED = 60
"""A line shorter than this was not broken to fit the page, so that what follows it is a paragraph of its own."""
_LONGEST_CELL = 60


@dataclass(frozen=True)
class _Cell:
    text: str
    start: int
    end: int


def blocks_of(text: str) -> list[Block]:
    """The paragraphs and tables of a text, in their order."""
    found: list[Block] = []
    paragraph: list[str] = []
    rows: list[list[_Cell]] = []

    def close() -> None:
        if rows:
            found.extend(_table(rows))
            rows.clear()
        if paragraph:
            found.append(Text(" ".join(paragraph)))
            paragraph.clear()

    for line in re.split(r"\r\n?|\n|\f", text):
        cells = _cells(line)
        if cells is not None:
            if paragraph:
                close()
            rows.append(cells)
            continue
        if rows or not line.strip() or _STARTS.match(line) or (paragraph and len(paragraph[-1]) < _WRAPPED):
            close()
        if line.strip():
            paragraph.append(line.strip())
    close()
    return found


def _cells(line: str) -> list[_Cell] | None:
    """A line's cells, if it is a row of a table."""
    if not line.strip():
        return None
    if "\t" in line:
        return [_Cell(part.strip(), n, n + 1) for n, part in enumerate(line.split("\t"))]
    cells = [_Cell(m[0], m.start(), m.end()) for m in re.finditer(r"\S+(?: \S+)*", line)]
    return cells if len(cells) > 1 and all(len(c.text) <= _LONGEST_CELL for c in cells) else None


def _table(rows: list[list[_Cell]]) -> Iterator[Block]:
    """A table; a single row of blanks is a paragraph with wide gaps."""
    if len(rows) == 1 and "\t" not in " ".join(c.text for c in rows[0]) and rows[0][0].end - rows[0][0].start != 1:
        yield Text(" ".join(c.text for c in rows[0]))
        return
    widest = max(rows, key=len)
    yield Grid(tuple(tuple(Text(t) for t in _placed(row, widest)) for row in rows))


def _placed(row: list[_Cell], widest: list[_Cell]) -> list[str]:
    """A row's texts, each in the column of the widest row that it lies under."""
    if len(row) == len(widest) or row[0].end - row[0].start == 1 == widest[-1].end - widest[-1].start:
        return [c.text for c in row]
    placed = [""] * len(widest)
    for cell in row:
        middle = (cell.start + cell.end) / 2
        near = min(range(len(widest)), key=lambda n: abs((widest[n].start + widest[n].end) / 2 - middle))
        placed[near] = f"{placed[near]} {cell.text}".strip()
    return placed
