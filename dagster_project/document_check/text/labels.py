"""Compares titles and labels of tables, by their words."""

import re
from collections.abc import Mapping
from functools import cache

from .figures_in_text import MONTH

_MONTH = re.compile(MONTH)
_UNITS = {"number", "numbers", "no", "value", "values", "amount", "count", "and", "of", "the", "in", "for", "a"}
"""Words for the unit of a row. A row of a document may have both the number and the value."""
_COMMON = {
    "total", "totals", "all", "force", "section", "sections", "volume", "change", "per", "cent", "month", "to", "date", *_UNITS,
}  # fmt: skip
"""Words that do not say what is counted."""
_LONG = 12
"""Labels with at least so many letters are not alike by chance."""
Match = tuple[int, bool]
"""The number of an edition's row or column, and whether its label is the same."""


@cache
def tokens(label: str) -> tuple[str, ...]:
    """A label's words: lower case, months as three letters, years with four digits."""
    low = label.lower().replace("%", " per cent ")
    low = re.sub(r"\b(\d\d)/(\d\d)\b", lambda m: f"20{m[1]} {m[2]}", low)
    low = re.sub(r"\b(\d{4})/(\d\d)\b", r"\1 \2", low)
    words = re.findall(r"[a-z]+|\d+", low)
    normal = []
    for n, word in enumerate(words):
        if _MONTH.fullmatch(word):
            word = word[:3]
        elif re.fullmatch(r"\d\d", word) and n and _MONTH.match(words[n - 1]):
            word = f"20{word}"
        normal.append(word)
    return tuple(normal)


def distinctive(label: str, areas: frozenset[str]) -> bool:
    """Whether a label alone says what is counted, unlike a month, an area or `Total`."""
    if label.lower() in {a.lower() for a in areas}:
        return False
    return any(w not in _COMMON and not _MONTH.fullmatch(w) and not w.isdigit() for w in tokens(label))


def matches(label: str, known: Mapping[int, str]) -> list[Match]:
    """The known labels that a document's label matches: those that are the same; else those with the same words outside
    brackets, except words such as `number`, and no word in brackets that the label lacks."""
    words = tokens(label)
    if not words:
        return []
    # A narrow column may break words: `Identifie d`.
    same = [n for n, text in known.items() if tokens(text) == words]
    same = same or [n for n, text in known.items() if _letters(text) == _letters(label)]
    if same:
        return [(n, True) for n in same]
    outside, inside = _words_by_place(label)
    theirs = {number: _words_by_place(other) for number, other in known.items()}
    alike = [n for n, (out, within) in theirs.items() if outside and out == outside and within <= inside]
    return [(n, False) for n in alike or _alike_but_for_blanks(label, known)]


def _alike_but_for_blanks(label: str, known: Mapping[int, str]) -> list[int]:
    """Matches for a label whose words a narrow column has broken."""
    out, inside = _split(label)
    if len(_letters(out)) < _LONG:
        return []
    return [
        n for n, other in known.items()
        if _letters(_split(other)[0]) == _letters(out) and all(w in _letters(inside) for w in _words_by_place(other)[1])
    ]  # fmt: skip


def _split(label: str) -> tuple[str, str]:
    return re.sub(r"\([^()]*\)", " ", label), " ".join(re.findall(r"\(([^()]*)\)", label))


def _letters(label: str) -> str:
    return re.sub(r"[\W_]", "", label.lower().replace("%", "percent"))


def _words_by_place(label: str) -> tuple[frozenset[str], frozenset[str]]:
    """A label's words outside and inside brackets, without words for the unit."""
    outside, inside = _split(label)
    return frozenset(tokens(outside)) - _UNITS, frozenset(tokens(inside)) - _UNITS


def shared_words(title: str, other: str) -> float:
    """The share of the other title's words that this title has."""
    words = set(tokens(other)) - {"by", "and", "of", "the", "for", "to"}
    return len(words & set(tokens(title))) / len(words) if words else 0.0
