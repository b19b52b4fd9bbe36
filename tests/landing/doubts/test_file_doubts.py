"""Notes on files that land, where no rule can decide: each doubt, and a similar file without it."""

import re
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.landing import read_ledger, store_file
from dagster_project.landing.retract import retract_load

LATER = "20260106T020000Z"
UNITS = ("Dales", "Erewash", "High Peak", "Chesterfield")


def days(n, first=date(2025, 1, 1), span=365):
    return [(first + timedelta(days=i * span // n)).isoformat() for i in range(n)]


def crimes(n, *, unit=None, **when):
    rows = enumerate(days(n, **when))
    return [f"C{i},{day},{('92D', '8N')[i % 2]},Recorded,{unit or UNITS[i % 4]}" for i, day in rows]


def searches(n, object_found):
    what = ("Firearms", "Drugs", "Drugs")
    return [f"S{i},{day}T10:00:00,,{what[i % 3]},,{object_found(i)},,,{UNITS[i % 4]}" for i, day in enumerate(days(n))]


def assert_note(warehouse, note, extract, *rows, **more):
    entry = warehouse.land(extract, *rows, **more)
    assert entry.outcome == "accepted", entry.reason
    if note is None:
        assert entry.drift == []
    else:
        assert [d for d in entry.drift if note in d], entry.drift


@pytest.mark.parametrize("n,note", [(999, None), (1000, "exactly 1,000 rows, which many programs export"), (1001, None)])
def test_row_count_at_a_common_export_limit(warehouse, n, note):
    assert_note(warehouse, note, "crimes", *crimes(n))


@pytest.mark.parametrize(
    "object_found,note",
    [
        (lambda i: "N", "object_found: N in all 60 rows: is it a default, or are others left out?"),
        (lambda i: "YN"[i > 0], None),
        (lambda i: "YN"[i % 2] if i % 4 else "", "object_found: blank in 15 of 60 rows: these rows count as none of"),
        (lambda i: "YN"[i % 2] if i else "", None),
    ],
)
def test_flag_with_one_value_or_with_blanks(warehouse, object_found, note):
    assert_note(warehouse, note, "stop_search", *searches(60, object_found))


@pytest.mark.parametrize("referred,is_noted", [("Y,", False), ("Y", True), ("N,", True), ("Y,N", False)])
def test_flag_that_is_ticked(warehouse, referred, is_noted):
    cells = referred.split(",")
    tests = ("Completed,Positive", "Completed,Negative", "Missed,")
    rows = [f"K{i},{day}T10:00,Theft,{tests[i % 3]},{cells[i % len(cells)]}"
            for i, day in enumerate(days(120))]  # fmt: skip
    header = "custody_ref,arrested_at,trigger_offence,test_status,result,referred"
    assert_note(warehouse, "referred: " if is_noted else None, "drug_tests", *rows, header=header)


def test_few_rows_of_one_value(warehouse):
    assert_note(warehouse, None, "stop_search", *searches(49, lambda i: "N"))


def test_an_export_of_one_unit(warehouse):
    assert_note(warehouse, "lpu: Dales in all 60 rows", "crimes", *crimes(60, unit="Dales"))
    # A force without a list of units has none to leave out.
    assert_note(warehouse, None, "crimes", *crimes(61, unit="Dales"), force="leicestershire")


def test_blank_amounts(warehouse):
    rows = [f"I{i},{day},Primary,{30 if i % 3 else ''}" for i, day in enumerate(days(60))]
    assert_note(warehouse, "young_people: blank in 20 of 60 rows", "school_inputs", *rows)


@pytest.mark.parametrize(
    "first,span,note",
    [
        (date(2025, 1, 1), 365, None),
        (date(2025, 3, 1), 306, "no row from 2025-01-01 to 2025-02-28, where about 116 would be usual: these days count as 0"),
        (date(2025, 1, 1), 300, "no row from 2025-10-2"),
        (date(2025, 1, 20), 346, None),
        (date(2025, 6, 1), 20, None),
    ],
    ids=["none", "begins late", "ends early", "few days", "one day"],
)
def test_days_without_rows_at_either_end_of_the_window(warehouse, first, span, note):
    assert_note(warehouse, note, "crimes", *crimes(600, first=first, span=span))


def test_days_without_rows_are_not_noted_if_a_gap_within_is_as_long(warehouse):
    rows = [f"I{i},{day},Primary,30" for i, day in enumerate([*days(200, span=75), *days(200, date(2025, 6, 1), 120)])]
    assert_note(warehouse, "no row from 2025-09-29 to 2025-12-31", "school_inputs", *rows)
    assert_note(warehouse, None, "school_inputs", *rows, end="2025-11-15", at=LATER)


@pytest.mark.parametrize("n,is_noted", [(61, True), (60, False)])
def test_a_day_that_is_a_default(warehouse, n, is_noted):
    rows = [f"I{i},{day},Primary,30" for i, day in enumerate([*days(60), *["2025-04-01"] * n])]
    assert_note(warehouse, f"delivered_on: {n} of" if is_noted else None, "school_inputs", *rows)


def test_a_file_of_one_day_has_no_default(warehouse):
    rows = [f"I{i},2025-04-01,Primary,30" for i in range(60)]
    assert_note(warehouse, None, "school_inputs", *rows)


@pytest.mark.parametrize(
    "other,is_noted",
    [
        ("a12", True), ("A 12", True), ("A\t12", True), ("0A12", True), ("A12 v2", True), ("A12 (version 3)", True),
        ("A12V2", False), ("A120", False),
    ],
)  # fmt: skip
def test_references_that_differ_only_in_case(warehouse, other, is_noted):
    rows = [f"{key},2025-03-01,92D,Recorded,Dales" for key in ("A1", "A12", other)]
    note = "crime_ref: differs only in case, blanks, zeros before it or a version after it, as on lines 3 and 4: such rows"
    assert_note(warehouse, note if is_noted else None, "crimes", *rows)
    assert warehouse.ledger()[-1].rows_landed == 3


@pytest.mark.parametrize(
    "extract,header,bad,good,note",
    [
        ("confiscation_orders", None, "O1,2025-03-01,Fraud,500,100", "O1,2025-03-01,Fraud,100,100", "columns may be exchanged"),
        ("county_lines", None, "L1,2025-03-01,2052-04-01", "L1,2025-03-01,2026-01-05", "closed_on is after the extraction"),
        ("county_lines", None, "L1,2025-03-01,2025-02-28", "L1,2025-03-01,2025-03-01", "closed_on is before"),
        ("pspos", None, "P1,High Peak,2025-03-01,2024-03-01", "P1,High Peak,2025-03-01,", "ends_on is before starts_on"),
        ("pspos", None, "P1,High Peak,2020-12-31,", "P1,High Peak,2021-03-01,", "starts_on over five years before"),
        ("iom_visits", None, "V1,2025-03-01,Op Knightlow,Y", "V1,2025-03-01,KNIGHTLOW,Y", "operation is not Knightlow alone"),
        ("drug_tests", None, "K1,2025-03-01,Theft,Completed,", "K1,2025-03-01,Theft,Missed,", "it counts as not positive"),
        (
            "drug_tests", "custody_ref,arrested_at,trigger_offence,test_status,cocaine,result",
            "K1,2025-03-01,Theft,Completed,Positive,Negative", "K1,2025-03-01,Theft,Completed,Negative,Positive",
            "cocaine or opiates is positive and the result negative",
        ),
        ("drug_tests", None, "K1,2025-03-01,Theft,Missed,Positive", "K1,2025-03-01,Theft,Missed,Negative", "not completed"),
    ],
)  # fmt: skip
def test_columns_that_contradict_each_other(warehouse, extract, header, bad, good, note):
    assert_note(warehouse, "1 of 1 rows: ", extract, bad, header=header)
    assert note in warehouse.ledger()[-1].drift[0]
    assert_note(warehouse, None, extract, good, header=header, at=LATER)


def test_file_without_results_has_no_contradictions(warehouse):
    header = "custody_ref,arrested_at,trigger_offence,test_status"
    assert_note(warehouse, None, "drug_tests", "K1,2025-03-01,Theft,Completed", header=header)


def test_orders_without_a_column_of_ends_are_not_said_to_count_as_active(warehouse):
    assert_note(warehouse, None, "pspos", "P1,High Peak,2018-01-01", header="order_ref,authority,starts_on")


def test_values_of_optional_columns_on_the_first_row_of_a_group(warehouse):
    rows = [row.rpartition(",")[0] for row in crimes(60)]
    note = "lpu: blank in 56 of the first 60 rows, as in a report that has a value on the first row of its group alone"
    assert_note(warehouse, note, "crimes", *(f"{row},{UNITS[i // 15] if i % 15 == 0 else ''}" for i, row in enumerate(rows)))
    # Sparse values, some repeated in a row.
    assert_note(
        warehouse, None, "crimes", *(f"{row},{UNITS[i // 15] if i % 3 == 0 else ''}" for i, row in enumerate(rows)), at=LATER
    )


def test_notes_on_a_large_file(warehouse, monkeypatch):
    """Its rows as read are freed before the next file."""
    monkeypatch.setattr(store_file, "LARGE", 10)
    rows = enumerate(row.rpartition(",")[0] for row in crimes(60))
    assert_note(warehouse, "lpu: blank in 56", "crimes", *(f"{row},{'' if i % 15 else UNITS[i // 15]}" for i, row in rows))


@pytest.mark.parametrize(
    "status,closed,is_noted",
    [
        ("Closed", "", True),
        ("CLOSED - no activity", "", True),
        ("Active", "", False),
        ("Closed", "2025-04-01", False),
        ("Closedown", "", False),
    ],
)
def test_closed_line_without_a_closing_date(warehouse, status, closed, is_noted):
    header = "line_ref,identified_on,closed_on,Status"
    note = "Status: says closed, without closed_on, in 1 row that would count as active"
    assert_note(warehouse, note if is_noted else None, "county_lines", f"L1,2025-03-01,{closed},{status}", header=header)


def test_empty_export(warehouse):
    rows = [f"N{i},{day},Dales" for i, day in enumerate(days(30, date(2024, 1, 1)))]
    assert_note(warehouse, None, "naloxone", *rows, start="2024-01-01", end="2024-12-31", at="20250105T020000Z")
    note = "no rows, where the file before had 30: its 31 days count as 0"
    assert_note(warehouse, note, "naloxone", start="2025-01-01", end="2025-01-31")
    # The file before had no rows either.
    assert_note(warehouse, None, "naloxone", start="2025-02-01", end="2025-02-28", at=LATER)


MESSAGES = [
    ("Timeout expired. The timeout period elapsed.", "held"),
    ("No data to display,,,,", "held"),
    ("Error 504: timed out,,,,", "held"),
    (",,No data,,", "held"),
    # With a page, a server or a time, or as one word.
    ("No data to display,,,,Page 1 of 1", "held"),
    ("Timeout expired,,,Server X,", "held"),
    ("ERR_504_TIMEOUT,,,,", "held"),
    ("2026-01-05T02:00:00Z,,,,", "held"),
    (",2026-01-05,,,", "held"),
    ("0,,,,", "held"),
    ("C1,2025-13-01,92D,Recorded,", "accepted"),
    # A record without a date or a key, and little else.
    ("C1,,92D,,", "accepted"),
    ("C1,,,Recorded,", "accepted"),
    ("C1,,,,", "accepted"),
    ("C 12,,,,", "accepted"),
    ("INC-2025/0001,,,,", "accepted"),
    ("1234567,,,,", "accepted"),
    (",2025-03-01,,,", "accepted"),
]
"""The only line below a header, and the outcome of its file."""


def test_a_message_in_place_of_rows(warehouse):
    """It gave a year of zeros."""
    entries = warehouse.land_forces("crimes", *([line] for line, _ in MESSAGES))
    for entry, (line, outcome) in zip(entries, MESSAGES, strict=True):
        assert entry.outcome == outcome, line
        if outcome == "held":
            assert entry.reason == "header and a message, and no rows, over 365 days: not believed of crimes", line
        else:
            assert entry.drift == ["its only row does not land, and its 365 days count as 0: see pam quarantine"], line


@pytest.mark.parametrize("code", ['""', '"*"'])
def test_a_message_is_no_choice_of_a_mapping(warehouse, code):
    """A mapping may say what a blank, or any other value, means."""
    mapping = f"extract: crimes\nvalues: {{status: {{Recorded: Recorded, {code}: Recorded}}}}\n"
    (warehouse.home.mappings / "m.yml").write_text(mapping, encoding="utf-8")
    assert warehouse.land("crimes", "Timeout expired,,,see the log,").outcome == "held"


def test_a_short_file_of_bad_rows(warehouse):
    note = "none of its 8 rows lands, and its day counts as 0: see pam quarantine"
    assert_note(warehouse, note, "naloxone", *(f"N{i},01/03/25,Dales" for i in range(8)), start="2025-03-01", end="2025-03-01")


def test_a_held_export_without_rows_is_not_said_to_count_as_0(warehouse):
    assert warehouse.land("crimes", *crimes(60)).outcome == "accepted"
    entry = warehouse.land("crimes", at=LATER)
    assert entry.outcome == "held" and not [note for note in entry.drift if note.startswith("no rows")]


def street(own, other):
    header = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type"
    forces = ["Derbyshire Constabulary"] * own + ["Leicestershire Police"] * other
    rows = [f",2024-01,{force},{force},,,Street {i},,,Burglary" for i, force in enumerate(forces)]
    return "".join(f"{line}\n" for line in (header, *rows))


def test_a_street_file_of_two_forces(warehouse):
    warehouse.put("2024-01-derbyshire-street.csv", street(20, 15))
    warehouse.put("2024-02-derbyshire-street.csv", street(20, 0).replace("2024-01", "2024-02"))
    entries = {e.source_file[:7]: e for e in warehouse.night()}
    note = "reported_by: 15 rows say Leicestershire Police, and count for derbyshire, as the file's name says"
    assert entries["2024-01"].drift == [note] and entries["2024-02"].drift == []


def test_sample_has_no_notes(sample_home):
    assert {e.source_file: e.drift for e in read_ledger(sample_home) if e.drift} == {}


def test_the_same_bytes_for_another_force(warehouse):
    for force in ("derbyshire", "leicestershire"):
        warehouse.drop("crimes", *crimes(60), force=force)
    own, other = sorted(warehouse.night(), key=lambda e: e.landed_at)
    assert own.drift == [] and other.drift == [f"the same bytes as {own.source_file}: whose rows are they?"]
    # Once both are retracted, nobody claims these rows.
    for load in (own, other):
        retract_load(warehouse.home, load.load_id, "retract", by="A. Person", why="whose?")
    assert warehouse.land("crimes", *crimes(60), force="city-of-london").drift == []
    # A header without rows is the same for every force, and gets no note.
    for force in ("derbyshire", "leicestershire"):
        warehouse.drop("naloxone", force=force)
    assert [e.drift for e in warehouse.night()] == [[], []]


SEARCHES = "search_ref,searched_at,legislation,object_of_search,outcome,object_found,age_range"


def search(i, day, *, outcome=None, age="18-24", what="Drugs"):
    outcome = ("Arrest", "Caution")[i % 2] if outcome is None else outcome
    return f"S{i},{day} 10:00,,{what if i % 3 else 'Firearms'},{outcome},{'YN'[i % 2]},{age}"


@pytest.mark.parametrize(
    "ages,note",
    [
        (("10-17", "10 - 17", "10–17", "1"), "age_range: '10 - 17' (15), '10-17' (15), '10–17' (15) are categories of their"),
        (("Over 34", "OVER 34", "18-24", "NULL"), "age_range: 'OVER 34' (15), 'Over 34' (15) are categories of their own: is"),
        (("NULL", "18-24", "25-34", "10-17"), "age_range: 'NULL' (15), as programs write a blank, is a category: a mapping's"),
        (("PACE – s1", "PACE â€“ s1", "x", "y"), "are categories of their own"),
        (("18+", "<18", "Please select", "10-17"), "age_range: 'Please select' (15), as programs write a blank"),
        (("18+", "<18", "10-17", "Null Street"), None),
    ],
)  # fmt: skip
def test_categories_in_several_spellings(warehouse, ages, note):
    rows = [search(i, day, age=ages[i % 4]) for i, day in enumerate(days(60))]
    assert_note(warehouse, note, "stop_search", *rows, header=SEARCHES)


@pytest.mark.parametrize(
    "before,now,rows_now,note",
    [
        (("Arrest", "NFA"), ("Arrested", "NFA"), 120, "outcome: in the file before 'Arrest' (60), in this one none, which"),
        (("Arrest", "NFA"), ("Arrest", "NFA"), 120, None),
        # Too few to expect any.
        (("Caution", *["NFA"] * 4), ("Arrest", "NFA"), 120, None),
        (("Arrest", "NFA"), ("Arrested", "NFA"), 58, None),
        (
            ("Arrest", "NFA"),
            ("", ""),
            120,
            "outcome: blank in all 120 rows, and filled in 100% of those before: they count",
        ),
        # Too few rows, and a column that was often blank before.
        (("Arrest", "NFA"), ("", ""), 19, None),
        (("Arrest", "NFA", ""), ("", ""), 120, None),
    ],
)
def test_category_that_is_gone(warehouse, before, now, rows_now, note):
    for outcomes, year, said in ((before, 2024, None), (now, 2025, note)):
        found = enumerate(days(rows_now if year == 2025 else 120, date(year, 1, 1)))
        rows = [f"{year}-{search(i, day, outcome=outcomes[i % len(outcomes)])}" for i, day in found]
        start, end, at = f"{year}-01-01", f"{year}-12-31", f"{year + 1}0105T020000Z"
        assert_note(warehouse, said, "stop_search", *rows, header=SEARCHES, start=start, end=end, at=at)


@pytest.mark.parametrize(
    "extract,row,note",
    [
        ("drug_tests", "K{i},{day},Theft,Completed,{result}", "test_status: Completed in all 60 rows: is it a default, or are"),
        ("incidents", "I{i},INCIDENT,{day},Drugs,,,", "record_type: INCIDENT in all 60 rows"),
        ("stop_search", "S{i},{day},,Drugs,,{flag},,,", "object_of_search: Drugs in all 60 rows"),
        ("crimes", "C{i},{day},92D,Recorded,", None),
    ],
)
def test_choice_with_one_value(warehouse, extract, row, note):
    rows = [row.format(i=i, day=d, result=("Positive", "Negative")[i % 2], flag="YN"[i % 2]) for i, d in enumerate(days(60))]
    assert_note(warehouse, note, extract, *rows)


@pytest.mark.parametrize("length,between,is_noted", [(200, ";", True), (200, "; ", True), (199, ";", False)])
def test_lists_that_were_cut_off(warehouse, length, between, is_noted):
    longest = [between.join([f"Alcohol{i}", *["Domestic abuse"] * 20, "Drugs"])[:length] for i in range(60)]
    rows = [f"I{i},{('INCIDENT', 'ROC')[i % 2]},{day},{longest[i] if i % 10 else 'Drugs'},,," for i, day in enumerate(days(60))]
    entry = warehouse.land("incidents", *rows)
    note = "qualifiers: the longest, 54 different ones, have 200 characters each: are they cut off, and items lost?"
    assert (note in entry.drift) == is_noted, entry.drift


def test_addresses_in_several_spellings(warehouse):
    note = "address_ref: 2 differ from others only in case, blanks, points or commas, and count as others"
    addresses = '"12, High St."', "12 high st", "12 HIGH  ST", "7 Low Rd"
    rows = [f"P{i},{address},2025-03-01,1," for i, address in enumerate(addresses)]
    assert_note(warehouse, note, "op_trapped", *rows)
    assert "high" not in str(warehouse.ledger()).lower()


def test_days_after_the_extraction_and_long_before(warehouse):
    note = "2 rows of days after the extraction, such as 2025-12-11: are day and month swapped, or is a year mistyped?"
    rows = [f"C{i},{day},92D,Recorded," for i, day in enumerate(("2025-10-01", "2025-11-06", "2025-12-04", "2025-12-11"))]
    assert_note(warehouse, note, "crimes", *rows, at="20251105T020000Z")
    note = "identified_on: 1 row before 2000, such as 1925-03-01: is a year mistyped?"
    assert_note(warehouse, note, "county_lines", "L1,1925-03-01,", "L2,2025-03-01,")


def test_header_in_utc(warehouse):
    note = "administered_at: its header says UTC: if its times have no offset, say times_are_utc: true in the mapping"
    for more, said, at in (("", note, "20260105T020000Z"), ("times_are_utc: true\n", None, LATER)):
        text = f'extract: naloxone\nheaders: {{administered_at: "Given (UTC)"}}\n{more}'
        (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
        header = "administration_ref,Given (UTC)"
        assert_note(warehouse, said, "naloxone", "N1,2025-06-30 23:30", header=header, at=at)


def test_the_hour_after_the_window_of_a_system_in_utc(warehouse):
    """Its April ends an hour into London's May: the April file has the row and the May file does not, so it never counted."""
    (warehouse.home.mappings / "m.yml").write_text("extract: naloxone\ntimes_are_utc: true\n", encoding="utf-8")
    note = "administered_at: 1 row is of the hour after 2025-04-30, as its times are UTC and days London's: it does not count"
    window = {"start": "2025-04-01", "end": "2025-04-30"}
    rows = ["N1,2025-04-30 22:59,", "N2,2025-04-30 23:10,"]
    assert_note(warehouse, note, "naloxone", *rows, **window)
    assert_note(warehouse, None, "naloxone", rows[0], "N3,2025-05-02 10:00,", at=LATER, **window)
    # As the note says to export it.
    whole_days = ["N4,2025-03-31 09:00,", *rows, "N5,2025-05-01 09:00,"]
    assert_note(warehouse, None, "naloxone", *whole_days, at="20260107T020000Z", **window)


def test_in_winter_the_months_of_utc_are_londons(warehouse):
    (warehouse.home.mappings / "m.yml").write_text("extract: naloxone\ntimes_are_utc: true\n", encoding="utf-8")
    rows = ["N1,2025-01-31 22:59,", "N2,2025-02-01 00:10,"]
    assert_note(warehouse, None, "naloxone", *rows, start="2025-01-01", end="2025-01-31")


def test_rows_that_repeat_others(warehouse):
    rows = [f"O{i // 2},2025-03-01,Fraud,1,1000" for i in range(20)]
    note = "10 of 20 rows repeat another's reference and columns, and do not count: if they are of other people"
    assert_note(warehouse, note, "confiscation_orders", *rows)
    assert_note(warehouse, None, "confiscation_orders", *rows[:18], at=LATER)


def test_unknown_item_beside_a_known_one_if_no_row_counts(warehouse):
    tags = ("ASB", "Alcohol;Drug related", "Alcohol;Drug related")
    rows = [f"I{i},{('INCIDENT', 'ROC')[i % 2]},{day},{tags[i % 3]},,," for i, day in enumerate(days(60))]
    note = "qualifiers: none of its 60 rows counts by it, and no list knows 1 value; pam vocabulary shows them"
    assert_note(warehouse, note, "incidents", *rows)


def test_short_list_that_lacks_most_of_the_list_before(warehouse):
    year = {"start": "2024-01-01", "end": "2024-12-31", "at": "20250105T020000Z"}
    warehouse.land("county_lines", *(f"L{i},2024-03-01," for i in range(12)), **year)
    entry = warehouse.land("county_lines", *(f"L{i},2025-03-01," for i in range(20, 24)))
    assert entry.outcome == "accepted" and "lacks 12 of the 12 rows of its window" in entry.drift[0]


@pytest.mark.parametrize(
    "force,before,now,rows_now,note",
    [
        ("derbyshire", ("Dales", "High Peak", "Chesterfield"), ("dales", "Chesterfield"), 120, "'High Peak' (40), in this one"),
        ("leicestershire", ("North", "South", "East"), ("South", "East"), 120, "'north' (40), in this one none: has it other"),
        ("leicestershire", ("North", "South", "East"), ("NORTH", "South", "east"), 120, None),
        # The same unit by its code, and too few rows to expect any.
        ("derbyshire", ("High Peak", "Chesterfield"), ("high-peak", "Chesterfield"), 120, None),
        ("leicestershire", ("North", "South"), ("South",), 58, None),
        ("leicestershire", ("North", "South", ""), ("",), 120, None),
    ],
)
def test_unit_that_is_gone(warehouse, force, before, now, rows_now, note):
    """The force's figure is too low, by less than what holds a file."""
    for units, year, said in ((before, 2024, None), (now, 2025, note and f"lpu: in the file before {note}")):
        found = enumerate(days(rows_now if year == 2025 else 120, date(year, 1, 1)))
        rows = [f"{year}-N{i},{day},{units[i % len(units)]}" for i, day in found]
        start, end, at = f"{year}-01-01", f"{year}-12-31", f"{year + 1}0105T020000Z"
        header = "administration_ref,administered_at,lpu"
        assert_note(warehouse, said, "naloxone", *rows, header=header, force=force, start=start, end=end, at=at)


@pytest.mark.parametrize("operation,n,is_noted", [("KNL", 50, True), ("KNL", 49, False), ("KNIGHTLOW", 50, False)])
def test_no_visit_of_the_operation_that_counts(warehouse, operation, n, is_noted):
    rows = [f"V{i},{day},{'Other' if i else operation},{'YN'[i % 2]}" for i, day in enumerate(days(n))]
    note = f"operation: Knightlow in none of {n} rows: what it counts is 0. If it has another name there, map it (values)"
    assert_note(warehouse, note if is_noted else None, "iom_visits", *rows)


@pytest.mark.parametrize("status,n,is_noted", [("Cancelled", 50, True), ("Cancelled", 49, False), ("Recorded", 50, False)])
def test_crimes_of_which_none_stands(warehouse, status, n, is_noted):
    """As where a mapping takes every code that it does not know for a cancelled crime."""
    rows = [row.replace("Recorded", "Cancelled" if i else status) for i, row in enumerate(crimes(n))]
    note = f"status: Recorded in none of {n} rows: what it counts is 0. If it has another name there, map it (values)"
    assert_note(warehouse, note if is_noted else None, "crimes", *rows)


OTHER_CODES = """
extract: incidents
values: {qualifiers: {D: Drugs, A: Alcohol, "*": ASB}, grade: {1: Emergency, 2: Priority, "*": Scheduled}}
"""


@pytest.mark.parametrize("n,is_noted", [(90, True), (87, False)])
@pytest.mark.parametrize("column,codes,others,note", [
    ("qualifiers", "DAX", ("DR", "A", "X"), "qualifiers: {} of {n} rows of the file before count by it, and none of {n} in"),
    ("qualifiers", "DAX", ("DR", "D", "X"), None),
    ("grade", "123", ("G1", "2", "3"), "grade: in the file before 'Emergency' ({}), in this one none, which counts as 0"),
    ("grade", "123", ("1", "4", "5"), "grade: in the file before 'Priority' ({}), in this one none, which counts as 0"),
])  # fmt: skip
def test_code_that_is_another_and_stands_for_any_other_value(warehouse, column, codes, others, note, n, is_noted):
    """The mapping's `*` gives it a meaning, so that nothing is unknown or in quarantine: figures were 0, without a word."""
    (warehouse.home.mappings / "log.yml").write_text(OTHER_CODES, encoding="utf-8")
    entries = []
    for at, cells in (("20260105T020000Z", codes), (LATER, others)):
        rows = []
        for i, day in enumerate(days(n)):
            cell = {"qualifiers": "DAX"[i % 3], "grade": "123"[i % 3], column: cells[i % 3]}
            rows.append(
                f"I{i},{('INCIDENT', 'ROC')[i % 2]},{day} 10:00,{cell['qualifiers']},{cell['grade']},Web,{UNITS[i % 4]}"
            )
        entries.append(warehouse.land("incidents", *rows, at=at))
    assert all(e.outcome == "accepted" for e in entries) and entries[0].drift == []
    drift = [d for d in entries[1].drift if "of the file before count" in d or "in the file before" in d]
    if note and is_noted:
        (said,) = drift
        assert said.startswith(note.format(n // 3, n=n))
    else:
        assert drift == []


@pytest.mark.parametrize("without,is_noted", [("Refused", True), ("Missed", False)])
def test_register_of_tests_lacks_the_arrests_without_one(warehouse, without, is_noted):
    """Its trigger arrests would be its tests, and the test rate near 100%."""
    rows = [f"K{i},{day},Theft,{without if i % 9 == 0 else 'Completed'},{('Positive', 'Negative')[i % 2] if i % 9 else ''}"
            for i, day in enumerate(days(60))]  # fmt: skip
    note = "test_status: Missed in none of 60 rows: what it counts is 0"
    assert_note(warehouse, note if is_noted else None, "drug_tests", *rows)


def ended_on(day, n=12):
    return [f"L{i},2024-{i % 12 + 1:02}-01,{day if i == 0 else '2030-01-01' if i % 2 else ''}" for i in range(n)]


@pytest.mark.parametrize("rows,is_noted", [(ended_on(""), True), (ended_on("2025-06-01"), False), (ended_on("", 9), False)])
def test_a_list_in_which_nothing_has_ended(warehouse, rows, is_noted):
    entry = warehouse.land("county_lines", *rows)
    note = "closed_on: none of 12 rows has ended by 2026-01-05: does the list leave out those that have?"
    assert any(d.startswith(note) for d in entry.drift) == is_noted, entry.drift


@pytest.mark.parametrize("other,is_noted", [("Under investigation", True), ("Forfeited", False)])
def test_a_list_in_one_state(warehouse, other, is_noted):
    rows = [f"Z{i},{day},500,{'Under investigation' if i else other}" for i, day in enumerate(days(60))]
    entry = warehouse.land("cash_seizures", *rows)
    assert any(d.startswith("status: Under investigation in all 60 rows") for d in entry.drift) == is_noted, entry.drift


CHANGED = """
extract: naloxone
forces: [derbyshire]
files: [{name: "Changed {at:%Y%m%d%H%M}.csv", covers: days}]
"""


@pytest.mark.parametrize(
    "n_late,is_noted",
    [
        (40, True),
        # Counting that begins slowly.
        (20, False),
    ],
)
def test_an_export_of_records_that_changed(warehouse, n_late, is_noted):
    (warehouse.home.mappings / "m.yml").write_text(CHANGED, encoding="utf-8")
    dates = days(60 - n_late, span=335) + days(n_late, first=date(2025, 12, 1), span=31)
    rows = [f"N{i},{day},Dales\n" for i, day in enumerate(dates)]
    warehouse.put("Changed 202601050200.csv", "administration_ref,administered_at,lpu\n" + "".join(rows))
    (entry,) = warehouse.night()
    note = "its rows give the window 2025-01-01 to 2025-12-31, and half of them are of its last 25 days"
    assert entry.outcome == "accepted" and any(d.startswith(note) for d in entry.drift) == is_noted, entry.drift


PUPILS = "input_ref,delivered_on,phase,young_people"


def pupils(n=120, *, first=0, phase="Primary", young_people=lambda i: 10 + i):
    return [f"I{i},{day},{phase},{young_people(i)}" for i, day in enumerate(days(n))][first:]


@pytest.mark.parametrize(
    "rows,note",
    [
        (pupils(), None),
        # Another unit, or another column.
        (pupils(young_people=lambda i: 1000 + i), "of 120 records compared with the file before, many differ: young"),
        # References given anew: each record has the columns of the one before.
        ([f"I{i},{row.split(',', 1)[1]}" for i, row in enumerate(pupils(first=1))], "on in 100%, young_people in 100%."),
        (pupils(young_people=lambda i: 10 + i if i % 4 else 1), "differ: young_people in 25%. Were a"),
        # A correction of a few.
        (pupils(young_people=lambda i: 10 + i if i % 5 else 1), None),
        (pupils(first=101, young_people=lambda i: 1), "of 19 records compared with the file before, many differ: young"),
    ],
)  # fmt: skip
def test_records_that_say_something_else_than_in_the_file_before(warehouse, rows, note):
    assert_note(warehouse, None, "school_inputs", *pupils(), header=PUPILS)
    entry = warehouse.land("school_inputs", *rows, header=PUPILS, at=LATER, end="2025-12-30")
    said = [d for d in entry.drift if "many differ" in d]
    assert (note is None and not said) or note in said[0], entry.drift


@pytest.mark.parametrize("n,n_changed,is_noted", [(5, 5, True), (10, 9, True), (4, 4, False), (10, 8, False)])
def test_few_records_of_which_most_say_something_else(warehouse, n, n_changed, is_noted):
    """Beside the last short file, though a longer one came before."""
    year = [f"I{i},{day},Primary,{10 + i}" for i, day in enumerate(days(100, date(2024, 1, 1)))]
    assert_note(
        warehouse, None, "school_inputs", *year, header=PUPILS, start="2024-01-01", end="2024-12-31", at="20250103T020000Z"
    )
    rows = [f"J{i},2025-03-0{1 + i % 2},Primary,{10 + i}" for i in range(n)]
    changed = [f"J{i},2025-03-0{1 + i % 2},Primary,{10 + i if i >= n_changed else 40 + i}" for i in range(n)]
    assert_note(warehouse, None, "school_inputs", *rows, header=PUPILS, start="2025-03-01", end="2025-03-02")
    note = f"of {n} records compared with the file before, many differ: young_people in {n_changed / n:.0%}."
    entry = warehouse.land("school_inputs", *changed, header=PUPILS, start="2025-03-01", end="2025-03-02", at=LATER)
    assert [d for d in entry.drift if note in d] if is_noted else entry.drift == [], entry.drift


def differences(warehouse, extract, before, now, header=None):
    """What is said of a second file of the same records."""
    assert warehouse.land(extract, *before, header=header).outcome == "accepted"
    return [d for d in warehouse.land(extract, *now, header=header, at=LATER).drift if "many differ" in d]


def test_values_that_may_change_since_the_file_before(warehouse):
    before, now = (
        [f"Z{i},{day},{100 + i},{status if i % 3 else 'Returned'}" for i, day in enumerate(days(90))]
        for status in ("Under investigation", "Forfeited")
    )
    assert differences(warehouse, "cash_seizures", before, now, "seizure_ref,order_date,amount,status") == []
    # A blank that is filled in, a list in another order, and a unit by its code.
    before, now = (
        [f"N{i},INCIDENT,{day} 10:00,{items},{grade if i % 2 else 'Priority'},101,{unit}" for i, day in enumerate(days(90))]
        for items, grade, unit in (("Drugs;Youth", "", "High Peak"), ("Youth; Drugs", "Emergency", "high-peak"))
    )
    assert differences(warehouse, "incidents", before, now) == []


def test_outcomes_that_are_settled_later_are_no_difference(warehouse):
    before = [search(i, day, outcome="Awaiting outcome") for i, day in enumerate(days(90))]
    now = [search(i, day) for i, day in enumerate(days(90))]
    assert differences(warehouse, "stop_search", before, now, SEARCHES) == []


def test_outcomes_that_a_mapping_exchanged_are_different(warehouse):
    before = [search(i, day) for i, day in enumerate(days(90))]
    now = [search(i, day, outcome=("Caution", "Arrest")[i % 2]) for i, day in enumerate(days(90))]
    assert differences(warehouse, "stop_search", before, now, SEARCHES) != []


def test_an_older_file_is_not_compared_with_a_newer_one(warehouse):
    assert warehouse.land("school_inputs", *pupils(), header=PUPILS).outcome == "accepted"
    entry = warehouse.land("school_inputs", *pupils(young_people=lambda i: 900), header=PUPILS, at="20260101T020000Z")
    assert not [d for d in entry.drift if "many differ" in d]


def test_a_file_of_the_same_time_is_not_compared(warehouse):
    before = warehouse.land("school_inputs", *pupils(), header=PUPILS)
    assert before.outcome == "accepted"
    warehouse.drop("school_inputs", *pupils(young_people=lambda i: 900), header=PUPILS, end="2025-12-30")
    assert not [d for entry in warehouse.night() for d in entry.drift if "many differ" in d]


def test_a_file_before_that_was_stored_with_fewer_columns(warehouse):
    before = warehouse.land("school_inputs", *pupils(), header=PUPILS)
    raw = warehouse.home.raw / "school_inputs" / "derbyshire" / f"{before.load_id}.parquet"
    duckdb.sql(f"copy (select * exclude (phase) from read_parquet('{raw}')) to '{raw}.new' (format parquet)")
    Path(f"{raw}.new").replace(raw)
    entry = warehouse.land("school_inputs", *pupils(phase="Secondary", young_people=lambda i: 900), header=PUPILS, at=LATER)
    assert [d for d in entry.drift if "many differ: young_people in 100%." in d], entry.drift


def test_records_are_compared_though_a_few_of_other_days_are_replaced(warehouse):
    rows = crimes(120)
    assert warehouse.land("crimes", *rows).outcome == "accepted"
    # Six crimes were moved to a day of this year; in all others the two offences are exchanged.
    exchanged = [row.replace(",92D,", ",x,").replace(",8N,", ",92D,").replace(",x,", ",8N,") for row in rows[11:]]
    now = [*(f"C{i},2026-01-02,8N,Recorded,Dales" for i in range(6)), *exchanged]
    entry = warehouse.land("crimes", *now, start="2025-02-01", end="2026-01-04", at=LATER)
    assert entry.replaced and sum(entry.replaced.values()) == 6, entry
    assert [d for d in entry.drift if "many differ: offence_code in" in d], entry.drift


def test_records_whose_references_began_again_are_no_corrections(warehouse):
    """A quarter of the records of both files: their references were those of other days."""
    old = [f"C{i},{day},92D,Recorded,{UNITS[i % 4]}" for i, day in enumerate(days(100, date(2025, 1, 1), 28))]
    new = [f"C{i},{day},8N,Recorded,{UNITS[(i + 1) % 4]}" for i, day in enumerate(days(500, date(2025, 2, 1), 28))]
    assert warehouse.land("crimes", *old, end="2025-01-31").outcome == "accepted"
    drift = warehouse.land("crimes", *new, start="2025-02-01", end="2025-02-28", at=LATER).drift
    assert [d for d in drift if "100 rows of" in d] and not [d for d in drift if "many differ" in d], drift


def test_a_share_of_a_large_file_is_compared(warehouse):
    before, now = ([f"N{i},2025-{i % 12 + 1:02}-03 10:{m},Dales" for i in range(60_000)] for m in ("00", "30"))
    (note,) = differences(warehouse, "naloxone", before, [*now[:24_000], *before[24_000:]])
    compared = int(re.search(r"of ([\d,]+) records compared", note)[1].replace(",", ""))
    assert 9_000 < compared < 11_000 and re.search(r": administered_at in (38|39|4[0-2])%", note), note


def stopped(warehouse, *files, per_day=1):
    """The notes that a column is blank, file by file. `files`: the first and the last day, and the first without a value."""
    notes = []
    for k, (first, last, blank_from) in enumerate(files):
        rows = [
            f"I{i}-{n},{('ROC', 'INCIDENT')[i % 2]},{day},Drugs,{'' if i >= blank_from else ('999', '101')[n % 2]}"
            for i, day in enumerate(days(last, span=last)) for n in range(per_day) if i >= first
        ]  # fmt: skip
        start, end = ((date(2025, 1, 1) + timedelta(i)).isoformat() for i in (first, last - 1))
        at = f"20260105T{k // 60:02}{k % 60:02}00Z"
        header = "incident_ref,record_type,created_at,qualifiers,channel"
        entry = warehouse.land("incidents", *rows, header=header, start=start, end=end, at=at)
        assert entry.outcome == "accepted", entry.reason
        notes.append([d for d in entry.drift if d.startswith("channel: blank in")])
    return notes


@pytest.mark.parametrize("per_day", [1, 2])
@pytest.mark.parametrize("ends", [range(98, 114), range(90, 130, 7), range(90, 130, 10), range(90, 130, 31)])
def test_a_column_that_stops_is_noted_once_however_often_files_come(warehouse, ends, per_day):
    notes = stopped(warehouse, *((0, end, 90) for end in ends), per_day=per_day)
    assert [len(n) for n in notes if n] == [1], notes


def test_a_column_that_stops_is_noted_in_files_of_the_newest_days(warehouse):
    notes = stopped(warehouse, *((n - 60, n, 90) for n in range(90, 120, 3)))
    assert [len(n) for n in notes if n] == [1] and "20 rows after 2025-03-31" not in notes[0], notes


@pytest.mark.parametrize("width", [31, 14, 7])
def test_a_column_that_stops_is_noted_in_files_of_days_of_their_own(warehouse, width):
    """The first file without any value is compared with the one before, in which the column may have stopped."""
    files = ((first, first + width, 80) for first in range(0, 155, width))
    notes = [n for n in stopped(warehouse, *files, per_day=5) if n]
    assert len(notes) == 1 and "blank in all" in notes[0][0], notes


def test_a_column_that_is_coded_weeks_late_is_noted_once(warehouse):
    lags = [(days_late, n) for n, days_late in zip(range(60, 130, 7), (20, 22, 20, 22) * 3, strict=False)]
    # In the end it stops for longer than it was ever late.
    notes = stopped(warehouse, *((0, n, n - late) for late, n in lags), (0, 200, 150), per_day=2)
    assert [len(n) for n in notes] == [1] + [0] * (len(lags) - 1) + [1], notes


def test_a_column_that_is_coded_each_week_is_not_noted_each_week(warehouse):
    """With the week before last at the latest; a file every second night."""
    notes = stopped(warehouse, *((0, n, n - n % 7 - 8) for n in range(70, 110, 2)), per_day=2)
    assert sum(map(len, notes)) == 1, notes


def test_a_note_is_not_said_again_for_a_small_or_an_older_file_between(warehouse):
    notes = stopped(warehouse, (0, 120, 90), (0, 30, 90), (0, 121, 90), (119, 122, 90), (0, 123, 90))
    assert [len(n) for n in notes] == [1, 0, 0, 0, 0], notes


def test_a_column_that_stops_again_is_noted_again(warehouse):
    """On the same days, after a file with the values; and on others, however long it was blank before."""
    notes = stopped(warehouse, (0, 120, 90), (0, 121, 121), (0, 122, 90), (0, 123, 90), (0, 190, 190), (0, 255, 195))
    assert [len(n) for n in notes] == [1, 0, 1, 0, 0, 1], notes


def test_a_column_that_is_lost_again_is_noted_again(warehouse):
    """Months of their own: without a value, with values, and then without for good."""
    months = [(first, first + 30, first if k in (1, 3, 4) else 999) for k, first in enumerate(range(0, 150, 30))]
    assert [len(n) for n in stopped(warehouse, *months, per_day=5)] == [0, 1, 0, 1, 0]


def test_files_of_two_windows_are_compared_each_with_its_own(warehouse):
    """All days, blank in the last 90, and every night a file of the last 100 days, which has the values."""
    files = [((0, 300 + k, 210), (200 + k, 300 + k, 999))[k % 2] for k in range(8)]
    assert [len(n) for n in stopped(warehouse, *files)] == [1] + [0] * 7


def test_rows_that_are_not_coded_yet_are_no_lost_column(warehouse):
    """A week's newest records beside all of them."""
    notes = stopped(warehouse, *(((0, n, n - 7), (n - 7, n, n - 7))[k % 2] for k, n in enumerate(range(60, 130, 7))), per_day=5)
    assert not any(notes), notes


def test_a_column_that_stops_is_not_said_again_once_no_file_has_a_value(warehouse):
    notes = stopped(warehouse, *((n - 60, n, 90) for n in range(90, 200, 7)), per_day=5)
    assert [len(n) for n in notes if n] == [1], notes


def test_a_column_is_lost_though_a_short_file_came_between(warehouse):
    notes = stopped(warehouse, (0, 28, 200), (28, 30, 200), (30, 58, 30), (58, 86, 30), per_day=5)
    assert [len(n) for n in notes] == [0, 0, 1, 0], notes


def test_a_required_column_that_stops_is_said_once_as_blank_and_once_as_stopped(warehouse):
    notes = []
    for k, n in enumerate(range(90, 150, 5)):
        rows = [f"I{i},{day},{'Primary' if i < 90 else ''},{10 + i}" for i, day in enumerate(days(n, span=n))]
        drift = warehouse.land("school_inputs", *rows, header=PUPILS, at=f"20260105T00{k:02}00Z", end="2025-06-30").drift
        notes += [d.split(":")[1] for d in drift if d.startswith("phase: blank in")]
    assert [n.split(" rows")[0] for n in notes] == [" blank in 5 of 95", " blank in all 20"], notes


def orders(n, amount, n_zeros=0):
    return [f"O{i},{day},{('Fraud', 'Other')[i % 2]},{0 if i < n_zeros else amount},{900 + i}" for i, day in enumerate(days(n))]


def zeros_said(warehouse, *files):
    return [
        len([d for d in warehouse.land("confiscation_orders", *rows, at=f"2026010{k}T020000Z").drift if "are they blanks" in d])
        for k, rows in enumerate(files, 1)
    ]


def test_amounts_of_0_are_said_once(warehouse):
    """A file of fewer than 20 orders is not given the note, and changes nothing of what was said."""
    zeros = [orders(n, 70, n_zeros=n) for n in (10, 40, 6, 45, 50)]
    assert zeros_said(warehouse, *zeros) == [0, 1, 0, 0, 0]


def test_amounts_that_are_0_again_are_said_again(warehouse):
    assert zeros_said(warehouse, orders(40, 70, n_zeros=40), orders(40, 70), orders(40, 70, n_zeros=40)) == [1, 0, 1]


def test_amounts_that_are_0_again_are_said_again_after_a_short_file(warehouse):
    files = [orders(40, 70, n_zeros=40), orders(40, 70), orders(10, 70, n_zeros=10), *[orders(40, 70, n_zeros=40)] * 2]
    assert zeros_said(warehouse, *files) == [1, 0, 0, 1, 0]


def test_the_same_amount_of_another_order_is_said_again(warehouse):
    notes = []
    for k, wrong in enumerate((0, None, 20, 20), 1):
        rows = [row.replace(",70,", ",9999999,") if i == wrong else row for i, row in enumerate(orders(40, 70))]
        drift = warehouse.land("confiscation_orders", *rows, at=f"2026010{k}T020000Z").drift
        notes.append(len([d for d in drift if "order_value: 9,999,999 on line" in d]))
    assert notes == [1, 0, 1, 0]


def test_an_amount_beyond_all_others_is_said_of_the_first_file_that_is_large_enough(warehouse):
    notes = []
    for k, n in enumerate((12, 40, 60), 1):
        rows = [orders(n, 70)[0].replace(",70,", ",99999999,"), *orders(n, 70)[1:]]
        drift = warehouse.land("confiscation_orders", *rows, at=f"2026010{k}T020000Z").drift
        notes.append(len([d for d in drift if "order_value: 99,999,999 on line 2 is more than ten times" in d]))
    assert notes == [0, 1, 0]


def months_said(warehouse, *files):
    """The notes on days without a row: months left out, first and last day, and extraction of each file."""
    said = []
    for left_out, start, end, at in files:
        rows = [row for row in crimes(700) if int(row.split("-")[1]) not in left_out and start <= row.split(",")[1] <= end]
        drift = warehouse.land("crimes", *rows, start=start, end=end, at=f"202601{at:02}T020000Z").drift
        said.append([d.split(",")[0] for d in drift if d.startswith("no row from")])
    return said


def test_a_month_that_was_one_of_two_is_said_once_it_is_the_only_one(warehouse):
    year = ("2025-01-01", "2025-12-31")
    said = months_said(warehouse, ((3, 7), *year, 5), ((7,), *year, 6), ((7,), *year, 7))
    assert said == [[], ["no row from 2025-07-01 to 2025-07-31"], []]


def test_a_month_that_is_lost_again_is_said_again(warehouse):
    year = ("2025-01-01", "2025-12-31")
    said = months_said(warehouse, ((4,), *year, 5), ((), *year, 6), ((4,), *year, 7), ((4,), *year, 8))
    assert [len(s) for s in said] == [1, 0, 1, 0], said


def test_a_month_that_another_file_brings_is_not_said_each_night(warehouse):
    year, spring = ("2025-01-01", "2025-12-31"), ("2025-03-01", "2025-05-31")
    said = months_said(warehouse, *(((), *spring, day) if day % 2 else ((4,), *year, day) for day in range(4, 10)))
    assert [len(s) for s in said] == [1, 0, 0, 0, 0, 0], said


def test_a_lost_month_is_said_though_a_shorter_file_before_lacks_it(warehouse):
    few = [row for row in crimes(12) if row[-1] and "-04-" not in row]
    assert warehouse.land("crimes", *few).outcome == "accepted"
    assert months_said(warehouse, ((4,), "2025-01-01", "2025-12-31", 6))[0] == ["no row from 2025-04-01 to 2025-04-30"]


def test_days_without_a_row_are_not_said_again_as_the_window_moves(warehouse):
    """A lost month within the window comes to its beginning; days before the first row are named with each file."""
    said = months_said(warehouse, ((4,), "2025-02-01", "2025-12-31", 5), ((4,), "2025-03-31", "2025-12-31", 6),
                       ((4,), "2025-04-01", "2025-12-31", 7), ((4,), "2025-04-02", "2025-12-31", 8))  # fmt: skip
    assert said == [["no row from 2025-04-01 to 2025-04-30"], [], [], []]


def test_all_amounts_in_another_unit_are_named_and_other_columns_noted(warehouse):
    header = "order_ref,order_date,offence_category,order_value,benefit_value"
    before, now = (
        [f"O{i},{day},{kinds[i % 2]},{(50 + i) * times},{(900 + i) * times}" for i, day in enumerate(days(60))]
        for times, kinds in ((1, ("Fraud", "Other")), (100, ("Other", "Fraud")))
    )
    assert warehouse.land("confiscation_orders", *before, header=header).outcome == "accepted"
    entry = warehouse.land("confiscation_orders", *now, header=header, at=LATER)
    assert entry.outcome == "held" and (entry.reason or "").startswith(
        "order_value: in 60 of 60 records 100 times what the file before said; benefit_value: in 60 of 60 records 100 times"
    ), entry.reason
    assert [d for d in entry.drift if "many differ: offence_category in 100%. Were" in d], entry.drift
    assert not [d for d in entry.drift if "half are above" in d], entry.drift


def test_lines_that_are_not_closed_yet(warehouse):
    rows = [f"L{i},{day},{'2025-12-01' if i < 80 else ''}" for i, day in enumerate(days(120))]
    assert_note(warehouse, None, "county_lines", *rows)


@pytest.mark.parametrize(
    "phase,note",
    [
        (
            lambda i: "Primary" if i < 80 else "",
            "phase: blank in all 40 rows after 2025-08-29, and filled in 100% of those before",
        ),
        # As in some rows always; in the first days; in so few that it may not be known yet.
        (lambda i: "" if i % 2 or i > 80 else "Primary", None),
        (lambda i: "Primary" if i >= 80 else "", None),
        (lambda i: "Primary" if i < 117 else "", None),
    ],
)
def test_a_column_without_values_in_the_last_days(warehouse, phase, note):
    rows = [f"I{i},{day},{phase(i)},{10 + i}" for i, day in enumerate(days(120))]
    entry = warehouse.land("school_inputs", *rows, header=PUPILS)
    said = [d for d in entry.drift if "blank in all" in d]
    assert (note is None and not said) or note in said[0], entry.drift


@pytest.mark.parametrize(
    "left_out,note",
    [
        (
            (4,),
            "no row from 2025-04-01 to 2025-04-30, where about 49 would be usual: these days count as 0. If a month was left",
        ),
        ((4, 5), "no row from 2025-04-01 to 2025-05-31, where about 100 would be usual"),
        ((), None),
    ],
)
def test_a_month_without_a_row(warehouse, left_out, note):
    rows = [row for row in crimes(600) if int(row.split("-")[1]) not in left_out]
    assert_note(warehouse, note, "crimes", *rows)
    # It was said of the file before. A month that the file before has is another matter.
    assert_note(warehouse, None, "crimes", *rows, at=LATER)
    if left_out:
        rows = [row for row in crimes(600) if int(row.split("-")[1]) != 8]
        assert_note(warehouse, "no row from 2025-08-01 to 2025-08-31", "crimes", *rows, at="20260107T020000Z")


@pytest.mark.parametrize(
    "left_out",
    [
        lambda day: "2025-07-19" <= day <= "2025-09-02",
        # Each month's last days; a survey of three days each quarter; the same holidays each year.
        lambda day: day[8:] < "28",
        lambda day: day[5:7] not in ("01", "04", "07", "10") or day[8:] > "03",
        lambda day: day[5:7] in ("02", "08"),
    ],
)  # fmt: skip
def test_a_gap_that_is_no_lost_month(warehouse, left_out):
    rows = [f"I{i},{day},{('Primary', 'Secondary')[i % 2]},{30 + i}" for i, day in enumerate(days(2_000)) if not left_out(day)]
    drift = warehouse.land("school_inputs", *rows, header=PUPILS).drift
    assert not [d for d in drift if "If a month was left out" in d], drift


@pytest.mark.parametrize(
    "reference,is_noted",
    [
        ("Derbyshire total", True), ("Average", True), ("Year to date", True), ("All", True), ("Q3", True), ("Dec 2025", True),
        ("Total (4 months)", True), ("Unknown", True), ("C61", False),
        ("Visit 2026", False), ("Average 2025", True), ("All 2025", True),
        ("Quarter 2025", True), ("Average 2024/25", True), ("Average (2025)", True), ("Target 2025", True),
        ("Q3 2025", True), ("2025 average", True), ("2025-26 Forecast", True), ("Average 2024–25", True),
        ("YTD 2025/26", True), ("2025/26 total", True), ("Average of 2025", True), ("2025/0123", False), ("Q3/2025/17", False),
        ("61", False), ("DRB-2025", False), ("DEC-12", False), ("May 26", False),
        ("Total Respect 7", False),
    ],
)  # fmt: skip
def test_a_total_under_another_name(warehouse, reference, is_noted):
    note = "crime_ref: 1 row, line 62, may be a total, an average or no record by its reference, and it counts: leave such rows"
    assert_note(warehouse, note if is_noted else None, "crimes", *crimes(60), f"{reference},2025-12-31,92D,Recorded,Dales")


def test_references_that_are_words_are_no_totals(warehouse):
    rows = [row.replace("C", f"Line {chr(65 + i)} ", 1).replace(f" {i},", ",", 1) for i, row in enumerate(crimes(26))]
    assert_note(warehouse, None, "crimes", *rows)


@pytest.mark.parametrize(
    "other,is_noted",
    [
        ("INT/7/12", True), ("INT-007-12", True), ("int7-12.0", True),
        ("INT–7–12", True),
        ("INT712", False), ("INT-71-2", False), ("INT-7-13", False), ("INT-7-120", False), ("INT-7-12/2", False),
        ("ÎNT-7-12", False), ("INT-7-12-Ł", False), ("INT-7-12-Ω", False),
    ],
)  # fmt: skip
def test_references_written_in_another_way_with_the_same_content(warehouse, other, is_noted):
    rows = [f"{key},2025-03-01,92D,Recorded,Dales" for key in ("A1", "INT-7-12", other)]
    note = "crime_ref: differs only in how it is written, with the same content, as on lines 3 and 4: such rows count as"
    assert_note(warehouse, note if is_noted else None, "crimes", *rows)
    # Another day: perhaps another crime.
    rows[-1] = rows[-1].replace("-03-01", "-03-02")
    assert_note(warehouse, None, "crimes", *rows, force="leicestershire")


@pytest.mark.parametrize(
    "amounts,note",
    [
        (lambda i: 100 + i, None),
        (lambda i: 0 if i % 5 else 100, "order_value: 0 in 48 of 60 rows: are they blanks?"),
        # Nil orders are made.
        (lambda i: 0 if i % 5 == 0 else 100, None),
        (
            lambda i: 9_999_999 if i == 7 else 100 + i,
            "order_value: 9,999,999 on line 9 is more than ten times all others together",
        ),
        # One large order among small ones is usual, and so are refunds.
        (lambda i: 50_000 if i == 7 else 100, None),
        (lambda i: 250_000 if i % 2 else -249_000, None),
    ],
)
def test_amounts_of_nothing_and_one_beyond_all_others(warehouse, amounts, note):
    rows = [f"O{i},{day},Fraud,{amounts(i)},99999999" for i, day in enumerate(days(60))]
    entry = warehouse.land("confiscation_orders", *rows)
    said = [d for d in entry.drift if d.startswith("order_value: ")]
    assert (note is None and not said) or said[0].startswith(note), entry.drift
    # It was said of the file before.
    entry = warehouse.land("confiscation_orders", *rows, "O99,2025-12-30,Fraud,5,5", at=LATER)
    assert not [d for d in entry.drift if "all others together" in d or "are they blanks" in d]


def test_a_part_of_an_amount_may_be_nothing(warehouse):
    header = "order_ref,order_date,offence_category,order_value,benefit_value,compensation_value"
    rows = [f"O{i},{day},{('Fraud', 'Other')[i % 2]},{100 + i},900,0" for i, day in enumerate(days(60))]
    assert_note(warehouse, None, "confiscation_orders", *rows, header=header)


def test_outcomes_that_are_all_the_same(warehouse):
    header = "outcome_ref,person_ref,outcome_on,strand,outcome"
    rows = [f"E{i},P{i},{day},OCG,Charged" for i, day in enumerate(days(60))]
    assert_note(warehouse, "outcome: Charged in all 60 rows: is it a default", "exploitation_outcomes", *rows, header=header)


def logs(n):
    return [f"N{i},INCIDENT,{day} 10:{i % 60:02},Drugs,Priority,101,Dales" for i, day in enumerate(days(n))]


def test_a_block_of_rows_under_new_references(warehouse):
    rows = logs(100)
    again = [f"X{row}" for row in rows[10:40]]
    note = "30 records, from line 102 on, say what those from line 12 on say, in the same order, under other references"
    said = [d for d in warehouse.land("incidents", *rows, *again).drift if "imported twice" in d]
    assert said and said[0].startswith(note)
    # In another order, or a few: perhaps others of the same minute.
    for other, at in ((again[::-1], LATER), (again[:19], "20260107T020000Z")):
        assert not [d for d in warehouse.land("incidents", *rows, *other, at=at).drift if "imported twice" in d]


@pytest.mark.parametrize(
    "extract,row",
    [
        # One event, school or visit a week at each of two places, with the references of one after those of the other.
        ("prevention_activity", "{ref},{day},Stall,1"), ("iom_visits", "{ref},{day},Knightlow,Y"),
        ("school_inputs", "{ref},{day},Primary,30"), ("naloxone", "{ref},{day} 09:00,Dales"),
    ],
)  # fmt: skip
def test_rows_that_are_alike_by_chance(warehouse, extract, row):
    rows = [row.format(ref=f"{place}{i}", day=day) for place in "XY" for i, day in enumerate(days(52))]
    assert not [d for d in warehouse.land(extract, *rows).drift if "imported twice" in d]


def test_counts_that_come_again_in_the_same_order(warehouse):
    rows = [f"{day},{240 + i % 60}" for i, day in enumerate(days(120))]
    assert_note(warehouse, None, "iom_cohort", *rows)


SEIZURES = "seizure_ref,order_date,amount,status"


def seizures(amount):
    return [f"Z{i},{day},{amount(i)},{('Forfeited', 'Returned')[i % 2]}" for i, day in enumerate(days(60))]


@pytest.mark.parametrize(
    "amount,reason",
    [
        (lambda i: f"{i}50", "amount: in 60 of 60 records 100 times what the file before said. In pence, or in thousands?"),
        (lambda i: f"{i * 1000 + 500}", "amount: in 60 of 60 records 1,000 times"),
        (lambda i: f"{(10 * i + 5) / 1000:.3f}", "amount: in 60 of 60 records a hundredth of"),
        (lambda i: f"{(10 * i + 5) / 10000:.4f}", "amount: in 60 of 60 records a thousandth of"),
        # Corrections, and amounts that are as they were.
        (lambda i: f"{i}50" if i % 2 else f"{i}.50", None),
        (lambda i: f"{i}.5", None),
        (lambda i: f"{10 * i + 5}", None),
    ],
)
def test_a_corrected_file_with_amounts_in_another_unit_is_held(warehouse, amount, reason):
    assert warehouse.land("cash_seizures", *seizures(lambda i: f"{i}.50"), header=SEIZURES).outcome == "accepted"
    entry = warehouse.land("cash_seizures", *seizures(amount), header=SEIZURES, at=LATER)
    assert entry.outcome == ("held" if reason else "accepted") and (entry.reason or "").startswith(reason or ""), entry.reason
    # Why it is held is said once.
    assert not reason or not [d for d in entry.drift if "file before" in d], entry.drift


@pytest.mark.parametrize("n,outcome", [(5, "held"), (4, "accepted")])
def test_few_amounts_in_another_unit(warehouse, n, outcome):
    assert warehouse.land("cash_seizures", *seizures(lambda i: f"{i + 1}.50")[:n], header=SEIZURES).outcome == "accepted"
    pence = seizures(lambda i: f"{i + 1}50")[:n]
    assert warehouse.land("cash_seizures", *pence, header=SEIZURES, at=LATER).outcome == outcome


@pytest.mark.parametrize("factor,is_noted", [(100, True), (0.001, True), (20, False), (0, False)])
def test_amounts_of_another_size_than_in_the_file_before(warehouse, factor, is_noted):
    header = "return_ref,received_on,amount"
    for year, times in ((2024, 1), (2025, factor)):
        rows = [f"{year}/{i},{day},{(50 + i) * times:.4f}" for i, day in enumerate(days(60, date(year, 1, 1)))]
        window = {"start": f"{year}-01-01", "end": f"{year}-12-31", "at": f"{year + 1}0105T020000Z"}
        entry = warehouse.land("aris_returns", *rows, header=header, **window)
    note = f"amount: half are above {79.5 * factor:,.2f}, and 79.50 in the file before: is it in pence, or in thousands?"
    assert (note in entry.drift) is is_noted, entry.drift
