"""Judges a number of any document by its figure, for `pam check`. `dbt/models/reports/claims.sql` judges claims of editions
by the same rule."""

from decimal import ROUND_FLOOR, Decimal

from dagster_project.editions.read_printed_numbers import PrintedNumber
from dagster_project.editions.tables import CHANGES
from dagster_project.editions.verdicts import DISAGREES, NOT_COMPUTABLE

from .model import Figure

NOT_LINKED = "not linked"
NO_FILE = "no accepted file has it for these days"
OF_NOTHING = "there is no such figure: nothing to divide by, nothing counted, or a percentage of a percentage"
NO_CHANGE = "there is no such change: the year before is 0 or nothing was counted, or no files cover all of its days"
NEXT_NIGHT = "next_night"
"""Status of a figure of a claim that was added after the published night, and that no mart has."""


def as_rounded(printed: PrintedNumber) -> PrintedNumber:
    """A number that is said to be rounded, at its last digit that is not 0, but to two digits at least: `around 2,000` is to
    hundreds."""
    value = printed.value
    if not value:
        return printed
    exponent = min(int(value.normalize().as_tuple().exponent), value.adjusted() - 1)
    return PrintedNumber(value, min(printed.places, Decimal(1).scaleb(-exponent)))


def judge_near(printed: PrintedNumber, side: int, figure: Figure) -> tuple[str, str | None]:
    """Verdict and reason for `just over` (`side` 1) or `just under` (-1): the figure is on this side, by less than one step of
    the last digit that is not 0. Up to two steps, who is less strict may call it near."""
    verdict, reason = judge(printed, figure)
    if verdict == NOT_COMPUTABLE or printed.value is None or figure.value is None or printed.value * figure.value <= 0:
        return verdict, reason
    over = side * (abs(figure.value) - abs(printed.value)) * as_rounded(printed).places
    if 0 < over < 1:
        return "agrees", reason if verdict == "agrees" else None
    if over == 0 or 1 <= over < 2:
        return NOT_COMPUTABLE, "the number may be said to be near, and may not"
    return DISAGREES, "the marts have another figure"


def judge(printed: PrintedNumber, figure: Figure) -> tuple[str, str | None]:
    """Verdict and reason, at the printed precision. `agrees`: the same when rounded to the printed place; `agrees when cut`:
    the same when cut off there."""
    if figure.status == "not_applicable":
        return NOT_COMPUTABLE, "not held in the warehouse"
    if figure.status == NEXT_NIGHT:
        return NOT_COMPUTABLE, "this claim was added after the published night: the next night counts it"
    if printed.value is None:
        if figure.value is None:
            return "agrees", None
        return DISAGREES, "printed as not available, and there is a figure"
    if figure.value is None:
        is_of_nothing = figure.shows in ("value", "prior_value") and (
            figure.status == "complete" or (figure.unit == "percent" and figure.status == "partial")
        )
        if figure.shows in CHANGES and figure.status == "complete":
            return NOT_COMPUTABLE, NO_CHANGE
        # A unit may have another name since.
        no_file = NO_FILE + (", or the list of areas lacks the name" if figure.area_type in ("section", "lpu") else "")
        return NOT_COMPUTABLE, OF_NOTHING if is_of_nothing else no_file
    side = -1 if figure.value < 0 else 1
    steps = abs(figure.value * printed.places)
    printed_steps = printed.value * printed.places
    reason = "over the covered part of the period" if figure.status == "partial" else None
    rounded_steps = side * (steps + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
    if printed_steps == rounded_steps:
        return "agrees", reason
    if printed_steps == side * steps.to_integral_value(ROUND_FLOOR):
        return "agrees when cut", "matches if rounded down"
    # The whole period may have what was printed, unless a part of it counts more already.
    if figure.status == "partial" and not (figure.unit == "count" and figure.value > printed.value):
        return NOT_COMPUTABLE, "the extracts cover only a part of the period"
    if figure.shows in CHANGES and -printed_steps == rounded_steps:
        return DISAGREES, f"the number is right, but it {'rose' if figure.value > 0 else 'fell'}"
    return DISAGREES, "the marts have another figure"
