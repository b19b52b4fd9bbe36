"""A measure depends on columns: where no file has them it is not available, never 0.

One night has a force for each case. Derbyshire has a newer file of the same days that lacks columns of the older one.
tests/sequences tests columns that come and go between nights.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support import candidate, each, land_night, publish_night, published, write_extract, wrong_sums_of_fact_month

from dagster_project.core.home import Home
from dagster_project.landing import read_ledger
from dagster_project.serving.trace import open_evidence, trace
from dagster_project.serving.trace_request import FigureRequest
from dagster_project.transform import raw_schema

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
    """Arrests of a month: every second test is completed, every second of these is positive, and the others are missed."""

    def row(i: int) -> list[str]:
        completed = i % 2 == 0
        full = {
            "custody_ref": f"D{month}{i}", "arrested_at": f"2025-{month}-{i % 28 + 1:02d}T12:00:00", "trigger_offence": "Theft",
            "test_status": "Completed" if completed else "Missed", "missed_reason": "" if completed else "No kit",
            "cocaine": "Positive" if i % 4 == 0 else "", "opiates": "Negative" if i % 4 == 0 else "",
            "result": ("Positive" if i % 4 == 0 else "Negative") if completed else "", "referred": "Y" if i % 4 == 0 else "N",
            "lpu": "Chesterfield",
        } | given  # fmt: skip
        return [full[c] for c in columns]

    return each(n, row)


def drop_tests(
    inbox: Path,
    without: Sequence[str] = (),
    window: tuple[str, str] = JANUARY,
    stamp: str = "20260105T020000Z",
    force: str = "derbyshire",
    n: int = 60,
    **given: str,
) -> Path:
    columns = [c for c in TESTS if c not in without]
    rows = arrests(columns, window[0][5:7], n, **given)
    return write_extract(inbox, "drug_tests", rows, columns=columns, window=window, stamp=stamp, force=force)


def query_marts(home: Home, sql: str) -> list[tuple[Any, ...]]:
    """A query's rows from the night's marts."""
    with candidate(home) as con:
        return con.execute(sql.replace(" marts.", " warehouse.marts.")).fetchall()


def figure(
    home: Home,
    measure: str,
    period: str = "Jan 2025",
    category: str = "all",
    area: str | None = None,
    mart: str = "drug_tests",
    force: str = "derbyshire",
) -> Any:
    rows = query_marts(
        home, f"select distinct value, data_status from marts.mart_{mart} where measure = '{measure}' and period_label = '{period}'"  # noqa: E501
        f" and category = '{category}' and area_code = '{area or force}' and force_code = '{force}'"
    )  # fmt: skip
    assert len(rows) <= 1
    return rows[0] if rows else None


NOT_AVAILABLE = (None, "not_available")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One published night with a force for each case. Do not change it."""
    home = Home(tmp_path_factory.mktemp("absent") / "home").create()
    drop_tests(home.inbox)
    drop_tests(home.inbox, without=("result", "cocaine", "opiates", "referred", "missed_reason", "lpu"), stamp=LATER)
    drop_tests(home.inbox, window=FEBRUARY, stamp=LATER)
    drop_tests(home.inbox, force="gwent", n=50, referred="")
    drop_tests(home.inbox, force="cumbria", n=49, referred="")
    drop_tests(home.inbox, force="durham", without=("result", "opiates"))
    drop_tests(home.inbox, force="lancashire", without=("cocaine",))
    drop_tests(home.inbox, force="cleveland", without=("referred",), missed_reason="")
    drop_value_in_quarantine(home.inbox, "cheshire")
    drop_without_optional(home.inbox, "essex")
    drop_blank_in_every_row(home.inbox, "norfolk", 50)
    drop_blank_in_every_row(home.inbox, "kent", 49)
    drop_each_column_blank(home.inbox, "dorset")
    drop_units_that_come_and_go(home)
    drop_row_with_a_reason_that_stands(home.inbox, "suffolk")
    drop_row_without_a_reason_that_stands(home.inbox, "gloucestershire")
    publish_night(home)
    return home


