"""Checks files that a person writes (YAML, TOML) against a model, and puts pydantic's faults in plain words."""

import typing
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints, ValidationError

from .similar_names import suggestion

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


def faults_of(error: ValidationError, model: type[BaseModel], whole: str = "") -> list[str]:
    """Each fault as `field.below: what is wrong`. `model`: the model of the file. `whole`: the name for faults of no single
    field.
    """
    return [f"{'.'.join(str(p) for p in e['loc']) or whole}: {_fault_text(e, model)}" for e in error.errors()]


def _fault_text(fault: Any, model: type[BaseModel]) -> str:
    if fault["type"] != "extra_forbidden":
        return str(fault["msg"]).removeprefix("Value error, ")
    *above, name = fault["loc"]
    known = sorted({n for m in _models_at(model, above) for n in m.model_fields})
    if likely := suggestion(str(name), known):
        return f"not known here{likely}"
    return f"not known here; what can be set is {', '.join(known)}" if known else "not known here"


def _models_at(model: type[BaseModel], path: list[Any]) -> list[type[BaseModel]]:
    """The models that a value at `path` may have. List positions, keys and union tags are skipped."""
    models = [model]
    for step in path:
        below = [inner for m in models if step in m.model_fields for inner in _models_in(m.model_fields[step].annotation)]
        models = below or models
    return models


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in(part)
