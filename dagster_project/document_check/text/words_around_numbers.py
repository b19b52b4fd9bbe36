"""Reads the words around a number: whether it is a plain value and not a limit, a share or a range; and whether it is a
change, and which way."""

import re
from dataclasses import dataclass
from itertools import pairwise

from dagster_project.editions.read_printed_numbers import ZERO_WORDS

from .figures_in_text import MONTH, NUMBER_WORD, Number, NumberInSentence
from .words import any_of, joined, mentions

_UP = rf"(?<!made )(?<!make )(?<!makes )(?<!making )up(?! to (?:the end of )?(?:\d{{1,2}}\w* )?{MONTH}\b)"
"""Not `the twelve months up to the end of June`."""
UP, DOWN = f"(?:{any_of('up')}|{_UP})", f"(?:{any_of('down')})"
CHANGE = re.compile(rf"\b(?:{UP}|{DOWN}|change[ds]?)\b", re.I)
_FALL = re.compile(rf"\b{DOWN}\b", re.I)
_NEAR = 40
"""A word for a change that ends this many characters behind a number may be about it."""
_OF_SAME_CHANGE = re.compile(r"[£\d,.]+%?(?:,? or| \() *$")
"""In `by 688, or 67%` both are amounts of the same change."""
_REST_OF_BRACKETS = re.compile(r"^[^(),;]* (?:in|for|during|over|to) [^()]*\)")
"""After a number in brackets that may be a value or a change: `up 33% (2,187 in 2025)`, `up 33% (538 in 2025)`."""
_IN_BRACKETS = re.compile(r"(?<=[a-z]) \([^()]*\)")
"""A number in brackets behind words: `62 more searches in Dales (170) than before`."""
_NOT = re.compile(r"\b(?:not(?! (?:only|recorded))|\w+n['’]t|never|neither|nor|no(?! *\.))\b", re.I)
_VERB, _NOUN = f"(?:{any_of('change_verbs')}|{_UP})", f"(?:{any_of('change_nouns')})"
_MOST_CHANGED = re.compile(rf"\b\w+est (?:\w+ )?{_NOUN}s?\b[^;]*\(£?$", re.I)
"""Before a number in brackets that may be a value or a change: `the biggest rises were in Dales (`."""
_BY = re.compile(
    rf"\b(?:{_VERB}|{_NOUN} of|(?:up|down|{UP}|{DOWN}) by|by|{_NOUN} in [^,;.]{{1,80}} (?:was|is|came to|amounted to|totalled))"
    r"(?: an?)?(?: (?:about|around|approximately))? *$", re.I,
)  # fmt: skip
_THAN = r"than(?= (?:in|the|an?|last|previous|during|for|at|we|was|were|that|those|\d))"
"""Before another period or number, unlike `more possession offences than trafficking offences`."""
_MORE = re.compile(
    rf"^ (?:(?:more|fewer)(?: [\w-]+){{0,20}}? {_THAN}|higher|lower|(?:more|fewer)(?=[.,;]|$)|(?:up|down) on"
    r"|(?:above|below)(?= (?:the|last|20)))\b",
    re.I,
)
SIGN_OF_LIMIT = re.compile(r"(?<![-=])[<>≤≥] ?$")
_LIMIT = re.compile(rf"\b(?:{any_of('limits')})(?: the)? *$", re.I)
_JUST = re.compile(r"\b(?:(?:just|slightly|a little) (?:(?P<over>over)|under)|nearly|almost) $", re.I)
"""Before a number that a figure is a little more, or less, than."""
_OF_BASE = re.compile(
    r" of (?!\W*\d|(?:(?:all|the|our|total|completed|drugs?|stop) )*(?:tests|searches|FPNs|fixed penalty)\b)", re.I
)
"""A share of something else than what a rate is of: `55% of those arrested tested positive`."""
_FROM_TO = re.compile(r"\bfrom(?: (?:an?|the|its|their) \w+(?: \w+)? of)? *$", re.I)
_ENDS = re.compile(r"\W*(?:[.,;)]|$)")
_ANY = rf"(?:£?\d|(?:{NUMBER_WORD}|one|nil|zero)\b)"
_TO_NUMBER = re.compile(rf"^[^,;.]{{0,30}}? to {_ANY}", re.I)
_TO = re.compile(r"(?: \w+ly)?(?: £?[\d,.]+%?)?(?: (?:by|from|in|of) [^;]{1,40}?)?,? to(?: an?)?(?: \w+)? *", re.I)
_ABOUT = re.compile(
    r"\b(?:about|around|approximately|approx\.?|roughly|some|circa|c\.|in the region of)(?: the)? *$"
    r"|[~≈] ?$",
    re.I,
)
_RANGE_AHEAD = re.compile(
    rf"(?:[:(] ?|\b(?:about|around|approximately|roughly|circa|some) )(?:£?[\d,.]+%?|{NUMBER_WORD}) to £?$"
    rf"|\bbetween(?: (?:£?[\d,.]+(?: ?%| ?[a-z]+)?|{NUMBER_WORD}|one) and)? *$|\d[-–]$",
    re.I,
)
_RANGE_BEHIND = re.compile(rf"^[-–]£?\d|^ to {_ANY}(?=.* between )", re.I)
_RATIO = re.compile(r"^ (?:(?:of|out of) (?:\d[\d,]*|every \w+|ten)|in (?:every|\d{1,2}|ten|twenty))\b(?!/)", re.I)
_OR_MORE = re.compile(
    r"^\+|^[ -]?fold\b|^ (?:or (?:more|fewer|less)|times (?:more|as|less|the|its|that|higher|lower|larger|greater)"
    rf"|(?:more|fewer)(?! {_THAN}| [\w -]+ {_THAN}|[.,;]|$)|further|others?|additional"
    r"|(?:above|below)(?! (?:the|last|20))|short of|shy of|ahead of)\b", re.I,
)  # fmt: skip
_CLAUSE = re.compile(r"[;:]|\b(?:while|whereas|but)\b", re.I)
_PART = re.compile(r";|\b(?:while|whereas|but|and(?! £?\d)|although|though|despite|as|which|who|after|when)\b", re.I)
_OF_OTHERS = (
    r"\w+ing (?:concerns?|confidence|demands?|awareness|pressures?|problems?|costs?|prices|populations?|use|need|interest)\b"
)
"""`Growing concern`."""
_LEADING = re.compile(r"^\W*(?:Despite|With|As|Since|In|Although|While|Following|After|Given|Amid|Because)\b[^,;]*,", re.I)
"""A part of a sentence before its statement."""
_WENT = re.compile(
    rf"(?:(?<!to )(?<!not )(?<!n't )(?<!n’t )(?<!never )|(?<=continued to ))\b(?!(?:more|up|down|less|lower|fewer|higher|above"
    rf"|below|reduc\w+|uplift)\b|drop-in|{_OF_OTHERS})(?:{UP}|{DOWN})\b"
    r"|\b(?:was|were|is|are|went) (?:[\w-]+ ){0,3}(?:up|down|higher|lower)\b|\b(?:up|down|higher|lower)(?= (?:from|on|than)\b)"
    r"|\b(?:fewer|more)(?= [\w -]{1,40}\b(?:was|were|took place|happened)\b)(?! than)",
    re.I,
)
"""What a measure did, unlike `to reduce harm` and `more officers`."""
_RANK = re.compile(
    r"(?<!kept )(?<!keep )(?<!keeps )(?<!made )\ba record(?= ?(?:£?\d|[.,;]|$))"
    r"|\b(?:(?:high|low|larg|small|few)est|record (?:high|low|number|level|year)|twice|(?<!High )peak\w*"
    r"|stable|unchanged|static|steady|(?:broadly|fairly|remain\w*|stay\w*) (?:level|flat|constant|similar|the same)"
    r"|(?:doubl|trebl|tripl|quadrupl|halv)(?:ed|ing))\b",
    re.I,
)
_NOT_PLAIN_ZERO = re.compile(
    r"\b(?:if|unless|whether|some|most|many|one|every|parts?|days?|weeks?|weekends?|nights?|mornings?|above|over|below|under|untrue"
    r"|false|not|hardly|virtually|practically|few or|next to|little to|which|that|who|where|but)\b|[£%]", re.I,
)  # fmt: skip
_THERE_WERE = re.compile(r"\b(?:there (?:were|was|have been|had been)|recorded|had|saw|made|reported|found|identified) $", re.I)
_WERE_RECORDED = re.compile(
    r" (?:[\w-]+ ){1,8}?(?:were|was|have been) (?:recorded|made|found|identified|reported|issued|obtained|delivered|held|given"
    r"|administered|carried out)\b", re.I,
)  # fmt: skip
_UP_FROM = re.compile(r"\b(?:up|down) from £?$", re.I)
_LISTED = re.compile(r"(?:,|,? and|,? then)(?: (?:by|to|of|at))? ")


