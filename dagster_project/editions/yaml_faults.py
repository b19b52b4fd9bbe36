"""What is wrong with an edition's YAML, in plain words and with its line."""

import contextlib
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from dagster_project.core.similar_names import meant
from dagster_project.core.validation import faults_of

from .yaml_places import Places

_KINDS = {
    "missing": "is missing",
    "string_type": "is no text: write one, in quotes if it is a number",
    "int_type": "is no whole number", "int_parsing": "is no whole number", "int_from_float": "is no whole number",
    "bool_type": "is neither true nor false", "bool_parsing": "is neither true nor false",
    "tuple_type": "is no list: begin each item with a dash",
    "dict_type": "has no fields of its own", "model_type": "has no fields of its own",
    "too_short": "is empty: write one or more", "string_too_short": "is empty: write something",
}  # fmt: skip
"""What pydantic calls a fault, and what it is."""
_DATE = re.compile(r"(?<![\d\w-])\d{4}-\d\d-\d\d(?![\d\w-])")


def unreadable(data: bytes, error: Exception) -> str:
    """Why bytes are no YAML, and from which line on."""
    if isinstance(error, UnicodeDecodeError):
        line = data[: error.start].count(b"\n") + 1
        return f"line {line}: is no UTF-8 text (byte {error.start:,}): save it as UTF-8"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: can't be read as YAML: {error.problem}"
    text = data.decode("utf-8", "replace")
    if isinstance(error, yaml.reader.ReaderError):
        return f"line {text[: error.position].count(chr(10)) + 1}: can't be read as YAML: it holds a character that no text has"
    for number, row in enumerate(text.split("\n"), start=1):
        for day in _DATE.findall(row):
            with contextlib.suppress(ValueError):
                date.fromisoformat(day)
                continue
            return f"line {number}: {day} is no day of the calendar"
    return f"can't be read as YAML: {error}"


def repeated_field(text: str) -> str:
    """The first field that stands twice in one place, of which YAML would take the last; empty where there is none."""
    found = Places(text).repeated()
    return f"line {found[1]}: {found[0]} is there twice: delete one" if found else ""


def invalid(error: ValidationError, text: str, model: type[BaseModel]) -> Iterator[str]:
    """Each fault of an edition, with the line that it stands on as far as it can be told."""
    places = Places(text)
    for fault, said in zip(error.errors(), faults_of(error, model, "edition"), strict=True):
        # A window is a name or what it says: only the second can be wrong in part.
        if "constrained-str" in fault["loc"] and not isinstance(fault["input"], str) and isinstance(fault["input"], dict):
            continue
        line = places.at(fault["loc"]) or places.of_table(str(fault["msg"]).removeprefix("Value error, "))
        where = [str(p) for p in fault["loc"] if not str(p).startswith(("function-after", "constrained-str"))]
        told = f"{'.'.join(where) or 'edition'}: {_told(fault) or said.partition(': ')[2]}"
        yield f"{told} (line {line})" if line else told


def _told(fault: Any) -> str:
    kind: str = fault["type"]
    given: object = fault["input"]
    written = f"{given!r} " if isinstance(given, str | int | float) else ""
    if kind == "literal_error":
        known: list[str] = re.findall(r"'([^']*)'", str(fault["ctx"]["expected"]))
        return f"{written}is none of {', '.join(known)}{meant(str(given), known)}"
    if kind.startswith("date"):
        return f"{written}is no date: write it as 2026-03-31"
    if kind in ("less_than_equal", "greater_than_equal"):
        return f"{written}is {'more' if kind[0] == 'l' else 'less'} than {fault['ctx'].get('le', fault['ctx'].get('ge'))}"
    return f"{written if kind not in ('missing', 'too_short') else ''}{_KINDS[kind]}" if kind in _KINDS else ""
