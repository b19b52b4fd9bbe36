"""Links the cells of a table of the author's own, which no edition prints, to figures of the marts.

Title, row and column must together name one measure, by the title that the marts have for it, and its days. They may name one
area or category. A cell is linked only if all their words are understood.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from dagster_project.core.seeds import read_seed

from .edition_figures import EditionCell, EditionFigures
from .excluding_words import OWN_AREAS
from .figures_in_text import SCALE
from .judge import NEXT_NIGHT
from .link_tables import labels_of_cells, tokens
from .model import Figure, Grid
from .periods_in_text import periods_of
from .words import named

_NUMBERED = re.compile(r"^\W*(?:table|figure|chart) \d+(?:\.\d+)*[.:]? *", re.I)
_FILLERS = {
    "a", "and", "by", "for", "from", "in", "of", "the", "to", "between", "during",
    "unit", "units", "lpu", "area", "areas", "section", "sections", "type", "types", "category", "categories",
    "month", "months", "year", "years", "financial", "calendar", "number", "measure", "measures",
    "key", "headline", "summary", "figures", "data", "count", "no", "local", "policing", "name", "period", "periods",
}  # fmt: skip
"""Words of a title or a label that do not change what a figure is of. `Total` is not one of them: it may be of the rows that a
table has."""
_CORNER = {
    "location", "place", "district", "division", "team", "ward", "station", "borough", "force", "county", "offences", "offence",
    "indicator", "item", "description", "policing",
}  # fmt: skip
"""Further words of a corner, which says what the rows are."""
_OF_A_NUMBER = {"number", "no", "count", "figures"}
"""Words of a label that names nothing. A column of `Year` holds no figures."""
_Words = tuple[str, ...]


@dataclass(frozen=True)
class _Named:
    """What a title or a label names; None for what it leaves open. `label`: its days in its own words."""

    measure: tuple[str, str] | None = None
    unit: str | None = None
    days: tuple[date, date] | None = None
    label: str | None = None
    area: tuple[str, str] | None = None
    category: str | None = None


NamesAlone = Mapping[_Words, set[_Named]]


def own_table_cells(
    grid: Grid, title: str, headings: list[str], edition: EditionFigures, names: NamesAlone
) -> Mapping[tuple[int, int], EditionCell]:
    """The figure of each cell, by row and column, without its value. `title`: the words right before the table. `headings`: all
    before it. Where one of them names an area or a category, a cell that names none itself is not linked."""
    of_title = _read(title, names, edition.data_to, _FILLERS)
    if of_title is None:
        return {}
    above = edition.without_whole(" / ".join(headings))
    is_within = bool(named(above, edition.areas_within))

    @cache
    def read(text: str) -> _Named | None:
        return _read(text, names, edition.data_to)

    cells = {}
    for at, labels in labels_of_cells(grid.texts, lambda text: read(text) is not None):
        corner = [t for text in labels.corner if not _CORNER.issuperset(_words(t := SCALE.sub("", text)))]
        of_row = read(labels.row)
        # A section above its units, or a unit without numbers, is not where the next ones are.
        heading = [h for text in labels.heading if not ((h := read(text)) and h.area and of_row and of_row.area)]
        parts = [of_title, *map(read, corner), *heading, of_row, *map(read, labels.column or [""]), *map(read, labels.left)]
        figure = _figure(parts, edition)
        if figure is None or (is_within and not any(part and part.area for part in parts)):
            continue
        if figure.category == "all" and named(above, edition.named_categories(figure.mart, figure.measure)):
            continue
        cells[at] = EditionCell(*at, labels.column[0], figure)
    return cells


def _figure(parts: list[_Named | None], edition: EditionFigures) -> Figure | None:
    """The figure that title and labels name together; None where they leave something open, or name it twice."""
    known = [p for p in parts if p is not None]
    measures, periods = [p for p in known if p.measure], [p for p in known if p.days]
    areas, categories = [p.area for p in known if p.area], [p.category for p in known if p.category]
    is_clear = len({p.measure for p in measures}) == len({p.days for p in periods}) == 1
    if len(known) < len(parts) or not is_clear or len(areas) > 1 or len(categories) > 1:
        return None
    (measure, unit), (days, label) = (measures[0].measure, measures[0].unit), (periods[0].days, periods[0].label)
    assert measure and unit and days and label
    if categories and categories[0] not in edition.named_categories(*measure):
        return None
    area_type, area = areas[0] if areas else ("force", edition.force_name)
    category = categories[0] if categories else "all"
    return Figure(*measure, "value", area_type, area, category, *days, unit, None, NEXT_NIGHT, label)


def _read(
    text: str, names: NamesAlone, data_to: date, empty: Collection[str] = _OF_A_NUMBER
) -> _Named | None:
    """What a title or a label names, if all its words are understood; else None, as of a blank one. `empty`: words that name
    nothing if they are all that there is."""
    text = _NUMBERED.sub("", text)
    periods = periods_of(text, data_to)
    found = _Named()
    if periods:
        period = periods[0]
        if len(periods) > 1 or period.how != "days" or period.first is None or period.last is None:
            return None
        found = _Named(days=(period.first, period.last), label=text[period.start : period.end])
        text = f"{text[: period.start]} {text[period.end :]}"
    words = _words(text)
    if not words:
        return found if found.days or {*tokens(text)} & {*empty} else None
    known = names.get(words, set())
    if len(known) != 1:
        return None
    (name,) = known
    return replace(name, days=found.days, label=found.label)


def _words(text: str) -> _Words:
    return tuple(w for w in tokens(text) if w not in _FILLERS)


def names_alone(edition: EditionFigures) -> NamesAlone:
    """What words alone name: a measure, an area or a category. Those that name more than one are in doubt."""
    names: defaultdict[_Words, set[_Named]] = defaultdict(set)
    for row in read_seed("measure_list"):
        if row["is_published"] == "true":
            names[_words(row["title"])].add(_Named(measure=(row["mart"], row["measure"]), unit=row["unit"]))
    areas = {(kind, area) for kind in OWN_AREAS for area in edition.areas.get(kind, ())}
    for kind, area in areas:
        names[_words(area)].add(_Named(area=(kind, area)))
    for words in (("force",), _words(edition.force_name.split()[0])):
        names[words].add(_Named(area=("force", edition.force_name)))
    for category in frozenset().union(*edition.published_categories.values()) - {"all"}:
        names[_words(category)].add(_Named(category=category))
    return names
