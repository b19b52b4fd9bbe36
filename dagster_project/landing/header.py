"""Reads the header: the separator, where each contract column is, which are missing, and which are not stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dagster_project.contracts import Contract, plain_header

from .header_row import HEADER_CHARACTERS, SEPARATORS, Sought, find_row
from .mapping_fields import Join, headers_of, parts_of
from .mappings import SystemMapping
from .refusal import SHOWN, Refused, shown


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    `width`: fields of the header. `position`: contract column -> field, from 0, the first of those that make it; `headers`: ->
    the header as it stands. `parts`: contract column -> fields, where a mapping makes it of several. `unfound`: columns for
    which the mapping names headers of which none is there, and that it does not call optional.
    `unknown`: headers that mean no column of the contract. `missing`: columns of the contract without a header, `lacking`
    those of them without which the file can't be taken. `lines`: physical lines up to the header's last; `start`: where
    the text goes on after it.
    """

    separator: str
    width: int
    position: Mapping[str, int]
    headers: Mapping[str, str]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    lacking: tuple[str, ...]
    lines: int
    rows: int
    start: int
    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    unfound: tuple[str, ...] = ()

    def fields_of(self, name: str) -> tuple[int, ...]:
        """The fields that make a column; none where it has none."""
        return self.parts.get(name) or ((self.position[name],) if name in self.position else ())

    @property
    def fields(self) -> list[int]:
        """Every field that a column is made of, once."""
        return list(dict.fromkeys(i for name in self.position for i in self.fields_of(name)))


@dataclass(frozen=True)
class Wanted:
    """What a file's headers may mean: `plain_header` -> contract columns. `mapped`: those that a force's mapping gives.
    `mapping`: itself, for columns that it makes of several headers."""

    headers: Mapping[str, tuple[str, ...]]
    mapped: frozenset[str] = frozenset()
    mapping: SystemMapping | None = None


def read_header(
    text: str, contract: Contract, form: str, separator: str | None = None, mapping: SystemMapping | None = None
) -> Layout:
    """Find the header of a CSV: the first of the first rows that names every required column, or the one that the mapping says.

    `separator` where it is known; else it is the one under which most of the contract's headers are
    found. Raises Refused where the header isn't the contract's.
    """
    skipped, start, told = _skip(text)
    if start >= len(text):
        raise Refused("no header: the file has no text")
    if len(text) - start > HEADER_CHARACTERS and text.find("\n", start, start + HEADER_CHARACTERS) < 0:
        raise Refused(f"no header: the first line has more than {HEADER_CHARACTERS} characters")
    known = separator or told
    sought = what_is_sought(contract, form, mapping)
    header_row = mapping.table.header_row if mapping else None
    row = find_row(text, start, skipped, (known,) if known else SEPARATORS, sought, header_row)
    passed = (skipped + row.lines, row.number, _after(text, start, row.lines))
    return lay_out(row.fields, contract, form, mapping, row.separator, passed)


def what_is_sought(contract: Contract, form: str, mapping: SystemMapping | None) -> Sought:
    """What a file's header row must name."""
    wanted = wanted_headers(contract, form, mapping)
    given = mapping.constants if mapping else {}
    needed = {c.name for c in contract.columns if c.required and c.name not in given and not _excused(contract, form, c.name)}
    parts = {plain_header(h) for source in (mapping.headers.values() if mapping else ()) for h in headers_of(source)}
    return Sought(lambda fields: _columns_named(fields, wanted), frozenset(needed), frozenset(parts | wanted.headers.keys()))


def lay_out(
    fields: list[str],
    contract: Contract,
    form: str,
    mapping: SystemMapping | None = None,
    separator: str = "",
    passed: tuple[int, int, int] = (1, 1, 0),
) -> Layout:
    """The layout that a header's fields give. `passed`: lines, rows and characters up to its end.

    Raises Refused where the header isn't the contract's.
    """
    wanted = wanted_headers(contract, form, mapping)
    position, parts, unknown = _positions(fields, wanted)
    if not position:
        raise Refused("no header: the first line names none of the contract's columns")
    given = mapping.constants if mapping else {}
    missing = [
        c.name
        for c in contract.columns
        if c.name not in position and c.name not in given and not _excused(contract, form, c.name)
    ]
    lacking = [name for name in missing if contract.column(name).required]
    unfound = [name for name in missing if mapping and name in mapping.headers and name not in mapping.optional]
    headers = {
        name: " + ".join(fields[i][:SHOWN] for i in parts.get(name, (index,))) for name, index in position.items()
    }  # fmt: skip
    return Layout(
        separator, len(fields), position, headers, unknown, tuple(missing), tuple(lacking), *passed, parts, tuple(unfound)
    )


