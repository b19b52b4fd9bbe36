"""Finds the header row of a text: below titles, blank lines and logos, and across two rows where cells are merged."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from dagster_project.contracts import Contract, plain_header
from dagster_project.core.plurals import list_first

from ..mappings.mapping_fields import Join, headers_of, parts_of
from ..mappings.mappings import SystemMapping
from ..refusal import Refused, printable
from .decode import MARK

SEPARATORS = (",", "\t", ";", "|")
LAST_HEADER_ROW = 50
"""The last row that may be the header, unless a mapping says which row it is."""

HEADER_CHARACTERS = 1 << 16
"""Characters, from the first line that is not blank, in which the header must end."""

MAX_SHOWN = 30
"""Headers that a reason lists."""

MIN_CELLS = 3
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
        return sum(map(bool, self.fields))


class HeaderNames:
    """What a file's headers may mean, by its contract, its form and the force's mapping.

    `columns`: `plain_header` -> contract columns; a mapping's headers come before the contract's own. `known`: all of these and
    the headers of columns that a mapping makes of several, or leaves rows out by. `expected`: the columns that a file of this
    form may have. `ignoring`: the mapping's `table.ignore` without the contract's columns -> `plain_header`.
    """

    def __init__(self, contract: Contract, form: str, mapping: SystemMapping) -> None:
        self.contract, self.form, self.mapping = contract, form, mapping
        source = contract.police_uk if form == "police_uk" else None
        own_headers = source.columns.items() if source else ((h, c.name) for c in contract.columns for h in c.headers)
        self.mapped = mapping.meanings()
        self.columns = {plain_header(h): (name,) for h, name in own_headers} | self.mapped
        parts = {plain_header(h) for source in mapping.headers.values() for h in headers_of(source)}
        self.ignoring = {h: plain_header(h) for h in mapping.table.ignore if not contract.by_name(h)}
        self.known = parts | self.columns.keys() | set(self.ignoring.values())
        absent = {*(source.absent if source else ()), *mapping.constants}
        self.expected = [c.name for c in contract.columns if c.name not in absent]

    def required(self, names: Iterable[str]) -> list[str]:
        """Those of these columns without which a file is refused. A mapping may let files lack any but those that say which
        record a row is and when: what the others tell is then not available."""
        optional = {name for name in self.mapping.optional if name not in self.contract.never_optional}
        return [name for name in names if self.contract.column(name).required and name not in optional]

    def in_parts(self, plain: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The columns that a mapping makes of several headers, and which of these headers are there: all of them, or some where
        a list is optional. A joined value without one of its parts would be another value."""
        parts_by_column = {}
        for name, source in self.mapping.headers.items():
            parts = [plain_header(h) for h in parts_of(source)]
            present = tuple(p for p in parts if p in plain)
            may_lack_some = name in self.mapping.optional and not isinstance(source, Join)
            if present and (len(present) == len(parts) or may_lack_some):
                parts_by_column[name] = present
        return parts_by_column

    def columns_named(self, row: HeaderRow) -> set[str]:
        """The columns that a row names, even where two of its fields name the same one."""
        plain = [plain_header(f) for f in row.fields]
        return {name for header in plain for name in self.columns.get(header, ())} | self.in_parts(plain).keys()

    def n_named(self, row: HeaderRow) -> int:
        return len(self.columns_named(row))

    def is_complete(self, row: HeaderRow) -> bool:
        """Whether a row names every required column."""
        named = self.columns_named(row)
        return bool(named) and named.issuperset(self.required(self.expected))


