"""Exports of made-up systems as they come: own names, titles, columns, codes and totals, landed with only a YAML mapping."""

import os
from datetime import UTC, date, datetime

import pytest

from dagster_project.landing import accepted
from dagster_project.landing.mappings.mappings import read_mappings
from dagster_project.landing.storage.ledger import current_files

from .conftest import FORCES
from .workbook import workbook

CAD = """
extract: incidents
forces: [leicestershire]
files:
  - name: "Incidents {month:%b %Y}.xlsx"
  - name: "CAD extract {from:%d%m%Y}-{to:%d%m%Y} run {at:%Y%m%d%H%M}.csv"
  - name: "Incidents full*.xlsx"
    covers: months
  - name: "days ?.csv"
    covers: days
table:
  ignore:
    incident_ref: ["TOTAL*", "Source:*"]
headers:
  incident_ref: Incident No
  record_type: Type
  created_at: {join: [Opened Date, Opened Time], with: " "}
  qualifiers: {list: [Qualifier 1, Qualifier 2, Qualifier 3]}
  grade: [Initial Grade, Grade]
values:
  record_type: {I: INCIDENT, R: ROC}
  qualifiers: {"Drug*": Drugs, "Drug free zone": Other, Alc: Alcohol}
  grade: {Grade 1: Emergency, Grade 2: Priority, "*": Scheduled}
optional: [grade]
"""
HEADER = ["Incident No", "Type", "Opened Date", "Opened Time", "Qualifier 1", "Qualifier 2", "Qualifier 3", "Grade"]
TITLES = [["Incident report"], [], ["Printed by the control room", "page 1"]]
ROWS = [
    ["K1", "I", "01/10/2025", "23:05", "Drug dealing", "", "Alc", "Grade 1"],
    ["K2", "R", "31/10/2025", "07:30", "", "", "", "grade 2"],
    ["K3", "i", "15/10/2025", "", "drug free zone", "DRUGS", "", "Routine"],
    ["K4", "I", "16/10/2025", "09:00", "", "Theft", "", ""],
]
FOOTER = [["TOTAL", "4"], [], ["Source: CAD, 01/11/2025"]]
EXPECTED = [
    ("K1", "INCIDENT", "2025-10-01 23:05:00", "Drugs;Alcohol", "Emergency"),
    ("K2", "ROC", "2025-10-31 07:30:00", None, "Priority"),
    ("K3", "INCIDENT", "2025-10-15 00:00:00", "Other;Drugs", "Scheduled"),
    ("K4", "INCIDENT", "2025-10-16 09:00:00", "Theft", None),
]
COLUMNS = ("incident_ref", "record_type", "created_at", "qualifiers", "grade")
NOVEMBER = datetime(2025, 11, 5, 8, 30, tzinfo=UTC).timestamp()


def write(warehouse, text=CAD, name="cad.yml"):
    warehouse.home.mappings.mkdir(exist_ok=True)
    (warehouse.home.mappings / name).write_text(text, encoding="utf-8")


def csv_of(*rows, end="\n"):
    return "\n".join(",".join(row) for row in rows) + end


def put(warehouse, name, data, mtime=NOVEMBER):
    warehouse.put(name, data, mtime=mtime)
    (entry,) = warehouse.night()
    return entry


def landed(warehouse, entry, names=COLUMNS):
    assert entry.outcome == "accepted", entry.reason
    return [tuple(row[n] for n in names) for row in warehouse.raw(entry)]


def window(entry):
    return (str(entry.covered_from), str(entry.covered_to), entry.extracted_at)


def as_excel_dates(row):
    """A row as a workbook has it: days and times as such."""
    d, m, y = map(int, row[2].split("/"))
    moment = datetime(1899, 12, 30, *map(int, row[3].split(":"))) if row[3] else None
    return [*row[:2], date(y, m, d), moment, *row[4:]]


