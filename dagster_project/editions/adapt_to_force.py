"""Adapts an edition's tables to another force: those that its night has data for, with its own sections and units."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from dagster_project.core.home import Home
from dagster_project.core.home_lists import HomeListError, areas_of_force
from dagster_project.core.read_database import rows_if_readable
from dagster_project.core.similar_names import suggestion

from .model import EditionError
from .tables import EVERY

FORCE_AREAS = ("section", "lpu")
AUTHORITY_AREAS = ("upper_tier", "district")
"""Areas of local authorities. No list says which force they belong to."""


Areas = dict[str, tuple[str, ...]]
"""Names of a force's sections and units by kind of area, in the order of its list; empty without a list."""


def chosen_tables(body: dict[str, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """The tables with these names, in the edition's order; all if none is named. Raises EditionError."""
    tables: list[dict[str, Any]] = body.get("tables") or []
    there_are = [t["table"] for t in tables]
    if unknown := [n for n in names if n not in there_are]:
        names_and_hints = ", ".join(f"{n}{suggestion(n, there_are)}" for n in unknown)
        raise EditionError(f"edition {body['edition']} has no table {names_and_hints}: there are {', '.join(there_are)}")
    return [t for t in tables if not names or t["table"] in names]


def areas_of(home: Home, force: str) -> Areas:
    """A force's areas, from the home's own list, else the project's. Raises EditionError."""
    try:
        rows = areas_of_force(home, force)
    except HomeListError as error:
        raise EditionError(str(error)) from error
    return {kind: tuple(dict.fromkeys(r[f"{kind}_name"] for r in rows)) for kind in FORCE_AREAS}


def complete_months(home: Home, force: str) -> dict[str, date | None] | None:
    """Marts in which the published night has a figure of a force, each with the last day of its last complete month (None: no
    month is complete); None if no published night can be read."""
    rows = rows_if_readable(
        home.warehouse,
        "select mart, max(period_end) filter (where data_status = 'complete' and period_type = 'month')"
        " from marts.measures where force_code = ? and data_status <> 'not_available' group by mart",
        [force],
    )
    return None if rows is None else dict(rows)


def end_with_data(edition: dict[str, Any], complete: Mapping[str, date | None]) -> date | None:
    """Let no table end after its last complete month, by mart. Returns the edition's last day if any was earlier than said."""
    day: date = edition["data_to"]
    said: list[date] = [table.get("data_to") or day for table in edition["tables"]]
    months = [max((end for mart in marts_of(t) if (end := complete.get(mart))), default=None) for t in edition["tables"]]
    # What is published by year has no months: its table says no later day than the others.
    newest = max((min(until, last) for until, last in zip(said, months, strict=True) if last), default=day)
    ends = [min(until, last or newest) for until, last in zip(said, months, strict=True)]
    if ends == said:
        return None
    edition["data_to"] = newest
    for table, end in zip(edition["tables"], ends, strict=True):
        table.pop("data_to", None)
        if end != newest:
            # A date of its own: YAML would write a reference to the same one.
            table["data_to"] = end.replace()
    return newest


def with_data(
    tables: Sequence[dict[str, Any]], force: str, has_data: Collection[str] | None, *, is_chosen: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """The tables with figures of a force, and what a person must check. `has_data`: marts with figures of the force; None: not
    known. `is_chosen`: a person named these tables, so they are kept even without data."""
    without: list[str] = [] if has_data is None else [t["table"] for t in tables if not set(marts_of(t)) & set(has_data)]
    if is_chosen:
        return list(tables), [f"{name}: the published night has no figure of {force} for it" for name in without]
    remaining = [t for t in tables if t["table"] not in without]
    names = ", ".join(without)
    return remaining, [f"what is left out, as the published night has no figure of {force} for it: {names}"] if without else []


def adapt_to_force(tables: Sequence[dict[str, Any]], force: str, areas: Areas) -> tuple[list[dict[str, Any]], list[str]]:
    """The tables for another force, and what a person must check."""
    adapted: list[dict[str, Any]] = []
    to_check: list[str] = []
    for table in tables:
        name = table["table"]
        new = _adapted(table, areas)
        if not new["rows"] or not new["columns"]:
            to_check.append(f"{name}: all its areas are of kinds that {force} has no list of: it is left out")
            continue
        specs = (*table["rows"], *table["columns"])
        if any(_area_type(table, s) in AUTHORITY_AREAS and s.get("area_name") not in (None, EVERY) for s in specs):
            to_check.append(f"{name}: areas of local authorities are left out: add those of {force}")
        adapted.append(new)
    return adapted, to_check


def specs_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything in a table that may set a figure's fields: the table, its rows, columns and single cells."""
    cells = [cell for row in table["rows"] for cell in (row.get("cells") or {}).values()]
    return [table.get("figure") or {}, *table["rows"], *table["columns"], *cells]


def marts_of(table: dict[str, Any]) -> list[str]:
    return [spec["mart"] for spec in specs_of(table) if spec.get("mart")]


def _area_type(table: dict[str, Any], spec: dict[str, Any]) -> str:
    return str(spec.get("area_type") or (table.get("figure") or {}).get("area_type") or "force")


def _adapted(table: dict[str, Any], areas: Areas) -> dict[str, Any]:
    rows = [{k: v for k, v in r.items() if k != "cells"} | _cells(r) for r in table["rows"]]
    adapted = table | {
        "rows": _with_areas(table, rows, areas),
        "columns": _with_areas(table, table["columns"], areas),
        # Notes on the printed report do not apply to another force.
        "notes": [n for n in table.get("notes") or () if not n.startswith("The report ")],
    }
    return {k: v for k, v in adapted.items() if k != "notes" or v}


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """The settings of a row's cells, without the printed report's way of rounding."""
    cells = {c: {k: v for k, v in fields.items() if k != "cut"} for c, fields in (row.get("cells") or {}).items()}
    cells = {c: fields for c, fields in cells.items() if fields}
    return {"cells": cells} if cells else {}


def _with_areas(table: dict[str, Any], specs: Sequence[dict[str, Any]], areas: Areas) -> list[dict[str, Any]]:
    """Rows or columns. One that names a section or unit becomes one for each of the force's, without repeats."""
    adapted: list[dict[str, Any]] = []
    for spec in specs:
        kind, area = _area_type(table, spec), spec.get("area_name")
        names = areas.get(kind, ())
        if kind in FORCE_AREAS and area == EVERY:
            adapted += [spec] if names else []
        elif kind in FORCE_AREAS and area:
            new = [spec | {"label": name, "area_name": name} | _column_name(spec, name) for name in names]
            adapted += [s for s in new if s not in adapted]
        elif kind not in AUTHORITY_AREAS or area in (None, EVERY):
            adapted.append(spec)
    return adapted


def _column_name(spec: dict[str, Any], area: str) -> dict[str, str]:
    """A column's name in the relation, from its area's."""
    word = "".join(c if c.isalnum() and c.isascii() else "_" for c in area.lower())
    return {"name": f"a_{word}" if not word[:1].isalpha() else word} if "name" in spec else {}
