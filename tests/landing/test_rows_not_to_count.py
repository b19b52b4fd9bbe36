"""Rows that are no records of the file's force: totals below the table, rows marked as another force's, and void rows."""

import re
from pathlib import Path

import pytest

from dagster_project.core.project_lists import read_seed
from dagster_project.landing.rows_not_to_count import _NUMBERS, TOTAL

from .workbook import workbook

GOOD = "C1,2025-03-01,92D,Recorded,Dales"
HEAD = ["crime_ref", "recorded_on", "offence_code", "status", "lpu"]
REMEDY = "is a total, not a record (table: ignore: in a mapping leaves such rows out)"

TOTALS = (
    "TOTAL", "Total", "total:", "Totals", "GRAND TOTAL", "Grand Total:", "Sub-total", "Sub total", "Subtotal", "SUB_TOTAL",
    "Overall total", "Running total", "Total rows", "Total records: 12", "Total: 1,234", "Total (12)", "TOTAL 12", "Total.",
)  # fmt: skip
NO_TOTALS = (
    "TOTAL-12", "TOTAL12", "TOTAL/25/1", "T1", "Total refusal", "Totality", "Op Total", "12 total", "Total-Sub", "Totalise 3",
    "Subtotals of Dales", "Tot", "totals0", "Total: A12", "Marchtotal", "Marches total", "Total Mayfield", "March",
)  # fmt: skip


def reasons(warehouse, entry):
    return {row["_line"]: row["_reasons"] for row in warehouse.quarantine(entry)}


def test_totals_with_a_date_are_no_records(warehouse):
    entry = warehouse.land("crimes", GOOD, *(f'"{text}",2025-03-31,,,' for text in TOTALS))
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 1, len(TOTALS))
    assert reasons(warehouse, entry) == {str(n): f"crime_ref: '{text}' {REMEDY}" for n, text in enumerate(TOTALS, start=3)}
    assert entry.quarantine_reasons == {"crime_ref: is a total, a note or no value": len(TOTALS)}


MONTHS = ("March total", "Mar-25 Total:", "Sept 2025 sub-total", "Q1 total", "Monthly totals", "Total for March", "Total - YTD")


def test_totals_of_a_month_or_quarter_are_no_records(warehouse):
    entry = warehouse.land("crimes", GOOD, *(f"{text},2025-03-31,92D,Recorded,Dales" for text in MONTHS))
    assert (entry.rows_landed, entry.quarantine_reasons) == (1, {"crime_ref: is a total, a note or no value": len(MONTHS)})


def test_references_and_names_that_resemble_totals_are_records(warehouse):
    entry = warehouse.land("crimes", GOOD, *(f"{text},2025-03-31,92D,Recorded,{text}" for text in NO_TOTALS))
    assert reasons(warehouse, entry) == {} and entry.rows_landed == 1 + len(NO_TOTALS)


@pytest.mark.parametrize(
    "extract,good,bad,column",
    [
        ("crimes", GOOD, "12,2025-03-31,,,Total", "lpu"),
        ("crimes", GOOD, "12,2025-03-31,Grand total,,", "offence_code"),
        ("incidents", "I1,ROC,2025-03-01,Drugs,,,", "I2,ROC,2025-03-01,TOTAL,,,", "qualifiers"),
        ("prevention_activity", "A1,2025-03-01,Visit,4", "A2,2025-03-31,Total,4", "activity"),
        ("drug_tests", "K1,2025-03-01,Theft,Completed,Positive", "Total,2025-03-31,,Completed,", "custody_ref"),
    ],
)
def test_total_in_any_column_of_text(warehouse, extract, good, bad, column):
    entry = warehouse.land(extract, good, bad)
    assert (entry.rows_landed, entry.quarantine_reasons) == (1, {f"{column}: is a total, a note or no value": 1})


BLANKS = ("#MULTIVALUE", "#ERROR", "#ERROR!", r"\N", "n/k", "n.a.", "nil",
          "NULL", "(null)", "<NULL>", "N/A", "#N/A", "#REF!", "None", "nan", "-", "--", "(blank)", "#DIV/0!",
          "########")  # fmt: skip
NOTES = ("Run date:", "Report run on", "Report date", "Date printed:", "Extracted on:", "Generated at :", "Data extracted",
         "Prepared by J Smith", "Last updated:")  # fmt: skip
EXAMPLES = ("EXAMPLE", "Example 1", "example_row", "e.g. 12345", "eg: A1", "TEST", "Test record", "dummy", "xxx", "XXXXXX")


