"""Finds the area and the category that a number of a sentence is of."""

import re
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from ..edition_figures import EditionFigures
from ..text.figures_in_text import MONTH, NUMBER_WORD, NumberInSentence
from ..text.words import Mention, holds, mentions, named, simple
from .other_places import OURS
from .part_of_measure import is_narrower

_BREAK = re.compile(r"[,.](?!\d)|[;:]|\b(?:and|while|whereas|but|compared|against|than|from|alongside|which)\b", re.I)
_DATE = rf"(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{MONTH})?(?: ?(?:19|20)\d\d(?:/\d\d)?)?"
_DAY = re.compile(rf"\b(?:{MONTH}|(?:19|20)\d\d)\b", re.I)
_DAYS = re.compile(rf" (?:between|from) {_DATE} (?:and|to|until|up to) {_DATE}(?!\w)", re.I)
"""Words of a period, which break no clause: `between January and December 2025`."""
IN_BRACKETS = re.compile(r" \([^()\d]*")
_SUPERLATIVE = re.compile(r"(?:high|low|larg|small|great)est (?:\w+ )?in(?: the)? *$", re.I)
_WITH = re.compile(r",? ?(?:with|at|:|-|–)? (?:just |only |around |about )?")
"""Between `highest in Dales` and its number."""
_WITH_AHEAD, _ITS_HOLDER = re.compile(r"\W*With (?:(?:just|only|around|about) )?£?", re.I), re.compile(r"[^,;]{5,}, (?:the )?$")
"""Around a number that is of the area named right behind the comma: `With 47 searches in 2025, Dales was the busiest`."""
_COMMA_IN = re.compile(r",(?= (?:in|across|within|at|for)(?: the)? $)", re.I)
_BRACKET = re.compile(r"\((?:(?:in|for|at) )?(?:the )?$", re.I)
_CLAUSE_ENDS = re.compile(r" *(?:$|[.;](?!\d))")
_OTHER_CLAUSE = re.compile(r"[;:] |\b(?:while|whereas|but|although|though)\b", re.I)
_THE_FORCE = re.compile(
    r"(?:[;:] |\b(?:while|whereas|but|and) )(?:in |across )?"
    r"(?:the (?:force|county|constabulary)(?!['’]s)|(?:force|county)[- ]?wide)\b"
    r"|, the (?:force|county|constabulary) (?:total|figure|as a whole|had|saw|recorded)\b", re.I,
)  # fmt: skip
"""Where another clause is about the whole."""
_OUT_OF, _IN_ALL = re.compile(r"\bout of (?:the )?$", re.I), re.compile(r" (?:in all|in total|altogether|overall)\b", re.I)
"""Around the whole of which another number is a part."""
_COMPARED = re.compile(r"\b(?:as in|like|unlike|unlike in|next to|outside|other than|than|than in) (?:the )?$", re.I)
_LEADING = re.compile(r"\b(?:while|whereas|although|though|thanks to|led by)\b[^,]*$", re.I)
"""Before a name that is not the number's."""
_REST = re.compile(rf"(?:,? [^()]*{_DAY.pattern}[^()]*)?\)", re.I)
_MOSTLY = re.compile(r"\b(?:mostly|mainly|particularly|especially|notably|largely|including) (?:in|from|for)(?: the)? $", re.I)
"""Before an area that had most of what the number counts."""
_AND = re.compile(r",?(?: and| &| or)(?: in| for| the)* ", re.I)
_NAMES_END = re.compile(r"$|[.,;)]| (?:in|from|during|for|between|to) ")
"""After the last of some joined names, where another clause does not begin: `in Derby and in Derbyshire it was lower`."""
_FAR = 80
"""Characters between a number and a name that may not be its own."""
_EVERYDAY = {"Police", "Other", "Officer", "Primary", "Secondary", "Arrest", "Online", "Drugs", "Male", "Female"}
"""Categories whose names are words of any report."""
_HAD = re.compile(
    r" ?(?:[.,;:()]|$|\d|(?:had|saw|accounted for|made up|came to|numbered|with|was the|were)\b"
    rf"|for (?:£?\d|(?:{NUMBER_WORD}|one|nil|zero)\b))",
    re.I,
)
_AN_OTHER = re.compile(r"\b(?:in|than|of|and|any|all|no|each|the|these|many|some|with|to) $", re.I)
_TO_MEASURE = re.compile(r" ?(?:(?:value|number) of (?:the )?)?")
_OF_CATEGORY = re.compile(r"\b(?:from|by|for|as|were|was|are) $|[:;(,] ?$|\d $", re.I)
"""Behind, and before, a category that a number is of."""


