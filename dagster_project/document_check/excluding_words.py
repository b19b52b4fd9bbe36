"""Finds words, also of a table's title, that show that a number is not of the measure next to it, but a part, an average, a
target, or of another area or period.

Such a number is not linked. No list of excluding words is complete, so right before and after a measure, and in a table's
title, the rule is reversed: a list says which words may be there, and any other word means a part of the measure (`cannabis
possession offences`, `possession offences ended in a caution`).
"""

import re
from calendar import month_abbr, month_name
from datetime import date
from functools import cache
from itertools import pairwise

from dagster_project.core.seeds import force_names
from dagster_project.editions.windows import years_before

from .edition_figures import EditionFigures
from .figures_in_text import MONTH, Spot
from .model import Figure
from .periods_in_text import BEFORE, periods_of
from .words import Mention, any_of, mentions, named, simple
from .words_around_numbers import CHANGE

OWN_AREAS = ("force", "section", "lpu")
_CLAUSE_BREAKS = re.compile(r";|\b(?:while|whereas|but)\b", re.I)
_OTHER_KIND = re.compile(rf"\b(?:{any_of('other_kind')})\b", re.I)
_WISHED = re.compile(rf"\b(?:{any_of('wishes')})\b", re.I)
_SOME_ACTORS = re.compile(rf"\b(?:{any_of('some_of')})[ -](?:officers?|constables?|teams?|units?|squads?|PCSOs?)\b", re.I)
"""Some of those whose work is counted: `Neighbourhood officers`."""
_CLAUSE_START = re.compile(
    r"\b(?<!is )(?<!was )(?<!hope )that\b|:(?!\d)|, and £?$"
    r"|(?:, |\band )(?=£?\d|(?:there|we|our|the|this|officers|drugs?|possession|trafficking|in|during|over|between)\b)",
    re.I,
)
"""Where a wish of the words before ends."""
_SAID_BEFORE = re.compile(
    r".*\bthat\b|.*, and\b|^\W*(?!(?:Exclud|Includ|Averag|Count|Omit|Consider|Look|Tak|Leav)\w*ing)\w+ing [^,]*,"
)
"""What comes before the statement: `Tackling violence against women, we made 1,351 searches`."""
_WHICH = re.compile(
    r" (?:that|which|who) (?:(?:were|was|had|have|has|been|are|is|also|we|officers|police|it|they|the (?:force|police)) )*(\w+)"
)
_SAID_OF_ALL = re.compile(
    rf"\d.*|recorded|logged|made|conducted|carried|took|occurred|happened|reported|issued|saw|{CHANGE.pattern}"
)
"""What a clause behind a measure may say of all that is counted, unlike `offences that were closed`."""
_DID_TO = re.compile(
    rf"\b(?!(?!charged|closed|safeguarded)(?:{any_of('how_counted')}|{CHANGE.pattern}|reached|remained|stayed|counted|performed|followed|compared|amounted"
    r"|used|conducted|based|ranked|needed)\b)\w+ed (?:(?:just|only|about|around|some) )?$"
)
"""What was done with those that a number counts, which was named before it: `Dales arrested 125`."""
_BEFORE = re.compile(r"([\w'’]+)[ -]*$")
_MAY_STAND_BEFORE = re.compile(rf"(?:{any_of('may_stand_before')}|{MONTH})(?:['’]s?)?")
_AMONG = re.compile(any_of("may_follow"))
_JOINED = re.compile(r"\b([a-z]+) (?:and|or|&) $")
"""What is counted together with a measure: `slavery and trafficking offences`."""
_OF_MEASURE = re.compile(
    r"(?:^|\s)([A-Za-z][a-z]*) (of|for|in|about|following|after|to|from|on|against|with|without|during)"
    r" (?:the |our |recorded )?$"
)
_MAY_HAVE = re.compile(any_of("may_have"))
"""What may be said of a measure as a whole: `a rise in possession offences`, unlike `arrests for possession offences`."""
_PART_VERBS = f"(?:{any_of('part_verbs')})"
_VERB = re.compile(rf"(?!{_PART_VERBS}|(?:some|any|every|no)thing|training|briefing)\w+(?:ed|ing)")
_PART_BEFORE = re.compile(rf"\b(?!{any_of('how_counted')})\w+ed(?: for)? *$", re.I)
"""What was done with the things counted, unlike how they are counted: `solved 1,936 offences`."""
_AFTER = re.compile(
    r"\s*(?:\([^)]*\)\s*)?(?:(?:were|was|are|is) for(?! £?\d)|(?:(?:were|was|are|is|have|has|had|been|which|that|not)\s+)*"
    rf"(?:(?:\w+ed|made|carried out|took place|taken|given)\s+)?(?:(?:{_PART_VERBS}|involving|among\w*|aged|against|where|whose"
    r"|whom|graded|result\w+|leading|led|linked|relating|dealt|found(?! to)|excluding|except|committed|online|anonymously"
    r"|overnight|of which|in which|in whom)\b"
    r"|for (?!drugs?\b|the (?:year|period|month|twelve|12)|20\d\d|\w+ 20\d\d|£?\d)"
    r"|of (?!\W*\d|the (?:year|period|force)|these|those)"
    r"|with (?!\W*\d|a total|an? (?:increase|rise|fall|value))"
    r"|by (?!\W*\d|the (?:force|police|end)|police|officers(?! (?:of|in|from|on|at|who|with)\b)|our|end|[A-Z]"
    r"|(?:(?:local )?policing )?(?:unit|area)\s*(?:[:,;.]|$|(?:in|for|during|between|from) (?:the )?(?:\d|[A-Z]|year|twelve)))"
    r"|from (?!\W*\d|the (?:year|period|start|end)|[A-Z][a-z]+ (?:to |until |20)|£)"
    r"|at (?!\W*\d|the (?:end|start|same|beginning|time|force|year|close|rate|national)|an?\b|its|their|least|present)[a-z]"
    r"|on (?!\W*\d|the (?:year|previous|same|last|rise|increase|decrease)|an?\b|average|record|year|last|previous)[a-z]"
    r"|(?:near|outside|inside)\b|under (?!the misuse|section 2[37])|per (?:1,000|thousand|head|capita|officer)\b"
    r"|in (?!the|total|all|our|this|that|these|each|both|19|20|\d|year|financial|early|late)[a-z]))",
)
_PEOPLE = (
    r"(?:children|young people|youths?|juveniles?|under[- ]18s?|adults|women|girls|men|boys|females?|males?"
    r"|(?:repeat|prolific) offenders?)"
)
_ITS_PERIOD = re.compile(
    r"^ (?:in|during|for|between|from|over|within|to)\b[^,;.:()£%]{0,60}\b"
    rf"(?:(?:19|20)\d\d(?:[/–-]\d\d)?|FY ?\d\d/\d\d|{'|'.join(month_name[1:])})"
    r"(?![/\d])(?: financial year)?(?= ?[a-z(,])"
)
"""A period between a measure and what became of some: `offences in the year to March 2025 were for cannabis`."""
_LIMITED = re.compile(
    rf"\W{{1,3}}{_PEOPLE}\b|\s*\((?!(?:{any_of('plain_in_title')}|{CHANGE.pattern})\b)[a-z][a-z -]*\)"
    r"| ?(?:(?:over|above|under|below|exceeding|worth (?:over|more than|less than)) £|less [a-z]|within an?\b"
    r"|as (?!\W*\d|against|compared|well|at|of|in|an?\b|the\b|shown|set|part|reported|recorded|before|usual|follows)[a-z]"
    r"|came from (?![A-Z]|\W*\d)|(?:and|or|&) [a-z-]+s(?=:| (?:in|during|between|from|for|over) (?:[A-Z\d]|the (?:year|1?2))))"
)
"""What limits a measure right behind it, or behind its period: `offences (adults)`, `orders over £100,000`."""
_BECAME = re.compile(r" (?:were|was|had been|has been|have been)\b")
_IN_SOME = re.compile(
    r"\b(?:(?<!resulted )(?<!resulting )(?<!culminated )in|during|following|after|into|(?<!accounted )(?<!accounts )for"
    r"|look(?:ed|ing) at|respon(?:ded|ding) to|(?:arose|came|resulted|arising|footage|evidence|data) from|heard|sent"
    r"|dealt with)(?: the| our)? $", re.I,
)  # fmt: skip
"""Before a number of those in which something happened: `drugs were found in 684 drug searches`."""
_LINKED_TO = re.compile(
    r"\b(?:linked|relat(?:ed|ing)|connected|associated|attribut(?:ed|able)|due|subsequent|ar(?:ising|ose)|resulting"
    r"|stemm(?:ing|ed)|trained|involved) (?:to|with|from|in)(?: the| these| our)? $"
    r"|\bclass [abc](?: drugs?)? $|\b(?:saved|caused|prevented|reversed|found|dealt with) (?:by|through|for) $", re.I,
)  # fmt: skip
"""Before a measure that something else has to do with: `antisocial behaviour linked to drug possession`."""
_SUMMED = re.compile(
    r" (?:and|or|&|plus) (?:[a-z-]+ ){1,3}?"
    r"(?:offences?|crimes?|searches|tests|orders|seizures|incidents|warrants|arrests|notices)\b"
)
"""What is counted together with the measure before it: `possession offences and weapons offences`."""
_MAY_FOLLOW = re.compile(
    r"\s*(?:$|(?:(?:were|was|are|is|have|has|had|been|also|all|which|that|both|not|each|\w+ly)\s+)*(?:[^\w\s]|\d"
    rf"|(?:{CHANGE.pattern}|{any_of('may_follow')})\b))",
    re.I,
)
"""What may follow a measure. Any other word may say what became of some: `ended in a caution`."""
_WHOLE = re.compile(r"\bof (?:the|our|these|those|all)(?: \w+ing)? *$", re.I)

