"""Excel: a sheet as the CSV that Excel would have written, so that both are read by the same
rules."""

import csv
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import IO

from .containers import CHUNK, LARGEST, too_large
from .file_signatures import check_kind, check_workbook
from .refusal import Refused, shown

HALF_A_SECOND = timedelta(milliseconds=500)
MOST_CELLS = 100_000_000
"""Cells from the first to the last row and column: the library makes room for all of them, filled or not."""

_COLUMNS = re.compile(rb'\br=["\']([A-Z]{1,3})\d')
_ROWS = re.compile(rb'\br=["\'][A-Z]{0,3}(\d{3,7})["\']')
_OVERLAP = 64


def sheet_text(data: bytes, sheet: str | None = None) -> str:
    """A sheet as CSV text: comma, LF, one line a row (but for line breaks within cells), blank
    rows blank. `sheet`: its name, or its number from 1; the first where None.

    Raises Refused when the file is no sound workbook, is protected, or has no such sheet.
    """
    # Nights without Excel files need not wait for it.
    import python_calamine

    check_kind(data, ".xlsx")
    check_workbook(data)
    _check_extent(data)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        names = workbook.sheet_names
        at = _index(names, sheet)
        rows = workbook.get_sheet_by_index(at).to_python(skip_empty_area=False) if at is not None else None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A panic of the library is no Exception.
        raise Refused("damaged or cut short: not a sound Excel file") from error
    if rows is None:
        said = shown(sheet or "")
        raise Refused(f"no sheet '{said}', which the mapping's table.sheet says: it has {', '.join(map(shown, names))}")
    out = StringIO()
    # Cell by cell, the one loop over rows in landing: the library hands over Python values of mixed
    # types, of which a column may have any.
    csv.writer(out, lineterminator="\n").writerows(
        cells if any(cells := [_text(value) for value in row]) else [] for row in rows
    )
    text = out.getvalue()
    if "\0" in text:
        raise Refused("holds NUL characters: damaged, or not text")
    return text.replace("\r\n", "\n")


def sheet_names(data: bytes) -> list[str]:
    """A sound workbook's sheets, in order."""
    import python_calamine

    return python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)).sheet_names


def _index(names: list[str], sheet: str | None) -> int | None:
    """A sheet's place, from 0, by its name, else by its number; None where there is none."""
    if sheet is None:
        return 0
    by_name = [i for i, name in enumerate(names) if name.strip().casefold() == sheet.strip().casefold()]
    if by_name:
        return by_name[0]
    return int(sheet) - 1 if sheet.isdecimal() and 1 <= int(sheet) <= len(names) else None


def _check_extent(data: bytes) -> None:
    """Raises Refused for a workbook that the library could not read without more memory than there is: it would end the
    whole night. What is no zip file is left to the library."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as file:
            if sum(i.file_size for i in file.infolist()) > LARGEST:
                raise Refused(too_large())
            for info in file.infolist():
                with file.open(info) as member:
                    _check_sheet(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        if data.startswith(b"PK"):
            raise Refused("damaged or cut short: not a sound Excel file") from error


def _check_sheet(member: IO[bytes]) -> None:
    """Raises Refused where the cells of a sheet, streamed as XML, lie too far apart."""
    columns: set[bytes] = set()
    last_row, tail = 1, b""
    while chunk := member.read(CHUNK):
        piece = tail + chunk
        columns.update(_COLUMNS.findall(piece))
        last_row = max([last_row, *map(int, set(_ROWS.findall(piece)))])
        tail = piece[-_OVERLAP:]
    last_column = max((_number(c) for c in columns), default=1)
    if last_row * last_column > MOST_CELLS:
        raise Refused(
            f"too large: its cells reach to row {last_row} and column {last_column}; is one far from the table? Delete it"
        )


def _number(letters: bytes) -> int:
    """A column's number from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _text(value: object) -> str:
    """A cell's value as text. Excel counts in binary, but means the fifteen digits that it shows."""
    match value:
        case str():
            return value
        case bool():
            return str(value).upper()
        case float():
            shown = f"{value:.15g}"
            return format(Decimal(shown), "f") if "e" in shown else shown
        case datetime():
            # A time is a fraction of a day, which can miss its second by a hair.
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
