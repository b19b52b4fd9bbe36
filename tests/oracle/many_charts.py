"""The method of NHSRplotthedots on many series at once, in numpy: a second reading of it, without the warehouse's code.

    marked, way = charted(values)                       # limits of the series' own months, as the package has them
    marked, way = charted(values, mean=100, limit=30)   # limits that are known beforehand
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
WITHIN, SHIFT = 7, 2.0
"""Months after a shift, and its size in standard deviations."""
RULES = ("is_outside_limits", "is_run", "is_trend", "is_two_of_three")


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


def false_alarms(values: Array) -> dict[str, float]:
    """Percentages of months, and of series, that are marked although nothing changed."""
    marked, way = charted(values)
    rules = {f"{rule} %": round(100 * float(marked[rule].mean()), 2) for rule in RULES}
    is_marked = way != 0
    return {
        "months marked %": round(100 * float(is_marked.mean()), 2), **rules,
        "newest month marked %": round(100 * float(is_marked[:, -1].mean()), 2),
        "series with a mark %": round(100 * float(is_marked.any(axis=1).mean()), 1),
    }  # fmt: skip


def shifted(made: Any, series: int, months: int) -> Array:
    """Series of mean 100 and standard deviation 10, which rises by `SHIFT` standard deviations after so many months."""
    return np.concatenate([made(100, 10, (series, months)), made(100 + 10 * SHIFT, 10, (series, WITHIN))], axis=1)


def detection(values: Array, before: int) -> dict[str, float]:
    """Percentages of series whose shift after `before` months has been detected by each later month."""
    middle, far = limits(values[:, :before])
    found_by = {f"found by {n} %": share for n, share in enumerate(shares_found(values, before), 1)}
    found_by["known limits %"] = shares_found(values, before, 100, 30)[-1]
    found_by["fixed limits %"] = shares_found((values - middle) / far, before, 0, 1)[-1]
    return {name: round(100 * float(share), 1) for name, share in found_by.items()}


def _ends(values: Array, length: int) -> Array:
    """For each month the sum of the last so many months; 0 if there are fewer."""
    sums = np.lib.stride_tricks.sliding_window_view(values, length, axis=1).sum(axis=2)
    return np.pad(sums, ((0, 0), (length - 1, 0)))


def _within(ends: Array, length: int) -> Array:
    """Whether a month is one of the last so many before a month that is true."""
    later = np.pad(ends, ((0, 0), (0, length - 1)))
    return np.lib.stride_tricks.sliding_window_view(later, length, axis=1).any(axis=2)
