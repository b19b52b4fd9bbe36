"""Finds where a text names a measure, a category or an area."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("measure_words.yml")


@dataclass(frozen=True)
class Mention:
    """A name in a text: what it means, and its place."""

    start: int
    end: int
    what: str
    is_weak: bool = False


@dataclass(frozen=True)
class _Words:
    names: tuple[re.Pattern[str], ...]
    weak: tuple[re.Pattern[str], ...]
    needs: re.Pattern[str] | None


def simple(text: str) -> str:
    """A text to search for words: lower case, with blanks for hyphens and the like, and of the same length."""
    low = re.sub(r"[-–—/_’'\u00a0()*]", " ", text)
    return low.lower() if len(low.lower()) == len(low) else low


@cache
def _measures() -> dict[str, _Words]:
    measures = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["measures"]
    return {
        name: _Words(
            tuple(_whole(p) for p in words.get("names", ())), tuple(_whole(p) for p in words.get("weak", ())),
            re.compile(rf"\b(?:{words['needs']})") if "needs" in words else None,
        )
        for name, words in measures.items()
    }  # fmt: skip


@cache
def _categories() -> dict[str, tuple[str, ...]]:
    categories = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["categories"]
    return {name: tuple(words) for name, words in categories.items()}


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern.replace(' ', chr(92) + 's+')})(?!\w)")


@lru_cache(maxsize=4096)
def mentions(text: str, around: str, printed_here: frozenset[str] = frozenset()) -> tuple[Mention, ...]:
    """Where `text` names measures (`mart.measure`). `around`: the paragraph and the one before, searched for the words that a
    weak word needs. `printed_here`: measures that the edition prints in the paragraph, which may have no words in the file. A
    mention within a longer one does not count."""
    low, wide = simple(text), simple(around)
    matches: list[Mention] = []
    for name, words in _measures().items():
        matches += [Mention(m.start(), m.end(), name) for p in words.names for m in p.finditer(low)]
        if words.needs and words.needs.search(wide):
            matches += [Mention(m.start(), m.end(), name, True) for p in words.weak for m in p.finditer(low)]
    known = {m.what for m in matches}
    for name in printed_here - known - set(_measures()):
        matches += _by_its_name(name, low)
    return tuple(sorted((m for m in matches if not any(_holds(other, m) for other in matches)), key=lambda m: m.start))


def _by_its_name(name: str, low: str) -> list[Mention]:
    """A measure without words in the file is mentioned if all words of its name are in the text."""
    words = [w for w in name.partition(".")[2].split("_") if len(w) > 2 and w not in ("days", "value", "rate")]
    places = [re.search(rf"\b{re.escape(w)}", low) for w in words]
    if not words or not all(places):
        return []
    at = [p for p in places if p]
    return [Mention(min(p.start() for p in at), max(p.end() for p in at), name)]


def _holds(longer: Mention, other: Mention) -> bool:
    is_inside = longer.start <= other.start and other.end <= longer.end
    return is_inside and longer.end - longer.start > other.end - other.start


def speaks_of(text: str, measure: str) -> bool:
    """Whether a text names a measure."""
    return any(m.what == measure for m in mentions(text, text))


@lru_cache(maxsize=4096)
def named(text: str, names: frozenset[str]) -> tuple[Mention, ...]:
    """Where a text names one of these areas or categories. `Derby` in `Derby North` does not count, if both are known."""
    low = simple(text)
    matches = [
        Mention(m.start(), m.end(), name)
        for name in names
        for words in (re.escape(simple(name)).replace(r"\ ", r"\s+"), *_categories().get(name, ()))
        for m in re.finditer(rf"\b(?:{words})(?!\w)", low)
    ]
    return tuple(sorted((m for m in matches if not any(_holds(other, m) for other in matches)), key=lambda m: m.start))
