"""Records that an export writes in several rows, one for each of their values: the file is held, or a mapping makes one row of
them. A few rows whose key repeats are quarantined, as in any file."""

import pytest

from dagster_project.landing.formats import csv_reader
from dagster_project.landing.mappings.mappings import read_mappings

HEADER = "incident_ref,record_type,created_at,qualifiers,grade"
MAPPING = "extract: incidents\nforces: [derbyshire]\ntable: {row_for_each: qualifiers}\n"


def incident(n, qualifiers, grade="Priority"):
    return f"I{n},INCIDENT,2025-03-01 10:00,{qualifiers},{grade}"


def several_rows(n):
    """So many incidents with two rows."""
    return [incident(i, q) for i in range(n) for q in ("Drugs", "Domestic")]


def singles(n):
    return [incident(i, "ASB") for i in range(10_000, 10_000 + n)]


def write_mapping(warehouse, text=MAPPING):
    warehouse.home.mappings.mkdir(exist_ok=True)
    (warehouse.home.mappings / "log.yml").write_text(text, encoding="utf-8")


def counts(entry):
    return entry.rows_in_file, entry.rows_landed, entry.rows_quarantined, entry.rows_duplicate


@pytest.mark.parametrize(("several", "single", "outcome"), [
    (50, 500, "held"), (49, 500, "accepted"), (50, 1_900, "held"), (50, 1_901, "accepted"),
])  # fmt: skip
def test_a_file_with_a_row_for_each_item_is_held(warehouse, several, single, outcome):
    entry = warehouse.land("incidents", *several_rows(several), *singles(single), header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == (outcome, 2 * several)
    if outcome == "held":
        assert entry.reason.startswith(
            f"{2 * several} of {2 * several + single:,} rows share their incident_ref with others and differ in qualifiers"
        )
        assert "table: {row_for_each: qualifiers}" in entry.reason and "under a newer time" in entry.reason


def test_a_held_file_lands_under_a_newer_time_with_the_mapping(warehouse):
    assert warehouse.land("incidents", *several_rows(60), header=HEADER).outcome == "held"
    write_mapping(warehouse)
    entry = warehouse.land("incidents", *several_rows(60), header=HEADER, at="20260106T000000Z")
    assert (entry.outcome, counts(entry)) == ("accepted", (120, 60, 0, 60))
    # The mapping says that a record has several rows: each month's file was noted as one whose rows repeat others.
    assert not [n for n in entry.drift if "repeat another's" in n]


def test_rows_that_differ_in_another_column_are_noted(warehouse):
    """As the contract says, they go to quarantine, and the others load."""
    grades = [incident(i, "Drugs", g) for i in range(50) for g in ("Priority", "Emergency")]
    entry = warehouse.land("incidents", *grades, *singles(500), "I600,INCIDENT,soon,ASB,Priority", header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 101)
    (note,) = (n for n in entry.drift if "share their incident_ref" in n)
    assert "100 of 601 rows" in note and "differ in grade alone" in note and "row_for_each" not in note


def test_the_first_reason_to_hold_a_file_stays(warehouse):
    """It lacks rows, whatever else its rows say. That records have several is noted beside it."""
    text = "Exported data exceeded the allowed volume."
    rows_of_files = [*several_rows(60), *singles(500)], [incident(n, "ASB", "Odd") for n in range(30)]
    entries = warehouse.land_each("incidents", *(([*rows, text], HEADER) for rows in rows_of_files))
    assert all(e.reason.startswith("says that rows are missing") and "%" not in e.reason for e in entries)
    assert ["share their incident_ref" in " ".join(e.drift) for e in entries] == [True, False]


def test_records_with_a_bad_row_are_not_noted(warehouse):
    """They differ in a column that cannot be read, not as where a record has a row for each value."""
    rows = [incident(i, "Drugs", g) for i in range(50) for g in ("Priority", "Urgent")]
    entry = warehouse.land("incidents", *rows, *singles(500), header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 100)
    assert not [n for n in entry.drift if "share their incident_ref" in n]


def test_a_file_whose_rows_mostly_differ_in_several_columns_is_not_held(warehouse):
    both = [incident(i, q, g) for i in range(60, 120) for q, g in (("Drugs", "Priority"), ("Domestic", "Emergency"))]
    entry = warehouse.land("incidents", *both, *several_rows(50), *singles(500), header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 220)
    assert not [n for n in entry.drift if "share their incident_ref" in n]


@pytest.mark.parametrize("ext", [".csv", ".csv.gz"])
def test_a_mapping_makes_one_row_of_a_record(warehouse, ext):
    write_mapping(warehouse)
    rows = [
        incident(1, "Drugs"), incident(2, "Alcohol;Drugs"), incident(1, ""), incident(1, "Domestic;Drugs"),
        incident(3, "Drugs"), incident(3, "Drugs"), incident(4, "Drugs", "Priority"), incident(4, "ASB", "Emergency"),
        incident(5, ""), incident(5, "ASB"),
    ]  # fmt: skip
    text = "\n".join([HEADER, *rows]) + "\n"
    entry = warehouse.land("incidents", header=HEADER, text=text, ext=ext)
    assert counts(entry) == (10, 4, 2, 4)
    assert [(r["_key"], r["_line"], r["qualifiers"]) for r in warehouse.raw(entry)] == [
        ("I1", "2", "Domestic;Drugs"), ("I2", "3", "Alcohol;Drugs"), ("I3", "6", "Drugs"), ("I5", "10", "ASB"),
    ]  # fmt: skip
    assert {r["_line"] for r in warehouse.quarantine(entry)} == {"8", "9"}


def test_a_record_in_several_rows_is_the_same_as_in_one_file_again(warehouse):
    """In another container: its rows are compared as they were stored."""
    write_mapping(warehouse)
    first = warehouse.land("incidents", *several_rows(60), header=HEADER)
    assert (first.outcome, counts(first)) == ("accepted", (120, 60, 0, 60))
    assert warehouse.land("incidents", *several_rows(60), header=HEADER, ext=".csv.gz").outcome == "known"


@pytest.mark.parametrize(("alone", "single", "outcome"), [
    (10, 490, "held"), (9, 490, "accepted"), (10, 979, "held"), (10, 981, "accepted"),
])  # fmt: skip
def test_a_file_whose_later_rows_have_a_list_alone_is_held(warehouse, alone, single, outcome):
    """As in a report that says what a record's rows have in common on the first of them."""
    rows = [row for i in range(alone) for row in (incident(i, "ASB"), ",,,Drugs,")]
    entry = warehouse.land("incidents", *rows, *singles(single), header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == (outcome, alone)
    if outcome == "held":
        assert entry.reason.startswith(f"{alone} of {2 * alone + single:,} rows have qualifiers alone")
        assert "table: {row_for_each: qualifiers}" in entry.reason


def test_rows_without_a_reference_that_say_more_than_a_list_are_not_held(warehouse):
    rows = [f",INCIDENT,2025-03-01 10:00,Drugs,{grade}" for grade in ("Priority", "") for _ in range(30)]
    entry = warehouse.land("incidents", *rows, *singles(500), header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 60)


def test_a_file_whose_later_rows_leave_cells_blank_is_held(warehouse):
    rows = [row for i in range(60) for row in (incident(i, "Drugs"), f"I{i},,,ASB,")]
    entry = warehouse.land("incidents", *rows, *singles(500), header=HEADER)
    assert entry.outcome == "held" and entry.reason.startswith("120 of 620 rows share their incident_ref with others")
    assert "table: {row_for_each: qualifiers}" in entry.reason


FILLED = [
    (",,,Fraud,", "no record is above it"), (incident(1, "ASB"), ""), (",,,Drugs,", ""),
    (incident(2, "Alcohol"), "two grades"), ("I2,,,Drugs,Emergency", "two grades"), ("I2,,,Weapons,", "two grades"),
    (incident(3, "Drugs"), ""), ("I4,INCIDENT", "cut short"), (",,,ASB,", "its record is cut short"),
    (incident(5, ""), ""), (",,,Drugs,", ""), (incident(6, "ASB", ""), ""), (",,Subtotal,,", "a subtotal"),
    (",,,Drugs,", "below a subtotal"), (incident(7, "ASB"), ""), (",INCIDENT,2025-03-01 10:00,ASB,", "a record without a key"),
    (",,,Drugs,", "its record has no key"), (incident(8, "ASB"), ""), (",,,,", "nothing"), (",,,Drugs,", "below nothing"),
    ("TEST9,INCIDENT,2025-03-01 10:00,ASB,", "ignored"), (",,,Drugs,", "ignored"), ("I5,,,Weapons,", ""),
]  # fmt: skip
"""Rows, and why each does not count."""


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("is_large", [False, True])
def test_a_mapping_fills_what_later_rows_leave_blank(warehouse, monkeypatch, quote, is_large):
    """However the file is read: a quote anywhere, or its size, has it read in another way."""
    if is_large:
        monkeypatch.setattr(csv_reader, "is_large", lambda text: True)
    write_mapping(warehouse, MAPPING.replace("}", ", ignore: {incident_ref: 'TEST*'}}"))
    # A large file with a row that is cut short is read as a small one is.
    rows = [(row + ",,," if is_large and row == "I4,INCIDENT" else row, why) for row, why in FILLED]
    entry = warehouse.land("incidents", *(row.replace("Fraud", f"{quote}Fraud{quote}") for row, _ in rows), header=HEADER)
    quarantined = {str(n) for n, (_, why) in enumerate(rows, 2) if why not in ("", "ignored")}
    assert entry.rows_ignored == 2 and counts(entry) == (21, 6, len(quarantined), 3)
    assert [(r["_key"], r["qualifiers"], r["grade"]) for r in warehouse.raw(entry)] == [
        ("I1", "ASB;Drugs", "Priority"), ("I3", "Drugs", "Priority"), ("I5", "Drugs;Weapons", "Priority"),
        ("I6", "ASB", None), ("I7", "ASB", "Priority"), ("I8", "ASB", "Priority"),
    ]  # fmt: skip
    assert {r["_line"] for r in warehouse.quarantine(entry)} == quarantined


@pytest.mark.parametrize(("moved", "outcome"), [(11, "held"), (10, "accepted")])
def test_rows_that_were_sorted_away_from_their_records_are_held(warehouse, moved, outcome):
    """A spreadsheet puts all rows without a reference below the last record."""
    write_mapping(warehouse)
    entry = warehouse.land("incidents", *singles(300), *[",,,Drugs,"] * moved, header=HEADER)
    assert entry.outcome == outcome
    if outcome == "held":
        assert entry.reason.startswith("10 of 311 rows have no incident_ref") and "sorted?" in entry.reason


def test_a_header_that_feeds_the_list_and_another_column(warehouse):
    rows = [row for i in range(60) for row in (f"I{i},INCIDENT,2025-03-01 10:00,ASB", ",,,Drugs")]
    header, headers = "incident_ref,record_type,created_at,Code", "headers: {qualifiers: Code, channel: Code}\n"
    write_mapping(warehouse, MAPPING.partition("table")[0] + headers)
    held = warehouse.land("incidents", *rows, header=header)
    assert held.outcome == "held" and held.reason.startswith("60 of 120 rows have qualifiers alone")
    write_mapping(warehouse, MAPPING + headers)
    entry = warehouse.land("incidents", *rows, header=header, at="20260106T000000Z")
    assert (entry.outcome, counts(entry)) == ("accepted", (120, 60, 0, 60))


def test_a_file_that_its_mapping_cannot_put_together_is_held_with_other_advice(warehouse):
    write_mapping(warehouse)
    rows = [row for i in range(20) for row in (f"cut,short,{i}", ",,,Drugs,")]
    held = warehouse.land("incidents", *rows, *singles(300), header=HEADER)
    assert held.outcome == "held" and "one below the other" in held.reason and "row_for_each" not in held.reason


@pytest.mark.parametrize("second", ["I{i},INCIDENT,25-Mar someday,Drugs,Priority", "I{i},INCIDENT,2025-03-01 10:00,Drugs,"])
def test_rows_that_no_mapping_puts_together_are_not_held(warehouse, second):
    """Of another day, which can't be read; or of a grade that the first row lacks."""
    rows = [second.format(i=i) for i in range(60)]
    firsts = [incident(i, "ASB") for i in range(60)]
    pairs = zip(rows, firsts, strict=True) if second.endswith(",") else zip(firsts, rows, strict=True)
    entry = warehouse.land("incidents", *(row for pair in pairs for row in pair), *singles(500), header=HEADER)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 120)


@pytest.mark.parametrize("column", ["grade", "nothing"])
def test_only_a_list_column_can_have_a_row_for_each_item(warehouse, column):
    write_mapping(warehouse, MAPPING.replace("qualifiers", column))
    (problem,) = read_mappings(warehouse.home, warehouse.contracts, {"derbyshire"}).problems
    assert f"table.row_for_each: '{column}' is no list column of incidents" in problem.reason


def test_a_mapping_without_the_field_keeps_its_hash(warehouse):
    """It is in the ledger beside each file."""
    write_mapping(warehouse, "extract: crimes\nforces: [derbyshire]\ntable: {header_row: 3}\n")
    (mapping,) = read_mappings(warehouse.home, warehouse.contracts, {"derbyshire"}).valid
    assert mapping.label == "log.yml@afd84b223905"


def test_a_blank_among_items_is_no_item(warehouse):
    """`""` says what a list without items means. A record with an item on another row has one."""
    write_mapping(warehouse, MAPPING + 'values: {qualifiers: {DRG: Drugs, "": ASB}}\nseparators: {qualifiers: "|"}\n')
    rows = [incident(1, "DRG"), incident(1, ""), incident(2, "|"), incident(2, ""), incident(3, ""), incident(3, "DRG|Fraud")]
    entry = warehouse.land("incidents", *rows, header=HEADER)
    assert [(r["_key"], r["qualifiers"]) for r in warehouse.raw(entry)] == [
        ("I1", "Drugs"),
        ("I2", "ASB"),
        ("I3", "Drugs;Fraud"),
    ]


def test_a_midnight_with_a_time_needs_the_format_that_the_how_to_gives(warehouse):
    headers = "headers: {created_at: {join: [Day, Time]}}\ndates: {created_at: '%Y-%m-%d 00:00:00 %H:%M'}\n"
    write_mapping(warehouse, "extract: incidents\nforces: [derbyshire]\n" + headers)
    rows = ["I1,INCIDENT,2025-03-01 00:00:00,14:30,Drugs", "I2,INCIDENT,2025-03-01 00:00:00,,Drugs"]
    entry = warehouse.land("incidents", *rows, header="incident_ref,record_type,Day,Time,qualifiers")
    assert [r["created_at"] for r in warehouse.raw(entry)] == ["2025-03-01 14:30:00", "2025-03-01 00:00:00"]