def test_workbook_with_titles_joined_columns_and_totals_lands_under_its_own_name(warehouse):
    write(warehouse)
    sheet = [*TITLES, HEADER, *map(as_excel_dates, ROWS), *[f or [None] for f in FOOTER]]
    entry = put(warehouse, "incidents OCT 2025.XLSX", workbook(sheet))
    assert landed(warehouse, entry) == EXPECTED
    assert window(entry) == ("2025-10-01", "2025-10-31", "2025-11-05T08:30:00Z")
    assert (entry.extract, entry.force_code, entry.mapping[:8]) == ("incidents", "leicestershire", "cad.yml@")
    assert (entry.rows_in_file, entry.rows_landed, entry.rows_quarantined, entry.rows_ignored) == (4, 4, 0, 2)
    assert [r["_line"] for r in warehouse.raw(entry)] == ["5", "6", "7", "8"]
    assert entry.headers["created_at"] == "Opened Date + Opened Time" and not entry.unknown_columns
    assert warehouse.inbox() == []


@pytest.mark.parametrize("end", ["", "\n"])
def test_same_export_as_text_with_window_and_time_in_its_name(warehouse, end):
    write(warehouse)
    text = csv_of(*TITLES, HEADER, *ROWS, *FOOTER, end=end)
    entry = put(warehouse, "CAD extract 01102025-31102025 run 202511010200.csv", text)
    assert landed(warehouse, entry) == EXPECTED
    # Two in the night of 1 November is winter time.
    assert window(entry) == ("2025-10-01", "2025-10-31", "2025-11-01T02:00:00Z")
    assert entry.rows_ignored == 2 and [r["_line"] for r in warehouse.raw(entry)] == ["5", "6", "7", "8"]


def test_cut_last_line_that_is_no_footer_is_refused(warehouse):
    write(warehouse)
    entry = put(warehouse, "days 1.csv", csv_of(HEADER, *ROWS, ["K5", "I"], end=""))
    assert entry.outcome == "refused" and entry.reason.startswith("cut short: line 6")


def test_window_ends_on_the_day_of_extraction_in_summer_time(warehouse):
    write(warehouse)
    entry = put(warehouse, "CAD extract 01072025-31072025 run 202507150030.csv", csv_of(HEADER))
    assert window(entry) == ("2025-07-01", "2025-07-15", "2025-07-14T23:30:00Z")
    late = put(warehouse, "CAD extract 16072025-31072025 run 202507150030.csv", csv_of(HEADER))
    assert late.outcome == "refused" and "after its extraction on 2025-07-15" in late.reason


@pytest.mark.parametrize(
    "name,mtime,expected",
    [
        ("{year:%Y} all.csv", NOVEMBER, ("2025-01-01", "2025-11-05")),
        ("{year:%Y} all.csv", NOVEMBER + 100 * 86400, ("2025-01-01", "2025-12-31")),
        ("{financial_year:%Y} all.csv", NOVEMBER + 200 * 86400, ("2025-04-01", "2026-03-31")),
        ("{financial_year:%Y} all.csv", NOVEMBER, ("2025-04-01", "2025-11-05")),
        # Half past midnight in London is the day before in UTC.
        ("{year:%Y} all.csv", datetime(2025, 6, 1, 23, 30, tzinfo=UTC).timestamp(), ("2025-01-01", "2025-06-02")),
    ],
)
def test_window_of_a_year_ends_on_the_day_of_extraction(warehouse, name, mtime, expected):
    write(warehouse, CAD.replace("days ?.csv", "unused.csv").replace("Incidents {month:%b %Y}.xlsx", name))
    entry = put(warehouse, "2025 ALL.csv", csv_of(HEADER, ROWS[0]), mtime)
    assert window(entry)[:2] == expected


def test_day_without_a_time_is_no_time_of_extraction(warehouse):
    write(warehouse, CAD.replace("{month:%b %Y}.xlsx", "{month:%m-%Y} of {at:%Y%m%d}.csv"))
    entry = put(warehouse, "Incidents 10-2025 of 20251103.csv", csv_of(HEADER, *ROWS))
    assert entry.extracted_at == "2025-11-05T08:30:00Z"