def test_newer_file_without_a_column_makes_its_measures_unavailable(home: Home) -> None:
    """Gwent sent only the older file: 13 of its fifty tests are positive."""
    assert figure(home, "tests_positive", force="gwent") == (13, "complete")
    assert figure(home, "tests_positive") == NOT_AVAILABLE


def test_tests_without_results_have_no_rate(home: Home) -> None:
    for measure in (
        "tests_positive",
        "positivity_rate",
        "positive_cocaine",
        "positive_opiates",
        "positive_both",
        "positive_not_recorded",
        "referrals",
    ):
        assert figure(home, measure) == NOT_AVAILABLE, measure
    assert figure(home, "tests_completed") == (30, "complete")
    assert figure(home, "tests_missed") == (30, "complete")
    assert figure(home, "tests_missed", category="Not recorded") == NOT_AVAILABLE
    assert figure(home, "tests_completed", area="unknown") == (30, "complete")
    units = query_marts(
        home, "select distinct value, data_status from marts.mart_drug_tests where area_type in ('section', 'lpu')"
        " and area_code <> 'unknown' and force_code = 'derbyshire' and period_label = 'Jan 2025'"
    )  # fmt: skip
    assert units == [NOT_AVAILABLE]


def test_figures_over_files_with_and_without_a_column_are_partial(home: Home) -> None:
    """Counts are partial over both months. The rate is of the covered days only."""
    assert figure(home, "tests_positive", "Jan-Feb 2025") == (15, "partial")
    assert figure(home, "positivity_rate", "Jan-Feb 2025") == (50, "partial")
    assert figure(home, "tests_completed", "Jan-Feb 2025") == (60, "complete")
    assert figure(home, "tests_missed", "Jan-Feb 2025") == (60, "complete")
    assert figure(home, "tests_missed", "Jan-Feb 2025", "No kit") == (30, "partial")
    assert figure(home, "tests_missed", "Jan-Feb 2025", "Not recorded") == (0, "partial")
    assert figure(home, "tests_completed", "Jan-Feb 2025", area="unknown") == (30, "complete")
    places = query_marts(
        home, "select value, data_status from marts.mart_drug_tests where measure = 'tests_completed' and category = 'all'"
        " and period_label = 'Jan-Feb 2025' and area_name = 'Chesterfield' and area_type = 'lpu'"
    )  # fmt: skip
    assert places == [(30, "partial")]


@pytest.mark.parametrize(("force", "is_there"), [("gwent", False), ("cumbria", True)], ids=["50 rows", "49 rows"])
def test_a_blank_column_of_fifty_rows_is_absent(home: Home, force: str, is_there: bool) -> None:
    assert figure(home, "referrals", force=force) == ((0, "complete") if is_there else NOT_AVAILABLE)


def test_one_of_the_columns_is_enough_for_a_result(home: Home) -> None:
    assert figure(home, "tests_positive", force="durham") == (15, "complete")
    for measure in ("positive_cocaine", "positive_opiates", "positive_both", "positive_not_recorded"):
        for force in ("durham", "lancashire"):
            assert figure(home, measure, force=force) == NOT_AVAILABLE, (measure, force)


def test_ledger_lists_missing_and_blank_columns(home: Home) -> None:
    (entry,) = [e for e in read_ledger(home) if e.force_code == "cleveland"]
    assert entry.absent_columns == ["missed_reason", "referred", "tested_at"]


