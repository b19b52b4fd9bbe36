"""Finds words, also of a table's title, that show that a number is not of the measure next to it, but a part, an average, a
target, or of another area or period.

Such a number is not linked. No list of excluding words is complete, so right before a measure the rule is reversed: a list says
which words may be there, and any other word means a part of the measure (`cannabis possession offences`).
"""

import re
from functools import cache
from itertools import pairwise

from dagster_project.core.seeds import force_names

from .edition_figures import EditionFigures
from .figures_in_text import Spot
from .model import Figure
from .periods_in_text import periods_of
from .words import Mention, named

_CLAUSE_BREAKS = re.compile(r";|\b(?:while|whereas|but)\b", re.I)
_OTHER_KIND = re.compile(
    r"\b(?:averag\w+|mean of|median|per (?:month|day|week|quarter|year|officer|person|head|team)"
    r"|(?:a|each|every) (?:month|day|week|quarter|officer|person|team|school)|monthly|weekly|daily|quarterly"
    r"|targets?|targeted|forecast\w*|project(?:ed|ions?)|predict\w*|anticipat\w*|expect\w*|trajectory|if trends|budget\w*"
    r"|(?:previous|earlier|last) report|previously reported|we said|provisional\w*"
    r"|paramedics?|ambulance|crimestoppers|modern slavery|(?:week|month|quarter)[ -]on[ -]"
    r"(?:week|month|quarter)"
    r"|aged|under[- ]?1[68]s?|juveniles?|women|men|females?|males?|girls?|boys?|ethnic\w*)\b",
    re.I,
)
_ELSEWHERE = (
    r"England|Wales|Scotland|Britain|UK|United Kingdom|[Nn]ationally|[Nn]ationwide|[Cc]ountrywide|[Rr]egionally"
    r"|(?:[Nn]ational|[Rr]egional) (?:average|total|figure|rate|rise|increase|fall|decrease|trend)s?"
    r"|across the (?:country|region)|in the region(?! of)|(?:East|West) Midlands|Yorkshire"
    r"|East of England|London|[Oo]ther forces|[Nn]eighbouring forces?"
    r"|(?:[Ss]imilar|[Pp]eer) (?:forces?|group)|[Ff]amily of forces|[Ee]lsewhere"
)
_BEFORE = re.compile(r"([\w'’]+)[ -]*$")
_MAY_STAND_BEFORE = re.compile(
    r"(?:the|a|an|of|our|all|total|overall|in|on|for|and|or|with|to|from|by|at|as|than|that|these|those|this|its|their|his"
    r"|were|was|is|are|be|been|had|has|have|we|they|it|who|which|gave|given|took|made|saw|used?|uses|undertook|submitted"
    r"|numbers?|volume|drugs?|new|active|police|forces?|constabulary|officers|more|fewer|county|lines|op|operation|both"
    r"|between|during|while|when|some|about|around|only|just|under|through|via|against|over|facing|out|rises?|increases?"
    r"|falls?|drop|growth|changes?|uplift|related|\d.*|jan\w*|feb\w*|mar(?:ch)?|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*"
    r"|nov\w*|dec\w*|years?|months?|period)(?:['’]s?)?"
)
_JOINED = re.compile(r"\b([a-z]+) (?:and|or|&) $")
"""What is counted together with a measure: `slavery and trafficking offences`."""
_OF_MEASURE = re.compile(
    r"(?:^|\s)([A-Za-z][a-z]*) (of|for|in|about|following|after|to|from|on|against) (?:the |our |recorded )?$"
)
_MAY_HAVE = re.compile(
    r"(?:numbers?|totals?|volumes?|levels?|rates?|figures?|data|statistics|trends?|values?|amounts?|sums?|benefit|worth|counts?"
    r"|rises?|increases?|falls?|decreases?|drops?|reductions?|growth|uplifts?|changes?|declines?|spikes?|surges?|jumps?"
    r"|cases|crimes|offences|incidents|instances|occasions|times|uses?|usage|administrations?|deployments?|items|pieces|records"
    r"|terms|respect|relation|regards?|due|all|years?|months?|quarter|period|today|date)"
)
"""What may be said of a measure as a whole: `a rise in possession offences`, unlike `arrests for possession offences`."""
_AFTER = re.compile(
    r"\s*(?:\([^)]*\)\s*)?(?:(?:were|was|are|is) for|(?:(?:were|was|are|is|have|has|had|been|which|that|not)\s+)*"
    r"(?:(?:involving|among\w*|aged|against|where|whose|whom|charged|solved|detected|cleared|graded|result\w+|leading|led"
    r"|linked|relating|dealt|finalised|found|dismissed|appealed|cancelled|excluding|except|committed|resolved|of which|in which"
    r"|in whom)\b"
    r"|for (?!drugs?\b|the (?:year|period|month|twelve|12)|20\d\d|\w+ 20\d\d|\d)"
    r"|of (?!\W*\d|the (?:year|period|force)|these|those)"
    r"|with (?!\W*\d|a total|an? (?:increase|rise|fall|value))"
    r"|by (?!\W*\d|the (?:force|police|end)|police|officers|our|end|[A-Z])"
    r"|from (?!\W*\d|the (?:year|period|start|end)|[A-Z][a-z]+ (?:to |until |20)|£)"
    r"|at (?!\W*\d|the|an?\b|its|their|least|present)[a-z]"
    r"|on (?!\W*\d|the (?:year|previous|same|last|rise|increase|decrease)|an?\b|average|record|year|last|previous)[a-z]"
    r"|(?:near|outside|inside)\b|per (?:1,000|thousand|head|capita|officer)\b"
    r"|in (?!the|total|all|our|this|that|these|each|both|19|20|\d|year|financial|early|late)[a-z]))",
)
_VERB = re.compile(
    r"(?!charged|solved|detected|resolved|failed|refused|missed|un\w+|finalised|crossed|repeated|cancelled|outstanding|pending"
    r"|remaining|aggravated|attempted|alleged|suspected|contested|appealed|paid|expected)\w+(?:ed|ing)"
)
_WHOLE = re.compile(r"\bof (?:the|our|these|those|all)(?: \w+ing)? *$", re.I)