def is_plain_value(spot: NumberInSentence) -> bool:
    """Whether a number `is_value`, and not the earlier one that something rose from."""
    return is_value(spot) and not _is_from(spot)


def is_value(spot: NumberInSentence) -> bool:
    """Whether a number is not a limit (`more than`, `<5`), a share (`1 of 2`, `in every 100`), the end of a range, one of
    several that belong to names in the same order (`respectively`), or a number in brackets behind a change, which may be
    either."""
    ahead, behind = spot.ahead, _IN_BRACKETS.sub("", spot.behind)
    if spot.number.text.lower() in ZERO_WORDS and not _says_none(spot):
        return False
    if (_LIMIT.search(ahead) and not _JUST.search(ahead)) or _OR_MORE.match(behind) or _RATIO.match(behind):
        return False
    if re.search(r"\d (?:out )?of $", ahead):
        return False
    if SIGN_OF_LIMIT.search(ahead) or re.search(r"\b(?:every|each|per) $", ahead, re.I):
        return False
    is_in_brackets = ahead.rstrip().endswith("(") and _OF_SAME_CHANGE.search(ahead) and CHANGE.search(ahead[-60:])
    if is_in_brackets and _REST_OF_BRACKETS.match(behind):
        return False
    if _MOST_CHANGED.search(ahead):
        return False
    if (_ABOUT.search(ahead) and re.match(f" to {_ANY}", behind, re.I)) or _RANGE_AHEAD.search(ahead):
        return False
    if _RANGE_BEHIND.match(behind) or re.search(r"\brespectively\b", spot.sentence, re.I):
        return False
    if spot.number.unit == "percent" and _OF_BASE.match(behind):
        return False
    return not (_NOT.search(re.split(r", and\b", _CLAUSE.split(ahead)[-1])[-1]) or _is_listed(spot))


