"""Values as text: decimals digit for digit, JSON, and cells that no spreadsheet takes for a formula."""

import json
import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .sql import literal


def plain_text(value: Any) -> str:
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
    if isinstance(value, (list, tuple, dict)):
        return json_text(value)
    return str(value)


def rounded_text(value: Decimal) -> str:
    """A figure as text at two places, or at all of them where two would be 0: 0 is for a true zero alone."""
    return plain_text(round(value, 2) or value)


_SPACES = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
STARTS_FORMULA = f"^(?:[\t\r\n]|[{_SPACES}]*[{_SIGNS}])"
"""The start of a text that a spreadsheet would take for a formula: an operator (also full width), after any blanks."""
NUMBER = r"[+\-]?[0-9][0-9.,]*(?:[eE][+\-]?[0-9]+)?%?"
"""A text that is a number, and so not a formula even if it starts with a sign.

Both patterns work the same in Python, DuckDB (RE2) and JavaScript. Blanks are listed, because each has
its own `\\s`. Source: OWASP, CSV Injection.
"""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula."""
    return bool(re.match(STARTS_FORMULA, text)) and not re.fullmatch(NUMBER, text)


def escape_formula(value: Any) -> Any:
    """A value for a cell of a .csv or .xlsx file: text that a spreadsheet would take for a formula gets a `'` before it.

    Numbers are unchanged, also negative ones and those written as text. Every export that a spreadsheet opens passes its
    cells through this or `escape_formula_sql`.
    """
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def escape_formula_sql(column: str) -> str:
    """SQL for the values of a text column, each as `escape_formula` writes it."""
    risky = f"regexp_matches({column}, {literal(STARTS_FORMULA)}) and not regexp_full_match({column}, {literal(NUMBER)})"
    return f"case when {risky} then chr(39) || {column} else {column} end"


def json_text(value: Any) -> str:
    """A value as JSON. Decimals become numbers digit for digit: converting by way of a float would change some."""
    if isinstance(value, Decimal):
        return plain_text(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(json_text(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json_text(str(k))}: {json_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    is_plain_json = value is None or isinstance(value, bool | int | float | str)
    return json.dumps(value if is_plain_json else plain_text(value), ensure_ascii=False)
