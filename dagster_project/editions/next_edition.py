"""The next edition, from one that is there: its tables, with every window moved on to another last day of data; for the same
force or another.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home

from .for_force import areas_of, check_force, chosen_tables, for_force, marts_with_data
from .model import FOLDER, EditionError, read_edition
from .windows import month_end

DROPPED = ("claims", "says", "statements", "known")
"""What belongs to the printed report: the next one is not printed yet."""


def roll(
    home: Home, old: str | None, new: str, *, force: str | None = None, tables: Sequence[str] = ()
) -> tuple[Path, list[str]]:
    """Write `editions/<new>.yml` in the home. Returns its path, and what a person must look at, such as windows of fixed days.

    Every last day of data moves on by the months between the two editions. `old`: the newest before it where None. `tables`:
    those to take; all where none is named. `force`: whose it is; the old one's where None. Of another force, tables that the
    published night has nothing of are left out, and its areas take the place of the old one's.

    Raises EditionError: no such edition, force or table, or the new one is there already.
    """
    _month(new)
    if force:
        check_force(force)
    source = _source(home, old, new, tables)
    target = home.editions / f"{new}.yml"
    if target.exists() or (FOLDER / target.name).exists():
        raise EditionError(f"{target.name} is there already: change it, or delete it first")
    months = _months(source.stem, new)
    body = yaml.safe_load(source.read_text(encoding="utf-8"))
    body["tables"] = chosen_tables(body, tables)
    to_look_at: list[str] = []
    if force and force != body["force_code"]:
        made = for_force(
            body["tables"], force, areas_of(home, force), marts_with_data(home, force), is_chosen=bool(tables)
        )
        if not made.tables:
            raise EditionError(f"no table is left for {force}: {'; '.join(made.to_look_at)}. Run a night on its files first")
        body |= {"force_code": force, "tables": made.tables}
        to_look_at += made.to_look_at
    body["windows"] = _asked_windows(body)
    fixed: list[str] = []
    rolled = _rolled({k: v for k, v in body.items() if k not in DROPPED} | {"edition": new}, months, (), fixed)
    to_look_at += [f"{place}: its days are fixed, and are as they were" for place in fixed]
    text = (
        f"# Made from edition {source.stem}: every last day of data lies {months} months later.\n"
        + "".join(f"# Look at {said}.\n" for said in to_look_at)
        + yaml.safe_dump(rolled, sort_keys=False, allow_unicode=True, width=120)
    )
    write_whole(target, text.encode("utf-8"))
    try:
        read_edition(target)
    except EditionError:
        target.unlink()
        raise
    return target, to_look_at


def _source(home: Home, old: str | None, new: str, tables: Sequence[str]) -> Path:
    """The edition to start from: the one that is named, else the newest before the new one, and of those that have all of the
    tables where there is one."""
    paths = {p.stem: p for folder in (FOLDER, home.editions) for p in sorted(folder.glob("*.yml"))}
    earlier = [n for n in paths if n < new]
    having = [n for n in earlier if old is None and tables and _has(paths[n], tables)]
    name = old or max(having or earlier, default=None)
    if name is None or name not in paths:
        raise EditionError(f"there is no edition {old or f'before {new}'}: there are {', '.join(sorted(paths))}")
    return paths[name]


def _has(path: Path, tables: Sequence[str]) -> bool:
    try:
        return {t.table for t in read_edition(path).tables} >= set(tables)
    except EditionError:
        return False


def _asked_windows(body: dict[str, Any]) -> dict[str, Any]:
    """The windows that its tables name: one that nobody asks for is nothing to look at."""
    named: set[str] = set()
    for table in body["tables"]:
        asks = [table.get("figure") or {}, *table["rows"], *table["columns"]]
        asks += [ask for row in table["rows"] for ask in (row.get("cells") or {}).values()]
        named |= {ask["window"] for ask in asks if isinstance(ask.get("window"), str)}
    return {name: window for name, window in (body.get("windows") or {}).items() if name in named}


def _month(name: str) -> date:
    try:
        return date.fromisoformat(f"{name}-01")
    except ValueError as error:
        raise EditionError(f"an edition is called by its month, such as 2026-09, not {name}") from error


def _months(old: str, new: str) -> int:
    first, last = _month(old), _month(new)
    return (last.year - first.year) * 12 + last.month - first.month


def _rolled(value: Any, months: int, at: tuple[str, ...], fixed: list[str]) -> Any:
    if isinstance(value, dict):
        if "since" in value or "from" in value:
            fixed.append(".".join(at))
        return {k: _moved(v, months) if k == "data_to" else _rolled(v, months, (*at, str(k)), fixed) for k, v in value.items()}
    if isinstance(value, list):
        names = (str(v.get("table") or v.get("name") or n) if isinstance(v, dict) else str(n) for n, v in enumerate(value, 1))
        return [_rolled(v, months, (*at, name), fixed) for name, v in zip(names, value, strict=True)]
    return value


def _moved(said: date | str, months: int) -> date:
    """A day, which YAML gives as a date or, in quotes, as a text, so many months later; a month's last day stays one."""
    day = said if isinstance(said, date) else date.fromisoformat(said)
    number = day.year * 12 + day.month - 1 + months
    last = month_end(number // 12, number % 12 + 1)
    return last if day == month_end(day.year, day.month) else last.replace(day=min(day.day, last.day))
