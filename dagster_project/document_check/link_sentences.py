"""Links the numbers of a sentence to figures, by its words for measure, period, area and category.

The value of the number is not used, or it would always agree. If the words leave more than one figure, none is linked.
"""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from dagster_project.core.seeds import read_seed
from dagster_project.editions.paragraphs import within
from dagster_project.editions.printed import ZERO_WORDS
from dagster_project.editions.tables import unit_shown

from .areas_and_categories import IN_BRACKETS, area_beside, breaks, category_beside, is_in_brackets, name_beside
from .base_of_change import may_be_on_another
from .edition_figures import EditionFigures
from .excluding_words import OWN_AREAS, is_other_kind
from .figures_in_text import MONTH, Number, Spot, numbers_of
from .model import Figure
from .part_of_measure import is_part
from .periods_in_text import BEFORE, Period, periods_of
from .words import Mention, any_of, joined, mentions, named
from .words_around_numbers import (
    CHANGE,
    DOWN,
    UP,
    Written,
    came_from,
    is_plain_value,
    is_value,
    read_written,
    rose_between,
    way_from,
)

_AGAINST = re.compile(r"\b(?:compared (?:with|to)|against|than|versus|vs?\.?) (?:only |just )?$", re.I)
_VERSUS = r"\W*(?:compared (?:with|to)|against|versus|vs?\.?)(?: (?:only|just|in|the|those|that|of|for|£))* £?"
_NUMBERS_COMPARED, _PERIODS_COMPARED = re.compile(_VERSUS, re.I), re.compile(_VERSUS.removesuffix(" £?") + r"\W*", re.I)
"""Between two numbers, and between two periods."""
_BESIDE = re.compile(r" (?:in|for|at|across)(?: the)?(?: [A-Z\d][\w/]*)+,?(?: and)? £?")
"""Between two changes, of which the second has no verb."""
_IS_IN = re.compile(
    r"(?: (?!(?:with|after|before|following|when|since|by|at|on|including|to|of)\b)[\w-]+){0,6} (?:in|during|for) (?:the )?"
)
_HAD = re.compile(
    r"[,:]?(?: (?:to|there|we|officers|the|force|it|were|was|had|saw|made|recorded|with|only|just))*:? ?[£(]?"
)
"""Between a number and a month without its year, behind it or before it."""
_OF_A_TOTAL = re.compile(r"\d of (?:the|our|these|those|all) *$", re.I)
_OF_A_WHOLE = re.compile(r" (?:out )?of (?:the|our|these|those|all)(?: the)? \d")
"""After a number that is a part of the next: `1,930 of the 3,888 items`."""
_NUMBER_IN_BRACKETS = re.compile(r"\([^()]*(?<!previous )(?<!preceding )(?<!prior )(?<!the )\b\d[^()]*\)?")
_OPEN_BRACKETS = re.compile(r"\([^()]*$")
_BACK = re.compile(r"^\W*(?:of (?:this|these|those|that)|the remaining|this|these|they|it|an additional|over the same)\b", re.I)
_OF_THESE = re.compile(r"^\W*of (?:these|those|this|that)\b", re.I)
_ALSO = re.compile(r"^\W*(?:there (?:were|was) also|(?:we|officers|the force) also|in addition|additionally|also)\b", re.I)
"""How a sentence begins that goes on from the one before it in its paragraph."""
_ITSELF = re.compile(
    rf"^ (?:in|on|at|to|for|of|by|with|from|per|over|during|between|across|against|compared|than|and|or|while|whereas"
    rf"|but|which|after|before|alongside|vs?|versus|up|down|as|times|occasions|days|cases|points?|year|overall|altogether"
    rf"|{UP}|{DOWN}|changes?|the (?:year|previous|preceding|prior|same|twelve|12)|a year|last year)\b", re.I,
)  # fmt: skip
"""Words after a number that counts what was named before it. Another noun means that it counts something else."""
_WERE_IN = re.compile(
    r" (?:were|was)(?: recorded| made)? (?:in|across) (?:the )?(?:[A-Z]\w+ ?)+"
    rf"(?=[.;:)]|$|(?:,|,? and) £?\d|(?:in|during) (?:(?:the )?(?:year|12|twelve|financial)|\d|Q\d|{MONTH}))"
)
"""Where some of all were, and no more words: `178 were in Amber Valley`."""
_OF_COUNTED = re.compile(rf"(?:{any_of('may_follow')}|\w+(?:ed|en|ly|ing)|more|fewer|new|were|was|ha[ds]|have)", re.I)
"""What may be said of what a number counts. Another noun means that it counts something else."""
_BY_PEOPLE = re.compile(
    r" (?:[a-z]+ ){0,2}?(?:people|persons|individuals|(?:wo)?men|children|adults|offenders|suspects|officers|drivers)\b"
    r"[^,;]* \w+(?:ed|ing|made)(?: (?:in|with|to|for|of|the))* $"
)
"""Between a number of people and what they did: `1,900 people committed possession offences`."""
_CLAUSE_AHEAD = re.compile(r"[,;]|\b(?:while|whereas|but|although|and)\b", re.I)
_OTHER_SUBJECT = re.compile(
    r" those (?:found|\w+ed)\b|"
    r" (?:(?:the|our|its|their|and|with) )*(?:[a-z-]+ )?(?!(?:number|figure|level|total|volume|year|month|period|unit|area)s?\b"
    r"|(?:was|were|ha[sd]|have|been|this|these|those|that|they|there|then|which|who|its|it|both|each|also|only|just|again|later"
    r"|force|police|officers|we|previous|less|more|in|to|by|from|at|of|on|or|for|last|first|second|third|fourth|further|\w+ly"
    rf"|\w+ed|\w+ing|{UP}|{DOWN})\b)[a-z]{{3,}} (?:(?:in|for|of|at|across) [^,;]*?)?(?:{UP}|{DOWN}|changed|stood|went|came"
    r"|to|numbered|totalled|was|were)\b"
    r"| (?:and )?(?:the )?(?:number|volume|total) of (?!these|those|them|all)[a-z]"
)
"""A clause of something else than was named before it: `while searches rose to 105, arrests in Dales rose`."""
_WERE_COUNTED = re.compile(
    r" (?:(?:were|was) )?(?:recorded|logged|made|completed|conducted|administered|administrations|identified|positive)"
    r"(?=\s?(?:[.,;:)]|$|(?:in|during|between|from|over)\b))"
)
"""What may be said of all that a number counts: `Naloxone: 30 administrations`, unlike `30 carried`."""
_MEANS = re.compile(r"\b(?:with|by|through|using|via|under|carr\w+|hold|held) (?:the )?$", re.I)
_ON = re.compile(r"\b(?:on|over|against|with|than|to)(?: the| that of| in)* $", re.I)
_NEVER = float("inf")
_BEFORE_IT = 500.0
"""The distance of words before the sentence."""
_OF_YEAR_BEFORE = re.compile(r"(?:['’]s)?(?: (?:total|figure|levels?) of|,? when there (?:were|was))? ?\(?")
"""Between a year that others are compared with and its own number: `up on 2023/24 (1,431)`, `on the 2024 total of 3,525`."""
_BEFORE_FIRST = re.compile(rf"\W*(?:in )?(?:{BEFORE.pattern}),? (?:there|we|the)\b", re.I)
_PARTS = ("section", "lpu")
_OTHERS = ("country", "region", "upper_tier", "district")


