"""Works out the format of a column's dates and times from all its cells."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

import duckdb

from dagster_project.core.sql import literal, one_row
from dagster_project.landing.doubts.suspicious_dates import swap_day_and_month
from dagster_project.landing.rows.parse_values import MONTH_CELL
from dagster_project.landing.rows.row_rules import DAY_NUMBER

from .tables import ROWS

DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%d%m%Y", "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d %B %Y", "%d-%B-%Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d%b%Y",
    "%a %d %b %Y", "%A %d %B %Y", "%A, %d %B %Y", "%a %d/%m/%Y", "%A %d/%m/%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y",
    "%y/%m/%d", "%y.%m.%d", "%y-%m-%d", "%d-%b-%y", "%d %b %y",
)  # fmt: skip
TIMES = (
    "", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", "T%H:%M:%S", "T%H:%M", ", %H:%M", " at %H:%M",
    " - %H:%M", " %H.%M", " %H%M", " %H:%M:%S.%f", " %H.%M.%S", " %I.%M.%S.%f %p",
    " %I.%M.%S.%n %p", " 00:00:00 %H:%M:%S", " 00:00:00 %H:%M",
)  # fmt: skip
TIME_CELL = r"^([01]?\d|2[0-3])[:.][0-5]\d([:.][0-5]\d([.]\d+)?)?( ?[AaPp]\.?[Mm]\.?)?$"
CLOCK_CELL = r"^([01]\d|2[0-3])[0-5]\d$"
DAYS_APART = 731
"""The wrong one of `%d/%m/%y` and `%y/%m/%d` spreads the days of a month over 30 years."""
SAMPLE = 40
"""Distinct cells that every format is tried on. Those that fit are then tried on all cells, in SQL."""


@dataclass(frozen=True)
class DateForm:
    """How a column's dates are written.

    `share`: the share of cells with text that are such dates. `formats`: what `dates:` must say; empty if the contract's
    formats are enough. `has_time`: whether cells have a time of day. `doubt`: why a person should check, if they should.
    """

    share: float
    formats: tuple[str, ...] = ()
    has_time: bool = False
    doubt: str = ""
    note: str = ""
    is_month: bool = False
    """Whether cells say a month without its day, which no format can read."""
    instead: str = ""
    """What cells have that no format can read, and what to do about it."""


NOT_DATES = DateForm(0.0)
MONTHS = DateForm(0.0, is_month=True)
WORDS = DateForm(0.0, instead="no date in any cell: have the system export the day")
NUMBERS = DateForm(0.0, instead="a spreadsheet's numbers of days: show the column as dd/mm/yyyy, save again and draft anew")
NO_YEAR = DateForm(0.0, instead="days without their year: show the column as dd/mm/yyyy, save again and draft anew")
NO_YEAR_CELL = (
    r"^(0?[1-9]|[12]\d|3[01])([ .-]?(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*|[/-](0?[1-9]|1[0-2]))$"
)
DOUBTS = {
    "either": "no date shows whether the day or the month comes first; read as the UK writes it",
    "both": "some dates have the day first and some the month",
}
"""What a person is told of slashed dates, by what `_slash_order` found of them."""


def date_form(con: duckdb.DuckDBPyConnection, text: str) -> DateForm:
    """The form of the dates in `text`, SQL over `draft_rows`."""
    con.execute(
        f"create or replace temp table draft_dates as select {text} as t, count(*) as n from {ROWS}"
        f" where {text} is not null group by 1"
    )
    total, longest, digits = one_row(
        con, "select sum(n), max(len(t)), sum(n) filter (where regexp_matches(t, '\\d')) from draft_dates"
    )
    if total and not digits:
        return WORDS
    if not total or longest > 60 or (digits or 0) < total / 2:
        return NOT_DATES
    slashed = _slash_order(con)
    note = "the month comes first" if slashed == "month" else ""
    n_readable = (
        0
        if slashed == "month"
        else one_row(con, "select coalesce(sum(n) filter (where pam_timestamp(t, false) is not null), 0) from draft_dates")[0]
    )
    if n_readable >= total * 0.9:
        return DateForm(n_readable / total, (), _has_times(con), DOUBTS.get(slashed, ""), note)
    sample = [t for (t,) in con.execute(f"select t from draft_dates order by hash(t) limit {SAMPLE}").fetchall()]
    fitting = Counter(f for t in sample for f in _formats_like(t) if not (slashed == "month" and f.startswith("%d/%m/")))
    best = [f for f, _ in fitting.most_common(12)]
    counts = _counts(con, best)
    if not counts:
        for cell, form in ((MONTH_CELL, MONTHS), (DAY_NUMBER, NUMBERS), (NO_YEAR_CELL, NO_YEAR)):
            is_such = f"regexp_matches(lower(t), {literal(cell)})"
            if one_row(con, f"select coalesce(sum(n) filter (where {is_such}), 0) from draft_dates")[0] >= total * 0.9:
                return form
        return DateForm(n_readable / total, (), _has_times(con), DOUBTS.get(slashed, "")) if n_readable else NOT_DATES
    chosen, n = max(counts.items(), key=lambda item: (item[1], -best.index(item[0])))
    turned = chosen.translate(str.maketrans("dy", "yd"))
    doubt = DOUBTS.get(slashed, "")
    if turned != chosen and counts.get(turned) == n:
        (days, chosen), (other_days, turned) = sorted((_span(con, f), f) for f in (chosen, turned))
        if other_days - days < DAYS_APART:
            doubt = f"every date would also be one of {turned}"
    formats, share = [chosen], n / total
    if share < 1:
        formats, share = _with_another(con, formats, best, total)
    rivals = [f for f, m in counts.items() if m == n and f != chosen and swap_day_and_month(f) == chosen]
    doubt = doubt or (f"every date would also be one of {rivals[0]}" if rivals else "")
    return DateForm(share, tuple(formats), any(re.search("%[HI]", f) for f in formats), doubt, note)


def _counts(con: duckdb.DuckDBPyConnection, forms: list[str]) -> dict[str, int]:
    """Format -> number of cells that have it, if any."""
    if not forms:
        return {}
    sums = ", ".join(f"coalesce(sum(n) filter (where {_reads(f)}), 0)" for f in forms)
    counts = one_row(con, f"select {sums} from draft_dates")
    return {f: int(n) for f, n in zip(forms, counts, strict=True) if n}


def _span(con: duckdb.DuckDBPyConnection, form: str) -> int:
    """The days from the first to the last date that a format reads."""
    (days,) = one_row(
        con, f"select date_diff('day', min(d), max(d)) from (select try_strptime(t, {literal(form)}) as d from draft_dates)"
    )
    return days


def _formats_like(text: str) -> list[str]:
    """Formats that a cell has the shape of. DuckDB then checks whether the days exist."""
    formats: list[str] = []
    for day in DAYS:
        if head := _shape(day).match(text):
            rest = text[head.end() :]
            formats += [day + time for time in TIMES if _shape(time).fullmatch(rest)]
    return formats


_PARTS = {
    "%d": r"(?:0?[1-9]|[12]\d|3[01])(?!\d)", "%m": r"(?:0?[1-9]|1[0-2])", "%Y": r"(?:19|20)\d\d", "%y": r"\d\d(?!\d)",
    "%b": r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?![a-z])",
    "%B": "(?:january|february|march|april|may|june|july"
    "|august|september|october|november|december)", "%a": "(?:mon|tue|wed|thu|fri|sat|sun)",
    "%A": "(?:mon|tues|wednes|thurs|fri"
    "|satur|sun)day", "%H": r"(?:[01]?\d|2[0-3])", "%I": r"(?:0?[1-9]|1[0-2])", "%M": r"[0-5]\d", "%S": r"[0-5]\d",
    "%f": r"\d{1,9}", "%n": r"\d{9}", "%p": "[ap]m",
}  # fmt: skip
_TIGHT = {"%Y%m%d": r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", "%d%m%Y":
          r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d", " %H%M": r" (?:[01]\d|2[0-3])[0-5]\d"}  # fmt: skip


@cache
def _shape(form: str) -> re.Pattern[str]:
    parts = re.split("(%.)", form)
    return re.compile(_TIGHT.get(form) or "".join(_PARTS.get(p) or re.escape(p) for p in parts), re.I)


def _reads(form: str) -> str:
    condition = f"year(try_strptime(t, {literal(form)})) between 1950 and 2100"
    # `%Y` would read `25` as the year 25, so all eight digits must be there.
    if "%Y%m%d" in form or "%d%m%Y" in form:
        condition += " and regexp_matches(t, '^\\d{8}')"
    return condition


def _with_another(con: duckdb.DuckDBPyConnection, formats: list[str], best: list[str], total: int) -> tuple[list[str], float]:
    """Add a second format, as when only some cells have seconds or a time."""
    share, chosen = 0.0, formats
    for extra in [None, *(f for f in best if f not in formats)]:
        tried = [*formats, *([extra] if extra else [])]
        condition = " or ".join(f"({_reads(f)})" for f in tried)
        n = one_row(con, f"select coalesce(sum(n) filter (where {condition}), 0) from draft_dates")[0]
        if n / total > share + (0.001 if extra else 0):
            share, chosen = n / total, tried
    return chosen, share


def _slash_order(con: duckdb.DuckDBPyConnection) -> str:
    """What is first in `a/b/yyyy`: `day`, `month`, `either` (no cell shows it), `both` (some of each), or `` (no such cell)."""
    n, day, month = one_row(
        con,
        r"""
        select count(*), count(*) filter (where a > 12 and b <= 12), count(*) filter (where b > 12 and a <= 12)
        from (select try_cast(regexp_extract(t, '^(\d{1,2})/(\d{1,2})/\d{2,4}', 1) as int) as a,
                     try_cast(regexp_extract(t, '^(\d{1,2})/(\d{1,2})/\d{2,4}', 2) as int) as b from draft_dates)
        where a is not null and b is not null
        """,
    )
    if not n:
        return ""
    return "both" if day and month else "day" if day else "month" if month else "either"


def _has_times(con: duckdb.DuckDBPyConnection) -> bool:
    return bool(one_row(con, r"select count(*) from draft_dates where regexp_matches(t, '\d:\d\d')")[0])
