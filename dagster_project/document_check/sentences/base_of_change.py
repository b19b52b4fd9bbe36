"""Tells whether a change is on the year before, as the marts have it, or may be on something else."""

import re
from datetime import date

from dagster_project.editions.windows import years_before

from ..edition_figures import EditionFigures
from ..model import Figure
from ..text.figures_in_text import MONTH, NumberInSentence
from ..text.periods_in_text import BEFORE, periods_of
from ..text.words import named

SOME_YEARS = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine|ten|[2-9]|1\d)[ -]years?\b", re.I)
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
_CLAUSE_END = re.compile(r";|\b(?:while|whereas|but|although|after|despite|as)\b", re.I)
_TO_DATE = re.compile(r"\b(?:so far|to date)\b", re.I)


def is_on_another_base(spot: NumberInSentence, figure: Figure, edition: EditionFigures) -> bool:
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

    if SOME_YEARS.search(clause) or not all(is_year_before(m[1]) for m in _BASE.finditer(clause)):
        return True
    return not all({own, year_before} & days_of(m[1]) for m in _ON_A_TIME.finditer(clause))


def may_be_on_another(figure: Figure, spot: NumberInSentence) -> bool:
    """Whether a change of less than a year may be on the month or quarter before, or from the first month to the last, as its
    clause names no year."""
    is_short = figure.first and figure.last and (figure.last - figure.first).days < 360
    clause = f"{_CLAUSE_END.split(spot.ahead)[-1]} {_CLAUSE_END.split(spot.behind)[0]}"
    is_on_year = BEFORE.search(clause) or _TO_DATE.search(clause)
    return bool(figure.shows != "value" and is_short and not is_on_year)
