"""Reads an Excel sheet as the CSV that Excel would have written, so that both are read by the same rules."""

import csv
import re
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import chain
from operator import sub
from typing import IO, Any

from dagster_project.core.printable import visible

from ..refusal import Refused, printable
from .containers import CHUNK, LARGEST, check_kind, check_workbook, too_large
from .failed_and_hidden_cells import LONGEST_CELL, column_number, read_marks

HALF_A_SECOND = timedelta(milliseconds=500)
MAX_CELLS = 100_000_000
"""Cells from the first to the last row and column: the library allocates all of them, filled or not."""

_COLUMNS = re.compile(rb'\br=["\']([A-Z]{1,3})\d')
_ROWS = re.compile(rb'\br=["\'][A-Z]{0,3}(\d{3,7})["\']')
_SHARED = "xl/sharedStrings.xml"
_TEXT_END = re.compile(rb"</(?:\w+:)?si>")
_REFERENCE = re.compile(rb'\bt=["\']s["\'][^>]*>\s*<(?:\w+:)?v>\s*(\d+)')
TOP_ROWS = 100
"""Rows in which another sheet's header is looked for."""


@dataclass(frozen=True)
class SheetText:
    """A sheet as CSV text: commas, LF, a line for each row (cells may have line breaks), blank lines for blank rows.

    `last_merged`: the first row, from 1, of the last cell that is merged over rows of one column; 0 where there is none.
    `unworked`: row and column, from 0, of each formula that no spreadsheet has worked out yet. `hidden_rows`: the rows
    with a value, from 0, that a person does not see; `struck_rows`: those that are struck out. `hidden_columns`: first and last
    of each run of columns, from 0. `is_hidden`: whether the sheet is.
    """

    text: str
    last_merged: int
    unworked: Sequence[tuple[int, int]]
    foreign: Mapping[int, int] = field(default_factory=dict)
    """Row -> a bit for each column whose cell shows another currency than the pound."""
    hidden_rows: Sequence[int] = ()
    struck_rows: Sequence[int] = ()
    hidden_columns: Sequence[tuple[int, int]] = ()
    is_hidden: bool = False


@dataclass(frozen=True)
class SheetTable:
    """Where the rows of a sheet begin. `header`: the last row of the header, from 1. `keys`, `amounts`: the columns of the key,
    if there is one, and those that are added up, from 0."""

    header: int
    keys: Collection[int] = ()
    amounts: Collection[int] = ()


def sheet_text(data: bytes, sheet: str | None = None, table: SheetTable | None = None) -> SheetText:
    """Read a sheet, by its name or its number from 1; the first where None.

    `table`: give each row of it that a cell is merged over the cell's value; where None only the first row has it. Raises
    Refused when the workbook is damaged or protected, or has no such sheet.
    """
    # Imported here: nights without Excel files need not wait for it.
    import python_calamine

    check_kind(data, ".xlsx")
    check_workbook(data)
    _check_extent(data)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        names = workbook.sheet_names
        index = sheet_index(names, sheet)
        worksheet = workbook.get_sheet_by_index(index) if index is not None else None
        rows = worksheet.to_python(skip_empty_area=False) if worksheet else None
        ranges = (worksheet.merged_cell_ranges if worksheet else None) or []
        is_hidden = index is not None and workbook.sheets_metadata[index].visible != python_calamine.SheetVisibleEnum.Visible
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A panic of the library is not an Exception.
        raise Refused("damaged or cut short: not a sound Excel file") from error
    if rows is None or index is None:
        name = printable(sheet or "")
        raise Refused(f"no sheet '{name}', which the mapping's table.sheet says: it has {', '.join(map(printable, names))}")
    unworked, marks = list[tuple[int, int]](), read_marks(data, index)
    for row, column, shown in marks.failed:
        if shown is None:
            unworked.append((row, column))
        elif row < len(rows) and column < len(rows[row]):
            rows[row][column] = shown
    merged = [(top, bottom, column) for (top, column), (bottom, last) in ranges if column == last and top < bottom]
    if table:
        _fill(rows, [area for area in merged if area[0] >= table.header], table)
    text = _csv_text(rows)
    if "\0" in text:
        raise Refused("holds NUL characters: damaged, or not text")
    hidden = [row for row in marks.hidden_rows if row < len(rows) and _filled(rows[row])]
    struck = [row for row, cells in marks.struck.items() if row < len(rows) and _is_struck(rows[row], cells)]
    last_merged = max((top + 1 for top, _, _ in merged), default=0)
    return SheetText(text, last_merged, unworked, marks.foreign, hidden, struck, marks.hidden_columns, is_hidden)


def _filled(row: list[Any]) -> list[int]:
    """The cells with a value, from 0."""
    return [column for column, value in enumerate(row) if _text(value).strip()]


def _is_struck(row: list[Any], struck: int) -> bool:
    """Whether most of a row is struck out: a note of why may not be, and one old value is not the row."""
    filled = _filled(row)
    return 2 * sum(struck >> column & 1 for column in filled) > len(filled)


