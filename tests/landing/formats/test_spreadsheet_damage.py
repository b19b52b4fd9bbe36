"""Damage that a spreadsheet does silently: digits cut off, rows cut off, points between thousands, a sheet for each month.
Similar files that are sound land."""

from types import SimpleNamespace

import duckdb
import pytest

from dagster_project.landing.doubts import implausible_files

from ..workbook import workbook
from .test_workbooks import HEAD, NAME, edit_part, land, rows

MONEY = "order_ref,order_date,offence_category,order_value,benefit_value"


def workbook_of_keys(*keys):
    return workbook([HEAD, *[[key, "2025-03-01", "92D", "Recorded", "Dales"] for key in keys]])


def test_numbers_of_16_digits_are_refused_as_keys(warehouse):
    # As numbers the first two are equal, and would be merged.
    entry = land(warehouse, workbook_of_keys(123456789012345678, 123456789012345679, 1e15, "C1"))
    assert (entry.rows_landed, entry.rows_quarantined, entry.rows_duplicate) == (1, 3, 0)
    reason = warehouse.quarantine(entry)[0]["_reasons"]
    assert reason.startswith("crime_ref: '1.23456789012346e+17' is a long number that a spreadsheet has cut short: export")


def test_numbers_of_15_digits_and_long_texts_are_keys(warehouse):
    entry = land(warehouse, workbook_of_keys(999999999999999, 999999999999998, "1234567890123456", "1234567890123457"))
    assert (entry.rows_landed, entry.rows_quarantined) == (4, 0)
    assert warehouse.raw(entry)[0]["crime_ref"] == "999999999999999"


def test_parquet_doubles_of_16_digits_are_refused_as_keys(warehouse):
    path = warehouse.home.inbox / "crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.parquet"
    keys = "unnest([123456789012345678::double, 123456789012345]) as t(crime_ref)"
    duckdb.sql(f"select crime_ref, '2025-03-01' recorded_on, '92D' offence_code, 'Recorded' status from {keys}").write_parquet(
        str(path)
    )
    (entry,) = warehouse.night()
    assert (entry.rows_landed, entry.rows_quarantined) == (1, 1)


def orders(warehouse, *amounts, at="20260105T020000Z"):
    lines = [f'O{n},2025-03-01,Fraud,"{amount}",500' for n, amount in enumerate(amounts)]
    return warehouse.land("confiscation_orders", *lines, header=MONEY, at=at)


@pytest.mark.parametrize(
    "amounts",
    [
        ("1.234", "2.500", "12.000"),
        ("1.234", "2.500", "£12.000", "500", "", "0"),
        ("1.234", "2.500", "3.100", "1.234.567", "2.500,50"),
    ],
)
def test_points_between_thousands_hold_the_file(warehouse, amounts):
    entry = orders(warehouse, *amounts)
    assert entry.outcome == "held" and "order_value: every amount with a point has three figures after it" in entry.reason


@pytest.mark.parametrize(
    ("amounts", "outcome"),
    [
        (("999999999999999999", "1"), "held"), (("999999999999999999", "-1"), "held"),
        (("999999999999999999", ""), "accepted"), (("899999999999999999", "100000000000000000"), "accepted"),
    ],
)  # fmt: skip
def test_amounts_that_no_figure_can_hold_together_hold_the_file(warehouse, amounts, outcome):
    """Account numbers in the column of amounts: no night could be built with them."""
    entry = orders(warehouse, *amounts)
    assert entry.outcome == outcome
    if outcome == "held":
        assert entry.reason.startswith("order_value: its amounts, such as 999999999999999999.00, add up to ")


