"""Links the numbers of a sentence to figures, by its words for measure, period, area and category: those that the edition
prints, else those of the marts, without what its words, or those before it, exclude.

The value of the number is not used, or it would always agree. If the words leave more than one figure, none is linked.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from dagster_project.core.project_lists import read_seed
from dagster_project.editions.paragraphs import within
from dagster_project.editions.tables import unit_shown

from ..edition_figures import EditionFigures
from ..model import SHOWS, Figure
from ..text.figures_in_text import Number, NumberInSentence, numbers_of
from ..text.periods_in_text import Period, periods_of
from ..text.words import Mention, mentions, named
from ..text.words_around_numbers import (
    Written,
    came_from,
    is_plain_value,
    is_value,
    read_written,
    rose_between,
    says_more,
    way_from,
)
from ..verdict_rule import NEXT_NIGHT
from .areas_and_categories import area_beside, category_beside, name_beside
from .averages_and_targets import is_other_kind
from .base_of_change import is_on_another_base, may_be_on_another
from .measure_of_number import NEVER, counts_something_else, distance
from .other_people import is_done_by_others, is_of_people
from .other_places import OWN_AREAS, is_elsewhere
from .part_of_measure import is_part
from .period_of_number import is_compared_in_doubt, period_of_number
from .sentence_context import Context, goes_back

_AGAINST = re.compile(r" ?\b(?:compared (?:with|to)|against|than|versus|vs?\.?) (?:only |just )?$", re.I)
_BESIDE = re.compile(r" (?:in|for|at|across)(?: the)?(?: [A-Z\d][\w/]*)+,?(?: and)? £?")
"""Between two changes, of which the second has no verb."""
_OF_A_TOTAL = re.compile(r"\d of (?:the|our|these|those|all) *$", re.I)
_OF_A_WHOLE = re.compile(r" (?:out )?of (?:the|our|these|those|all)(?: the)? \d")
"""After a number that is a part of the next: `1,930 of the 3,888 items`."""
_SOME = re.compile(r"\W*of ", re.I)
_BEFORE_IT = 500.0
"""The distance of words before the sentence."""
_PARTS = ("section", "lpu")
_OTHERS = ("country", "region", "upper_tier", "district")
_Linked = tuple[Figure, float]
"""A number's figure, and the distance to the words for it."""


def figures_of_sentence(
    sentence: str, numbers: list[Number], context: Context, headings: list[str], edition: EditionFigures
) -> dict[Number, Figure]:
    """The figures that a sentence's words name. `numbers`: those that may be figures; days are of the edition alone.
    `headings`: what is said to be about the sentence above it."""
    links = link_numbers(sentence, numbers, context, edition)
    for first, second in pairwise(numbers):
        # `More in Dales (47) than in Erewash (12)`, the other way round.
        values = [links[n].value or Decimal() for n in (first, second) if n in links]
        if len(values) == 2 and says_more(sentence, first, second) * (values[0] - values[1]) < 0:
            del links[first], links[second]
    is_away = any(is_elsewhere(sentence, heading, context.before, edition) for heading in headings)
    return {
        n: f for n, f in links.items()
        if not (f.area_type in OWN_AREAS and (is_away or any(is_of_people(h, sentence, f) for h in headings)))
        and not is_on_another_base(NumberInSentence(sentence, n), f, edition)
        and not (f.shows == "value" and is_compared_in_doubt(sentence, n, numbers, edition.data_to))
    }  # fmt: skip


def link_numbers(sentence: str, numbers: list[Number], context: Context, edition: EditionFigures) -> dict[Number, Figure]:
    """The figures of a sentence's numbers. If two numbers have the same figure, only the nearer to its words keeps it."""
    links: dict[Number, _Linked] = {}
    for number in numbers:
        other_numbers = tuple(n for n in numbers if n is not number)
        if linked := _link(spot := NumberInSentence(sentence, number, other_numbers), context, edition):
            # The second of `1,059 against 1,010` is that of another time.
            links[number] = linked[0], linked[1] + 1000 * bool(_AGAINST.search(spot.ahead))
    alone = {
        number: figure for number, (figure, distance) in links.items()
        if not any(
            other.key == figure.key and other_number.text != number.text and other_distance <= distance
            for other_number, (other, other_distance) in links.items() if other_number is not number
        )
    }  # fmt: skip
    linked = {
        n: f for n, f in alone.items() if not came_from(NumberInSentence(sentence, n)) or _rose_to(n, numbers, sentence, alone)
    }
    for first, second in pairwise(numbers):
        # `From 93 in December to 106 in January` has the months of two years, or of the wrong one.
        if rose_between(sentence, first, second) and _is_backwards(linked.get(first), linked.get(second)):
            linked.pop(first)
            linked.pop(second)
        # `Rose by 33% (2,187 against 1,649)`: if the first is in doubt, so is the other.
        if first not in linked and _AGAINST.fullmatch(sentence, first.end, second.start):
            linked.pop(second, None)
        # `Rose by 299 in Erewash and 287 in Dales`.
        if _BESIDE.fullmatch(sentence, first.end, second.start) and read_written(NumberInSentence(sentence, first)).is_by:
            linked.pop(second, None)
    # Of several numbers, one of something else may make the units' so too: `reached 287 officers in Dales and 299 in Erewash`.
    left = {n.unit for n in numbers if n not in linked}
    return {n: f for n, f in linked.items() if f.area_type not in _PARTS or f.key in edition.by_key or n.unit not in left}


