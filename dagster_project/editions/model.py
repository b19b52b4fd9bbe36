"""The model of an edition's YAML. Reading a file checks it."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, StringConstraints, ValidationError, model_validator

from dagster_project.core.errors import PamError
from dagster_project.core.home import SEEDS, Home
from dagster_project.core.validation_errors import Name, Number, Text, Whole
from dagster_project.core.yaml_io import read_yaml

from .tables import CellSpec, TableSpec, cells
from .windows import Window
from .yaml_faults import Places, describe_faults, describe_unreadable

FOLDER = Path(__file__).parent


class NoEditionError(PamError, ValueError):
    """The published night has no such edition. The message lists those it has."""


class EditionError(PamError, ValueError):
    """An edition with a mistake. The message names the file and the field."""


class EditionFigure(BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    """One figure: a measure for an area and a category, over a window of days. Without `from_day`: from the beginning.
    `published`: for figures that others publish, which period, 0 the newest. `shows`: which number of it a statement uses."""

    mart: Text
    measure: Text
    area_type: Text = "force"
    area_name: Text | None = None
    category: Text = "all"
    from_day: Annotated[date | None, Field(alias="from")] = None
    to_day: Annotated[date | None, Field(alias="to")] = None
    published: Whole | None = None
    shows: Literal["value", "volume_change", "pct_change", "lower_limit"] = "value"


class Group(BaseModel, extra="forbid", frozen=True):
    """A whole and the parts to compare it with, each with the fields that differ from the statement's `figure`. `within`: how
    far apart they may be, for forms that allow it."""

    whole: dict[str, Any] = {}
    parts: tuple[dict[str, Any], ...] = ()
    amount: Number | None = None
    within: Annotated[Number, Field(ge=0)] = 0


Form = Literal["adds_up", "rises", "most", "largest", "near", "is", "is_partial"]


class Statement(BaseModel, extra="forbid", frozen=True):
    """A statement of the report in our own words (`says`), and how to test it. `form`: what is true of each group. `adds_up`:
    the parts add up to the whole; `rises`: the whole is more than its part; `most`: the part is more than half of the whole;
    `largest`: the whole is more than each part; `near`: the whole is `within` of its part; `is`: the whole is the amount;
    `is_partial`: only some of the whole's days are covered."""

    paragraph: Text
    says: Text
    form: Form
    figure: dict[str, Any] = {}
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for group in self.groups:
            if (self.form == "is") != (group.amount is not None):
                raise ValueError("form `is` needs an amount, and no other form has one")
            if (self.form in ("is", "is_partial")) == bool(group.parts):
                raise ValueError("every form except `is` and `is_partial` needs parts")
            if self.form in ("rises", "most", "near") and len(group.parts) != 1:
                raise ValueError(f"form {self.form} compares the whole with exactly one part")
            if group.within and self.form not in ("adds_up", "near"):
                raise ValueError(f"form {self.form} has no `within`")
            self.whole(group)
            self.parts(group)
        return self

    def whole(self, group: Group) -> EditionFigure:
        return EditionFigure.model_validate(self.figure | group.whole)

    def parts(self, group: Group) -> list[EditionFigure]:
        return [EditionFigure.model_validate(self.figure | group.whole | part) for part in group.parts]


class Known(BaseModel, extra="forbid", frozen=True):
    """A claim that is known to disagree, and why it is still printed. `printed`: for a statement, what it says."""

    paragraph: Text
    measure: Text
    printed: Text
    because: Text


class Edition(BaseModel, extra="forbid", frozen=True):
    """One edition. `data_to`: its last day of data. `claims`: the file of printed figures, in the same folder or in seeds/, and
    `claims_path`, where it was found. `says`, `says_path`: the same for the file of statements. `statements`: how they are
    tested."""

    edition: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]
    title: Text
    force_code: Text
    data_to: date
    windows: dict[Name, Window] = {}
    tables: tuple[TableSpec, ...] = ()
    claims: Text | None = None
    claims_path: Annotated[Path | None, Field(exclude=True)] = None
    says: Text | None = None
    says_path: Annotated[Path | None, Field(exclude=True)] = None
    statements: tuple[Statement, ...] = ()
    known: tuple[Known, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [t.table for t in self.tables]
        if len(set(names)) != len(names):
            repeated = next(n for n in names if names.count(n) > 1)
            raise ValueError(f"{repeated}: a table of this name appears twice")
        for table in self.tables:
            self.cells(table)
        return self

    def cells(self, table: TableSpec) -> list[CellSpec]:
        return cells(table, self.windows, self.data_to)


def read_edition(path: Path) -> Edition:
    """Read one YAML file. Raises EditionError with the file's name, the field and the line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EditionError(f"{path.name}: can't be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
        body = read_yaml(text)
    # An impossible date is a ValueError, and so is a number with thousands of digits.
    except (yaml.YAMLError, ValueError) as error:
        raise EditionError(f"{path.name}: {describe_unreadable(data, error)}") from error
    if not isinstance(body, dict):
        raise EditionError(f"{path.name}: line 1: has no fields, such as edition and tables; pam edition new writes one")
    try:
        edition = Edition.model_validate(body)
    except ValidationError as error:
        raise EditionError(f"{path.name}: {'; '.join(describe_faults(error, text, Edition))}") from error
    except OverflowError as error:
        raise EditionError(f"{path.name}: a number is too large: {error}") from error
    if fault := Places(text).unprintable():
        raise EditionError(f"{path.name}: {fault}")
    if edition.edition != path.stem:
        line = Places(text).at(("edition",))
        raise EditionError(f"{path.name}: line {line}: edition: says {edition.edition}, the file is {path.name}")
    files = {f"{field}_path": _file(path, field, getattr(edition, field)) for field in ("claims", "says")}
    return edition.model_copy(update=files)


def _file(path: Path, field: str, name: str | None) -> Path | None:
    """The file with this name in the edition's folder, else in seeds/. Raises EditionError for a path, and for no file."""
    if name is None:
        return None
    if Path(name).name != name:
        raise EditionError(f"{path.name}: {field}: {name} is not the name of a file in the same folder or in seeds/")
    file = next((p for p in (path.with_name(name), SEEDS / name) if p.exists()), None)
    if file is None:
        raise EditionError(f"{path.name}: {field}: there is no {name} in the same folder or in seeds/")
    return file


def edition_paths(home: Home) -> dict[str, Path]:
    """The file of each edition by its name, sound or not: the project's, and the home's, which replace those of one name."""
    return {p.stem: p for folder in (FOLDER, home.editions) for p in sorted(folder.glob("*.yml"))}


@cache
def project_edition(name: str) -> Edition:
    """An edition of the project. Cached, as it does not change while a process runs."""
    return read_edition(FOLDER / f"{name}.yml")