_PART_IN_TITLE = re.compile(
    r"\b(?:charg(?:ed?|es|ing)|solved|detect(?:ed|ions?)|cleared|outcomes?|disposals?|suspects?|offenders?|train(?:ed|ing)"
    r"|cannabis|cocaine|heroin|class [abc]|per (?:1,?000|head|officer)|(?:rates?|shares?|percentage|proportion) of)\b",
    re.I,
)


@cache
def _places(own: str) -> re.Pattern[str]:
    """Other places: countries, and all forces except this one."""
    names = [re.sub(r" (?:Constabulary|Police(?: Service)?)$", "", n) for n in force_names().values() if n != own]
    return re.compile(rf"\b(?:{_ELSEWHERE}|{'|'.join(re.escape(n) for n in names if not n.startswith('Police'))})\b")


def is_other_kind(spot: Spot, own: str) -> bool:
    """Whether the words around a number are about an average, a target, some of the people or another place. `own`: the force's
    name."""
    sentence = spot.sentence
    cuts = [0, *(m.end() for m in _CLAUSE_BREAKS.finditer(sentence)), len(sentence)]
    around = next(sentence[a:b] for a, b in pairwise(cuts) if spot.number.start < b)
    return says_other_kind(around) or names_other_place(sentence, own)


def says_other_kind(text: str) -> bool:
    """Whether a text is about an average, a target, or some of the people."""
    return bool(_OTHER_KIND.search(text))


def names_other_place(text: str, own: str) -> bool:
    """Whether a text names a country, a region or another force. `own`: the force's name."""
    return bool(_places(own).search(text))


def is_part(spot: Spot, mention: Mention, own: str) -> bool:
    """Whether the words next to a measure mean only a part of it. `own`: the force's name."""
    before = _BEFORE.search(spot.sentence[: mention.start])
    if before and not mention.is_weak and not before.start() < spot.number.end <= mention.start:
        word = before[1].lower()
        is_own = re.sub(r"['’]s$", "", word) in own.lower().split()
        if not (is_own or _MAY_STAND_BEFORE.fullmatch(word) or _VERB.fullmatch(word)):
            return True
        joined = _JOINED.search(spot.sentence[: mention.start])
        if joined and not (_MAY_STAND_BEFORE.fullmatch(joined[1]) or _VERB.fullmatch(joined[1])):
            return True
        if _is_what_another_is_of(spot.sentence[: mention.start]):
            return True
    return not _WHOLE.search(spot.ahead) and bool(_AFTER.match(spot.sentence[mention.end :]))


def _is_what_another_is_of(ahead: str) -> bool:
    """Whether a measure is what something else is of: `victims of`, `arrests for`. `ahead`: the sentence before it."""
    match = _OF_MEASURE.search(ahead)
    if match is None or (match[1][0].isupper() and match.start(1)):
        return False
    word = match[1].lower()
    is_verb = _VERB.fullmatch(word) and (match[2] != "for" or word == "recorded")
    return not (is_verb or _MAY_HAVE.fullmatch(word) or _MAY_STAND_BEFORE.fullmatch(word))


def is_of_another(title: str, labels: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a table's title, or a cell's labels, mean another figure than the edition's table. `known`: its title and labels,
    whose own words don't count."""
    text = f"{title} {labels}"
    if any(m[0].lower() not in known.lower() for m in _PART_IN_TITLE.finditer(text)):
        return True
    if says_other_kind(text) and not says_other_kind(known):
        return True
    if figure.area_type in ("force", "section", "lpu") and names_other_place(text, edition.force_name):
        return True
    return _is_elsewhere(title, known, figure, edition) or _is_at_another_time(title, known, figure, edition)


def _is_elsewhere(title: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether the title names one area, and the figure is of another that no label names."""
    in_title = {m.what for m in named(edition.without_whole(title), edition.areas_within)}
    return len(in_title) == 1 and figure.area_name not in in_title and not named(known, edition.areas_within)


def _is_at_another_time(title: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether the title names periods, none of them the figure's, and no label does."""
    periods = periods_of(title, edition.data_to)
    if (
        not periods
        or figure.last is None
        or any(p.how in ("same", "now") for p in periods)
        or periods_of(known, edition.data_to)
    ):
        return False
    return not any(p.fits(figure.first, figure.last, edition.newest(figure)) for p in periods)
