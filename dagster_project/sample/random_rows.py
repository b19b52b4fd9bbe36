"""Shared by all made-up rows: marked references, units, times of day, and random numbers for each extract."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from . import printed_figures

MARK = "SAMPLE"
"""The start of every reference, so that no row can be taken for a real one."""

TIMES = [f"{hour:02d}:{minute:02d}:00" for hour in range(24) if hour != 1 for minute in range(60)]
"""Times of day, without the hour from one to two, which clock changes repeat or skip."""

Weights = Mapping[str, int]
"""Values to draw at random. Their weights are assumptions of the sample, not of the report."""


def random_for(extract: str) -> Random:
    """The random numbers of one extract: always the same, and independent of other extracts."""
    return Random(f"made-up sample of {extract}")


def draw(rng: Random, weights: Weights, number: int) -> list[str]:
    """A value for each of `number` rows."""
    return rng.choices(list(weights), list(weights.values()), k=number)


def references(kind: str, number: int) -> list[str]:
    """`SAMPLE-<kind>-000001` and so on."""
    return [f"{MARK}-{kind}-{at:06d}" for at in range(1, number + 1)]


def with_references(kind: str, rows: Sequence[Iterable[Any]]) -> list[tuple[Any, ...]]:
    """The rows, each with a reference as its first cell."""
    return [(ref, *row) for ref, row in zip(references(kind, len(rows)), rows, strict=True)]


def with_units(rng: Random, rows: Sequence[Iterable[Any]]) -> list[tuple[Any, ...]]:
    """The rows, each with a local policing unit as its last cell: its code or name, a few blank, and a few of other forces."""
    weights = {"": 3, "Out of force": 1}
    for at, name in enumerate(printed_figures.units()):
        weights |= {unit_code(name): 6 + at % 4, name: 3}
    return [(*row, unit) for row, unit in zip(rows, draw(rng, weights, len(rows)), strict=True)]


def unit_code(name: str) -> str:
    """The code of a unit, as `areas.csv` writes it."""
    return name.lower().replace(" ", "-")


def add_times(rng: Random, days: Sequence[str], joiner: str = "T") -> list[str]:
    """A time of day added to each day."""
    return [f"{day}{joiner}{time}" for day, time in zip(days, rng.choices(TIMES, k=len(days)), strict=True)]
