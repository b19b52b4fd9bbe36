"""Finds words, also of headings and of sentences before, that make a number an average, a target, the work of some people, or
of another place. Such a number is not linked."""

import re
from calendar import month_abbr, month_name
from collections.abc import Sequence

from ..edition_figures import EditionFigures
from ..model import Figure
from ..text.figures_in_text import MONTH, Spot
from ..text.force_called import is_one_county, other_places
from ..text.periods_in_text import periods_of
from ..text.words import any_of, mentions, named, one_of
from ..text.words_around_numbers import CHANGE, read_written
from .base_of_change import SOME_YEARS
from .part_of_measure import MAY_STAND_BEFORE
from .sentence_context import goes_back

OWN_AREAS = ("force", "section", "lpu")
_CLAUSE_BREAK = re.compile(r";|\b(?:while|whereas|but)\b", re.I)
_OTHER_KIND, _WISHED = one_of("other_kind"), one_of("wishes")
_SOME_ACTORS = re.compile(rf"\b(?:{any_of('some_of')})[ -](?:officers?|constables?|teams?|units?|squads?|PCSOs?)\b", re.I)
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
_NOUN_OF = re.compile(
    r"\b(?:an?|the|our|its|their) (?:[\w’'-]+ ){0,3}?(\w*[^\Ws]) of (?:(?:just|only|around|about|some) )?£?$", re.I
)
_MAY_BE_OF = re.compile(f"{any_of('may_have')}|{any_of('may_be_of')}|{CHANGE.pattern}")
_WISH_ENDS = re.compile(
    r"\b(?<!is )(?<!was )(?<!hope )that\b|:(?!\d)|, and £?$"
    r"|(?:, |\band )(?=£?\d|(?:there|we|our|the|this|officers|drugs?|possession|trafficking|in|during|over|between)\b)",
    re.I,
)
_SAID_BEFORE = re.compile(
    r".*\bthat\b|.*, and\b|^\W*(?!(?:Exclud|Includ|Averag|Count|Omit|Consider|Look|Tak|Leav)\w*ing)\w+ing [^,]*,"
)
"""What comes before the statement: `Tackling violence against women, we made 1,351 searches`."""
_OVER_YEARS = re.compile(rf"\b(?:over|in|across|for|during|within) (?:the |a )?(?:last |past )?{SOME_YEARS.pattern}", re.I)
_SINCE = re.compile(rf"\bsince (?:the )?(?:{MONTH}|(?:19|20)\d\d|Q\d)\b", re.I)
OURS = re.compile(r"\b(?:overall|altogether|in total|the (?:force|county|constabulary)|(?:force|county)[- ]?wide)\b", re.I)
_WE = re.compile(r"\b(?:our|we)\b", re.I)
_COUNTY = re.compile(r"\b(?:(?:the|our|this) county(?! (?:lines?|council|court))|county[- ]?wide)\b", re.I)
_MARK = "#"
"""Each character of a known name, where places are looked for."""
_PLACE = re.compile(
    r"(?:\b(?:in|at|across|around|near|within|throughout|for|from|by)|^\W*(?:In|At|Across|Around|Near|Within|Throughout))"
    rf"(?: the)? (?:(?:{_MARK}+ (?:(?:and|&) (?:the )?)?)*((?!(?:{any_of('no_places')})\b)[A-Z][a-z]+)"
    rf"|(?:{any_of('kinds_of_place')})\b)"
    rf"|\b(?i:{any_of('places')}) (?:recorded|saw|had|reported|experienced)\b"
    r"|\b(?:[Ii]n|[Aa]cross) the (?:north|south|east|west|centre|rest)\w* (?:of|part of) the (?:county|force|city)\b"
    rf"|^\W*(?:In|At|On|Among|Within|Under) (?!{any_of('not_among')})[a-z][a-z -]*,"
)
_PLAN_IN_HEADING = re.compile(
    r"\b(?:targets?(?! harden)|forecasts?|projections?|trajectory|plans for|next steps|averages?)\b", re.I
)
_PEOPLE = f"(?:{any_of('people')})"
_PEOPLE_IN_HEADING = re.compile(rf"\W*{_PEOPLE}(?: (?:and|&) {_PEOPLE})?(?: (?:in|during|for|from|between) .*)?\W*", re.I)
_NOT_IN_HEADING = re.compile(
    r"^[\w ]*\b(?:by|author|contact|lead|officer|owner) ?:.*|(?<!compared )(?<!comparison )\bwith\b.*", re.I
)
"""Who wrote it, and who helped."""
_BEGINNING = re.compile(r"^\W*(?:(?:In|At|Across|The|Source:) )*")