_ZERO_OF = re.compile(r" (?:(?:new|such|recorded|active|drugs?|county) )*")
"""Between `no` and the measure that there was none of."""


@dataclass
class Context:
    """The context of a sentence: the paragraph's number, the paragraph before it (`earlier`), its own earlier sentences
    (`before`), the newest period that they name (`period`), also if the figures of the last sentence here are of all (`here`),
    whether the newest that names any names several (`is_of_several`), the period of a heading or list (`lead`), and the words
    of a table above it (`subject`)."""

    paragraph: str | None = None
    earlier: str = ""
    before: str = ""
    period: Period | None = None
    here: Period | None = None
    is_of_several: bool = False
    lead: Period | None = None
    subject: str = ""

    def may_have_figures(self, sentence: str) -> bool:
        """Whether the sentence may be about a measure. In a numbered paragraph it always may."""
        return bool(
            self.paragraph
            or self.subject
            or _BACK.match(sentence)
            or mentions(sentence, f"{self.earlier} {self.before} {sentence}")
        )


_Linked = tuple[Figure, float]
"""A number's figure, and the distance to the words for it."""


def link_numbers(sentence: str, numbers: list[Number], context: Context, edition: EditionFigures) -> dict[Number, Figure]:
    """The figures of a sentence's numbers. If two numbers have the same figure, only the nearer to its words keeps it."""
    links: dict[Number, _Linked] = {}
    for number in numbers:
        other_numbers = tuple(n for n in numbers if n is not number)
        if linked := _link(spot := Spot(sentence, number, other_numbers), context, edition):
            # The second of `1,059 against 1,010` is that of another time.
            links[number] = linked[0], linked[1] + 1000 * bool(_AGAINST.search(spot.ahead))
    alone = {
        number: figure for number, (figure, distance) in links.items()
        if not any(
            other.key == figure.key and other_number.text != number.text and other_distance <= distance
            for other_number, (other, other_distance) in links.items() if other_number is not number
        )
    }  # fmt: skip
    linked = {n: f for n, f in alone.items() if not came_from(Spot(sentence, n)) or _rose_to(n, numbers, sentence, alone)}
    for first, second in pairwise(numbers):
        # `From 93 in December to 106 in January` has the months of two years, or of the wrong one.
        if rose_between(sentence, first, second) and _is_backwards(linked.get(first), linked.get(second)):
            linked.pop(first)
            linked.pop(second)
        # `Rose by 299 in Erewash and 287 in Dales`.
        if _BESIDE.fullmatch(sentence, first.end, second.start) and read_written(Spot(sentence, first)).is_by:
            linked.pop(second, None)
    # Of several numbers, one of something else may make the units' so too: `reached 287 officers in Dales and 299 in Erewash`.
    left = {n.unit for n in numbers if n not in linked}
    return {n: f for n, f in linked.items() if f.area_type not in _PARTS or f.key in edition.by_key or n.unit not in left}