NO_KEYS = (
    *((text, "stands for a blank, and it is the key") for text in BLANKS),
    *((text, "is a note, not a record (table: ignore: in a mapping leaves such rows out)") for text in NOTES),
    *((text, "stands for a blank, and it is the key") for text in ("TBC", "tba", "****", "??", "RESTRICTED", "Access denied")),
    *((text, "is an example or a test, not a record (table: ignore: in a mapping leaves such rows out)") for text in EXAMPLES),
    ("1.23E+11", "is a long number that a spreadsheet has cut short: export the column as text"),
    ("1,23e+11", "is a long number that a spreadsheet has cut short: export the column as text"),
)  # fmt: skip
KEYS_LIKE_THESE = (
    "NULL1", "N/A/25/1", "NA", "NK", "Nilsson", r"\N1", "#Multi", "#ERROR1",
    "Nancy", "-1", "#1", "#A1", "1E5", "1.5E10", "E+1", "12E+11", "Run 7", "Report", "Datedat", "0",
    "None-1", "Unknown", "Date run-12", "1.23E+11/A", "EXAMPLE-A12", "TEST1", "T/EST", "XX", "EG12",
    "EG 25/0001", "EG 1234", "Restricted-1", "*1",
)  # fmt: skip


def test_placeholders_and_notes_in_place_of_a_key_are_quarantined(warehouse):
    # Two different records whose keys were lost this way would be merged.
    keys = [(text, reason) for text, reason in NO_KEYS for _ in range(2)]
    entry = warehouse.land("crimes", GOOD, *(f'"{text}",2025-03-31,92D,Recorded,Dales' for text, _ in keys))
    assert (entry.rows_landed, entry.rows_quarantined, entry.rows_duplicate) == (1, len(keys), 0)
    assert reasons(warehouse, entry) == {str(n): f"crime_ref: '{t}' {reason}" for n, (t, reason) in enumerate(keys, start=3)}


def test_keys_that_resemble_placeholders_are_records(warehouse):
    entry = warehouse.land("crimes", GOOD, *(f"{text},2025-03-31,92D,Recorded,Dales" for text in KEYS_LIKE_THESE))
    assert reasons(warehouse, entry) == {} and entry.rows_landed == 1 + len(KEYS_LIKE_THESE)


def test_reason_does_not_repeat_an_identifier(warehouse):
    entry = warehouse.land("drug_tests", "4.71E+09,2025-03-01,Theft,Completed,Positive")
    assert entry.rows_quarantined == 1 and "4.71" not in str(warehouse.quarantine(entry))


def test_placeholders_in_other_columns_land(warehouse):
    entry = warehouse.land("crimes", "C1,2025-03-01,NULL,Recorded,Run date:", "C2,2025-03-01,-,Recorded,1.23E+11")
    assert entry.rows_landed == 2


def test_totals_are_left_out_by_ignore_or_land_if_a_mapping_has_the_value(warehouse):
    mapping = warehouse.home.mappings / "m.yml"
    mapping.write_text("extract: crimes\ntable: {ignore: {crime_ref: TOTAL}}\n", encoding="utf-8")
    entry = warehouse.land("crimes", GOOD, "TOTAL,2025-03-31,,,")
    assert (entry.rows_landed, entry.rows_quarantined, entry.rows_ignored) == (1, 0, 1)
    mapping.write_text("extract: crimes\nvalues: {lpu: {Total: Dales}}\n", encoding="utf-8")
    entry = warehouse.land("crimes", GOOD, "C2,2025-03-31,92D,Recorded,total", at="20260106T020000Z")
    assert [row["lpu"] for row in warehouse.raw(entry)] == ["Dales", "Dales"]
    mapping.write_text('extract: crimes\nvalues: {lpu: {"Total*": Dales}}\n', encoding="utf-8")
    entry = warehouse.land("crimes", GOOD, "C2,2025-03-31,92D,Recorded,total", at="20260106T030000Z")
    assert entry.rows_landed == 2
    # A code for any other value (*) does not include it.
    mapping.write_text('extract: crimes\nvalues: {status: {"*": Recorded}}\n', encoding="utf-8")
    entry = warehouse.land("crimes", GOOD, "C2,2025-03-31,92D,Total,", at="20260107T020000Z")
    assert entry.quarantine_reasons == {"status: is a total, a note or no value": 1}


