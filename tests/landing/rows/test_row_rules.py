"""A bad row for every rule, with its reason in quarantine. The good row before it loads."""

import pytest

GOOD = "C1,2025-03-01,92D/1,Recorded,Dales"


def reasons(warehouse, entry) -> dict[str, str]:
    return {row["_line"]: row["_reasons"] for row in warehouse.quarantine(entry)}


@pytest.mark.parametrize(
    ("extract", "good", "bad", "reason", "kind"),
    [
        ("crimes", GOOD, ",2025-03-01,92D,Recorded,", "crime_ref: blank, and it is the key",
         "crime_ref: blank"),
        ("crimes", GOOD, " \u00a0,2025-03-01,92D,Recorded,", "crime_ref: blank, and it is the key",
         "crime_ref: blank"),
        ("crimes", GOOD, "C2,,92D,Recorded,", "recorded_on: blank, and it places the row",
         "recorded_on: blank"),
        ("crimes", GOOD, "C2,31/02/2025,92D,Recorded,", "recorded_on: '31/02/2025' is not a date",
         "recorded_on: is not a date"),
        ("crimes", GOOD, "C2,2026-01-01,92D,Recorded,",
         "recorded_on: 2026-01-01 is outside the window 2025-01-01 to 2025-12-31",
         "recorded_on: outside the window"),
        ("crimes", GOOD, "C2,2024-12-31,92D,Recorded,",
         "recorded_on: 2024-12-31 is outside the window 2025-01-01 to 2025-12-31",
         "recorded_on: outside the window"),
        ("crimes", GOOD, "C2,2025-03-01,92D,Open,", "status: 'Open' is not one of Recorded, Cancelled",
         "status: is not one of its values"),
        ("crimes", GOOD, "C2,2025-03-01", "2 fields where the header has 5", "wrong number of fields"),
        ("crimes", GOOD, "C2,2025-03-01,92D,Recorded,Dales,", "6 fields where the header has 5",
         "wrong number of fields"),
        ("incidents", "I1,ROC,2025-03-01T10:00,Drugs,,,", "I2,ROC,2025-03-01T10,Drugs,,,",
         "created_at: '2025-03-01T10' is not a date and time", "created_at: is not a date and time"),
        ("county_lines", "L1,2020-03-01,", "L2,2026-01-09,",
         "identified_on: 2026-01-09 is after the end of the window 2025-01-01 to 2025-12-31",
         "identified_on: outside the window"),
        ("county_lines", "L1,2020-03-01,", "L2,2025-01-09,open", "closed_on: 'open' is not a date",
         "closed_on: is not a date"),
        ("confiscation_orders", "O1,2025-03-01,Other,1,1", "O2,2025-03-01,Other,12x,1",
         "order_value: '12x' is not an amount, or has over 10 decimals",
         "order_value: is not an amount, or has over 10 decimals"),
        ("school_inputs", "S1,2025-03-01,Primary,30", "S2,2025-03-01,Primary,-30",
         "young_people: '-30' is not a whole number of 0 or more",
         "young_people: is not a whole number of 0 or more"),
        ("iom_cohort", "2025-03-01,300", ",300", "counted_on: blank, and it is the key", "counted_on: blank"),
        ("iom_cohort", "2025-03-01,300", "March,300", "counted_on: 'March' is not a date",
         "counted_on: is not a date"),
    ],
)  # fmt: skip
def test_row_that_breaks_a_rule_is_quarantined_with_the_reason(warehouse, extract, good, bad, reason, kind):
    entry = warehouse.land(extract, good, bad)
    assert entry.outcome == "accepted"
    assert (entry.rows_in_file, entry.rows_landed, entry.rows_quarantined, entry.rows_duplicate) == (
        2,
        1,
        1,
        0,
    )
    assert reasons(warehouse, entry) == {"3": reason}
    assert entry.quarantine_reasons == {kind: 1}
    assert [row["_line"] for row in warehouse.raw(entry)] == ["2"]


