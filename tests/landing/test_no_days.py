"""Days that programs write for none: 1 January 1900 and 1970."""

import pytest

NONE = ("1900-01-01", "01/01/1900", "1900-01-01 00:00:00", "1970-01-01", "1970-01-01T00:00:00Z")


def test_in_a_list_they_are_no_dates(warehouse):
    # With such an end, a line was never active; with such a beginning, a list's row was active from then on.
    rows = [*(f"E{n},2025-03-01,{day}" for n, day in enumerate(NONE)), *(f"B{n},{day}," for n, day in enumerate(NONE))]
    entry = warehouse.land("county_lines", "L1,2025-03-01,", *rows)
    why = "is what programs write for no day"
    kinds = {f"closed_on: {why}": len(NONE), f"identified_on: {why}": len(NONE)}
    assert (entry.rows_landed, entry.quarantine_reasons) == (1, kinds)


def test_where_no_figure_asks_for_them_they_do_no_harm(warehouse):
    header = "custody_ref,arrested_at,trigger_offence,test_status,tested_at"
    rows = [f"K{n},2025-03-01,Theft,Completed,{day}" for n, day in enumerate(NONE)]
    assert warehouse.land("drug_tests", *rows, header=header).rows_landed == len(NONE)


def test_the_days_beside_them_are(warehouse):
    days = ("1900-01-02", "01/02/1900", "1901-01-01", "1969-12-31", "1970-01-02", "02/01/1970")
    entry = warehouse.land("county_lines", *(f"L{n},{day},2025-03-01" for n, day in enumerate(days)))
    assert entry.rows_landed == len(days)


@pytest.mark.parametrize("text", ["1900-01-01", "01/01/1970"])
def test_a_mapping_makes_them_blank(warehouse, text):
    mapping = f'extract: county_lines\nvalues: {{closed_on: {{{text}: ""}}}}\n'
    (warehouse.home.mappings / "m.yml").write_text(mapping, encoding="utf-8")
    entry = warehouse.land("county_lines", f"L1,2025-03-01,{text}")
    assert [row["closed_on"] for row in warehouse.raw(entry)] == [None]