_SOME_YEARS = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine|ten|[2-9]|1\d)[ -]years?\b", re.I)
_OVER_YEARS = re.compile(rf"\b(?:over|in|across|for|during|within) (?:the |a )?(?:last |past )?{_SOME_YEARS.pattern}", re.I)
_BASE = re.compile(
    r"\b(?:compared (?:with|to)|relative to|against|versus|vs?\.?|than|since|on(?= (?:the (?!rise|increase|back)|a |last )))"
    r"(?= )([^,;.)]*)",
    re.I,
)
"""What a change is on: words up to the end of the clause."""
_ON_A_TIME = re.compile(
    rf"(?:\b(?:on|over|from|above|below|beyond) (?:the |those of |that of |those in |that in |in )?|\()"
    rf"((?:(?:19|20)\d\d|{MONTH}|pre-\w+)\b[^,;.:)]*)",
    re.I,
)
"""A time that a change may be on, if it is not that of the figure itself: `rose by 33% in 2025 on 2023`, `from 2023 levels`."""
_YEAR_BEFORE = re.compile(
    r"\b(?:last|previous|prior|preceding) (?:financial )?(?:year|12 months|twelve months)\b|\bsame (?:time|period|months)\b"
    r"|^ *£?(?!(?:19|20)\d\d *$)[\d,.]+%? *$",
    re.I,
)
OURS = re.compile(r"\b(?:overall|altogether|in total|the (?:force|county|constabulary)|(?:force|county)[- ]?wide)\b", re.I)
_PLACE = re.compile(
    r"(?:\b(?:in|at|across|around|near|within|throughout|for|from)|^\W*(?:In|At|Across|Around|Near|Within|Throughout))(?: the)?"
    rf" (?:((?!{any_of('no_places')})[A-Z][a-z]+)"
    r"|(?:city|town|borough|village|district|ward|estate|neighbourhood|division)\b)"
    r"|\b(?i:areas|cent(?:re|er)s|boroughs|districts|towns|cities|wards|hot ?spots|villages|neighbourhoods|estates|beats)"
    r" (?:recorded|saw|had|reported|experienced)\b"
    r"|\b(?:[Ii]n|[Aa]cross) the (?:north|south|east|west|centre|rest)\w* (?:of|part of) the (?:county|force|city)\b"
    r"|^\W*(?:In|At|On|Among|Within|Under) (?!total|all|addition|contrast|comparison|fact|line|summary|short|recent|the|this"
    r"|these|our|both)[a-z][a-z -]*,"
)

