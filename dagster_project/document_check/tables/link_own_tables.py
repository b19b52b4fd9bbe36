"""Links the cells of a table of the author's own, which no edition prints, to figures of the marts.

Title, row and column must together name one measure, by the title that the marts have for it, and its days. They may name one
area or category. A cell is linked only if all their words are understood.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

from dagster_project.core.project_lists import read_seed
from dagster_project.editions.tables import unit_shown
from dagster_project.editions.windows import MONTHS, month_number, pair, years_before

from ..edition_figures import EditionCell, EditionFigures
from ..model import Figure, Grid
from ..sentences.averages_and_targets import says_other_kind
from ..sentences.other_people import is_of_people, names_some_of_us
from ..sentences.other_places import OWN_AREAS, names_other_place
from ..text.figures_in_text import MONTH, SCALE
from ..text.force_called import names_of_force
from ..text.labels import tokens
from ..text.periods_in_text import Period, periods_of
from ..text.words import mentions, named, simple
from ..verdict_rule import NEXT_NIGHT
from .link_tables import labels_of_cells
from .words_of_titles import is_plain_in_title, tells_part

_TOTALS = {("total",), ("totals",), ("grand", "total"), ("all", "units"), ("all", "areas"), ("all",)}
_NUMBERED = re.compile(r"^\W*(?:table|figure|chart) [A-Z]?\d+(?:\.\d+)*[.:]? *", re.I)
_FILLERS = {
    "a", "and", "by", "for", "from", "in", "of", "the", "to", "between", "during",
    "unit", "units", "lpu", "area", "areas", "section", "sections", "type", "types", "category", "categories",
    "month", "months", "year", "years", "financial", "calendar", "number", "measure", "measures",
    "key", "headline", "summary", "ranked", "figures", "data", "count", "no", "local", "policing", "name", "period", "periods",
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
_CHANGES: dict[tuple[str, ...], str] = {
    ("change",): "volume_change", ("volume", "change"): "volume_change", ("difference",): "volume_change",
    ("per", "cent", "change"): "pct_change", ("change", "per", "cent"): "pct_change",
    ("percentage", "change"): "pct_change",
}  # fmt: skip
"""A column of changes, of the two years beside it."""
_PARTS = {
    "change", "changes", "difference", "rate", "rates", "share", "shares", "percentage", "proportion", "increase", "decrease",
    "per", "cent",  # also of `%`
}  # fmt: skip
"""Words of a title that make its figures something else than the measures that it names."""
_OF_A_PERIOD = re.compile(
    rf"{MONTH}|since|until|from|to|up|above|below|more|than|between|(?:half|quarter|month|week|year|dai)ly|ytd|fy|rolling|twelve"
    r"|(?:quarter|month|week|day|period|date)s?|financial|calendar|previous|last|end(?:ed|ing)?",
    re.I,
)
"""Words of a title that may make its columns less than the periods that they name: `January to October`."""
_BY_MONTH = re.compile(r",? by (?:calendar )?(?:month|quarter)\b|\b(?:month|quarter)ly\b", re.I)
"""Words of a title that say no more than labels of months or quarters do."""
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
    periods = periods_of(title, edition.data_to)
    dated = {text: _dated(text, periods) for row in grid.texts for text in row}
    is_by_month = any(
        (_BY_MONTH.search(title) or text != label) and _is_short(label, edition.data_to) for text, label in dated.items()
    )
    # A title such as `Drug activity` may name nothing, and `Possession offences and drug searches` more than one measure.
    subjects = frozenset[str]()
    if of_title is None:
        subjects = frozenset(m.what for m in mentions(title, title))
        of_title = _read_plain(_BY_MONTH.sub(" ", title) if is_by_month else title, edition)
    if of_title is None:
        return {}
    if is_by_month:
        # Its labels name days within its own.
        of_title = replace(of_title, days=None)
    above = edition.without_whole(" / ".join(headings))
    is_within = bool(named(above, edition.areas_within))

    @cache
    def read(text: str) -> _Named | None:
        return _read(dated.get(text, text), names, edition.data_to)

    cells = {}
    changes = {}
    values = Counter[int]()
    for at, labels in labels_of_cells(grid.texts, lambda text: read(text) is not None):
        if len(labels.column) == 1 and (shows := _CHANGES.get(tokens(labels.column[0].replace("+/-", "change")))):
            changes[at] = shows, labels.column[0]
            continue
        values[at[0]] += 1
        corner = [t for text in labels.corner if not _CORNER.issuperset(_words(t := SCALE.sub("", text)))]
        of_row = read(labels.row)
        # A section above its units, or a unit without numbers, is not where the next ones are.
        heading = [h for text in labels.heading if not ((h := read(text)) and h.area and of_row and of_row.area)]
        parts = [of_title, *map(read, corner), *heading, of_row, *map(read, labels.column or [""]), *map(read, labels.left)]
        figure = _figure(parts, edition)
        if figure is not None and subjects and figure.what not in subjects:
            continue
        # The title may be the last of the headings.
        if figure is not None and any(is_of_people(text, title, figure) for text in headings[-2:]):
            continue
        if figure is None or (is_within and not any(part and part.area for part in parts)):
            continue
        if figure.category == "all" and named(above, edition.named_categories(figure.mart, figure.measure)):
            continue
        cells[at] = EditionCell(*at, labels.column[0], figure)
    # Beside a target, a change may be on that.
    of_years = {at: change for at, change in changes.items() if values[at[0]] == 2}
    found = {at: (label, _change(at, shows, cells)) for at, (shows, label) in of_years.items()}
    return cells | {at: EditionCell(*at, label, figure) for at, (label, figure) in found.items() if figure}


def _dated(label: str, periods: list[Period]) -> str:
    """A label of a month or quarter alone with its year, which the title's only period says."""
    first, last = (periods[0].first, periods[0].last) if len(periods) == 1 else (None, None)
    if first is None or last is None:
        return label
    months = range(month_number(first), month_number(last) + 1)
    if re.fullmatch(r"Q[1-4]", label):
        return f"{label} {pair(first.year)}" if first.month == 4 and len(months) == 12 else label
    found = [n for n in months if label[:3] == MONTHS[n % 12]] if re.fullmatch(MONTH, label, re.I) else []
    return f"{label} {found[0] // 12}" if len(found) == 1 else label