def test_a_ledger_without_absent_columns_has_those_that_are_missing(new_home: Home) -> None:
    """As ledgers of before 26 November 2026. Their measures were 0, complete, after an update."""
    drop_tests(new_home.inbox, without=["missed_reason"])
    land_night(new_home)
    (path,) = new_home.ledger.glob("*.jsonl")
    entry = json.loads(path.read_text())
    absent = entry.pop("absent_columns")
    path.write_text(json.dumps(entry) + "\n")
    raw_schema.fresh_candidate(new_home)
    raw_schema.prepare_raw(new_home, "night", date(2026, 1, 6))
    with candidate(new_home) as con:
        columns = {row[0] for row in con.execute("select column_name from raw.absent_columns").fetchall()}
    assert columns == {"missed_reason", "tested_at"} == {*absent}


def drop_value_in_quarantine(inbox: Path, force: str) -> None:
    """`referred` is blank except in one row, which has a value that the contract does not list."""
    columns = [c for c in TESTS if c != "lpu"]
    rows = arrests(columns, referred="")
    rows[0][columns.index("referred")] = "Perhaps"
    write_extract(inbox, "drug_tests", rows, columns=columns, window=JANUARY, force=force)


def test_column_with_its_only_value_in_quarantine_is_not_absent(home: Home) -> None:
    assert figure(home, "referrals", force="cheshire") == (0, "complete")


def drop_without_optional(inbox: Path, force: str) -> None:
    """Files with required columns only."""
    write_extract(
        inbox, "stop_search",
        each(60, lambda i: [f"S{i}", f"2025-01-{i % 28 + 1:02d}T12:00:00", "Controlled drugs", ""]),
        columns=("search_ref", "searched_at", "object_of_search", "object_found"), window=JANUARY, force=force,
    )  # fmt: skip
    write_extract(
        inbox, "incidents", each(60, lambda i: [f"I{i}", "INCIDENT", f"2025-01-{i % 28 + 1:02d}T12:00:00", "Drugs"]),
        columns=("incident_ref", "record_type", "created_at", "qualifiers"), window=JANUARY, force=force,
    )  # fmt: skip
    write_extract(
        inbox, "county_lines", [["L1", "2025-01-03"]], columns=("line_ref", "identified_on"), window=JANUARY, force=force
    )
    write_extract(
        inbox, "pspos", [["O1", "Derby", "2025-01-03"]],
        columns=("order_ref", "authority", "starts_on"), window=JANUARY, force=force,
    )  # fmt: skip
    write_extract(
        inbox, "confiscation_orders", [["C1", "2025-01-03", "Fraud", "10", "20"]],
        columns=("order_ref", "order_date", "offence_category", "order_value", "benefit_value"), window=JANUARY, force=force,
    )  # fmt: skip
    notice = ("enforcement_ref", "enforced_on", "kind", "authority")
    write_extract(
        inbox, "pspo_enforcement", [["E1", "2025-01-03", "Fixed penalty notice", "Derby"]],
        columns=notice, window=JANUARY, force=force,
    )  # fmt: skip
    write_extract(
        inbox, "pspo_enforcement", [["E2", "2025-02-03", "Fixed penalty notice", "Derby", "Wardens"]],
        columns=(*notice, "issuing_team"), window=FEBRUARY, force=force,
    )  # fmt: skip


def test_notices_without_a_team_are_no_zero_of_the_teams_of_other_files(home: Home) -> None:
    by_team = partial(figure, home, "fpns_issued_by_team", mart="pspo", force="essex")
    assert by_team() == by_team("Feb 2025", "Wardens") == (1, "complete")
    assert by_team("Jan 2025", "Wardens") == by_team("Jan 2025", "Not recorded") == NOT_AVAILABLE
    assert by_team("Jan-Feb 2025", "Wardens") == (1, "partial")
    assert by_team("Jan-Feb 2025") == (2, "complete")


