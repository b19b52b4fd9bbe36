"""Judges a number where it stands: by its figure, and by what the words around it say of it."""

import re
from dataclasses import replace
from decimal import Decimal

from dagster_project.core.cell_text import plain_text
from dagster_project.editions.paragraphs import within
from dagster_project.editions.read_printed_numbers import PrintedNumber, read_printed
from dagster_project.editions.tables import CHANGES
from dagster_project.editions.verdicts import DISAGREES, NOT_COMPUTABLE
from dagster_project.editions.windows import years_before

from .edition_figures import EditionFigures
from .model import Figure
from .text.figures_in_text import Number, NumberInSentence
from .text.periods_in_text import periods_of
from .text.words_around_numbers import is_about, is_fall_in_words, side_of, way_in_clause, way_to, word_of_rank
from .verdict_rule import as_rounded, judge, judge_near

_NEGATIVE = re.compile(r"\(£?[\d.,]+ ?%?\)")
"""A change alone in its cell, as accounts write a fall."""
_WHOLE_PERIOD = re.compile(
    r"\b(?:(?:the whole|all) of (?=(?:19|20)\d\d|FY)|(?:whole|full|entire) (?:financial )?(?:year|period)\b)", re.I
)
Verdict = tuple[str, str | None]
"""A verdict and its reason."""


def judge_cell(number: Number, text: str, figure: Figure, scale: str) -> Verdict:
    """Judge a number of a table's cell, or of a content control. `scale`: of amounts without one of their own. Raises
    ValueError for a number that can't be read."""
    is_scaled = figure.unit == "gbp" and number.unit != "gbp" and number.text[-1].isdigit()
    printed = read_printed(f"{number.text}{scale if is_scaled else ''}", figure.unit)
    is_fall = figure.shows in CHANGES and bool(_NEGATIVE.fullmatch(text))
    return judge(_minus(printed) if is_fall else printed, figure)


def judge_in_sentence(
    spot: NumberInSentence, figure: Figure, came: Figure | None, paragraph: str | None, edition: EditionFigures
) -> Verdict:  # fmt: skip
    """Judge a number of a sentence. `came`: the figure that the sentence says that it rose or fell from. `paragraph`: the
    number of its paragraph in the edition. Raises ValueError for a number that can't be read."""
    printed = read_printed(spot.number.text, figure.unit)
    if figure.shows in CHANGES and is_fall_in_words(spot) and printed.value and printed.value > 0:
        # `fell by 12%` means -12.
        printed = _minus(printed)
    if side := side_of(spot):
        verdict, reason = judge_near(printed, side, figure)
    else:
        verdict, reason = judge(as_rounded(printed) if is_about(spot) else printed, figure)
    claims = [c for c in figure.claims if not side and read_printed(c.text, figure.unit) == printed]
    # A claim is of the exact number, unlike `some 1,800`.
    if claims and not (is_about(spot) and verdict == "agrees"):
        verdict, reason = claims[0].verdict, claims[0].reason
    if verdict == DISAGREES:
        return verdict, reason
    # In their own paragraph, claims are about its words too.
    is_claimed_here = any(paragraph and within(paragraph, c.paragraph) for c in claims)
    return _by_words(spot, figure, came, is_claimed_here, edition) or (verdict, reason)


def _minus(printed: PrintedNumber) -> PrintedNumber:
    return replace(printed, value=-printed.value) if printed.value else printed


def _by_words(
    spot: NumberInSentence, figure: Figure, came: Figure | None, is_claimed_here: bool, edition: EditionFigures
) -> Verdict | None:  # fmt: skip
    """The verdict on a right number, if the words around it say another way, or more than is checked."""
    if figure.status == "partial" and _WHOLE_PERIOD.search(spot.sentence):
        return NOT_COMPUTABLE, "the extracts cover only a part of the period"
    if came and came.value is not None and figure.value is not None and figure.shows == came.shows == "value":
        change = figure.value - came.value
        if change * way_to(spot) < 0:
            return DISAGREES, f"the number is right, but the change from {came.period} is {plain_text(change)}"
    for way, verdict in ((way_to(spot), DISAGREES), (way_in_clause(spot, figure.what), NOT_COMPUTABLE)):
        if (against := _change_against(spot, figure, way, edition)) is not None:
            return verdict, f"the number is right, but the change on the year before is {plain_text(against)}"
    word = None if is_claimed_here else word_of_rank(spot)
    return (NOT_COMPUTABLE, f"the number is right, but {word!r} is not checked") if word else None


def _change_against(spot: NumberInSentence, figure: Figure, way: int, edition: EditionFigures) -> Decimal | None:
    """The change of a year's figure on the year before, if it is not the way that the words say: `fell to 2,187`. None if they
    name another year than these two, as that may be what it rose or fell from."""
    if not way or not (figure.first and figure.last) or figure.shows != "value":
        return None
    named = {p.last for p in periods_of(spot.sentence, edition.data_to) if p.how in ("days", "ends")}
    # Of a month it may be that on the month before.
    is_on_year = (figure.last - figure.first).days > 300 or years_before(figure.last) in named
    if not is_on_year or named - {figure.last, years_before(figure.last)}:
        return None
    change = edition.with_value(replace(figure, shows="volume_change", value=None)).value
    return change if change is not None and change * way <= 0 else None