def other_places_of(text: str, edition: EditionFigures, known: Sequence[str] = ("section", "lpu")) -> list[re.Match[str]]:
    """Where a text names a country, a region, another force or a part of the force's name, unless an area is called so that is
    of a `known` kind."""
    areas = named(text, edition.areas_of(*known))
    return [
        m for m in other_places(edition.force_name).finditer(text)
        if m["own"] is None and not any(area.start <= m.start() and m.end() <= area.end for area in areas)
    ]  # fmt: skip


def names_other_place(text: str, edition: EditionFigures) -> bool:
    """Whether a text names a country, a region, another force or a part of the force's name."""
    return bool(other_places_of(text, edition))


def says_other_kind(text: str) -> bool:
    """Whether a text is about an average, a target, or some of the people."""
    return bool(_OTHER_KIND.search(text))


def names_some_of_us(text: str) -> bool:
    """Whether a text is about the work of some of the force: `Proactive team`."""
    return bool(_SOME_ACTORS.search(_POLICING_UNIT.sub("", text)))


def is_other_kind(spot: Spot, edition: EditionFigures) -> bool:
    """Whether the words around a number are about an average, a target, some of the people, another place or other years."""
    ahead, behind = _CLAUSE_BREAK.split(spot.ahead)[-1], _CLAUSE_BREAK.split(spot.behind)[0]
    is_wish = _WISHED.search(_WISH_ENDS.split(ahead)[-1])
    before, after = re.split("[,;]", ahead)[-1], re.split("[,;]", behind)[0]
    # `In Q3 there were 361 searches since April 2024`, unlike `up 12% since 2023`.
    is_since = _SINCE.search(before + after) and not read_written(spot).is_change
    # `A plan of 900`.
    is_of_another = (noun := _NOUN_OF.search(ahead)) and not _MAY_BE_OF.fullmatch(noun[1].lower())
    if is_wish or is_since or is_of_another or _SOME_ACTORS.search(ahead) or _OVER_YEARS.search(after):
        return True
    statement = _SAID_BEFORE.sub("", ahead, count=1) + spot.number.text + behind
    return says_other_kind(statement) or names_other_place(spot.sentence, edition)


def is_done_by_others(spot: Spot, edition: EditionFigures) -> bool:
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


def is_elsewhere(sentence: str, heading: str, before: str, edition: EditionFigures) -> bool:
    """Whether a sentence, or the heading or the sentences before it, name a place or a plan of which no figure is known."""
    text = _with_marks(sentence, edition)
    months = {*month_name, *month_abbr, "Sept"}
    # `The total for Drug Searches`.
    measured = {m.start for m in mentions(text, text)}
    if any(m[1] is None or not (m[1] in months or m.start(1) in measured) for m in _PLACE.finditer(text)):
        return True
    if _COUNTY.search(sentence) and not is_one_county(edition.force_name):
        return True
    if _PLAN_IN_HEADING.search(heading):
        return True
    if OURS.search(sentence) or edition.names_whole(sentence):
        return False
    sentence_before = re.split(r"(?<=[.!?])\s+", before.strip())[-1]
    if names_some_of_us(heading) or (goes_back(sentence) and names_some_of_us(sentence_before)):
        return True
    heading_words = _NOT_IN_HEADING.sub("", heading)
    # A place of the sentence before counts only where that begins with it.
    last = _BEGINNING.sub("", sentence_before)
    is_of_another = names_other_place(heading_words, edition) or any(m.start() == 0 for m in other_places_of(last, edition))
    heading_words, last = edition.without_whole(heading_words), edition.without_whole(last)
    if is_of_another and not _WE.search(sentence):
        return True
    is_within = bool(named(heading_words, edition.areas_within)) or any(m.start == 0 for m in named(last, edition.areas_within))
    return is_within and not named(edition.without_whole(sentence), edition.areas_within)


def _with_marks(text: str, edition: EditionFigures) -> str:
    """A text of the same length with marks for the names of areas: `In ##### Normanton` is of another place than `South`."""
    text = edition.without_whole(text, _MARK)
    for name in named(text, edition.areas_within):
        if text[name.start].isupper():
            text = text[: name.start] + _MARK * (name.end - name.start) + text[name.end :]
    return text


def is_of_people(heading: str, sentence: str, figure: Figure) -> bool:
    """Whether a heading is about some of the people, and the figure, of a subject that it does not name, is of all."""
    subjects = {m.what.partition(".")[0] for m in mentions(heading, f"{heading} {sentence}")}
    return bool(_PEOPLE_IN_HEADING.fullmatch(heading)) and figure.mart not in subjects