def test_totals_in_a_download_without_keys_land(warehouse):
    entry = warehouse.land("street_crime", ",2025-03,Total,Total", header="Crime ID,Month,Location,Crime type")
    assert entry.rows_landed == 1


def test_total_in_a_workbook_and_in_a_large_csv(warehouse, monkeypatch):
    rows = [["C1", "2025-03-01", "92D", "Recorded", "Dales"], ["Grand Total", "2025-03-31", 1]]
    warehouse.put("crimes__derbyshire__2025-01-01__2025-12-31__20260105T020000Z.xlsx", workbook([HEAD, *rows]))
    (entry,) = warehouse.night()
    assert entry.rows_quarantined == 1
    monkeypatch.setattr("dagster_project.landing.formats.csv_reader.WORTH_IT", 1)
    monkeypatch.setattr("dagster_project.landing.rows_not_to_count.CHUNK", 7)
    many = [f"C{n},2025-03-01,92D,Recorded,Dales" for n in range(99)]
    entry = warehouse.land("crimes", *many, "toTAL,2025-03-31,,,", at="20260106T020000Z")
    assert (entry.rows_landed, entry.rows_quarantined) == (99, 1)


def test_no_value_of_the_seeds_is_a_total():
    seeds = Path(__file__).resolve().parents[2] / "seeds"
    words = {cell for path in seeds.glob("*.csv") for cell in re.split('[,;"\n]', path.read_text("utf-8"))}
    assert len(words) > 1_000 and not [w for w in words if re.fullmatch(TOTAL, w.strip().lower())]


def force_rows(n, of, force="West Mercia Police", own="Derbyshire Constabulary"):
    return [f"C{i},2025-03-01,92D,Recorded,Dales,{force if i < n else own}" for i in range(of)]


HEADER = "crime_ref,recorded_on,offence_code,status,lpu,{}"


OTHERS = (
    ("Force", "West Mercia Police"), ("force_name", "west-mercia"), ("Police Force", "WEST MERCIA"),
    ("FORCE CODE", "West Mercia Constabulary"), ("Constabulary", "west-mercia"),
)  # fmt: skip


def test_a_file_of_another_force_is_refused(warehouse):
    entries = warehouse.land_each("crimes", *((force_rows(12, 12, force), HEADER.format(header)) for header, force in OTHERS))
    for entry, (header, _) in zip(entries, OTHERS, strict=True):
        assert entry.outcome == "refused" and entry.rows_refused == 12
        assert f"12 of 12 rows say West Mercia Police under '{header}', and the file is of derbyshire" in entry.reason
        assert "correct its name" in entry.reason


def test_file_with_mostly_rows_of_another_force_is_refused(warehouse):
    # A blank does not make a row the force's own.
    cases = {(1, 1): "refused", (1, 2): "accepted", (2, 3): "refused", (15, 30): "accepted"}
    entries = warehouse.land_each("crimes", *((force_rows(n, of, own=""), HEADER.format("Force")) for n, of in cases))
    assert [entry.outcome for entry in entries] == [*cases.values()]


@pytest.mark.parametrize(
    "code,own,outcome,landed",
    [
        ("E23000021", "E23000018", "accepted", 27),
        ("w15000002", "E23000018", "accepted", 27),
        ("33", "30", "accepted", 27),
        # A number may mean anything if no row has the force's own number.
        ("33", "", "accepted", 30),
        ("33", "Derbyshire", "accepted", 30),
        ("99", "30", "accepted", 30),
        ("3", "30", "accepted", 30),
        ("E01021000", "E23000018", "accepted", 30),
    ],
)
def test_codes_and_numbers_of_another_force(warehouse, code, own, outcome, landed):
    entry = warehouse.land("crimes", *force_rows(3, 30, code, own), header=HEADER.format("Force code"))
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == (outcome, landed, 30 - landed)


def test_running_numbers_are_not_codes_of_forces(warehouse):
    header, rows = HEADER.format("Force ID"), [force_rows(1, 1, str(n))[0].replace("C0", f"C{n}") for n in range(1, 61)]
    entry = warehouse.land("crimes", *rows, header=header)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 60)


def test_a_file_of_another_force_s_codes_is_refused(warehouse):
    entry = warehouse.land("crimes", *force_rows(12, 12, "E23000021"), header=HEADER.format("Force code"))
    assert entry.outcome == "refused" and "12 of 12 rows say Leicestershire Police" in entry.reason


