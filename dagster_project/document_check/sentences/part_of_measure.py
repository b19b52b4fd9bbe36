"""Tells whether the words right before or behind a measure make it a part of what is counted: `cannabis possession offences`,
`possession offences ended in a caution`.

No list of such words is complete, so the rule is reversed: lists say which words may be there, and any other means a part.
"""

import re
from calendar import month_name

from ..text.figures_in_text import MONTH, NumberInSentence
from ..text.force_called import own_names
from ..text.words import Mention, any_of, one_of
from ..text.words_around_numbers import CHANGE

_LAST_WORD = re.compile(r"([\w'’]+)[ -]*$")
MAY_STAND_BEFORE = re.compile(rf"(?:{any_of('may_stand_before')}|{MONTH})(?:['’]s?)?")
_PART_VERBS = f"(?:{any_of('part_verbs')})"
_VERB = re.compile(rf"(?!{_PART_VERBS}|(?:some|any|every|no)thing|training|briefing|led\b)\w+(?:ed|ing)")
_JOINED = re.compile(r"\b([a-z]+) (?:and|or|&) $", re.I)
"""What is counted together with a measure: `slavery and trafficking offences`."""
_OF_MEASURE = re.compile(
    r"(?:^|\s)([A-Za-z][a-z]*) (of|for|in|about|following|after|to|from|on|against|with|without|during)"
    r" (?:the |our |recorded )?$"
)
_MAY_HAVE, _THINGS = re.compile(any_of("may_have")), re.compile(r"cases|crimes|offences|incidents|tests|items|pieces|records")
_LINKED_TO = re.compile(
    rf"\b(?:{any_of('linked')}) (?:to|with|from|in)(?: the| these| our)? $|\bclass [abc](?: drugs?)? $"
    r"|\bsuch as $|\w+ed (?:through|via) $|\b(?:saved|caused|prevented|reversed|found|dealt with) (?:by|through|for) $",
    re.I,
)
"""Before a measure that something else has to do with: `antisocial behaviour linked to drug possession`."""
_DONE_TO = re.compile(rf"\b(?!{any_of('how_counted')})\w+ed(?: (?:for|with))? *$", re.I)
"""What was done with the things counted, unlike how they are counted: `solved 1,936 offences`."""
_PEOPLE = one_of("people")
_IN_SOME = re.compile(rf"\b(?:{any_of('in_some')})(?: the| our)? $", re.I)
"""Before a number of those in which something happened: `drugs were found in 684 drug searches`."""

_ITS_PERIOD = (
    r" (?:in|during|for|between|from|over|within|to)\b[^,;.:()£%]{0,60}\b"
    rf"(?:(?:19|20)\d\d(?:[/–-]\d\d)?|FY ?\d\d/\d\d|{'|'.join(month_name[1:])})"
    r"(?![/\d])(?: financial year)?(?= ?[a-z(,])"
)
_ITS_PLACE = (
    r" (?:in|at|across|within) (?:the )?(?:(?:City|Police Service) of )?[A-Z][a-z]+(?: (?:and |& )?[A-Z][a-z]+)*(?= ?[a-z(])"
)
_WHEN_AND_WHERE = re.compile(f"^(?:{_ITS_PERIOD}|{_ITS_PLACE}){{1,2}}")
"""A period and a place between a measure and what became of some: `offences in Dales in 2024/25 were for cannabis`."""
_WHICH = re.compile(
    r" (?:that|which|who) (?:(?:were|was|had|have|has|been|are|is|also|we|officers|police|it|they|the (?:force|police)) )*"
    rf"(?!(?:\d|{any_of('said_of_all')}|{CHANGE.pattern})\b)\w"
)
"""A clause that says which are counted: `offences that were closed`."""
_SUMMED = re.compile(rf" (?:and|or|&|plus) (?:[a-z-]+ ){{1,3}}?(?:{any_of('summed')})\b")
"""What is counted together with the measure before it: `possession offences and weapons offences`."""
_LIMITED = re.compile(
    rf"\W{{1,3}}(?:{any_of('people')})\b|\s*\((?!(?:{any_of('plain_in_title')}|{CHANGE.pattern})\b)[a-z][a-z -]*\)"
    r"| ?(?:(?:over|above|under|below|exceeding|worth (?:over|more than|less than)) £|less [a-z]|within an?\b"
    r"|as (?!\W*\d|against|compared|well|at|of|in|an?\b|the\b|shown|set|part|reported|recorded|before|usual|follows)[a-z]"
    r"|came from (?![A-Z]|\W*\d)|(?:and|or|&) [a-z-]+s(?=:| (?:in|during|between|from|for|over) (?:[A-Z\d]|the (?:year|1?2))))"
)
"""What limits a measure: `offences (adults)`, `orders over £100,000`."""
_SOME = re.compile(
    r"\s*(?:\([^)]*\)\s*)?(?:(?:were|was|are|is) for(?! £?\d)|(?:(?:were|was|are|is|have|has|had|been|which|that|not)\s+)*"
    rf"(?:(?:\w+ed|made|carried out|took place|taken|given)\s+)?(?:(?:{_PART_VERBS}|{any_of('of_some')})\b"
    r"|about (?!\W*\d|half|an?\b)"
    r"|for (?!drugs?\b|the (?:year|period|month|twelve|12)|20\d\d|\w+ 20\d\d|£?\d)"
    r"|of (?!\W*\d|the (?:year|period|force)|these|those)"
    r"|with (?!\W*\d|a total|an? (?:increase|rise|fall|value))"
    r"|by (?!\W*\d|the (?:force|police|end)|police|officers(?! (?:of|in|from|on|at|who|with)\b)|our|end|LPU|[A-Z][a-z]"
    r"|(?:(?:local )?policing )?(?:unit|area)\s*(?:[:,;.]|$|(?:in|for|during|between|from) (?:the )?(?:\d|[A-Z]|year|twelve)))"
    r"|from (?!\W*\d|the (?:year|period|start|end)|[A-Z][a-z]+ (?:to |until |20)|£)"
    r"|at (?!\W*\d|the (?:end|start|same|beginning|time|force|year|close|rate|national)|an?\b|its|their|least|present)[a-z]"
    r"|on (?!\W*\d|the (?:year|previous|same|last|rise|increase|decrease)|an?\b|average|record|year|last|previous)[a-z]"
    r"|under (?!the misuse|section 2[37])|per (?:1,000|thousand|head|capita|officer)\b"
    r"|in (?!the|total|all|our|this|that|these|each|both|19|20|\d|year|financial|early|late)[a-z]))",
)
"""Where, how or by whom some were counted, or what became of them: `offences at festivals`, `offences were solved`."""
_BECAME = re.compile(r" (?:were|was|had been|has been|have been)\b")
_MAY_FOLLOW = re.compile(
    r"\s*(?:$|(?:(?:were|was|are|is|have|has|had|been|also|all|which|that|both|not|each|\w+ly)\s+)*(?:[^\w\s]|\d"
    rf"|(?:{CHANGE.pattern}|{any_of('may_follow')})\b))",
    re.I,
)
_OF_ALL = re.compile(r"\bof (?:the|our|these|those|all)(?: \w+ing)? *$", re.I)
"""Before the number of all, of which only some ended in something: `of the 1,936 offences charged`."""
_DID_TO = re.compile(
    rf"\b(?!(?!charged|closed|safeguarded)(?:{any_of('how_counted')}|{any_of('did')}|{CHANGE.pattern})\b)\w+ed"
    r" (?:(?:just|only|about|around|some) )?$"
)
"""What was done with those that a number counts, which was named before it: `Dales arrested 125`."""


