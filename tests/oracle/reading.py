"""Read one file into rows: container, encoding, delimiter, header, rules for rows. Other files play no part."""

import csv
import gzip
import hashlib
import io
import json
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field

from .contract import EMPTY_IS_SUSPECT, normal
from .values import parse_cell

LONGEST_CELL = 10_000_000


class Refused(Exception):
    """The file is refused whole; the message says why."""


@dataclass
class Table:
    """A file's text as cells. `rows`: (first physical line, cells). The header is line 1."""

    header: list
    rows: list
    cut_short: bool


@dataclass
class Bad:
    """One row in quarantine."""

    line: int
    key: tuple | None
    reasons: list
    values: dict


@dataclass
class Content:
    """What one file holds once its rows are checked. `good` maps key (or line) to the row's values."""

    good: dict = field(default_factory=dict)
    bad: list = field(default_factory=list)
    rows_in_file: int = 0
    duplicates: int = 0
    hold: str | None = None
    missing: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    # Each row's contract columns as text; of a ragged row, all cells. Which row of a key was repeated does not matter.
    delivered: Counter = field(default_factory=Counter)

    @property
    def bad_keys(self):
        return {row.key for row in self.bad if row.key is not None}


def read_bytes(path):
    """The CSV's bytes, unpacked from their container.

    Raises:
        Refused: the container is broken or cut short.
    """
    stored = path.read_bytes()
    try:
        if path.name.endswith(".gz"):
            return gzip.decompress(stored)
        if path.name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(stored)) as archive:
                (name,) = archive.namelist()
                return archive.read(name)
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        raise Refused(f"can't be read: {error}") from error
    return stored


def decode(data):
    """The text: UTF-8 (with or without BOM), UTF-16, otherwise Windows-1252."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        if b"\0" in data[:100]:
            return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise Refused(f"can't be read: {error}") from error


def read_table(data, extract):
    """Cells of a CSV. The delimiter is the one that finds most of the contract's headers."""
    text = decode(data)
    if not text.strip():
        raise Refused("no header")
    known = {normal(column.header) for column in extract.columns}
    best = max(",\t;|", key=lambda delimiter: len(known & set(map(normal, _first(text, delimiter)))))
    rows, line = [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=best, strict=True)
    # The limit is global: restore it for other code that reads CSV.
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        for cells in reader:
            if cells:
                rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Refused(f"cut short or not a CSV: {error}") from error
    finally:
        csv.field_size_limit(limit)
    header = rows.pop(0)[1]
    ends_open = bool(rows) and len(rows[-1][1]) < len(header) and text[-1] not in "\r\n"
    return Table(header, rows, ends_open)


def _first(text, delimiter):
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return next(cells for cells in reader if cells)
    except (csv.Error, StopIteration):
        return []


def check_manifest(path, rows):
    """Check the sidecar, if there is one: its row count and the digest of the stored bytes.

    Raises:
        Refused: the sidecar is wrong or can't be read.
    """
    sidecar = path.with_name(path.name + ".manifest.json")
    if not sidecar.exists():
        return
    try:
        manifest = dict(json.loads(sidecar.read_text("utf-8")))
        if not manifest:
            raise ValueError("it is empty")
        wrong = [
            "rows" in manifest and manifest["rows"] != rows,
            "sha256" in manifest and manifest["sha256"].lower() != hashlib.sha256(path.read_bytes()).hexdigest(),
        ]
    except (ValueError, AttributeError, TypeError) as error:
        raise Refused(f"manifest can't be read: {error}") from error
    if any(wrong):
        raise Refused("manifest does not hold")


def doubled(rows):
    """Whether every distinct row occurs an even number of times, and there are enough rows to tell."""
    counts = Counter(tuple(cells) for cells in rows)
    return len(rows) >= 100 and len(counts) >= 50 and all(n % 2 == 0 for n in counts.values())


def why_held(table, extract, start, end):
    """The reason to hold the file; None if there is none."""
    rows = [cells for _, cells in table.rows]
    if doubled(rows):
        return "doubled feed"
    if extract.name == "street_crime":
        index = [normal(header) for header in table.header].index(normal("Crime type"))
        groups = {}
        for cells in rows:
            groups.setdefault(cells[index] if index < len(cells) else "", []).append(cells)
        for group, members in groups.items():
            if doubled(members):
                return f"doubled feed in {group}"
    if not rows and extract.name in EMPTY_IS_SUSPECT and (end - start).days + 1 >= 7:
        return "header and no rows"
    return None


