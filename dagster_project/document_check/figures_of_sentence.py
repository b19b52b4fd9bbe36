"""Finds the figures of a sentence's numbers: those that the edition prints, else those of the marts, without what its words, or
those before it, exclude."""

from decimal import Decimal
from itertools import pairwise

from .base_of_change import is_on_another_base
from .edition_figures import EditionFigures
from .excluding_words import OWN_AREAS, is_elsewhere, is_of_people
from .figures_in_text import Number, Spot
from .link_sentences import link_numbers
from .model import Figure
from .period_of_number import is_compared_in_doubt
from .sentence_context import Context
from .words_around_numbers import says_more


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
        and not is_on_another_base(Spot(sentence, n), f, edition)
        and not (f.shows == "value" and is_compared_in_doubt(sentence, n, numbers, edition.data_to))
    }  # fmt: skip