def test_a_correction_with_an_older_time_is_noted(warehouse):
    """A file's time is that of its last change, which a copy may have kept: none of its rows counts."""
    write(warehouse, CAD.replace("{month:%b %Y}.xlsx", "{month:%m-%Y}*.csv"))
    put(warehouse, "Incidents 10-2025.csv", csv_of(HEADER, *ROWS))
    entry = put(warehouse, "Incidents 10-2025 corrected.csv", csv_of(HEADER, *ROWS[1:]), NOVEMBER - 86400)
    start = "older than Incidents 10-2025.csv, which covers all of its days: hardly any of its rows counts."
    assert [note for note in entry.drift if note.startswith(start)]
    entry = put(warehouse, "Incidents 10-2025 again.csv", csv_of(HEADER, *ROWS[1:]), NOVEMBER + 86400)
    assert not [note for note in entry.drift if note.startswith("older than")]


def test_window_taken_from_the_rows_by_month_and_by_day(warehouse):
    write(warehouse)
    late = ["K9", "I", "04/11/2025", "10:00", "", "", "", ""]
    entry = put(warehouse, "Incidents full (2).xlsx", workbook([HEADER, *map(as_excel_dates, [ROWS[2], late])]))
    assert window(entry)[:2] == ("2025-10-01", "2025-11-05")
    entry = put(warehouse, "days 1.csv", csv_of(HEADER, ROWS[2], late))
    assert window(entry)[:2] == ("2025-10-15", "2025-11-04")
    # Dates after the extraction, and cells that are no date, are left out.
    bad_rows = (["K7", "I", "06/11/2025", "10:00", "", "", "", ""], ["K8", "I", "9/9/999", "", "", "", "", ""])
    entry = put(warehouse, "days 2.csv", csv_of(HEADER, ROWS[2], late, *bad_rows), NOVEMBER + 60)
    assert window(entry)[:2] == ("2025-10-15", "2025-11-04") and entry.rows_quarantined == 2
    none = put(warehouse, "days 3.csv", csv_of(HEADER))
    assert none.outcome == "refused" and "no valid row to take the window from" in none.reason
    assert none.covered_from is None
    unreadable = [["K1", "I", day, "10:00", "", "", "", ""] for day in ("Mon 6th", "Tue 7th")]
    bad = put(warehouse, "days 4.csv", csv_of(HEADER, *unreadable, ["", "I", "01/10/2025", "", "", "", "", ""]))
    assert bad.outcome == "refused" and "Mon" not in bad.reason
    assert "; 2 of 3 rows, such as line 2: created_at: is not a date and time. Say in the mapping (dates:)" in bad.reason
    again = put(warehouse, "days 1.csv", csv_of(HEADER, ROWS[2], late))
    assert again.outcome == "known"


def test_file_waits_if_two_mappings_read_its_name(warehouse):
    write(warehouse)
    write(warehouse, "extract: crimes\nforces: [derbyshire]\nfiles: [{name: 'Incidents *', covers: days}]\n", "other.yml")
    warehouse.put("Incidents Oct 2025.xlsx", workbook([HEADER, *map(as_excel_dates, ROWS)]), mtime=NOVEMBER)
    (entry,) = warehouse.night()
    assert "mappings/cad.yml and mappings/other.yml both read this name" in entry.reason
    assert warehouse.inbox() == ["Incidents Oct 2025.xlsx"] and warehouse.ledger() == []
    (warehouse.home.mappings / "other.yml").unlink()
    (entry,) = warehouse.night()
    assert landed(warehouse, entry) == EXPECTED


def test_file_waits_for_the_invalid_mapping_that_may_read_its_name(warehouse):
    write(warehouse, CAD + "nonsense: 1\n")
    warehouse.put("Incidents Oct 2025.xlsx", workbook([HEADER, *map(as_excel_dates, ROWS)]), mtime=NOVEMBER)
    warehouse.put("Crimes Oct 2025.csv", "a,b\n")
    entries = {e.source_file: e for e in warehouse.night()}
    assert "until a mapping is corrected: mappings/cad.yml: nonsense" in entries["Incidents Oct 2025.xlsx"].reason
    assert "the name is neither" in entries["Crimes Oct 2025.csv"].reason
    assert warehouse.inbox() == ["Incidents Oct 2025.xlsx"]
    write(warehouse)
    (entry,) = warehouse.night()
    assert entry.outcome == "accepted"


