"""A measure rests on columns: what no file has the columns for is not available, never 0."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support import copy_home, each, publish_night, published, same_figures, write_extract

from dagster_project.core.home import Home
from dagster_project.landing import read_ledger

TESTS = (
    "custody_ref",
    "arrested_at",
    "trigger_offence",
    "test_status",
    "missed_reason",
    "cocaine",
    "opiates",
    "result",
    "referred",
    "lpu",
)
JANUARY, FEBRUARY = ("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28")
LATER = "20260106T020000Z"


def arrests(columns: Sequence[str], month: str = "01", n: int = 60, **given: str) -> list[list[str]]:
    """Arrests of a month: every second test completed, every second of these positive, the others missed."""

    def row(i: int) -> list[str]:
        done = i % 2 == 0
        full = {
            "custody_ref": f"D{month}{i}", "arrested_at": f"2025-{month}-{i % 28 + 1:02d}T12:00:00", "trigger_offence": "Theft",
            "test_status": "Completed" if done else "Missed", "missed_reason": "" if done else "No kit",
            "cocaine": "Positive" if i % 4 == 0 else "", "opiates": "Negative" if i % 4 == 0 else "",
            "result": ("Positive" if i % 4 == 0 else "Negative") if done else "", "referred": "Y" if i % 4 == 0 else "N",
            "lpu": "Chesterfield",
        } | given  # fmt: skip
        return [full[c] for c in columns]

    return each(n, row)


def drop_tests(
    inbox: Path, without: Sequence[str] = (), window: tuple[str, str] = JANUARY, stamp: str = "20260105T020000Z", **given: str
) -> Path:
    columns = [c for c in TESTS if c not in without]
    n = int(given.pop("n", 60))
    return write_extract(
        inbox, "drug_tests", arrests(columns, window[0][5:7], n, **given), columns=columns, window=window, stamp=stamp
    )


def figure(
    home: Home,
    measure: str,
    period: str = "Jan 2025",
    category: str = "all",
    area: str = "derbyshire",
    mart: str = "drug_tests",
) -> Any:
    rows = published(
        home, f"select distinct value, data_status from marts.mart_{mart} where measure = '{measure}' and period_label = '{period}'"  # noqa: E501
        f" and category = '{category}' and area_code = '{area}'"
    )  # fmt: skip
    assert len(rows) <= 1
    return rows[0] if rows else None


GONE = (None, "not_available")


def test_tests_without_results_have_no_rate(new_home: Home) -> None:
    drop_tests(new_home.inbox, without=("result", "cocaine", "opiates", "referred", "missed_reason", "lpu"))
    run = publish_night(new_home)
    assert run.receipt.outcome == "published"
    for measure in (
        "tests_positive",
        "positivity_rate",
        "positive_cocaine",
        "positive_opiates",
        "positive_both",
        "positive_not_recorded",
        "referrals",
    ):
        assert figure(new_home, measure) == GONE, measure
    assert figure(new_home, "tests_completed") == (30, "complete")
    assert figure(new_home, "tests_missed") == (30, "complete")
    assert figure(new_home, "tests_missed", category="Not recorded") == GONE
    assert figure(new_home, "tests_completed", area="unknown") == (30, "complete")
    units = published(
        new_home,
        "select distinct value, data_status from marts.mart_drug_tests where area_type in ('section', 'lpu') and area_code <> 'unknown'",  # noqa: E501
    )
    assert units == [GONE]


@pytest.mark.parametrize(("n", "is_there"), [(50, False), (49, True)])
def test_a_blank_column_of_fifty_rows_is_absent(new_home: Home, n: int, is_there: bool) -> None:
    drop_tests(new_home.inbox, n=str(n), referred="")
    publish_night(new_home)
    assert figure(new_home, "referrals") == ((0, "complete") if is_there else GONE)


def test_one_of_the_columns_is_enough_for_a_result(new_home: Home) -> None:
    drop_tests(new_home.inbox, without=("result", "opiates"))
    publish_night(new_home)
    assert figure(new_home, "tests_positive") == (15, "complete")
    assert figure(new_home, "positive_cocaine") == GONE


def test_a_value_in_quarantine_is_a_value(new_home: Home) -> None:
    columns = [c for c in TESTS if c != "lpu"]
    rows = arrests(columns, referred="")
    rows[0][columns.index("referred")] = "Perhaps"
    write_extract(new_home.inbox, "drug_tests", rows, columns=columns, window=JANUARY)
    publish_night(new_home)
    assert figure(new_home, "referrals") == (0, "complete")


def test_other_files_cover_the_rest(new_home: Home) -> None:
    """Partial over both months; the rate is of the covered days alone."""
    drop_tests(new_home.inbox, without=("result", "cocaine", "opiates", "missed_reason", "lpu"))
    drop_tests(new_home.inbox, window=FEBRUARY)
    publish_night(new_home)
    assert figure(new_home, "tests_positive", "Jan-Feb 2025") == (15, "partial")
    assert figure(new_home, "positivity_rate", "Jan-Feb 2025") == (50, "partial")
    assert figure(new_home, "tests_completed", "Jan-Feb 2025") == (60, "complete")
    assert figure(new_home, "tests_missed", "Jan-Feb 2025") == (60, "complete")
    assert figure(new_home, "tests_missed", "Jan-Feb 2025", "No kit") == (30, "partial")
    assert figure(new_home, "tests_missed", "Jan-Feb 2025", "Not recorded") == (0, "partial")
    assert figure(new_home, "tests_completed", "Jan-Feb 2025", area="unknown") == (30, "complete")
    places = published(
        new_home, "select value, data_status from marts.mart_drug_tests where measure = 'tests_completed' and category = 'all'"
        " and period_label = 'Jan-Feb 2025' and area_name = 'Chesterfield' and area_type = 'lpu'"
    )  # fmt: skip
    assert places == [(30, "partial")]


def test_a_newer_file_without_the_column_takes_it_away_in_part_and_whole(new_home: Home, tmp_path: Path) -> None:
    drop_tests(new_home.inbox)
    publish_night(new_home)
    assert figure(new_home, "tests_positive") == (15, "complete")
    drop_tests(new_home.inbox, without=("result", "cocaine", "opiates", "lpu"), stamp=LATER)
    whole = copy_home(new_home, tmp_path / "whole")
    publish_night(new_home)
    publish_night(whole, rebuild=True)
    assert figure(new_home, "tests_positive") == GONE
    assert same_figures(new_home, whole) == []
    drop_tests(new_home.inbox, window=FEBRUARY, stamp=LATER)
    again = copy_home(new_home, tmp_path / "again")
    publish_night(new_home)
    publish_night(again, rebuild=True)
    assert figure(new_home, "tests_positive", "Jan-Feb 2025") == (15, "partial")
    assert same_figures(new_home, again) == []


def test_searches_and_incidents_and_lists(new_home: Home) -> None:
    write_extract(
        new_home.inbox, "stop_search",
        each(60, lambda i: [f"S{i}", f"2025-01-{i % 28 + 1:02d}T12:00:00", "Controlled drugs", ""]),
        columns=("search_ref", "searched_at", "object_of_search", "object_found"), window=JANUARY,
    )  # fmt: skip
    write_extract(
        new_home.inbox, "incidents", each(60, lambda i: [f"I{i}", "INCIDENT", f"2025-01-{i % 28 + 1:02d}T12:00:00", "Drugs"]),
        columns=("incident_ref", "record_type", "created_at", "qualifiers"), window=JANUARY,
    )  # fmt: skip
    write_extract(new_home.inbox, "county_lines", [["L1", "2025-01-03"]], columns=("line_ref", "identified_on"), window=JANUARY)
    write_extract(
        new_home.inbox,
        "pspos",
        [["O1", "Derby", "2025-01-03"]],
        columns=("order_ref", "authority", "starts_on"),
        window=JANUARY,
    )
    write_extract(
        new_home.inbox, "confiscation_orders", [["C1", "2025-01-03", "Fraud", "10", "20"]],
        columns=("order_ref", "order_date", "offence_category", "order_value", "benefit_value"), window=JANUARY,
    )  # fmt: skip
    publish_night(new_home)
    for mart, measures in {
        "stop_search": ("drug_finds", "drug_find_rate", "drug_searches_by_outcome", "drug_searches_by_ethnicity", "drug_searches_by_age"),  # noqa: E501
        "incidents": ("incidents_drugs_emergency", "roc_drugs_emergency", "incidents_drugs_by_channel"),
        "county_lines": ("lines_closed", "lines_active"), "pspo": ("pspos_active",), "confiscation_orders": ("compensation_value",),  # noqa: E501
    }.items():  # fmt: skip
        for measure in measures:
            assert figure(new_home, measure, mart=mart) == GONE, measure
    assert (
        figure(new_home, "searches", mart="stop_search")
        == figure(new_home, "drug_searches", mart="stop_search")
        == (60, "complete")
    )
    assert figure(new_home, "searches", category="Not recorded", mart="stop_search") == GONE
    assert figure(new_home, "incidents_drugs", mart="incidents") == (60, "complete")
    assert (
        figure(new_home, "lines_identified", mart="county_lines")
        == figure(new_home, "pspos_new", mart="pspo")
        == (1, "complete")
    )
    assert figure(new_home, "order_value", mart="confiscation_orders") == (10, "complete")


def test_the_ledger_says_which_columns_are_missing_or_blank(new_home: Home) -> None:
    drop_tests(new_home.inbox, without=("referred",), missed_reason="")
    publish_night(new_home)
    assert read_ledger(new_home)[-1].absent_columns == ["missed_reason", "referred", "tested_at"]


def test_a_required_column_that_is_blank_in_every_row_is_no_zero(new_home: Home) -> None:
    """Of fifty rows; of 49 the blanks are rows that do not count."""
    day = lambda i: f"2025-01-{i % 28 + 1:02d}T12:00:00"  # noqa: E731
    for force, n in (("derbyshire", 50), ("kent", 49)):
        for extract, columns, row in (
            ("incidents", ("incident_ref", "record_type", "created_at", "qualifiers", "grade", "channel"),
             lambda i: [f"I{i}", "INCIDENT", day(i), "", "Emergency", "999"]),
            ("crimes", ("crime_ref", "recorded_on", "offence_code", "status"),
             lambda i: [f"C{i}", day(i)[:10], "", "Recorded"]),
            ("intelligence", ("intel_ref", "submitted_on", "source", "themes"),
             lambda i: [f"T{i}", day(i)[:10], "Officer", " "]),
            ("stop_search", ("search_ref", "searched_at", "legislation", "object_of_search", "outcome", "object_found"),
             lambda i: [f"S{i}", day(i), "Act", "", "Arrest", "Y"]),
            ("drug_tests", ("custody_ref", "arrested_at", "trigger_offence", "test_status", "result"),
             lambda i: [f"D{i}", day(i), "Theft", "", "Positive"]),
        ):  # fmt: skip
            write_extract(new_home.inbox, extract, each(n, row), columns=columns, window=JANUARY, force=force)
    publish_night(new_home)
    needs = {
        "incidents": ("incidents_drugs", "roc_drugs", "incidents_drugs_emergency", "incidents_drugs_by_channel"),
        "drug_offences": ("possession_offences", "trafficking_offences"),
        "intelligence": ("intelligence_items",),
        "stop_search": ("drug_searches", "drug_finds", "drug_searches_by_outcome"),
        "drug_tests": ("tests_completed", "tests_refused", "tests_missed", "tests_positive"),
    }
    for mart, measures in needs.items():
        for measure in measures:
            assert figure(new_home, measure, mart=mart) == GONE, measure
            assert figure(new_home, measure, mart=mart, area="kent") == (0, "complete"), measure
    assert figure(new_home, "searches", mart="stop_search") == figure(new_home, "trigger_arrests") == (50, "complete")
    assert figure(new_home, "drug_searches", mart="stop_search", category="Act") in (None, GONE)


def test_a_required_column_that_tells_one_measure_takes_that_one_and_its_categories(new_home: Home) -> None:
    """Fifty rows with each column of what they say blank; what does not need it stands."""
    day = lambda i: f"2025-01-{i % 28 + 1:02d}"  # noqa: E731
    files = {
        "crimes": (("crime_ref", "recorded_on", "offence_code", "status"), ("92D", "")),
        "intelligence": (("intel_ref", "submitted_on", "source", "themes"), ("", "Drugs")),
        "confiscation_orders": (
            ("order_ref", "order_date", "offence_category", "order_value", "benefit_value"), ("", "", "5")
        ),
        "aris_returns": (("return_ref", "received_on", "amount"), ("",)),
        "cash_seizures": (("seizure_ref", "order_date", "amount", "status"), ("", "")),
        "forfeiture_orders": (("order_ref", "order_date", "amount"), ("",)),
        "mda_orders": (("order_ref", "order_date", "amount", "recipient"), ("", "Police")),
        "exploitation_outcomes": (("outcome_ref", "person_ref", "outcome_on", "strand", "outcome"), ("", "")),
        "op_trapped": (("identification_ref", "address_ref", "identified_on", "people_safeguarded"), ("", "")),
        "school_inputs": (("input_ref", "delivered_on", "phase", "young_people"), ("", "3")),
        "pspo_enforcement": (("enforcement_ref", "enforced_on", "kind", "authority"), ("", "Derby")),
        "iom_visits": (("visit_ref", "visited_on", "operation", "substance_misuse"), ("Knightlow", "")),
        "community_voices": (("response_ref", "responded_on", "issue"), ("",)),
        "prevention_activity": (("activity_ref", "activity_on", "activity", "quantity"), ("", "")),
    }  # fmt: skip
    for extract, (columns, said) in files.items():
        place = 2 if extract in ("exploitation_outcomes", "op_trapped") else 1
        row = lambda i, place=place, said=said: [f"R{i}", *("P1",) * (place - 1), day(i), *said]  # noqa: E731
        if extract == "op_trapped":
            row = lambda i: [f"R{i}", "", day(i), ""]  # noqa: E731
        write_extract(new_home.inbox, extract, each(50, row), columns=columns, window=JANUARY)
    publish_night(new_home)
    found = {
        (mart.removeprefix("mart_"), measure, category): (value, status)
        for mart, measure, category, value, status in published(
            new_home, "select mart, measure, category, value, data_status from marts.measures where area_type = 'force'"
            " and force_code = 'derbyshire' and period_label = 'Jan 2025'"
        )
    }  # fmt: skip
    stands = {
        ("intelligence", "intelligence_items"): 50, ("confiscation_orders", "orders"): 50,
        ("confiscation_orders", "benefit_value"): 250, ("cash_seizures", "orders_obtained"): 50,
        ("cash_seizures", "forfeiture_orders"): 50, ("mda_orders", "orders"): 50, ("op_trapped", "properties_identified"): 50,
        ("school_inputs", "inputs_delivered"): 50, ("school_inputs", "young_people_engaged"): 150,
        ("iom", "knightlow_visits"): 50, ("community_voices", "responses"): 50, ("prevention_activity", "activities"): 50,
    }  # fmt: skip
    for (mart, measure, category), figure_found in found.items():
        if category == "all" and (mart, measure) in stands:
            assert figure_found == (stands[mart, measure], "complete"), measure
        elif (mart, measure, category) == ("mda_orders", "orders", "Police"):
            assert figure_found == (50, "complete")
        elif (mart, measure) == ("mda_orders", "orders"):
            assert figure_found == (0, "complete")
        else:
            assert figure_found == GONE, (measure, category)
    assert {(mart, measure) for mart, measure, category in found if category == "all"} >= set(stands)