def _is_backwards(earlier: Figure | None, later: Figure | None) -> bool:
    return bool(earlier and later and earlier.first and later.first and earlier.first >= later.first
                and earlier.area_name == later.area_name)


def _rose_to(number: Number, numbers: list[Number], sentence: str, links: dict[Number, Figure]) -> bool:
    """Whether what a number rose to is the same measure a year later: the number behind it in `from 1,431 to 1,936`, else the
    last before it."""
    is_behind = re.match(r" to ", sentence[number.end :])
    others = [n for n in numbers if (n.start > number.end if is_behind else n.end < number.start)]
    if not others or others[0 if is_behind else -1] not in links:
        return False
    earlier, later = links[number], links[others[0 if is_behind else -1]]
    if not earlier.is_year_before(later):
        return False
    # `Down from 1,769`, where it rose, is wrong as a whole.
    if earlier.value is None or later.value is None:
        return False
    return (later.value - earlier.value) * way_from(Spot(sentence, number)) > 0


def is_compared_in_doubt(sentence: str, number: Number, numbers: list[Number], edition: EditionFigures) -> bool:
    """Whether a number may be that of either of two years: of those compared before it, `2025 vs 2024: 2,143 vs 1,769`, or of
    one behind two compared numbers, `1,649 vs 1,174 in 2024`. `numbers`: all of the sentence."""
    periods = periods_of(sentence, edition.data_to)
    pairs = [(a, b) for a, b in pairwise(periods) if _PERIODS_COMPARED.fullmatch(sentence, a.end, b.start)]
    for first, second in pairwise(numbers):
        if number in (first, second) and _NUMBERS_COMPARED.fullmatch(sentence, first.end, second.start):
            is_behind = any(p.start >= second.end for p in periods) and not sentence.startswith(")", second.end)
            if pairs or (is_behind and not any(p.end <= first.start for p in periods)):
                return True
    last = next((p for p in reversed(periods) if p.end <= number.start), None)
    behind = [n for n in numbers if last and n.start >= last.end]
    return any(b is last for _, b in pairs) and (len(behind) > 1 or not CHANGE.search(sentence))


