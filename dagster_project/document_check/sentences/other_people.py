"""Finds words, also of headings and of sentences before, that make a number the work of some of the force, or of others, or a
number of some people. Such a number is not linked."""

import re

from ..edition_figures import EditionFigures
from ..model import Figure
from ..text.figures_in_text import NumberInSentence
from ..text.periods_in_text import periods_of
from ..text.words import any_of, mentions, named
from .part_of_measure import MAY_STAND_BEFORE

SOME_ACTORS = re.compile(rf"\b(?:{any_of('some_of')})[ -](?:officers?|constables?|teams?|units?|squads?|PCSOs?)\b", re.I)
"""Some of those whose work is counted: `Neighbourhood officers`."""
_POLICING_UNIT = re.compile(r"\bpolicing (?:unit|team)s?\b", re.I)
_DOER = re.compile(
    rf"(?:^|[,;:()]|\b(?:{any_of('clause_begins')})\b)(?P<who>(?:(?![,;:()]|\b(?:{any_of('clause_begins')})\b).)*?)"
    rf"\b(?:{any_of('verbs_of_doers')})(?: (?:just|only|around|about|some|nearly|almost|a total of))? £?$"
    r"|^\W*(?P<label>\w[\w'’-]*(?: [\w'’-]+){0,3}): £?$",
    re.I,
)
"""Who did what a number counts, or what it is: `custody staff made`, `the requirement was`."""
_MAY_DO = re.compile("|".join(map(any_of, ("may_do", "may_have", "how_counted"))))
_OF_AREA = re.compile(r"units?|areas?|sections?|teams?")
_PEOPLE = f"(?:{any_of('people')})"
_PEOPLE_IN_HEADING = re.compile(rf"\W*{_PEOPLE}(?: (?:and|&) {_PEOPLE})?(?: (?:in|during|for|from|between) .*)?\W*", re.I)


def names_some_of_us(text: str) -> bool:
    """Whether a text is about the work of some of the force: `Proactive team`."""
    return bool(SOME_ACTORS.search(_POLICING_UNIT.sub("", text)))


def is_done_by_others(spot: NumberInSentence, edition: EditionFigures) -> bool:
    """Whether a number is what somebody did who may not be all of the force, `custody staff made 1,936`, or what something else
    was, `the requirement was 1,936`. No list of these is complete: any subject is one, but words for the force, its areas, its
    measures and periods."""
    doer = _DOER.search(edition.without_whole(spot.ahead))
    if doer is None:
        return False
    text = doer["who"] or doer["label"] or ""
    names = named(text, edition.areas_within)
    for place in (*periods_of(text, edition.data_to), *mentions(text, text), *names):
        text = text[: place.start] + " " * (place.end - place.start) + text[place.end :]
    words = set(re.findall(r"[a-z][\w-]+", re.sub(r"['’]s\b", "", text.lower())))
    return not all(MAY_STAND_BEFORE.fullmatch(w) or _MAY_DO.fullmatch(w) or (names and _OF_AREA.fullmatch(w)) for w in words)


def is_of_people(heading: str, sentence: str, figure: Figure) -> bool:
    """Whether a heading is about some of the people, and the figure, of a subject that it does not name, is of all."""
    subjects = {m.what.partition(".")[0] for m in mentions(heading, f"{heading} {sentence}")}
    return bool(_PEOPLE_IN_HEADING.fullmatch(heading)) and figure.mart not in subjects