_PLAN_IN_HEADING = re.compile(r"\b(?:targets?(?! harden)|forecasts?|projections?|trajectory)\b", re.I)
_PEOPLE_IN_HEADING = re.compile(rf"\W*{_PEOPLE}(?: (?:and|&) {_PEOPLE})?(?: in \w+)?\W*", re.I)
"""A heading that says whom its text is about."""
_NOT_IN_HEADING = re.compile(
    r"^[\w ]*\b(?:by|author|contact|lead|officer|owner) ?:.*|(?<!compared )(?<!comparison )\bwith\b.*", re.I
)
"""Who wrote it, and who helped."""
_BEGINNING = re.compile(r"^\W*(?:(?:In|At|Across|The|Source:) )*")

_PART_IN_TITLE = re.compile(rf"\b(?:{any_of('part_in_title')})\b", re.I)
_NOT_OF_TITLE = re.compile(
    r"\(?(?i:\bsource|\bdata source) ?: ?(?:[^()]*\)|.*$)|\bOFFICIAL(?:[- :]+SENSITIVE)?\b|(?i:\bnot protectively marked)"
    r"|(?i:\bpublic assurance meeting)|\bPAM\b"
)
"""Where the figures are from, who may read them, and where they are discussed."""
_LONGEST_TITLE = 14
"""Words."""
_UNDER_RULES = re.compile(r"\bunder (?:the )?home office (?:counting )?rules\b", re.I)
_PLAIN_IN_TITLE = re.compile(f"{MONTH}|{any_of('plain_in_title')}")
"""Words of a title that leave the figures as they are. Any other may mean a part, or something else."""


