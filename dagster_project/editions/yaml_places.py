"""Finds the line of a field in a YAML file, so that a message can name it."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml


class Places:
    """The lines of a YAML document's fields. Every method returns None if the document can't be read."""

    def __init__(self, text: str) -> None:
        try:
            self._root: yaml.Node | None = yaml.compose(text, yaml.SafeLoader)
        except yaml.YAMLError:
            self._root = None

    def at(self, path: Iterable[str | int]) -> int | None:
        """The line of a field, as pydantic names it (`("tables", 0, "rows")`), or of its nearest parent that exists."""
        node, line = self._root, None
        for step in path:
            child = _below(node, step) if node is not None else None
            if child is None:
                break
            key, node = child
            line = key.start_mark.line + 1
        return line

    def of_value(self, field: str, value: str) -> int | None:
        """The first line on which a field has a value."""
        return next((k.start_mark.line + 1 for k, v in _pairs(self._root) if (k.value, v.value) == (field, value)), None)

    def of_table(self, message: str) -> int | None:
        """The line of the table that a message begins with: `offences: row 1, ...`."""
        return self.of_value("table", message.partition(":")[0])


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == step), None)
    return None


def _pairs(node: Any, seen: set[int] | None = None) -> Iterator[tuple[Any, Any]]:
    """Every key and value of the document, in order. A part that aliases repeat is given once."""
    seen = set() if seen is None else seen
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key, value
            yield from _pairs(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _pairs(value, seen)
