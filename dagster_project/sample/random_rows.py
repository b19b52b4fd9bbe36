"""Shared by all made-up rows: marked references, units, times of day, and random numbers for each extract."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .published import Published

MARK = "SAMPLE"
"""The start of every reference, so that no row can be taken for a real one."""

TIMES = [f"{hour:02d}:{minute:02d}:00" for hour in range(24) if hour != 1 for minute in range(60)]
"""Times of day, without the hour from one to two, which clock changes repeat or skip."""


def random_for(extract: str) -> Random:
    """The random numbers of one extract: always the same, and independent of other extracts."""
    return Random(f"made-up sample of {extract}")


def references(kind: str, number: int) -> list[str]:
    """`SAMPLE-<kind>-000001` and so on."""
    return [f"{MARK}-{kind}-{at:06d}" for at in range(1, number + 1)]


@dataclass(frozen=True)
class Choice:
    """Values to draw at random. The weights are assumptions of the sample, not of the report."""

    weights: dict[str, int]

    def draw(self, rng: Random, number: int) -> list[str]:
        """A value for each of `number` rows."""
        return rng.choices(list(self.weights), list(self.weights.values()), k=number)


def units(published: Published, blank: int = 3, other: int = 1) -> Choice:
    """Local policing units for `lpu`: codes and names, a few blank, and a few of other forces."""
    weights: dict[str, int] = {"": blank, "Out of force": other}
    for at, name in enumerate(published.units()):
        weights[unit_code(name)] = 6 + at % 4
        weights[name] = 3
    return Choice(weights)


def unit_code(name: str) -> str:
    """The code of a unit, as `areas.csv` writes it."""
    return name.lower().replace(" ", "-")


def add_times(rng: Random, days: Sequence[str], joiner: str = "T") -> list[str]:
    """A time of day added to each day."""
    return [f"{day}{joiner}{time}" for day, time in zip(days, rng.choices(TIMES, k=len(days)), strict=True)]
