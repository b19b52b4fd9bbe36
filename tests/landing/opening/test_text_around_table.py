"""Titles and last lines that say that rows are missing, and records above the header. Similar files that are sound land."""

import pytest

from ..formats.test_workbooks import HEAD, NAME, land, rows
from ..workbook import workbook

HEADER = ",".join(HEAD)
POWER_BI = "Exported data exceeded the allowed volume. Some data may have been omitted."


def crimes(first=0, last=25):
    return [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(first, last)]


def text(warehouse, *lines, at="20260105T020000Z"):
    return warehouse.land("crimes", text="".join(f"{line}\n" for line in lines), at=at)


@pytest.mark.parametrize("note", [POWER_BI, "Results were truncated", "Row limit of 30,000 reached"])
def test_a_file_that_says_rows_are_missing_is_held(warehouse, note):
    above = text(warehouse, f'"{note}"', "", HEADER, *crimes())
    below = text(warehouse, HEADER, *crimes(), "", f'"{note}"', at="20260106T020000Z")
    for entry in (above, below):
        assert entry.outcome == "held" and entry.reason.startswith("says that rows are missing ('")
    data = workbook([[note], [], HEAD, *rows(5)])
    assert land(warehouse, data, NAME.replace("0105T", "0107T")).outcome == "held"


COUNTS = ("Showing 1 to 25 of 2,345 entries", "(2345 rows affected)", "2,345 rows exported", "Total records: 2345",
          "Record count: 2,345", "Number of rows: 2345", "Records 1 - 25 of 2345")  # fmt: skip


@pytest.mark.parametrize("note", COUNTS)
def test_file_with_fewer_rows_than_it_states_is_held(warehouse, note):
    for n, lines in enumerate(((f'"{note}"', HEADER, *crimes()), (HEADER, *crimes(), f'"{note}"'))):
        entry = text(warehouse, *lines, at=f"2026010{n + 5}T020000Z")
        assert entry.outcome == "held" and "says that it has 2,345 rows, and has 2" in entry.reason
        corrected = (line.replace("2345", "25").replace("2,345", "25") for line in lines)
        assert text(warehouse, *corrected, at=f"2026010{n + 7}T020000Z").outcome == "accepted"


def test_stated_number_in_its_own_cell_and_in_a_large_csv(warehouse, monkeypatch):
    assert text(warehouse, "Record count:,99", HEADER, *crimes()).outcome == "held"
    monkeypatch.setattr("dagster_project.landing.formats.csv_reader.WORTH_IT", 1)
    assert text(warehouse, HEADER, *crimes(0, 99), "(990 rows affected),,,,", at="20260106T020000Z").outcome == "held"
    assert text(warehouse, HEADER, *crimes(0, 99), at="20260107T020000Z").outcome == "accepted"


OTHER_NOTES = (
    "Page 1 of 2345", "Weeks 1 to 4 of 52", "Total value: 2345", "Records of 2025", "Printed 01/02/2025 10:00",
    "Drug test results: 2025", "Number of results: 2025", "Max rows: 5000", "Row limit reached: no",
    "500 records selected for audit", "Data may have been omitted: no", "Output was truncated to Derbyshire",
    "Applied filters:", "Data may have errors", "2345 rows", "Rows of 2345 districts: none",
)  # fmt: skip


def test_other_titles_and_notes_are_ignored(warehouse):
    files = ([f'"{note}"', HEADER, *crimes(), f'"{note}"'] for note in OTHER_NOTES)
    for note, entry in zip(OTHER_NOTES, warehouse.land_forces("crimes", *files, is_whole=True), strict=True):
        assert (entry.outcome, entry.rows_landed) == ("accepted", 25), (note, entry.reason)


def test_text_in_a_record_is_no_note(warehouse):
    entry = text(warehouse, HEADER, *crimes(), "Rows: 2345,2025-03-01,92D,Recorded,Dales")
    assert (entry.outcome, entry.rows_landed) == ("accepted", 26)


