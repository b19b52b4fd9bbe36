"""Checks files that a person writes (YAML, TOML) against a model, and puts pydantic's faults in plain words."""

import difflib
import typing
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints, ValidationError

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


def faults_of(error: ValidationError, model: type[BaseModel], whole: str = "") -> list[str]:
    """Each fault as `field.below: what is wrong`; `whole` is what a fault of no one field is said of. `model`: what the file
    was held against.
    """
    return [f"{'.'.join(str(p) for p in e['loc']) or whole}: {_said(e, model)}" for e in error.errors()]


def _said(fault: Any, model: type[BaseModel]) -> str:
    if fault["type"] != "extra_forbidden":
        return str(fault["msg"]).removeprefix("Value error, ")
    *above, name = fault["loc"]
    known = sorted({n for m in _models_at(model, above) for n in m.model_fields})
    meant = difflib.get_close_matches(str(name), known, n=1)
    if meant:
        return f"not known here; is {meant[0]} meant?"
    return f"not known here; what can be set is {', '.join(known)}" if known else "not known here"


def _models_at(model: type[BaseModel], path: list[Any]) -> list[type[BaseModel]]:
    """The models that a value at `path` may be of. A place in a list, a key and a kind of a union lead no deeper."""
    found = [model]
    for step in path:
        below = [inner for m in found if step in m.model_fields for inner in _inner(m.model_fields[step].annotation)]
        found = below or found
    return found


def _inner(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _inner(part)
