"""How often the method marks what is no change, and finds what is one: docs/reference/control-charts.md says these figures."""

import re
from pathlib import Path

import numpy as np
import pytest

from oracle.charts import chart
from oracle.many_charts import RULES, WITHIN, charted, detection, false_alarms, shifted

DOCS = (Path(__file__).parents[2] / "docs" / "reference" / "control-charts.md").read_text(encoding="utf-8")
SERIES = 4000


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(23)


def test_both_readings_of_the_method_say_the_same(chance: np.random.Generator) -> None:
    """That in numpy, by which the rates are counted, and that month by month, which the package's vectors hold."""
    jumps = chance.integers(0, 2, (40, 40)) * chance.integers(0, 9, (40, 1))
    walks = 50 + chance.integers(-1, 2, (40, 40)).cumsum(axis=1) + jumps
    for values in (chance.poisson(100, (30, 31)), chance.poisson(4, (30, 31)), walks):
        marked, way = charted(values.astype(float))
        for n, row in enumerate(values.tolist()):
            points = chart(row)
            said = [(p.is_outside, p.is_run, p.is_trend, p.is_two_of_three) for p in points]
            assert list(zip(*(marked[rule][n].tolist() for rule in RULES), strict=True)) == said, row
            words = [{"high": 1, "low": -1}.get(p.variation, 0) for p in points]
            assert way[n].tolist() == words, row
    assert all(of.any() for of in charted(walks.astype(float))[0].values())


def test_false_alarms_are_as_often_as_it_says(chance: np.random.Generator) -> None:
    kinds = {
        "normal": lambda n: chance.normal(100, 10, (SERIES, n)),
        "counts, 100 a month": lambda n: chance.poisson(100, (SERIES, n)),
        "counts, 4 a month": lambda n: chance.poisson(4, (SERIES, n)),
    }
    for kind, made in kinds.items():
        (line,) = (one for one in DOCS.splitlines() if one.startswith(f"| {kind} "))
        said = [[float(n) for n in re.findall(r"([\d.]+)%", cell)] for cell in line.split("|")[3:6]]
        for place, months in enumerate((24, 36)):
            found = false_alarms(made(months).astype(float))
            print(kind, months, found)
            # Four standard errors of this many series, and what the page leaves out.
            assert found["months marked %"] == pytest.approx(said[0][place], abs=0.7)
            assert found["newest month marked %"] == pytest.approx(said[1][place], abs=1.1)
            assert found["series with a mark %"] == pytest.approx(said[2][place], abs=3.5)


def test_a_shift_is_found_as_often_as_it_says(chance: np.random.Generator) -> None:
    told = re.search(r"marked it in (.*?) of series.*?find it in (.*?), and.*?known beforehand in (.*?):", DOCS, re.DOTALL)
    own, fixed, known = ([float(n) for n in re.findall(r"([\d.]+)%", said)] for said in told.groups())
    for place, months in enumerate((24, 36, 60)):
        found = detection(shifted(chance.normal, SERIES, months), months)
        print(months, found)
        assert found[f"found by {WITHIN} %"] == pytest.approx(own[place], abs=2)
        assert found["fixed limits %"] == pytest.approx(fixed[place], abs=1.3)
        assert found["known limits %"] == pytest.approx(known[0], abs=1)
    assert found[f"found by {WITHIN} %"] >= 94 and found["known limits %"] >= 97