def read_content(path, extract, start, end, naive_is_utc=False):
    """Read one file against its contract.

    Args:
        path: the file. extract: its columns. start, end: its covered window, inclusive.
        naive_is_utc: times without an offset are UTC (data.police.uk).

    Raises:
        Refused: unreadable, cut short, a required column or the header missing, manifest wrong.
    """
    table = read_table(read_bytes(path), extract)
    names = [normal(header) for header in table.header]
    places = {c.name: names.index(normal(c.header)) for c in extract.columns if normal(c.header) in names}
    missing = [c.header for c in extract.columns if c.name not in places]
    if absent := [c.header for c in extract.columns if c.required and c.name not in places]:
        raise Refused(f"required column missing: {', '.join(absent)}")
    if table.cut_short:
        raise Refused("cut short in its last row")
    check_manifest(path, len(table.rows))
    known = set(places.values())
    content = Content(rows_in_file=len(table.rows), missing=missing)
    content.unknown = [header for at, header in enumerate(table.header) if at not in known]
    content.hold = why_held(table, extract, start, end)
    checked, texts = [], []
    for line, cells in table.rows:
        whole = len(cells) == len(table.header)
        # Cells of a ragged row belong to no column: two ragged rows are the same if all their cells are.
        text = [cells[at].strip() for at in places.values()] if whole else ["ragged", *map(str.strip, cells)]
        values, reasons = check_row(cells, places, extract, start, end, naive_is_utc)
        if not whole:
            reasons = ["ragged row"]
        key = tuple(values[name] for name in extract.keys) if extract.keys else None
        if key is not None and any(part is None for part in key):
            key = None
        checked.append((line, key, values, reasons))
        texts.append(tuple(text))
    _sort_rows(checked, extract, content)
    for (_, key, _, _), text in zip(checked, texts, strict=True):
        content.delivered[text] = 1 if extract.keys and key in content.good else content.delivered[text] + 1
    content.delivered["rows"], content.delivered["duplicates"] = content.rows_in_file, content.duplicates
    return content


def check_row(cells, places, extract, start, end, naive_is_utc):
    """Typed values of one row, and every rule that it breaks. A value that can't be read is None."""
    values, reasons = {}, []
    for column in extract.columns:
        at = places.get(column.name)
        text = cells[at].strip() if at is not None and at < len(cells) else ""
        value = None
        if text:
            try:
                value = parse_cell(column, text, naive_is_utc)
            except ValueError as error:
                reasons.append(f"{error}: {column.name}")
        elif column.places:
            reasons.append(f"no date: {column.name}")
        elif column.key:
            reasons.append(f"no key: {column.name}")
        values[column.name] = value
    day = row_day(values, extract)
    if any(c.places and c.type == "month" for c in extract.columns):
        # A month is in the window if any of its days is.
        start = start.replace(day=1)
    # Rows of a list may be dated before the window, but not after it.
    if day is not None and (day > end or (day < start and extract.kind != "list")):
        reasons.append(f"outside the window: {extract.date}")
    return values, reasons


def row_day(values, extract):
    """The day that places a row, or None."""
    moment = values.get(extract.date) if extract.date else None
    return moment.date() if hasattr(moment, "date") else moment


def compared(values):
    """The values of a row's columns, in lower case where the contract compares them without regard to case."""
    lower = {n: values[n] for n in ("qualifiers", "themes", "object_of_search", "lpu") if values.get(n) is not None}
    return {
        **{name: value for name, value in values.items() if not name.startswith("_")},
        **{n: value.lower() if isinstance(value, str) else tuple(map(str.lower, value)) for n, value in lower.items()},
    }


def _sort_rows(checked, extract, content):
    """Sort rows into good ones and quarantine. Rows of one key count once if identical; if they differ, all are quarantined."""
    if not extract.keys:
        for line, _, values, reasons in checked:
            if reasons:
                content.bad.append(Bad(line, None, reasons, values))
            else:
                content.good[line] = values
        return
    by_key = {}
    for row in checked:
        by_key.setdefault(row[1], []).append(row)
    for key, rows in by_key.items():
        same = key is not None and all((compared(r[2]), r[3]) == (compared(rows[0][2]), rows[0][3]) for r in rows)
        if same and not rows[0][3]:
            content.good[key] = rows[0][2] | {"_line": rows[0][0]}
            content.duplicates += len(rows) - 1
            continue
        differ = key is not None and len(rows) > 1 and not same
        for line, _, values, reasons in rows:
            more = ["key twice, rows differ"] if differ else []
            content.bad.append(Bad(line, key, reasons + more, values))
