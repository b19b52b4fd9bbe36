"""An edition's tables adapted to another force: those that its night has data for, with its own sections and units."""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.own_lists import OWN_LISTS, SeedError, read_own_list
from dagster_project.core.seeds import force_names, read_seed
from dagster_project.core.similar_names import suggestion

from .model import EditionError
from .tables import EVERY

OF_A_FORCE = ("section", "lpu")
OF_OTHERS = ("upper_tier", "district")
"""Areas of local authorities: no list says which of them are a force's."""


@dataclass(frozen=True)
class Areas:
    """A force's areas by name, in the order of its list; none where it has no list."""

    section: tuple[str, ...] = ()
    lpu: tuple[str, ...] = ()


@dataclass
class ForForce:
    """What was made of the tables, and what a person must look at."""

    tables: list[dict[str, Any]] = field(default_factory=list)
    to_look_at: list[str] = field(default_factory=list)


def check_force(force: str) -> None:
    """Raises EditionError where there is no such force."""
    if force not in force_names():
        raise EditionError(f"no force is called {force}{suggestion(force, force_names())} (seeds/forces.csv has their codes)")


def chosen_tables(body: dict[str, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """The tables of these names, in the edition's order; all where none is named. Raises EditionError."""
    tables: list[dict[str, Any]] = body.get("tables") or []
    there_are = [t["table"] for t in tables]
    if unknown := [n for n in names if n not in there_are]:
        said = ", ".join(f"{n}{suggestion(n, there_are)}" for n in unknown)
        raise EditionError(f"edition {body['edition']} has no table {said}: there are {', '.join(there_are)}")
    return [t for t in tables if not names or t["table"] in names]


def areas_of(home: Home, force: str) -> Areas:
    """A force's sections and units: of the home's own list, else of the project's. Raises EditionError."""
    columns = OWN_LISTS["areas"]
    try:
        own = [dict(zip(columns, r, strict=True)) for r in read_own_list(home.seeds / "areas.csv", columns)]
    except SeedError as error:
        raise EditionError(str(error)) from error
    rows = [r for r in own if r["force_code"] == force] or [r for r in read_seed("areas") if r["force_code"] == force]
    return Areas(tuple(dict.fromkeys(r["section_name"] for r in rows)), tuple(dict.fromkeys(r["lpu_name"] for r in rows)))


def marts_with_data(home: Home, force: str) -> set[str] | None:
    """Marts in which the published night has a figure of a force; None where nothing is published that could be read."""
    if not home.warehouse.exists():
        return None
    with contextlib.suppress(duckdb.Error), duckdb.connect(str(home.warehouse), read_only=True) as con:
        rows = con.execute(
            "select distinct mart from marts.measures where force_code = ? and data_status <> 'not_available'", [force]
        ).fetchall()
        return {mart for (mart,) in rows}
    return None


def for_force(
    tables: Sequence[dict[str, Any]], force: str, areas: Areas, has_data: Collection[str] | None, *, is_chosen: bool
) -> ForForce:
    """The tables of another force's edition. `has_data`: marts with figures of the force; None: not known. `is_chosen`: a
    person named these tables, so that they stay where there is no data yet."""
    made = ForForce()
    for table in tables:
        name = table["table"]
        if has_data is not None and not (set(_marts(table)) & set(has_data)):
            made.to_look_at.append(f"{name}: the published night has no figure of {force} for it")
            if not is_chosen:
                made.to_look_at[-1] += ": it is left out"
                continue
        found = _moved(table, areas)
        if not found["rows"] or not found["columns"]:
            made.to_look_at.append(f"{name}: all of it is of areas that {force} has no list of: it is left out")
            continue
        if _others(table):
            made.to_look_at.append(f"{name}: areas of local authorities are left out: add those of {force}")
        made.tables.append(found)
    return made


def _marts(table: dict[str, Any]) -> Iterator[str]:
    for ask in (table.get("figure") or {}, *table["rows"], *table["columns"]):
        if ask.get("mart"):
            yield ask["mart"]


def _area_type(table: dict[str, Any], ask: dict[str, Any]) -> str:
    return str(ask.get("area_type") or (table.get("figure") or {}).get("area_type") or "force")


def _others(table: dict[str, Any]) -> bool:
    """Whether it names areas of local authorities, which are another force's."""
    asks = (*table["rows"], *table["columns"])
    return any(_area_type(table, a) in OF_OTHERS and a.get("area_name") not in (None, EVERY) for a in asks)


def _moved(table: dict[str, Any], areas: Areas) -> dict[str, Any]:
    rows = [{k: v for k, v in r.items() if k != "cells"} | _cells(r) for r in table["rows"]]
    moved = table | {
        "rows": _with_areas(table, rows, areas, "label"),
        "columns": _with_areas(table, table["columns"], areas, "label"),
        # What the printed report did is no matter of another's.
        "notes": [n for n in table.get("notes") or () if not n.startswith("The report ")],
    }
    return {k: v for k, v in moved.items() if k != "notes" or v}


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """What a row's cells ask, without how the printed report rounds."""
    cells = {c: {k: v for k, v in ask.items() if k != "cut"} for c, ask in (row.get("cells") or {}).items()}
    cells = {c: ask for c, ask in cells.items() if ask}
    return {"cells": cells} if cells else {}


def _with_areas(table: dict[str, Any], asks: Sequence[dict[str, Any]], areas: Areas, label: str) -> list[dict[str, Any]]:
    """Rows or columns: one that names a section or unit becomes one for each of the force's, once."""
    found: list[dict[str, Any]] = []
    for ask in asks:
        kind, area = _area_type(table, ask), ask.get("area_name")
        own = getattr(areas, kind) if kind in OF_A_FORCE else ()
        if kind in OF_A_FORCE and area == EVERY:
            found += [ask] if own else []
        elif kind in OF_A_FORCE and area:
            new = [ask | {label: name, "area_name": name} | _named(ask, name) for name in own]
            found += [a for a in new if a not in found]
        elif kind not in OF_OTHERS or area in (None, EVERY):
            found.append(ask)
    return found


def _named(ask: dict[str, Any], area: str) -> dict[str, str]:
    """A column's name in the relation, from its area's."""
    word = "".join(c if c.isalnum() and c.isascii() else "_" for c in area.lower())
    return {"name": f"a_{word}" if not word[:1].isalpha() else word} if "name" in ask else {}
