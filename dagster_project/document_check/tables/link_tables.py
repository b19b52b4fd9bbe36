"""Links the cells of a table to figures, by its title and its row and column labels."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import pairwise, zip_longest
from typing import NamedTuple

from dagster_project.editions.windows import years_before

from ..edition_figures import EditionCell, EditionFigures, PrintedTable
from ..model import Figure, Grid
from ..text.figures_in_text import MARKERS, numbers_of
from ..text.labels import distinctive, matches, shared_words, tokens
from ..text.periods_in_text import periods_of
from ..text.words import mentions, named
from .words_of_titles import is_of_another, unknown_words

_HEADER_ROWS = 4
"""First rows that may have the columns' labels."""
_NOTE = re.compile(r"\W*(?:notes?|sources?|data|provisional)\b|[*†‡]", re.I)
_OF_THESE = re.compile(r"\bof (?:these|which)\b", re.I)
_RANGE = re.compile(r"\W*\d+ ?(?:[-–+]|to\b|and (?:over|under|above)\b|or (?:over|more|older|under)\b|plus\b)", re.I)
"""`18-24`, `18 and over`."""
_AGES = re.compile(r"\b(?:aged?|under|over)[ -]?\d|\d ?(?:and|or) (?:over|under|above|older|more)\b|\d\+", re.I)
_PARTS = {
    "change", "changes", "difference", "variance", "target", "targets", "forecast", "estimate", "average", "mean", "median",
    "rate", "rank", "share", "adult", "adults", "child", "children", "youth", "youths", "juvenile", "juveniles",
    "male", "males", "female", "females", "men", "women", "boys", "girls",
}  # fmt: skip
"""Words of a label beside a number that make it something else than its row and column say."""
_Cells = dict[tuple[int, int], tuple[EditionCell, ...]]
"""Row and column of a document's table -> the edition's cells that it may be."""


@dataclass(frozen=True)
class _Fit:
    """How a document's table fits one of the edition: which cells each of its cells may be. `unknown`: words of its title that
    alone keep it from being linked."""

    table: PrintedTable
    cells: Mapping[tuple[int, int], tuple[EditionCell, ...]]
    score: float
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkedTable:
    """A document's table: the edition's cells that each of its cells may be, its labels, and why it is not linked."""

    table: PrintedTable | None
    cells: Mapping[tuple[int, int], tuple[EditionCell, ...]]
    labels: Mapping[tuple[int, int], tuple[str, str]]
    reason: str | None = None


def link_table(grid: Grid, title: str, caption: str, edition: EditionFigures) -> LinkedTable:
    """Link a table's cells. `title`: the words before it; `caption`: those of them that are about it. No cell is linked if two
    tables of the edition fit equally well. If an editor joined two tables, they are split at the second heading if that links
    more cells."""
    linked_table = _link(grid, title, caption, edition)
    starts = [0, *_headings_within(grid)]
    if len(starts) == 1:
        return linked_table
    parts = [
        (start, _link(Grid(grid.rows[start:end]), title, caption, edition))
        for start, end in zip(starts, [*starts[1:], len(grid.rows)], strict=True)
    ]
    cells = {(start + r, c): cell for start, part in parts for (r, c), cell in part.cells.items()}
    if len(cells) <= len(linked_table.cells):
        return linked_table
    labels = {(start + r, c): label for start, part in parts for (r, c), label in part.labels.items()}
    return LinkedTable(next((p.table for _, p in parts if p.table), None), cells, labels)


def _headings_within(grid: Grid) -> list[int]:
    """Rows with only words, in two cells or more, below rows with figures."""
    headings: list[int] = []
    has_figures = False
    for n, texts in enumerate(grid.texts):
        if any(_has_figure(t) and numbers_of(t, True)[:1] and numbers_of(t, True)[0].kind != "year" for t in texts[1:]):
            has_figures = True
        elif has_figures and sum(bool(t) for t in texts) > 1 and not any(t.lower() in MARKERS for t in texts if t):
            headings.append(n)
            has_figures = False
    return headings


