"""Finds words around a number that make it an average, a target, or of other people, places or years. Such a number is not
linked."""

import re

from ..edition_figures import EditionFigures
from ..text.figures_in_text import MONTH, NumberInSentence
from ..text.words import any_of, one_of
from ..text.words_around_numbers import CHANGE, read_written
from .base_of_change import SOME_YEARS
from .other_people import SOME_ACTORS
from .other_places import names_other_place

_CLAUSE_BREAK = re.compile(r";|\b(?:while|whereas|but)\b", re.I)
_OTHER_KIND, _WISHED = one_of("other_kind"), one_of("wishes")
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


def says_other_kind(text: str) -> bool:
    """Whether a text is about an average, a target, or some of the people."""
    return bool(_OTHER_KIND.search(text))


def is_other_kind(spot: NumberInSentence, edition: EditionFigures) -> bool:
    """Whether the words around a number are about an average, a target, some of the people, another place or other years."""
    ahead, behind = _CLAUSE_BREAK.split(spot.ahead)[-1], _CLAUSE_BREAK.split(spot.behind)[0]
    is_wish = _WISHED.search(_WISH_ENDS.split(ahead)[-1])
    before, after = re.split("[,;]", ahead)[-1], re.split("[,;]", behind)[0]
    # `In Q3 there were 361 searches since April 2024`, unlike `up 12% since 2023`.
    is_since = _SINCE.search(before + after) and not read_written(spot).is_change
    # `A plan of 900`.
    is_of_another = (noun := _NOUN_OF.search(ahead)) and not _MAY_BE_OF.fullmatch(noun[1].lower())
    if is_wish or is_since or is_of_another or SOME_ACTORS.search(ahead) or _OVER_YEARS.search(after):
        return True
    statement = _SAID_BEFORE.sub("", ahead, count=1) + spot.number.text + behind
    return says_other_kind(statement) or names_other_place(spot.sentence, edition)
