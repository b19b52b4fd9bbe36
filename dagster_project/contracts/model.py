"""The shape of a contract's YAML, checked when it is read."""

import re
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, Field, StringConstraints, ValidationError, model_validator

from dagster_project.core.errors import PamError
from dagster_project.core.home import CONTRACTS
from dagster_project.core.validation_errors import Name, Text, faults_of
from dagster_project.core.yaml_io import read_yaml

ColumnType = Literal["text", "date", "timestamp", "month", "money", "whole", "number", "choice", "list", "unit"]
Kind = Literal["events", "list", "indicators", "monthly_file"]

GRACE_DAYS = {"nightly": 3, "monthly": 45, "yearly": 400}
"""Days that an extract's newest covered day may be behind: for a weekend, a month's close, a publication date."""

DATE_TYPES = frozenset({"date", "timestamp", "month"})
NUMBER_TYPES = frozenset({"money", "number", "whole"})
OF_STAGING = frozenset({"force_code", "load_id", "line", "unit_code"})
"""Columns that `dbt/macros/stage.sql` gives every staging model."""


class ContractError(PamError, ValueError):
    """A contract's YAML with a mistake. The message names the file and the field."""


def plain_header(header: str) -> str:
    """A header in the form used for comparison: without case, byte order marks, blanks, `_` and `-`."""
    return re.sub(r"[\s_\-\ufeff]+", "", header).casefold()


class Column(BaseModel, extra="forbid", frozen=True):
    """One column of a contract.

    `required`: the header must be there. `key`: part of what identifies a row. `places_row`: the date that puts the row in the
    covered window. `identifier`: hashed before anything is stored. `values`: the allowed values of a choice, as the marts show
    them. `aliases`: other headers.

    Only `pam map` uses the rest, for drafts that a person checks; a header that lands without a mapping must be unmistakable in
    every file. `synonyms`: what systems call the column. `not_synonyms`: similar headers that mean something else.
    `value_synonyms`: a value, and a word that can mean nothing else.
    """

    name: Name
    description: Text
    type: ColumnType = "text"
    key: bool = False
    required: bool = False
    identifier: bool = False
    places_row: bool = False
    values: tuple[Text, ...] = ()
    aliases: tuple[Text, ...] = ()
    synonyms: tuple[Text, ...] = ()
    not_synonyms: tuple[Text, ...] = ()
    value_synonyms: tuple[tuple[Text, Text], ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.type == "choice") != bool(self.values):
            raise ValueError(f"column {self.name}: `values` goes with type choice, and a choice needs them")
        if len({v.casefold() for v in self.values}) != len(self.values):
            raise ValueError(f"column {self.name}: `values` has one value twice")
        if {value for value, _ in self.value_synonyms} - set(self.values):
            raise ValueError(f"column {self.name}: `value_synonyms` has words for a value that is not in `values`")
        if self.identifier and self.type != "text":
            raise ValueError(f"column {self.name}: an identifier is text")
        if self.key and not self.required:
            raise ValueError(f"column {self.name}: a key column is required")
        if self.places_row and self.type not in DATE_TYPES:
            raise ValueError(f"column {self.name}: places_row needs a date, timestamp or month")
        if self.places_row and not self.required:
            raise ValueError(f"column {self.name}: the date that places a row is required")
        return self

    @property
    def headers(self) -> frozenset[str]:
        """Every header that means this column, as `plain_header` writes them."""
        return frozenset(plain_header(h) for h in (self.name, *self.aliases))


class PoliceUk(BaseModel, extra="forbid", frozen=True):
    """How data.police.uk publishes this extract.

    `columns`: published header -> contract column. `absent`: contract columns that it never publishes, whose rules do not
    apply. `times_are_utc`: a time without an offset is UTC there, not London time.
    """

    suffix: Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$")]
    columns: dict[Text, Name]
    absent: tuple[Name, ...] = ()
    times_are_utc: bool = False


class Contradiction(BaseModel, extra="forbid", frozen=True):
    """Columns that contradict each other. Rows that do so land, and are noted.

    `rows`: SQL that is true of such a row as it is stored: all columns are canonical text. `means`: what the note says.
    `needs`: columns of which a file must have one; a file with none of them says nothing about them.
    """

    rows: Text
    means: Text
    needs: tuple[Name, ...] = ()


