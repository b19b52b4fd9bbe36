"""Each rule on figures has figures that break only that rule; each rule holds the night."""

from collections import defaultdict
from itertools import zip_longest

import pytest
from support import candidate, failed

from dagster_project.core.home import Home

from .conftest import Spoil
from .figure_cases import FIGURE_CASES


def rounds() -> list[list[str]]:
    """The cases in groups of one a mart: a case that breaks a second rule is found."""
    by_mart = defaultdict(list)
    for rule, (mart, _) in FIGURE_CASES.items():
        by_mart[mart].append(rule)
    return [[rule for rule in group if rule] for group in zip_longest(*by_mart.values())]


@pytest.mark.parametrize("rules", rounds(), ids=" ".join)
def test_a_figure_that_breaks_one_rule_fails_only_that_rule(rules: list[str], sample_candidate: Home, spoil: Spoil) -> None:
    """Every failure of a night is named, with force and measure."""
    checks = spoil(sample_candidate, "figure_facts", *(FIGURE_CASES[rule][1] for rule in rules))
    assert failed(checks) == {(FIGURE_CASES[rule][0], rule, "critical") for rule in rules}
    assert {c.rule: c.reason for c in checks}.get("year_not_its_months") in (None, "A year is the sum of its months.")
    assert {c.rule: c.found for c in checks}.get("year_not_its_months") in (
        None, "year_not_its_months 1 (derbyshire, aris_returns)",
    )  # fmt: skip
    assert all(c.advice for c in checks)


def test_missing_figures_hold_the_night(sample_candidate: Home, spoil: Spoil) -> None:
    """All of a measure, found because its extract is covered (there is no row to check); one figure; and a figure without a
    category, which is no part of `all`. A measure that no force drops has a row of zeros for its suite to judge."""
    rolling = "period_type = 'rolling_12_months' and period_end = date '2025-10-31'"
    checks = spoil(
        sample_candidate, "figure_facts",
        "delete from warehouse.marts.mart_county_lines where measure = 'lines_closed'",
        f"delete from warehouse.marts.mart_naloxone where {rolling}",
        FIGURE_CASES["all_not_its_categories"][1].replace("set value = value + 1", "set category = null"),
        "delete from warehouse.marts.mart_iom",
        "delete from work.staging.periods where coverage like 'iom%'",
    )  # fmt: skip
    assert {f for f in failed(checks) if f[0] != "mart_school_inputs"} == {
        ("mart_county_lines", "no_value_in_coverage", "critical"), ("mart_naloxone", "no_value_in_coverage", "critical"),
    }  # fmt: skip
    assert ("mart_school_inputs", "all_not_its_categories", "critical") in failed(checks)
    (check,) = (c for c in checks if c.subject == "mart_county_lines")
    assert check.found.endswith("(derbyshire, lines_closed)")
    with candidate(sample_candidate) as con:
        counted = "select measure, figures from gate.mart_facts where mart = 'mart_iom' and month_apart is null order by 1"
        rows = con.execute(counted).fetchall()
    assert rows == [("cohort_size", 0), ("knightlow_visits", 0), ("knightlow_visits_substance_misuse", 0)]
