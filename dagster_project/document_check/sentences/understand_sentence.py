"""Reads what a sentence claims: the measure, its value or change, the area, the category and the days."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from dagster_project.core.errors import PamError
from dagster_project.core.project_lists import read_seed
from dagster_project.editions.tables import unit_shown
from dagster_project.serving.typed_names import UnknownNameError, area_named, measures_named

from ..edition_figures import EditionFigures
from ..model import SHOWS, Figure
from ..text.figures_in_text import Number, NumberInSentence, numbers_of
from ..text.periods_in_text import periods_of
from ..text.words import mentions
from ..text.words_around_numbers import Written, is_fall_in_words, read_written, side_of
from ..verdict_rule import NEXT_NIGHT
from .areas_and_categories import AreaOrCategory, area_beside, category_beside
from .base_of_change import is_on_another_base
from .link_sentences import is_plain
from .other_places import other_places_of
from .period_of_number import is_of_number_in_brackets, is_of_year_before


class NotUnderstoodError(PamError, ValueError):
    """A sentence that says too little or too much. `option`: the option that settles it."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{problem}: say {option}")
        self.option = option


@dataclass(frozen=True)
class SentenceClaim:
    """What a sentence claims: a figure, without its value. `printed` has a minus sign if the words mean a fall."""

    figure: Figure
    printed: str
    sentence: str


@dataclass(frozen=True)
class ClaimOptions:
    """What a person set with options. It replaces what the sentence says."""

    number: str | None = None
    mart: str | None = None
    measure: str | None = None
    figure: str | None = None
    area: str | None = None
    category: str | None = None
    first: date | None = None
    last: date | None = None


def understand_sentence(sentence: str, given: ClaimOptions, edition: EditionFigures) -> SentenceClaim:
    """What a sentence claims. Raises NotUnderstoodError for the first point that it leaves open."""
    number = _number(sentence, given)
    spot = NumberInSentence(
        sentence, number, tuple(n for n in numbers_of(sentence) if n.kind in ("figure", "days") and n != number)
    )
    written = read_written(spot)
    measure = _measure(spot, given, written)
    shows = given.figure or _shows(written, measure["unit"])
    if shows not in SHOWS:
        raise NotUnderstoodError("--figure", f"{shows!r} is none of {', '.join(SHOWS)}")
    first, last, label = _days(spot, given, edition.data_to)
    area_type, area = _area(spot, given, measure["mart"], edition)
    unit = unit_shown(measure["unit"], shows)
    is_fall = shows != "value" and is_fall_in_words(spot)
    printed = f"-{number.text}" if is_fall and number.text[0] not in "-–−" else number.text
    category = given.category or _category(spot, measure, edition)
    figure = Figure(
        measure["mart"], measure["measure"], shows, area_type, area, category, first, last, unit, None, NEXT_NIGHT, label
    )  # fmt: skip
    _doubt(spot, given, figure, edition)
    return SentenceClaim(figure, printed, sentence)


def _doubt(spot: NumberInSentence, given: ClaimOptions, figure: Figure, edition: EditionFigures) -> None:
    """Raise NotUnderstoodError if words say a limit, a part, another place or another base, and no option settles it."""
    known = ("district", "upper_tier" if figure.mart == "mart_public_health" else "section", "lpu")
    if not given.area and other_places_of(spot.sentence, edition, known):
        raise NotUnderstoodError("--area", "the sentence names another place")
    # A category is a part, and a known one.
    if not given.measure and figure.category == "all" and (side_of(spot) or not is_plain(spot, edition)):
        raise NotUnderstoodError("--measure", "the words around the number may mean a limit, a part or something else")
    if not given.figure and is_on_another_base(spot, figure, edition):
        raise NotUnderstoodError("--figure", "the change is not on the year before")


def _number(sentence: str, given: ClaimOptions) -> Number:
    # A number that may be a year is one only if the person names it.
    kinds = ("figure", "days", "unclear") if given.number else ("figure", "days")
    numbers = [n for n in numbers_of(sentence) if n.kind in kinds and given.number in (None, n.text)]
    if not numbers:
        problem = f"has no number {given.number}" if given.number else "has no number that could be a figure"
        raise NotUnderstoodError("the sentence with its number", f"{sentence!r} {problem}")
    if len(numbers) > 1:
        raise NotUnderstoodError("--number", f"the sentence has several numbers ({', '.join(n.text for n in numbers)})")
    return numbers[0]


