"""The shape of an edition's YAML, checked when it is read."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from dagster_project.core.errors import PamError
from dagster_project.core.home import SEEDS, Home
from dagster_project.core.printable import NOT_PRINTABLE, is_printable
from dagster_project.core.validation import Name, Text
from dagster_project.core.yaml_io import read_yaml

from .tables import AskedCell, AskedTable, cells
from .windows import Window
from .yaml_faults import invalid, repeated_field, unreadable
from .yaml_places import Places

FOLDER = Path(__file__).parent



class NoEditionError(PamError, ValueError):
    """The published night has no such edition. The message names those it has."""


class EditionError(PamError, ValueError):
    """An edition that says something it can't mean. The message names the file and the field."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EditionFigure(_Part):
    """One figure: a measure of an area in a category, over a window of days. `from_day` left out: from the beginning.
    `published`: of what others publish, which period, 0 the newest. `shows`: which number of it a statement is about."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    mart: Text
    measure: Text
    area_type: Text = "force"
    area_name: Text | None = None
    category: Text = "all"
    from_day: Annotated[date | None, Field(alias="from")] = None
    to_day: Annotated[date | None, Field(alias="to")] = None
    published: int | None = None
    shows: Literal["value", "volume_change", "pct_change", "lower_limit"] = "value"


class Group(_Part):
    """A whole and what is held against it, each as what it says beside the statement's own `figure`. `within`: how far
    apart the two may lie, where the form allows a distance."""

    whole: dict[str, Any] = {}
    parts: tuple[dict[str, Any], ...] = ()
    amount: float | None = None
    within: Annotated[float, Field(ge=0)] = 0


Form = Literal["adds_up", "rises", "most", "largest", "near", "is", "is_partial"]


class Statement(_Part):
    """What the report says in words, in words of our own (`says`), so that it can be tested. `form`: what is said of each
    group. `adds_up`: the parts make the whole; `rises`: the whole is more than its part; `most`: the part is more than half
    of the whole; `largest`: the whole is more than each part; `near`: the whole lies `within` of its part; `is`: the whole is
    the amount; `is_partial`: only a part of the whole's days is covered."""

    paragraph: Text
    says: Text
    form: Form
    figure: dict[str, Any] = {}
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for group in self.groups:
            if (self.form == "is") != (group.amount is not None):
                raise ValueError("an amount goes with form `is`, and with no other")
            if (self.form in ("is", "is_partial")) == bool(group.parts):
                raise ValueError("every form but `is` and `is_partial` has parts")
            if self.form in ("rises", "most", "near") and len(group.parts) != 1:
                raise ValueError(f"form {self.form} holds one part against the whole")
            if group.within and self.form not in ("adds_up", "near"):
                raise ValueError(f"form {self.form} knows no `within`")
            self.whole(group)
            self.parts(group)
        return self

    def whole(self, group: Group) -> EditionFigure:
        """A group's whole."""
        return EditionFigure.model_validate(self.figure | group.whole)

    def parts(self, group: Group) -> list[EditionFigure]:
        """A group's parts."""
        return [EditionFigure.model_validate(self.figure | group.whole | part) for part in group.parts]


class Known(_Part):
    """A claim that is known to disagree, and why it is printed all the same. `printed`: of a statement, what it says."""

    paragraph: Text
    measure: Text
    printed: Text
    because: Text


class Edition(_Part):
    """One edition. `data_to`: the last day of data that it looks at. `claims`: the file with the figures as
    printed, beside the edition or in seeds/; `claims_path`: where it was found. `says`: the file with what the report says
    in words, likewise; `says_path`. `statements`: how what it says is tested."""

    edition: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]
    title: Text
    force_code: Text
    data_to: date
    windows: dict[Name, Window] = {}
    tables: tuple[AskedTable, ...] = ()
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
            twice = next(n for n in names if names.count(n) > 1)
            raise ValueError(f"{twice}: a table of this name appears twice")
        for table in self.tables:
            self.cells(table)
        return self

    def cells(self, table: AskedTable) -> list[AskedCell]:
        """A table's cells, row by row."""
        return cells(table, self.windows, self.data_to)


def read_edition(path: Path) -> Edition:
    """Read one YAML. Raises EditionError with the file's name, the field and the line."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
        body = read_yaml(text)
    except OSError as error:
        raise EditionError(f"{path.name}: can't be read: {error.strerror}") from error
    # A number of thousands of digits is a ValueError, and so is an impossible date.
    except (yaml.YAMLError, ValueError) as error:
        raise EditionError(f"{path.name}: {unreadable(data, error)}") from error
    if not isinstance(body, dict):
        raise EditionError(f"{path.name}: line 1: has no fields, such as edition and tables; pam edition new writes one")
    if fault := repeated_field(text):
        raise EditionError(f"{path.name}: {fault}")
    try:
        edition = Edition.model_validate(body)
    except ValidationError as error:
        raise EditionError(f"{path.name}: {'; '.join(invalid(error, text, Edition))}") from error
    except OverflowError as error:
        raise EditionError(f"{path.name}: a number is too large: {error}") from error
    if fault := _unprintable(body):
        raise EditionError(f"{path.name}: {fault}")
    if edition.edition != path.stem:
        line = Places(text).at(("edition",))
        raise EditionError(f"{path.name}: line {line}: edition: says {edition.edition}, the file is {path.name}")
    files = {f"{field}_path": _file(path, field, getattr(edition, field)) for field in ("claims", "says")}
    return edition.model_copy(update=files)


def _unprintable(body: dict[Any, Any]) -> str:
    """What is wrong with the first text that can't be printed, as YAML can write `\\x1b`; empty where all can."""
    left: list[tuple[str, Any]] = [("edition", body)]
    seen: set[int] = set()
    while left:
        field, part = left.pop()
        if isinstance(part, str) and not is_printable(part):
            return f"{field}: {NOT_PRINTABLE}: write it without"
        # What an alias repeats, once.
        if isinstance(part, dict | list) and id(part) not in seen:
            seen.add(id(part))
            left += [(str(k), v) for k, v in part.items()] if isinstance(part, dict) else [(field, v) for v in part]
    return ""


def _file(path: Path, field: str, name: str | None) -> Path | None:
    """A file beside the edition, else one of seeds/; a name, never a path elsewhere."""
    if name is None:
        return None
    if Path(name).name != name:
        raise EditionError(f"{path.name}: {field}: {name} is not the name of a file beside it or in seeds/")
    found = next((p for p in (path.with_name(name), SEEDS / name) if p.exists()), None)
    if found is None:
        raise EditionError(f"{path.name}: {field}: there is no {name} beside it or in seeds/")
    return found


def load_editions(home: Home) -> dict[str, Edition]:
    """All editions, the oldest first; the home's own stand for those of the project with the same name.

    Raises EditionError for the first bad one.
    """
    paths = {p.stem: p for folder in (FOLDER, home.editions) for p in sorted(folder.glob("*.yml"))}
    return {name: read_edition(paths[name]) if paths[name].parent != FOLDER else own_edition(name) for name in sorted(paths)}


@cache
def own_edition(name: str) -> Edition:
    """An edition of the project: it does not change while a process runs, and reading it takes longer than asking it."""
    return read_edition(FOLDER / f"{name}.yml")