def _link(grid: Grid, title: str, caption: str, edition: EditionFigures) -> LinkedTable:
    rows, turned = grid.texts, _turned(grid.texts)
    fits: list[_Fit] = []
    for table in edition.tables.values():
        if fit := _fit(rows, table, title, caption, edition):
            fits.append(fit)
        if fit := _fit(turned, table, title, caption, edition):
            fits.append(replace(fit, cells={(c, r): cell for (r, c), cell in fit.cells.items()}, score=fit.score - 0.01))
    fits.sort(key=lambda f: -f.score)
    labels = _labels(rows)
    if fits and not any(f.cells for f in fits):
        quoted_words = ", ".join(f"'{w}'" for w in fits[0].unknown)
        return LinkedTable(None, {}, labels, f"the title says {quoted_words}")
    fits = [f for f in fits if f.cells]
    if not fits or (len(fits) > 1 and fits[1].score == fits[0].score and _figures(fits[1]) != _figures(fits[0])):
        return LinkedTable(None, {}, labels)
    return LinkedTable(fits[0].table, fits[0].cells, labels)


def _figures(fit: _Fit) -> dict[tuple[int, int], list[object]]:
    return {at: [c.figure.key if c.figure else None for c in cells] for at, cells in fit.cells.items()}


def _turned(rows: list[list[str]]) -> list[list[str]]:
    """The columns as rows."""
    return [list(column) for column in zip_longest(*rows, fillvalue="")]


def header_row(rows: list[list[str]]) -> int:
    """The row with the columns' labels: the first with two texts, or with a blank first cell and a text."""
    for n, row in enumerate(rows[:_HEADER_ROWS]):
        if sum(bool(t) for t in row) > 1 or (row and not row[0] and any(row)):
            return n
    return 0


class Labels(NamedTuple):
    """What the words of a table say of a cell. `corner`: the first cells of the rows with the columns' labels. `heading`: the
    last row above with words in its first cell alone. `column`: one for each row of labels that has one for it. `left`: other
    words between the row's label and the cell."""

    corner: list[str]
    heading: list[str]
    row: str
    column: list[str]
    left: list[str]


def labels_of_cells(rows: list[list[str]], is_label: Callable[[str], bool]) -> Iterator[tuple[tuple[int, int], Labels]]:
    """The labels of each cell with a number, by row and column. A row of words below numbers has the labels of the columns from
    there on if one of them `is_label`; else it is one without numbers, as in `not held`."""
    above: list[list[str]] = []
    columns: list[list[str]] | None = None
    heading: list[str] = []
    first = header_row(rows)
    for r, row in enumerate(rows[first:], first):
        numbers = [c for c, text in enumerate(row) if c and _is_number(text)]
        if r > first and not any(row[1:]):
            # A note does not end what is above it, and a blank row does not begin anything.
            heading = [text for text in row[:1] if text and not _NOTE.match(text)] or heading
        elif r == first or not (numbers or _has_years(row, above)):
            if columns is None or any(text and is_label(text) for text in row[1:]):
                above, columns = [row] if columns else [*above, row], None
        else:
            columns = columns or _labels_of_columns(above)
            corner = [texts[0] for texts in above if texts and texts[0]]
            for c in numbers or range(1, len(row)):
                left = [text for text in row[1:c] if text and not _is_number(text)]
                yield (r, c), Labels(corner, heading, row_label(rows, r), columns[c] if c < len(columns) else [], left)
            if _OF_THESE.search(row[0]):
                # A PDF may put a heading behind the label above it: `Burglary Of these, adults`.
                heading = [row[0]]


@lru_cache(maxsize=4096)
def _is_number(text: str) -> bool:
    """Whether a cell is a number or stands for one, unlike `Under 18`, `18 and over` and `2024/25`."""
    if text.lower() in MARKERS or re.fullmatch(r"\[[a-z]\]", text):
        return True
    kinds = {n.kind for n in numbers_of(text, True)}
    return bool(kinds & {"figure", "days", "unclear"}) and not _RANGE.match(text) and not re.match(r"\W*[A-Za-z]{3}", text)