def test_other_extracts_without_optional_columns(home: Home) -> None:
    figure_of = partial(figure, home, force="essex")
    for mart, measures in {
        "stop_search": ("drug_finds", "drug_find_rate", "drug_searches_by_outcome", "drug_searches_by_ethnicity", "drug_searches_by_age"),  # noqa: E501
        "incidents": ("incidents_drugs_emergency", "roc_drugs_emergency", "incidents_drugs_by_channel"),
        "county_lines": ("lines_closed", "lines_active"), "pspo": ("pspos_active",), "confiscation_orders": ("compensation_value",),  # noqa: E501
    }.items():  # fmt: skip
        for measure in measures:
            assert figure_of(measure, mart=mart) == NOT_AVAILABLE, measure
    assert figure_of("searches", mart="stop_search") == figure_of("drug_searches", mart="stop_search") == (60, "complete")
    assert figure_of("searches", category="Not recorded", mart="stop_search") == NOT_AVAILABLE
    assert figure_of("incidents_drugs", mart="incidents") == (60, "complete")
    assert figure_of("lines_identified", mart="county_lines") == figure_of("pspos_new", mart="pspo") == (1, "complete")
    assert figure_of("order_value", mart="confiscation_orders") == (10, "complete")


def drop_blank_in_every_row(inbox: Path, force: str, n: int) -> None:
    """Files of `n` rows with a required column blank in all of them."""
    day = lambda i: f"2025-01-{i % 28 + 1:02d}T12:00:00"  # noqa: E731
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
        write_extract(inbox, extract, each(n, row), columns=columns, window=JANUARY, force=force)


def test_required_column_blank_in_every_row_gives_no_zero(home: Home) -> None:
    """With fifty rows. With 49, each blank is only a row that does not count."""
    figure_of = partial(figure, home, force="norfolk")
    measures_by_mart = {
        "incidents": ("incidents_drugs", "roc_drugs", "incidents_drugs_emergency", "incidents_drugs_by_channel"),
        "drug_offences": ("possession_offences", "trafficking_offences"),
        "intelligence": ("intelligence_items",),
        "stop_search": ("drug_searches", "drug_finds", "drug_searches_by_outcome"),
        "drug_tests": ("tests_completed", "tests_refused", "tests_missed", "tests_positive"),
    }
    for mart, measures in measures_by_mart.items():
        for measure in measures:
            assert figure(home, measure, mart=mart, force="norfolk") == NOT_AVAILABLE, measure
            assert figure(home, measure, mart=mart, force="kent") == (0, "complete"), measure
    assert figure_of("searches", mart="stop_search") == figure_of("trigger_arrests") == (50, "complete")
    assert figure_of("drug_searches", mart="stop_search", category="Act") in (None, NOT_AVAILABLE)


def drop_each_column_blank(inbox: Path, force: str) -> None:
    """Fifty rows of each extract, with a required column blank that only some measures need."""
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
        "pspos": (("order_ref", "starts_on", "authority", "ends_on"), ("", "2030-01-01")),
        "iom_visits": (("visit_ref", "visited_on", "operation", "substance_misuse"), ("Knightlow", "")),
        "community_voices": (("response_ref", "responded_on", "issue"), ("",)),
        "prevention_activity": (("activity_ref", "activity_on", "activity", "quantity"), ("", "")),
    }  # fmt: skip
    for extract, (columns, values) in files.items():
        place = 2 if extract in ("exploitation_outcomes", "op_trapped") else 1
        row = lambda i, place=place, values=values: [f"R{i}", *("P1",) * (place - 1), day(i), *values]  # noqa: E731
        if extract == "op_trapped":
            row = lambda i: [f"R{i}", "", day(i), ""]  # noqa: E731
        write_extract(inbox, extract, each(50, row), columns=columns, window=JANUARY, force=force)


