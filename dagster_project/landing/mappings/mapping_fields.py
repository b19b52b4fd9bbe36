"""The structured fields of a mapping: columns made of several headers, `files` and `table`."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from dagster_project.core.validation_errors import Name

from .file_name_patterns import Covers, Pattern, read_pattern

Header = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def as_items(value: object) -> object:
    """One text as a list of one."""
    return [value] if isinstance(value, str) else value


Headers = Annotated[tuple[Header, ...], Field(min_length=1), BeforeValidator(as_items)]


class Join(BaseModel, extra="forbid", frozen=True):
    """A column made of several headers' cells, without blank ones. `between`: the text between two parts."""

    join: Headers
    between: str = Field(" ", alias="with")


class ListOf(BaseModel, extra="forbid", frozen=True):
    """A list column whose items are each under their own header; blank ones are left out."""

    list: Headers


Source = Headers | Join | ListOf
"""Where a column's text comes from: one header or alternatives, or parts."""


def parts_of(source: Source | None) -> tuple[str, ...]:
    """The headers whose cells together make a column; empty where the column has a single header."""
    if isinstance(source, Join):
        return source.join
    return source.list if isinstance(source, ListOf) else ()


def headers_of(source: Source) -> tuple[str, ...]:
    return parts_of(source) or (source if isinstance(source, tuple) else ())


def _read_source(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError as error:
        # The faults of three ways to write it would say less.
        raise ValueError('say a header, several, {join: [A, B], with: " "} or {list: [A, B]}, none of them blank') from error


HeadersField = Annotated[Source, WrapValidator(_read_source)]


class Files(BaseModel, extra="forbid", frozen=True):
    """File names that a mapping reads: `name`, a pattern, and `covers` where the pattern has no window."""

    name: Header
    covers: Covers | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_one_window(self) -> "Files":
        has_window = self.pattern.has_window
        if has_window and self.covers:
            raise ValueError(f"'{self.name}' says its window: leave covers out")
        if not has_window and not self.covers:
            raise ValueError(
                f"'{self.name}' says no window: put {{from:...}} and {{to:...}}, {{month:...}}, {{year:...}} or"
                " {financial_year:...} in it, or say covers: months, or covers: days"
            )
        return self

    @property
    def pattern(self) -> Pattern:
        return read_pattern(self.name)


class TablePlace(BaseModel, extra="forbid", frozen=True):
    """Where the table is in the file. `sheet`: a name or a number from 1; None for the first. `header_row`: from 1; None finds
    it among the first rows. `ignore`: contract column, or any other header -> globs of rows that are not records.
    `row_for_each`: the list column for each item of which a record has a row."""

    sheet: Header | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    ignore: dict[Header, Annotated[tuple[Header, ...], BeforeValidator(as_items)]] = {}
    row_for_each: Name | None = None


def split_codes(codes: Iterable[str]) -> tuple[list[str], list[str]]:
    """Whole codes, and the prefixes of codes that end in `*`, the longest first, since it is the most specific."""
    codes = list(codes)
    prefixes = sorted((c[:-1] for c in codes if c.endswith("*")), key=lambda c: (-len(c), c))
    return [c for c in codes if not c.endswith("*")], prefixes