def _link(spot: Spot, context: Context, edition: EditionFigures) -> _Linked | None:
    """The figure of a number in a sentence; None if the words don't settle it."""
    is_told = is_plain_value(spot) or (came_from(spot) and is_value(spot))
    if not is_told or not context.may_have_figures(spot.sentence):
        return None
    # Of these, if they are known to be all.
    if _OF_THESE.match(spot.sentence) and context.before and context.here is None:
        return None
    written = read_written(spot)
    pool = [f for f in edition.pool if _has_unit(f, written)]
    same_paragraph = [f for f in pool if context.paragraph and any(within(context.paragraph, c.paragraph) for c in f.claims)]
    periods = periods_of(spot.sentence, edition.data_to)
    if same_paragraph and (linked := _choose(spot, context, same_paragraph, periods, edition, True)):
        return linked
    # What the edition prints comes first: that is what most sentences of a report are about. A period that it does not print
    # must be named with its days, in the sentence or above its list.
    if linked := _choose(spot, context, pool, periods, edition, False):
        return linked
    period = _period(spot, periods, context)
    has_own_time = periods or any(n.kind in ("date", "year") for n in numbers_of(spot.sentence))
    before = context.lead or _period_before(spot.sentence, context)
    named_periods = periods if has_own_time or not before else [before]
    is_named = any(p.how in ("days", "same") for p in named_periods)
    if period is None or period.how != "days" or not is_named:
        return None
    return _choose(spot, context, [*pool, *_not_printed(spot, context, written, edition)], periods, edition, False)


def _not_printed(spot: Spot, context: Context, written: Written, edition: EditionFigures) -> list[Figure]:
    """The figures that a number may be and the edition does not print, of measures that the sentence names."""
    around = f"{context.earlier} {context.before} {spot.sentence}"
    named_here = {m.what for m in mentions(spot.sentence, around)}
    units = frozenset().union(*(edition.areas.get(kind, frozenset()) for kind in _PARTS))
    areas = {edition.force_name, *(m.what for m in named(spot.sentence, units))}
    return [
        f for measure in named_here for area in areas for f in edition.not_printed(measure, area)
        if _has_unit(f, written) and not may_be_on_another(f, spot)
    ]  # fmt: skip


def why_not_linked(spot: Spot, context: Context, edition: EditionFigures) -> str:
    """What a sentence lacks for its number to be linked, in the order in which it is looked for."""
    if not is_plain_value(spot):
        return "the words around it make it a limit, a part or something else than a measure's value"
    if not context.may_have_figures(spot.sentence):
        return "no words for a measure in the sentence"
    if _period(spot, periods_of(spot.sentence, edition.data_to), context) is None:
        return "no period in the sentence, such as `in October 2025` or `in 2024/25`"
    return "its words for measure, area and period fit no figure, or several, or they name another place, time or base"


def is_plain(spot: Spot, own: str) -> bool:
    """Whether a number is a value of the measure: not a limit (`more than`), not a count of something else (`12 teams`), and
    not of a part of it. `own`: the force's name."""
    if not is_plain_value(spot) or is_other_kind(spot, own):
        return False
    mentioned = mentions(spot.sentence, spot.sentence)
    return all(not is_part(spot, m, own) and _cost(spot, m) != _NEVER for m in mentioned)


def _has_unit(figure: Figure, written: Written) -> bool:
    """Whether a number written like this can be the figure."""
    if written.unit == "per_others" or (figure.shows != "value" and not written.is_change):
        return False
    if written.unit == "percent":
        if figure.shows == "pct_change":
            return written.is_change
        return figure.unit == "percent" and not written.is_by
    if written.unit == "percentage_points":
        return figure.unit == "percentage_points"
    if written.unit in ("per_100k", "days", "gbp"):
        return figure.unit == written.unit and (figure.shows == "volume_change") == written.is_by
    if figure.unit == "per_100k":
        return written.is_rate and figure.shows == "value"
    if figure.unit != "count" or figure.shows not in ("value", "volume_change"):
        return False
    return (figure.shows == "volume_change") == written.is_by


