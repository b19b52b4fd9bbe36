"""Finds where a text names a measure, a category or an area."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from dagster_project.core.errors import PamError
from dagster_project.core.project_lists import read_seed
from dagster_project.core.similar_names import suggestion
from dagster_project.core.yaml_io import read_yaml

LISTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mention:
    """A name in a text: what it means, and its place."""

    start: int
    end: int
    what: str
    is_weak: bool = False


def simple(text: str) -> str:
    """A text to search for words: lower case, with blanks for hyphens and the like, and of the same length."""
    low = re.sub(r"[-–—/_’'\u00a0()*]", " ", text)
    return low.lower() if len(low.lower()) == len(low) else low


@cache
def _read(name: str) -> dict[str, Any]:
    words: dict[str, Any] = read_yaml((LISTS / name).read_text(encoding="utf-8"))
    return words


class WordsError(PamError, ValueError):
    """Words of a measure that could link no sentence. The message has a line for each fault."""


@cache
def _words() -> dict[str, Any]:
    words = _read("measure_words.yml")
    if faults := [*find_faults(words)]:
        raise WordsError("\n".join(f"measure_words.yml: {fault}" for fault in faults))
    return words


def find_faults(words: dict[str, Any]) -> Iterator[str]:
    """What of the file would link nothing, and nobody would be told."""
    known = {f"{m['mart']}.{m['measure']}" for m in read_seed("measure_list")}
    for name, of_measure in words["measures"].items():
        if name not in known:
            yield f"{name} is no measure of seeds/measure_list.csv{suggestion(name, known)}"
        if not isinstance(of_measure, dict) or not of_measure:
            yield f"{name}: give it `names`, a list of its words"
            continue
        if any(not (of_measure[k] and isinstance(of_measure[k], list)) for k in {"names", "weak"} & of_measure.keys()):
            yield f"{name}: `names` and `weak` are lists of words"
            continue
        for pattern in (*of_measure.get("names", ()), *of_measure.get("weak", ())):
            if fault := _fault_of_pattern(str(pattern)):
                yield f"{name}: {pattern}: {fault}"
        if unknown := of_measure.keys() - {"names", "weak", "needs"}:
            yield f"{name}: {', '.join(sorted(unknown))}: what can be set is names, weak, needs"
        if ("weak" in of_measure) != ("needs" in of_measure):
            yield f"{name}: `weak` and `needs` go together"
    for name, others in words["categories"].items():
        if not isinstance(others, list):
            yield f"categories: {name} has no list of other names: is it a measure, which belongs under measures?"


def _fault_of_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"is no regular expression: {error}"
    # As `PLAIN` makes the text that is searched.
    return "write it in small letters: the text is, when it is searched" if re.search(r"(?<!\\)[A-Z]", pattern) else ""


def any_of(name: str) -> str:
    """A pattern for the words of a list."""
    return "|".join(word.replace("_", " ") for word in _read("word_lists.yml")[name].split())


def words_of_forces(name: str) -> Any:
    """A list of forces, or what it says of each, by code."""
    return _read("word_lists.yml")[name]


def one_of(name: str) -> re.Pattern[str]:
    """A pattern for a whole word of a list, in capitals or not."""
    return re.compile(rf"\b(?:{any_of(name)})\b", re.I)


@lru_cache(maxsize=4096)
def mentions(text: str, around: str, printed_here: frozenset[str] = frozenset()) -> tuple[Mention, ...]:
    """Where `text` names measures (`mart.measure`). `around`: the paragraph and the one before, searched for the words that a
    weak word needs. `printed_here`: measures that the edition prints in the paragraph, which may have no words in the file. A
    mention within a longer one does not count."""
    low, wide = simple(text), simple(around)
    matches: list[Mention] = []
    for name, words in _words()["measures"].items():
        matches += [Mention(*m.span(), name) for p in words.get("names", ()) for m in _whole(p).finditer(low)]
        if "needs" in words and re.search(rf"\b(?:{words['needs']})", wide):
            matches += [Mention(*m.span(), name, True) for p in words.get("weak", ()) for m in _whole(p).finditer(low)]
    for name in printed_here - {m.what for m in matches} - _words()["measures"].keys():
        matches += _by_its_name(name, low)
    return _longest(matches)


def joined(text: str) -> str:
    """A text in which an `and` of a measure's words, as in `stop and searches`, is no word, as it ends no clause."""
    for m in mentions(text, text):
        text = text[: m.start] + text[m.start : m.end].replace(" and ", " ... ") + text[m.end :]
    return text


def _by_its_name(name: str, low: str) -> list[Mention]:
    """A measure without words in the file is mentioned if all words of its name are in the text."""
    words = [w for w in name.partition(".")[2].split("_") if len(w) > 2 and w not in ("days", "value", "rate")]
    places = [p for w in words if (p := re.search(rf"\b{re.escape(w)}", low))]
    if not words or len(places) < len(words):
        return []
    return [Mention(min(p.start() for p in places), max(p.end() for p in places), name)]


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern.replace(' ', chr(92) + 's+')})(?!\w)")


def _longest(matches: list[Mention]) -> tuple[Mention, ...]:
    """The mentions that are not within a longer one, in order."""
    return tuple(sorted((m for m in matches if not any(holds(other, m) for other in matches)), key=lambda m: m.start))


def holds(longer: Mention, other: Mention) -> bool:
    """Whether a mention is within another, longer one."""
    is_inside = longer.start <= other.start and other.end <= longer.end
    return is_inside and longer.end - longer.start > other.end - other.start


@lru_cache(maxsize=4096)
def named(text: str, names: frozenset[str]) -> tuple[Mention, ...]:
    """Where a text names one of these areas or categories. `Derby` in `Derby North` does not count, if both are known."""
    low = simple(text)
    return _longest([
        Mention(*m.span(), name)
        for name in names
        for words in (re.escape(simple(name)).replace(r"\ ", " "), *_words()["categories"].get(name, ()))
        for m in _whole(words).finditer(low)
    ])  # fmt: skip
