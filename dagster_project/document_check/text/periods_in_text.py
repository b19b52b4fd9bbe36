"""Finds the periods that a sentence names, as the days that its figures may cover."""

import contextlib
import re
from calendar import month_name
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import zip_longest

from dagster_project.editions.read_printed_numbers import WORDS
from dagster_project.editions.windows import MONTHS, month_days, month_end, month_number, years_before

from .figures_in_text import counts_like_years
from .words import any_of

_D1, _D2 = (rf"(?P<d{n}>\d{{1,2}})(?:st|nd|rd|th)?" for n in (1, 2))
_M1, _M2 = (rf"(?P<m{n}>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?" for n in (1, 2))
_Y1, _Y2 = (rf"(?P<y{n}>(?:19|20)\d\d)" for n in (1, 2))
_TO = r" ?(?:to|and|until|up to|–|-) ?"
_UP_TO = r"(?:to|up to|until|end(?:ing|ed)(?: in| on)?)(?: the end of)?"
_FY = r"(?:(?<=\bFY)|\b)(?P<fy>(?:19|20)?\d\d)(?:/|(?<=\d{4}) ?[-–/] ?)(?:20)?(?P<fy_end>\d\d)(?!\d)"
_COUNT = rf"(?P<count>\d{{1,2}}|{'|'.join(WORDS[1:])})"
_PART_OF = (
    r"(?:q\d|h\d|(?:(?:first|second|third|fourth|last|final) )?(?:quarter|half)(?: [1-4])?|spring|summer|autumn|winter"
    r"|easter|christmas|early|late|mid|(?:start|beginning|middle|end|weeks?|months|days|quarters|part|most|rest|remainder) of)"
    r"[ -](?:of |in )?(?:the )?(?:(?:financial |calendar )?year )?"
)
_QUARTERS = ("first", "second", "third", "fourth", "last", "final")
_AGAINST = re.compile(
    r"(?:compared (?:with|to)|against|above|below|than|versus|vs\.?|(?:up|down) from|\bon)"
    r" (?:the |that |those |in |of |for |during |[a-z]\w* in )*$",
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
    r"\b(?:early|late|mid|spring|summer|autumn|winter|(?:since|by|before|after|beyond|until|from)(?: the (?:end|start) of)?"
    r"|as at|as of|act|regulations?|bill)[ -]$",
    re.I,
)
_AFTER_EVENT = re.compile(
    r"(?:\b(?:since|after|before|following|until|till|prior to|ahead of|once|when|from the|on the back of) (?!in )[^\d,;.]*?"
    r"|\b(?:(?:set up|open(?:ed|ing)|beg[au]n|beginning|start(?:ed|ing)|launch\w*|introduced|formed)(?: \w+){0,2}"
    rf"|{any_of('events')})|\bas (?:reported|agreed|stated)) (?:in|of|from|during|on)(?: the)? $",
    re.I,
)
"""Before the time of something else: `since the launch of the operation in July 2025`."""
_OF_EVENT = re.compile(rf" (?:{any_of('events')})\b", re.I)
"""Behind the time of something else: `the July 2025 operation`."""
_MONTHS = "|".join(month_name[1:])
_ALONE = re.compile(
    r"\b(?:(?P<ahead>(?i:in|on|from|than|during|with|for|of|to|by|and|or|since|until|before|after|against|last|this|next)) "
    rf"|(?=(?:{_MONTHS}) (?:saw|had|recorded|was|were)\b))"
    rf"(?P<name>(?P<month>{_MONTHS})\b|(?i:(?:the )?(?:q(?P<number>[1-4])|(?P<nth>{'|'.join(_QUARTERS)}) quarter)\b))"
    rf"(?P<more> ?(?:to|and|until|up to|–|-) ?(?:the end of )?(?:{_MONTHS}|q[1-4])\b)?"
    r"(?P<of>(?i: (?:of|in) (?:the|a|its|our)\b(?! financial)))?"
)
"""A month or a quarter without its year."""
_NTH = rf"(?:q\d|quarter \d|{'|'.join(_QUARTERS)})"
_UP_TO_QUARTER = re.compile(
    rf"\b(?:(?:{_NTH}(?: quarter)?(?: (?:of )?[\d/]+)?|half|end|start|beginning|middle|part|rest|most|weeks?|months?|days?),? ?"
    r"(?:and|or|to|of|&|[-–])|(?<!compared )(?<!relative )to) ?(?:the )?$",
    re.I,
)
_TO_QUARTER = re.compile(rf",? ?(?:onwards?\b|(?:and|or|to|&|[-–]) ?(?:the )?{_NTH}\b)", re.I)
"""Around a quarter that is only an end of the time, or a part of which is."""
_FROM_NUMBER = re.compile(r"\bfrom £?\d[\d,.]*\S* (?:in|during|for)$", re.I)
BEFORE = re.compile(
    r"\b(?:previous|preceding|prior) (?:twelve months|12 months|year)\b(?! (?:up )?(?:to|ending|ended)\b)"
    r"|\b(?:the )?(?:year|(?:twelve|12) months) (?:before|earlier)\b"
    r"|\bsame (?:period|months?|quarter|time) (?:of |in )?(?:the )?(?:last|previous) year\b|\ba year (?:ago|earlier)\b",
    re.I,
)
"""Words for a figure of the year before."""


