"""Placeholder dates that programs write for no date: 1 January 1900 and 1970."""

import pytest

NO_DATES = ("1900-01-01", "01/01/1900", "1900-01-01 00:00:00", "1970-01-01", "1970-01-01T00:00:00Z")


def test_placeholder_dates_in_a_list_are_quarantined(warehouse):
    # With such an end date a line would never be active, with such a start date always.
    rows = [*(f"E{n},2025-03-01,{day}" for n, day in enumerate(NO_DATES)), *(f"B{n},{day}," for n, day in enumerate(NO_DATES))]
    entry = warehouse.land("county_lines", "L1,2025-03-01,", *rows)
    reason = "is what programs write for no day"
    reasons = {f"closed_on: {reason}": len(NO_DATES), f"identified_on: {reason}": len(NO_DATES)}
    assert (entry.rows_landed, entry.quarantine_reasons) == (1, reasons)


def test_placeholder_dates_land_in_columns_that_no_figure_uses(warehouse):
    header = "custody_ref,arrested_at,trigger_offence,test_status,tested_at"
    rows = [f"K{n},2025-03-01,Theft,Completed,{day}" for n, day in enumerate(NO_DATES)]
    assert warehouse.land("drug_tests", *rows, header=header).rows_landed == len(NO_DATES)


def test_other_days_close_to_placeholders_land(warehouse):
    days = ("1900-01-02", "01/02/1900", "1901-01-01", "1969-12-31", "1970-01-02", "02/01/1970")
    entry = warehouse.land("county_lines", *(f"L{n},{day},2025-03-01" for n, day in enumerate(days)))
    assert entry.rows_landed == len(days)


@pytest.mark.parametrize("text", ["1900-01-01", "01/01/1970"])
def test_mapping_makes_placeholder_dates_blank(warehouse, text):
    mapping = f'extract: county_lines\nvalues: {{closed_on: {{{text}: ""}}}}\n'
    (warehouse.home.mappings / "m.yml").write_text(mapping, encoding="utf-8")
    entry = warehouse.land("county_lines", f"L1,2025-03-01,{text}")
    assert [row["closed_on"] for row in warehouse.raw(entry)] == [None]
