"""Finds which of the periods around it a number is of."""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

from ..text.figures_in_text import Number, NumberInSentence
from ..text.periods_in_text import BEFORE, Period, periods_of
from ..text.words import any_of, joined
from ..text.words_around_numbers import CHANGE, is_plain_value, read_written
from .areas_and_categories import IN_BRACKETS, is_in_brackets
from .sentence_context import Context

_VERSUS = r"\W*(?:compared (?:with|to)|against|versus|vs?\.?)(?: (?:only|just|in|the|those|that|of|for|£))* £?"
_NUMBERS_COMPARED, _PERIODS_COMPARED = re.compile(_VERSUS, re.I), re.compile(_VERSUS.removesuffix(" £?") + r"\W*", re.I)
"""Between two numbers, and between two periods."""
_IS_IN = re.compile(
    r"(?: (?!(?:with|after|before|following|when|since|by|at|on|including|to|of)\b)[\w-]+){0,6} (?:in|during|for) (?:the )?"
)
_HAD = re.compile(r"[,:]?(?: (?:to|there|we|officers|the|force|it|were|was|had|saw|made|recorded|with|only|just))*:? ?[£(]?")
"""Between a number and a month without its year, behind it or before it."""
_FAR = re.compile(r"[,;]|\b(?:and|compared|against|above|below|than|from|versus|vs?)\b")
"""Between a number and a period behind it that is not its own."""
_NUMBER_IN_BRACKETS = re.compile(r"\([^()]*(?<!previous )(?<!preceding )(?<!prior )(?<!the )\b\d[^()]*\)?")
_OPEN_BRACKETS = re.compile(r"\([^()]*$")
_ON = re.compile(r"\b(?:on|over|against|with|than|to)(?: the| that of| in)* $", re.I)
_OF_YEAR_BEFORE = re.compile(r"(?:['’]s)?(?: (?:total|figure|levels?) of|,? when there (?:were|was))? ?\(?")
"""Between a year that others are compared with and its own number: `up on 2023/24 (1,431)`, `on the 2024 total of 3,525`."""
_BEFORE_OF_ANOTHER = re.compile(rf"\d[\d,.]*%? (?:in |for |during )?(?:the )?(?:{BEFORE.pattern})[^,;]*$", re.I)
"""Behind the year before of another number: `from 1,769 the year before to 2,143`."""
_BEFORE_FIRST = re.compile(rf"\W*(?:in )?(?:{BEFORE.pattern}),? (?:there|we|the)\b", re.I)
_NEXT_CLAUSE = re.compile(rf"[,;]|\b(?:and|while|whereas|but)\b(?= (?:in |for )?(?:{BEFORE.pattern}))")
_SAID_IN = re.compile(rf"\b(?:{any_of('said')}) (?:in|on|at|during) (?:the )?$", re.I)
"""Before the time when something was said: `the Board was told in October 2025 that`."""
_COUNTED = re.compile(r"\d\S* (?:\w+ ){0,3}$")
"""Before the period of another number: `rose to 43 in`."""


def period_of_number(spot: NumberInSentence, periods: list[Period], context: Context) -> Period | None:
    """A number's period: one that follows closely, else the last before it, else the sentence's only one."""
    periods = [p for p in periods if not is_of_number_in_brackets(spot, p)]
    not_compared = [p for p in periods if not p.is_compared]
    chosen = _nearest(spot, periods) or (not_compared[0] if len(not_compared) == 1 else None)
    if chosen is not None and (_is_of_earlier(spot, chosen, periods) or _is_of_other_words(spot, chosen, not_compared)):
        return None
    if chosen is not None and chosen.is_compared and not_compared and _is_change(spot) and not _is_its_own(spot, chosen):
        chosen = not_compared[-1] if len(not_compared) == 1 else None
    if chosen is not None and chosen.how == "same":
        others = [p for p in not_compared if p.how != "same"]
        nearest = [p for p in others if p.end <= chosen.start][-1:] or others[:1]
        chosen = nearest[0] if nearest and chosen.first is None else context.same_period(chosen)
    if chosen is None and not not_compared:
        chosen = context.period_before(spot.sentence)
    if chosen is None or (chosen.end > spot.number.end and any(_is_since(p, spot) for p in periods)):
        return None
    if is_of_year_before(spot):
        return chosen.a_year_before()
    if not is_plain_value(spot):
        # What a year rose from is the year before. A month may have risen from another.
        is_year = chosen.first and chosen.last and (chosen.last - chosen.first).days > 300 and len(periods) == 1
        return chosen.a_year_before() if is_year else None
    return chosen


def _nearest(spot: NumberInSentence, periods: list[Period]) -> Period | None:
    number = spot.number
    after = [p for p in periods if p.start >= number.end]
    if after:
        between = spot.sentence[number.end : after[0].start]
        is_far = _FAR.search(joined(spot.sentence)[number.end : after[0].start].replace(", all in", " all in"))
        is_near = IN_BRACKETS.fullmatch(between) or not is_far
        if is_near and len(between) < 90 and not spot.between(number.end, after[0].start):
            return _if_sure(after[0], _IS_IN.fullmatch(between))
    before = [p for p in periods if p.end <= number.start]
    outside = [p for p in before if not is_in_brackets(spot, p.end)]
    last = next(reversed(outside or before), None)
    return last and _if_sure(last, _HAD.fullmatch(spot.sentence, last.end, number.start))