def _is_short(label: str, data_to: date) -> bool:
    """Whether a label names a month or a quarter."""
    periods = periods_of(label, data_to)
    return any(p.how == "days" and p.first and p.last and (p.last - p.first).days <= 92 for p in periods)


def total_cells(
    grid: Grid, cells: Mapping[tuple[int, int], tuple[EditionCell, ...]], title: str, edition: EditionFigures
) -> Mapping[tuple[int, int], tuple[EditionCell, ...]]:
    """The cells of rows and columns called `Total`, if they can be of nothing but what the cells beside them add up to: days
    that follow each other, or all units or categories. Where some of these are missing, or the title names other days, it may
    be theirs or that of all."""
    of_title = {(p.first, p.last) for p in periods_of(title, edition.data_to)}
    labels = dict(labels_of_cells(grid.texts, lambda _: False))
    found = {}
    for axis in (0, 1):
        totals = [at for at, of in labels.items() if tokens([of.row, *of.column][-1] if axis else of.row) in _TOTALS]
        for at in totals:
            beside = [o for o in labels if o[1 - axis] == at[1 - axis] and o[axis] < at[axis]]
            figures = [cells[o][0].figure for o in beside if len(cells.get(o, ())) == 1]
            known = [f for f in figures if f and f.value is not None and f.shows == "value"]
            if at not in cells and len(known) == len(beside) > 1 and not any(o in totals for o in beside):
                figure = _sum_of(known, edition)
                is_of_days = len({f.first for f in known}) > 1
                if figure is not None and not (is_of_days and of_title - {(figure.first, figure.last)}):
                    found[at] = (EditionCell(*at, "Total", figure),)
    return found


