"""Reads YAML as plain data, with the C library if PyYAML has it: ten times as fast. A key may appear only once."""

from collections.abc import Iterator
from typing import Any

import yaml

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class RepeatedKeyError(yaml.YAMLError):
    """A key appears twice in one mapping. PyYAML would silently take the last one."""

    def __init__(self, key: yaml.ScalarNode) -> None:
        super().__init__(f"line {key.start_mark.line + 1}: {key.value} appears twice: delete one")


class UniqueKeys:
    """Makes a loader of PyYAML raise RepeatedKeyError. Keys that a merge (`<<`) adds may be repeated."""

    def construct_document(self, node: yaml.Node) -> Any:
        """A document's data."""
        for mapping in mappings(node):
            seen: set[tuple[str, str]] = set()
            for key in (k for k, _ in mapping.value if isinstance(k, yaml.ScalarNode)):
                if (key.tag, key.value) in seen:
                    raise RepeatedKeyError(key)
                seen.add((key.tag, key.value))
        return super().construct_document(node)  # pyrefly: ignore[missing-attribute]  # of the loader that this is mixed into


class _Loader(UniqueKeys, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    pass


def read_yaml(text: str) -> Any:
    """A document's data. Raises yaml.YAMLError, and RepeatedKeyError with the line."""
    return yaml.load(text, _Loader)  # noqa: S506  (a SafeLoader)


def compose_yaml(text: str) -> yaml.Node | None:
    """A document's nodes, which know their lines; None for an empty one. Raises yaml.YAMLError."""
    root: yaml.Node | None = yaml.compose(text, _Loader)
    return root


def mappings(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Every mapping of a document, in order; one that aliases repeat once."""
    stack, seen = [root], set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            stack += [v for _, v in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            stack += reversed(node.value)


def write_yaml(data: Any) -> str:
    """Data as a YAML document, in the same order."""
    return yaml.dump(data, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=120)