class Contract(BaseModel, extra="forbid", frozen=True):
    """One extract: what a row is, its columns, and what follows from them."""

    extract: Name
    title: Text
    description: Text
    kind: Kind
    rhythm: Literal["nightly", "monthly", "yearly"]
    report: tuple[str, ...] = ()
    grain: Text
    doubled_group: Text | None = None
    empty_is_suspect: bool = False
    keep_years: Annotated[int, Field(ge=1)] | None = None
    """Years after its last covered day for which a file's rows are kept; None: no limit."""
    looks_back: bool = False
    """Whether a row's figures depend on rows of other months: then no row is erased while figures use any of them."""
    police_uk: PoliceUk | None = None
    known_as: tuple[Text, ...] = ()
    """Words in a file's name, sheet or title that suggest this extract when a mapping is drafted."""
    told_together: tuple[Name, ...] = ()
    """Columns that a system may give by one code: a drafted mapping then gives them the same header."""
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    contradictions: tuple[Contradiction, ...] = ()
    expects: dict[Name, Text] = {}
    """Column -> a value that its measures count: a file of many rows without it is noted."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("columns: one name appears twice")
        headers = [h for c in self.columns for h in c.headers]
        if len(set(headers)) != len(headers):
            raise ValueError("columns: one header would mean two columns")
        placing = [c.name for c in self.columns if c.places_row]
        if len(placing) != (0 if self.kind == "indicators" else 1):
            raise ValueError("columns: exactly one column has places_row (none for kind indicators)")
        if self.kind in ("events", "list") and not self.key:
            raise ValueError(f"columns: kind {self.kind} needs a key")
        if self.kind in ("indicators", "monthly_file") and self.key:
            raise ValueError(f"columns: kind {self.kind} has no key")
        if [c.name for c in self.columns if c.type == "unit"] not in ([], ["lpu"]):
            raise ValueError("columns: one unit at most, and it is called lpu")
        if taken := sorted(OF_STAGING & {*names}):
            raise ValueError(f"columns: {', '.join(taken)}: every staging model has its own column so called: choose another")
        for column, value in self.expects.items():
            if column in names and (allowed := self.column(column).values) and value not in allowed:
                raise ValueError(f"expects: {column}: {value} is none of {', '.join(allowed)}")
        if self.doubled_group and self.by_header(self.doubled_group) is None:
            raise ValueError("doubled_group: names no column")
        by_field = {"told_together": self.told_together, "contradictions": [n for c in self.contradictions for n in c.needs]}
        by_field["expects"] = list(self.expects)
        if self.police_uk:
            by_field["police_uk"] = [*self.police_uk.columns.values(), *self.police_uk.absent]
        for field, columns in by_field.items():
            if unknown := sorted(set(columns) - set(names)):
                raise ValueError(f"{field}: no such column: {', '.join(unknown)}")
        if self.police_uk:
            if set(self.police_uk.columns.values()) & set(self.police_uk.absent):
                raise ValueError("police_uk: a column is both given and absent")
            if placing and placing[0] not in self.police_uk.columns.values():
                raise ValueError("police_uk: columns misses the date that places a row")
        return self

    @cached_property
    def key(self) -> list[str]:
        """The key's columns; empty where rows are identified by file and line."""
        return [c.name for c in self.columns if c.key]

    @cached_property
    def never_optional(self) -> set[str]:
        """The columns that no mapping may let files lack. Of rows without a key, published as they are, no figure can do
        without any of the required ones."""
        return {c.name for c in self.columns if c.key or c.places_row or (c.required and not self.key)}

    @cached_property
    def date_column(self) -> str | None:
        """The column whose date places a row in the covered window; None for public health."""
        return next((c.name for c in self.columns if c.places_row), None)

    @property
    def grace_days(self) -> int:
        """Days that its newest covered day may be behind before it is late."""
        return GRACE_DAYS[self.rhythm]

    @property
    def has_units(self) -> bool:
        """Whether rows name a local policing unit, so that there are figures by section and unit."""
        return any(c.type == "unit" for c in self.columns)

    @property
    def identifiers(self) -> list[str]:
        """Columns that are stored as keyed hashes only."""
        return [c.name for c in self.columns if c.identifier]

    def column(self, name: str) -> Column:
        """The column `name`. Raises KeyError."""
        return {c.name: c for c in self.columns}[name]

    def by_name(self, text: str) -> Column | None:
        """The column whose name a text is, compared as headers are, or None."""
        return next((c for c in self.columns if plain_header(c.name) == plain_header(text)), None)

    def by_header(self, header: str) -> Column | None:
        """The column that a header of a canonical file means, or None."""
        plain = plain_header(header)
        return next((c for c in self.columns if plain in c.headers), None)


def read_contract(path: Path) -> Contract:
    """Read one YAML. Raises ContractError with the file's name and the field."""
    try:
        body = read_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ContractError(f"{path.name}: not readable as YAML: {error}") from error
    try:
        contract = Contract.model_validate(body)
    except ValidationError as error:
        raise ContractError(f"{path.name}: {'; '.join(faults_of(error, Contract, 'contract'))}") from error
    if contract.extract != path.stem:
        raise ContractError(f"{path.name}: extract: says {contract.extract}, the file is {path.name}")
    return contract


@cache
def load_contracts(folder: Path = CONTRACTS) -> dict[str, Contract]:
    """All contracts of a folder by extract, sorted by name. Raises ContractError for the first bad one."""
    return {path.stem: read_contract(path) for path in sorted(folder.glob("*.yml"))}