def test_blank_required_column_makes_its_measures_and_categories_unavailable(home: Home) -> None:
    """Measures that do not need it are complete."""
    figures = {
        (mart.removeprefix("mart_"), measure, category): (value, status)
        for mart, measure, category, value, status in query_marts(
            home, "select mart, measure, category, value, data_status from marts.measures where area_type = 'force'"
            " and force_code = 'dorset' and period_label = 'Jan 2025'"
        )
    }  # fmt: skip
    available = {
        ("intelligence", "intelligence_items"): 50, ("confiscation_orders", "orders"): 50,
        ("confiscation_orders", "benefit_value"): 250, ("cash_seizures", "orders_obtained"): 50,
        ("cash_seizures", "forfeiture_orders"): 50, ("mda_orders", "orders"): 50, ("op_trapped", "properties_identified"): 50,
        ("school_inputs", "inputs_delivered"): 50, ("school_inputs", "young_people_engaged"): 150,
        ("pspo", "pspos_new"): 50, ("pspo", "pspos_active"): 50,
        ("iom", "knightlow_visits"): 50, ("community_voices", "responses"): 50, ("prevention_activity", "activities"): 50,
    }  # fmt: skip
    for (mart, measure, category), value_and_status in figures.items():
        if category == "all" and (mart, measure) in available:
            assert value_and_status == (available[mart, measure], "complete"), measure
        elif (mart, measure, category) == ("mda_orders", "orders", "Police"):
            assert value_and_status == (50, "complete")
        elif (mart, measure) == ("mda_orders", "orders"):
            assert value_and_status == (0, "complete")
        else:
            assert value_and_status == NOT_AVAILABLE, (measure, category)
    assert {(mart, measure) for mart, measure, category in figures if category == "all"} >= set(available)


AREAS = "force_code,section_code,section_name,lpu_code,lpu_name\n"


def drop_units_that_come_and_go(home: Home) -> None:
    """Surrey's and Sussex' list of lines and Wiltshire's administrations: an older and a newer file, of which one has units. Of
    Sussex' and Wiltshire's newer rows one goes to quarantine, so that its version with a unit stands."""
    home.seeds.mkdir(exist_ok=True)
    areas = "".join(f"{f},s,South,dales,Dales\n{f},s,South,city,City\n" for f in ("surrey", "sussex", "wiltshire"))
    (home.seeds / "areas.csv").write_text(AREAS + areas)

    def drop(extract: str, force: str, key: str, day: str, is_newer: bool, has_units: bool, bad: int = 0) -> None:
        def row(i: int) -> list[str]:
            own = [f"K{i}", "none" if i < bad else f"2025-01-{i % 28 + 1:02d}"]
            return [*own, "Dales"] if has_units else own

        window = FEBRUARY if is_newer and extract == "county_lines" else JANUARY
        columns = [key, day, "lpu"] if has_units else [key, day]
        write_extract(
            home.inbox, extract, each(60, row), columns=columns, window=window, force=force,
            stamp=LATER if is_newer else "20260105T020000Z",
        )  # fmt: skip

    for is_newer in (False, True):
        drop("county_lines", "surrey", "line_ref", "identified_on", is_newer, has_units=is_newer)
        drop("county_lines", "sussex", "line_ref", "identified_on", is_newer, not is_newer, bad=int(is_newer))
        drop("naloxone", "wiltshire", "administration_ref", "administered_at", is_newer, not is_newer, bad=int(is_newer))


def test_newest_file_of_a_list_says_whether_its_rows_have_units(home: Home) -> None:
    lines = partial(figure, home, "lines_identified", mart="county_lines")
    for period in ("Jan 2025", "Feb 2025"):
        n = 60 if period == "Jan 2025" else 0
        assert lines(period, force="surrey", area="dales") == lines(period, force="surrey") == (n, "complete")
        assert lines(period, force="surrey", area="unknown") == (0, "complete")
        assert lines(period, force="sussex", area="dales") == NOT_AVAILABLE
        assert lines(period, force="sussex", area="unknown") == lines(period, force="sussex") == (n, "complete")


def test_row_with_a_unit_counts_as_not_recorded_where_the_newest_file_has_no_units(home: Home) -> None:
    administrations = partial(figure, home, "naloxone_administrations", mart="naloxone", force="wiltshire")
    assert administrations(area="dales") == NOT_AVAILABLE
    assert administrations(area="unknown") == administrations() == (60, "complete")