@cache
def _places(own: str) -> re.Pattern[str]:
    """Other places: countries, and all forces except this one."""
    names = [re.sub(r" (?:Constabulary|Police(?: Service)?)$", "", n) for n in force_names().values() if n != own]
    return re.compile(rf"\b(?:{any_of('elsewhere')}|{'|'.join(re.escape(n) for n in names if not n.startswith('Police'))})\b")


def _clause_of(spot: Spot) -> tuple[str, str]:
    """A number's clause, and its words before the number."""
    cuts = [0, *(m.end() for m in _CLAUSE_BREAKS.finditer(spot.sentence)), len(spot.sentence)]
    start, end = next((a, b) for a, b in pairwise(cuts) if spot.number.start < b)
    return spot.sentence[start:end], spot.sentence[start : spot.number.start]


def is_other_kind(spot: Spot, own: str) -> bool:
    """Whether the words around a number are about an average, a target, some of the people or another place. `own`: the force's
    name."""
    clause, ahead = _clause_of(spot)
    is_some = _SOME_ACTORS.search(ahead) or _WISHED.search(_CLAUSE_START.split(ahead)[-1])
    is_over_years = _OVER_YEARS.search(re.split("[,;]", spot.behind)[0])
    before = _SAID_BEFORE.match(ahead)
    statement = clause[before.end() :] if before else clause
    return bool(is_some or is_over_years) or says_other_kind(statement) or names_other_place(spot.sentence, own)


def is_on_another_base(spot: Spot, figure: Figure, edition: EditionFigures) -> bool:
    """Whether the words say that a change is not one on the year before: `up 33% compared with 2019`."""
    if figure.shows == "value":
        return False
    # Commas end a comparison, but for one that begins the sentence: `Compared with 2019, offences rose by 33%`.
    before = spot.ahead.split(",")
    near = f"{before[-1]}{spot.number.text}{re.split('[,;]', spot.behind)[0]}"
    clause = f"{before[0]}; {near}" if len(before) > 1 and _BASE.match(before[0].lstrip()) else near

    def days_of(base: str) -> set[tuple[date | None, date | None]]:
        return {(p.first, p.last) for p in periods_of(base, edition.data_to) if p.first and p.last}

    own = (figure.first, figure.last)
    year_before = tuple(map(years_before, own))

    def is_year_before(base: str) -> bool:
        place = edition.without_whole(re.split(r"\band\b", base)[0])
        if any(m.what != figure.area_name for m in named(place, edition.areas_within)):
            return False
        return bool(BEFORE.search(base) or _YEAR_BEFORE.search(base)) or year_before in days_of(base)

    if _SOME_YEARS.search(clause) or not all(is_year_before(m[1]) for m in _BASE.finditer(clause)):
        return True
    return not all({own, year_before} & days_of(m[1]) for m in _ON_A_TIME.finditer(clause))


