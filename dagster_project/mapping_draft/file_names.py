"""Drafts the rule for a system's file names from one name and the days of its rows.

A rule that covers more days than the file has makes false zeros: `{year}` and `{month}` are for names that say no shorter time.
"""

import re
from calendar import month_abbr, month_name
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from dagster_project.landing.mappings.file_name_patterns import read_pattern

_MONTHS, _FULL = "|".join(month_abbr[1:]), "|".join(month_name[1:])

_MOMENTS = ((r"\d{8}T\d{6}", "%Y%m%dT%H%M%S"), (r"\d{14}", "%Y%m%d%H%M%S"), (r"\d{8}[ _-]\d{6}", "%Y%m%d{}%H%M%S"),
            (r"\d{12}", "%Y%m%d%H%M"), (r"\d{8}[ _-]\d{4}", "%Y%m%d{}%H%M"))  # fmt: skip
_DAYS = (
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"), (r"\d{4}_\d{2}_\d{2}", "%Y_%m_%d"), (r"\d{2}-\d{2}-\d{4}", "%d-%m-%Y"),
    (r"\d{2}\.\d{2}\.\d{4}", "%d.%m.%Y"), (r"\d{2}_\d{2}_\d{4}", "%d_%m_%Y"), (r"\d{8}", "%Y%m%d"), (r"\d{8}", "%d%m%Y"),
    (r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y"),
)  # fmt: skip
_PERIODS = (
    (rf"(?!may)(?:{_FULL})([ _-]?)20\d\d", "month", "%B{}%Y"), (rf"(?:{_MONTHS})([ _-]?)20\d\d", "month", "%b{}%Y"),
    (rf"(?:{_MONTHS})([ _-]?)\d\d", "month", "%b{}%y"), (r"20\d\d([-_ .])(?:0[1-9]|1[0-2])", "month", "%Y{}%m"),
    (r"(?:0[1-9]|1[0-2])([-_ .])20\d\d", "month", "%m{}%Y"), (r"20\d\d(?:0[1-9]|1[0-2])()", "month", "%Y%m"),
    (r"20\d\d()", "year", "%Y"),
)  # fmt: skip
_NAMED = rf"(?:{_FULL}|{_MONTHS}|Sept)(?![A-Za-z])"
_DAY, _MONTH, _BETWEEN = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"[-_. /]"
_A_DAY = re.compile(
    rf"(?<![A-Za-z\d{{:%])(?:{_DAY}(?:st|nd|rd|th)?{_BETWEEN}*(?:of )?{_NAMED}(?:{_BETWEEN}*(?:20\d\d|\d\d))?"
    rf"|{_NAMED}{_BETWEEN}+{_DAY}(?:st|nd|rd|th)?,?{_BETWEEN}+20\d\d"
    rf"|20\d\d{_BETWEEN}{_MONTH}{_BETWEEN}{_DAY}|{_DAY}{_BETWEEN}{_MONTH}{_BETWEEN}(?:20)?\d\d|20\d{{6}}|\d{{4}}20\d\d)(?!\d)",
    re.I,
)
"""A day, however it is written."""
_PART_OF_A_YEAR = re.compile(rf"(?<![A-Za-z]){_NAMED}|(?<![A-Za-z\d])(?:Q[1-4]|H[12]|YTD|quarter)(?![A-Za-z\d])", re.I)
_UP_TO = re.compile(r"(?<![A-Za-z])(?:to|until|till|through|thru|ending|ended|end|as at|asat)[-_. ]+$", re.I)
_DATE = rf"(?:\d+(?:st|nd|rd|th)?|{_NAMED})"
_DATES = re.compile(rf"(?<![A-Za-z\d]){_DATE}(?:[-_., /]*{_DATE})*", re.I)
"""A run of numbers and months."""
_SHORTER = re.compile(r"(?<![A-Za-z])(?:w[-./ ]?[ce]|wks?|weeks?|weekly|fortnight(?:ly)?|daily)(?![A-Za-z])", re.I)
"""Words for a time that is shorter than a month."""
WEEK = 7
"""Rows of no more days may be those of a day or a week."""
LONGEST_MONTH = 31
"""A year's first or last days without a row: from a whole month on, its system may not have them."""


@dataclass(frozen=True)
class NameRule:
    """An entry of `files`. `covers`: None if the name has the window. `doubt`: what to check."""

    name: str
    covers: Literal["months", "days"] | None
    doubt: str = ""


def draft_name(name: str, first: date | None, last: date | None, saved_on: date | None = None) -> NameRule:
    """The rule for a file name. `first`, `last`: the days of its rows; None if they have no dates. `saved_on`: the day after
    which it can have none."""
    end = re.search(r"(\.csv\.gz|\.csv\.zip|\.csv|\.zip|\.xlsx|\.parquet)$", name, re.I)
    stem, ending = (name[: end.start()], name[end.start() :]) if end else (name, "")
    # A brace of the name would be taken for a placeholder's.
    stem = re.sub(r"[{}]", "?", stem)
    template, placed = _place_at(stem, _MOMENTS, lambda day: last is None or day >= last)
    window = False
    if first and last:
        placed_in, window = _place_window(template, first, last)
        if window and (doubt := _too_wide(placed_in, name, first, last, saved_on)):
            return NameRule(_globbed(template) + ending, "months", doubt)
        template = placed_in
        if not placed and not window:
            # A single day after the last row's is taken as the day of the export, unless the name says that the rows end there.
            template, placed = _place_at(template, _DAYS, lambda day: last <= day <= last + timedelta(days=400))
    pattern = _globbed(template) + ending
    if window:
        return NameRule(pattern, None)
    if first and not placed and (day_in_name := _A_DAY.search(template)):
        doubt = (
            f"'{day_in_name[0]}' alone says no window, so it is from the first to the last row's day: days without rows before"
            " and after are not covered. A name with {from:...} and {to:...} would cover them"
        )
        return NameRule(pattern, "days", doubt)
    if first and last and ((last - first).days < WEEK or _SHORTER.search(stem)):
        doubt = (
            f"the rows are of {first} to {last}, so it is from the first to the last row's day: a file of a day or a week that"
            " covered its month would withdraw the rows of the others. If each file has all of its months, say covers: months"
        )
        return NameRule(pattern, "days", doubt)
    doubt = "" if first else "the rows have no dates to find the window by"
    return NameRule(pattern, "months", doubt)


def _place_at(stem: str, forms: tuple[tuple[str, str], ...], is_it: Callable[[date], bool]) -> tuple[str, bool]:
    """Put the time of extraction's placeholder for the first text of one of these forms whose day is one that it may be."""
    for pattern, form in forms:
        for match in re.finditer(rf"(?<![\d{{:%]){pattern}(?!\d)", stem):
            separator = re.search(r"[ _-]", match[0])
            form_here = form.format(separator[0] if separator else "")
            moment = _read_moment(match[0], form_here)
            if moment and is_it(moment.date()) and not _UP_TO.search(stem[: match.start()]):
                return _put_placeholder(stem, match, f"{{at:{form_here}}}"), True
    return stem, False


def _place_window(stem: str, first: date, last: date) -> tuple[str, bool]:
    for pattern, form in _DAYS:
        days = [
            (m, moment.date()) for m in re.finditer(rf"(?<![\d{{:%]){pattern}(?!\d)", stem)
            if (moment := _read_moment(m[0], form))
        ]  # fmt: skip
        for (from_match, begins), (to_match, ends) in pairwise(days):
            if begins <= first and last <= ends:
                stem = _put_placeholder(_put_placeholder(stem, to_match, f"{{to:{form}}}"), from_match, f"{{from:{form}}}")
                return stem, True
    if match := re.search(r"(?<!\d)(20\d\d)([-_/ ])(\d\d)(?!\d)", stem):
        year = int(match[1])
        is_pair = int(match[3]) == (year + 1) % 100
        if is_pair and date(year, 4, 1) <= first and last <= date(year + 1, 3, 31) and not _is_shorter("year", stem, match):
            return _put_placeholder(stem, match, f"{{financial_year:%Y}}{match[2]}*"), True
    for pattern, kind, form in _PERIODS:
        for match in re.finditer(rf"(?<![A-Za-z\d]){pattern}(?![\d])", stem, re.I):
            form_here = form.format(match[1])
            moment = _read_moment(match[0], form_here)
            if moment and _is_within(kind, moment.date(), first, last) and not _is_shorter(kind, stem, match):
                return _put_placeholder(stem, match, f"{{{kind}:{form_here}}}"), True
    return stem, False


def _too_wide(stem: str, name: str, first: date, last: date, saved_on: date | None) -> str:
    """Why a year in the name is no window, if a month or more of it has no rows: of a system that began or ended within it."""
    year = re.search(r"\{(?:financial_)?year:%Y\}", stem)
    begins, ends, extracted_at = read_pattern(f"{_globbed(stem)}*").read(name) or (None, None, None)
    if year is None or begins is None or ends is None:
        return ""
    ends = min(ends, extracted_at.date() if extracted_at else saved_on or last)
    if max((first - begins).days, (ends - last).days) < LONGEST_MONTH:
        return ""
    return (
        f"the year in the name is {begins} to {ends}, and the rows are of {first} to {last}, so it is from the first to the"
        f" last row's month: the others would be 0. If the system has those, too, put {year[0]} for the year"
    )


def _is_shorter(kind: str, stem: str, match: re.Match[str]) -> bool:
    """Whether the name says a shorter time than the month or year that was found in it: `to 31 Oct 2026`, `Jan-Oct 2026`."""
    days = list(_A_DAY.finditer(stem))
    if any(day.start() < match.end() and match.start() < day.end() for day in days):
        return True
    if any(_UP_TO.search(stem[: day.start()]) for day in days):
        return True
    if kind == "month":
        return False
    # A number beside a year may be its month.
    month_beside = re.search(rf"(?<!\d){_MONTH}{_BETWEEN}$", stem[: match.start()]) or re.match(
        rf"{_BETWEEN}{_MONTH}(?!\d)", stem[match.end() :]
    )
    return month_beside is not None or _PART_OF_A_YEAR.search(stem) is not None


def _is_within(kind: str, begins: date, first: date, last: date) -> bool:
    if kind == "year":
        return first.year == last.year == begins.year
    return (first.year, first.month) == (last.year, last.month) == (begins.year, begins.month)


def _read_moment(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _put_placeholder(stem: str, match: re.Match[str], placeholder: str) -> str:
    return stem[: match.start()] + placeholder + stem[match.end() :]


def _globbed(stem: str) -> str:
    """The name with `*` for digits outside placeholders and the months beside them, as they change from file to file."""
    parts = re.split(r"(\{[^}]*\})", stem)
    return "".join(p if p.startswith("{") else _without_digits(p) for p in parts)


def _without_digits(text: str) -> str:
    text = re.sub(r"\(\d+\)", "*", text)
    text = _DATES.sub(lambda run: "*" if re.search(r"\d", run[0]) else run[0], text)
    return re.sub(r"\d+(?:[-_. ]\d+)*", "*", text)
