"""A query's answer as a table, as CSV or as JSON. Figures are exact: decimals as written, without trailing zeros.

In CSV, text that a spreadsheet would take for a formula is made harmless; JSON has every text as it is.
"""

import csv
import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TextIO

from dagster_project.core.terminal_text import exact, safe
from dagster_project.landing.canonical_values import literal

LONGEST_CELL = 1_000
"""Characters of a cell that a table shows."""
FORMATS = ("table", "csv", "json")


def plain(value: Any) -> str:
    """A value as text: `2187`, `32.6258338387`, `2025-10-31`, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | dict):
        return json_text(value)
    return str(value)


_SPACES = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
STARTS_FORMULA = f"^(?:[\t\r\n]|[{_SPACES}]*[{_SIGNS}])"
"""How a text begins that a spreadsheet would take for a formula: a sign, full width too, whatever blanks stand before it."""
NUMBER = r"[+\-]?[0-9][0-9.,]*(?:[eE][+\-]?[0-9]+)?%?"
"""A whole text that is a number, and so no formula, though it may begin with a sign.

Both patterns mean the same in Python, in DuckDB (RE2) and in JavaScript, which all use them: the blanks are written out, as
each has its own `\\s`. Source: OWASP, CSV Injection.
"""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula."""
    return bool(re.match(STARTS_FORMULA, text)) and not re.fullmatch(NUMBER, text)


def neutral(value: Any) -> Any:
    """A value for a cell of a .csv or .xlsx file: text that a spreadsheet would take for a formula gets a `'` before it.

    Numbers stay as they are, negative ones and those written as text too. All exports that a spreadsheet opens pass their
    cells through this, or through `neutral_sql`.
    """
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def neutral_sql(column: str) -> str:
    """SQL for `neutral` of a column of text."""
    risky = f"regexp_matches({column}, {literal(STARTS_FORMULA)}) and not regexp_full_match({column}, {literal(NUMBER)})"
    return f"case when {risky} then chr(39) || {column} else {column} end"


def json_text(value: Any) -> str:
    """A value as JSON. Decimals are numbers, digit for digit: by way of a float most would be right, and some wrong."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(json_text(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json_text(str(k))}: {json_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    kept = value is None or isinstance(value, bool | int | float | str)
    return json.dumps(value if kept else plain(value), ensure_ascii=False)


def write_result(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str, out: TextIO) -> None:
    """Write rows to `out` in one of FORMATS. Raises ValueError for another."""
    if form != "table":
        out = exact(out)
    if form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([neutral(c) for c in columns])
        writer.writerows([neutral(plain(v)) for v in row] for row in rows)
    elif form == "json":
        out.write("[")
        for n, row in enumerate(rows):
            out.write((",\n " if n else "") + json_text(dict(zip(columns, row, strict=True))))
        out.write("]\n")
    elif form == "table":
        _write_table(columns, rows, out)
    else:
        raise ValueError(f"{form!r} is none of {', '.join(FORMATS)}")


def _cut(text: str) -> str:
    """A cell as a table shows it: laying out a long text takes minutes. The other formats write all of it."""
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}… ({len(text):,} characters)"


def _write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    from rich import box
    from rich.table import Table

    from dagster_project.core.terminal_console import Console

    body = [list(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for n, name in enumerate(columns):
        values = [r[n] for r in body if r[n] is not None]
        number = bool(values) and all(isinstance(v, int | float | Decimal) for v in values)
        table.add_column(safe(name), justify="right" if number else "left", overflow="fold", no_wrap=False)
    for row in body:
        table.add_row(*(safe(_cut(plain(v))) for v in row))
    # To a file or a pipe a table is as wide as it is; a person's window folds it.
    Console(file=out, width=None if out.isatty() else 10_000, highlight=False, markup=False).print(table)
    out.write(f"{len(body)} row{'' if len(body) == 1 else 's'}\n")
