"""The next edition, from one that is there: the same tables, with every window moved on to another last day of data."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home

from .model import FOLDER, EditionError, read_edition
from .windows import month_end

DROPPED = ("claims", "says", "statements", "known")
"""What belongs to the printed report: the next one is not printed yet."""


def roll(home: Home, old: str, new: str) -> tuple[Path, list[str]]:
    """Write `editions/<new>.yml` in the home. Returns its path, and the windows with fixed days, which a person must look at.

    Every last day of data moves on by the months between the two editions. Raises EditionError: no such edition, or the new
    one is there already.
    """
    source = next((p for p in (home.editions / f"{old}.yml", FOLDER / f"{old}.yml") if p.exists()), None)
    if source is None:
        raise EditionError(f"there is no edition {old}")
    target = home.editions / f"{new}.yml"
    if target.exists() or (FOLDER / target.name).exists():
        raise EditionError(f"{target.name} is there already: change it, or delete it first")
    months = _months(old, new)
    body = yaml.safe_load(source.read_text(encoding="utf-8"))
    fixed: list[str] = []
    rolled = _rolled({k: v for k, v in body.items() if k not in DROPPED} | {"edition": new}, months, (), fixed)
    text = (
        f"# Made from edition {old}: every last day of data lies {months} months later.\n"
        + "".join(f"# Look at {f}: its days are as they were.\n" for f in fixed)
        + yaml.safe_dump(rolled, sort_keys=False, allow_unicode=True, width=120)
    )
    write_whole(target, text.encode("utf-8"))
    try:
        read_edition(target)
    except EditionError:
        target.unlink()
        raise
    return target, fixed


def _months(old: str, new: str) -> int:
    try:
        first, last = (date.fromisoformat(f"{name}-01") for name in (old, new))
    except ValueError as error:
        raise EditionError(f"an edition is called by its month, such as 2026-09: {error}") from error
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
