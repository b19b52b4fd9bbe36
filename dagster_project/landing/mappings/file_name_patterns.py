"""Patterns for the names of a system's own files, with wildcards and dates.

`CAD extract {from:%d%m%Y}-{to:%d%m%Y} run {at:%Y%m%d%H%M}.csv` gives the window and the time of extraction. Where a pattern has
no window, the rows give it (`covers`).
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from dagster_project.core.errors import PamError
from dagster_project.core.home import LONDON

Covers = Literal["months", "days"]

FIRST_YEAR, LAST_YEAR = 1900, 2100

DIGITS = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "H": r"\d{1,2}", "I": r"\d{1,2}", "M": r"\d{1,2}",
    "S": r"\d{1,2}", "j": r"\d{1,3}", "f": r"\d{1,6}", "b": r"[^\W\d_]{3}", "B": r"[^\W\d_]+", "a": r"[^\W\d_]{3}",
    "A": r"[^\W\d_]+", "p": r"[ap]m", "z": r"(?:z|[+-]\d{2}:?\d{2})", "%": "%",
}  # fmt: skip
"""strptime's directives, and the text in a name that each stands for, as a regular expression."""

PARTS = {
    "year": ({"Y", "y"}, "a year (%Y)"), "month": ({"m", "b", "B", "j"}, "a month (%m, %b, %B)"),
    "day": ({"d", "j"}, "a day (%d)"),
}  # fmt: skip
"""The parts of a date, the larger first: the directives that say each, and its name in a reason."""
HOURS = {"H", "I"}
WINDOWS = ({"from", "to"}, {"month"}, {"year"}, {"financial_year"})
KINDS = ("from", "to", "month", "year", "financial_year", "at")

_PART = re.compile(r"\{(?P<kind>[^{}:]*)(?::(?P<form>[^{}]*))?\}|(?P<glob>[*?])|(?P<brace>[{}])")
_DIRECTIVE = re.compile(r"%-?(.)", re.S)
_NUMBER = "[" + "".join(d for d, text in DIGITS.items() if text.startswith(r"\d")) + "]"
"""The directives that stand for numbers, as a regular expression."""
_RUN = re.compile(rf"(?:%-?{_NUMBER})+")
"""Numbers without anything between them."""


class BadPatternError(PamError, ValueError):
    """A pattern with a mistake. The message says what to write."""


class NoDateError(PamError, ValueError):
    """A name that fits a pattern but has an impossible date."""


@dataclass(frozen=True)
class Pattern:
    """A pattern, ready to match names. `forms`: placeholder -> its strptime format."""

    shape: re.Pattern[str]
    forms: dict[str, str]

    @property
    def has_window(self) -> bool:
        return bool(self.forms.keys() - {"at"})

    def fits(self, name: str) -> bool:
        """Whether a name fits the pattern. Its dates may still be impossible."""
        return self.shape.fullmatch(name) is not None

    def read(self, name: str) -> tuple[date | None, date | None, datetime | None] | None:
        """First and last covered day, and time of extraction (UTC), as far as a name says; None where it does not fit. Raises
        NoDateError."""
        match = self.shape.fullmatch(name)
        if match is None:
            return None
        moments = {kind: _moment(match[kind], form, kind) for kind, form in self.forms.items()}
        first, last = _window(moments)
        if first and last and first > last:
            raise NoDateError(f"the window ends before it begins: {first} to {last}")
        return first, last, _extracted(moments.get("at"), self.forms.get("at", ""))


def read_pattern(text: str) -> Pattern:
    """Read a pattern of a mapping's YAML. Raises BadPatternError."""
    pieces, forms, position = [""], dict[str, str](), 0
    for part in _PART.finditer(text):
        pieces[-1] += re.escape(text[position : part.start()])
        position = part.end()
        if part["brace"]:
            raise BadPatternError(f"a brace without its other half: write {{from:%Y-%m-%d}}, or another of {', '.join(KINDS)}")
        if part["glob"]:
            if part["glob"] == "*":
                pieces.append("")
            else:
                pieces[-1] += "."
            continue
        kind, form = part["kind"].strip(), part["form"] or ""
        if kind not in KINDS:
            raise BadPatternError(f"{{{kind}}} is no placeholder: there are {', '.join(KINDS)}")
        if kind in forms:
            raise BadPatternError(f"{{{kind}}} appears twice: once is the most")
        forms[kind] = form
        pieces[-1] += f"(?P<{kind}>{_shape_of(kind, form)})"
    pieces[-1] += re.escape(text[position:])
    kinds = sorted(set(forms) - {"at"})
    if kinds and set(kinds) not in WINDOWS:
        raise BadPatternError(
            f"{', '.join(f'{{{k}}}' for k in kinds)} say no window together: it is {{from}} and {{to}}, or {{month}},"
            " or {year}, or {financial_year}"
        )
    return Pattern(re.compile(_joined(pieces), re.I | re.S), forms)