def test_canonical_names_are_read_before_those_of_mappings(warehouse):
    write(warehouse, CAD.replace("days ?.csv", "*"))
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales")
    assert (entry.outcome, entry.mapping, entry.force_code) == ("accepted", None, "derbyshire")
    name = "incidents__leicestershire__2025-10-01__2025-10-31__20251101T020000Z.csv"
    entry = put(warehouse, name, csv_of(HEADER, *ROWS))
    assert landed(warehouse, entry) == EXPECTED and entry.extracted_at == "2025-11-01T02:00:00Z"
    other = put(warehouse, "incidents__derbyshire__2025-10-01__2025-10-31__20251101T020000Z.csv", csv_of(HEADER, *ROWS))
    assert other.outcome == "refused" and other.mapping is None


def test_file_with_a_canonical_name_waits_if_two_mappings_read_its_extract(warehouse):
    write(warehouse)
    write(warehouse, CAD.replace("Incidents", "Logs").replace("CAD", "Logs").replace("days ?", "logs ?"), "logs.yml")
    name = "incidents__leicestershire__2025-10-01__2025-10-31__20251101T020000Z.csv"
    entry = put(warehouse, name, csv_of(HEADER, *ROWS))
    assert "mappings/cad.yml and mappings/logs.yml both read incidents of leicestershire" in entry.reason
    assert warehouse.inbox() == [name]
    (warehouse.home.inbox / name).unlink()
    assert put(warehouse, "Logs Oct 2025.xlsx", workbook([HEADER, *map(as_excel_dates, ROWS)])).outcome == "accepted"


def test_invalid_date_in_a_name_is_reported(warehouse):
    write(warehouse)
    entry = put(warehouse, "CAD extract 31022025-31102025 run 202511010200.csv", csv_of(HEADER))
    assert entry.outcome == "refused" and "'31022025' is no date there is" in entry.reason and "cad.yml" in entry.reason


def test_files_of_a_shared_inbox_are_known_the_second_time(warehouse, tmp_path):
    write(warehouse)
    folder = tmp_path / "drop"
    warehouse.put("days 1.csv", csv_of(HEADER, *ROWS), folder, NOVEMBER)
    assert [e.outcome for e in warehouse.night(archive=False, inbox=folder)] == ["accepted"]
    assert [e.outcome for e in warehouse.night(archive=False, inbox=folder)] == ["known"]
    os.utime(folder / "days 1.csv", (NOVEMBER + 86400,) * 2)
    assert [e.outcome for e in warehouse.night(archive=False, inbox=folder)] == ["accepted"]
    assert len(accepted(warehouse.ledger())) == 2


def test_manifest_of_a_file_with_its_own_name_is_checked(warehouse):
    write(warehouse)
    for n, rows, outcome in ((1, 4, "accepted"), (2, 6, "accepted"), (3, 5, "refused")):
        warehouse.put(f"days {n}.csv.manifest.json", f'{{"rows": {rows}}}')
        assert put(warehouse, f"days {n}.csv", csv_of(HEADER, *ROWS, *FOOTER), NOVEMBER + n).outcome == outcome


DRUG_TESTS = """
extract: drug_tests
forces: [leicestershire]
files: [{name: "tests {year:%Y}.csv"}]
headers:
  custody_ref: {join: [Site, Custody No], with: "/"}
  arrested_at: Arrested
  trigger_offence: Offence
  test_status: Outcome
  result: Outcome
  cocaine: Outcome
  opiates: Outcome
values:
  test_status: {"P*": Completed, NEG: Completed, REF: Refused, "*": Missed}
  result: {"P*": Positive, NEG: Negative, "*": ""}
  cocaine: {PC: Positive, PB: Positive, PO: Negative, NEG: Negative, "*": ""}
  opiates: {PO: Positive, PB: Positive, PC: Negative, NEG: Negative, "*": ""}
"""


def test_one_code_feeds_four_columns_each_with_its_own_values(warehouse):
    write(warehouse, DRUG_TESTS)
    rows = [["A", str(n), "01/10/2025 10:00", "Theft", code] for n, code in enumerate(["PC", "PO", "PB", "NEG", "REF", "x"])]
    entry = put(warehouse, "tests 2025.csv", csv_of(["Site", "Custody No", "Arrested", "Offence", "Outcome"], *rows))
    assert landed(warehouse, entry, ("test_status", "result", "cocaine", "opiates")) == [
        ("Completed", "Positive", "Positive", "Negative"),
        ("Completed", "Positive", "Negative", "Positive"),
        ("Completed", "Positive", "Positive", "Positive"),
        ("Completed", "Negative", "Negative", "Negative"),
        ("Refused", None, None, None),
        ("Missed", None, None, None),
    ]
    assert len({r["custody_ref"] for r in warehouse.raw(entry)}) == 6 and entry.headers["custody_ref"] == "Site + Custody No"


