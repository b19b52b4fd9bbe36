"""The search of the catalogue: one list of everything in it, by the words that people look for."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from ..category_words import CODED, offence_words
from .read import Catalogue, Measure


@dataclass(frozen=True)
class SearchEntry:
    """One thing to find. `page`: where the catalogue tells of it; `dashboard`: what the dashboard's address says of it."""

    kind: str
    name: str
    words: str
    where: str
    page: str
    dashboard: str = ""


def dashboard_state(measure: Measure, category: str = "") -> str:
    """The address of a measure in the dashboard, behind its `#`."""
    picked = {"view": "measure", "mart": measure.mart, "measure": measure.name}
    return urlencode(picked | ({"category": category} if category else {}))


def everything(catalogue: Catalogue) -> list[SearchEntry]:
    """Measures, categories, columns, extracts, relations: in this order, each kind by name."""
    return [*_measures(catalogue), *_categories(catalogue), *_columns(catalogue), *_others(catalogue)]


def _page(catalogue: Catalogue, measure: Measure) -> str:
    return f"{catalogue.pages[f'marts.{measure.mart}']}#{measure.anchor}"


def _measures(catalogue: Catalogue) -> Iterator[SearchEntry]:
    for m in sorted(catalogue.measures, key=lambda m: (m.title, m.mart)):
        yield SearchEntry("Measure", m.title, f"{m.meaning}. {m.name}", m.mart, _page(catalogue, m), dashboard_state(m))


def _categories(catalogue: Catalogue) -> Iterator[SearchEntry]:
    used: dict[tuple[str, str], list[Measure]] = {}
    for m in catalogue.measures:
        for category in m.categories:
            if category != "all":
                used.setdefault((category, m.mart), []).append(m)
    words = offence_words(category for category, mart in used if mart == CODED)
    for (category, mart), measures in sorted(used.items(), key=lambda one: one[0]):
        known = words.get(category, "") if mart == CODED else ""
        of = "Category of " + ", ".join(m.title for m in measures)
        yield SearchEntry("Category", category, f"{known}. {of}" if known else of, mart, _page(catalogue, measures[0]),
                    dashboard_state(measures[0], category))  # fmt: skip


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