def _if_sure(period: Period, is_beside: object) -> Period:
    """A period; of unknown days, if it lacks its year and other words are between it and the number."""
    return replace(period, how="part") if period.is_alone and not is_beside else period


def _is_change(spot: NumberInSentence) -> bool:
    return bool(CHANGE.search(" ".join(_around(spot))))


def _is_its_own(spot: NumberInSentence, period: Period) -> bool:
    """Whether a number stands behind a period that others are compared with, and is of it."""
    return period.end <= spot.number.start and bool(_OF_YEAR_BEFORE.fullmatch(spot.sentence, period.end, spot.number.start))


def _is_since(period: Period, spot: NumberInSentence) -> bool:
    """Whether a number counts from a time before it, as of a month without its year: `since July there have been 139 in
    2025`."""
    is_since = period.is_alone or spot.sentence[period.start :].lower().startswith("since")
    is_before = is_since and period.how == "part" and period.end <= spot.number.start
    return is_before and not spot.between(period.end, spot.number.start)


def _is_of_earlier(spot: NumberInSentence, chosen: Period, periods: list[Period]) -> bool:
    """Whether the last period before a number is that of another number in a clause before it, and not the newest: `rose to 43
    in May 2025 from 27 in May 2024, incidents to 309`."""
    is_newest = all(p.last is None or chosen.last is None or p.last <= chosen.last for p in periods)
    is_in_clause = not re.search(r"[,;](?!\d)", spot.sentence[chosen.end : spot.number.start])
    return not is_newest and not is_in_clause and bool(_COUNTED.search(spot.sentence[: chosen.start]))


def _is_of_other_words(spot: NumberInSentence, chosen: Period, not_compared: list[Period]) -> bool:
    """Whether the period before a number is what it is compared with, `Compared with 2024, there were 1,936`, or when somebody
    said so."""
    if chosen.end > spot.number.start:
        return False
    written = read_written(spot)
    is_of_base = not (not_compared or written.is_by or written.unit == "percent") and not _is_its_own(spot, chosen)
    # `3,395 (2024: 3,525; -3.7%)`.
    in_brackets = _OPEN_BRACKETS.search(spot.ahead)
    if in_brackets and in_brackets.start() < chosen.start and spot.between(chosen.end, spot.number.start):
        return True
    return is_of_base or bool(_SAID_IN.search(spot.sentence[: chosen.start]) and " that " in spot.ahead[chosen.end :])


def is_of_number_in_brackets(spot: NumberInSentence, period: Period) -> bool:
    """Whether a period is in brackets with another number: `1,351 (2023/24: 637)`."""
    start, end = spot.sentence.rfind("(", 0, period.start), spot.sentence.find(")", period.end)
    is_inside = 0 <= start < end and ")" not in spot.sentence[start : period.start]
    return is_inside and not start < spot.number.start < end and spot.between(start, end) > 0


def is_of_year_before(spot: NumberInSentence) -> bool:
    """Whether words around a number mean the year before: `against 1,649 in the previous year`."""
    if ";" not in spot.ahead and _BEFORE_FIRST.match(spot.sentence):
        return True
    around = _around(spot)
    # In another clause they are of its number: `2,187 in 2025, while the year before saw 1,649`.
    clause = _NEXT_CLAUSE.split(around[1])[0]
    if spot.ahead.endswith("("):
        # `12 more in Dales (47) than in the year before`.
        clause = re.split(r"\bthan\b", clause)[0]
    ahead = "" if _BEFORE_OF_ANOTHER.search(spot.ahead) else re.split("[,;]", around[0])[-1]
    of_before = BEFORE.search(clause) or BEFORE.search(ahead)
    if not of_before:
        return False
    # `Up 538 on the previous year` is this year's change.
    is_change_on_it = read_written(spot).is_by and _ON.search(of_before.string[: of_before.start()])
    return not (is_change_on_it or CHANGE.search(around[1][: of_before.start()]))


def _around(spot: NumberInSentence) -> tuple[str, str]:
    # A change in brackets is that of the sentence: `against 1,649 in the previous year (up 33%)`.
    own = _OPEN_BRACKETS.search(spot.ahead)
    is_change = own and CHANGE.search(own[0] + spot.number.text.replace("+", "up ").replace("-", "down "))
    return own[0] if own and is_change else spot.ahead[-40:], _NUMBER_IN_BRACKETS.sub("", spot.behind)[:60]


def is_compared_in_doubt(sentence: str, number: Number, numbers: list[Number], data_to: date) -> bool:
    """Whether a number may be that of either of two years: of those compared before it, `2025 vs 2024: 2,143 vs 1,769`, or of
    one behind two compared numbers, `1,649 vs 1,174 in 2024`. `numbers`: all of the sentence."""
    periods = periods_of(sentence, data_to)
    pairs = [(a, b) for a, b in pairwise(periods) if _PERIODS_COMPARED.fullmatch(sentence, a.end, b.start)]
    for first, second in pairwise(numbers):
        if number in (first, second) and _NUMBERS_COMPARED.fullmatch(sentence, first.end, second.start):
            is_behind = any(p.start >= second.end for p in periods) and not sentence.startswith(")", second.end)
            if pairs or (is_behind and not any(p.end <= first.start for p in periods)):
                return True
    last = next((p for p in reversed(periods) if p.end <= number.start), None)
    behind = [n for n in numbers if last and n.start >= last.end]
    return any(b is last for _, b in pairs) and (len(behind) > 1 or not CHANGE.search(sentence))