def _fill(rows: list[list[Any]], merged: Iterable[tuple[int, int, int]], table: SheetTable) -> None:
    """Give cells that are merged over rows their value in each of them that has any other. `merged`: first and last row, and
    column, from 0.

    An amount beside several records is one for all of them: it stays in the first, or would be added once a record. Raises
    Refused where a long text would be repeated too often.
    """
    is_filled = [any(value != "" for value in row) for row in rows]
    size, reached, keys_above = 0, dict[int, int](), Counter[int]()
    for top, bottom, column in sorted(merged, key=lambda area: (area[2] not in table.keys, area)):
        # Ranges of a damaged workbook may overlap: no cell is looked at twice.
        for n in range(max(top + 1, reached.get(column, 0)), min(bottom + 1, len(rows))):
            if not is_filled[n] or column >= len(rows[n]) or rows[n][column] != "":
                continue
            keys_above[n] += column in table.keys
            if column not in table.amounts:
                rows[n][column] = rows[top][column]
            elif table.keys and keys_above[n] == len(table.keys):
                # The same record as the row above.
                rows[n][column] = rows[n - 1][column]
            size += len(str(rows[n][column]))
            if size > LARGEST:
                raise Refused(too_large())
        reached[column] = max(bottom + 1, reached.get(column, 0))


def _csv_text(rows: Iterable[list[Any]]) -> str:
    out = StringIO()
    # The only loop over rows in landing: the library returns Python values, of any types within a column.
    csv.writer(out, lineterminator="\n").writerows(
        cells if any(cells := [_text(value) for value in row]) else [] for row in rows
    )
    return visible(out.getvalue().replace("\r\n", "\n"))


def sheet_names(data: bytes) -> dict[str, bool]:
    """The names of a valid workbook's sheets, in order, and whether a person sees each."""
    import python_calamine

    sheets = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)).sheets_metadata
    return {sheet.name: sheet.visible == python_calamine.SheetVisibleEnum.Visible for sheet in sheets}


def sheet_tops(data: bytes, after: int) -> Iterator[tuple[str, bool, str]]:
    """The readable sheets of a valid workbook after some first ones: name, whether a person sees it, and first rows as text."""
    import python_calamine

    workbook = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
    for index, sheet in list(enumerate(workbook.sheets_metadata))[after:]:
        try:
            rows = workbook.get_sheet_by_index(index).to_python(skip_empty_area=False, nrows=TOP_ROWS)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: S112  # a sheet of a chart, or a panic of the library
            continue
        yield sheet.name, sheet.visible == python_calamine.SheetVisibleEnum.Visible, _csv_text(rows)


def sheet_index(names: list[str], sheet: str | None) -> int | None:
    """A sheet's index from 0, by its name, else by its number; None where there is no such sheet."""
    if sheet is None:
        return 0
    by_name = [i for i, name in enumerate(names) if name.strip().casefold() == sheet.strip().casefold()]
    if by_name:
        return by_name[0]
    return int(sheet) - 1 if sheet.isdecimal() and 1 <= int(sheet) <= len(names) else None


def _check_extent(data: bytes) -> None:
    """Raises Refused for a workbook that the library would need too much memory to read: that would end the whole night."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as file:
            if sum(i.file_size for i in file.infolist()) > LARGEST:
                raise Refused(too_large())
            lengths = _shared_lengths(file)
            for info in file.infolist():
                with file.open(info) as member:
                    _check_sheet(member, lengths)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        if data.startswith(b"PK"):
            raise Refused("damaged or cut short: not a sound Excel file") from error


def _shared_lengths(file: zipfile.ZipFile) -> "array[int]":
    """Bytes of each text that cells refer to by number; empty where all are short, as no sheet could repeat them too often."""
    if _SHARED not in file.namelist() or file.getinfo(_SHARED).file_size * MAX_CELLS < LARGEST:
        return array("q")
    with file.open(_SHARED) as member:
        ends = array("q", (match.end() for match in _TEXT_END.finditer(member.read())))
    lengths = array("q", map(sub, ends, chain((0,), ends)))
    return lengths if max(lengths, default=0) * MAX_CELLS > LARGEST else lengths[:0]


def _check_sheet(member: IO[bytes], lengths: "array[int]") -> None:
    """Raises Refused where the cells of a sheet, streamed as XML, are too far apart, or the texts that they refer to, each
    written out, are larger than a text may be. `lengths`: of the texts."""
    columns: set[bytes] = set()
    last_row, size, tail = 1, 0, b""
    while chunk := member.read(CHUNK):
        piece = tail + chunk
        # After the last whole cell; 0 where there is none.
        end = piece.rfind(b"c>") + 1
        columns.update(_COLUMNS.findall(piece))
        last_row = max([last_row, *map(int, set(_ROWS.findall(piece)))])
        numbers = (int(n) for n in (_REFERENCE.findall(piece, 0, end) if lengths else ()) if len(n) < 10)
        size += sum(lengths[n] for n in numbers if n < len(lengths))
        if size > LARGEST:
            raise Refused(too_large())
        tail = piece[end:][-LONGEST_CELL:]
    last_column = max((column_number(c) for c in columns), default=1)
    if last_row * last_column > MAX_CELLS:
        raise Refused(
            f"too large: its cells reach to row {last_row} and column {last_column}; is one far from the table? Delete it"
        )


def _text(value: object) -> str:
    """A cell's value as text. Excel stores binary numbers, but shows and means fifteen digits."""
    match value:
        case str():
            return value
        case bool():
            return str(value).upper()
        case float():
            digits = f"{value:.15g}"
            # Of 16 digits or more the last ones are lost: as in a CSV of Excel's, the text says so, and no key is such a text.
            return format(Decimal(digits), "f") if "e-" in digits else digits
        case datetime():
            # A time is stored as a fraction of a day, which can be just short of its second.
            moment = (value + HALF_A_SECOND).replace(microsecond=0)
            return moment.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case time():
            return _time_text(datetime.combine(date.min, value) - datetime.min)
        case timedelta():
            return _time_text(value)
    return str(value)


def _time_text(since_midnight: timedelta) -> str:
    seconds = int((since_midnight + HALF_A_SECOND).total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