def test_every_force_of_england_and_wales_has_its_code():
    nations = {row["force_code"]: row["nation"] for row in read_seed("forces")}
    listed = {code: "England" if n < 39 else "Wales" for n, (_, code) in enumerate(_NUMBERS)}
    assert listed == {code: nation for code, nation in nations.items() if nation in ("England", "Wales")}


CASH = "seizure_ref,order_date,amount,status,Currency"


@pytest.mark.parametrize("currency,n", [("EUR", 1), ("euros", 1), ("€", 1), ("US dollars", 1), ("US$", 1), ("GBP", 0), ("£", 0),
                                    ("Pounds sterling", 0), ("Notes and coins", 0), ("Euston", 0), ("", 0)])  # fmt: skip
def test_amounts_in_another_currency(warehouse, currency, n):
    entry = warehouse.land(
        "cash_seizures", "S1,2025-03-01,500,Forfeited,GBP", f"S2,2025-03-01,500,Forfeited,{currency}", header=CASH
    )
    assert (entry.rows_landed, entry.rows_quarantined) == (2 - n, n)
    if n:
        assert reasons(warehouse, entry)["3"].startswith("Currency: is not the pound: give the amount in pounds")
        # It is a record: an older version of it stays and is not withdrawn.
        assert [row["_key"] for row in warehouse.withheld(entry)] == ["S2"]


def test_foreign_notes_with_an_amount_in_pounds_land(warehouse):
    rows = "S1,2025-03-01,£500,Forfeited,EUR", "S2,2025-03-01,400,Forfeited,EUR"
    assert warehouse.land("cash_seizures", *rows, header=CASH).rows_landed == 1
    mapping = warehouse.home.mappings / "m.yml"
    mapping.write_text('extract: cash_seizures\nheaders: {amount: "Amount (GBP)"}\n', encoding="utf-8")
    header = CASH.replace("amount", "Amount (GBP)")
    assert warehouse.land("cash_seizures", *rows, header=header, at="20260107T020000Z").rows_landed == 2


def test_currency_is_ignored_in_rows_without_amounts(warehouse):
    assert warehouse.land("crimes", f"{GOOD},EUR", header=HEADER.format("Currency")).rows_landed == 1


def test_rows_of_another_force_are_quarantined(warehouse):
    entry = warehouse.land("crimes", *force_rows(3, 30, "Devon and Cornwall Police"), header=HEADER.format("Force"))
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 27, 3)
    assert reasons(warehouse, entry)["2"] == "Force: says Devon & Cornwall Police, and the file is of derbyshire"
    assert entry.quarantine_reasons == {"Force: says another force": 3}
    assert entry.unknown_columns == ["Force"]


OWN_FORCE = (
    ("Force", "Derbyshire"), ("Force", "DERBYSHIRE POLICE"), ("Force", ""), ("Force", "Yes"), ("Force", "Jane Doe of Kent"),
    ("Force code", "40"), ("Use of force", "West Mercia Police"), ("Home force", "West Mercia Police"),
    ("Falls within", "West Mercia Police"), ("Reported by", "West Mercia Police"), ("Officer", "West Mercia Police"),
)  # fmt: skip


def test_columns_that_do_not_assign_the_row_to_another_force_are_ignored(warehouse):
    entries = warehouse.land_each("crimes", *((force_rows(12, 12, cell), HEADER.format(header)) for header, cell in OWN_FORCE))
    results = [(entry.outcome, entry.rows_landed) for entry in entries]
    assert dict(zip(OWN_FORCE, results, strict=True)) == dict.fromkeys(OWN_FORCE, ("accepted", 12))


def test_only_listed_names_of_forces_are_stored(warehouse):
    rows = [*force_rows(2, 20, "kent POLICE force"), "C99,2025-03-01,92D,Recorded,Dales,Jane Doe"]
    entry = warehouse.land("crimes", *rows, header=HEADER.format("Force"))
    stored = str(warehouse.quarantine(entry)) + str(warehouse.raw(entry)) + str(entry)
    assert entry.rows_quarantined == 2 and "Kent Police" in stored
    assert "kent POLICE" not in stored and "Jane Doe" not in stored


def test_a_mapping_that_uses_the_column_decides(warehouse):
    (warehouse.home.mappings / "m.yml").write_text("extract: pspos\nheaders: {authority: Force}\n", encoding="utf-8")
    rows = "order_ref,Force,starts_on\nP1,Kent Police,2025-03-01\n"
    assert warehouse.land("pspos", text=rows).rows_landed == 1


