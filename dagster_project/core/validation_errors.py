"""Checks files that a person writes (YAML, TOML) against a model, and puts pydantic's faults in plain words."""

import re
import typing
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, StringConstraints, ValidationError

from .similar_names import suggestion

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


def _refuse_booleans(value: object) -> object:
    """Pydantic takes `true` for 1 and `false` for 0: who writes `threshold = true` does not mean 1."""
    if isinstance(value, bool):
        raise ValueError(f"is a number, not {str(value).lower()}")
    return value


Whole = Annotated[int, BeforeValidator(_refuse_booleans)]
Number = Annotated[float, BeforeValidator(_refuse_booleans)]

_PLAIN = {
    "tuple_type": "is a list: write it in [ and ]", "list_type": "is a list: write it in [ and ]",
    "dict_type": "has no value of its own, but names below it, each with a value",
    "string_too_short": "is blank: write something",
    "string_pattern_mismatch": "is no name: write it in small letters and digits, with _ between words",
}  # fmt: skip
"""By pydantic's name for a fault, what it is called here."""


def written_as(pattern: str, words: str) -> AfterValidator:
    """A text that the whole `pattern` matches. `words`: how it is written, for whoever wrote another."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"{text!r} is not {words}")
        return text

    return AfterValidator(check)


def faults_of(error: ValidationError, model: type[BaseModel], whole: str = "") -> list[str]:
    """Each fault as `field.below: what is wrong`. `model`: the model of the file. `whole`: the name for faults of no single
    field.
    """
    return [f"{'.'.join(str(p) for p in e['loc']) or whole}: {_fault_text(e, model)}" for e in error.errors()]


def _fault_text(fault: Any, model: type[BaseModel]) -> str:
    if fault["type"] == "model_type":
        known = sorted({n for m in _models_at(model, list(fault["loc"])) for n in m.model_fields})
        return f"has no value of its own; what can be set below it is {', '.join(known)}"
    if fault["type"] in _PLAIN:
        return _PLAIN[fault["type"]]
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