def wanted_headers(contract: Contract, form: str, mapping: SystemMapping | None = None) -> Wanted:
    """What headers may mean in a canonical or a data.police.uk file. A mapping's go before the contract's own."""
    if form == "police_uk" and contract.police_uk:
        return Wanted({plain_header(h): (name,) for h, name in contract.police_uk.columns.items()})
    own = {h: (c.name,) for c in contract.columns for h in c.headers}
    mapped = mapping.meanings() if mapping else {}
    return Wanted(own | mapped, frozenset(mapped), mapping)


def _excused(contract: Contract, form: str, name: str) -> bool:
    """Whether the source is data.police.uk, and the contract says that it never has the column."""
    return form == "police_uk" and contract.police_uk is not None and name in contract.police_uk.absent


def _skip(text: str) -> tuple[int, int, str | None]:
    """Pass blank lines and Excel's `sep=;`: physical lines passed, where the header begins, separator
    told."""
    lines = start = 0
    told = None
    while start < len(text):
        end = text.find("\n", start)
        line = (text[start:] if end < 0 else text[start:end]).strip(" \r")
        if line.lower().startswith("sep=") and len(line) == 5 and line[4] in SEPARATORS:
            told = line[4]
        elif line:
            break
        lines += 1
        start = len(text) if end < 0 else end + 1
    return lines, start, told


def _after(text: str, start: int, lines: int) -> int:
    for _ in range(lines):
        end = text.find("\n", start)
        if end < 0:
            return len(text)
        start = end + 1
    return start


def _columns_named(fields: list[str], wanted: Wanted) -> set[str]:
    """The columns that a row's fields name, whether or not two of them mean one."""
    plain = [plain_header(f) for f in fields]
    named = {name for header in plain for name in wanted.headers.get(header, ())}
    return named | _in_parts(plain, wanted).keys()


def _in_parts(plain: list[str], wanted: Wanted) -> dict[str, tuple[str, ...]]:
    """The columns that a mapping makes of several headers, and which of these are there: all, or some of a list that may lack
    some. A joined value that lacks a part would be another value."""
    mapping, found = wanted.mapping, {}
    for name, source in mapping.headers.items() if mapping else ():
        parts = [plain_header(h) for h in parts_of(source)]
        there = tuple(p for p in parts if p in plain)
        some_will_do = mapping and name in mapping.optional and not isinstance(source, Join)
        if there and (len(there) == len(parts) or some_will_do):
            found[name] = there
    return found


def _positions(
    fields: list[str], wanted: Wanted
) -> tuple[dict[str, int], dict[str, tuple[int, ...]], tuple[str, ...]]:
    """Where each column is, those that are made of several fields, and the headers that mean none. Where a column is there
    under the mapping's header and under the contract's own, the mapping's is meant."""
    plain = [plain_header(f) for f in fields]
    found: dict[str, list[int]] = {}
    for index, header in enumerate(plain):
        for name in wanted.headers.get(header, ()):
            found.setdefault(name, []).append(index)
    parts = {}
    for name, headers in _in_parts(plain, wanted).items():
        parts[name] = tuple(_only(name, [i for i, h in enumerate(plain) if h == part], fields) for part in headers)
    position = {}
    for name in sorted(found.keys() | parts, key=lambda n: (found.get(n) or parts[n])[0]):
        chosen = [i for i in found.get(name, ()) if plain[i] in wanted.mapped] or found.get(name, [])
        position[name] = parts[name][0] if name in parts else _only(name, chosen, fields)
    taken = {*position.values(), *(i for own in parts.values() for i in own)}
    return position, parts, tuple(
        shown(field) or f"(column {index + 1} has no name)" for index, field in enumerate(fields) if index not in taken
    )


def _only(name: str, indexes: list[int], fields: list[str]) -> int:
    if len(indexes) > 1:
        raise Refused(f"two headers mean {name}: '{shown(fields[indexes[0]])}' and '{shown(fields[indexes[1]])}'")
    return indexes[0]


def named_headers(mapping: SystemMapping, name: str) -> str:
    """The headers that a mapping names for a column, as a reason shows them."""
    return ", ".join(shown(h) for h in headers_of(mapping.headers[name]))