def test_force_column_with_force_and_window_from_a_mapping(warehouse):
    text = "extract: crimes\nforces: [leicestershire]\nfiles: [{name: 'crimes ?.csv', covers: days}]\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    for name, n in (("crimes 1.csv", 2), ("crimes 2.csv", 5)):
        rows = force_rows(n, 5, "Derbyshire", "Leicestershire")
        warehouse.put(name, "\n".join([HEADER.format("Force"), *rows, ""]))
    one, two = sorted(warehouse.night(), key=lambda e: e.source_file)
    assert (one.outcome, one.rows_landed, one.rows_quarantined) == ("accepted", 3, 2)
    assert two.outcome == "refused" and "5 of 5 rows say Derbyshire Constabulary" in two.reason


def test_force_column_with_ragged_rows_and_both_readers(warehouse, monkeypatch):
    rows = [*force_rows(3, 30), "C90,2025-03-01,92D,Recorded,Dales", "C91,2025-03-01,92D,Recorded,Dales,x,Kent Police"]
    entry = warehouse.land("crimes", *rows, header=HEADER.format("Force"))
    assert entry.quarantine_reasons == {"Force: says another force": 3, "wrong number of fields": 2}
    monkeypatch.setattr("dagster_project.landing.formats.csv_reader.WORTH_IT", 1)
    entry = warehouse.land("crimes", *force_rows(3, 30), header=HEADER.format("Force"), at="20260106T020000Z")
    assert entry.quarantine_reasons == {"Force: says another force": 3}


def test_published_files_are_not_checked_for_other_forces(warehouse):
    header = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Force"
    warehouse.put("2024-01-derbyshire-street.csv", f"{header}\n,2024-01,Kent Police,Kent Police,,,,,,Burglary,Kent Police\n")
    (entry,) = warehouse.night()
    assert (entry.outcome, entry.rows_landed) == ("accepted", 1)


def test_reference_of_another_force_does_not_conflict_with_the_same_one_here(warehouse):
    """It does not conflict with the same reference of this force, and does not count as present in its place."""
    rows = [*force_rows(0, 3), "C1,2025-03-02,92D,Cancelled,,Kent Police"]
    entry = warehouse.land("crimes", *rows, header=HEADER.format("Force"))
    assert (entry.rows_landed, entry.quarantine_reasons) == (3, {"Force: says another force": 1})


def test_reason_names_all_other_forces(warehouse):
    forces = ("Kent Police", "West Mercia Police", "Derbyshire")
    rows = [f"C{i},2025-03-01,92D,Recorded,Dales,{force}" for i, force in enumerate(forces)]
    entry = warehouse.land("crimes", *rows, header=HEADER.format("Force"))
    assert entry.outcome == "refused" and "2 of 3 rows say Kent Police, West Mercia Police under 'Force'" in entry.reason


VOID = HEADER.format("{0}")


def marked_rows(status, n=5, of=20):
    return [f"C{i},2025-03-01,92D,Recorded,Dales,{status if i < n else ''}" for i in range(of)]


VOID_CASES = (
    ("Deleted", "Y"), ("is_deleted", "TRUE"), ("Deleted flag", "1"), ("Deleted", "-1"), ("Void", "VOID"), ("Voided", "yes"),
    ("Deleted on", "2025-04-01 10:00"), ("Date deleted", "01/04/2025"), ("Entered in error", "x"), ("Is test record", "Yes"),
    ("Deleted?", "Y"), ("Void (Y/N)", "yes"), ("Is deleted?", "1"), ("Deleted", "✓"), ("Status:", "Deleted"),
    ("ROW STATUS", "deleted"), ("Test record flag", "1"), ("Record state", "Created in error"), ("State", "Void: duplicate"),
    ("Soft deleted", "-1"), ("Logically deleted", "1"), ("Delete flag", "Y"), ("DELETION_IND", "X"), ("Soft delete", "True"),
)  # fmt: skip


def test_rows_marked_as_void_are_quarantined(warehouse):
    entries = warehouse.land_each("crimes", *((marked_rows(status), VOID.format(header)) for header, status in VOID_CASES))
    for entry, (header, _) in zip(entries, VOID_CASES, strict=True):
        assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 15, 5), header
        kind = f"{header}: says that it is no record"
        remedy = "table: ignore: in a mapping leaves such rows out; if the column means something else, export without it"
        assert reasons(warehouse, entry)["2"] == f"{kind} ({remedy})"
        assert entry.quarantine_reasons == {kind: 5}


