"""Tells how far a measure's words are from a number, if the number can be of them."""

import re

from dagster_project.editions.read_printed_numbers import ZERO_WORDS

from ..text.figures_in_text import MONTH, NumberInSentence
from ..text.words import Mention, any_of
from ..text.words_around_numbers import DOWN, UP
from .areas_and_categories import breaks

NEVER = float("inf")
"""The distance of words that a number is not of."""
_ZERO_OF = re.compile(r" (?:(?:new|such|recorded|active|drugs?|county) )*")
"""Between `no` and the measure that there was none of."""
_OF_WHICH = re.compile(r"^ of (?:which|whom)\b")
_BY_PEOPLE = re.compile(
    rf" (?:[a-z]+ ){{0,2}}?(?:{any_of('who_did')})\b[^,;]* \w+(?:ed|ing|made)(?: (?:in|with|to|for|of|the))* $"
)
"""Between a number of people and what they did: `1,900 people committed possession offences`."""
_MEANS = re.compile(r"\b(?:with|by|through|using|via|under|carr\w+|hold|held) (?:the )?$", re.I)
_NOUN = re.compile(r" ([a-z][\w-]*)")
_ITSELF = re.compile(
    rf"^ (?:{any_of('itself')}|{UP}|{DOWN}|changes?|the (?:year|previous|preceding|prior|same|twelve|12)|a year|last year)\b",
    re.I,
)
"""Words after a number that counts what was named before it. Another noun means that it counts something else."""
_WERE_IN = re.compile(
    r" (?:were|was)(?: recorded| made)? (?:in|across) (?:the )?(?:[A-Z]\w+ ?)+"
    rf"(?=[.;:)]|$|(?:,|,? and) £?\d|(?:in|during) (?:(?:the )?(?:year|12|twelve|financial)|\d|Q\d|{MONTH}))"
)
"""Where some of all were, and no more words: `178 were in Amber Valley`."""
_OF_COUNTED = re.compile(rf"(?:{any_of('may_follow')}|\w+(?:ed|en|ly|ing)|more|fewer|new|were|was|ha[ds]|have)", re.I)
"""What may be said of what a number counts, which the sentence before names."""
_WERE_COUNTED = re.compile(
    rf" (?:(?:were|was) )?(?:{any_of('were_counted')})(?=\s?(?:[.,;:)]|$|(?:in|during|between|from|over)\b))"
)
"""What may be said of all that a number counts: `Naloxone: 30 administrations`, unlike `30 carried`."""
_JOINED = re.compile(
    r"\W*(of|at|to|was|were|is|are|total(?:l(?:ed|ing))?|numbered|worth|valued at)?"
    r"(?: (?:about|around|approximately|some|just))?\W*"
)
"""Between a measure and its own number."""
_CLAUSE_AHEAD = re.compile(r"[,;]|\b(?:while|whereas|but|although|and)\b", re.I)
_OTHER_SUBJECT = re.compile(
    rf" those (?:found|\w+ed)\b| (?:(?:the|our|its|their|and|with) )*(?:[a-z-]+ )?(?!(?:{any_of('no_subjects')}|{UP}|{DOWN})\b)"
    rf"[a-z]{{3,}} (?:(?:in|for|of|at|across) [^,;]*?)?(?:{UP}|{DOWN}|{any_of('subject_verbs')})\b"
    r"| (?:and )?(?:the )?(?:number|volume|total) of (?!these|those|them|all)[a-z]"
)
"""A clause of something else than was named before it: `while searches rose to 105, arrests in Dales rose`."""


def distance(spot: NumberInSentence, mention: Mention) -> float:
    """The distance of a measure's words from a number. Words after it in the same clause are nearest."""
    if mention.start >= spot.number.end:
        return _distance_behind(spot, mention)
    if mention.end <= spot.number.start:
        return _distance_ahead(spot, mention)
    return 0.0


def _distance_behind(spot: NumberInSentence, mention: Mention) -> float:
    number = spot.number
    between = _OF_WHICH.sub("", spot.sentence[number.end : mention.start])
    if number.text.lower() in ZERO_WORDS and not _ZERO_OF.fullmatch(between):
        return NEVER
    noun = _other_noun(spot)
    # `47 lives were saved with naloxone`.
    is_means = noun and noun not in _words_of(spot, mention) and _MEANS.search(between)
    if is_means or _BY_PEOPLE.match(between):
        return NEVER
    crossed = spot.between(number.end, mention.start)
    if not crossed and not breaks(between):
        return float(len(between))
    # `1,936 officers; possession offences rose`.
    return NEVER if noun else 300.0 + len(between) + 100 * crossed


def _distance_ahead(spot: NumberInSentence, mention: Mention) -> float:
    between = spot.sentence[mention.end : spot.number.start]
    if re.search(r"\bof (?:which|whom) $", between):
        return NEVER
    clause = _CLAUSE_AHEAD.split(between)
    if len(clause) > 1 and _OTHER_SUBJECT.match(clause[-1]):
        return NEVER
    following = re.match(r" (\w[\w-]*)", spot.behind)
    is_itself = following is None or _ITSELF.match(spot.behind) or following[1].lower() in _words_of(spot, mention)
    # `Of the 47 searches, 12 were in Dales`.
    if not (is_itself or _WERE_IN.match(spot.behind)):
        # `Drug tests: 953 completed`, unlike `Naloxone: 250 kits were issued`.
        joined = _JOINED.fullmatch(between)
        if not (joined and (joined[1] or _WERE_COUNTED.match(spot.behind))):
            return NEVER
    return 50.0 + len(between) / 2 + 60 * spot.between(mention.end, spot.number.start)


def _words_of(spot: NumberInSentence, mention: Mention) -> list[str]:
    return spot.sentence[mention.start : mention.end].lower().split()


def _other_noun(spot: NumberInSentence) -> str:
    """The word behind a number if it may be a noun of something else than was named before it, else blank."""
    noun = _NOUN.match(spot.behind)
    return noun[1] if noun and not _ITSELF.match(spot.behind) else ""


def counts_something_else(spot: NumberInSentence) -> bool:
    """Whether a number counts something else than was named before it: `Over the same period, 12 kilograms were seized`."""
    noun = _other_noun(spot)
    return bool(noun and not _OF_COUNTED.fullmatch(noun))
