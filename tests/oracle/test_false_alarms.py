"""How often charts mark a month without a change, and find a change: the rates that docs/reference/control-charts.md gives."""

import re
from pathlib import Path

import numpy as np
import pytest

from dagster_project.reporting.pack.wording import ORDER_OF_FINDINGS
from oracle.charts import chart
from oracle.many_charts import RULES, WITHIN, charted, detection, false_alarms, shifted

DOCS = (Path(__file__).parents[2] / "docs" / "reference" / "control-charts.md").read_text(encoding="utf-8")
SERIES = 4000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(23)


def test_both_implementations_of_the_method_agree(rng: np.random.Generator) -> None:
    """The one in numpy, which counts the rates, and the one month by month, which is checked with the package's vectors."""
    jumps = rng.integers(0, 2, (40, 40)) * rng.integers(0, 9, (40, 1))
    walks = 50 + rng.integers(-1, 2, (40, 40)).cumsum(axis=1) + jumps
    for values in (rng.poisson(100, (30, 31)), rng.poisson(4, (30, 31)), walks):
        marked, direction = charted(values.astype(float))
        for n, row in enumerate(values.tolist()):
            points = chart(row)
            flags = [(p.is_outside, p.is_run, p.is_trend, p.is_two_of_three) for p in points]
            assert list(zip(*(marked[rule][n].tolist() for rule in RULES), strict=True)) == flags, row
            expected = [{"high": 1, "low": -1}.get(p.variation, 0) for p in points]
            assert direction[n].tolist() == expected, row
    assert all(months.any() for months in charted(walks.astype(float))[0].values())


def money(rng: np.random.Generator, months: int) -> np.ndarray:
    """Five amounts a month, of which most are small and a few are large."""
    amounts = rng.poisson(5, (SERIES, months))
    return sum((amounts > n) * rng.lognormal(8, 1.5, amounts.shape) for n in range(amounts.max()))


def rate(rng: np.random.Generator, months: int) -> np.ndarray:
    """30% of a number that is uneven: limits are as far for a month of 5 as for one of 79."""
    share_of = rng.integers(5, 80, (SERIES, months))
    return 100 * rng.binomial(share_of, 0.3) / share_of


def stock(rng: np.random.Generator, months: int) -> np.ndarray:
    """36 at the end of a month: one new a month, each of which stays for three years."""
    now, ends = rng.poisson(36, SERIES), []
    for _ in range(months):
        now = rng.binomial(now, 35 / 36) + rng.poisson(1, SERIES)
        ends.append(now)
    return np.stack(ends, axis=1)


def test_false_alarm_rates_are_those_documented(rng: np.random.Generator) -> None:
    """In none of the series did anything change."""
    kinds = {
        "normal": lambda n: rng.normal(100, 10, (SERIES, n)),
        "counts, 4 a month": lambda n: rng.poisson(4, (SERIES, n)),
        "counts, 2 a month": lambda n: rng.poisson(2, (SERIES, n)),
        "a rate of 30%, of 5 to 79 a month": lambda n: rate(rng, n),
        "counts, 90 to 110 a month by season": lambda n: rng.poisson(
            100 + 10 * np.sin(np.arange(n) * np.pi / 6), (SERIES, n)),
        "money, 5 amounts a month": lambda n: money(rng, n),
        "a number on a day, 36, 1 new a month": lambda n: stock(rng, n),
    }  # fmt: skip
    charts: dict[str, list[float]] = {}
    for kind, draw in kinds.items():
        (line,) = (text for text in DOCS.splitlines() if text.startswith(f"| {kind} |"))
        documented = [[float(n) for n in re.findall(r"([\d.]+)%", cell)] for cell in line.split("|")[2:5]]
        for column, months in enumerate((24, 36, 81)):
            rates = false_alarms(draw(months).astype(float))
            print(kind, months, rates)
            # Four standard errors of this many series, and the rounding of the page. Months of a number on a day are alike.
            assert rates["months marked %"] == pytest.approx(documented[0][column], abs=0.7, rel=0.03)
            assert rates["newest month marked %"] == pytest.approx(documented[1][column], abs=1.1, rel=0.05)
            assert rates["series with a mark %"] == pytest.approx(documented[2][column], abs=3.5)
            charts.setdefault(kind, []).append(rates["series with a mark %"])
    # What the page of findings says of them.
    steady = [charts[kind] for kind in list(kinds)[:3]]
    assert "in 3 to 5 of 10 charts of three years" in ORDER_OF_FINDINGS
    assert all(25 <= three_years <= 50 for _, three_years, _ in steady)
    assert "in most charts of seven years or more" in ORDER_OF_FINDINGS and all(longer > 50 for *_, longer in steady)
    _, by_season, _ = charts["counts, 90 to 110 a month by season"]
    assert "in most charts of figures that follow the seasons" in ORDER_OF_FINDINGS and by_season > 50


def test_detection_rates_are_those_documented(rng: np.random.Generator) -> None:
    sentence = re.search(r"marked it in (.*?) of series.*?find it in (.*?), and.*?known beforehand in (.*?):", DOCS, re.DOTALL)
    own, fixed, known = ([float(n) for n in re.findall(r"([\d.]+)%", part)] for part in sentence.groups())
    for column, months in enumerate((24, 36, 60)):
        rates = detection(shifted(rng.normal, SERIES, months), months)
        print(months, rates)
        assert rates[f"found by {WITHIN} %"] == pytest.approx(own[column], abs=2)
        assert rates["fixed limits %"] == pytest.approx(fixed[column], abs=1.3)
        assert rates["known limits %"] == pytest.approx(known[0], abs=1)
    assert rates[f"found by {WITHIN} %"] >= 94 and rates["known limits %"] >= 97