class AreaOrCategory(NamedTuple):
    """The name of the area or category of a number; None for the whole. `is_doubtful`: it may be another's."""

    name: str | None = None
    is_doubtful: bool = False


def breaks(between: str) -> bool:
    """Whether a clause, or the brackets around the number, end between it and the words after it. Brackets right after the
    number end no clause."""
    between = _DAYS.sub("", between)
    is_after_brackets = between.count(")") > between.count("(")
    return is_after_brackets or (bool(_BREAK.search(between)) and not IN_BRACKETS.fullmatch(between))


def area_beside(spot: NumberInSentence, names: frozenset[str], edition: EditionFigures) -> AreaOrCategory:
    """The area of a number, of the whole force if the sentence names none."""
    is_force = OURS.search(spot.sentence) or edition.names_whole(spot.sentence)
    # `Positive, substance not recorded` is a measure, and `Not recorded` there no unit.
    measures = mentions(spot.sentence, spot.sentence)
    wholes = edition.wholes(spot.sentence)
    areas = [
        a for a in named(spot.sentence, names)
        if not any(m.start <= a.start and a.end <= m.end for m in measures) and not any(holds(w, a) for w in wholes)
    ]  # fmt: skip
    sentence = spot.sentence
    for m in measures:
        # Nor does its comma end a clause.
        sentence = sentence[: m.start] + sentence[m.start : m.end].replace(",", " ") + sentence[m.end :]
    beside = _beside(replace(spot, sentence=sentence), tuple(areas), bool(is_force))
    before = [m.end for m in areas if m.what == beside.name and m.end <= spot.number.start]
    is_part_of_it = bool(before) and is_narrower(sentence[before[-1] : spot.number.start])
    return beside._replace(is_doubtful=beside.is_doubtful or is_part_of_it)


def category_beside(spot: NumberInSentence, mart: str, measure: str, edition: EditionFigures) -> AreaOrCategory:
    """The category of a number of a measure, of all of them if the sentence names none. Of those that the edition does not
    print, a word such as `Police` or `other` is one only where it stands alone, `Other: 47`, and one before a number is joined
    to it or to the measure."""
    printed = edition.categories[mart, measure]
    names: list[Mention] = []
    doubtful: set[str] = set()
    for name in named(spot.sentence, edition.named_categories(mart, measure)):
        is_subject = simple(name.what).replace(" ", "_") in mart
        if is_subject and name.end <= spot.number.start and re.match(" ?[:–-] ", spot.sentence[name.end :]):
            # `County lines: 45 people were charged`.
            doubtful.add(name.what)
        if name.what not in printed:
            is_alone, is_joined = _is_alone(spot.sentence, name), _is_joined(spot.sentence, name)
            if name.what in _EVERYDAY and not is_alone:
                # `In other years`, unlike `Other compensation came to £10,311`.
                if not is_joined and (name.what != "Other" or _AN_OTHER.search(spot.sentence[: name.start])):
                    continue
                doubtful.add(name.what)
            elif name.end <= spot.number.start and not is_joined:
                doubtful.add(name.what)
        names.append(name)
    category = _beside(spot, tuple(names), False)
    return category._replace(is_doubtful=category.is_doubtful or category.name in doubtful)


def _is_alone(sentence: str, category: Mention) -> bool:
    behind = sentence[category.end :]
    return bool(_HAD.match(behind)) or not behind.strip(" .")


