"""Reads the header: the separator, the position of each contract column, missing columns and unknown headers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dagster_project.contracts import plain_header

from ..refusal import LONGEST_SHOWN, Refused, printable
from ..rows_not_to_count import CURRENCY_HEADER, FORCE_HEADER, STATE_HEADER, VOID_HEADER, bare_header
from .header_row import HEADER_CHARACTERS, SEPARATORS, HeaderNames, find_header_row


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    `width`: fields of the header. `position`: contract column -> its (first) field, from 0. `headers`: contract column -> its
    header as written. `parts`: contract column -> fields, where a mapping makes it of several. `unstored_fields`: field ->
    header of those that mean no column, blank where a field has no name. `missing`: columns without a header;
    `missing_required`: those without which the file is refused. `unmatched`: columns that the mapping names headers for, of
    which none is there, and that are not optional. `lines`, `rows`: physical lines and rows up to the end of the header.
    `start`: index of the first character after the header.
    """

    separator: str
    width: int
    position: Mapping[str, int]
    headers: Mapping[str, str]
    unstored_fields: Mapping[int, str]
    missing: tuple[str, ...]
    missing_required: tuple[str, ...]
    lines: int
    rows: int
    start: int
    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()
    force_fields: Mapping[int, str] = field(default_factory=dict)
    """Field -> header of those that mean no column and say whose a row is."""
    void_fields: Mapping[int, str] = field(default_factory=dict)
    """Field -> header of those that mean no column and may say that a row was deleted."""
    currency_fields: Mapping[int, str] = field(default_factory=dict)
    """Field -> header of those that mean no column and say in which currency the amounts of a row are."""
    ignore_fields: Mapping[str, int] = field(default_factory=dict)
    """Header of the mapping's `table.ignore` that is no contract column -> its field; without those that the file lacks."""

    def fields_of(self, name: str) -> tuple[int, ...]:
        """The fields of a column; empty where the file does not have it."""
        return self.parts.get(name) or ((self.position[name],) if name in self.position else ())

    @property
    def unknown(self) -> tuple[str, ...]:
        """The headers that mean no column, with words for those that are blank."""
        return tuple(header or f"(column {i + 1} has no name)" for i, header in self.unstored_fields.items())

    @property
    def fields(self) -> list[int]:
        """Every field that belongs to a column, once."""
        return list(dict.fromkeys(i for name in self.position for i in self.fields_of(name)))


@dataclass(frozen=True)
class AroundTable:
    """The cells of the rows above the header, and the notes above and below the table: lines with one or two cells."""

    above: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()


def read_header(text: str, names: HeaderNames, separator: str | None = None) -> Layout:
    """Find the header of a CSV: the first row that names every required column, or the one that the mapping says.

    `separator`: None finds the one that gives most of the contract's headers. Raises Refused where no header fits the contract.
    """
    skipped, start, given_separator = _skip(text)
    if start >= len(text):
        raise Refused("no header: the file has no text")
    if len(text) - start > HEADER_CHARACTERS and text.find("\n", start, start + HEADER_CHARACTERS) < 0:
        raise Refused(f"no header: the first line has more than {HEADER_CHARACTERS} characters")
    known = separator or given_separator
    row = find_header_row(text, start, skipped, (known,) if known else SEPARATORS, names)
    return lay_out(row.fields, names, row.separator, (skipped + row.lines, row.number, after_lines(text, start, row.lines)))


def lay_out(fields: list[str], names: HeaderNames, separator: str = "", end: tuple[int, int, int] = (1, 1, 0)) -> Layout:
    """The layout given by a header's fields. `end`: lines, rows and characters up to the header's end.

    Raises Refused where the header names no column of the contract, or two headers mean one column.
    """
    position, parts, unknown_fields = _positions(fields, names)
    if not position:
        raise Refused("no header: the first line names none of the contract's columns")
    missing = [name for name in names.expected if name not in position]
    unmatched = [name for name in missing if name in names.mapping.headers and name not in names.mapping.optional]
    headers = {
        name: " + ".join(fields[i][:LONGEST_SHOWN] for i in parts.get(name, (index,))) for name, index in position.items()
    }  # fmt: skip
    unstored = {i: printable(fields[i]) for i in unknown_fields}
    lists = (tuple(missing), tuple(names.required(missing)))
    telling = (
        {i: header for i, header in unstored.items() if any(h.fullmatch(bare_header(fields[i])) for h in kinds)}
        for kinds in ((FORCE_HEADER,), (VOID_HEADER, STATE_HEADER), (CURRENCY_HEADER,))
    )
    more = (parts, tuple(unmatched), *telling)
    ignore_fields = _ignore_fields(fields, names)
    return Layout(separator, len(fields), position, headers, unstored, *lists, *end, *more, ignore_fields=ignore_fields)


def _skip(text: str) -> tuple[int, int, str | None]:
    """Skip blank lines and Excel's `sep=;`. Returns the number of lines skipped, where the header begins, and the separator."""
    lines = start = 0
    given_separator = None
    while start < len(text):
        end = text.find("\n", start)
        line = (text[start:] if end < 0 else text[start:end]).strip(" \r")
        if line.lower().startswith("sep=") and len(line) == 5 and line[4] in SEPARATORS:
            given_separator = line[4]
        elif line:
            break
        lines += 1
        start = len(text) if end < 0 else end + 1
    return lines, start, given_separator


def after_lines(text: str, start: int, lines: int) -> int:
    """Where a text goes on after so many lines."""
    for _ in range(lines):
        end = text.find("\n", start)
        if end < 0:
            return len(text)
        start = end + 1
    return start


def _positions(fields: list[str], names: HeaderNames) -> tuple[dict[str, int], dict[str, tuple[int, ...]], list[int]]:
    """The position of each column, the fields of columns made of several, and the fields with an unknown header. Where the file
    has both the mapping's header and the contract's own for a column, the mapping's counts."""
    plain = [plain_header(f) for f in fields]
    indexes: dict[str, list[int]] = {}
    for index, header in enumerate(plain):
        for name in names.columns.get(header, ()):
            indexes.setdefault(name, []).append(index)
    parts = {}
    for name, headers in names.in_parts(plain).items():
        parts[name] = tuple(_only_one(name, [i for i, h in enumerate(plain) if h == part], fields) for part in headers)
    position = {}
    for name in sorted(indexes.keys() | parts, key=lambda n: (indexes.get(n) or parts[n])[0]):
        chosen = [i for i in indexes.get(name, ()) if plain[i] in names.mapped] or indexes.get(name, [])
        position[name] = parts[name][0] if name in parts else _only_one(name, chosen, fields)
    used_indexes = {*position.values(), *(i for part_indexes in parts.values() for i in part_indexes)}
    return position, parts, [i for i in range(len(fields)) if i not in used_indexes]


def _ignore_fields(fields: list[str], names: HeaderNames) -> dict[str, int]:
    plain = [plain_header(f) for f in fields]
    indexes = {header: [i for i, h in enumerate(plain) if h == wanted] for header, wanted in names.ignoring.items()}
    return {header: _only_one(printable(header), found, fields) for header, found in indexes.items() if found}


def _only_one(name: str, indexes: list[int], fields: list[str]) -> int:
    if len(indexes) > 1:
        raise Refused(f"two headers mean {name}: '{printable(fields[indexes[0]])}' and '{printable(fields[indexes[1]])}'")
    return indexes[0]