def _sum_of(figures: list[Figure], edition: EditionFigures) -> Figure | None:
    """The figure that others add up to, over all of their days or of the whole, if it is their sum."""
    figures = sorted(figures, key=lambda f: f.first or date.min)
    first, last = figures[0], figures[-1]
    whole = replace(first, last=last.last, value=None, status=NEXT_NIGHT, period="", claims=())
    if first.last == last.last:
        whole = replace(whole, area_type="force", area_name=edition.force_name, category="all", period=first.period)
    elif all(a.last and b.first and b.first - a.last == timedelta(1) for a, b in pairwise(figures)):
        whole = replace(whole, period=f"{first.period} to {last.period}")
    else:
        return None
    is_of_one = len({(f.mart, f.measure, f.area_name if first.last != last.last else "") for f in figures}) == 1
    is_each_once = len({f.key for f in figures}) == len(figures)
    whole = edition.with_value(whole)
    is_sum = whole.value is not None and whole.value == sum(f.value for f in figures if f.value is not None)
    return whole if is_of_one and is_each_once and is_sum else None


def is_below_another(
    title: str, headings: list[str], titles: Collection[str], edition: EditionFigures, names: NamesAlone
) -> bool:
    """Whether the headings above a table's title say that it is of something else: another place, a target, or, where the title
    names no measure, anything that is not plain. `titles`: those of tables before that are linked, which are
    no headings of this one."""
    above = [h for h in headings if h != title]
    nearest = [h for h in above if h not in titles][-1:]
    if any(map(names_some_of_us, above[-2:])):
        return True
    if any(names_other_place(h, edition) for h in above) or any(map(says_other_kind, nearest)):
        return True
    of_title = _read(SCALE.sub("", title).strip(), names, edition.data_to, _FILLERS)
    names_measure = of_title is not None and of_title.measure is not None
    return not names_measure and any(_read_plain(edition.without_whole(h), edition) != _Named() for h in nearest)


def _change(at: tuple[int, int], shows: str, cells: Mapping[tuple[int, int], EditionCell]) -> Figure | None:
    """The change of a row with two values of which one is the other's a year later."""
    figures = sorted((c.figure for (r, _), c in cells.items() if r == at[0] and c.figure), key=lambda f: f.last or date.min)
    if len(figures) != 2:
        return None
    earlier, later = figures
    if later.first is None or years_before(later.first) != earlier.first or not earlier.is_year_before(later):
        return None
    if shows == "pct_change" and later.unit == "percent":
        return None
    return replace(later, shows=shows, unit=unit_shown(later.unit, shows))


def _read_plain(title: str, edition: EditionFigures) -> _Named | None:
    """The days of a title that says no more than measures, a period and plain words; None if it has other words."""
    if tells_part(title) or _PARTS & {*tokens(title)}:
        return None
    periods = periods_of(title, edition.data_to)
    text = title
    for place in (*mentions(title, title), *periods):
        text = text[: place.start] + " " * (place.end - place.start) + text[place.end :]
    words = re.findall(r"[a-z]{2,}", simple(_NUMBERED.sub("", text)))
    if not all(is_plain_in_title(word) and not _OF_A_PERIOD.fullmatch(word) for word in words) or len(periods) > 1:
        return None
    if not periods:
        return _Named()
    first, last = periods[0].first, periods[0].last
    return _Named(days=(first, last), label=title[periods[0].start : periods[0].end]) if first and last else None


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


def _read(text: str, names: NamesAlone, data_to: date, empty: Collection[str] = _OF_A_NUMBER) -> _Named | None:
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
    known = names.get(words) or _by_its_words(text)
    if len(known) != 1:
        return None
    (name,) = known
    return replace(name, days=found.days, label=found.label)


def _by_its_words(text: str) -> set[_Named]:
    """The measures that all words of a label are for, such as `Stop searches by unit`."""
    label = text.strip()
    whole = {m.what for m in mentions(label, label) if not _words(f"{label[: m.start]} {label[m.end :]}")}
    measures = (r for r in read_seed("measure_list") if f"{r['mart']}.{r['measure']}" in whole and r["is_published"] == "true")
    return {_Named(measure=(r["mart"], r["measure"]), unit=r["unit"]) for r in measures}


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
    for words in (("force",), ("force", "total"), ("total", "force"), *map(_words, names_of_force(edition.force_name))):
        names[words].add(_Named(area=("force", edition.force_name)))
    for category in frozenset().union(*edition.published_categories.values()) - {"all"}:
        names[_words(category)].add(_Named(category=category))
    return names