@dataclass(frozen=True)
class Period:
    """A period in a text, and its place. `first`, `last`: its days; None if that end is not given. `how`: `days`, `ends` (any
    that ends on this day), `year_to_date`, `to_date` (from an unknown day), `now` (the newest),
    `same` (that of the sentences before), `part` (part of a period, with unknown days). `is_compared`: other figures are
    compared with this period. `is_alone`: a month or a quarter without its year."""

    start: int
    end: int
    how: str
    first: date | None = None
    last: date | None = None
    is_compared: bool = False
    is_alone: bool = False

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
            if first is None or last is None or next_year is None:
                return False
            # April alone is a month of the year, unless the data end with it.
            is_month = (last - first).days < 31 and last != newest
            return first == self.first and not is_month and last < next_year - timedelta(days=1)
        return last == newest and self.how == "now"

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
            against = _AGAINST.search(text[max(0, match.start() - 60) : match.start()])
            # `On 3 May 2025` is a day; `up four on 2024` is on that year.
            is_day = re.match(r"\d{1,2}\b(?!/)", match[0]) and against and against[0].lower().startswith("on ")
            is_compared = bool(against and not is_day)
            # Such as 31 November.
            with contextlib.suppress(ValueError):
                if days := read(match, data_to) if callable(read) else read:
                    is_of_event = _AFTER_EVENT.search(text, 0, match.start()) or _OF_EVENT.match(text, match.end())
                    how, first, last = _PART if is_of_event else days
                    periods.append(Period(match.start(), match.end(), how, first, last, is_compared))
        left = pattern.sub(lambda m: "\0" * len(m[0]), left)
    periods += [_alone(match, periods) for match in _ALONE.finditer(left)]
    periods.sort(key=lambda p: p.start)
    return list(_without_years_that_are_spelled_out(periods, text))


def _alone(match: re.Match[str], periods: list[Period]) -> Period:
    """A month without its year: that of the only other period, which it is in (`in 2024/25, from 130 in April to 174 in March`)
    or leads up to (`from 68 in March to 116 in June 2024`); a quarter, of a financial year; else of unknown days."""
    unknown = Period(match.start("name" if match["more"] is None else 0), match.end(), "part", is_alone=True)
    days = {(p.first, p.last) for p in periods}
    first, last = days.pop() if len(days) == 1 else (None, None)
    if first is None or last is None or match["more"] or match["of"]:
        return unknown
    if (match["ahead"] or "").lower() not in ("in", "during", "for"):
        return unknown
    if _AFTER_EVENT.search(match.string, 0, match.start("name")):
        return unknown
    end = month_number(last)
    begin = month_number(first)
    if match["month"] is None:
        days_of_quarter = _nth_quarter(match, begin)
        is_financial = first.month == 4 and end - begin == 11
        return replace(unknown, how="days", first=days_of_quarter[0], last=days_of_quarter[1]) if is_financial else unknown
    if begin == end:
        # `From 203 in November to 304 in March 2025`. Elsewhere a later month may be of either year.
        begin = end - 11 if _FROM_NUMBER.search(match.string, 0, match.end("ahead")) else end + 1 - last.month
    found = [d for d in map(month_days, range(begin, end + 1)) if d[0].month == _no(match["month"])]
    return replace(unknown, how="days", first=found[0][0], last=found[0][1]) if len(found) == 1 else unknown


def _without_years_that_are_spelled_out(periods: list[Period], text: str) -> Iterator[Period]:
    """`2025 (January 2025-September 2025)` is one period: the one in brackets."""
    for period, following in zip_longest(periods, periods[1:]):
        is_in_brackets = following and re.fullmatch(r"\s*\(", text[period.end : following.start])
        if not is_in_brackets or not _may_hold(period, following):
            yield period