def test_stated_number_is_not_checked_if_a_mapping_names_the_row(warehouse):
    path = warehouse.home.mappings / "m.yml"
    path.write_text('extract: crimes\ntable: {ignore: {crime_ref: "Rows*"}}\n', encoding="utf-8")
    assert text(warehouse, HEADER, *crimes(), "Rows exported: 2345").outcome == "accepted"
    path.write_text("extract: crimes\ntable: {header_row: 2}\n", encoding="utf-8")
    assert text(warehouse, "Rows exported: 2345", HEADER, *crimes(), at="20260106T020000Z").outcome == "accepted"
    assert text(warehouse, POWER_BI, HEADER, *crimes(), at="20260107T020000Z").outcome == "held"


@pytest.mark.parametrize("n,outcome", [(15, "held"), (2, "held"), (1, "accepted")])
def test_records_above_the_header_hold_the_file(warehouse, n, outcome):
    entry = text(warehouse, *crimes(0, n), HEADER, *crimes(n, 40))
    assert (entry.outcome, entry.rows_landed) == (outcome, 40 - n)
    if outcome == "held":
        assert f"{n} rows above the header, in row {n + 1}, look like records" in entry.reason
        (warehouse.home.mappings / "m.yml").write_text(f"extract: crimes\ntable: {{header_row: {n + 1}}}\n", encoding="utf-8")
        assert text(warehouse, *crimes(0, n), HEADER, *crimes(n, 40), at="20260106T020000Z").outcome == "accepted"


def test_titles_above_a_narrow_table_are_no_records(warehouse):
    lines = ["Period from,01/01/2025", "Period to,31/12/2025", "cohort_size,counted_on", "120,2025-03-01", "121,2025-03-02"]
    entry = warehouse.land("iom_cohort", text="".join(f"{line}\n" for line in lines))
    assert (entry.outcome, entry.rows_landed) == ("accepted", 2), entry.reason


def test_a_first_table_without_a_required_column_holds_the_file(warehouse):
    first_table = [f"A{i},0{i % 9 + 1}/03/2025,92D,Dales" for i in range(20)]
    entry = text(warehouse, "crime_ref,recorded_on,offence_code,lpu", *first_table, "", HEADER, *crimes())
    assert entry.outcome == "held" and entry.reason.startswith("20 rows above the header, in row 23, look like records")


@pytest.mark.parametrize(
    "above",
    [
        ["From,01/03/2025", "To,31/03/2025"],
        ["Month,Crimes", "2025-01-31,20", "2025-02-28,30", "2025-03-31,40"],
        ["Month,Possession,Trafficking,All", "March,20,10,30", "April,20,10,30"],
        ["Run,01/03/2025,From,01/03/2025,To", "Crimes,Drugs,All,Dales,x"],
        ["Crimes,,,,", ",,,,", "Printed,10:00,,,"],
    ],
)
def test_titles_and_summaries_above_the_header_land(warehouse, above):
    entry = text(warehouse, *above, HEADER, *crimes())
    assert (entry.outcome, entry.rows_landed) == ("accepted", 25), entry.reason


RETURNS = ["return_ref,received_on,amount", *(f"A{n},2025-03-{n:02},{n}" for n in range(1, 20))]


AMOUNTS = [
    ("All figures in £000s", "held"), ("Amounts (£'000)", "held"), ("Values: £k", "held"), ("GBP m", "held"),
    ("Amounts are in thousands", "held"), ("In pounds millions", "held"),
    ("Returns over £10k", "accepted"), ("Returns above £1,000", "accepted"), ("£1m fund", "accepted"),
    ("Amounts are not in thousands", "accepted"), ("Payments of £ M Jones", "accepted"),
    ("Amounts in pounds", "accepted"), ("Total: £000", "held"),
]  # fmt: skip
"""A title, and the outcome of its file."""


def test_file_that_states_amounts_in_thousands_is_held(warehouse):
    entries = warehouse.land_forces("aris_returns", *([f'"{note}"', "", *RETURNS] for note, _ in AMOUNTS), is_whole=True)
    for entry, (note, outcome) in zip(entries, AMOUNTS, strict=True):
        assert entry.outcome == outcome, note
        assert outcome == "accepted" or "says that its amounts are in thousands or millions" in entry.reason, note