def _is_joined(sentence: str, category: Mention) -> bool:
    """Whether words join a category to a number or a measure: `47 of Fraud`, `Fraud had 47`, `Fraud offences`."""
    measures = (m for m in mentions(sentence, sentence) if category.end <= m.start)
    return bool(
        _HAD.match(sentence[category.end :]) or _OF_CATEGORY.search(sentence[: category.start])
        or any(_TO_MEASURE.fullmatch(sentence, category.end, m.start) for m in measures)
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _beside(spot: NumberInSentence, names: tuple[Mention, ...], is_whole: bool) -> AreaOrCategory:
    """The area or category of a number among those that its sentence names. In doubt where one may be the number's and may not,
    as in `was lowest in Dales, and 47 were given`. `is_whole`: the sentence says that it is about the whole."""
    name = name_beside(spot, names)
    if name is not None or is_whole:
        return AreaOrCategory(name, name is not None and bool(_OUT_OF.search(spot.ahead) or _IN_ALL.match(spot.behind)))
    numbers = (spot.number, *spot.others)
    taken = [
        (o, name_beside(NumberInSentence(spot.sentence, o, tuple(n for n in numbers if n is not o)), names))
        for o in spot.others
    ]
    for mention in names:
        between = spot.sentence[min(mention.end, spot.number.end) : max(mention.start, spot.number.start)]
        # `47 in May 2025 and 53 in May 2024 in Dales`: both are.
        is_of_another = any(
            mention.what in (name or "") and not _DAY.search(spot.sentence, o.end, max(mention.start, o.end))
            and (mention.end <= spot.number.start or o.end <= spot.number.start or re.search(r"[,;:(]", between))
            for o, name in taken
        )  # fmt: skip
        if not is_of_another and not _OTHER_CLAUSE.search(between) and not _MOSTLY.search(spot.sentence[: mention.start]):
            return AreaOrCategory(mention.what, True)
    return AreaOrCategory()


def name_beside(spot: NumberInSentence, names: tuple[Mention, ...]) -> str | None:
    """The name next to a number: one that follows in the same clause, else the last before it."""
    sentence, number = spot.sentence, spot.number
    after = [m for m in names if m.start >= number.end]
    names_before = [m for m in names if m.end <= number.start]
    before = [m for m in names_before if not _is_of_other_words(spot, m)] or [m for m in names_before if _has_most(spot, m)]
    if after:
        between = _DAYS.sub("", sentence[number.end : after[0].start])
        if _CLAUSE_ENDS.match(sentence, after[0].end):
            # `47 were given in 2025, in Dales.`
            between = _COMMA_IN.sub("", between)
        is_alone = between.count("(") <= between.count(")") or _BRACKET.search(between)
        if is_alone and not breaks(between) and len(between) < _FAR and not _is_of_another(spot, after[0]):
            is_listed = len(after) > 1 and _NAMES_END.match(sentence, after[1].end)
            return _with_joined(sentence, after[0], after[1]) if is_listed else after[0].what
    if after and _WITH_AHEAD.fullmatch(spot.ahead) and _ITS_HOLDER.search(sentence, number.end, after[0].start):
        return after[0].what
    if len(before) > 1 and not spot.between(before[-2].end, before[-1].start):
        return _with_joined(sentence, before[-1], before[-2])
    return before[-1].what if before else None


def _is_of_another(spot: NumberInSentence, mention: Mention) -> bool:
    """Whether a name is that of another number: behind a comma before it, `1,936 in all, in Dales 47`, or in brackets with it,
    `1,936 in all (47 in Dales)`."""
    between = spot.sentence[spot.number.end : mention.start]
    is_in_brackets = between.count("(") > between.count(")") and spot.between(spot.number.end, mention.start) > 0
    return is_in_brackets or ("," in between and spot.between(mention.end, mention.end + 15) > 0)


def _is_of_other_words(spot: NumberInSentence, mention: Mention) -> bool:
    """Whether a name before a number belongs to other words: `second highest in England`, brackets that hold more, or
    `while the force had 47`."""
    sentence, between = spot.sentence, spot.sentence[mention.end : spot.number.start]
    if re.fullmatch(r" \(£?", between):
        # `More in Dales (47) than in Erewash (12)`.
        return False
    ahead = sentence[: mention.start]
    if _THE_FORCE.search(between) or _COMPARED.search(ahead) or ("," in between and _LEADING.search(ahead)):
        return True
    is_alone = ahead.endswith("(") and _REST.match(between) and not spot.between(mention.end, spot.number.start)
    return bool(_SUPERLATIVE.search(ahead)) or (is_in_brackets(spot, mention.end) and not is_alone)


def _has_most(spot: NumberInSentence, mention: Mention) -> bool:
    """Whether a number is that of the area with most: `were highest in Dales, with 47`."""
    between = spot.sentence[mention.end : spot.number.start]
    return bool(_SUPERLATIVE.search(spot.sentence[: mention.start]) and _WITH.fullmatch(between))


def _with_joined(sentence: str, name: Mention, other: Mention) -> str:
    """The name; both if they are joined, as in `142 in Derby North and Derby East`: no figure is of both."""
    between = sentence[min(name.end, other.end) : max(name.start, other.start)]
    return f"{name.what} and {other.what}" if _AND.fullmatch(between) and name.what != other.what else name.what


def is_in_brackets(spot: NumberInSentence, end: int) -> bool:
    """Whether brackets close between a name and the number: the name belongs to another number, in the brackets."""
    between = spot.sentence[end : spot.number.start]
    return between.count(")") > between.count("(")