def _is_from(spot: NumberInSentence) -> bool:
    """Whether a number is what something rose from, without a time of its own."""
    if not _FROM_TO.search(spot.ahead):
        return False
    # `Rose by 12 in May 2025, from 87`.
    if CHANGE.search(spot.ahead) and _ENDS.match(spot.behind):
        return True
    was = _TO_NUMBER.match(spot.behind)
    return bool(was) and not re.search(rf"\d{{4}}|\d/\d|\b{MONTH}\b", was[0][:-1], re.I)


def came_from(spot: NumberInSentence) -> bool:
    """Whether a number is all that is said of what something rose from: `from 1,431 to 1,936 in 2024/25`."""
    is_alone = re.match(r" to £?\d", spot.behind) or _ENDS.match(spot.behind)
    is_since = re.search(r"\bsince\b", spot.sentence, re.I)
    return bool(re.search(r"\bfrom $", spot.ahead) and CHANGE.search(spot.ahead) and is_alone and not is_since)


def rose_between(sentence: str, first: Number, second: Number) -> bool:
    """Whether a sentence says that something went from one number to another: `from 68 in March to 116 in June`."""
    is_between = re.fullmatch(r"(?: in [\w /]{1,20})?,? to(?: \w+)? £?", sentence[first.end : second.start])
    return bool(is_between and re.search(r"\bfrom £?$", sentence[: first.start]))


def says_more(sentence: str, first: Number, second: Number) -> int:
    """1 if a sentence says that the first of two numbers in brackets is more, -1 if fewer, else 0: `more in Dales (47) than in
    Erewash (12)`."""
    are_in_brackets = sentence[: first.start].endswith("(") and sentence[: second.start].endswith("(")
    than = re.search(r"\bthan\b", sentence[first.end : second.start])
    words = re.findall(r"\b(?:more|fewer|higher|lower)\b", sentence[: first.end + than.start()]) if than else []
    return (1 if words[0] in ("more", "higher") else -1) if are_in_brackets and len(words) == 1 else 0


def _says_none(spot: NumberInSentence) -> bool:
    """Whether a sentence says plainly that there were none, unlike `no searches on Sundays` and `no officers were hurt`."""
    if _NOT_PLAIN_ZERO.search(spot.sentence):
        return False
    is_value = re.match(r"\W*(?:$|[.,;)]|(?:in|for|during)\b)", spot.behind)
    return bool(is_value or _THERE_WERE.search(spot.ahead) or _WERE_RECORDED.match(spot.behind))


