"""Finds words, also of headings and of sentences before, that make a number one of another place, or of a plan. Such a number
is not linked."""

import re
from calendar import month_abbr, month_name
from collections.abc import Sequence

from ..edition_figures import EditionFigures
from ..text.force_called import is_one_county, other_places_pattern
from ..text.words import any_of, mentions, named
from .other_people import names_some_of_us
from .sentence_context import goes_back

OWN_AREAS = ("force", "section", "lpu")
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
        m for m in other_places_pattern(edition.force_name).finditer(text)
        if m["own"] is None and not any(area.start <= m.start() and m.end() <= area.end for area in areas)
    ]  # fmt: skip


def names_other_place(text: str, edition: EditionFigures) -> bool:
    """Whether a text names a country, a region, another force or a part of the force's name."""
    return bool(other_places_of(text, edition))


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
