"""The sample's rows add up to the printed report: a test for every printed figure, and for its statements in words."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from support import seed

from .counters import (
    COUNTERS,
    FORCE,
    SECTIONS,
    UNITS,
    Row,
    Rows,
    Selection,
    agrees,
    computed_figure,
    counter,
    substances,
)

PRINTED = [row for row in seed("published_figures") if row["kind"] == "figure"]
# Figures that no rows can agree with, and what the rows add up to
DISAGREES = {
    ("3.6", "lines_closed", "value"): (30, "32 is the sum of 13 months, not of the last 12"),
    ("3.6", "persons_safeguarded", "value"): (61, "the table of 3.5 adds to 61"),
}
AGREES_WHEN_CUT = {
    ("2.1", "possession_offences", "pct_change"): "538 of 1,649 is 32.63%, printed 32%",
    ("3.8", "properties_identified", "pct_change"): "56 of 22 is 254.55%, printed 254%",
}
NOT_COMPUTABLE = {
    ("5.2-5.7", "death_registration_delay_median_days", "value"): "no indicator of the warehouse",
}


def name(row: Row) -> str:
    return "-".join(row[part] for part in ("paragraph", "measure", "figure", "area_name", "category", "period_label")).replace(
        " ", "_"
    )


@pytest.mark.parametrize("printed", PRINTED, ids=[name(row) for row in PRINTED])
def test_the_rows_add_up_to_the_printed_figure(
    printed: Row, sample_rows: Rows, sample_windows: dict[str, tuple[str, str]]
) -> None:
    key = (printed["paragraph"], printed["measure"], printed["figure"])
    if key in NOT_COMPUTABLE:
        assert (printed["mart"], printed["measure"]) not in COUNTERS
        return
    if printed["printed"] == "*":
        assert printed["period_start"] > sample_windows["intelligence"][1]
        assert computed_figure(sample_rows, printed) == 0
        return
    value = computed_figure(sample_rows, printed)
    if key in DISAGREES:
        expected, reason = DISAGREES[key]
        assert value == expected != Decimal(printed["value"]), reason
    elif key in AGREES_WHEN_CUT:
        assert agrees(value, printed, ROUND_DOWN), AGREES_WHEN_CUT[key]
        assert not agrees(value, printed, ROUND_HALF_UP), AGREES_WHEN_CUT[key]
    else:
        assert agrees(value, printed, ROUND_HALF_UP), value


def test_the_exceptions_are_figures_of_the_report() -> None:
    printed = {(row["paragraph"], row["measure"], row["figure"]) for row in PRINTED}
    assert {*DISAGREES, *AGREES_WHEN_CUT, *NOT_COMPUTABLE} <= printed


def over(start: str, end: str, category: str = "all", area: tuple[str, str] = ("force", FORCE)) -> Selection:
    return Selection(start, end, *area, category, "")


def school_inputs_increased(rows: Rows) -> bool:
    inputs = COUNTERS["mart_school_inputs", "inputs_delivered"]
    engaged = COUNTERS["mart_school_inputs", "young_people_engaged"]
    return all(
        measure(rows, over("2025-01-01", "2025-09-30")) > measure(rows, over("2024-01-01", "2024-09-30"))
        for measure in (inputs, engaged)
    )


def charity_had_nothing_before(rows: Rows) -> bool:
    value = COUNTERS["mart_mda_orders", "order_value"]
    return (
        value(rows, over("2019-04-01", "2024-04-30", "Charity")) == 0 < value(rows, over("2024-05-01", "2025-03-31", "Charity"))
    )


def all_positives_have_a_substance(rows: Rows) -> bool:
    selection = over("2024-09-01", "2025-10-31")
    named = sum(COUNTERS["mart_drug_tests", f"positive_{each}"](rows, selection) for each in ("cocaine", "opiates", "both"))
    assert substances(False, False)(rows, selection) == 135
    return named == COUNTERS["mart_drug_tests", "tests_positive"](rows, selection)


def naloxone_adds_up(rows: Rows) -> bool:
    count = COUNTERS["mart_naloxone", "naloxone_administrations"]

    def within(area_type: str, area: str) -> Decimal:
        return count(rows, over("2024-05-01", "2025-11-30", area=(area_type, area)))

    sections = sorted(set(SECTIONS.values()))
    units = {(SECTIONS[unit.lower()], unit) for unit in UNITS.values()}
    return sum(within("section", each) for each in sections) == within("force", FORCE) and all(
        sum(within("lpu", unit) for at, unit in units if at == section) == within("section", section) for section in sections
    )


def lines_over_thirteen_months(rows: Rows) -> bool:
    selection = over("2024-10-01", "2025-10-31")
    return (
        COUNTERS["mart_county_lines", "lines_identified"](rows, selection),
        COUNTERS["mart_county_lines", "lines_closed"](rows, selection),
    ) == (29, 32)


def most_confiscations_are_drug_supply(rows: Rows) -> bool:
    by_offence = counter("confiscation_orders", category="offence_category")
    years = [(f"{year}-04-01", f"{year + 1}-03-31") for year in range(2019, 2026)]
    return all(2 * by_offence(rows, over(*year, "Drug supply")) > by_offence(rows, over(*year)) for year in years)


def police_and_charity_add_up(rows: Rows) -> bool:
    value = COUNTERS["mart_mda_orders", "order_value"]
    parts = [value(rows, over("2024-04-01", "2025-03-31", each)) for each in ("Police", "Charity")]
    whole = value(rows, over("2024-04-01", "2025-03-31"))
    # The printed parts are a pound short, as their pence are cut off
    assert sum(part.quantize(Decimal(1), ROUND_HALF_UP) for part in parts) + 1 == whole.quantize(Decimal(1), ROUND_HALF_UP)
    return sum(parts) == whole


def months_add_to_years(rows: Rows) -> bool:
    items = COUNTERS["mart_intelligence", "intelligence_items"]
    return all(
        sum(items(rows, over(f"{year}-{month:02d}-01", f"{year}-{month:02d}-31")) for month in range(1, 13))
        == items(rows, over(f"{year}-01-01", f"{year}-12-31"))
        for year in (2023, 2024, 2025)
    )


STATEMENTS = {
    ("3.11", "inputs_delivered"): (school_inputs_increased, True),
    ("2.17", "tests_positive"): (all_positives_have_a_substance, False),
    ("2.12", "naloxone_administrations"): (naloxone_adds_up, True),
    ("3.5", "lines_identified"): (lines_over_thirteen_months, True),
    ("4.1", "orders"): (most_confiscations_are_drug_supply, True),
    ("4.4", "order_value"): (charity_had_nothing_before, True),
    ("4.8", "order_value"): (police_and_charity_add_up, True),
    ("6.7", "intelligence_items"): (months_add_to_years, True),
}


@pytest.mark.parametrize("statement", sorted(STATEMENTS), ids="-".join)
def test_statements_of_the_report_hold_or_not_as_listed(statement: tuple[str, str], sample_rows: Rows) -> None:
    statement_holds, expected = STATEMENTS[statement]
    assert statement_holds(sample_rows) is expected
    listed = {(row["paragraph"], row["measures"].partition("|")[0]) for row in seed("statements")}
    assert statement in listed


def health(rows: Rows, measure: str, area: str, column: str, sex: str = "Persons") -> Decimal:
    """The newest value of an indicator for an area."""
    ids = {r["indicator_id"] for r in seed("public_health_indicators") if r["measure"] == measure}
    matching = [
        r for r in rows["public_health"]
        if r["indicator_id"] in ids and r["area_name"] == area and r["sex"] == sex and not r["category"]
    ]  # fmt: skip
    return Decimal(max(matching, key=lambda r: r["time_period"])[column])


def test_death_rates_are_those_of_the_report(sample_rows: Rows) -> None:
    """5.4: the county is significantly above England; Chesterfield is highest of its districts."""
    rate = "drug_misuse_death_rate"
    england = health(sample_rows, rate, "England", "value")
    assert health(sample_rows, rate, "Derbyshire", "lower_ci_95.0_limit") > england
    assert health(sample_rows, rate, "Chesterfield", "value") > health(sample_rows, rate, "High Peak", "value") > england


def test_opiate_and_crack_users_are_split_by_sex(sample_rows: Rows) -> None:
    for sex in ("Male", "Female"):
        assert health(sample_rows, "ocu_prevalence", "Derbyshire", "count", sex) > 0