def _choose(
    spot: Spot, context: Context, pool: list[Figure], periods: list[Period], edition: EditionFigures, is_printed_here: bool
) -> _Linked | None:
    sentence = spot.sentence
    measures_printed = frozenset(f"{f.mart}.{f.measure}" for f in pool) if is_printed_here else frozenset()
    around = f"{context.earlier} {context.before} {sentence}"
    mentioned = mentions(sentence, around, measures_printed)
    costs: dict[str, float] = {}
    for mention in mentioned:
        if (cost := _cost(spot, mention)) == _NEVER:
            continue
        costs[mention.what] = min(cost, costs.get(mention.what, cost))
    is_back = bool(_BACK.match(sentence))
    noun = re.match(r" ([a-z][\w-]*)", spot.behind)
    # `Over the same period, 12 kilograms were seized`.
    is_of_noun = is_back and noun and not _ITSELF.match(spot.behind) and not _OF_COUNTED.fullmatch(noun[1])
    is_named_here = costs if is_back else any(f"{f.mart}.{f.measure}" in costs for f in pool)
    if not is_named_here and not is_of_noun and (is_back or context.subject):
        text = context.before if is_back else context.subject
        costs |= {m.what: _BEFORE_IT + len(text) - m.end for m in mentions(text, around, measures_printed)}
    period = _period(spot, periods, context)
    fitting = [
        f for f in pool
        if f"{f.mart}.{f.measure}" in costs and _in_period(f, period, edition, is_printed_here)
        and _in_place(spot, f, edition)
    ]  # fmt: skip
    if not fitting:
        return None
    least = min(costs[f"{f.mart}.{f.measure}"] for f in fitting)
    nearest = [f for f in fitting if costs[f"{f.mart}.{f.measure}"] == least]
    if len({f.key for f in nearest}) != 1:
        return None
    figure = nearest[0]
    # The nearest may have no figure here: it is not of the next.
    if any(cost < least and _may_be_of(figure, what) for what, cost in costs.items()):
        return None
    if least >= _BEFORE_IT and figure.category == "all" and re.match(r"\W*of ", sentence, re.I):
        # Of these, some are not all.
        return None
    if figure.area_type in OWN_AREAS and _is_doubted(spot, mentioned, figure, edition):
        return None
    return figure, least


def _may_be_of(figure: Figure, measure: str) -> bool:
    """Whether a number that a figure may be can be one of another measure, by its unit."""
    (unit,) = (r["unit"] for r in read_seed("measure_list") if f"{r['mart']}.{r['measure']}" == measure)
    return unit_shown(unit, figure.shows) == figure.unit


def _is_doubted(spot: Spot, mentioned: tuple[Mention, ...], figure: Figure, edition: EditionFigures) -> bool:
    """Whether the words near the number mean a part of the measure, or something else."""
    if is_other_kind(spot, edition.force_name):
        return True
    if figure.area_type == "force" and figure.category == "all" and _OF_A_WHOLE.match(spot.behind):
        return True
    cost = {m: _cost(spot, m) for m in mentioned}
    least = min(cost.values(), default=_NEVER)
    of_figure = [m for m in mentioned if m.what == f"{figure.mart}.{figure.measure}"]
    nearest = min((cost[m] for m in of_figure), default=_NEVER)
    decisive = [m for m in mentioned if cost[m] != _NEVER and (cost[m] == least or (m in of_figure and cost[m] == nearest))]
    return any(is_part(spot, m, edition.force_name) for m in decisive)


def _cost(spot: Spot, mention: Mention) -> float:
    """The distance of a mention from a number. Words after it in the same clause are nearest."""
    sentence, number = spot.sentence, spot.number
    if mention.start >= number.end:
        between = re.sub(r"^ of (?:which|whom)\b", "", sentence[number.end : mention.start])
        if number.text.lower() in ZERO_WORDS and not _ZERO_OF.fullmatch(between):
            return _NEVER
        crossed = spot.between(number.end, mention.start)
        gap = float(len(between))
        if _BY_PEOPLE.match(between) or (_MEANS.search(between) and _counts_another(spot, mention)):
            return _NEVER
        if not crossed and not breaks(between):
            return gap
        # `1,936 officers; possession offences rose`.
        is_of_another = re.match(r" [a-z]", between) and not _ITSELF.match(spot.behind)
        return _NEVER if is_of_another else 300 + gap + 100 * crossed
    if mention.end <= number.start:
        clause = _CLAUSE_AHEAD.split(sentence[mention.end : number.start])
        if len(clause) > 1 and _OTHER_SUBJECT.match(clause[-1]):
            return _NEVER
        crossed = spot.between(mention.end, number.start)
        words = sentence[mention.start : mention.end].lower().split()
        following = re.match(r" (\w[\w-]*)", spot.behind)
        is_joined = re.fullmatch(
            r"\W*(of|at|to|was|were|is|are|total(?:l(?:ed|ing))?|numbered|worth|valued at)?"
            r"(?: (?:about|around|approximately|some|just))?\W*", sentence[mention.end : number.start]
        )
        is_itself = following is None or _ITSELF.match(spot.behind) or following[1].lower() in words
        # `Of the 47 searches, 12 were in Dales`.
        is_itself = is_itself or _WERE_IN.match(spot.behind)
        # `Drug tests: 953 completed`, unlike `Naloxone: 250 kits were issued`.
        if following and not is_itself and not (is_joined and (is_joined[1] or _WERE_COUNTED.match(spot.behind))):
            return _NEVER
        return 50.0 + (number.start - mention.end) / 2 + 60 * crossed
    return 0.0


