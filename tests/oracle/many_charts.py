"""The method of NHSRplotthedots on many series at once, in numpy: a second implementation, without the warehouse's code.

marked, direction = charted(values)                       # limits from the series' own months, as in the package
marked, direction = charted(values, mean=100, limit=30)   # known limits
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
WITHIN, SHIFT = 7, 2.0
"""Months after a shift, and its size in standard deviations."""
RULES = ("is_outside_limits", "is_run", "is_trend", "is_two_of_three")


def charted(values: Array, mean: float | None = None, limit: float | None = None) -> tuple[dict[str, Array], Array]:
    """Which months the rules mark, one series a row, and in which direction: 1 high, -1 low, 0 common cause.

    `mean`, `limit`: the middle line, and the distance of the limits from it. By default those of each series.
    """
    steps = np.sign(np.diff(values))
    middle, distance = limits(values) if mean is None or limit is None else (mean, limit)
    off = values - middle
    side = np.sign(off)
    outside = np.abs(off) > distance
    near = (np.abs(off) > distance * 2 / 3) & ~outside
    run = _within(np.abs(_ends(side, 7)) == 7, 7)
    trend = _within(np.abs(np.pad(_ends(steps, 6), ((0, 0), (1, 0)))) == 6, 7)
    two = near & _within((np.abs(_ends(side, 3)) == 3) & (_ends(near.astype(int), 3) >= 2), 3)
    # A trend has the direction of the step to the next month; at its last month, of the step from the month before.
    ahead, behind = np.pad(steps, ((0, 0), (0, 1))), np.pad(steps, ((0, 0), (1, 0)))
    trend_direction = np.where(np.pad(trend[:, 1:], ((0, 0), (0, 1))), ahead, behind)
    direction = np.select([outside, trend, two | run], [side, trend_direction, side], 0)
    return {"is_outside_limits": outside, "is_run": run, "is_trend": trend, "is_two_of_three": two}, direction


def limits(values: Array) -> tuple[Array, Array]:
    """The mean of each series, and the distance of its limits from it."""
    ranges = np.abs(np.diff(values))
    usual = np.ma.masked_array(ranges, ranges >= 3.267 * ranges.mean(axis=1, keepdims=True))
    return values.mean(axis=1, keepdims=True), 2.66 * usual.mean(axis=1).filled(0)[:, None]


def shares_found(values: Array, before: int, mean: float | None = None, limit: float | None = None) -> Array:
    """Shares of series in which a chart has marked a high month, for each number of months after the first `before`."""
    seen = np.zeros(len(values), dtype=bool)
    shares = []
    for months in range(before + 1, values.shape[1] + 1):
        seen |= (charted(values[:, :months], mean, limit)[1][:, before:] == 1).any(axis=1)
        shares.append(seen.mean())
    return np.array(shares)


def false_alarms(values: Array) -> dict[str, float]:
    """Percentages of months, and of series, that are marked although nothing changed."""
    marked, direction = charted(values)
    rules = {f"{rule} %": round(100 * float(marked[rule].mean()), 2) for rule in RULES}
    is_marked = direction != 0
    return {
        "months marked %": round(100 * float(is_marked.mean()), 2), **rules,
        "newest month marked %": round(100 * float(is_marked[:, -1].mean()), 2),
        "series with a mark %": round(100 * float(is_marked.any(axis=1).mean()), 1),
    }  # fmt: skip


def shifted(draw: Any, series: int, months: int) -> Array:
    """Series of mean 100 and standard deviation 10, whose mean rises by `SHIFT` standard deviations after `months` months."""
    return np.concatenate([draw(100, 10, (series, months)), draw(100 + 10 * SHIFT, 10, (series, WITHIN))], axis=1)


def detection(values: Array, before: int) -> dict[str, float]:
    """Percentages of series whose shift after `before` months has been detected by each later month."""
    middle, distance = limits(values[:, :before])
    found_by = {f"found by {n} %": share for n, share in enumerate(shares_found(values, before), 1)}
    found_by["known limits %"] = shares_found(values, before, 100, 30)[-1]
    found_by["fixed limits %"] = shares_found((values - middle) / distance, before, 0, 1)[-1]
    return {name: round(100 * float(share), 1) for name, share in found_by.items()}


def _ends(values: Array, length: int) -> Array:
    """For each month, the sum of the last `length` months; 0 if there are fewer."""
    sums = np.lib.stride_tricks.sliding_window_view(values, length, axis=1).sum(axis=2)
    return np.pad(sums, ((0, 0), (length - 1, 0)))


def _within(ends: Array, length: int) -> Array:
    """For each month, whether it or one of the next `length - 1` months is true."""
    later = np.pad(ends, ((0, 0), (0, length - 1)))
    return np.lib.stride_tricks.sliding_window_view(later, length, axis=1).any(axis=2)