def _is_backwards(earlier: Figure | None, later: Figure | None) -> bool:
    return bool(
        earlier
        and later
        and earlier.first
        and later.first
        and earlier.first >= later.first
        and earlier.area_name == later.area_name
    )


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
    return (later.value - earlier.value) * way_from(NumberInSentence(sentence, number)) > 0


@dataclass(frozen=True)
class _Reading:
    """A number, how it is written, and its period; with the periods of its sentence."""

    spot: NumberInSentence
    context: Context
    edition: EditionFigures
    written: Written
    periods: list[Period]
    period: Period | None

    @property
    def names_days(self) -> bool:
        """Whether the sentence, or what is above its list or before it, names the number's period with its days."""
        has_own_time = self.periods or any(n.kind in ("date", "year") for n in numbers_of(self.spot.sentence))
        before = self.context.period_before(self.spot.sentence)
        named_periods = self.periods if has_own_time or not before else [before]
        is_of_days = self.period is not None and self.period.how in ("days", "year_to_date")
        return is_of_days and any(p.how in ("days", "year_to_date", "same") for p in named_periods)


def _link(spot: NumberInSentence, context: Context, edition: EditionFigures) -> _Linked | None:
    """The figure of a number in a sentence; None if the words don't settle it."""
    is_told = is_plain_value(spot) or (came_from(spot) and is_value(spot))
    if not is_told or not context.may_have_figures(spot.sentence) or context.is_of_some(spot.sentence):
        return None
    periods = periods_of(spot.sentence, edition.data_to)
    reading = _Reading(spot, context, edition, read_written(spot), periods, period_of_number(spot, periods, context))
    pool = [f for f in edition.pool if _has_unit(f, reading.written)]
    same_paragraph = [f for f in pool if context.paragraph and any(within(context.paragraph, c.paragraph) for c in f.claims)]
    # What the edition prints comes first: that is what most sentences of a report are about.
    linked = _choose(reading, same_paragraph, True) or _choose(reading, pool, False)
    if linked or not reading.names_days:
        return linked
    return _choose(reading, [*pool, *_named_figures(reading)], False)


def _named_figures(reading: _Reading) -> list[Figure]:
    """The figures that the words name, whether or not the edition prints them: of each measure in the sentence, for the area
    and the category next to the number, and for its days."""
    spot, edition, period = reading.spot, reading.edition, reading.period
    assert period
    last = edition.data_to if period.how == "year_to_date" else period.last
    named_here = {m.what for m in mentions(spot.sentence, reading.context.around(spot.sentence))}
    area = area_beside(spot, edition.areas_of(*_PARTS), edition)
    kinds = {edition.force_name: "force", **{name: kind for kind in _PARTS for name in edition.areas_of(kind)}}
    area_name = area.name or edition.force_name
    figures = []
    for row in read_seed("measure_list"):
        mart, measure = row["mart"], row["measure"]
        if f"{mart}.{measure}" not in named_here or area_name not in kinds:
            continue
        category = category_beside(spot, mart, measure, edition).name or "all"
        for shows in SHOWS:
            unit = unit_shown(row["unit"], shows)
            place = (kinds[area_name], area_name, category)
            figure = Figure(mart, measure, shows, *place, period.first, last, unit, None, NEXT_NIGHT)
            if _has_unit(figure, reading.written) and not may_be_on_another(figure, spot):
                figures.append(edition.with_value(figure))
    # There may be no such change: one on another base is none of these.
    return [f for f in figures if f.status != NEXT_NIGHT and (f.value is not None or f.shows == "value")]


def why_not_linked(spot: NumberInSentence, context: Context, edition: EditionFigures) -> str:
    """What a sentence lacks for its number to be linked, in the order in which it is looked for."""
    if not is_plain_value(spot):
        return "the words around it make it a limit, a part or something else than a measure's value"
    if not context.may_have_figures(spot.sentence):
        return "no words for a measure in the sentence"
    if period_of_number(spot, periods_of(spot.sentence, edition.data_to), context) is None:
        return "no period in the sentence, such as `in October 2025` or `in 2024/25`"
    return "its words for measure, area and period fit no figure, or several, or they name another place, time or base"


