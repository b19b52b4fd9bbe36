"""The printed figures, read from `seeds/published_figures.csv`: the made-up rows must add up to them."""

from datetime import date
from decimal import Decimal
from functools import cache

from dagster_project.core.project_lists import read_seed

from .spans import Span, Total, span, split_totals

FORCE = "Derbyshire Constabulary"


@cache
def figures() -> tuple[dict[str, str], ...]:
    """The seed's rows of figures, without those of sentences. A figure that the report printed as `*` has a blank `value`."""
    return tuple(row for row in read_seed("published_figures") if row["kind"] == "figure")


def totals(
    measure: str,
    covered: Span,
    *,
    category: str = "all",
    area: str = FORCE,
    paragraph: str | None = None,
    mart: str | None = None,
    scale: int = 1,
) -> list[Total]:
    """Printed values of one measure, category and area, as whole numbers (`scale` 100: pence) with their spans, in the seed's
    order, each once.

    `paragraph`, `mart`: only figures of these (two marts have a measure `orders`). A figure "to date" has no first day: its
    span starts with the first covered day. Raises LookupError if there are none.
    """
    key = (measure, "value", category, area)
    of_key = [f for f in figures() if (f["measure"], f["figure"], f["category"], f["area_name"]) == key and f["value"]]
    matches = [f for f in of_key if paragraph in (None, f["paragraph"]) and mart in (None, f["mart"]) and f["period_end"]]
    if not matches:
        raise LookupError(f"the report prints no value of {measure} for {area}, {category}")
    first = covered.start.isoformat()
    sums = [Total(span(f["period_start"] or first, f["period_end"]), int(Decimal(f["value"]) * scale)) for f in matches]
    return list(dict.fromkeys(sums))


def pieces(measure: str, covered: Span, cuts: tuple[date, ...] = (), **which: str) -> list[Total]:
    """A count for each piece of `covered`, so that all printed values of a measure are met. `which`: as in `totals`."""
    return split_totals(totals(measure, covered, scale=1, **which), covered, cuts)


def units() -> list[str]:
    """Names of the force's local policing units, as the report prints them."""
    return sorted({f["area_name"] for f in figures() if f["area_type"] == "lpu"})


def categories(measure: str) -> list[str]:
    """Categories that the report prints for a measure, except `all`."""
    return list(dict.fromkeys(f["category"] for f in figures() if f["measure"] == measure and f["category"] != "all"))
