"""How often control charts are wrong, and how soon they see a change: on made-up series, as NHSRplotthedots' method has it.

    python -m benchmarks.control_charts [--series 20000] [--seed 20261126] [--out FOLDER]

Without a change: of how many months, and of how many series of 24 and 36 months, a rule says that they are unusual. With a
shift of two standard deviations after two, three and five years: in how many series a month of the new level is marked high by
the chart that is drawn with the first of them, the second, ... the seventh; so, too, with the limits known beforehand. Fixed
limits, those of the months before the shift, are not what the warehouse has: they show what the short history costs.
"""

from typing import Any

import numpy as np

from benchmarks.plotthedots import Array, charted, limits, shares_found
from benchmarks.report import options, write_results

BEFORE, WITHIN, SHIFT = (24, 36, 60), 7, 2.0
RULES = ("is_outside_limits", "is_run", "is_trend", "is_two_of_three")


def main() -> None:
    args = options(__doc__)
    args.add_argument("--series", type=int, default=20_000)
    args.add_argument("--seed", type=int, default=20261126)
    given = args.parse_args()
    chance = np.random.default_rng(given.seed)
    rows: list[dict[str, Any]] = []
    for kind, made in (("normal", lambda shape: chance.normal(100, 10, shape)), ("Poisson, mean 100", _poisson(chance, 100)),
                       ("Poisson, mean 4", _poisson(chance, 4))):  # fmt: skip
        for months in (24, 36):
            rows.append({"series": kind, "months": months, **false_alarms(made((given.series, months)))})
    for kind, made in (("normal", chance.normal), ("Poisson, mean 100", lambda mean, _, shape: _poisson(chance, mean)(shape))):
        for months in BEFORE:
            values = shifted(made, given.series, months)
            rows.append(
                {"series": f"{kind}, shift of {SHIFT:g} sd", "months": f"{months} + {WITHIN}", **detection(values, months)}
            )
    write_results("control_charts", rows, given.out)


def _poisson(chance: np.random.Generator, mean: float) -> Any:
    return lambda shape: chance.poisson(mean, shape).astype(float)


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


if __name__ == "__main__":
    main()
