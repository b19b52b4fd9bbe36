"""The method of NHSRplotthedots on many series at once, in numpy: a second reading of it, without the warehouse's code.

    marked, way = charted(values)                       # limits of the series' own months, as the package has them
    marked, way = charted(values, mean=100, limit=30)   # limits that are known beforehand
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def charted(values: Array, mean: float | None = None, limit: float | None = None) -> tuple[dict[str, Array], Array]:
    """Which months the rules mark, one series a row, and in which direction: 1 high, -1 low, 0 common cause.

    `mean`, `limit`: the middle and how far the limits are from it; those of each series, where they are not given.
    """
    steps = np.sign(np.diff(values))
    middle, far = limits(values) if mean is None or limit is None else (mean, limit)
    off = values - middle
    side = np.sign(off)
    outside = np.abs(off) > far
    near = (np.abs(off) > far * 2 / 3) & ~outside
    run = _within(np.abs(_ends(side, 7)) == 7, 7)
    trend = _within(np.abs(np.pad(_ends(steps, 6), ((0, 0), (1, 0)))) == 6, 7)
    two = near & _within((np.abs(_ends(side, 3)) == 3) & (_ends(near.astype(int), 3) >= 2), 3)
    # A trend goes the way of the step to its next month, and at its last month that of the step before.
    ahead, behind = np.pad(steps, ((0, 0), (0, 1))), np.pad(steps, ((0, 0), (1, 0)))
    goes = np.where(np.pad(trend[:, 1:], ((0, 0), (0, 1))), ahead, behind)
    way = np.select([outside, trend, two | run], [side, goes, side], 0)
    return {"is_outside_limits": outside, "is_run": run, "is_trend": trend, "is_two_of_three": two}, way


def limits(values: Array) -> tuple[Array, Array]:
    """The mean of each series, and the distance of its limits from it."""
    ranges = np.abs(np.diff(values))
    usual = np.ma.masked_array(ranges, ranges >= 3.267 * ranges.mean(axis=1, keepdims=True))
    return values.mean(axis=1, keepdims=True), 2.66 * usual.mean(axis=1).filled(0)[:, None]


def shares_found(values: Array, before: int, mean: float | None = None, limit: float | None = None) -> Array:
    """Shares of series in which a chart has marked a month as high, by the number of months after the first `before`."""
    seen = np.zeros(len(values), dtype=bool)
    shares = []
    for months in range(before + 1, values.shape[1] + 1):
        seen |= (charted(values[:, :months], mean, limit)[1][:, before:] == 1).any(axis=1)
        shares.append(seen.mean())
    return np.array(shares)


def _ends(values: Array, length: int) -> Array:
    """For each month the sum of the last so many months; 0 if there are fewer."""
    sums = np.lib.stride_tricks.sliding_window_view(values, length, axis=1).sum(axis=2)
    return np.pad(sums, ((0, 0), (length - 1, 0)))


def _within(ends: Array, length: int) -> Array:
    """Whether a month is one of the last so many before a month that is true."""
    later = np.pad(ends, ((0, 0), (0, length - 1)))
    return np.lib.stride_tricks.sliding_window_view(later, length, axis=1).any(axis=2)
