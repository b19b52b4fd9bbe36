"""Finds paragraphs and tables in plain text. Cells of a table are separated by tabs or by columns of blanks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from ..model import Block, Grid, Text
from ..text.figures_in_text import numbers_of

_STARTS = re.compile(r"\s*(?:[-•▪*o–]\s|\d{1,2}(?:\.\d{1,3})+\.?\s|\d{1,2}[.)](?:\s|(?=[A-Z£]))|To check[,:])")
_MARK = re.compile(r"[-•▪*o–]|\d{1,2}(?:\.\d{1,3})+")
"""A bullet or number before a paragraph."""
_CUT = re.compile(r"(?:,\d{0,2}|\.\d?)$")
"""The end of a number that continues in the next line."""
_GOES_ON = re.compile(r"(?:,|\b(?:an?|and|at|between|by|during|for|from|in|of|on|or|the|to|was|were|with)) *$", re.I)
"""The end of a line that the next one continues, however short it is."""
_WRAPPED = 60
"""A line shorter than this was not wrapped, so the next one is a new paragraph, unless all lines around are as short."""
_LONGEST_LINE, _NARROWEST = 200, 30
"""Characters of the longest and the shortest line that wrapping makes."""
_LONGEST_CELL = 60
_PER_HEAD = "100,000"
"""May be a line of a wrapped heading: deaths per 100,000."""
_FAR = " " * 15
_LONGEST_LABEL = 45
"""A line of this length or less, right below a row, continues its label, unless it is a sentence."""


@dataclass(frozen=True)
class _Cell:
    text: str
    start: int
    end: int


def blocks_of(text: str) -> list[Block]:
    blocks: list[Block] = []
    paragraph: list[str] = []
    heading = ""
    rows: list[list[_Cell]] = []
    """A table's lines; a blank line is an empty list."""
    has_tabs = False
    """All rows of a table have tabs, or none has."""

    def close() -> None:
        if any(rows):
            blocks.extend(_table(rows, has_tabs))
        rows.clear()
        if paragraph:
            blocks.append(Text(" ".join(paragraph)))
            paragraph.clear()

    lines = re.split(r"\r\n?|\n|\f", text)
    wrapped = _wrapped_lines(lines)
    for number, line in enumerate(lines):
        is_laid_out = bool(rows) and not has_tabs
        cells = _cells(line)
        if cells is None and is_laid_out and not line.strip():
            rows.append([])
            continue
        if cells is None and is_laid_out and rows[-1] and _may_be_label(line.strip()):
            cells = _spaced(line)
        if cells is not None:
            if len(paragraph) == 1 and heading.startswith(_FAR):
                # The first line of a wrapped heading above a column.
                rows.append(_spaced(heading))
                paragraph.clear()
                has_tabs = False
            if paragraph or (rows and has_tabs != ("\t" in line)):
                close()
            rows.append(cells)
            has_tabs = "\t" in line
            continue
        is_new = paragraph and number - 1 not in wrapped and not _WRAPPED <= len(paragraph[-1]) <= _LONGEST_LINE
        is_new = is_new and not (_GOES_ON.search(paragraph[-1]) or (paragraph[-1][-1].isalpha() and line.strip()[:1].islower()))
        if rows or not line.strip() or _STARTS.match(line) or is_new:
            close()
        if line.strip():
            paragraph.append(" ".join(line.split()))
            heading = line
    close()
    return blocks


def _wrapped_lines(lines: list[str]) -> set[int]:
    """The numbers of lines that were wrapped to fit a narrow page. Lines without a blank one between them count as wrapped if
    each ends a sentence or has no room for the first word of the next."""
    wrapped: set[int] = set()
    start = 0
    for end in [*(n for n, line in enumerate(lines) if not line.strip()), len(lines)]:
        run = [line.strip() for line in lines[start:end]]
        width = max(map(len, run), default=0)
        # Short lines with figures may be a list.
        may_be = _NARROWEST <= width < _WRAPPED or (width < _NARROWEST and not any(re.search(r"\d", line) for line in run))
        if len(run) > 2 and may_be:
            broken = {
                n for n, (line, following) in enumerate(pairwise(run))
                if len(line) + 1 + len(following.split()[0]) > width and not _STARTS.match(following)
            }  # fmt: skip
            ends = {n for n, line in enumerate(run[:-1]) if line[-1] in ".:;!?" or _STARTS.match(run[n + 1])}
            if broken | ends == {*range(len(run) - 1)}:
                wrapped |= {start + n for n in broken}
        start = end + 1
    return wrapped