def is_plain(spot: NumberInSentence, edition: EditionFigures) -> bool:
    """Whether a number is a value of the measure: not a limit (`more than`), not a count of something else (`12 teams`), and
    not of a part of it."""
    if not is_plain_value(spot) or is_other_kind(spot, edition):
        return False
    mentioned = mentions(spot.sentence, spot.sentence)
    return all(not is_part(spot, m, edition.force_name) and distance(spot, m) != NEVER for m in mentioned)


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


def _choose(reading: _Reading, pool: list[Figure], is_printed_here: bool) -> _Linked | None:
    """The only figure of a pool that fits, of the measure with the nearest words. `is_printed_here`: the edition prints the
    pool in the sentence's paragraph."""
    spot, edition = reading.spot, reading.edition
    mentioned, distances = _measures(reading, pool, is_printed_here)
    fitting = [
        f for f in pool
        if f.what in distances and _in_period(f, reading.period, edition, is_printed_here) and _in_place(spot, f, edition)
    ]  # fmt: skip
    least = min((distances[f.what] for f in fitting), default=NEVER)
    nearest = [f for f in fitting if distances[f.what] == least]
    if len({f.key for f in nearest}) != 1:
        return None
    figure = nearest[0]
    # The nearest may have no figure here: it is not of the next.
    if any(far < least and _may_be_of(figure, what) for what, far in distances.items()):
        return None
    # Of these, some are not all.
    if least >= _BEFORE_IT and figure.category == "all" and _SOME.match(spot.sentence):
        return None
    if figure.area_type in OWN_AREAS and _is_doubted(spot, mentioned, figure, edition):
        return None
    return figure, least


def _measures(reading: _Reading, pool: list[Figure], is_printed_here: bool) -> tuple[tuple[Mention, ...], dict[str, float]]:
    """The mentions of measures in a sentence, and each measure's distance from the number. A sentence that names none may be
    about those of the sentence before, or of the table above."""
    spot, context = reading.spot, reading.context
    sentence, around = spot.sentence, context.around(spot.sentence)
    measures_printed = frozenset(f.what for f in pool) if is_printed_here else frozenset[str]()
    mentioned = mentions(sentence, around, measures_printed)
    distances: dict[str, float] = {}
    for mention in mentioned:
        if (far := distance(spot, mention)) != NEVER:
            distances[mention.what] = min(far, distances.get(mention.what, far))
    is_back = goes_back(sentence)
    is_named_here = distances if is_back else any(f.what in distances for f in pool)
    if (is_back or context.subject) and not is_named_here and not (is_back and counts_something_else(spot)):
        text = context.before if is_back else context.subject
        distances |= {m.what: _BEFORE_IT + len(text) - m.end for m in mentions(text, around, measures_printed)}
    return mentioned, distances


def _may_be_of(figure: Figure, measure: str) -> bool:
    """Whether a number that a figure may be can be one of another measure, by its unit."""
    (unit,) = (r["unit"] for r in read_seed("measure_list") if f"{r['mart']}.{r['measure']}" == measure)
    return unit_shown(unit, figure.shows) == figure.unit


def _is_doubted(spot: NumberInSentence, mentioned: tuple[Mention, ...], figure: Figure, edition: EditionFigures) -> bool:
    """Whether the words near the number mean a part of the measure, or something else."""
    if is_other_kind(spot, edition) or (figure.category == "all" and is_done_by_others(spot, edition)):
        return True
    if figure.area_type == "force" and figure.category == "all" and _OF_A_WHOLE.match(spot.behind):
        return True
    distances = {m: far for m in mentioned if (far := distance(spot, m)) != NEVER}
    of_figure = [far for m, far in distances.items() if m.what == figure.what]
    decisive = {min(known, default=NEVER) for known in (distances.values(), of_figure)}
    return any(is_part(spot, m, edition.force_name) for m, far in distances.items() if far in decisive)


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


def _in_place(spot: NumberInSentence, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a figure has the area and the category next to the number; by default the force and `all`."""
    is_own = figure.area_type in OWN_AREAS
    area = area_beside(spot, edition.areas_of(*(_PARTS if is_own else _OTHERS)), edition)
    category = category_beside(spot, figure.mart, figure.measure, edition)
    if area.is_doubtful or category.is_doubtful or (is_own and _is_elsewhere(spot, figure, edition)):
        return False
    is_in_area = figure.area_type == "force" if area.name is None else figure.area_name == area.name
    is_only = category.name is None and len(edition.categories[figure.mart, figure.measure]) == 1
    return is_in_area and (figure.category == (category.name or "all") or is_only)


def _is_elsewhere(spot: NumberInSentence, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a number is next to an area for which this measure is not counted, or is a whole (`7 of the 47`) next to the area
    of its part."""
    text = edition.without_whole(spot.sentence)
    categories = edition.named_categories(figure.mart)
    area = name_beside(replace(spot, sentence=text), named(text, edition.areas_within | categories))
    is_known = area in edition.areas_of(*_PARTS) or area in categories
    return area is not None and (bool(_OF_A_TOTAL.search(spot.ahead)) or not is_known)