@pytest.mark.parametrize(
    "amounts",
    [
        ("1.234", "2.500"),
        ("1.234", "1.234", "1.234", "1.234"),
        ("1.234", "2.500", "3.100", "10.50"),
        ("1.234", "2.500", "3.100", "0.333"),
        ("1.234", "2.500", "3.100", "1234.500"),
        ("1.234", "2.500", "3.100", "1500"),
        ("1.234", "2.500", "3.100", "1,500"),
        ("1,234", "2,500", "3,100"),
    ],
)
def test_points_before_decimals_do_not_hold_the_file(warehouse, amounts):
    entry = orders(warehouse, *amounts)
    assert (entry.outcome, entry.rows_landed) == ("accepted", len(amounts)), entry.reason


@pytest.mark.parametrize("further_counts,outcome", [(["250"], "held"), ([], "accepted")])
def test_counts_with_points(warehouse, further_counts, outcome):
    counts = ["1.000", "2.000", "12.000", *further_counts]
    entry = warehouse.land("school_inputs", *(f"S{i},2025-03-01,Primary,{people}" for i, people in enumerate(counts)))
    assert entry.outcome == outcome


@pytest.mark.parametrize("n,outcome", [(8, "accepted"), (9, "held"), (10, "accepted")])
def test_file_that_ends_at_the_last_row_of_a_spreadsheet_is_held(warehouse, monkeypatch, n, outcome):
    monkeypatch.setattr(implausible_files, "SPREADSHEET_ROWS", (10,))
    entry = warehouse.land("crimes", *(f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(n)))
    assert entry.outcome == outcome
    if outcome == "held":
        assert entry.reason.startswith("ends at row 10, where a spreadsheet does: rows below it may be lost")
        assert entry.reason.endswith("release the file")


def test_rows_that_a_mapping_ignores_are_rows_of_the_spreadsheet(warehouse, monkeypatch):
    monkeypatch.setattr(implausible_files, "SPREADSHEET_ROWS", (10,))
    (warehouse.home.mappings / "m.yml").write_text("extract: crimes\ntable: {ignore: {crime_ref: TOTAL}}\n", encoding="utf-8")
    rows = [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(8)]
    assert warehouse.land("crimes", *rows, "TOTAL,,,,").reason.startswith("ends at row 10,")


@pytest.mark.parametrize("last", [65_536, 1_048_576])
def test_the_last_row_of_a_spreadsheet(last):
    sheet = SimpleNamespace(layout=SimpleNamespace(rows=1, separator=","), n_ignored=0)
    assert implausible_files.cut_by_spreadsheet(sheet, last - 1).startswith(f"ends at row {last:,}, where a spreadsheet does")


def rename_sheets(data, *names):
    for n, name in enumerate(names, 1):
        data = edit_part(data, "xl/workbook.xml", f'name="S{n}"', f'name="{name}"')
    return data


MONTHS = workbook([HEAD, *rows(5, 1)], [HEAD, *rows(5, 2)], [["notes"]])


@pytest.mark.parametrize(
    "names",
    [("January", "February"), ("Jan 25", "FEB 25"), ("Crimes 2024", "Crimes 2025"), ("2025 Q1", "2025 Q2"), ("Aug", "Sept_25")],
)
def test_workbook_with_a_sheet_per_month_is_held_if_the_first_does_not_fill_the_window(warehouse, names):
    entry = land(warehouse, rename_sheets(MONTHS, *names))
    assert entry.outcome == "held"
    assert f"rows of its window are on other sheets, and only the first is read: {names[1]}. Save each" in entry.reason
    # A sheet of another year need not belong to the window.
    assert entry.reason.endswith("say table: {sheet: 1} in a mapping, or release the file")
    (warehouse.home.mappings / "m.yml").write_text(f"extract: crimes\ntable: {{sheet: {names[1]}}}\n", encoding="utf-8")
    assert land(warehouse, rename_sheets(MONTHS, *names), NAME.replace("0105T", "0106T")).outcome == "accepted"


def test_workbook_with_the_latest_month_first_is_held(warehouse):
    book = rename_sheets(workbook([HEAD, *rows(5, 12)], [HEAD, *rows(5, 11)]), "Dec", "Nov")
    assert land(warehouse, book).outcome == "held"