def find_header_row(text: str, start: int, skipped: int, separators: Iterable[str], names: HeaderNames) -> HeaderRow:
    """The header of a text whose first line that is not blank begins at `start`, after `skipped` blank lines.

    It is the first row that names all needed columns, alone or with the row above it; else the row that names most of them.
    A mapping may say which row it is. Raises Refused where no row names any column, or there is no such row.
    """
    separators = list(separators)
    header_row = names.mapping.table.header_row
    if header_row is None:
        # Nearly always the first row is the header: then no other row is read.
        rows_read = (next(first_rows(text, start, skipped, s), None) for s in separators)
        first = max(filter(None, rows_read), key=names.n_named, default=None)
        if first and names.is_complete(first):
            return first
    last_row = max(LAST_HEADER_ROW, header_row or 1)
    by_separator = [list(first_rows(text, start, skipped, s, last_row)) for s in separators]
    for merge in (False, True):
        candidates = [r for rows in by_separator for r in (_merged(rows, names) if merge else rows)]
        if header_row is not None:
            candidates = [r for r in candidates if r.number == header_row]
        if complete := [r for r in candidates if names.is_complete(r)]:
            return min(complete, key=lambda r: (r.number, -names.n_named(r)))
    rows = [r for group in by_separator for r in group if header_row in (None, r.number)]
    if not rows:
        where = f"row {header_row}, which the mapping's table.header_row says"
        raise Refused(f"no header: {where}, has no text or is not in the first {HEADER_CHARACTERS:,} characters")
    nearest = max(rows, key=lambda r: (names.n_named(r), -r.number))
    if not names.n_named(nearest):
        raise Refused(_no_header(rows) if header_row is None else _wrong_row(header_row, by_separator, names))
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
    return f"row {number} comes nearest, with the headers {list_first(filled, MAX_SHOWN)}"


def _no_header(rows: list[HeaderRow]) -> str:
    reason = f"no header: the first line names none of the contract's columns, nor does any of the first {LAST_HEADER_ROW} rows"
    likely = [r for r in rows if looks_like_header(r.fields) and r.n_filled >= MIN_CELLS]
    if not likely:
        return reason
    nearest = max(likely, key=lambda r: (r.n_filled, -r.number))
    return f"{reason}; {describe_row(nearest.number, nearest.fields)}: map them in mappings/ (pam map drafts it)"


def _wrong_row(header_row: int, by_separator: list[list[HeaderRow]], names: HeaderNames) -> str:
    """The reason if the row that the mapping gives is not the header: titles come and go between two exports."""
    complete = min((r.number for rows in by_separator for r in rows if names.is_complete(r)), default=None)
    remedy = "correct it" if complete is None else f"row {complete} does: correct it, or leave it out"
    return f"no header: row {header_row}, which the mapping's table.header_row says, names no column of the contract; {remedy}"


def first_rows(text: str, start: int, skipped: int, separator: str, last_row: int = LAST_HEADER_ROW) -> Iterator[HeaderRow]:
    """The first complete rows of a text, up to row `last_row`, without blank ones."""
    head = text[start : start + HEADER_CHARACTERS].split("\n")
    if len(head) > 1 and start + HEADER_CHARACTERS < len(text):
        head.pop()
    reader = csv.reader((line + "\n" for line in head), delimiter=separator, skipinitialspace=True)
    with suppress(csv.Error):
        for number, fields in enumerate(reader, skipped + 1):
            cells = [f.replace(MARK, "").strip() for f in fields]
            if any(cells):
                yield HeaderRow(number, cells, reader.line_num, separator)
            if number >= last_row:
                return


def _merged(rows: list[HeaderRow], names: HeaderNames) -> Iterator[HeaderRow]:
    """Rows joined with the merged cells above them: `Opened` above `Date` and `Time`, or a cell that spans both rows."""
    for above, row in pairwise(rows):
        if above.number == row.number - 1:
            yield HeaderRow(row.number, with_above(above.fields, row.fields, names.known), row.lines, row.separator)


def with_above(above: Sequence[str], row: Sequence[str], headers: Collection[str] = ()) -> list[str]:
    """A row completed from merged cells above it: its blank fields, those that appear twice, and those that are in `headers`
    only with the cell above."""
    width = max(len(above), len(row))
    titles, title = [*above, *[""] * (width - len(above))], ""
    plain = [plain_header(f) for f in row]
    fields = []
    for i, field in enumerate([*row, *[""] * (width - len(row))]):
        title = titles[i] or title
        joined = f"{title} {field}".strip()
        if not field:
            fields.append(titles[i])
        elif plain_header(joined) in headers or plain.count(plain[i]) > 1:
            fields.append(joined)
        else:
            fields.append(field)
    return fields