def _may_hold(period: Period, other: Period) -> bool:
    """Whether a period may include all days of another."""
    first, last = period.first or date.min, period.last or date.max
    return first <= (other.first or first) and (other.last or last) <= last


_Days = tuple[str, date | None, date | None]
"""How a period is given, its first and its last day."""
_PART: _Days = ("part", None, None)
"""`summer 2024/25`, `the first quarter of 2024`, `last year`: no figure is for such a period."""


def _no(month: str) -> int:
    return MONTHS.index(month[:3].title()) + 1


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _days(match: re.Match[str], *_: date) -> tuple[str, date, date]:
    """From the first to the last of the days, months or years that are named. What the first lacks, it has of the last: `14 to
    20 September 2025`, `May and November 2025`, `between 1 December and 31 January 2025`."""
    named = match.groupdict()
    month, year = _no(named.get("m2") or "dec"), _year(named["y2"])
    last = date(year, month, int(named["d2"])) if named.get("d2") else month_end(year, month)
    first_month = _no(named.get("m1") or named.get("m2") or "jan")
    first_year = _year(named["y1"]) if named.get("y1") else year - (first_month > month)
    return "days", date(first_year, first_month, int(named.get("d1") or 1)), last


def _months(match: re.Match[str], *_: date) -> _Days:
    """`May to November 2025`. `May and November 2025` leave out what is between."""
    how, first, last = _days(match)
    is_run = " and " not in match[0] or re.search(r"\bbetween $", match.string[: match.start()], re.I)
    return (how, first, last) if is_run or (last - first).days < 63 else _PART


def _month_or_year(match: re.Match[str], _: date) -> _Days | None:
    return None if _NO_PERIOD.search(match.string[: match.start()]) else _days(match)


def _run_of_year(match: re.Match[str], _: date) -> _Days:
    """`Nov-Oct 2024/25`, `Apr-Oct 2025/26`."""
    begin, first, last = _year(match["fy"]), _no(match["m1"]), _no(match["m2"])
    return "days", date(begin, first, 1), month_end(begin + (last < first), last)


def _months_to(match: re.Match[str], data_to: date) -> _Days:
    """`the six months to October 2025`, `the year to 31 October 2025`, `the past year`: whole months, and by default twelve."""
    named = match.groupdict()
    end = month_end(_year(named["y2"]), _no(named["m2"])) if named else month_end(data_to.year, data_to.month)
    if int(named.get("d2") or end.day) != end.day or _OTHER_LENGTH.search(match.string[: match.start()]):
        return _PART
    count = named.get("count") or "twelve"
    months = int(count) if count.isdigit() else WORDS.index(count.lower())
    return "days", month_days(month_number(end) + 1 - months)[0], end


def _ends(match: re.Match[str], _: date) -> _Days:
    return _PART if _OTHER_LENGTH.search(match.string[: match.start()]) else ("ends", None, _days(match)[2])


def _financial_year(match: re.Match[str], _: date) -> _Days | None:
    begin = _year(match["fy"])
    if _NOT_ALL_OF.search(match.string[: match.start()]):
        return _PART
    return ("days", date(begin, 4, 1), date(begin + 1, 3, 31)) if (begin + 1) % 100 == int(match["fy_end"]) else None


def _year_to_date(match: re.Match[str], data_to: date) -> _Days:
    begin = _year(match["fy"]) if match.re.groups else data_to.year - (data_to.month < 4)
    return "year_to_date", date(begin, 4, 1), None


def _quarter(match: re.Match[str], data_to: date) -> _Days | None:
    """`Q2 2024/25`, `the second quarter of 2024/25`."""
    year = _financial_year(match, data_to)
    if year is None or year[1] is None:
        return year
    if _UP_TO_QUARTER.search(match.string[: match.start()]) or _TO_QUARTER.match(match.string[match.end() :]):
        return _PART
    return "days", *_nth_quarter(match, month_number(year[1]))


def _nth_quarter(match: re.Match[str], april: int) -> tuple[date, date]:
    """The first and last day of a financial year's quarter. `april`: the number of the year's first month."""
    named = match.groupdict()
    begin = april + 3 * (int(named.get("number") or min(_QUARTERS.index(named["nth"].lower()) + 1, 4)) - 1)
    return month_days(begin)[0], month_days(begin + 2)[1]


def _week(match: re.Match[str], _: date) -> _Days:
    first = _days(match)[2]
    return "days", first, first + timedelta(days=6)


def _same(match: re.Match[str], _: date) -> _Days:
    return "same", date(_year(match["y2"]), 1, 1) if match["y2"] else None, None