def test_every_reason_is_given(warehouse):
    entry = warehouse.land("confiscation_orders", ",soon,Theft,12x,")
    (row,) = warehouse.quarantine(entry)
    assert row["_reasons"] == (
        "order_ref: blank, and it is the key; order_date: 'soon' is not a date; "
        "offence_category: 'Theft' is not one of Drug supply, Fraud, Other; "
        "order_value: '12x' is not an amount, or has over 10 decimals"
    )
    assert len(entry.quarantine_reasons) == 4


def test_quarantine_has_the_contract_s_columns_as_delivered(warehouse):
    entry = warehouse.land(
        "crimes",
        "C2, 2026-01-01 ,92D,recorded,Dales,Jane Doe",
        header=("crime_ref,recorded_on,offence_code,status,lpu,officer"),
    )
    (row,) = warehouse.quarantine(entry)
    assert "Jane Doe" not in str(row)
    assert list(row) == [
        "crime_ref", "recorded_on", "offence_code", "status", "lpu", "_extract", "_force_code", "_load_id",
        "_line", "_key", "_reasons", "_extracted_at", "_source_file",
    ]  # fmt: skip
    assert (row["recorded_on"], row["status"], row["_key"]) == ("2026-01-01", "recorded", "C2")
    assert row["_source_file"] == entry.source_file and row["_extracted_at"] == "2026-01-05T02:00:00Z"


def test_only_the_key_of_a_ragged_row_is_kept(warehouse):
    entry = warehouse.land("crimes", GOOD, "C2,2025-03-01,Jane Doe, of this place,Recorded,x", ",1")
    first, second = warehouse.quarantine(entry)
    assert (first["crime_ref"], first["_key"]) == ("C2", "C2")
    assert (second["crime_ref"], second["_key"]) == (None, None)
    for row in (first, second):
        assert [row[c] for c in ("recorded_on", "offence_code", "status", "lpu")] == [None] * 4


def test_keys_of_quarantined_rows_are_withheld(warehouse):
    entry = warehouse.land("crimes", GOOD, "C2,soon,92D,Recorded,", ",soon,92D,Recorded,")
    assert warehouse.withheld(entry) == [
        {
            "extract": "crimes",
            "force_code": "derbyshire",
            "load_id": entry.load_id,
            "_line": "3",
            "_key": "C2",
        }
    ]


def test_blanks_in_other_columns_load(warehouse):
    entry = warehouse.land("crimes", "C1,2025-03-01,,,", "C2,2025-03-01, , ,nowhere known")
    assert (entry.rows_landed, entry.rows_quarantined) == (2, 0)
    assert [row["status"] for row in warehouse.raw(entry)] == [None, None]


def test_window_includes_both_end_days(warehouse):
    rows = [
        "I1,ROC,2025-01-01T00:00:00,,,,",
        "I2,ROC,2025-12-31T23:59:59,,,,",
        "I3,ROC,2024-12-31T23:59:59,,,,",
    ]
    entry = warehouse.land("incidents", *rows)
    assert [row["incident_ref"] for row in warehouse.raw(entry)] == ["I1", "I2"]


def test_window_is_in_london_time(warehouse):
    rows = [
        "I1,ROC,2025-06-30T23:30:00Z,,,,",
        "I2,ROC,2025-07-31T23:30:00Z,,,,",
        "I3,ROC,2025-07-31T23:30:00,,,,",
    ]
    entry = warehouse.land("incidents", *rows, start="2025-07-01", end="2025-07-31")
    assert [(row["incident_ref"], row["_date"]) for row in warehouse.raw(entry)] == [
        ("I1", "2025-07-01"),
        ("I3", "2025-07-31"),
    ]


def test_rows_of_a_list_may_begin_before_the_window(warehouse):
    entry = warehouse.land("county_lines", "L1,1999-01-01,", "L2,2025-12-31,2026-03-01")
    assert entry.rows_landed == 2


