"""Writes an answer as an Excel workbook: numbers as numbers, and texts that are never formulas."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster_project.core.cell_text import plain_text

MAX_ROWS = 1_048_575
"""Rows of a sheet, without the header."""
MAX_COLUMNS = 16_384
"""Columns of a sheet."""
MAX_TEXT = 32_767
"""Characters of a cell."""


def write_sheet(columns: Sequence[str], rows: Iterable[Sequence[Any]], path: Path, about: Mapping[str, str]) -> None:
    """Write a workbook of two sheets: the answer, and notes on it (`about`, by name).

    A number with more digits than Excel keeps is written as text. Raises ValueError for more rows or columns than a sheet has,
    or a text longer than a cell.
    """
    import xlsxwriter

    # The library leaves them out without a word.
    if len(columns) > MAX_COLUMNS:
        raise ValueError(f"the answer has {len(columns):,} columns, and a sheet {MAX_COLUMNS:,}: ask for parquet or csv")

    with path.open("wb") as file:
        # In memory: nothing is written to temporary files.
        plain = {"strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd", **plain})
        bold, time_format = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet("Answer")
        widths = [len(c) for c in columns]
        for n, name in enumerate(columns):
            sheet.write_string(0, n, name, bold)
        for row_no, row in enumerate(rows, start=1):
            if row_no > MAX_ROWS:
                raise ValueError(
                    f"the answer has more than the {MAX_ROWS:,} rows of a sheet: narrow it, or ask for parquet or csv"
                )
            for n, value in enumerate(row):
                sheet.write(row_no, n, _cell(value), time_format if isinstance(value, datetime) else None)
                if row_no < 1000:
                    widths[n] = max(widths[n], min(60, len(plain_text(value))))
        sheet.freeze_panes(1, 0)
        for n, width in enumerate(widths):
            sheet.set_column(n, n, width + 2)
        notes = book.add_worksheet("About")
        notes.set_column(0, 0, 18)
        notes.set_column(1, 1, 100, book.add_format({"text_wrap": True}))
        for n, (name, note) in enumerate(about.items()):
            notes.write_string(n, 0, name, bold)
            notes.write_string(n, 1, note[:MAX_TEXT])
        book.close()


def _cell(value: Any) -> Any:
    """A value as Excel can hold it exactly: a number of up to 15 digits, a day since 1900, or else its text."""
    if value is None or isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, int | Decimal) and len(Decimal(value).normalize().as_tuple().digits) <= 15:
        return value
    if isinstance(value, date) and value.year >= 1900 and getattr(value, "tzinfo", None) is None:
        return value
    text = plain_text(value)
    if len(text) > MAX_TEXT:
        raise ValueError(f"a text of {len(text):,} characters is longer than a cell ({MAX_TEXT:,}): ask for csv or parquet")
    return text
