"""What one edition of the report asks of the warehouse: the shape of its YAML, checked when it is read."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from dagster_project.core.home import SEEDS, Home
from dagster_project.core.validation import faults_of
from dagster_project.core.yaml_io import read_yaml

from .tables import Cell, Name, Table, cells
from .windows import Window

FOLDER = Path(__file__).parent

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class NoEditionError(ValueError):
    """The published night has no such edition. The message names those it has."""


class EditionError(ValueError):
    """An edition that says something it can't mean. The message names the file and the field."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Part):
    """One figure: a measure of an area in a category, over a window of days. `from_day` left out: from the beginning.
    `published`: of what others publish, which period, 0 the newest."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    mart: Text
    measure: Text
    area_type: Text = "force"
    area_name: Text | None = None
    category: Text = "all"
    from_day: Annotated[date | None, Field(alias="from")] = None
    to_day: Annotated[date | None, Field(alias="to")] = None
    published: int | None = None


class Group(_Part):
    """A whole and what is held against it, each as what it says beside the statement's own `figure`."""

    whole: dict[str, Any] = {}
    parts: tuple[dict[str, Any], ...] = ()
    amount: float | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if bool(self.parts) == (self.amount is not None):
            raise ValueError("give parts, or an amount")
        return self


class Statement(_Part):
    """A sentence that can be tested. `form`: what is said of each group. `adds_up`: the parts make the whole; `rises`: the
    whole is more than its part; `most`: the part is more than half of the whole; `is`: the whole is the amount."""

    paragraph: Text
    says: Text
    form: Literal["adds_up", "rises", "most", "is"]
    figure: dict[str, Any] = {}
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for group in self.groups:
            if (self.form == "is") != (group.amount is not None):
                raise ValueError("an amount goes with form `is`, and parts with the others")
            if self.form in ("rises", "most") and len(group.parts) != 1:
                raise ValueError(f"form {self.form} holds one part against the whole")
            self.whole(group)
            self.parts(group)
        return self

    def whole(self, group: Group) -> Figure:
        """A group's whole."""
        return Figure.model_validate(self.figure | group.whole)

    def parts(self, group: Group) -> list[Figure]:
        """A group's parts."""
        return [Figure.model_validate(self.figure | group.whole | part) for part in group.parts]


class Known(_Part):
    """A claim that is known to disagree, and why it is printed all the same."""

    paragraph: Text
    measure: Text
    printed: Text
    because: Text


class Edition(_Part):
    """One edition. `data_to`: the last day of data that it looks at. `claims`: the file with the figures as
    printed, beside the edition or in seeds/; `claims_path`: where it was found."""

    edition: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]
    title: Text
    force_code: Text
    data_to: date
    windows: dict[Name, Window] = {}
    tables: tuple[Table, ...] = ()
    claims: Text | None = None
    claims_path: Annotated[Path | None, Field(exclude=True)] = None
    statements: tuple[Statement, ...] = ()
    known: tuple[Known, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [t.table for t in self.tables]
        if len(set(names)) != len(names):
            raise ValueError("tables: one name is there twice")
        for table in self.tables:
            self.cells(table)
        return self

    def cells(self, table: Table) -> list[Cell]:
        """A table's cells, row by row."""
        return cells(table, self.windows, self.data_to)


def read_edition(path: Path) -> Edition:
    """Read one YAML. Raises EditionError with the file's name and the field."""
    try:
        body = read_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EditionError(f"{path.name}: not readable as YAML: {error}") from error
    if not isinstance(body, dict):
        raise EditionError(f"{path.name}: not a mapping of fields")
    try:
        edition = Edition.model_validate(body)
    except ValidationError as error:
        raise EditionError(f"{path.name}: {'; '.join(faults_of(error, Edition, 'edition'))}") from error
    if edition.edition != path.stem:
        raise EditionError(f"{path.name}: edition: says {edition.edition}, the file is {path.name}")
    found = _claims(path, edition.claims) if edition.claims else None
    if found and not found.exists():
        raise EditionError(f"{path.name}: claims: there is no {edition.claims} beside it or in seeds/")
    return edition.model_copy(update={"claims_path": found})


def _claims(path: Path, name: str) -> Path:
    """A file beside the edition, else one of seeds/; a name, never a path elsewhere."""
    if Path(name).name != name:
        raise EditionError(f"{path.name}: claims: {name} is not the name of a file beside it or in seeds/")
    beside = path.with_name(name)
    return beside if beside.exists() else SEEDS / name


def load_editions(home: Home) -> dict[str, Edition]:
    """All editions, the oldest first; the home's own stand for those of the project with the same name.

    Raises EditionError for the first bad one.
    """
    paths = {p.stem: p for folder in (FOLDER, home.editions) for p in sorted(folder.glob("*.yml"))}
    return {name: read_edition(paths[name]) if paths[name].parent != FOLDER else _own_edition(name) for name in sorted(paths)}


@cache
def _own_edition(name: str) -> Edition:
    """An edition of the project: it does not change while a process runs, and reading it takes longer than asking it."""
    return read_edition(FOLDER / f"{name}.yml")