def test_join_leaves_out_blank_parts_and_their_separator(warehouse):
    write(
        warehouse,
        "extract: crimes\nforces: [leicestershire]\nfiles: [{name: 'c {year:%Y}.csv'}]\n"
        "headers: {offence_code: {join: [Class, Sub, Sub 2], with: '/'}}\n",
    )
    header = ["crime_ref", "recorded_on", "Class", "Sub", "Sub 2", "status"]
    parts = [("92D", "1", ""), ("92D", "", ""), (" ", "1", "2"), ("92D", " ", "3"), ("", "", "")]
    rows = [[f"C{n}", "2025-01-01", *p, "Recorded"] for n, p in enumerate(parts)]
    entry = put(warehouse, "c 2025.csv", csv_of(header, *rows))
    assert landed(warehouse, entry, ("offence_code",)) == [("92D/1",), ("92D",), ("1/2",), ("92D/3",), (None,)]


def test_whole_code_takes_priority_over_a_glob_and_a_longer_glob_over_a_shorter(warehouse):
    write(
        warehouse,
        "extract: stop_search\nforces: [leicestershire]\nfiles: [{name: 's {year:%Y}.csv'}]\n"
        "values:\n  outcome: {'a*': short, 'ab*': long, 'abc': whole, 'x*': '', '': blank}\n"
        "  legislation: {'*': any, s23: act}\n",
    )
    header = ["search_ref", "searched_at", "object_of_search", "object_found", "outcome", "legislation"]
    outcomes = ["A", "abX", "ABC", "abcd", "b", "xyz", ""]
    laws = ["S23", "s1", "", *"defg"]
    rows = [[o + str(n), "2025-01-01", "Drugs", "Y", o, laws[n]] for n, o in enumerate(outcomes)]
    entry = put(warehouse, "s 2025.csv", csv_of(header, *rows))
    landed_outcomes = [o for (o,) in landed(warehouse, entry, ("outcome",))]
    assert landed_outcomes == ["short", "long", "whole", "long", "b", None, "blank"]
    assert [r["legislation"] for r in warehouse.raw(entry)][:4] == ["act", "any", None, "any"]


def test_file_without_a_header_of_its_mapping_is_refused(warehouse):
    write(warehouse, CAD.replace("optional: [grade]", "optional: []"))
    without = [row[:-1] for row in (HEADER, *ROWS)]
    entry = put(warehouse, "days 1.csv", csv_of(*without))
    assert entry.outcome == "refused" and "grade (Initial Grade, Grade)" in entry.reason
    assert all(h in entry.reason for h in HEADER[:-1])
    write(warehouse)
    entry = put(warehouse, "days 1.csv", csv_of(*without))
    assert entry.outcome == "accepted" and "grade" in entry.missing_columns
    # One of several headers is enough.
    write(warehouse, CAD.replace("optional: [grade]", ""))
    assert put(warehouse, "days 2.csv", csv_of(HEADER, *ROWS), NOVEMBER + 9).outcome == "accepted"
    part = [row[:6] + row[7:] for row in (HEADER, *ROWS)]
    entry = put(warehouse, "days 3.csv", csv_of(*part), NOVEMBER + 19)
    assert entry.outcome == "refused" and "qualifiers" in entry.reason


def test_optional_list_takes_any_of_its_headers_and_a_join_needs_all(warehouse):
    text = "extract: intelligence\nforces: [leicestershire]\nfiles: [{name: 'i {year:%Y}.csv'}]\noptional: [themes, lpu]\n"
    write(warehouse, text + "headers: {themes: {list: [T1, T2]}, lpu: {join: [A, B]}}\n")
    entry = put(warehouse, "i 2025.csv", csv_of(["intel_ref", "submitted_on", "source", "T2", "B"],
                ["I1", "2025-01-01", "Officer", "Drugs", "x"]))  # fmt: skip
    assert landed(warehouse, entry, ("themes", "lpu")) == [("Drugs", None)] and entry.missing_columns == ["lpu"]