def is_elsewhere(sentence: str, heading: str, before: str, edition: EditionFigures) -> bool:
    """Whether a sentence, or the heading or the sentences before it, name a place or a plan of which no figure is known."""
    text = edition.without_whole(sentence)
    known = {word for names in edition.areas.values() for name in names for word in name.split()}
    known |= {*month_name, *month_abbr, "Sept"}
    # `The total for Drug Searches`.
    measured = {m.start for m in mentions(text, text)}
    if any(m[1] is None or not (m[1] in known or m.start(1) in measured) for m in _PLACE.finditer(text)):
        return True
    if _PLAN_IN_HEADING.search(heading):
        return True
    if OURS.search(sentence) or edition.force_name.split()[0] in text:
        return False
    heading_words = edition.without_whole(_NOT_IN_HEADING.sub("", heading))
    # A place of the sentence before counts only where that begins with it.
    last = _BEGINNING.sub("", edition.without_whole(re.split(r"(?<=[.!?])\s+", before.strip())[-1]))
    is_of_another = names_other_place(heading_words, edition.force_name) or bool(_places(edition.force_name).match(last))
    if is_of_another and not re.search(r"\b(?:our|we)\b", sentence, re.I):
        return True
    is_within = bool(named(heading_words, edition.areas_within)) or any(m.start == 0 for m in named(last, edition.areas_within))
    return is_within and not named(text, edition.areas_within)


def is_of_people(heading: str, sentence: str, figure: Figure) -> bool:
    """Whether a heading is about some of the people, and the figure, of a subject that it does not name, is of all."""
    subjects = {m.what.partition(".")[0] for m in mentions(heading, f"{heading} {sentence}")}
    return bool(_PEOPLE_IN_HEADING.fullmatch(heading)) and figure.mart not in subjects


def says_other_kind(text: str) -> bool:
    """Whether a text is about an average, a target, or some of the people."""
    return bool(_OTHER_KIND.search(text))


def names_some_of_us(text: str) -> bool:
    """Whether a text is about the work of some of the force: `Proactive team`."""
    return bool(_SOME_ACTORS.search(re.sub(r"\bpolicing (?:unit|team)s?\b", "", text, flags=re.I)))


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
        ahead = spot.sentence[: mention.start]
        if _is_what_another_is_of(ahead) or _LINKED_TO.search(ahead):
            return True
    elif before and not mention.is_weak and (_PART_BEFORE.search(spot.ahead) or _IN_SOME.search(spot.ahead)):
        return True
    behind = spot.sentence[mention.end :]
    if any(map(_says_which, (behind, _ITS_PERIOD.sub("", behind)))):
        return True
    is_behind = mention.end <= spot.number.start
    if is_behind and (_AFTER.match(spot.behind.removeprefix(")")) or _DID_TO.search(spot.ahead, mention.end)):
        return True
    if _SUMMED.match(behind) or _LIMITED.match(behind) or _LIMITED.match(_ITS_PERIOD.sub("", behind)):
        return True
    # `Orders worth £900,000 were paid`.
    if mention.end <= spot.number.start and _BECAME.match(spot.behind) and not _MAY_FOLLOW.match(spot.behind):
        return True
    is_some = bool(_AFTER.match(behind)) or not (mention.is_weak or _MAY_FOLLOW.match(behind))
    became = _ITS_PERIOD.sub("", behind)
    is_some |= bool(_AFTER.match(became)) or bool(_BECAME.match(became) and not _MAY_FOLLOW.match(became))
    return is_some and not _WHOLE.search(spot.ahead)


def _says_which(behind: str) -> bool:
    """Whether a clause right behind a measure says which are counted."""
    which = _WHICH.match(behind)
    return bool(which and not _SAID_OF_ALL.fullmatch(which[1]))


