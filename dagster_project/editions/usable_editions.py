"""Finds which editions a night can print, and which must be corrected first.

An edition of the home that can't be read, or names what the warehouse does not have, waits: the night goes on without it, and
`pam status`, `pam edition list` and `pam edition check` say what is wrong, with the line.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.files import misnamed_yaml
from dagster_project.core.home import Home
from dagster_project.core.home_lists import NOT_RECORDED
from dagster_project.core.project_lists import force_names, read_seed
from dagster_project.core.read_database import rows_if_readable
from dagster_project.core.similar_names import closest_names, suggestion

from .adapt_to_force import areas_of
from .edition_tables import claimed_lines, write_edition_tables
from .model import FOLDER, Edition, EditionError, NoEditionError, edition_paths, project_edition, read_edition
from .tables import EVERY, Shows
from .yaml_faults import Places

ALL = "all"
UNITS = ("count", "gbp", "percent", "percentage_points", "per_100k", "days")
AREA_TYPES = ("force", "section", "lpu", "district", "country", "region", "upper_tier")


@dataclass(frozen=True)
class WaitingEdition:
    """An edition that is not printed. `file`: its name in the home's `editions/`; `problem`: what is wrong with it."""

    name: str
    file: str
    problem: str


@dataclass(frozen=True)
class Editions:
    """Editions that can be printed, by name, the oldest first, and those that wait."""

    sound: dict[str, Edition]
    waiting: tuple[WaitingEdition, ...] = ()

    def named(self, name: str | None) -> Edition:
        """An edition; by default the newest. Raises EditionError for one that waits, and for an unknown one."""
        waiting = next((w for w in self.waiting if w.name == name), None)
        if waiting:
            raise EditionError(f"{waiting.problem}: it waits until that is corrected")
        edition = self.sound.get(name or max(self.sound, default=""))
        if edition is None:
            there_are = ", ".join(self.sound) or "none"
            raise EditionError(f"there is no edition {name or 'that can be printed'}: there are {there_are}")
        return edition


def read_editions(home: Home) -> Editions:
    """The project's editions and the home's, which replace those with the same name, even while they wait."""
    paths = edition_paths(home)
    sound: dict[str, Edition] = {}
    waiting: list[WaitingEdition] = []
    for name, path in sorted(paths.items()):
        if path.parent == FOLDER:
            sound[name] = project_edition(name)
            continue
        try:
            sound[name] = read_usable_edition(path, home)
        except EditionError as error:
            waiting.append(WaitingEdition(name, path.name, str(error)))
    for file, name in misnamed_yaml(home.editions):
        # Otherwise the project's edition of this name would be printed, or none, without a word.
        sound.pop(name, None)
        waiting.append(WaitingEdition(name, file, f"{file}: is not read: its name must be {name}.yml"))
    return Editions(sound, tuple(waiting))


def newest_with_files(con: duckdb.DuckDBPyConnection, forces: Mapping[str, str]) -> str | None:
    """The newest edition of a force that the night has an accepted file of; None if it has no file of any force.

    `forces`: edition -> force. Raises NoEditionError if no edition is of such a force: another's would be empty.
    """
    with_files = forces_with_files(con)
    names = [edition for edition, force in forces.items() if force in with_files]
    if with_files and forces and not names:
        makers = " or ".join(f"`pam edition new MONTH --force {force}`" for force in sorted(with_files)[:3])
        raise NoEditionError(
            f"no edition is of a force that the night has files of: {makers} makes one (a month after {max(forces)}), and the"
            " next night prints it; or name an edition with --edition"
        )
    return max(names, default=None)