NOT_VOID_CASES = (
    ("Deleted", "N"), ("Deleted", "0"), ("Deleted", "No"), ("Deleted on", "1900-01-01"), ("Deleted on", "31/12/9999"),
    ("Deleted at", "2079-06-06"), ("Deleted", "31/12/2049"), ("Test Record", "1"), ("Training Log", "Y"),
    ("Record status", "Cancelled"), ("Deleted by", "Y"), ("Void reason", "Void"), ("Record status", "Open"),
    ("Record status", "Cancellation requested"), ("State", "Cancelled"), ("Call status", "Cancelled"),
    ("Status of test", "Void"), ("Tested", "Y"), ("Cancelled", "Y"),
    ("Soft deleted", "0"), ("Delete flag", ""), ("Marked for deletion", "Y"), ("Delete reason", "Y"), ("Delete", "Y"),
)  # fmt: skip


def test_columns_that_do_not_mark_rows_as_void_are_ignored(warehouse):
    entries = warehouse.land_each("crimes", *((marked_rows(status), VOID.format(header)) for header, status in NOT_VOID_CASES))
    results = [(entry.outcome, entry.rows_landed) for entry in entries]
    assert dict(zip(NOT_VOID_CASES, results, strict=True)) == dict.fromkeys(NOT_VOID_CASES, ("accepted", 20))


@pytest.mark.parametrize(
    "header,cell,is_noted",
    [
        ("Deleted", "Duplicate of S3", True), ("Record status", "Duplicate", True), ("Status", "CANCELLED - no staff", True),
        ("Deleted", "No", False), ("Deleted on", "1900-01-01", False), ("Deleted", "0", False), ("Status", "Open", False),
        ("Duplicates", "Y", False),
    ],
)  # fmt: skip
def test_words_that_may_mark_a_row_as_void_are_noted(warehouse, header, cell, is_noted):
    rows = [f"N{i},2025-03-01,Dales,{cell if i < 3 else ''}" for i in range(8)]
    entry = warehouse.land("naloxone", *rows, header=f"administration_ref,administered_at,lpu,{header}")
    note = f"{header}: may say of 3 rows that it is no record, and they count: leave such rows out, by table: ignore: in a"
    assert entry.rows_landed == 8 and any(d.startswith(note) for d in entry.drift) == is_noted, entry.drift


def test_record_deleted_since_is_withdrawn(warehouse):
    header = VOID.format("Deleted")
    warehouse.land("crimes", *marked_rows("N"), header=header)
    entry = warehouse.land("crimes", *marked_rows("Y"), header=header, at="20260106T020000Z")
    # Its key does not count as present: the version of the older file must go.
    assert (entry.rows_quarantined, warehouse.withheld(entry)) == (5, [])


def test_void_rows_in_a_large_csv_and_with_another_force(warehouse, monkeypatch):
    monkeypatch.setattr("dagster_project.landing.formats.csv_reader.WORTH_IT", 1)
    rows = [f"{row},{'Kent Police' if i in (0, 19) else ''}" for i, row in enumerate(marked_rows("Y"))]
    entry = warehouse.land("crimes", *rows, header=VOID.format("Deleted,Force"))
    assert (entry.rows_landed, entry.rows_quarantined) == (14, 6)
    assert "Kent Police" in reasons(warehouse, entry)["2"] and "Deleted: says" in reasons(warehouse, entry)["2"]


def test_column_used_by_a_mapping_does_not_mark_rows_as_void(warehouse):
    text = "extract: crimes\nheaders: {status: Record status}\nvalues: {status: {Live: Recorded}}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    rows = [f"C{i},2025-03-01,92D,{'Cancelled' if i < 5 else 'Live'}" for i in range(20)]
    assert warehouse.land("crimes", *rows, header="crime_ref,recorded_on,offence_code,Record status").rows_landed == 20


def test_cancelled_rows_are_void_if_the_extract_has_no_status_column(warehouse):
    rows = [f"I{i},2025-03-01,Primary,30,{'Cancelled - no staff' if i < 5 else 'Held'}" for i in range(20)]
    for n, header in enumerate(("Session status", "Record status")):
        header = f"input_ref,delivered_on,phase,young_people,{header}"
        assert warehouse.land("school_inputs", *rows, header=header, at=f"2026010{n + 5}T020000Z").rows_landed == 15
