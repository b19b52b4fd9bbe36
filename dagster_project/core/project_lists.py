"""Reads the reference lists of seeds/, for the code outside dbt that needs them."""

import csv
from collections.abc import Mapping
from functools import cache

from .coverages import read_coverage
from .home import SEEDS


@cache
def read_seed(name: str) -> tuple[dict[str, str], ...]:
    """A seed's rows, all text. Raises FileNotFoundError."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def force_names() -> dict[str, str]:
    """Names of the forces that may drop files, by police.uk id."""
    return {r["force_code"]: r["force_name"] for r in read_seed("forces")}


def extract_of(measure: Mapping[str, str]) -> str:
    """The extract on whose covered days a measure is available, from its row of `measure_list`."""
    return read_coverage(measure["coverage"]).extract


def coverage_of(measure: Mapping[str, str], category: str) -> str:
    """The coverage of a measure's figures in a category, from its row of `measure_list`: its categories may have their own."""
    return (category != "all" and measure["category_coverage"]) or measure["coverage"]


def counted_from(measure: Mapping[str, str], category: str) -> list[tuple[str, str, str]]:
    """Which rows a measure's figures in a category are counted from: role, measure and category of each part of a rate, or of
    its own rows."""
    if not measure["numerator"]:
        return [("rows", measure["measure"], category)]
    category_below = measure["denominator_category"] or category
    return [("numerator", measure["numerator"], category), ("denominator", measure["denominator"], category_below)]
