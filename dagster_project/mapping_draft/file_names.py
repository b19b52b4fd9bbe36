"""Drafts the rule for a system's file names from one name and the days of its rows."""

import re
from calendar import month_abbr, month_name
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

_MONTHS, _FULL = "|".join(month_abbr[1:]), "|".join(month_name[1:])

_MOMENTS = ((r"\d{8}T\d{6}", "%Y%m%dT%H%M%S"), (r"\d{14}", "%Y%m%d%H%M%S"), (r"\d{8}[ _-]\d{6}", "%Y%m%d{}%H%M%S"),
            (r"\d{12}", "%Y%m%d%H%M"), (r"\d{8}[ _-]\d{4}", "%Y%m%d{}%H%M"))  # fmt: skip
_DAYS = (
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"), (r"\d{4}_\d{2}_\d{2}", "%Y_%m_%d"), (r"\d{2}-\d{2}-\d{4}", "%d-%m-%Y"),
    (r"\d{2}\.\d{2}\.\d{4}", "%d.%m.%Y"), (r"\d{2}_\d{2}_\d{4}", "%d_%m_%Y"), (r"\d{8}", "%Y%m%d"), (r"\d{8}", "%d%m%Y"),
    (r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y"),
)  # fmt: skip
_PERIODS = (
    (rf"(?:{_FULL})([ _-]?)20\d\d", "month", "%B{}%Y"), (rf"(?:{_MONTHS})([ _-]?)20\d\d", "month", "%b{}%Y"),
    (rf"(?:{_MONTHS})([ _-]?)\d\d", "month", "%b{}%y"), (r"20\d\d([-_ .])(?:0[1-9]|1[0-2])", "month", "%Y{}%m"),
    (r"(?:0[1-9]|1[0-2])([-_ .])20\d\d", "month", "%m{}%Y"), (r"20\d\d(?:0[1-9]|1[0-2])()", "month", "%Y%m"),
    (r"20\d\d()", "year", "%Y"),
)  # fmt: skip


@dataclass(frozen=True)
class NameRule:
    """An entry of `files`. `covers`: `months` if the name does not have the window. `doubt`: what to check."""

    name: str
    covers: str | None
    doubt: str = ""


def draft_name(name: str, first: date | None, last: date | None) -> NameRule:
    """The rule for a file name. `first`, `last`: the days of its rows; None if they have no dates."""
    end = re.search(r"(\.csv\.gz|\.csv\.zip|\.csv|\.zip|\.xlsx|\.parquet)$", name, re.I)
    stem, ending = (name[: end.start()], name[end.start() :]) if end else (name, "")
    rest, placed = _place_at(stem, _MOMENTS, lambda day: last is None or day >= last)
    window = False
    if first and last:
        rest, window = _place_window(rest, first, last)
        if not placed and not window:
            # A single day after the last row's is taken as the day of the export.
            rest, placed = _place_at(rest, _DAYS, lambda day: last <= day <= last + timedelta(days=400))
    pattern = _globbed(rest) + ending
    if window:
        return NameRule(pattern, None)
    doubt = "" if first else "the rows have no dates to find the window by"
    return NameRule(pattern, "months", doubt)


def _place_at(stem: str, forms: tuple[tuple[str, str], ...], is_it: Callable[[date], bool]) -> tuple[str, bool]:
    """Put the time of extraction's placeholder for the first text of one of these forms whose day is one that it may be."""
    for pattern, form in forms:
        for match in re.finditer(rf"(?<![\d{{:%]){pattern}(?!\d)", stem):
            between = re.search(r"[ _-]", match[0])
            form_here = form.format(between[0] if between else "")
            read = _read(match[0], form_here)
            if read and is_it(read.date()):
                return _put(stem, match, f"{{at:{form_here}}}"), True
    return stem, False


def _place_window(stem: str, first: date, last: date) -> tuple[str, bool]:
    for pattern, form in _DAYS:
        days = [
            (m, read.date()) for m in re.finditer(rf"(?<![\d{{:%]){pattern}(?!\d)", stem) if (read := _read(m[0], form))
        ]  # fmt: skip
        for (one, begins), (two, ends) in pairwise(days):
            if begins <= first and last <= ends:
                stem = _put(_put(stem, two, f"{{to:{form}}}"), one, f"{{from:{form}}}")
                return stem, True
    if match := re.search(r"(?<!\d)(20\d\d)([-_/ ])(\d\d)(?!\d)", stem):
        year = int(match[1])
        is_pair = int(match[3]) == (year + 1) % 100
        if is_pair and date(year, 4, 1) <= first and last <= date(year + 1, 3, 31):
            return _put(stem, match, f"{{financial_year:%Y}}{match[2]}*"), True
    for pattern, kind, form in _PERIODS:
        for match in re.finditer(rf"(?<![A-Za-z\d]){pattern}(?![\d])", stem, re.I):
            form_here = form.format(match[1])
            read = _read(match[0], form_here)
            if read and _within(kind, read.date(), first, last):
                return _put(stem, match, f"{{{kind}:{form_here}}}"), True
    return stem, False


def _within(kind: str, begins: date, first: date, last: date) -> bool:
    if kind == "year":
        return first.year == last.year == begins.year
    return (first.year, first.month) == (last.year, last.month) == (begins.year, begins.month)


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _put(stem: str, match: re.Match[str], placeholder: str) -> str:
    return stem[: match.start()] + placeholder + stem[match.end() :]


def _globbed(stem: str) -> str:
    """The name with `*` for digits outside placeholders, as they change from file to file."""
    parts = re.split(r"(\{[^}]*\})", stem)
    return "".join(p if p.startswith("{") else re.sub(r"\(\d+\)|\d+(?:[-_. ]\d+)*", "*", p) for p in parts)
