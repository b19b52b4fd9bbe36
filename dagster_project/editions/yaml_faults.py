"""Explains what is wrong with an edition's YAML, in plain words and with the line."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from dagster_project.core.printable import NOT_PRINTABLE, is_printable
from dagster_project.core.similar_names import suggestion
from dagster_project.core.validation_errors import faults_of
from dagster_project.core.yaml_io import RepeatedKeyError, compose_yaml, mappings

_KINDS = {
    "missing": "is missing",
    "string_type": "is not text: write some, in quotes if it is a number",
    "int_type": "is not a whole number", "int_parsing": "is not a whole number", "int_from_float": "is not a whole number",
    "bool_type": "must be true or false", "bool_parsing": "must be true or false",
    "tuple_type": "is not a list: begin each item with a dash",
    "dict_type": "must have fields of its own", "model_type": "must have fields of its own",
    "too_short": "is empty: write at least one", "string_too_short": "is empty: write something",
}  # fmt: skip
"""Pydantic's types of fault, in plain words."""
_DATE = re.compile(r"(?<![\d\w-])\d{4}-\d\d-\d\d(?![\d\w-])")


def describe_unreadable(data: bytes, error: Exception) -> str:
    """Why a file can't be read as YAML, with the line."""
    if isinstance(error, UnicodeDecodeError):
        line = data[: error.start].count(b"\n") + 1
        return f"line {line}: is not UTF-8 text (byte {error.start:,}): save it as UTF-8"
    if isinstance(error, RepeatedKeyError):
        return str(error)
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: can't be read as YAML: {error.problem}"
    text = data.decode("utf-8", "replace")
    if isinstance(error, yaml.reader.ReaderError):
        return f"line {text[: error.position].count(chr(10)) + 1}: can't be read as YAML: it has an unprintable character"
    for number, row in enumerate(text.split("\n"), start=1):
        for day in _DATE.findall(row):
            with contextlib.suppress(ValueError):
                date.fromisoformat(day)
                continue
            return f"line {number}: {day} is not a real date"
    return f"can't be read as YAML: {error}"


def describe_faults(error: ValidationError, text: str, model: type[BaseModel]) -> Iterator[str]:
    """Each fault of an edition, with its line where that is known."""
    places = Places(text)
    faults = error.errors()
    for fault, plain in zip(faults, faults_of(error, model, "edition"), strict=True):
        # Pydantic also calls a list too short if all its entries are wrong.
        if fault["type"] == "too_short" and fault["input"]:
            continue
        # A window is either a name or a mapping. Pydantic reports both readings: leave out the one that does not apply.
        if "constrained-str" in fault["loc"] and not isinstance(fault["input"], str) and isinstance(fault["input"], dict):
            continue
        # A message on a table begins with its name: `offences: row 1, ...`.
        table = fault["msg"].removeprefix("Value error, ").partition(":")[0]
        line = places.at(fault["loc"]) or places.of_value("table", table)
        where = [str(p) for p in fault["loc"] if not str(p).startswith(("function-after", "constrained-str"))]
        message = f"{'.'.join(where) or 'edition'}: {_in_plain_words(fault) or plain.partition(': ')[2]}"
        yield f"{message} (line {line})" if line else message


def _in_plain_words(fault: Any) -> str:
    kind: str = fault["type"]
    value: object = fault["input"]
    written = f"{value!r} " if isinstance(value, str | int | float) else ""
    if kind == "literal_error":
        known: list[str] = re.findall(r"'([^']*)'", str(fault["ctx"]["expected"]))
        return f"{written}is none of {', '.join(known)}{suggestion(str(value), known)}"
    if kind == "string_pattern_mismatch" and fault["loc"] == ("edition",):
        return f"{written}is no month such as 2026-03"
    if kind.startswith("date"):
        return f"{written}is not a date: write it as 2026-03-31"
    if kind in ("less_than_equal", "greater_than_equal"):
        return f"{written}is {'more' if kind[0] == 'l' else 'less'} than {fault['ctx'].get('le', fault['ctx'].get('ge'))}"
    return f"{written if kind not in ('missing', 'too_short') else ''}{_KINDS[kind]}" if kind in _KINDS else ""


class Places:
    """The lines of the fields of a YAML document that can be read."""

    def __init__(self, text: str) -> None:
        root = compose_yaml(text)
        assert root is not None, "it has fields"
        self._root = root

    def at(self, path: Iterable[str | int]) -> int | None:
        """The line of a field, as pydantic names it (`("tables", 0, "rows")`), or of its nearest parent that exists."""
        node, line = self._root, None
        for step in path:
            child = _below(node, step)
            if child is None:
                break
            key, node = child
            line = key.start_mark.line + 1
        return line

    def of_value(self, field: str, value: str) -> int | None:
        """The first line on which a field has a value."""
        lines = [k.start_mark.line + 1 for k, v in self._pairs() if (k.value, v.value) == (field, value)]
        return min(lines, default=None)

    def unprintable(self) -> str | None:
        """What is wrong with the first text that can't be printed, as YAML can write `\\x1b`."""
        for key, value in self._pairs():
            for node in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(node, yaml.ScalarNode) and not is_printable(node.value):
                    return f"line {node.start_mark.line + 1}: {key.value}: {NOT_PRINTABLE}: write it without"
        return None

    def _pairs(self) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """Every key and value of the document. A part that aliases repeat is given once."""
        for mapping in mappings(self._root):
            yield from mapping.value


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == step), None)
    return None
