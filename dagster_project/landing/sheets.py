"""Excel: the first sheet as the CSV that Excel would have written, so that both are read by the same
rules."""

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO

from .refusal import Refused

HALF_A_SECOND = timedelta(milliseconds=500)


def sheet_text(data: bytes) -> str:
    """The first sheet as CSV text: comma, LF, one line a row (but for line breaks within cells), blank
    rows blank.

    Raises Refused when the file is no sound workbook.
    """
    # Nights without Excel files need not wait for it.
    import python_calamine

    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except Exception as error:
        raise Refused("damaged or cut short: not a sound Excel file") from error
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
    return str(value)
