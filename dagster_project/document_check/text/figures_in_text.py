"""Finds the numbers in a text, and tells figures from dates, years, lengths of time, and paragraph, phone or page numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dagster_project.editions.read_printed_numbers import NOT_AVAILABLE, TENS, WORDS, ZERO_WORDS

from .words import any_of

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)"
)
_YEAR = r"(?:19|20)\d\d"
_ONE_WORD = "|".join(w for w in WORDS if w not in ("zero", "one"))
NUMBER_WORD = rf"(?:(?:{'|'.join(TENS)})[ -](?:{'|'.join(WORDS[1:10])})|{'|'.join(TENS[1:])}|{_ONE_WORD})"
_LENGTH = (
    r"(?:calendar|full|complete|consecutive|working)?[ -]?(?:years?|months?|weeks?|days?|hours?|minutes?|quarters?|nights?)"
)
_GLUED = r"(?:k|m|bn|(?i:thousand|million|billion)|p|pp|ppts?)"
"""What a number may have right behind it: `£1.2million`."""
_NOT_FIGURES = [
    ("address", r"https?://\S+|www\.\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+"),
    ("paragraph", r"^\s*(?:[-•▪*]\s+)?(?:\d{1,2}(?:\.\d{1,3}){1,3}\.?|\d{1,2}[.)])(?=\s+(?:\*\*)?[A-Z“‘\"'(])"),
    ("paragraph", r"^\s*\d{1,2}\.\d{1,3}(?=\s+(?:19|20)\d\d\b)"),
    # A PDF may lack the blank behind a list's number: `14.In 2025`, and `15.827 searches` (not in a cell, see `numbers_of`).
    ("paragraph", r"^\s*\d{1,2}[.)](?=[A-Z£“‘\"'])"),
    (
        "list",
        r"^\s*\d{1,2}\.\d{1,3}(?= (?!per ?cent|million|thousand|billion|bn\b|m\b|k\b|pp)[a-z])(?![^.;]{0,60}\bper \d)",
    ),
    ("paragraph", r"\(\d{1,2}\.\d{1,3}(?: ?[-–,] ?\d{1,2}\.\d{1,3})*\)$"),
    ("page", r"\bpage \d+(?: (?:of|/) \d+)?|^\s*(?:[-–]\s*)?\d{1,4}\s*(?:[-–]\s*)?$"),
    ("reference", r"\bquarter [1-4]\b(?![,.]?\d)"),
    (
        "reference",
        rf"\b(?:{any_of('numbered')})s?"
        r" (?:no\.? ?)?(?!\d{1,3},\d{3})\d[\d.]*(?:\(\w+\))*(?: ?[-–] ?\d[\d.]*|, \d+\.\d+)*",
    ),
    (
        "phone",
        r"\b(?:tel(?:ephone)?|phone|call|dial|ring|text|fax|mobile)\b[.:]? ?(?:us )?(?:on )?"
        r"(?:\+?\d[\d ()-]{4,16}\d|101|999|111|112)\b|\+44[\d ]{9,13}|\b0\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}\b"
        r"|\b(?:999|101|111|112)(?: and | or |/)(?:999|101|111|112)\b"
        r"|\b(?:999|101|111) calls?\b",
    ),
    ("year", rf"\b(?:FY)?{_YEAR} ?[/–-] ?(?:20)?\d\d\b|\b(?:FY)?\d\d/\d\d\b(?!/)"),
    (
        "date",
        rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d\d)\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: ?[-–] ?| to | and )\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{MONTH}\b(?:,? {_YEAR})?"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{MONTH}\b(?:,? {_YEAR})?|\b{MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}"
        rf"|\b{MONTH} {_YEAR}|\b{MONTH} '?\d\d(?= *(?:$|[.,;:)–-]|to\b|and\b))|\b\d{{1,2}}[:.]\d\d ?(?:am|pm|hours|hrs)\b"
        r"|\b\d{1,2}:\d\d\b|\b\d{1,2} ?(?:am|pm)\b",
    ),
    ("year", rf"(?<![£\d,.])\b{_YEAR}s?\b(?![,.]?\d|%)"),
    ("unclear", rf"\b(?:one|{NUMBER_WORD}|\d{{1,2}}) (?:in|out of)(?: every)? (?:one|{NUMBER_WORD}|\d{{1,2}})\b(?![/\d])"),
    # At most so many digits: where a text is all digits and commas, each of them would read it to its end.
    ("unclear", r"\b\d[\d,.]{0,30} (?:hundred|dozen|score)s?\b"),
    ("unclear", r"(?<![\d.,/] )(?<![\d.,/–-])\b[1-9]\d{0,2}(?: \d{3})+\b(?![.,]?\d)"),
    (
        "unclear",
        rf"(?<!per )(?<!\d)(?<!\d )\b(?:(?:an?|one|several|many|{NUMBER_WORD})[ -])?(?:hundred|thousand|million|dozen)s?\b"
        rf"(?:(?:,? and|,)? (?:{NUMBER_WORD}|one|hundred|thousand)\b)*",
    ),
    (
        "unclear",
        r"(?<!first )(?<!second )(?<!last )(?<!other )\b(?:half|(?:an?|one|two|three|four)[ -](?:third|quarter|fifth|tenth)s?)"
        r"(?= (?:of (?!(?:the )?(?:financial )?(?:year|19|20))|the|as|more|fewer|less|all|higher|lower|up|down)\b)"
        r"|\b(?:two|three|four)[ -](?:third|quarter|fifth|tenth)s\b"
        r"|\b(?:doubl|trebl|tripl|quadrupl|halv)(?:ed|ing)\b",
    ),
    ("unit", r"\bper (?:1?\d{1,2},?000|million)\b|(?<![\d,.])(?:£ ?['’]?000s?|['’]?000s)\b"),
    ("rank", r"\b\d+(?:st|nd|rd|th)\b"),
    ("length", rf"\b(?:\d+[ -]?|(?:{NUMBER_WORD}|one)[ -]){_LENGTH}(?:[- ]old)?\b|\b(?:twelve|12) before\b|\b24/7\b"),
    ("range", r"\b\d{1,2} ?[–-] ?\d{1,2}\b"),
    # A blank is missing: `234offences`.
    (
        "unclear",
        rf"(?<![\w.,])\d[\d,]{{0,30}}(?:\.\d+)?(?!{_GLUED}\b)[a-z]{{4,}}\b"
        rf"|(?<![\w.,])(?:£ ?\d[\d,]{{0,30}}(?:\.\d+)?|\d[\d,]{{0,30}}[.,]\d+)(?!{_GLUED}\b)[a-z]\w*",
    ),
    ("name", rf"\b[A-Za-z]+-?\d\w*|(?<![£.,])\b\d+(?!{_GLUED}\b)[A-Za-z]\w*"),
]
_OTHERS = [(kind, re.compile(pattern, re.I if kind not in ("paragraph", "name") else 0)) for kind, pattern in _NOT_FIGURES]
_FIGURE = re.compile(
    r"(?P<sign>(?<![\w)])[-−–+])?(?P<pounds>£ ?)?\d[\d,]*(?:\.\d+)?"
    r"(?P<scale> ?(?:million|thousand|billion|bn|m|k)\b)?(?P<unit> ?%| ?per ?cent\b| percentage points?\b| ?pp(?:ts?)?\b)?",
    re.I,
)
_NOUN = rf"(?:(?:{any_of('adjectives')})[ -]){{0,4}}(?:{any_of('counted')})"
_ZERO = (
    rf"(?:zero|nil|no(?! (?:more|fewer|different|other)\b))(?= {_NOUN}\b(?! ?[:=–-]? ?\d))"
    r"|(?:^|(?<=was )|(?<=were )|(?<= to )|(?<=: ))(?:zero|nil)(?=[.,;)]| (?:in|for|during)\b|$)"
)
"""`No offences`, `was zero`, `nil` alone; not `a true zero`."""
_WORDS = re.compile(rf"\b(?:{NUMBER_WORD}|{_ZERO})\b(?![-]\w)", re.I)
_YEAR_AND_NOUN = re.compile(rf"(?<![£\d,.\w/–-]){_YEAR}(?= {_NOUN}\b)", re.I)
_IS_YEAR = re.compile(
    rf"\b(?:in|during|since|throughout|until|till|early|late|mid|spring|summer|autumn|winter|easter|christmas|years?|calendar|act|regulations?|bill"
    rf"|{MONTH}|{_YEAR},? (?:and|or|to|with|than|against))[ -]$",
    re.I,
)
_MAY_BE_YEAR = re.compile(
    r"(?:^|[.:;!?(“\"]|(?<!\btotal )(?<!\bnumber )\bof|(?<!\bmore )(?<!\bfewer )(?<!\bless )\bthan"
    r"|\b(?:the|our|its|their|these|those|this|and|or|to|from|with|against|by|for|between|before|after|on|as|at|versus|vs\.?))\s*$",
    re.I,
)
_PER_HEAD = re.compile(r"[^.;,]{0,60}?\bper (1?\d{1,2},?000|thousand|million)\b", re.I)
SCALE = re.compile(r"\(?(?:in )?£ ?['’]?(?:000s?|k|mn?|thousands?|millions?)\b\)?", re.I)
"""What a table says of its amounts: `£000s`, `(£m)`, `in £ thousands`."""
_THOUSANDS = re.compile(r"(?<![\d,.])['’]?000s\b|\bin (?:thousands|millions)\b", re.I)
MARKERS = NOT_AVAILABLE - {""}
"""What a cell shows for a figure that is not available."""


@dataclass(frozen=True)
class Number:
    """A number: its place, its kind (`figure`; `unclear` for a year or a count, a fraction, or what is not read, such as `a
    hundred and eight`; or what else it is), and its unit: `gbp`, `percent`, `percentage_points`, `per_100k`, `per_others`,
    `days`, or `count` if none is written."""

    start: int
    end: int
    text: str
    kind: str
    unit: str = "count"


@dataclass(frozen=True)
class NumberInSentence:
    """A number in its sentence, and the other numbers there that may be figures."""

    sentence: str
    number: Number
    others: tuple[Number, ...] = ()

    @property
    def ahead(self) -> str:
        return self.sentence[: self.number.start]

    @property
    def behind(self) -> str:
        return self.sentence[self.number.end :]

    def between(self, start: int, end: int) -> int:
        """How many of the other numbers start between two places."""
        return sum(start <= o.start < end for o in self.others)


def numbers_of(text: str, is_cell: bool = False) -> list[Number]:
    """Every number of a paragraph or of a table's cell, in order. A number alone on its line is a page number, but not in a
    cell, where `No` before more words is the number of something."""
    numbers: list[Number] = [] if is_cell else list(counts_like_years(text))
    left = text
    for number in numbers:
        left = left[: number.start] + "\0" * len(number.text) + left[number.end :]
    for kind, pattern in _OTHERS:
        if is_cell and kind in ("page", "paragraph", "list"):
            continue
        for match in pattern.finditer(left):
            if kind == "length" and (days := re.match(r"\d+(?= days?$)", match[0])):
                numbers.append(Number(match.start(), match.start() + days.end(), days[0], "days", "days"))
            else:
                numbers.append(Number(match.start(), match.end(), match[0].strip(), "unclear" if kind == "list" else kind))
        left = pattern.sub(lambda m: "\0" * len(m[0]), left)
    found = _figures(text, left)
    numbers += [n for n in found if not is_cell or n.text.lower() not in ZERO_WORDS or n.text == text.strip()]
    return sorted(numbers, key=lambda n: n.start)


def counts_like_years(text: str) -> Iterator[Number]:
    """Numbers such as 2024 that a noun of something counted follows: `2024 searches`. After `in` and the like it is still a
    year. `unclear` where it may be either, as in `compared with 2024 searches`."""
    for match in _YEAR_AND_NOUN.finditer(text):
        before = text[: match.start()][-40:]
        if not _IS_YEAR.search(before):
            yield Number(match.start(), match.end(), match[0], "unclear" if _MAY_BE_YEAR.search(before) else "figure")


def _figures(text: str, left: str) -> Iterator[Number]:
    for match in _FIGURE.finditer(left):
        digits = match[0].rstrip(",")
        written = (match["unit"] or "").strip().lower()
        if match["pounds"]:
            unit = "gbp"
        elif written.startswith(("percentage", "pp")):
            unit = "percentage_points"
        elif written:
            unit = "percent"
        else:
            per = _PER_HEAD.match(text, match.end())
            unit = "count" if per is None else "per_100k" if per[1] in ("100,000", "100000") else "per_others"
        yield Number(match.start(), match.start() + len(digits), digits, "figure", unit)
    for match in _WORDS.finditer(left):
        yield Number(match.start(), match.end(), match[0], "figure")


def scale_of(words: str) -> str | None:
    """` thousand` for `£000s`, ` million` for `£m`, blank for words that say nothing of amounts; None where they say two
    things, or may mean counts, as in `000s`."""
    found = {" million" if re.search(r"£ ?m", m[0], re.I) else " thousand" for m in SCALE.finditer(words)}
    rest = SCALE.sub("", words)
    if len(found) > 1 or (found and "£" in rest) or _THOUSANDS.search(rest):
        return None
    return found.pop() if found else ""
