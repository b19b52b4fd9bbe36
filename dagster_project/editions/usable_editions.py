"""Which editions a night can print, and which must be corrected first.

An edition of the home's own that can't be read, or that asks for what the warehouse does not have, waits as a mapping does: the
night goes on without it, and `pam status`, `pam edition list` and `pam edition check` say what is wrong, with its line.
"""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.seeds import force_names, read_seed
from dagster_project.core.similar_names import closest_names, suggestion

from .claims import claimed_lines
from .for_force import areas_of
from .model import FOLDER, Edition, EditionError, own_edition, read_edition
from .questions import write_asked
from .tables import EVERY, Shows
from .yaml_places import Places

ALL, NOT_RECORDED = "all", "Not recorded"
AREA_TYPES = ("force", "section", "lpu", "district", "country", "region", "upper_tier")


@dataclass(frozen=True)
class Waiting:
    """An edition that is not printed. `file`: its name in `editions/` of the home; `problem`: what is wrong with it."""

    name: str
    file: str
    problem: str


@dataclass(frozen=True)
class Editions:
    """Those that can be printed, by name, the oldest first, and those that wait."""

    sound: dict[str, Edition]
    waiting: tuple[Waiting, ...] = ()

    def named(self, name: str | None) -> Edition:
        """An edition, or the newest. Raises EditionError for one that waits, and for one that is not there."""
        waits = next((w for w in self.waiting if w.name == name), None)
        if waits:
            raise EditionError(f"{waits.problem}: it waits until that is mended")
        found = self.sound.get(name or max(self.sound, default=""))
        if found is None:
            there_are = ", ".join(self.sound) or "none"
            raise EditionError(f"there is no edition {name or 'that can be printed'}: there are {there_are}")
        return found


def read_editions(home: Home) -> Editions:
    """The project's editions and the home's own, which stand for those of the same name, also where they wait."""
    paths = {p.stem: p for folder in (FOLDER, home.editions) for p in sorted(folder.glob("*.yml"))}
    sound, waiting = {}, []
    for name, path in sorted(paths.items()):
        if path.parent == FOLDER:
            sound[name] = own_edition(name)
            continue
        try:
            sound[name] = meant_edition(path, home)
        except EditionError as error:
            waiting.append(Waiting(name, path.name, str(error)))
    return Editions(sound, tuple(waiting))


def meant_edition(path: Path, home: Home) -> Edition:
    """An edition that asks for nothing that is not there. Raises EditionError: file, line, what is wrong, what may be meant."""
    edition = read_edition(path)
    try:
        places = Places(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EditionError(f"{path.name}: can't be read: {error.strerror}") from error
    try:
        if faults := list(dict.fromkeys(_faults(edition, home, places))):
            raise EditionError(f"{path.name}: {'; '.join(faults)}")
        # As the night does: what does not fit into a column there would end it.
        with duckdb.connect() as con:
            con.execute("create schema raw")
            write_asked(con, [edition])
        if faults := list(_claim_faults(edition)):
            raise EditionError(f"{path.name}: {'; '.join(faults)}")
    except EditionError:
        raise
    # A day before the first of the calendar, for one.
    except (ValueError, ArithmeticError, duckdb.Error) as error:
        raise EditionError(f"{path.name}: asks for what there can't be: {error}") from error
    return edition


def _faults(edition: Edition, home: Home, places: Places) -> Iterator[str]:
    marts = _measures()
    areas, categories = _areas(home, edition.force_code), _categories()
    if edition.force_code not in force_names():
        yield _unknown("force_code", edition.force_code, force_names(), places)
    for ask in _asks(edition):
        mart, measure = ask["mart"], ask["measure"]
        area_type, area = ask.get("area_type") or "force", ask.get("area_name")
        if mart not in marts:
            yield _unknown("mart", mart, marts, places)
        elif measure not in marts[mart]:
            yield _unknown("measure", measure, marts[mart], places, f" of {mart}")
        if area_type not in AREA_TYPES:
            yield _unknown("area_type", area_type, AREA_TYPES, places)
        if area_type in areas and area not in (None, EVERY, *areas[area_type]):
            yield _unknown("area_name", str(area), areas[area_type], places, f" of {edition.force_code}")
        category = ask.get("category") or ALL
        if (known := categories.get((mart, measure))) is not None and category not in (ALL, EVERY, *known):
            yield _unknown("category", category, known, places, f" of {measure}")


def _measures() -> dict[str, list[str]]:
    """The measures of each mart."""
    marts: dict[str, list[str]] = {}
    for m in read_seed("measure_list"):
        marts.setdefault(m["mart"], []).append(m["measure"])
    return marts


def _claim_faults(edition: Edition) -> Iterator[str]:
    """Printed figures whose names are nearly those of a mart or measure: one that is of nothing here is not computable."""
    marts = _measures()
    for number, row in claimed_lines(edition):
        for field, said, known in (
            ("mart", row["mart"], marts), ("measure", row["measure"], marts.get(row["mart"], ())),
            ("figure", row["figure"], get_args(Shows)),
        ):  # fmt: skip
            if said not in known and (near := suggestion(said, known)):
                yield f"{edition.claims}: line {number}: {field}: {said!r} is no {field}{near}"


def _asks(edition: Edition) -> Iterator[dict[str, Any]]:
    for table in edition.tables:
        yield from (c.ask for c in edition.cells(table) if c.ask)
    for statement in edition.statements:
        for group in statement.groups:
            yield from (f.model_dump() for f in (statement.whole(group), *statement.parts(group)))


def _unknown(field: str, said: str, known: Collection[str], places: Places, of: str = "") -> str:
    near = closest_names(said, known, 1)
    hint = f"is {near[0]} meant?" if near else f"there are {', '.join(sorted(known)) or 'none: leave it out'}"
    line = places.of_value(field, said)
    return f"{f'line {line}: ' if line else ''}{field}: {said!r} is no {field.replace('_', ' ')}{of}; {hint}"


def _areas(home: Home, force: str) -> dict[str, tuple[str, ...]]:
    """Names of the force's sections and units; empty where it has no list, as then it has no such figures."""
    # Where the list can't be read, the night ends with what is wrong with it: no edition waits for that.
    with contextlib.suppress(EditionError):
        areas = areas_of(home, force)
        return {"lpu": (*areas.lpu, NOT_RECORDED), "section": areas.section}
    return {}


def _categories() -> dict[tuple[str, str], tuple[str, ...]]:
    """Categories of measures that are split by a contract's list, or by nothing; of others they are what files say."""
    contracts = load_contracts()
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for m in read_seed("measure_list"):
        extract, _, column = m["split_by"].partition(".")
        if column:
            found[m["mart"], m["measure"]] = (*contracts[extract].column(column).values, NOT_RECORDED)
        elif not m["category_group"] and m["aggregation"] != "published":
            found[m["mart"], m["measure"]] = ()
    return found