def test_workbook_with_a_february_on_its_second_sheet_is_held(warehouse):
    book = rename_sheets(workbook([HEAD, *rows(31, 1)], [HEAD, *rows(5, 2)]), "January", "February")
    assert land(warehouse, book, NAME.replace("2025-12-31", "2025-02-28")).outcome == "held"


def test_workbook_lands_if_its_window_is_the_month_of_the_first_sheet(warehouse):
    entry = land(warehouse, rename_sheets(MONTHS, "January", "February"), NAME.replace("2025-12-31", "2025-01-31"))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 5) and entry.drift[0].startswith("not read: February with")


@pytest.mark.parametrize("names", [("Data", "Copy"), ("Sheet1", "Sheet2"), ("Marches", "Decks"), ("Mayfield 1", "Mayfield 2")])
def test_sheets_with_other_names_are_noted(warehouse, names):
    entry = land(warehouse, rename_sheets(MONTHS, *names))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 5) and entry.drift[0].startswith(f"not read: {names[1]} with")


def test_workbook_lands_if_only_the_first_sheet_has_the_columns(warehouse):
    entry = land(warehouse, rename_sheets(workbook([HEAD, *rows(5, 1)], [["Notes of February"]]), "January", "February"))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 5)


SEARCHES = "search_ref,searched_at,object_of_search,object_found,age_range"


def searches(warehouse, *ages, at="20260105T020000Z"):
    rows = [f"S{n},2025-03-01 10:00,Drugs,N,{age}" for n, age in enumerate(ages)]
    return warehouse.land("stop_search", *rows, header=SEARCHES, at=at)


RANGES = (
    "Oct-17", "17-Oct", "2017-10-01", "01/10/2017", "2026-10-17 00:00:00", "Oct-2017", "17 Oct", "October-17", "10/17", "43009",
)  # fmt: skip


def test_ranges_that_became_dates_hold_the_file(warehouse):
    """10-17 would have no searches, and a category of its own would have them."""

    def land_each_range(*others, at):
        rows = ([f"S{n},2025-03-01 10:00,Drugs,N,{a}" for n, a in enumerate((age, *others))] for age in RANGES)
        return zip(RANGES, warehouse.land_forces("stop_search", *rows, header=SEARCHES, at=at), strict=True)

    for age, entry in land_each_range(*["18-24"] * 98, "under 10", at="20260105T020000Z"):
        assert entry.outcome == "held" and entry.reason.startswith(f"age_range: '{age}' is what a spreadsheet makes of a range")
    for age, rare in land_each_range(*["10-17"] * 100, *["over 34"] * 100, at="20260106T000000Z"):
        assert rare.outcome == "accepted", f"a slip of one person: {age}"


def test_rows_with_such_dates_are_counted_and_not_their_different_texts(warehouse):
    entry = searches(warehouse, *["Oct-17"] * 3, *["18-24"] * 297)
    assert entry.outcome == "held" and "(3 of 300 rows)" in entry.reason


def test_a_mapping_says_which_range_it_was(warehouse):
    mapping = "extract: stop_search\nforces: [derbyshire]\nvalues: {age_range: {Oct-17: 10-17}}\n"
    (warehouse.home.mappings / "searches.yml").write_text(mapping)
    entry = searches(warehouse, *["Oct-17"] * 10, "18-24")
    assert entry.outcome == "accepted" and {r["age_range"] for r in warehouse.raw(entry)} == {"10-17", "18-24"}


@pytest.mark.parametrize(
    "cell,is_number", [("45961", True), ("45961.9583", True), ("2025", False), ("25961", False), ("459612", False)]
)
def test_number_of_a_day_is_named_as_such(warehouse, cell, is_number):
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales", f"C2,{cell},92D,Recorded,Dales")
    more = ": a spreadsheet's number of a day: show the column as dd/mm/yyyy and save again"
    assert warehouse.quarantine(entry)[0]["_reasons"] == f"recorded_on: '{cell}' is not a date{more if is_number else ''}"