def _cells(line: str) -> list[_Cell] | None:
    """A line's cells, if it is a row of a table."""
    if not line.strip():
        return None
    if "\t" in line:
        return [_Cell(part.strip(), n, n + 1) for n, part in enumerate(line.split("\t"))]
    cells = _spaced(line)
    if len(cells) == 2 and _MARK.fullmatch(cells[0].text) and re.search(r"[A-Za-z]{3}", cells[1].text):
        return None
    return cells if len(cells) > 1 and all(len(c.text) <= _LONGEST_CELL for c in cells) else None


def _spaced(line: str) -> list[_Cell]:
    """A line's pieces, separated by two blanks or more."""
    return [_Cell(m[0], m.start(), m.end()) for m in re.finditer(r"\S+(?: \S+)*", line)]


def _may_be_label(text: str) -> bool:
    """Whether a line below a row may continue its label. A sentence does not."""
    return 0 < len(text) <= _LONGEST_LABEL and not (text.endswith(".") and len(text.split()) > 3)


def _table(rows: list[list[_Cell]], has_tabs: bool) -> Iterator[Block]:
    """A table. A single row without tabs is a paragraph with wide gaps."""
    if has_tabs:
        yield Grid(tuple(tuple(Text(c.text) for c in row) for row in rows))
        return
    lines = [row for row in rows if row]
    if len(lines) == 1:
        yield Text(" ".join(c.text for c in lines[0]))
        return
    widest = max(lines, key=lambda row: (len(row), _has_figures(row)))
    grid = []
    for group in _rows_of(rows):
        columns = zip(*(_placed(line, widest) for line in group), strict=True)
        grid.append(tuple(Text(reduce(_joined, column)) for column in columns))
    yield Grid(tuple(grid))


def _rows_of(lines: list[list[_Cell]]) -> Iterator[list[list[_Cell]]]:
    """A table's rows, each with the lines that its cells are wrapped over. A line with figures starts a row, unless blank lines
    separate the rows. The lines before the first are the headings."""
    group: list[list[_Cell]] = []
    has_blank_lines = sum(not line and _has_figures(next_line) for line, next_line in pairwise(lines)) > 1
    for line in (*lines, list[_Cell]()):
        if not line or (_has_figures(line) and group and not (has_blank_lines and _continues(group[-1], line))):
            if group:
                yield group
            group = []
        if line:
            group.append(line)


def _continues(above: list[_Cell], line: list[_Cell]) -> bool:
    """Whether a line continues the row above it: its label, or a number that was cut."""
    under = [(a, c) for a in above[1:] for c in line if _distance(a, c) < 0]
    return line[0].text[0].islower() or line[0].text[0] in "(–-" or any(_CUT.search(a.text) for a, _ in under)


def _has_figures(row: list[_Cell]) -> bool:
    return any(n.kind == "figure" for c in row[1:] if c.text != _PER_HEAD for n in numbers_of(c.text, True))


def _joined(text: str, more: str) -> str:
    """A cell's text joined with its next line. A number that was cut is joined without a blank."""
    is_cut = re.search(r"\d", text) and ((_CUT.search(text) and more[:1].isdigit()) or re.match(r"[.,]\d", more))
    return f"{text}{more}" if is_cut else f"{text} {more}".strip()


def _placed(row: list[_Cell], widest: list[_Cell]) -> list[str]:
    """A row's texts, each in the column of the widest row that it is under."""
    if len(row) == len(widest):
        return [c.text for c in row]
    placed = [""] * len(widest)
    for cell in row:
        near = min(range(len(widest)), key=lambda n: _distance(cell, widest[n]))
        placed[near] = f"{placed[near]} {cell.text}".strip()
    return placed


def _distance(one: _Cell, other: _Cell) -> float:
    """The distance between two cells; below 0 if one is under the other."""
    overlap = min(one.end, other.end) - max(one.start, other.start)
    return float(-overlap) if overlap > 0 else abs((one.start + one.end) / 2 - (other.start + other.end) / 2)