def example_name(text: str, moment: datetime) -> str:
    """A name that fits a pattern's text, with the dates of a moment and nothing for a `*`."""
    return _PART.sub(lambda part: moment.strftime(part["form"] or "") if part["kind"] else "", text)


def _joined(pieces: list[str]) -> str:
    """A regular expression with a `*` between the pieces. Plain text between two of them is matched at its first place only, so
    that a long name with many near misses takes no time. A `*` takes as little as it can: otherwise it would take the first
    letters of a month after it, or the first digits of a date."""
    first, *between = pieces
    if not between:
        return first
    *between, last = between
    return first + "".join(f"(?>.*?{p})" if "(?P<" not in p else f".*?{p}" for p in between if p) + f".*?{last}"


def _shape_of(kind: str, form: str) -> str:
    directives = _DIRECTIVE.findall(form)
    if unknown := [d for d in directives if d not in DIGITS]:
        known = ", ".join(f"%{d}" for d in DIGITS)
        raise BadPatternError(f"{{{kind}:{form}}}: %{unknown[0]} is not taken in names: there are {known}")
    if fault := format_fault(form, {"financial_year": "year", "year": "year", "month": "month"}.get(kind, "day")):
        raise BadPatternError(f"{{{kind}:{form}}} {fault}")
    if twice := [d for d in directives if d != "%" and directives.count(d) > 1]:
        raise BadPatternError(f"{{{kind}:{form}}}: %{twice[0]} appears twice")
    whole = {place for run in _RUN.finditer(form) for place in _whole_numbers(run[0], run.start())}
    shape, position = "", 0
    for directive in _DIRECTIVE.finditer(form):
        number = DIGITS[directive[1]]
        shape += re.escape(form[position : directive.start()])
        shape += number.replace("{1,", "{") if directive.start() in whole else number
        position = directive.end()
    # A year of four digits is none of two, with a `*` for the others: Dec 2025 would be December 2020.
    alone = re.search(rf"(?<!{_NUMBER})%-?y$", form)
    return shape + re.escape(form[position:]) + (r"(?!\d)" if alone else "")


def _whole_numbers(run: str, start: int) -> list[int]:
    """Where in a format the directives are that have all their digits. `run`: directives of numbers, from `start`. If two of
    them could have fewer, nobody could tell where one ends: 20251201 would be a day and the time of another. A fraction of a
    second is the last, and `%-d` says that it may be shorter."""
    shorter = [
        d.start() for d in _DIRECTIVE.finditer(run) if DIGITS[d[1]].startswith(r"\d{1,") and d[1] != "f" and "-" not in d[0]
    ]
    return [start + place for place in shorter] if len(shorter) > 1 else []


def format_fault(form: str, smallest: str) -> str | None:
    """Why a strptime format does not say a date down to its `smallest` part, or leaves it unclear; None where it does."""
    directives = _DIRECTIVE.findall(form)
    has = set(directives)
    needed = list(PARTS.values())[: list(PARTS).index(smallest) + 1]
    if lacks := [name for directives, name in needed if not has & directives]:
        return f"lacks {' and '.join(lacks)}"
    if "M" in has and not HOURS & set(directives[: directives.index("M")]):
        return "has %M, the minutes, without the hour before it: %m is the month"
    return "has %I without %p, which does not tell morning from evening" if "I" in has and "p" not in has else None


def _moment(text: str, form: str, kind: str) -> datetime:
    try:
        moment = datetime.strptime(text, form.replace("%-", "%"))
    except ValueError as error:
        raise NoDateError(f"{{{kind}:{form}}}: '{text}' is no date there is") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise NoDateError(f"{{{kind}:{form}}}: '{text}' is no year from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _window(moments: dict[str, datetime]) -> tuple[date | None, date | None]:
    if "from" in moments:
        return moments["from"].date(), moments["to"].date()
    if "month" in moments:
        return months(moments["month"].date(), moments["month"].date())
    if "year" in moments:
        return date(moments["year"].year, 1, 1), date(moments["year"].year, 12, 31)
    if "financial_year" in moments:
        year = moments["financial_year"].year
        return date(year, 4, 1), date(year + 1, 3, 31)
    return None, None


def months(first: date, last: date) -> tuple[date, date]:
    """The first day of the month of `first`, and the last day of the month of `last`."""
    return first.replace(day=1), last.replace(day=monthrange(last.year, last.month)[1])


def _extracted(moment: datetime | None, form: str) -> datetime | None:
    """The time of extraction in UTC; None for a day without a time, which does not say which of two files is newer."""
    if moment is None or not HOURS & set(_DIRECTIVE.findall(form)):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC).replace(microsecond=0)
