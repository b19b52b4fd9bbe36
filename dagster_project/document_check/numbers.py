"""Finds the numbers of a text, and which are no figures: dates, years, lengths of time, paragraph, phone and page numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from dagster_project.editions.printed import WORDS, PrintedNumber, read_printed

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)"
)
_YEAR = r"(?:19|20)\d\d"
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ONE_WORD = "|".join(w for w in WORDS if w not in ("zero", "one"))
_WORD = rf"(?:(?:{'|'.join(_TENS)})[ -](?:{'|'.join(WORDS[1:10])})|{'|'.join(_TENS[1:])}|{_ONE_WORD})"
_LENGTH = (
    r"(?:calendar|full|complete|consecutive|working)?[ -]?(?:years?|months?|weeks?|days?|hours?|minutes?|quarters?|nights?)"
)
_NOT_FIGURES = [
    ("address", r"https?://\S+|www\.\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+"),
    ("paragraph", r"^\s*(?:[-•▪*]\s+)?(?:\d{1,2}(?:\.\d{1,3}){1,3}\.?|\d{1,2}[.)])(?=\s+(?:\*\*)?[A-Z“‘\"'(])"),
    ("paragraph", r"^\s*\d{1,2}\.\d{1,3}(?=\s+(?:19|20)\d\d\b)"),
    ("paragraph", r"\(\d{1,2}\.\d{1,3}(?: ?[-–,] ?\d{1,2}\.\d{1,3})*\)$"),
    ("page", r"\bpage \d+(?: (?:of|/) \d+)?|^\s*(?:[-–]\s*)?\d{1,4}\s*(?:[-–]\s*)?$"),
    (
        "reference",
        r"\b(?:section|table|chart|figure|fig\.?|appendix|priority|(?:sub-?)?objective|paragraphs?|para|part|chapter|phase"
        r"|night|option|stage|tier|schedule|article|rule|question|version|edition|annex|item|step|level|band|act)s?"
        r" (?:no\.? ?)?\d[\d.]*(?:\(\w+\))*(?: ?[-–] ?\d[\d.]*|, \d+\.\d+)*",
    ),
    (
        "phone",
        r"\b(?:tel(?:ephone)?|phone|call|dial|ring|text|fax|mobile)\b[.:]? ?(?:us )?(?:on )?"
        r"(?:\+?\d[\d ()-]{4,16}\d|101|999|111|112)\b|\+44[\d ]{9,13}|\b0\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}\b"
        r"|\b(?:999|101|111|112)(?: and | or |/)(?:999|101|111|112)\b"
        r"|\b(?:999|101|111) calls?\b",
    ),
    ("year", rf"\b{_YEAR} ?[/–-] ?(?:20)?\d\d\b|\b\d\d/\d\d\b(?!/)"),
    (
        "date",
        rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d\d)\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: ?[-–] ?| to | and )\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}\b(?:,? {_YEAR})?"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}\b(?:,? {_YEAR})?|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}"
        rf"|\b{_MONTH} {_YEAR}|\b{_MONTH} '?\d\d(?= *(?:$|[.,;:)–-]|to\b|and\b))|\b\d{{1,2}}[:.]\d\d ?(?:am|pm|hours|hrs)\b"
        r"|\b\d{1,2}:\d\d\b|\b\d{1,2} ?(?:am|pm)\b",
    ),
    ("year", rf"(?<![£\d,.])\b{_YEAR}s?\b(?![,.]?\d|%)"),
    ("unit", r"\bper (?:1?\d{1,2},?000|million)\b"),
    ("rank", r"\b\d+(?:st|nd|rd|th)\b"),
    ("length", rf"\b(?:\d+|{_WORD}|one)[ -]{_LENGTH}(?:[- ]old)?\b|\b(?:twelve|12) before\b|\b24/7\b"),
    ("range", r"\b\d{1,2} ?[–-] ?\d{1,2}\b"),
    ("name", r"\b[A-Za-z]+-?\d\w*|\b\d+(?!(?:k|m|bn|pp|p)\b)[A-Za-z]\w*"),
]
_OTHERS = [(kind, re.compile(pattern, re.I if kind not in ("paragraph", "name") else 0)) for kind, pattern in _NOT_FIGURES]
_FIGURE = re.compile(
    r"(?P<sign>(?<![\w)])[-−–])?(?P<pounds>£ ?)?\d[\d,]*(?:\.\d+)?"
    r"(?P<scale> ?(?:million|thousand|billion|bn|m|k)\b)?(?P<unit> ?%| ?per ?cent\b| percentage points?\b| ?pp\b)?",
    re.I,
)
_WORDS = re.compile(rf"\b{_WORD}\b(?![-]\w)", re.I)
_PER_HEAD = re.compile(r"[^.;,]{0,60}?\bper 1?\d{1,2},?000\b", re.I)
MARKERS = {"*", "[x]", "n/a", "-", "–", "x"}
"""What a cell holds in the place of a figure that is not available."""


@dataclass(frozen=True)
class Number:
    """A number: where it stands, what it is (`figure`, or what else), and its unit: `gbp`, `percent`, `percentage_points`,
    `per_100k`, `days`, or `count` where none is written."""

    start: int
    end: int
    text: str
    kind: str
    unit: str = "count"


def numbers_of(text: str, is_cell: bool = False) -> list[Number]:
    """Every number of a paragraph or of a table's cell, in order. A number alone on its line is a page's, not so in a cell."""
    found: list[Number] = []
    left = text
    for kind, pattern in _OTHERS:
        if is_cell and kind in ("page", "paragraph"):
            continue
        for match in pattern.finditer(left):
            if kind == "length" and (days := _days(match)):
                found.append(days)
            else:
                found.append(Number(match.start(), match.end(), match[0].strip(), kind))
        left = pattern.sub(lambda m: "\0" * len(m[0]), left)
    found += _figures(text, left)
    return sorted(found, key=lambda n: n.start)


def _days(match: re.Match[str]) -> Number | None:
    """A number of days, which may be a figure: `208 days`."""
    digits = re.match(r"\d+(?= days?$)", match[0])
    return Number(match.start(), match.start() + digits.end(), digits[0], "days", "days") if digits else None


def _figures(text: str, left: str) -> Iterator[Number]:
    for match in _FIGURE.finditer(left):
        digits = match[0].rstrip(",")
        unit = (match["unit"] or "").strip().lower()
        if match["pounds"]:
            said = "gbp"
        elif unit.startswith("percentage") or unit == "pp":
            said = "percentage_points"
        elif unit:
            said = "percent"
        else:
            said = "per_100k" if _PER_HEAD.match(text, match.end()) else "count"
        yield Number(match.start(), match.start() + len(digits), digits, "figure", said)
    for match in _WORDS.finditer(left):
        yield Number(match.start(), match.end(), match[0], "figure")


def value_of(text: str, unit: str) -> PrintedNumber:
    """What a printed number says; words up to ninety-nine too. Raises ValueError where it is none, or too long."""
    parts = text.strip().lower().replace("–", "-").split("-")
    words = [w for part in parts for w in part.split()]
    if words and words[0] in _TENS:
        value = 10 * (_TENS.index(words[0]) + 2) + (WORDS.index(words[1]) if len(words) == 2 and words[1] in WORDS else 0)
        return PrintedNumber(Decimal(value), Decimal(1))
    return read_printed(text.replace("–", "-"), unit)