def is_part(spot: NumberInSentence, mention: Mention, own: str) -> bool:
    """Whether the words next to a measure mean only a part of it. `own`: the force's name."""
    return (not mention.is_weak and _is_part_before(spot, mention, own)) or _is_part_behind(spot, mention)


def _is_part_before(spot: NumberInSentence, mention: Mention, own: str) -> bool:
    ahead = spot.sentence[: mention.start]
    last = _LAST_WORD.search(ahead)
    if last is None:
        return False
    if spot.number.end <= mention.start and _PEOPLE.search(ahead, spot.number.end):
        return True
    if last.start() < spot.number.end <= mention.start:
        return bool(_DONE_TO.search(spot.ahead) or _IN_SOME.search(spot.ahead))
    is_own = re.search(rf"{own_names(own).pattern}(?:['’]s)?[ -]*$", ahead)
    words = [] if is_own else [last[1].lower()]
    if joined := _JOINED.search(ahead):
        words.append(joined[1].lower())
    if not all(MAY_STAND_BEFORE.fullmatch(word) or _VERB.fullmatch(word) for word in words):
        return True
    return _is_what_another_is_of(ahead) or bool(_LINKED_TO.search(ahead))


def _is_what_another_is_of(ahead: str) -> bool:
    """Whether a measure is what something else is of: `victims of`, `arrests for`. `ahead`: the sentence before it."""
    match = _OF_MEASURE.search(ahead)
    if match is None or (match[1][0].isupper() and match.start(1)):
        return False
    word = match[1].lower()
    is_verb = _VERB.fullmatch(word) and (match[2] not in ("for", "from") or word == "recorded")
    if match[2] in ("after", "during", "following", "from") and _THINGS.fullmatch(word):
        return True
    return not (is_verb or _MAY_HAVE.fullmatch(word) or MAY_STAND_BEFORE.fullmatch(word))


def _is_part_behind(spot: NumberInSentence, mention: Mention) -> bool:
    behind = spot.sentence[mention.end :]
    texts = {behind, _WHEN_AND_WHERE.sub("", behind)}
    if any(pattern.match(text) for pattern in (_WHICH, _SUMMED, _LIMITED) for text in texts):
        return True
    if mention.end <= spot.number.start:
        if _DID_TO.search(spot.ahead, mention.end):
            return True
        # `Orders worth £900,000 were paid`.
        texts.add(spot.behind.removeprefix(")"))
    became = any(_SOME.match(text) or (_BECAME.match(text) and not _MAY_FOLLOW.match(text)) for text in texts)
    is_some = became or not (mention.is_weak or _MAY_FOLLOW.match(behind))
    return is_some and not _OF_ALL.search(spot.ahead)


def is_narrower(between: str) -> bool:
    """Whether one word between a unit's name and its number makes it a part of the unit: `Erewash town 299`."""
    word = re.fullmatch(r" ([a-z]+) ", between)
    return bool(word and not any(p.fullmatch(word[1]) for p in (MAY_STAND_BEFORE, _VERB, CHANGE)))
