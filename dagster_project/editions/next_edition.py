"""Makes the next edition from an existing one: its tables, with every window moved on, for the same force or another."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted
from dagster_project.core.project_lists import force_names
from dagster_project.core.similar_names import suggestion

from .adapt_to_force import (
    adapt_to_force,
    areas_of,
    chosen_tables,
    complete_months,
    end_with_data,
    marts_of,
    specs_of,
    with_data,
)  # fmt: skip
from .model import FOLDER, Edition, EditionError, edition_paths, read_edition
from .windows import month_days, month_end, month_number

DROPPED = ("claims", "says", "statements", "known")
"""Fields about the printed report, which the next edition does not have yet."""


def make_next_edition(
    home: Home, old: str | None, new: str, *, force: str | None = None, tables: Sequence[str] = ()
) -> tuple[Path, list[str]]:
    """Write `editions/<new>.yml` in the home. Returns its path, and what a person must check, such as windows of fixed days.

    Every last day of data moves on by the months between the two editions. `old`: by default the newest before it. `tables`: by
    default all. `force`: by default that of the old edition. If it is named, tables without data in the published night are
    left out, and the others end with the last complete month of their data; another force's areas replace those of the old
    edition.

    Raises EditionError: no such edition, force or table, or the new edition already exists.
    """
    _month(new)
    if force and force not in force_names():
        raise EditionError(f"no force is called {force}{suggestion(force, force_names())} (seeds/forces.csv has their codes)")
    source = _source(home, old, new, tables)
    target = home.editions / f"{new}.yml"
    if target.exists() or (FOLDER / target.name).exists():
        raise EditionError(f"{target.name} already exists: change it, or delete it first")
    months = month_number(_month(new)) - month_number(_month(source.stem))
    body = yaml.safe_load(source.read_text(encoding="utf-8"))
    chosen = chosen_tables(body, tables)
    old_notes = {t["table"]: t.get("notes") or () for t in chosen}
    body["tables"] = [_without_old_notes(t) for t in chosen]
    to_check: list[str] = []
    complete = None
    is_other_force = bool(force) and force != body["force_code"]
    if force:
        complete, to_check = _fit_to_force(home, body, force, is_chosen=bool(tables))
    elif complete_months(home, code := body["force_code"]) == {}:
        to_check.append(f"force_code: the night has no figure of {code}, and prints no edition of it: --force names yours")
    # A force may have begun a note of its own like those on the printed report.
    to_check += [
        f"tables.{t['table']}: '{' '.join(note.split())}' is left out, as of the old report: write it again if it still applies"
        for t in body["tables"] for note in old_notes[t["table"]] if note not in (t.get("notes") or ())
    ]  # fmt: skip
    body["windows"] = _used_windows(body)
    fixed: list[str] = []
    moved_body = _moved_on({k: v for k, v in body.items() if k not in DROPPED} | {"edition": new}, months, (), fixed)
    if complete is not None and (day := end_with_data(moved_body, complete)):
        to_check.append(f"data_to: each table ends with the last complete month of its data, the newest on {day}")
    if is_other_force and complete:
        to_check += _ends_before_data(moved_body, complete)
    to_check += [f"{place}: its days are fixed, and were not changed" for place in fixed]
    edited = yaml.safe_dump(moved_body, sort_keys=False, allow_unicode=True, width=120)
    write_whole(target, edited.encode("utf-8"))
    try:
        to_check += _beyond_data(read_edition(target))
    except EditionError:
        target.unlink()
        raise
    text = (
        f"# Made from edition {source.stem}: every last day of data is {counted(abs(months), 'month')}"
        f" {'later' if months >= 0 else 'earlier'}.\n" + "".join(f"# Look at {point}.\n" for point in to_check) + edited
    )
    write_whole(target, text.encode("utf-8"))
    return target, to_check


def _fit_to_force(
    home: Home, body: dict[str, Any], force: str, *, is_chosen: bool
) -> tuple[dict[str, date | None] | None, list[str]]:
    """Give an edition's tables to a force. `is_chosen`: a person named the tables. Returns the force's complete months by mart,
    and what a person must check. Raises EditionError if no table is left."""
    complete = complete_months(home, force)
    is_own = force == body["force_code"]
    if is_own:
        # Before its first night, a force's own tables stay as they are.
        complete = complete or None
    adapted, to_check = with_data(body["tables"], force, complete, is_chosen=is_chosen)
    if not is_own:
        adapted, more = adapt_to_force(adapted, force, areas_of(home, force))
        to_check += more
    if not adapted:
        raise EditionError(f"no table is left for {force}: {'; '.join(to_check)}. Run a night on its files first")
    body |= {"force_code": force, "tables": adapted}
    return complete, to_check


def _ends_before_data(body: dict[str, Any], complete: Mapping[str, date | None]) -> list[str]:
    """That an edition for another force ends before its data: how long after its data the old force reports says nothing of
    this one. `complete`: the last complete month by mart."""
    end = max(t.get("data_to") or body["data_to"] for t in body["tables"])
    newest = max(filter(None, (complete.get(m) for t in body["tables"] for m in marts_of(t))), default=end)
    return [f"data_to: all tables end by {end}, and data are complete to {newest}: move it on"] if end < newest else []


def _source(home: Home, old: str | None, new: str, tables: Sequence[str]) -> Path:
    """The edition to start from: the named one, else the newest before the new one, if possible one with all of the tables."""
    paths = edition_paths(home)
    earlier = [n for n in paths if n < new]
    with_tables = [n for n in earlier if old is None and tables and _has_tables(paths[n], tables)]
    name = old or max(with_tables or earlier, default=None)
    if name is None or name not in paths:
        hint = "" if old else "; say with --from which to start from"
        raise EditionError(f"there is no edition {old or f'before {new}'}: there are {', '.join(sorted(paths))}{hint}")
    return paths[name]


def _has_tables(path: Path, tables: Sequence[str]) -> bool:
    try:
        return {t.table for t in read_edition(path).tables} >= set(tables)
    except EditionError:
        return False


def _without_old_notes(table: dict[str, Any]) -> dict[str, Any]:
    """A table without notes on what the printed report has beside its tables: the next one is not written yet."""
    notes = [n for n in table.get("notes") or () if not n.startswith("The report has ")]
    return {k: v for k, v in table.items() if k != "notes"} | ({"notes": notes} if notes else {})


def _beyond_data(edition: Edition) -> list[str]:
    """Tables that ask for days after their last day of data, such as a year that is not over then, or for none."""
    points = []
    for table in edition.tables:
        end = table.data_to or edition.data_to
        last = max((c.days.last for c in edition.cells(table) if c.days and c.days.last), default=end)
        if last > end:
            points.append(f"tables.{table.table}: it asks for days up to {last}, after its last day of data, {end}")
        # A day from which a window counts stays where it is, and the last day of data may now be before it.
        days = [c.days for c in edition.cells(table) if c.days and c.days.first and c.days.last]
        if backwards := next((d for d in days if d.last and d.first and d.first > d.last), None):
            points.append(f"tables.{table.table}: it asks for days from {backwards.first} to {backwards.last}, which are none")
    return points


def _used_windows(body: dict[str, Any]) -> dict[str, Any]:
    """The windows that the tables name. Others would only be more to check."""
    specs = [spec for table in body["tables"] for spec in specs_of(table)]
    named = {spec["window"] for spec in specs if isinstance(spec.get("window"), str)}
    return {name: window for name, window in (body.get("windows") or {}).items() if name in named}


def _month(name: str) -> date:
    try:
        return date.fromisoformat(f"{name}-01")
    except ValueError as error:
        raise EditionError(f"an edition is named after its month, such as 2026-09, not {name}") from error


def _moved_on(value: Any, months: int, at: tuple[str, ...], fixed: list[str]) -> Any:
    if isinstance(value, dict):
        if "since" in value or "from" in value:
            fixed.append(".".join(at))
        return {k: _later(v, months) if k == "data_to" else _moved_on(v, months, (*at, str(k)), fixed)
                for k, v in value.items()}  # fmt: skip
    if isinstance(value, list):
        names = (str(v.get("table") or v.get("name") or n) if isinstance(v, dict) else str(n) for n, v in enumerate(value, 1))
        return [_moved_on(v, months, (*at, name), fixed) for name, v in zip(names, value, strict=True)]
    return value


def _later(value: date | str, months: int) -> date:
    """A day (a date, or a text if it was in quotes) some months later. A month's last day becomes a month's last day."""
    day = value if isinstance(value, date) else date.fromisoformat(value)
    _, last = month_days(month_number(day) + months)
    return last if day == month_end(day.year, day.month) else last.replace(day=min(day.day, last.day))
