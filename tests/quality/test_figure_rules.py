"""Each rule on figures has figures that trip it, and it alone; all of them hold the night."""

import pytest
from support import candidate, failed

from dagster_project.core.home import Home
from dagster_project.quality import gate

from .conftest import Spoil, of_figures
from .figure_cases import FIGURE_CASES


@pytest.mark.parametrize("rule", FIGURE_CASES)
def test_a_figure_that_breaks_one_rule_trips_it_alone(rule: str, sample_candidate: Home, spoil: Spoil) -> None:
    mart, sql = FIGURE_CASES[rule]
    assert spoil(sample_candidate, sql, "figure_facts") == {(mart, rule, "critical")}


def test_what_is_found_names_force_and_measure(sample_candidate: Home, spoil: Spoil) -> None:
    spoil(sample_candidate, FIGURE_CASES["year_not_its_months"][1], "figure_facts")
    (check,) = gate.held_by(of_figures(gate.judge(sample_candidate)))
    assert check.found == "year_not_its_months 1 (derbyshire, aris_returns)"
    assert check.reason == "A year is the sum of its months." and check.advice


def test_every_failure_of_one_night_is_named(sample_candidate: Home, spoil: Spoil) -> None:
    together = ";".join(FIGURE_CASES[rule][1] for rule in ("year_not_its_months", "count_not_whole"))
    assert spoil(sample_candidate, together, "figure_facts") == {
        ("mart_confiscation_orders", "year_not_its_months", "critical"),
        ("mart_iom", "count_not_whole", "critical"),
    }


def test_a_figure_of_no_category_is_no_part_of_all(sample_candidate: Home, spoil: Spoil) -> None:
    sql = FIGURE_CASES["all_not_its_categories"][1].replace("set value = value + 1", "set category = null")
    assert ("mart_school_inputs", "all_not_its_categories", "critical") in spoil(sample_candidate, sql, "figure_facts")


def test_a_mart_without_figures_holds_the_night(sample_candidate: Home, spoil: Spoil) -> None:
    """A model that yields nothing is nothing to find fault with, row by row: its extract is covered, so it is missed."""
    found = spoil(sample_candidate, "delete from warehouse.marts.mart_iom where measure = 'cohort_size'", "figure_facts")
    assert found == {("mart_iom", "no_value_in_coverage", "critical")}
    (check,) = gate.held_by(of_figures(gate.judge(sample_candidate)))
    assert check.found.endswith("(derbyshire, cohort_size)")


def test_one_figure_that_is_missing_holds_the_night(sample_candidate: Home, spoil: Spoil) -> None:
    sql = "delete from warehouse.marts.mart_naloxone where period_type = 'rolling_12_months' and period_end = date '2025-10-31'"
    assert spoil(sample_candidate, sql, "figure_facts") == {("mart_naloxone", "no_value_in_coverage", "critical")}


def test_a_measure_that_no_force_drops_is_judged_all_the_same(sample_candidate: Home, spoil: Spoil) -> None:
    """It has a row of zeros, so that its suite never judges nothing."""
    assert not spoil(
        sample_candidate,
        "delete from warehouse.marts.mart_iom; delete from work.staging.periods where coverage like 'iom%'",
        "figure_facts",
    )
    with candidate(sample_candidate) as con:
        rows = con.execute("select measure, figures from audit.mart_facts where mart = 'mart_iom' order by 1").fetchall()
    assert rows == [("cohort_size", 0), ("knightlow_visits", 0), ("knightlow_visits_substance_misuse", 0)]


def test_the_sample_itself_passes(sample_home: Home, passed_before: set[tuple[str, str, str]]) -> None:
    checks = gate.judge(sample_home)
    assert gate.held_by(checks) == [] and len(failed(checks)) == len(passed_before) == 1
    assert failed(checks) == passed_before
