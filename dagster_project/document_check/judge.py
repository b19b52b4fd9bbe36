"""The verdict on a printed number against its figure, by the same rule as `reports.claims`."""

from decimal import ROUND_FLOOR, Decimal

from dagster_project.editions.printed import PrintedNumber
from dagster_project.editions.verdicts import DISAGREES, NOT_COMPUTABLE

from .model import Figure

NOT_LINKED = "not linked"
NEXT_NIGHT = "next_night"
"""Status of a figure that was asked for after the published night, and is in no mart as it stands."""


def judge(printed: PrintedNumber, figure: Figure) -> tuple[str, str | None]:
    """Verdict and reason, at the precision of the print: a figure rounded to the printed place agrees, one that was cut off
    there agrees when cut."""
    if figure.status == "not_applicable":
        return NOT_COMPUTABLE, "not held in the warehouse"
    if figure.status == NEXT_NIGHT:
        return NOT_COMPUTABLE, "a claim that was added since: the next night counts it"
    if printed.value is None:
        if figure.value is None:
            return "agrees", None
        return DISAGREES, "printed as not available, and there is a figure"
    if figure.value is None:
        return NOT_COMPUTABLE, "no accepted file covers its days"
    side = -1 if figure.value < 0 else 1
    steps = abs(figure.value * printed.places)
    said = printed.value * printed.places
    reason = "over the covered part of the period" if figure.status == "partial" else None
    if said == side * (steps + Decimal("0.5")).to_integral_value(ROUND_FLOOR):
        return "agrees", reason
    if said == side * steps.to_integral_value(ROUND_FLOOR):
        return "agrees when cut", "printed cut off, not rounded"
    return DISAGREES, "the marts have another figure"
