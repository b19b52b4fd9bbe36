"""A control chart in plain Python: NHSRplotthedots 0.2.2 (MIT), function by function, without the warehouse's code.

    points = chart([12, 15, 9, ...], rebase={24})

Names in brackets are the package's functions. Numbers are floats, as in R.
"""

import itertools
from dataclasses import dataclass
from fractions import Fraction
from math import inf, nan

LIMIT = 2.66
NEAR = 2 * (LIMIT / 3)
SCREEN = 3.267


@dataclass(frozen=True)
class Point:
    """A month. `lower` and `upper` are nan if the base has one month."""

    value: float
    mean: float
    lower: float
    upper: float
    base: int
    is_outside: bool
    is_run: bool
    is_trend: bool
    is_two_of_three: bool
    variation: str


def chart(values, rebase=()):
    """The points of a series. A new base begins at each index in `rebase`. Values: int, Decimal or Fraction."""
    points, begin, base = [], 0, 0
    for end in [*sorted(p for p in rebase if 0 < p < len(values)), len(values)]:
        points += _base([Fraction(v) for v in values[begin:end]], base)
        begin, base = end, base + 1
    return points


def _mean(values):
    # Rounded once, as in R.
    return float(sum(values) / len(values)) if values else nan


def _base(values, base):
    """[ptd_spc_standard, ptd_special_cause_type]"""
    y, mean = [float(v) for v in values], _mean(values)
    ranges = [abs(b - a) for a, b in itertools.pairwise(values)]
    average = _mean(ranges)
    # If nothing moves, the package has no ranges left and no limits; the warehouse uses the mean.
    usual = _mean([r for r in ranges if float(r) < SCREEN * average or r == 0])
    lower, upper = mean - LIMIT * usual, mean + LIMIT * usual
    near_lower, near_upper = mean - NEAR * usual, mean + NEAR * usual
    # Compared exactly: floats of tenths can add up to a mean that none of them equals.
    exact = sum(values) / len(values)
    side = [_sign(v - exact) for v in values]
    outside = [s != 0 and (v > upper or v < lower) for s, v in zip(side, y, strict=True)]
    close = [s != 0 and not o and (v > near_upper or v < near_lower) for s, v, o in zip(side, y, outside, strict=True)]
    runs = part_of_seven(seven_one_side(side))
    trends = part_of_seven(seven_trend(values))
    twos = [c and t for c, t in zip(close, two_in_three(close, side), strict=True)]
    steps = [_sign(b - a) for a, b in itertools.pairwise(values)]
    points = []
    for i, value in enumerate(y):
        if outside[i]:
            direction = side[i]
        elif trends[i]:
            continues = i + 1 < len(y) and trends[i + 1]
            direction = steps[i] if continues else steps[i - 1]
        elif twos[i] or runs[i]:
            direction = side[i]
        else:
            direction = None
        variation = "common cause" if direction is None else "high" if direction == 1 else "low"
        points.append(Point(value, mean, lower, upper, base, outside[i], runs[i], trends[i], twos[i], variation))
    return points


def _sign(number):
    return (number > 0) - (number < 0)


def seven_one_side(side):
    """For each point, whether the seven that end with it are on one side of the mean. [ptd_seven_point_one_side_mean]"""
    return [i >= 6 and side[i] != 0 and all(s == side[i] for s in side[i - 6 : i]) for i in range(len(side))]


def seven_trend(values):
    """For each point, 1 or -1 where the seven that end with it rise or fall, else 0. [ptd_seven_point_trend]"""
    trends = []
    for i in range(len(values)):
        steps = [_sign(values[k + 1] - values[k]) for k in range(i - 6, i)] if i >= 6 else [0]
        trends.append(steps[0] if len(set(steps)) == 1 else 0)
    return trends


def part_of_seven(ends):
    """For each point, whether it or one of the next six ends a run. [ptd_part_of_seven_trend]"""
    return [any(ends[i : i + 7]) for i in range(len(ends))]


def two_in_three(close, side):
    """For each point, whether it is one of three on one side, two of them near the limit. [ptd_two_in_three]"""

    def begins_three(i):
        return i >= 0 and i + 3 <= len(close) and sum(close[i : i + 3]) >= 2 and abs(sum(side[i : i + 3])) == 3

    return [any(begins_three(k) for k in range(i - 2, i + 1)) for i in range(len(close))]


def shown_lower(point, unit):
    """The lower limit as it is shown: for a count, at least 0."""
    return max(point.lower, 0.0 if unit == "count" else -inf)