def _counts_another(spot: Spot, mention: Mention) -> bool:
    """Whether the noun after a number is not of the mention: `47 lives were saved with naloxone`."""
    noun = re.match(r" ([a-z][\w-]*)", spot.behind)
    return bool(
        noun and not _ITSELF.match(spot.behind) and noun[1] not in spot.sentence[mention.start : mention.end].lower().split()
    )


def _period(spot: Spot, periods: list[Period], context: Context) -> Period | None:
    """A number's period: one that follows closely, else the last before it, else the sentence's only one."""
    periods = [p for p in periods if not is_of_number_in_brackets(spot, p)]
    not_compared = [p for p in periods if not p.is_compared]
    chosen = _nearest(spot, periods) or (not_compared[0] if len(not_compared) == 1 else None)
    if chosen is not None and _is_of_earlier(spot, chosen, periods):
        return None
    is_its_own = (
        chosen is not None and chosen.end <= spot.number.start
        and _OF_YEAR_BEFORE.fullmatch(spot.sentence, chosen.end, spot.number.start)
    )  # fmt: skip
    if chosen is not None and chosen.is_compared and not_compared and CHANGE.search(" ".join(_around(spot))) and not is_its_own:
        chosen = not_compared[-1] if len(not_compared) == 1 else None
    if chosen is not None and chosen.how == "same":
        earlier = [p for p in not_compared if p.end <= chosen.start and p.how != "same"]
        chosen = earlier[-1] if earlier and chosen.first is None else same_period(chosen, context)
    if chosen is None and not not_compared:
        chosen = context.lead or _period_before(spot.sentence, context)
    if chosen is not None and chosen.end > spot.number.end and any(_is_since(p, spot) for p in periods):
        return None
    if is_of_year_before(spot):
        return chosen.a_year_before() if chosen else None
    if not is_plain_value(spot):
        # What a year rose from is the year before. A month may have risen from another.
        is_year = chosen and chosen.first and chosen.last and (chosen.last - chosen.first).days > 300 and len(periods) == 1
        return chosen.a_year_before() if chosen and is_year else None
    return chosen


def _is_since(period: Period, spot: Spot) -> bool:
    """Whether a number counts from a month without its year: `since July there have been 139 in 2025`."""
    is_before = period.is_alone and period.how == "part" and period.end <= spot.number.start
    return is_before and not spot.between(period.end, spot.number.start)


def _period_before(sentence: str, context: Context) -> Period | None:
    """The period of the sentences before, if a sentence goes on from them: `There were also 94 arrests`."""
    if context.is_of_several:
        return None
    return context.period if _BACK.match(sentence) else context.here if _ALSO.match(sentence) else None


def _is_of_earlier(spot: Spot, chosen: Period, periods: list[Period]) -> bool:
    """Whether the last period before a number is that of another number in a clause before it, and not the newest: `rose to 43
    in May 2025 from 27 in May 2024, incidents to 309`."""
    is_newest = all(p.last is None or chosen.last is None or p.last <= chosen.last for p in periods)
    is_in_clause = not re.search(r"[,;](?!\d)", spot.sentence[chosen.end : spot.number.start])
    is_of_number = re.search(r"\d\S* (?:\w+ ){0,3}$", spot.sentence[: chosen.start])
    return bool(not is_newest and not is_in_clause and is_of_number)


