"""Sentences that a document suggests to its author, in words that stay true when the figures are refreshed.

None says that something rose or fell: a later night may differ, and only the author changes words.
"""

from .model import Cell, Row, Table
from .ooxml import Text
from .refreshable_figures import bind_cell

CHANGES = ("volume_change", "pct_change")
MOST = 3
"""Sentences suggested for a table at most."""

Sentence = tuple[Text, ...]


def suggest_sentences(table: Table) -> list[Sentence]:
    """Sentences about a table: one for each of the first rows that compares two years; otherwise one about the first row, or
    the last row of a series of months or years."""
    if table.unavailable:
        return []
    compared = [s for row in table.rows if (s := _compare(table, row))]
    return compared[:MOST] or [_list_figures(table, table.rows[-1 if _is_series(table) else 0])]


def _is_series(table: Table) -> bool:
    """Whether its rows are one measure in different periods."""
    first = [row.cells[0] for row in table.rows]
    return len({c.days for c in first}) == len(first) > 1 and len({c.measure for c in first}) == 1


def _compare(table: Table, row: Row) -> Sentence | None:
    """A row's figure compared with the year before. None if the row does not have these side by side."""
    pairs = list(zip(table.columns, row.cells, strict=True))
    changes = [n for n, (_, cell) in enumerate(pairs) if cell.shows in CHANGES and cell.value is not None]
    if not changes or changes[0] < 2:
        return None
    (before, prior), (now, value) = pairs[changes[0] - 2 : changes[0]]
    difference = pairs[changes[0]][1]
    if not _is_change(prior, value, difference):
        return None
    texts: list[Text] = [f"{row.label}: ", bind_cell(table, row, now, value), f" in {now.label}, against "]
    texts += [bind_cell(table, row, before, prior), f" in {before.label}; a change of "]
    for n, (column, cell) in enumerate(pairs[c] for c in changes):
        texts += [" (" if n else "", bind_cell(table, row, column, cell), ")" if n else ""]
    return (*texts, ".")


def _is_change(prior: Cell, value: Cell, change: Cell) -> bool:
    """Whether `change` is the change between the other two cells, of one measure."""
    if None in (prior.value, value.value) or prior.measure != value.measure or change.measure != value.measure:
        return False
    return prior.shows == value.shows == "value" and change.days == value.days


def _list_figures(table: Table, row: Row) -> Sentence:
    """The figures of a row, each with its column, without those that don't apply."""
    texts: list[Text] = [f"{row.label}: "]
    applicable = [(column, cell) for column, cell in zip(table.columns, row.cells, strict=True) if cell.marker != "[z]"]
    for n, (column, cell) in enumerate(applicable):
        texts += [", " if n else "", bind_cell(table, row, column, cell), f" ({column.label})"]
    return (*texts, ".")
