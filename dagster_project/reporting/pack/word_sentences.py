"""Sentences that a document offers its author, in words that stay true whatever the figures become.

No word says that something rose or fell: a later night may say otherwise, and a sentence's words are the author's to change.
"""

from .bound_figures import cell_figure
from .model import Cell, PrintedColumn, Row, Table
from .ooxml import Said

CHANGES = ("volume_change", "pct_change")
MOST = 3
"""Sentences that are offered of a table."""

Sentence = tuple[Said, ...]


def offered(table: Table) -> list[Sentence]:
    """Sentences on a table: one for each of its first rows that compares two years, else one on its first row, or on the last
    of a series of months or years."""
    if table.unavailable:
        return []
    compared = [s for row in table.rows if (s := _compared(table, row))]
    return compared[:MOST] or [_listed(table, table.rows[-1 if _is_series(table) else 0])]


def _is_series(table: Table) -> bool:
    """Whether its rows are one measure, row by row in another period."""
    first = [row.cells[0] for row in table.rows]
    return len({c.days for c in first}) == len(first) > 1 and len({c.measure for c in first}) == 1


def _compared(table: Table, row: Row) -> Sentence | None:
    """A row's figure against the year before. None where the row has no such figures, one after the other."""
    pairs = list(zip(table.columns, row.cells, strict=True))
    changes = [n for n, (_, cell) in enumerate(pairs) if cell.shows in CHANGES and cell.value is not None]
    if not changes or changes[0] < 2:
        return None
    (before, prior), (now, value) = pairs[changes[0] - 2 : changes[0]]
    difference = pairs[changes[0]][1]
    if not _follows(prior, value, difference):
        return None
    said: list[Said] = [f"{row.label}: ", _bound(table, row, now, value), f" in {now.label}, against "]
    said += [_bound(table, row, before, prior), f" in {before.label}; a change of "]
    for n, (column, cell) in enumerate(pairs[c] for c in changes):
        said += [" (" if n else "", _bound(table, row, column, cell), ")" if n else ""]
    return (*said, ".")


def _follows(prior: Cell, value: Cell, change: Cell) -> bool:
    """Whether a change is that from one cell to the next, of one measure."""
    if None in (prior.value, value.value) or prior.measure != value.measure or change.measure != value.measure:
        return False
    return prior.shows == value.shows == "value" and change.days == value.days


def _listed(table: Table, row: Row) -> Sentence:
    """A row's figures, each with its column, but for those that don't apply."""
    said: list[Said] = [f"{row.label}: "]
    asked = [(column, cell) for column, cell in zip(table.columns, row.cells, strict=True) if cell.marker != "[z]"]
    for n, (column, cell) in enumerate(asked):
        said += [", " if n else "", _bound(table, row, column, cell), f" ({column.label})"]
    return (*said, ".")


def _bound(table: Table, row: Row, column: PrintedColumn, cell: Cell) -> Said:
    return cell_figure(table, row, column, cell)