def _has_years(row: list[str], above: list[list[str]]) -> bool:
    """Whether a row has only numbers that look like years, such as 1936, below other labels than its own."""
    is_labelled = bool(row[0]) and row[0] not in {texts[0] for texts in above if texts}
    return is_labelled and all(re.fullmatch(r"(?:19|20)\d\d|", text) for text in row[1:])


def _labels_of_columns(rows: list[list[str]]) -> list[list[str]]:
    """Each column's labels. One over several columns is of those with a label of their own below it, if each is over as many
    columns and stands over their first."""
    columns: list[list[str]] = [[] for _ in range(max(map(len, rows), default=0))]
    for n, row in enumerate(rows):
        starts = [c for c, text in enumerate(row) if c and text]
        widths = {end - start for start, end in pairwise([*starts, len(columns)])}
        is_over = bool(starts) and starts[0] == 1 and len(widths) == 1
        over = ""
        for c, labels in enumerate(columns):
            text = row[c] if c < len(row) else ""
            over = text or over
            if text or (c > 1 and is_over and any(c < len(below) and below[c] for below in rows[n + 1 :])):
                labels.append(over)
    return columns


def _labels(rows: list[list[str]]) -> dict[tuple[int, int], tuple[str, str]]:
    if not rows:
        return {}
    header = rows[header_row(rows)]
    return {
        (r, c): (row_label(rows, r), header[c] if c < len(header) else "")
        for r, row in enumerate(rows)
        for c in range(len(row))
    }


def row_label(rows: list[list[str]], number: int) -> str:
    """A row's label. One in brackets continues that of the row above."""
    label = rows[number][0] if rows[number] else ""
    if number and label.startswith("(") and label.endswith(")") and rows[number - 1]:
        return f"{rows[number - 1][0]} {label}"
    return label


def _fit(rows: list[list[str]], table: PrintedTable, title: str, caption: str, edition: EditionFigures) -> _Fit | None:
    """How the table fits, with the row that has most known labels as its header."""
    known_columns = [
        {c: matching for c, text in enumerate(row) if c and (matching := matches(text, table.columns))}
        for row in rows[:_HEADER_ROWS]
    ]
    columns = max(known_columns, key=len) if known_columns else None
    if not columns:
        return None
    header = known_columns.index(columns)
    known_rows = {r: matching for r in range(header + 1, len(rows)) if (matching := matches(row_label(rows, r), table.rows))}
    body = [r for r in range(header + 1, len(rows)) if any(_has_figure(t) for t in rows[r][1:])]
    hits = [r for r in body if r in known_rows]
    if not hits or 2 * len(hits) < len(body):
        return None
    cells = {
        (r, c): tuple(
            table.cells[row_no, column_no]
            for row_no, _ in known_rows[r] for column_no, _ in matching
            if (row_no, column_no) in table.cells
        )
        for r in known_rows for c, matching in columns.items()
        if c < len(rows[r])
    }  # fmt: skip
    words = " ".join([title, *(t for row in rows for t in row if not _has_figure(t))])
    cells = {
        at: figures_in for at, figures_in in cells.items()
        if figures_in and _names_the_measure(figures_in, table, words, caption, edition)
    }  # fmt: skip
    labels = {(r, c): f"{row_label(rows, r)} {rows[header][c]}" for r, c in cells}
    words_of_table = " ".join([table.title, *table.rows.values(), *table.columns.values()])

    def is_another(cell: EditionCell, label: str) -> bool:
        known = f"{table.title} {table.rows[cell.row_no]} {table.columns[cell.column_no]}"
        return cell.figure is not None and is_of_another(caption, label, known, cell.figure, edition)

    cells = {at: figures_in for at, figures_in in cells.items() if not any(is_another(c, labels[at]) for c in figures_in)}
    others = _of_something_else(rows, header, table, edition)
    cells = {at: figures_in for at, figures_in in cells.items() if at not in others}
    unlinked = [t for c, t in enumerate(rows[header]) if c and c not in columns]
    unlinked += [row_label(rows, r) for r in body if r not in known_rows]
    other_days = {(p.first, p.last) for label in unlinked for p in periods_of(label, edition.data_to)}
    cells = _without_other_changes(cells, other_days)
    unknown = {
        at: found for at, figures_in in cells.items() for c in figures_in
        if c.figure and (found := unknown_words(caption, words_of_table, c.figure.mart, edition))
    }  # fmt: skip
    if not cells:
        return None
    sameness = sum(1.0 if any(same for _, same in known_rows[r]) else 0.6 for r in hits)
    sameness *= sum(1.0 if any(same for _, same in matching) else 0.6 for matching in columns.values())
    score = round(sameness * len(hits) / len(body) + 0.5 * shared_words(title, table.title), 6)
    linked = {at: figures_in for at, figures_in in cells.items() if at not in unknown}
    return _Fit(table, linked, score, tuple(dict.fromkeys(w for found in unknown.values() for w in found)))


