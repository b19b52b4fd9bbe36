"""Finds the figures of a sentence's numbers: those that the edition prints, else those of the marts, without what its words, or
those before it, exclude."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

from .base_of_change import is_on_another_base, may_be_on_another
from .edition_figures import EditionFigures
from .excluding_words import OWN_AREAS, is_elsewhere, is_of_people
from .figures_in_text import Number, Spot
from .judge import NEXT_NIGHT
from .link_sentences import is_plain, link_numbers
from .model import Figure
from .period_of_number import is_compared_in_doubt
from .sentence_context import Context
from .understand_sentence import Given, NotUnderstoodError, understand_sentence
from .words import mentions
from .words_around_numbers import CHANGE, read_written, says_more


def figures_of_sentence(
    sentence: str, numbers: list[Number], context: Context, headings: list[str], edition: EditionFigures
) -> dict[Number, Figure]:
    """The figures that a sentence's words name. `numbers`: those that may be figures; days are of the edition alone.
    `headings`: what is said to be about the sentence above it."""
    links = link_numbers(sentence, numbers, context, edition)
    links |= _of_marts(sentence, [n for n in numbers if n.kind == "figure"], links, edition)
    for first, second in pairwise(numbers):
        # `More in Dales (47) than in Erewash (12)`, the other way round.
        values = [links[n].value or Decimal() for n in (first, second) if n in links]
        if len(values) == 2 and says_more(sentence, first, second) * (values[0] - values[1]) < 0:
            del links[first], links[second]
    is_away = any(is_elsewhere(sentence, heading, context.before, edition) for heading in headings)
    return {
        n: f for n, f in links.items()
        if not (f.area_type in OWN_AREAS and (is_away or any(is_of_people(h, sentence, f) for h in headings)))
        and not is_on_another_base(Spot(sentence, n), f, edition)
        and not (f.shows == "value" and is_compared_in_doubt(sentence, n, numbers, edition.data_to))
    }  # fmt: skip


def _of_marts(
    sentence: str, numbers: list[Number], links: Mapping[Number, Figure], edition: EditionFigures
) -> dict[Number, Figure]:
    """The figures of the marts for numbers that have no link. Of several numbers, all or none, and only if the sentence names
    one measure, as the nearest may be the other's, and no change, which may be of each."""
    if len(numbers) > 1 and (len({m.what for m in mentions(sentence, sentence)}) > 1 or CHANGE.search(sentence)):
        return {}
    spots = [Spot(sentence, n, tuple(o for o in numbers if o is not n)) for n in numbers if n not in links]
    found = {spot.number: figure for spot in spots if (figure := _of_mart(spot, edition))}
    times = Counter(f.key for f in (*links.values(), *found.values()))
    return found if len(found) == len(spots) and all(times[f.key] == 1 for f in found.values()) else {}


def _of_mart(spot: Spot, edition: EditionFigures) -> Figure | None:
    """A figure that the edition does not print, for a sentence that names measure, period and area itself."""
    if not is_plain(spot, edition.force_name):
        return None
    try:
        claim = understand_sentence(spot.sentence, Given(number=spot.number.text), edition)
    except NotUnderstoodError:
        return None
    figure = edition.with_value(claim.figure)
    # `The rate fell by 3%` may be of itself, or percentage points.
    is_unclear = figure.unit == "percentage_points" and spot.number.unit == "percent"
    is_unclear |= figure.shows != "value" and not read_written(spot).is_change
    # `Up 12% in October 2025` may be on the month before.
    is_unclear |= may_be_on_another(figure, spot)
    return None if is_unclear or figure.status == NEXT_NIGHT else figure