def test_a_sheet_by_name_and_by_number(warehouse):
    cover, data = [["Incidents of the month"], ["Made by the control room"]], [*TITLES, HEADER, *map(as_excel_dates, ROWS)]
    write(warehouse)
    entry = put(warehouse, "Incidents Oct 2025.xlsx", workbook(cover, data))
    assert entry.outcome == "refused" and "sheet 'S2' has them, in row 4" in entry.reason
    for n, sheet in enumerate(("s2", "2")):
        write(warehouse, CAD.replace("table:\n", f"table:\n  sheet: {sheet}\n"))
        entry = put(warehouse, "Incidents Oct 2025.xlsx", workbook(cover, data), NOVEMBER + 60 * n)
        assert landed(warehouse, entry) == EXPECTED
    write(warehouse, CAD.replace("table:\n", "table:\n  sheet: Records\n"))
    entry = put(warehouse, "Incidents Oct 2025.xlsx", workbook(cover, data), NOVEMBER + 999)
    assert entry.outcome == "refused" and "it has S1, S2" in entry.reason


def test_header_row_set_by_the_mapping(warehouse):
    write(warehouse, CAD.replace("table:\n", "table:\n  header_row: 3\n"))
    # The first header belongs to another table, with one row.
    entry = put(warehouse, "days 1.csv", csv_of(HEADER, ROWS[3], HEADER, *ROWS[:3]))
    assert landed(warehouse, entry) == EXPECTED[:3]
    entry = put(warehouse, "days 2.csv", csv_of(HEADER, ROWS[3], ["a", "b"], *ROWS[:3]))
    assert entry.outcome == "refused" and entry.reason == (
        "no header: row 3, which the mapping's table.header_row says, names no column of the contract; row 1 does: correct it,"
        " or leave it out"
    ), "not that no row does"


def test_a_mapping_may_say_a_header_row_below_row_50(warehouse):
    """Only the search without it ends there."""
    lines = [["a note"]] * 59
    write(warehouse, CAD)
    entry = put(warehouse, "days 1.csv", csv_of(*lines, HEADER, *ROWS[:3]))
    assert entry.outcome == "refused" and "any of the first 50 rows" in entry.reason
    write(warehouse, CAD.replace("table:\n", "table:\n  header_row: 60\n"))
    entry = put(warehouse, "days 2.csv", csv_of(*lines, HEADER, *ROWS[:3]))
    assert landed(warehouse, entry) == EXPECTED[:3]
    entry = put(warehouse, "days 3.csv", csv_of(*[["a note" * 500]] * 59, HEADER, *ROWS[:3]))
    assert entry.outcome == "refused" and "row 60" in entry.reason and "is not in the first 65,536 characters" in entry.reason


def test_a_header_below_titles_is_found_without_a_mapping_up_to_row_50(warehouse):
    header = "crime_ref,recorded_on,offence_code,status"
    titles = "Crimes of the year\n" + "\n" * 30 + "status\n" + "x,y\n" * 17
    entry = warehouse.land("crimes", text=f"{titles}{header}\nC1,2025-03-01,92D,Recorded\n")
    assert entry.outcome == "accepted" and warehouse.raw(entry)[0]["_line"] == "51"
    entry = warehouse.land("crimes", text=f"\n{titles}{header}\nC1,2025-03-01,92D,Recorded\n", at="20260106T020000Z")
    assert entry.outcome == "refused"


def test_reason_names_the_row_most_like_a_header(warehouse):
    text = "Crimes\n\nCrime Ref,Date,Status,Code\nC1,2025-03-01,Recorded,92D\n"
    entry = warehouse.land("crimes", text=text)
    assert entry.outcome == "refused"
    assert "row 3 comes nearest" in entry.reason and all(h in entry.reason for h in ("Crime Ref", "Date", "Status", "Code"))
    entry = warehouse.land("crimes", text="Report\nNumber,Day,State\nC1,2025-03-01,Recorded\n", at="20260106T020000Z")
    assert "row 2 comes nearest, with the headers Number, Day, State" in entry.reason
    # Text that may be personal data is not repeated.
    entry = warehouse.land("crimes", text="C1,2025-03-01,Smith\n", at="20260107T020000Z")
    assert entry.reason.startswith("no header") and "Smith" not in entry.reason


