"""The printed figures, read from `seeds/published_figures.csv`: the made-up rows must add up to them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from dagster_project.core.seeds import read_seed

from .spans import Span, Total, split_totals

FORCE = "Derbyshire Constabulary"


@dataclass(frozen=True)
class PublishedFigure:
    """A printed figure. `value`: as in the seed; None if the report printed `*`."""

    start: date | None
    end: date | None
    value: Decimal | None
    paragraph: str
    mart: str
    measure: str
    figure: str
    area_type: str
    area: str
    category: str
    label: str


@cache
def figures() -> tuple[PublishedFigure, ...]:
    """The figures of the seed, without its sentences."""
    names = ("paragraph", "mart", "measure", "figure", "area_type", "area_name", "category", "period_label")
    return tuple(
        PublishedFigure(
            _day(row["period_start"]), _day(row["period_end"]), Decimal(row["value"]) if row["value"] else None,
            *[row[n] for n in names],
        )
        for row in read_seed("published_figures") if row["kind"] == "figure"
    )  # fmt: skip


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def select(
    measure: str, *, category: str = "all", area: str = FORCE, paragraph: str | None = None, mart: str | None = None
) -> list[PublishedFigure]:
    """Figures with a value for one measure, category and area, each period once, in the seed's order.

    `paragraph`, `mart`: only figures of these (two marts have a measure `orders`). Raises LookupError if there are none.
    """
    wanted = (measure, "value", category, area)
    found: dict[tuple[date | None, date | None, Decimal], PublishedFigure] = {}
    for f in figures():
        is_wanted = (f.measure, f.figure, f.category, f.area) == wanted and paragraph in (None, f.paragraph)
        if is_wanted and mart in (None, f.mart) and f.value is not None:
            found.setdefault((f.start, f.end, f.value), f)
    if not found:
        raise LookupError(f"the report prints no value of {measure} for {area}, {category}")
    return list(found.values())


def totals(measure: str, covered: Span, *, scale: int = 1, **which: str) -> list[Total]:
    """Printed values of a measure as whole numbers (`scale` 100: pence), with their spans. `which`: as in `select`.

    A figure "to date" has no first day: its span starts with the first covered day.
    """
    return [
        Total(Span(f.start or covered.start, f.end), int(f.value * scale))
        for f in select(measure, **which) if f.value is not None and f.end is not None
    ]  # fmt: skip


def pieces(measure: str, covered: Span, cuts: tuple[date, ...] = (), **which: str) -> list[Total]:
    """A count for each piece of `covered`, so that all printed values of a measure are met. `which`: as in `select`."""
    return split_totals(totals(measure, covered, scale=1, **which), covered, cuts)


def units() -> list[str]:
    """Names of the force's local policing units, as the report prints them."""
    return sorted({f.area for f in figures() if f.area_type == "lpu"})


def categories(measure: str) -> list[str]:
    """Categories that the report prints for a measure, except `all`."""
    return list(dict.fromkeys(f.category for f in figures() if f.measure == measure and f.category != "all"))
