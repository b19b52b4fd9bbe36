"""Reads a printed figure and its precision: `£1.1 million` means 1,100,000 to the nearest 100,000."""

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from dagster_project.core.printable import visible

WORDS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]  # fmt: skip
ZERO_WORDS = ("no", "nil", "zero")
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = {"million": 6, "m": 6, "thousand": 3, "k": 3, "billion": 9, "bn": 9}
DIGITS, PLACES = 15, 8
"""Digits before and after the point that the relations can store."""
NOT_AVAILABLE = {"", "*", "-", "–", "n/a", "[x]", "x"}

_NUMBER = re.compile(
    r"(?P<sign>[-\u2212]|–(?=£?\d))?\s*£?\s*(?P<digits>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>million|thousand|billion|bn|m|k)?(?:pp(?:ts?)?|p)?\b",
    re.I,
)
"""An en dash is a minus only where it touches the figure: `–12%`, and not `Searches – 1,234`."""


@dataclass(frozen=True)
class PrintedNumber:
    """`value`: None if it is printed as not available. `places`: how many units of its last printed place make one."""

    value: Decimal | None
    places: Decimal


def fault_of_printed(text: str) -> str:
    """Why the number that `read_printed` takes of a text may not be what is meant, and what to write; empty if it is.

    A spreadsheet writes `1.43E+03`, and a thousand may be `1 431` or `1.234.567`: of these the first digits are taken.
    """
    plain = re.sub(r"[\[(]\d{1,2}[\])]$", "", visible(text.strip()))
    match = _NUMBER.search(plain)
    if match is None or re.match(r"[ -]?(?:hundred|mn|mil|mln)\b", plain[match.end() :], re.I):
        is_large = match is not None or re.search(r"\b(?:hundred|thousand|million|billion)\b", text, re.I)
        return f"{text!r}: write a number over ninety-nine in digits, as 1,431 or £1.1 million" if is_large else ""
    is_grouped = "," not in match["digits"] or re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", match["digits"].rstrip(","))
    around = plain[: match.start("digits")] + "|" + plain[match.end() :]
    if is_grouped and not re.search(r"\w\||\d.*\||\|\s*%?\s*[-–]?\s*\d|\|\S*\d|\| ?to \d", around):
        return ""
    return f"{text!r} is no single number: write it as 1,431, 4.9% or £1.1 million"


def read_printed(text: str, unit: str = "count") -> PrintedNumber:
    """The value of a printed figure, also in words up to ninety-nine; `no` or `nil` alone is 0. Raises ValueError for a text
    without a figure.

    A count is exact; an amount of money that ends in three noughts is taken as rounded to thousands.
    """
    plain = text.strip()
    if plain.lower() in NOT_AVAILABLE:
        return PrintedNumber(None, Decimal(1))
    if plain.lower() in ZERO_WORDS:
        return PrintedNumber(Decimal(0), Decimal(1))
    if match := _NUMBER.search(plain):
        digits = match["digits"].replace(",", "")
        scale = SCALES.get((match["scale"] or "").lower(), 0)
        value = Decimal(digits).scaleb(scale) * (-1 if match["sign"] else 1)
        exponent = scale - len(digits.partition(".")[2])
        if value.adjusted() >= DIGITS or exponent < -PLACES:
            raise ValueError(f"a figure of more than {DIGITS} digits, or of more than {PLACES} places, can't be compared")
        if unit == "gbp" and exponent == 0 and value and value % 1000 == 0:
            exponent = 3
        return PrintedNumber(value, Decimal(1).scaleb(-exponent))
    words = re.findall(r"[a-z]+", plain.lower())
    for word, following in zip_longest(words, words[1:]):
        if word in TENS:
            ones = WORDS.index(following) if following in WORDS[1:10] else 0
            return PrintedNumber(Decimal(10 * (TENS.index(word) + 2) + ones), Decimal(1))
        if word in WORDS:
            return PrintedNumber(Decimal(WORDS.index(word)), Decimal(1))
    raise ValueError(f"{text!r} holds no figure")
