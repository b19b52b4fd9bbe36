"""Each rule on figures has figures that trip it, and it alone; all of them hold the night."""

from collections import defaultdict
from itertools import zip_longest

import pytest
from support import candidate, failed

from dagster_project.core.home import Home

from .conftest import Spoil
from .figure_cases import FIGURE_CASES


def rounds() -> list[list[str]]:
    """The cases, so many at once as there are marts: what trips a rule of another mart, or another of its own, is seen."""
    by_mart = defaultdict(list)
    for rule, (mart, _) in FIGURE_CASES.items():
        by_mart[mart].append(rule)
    return [[rule for rule in together if rule] for together in zip_longest(*by_mart.values())]


@pytest.mark.parametrize("rules", rounds(), ids=" ".join)
def test_a_figure_that_breaks_one_rule_trips_it_alone(rules: list[str], sample_candidate: Home, spoil: Spoil) -> None:
    """And of one night, every failure is named, with force and measure."""
    found = spoil(sample_candidate, "figure_facts", *(FIGURE_CASES[rule][1] for rule in rules))
    assert failed(found) == {(FIGURE_CASES[rule][0], rule, "critical") for rule in rules}
    assert {c.rule: c.reason for c in found}.get("year_not_its_months") in (None, "A year is the sum of its months.")
    assert {c.rule: c.found for c in found}.get("year_not_its_months") in (
        None, "year_not_its_months 1 (derbyshire, aris_returns)",
    )  # fmt: skip
    assert all(c.advice for c in found)


def test_figures_that_are_missing_hold_the_night_and_a_measure_that_no_force_drops_is_judged_too(
    sample_candidate: Home, spoil: Spoil
) -> None:
    """All of a measure (a model that yields nothing is nothing to find fault with, row by row: its extract is covered, so it is
    missed), or one; and a figure of no category is no part of all. What no force drops has a row of zeros, so that its suite
    never judges nothing."""
    rolling = "period_type = 'rolling_12_months' and period_end = date '2025-10-31'"
    found = spoil(
        sample_candidate, "figure_facts",
        "delete from warehouse.marts.mart_county_lines where measure = 'lines_closed'",
        f"delete from warehouse.marts.mart_naloxone where {rolling}",
        FIGURE_CASES["all_not_its_categories"][1].replace("set value = value + 1", "set category = null"),
        "delete from warehouse.marts.mart_iom",
        "delete from work.staging.periods where coverage like 'iom%'",
    )  # fmt: skip
    assert {f for f in failed(found) if f[0] != "mart_school_inputs"} == {
        ("mart_county_lines", "no_value_in_coverage", "critical"), ("mart_naloxone", "no_value_in_coverage", "critical"),
    }  # fmt: skip
    assert ("mart_school_inputs", "all_not_its_categories", "critical") in failed(found)
    (check,) = (c for c in found if c.subject == "mart_county_lines")
    assert check.found.endswith("(derbyshire, lines_closed)")
    with candidate(sample_candidate) as con:
        rows = con.execute("select measure, figures from audit.mart_facts where mart = 'mart_iom' order by 1").fetchall()
    assert rows == [("cohort_size", 0), ("knightlow_visits", 0), ("knightlow_visits_substance_misuse", 0)]