def test_a_header_of_two_merged_rows(warehouse):
    write(warehouse)
    above = ["Incident No", "Type", "Opened", None, "Qualifier", None, None, "Grade"]
    below = [None, None, "Date", "Time", "1", "2", "3", None]
    entry = put(warehouse, "Incidents Oct 2025.xlsx", workbook([*TITLES, above, below, *map(as_excel_dates, ROWS)]))
    assert landed(warehouse, entry) == EXPECTED


def test_ignored_rows_are_no_records_and_similar_ones_are(warehouse):
    write(warehouse)
    rows = [["total", "", "", "", "", "", "", ""], ["Sub TOTAL", "I", "", "", "", "", "", ""], ["Source : x"]]
    entry = put(warehouse, "days 1.csv", csv_of(HEADER, *ROWS, *rows))
    assert (entry.rows_in_file, entry.rows_landed, entry.rows_quarantined, entry.rows_ignored) == (6, 4, 2, 1)


def test_large_csv_is_read_with_and_without_totals(warehouse, monkeypatch):
    monkeypatch.setattr("dagster_project.landing.formats.csv_reader.WORTH_IT", 1)
    write(warehouse)
    rows = [[f"K{n}", "I", f"{n % 28 + 1:02}/10/2025", "10:00", "Drug x", "", "Alc", "Grade 1"] for n in range(300)]
    total = ["TOTAL", "", "", "", "", "", "", ""]
    one = put(warehouse, "days 1.csv", csv_of(*TITLES, HEADER, *rows))
    two = put(warehouse, "days 2.csv", csv_of(*TITLES, HEADER, *rows, total), NOVEMBER + 9)
    assert [(e.rows_landed, e.rows_ignored) for e in (one, two)] == [(300, None), (300, 1)]
    assert landed(warehouse, one) == landed(warehouse, two)
    assert landed(warehouse, one)[7] == ("K7", "INCIDENT", "2025-10-08 10:00:00", "Drugs;Alcohol", "Emergency")


@pytest.mark.parametrize("is_protected,advice", [(True, "remove the password"), (False, "save it as Excel Workbook (.xlsx)")])
def test_a_protected_workbook_and_an_old_one_say_what_to_do(warehouse, is_protected, advice):
    write(warehouse)
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + ("EncryptedPackage".encode("utf-16-le") if is_protected else b"")
    entry = put(warehouse, "Incidents Oct 2025.xlsx", old)
    assert entry.outcome == "refused" and advice in entry.reason
    entry = put(warehouse, "Incidents Oct 2025.xls", old)
    assert entry.outcome == "refused" and "save it as Excel Workbook (.xlsx)" in entry.reason


BAD = {
    "forces: [kent, surrey]\nfiles: [{name: 'a {year:%Y}.csv'}]": "exactly one force",
    "files: [{name: 'a {year:%Y}.csv'}]": "exactly one force",
    "forces: [kent]\nfiles: [{name: 'a.csv'}]": "says no window",
    "forces: [kent]\nfiles: [{name: 'a {year:%Y}.csv', covers: days}]": "leave covers out",
    "forces: [kent]\nfiles: [{name: 'a.csv', covers: weeks}]": "covers",
    "forces: [kent]\nfiles: [{name: 'a {from:%Y-%m-%d}.csv'}]": "say no window together",
    "forces: [kent]\nfiles: [{name: 'a {month:%b %Y} {year:%Y}.csv'}]": "say no window together",
    "forces: [kent]\nfiles: [{name: 'a {month:%b %Y} {month:%b %Y}.csv'}]": "appears twice",
    "forces: [kent]\nfiles: [{name: 'a {month:%b}.csv'}]": "lacks a year",
    "forces: [kent]\nfiles: [{name: 'a {from:%Y-%m}{to:%Y-%m-%d}.csv'}]": "lacks a day (%d)",
    "forces: [kent]\nfiles: [{name: 'a {week:%W}.csv'}]": "is no placeholder",
    "forces: [kent]\nfiles: [{name: 'a {year:%Q}.csv'}]": "%Q is not taken",
    "forces: [kent]\nfiles: [{name: 'a {year:%Y.csv'}]": "a brace without its other half",
    "forces: [kent]\nfiles: [{names: 'a {year:%Y}.csv'}]": "names: not known here",
    "headers: {lpu: {join: [A, B], between: x}}": "say a header, several",
    "headers: {lpu: {join: []}}": "none of them blank",
    "headers: {lpu: [A, '']}": "none of them blank",
    "headers: {lpu: {list: [A], with: x}}": "say a header, several",
    "headers: {lpu: {list: [A, B]}}": "not a list column; is join meant?",
    "headers: {lpu: {join: [A, a]}}": "'a' appears twice",
    "table: {sheets: x}": "sheets: not known here",
    "table: {header_row: 0}": "greater than or equal to 1",
    "table: {ignore: {'-': x}}": "table.ignore.-: is no header",
    "optional: [lpus]": "optional.lpus: no such column",
    "values: {recorded_on: {'*': ''}}": "would make every date a blank",
    "values: {status: {'R*': Recoded}}": "values.status.R*: 'Recoded' is not one of",
}