def _of_something_else(
    rows: list[list[str]], header: int, table: PrintedTable, edition: EditionFigures
) -> set[tuple[int, int]]:
    """The cells that other labels than their row's, and their column's in row `header`, make a change, a target, a part or that
    of an area."""
    others = set()
    areas = edition.areas_within

    def is_label(text: str) -> bool:
        return bool(matches(text, table.columns) or periods_of(text, edition.data_to))

    for (r, c), labels in labels_of_cells(rows, is_label):
        own = f"{labels.row} {rows[header][c] if c < len(rows[header]) else ''}"
        around = [*labels.heading, *labels.left, *labels.column]
        if any(_is_something_else(text, own, areas) for text in around):
            others.add((r, c))
    for (c, r), labels in labels_of_cells(_turned(rows), is_label):
        own = " ".join([labels.row, *labels.column, rows[r][0]])
        if any(_is_something_else(text, own, areas) for text in labels.heading):
            others.add((r, c))
    return others


def _is_something_else(text: str, own: str, areas: frozenset[str]) -> bool:
    is_part = {*tokens(text)} & _PARTS - {*tokens(own)} or _AGES.search(text)
    return bool(is_part or (named(text, areas) and not named(own, areas)))


def _without_other_changes(cells: _Cells, other_days: set[tuple[date | None, date | None]]) -> _Cells:
    """The cells without changes of a period that the table has no value of, if it has the measure's values of others.
    `other_days`: first and last of columns or rows that the edition's table lacks: changes may be of these, if they are other
    days than a change's own."""

    def may_be_of_others(figure: Figure) -> bool:
        own = (figure.first, figure.last)
        return not other_days <= {own, tuple(map(years_before, own))}

    figures = [c.figure for linked in cells.values() for c in linked if c.figure]
    values = {(f.mart, f.measure, f.last) for f in figures if f.shows == "value"}
    measures = {v[:2] for v in values}
    others = {
        f for f in figures
        if f.shows != "value" and (f.mart, f.measure, f.last) not in values
        and (may_be_of_others(f) or (f.mart, f.measure) in measures)
    }  # fmt: skip
    return {at: linked for at, linked in cells.items() if not any(c.figure in others for c in linked)}


def _names_the_measure(
    cells: tuple[EditionCell, ...], table: PrintedTable, words: str, caption: str, edition: EditionFigures
) -> bool:  # fmt: skip
    """Whether the table says what it counts. Months, areas and totals alone could be of any measure."""
    areas = frozenset().union(*edition.areas.values())
    labels = [table.rows[cells[0].row_no], table.columns[cells[0].column_no]]
    named = {m.what for m in mentions(words, words)}
    if any(c.figure and c.figure.what in named for c in cells) or shared_words(words, table.title) == 1:
        return True
    # Below the title of something else, `People safeguarded` is not of this table.
    return any(distinctive(label, areas) for label in labels) and (not caption or shared_words(words, table.title) > 0)


def _has_figure(text: str) -> bool:
    """Whether a cell has a figure, also among words, or a year: of what is left to tell from labels, `_is_number` does it."""
    return text.lower() in MARKERS or any(n.kind in ("figure", "days", "year") for n in numbers_of(text, True))
