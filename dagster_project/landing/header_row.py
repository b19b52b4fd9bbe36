"""Finds the header row of a text: below titles, blank lines and logos, and over two rows if a title is merged."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from dagster_project.contracts import plain_header

from .decode import MARK
from .mapping_fields import LAST_HEADER_ROW
from .refusal import Refused, shown

SEPARATORS = (",", "\t", ";", "|")
HEADER_CHARACTERS = 1 << 16
"""Characters, from the first line that is not blank, in which the header must end."""

MOST_SHOWN = 30
"""Headers that a reason names."""

FEWEST = 3
"""Cells of a row that may be a header though it names nothing known."""

_DATA = re.compile(r"\d{3}|\d[/:-]\d|\d\.\d+\.\d|\d[ -]?[A-Za-z]{3}[ -]?\d|@")
"""What cells of data have and headers don't: long numbers, dates, times, addresses."""


@dataclass(frozen=True)
class HeadRow:
    """A row at the head of a text. `number`: from 1, blank ones counted. `lines`: physical lines up to its end, from the
    first that is not blank."""

    number: int
    fields: list[str]
    lines: int
    separator: str


@dataclass(frozen=True)
class Sought:
    """What a header row must name. `named`: the columns that a row's fields name; `needed`: those without which it is none.
    `headers`: all that mean anything, parts of a column among them, as `plain_header` writes them."""

    named: Callable[[list[str]], set[str]]
    needed: frozenset[str]
    headers: frozenset[str]

    def hits(self, row: HeadRow) -> int:
        """How many of the contract's columns a row names."""
        return len(self.named(row.fields))

    def is_whole(self, row: HeadRow) -> bool:
        """Whether it names every column that is needed."""
        named = self.named(row.fields)
        return bool(named) and self.needed <= named


def find_row(text: str, start: int, skipped: int, separators: Iterable[str], sought: Sought, header_row: int | None) -> HeadRow:
    """The header of a text whose first line that is not blank begins at `start`, after `skipped` blank ones.

    The first row that names all that is needed, by itself or with the row above it; else the one that comes nearest.
    `header_row`: the one that a mapping says. Raises Refused where no row names anything, or there is no such row.
    """
    separators = list(separators)
    if header_row is None:
        # Nearly always it is the first: then no other is looked at.
        first = _best([next(_rows(text, start, skipped, s), None) for s in separators], sought)
        if first and sought.is_whole(first):
            return first
    every = {s: list(_rows(text, start, skipped, s)) for s in separators}
    if header_row is not None:
        every = {s: [r for r in rows if r.number <= header_row] for s, rows in every.items()}
    for merged in (False, True):
        tried = [r for rows in every.values() for r in (_merged(rows, sought) if merged else rows)]
        if header_row is not None:
            tried = [r for r in tried if r.number == header_row]
        if whole := [r for r in tried if sought.is_whole(r)]:
            return min(whole, key=lambda r: (r.number, -sought.hits(r)))
    rows = [r for own in every.values() for r in own if any(r.fields) and header_row in (None, r.number)]
    if not rows:
        raise Refused(f"no header: row {header_row}, which the mapping's table.header_row says, has no text")
    nearest = max(rows, key=lambda r: (sought.hits(r), -r.number))
    if not sought.hits(nearest):
        raise Refused(_no_header(rows))
    return nearest


def looks_like_header(fields: list[str]) -> bool:
    """Whether a row may be shown as a header: what may be anybody's data is not repeated in a reason."""
    filled = [f for f in fields if f]
    return len(filled) > 1 and len(set(filled)) == len(filled) and not any(_DATA.search(f) for f in filled)


def said_of(number: int, fields: list[str]) -> str:
    """A row that comes nearest to a header, and the headers that it has where it looks like one."""
    if not looks_like_header(fields):
        return f"row {number} comes nearest"
    filled = [shown(f) for f in fields if f]
    more = f" and {len(filled) - MOST_SHOWN} more" if len(filled) > MOST_SHOWN else ""
    return f"row {number} comes nearest, with the headers {', '.join(filled[:MOST_SHOWN])}{more}"


def _no_header(rows: list[HeadRow]) -> str:
    reason = f"no header: the first line names none of the contract's columns, nor does any of the first {LAST_HEADER_ROW} rows"
    like = [r for r in rows if looks_like_header(r.fields) and sum(bool(f) for f in r.fields) >= FEWEST]
    if not like:
        return reason
    nearest = max(like, key=lambda r: (sum(bool(f) for f in r.fields), -r.number))
    return f"{reason}; {said_of(nearest.number, nearest.fields)}: map them in mappings/ (pam map drafts it)"


def _best(rows: Iterable[HeadRow | None], sought: Sought) -> HeadRow | None:
    found = [r for r in rows if r is not None]
    return max(found, key=sought.hits) if found else None


def _rows(text: str, start: int, skipped: int, separator: str) -> Iterator[HeadRow]:
    """The first rows of a text, blank ones passed over, as far as they are whole."""
    head = text[start : start + HEADER_CHARACTERS].split("\n")
    if len(head) > 1 and start + HEADER_CHARACTERS < len(text):
        head.pop()
    reader = csv.reader((line + "\n" for line in head), delimiter=separator, skipinitialspace=True)
    number = skipped
    while number < LAST_HEADER_ROW or number == skipped:
        try:
            fields = next(reader, None)
        except csv.Error:
            return
        if fields is None:
            return
        number += 1
        cells = [f.replace(MARK, "").strip() for f in fields]
        if any(cells):
            yield HeadRow(number, cells, reader.line_num, separator)


def _merged(rows: list[HeadRow], sought: Sought) -> Iterator[HeadRow]:
    """Rows with what a merged cell above them says: `Opened` over `Date` and `Time`, or one that goes over both rows."""
    for above, row in pairwise(rows):
        if above.number == row.number - 1:
            yield HeadRow(row.number, _with_above(above.fields, row.fields, sought), row.lines, row.separator)


def _with_above(above: list[str], own: list[str], sought: Sought) -> list[str]:
    width = max(len(above), len(own))
    over, last = [*above, *[""] * (width - len(above))], ""
    plain = [plain_header(f) for f in own]
    fields = []
    for i, field in enumerate([*own, *[""] * (width - len(own))]):
        last = over[i] or last
        both = f"{last} {field}".strip()
        if not field:
            fields.append(over[i])
        elif plain_header(both) in sought.headers or plain.count(plain[i]) > 1:
            fields.append(both)
        else:
            fields.append(field)
    return fields