def forces_with_files(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The forces that the night has an accepted file of."""
    return {force for (force,) in con.execute("select force_code from meta.extracts where files_accepted > 0").fetchall()}


def read_usable_edition(path: Path, home: Home) -> Edition:
    """Read an edition and check every name in it. Raises EditionError: file, line, what is wrong, what may be meant."""
    edition = read_edition(path)
    places = Places(path.read_text(encoding="utf-8"))
    try:
        if faults := list(dict.fromkeys(_faults(edition, home, places))):
            raise EditionError(f"{path.name}: {'; '.join(faults)}")
        # As in a night, which a value that does not fit into its column would stop.
        with duckdb.connect() as con:
            con.execute("create schema raw")
            write_edition_tables(con, [edition])
        if faults := list(_claim_faults(edition)):
            raise EditionError(f"{path.name}: {'; '.join(faults)}")
    except EditionError:
        raise
    # Such as a day before the first of the calendar.
    except (ValueError, ArithmeticError, duckdb.Error) as error:
        raise EditionError(f"{path.name}: asks for something impossible: {error}") from error
    return edition


def unseen_categories(edition: Edition, home: Home) -> list[str]:
    """What an edition asks for by a category that no figure of the measure has in the published night. It is no fault: its
    figure is 0 where files cover the days. But so is that of a mistyped one. Empty where no published night can be read.
    """
    seen, path = _published_categories(home, edition.force_code), edition_paths(home)[edition.edition]
    places = Places(path.read_text(encoding="utf-8"))
    asked = [(f["mart"], f["measure"], f.get("category") or ALL, path.name, None) for f in _figures(edition)]
    asked += [(row["mart"], row["measure"], row["category"], edition.claims, n) for n, row in claimed_lines(edition)]
    found = []
    for mart, measure, category, file, claim_line in asked:
        known = seen.get((mart, measure))
        if known and category not in (ALL, EVERY, NOT_RECORDED, *known):
            line = claim_line or places.of_value("category", category)
            found.append(
                f"{file}: {f'line {line}: ' if line else ''}no figure of {measure} has the category {category!r} in the"
                f" published night: it is 0 where files cover the days{suggestion(category, known)}"
            )
    return list(dict.fromkeys(found))


def _published_categories(home: Home, force: str) -> dict[tuple[str, str], list[str]]:
    """The categories that a force's figures have in the published night, by mart and measure; empty if none can be read."""
    rows = rows_if_readable(
        home.warehouse,
        "select mart, measure, list(distinct category) from marts.measures"
        " where force_code = ? and period_type <> 'as_published' group by all",
        [force],
    )
    return {(mart, measure): categories for mart, measure, categories in rows or ()}


def _faults(edition: Edition, home: Home, places: Places) -> Iterator[str]:
    marts = _measures()
    areas, categories = _areas(home, edition.force_code), _categories()
    if edition.force_code not in force_names():
        yield _unknown("force_code", edition.force_code, force_names(), places)
    for figure in _figures(edition):
        mart, measure = figure["mart"], figure["measure"]
        area_type, area = figure.get("area_type") or "force", figure.get("area_name")
        if mart not in marts:
            yield _unknown("mart", mart, marts, places)
        elif measure not in marts[mart]:
            yield _unknown("measure", measure, marts[mart], places, f" of {mart}")
        if area_type not in AREA_TYPES:
            yield _unknown("area_type", area_type, AREA_TYPES, places)
        if area_type in areas and area not in (None, EVERY, *areas[area_type]):
            yield _unknown("area_name", str(area), areas[area_type], places, f" of {edition.force_code}")
        category = figure.get("category") or ALL
        if (known := categories.get((mart, measure))) is not None and category not in (ALL, EVERY, *known):
            yield _unknown("category", category, known, places, f" of {measure}")


def _measures() -> dict[str, list[str]]:
    marts: dict[str, list[str]] = {}
    for m in read_seed("measure_list"):
        marts.setdefault(m["mart"], []).append(m["measure"])
    return marts


def _claim_faults(edition: Edition) -> Iterator[str]:
    """Printed figures with a name that is nearly that of a mart or measure. Any other unknown name is just not computable."""
    marts = _measures()
    for number, row in claimed_lines(edition):
        for field, name, known in (
            ("mart", row["mart"], marts), ("measure", row["measure"], marts.get(row["mart"], ())),
            ("figure", row["figure"], get_args(Shows)), ("area_type", row["area_type"], AREA_TYPES),
            ("unit", row["unit"], UNITS),
        ):  # fmt: skip
            if name not in known and (hint := suggestion(name, known)):
                yield f"{edition.claims}: line {number}: {field}: {name!r} is no {field}{hint}"


def _figures(edition: Edition) -> Iterator[dict[str, Any]]:
    for table in edition.tables:
        yield from (c.fields for c in edition.cells(table) if c.fields)
    for statement in edition.statements:
        for group in statement.groups:
            yield from (f.model_dump() for f in (statement.whole(group), *statement.parts(group)))


def _unknown(field: str, name: str, known: Collection[str], places: Places, of: str = "") -> str:
    near = closest_names(name, known, 1)
    hint = f"is {near[0]} meant?" if near else f"there are {', '.join(sorted(known)) or 'none: leave it out'}"
    line = places.of_value(field, name)
    return f"{f'line {line}: ' if line else ''}{field}: {name!r} is no {field.replace('_', ' ')}{of}; {hint}"


def _areas(home: Home, force: str) -> dict[str, tuple[str, ...]]:
    """Names of the force's sections and units; empty without a list, as it then has no such figures."""
    # A list that can't be read stops the night with its own message.
    with contextlib.suppress(EditionError):
        areas = areas_of(home, force)
        return areas | {"lpu": (*areas["lpu"], NOT_RECORDED)}
    return {}


def _categories() -> dict[tuple[str, str], tuple[str, ...]]:
    """Categories of measures that are split by a contract's list, or not split. Those of others come from the files."""
    contracts = load_contracts()
    categories: dict[tuple[str, str], tuple[str, ...]] = {}
    for m in read_seed("measure_list"):
        extract, _, column = m["split_by"].partition(".")
        if column:
            categories[m["mart"], m["measure"]] = (*contracts[extract].column(column).values, NOT_RECORDED)
        elif not m["category_group"] and m["aggregation"] != "published":
            categories[m["mart"], m["measure"]] = ()
    return categories