@pytest.mark.parametrize("text", BAD)
def test_mistake_in_a_mapping_is_reported_with_its_field(warehouse, text):
    write(warehouse, f"extract: crimes\n{text}\n")
    forces = {*FORCES, "kent", "surrey"}
    (problem,) = read_mappings(warehouse.home, warehouse.contracts, forces).problems
    assert BAD[text] in str(problem)


def test_hash_of_a_mapping_without_newer_fields_is_unchanged(warehouse):
    write(warehouse, "extract: crimes\nheaders: {lpu: Beat}\n")
    (used,) = read_mappings(warehouse.home, warehouse.contracts, FORCES).valid
    assert used.label == "cad.yml@d91badd9963f"
    assert used.mapping.headers["lpu"] == ("Beat",)


@pytest.mark.parametrize(
    "name,nearest",
    [
        ("Incidents Oct 2025 v2.xlsx", "Incidents {month:%b %Y}.xlsx"),
        ("Incidents Oct 2025 (1).xlsx", "Incidents {month:%b %Y}.xlsx"),
        ("Incidents Sept 2025.xlsx", "Incidents {month:%b %Y}.xlsx"),
        ("incidents_oct_2025.csv", "Incidents {month:%b %Y}.xlsx"),
        ("CAD extract 01102025 to 31102025.csv", "CAD extract {from:%d%m%Y}-{to:%d%m%Y} run {at:%Y%m%d%H%M}.csv"),
        ("Seizures.csv", None),
        ("minutes.csv", None),
    ],
)
def test_reason_names_the_pattern_that_a_name_nearly_fits(warehouse, name, nearest):
    write(warehouse)
    warehouse.put(name, "a,b\n1,2\n", mtime=NOVEMBER)
    (entry,) = warehouse.night()
    assert entry.outcome == "refused" and entry.reason.startswith("the name is neither")
    advice = f"; mappings/cad.yml comes nearest, which reads '{nearest}': correct the name, or add to the mapping's files"
    assert entry.reason.endswith(advice) if nearest else "comes nearest" not in entry.reason


@pytest.mark.parametrize("outcome", ["accepted", "held", "refused"])
def test_a_file_refused_before_its_mapping_existed_has_its_newest_outcome(warehouse, outcome):
    rows = {"accepted": ROWS[:1], "held": [[f"K{n}", *ROWS[0][1:]] for n in range(30)], "refused": []}[outcome]
    text = "".join(f"{','.join(row)}\n" for row in [HEADER, *rows] if row)
    if outcome == "held":
        text = text.replace("01/10/2025", "01/09/2025")  # all outside the window
    if outcome == "refused":
        text = "a,b\n1,2\n"
    name = "CAD extract 01102025-31102025 run 202511020600.csv"
    for n in range(2):
        warehouse.put(name, text, mtime=NOVEMBER + n)
        (entry,) = warehouse.night()
        write(warehouse)
    assert entry.outcome == outcome
    assert [(e.outcome, e.reason) for e in current_files(warehouse.ledger())] == [(outcome, entry.reason)]
