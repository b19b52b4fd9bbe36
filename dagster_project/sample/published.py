"""The printed figures, read from the seed: the made-up rows must add up to them."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from dagster_project.core.home import SEEDS

from .spans import Span, Total

FORCE = "Derbyshire Constabulary"


@dataclass(frozen=True)
class PublishedFigure:
    """A printed figure. `value`: as in the seed; None if the report printed `*`."""

    paragraph: str
    mart: str
    measure: str
    figure: str
    area_type: str
    area: str
    category: str
    label: str
    start: date | None
    end: date | None
    value: Decimal | None


class Published:
    """The figures of `seeds/published_figures.csv`, without its sentences."""

    def __init__(self, path: Path = SEEDS / "published_figures.csv") -> None:
        with path.open(encoding="utf-8", newline="") as file:
            self.figures = [
                PublishedFigure(
                    row["paragraph"],
                    row["mart"],
                    row["measure"],
                    row["figure"],
                    row["area_type"],
                    row["area_name"],
                    row["category"],
                    row["period_label"],
                    _date(row["period_start"]),
                    _date(row["period_end"]),
                    Decimal(row["value"]) if row["value"] else None,
                )
                for row in csv.DictReader(file)
                if row["kind"] == "figure"
            ]

    def select(
        self,
        measure: str,
        *,
        figure: str = "value",
        category: str = "all",
        area: str = FORCE,
        paragraph: str | None = None,
        mart: str | None = None,
    ) -> list[PublishedFigure]:
        """Figures with a value for one measure, category and area, each period once, in the seed's order.

        `paragraph`, `mart`: only figures of these (two marts have a measure `orders`). Raises LookupError if there are none.
        """
        figures: dict[tuple[date | None, date | None, Decimal], PublishedFigure] = {}
        for each in self.figures:
            if (
                each.measure == measure
                and each.figure == figure
                and each.category == category
                and each.area == area
                and paragraph in (None, each.paragraph)
                and mart in (None, each.mart)
                and each.value is not None
            ):
                figures.setdefault((each.start, each.end, each.value), each)
        if not figures:
            raise LookupError(f"the report prints no {figure} of {measure} for {area}, {category}")
        return list(figures.values())

    def totals(self, measure: str, covered: Span, *, scale: int = 1, **which: str) -> list[Total]:
        """Printed values of a measure as whole numbers (`scale` 100: pence), with their spans.

        A figure "to date" has no first day: its span starts with the first covered day.
        """
        return [
            Total(Span(each.start or covered.start, each.end), int(each.value * scale))
            for each in self.select(measure, **which)
            if each.value is not None and each.end is not None
        ]

    def units(self) -> list[str]:
        """Names of the force's local policing units, as the report prints them."""
        return sorted({each.area for each in self.figures if each.area_type == "lpu"})

    def categories(self, measure: str) -> list[str]:
        """Categories that the report prints for a measure, except `all`."""
        return list(dict.fromkeys(each.category for each in self.figures if each.measure == measure and each.category != "all"))


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