@pytest.mark.parametrize(
    "header,outcome",
    [
        ("Amount (£000s)", "held"), ("Amount (£k)", "held"), ("Amount 000s", "held"), ("Amount in pence", "held"),
        ("Amount (€)", "held"), ("Amount EUR", "held"), ("US$ amount", "held"),
        ("Amount (£)", "accepted"), ("Amount GBP", "accepted"),
        ("Amount over £1,000", "accepted"), ("Amount (Euston)", "accepted"), ("Amount (pounds and pence)", "accepted"),
        ("Amount £ (not thousands)", "accepted"), ("Value in GBP (from EUR)", "accepted"), ("Amount in £ thousands", "held"),
    ],
)  # fmt: skip
def test_header_of_amounts_that_are_not_in_pounds_holds_the_file(warehouse, header, outcome):
    mapping = f'extract: aris_returns\nheaders: {{amount: "{header}"}}\n'
    (warehouse.home.mappings / "m.yml").write_text(mapping, encoding="utf-8")
    entry = warehouse.land("aris_returns", "R1,2025-03-01,5", header=f'return_ref,received_on,"{header}"')
    assert entry.outcome == outcome, entry.reason
    if outcome == "held":
        assert entry.reason.startswith("amount: its header says that it is not in pounds (")


def test_thousands_are_ignored_in_an_extract_without_amounts(warehouse):
    assert text(warehouse, "Property above £000s", HEADER, *crimes()).outcome == "accepted"


@pytest.mark.parametrize(
    "lines,note_start",
    [
        (["Period: 01/03/2025 - 31/03/2025"], "says that it is of 2025-03-01 to 2025-03-31, and its window is 2025-01-01 to"),
        (["From:,2025-03-01 00:00:00", "To:,2025-03-31 23:59:59"], "says that it is of 2025-03-01 to 2025-03-31"),
        (["Crimes between 01/01/2025 and 30/06/2025"], "says that it is of 2025-01-01 to 2025-06-30"),
        (["Period: 01/01/2025 - 31/12/2025"], None),
        (["Period: 01/04/2024 - 31/03/2025"], None),
        (["From 31/31/2025 to 32/31/2025"], None),
        (["Printed 01/03/2025", "Checked 02/03/2025"], None),
        (["From the system on 01/03/2025, printed 05/03/2025"], None),
        (["Derbyshire Police, with Leicestershire Police"], None),
        (["Leicestershire Police - recorded crime"], "says Leicestershire Police around its table, and counts for derbyshire"),
        (["Derbyshire Constabulary, with Leicestershire Police"], None),
        (["Leicestershire"], None),
        (["Filtered by unit"], "says that rows were filtered ('Filtered by'): is anything left out of its window?"),
        (["Oil filter"], None),
    ],
)
def test_titles_that_differ_from_the_name_are_noted(warehouse, lines, note_start):
    # Rows of the whole window, so that nothing else is noted.
    rows = [f"C{n},2025-{n % 12 + 1:02}-15,92D,Recorded,{('Dales', 'Erewash')[n % 2]}" for n in range(24)]
    entry = text(warehouse, *lines, "", HEADER, *rows)
    assert entry.outcome == "accepted" and entry.rows_landed == 24
    assert [note[: len(note_start)] for note in entry.drift] == [note_start] if note_start else entry.drift == []


def test_filters_below_the_table_are_noted_unless_a_mapping_ignores_them(warehouse):
    rows = [HEADER, *crimes(), "", '"Applied filters:', 'lpu is Dales"']
    note = "says that rows were filtered ('Applied filters'): is anything left out of its window?"
    assert text(warehouse, *rows).drift == [note]
    mapping = warehouse.home.mappings / "m.yml"
    mapping.write_text('extract: crimes\ntable: {ignore: {crime_ref: "Applied*"}}\n', encoding="utf-8")
    assert text(warehouse, *rows, at="20260106T020000Z").drift == []
