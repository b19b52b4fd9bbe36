"""The search page of the catalogue: one list of everything in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from ..measure_words import OFFENCE_MART
from .read import Catalogue, Measure


@dataclass(frozen=True)
class SearchEntry:
    """One thing to find. `page`: its place in the catalogue; `dashboard`: its place in the dashboard, after `#`."""

    kind: str
    name: str
    words: str
    where: str
    page: str
    dashboard: str = ""


def dashboard_link(measure: Measure, category: str = "") -> str:
    """The place of a measure in the dashboard, after `#`."""
    state = {"view": "measure", "mart": measure.mart, "measure": measure.name}
    return urlencode(state | ({"category": category} if category else {}))


def search_entries(catalogue: Catalogue, offences: dict[str, str]) -> list[SearchEntry]:
    """Measures, categories, columns, extracts and relations, in this order, each sorted by name. `offences`: codes in words."""
    return [*_measures(catalogue), *_categories(catalogue, offences), *_columns(catalogue), *_others(catalogue)]


def _page(catalogue: Catalogue, measure: Measure) -> str:
    return f"{catalogue.pages[f'marts.{measure.mart}']}#{measure.anchor}"


def _measures(catalogue: Catalogue) -> Iterator[SearchEntry]:
    for m in sorted(catalogue.measures, key=lambda m: (m.title, m.mart)):
        yield SearchEntry("Measure", m.title, f"{m.meaning}. {m.name}", m.mart, _page(catalogue, m), dashboard_link(m))


def _categories(catalogue: Catalogue, offences: dict[str, str]) -> Iterator[SearchEntry]:
    used: dict[tuple[str, str], list[Measure]] = {}
    for m in catalogue.measures:
        for category in m.categories:
            if category != "all":
                used.setdefault((category, m.mart), []).append(m)
    for (category, mart), measures in sorted(used.items(), key=lambda item: item[0]):
        meaning = offences.get(category, "") if mart == OFFENCE_MART else ""
        text = ". ".join(filter(None, (meaning, "Category of " + ", ".join(m.title for m in measures))))
        page, link = _page(catalogue, measures[0]), dashboard_link(measures[0], category)
        yield SearchEntry("Category", category, text, mart, page, link)


def _columns(catalogue: Catalogue) -> Iterator[SearchEntry]:
    used: dict[tuple[str, str], list[str]] = {}
    for r in catalogue.relations:
        for name, _, words in r.columns:
            used.setdefault((name, words), []).append(r.full_name)
    for (name, words), relations in sorted(used.items()):
        where = relations[0] if len(relations) == 1 else f"{relations[0]} and {len(relations) - 1} more"
        yield SearchEntry("Column", name, words, where, f"{catalogue.pages[relations[0]]}#columns")


def _others(catalogue: Catalogue) -> Iterator[SearchEntry]:
    for extract, title in sorted(catalogue.titles.items(), key=lambda e: e[1]):
        yield SearchEntry("Extract", title, extract, "", f"extracts.html#extract-{extract}")
    for r in sorted(catalogue.relations, key=lambda r: r.full_name):
        yield SearchEntry("Relation", r.full_name, r.description, "", r.page)