def is_of_year_before(spot: Spot) -> bool:
    """Whether words around a number mean the year before: `against 1,649 in the previous year`."""
    if ";" not in spot.ahead and _BEFORE_FIRST.match(spot.sentence):
        return True
    around = _around(spot)
    # In another clause they are of its number: `2,187 in 2025, while the year before saw 1,649`.
    clause = re.split(rf"[,;]|\b(?:and|while|whereas|but)\b(?= (?:in |for )?(?:{BEFORE.pattern}))", around[1])[0]
    if spot.ahead.endswith("("):
        # `12 more in Dales (47) than in the year before`.
        clause = re.split(r"\bthan\b", clause)[0]
    of_before = BEFORE.search(clause) or BEFORE.search(re.split("[,;]", around[0])[-1])
    if not of_before:
        return False
    # `Up 538 on the previous year` is this year's change.
    is_change_on_it = read_written(spot).is_by and _ON.search(of_before.string[: of_before.start()])
    return not (is_change_on_it or CHANGE.search(around[1][: of_before.start()]))


def _around(spot: Spot) -> tuple[str, str]:
    # A change in brackets is that of the sentence: `against 1,649 in the previous year (up 33%)`.
    own = _OPEN_BRACKETS.search(spot.ahead)
    is_change = own and CHANGE.search(own[0] + spot.number.text.replace("+", "up ").replace("-", "down "))
    return own[0] if own and is_change else spot.ahead[-40:], _NUMBER_IN_BRACKETS.sub("", spot.behind)[:60]


def _nearest(spot: Spot, periods: list[Period]) -> Period | None:
    number = spot.number
    after = [p for p in periods if p.start >= number.end]
    if after:
        between = spot.sentence[number.end : after[0].start]
        joint = joined(spot.sentence)[number.end : after[0].start].replace(", all in", " all in")
        is_far = re.search(r"[,;]|\b(?:and|compared|against|than|from|versus|vs?)\b", joint)
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


def is_of_number_in_brackets(spot: Spot, period: Period) -> bool:
    """Whether a period is in brackets with another number: `1,351 (2023/24: 637)`."""
    start, end = spot.sentence.rfind("(", 0, period.start), spot.sentence.find(")", period.end)
    is_inside = 0 <= start < end and ")" not in spot.sentence[start : period.start]
    return is_inside and not start < spot.number.start < end and spot.between(start, end) > 0


def same_period(period: Period, context: Context) -> Period | None:
    """`the same period during 2024`: the period of the sentences before, in that year."""
    known = context.lead or context.period
    if context.lead is None and context.is_of_several and period.first is None:
        return None
    if known is None or known.last is None:
        return known
    while period.first and known.last and known.last.year > period.first.year:
        known = known.a_year_before()
    return known


def _in_period(figure: Figure, period: Period | None, edition: EditionFigures, is_printed_here: bool) -> bool:
    """Whether a figure is for the period. Without a period, only figures that the edition prints in the paragraph are."""
    if period is None:
        return is_printed_here
    if period.how in ("now", "to_date") and is_printed_here:
        return True
    if figure.last is None:
        return is_printed_here
    if period.fits(figure.first, figure.last, edition.newest(figure)):
        return True
    # A change up to a month may be printed with its end only.
    return is_printed_here and period.how == "ends" and figure.last == period.last


def _in_place(spot: Spot, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a figure has the area and the category next to the number; by default the force and `all`."""
    kinds = _PARTS if figure.area_type in OWN_AREAS else _OTHERS
    areas = frozenset().union(*(edition.areas.get(k, frozenset()) for k in kinds))
    area, category = area_beside(spot, areas, edition.force_name), category_beside(spot, figure.mart, figure.measure, edition)
    if area.is_doubtful or category.is_doubtful or (figure.area_type in OWN_AREAS and _elsewhere(spot, figure, edition)):
        return False
    is_in_area = figure.area_type == "force" if area.name is None else figure.area_name == area.name
    is_only = category.name is None and len(edition.categories[figure.mart, figure.measure]) == 1
    return is_in_area and (figure.category == (category.name or "all") or is_only)


def _elsewhere(spot: Spot, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a number is next to an area for which this measure is not counted, or is a whole (`7 of the 47`) next to the area
    of its part."""
    own_areas = frozenset().union(*(edition.areas.get(k, frozenset()) for k in _PARTS))
    text = edition.without_whole(spot.sentence)
    categories = edition.named_categories(figure.mart)
    area = name_beside(replace(spot, sentence=text), named(text, edition.areas_within | categories))
    if area is not None and _OF_A_TOTAL.search(spot.ahead):
        return True
    return area is not None and area not in own_areas and area not in categories
