"""What the header says: the separator, where each contract column is, what is missing, what is not wanted."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from dagster_project.contracts import Contract, plain_header

from .decode import MARK
from .mappings import SystemMapping
from .refusal import SHOWN, Refused, shown

SEPARATORS = (",", "\t", ";", "|")
HEADER_CHARACTERS = 1 << 16


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    `width`: fields of the header. `position`: contract column -> field, from 0; `headers`: -> the header as it stands.
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


@dataclass(frozen=True)
class Wanted:
    """What a file's headers may mean: `plain_header` -> contract column. `mapped`: those that a force's mapping gives."""

    headers: Mapping[str, str]
    mapped: frozenset[str] = frozenset()


def read_header(
    text: str, contract: Contract, form: str, separator: str | None = None, mapping: SystemMapping | None = None
) -> Layout:
    """Find the header of a CSV on the first line that is not blank.

    `separator` where it is known; else it is the one under which most of the contract's headers are
    found. Raises Refused where the header isn't the contract's.
    """
    skipped, start, told = _skip(text)
    if start >= len(text):
        raise Refused("no header: the file has no text")
    if len(text) - start > HEADER_CHARACTERS and text.find("\n", start, start + HEADER_CHARACTERS) < 0:
        raise Refused(f"no header: the first line has more than {HEADER_CHARACTERS} characters")
    wanted = wanted_headers(contract, form, mapping).headers
    best: tuple[int, str, list[str], int] | None = None
    for candidate in (separator or told,) if separator or told else SEPARATORS:
        fields, lines = _fields(text, start, candidate)
        hits = len({wanted[h] for f in fields if (h := plain_header(f)) in wanted})
        if best is None or hits > best[0]:
            best = (hits, candidate, fields, lines)
    _, chosen, fields, lines = best
    passed = (skipped + lines, skipped + 1, _after(text, start, lines))
    return lay_out(fields, contract, form, mapping, chosen, passed)


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
    position, unknown = _positions(fields, wanted_headers(contract, form, mapping))
    if not position:
        raise Refused("no header: the first line names none of the contract's columns")
    given = mapping.constants if mapping else {}
    missing = [
        c.name
        for c in contract.columns
        if c.name not in position and c.name not in given and not _excused(contract, form, c.name)
    ]
    lacking = [name for name in missing if contract.column(name).required]
    headers = {name: fields[index][:SHOWN] for name, index in position.items()}
    return Layout(separator, len(fields), position, headers, unknown, tuple(missing), tuple(lacking), *passed)


def wanted_headers(contract: Contract, form: str, mapping: SystemMapping | None = None) -> Wanted:
    """What headers may mean in a canonical or a data.police.uk file. A mapping's go before the contract's own."""
    if form == "police_uk" and contract.police_uk:
        return Wanted({plain_header(h): name for h, name in contract.police_uk.columns.items()})
    own = {h: c.name for c in contract.columns for h in c.headers}
    mapped = mapping.meanings() if mapping else {}
    return Wanted(own | mapped, frozenset(mapped))


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


def _fields(text: str, start: int, separator: str) -> tuple[list[str], int]:
    """The header's fields and how many physical lines it takes."""
    head = text[start : start + HEADER_CHARACTERS].split("\n")
    reader = csv.reader((line + "\n" for line in head), delimiter=separator, skipinitialspace=True)
    try:
        fields = next(islice(reader, 1), [])
    except csv.Error:
        return [], 1
    return [f.replace(MARK, "").strip() for f in fields], reader.line_num


def _after(text: str, start: int, lines: int) -> int:
    for _ in range(lines):
        end = text.find("\n", start)
        if end < 0:
            return len(text)
        start = end + 1
    return start


def _positions(fields: list[str], wanted: Wanted) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each column is, and the headers that mean none. Where a column is there under the mapping's header and under
    the contract's own, the mapping's is meant."""
    plain = [plain_header(f) for f in fields]
    found: dict[str, list[int]] = {}
    for index, header in enumerate(plain):
        if name := wanted.headers.get(header):
            found.setdefault(name, []).append(index)
    position = {}
    for name, indexes in found.items():
        chosen = [i for i in indexes if plain[i] in wanted.mapped] or indexes
        if len(chosen) > 1:
            raise Refused(f"two headers mean {name}: '{shown(fields[chosen[0]])}' and '{shown(fields[chosen[1]])}'")
        position[name] = chosen[0]
    taken = set(position.values())
    return position, tuple(
        shown(field) or f"(column {index + 1} has no name)" for index, field in enumerate(fields) if index not in taken
    )
