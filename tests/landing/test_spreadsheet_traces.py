"""What a spreadsheet does to a file without a word: figures cut off, rows cut off, points between thousands, a sheet a month.
Each look-alike that is sound lands."""

import duckdb

from .test_landing_workbooks import HEAD, land
from .workbook import workbook

MONEY = "order_ref,order_date,offence_category,order_value,benefit_value"


def keyed(*keys):
    return workbook([HEAD, *[[key, "2025-03-01", "92D", "Recorded", "Dales"] for key in keys]])


def test_numbers_of_16_digits_are_no_keys(warehouse):
    # As numbers, the first two are one: they would be merged.
    entry = land(warehouse, keyed(123456789012345678, 123456789012345679, 1e15, "C1"))
    assert (entry.rows_landed, entry.rows_quarantined, entry.rows_duplicate) == (1, 3, 0)
    reason = warehouse.quarantine(entry)[0]["_reasons"]
    assert reason.startswith("crime_ref: '1.23456789012346e+17' is a long number that a spreadsheet has cut short: export")


def test_numbers_of_15_digits_and_texts_of_any_length_are_keys(warehouse):
    entry = land(warehouse, keyed(999999999999999, 999999999999998, "1234567890123456", "1234567890123457"))
    assert (entry.rows_landed, entry.rows_quarantined) == (4, 0)
    assert warehouse.raw(entry)[0]["crime_ref"] == "999999999999999"


def test_parquet_s_doubles_of_16_digits_are_no_keys_either(warehouse):
    path = warehouse.home.inbox / "crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.parquet"
    keys = "unnest([123456789012345678::double, 123456789012345]) as t(crime_ref)"
    duckdb.sql(f"select crime_ref, '2025-03-01' recorded_on, '92D' offence_code, 'Recorded' status from {keys}").write_parquet(
        str(path)
    )
    (entry,) = warehouse.night()
    assert (entry.rows_landed, entry.rows_quarantined) == (1, 1)
