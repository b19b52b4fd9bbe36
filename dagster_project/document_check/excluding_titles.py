"""Finds words in a table's title that show that its cells are not the figures that its labels name: a part, a target, a rate,
another place or period."""

import re

from .edition_figures import EditionFigures
from .excluding_words import names_other_place, says_other_kind
from .model import Figure
from .periods import periods_of
from .words import named

_PART = re.compile(
    r"\b(?:charg(?:ed?|es|ing)|solved|detect(?:ed|ions?)|cleared|outcomes?|disposals?|suspects?|offenders?|train(?:ed|ing)"
    r"|cannabis|cocaine|heroin|class [abc]|per (?:1,?000|head|officer)|(?:rates?|shares?|percentage|proportion) of)\b",
    re.I,
)
_NOT_A_PERIOD = ("same", "now")


def is_of_another(title: str, labels: str, known: str, figure: Figure, edition: EditionFigures) -> bool:
    """Whether a table's title, or a cell's labels, mean another figure than the edition's table. `known`: its title and labels,
    whose own words don't count."""
    text = f"{title} {labels}"
    if any(m[0].lower() not in known.lower() for m in _PART.finditer(text)):
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
    if not periods or figure.last is None or any(p.how in _NOT_A_PERIOD for p in periods) or periods_of(known, edition.data_to):
        return False
    return not any(p.fits(figure.first, figure.last, edition.newest(figure)) for p in periods)