_PATTERNS: list[tuple[re.Pattern[str], Callable[[re.Match[str], date], _Days | None] | _Days | None]] = [
    (re.compile(pattern, re.I), read)
    for pattern, read in (
        (rf"\b{_D1} {_M1} {_Y1}{_TO}{_D2} {_M2} {_Y2}", _days),
        (rf"\b(?:between|from) {_D1} {_M1}{_TO}{_D2} {_M2} {_Y2}", _days),
        (rf"\b{_D1} {_M1} ?(?:to|until|up to|–|-) ?{_D2} {_M2} {_Y2}", _days),
        (
            rf"\b(?:(?:q|quarter )(?P<number>[1-4])|(?P<nth>{'|'.join(_QUARTERS)}) quarter),? (?:of |in )?(?:the )?"
            rf"(?:financial year )?{_FY}",
            _quarter,
        ),
        (rf"{_FY},? (?:q|quarter )(?P<number>[1-4])\b", _quarter),
        (rf"\b{_PART_OF}(?:{_FY}|{_Y2}\b)", _PART),
        (rf"\b(?:weeks?|weekends?|fortnights?|days?|nights?|evenings?) (?:of|in|during) (?:{_M1} )?{_Y2}\b", _PART),
        (rf"\b(?:between|over|across|in|during|for) (?:19|20)\d\d(?:[/-]\d\d)? and {_Y2}(?:[/-]\d\d)?(?!\d)", _PART),
        (rf"\b{_Y1} financial year|\bfinancial year {_Y2}(?! ?[-–/])", _PART),
        (rf"(?:{_FY}|\b{_Y2}) (?:q\d|h\d)\b", _PART),
        (rf"\b{_M1} ?[-–] ?{_M2} {_FY}(?!\d)", _run_of_year),
        (rf"\b{_M1} ?{_Y1}?{_TO}{_M2} {_Y2}", _months),
        (rf"\b(?:{_COUNT} months|year) {_UP_TO} (?:{_D2} )?{_M2} {_Y2}", _months_to),
        (rf"\b(?:up to|until)(?: the end of)? {_M2} {_Y2}", _PART),
        (rf"\b(?:(?<!compared )to|ending)(?: the end of)? {_M2} {_Y2}", _ends),
        (rf"{_FY}(?: financial year)?(?: so far| to date)", _year_to_date),
        (rf"\b(?:so far|to date),? (?:in|during|for|of) (?:the )?(?:financial year )?{_FY}(?!\d)", _year_to_date),
        (r"\b(?:so far|to date),? (?:in |during |for )?(?:this|the) financial year", _year_to_date),
        (rf"\b(?:so far|to date),? (?:(?:in|during|for|of) (?:{_Y2}|the year)|this (?:year|month|quarter))\b", _PART),
        (rf"\b(?:financial )?year (?:so far|to date),? \(?{_FY}(?!\d)", _year_to_date),
        (r"\b(?:(?:financial )?year (?:so far|to date)|(?:start|beginning) of the financial year)", _year_to_date),
        (r"\b(?:since|from) the (?:start|beginning) of (?:the|this) (?:calendar )?(?:year|month|quarter)\b", _PART),
        (rf"{_FY}(?!\d)", _financial_year),
        (rf"\b(?P<d1>\d{{1,2}})(?: to | ?[-–] ?| and ){_D2} {_M2} {_Y2}", _days),
        (rf"\b(?:week )?commencing {_D2} {_M2} {_Y2}", _week),
        (rf"\b{_D2} {_M2} {_Y2}", None),  # a single day
        (rf"\b{_M2} {_Y2}", _month_or_year),
        (rf"\b{_M2} '?(?P<y2>\d\d)$", _month_or_year),
        (r"\b(?:past year|(?:past|last) (?:twelve|12) months)\b", _months_to),
        (r"\b(?:last|this|next) (?:year|quarter|month|summer|winter|spring|autumn)\b|\blast year['’]s\b", _PART),
        (r"\b(?:previous|preceding|prior|following) (?:quarter|month|week)\b", _PART),
        (r"\b(?:quarter|month|week) (?:before|earlier|later)\b", _PART),
        (rf"\b(?:the )?same (?:time )?(?:period|months)(?: (?:during|in|of|for) {_Y2})?", _same),
        (rf"(?<![£\d,./-]){_Y2}(?![\d,/%]\d|%)\b", _month_or_year),
        (r"\b(?:to date|so far)\b", ("to_date", None, None)),
        (r"\b(?:currently|at present|now stands?)\b", ("now", None, None)),
    )
]