def _is_listed(spot: NumberInSentence) -> bool:
    """Whether a number stands next to another of its unit: `rose by 33% and 4.9%` has them in the order of names."""
    places = sorted([spot.number, *spot.others], key=lambda n: n.start)
    return any(
        spot.number in (number, following)
        and number.unit == following.unit
        and (between := _LISTED.fullmatch(spot.sentence, number.end, following.start))
        # `909 offences, up from 803, and 2,251 searches`.
        and not (
            between[0] == ", and "
            and _UP_FROM.search(spot.sentence, 0, number.start)
            and re.match(r" [a-z]", spot.sentence[following.end :])
        )
        for number, following in pairwise(places)
    )


@dataclass(frozen=True)
class Written:
    """How a number is written: its unit, whether it is near words for a change, is the amount of a change, or is a rate."""

    unit: str
    is_change: bool
    is_by: bool
    is_rate: bool


def read_written(spot: NumberInSentence) -> Written:
    ahead, behind = _OF_SAME_CHANGE.sub("", spot.ahead), _IN_BRACKETS.sub("", spot.behind)
    return Written(
        spot.number.unit,
        # `70% of searches` is a share of them, also where they rose.
        _change_word(spot) is not None and not (spot.number.unit == "percent" and re.match(r" of (?!\W*\d)", behind)),
        bool(_BY.search(ahead)) or bool(_MORE.match(behind)) or spot.number.text[0] in "+-−–",
        bool(re.search(r"\brate\b|per 100", ahead[-60:] + " " + behind[:40], re.I)),
    )


def _change_word(spot: NumberInSentence) -> str | None:
    """The word for a change nearest to a number in its clause; the sign, if it has one."""
    if spot.number.text[0] in "+-−–":
        return "up" if spot.number.text[0] == "+" else "down"
    ahead = re.split(r"[,;]", _OF_SAME_CHANGE.sub("", spot.ahead))[-1][-60:]
    behind = re.split(r"[,;.]", spot.behind)[0]
    words = [m[0] for m in CHANGE.finditer(ahead)][-1:] or [m[0] for m in CHANGE.finditer(behind) if m.end() <= _NEAR]
    return words[0] if words else None


def is_about(spot: NumberInSentence) -> bool:
    """Whether a number is said to be rounded: `around 2,200`."""
    return bool(_ABOUT.search(spot.ahead))


def side_of(spot: NumberInSentence) -> int:
    """1 for `just over 1,900`, -1 for `just under 1,900`, else 0."""
    just = _JUST.search(spot.ahead)
    return 0 if just is None else 1 if just["over"] else -1


def way_to(spot: NumberInSentence) -> int:
    """1 if something rose to the number, -1 if it fell to it, else 0."""
    change = next(reversed([*CHANGE.finditer(spot.ahead)]), None)
    if change is None or not _TO.fullmatch(spot.ahead[change.end() :]):
        return 0
    return -1 if _FALL.fullmatch(change[0]) else int(not change[0].lower().startswith("change"))


def way_from(spot: NumberInSentence) -> int:
    """1 if something rose from the number, -1 if it fell from it, 0 if the words don't say."""
    words = CHANGE.findall(spot.ahead)
    if not words or words[-1].lower().startswith("change"):
        return 0
    return -1 if _FALL.fullmatch(words[-1]) else 1


def way_in_clause(spot: NumberInSentence, measure: str) -> int:
    """1 if all verbs of the number's clause say that something rose, -1 if they say that it fell, else 0. What leads up to the
    statement doesn't count, unless it names the measure (`mart.measure`): `With demand falling, there were 1,936 offences`."""
    cuts = [*_PART.finditer(joined(spot.sentence))]
    start = max((m.end() for m in cuts if m.end() <= spot.number.start), default=0)
    end = min((m.start() for m in cuts if m.start() >= spot.number.end), default=None)
    leading = _LEADING.match(spot.sentence, 0, spot.number.start)
    if leading and measure not in {m.what for m in mentions(leading[0], leading[0])}:
        start = max(start, leading.end())
    ways = {-1 if _FALL.search(m[0]) else 1 for m in _WENT.finditer(spot.sentence[start:end])}
    return ways.pop() if len(ways) == 1 else 0


def word_of_rank(spot: NumberInSentence) -> str | None:
    """A word near a number that says more than the number: `lowest`, `doubled`, `unchanged`."""
    rank = _RANK.search(_CLAUSE.split(spot.ahead)[-1]) or _RANK.search(_CLAUSE.split(spot.behind)[0])
    return rank[0] if rank else None


def is_fall_in_words(spot: NumberInSentence) -> bool:
    """Whether the words next to a change mean a fall."""
    word = _change_word(spot)
    return bool(word and _FALL.fullmatch(word))