def is_narrower(between: str) -> bool:
    """Whether one word between a unit's name and its number makes it a part of the unit: `Erewash town 299`."""
    word = re.fullmatch(r" ([a-z]+) ", between)
    return bool(word and not any(p.fullmatch(word[1]) for p in (_MAY_STAND_BEFORE, _VERB, CHANGE, _AMONG)))


def _is_what_another_is_of(ahead: str) -> bool:
    """Whether a measure is what something else is of: `victims of`, `arrests for`. `ahead`: the sentence before it."""
    match = _OF_MEASURE.search(ahead)
    if match is None or (match[1][0].isupper() and match.start(1)):
        return False
    word = match[1].lower()
    is_verb = _VERB.fullmatch(word) and (match[2] not in ("for", "from") or word == "recorded")
    return not (is_verb or _MAY_HAVE.fullmatch(word) or _MAY_STAND_BEFORE.fullmatch(word))


def is_of_another(title: str, labels: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a table's title, or a cell's labels, mean another figure than the edition's table. `known`: its title and labels,
    whose own words don't count."""
    text = f"{_UNDER_RULES.sub('', title)} {labels}"
    if any(m[0].lower() not in known.lower() for m in _PART_IN_TITLE.finditer(text)):
        return True
    if says_other_kind(text) and not says_other_kind(known):
        return True
    if figure.area_type in OWN_AREAS and names_other_place(text, edition.force_name):
        return True
    if _marts_named(title) and not {figure.mart, *_marts_named(known)} & _marts_named(title):
        return True
    if _months_named(text) - _months_named(known) - {month_abbr[d.month] for d in (figure.first, figure.last) if d}:
        return True
    return _is_elsewhere(text, known, figure, edition) or _is_at_another_time(title, known, figure, edition)


def tells_part(title: str) -> bool:
    """Whether a table's title has a word that means a part, a rate, an average or a target."""
    return bool(_PART_IN_TITLE.search(title)) or says_other_kind(title)


def is_plain_in_title(word: str) -> bool:
    """Whether a word of a title leaves the figures as they are."""
    return any(_PLAIN_IN_TITLE.fullmatch(w) for w in (word, word.removesuffix("s")))


def unknown_words(title: str, words: str, mart: str, edition: EditionFigures) -> list[str]:
    """The words of a table's title that are neither the edition's, nor names for a measure of the mart, nor plain. `words`: all
    words of the edition's table."""
    # A sentence or a part's heading may say much that is not of the table.
    if title[-1:] in (".", ":") or len(title.split()) > _LONGEST_TITLE:
        return []
    text = _NOT_OF_TITLE.sub(" ", _UNDER_RULES.sub(" ", edition.without_whole(title)))
    known = f"{words} {edition.force_name}"
    low = simple(text)
    for m in mentions(text, text):
        if m.what.startswith(f"{mart}."):
            low = low[: m.start] + " " * (m.end - m.start) + low[m.end :]
    theirs = {w.removesuffix("s") for w in re.findall(r"[a-z]+", simple(known))}

    def is_known(word: str) -> bool:
        return any(w in theirs or _PLAIN_IN_TITLE.fullmatch(w) for w in (word, word.removesuffix("s")))

    each = ["", *re.findall(r"[a-z]{2,}", low), ""]
    # A narrow column may break words: `Confisca tion`.
    return [
        word for before, word, after in zip(each, each[1:], each[2:], strict=False)
        if not (is_known(word) or is_known(before + word) or is_known(word + after))
    ]  # fmt: skip


def _marts_named(text: str) -> set[str]:
    return {m.what.partition(".")[0] for m in mentions(text, text)}


def _months_named(text: str) -> set[str]:
    """The months of a text, as three letters, but for those of a day or with their year, which are periods."""
    months = "|".join(month_abbr[1:])
    return set(re.findall(rf"(?<!\d )(?<!\d(?:st|nd|rd|th) )\b({months})[a-z]*\b(?!,? '?\d\d)", text))


def _is_elsewhere(text: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether title and labels name one area, and the figure is of another that the edition's labels don't name."""
    in_title = {m.what for m in named(edition.without_whole(text), edition.areas_within)}
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