def test_columns_of_a_raw_row(warehouse):
    entry = warehouse.land("incidents", "I1,roc,01/03/2025 9:05, drugs ;Alcohol; ,EMERGENCY,999,Dales")
    (row,) = warehouse.raw(entry)
    assert row == {
        "incident_ref": "I1",
        "record_type": "ROC",
        "created_at": "2025-03-01 09:05:00",
        "qualifiers": "drugs;Alcohol",
        "grade": "Emergency",
        "channel": "999",
        "lpu": "Dales",
        "_extract": "incidents",
        "_force_code": "derbyshire",
        "_load_id": entry.load_id,
        "_line": "2",
        "_key": "I1",
        "_date": "2025-03-01",
        "_extracted_at": "2026-01-05T02:00:00Z",
        "_source_file": entry.source_file,
    }


def test_public_health_as_downloaded(warehouse):
    header = (
        "Indicator ID,Indicator Name,Parent Code,"
        "Area Code,Area Name,Area Type,Sex,Age,Category Type,Category,"
        "Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Lower CI 99.8 limit,Count,Denominator"
    )
    line = "92432,Deaths,E12,E10000007,Derbyshire,Counties & UAs,Persons,All ages,,,2021 - 23,{},4.1,6.25,1,77,"
    entry = warehouse.land(
        "public_health",
        line.format("5.10"),
        line.format(""),
        line.format("high").replace("92432", "1"),
        header=header,
    )
    assert entry.indicators == ["92432"]
    assert entry.unknown_columns == ["Parent Code", "Lower CI 99.8 limit"]
    first, second = warehouse.raw(entry)
    assert (first["value"], first["lower_ci_95_0_limit"], first["count"]) == ("5.1", "4.1", "77")
    assert (second["value"], second["_key"], second["_date"]) == (None, None, None)
    assert reasons(warehouse, entry) == {"4": "value: 'high' is not a number"}


def test_long_values_are_cut_in_reasons(warehouse):
    entry = warehouse.land("crimes", f"C1,2025-03-01,92D,{'x' * 500},")
    assert f"'{'x' * 60}'" in reasons(warehouse, entry)["2"]


def test_quote_in_a_value_does_no_harm(warehouse):
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,It's; open,")
    assert "'It's; open' is not one of" in reasons(warehouse, entry)["2"]
    assert entry.quarantine_reasons == {"status: is not one of its values": 1}


def test_months_of_a_street_file(warehouse):
    header = "Crime ID,Month,Crime type,LSOA name"
    text = header + "\n,2024-01,Burglary,Amber Valley 001A\n,2024-02,Burglary,\n,,Burglary,\n"
    warehouse.put("2024-01-derbyshire-street.csv", text)
    (entry,) = warehouse.night()
    (row,) = warehouse.raw(entry)
    assert (row["month"], row["_date"], row["_key"]) == ("2024-01-01", "2024-01-01", None)
    assert reasons(warehouse, entry) == {
        "3": "month: 2024-02-01 is outside the window 2024-01-01 to 2024-01-31",
        "4": "month: blank, and it places the row",
    }
    assert not warehouse.withheld(entry)


def test_a_street_file_under_a_canonical_name_over_part_of_a_month(warehouse):
    entry = warehouse.land(
        "street_crime",
        ",2024-01,Burglary\n,2023-12,Burglary\n,2024-02,Burglary",
        header="Crime ID,Month,Crime type",
        start="2024-01-15",
        end="2024-02-14",
    )
    placed = [(row["month"], row["_date"]) for row in warehouse.raw(entry)]
    assert placed == [("2024-01-01", "2024-01-15"), ("2024-02-01", "2024-02-01")]
    assert reasons(warehouse, entry) == {"3": "month: 2023-12-01 is outside the window 2024-01-15 to 2024-02-14"}
