"""What is noted of a file that lands, as no rule can decide it: each doubt, and a file like it that has none."""

from datetime import date, timedelta

import pytest

from dagster_project.landing import land_file, read_ledger

LATER = "20260106T020000Z"
UNITS = ("Dales", "Erewash", "High Peak", "Chesterfield")


def days(n, first=date(2025, 1, 1), span=365):
    return [(first + timedelta(days=i * span // n)).isoformat() for i in range(n)]


def crimes(n, *, unit=None, **when):
    rows = enumerate(days(n, **when))
    return [f"C{i},{day},{('92D', '8N')[i % 2]},Recorded,{unit or UNITS[i % 4]}" for i, day in rows]


def searches(n, found):
    return [f"S{i},{day}T10:00:00,,Drugs,,{found(i)},,,{UNITS[i % 4]}" for i, day in enumerate(days(n))]


def lands_with(warehouse, note, extract, *rows, **more):
    entry = warehouse.land(extract, *rows, **more)
    assert entry.outcome == "accepted", entry.reason
    if note is None:
        assert entry.drift == []
    else:
        assert [d for d in entry.drift if note in d], entry.drift


@pytest.mark.parametrize("n,note", [(999, None), (1000, "exactly 1,000 rows, which many programs export"), (1001, None)])
def test_as_many_rows_as_programs_export(warehouse, n, note):
    lands_with(warehouse, note, "crimes", *crimes(n))


@pytest.mark.parametrize(
    "found,note",
    [
        (lambda i: "N", "object_found: N in all 60 rows: is it a default, or are others left out?"),
        (lambda i: "YN"[i > 0], None),
        (lambda i: "YN"[i % 2] if i % 4 else "", "object_found: blank in 15 of 60 rows: measures that need it do not"),
        (lambda i: "YN"[i % 2] if i else "", None),
    ],
)
def test_a_flag_that_is_a_default_or_blank(warehouse, found, note):
    lands_with(warehouse, note, "stop_search", *searches(60, found))


@pytest.mark.parametrize("referred,is_noted", [("Y,", False), ("Y", True), ("N,", True), ("Y,N", False)])
def test_a_flag_that_is_a_tick(warehouse, referred, is_noted):
    cells = referred.split(",")
    rows = [f"K{i},{day}T10:00,Theft,Completed,{('Positive', 'Negative')[i % 2]},{cells[i % len(cells)]}"
            for i, day in enumerate(days(120))]  # fmt: skip
    header = "custody_ref,arrested_at,trigger_offence,test_status,result,referred"
    lands_with(warehouse, "referred: " if is_noted else None, "drug_tests", *rows, header=header)


def test_few_rows_of_one_value(warehouse):
    lands_with(warehouse, None, "stop_search", *searches(49, lambda i: "N"))


def test_an_export_of_one_unit(warehouse):
    lands_with(warehouse, "lpu: Dales in all 60 rows", "crimes", *crimes(60, unit="Dales"))
    # A force without a list of units has none to leave out.
    lands_with(warehouse, None, "crimes", *crimes(61, unit="Dales"), force="leicestershire")


def test_amounts_that_are_blank(warehouse):
    rows = [f"I{i},{day},Primary,{30 if i % 3 else ''}" for i, day in enumerate(days(60))]
    lands_with(warehouse, "young_people: blank in 20 of 60 rows", "school_inputs", *rows)


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
def test_days_at_the_ends_of_the_window_without_a_row(warehouse, first, span, note):
    lands_with(warehouse, note, "crimes", *crimes(600, first=first, span=span))


def test_days_that_are_as_quiet_within_the_window(warehouse):
    rows = [f"I{i},{day},Primary,30" for i, day in enumerate([*days(200, span=90), *days(200, date(2025, 6, 1), 120)])]
    lands_with(warehouse, "no row from 2025-09-29 to 2025-12-31", "school_inputs", *rows)
    lands_with(warehouse, None, "school_inputs", *rows, end="2025-11-15", at=LATER)


@pytest.mark.parametrize("n,is_noted", [(61, True), (60, False)])
def test_a_day_that_is_a_default(warehouse, n, is_noted):
    rows = [f"I{i},{day},Primary,30" for i, day in enumerate([*days(60), *["2025-04-01"] * n])]
    lands_with(warehouse, f"delivered_on: {n} of" if is_noted else None, "school_inputs", *rows)


def test_a_file_of_one_day_has_no_default(warehouse):
    rows = [f"I{i},2025-04-01,Primary,30" for i in range(60)]
    lands_with(warehouse, None, "school_inputs", *rows)


@pytest.mark.parametrize("other,is_noted", [("a12", True), ("A 12", True), ("0A12", True), ("A120", False), ("A-12", False)])
def test_references_that_differ_in_case_alone(warehouse, other, is_noted):
    rows = [f"{key},2025-03-01,92D,Recorded,Dales" for key in ("A1", "A12", other)]
    note = "crime_ref: differs only in case, blanks or zeros before it, as on lines 3 and 4: such rows count as"
    lands_with(warehouse, note if is_noted else None, "crimes", *rows)
    assert warehouse.ledger()[-1].rows_landed == 3


@pytest.mark.parametrize(
    "extract,header,bad,good,note",
    [
        ("confiscation_orders", None, "O1,2025-03-01,Fraud,500,100", "O1,2025-03-01,Fraud,100,100", "columns may be exchanged"),
        ("county_lines", None, "L1,2025-03-01,2025-02-28", "L1,2025-03-01,2025-03-01", "closed_on is before"),
        ("pspos", None, "P1,High Peak,2025-03-01,2024-03-01", "P1,High Peak,2025-03-01,", "ends_on is before starts_on"),
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
    lands_with(warehouse, "1 of 1 rows: ", extract, bad, header=header)
    assert note in warehouse.ledger()[-1].drift[0]
    lands_with(warehouse, None, extract, good, header=header, at=LATER)


def test_tests_of_a_file_without_results_contradict_nothing(warehouse):
    header = "custody_ref,arrested_at,trigger_offence,test_status"
    lands_with(warehouse, None, "drug_tests", "K1,2025-03-01,Theft,Completed", header=header)


def test_values_of_optional_columns_on_the_first_row_of_a_group(warehouse):
    rows = [row.rpartition(",")[0] for row in crimes(60)]
    note = "lpu: blank in 56 of the first 60 rows, as in a report that has a value on the first row of its group alone"
    lands_with(warehouse, note, "crimes", *(f"{row},{UNITS[i // 15] if i % 15 == 0 else ''}" for i, row in enumerate(rows)))
    # Sparse, and some of a kind one after another.
    lands_with(
        warehouse, None, "crimes", *(f"{row},{UNITS[i // 15] if i % 3 == 0 else ''}" for i, row in enumerate(rows)), at=LATER
    )


def test_what_is_noted_of_a_large_file(warehouse, monkeypatch):
    """Its rows as read are let go before the next file."""
    monkeypatch.setattr(land_file, "LARGE", 10)
    rows = enumerate(row.rpartition(",")[0] for row in crimes(60))
    lands_with(warehouse, "lpu: blank in 56", "crimes", *(f"{row},{'' if i % 15 else UNITS[i // 15]}" for i, row in rows))


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
def test_a_line_that_is_closed_without_a_day(warehouse, status, closed, is_noted):
    header = "line_ref,identified_on,closed_on,Status"
    note = "Status: says closed, without closed_on, in 1 rows, which count as active"
    lands_with(warehouse, note if is_noted else None, "county_lines", f"L1,2025-03-01,{closed},{status}", header=header)


def test_an_export_without_rows(warehouse):
    rows = [f"N{i},{day},Dales" for i, day in enumerate(days(30, date(2024, 1, 1)))]
    lands_with(warehouse, None, "naloxone", *rows, start="2024-01-01", end="2024-12-31", at="20250105T020000Z")
    note = "no rows, where the file before had 30: its 31 days count as 0"
    lands_with(warehouse, note, "naloxone", start="2025-01-01", end="2025-01-31")
    # The file before had none either.
    lands_with(warehouse, None, "naloxone", start="2025-02-01", end="2025-02-28", at=LATER)


def street(own, other):
    header = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type"
    forces = ["Derbyshire Constabulary"] * own + ["Leicestershire Police"] * other
    rows = [f",2024-01,{force},{force},,,Street {i},,,Burglary" for i, force in enumerate(forces)]
    return "".join(f"{line}\n" for line in (header, *rows))


def test_a_street_file_of_two_forces(warehouse):
    warehouse.put("2024-01-derbyshire-street.csv", street(20, 15))
    warehouse.put("2024-02-derbyshire-street.csv", street(20, 0).replace("2024-01", "2024-02"))
    entries = {e.source_file[:7]: e for e in warehouse.night()}
    said = "reported_by: 15 rows say Leicestershire Police, and count for derbyshire, as the file's name says"
    assert entries["2024-01"].drift == [said] and entries["2024-02"].drift == []


def test_nothing_is_noted_of_the_sample(sample_home):
    assert {e.source_file: e.drift for e in read_ledger(sample_home) if e.drift} == {}


def test_the_same_bytes_for_another_force(warehouse):
    for force in ("derbyshire", "leicestershire"):
        warehouse.drop("crimes", *crimes(60), force=force)
    own, other = sorted(warehouse.night(), key=lambda e: e.landed_at)
    assert own.drift == [] and other.drift == [f"the same bytes as {own.source_file}: whose rows are they?"]
    # A header without rows is the same for every force: nothing is noted of it.
    for force in ("derbyshire", "leicestershire"):
        warehouse.drop("naloxone", force=force)
    assert [e.drift for e in warehouse.night()] == [[], []]
