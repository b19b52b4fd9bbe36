"""Finds the header row of a text: below titles, blank lines and logos, and across two rows where cells are merged."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dagster_project.contracts import plain_header

from .decode import MARK
from .mapping_fields import LAST_HEADER_ROW
from .refusal import Refused, printable

SEPARATORS = (",", "\t", ";", "|")
HEADER_CHARACTERS = 1 << 16
"""Characters, from the first line that is not blank, in which the header must end."""

MOST_SHOWN = 30
"""Headers that a reason lists."""

FEWEST_CELLS = 3
"""Cells of a row that may be a header even though it names no known column."""

_DATA = re.compile(r"\d{3}|\d[/:-]\d|\d\.\d+\.\d|\d[ -]?[A-Za-z]{3}[ -]?\d|@")
"""Found in cells of data and not in headers: long numbers, dates, times, addresses."""


@dataclass(frozen=True)
class HeaderRow:
    """One of the first rows of a text. `number`: from 1, counting blank rows. `lines`: physical lines up to its end, from the
    first line that is not blank."""

    number: int
    fields: list[str]
    lines: int
    separator: str

    @property
    def n_filled(self) -> int:
        """How many of its fields are not blank."""
        return sum(map(bool, self.fields))


@dataclass(frozen=True)
class HeaderSearch:
    """What a header row must name. `named`: gives the columns that a row's fields name. `needed`: columns that the header must
    name. `headers`: all known headers in `plain_header` form, with those of parts of a column."""

    named: Callable[[list[str]], set[str]]
    needed: frozenset[str]
    headers: frozenset[str]

    def n_named(self, row: HeaderRow) -> int:
        """How many of the contract's columns a row names."""
        return len(self.named(row.fields))

    def is_complete(self, row: HeaderRow) -> bool:
        """Whether a row names every needed column."""
        named = self.named(row.fields)
        return bool(named) and self.needed <= named


def find_header_row(
    text: str, start: int, skipped: int, separators: Iterable[str], search: HeaderSearch, header_row: int | None
) -> HeaderRow:
    """The header of a text whose first line that is not blank begins at `start`, after `skipped` blank lines.

    It is the first row that names all needed columns, alone or with the row above it; else the row that names most of them.
    `header_row`: the row that a mapping says. Raises Refused where no row names any column, or there is no such row.
    """
    separators = list(separators)
    if header_row is None:
        # Nearly always the first row is the header: then no other row is read.
        rows_read = (next(_rows(text, start, skipped, s), None) for s in separators)
        first = max(filter(None, rows_read), key=search.n_named, default=None)
        if first and search.is_complete(first):
            return first
    by_separator = [list(_rows(text, start, skipped, s)) for s in separators]
    for merge in (False, True):
        candidates = [r for rows in by_separator for r in (_merged(rows, search) if merge else rows)]
        if header_row is not None:
            candidates = [r for r in candidates if r.number == header_row]
        if complete := [r for r in candidates if search.is_complete(r)]:
            return min(complete, key=lambda r: (r.number, -search.n_named(r)))
    rows = [r for own in by_separator for r in own if header_row in (None, r.number)]
    if not rows:
        raise Refused(f"no header: row {header_row}, which the mapping's table.header_row says, has no text")
    nearest = max(rows, key=lambda r: (search.n_named(r), -r.number))
    if not search.n_named(nearest):
        raise Refused(_no_header(rows))
    return nearest


def looks_like_header(fields: list[str]) -> bool:
    """Whether a row may be shown as a header: personal data must not be repeated in a reason."""
    filled = [f for f in fields if f]
    return len(filled) > 1 and len(set(filled)) == len(filled) and not any(_DATA.search(f) for f in filled)


def describe_row(number: int, fields: list[str]) -> str:
    """The row that comes nearest to a header, as a reason says it, with its headers where it looks like one."""
    if not looks_like_header(fields):
        return f"row {number} comes nearest"
    filled = [printable(f) for f in fields if f]
    more = f" and {len(filled) - MOST_SHOWN} more" if len(filled) > MOST_SHOWN else ""
    return f"row {number} comes nearest, with the headers {', '.join(filled[:MOST_SHOWN])}{more}"


def _no_header(rows: list[HeaderRow]) -> str:
    reason = f"no header: the first line names none of the contract's columns, nor does any of the first {LAST_HEADER_ROW} rows"
    likely = [r for r in rows if looks_like_header(r.fields) and r.n_filled >= FEWEST_CELLS]
    if not likely:
        return reason
    nearest = max(likely, key=lambda r: (r.n_filled, -r.number))
    return f"{reason}; {describe_row(nearest.number, nearest.fields)}: map them in mappings/ (pam map drafts it)"


def _rows(text: str, start: int, skipped: int, separator: str) -> Iterator[HeaderRow]:
    """The first complete rows of a text, without blank ones."""
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
            yield HeaderRow(number, cells, reader.line_num, separator)


def _merged(rows: list[HeaderRow], search: HeaderSearch) -> Iterator[HeaderRow]:
    """Rows joined with the merged cells above them: `Opened` above `Date` and `Time`, or a cell that spans both rows."""
    for above, row in pairwise(rows):
        if above.number == row.number - 1:
            yield HeaderRow(row.number, with_above(above.fields, row.fields, search.headers), row.lines, row.separator)


def with_above(above: Sequence[str], own: Sequence[str], headers: frozenset[str] = frozenset()) -> list[str]:
    """A row completed from merged cells above it: its blank fields, those that appear twice, and those that are in `headers`
    only with the cell above."""
    width = max(len(above), len(own))
    titles, last = [*above, *[""] * (width - len(above))], ""
    plain = [plain_header(f) for f in own]
    fields = []
    for i, field in enumerate([*own, *[""] * (width - len(own))]):
        last = titles[i] or last
        both = f"{last} {field}".strip()
        if not field:
            fields.append(titles[i])
        elif plain_header(both) in headers or plain.count(plain[i]) > 1:
            fields.append(both)
        else:
            fields.append(field)
    return fields
