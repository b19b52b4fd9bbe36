"""Finds the periods that a sentence names, as the days that its figures may cover."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import zip_longest

from dagster_project.editions.printed import WORDS
from dagster_project.editions.windows import MONTHS, month_days, month_end, month_number, years_before

from .figures_in_text import counts_like_years

_M = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_Y = r"((?:19|20)\d\d)"
_D = r"(\d{1,2})(?:st|nd|rd|th)?"
_TO = r" ?(?:to|and|until|up to|–|-) ?"
_FY = r"((?:19|20)?\d\d)(?:/|(?<=\d{4}) ?[-–/] ?)(?:20)?(\d\d)(?!\d)"
_COUNT = rf"(\d{{1,2}}|{'|'.join(WORDS[1:])})"
_END_OF = r"(?: the end of)?"
_PART_OF = (
    r"(?:q[1-4]|h[12]|(?:(?:first|second|third|fourth|last|final) )?(?:quarter|half)(?: [1-4])?|spring|summer|autumn|winter"
    r"|easter|christmas|early|late|mid|(?:start|beginning|middle|end|weeks?|months|days|quarters|part|most|rest|remainder) of)"
    r"[ -](?:of |in )?(?:the )?(?:financial year )?"
)
_AGAINST = re.compile(
    r"(?:compared (?:with|to)|against|than|versus|vs\.?|(?:up|down) from) (?:the |that |those |in |of |for |during |\w+ in )*$",
    re.I,
)
_OTHER_LENGTH = re.compile(
    r"\b(?:quarter|month|week|fortnight|half|term|years|(?<!twelve.month )(?<!12.month )period"
    r"|(?:calendar|financial|fiscal|tax|academic|school)(?: year)?|this year)[,;]? \(?$",
    re.I,
)
"""Words that make `to October 2025` the end of another time than twelve months."""
_NOT_ALL_OF = re.compile(r"\b(?:since|by|before|after|beyond|until|up to|years to|run-up to|prior to|as at|as of) $", re.I)
_NO_PERIOD = re.compile(
    r"\b(?:early|late|mid|spring|summer|autumn|winter|since|by|before|after|beyond|until|from|as at|as of)[ -]$", re.I
)
BEFORE = re.compile(
    r"\b(?:previous|preceding|prior) (?:twelve months|12 months|year)\b(?! (?:up )?(?:to|ending|ended)\b)"
    r"|\b(?:the )?(?:year|(?:twelve|12) months) (?:before|earlier)\b"
    r"|\bsame (?:period|months|time) (?:of |in )?(?:the )?(?:last|previous) year\b|\ba year (?:ago|earlier)\b",
    re.I,
)
"""Words for a figure of the year before."""


@dataclass(frozen=True)
class Period:
    """A period in a text, and its place. `first`, `last`: its days; None if that end is not given. `how`: `days`, `ends` (any
    that ends on this day), `year_to_date`, `now` (the newest), `same` (that of the sentences before), `part` (part of a period,
    with unknown days). `is_compared`: other figures are compared with this period."""

    start: int
    end: int
    how: str
    first: date | None = None
    last: date | None = None
    is_compared: bool = False

    def fits(self, first: date | None, last: date | None, newest: date | None) -> bool:
        """Whether a figure over these days is for this period. `newest`: the last day of any figure of its kind."""
        if self.how == "part":
            return False
        if self.how == "days":
            return (first, last) == (self.first, self.last)
        if self.how == "ends":
            return last is not None and last == self.last and first is not None and (last - first).days > 31
        if self.how == "year_to_date":
            next_year = None if self.first is None else years_before(self.first, -1)
            return first == self.first and last is not None and next_year is not None and last < next_year - timedelta(days=1)
        return last == newest

    def a_year_before(self) -> "Period":
        return replace(self, first=years_before(self.first), last=years_before(self.last))


def periods_of(text: str, data_to: date) -> list[Period]:
    """The periods that a text names, in order. `data_to`: the last day of data, for `the past year`."""
    periods: list[Period] = []
    left = text.replace("—", "–")
    for count in counts_like_years(left):
        if count.kind == "figure":
            left = left[: count.start] + "\0" * len(count.text) + left[count.end :]
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(left):
            is_compared = bool(_AGAINST.search(text[max(0, match.start() - 60) : match.start()]))
            # Such as 31 November.
            with contextlib.suppress(ValueError):
                if days := read(match, data_to):
                    how, first, last = days
                    periods.append(Period(match.start(), match.end(), how, first, last, is_compared))
        left = pattern.sub(lambda m: "\0" * len(m[0]), left)
    periods.sort(key=lambda p: p.start)
    return list(_without_years_that_are_spelled_out(periods, text))


def _without_years_that_are_spelled_out(periods: list[Period], text: str) -> Iterator[Period]:
    """`2025 (January 2025-September 2025)` is one period: the one in brackets."""
    for period, following in zip_longest(periods, periods[1:]):
        is_in_brackets = following and re.fullmatch(r"\s*\(", text[period.end : following.start])
        if not is_in_brackets or (period.last and following.last and not _holds(period, following)):
            yield period


def _holds(period: Period, other: Period) -> bool:
    """Whether a period includes all days of another."""
    if period.first is None or other.first is None or period.last is None or other.last is None:
        return True
    return period.first <= other.first and other.last <= period.last


_Days = tuple[str, date | None, date | None]
"""How a period is given, its first and its last day."""


def _no(month: str) -> int:
    return MONTHS.index(month[:3].title()) + 1


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _months(first: tuple[int, int], last: tuple[int, int]) -> _Days:
    """Whole months, from one to another (year and number)."""
    return "days", date(*first, 1), month_end(*last)


def _run(match: re.Match[str], _: date) -> _Days:
    """`May 2024 to November 2025`, `May and November 2025`, `Jan-Nov 2025`."""
    one, year, other, end = _no(match[1]), match[2], _no(match[3]), int(match[4])
    return _months((int(year) if year else end - (one > other), one), (end, other))


def _run_of_year(match: re.Match[str], _: date) -> _Days:
    """`Nov-Oct 2024/25`, `Apr-Oct 2025/26`."""
    begin, first, last = _year(match[3]), _no(match[1]), _no(match[2])
    return _months((begin, first), (begin + (last < first), last))


def _months_to(match: re.Match[str], data_to: date) -> _Days:
    """`the six months to October 2025`, `the year to October 2025`, `the past year`."""
    if _OTHER_LENGTH.search(match.string[: match.start()]):
        return _part()
    if not match.re.groups:
        count, last = None, month_end(data_to.year, data_to.month)
    else:
        count, last = match[1], month_end(int(match[3]), _no(match[2]))
    return _months_up_to(count, last)


def _months_to_day(match: re.Match[str], data_to: date) -> _Days:
    """`the 12 months to 30 November 2025`: whole months, so only to the last day of one."""
    last = month_end(int(match[4]), _no(match[3]))
    if int(match[2]) != last.day or _OTHER_LENGTH.search(match.string[: match.start()]):
        return _part()
    return _months_up_to(match[1], last)


def _months_up_to(count: str | None, last: date) -> _Days:
    """So many months, in digits or in words and by default twelve, up to the end of one."""
    months = 12 if count is None else int(count) if count.isdigit() else WORDS.index(count.lower())
    return "days", month_days(month_number(last) + 1 - months)[0], last


def _ends(match: re.Match[str], _: date) -> _Days:
    if _OTHER_LENGTH.search(match.string[: match.start()]):
        return _part()
    return "ends", None, month_end(int(match[2]), _no(match[1]))


def _financial_year(match: re.Match[str], _: date) -> _Days | None:
    begin = _year(match[1])
    if _NOT_ALL_OF.search(match.string[: match.start()]):
        return _part()
    return _months((begin, 4), (begin + 1, 3)) if (begin + 1) % 100 == int(match[2]) else None


def _year_to_date(match: re.Match[str], data_to: date) -> _Days:
    begin = _year(match[1]) if match.re.groups else data_to.year - (data_to.month < 4)
    return "year_to_date", date(begin, 4, 1), None


def _span(match: re.Match[str], _: date) -> _Days:
    """`14 to 20 September 2025`."""
    month, year = _no(match[3]), int(match[4])
    return "days", date(year, month, int(match[1])), date(year, month, int(match[2]))


def _week(match: re.Match[str], _: date) -> _Days:
    first = date(int(match[3]), _no(match[2]), int(match[1]))
    return "days", first, first + timedelta(days=6)


def _month(match: re.Match[str], _: date) -> _Days | None:
    at = _year(match[2]), _no(match[1])
    return None if _NO_PERIOD.search(match.string[: match.start()]) else _months(at, at)


def _part(*_: object) -> _Days:
    """`summer 2024/25`, `the first quarter of 2024/25`, `last year`: no figure is for such a period."""
    return "part", None, None


def _dates(match: re.Match[str], _: date) -> _Days:
    """`1 April 2024 to 31 March 2025`."""
    first = date(int(match[3]), _no(match[2]), int(match[1]))
    return "days", first, date(int(match[6]), _no(match[5]), int(match[4]))


def _dates_of_a_year(match: re.Match[str], _: date) -> _Days:
    """`1 April to 30 September 2025`, `between 1 December and 31 January 2025`."""
    one, other = (_no(match[2]), int(match[1])), (_no(match[4]), int(match[3]))
    year = int(match[5])
    return "days", date(year - (one > other), *one), date(year, *other)


def _same(match: re.Match[str], _: date) -> _Days:
    return "same", date(int(match[1]), 1, 1) if match[1] else None, None


def _calendar_year(match: re.Match[str], _: date) -> _Days | None:
    ahead, year = match.string[: match.start()], int(match[1])
    if _NO_PERIOD.search(ahead) or re.search(r"\b(?:act|regulations?|bill) $", ahead, re.I):
        return None
    return _months((year, 1), (year, 12))


_PATTERNS: list[tuple[re.Pattern[str], Callable[[re.Match[str], date], _Days | None]]] = [
    (re.compile(pattern, re.I), read)
    for pattern, read in (
        (rf"\b(\d{{1,2}})(?:st|nd|rd|th)? {_M} {_Y}{_TO}(\d{{1,2}})(?:st|nd|rd|th)? {_M} {_Y}", _dates),
        (rf"\b(?:between|from) {_D} {_M}{_TO}{_D} {_M} {_Y}", _dates_of_a_year),
        (rf"\b{_D} {_M} ?(?:to|until|up to|–|-) ?{_D} {_M} {_Y}", _dates_of_a_year),
        (rf"\b{_PART_OF}(?:{_FY}|{_Y}\b)", _part),
        (rf"\b{_Y} financial year|\bfinancial year {_Y}(?! ?[-–/])", _part),
        (rf"\b(?:{_FY}|{_Y}) (?:q[1-4]|h[12])\b", _part),
        (rf"\b{_M} ?[-–] ?{_M} {_FY}(?!\d)", _run_of_year),
        (rf"\b{_M} ?{_Y}?{_TO}{_M} {_Y}", _run),
        (rf"\b(?:{_COUNT} months|year) (?:to|up to|ending(?: in)?|ended){_END_OF} {_M} {_Y}", _months_to),
        (rf"\b(?:{_COUNT} months|year) (?:to|up to|ending(?: on)?|ended(?: on)?) {_D} {_M} {_Y}", _months_to_day),
        (rf"\b(?:to|up to|until|ending){_END_OF} {_M} {_Y}", _ends),
        (rf"\b{_FY}(?: financial year)?(?: so far| to date)", _year_to_date),
        (r"\b(?:(?:financial )?year (?:so far|to date)|(?:start|beginning) of the financial year)", _year_to_date),
        (rf"\b{_FY}(?!\d)", _financial_year),
        (rf"\b(\d{{1,2}})(?: to | ?[-–] ?| and )(\d{{1,2}}) {_M} {_Y}", _span),
        (rf"\b(?:week )?commencing (\d{{1,2}}) {_M} {_Y}", _week),
        (rf"\b(\d{{1,2}})(?:st|nd|rd|th)? {_M} {_Y}", lambda *_: None),
        (rf"\b{_M} {_Y}", _month),
        (rf"\b{_M} '?(\d\d)$", _month),
        (r"\b(?:past year|(?:past|last) (?:twelve|12) months)\b", _months_to),
        (r"\b(?:last|this|next) (?:year|quarter|month|summer|winter|spring|autumn)\b|\blast year['’]s\b", _part),
        (rf"\b(?:the )?same (?:time )?(?:period|months)(?: (?:during|in|of|for) {_Y})?", _same),
        (rf"(?<![£\d,./-]){_Y}(?![\d,/%]\d|%)\b", _calendar_year),
        (r"\b(?:to date|currently|at present|now stands?|so far)\b", lambda *_: ("now", None, None)),
    )
]