def drop_row_with_a_reason_that_stands(inbox: Path, force: str) -> None:
    """A newer file of January has no reasons; of its missed tests one goes to quarantine: its version with a reason stands."""
    drop_tests(inbox, force=force)
    columns = [c for c in TESTS if c != "missed_reason"]
    rows = arrests(columns)
    rows[1][columns.index("arrested_at")] = "none"
    write_extract(inbox, "drug_tests", rows, columns=columns, window=JANUARY, stamp=LATER, force=force)
    drop_tests(inbox, window=FEBRUARY, force=force)


def test_row_with_a_category_counts_in_all_alone_where_the_newest_file_has_no_categories(home: Home) -> None:
    """Otherwise a year would have one more than its months, which holds the night."""
    missed = partial(figure, home, "tests_missed", force="suffolk")
    assert missed() == (30, "complete")
    assert missed(category="No kit") == NOT_AVAILABLE
    assert missed("Feb 2025", category="No kit") == (30, "complete")
    assert missed("2025") == (60, "partial")
    assert missed("2025", category="No kit") == (30, "partial")


def drop_row_without_a_reason_that_stands(inbox: Path, force: str) -> None:
    """A newer file of January has reasons; of its missed tests one goes to quarantine: its version without a reason stands."""
    drop_tests(inbox, without=("missed_reason",), force=force)
    rows = arrests(TESTS)
    rows[1][TESTS.index("arrested_at")] = "none"
    write_extract(inbox, "drug_tests", rows, columns=TESTS, window=JANUARY, stamp=LATER, force=force)


def test_row_without_a_category_is_not_recorded_where_the_newest_file_has_categories(home: Home) -> None:
    """Otherwise categories of a complete month would not add up to all of it, and `Not recorded` would be a false 0."""
    missed = partial(figure, home, "tests_missed", force="gloucestershire")
    assert missed() == (30, "complete")
    assert missed(category="No kit") == (29, "complete")
    assert missed(category="Not recorded") == (1, "complete")


@pytest.mark.long
def test_trace_is_as_far_covered_as_the_mart_says(home: Home) -> None:
    """Units where a file has none; Not recorded has the force's figure there."""
    figures = query_marts(
        home, "select measure, period_end, period_start, category, area_type, area_name, force_code, value, data_status from"
        " marts.mart_drug_tests where force_code in ('derbyshire', 'dorset') and period_label in ('Jan 2025', '2025')"
        " and measure in ('trigger_arrests', 'tests_positive', 'tests_missed') and area_type <> 'section'",
    )  # fmt: skip
    assert {("lpu", "complete"), ("lpu", "not_available"), ("force", "partial")} <= {(f[4], f[8]) for f in figures}
    with open_evidence(home) as con:
        for measure, last, first, category, area_type, area, force, value, status in figures:
            request = FigureRequest(measure, last, first, "mart_drug_tests", category, area_type, area, force)
            result = trace(con, request)
            assert (result.value, result.data_status) == (value, status), request


def test_trace_of_a_category_has_the_rows_of_days_that_have_categories(home: Home) -> None:
    with open_evidence(home) as con:
        year = FigureRequest("tests_missed", date(2025, 12, 31), date(2025, 1, 1), category="No kit", force_code="suffolk")
        rows = {request.category: len(trace(con, request).parts[0].rows) for request in (year, replace(year, category="all"))}
    assert rows == {"No kit": 30, "all": 60}


def test_fact_month_has_all_alone_where_categories_do_not_add_up_to_it(home: Home) -> None:
    assert wrong_sums_of_fact_month(home) == []
    ((beside_categories,),) = published(
        home,
        "select count(*) from bi.fact_month as m semi join bi.fact_figure as f on m.measure_key = f.measure_key"
        " and m.area_key = f.area_key and m.date_key = f.date_key and f.period_type = 'month' and f.category <> 'all'"
        " where m.category = 'all' and m.value > 0",
    )
    assert beside_categories >= 10