def _measure(spot: NumberInSentence, given: ClaimOptions, written: Written) -> Mapping[str, str]:
    if given.measure:
        # The mart first, so that the option that is asked for is the one that is wrong.
        for option, word in (("--mart", None), ("--measure", given.measure)):
            try:
                matches = measures_named(word, given.mart)
            except UnknownNameError as error:
                raise NotUnderstoodError(option, str(error)) from error
        if len(matches) > 1:
            raise NotUnderstoodError("--mart", f"{' and '.join(m['mart'] for m in matches)} have a measure {given.measure}")
        return matches[0]
    known = {f"{m['mart']}.{m['measure']}": m for m in read_seed("measure_list")}
    number = spot.number
    distance = {
        m.what: min(abs(m.start - number.end), abs(number.start - m.end))
        for m in mentions(spot.sentence, spot.sentence) if _may_be(known[m.what]["unit"], written)
    }  # fmt: skip
    near = [what for what, far in distance.items() if far == min(distance.values())]
    if len(near) != 1:
        problem = f"the words may mean {' or '.join(near)}" if near else "no measure is known by these words"
        raise NotUnderstoodError("--measure", problem)
    return known[near[0]]


def _may_be(unit: str, written: Written) -> bool:
    if written.unit == "percent":
        return unit == "percent" or written.is_change
    if written.unit == "percentage_points":
        return unit == "percent"
    return unit == written.unit


def _shows(written: Written, unit: str) -> str:
    if written.unit == "percent" and unit != "percent":
        return "pct_change"
    return "volume_change" if written.is_by else "value"


def _days(spot: NumberInSentence, given: ClaimOptions, data_to: date) -> tuple[date, date, str]:
    if given.first and given.last:
        return given.first, given.last, f"{given.first} to {given.last}"
    periods = [p for p in periods_of(spot.sentence, data_to) if not p.is_compared]
    if not periods:
        raise NotUnderstoodError("--from and --to", "the sentence says no period")
    if any(is_of_number_in_brackets(spot, p) for p in periods):
        raise NotUnderstoodError("--from and --to", "the period may be that of the number in the brackets alone")
    if is_of_year_before(spot):
        raise NotUnderstoodError("--from and --to", "the words around the number may mean the year before")
    period = min(periods, key=lambda p: min(abs(p.start - spot.number.end), abs(spot.number.start - p.end)))
    full_period = replace(period, last=data_to) if period.how == "year_to_date" else period
    if len({(p.first, p.last) for p in periods}) > 1 or full_period.first is None or full_period.last is None:
        raise NotUnderstoodError("--from and --to", "the sentence does not say from which day to which")
    words = spot.sentence[period.start : period.end]
    # Up to when `so far in 2025/26` counts is not in the words.
    label = f"{full_period.first} to {full_period.last}" if period.how == "year_to_date" else words
    return full_period.first, full_period.last, label


def _area(spot: NumberInSentence, given: ClaimOptions, mart: str, edition: EditionFigures) -> tuple[str, str]:
    kinds = ("country", "region", "upper_tier", "district") if mart == "mart_public_health" else ("section", "lpu", "district")
    if given.area:
        try:
            places = [p for p in edition.places if p.kind in (*kinds, "force")]
            area = area_named(given.area, None, places, marts={mart}, first=kinds)
        except UnknownNameError as error:
            raise NotUnderstoodError("--area", str(error)) from error
        return area.kind, area.name
    areas = {name: kind for kind in reversed(kinds) for name in edition.areas.get(kind, ())}
    beside = _sure(area_beside(spot, frozenset(areas), edition), areas, "--area")
    if beside is None and mart == "mart_public_health":
        raise NotUnderstoodError("--area", "the sentence names no area")
    return (areas[beside], beside) if beside else ("force", edition.force_name)


def _category(spot: NumberInSentence, measure: Mapping[str, str], edition: EditionFigures) -> str:
    beside = category_beside(spot, measure["mart"], measure["measure"], edition)
    return _sure(beside, edition.named_categories(measure["mart"], measure["measure"]), "--category") or "all"


def _sure(beside: AreaOrCategory, known: Collection[str], option: str) -> str | None:
    """The name of an area or category, if it is one alone. Raises NotUnderstoodError."""
    if beside.is_doubtful:
        raise NotUnderstoodError(option, f"the number may be of {beside.name}, and may not")
    if beside.name is not None and beside.name not in known:
        raise NotUnderstoodError(option, f"the sentence names {beside.name}")
    return beside.name


def template(sentence: str) -> tuple[str, list[Number]]:
    """A sentence with `#` for its numbers, and the numbers. Sentences that differ only in numbers have the same template."""
    numbers = [n for n in numbers_of(sentence) if n.kind in ("figure", "days", "unclear", "paragraph")]
    text, at = "", 0
    for number in numbers:
        text += sentence[at : number.start] + ("#" if number.kind != "paragraph" else "")
        at = number.end
    text += sentence[at:]
    return re.sub(r"(?<!\W)\W+$", "", " ".join(text.lower().split())), [n for n in numbers if n.kind != "paragraph"]
