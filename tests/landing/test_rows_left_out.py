"""Rows that a mapping leaves out by a column that is no contract's, such as the state of a record in the force's own system."""

import duckdb
import pytest
from support import land_night

from dagster_project.landing.formats import csv_reader
from dagster_project.landing.mappings.mappings import read_mappings

from .conftest import FORCES
from .formats.test_workbooks import edit_part
from .workbook import workbook

HEADER = ["administration_ref", "administered_at", "lpu", "Record  Status", "Deleted?"]
MAPPING = """
extract: naloxone
table:
  ignore:
    administration_ref: TOTAL*
    record_status: [Cancelled*, Void]
    Deleted?: Y
"""
ROWS = [
    ["N1", "2025-03-01", "Dales", "Open", "N"],
    ["N2", "2025-03-01", "Dales", "CANCELLED - by Jane Roe", "N"],
    ["N3", "2025-03-02", "Dales", "void", ""],
    ["N4", "2025-03-02", "Dales", "", "y"],
    ["N5", "2025-03-02", "Dales", "Not cancelled", ""],
    ["Total", "", "", "", ""],
]
WINDOW = "naloxone__derbyshire__2025-01-01__2025-12-31__20260105T020000Z"


def write_mapping(warehouse, text=MAPPING):
    warehouse.home.mappings.mkdir(exist_ok=True)
    (warehouse.home.mappings / "niche.yml").write_text(text, encoding="utf-8")


def cells(rows):
    """Rows as a workbook has them."""
    return [[cell or None for cell in row] for row in rows]


def put(warehouse, ext, header=HEADER, rows=ROWS):
    if ext == ".xlsx":
        return warehouse.put(WINDOW + ext, workbook([["Given in the year"], header, *cells(rows)]))
    if ext == ".parquet":
        columns = ", ".join(f'"{name}"' for name in header)
        values = ", ".join(str(tuple(row)) for row in rows)
        path = warehouse.home.inbox / (WINDOW + ext)
        return duckdb.sql(f"select * from (values {values}) as t({columns})").write_parquet(str(path))
    return warehouse.put(WINDOW + ext, "".join(f"{','.join(row)}\n" for row in (header, *rows)))


def refs(warehouse, entry):
    return [row["_key"] for row in warehouse.raw(entry)]


def counts(entry):
    return entry.rows_in_file, entry.rows_landed, entry.rows_quarantined, entry.rows_ignored


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("ext", [".csv", ".csv.gz", ".xlsx", ".parquet"])
def test_rows_are_left_out_by_a_header_of_the_file(warehouse, monkeypatch, ext, is_large):
    """However the file is read, and however its header is written. What the mapping leaves out is in no reason and no note."""
    monkeypatch.setattr(csv_reader, "is_large", lambda text: is_large)
    write_mapping(warehouse)
    put(warehouse, ext)
    (entry,) = warehouse.night()
    assert (entry.outcome, refs(warehouse, entry), counts(entry)) == ("accepted", ["N1", "N5"], (2, 2, 0, 4)), entry.reason
    assert "Deleted?" in entry.unknown_columns and not any("no record" in note for note in entry.drift), entry.drift


def test_other_words_of_such_a_column_are_still_doubted(warehouse):
    write_mapping(warehouse)
    marked = [[f"D{n}", "2025-03-01", "Dales", status, ""] for n, status in enumerate(["Deleted", "Duplicate"])]
    put(warehouse, ".csv", rows=[*ROWS, *marked])
    (entry,) = warehouse.night()
    assert counts(entry) == (4, 3, 1, 4) and "says that it is no record" in str(entry.quarantine_reasons)


def test_values_of_such_a_column_are_stored_nowhere(warehouse):
    write_mapping(warehouse)
    without_key = [["", "2025-03-01", "Dales", state, ""] for state in ("Cancelled: Jane Roe", "Jane Roe")]
    put(warehouse, ".csv", rows=[*ROWS, *without_key])
    (entry,) = land_night(warehouse.home)
    assert counts(entry) == (3, 2, 1, 5)
    for path in warehouse.home.path.rglob("*"):
        if path.is_file() and warehouse.home.archive not in path.parents:
            assert b"Roe" not in path.read_bytes(), path


@pytest.mark.parametrize("ext", [".csv", ".xlsx", ".parquet"])
def test_a_file_that_lacks_the_header_is_refused(warehouse, ext):
    """Otherwise its cancelled records would count, without a word."""
    write_mapping(warehouse)
    put(warehouse, ext, [*HEADER[:3], "State", "Deleted?"])
    (entry,) = warehouse.night()
    assert (entry.outcome, entry.rows_landed) == ("refused", None)
    assert entry.reason == (
        "lacks headers that the mapping names: table.ignore (record_status); it has administration_ref, administered_at, lpu,"
        " State, Deleted?: correct the headers in the mapping"
    )


def test_a_header_that_is_twice_there_is_refused(warehouse):
    write_mapping(warehouse)
    put(warehouse, ".csv", [*HEADER[:3], "Record Status", "record-status"])
    (entry,) = warehouse.night()
    assert entry.reason == "two headers mean record_status: 'Record Status' and 'record-status'"


def test_the_name_of_a_contract_column_is_that_column(warehouse):
    """Even where the file has it as the header of another column."""
    write_mapping(warehouse, "extract: naloxone\nheaders: {lpu: Area}\ntable: {ignore: {LPU: [Hills]}}\n")
    rows = [["N1", "2025-03-01", "Dales", "Hills"], ["N2", "2025-03-01", "Hills", "Dales"]]
    put(warehouse, ".csv", [*HEADER[:2], "Area", "lpu"], rows)
    (entry,) = warehouse.night()
    assert (refs(warehouse, entry), entry.rows_ignored) == (["N1"], 1), entry.reason


def test_a_contract_column_that_the_file_lacks_leaves_no_row_out_which_is_said(warehouse):
    write_mapping(warehouse, "extract: naloxone\ntable: {ignore: {lpu: Hills}}\n")
    entry = warehouse.land("naloxone", "N1,2025-03-01", header=",".join(HEADER[:2]))
    assert (entry.rows_landed, entry.rows_ignored) == (1, None), entry.reason
    says = "no row is left out by lpu (table: ignore:), as the file lacks it: map it, or name its header there"
    assert says in entry.drift
    entry = warehouse.land("naloxone", "N2,2025-03-01,Dales", header="administration_ref,administered_at,lpu")
    assert not [note for note in entry.drift if "left out by" in note]


def test_a_header_may_be_that_of_a_column_too(warehouse):
    write_mapping(warehouse, "extract: naloxone\nheaders: {lpu: Record Status}\ntable: {ignore: {Record Status: [C*, Void]}}\n")
    put(warehouse, ".csv", [*HEADER[:2], "Area", *HEADER[3:]], ROWS[:3])
    (entry,) = warehouse.night()
    assert [(r["_key"], r["lpu"]) for r in warehouse.raw(entry)] == [("N1", "Open")] and entry.rows_ignored == 2, entry.reason


def test_a_header_of_two_merged_rows(warehouse):
    write_mapping(warehouse, MAPPING.replace("table:", "table:\n  header_row: 2"))
    above, below = [*HEADER[:3], "Record", "Deleted?"], [None, None, None, "Status", None]
    warehouse.put(f"{WINDOW}.xlsx", workbook([above, below, *cells(ROWS)]))
    (entry,) = warehouse.night()
    assert (refs(warehouse, entry), entry.rows_ignored) == (["N1", "N5"], 4), entry.reason


def test_rows_of_a_record_are_left_out_with_its_first(warehouse):
    write_mapping(warehouse, "extract: incidents\ntable: {row_for_each: qualifiers, ignore: {Log State: Cancelled}}\n")
    rows = ["I1,INCIDENT,2025-03-01 10:00,ASB,Cancelled", ",,,Drugs,", "I2,INCIDENT,2025-03-01 10:00,ASB,", ",,,Drugs,"]
    entry = warehouse.land("incidents", *rows, header="incident_ref,record_type,created_at,qualifiers,Log state")
    assert [(r["_key"], r["qualifiers"]) for r in warehouse.raw(entry)] == [("I2", "ASB;Drugs")]
    assert (entry.rows_ignored, entry.rows_quarantined) == (2, 0)


@pytest.mark.parametrize("ignored", ["Record Status: Cancelled*", "lpu: Cancelled*"])
def test_a_row_with_more_fields_than_the_header_is_not_left_out_by_one_of_another_column(warehouse, ignored):
    """Its note has a comma, and what comes after it stands where another row has its state."""
    write_mapping(warehouse, f"extract: naloxone\ntable: {{ignore: {{{ignored}, administration_ref: 'Source*'}}}}\n")
    header = [*HEADER[:2], "Notes", ignored.partition(":")[0], "Team"]
    rows = [["N1", "2025-03-01", "rang", "cancelled by the caller", "Open", "A"], ["N2", "2025-03-01", "", "Cancelled", "A"]]
    put(warehouse, ".csv", header, [*rows, ["Total"], ["Source: a", "b", "c", "d", "e", "f", "g"]])
    (entry,) = warehouse.night()
    assert counts(entry) == (2, 0, 2, 2), entry.reason


@pytest.mark.parametrize(("n", "is_noted"), [(5, True), (4, False)])
def test_a_file_of_which_all_rows_are_left_out_is_noted(warehouse, n, is_noted):
    """With `*` in place of `Cancelled*` its days were a complete 0. A month without records may have a total and a source."""
    write_mapping(warehouse, "extract: naloxone\ntable: {ignore: {Record Status: '*'}}\n")
    put(warehouse, ".csv", rows=ROWS[:n])
    (entry,) = warehouse.night()
    assert (entry.outcome, entry.rows_landed, entry.rows_ignored) == ("accepted", 0, n)
    says = "all 5 rows are left out, as the mapping says (table: ignore:), and its 365 days count as 0"
    assert (says in entry.drift) == is_noted


def test_a_file_that_is_held_as_its_mapping_leaves_all_rows_out_says_so(warehouse):
    """It was said to have none."""
    write_mapping(warehouse, "extract: incidents\ntable: {ignore: {incident_ref: 'I*'}}\n")
    entry = warehouse.land("incidents", *(f"I{n},INCIDENT,2025-03-01 10:00,Drugs,,," for n in range(30)))
    assert (entry.outcome, entry.rows_ignored) == ("held", 30)
    assert entry.reason.endswith("The mapping (table: ignore:) leaves out 30: are they records? Then correct it")


@pytest.mark.parametrize(
    ("last", "is_cut"), [("N2,2025-03-01,Cancelled,", True), ("Total,,Cancelled", False), (",,Cancelled", False)]
)
def test_a_file_that_ends_within_a_cancelled_record_is_cut_short(warehouse, last, is_cut):
    """It landed, without the records after it. A line of totals may lack fields and its line end."""
    write_mapping(warehouse, "extract: naloxone\ntable: {ignore: {Record Status: Cancelled*, administration_ref: Total}}\n")
    header = ",".join([*HEADER[:2], "Record Status", "Notes", "lpu"])
    warehouse.put(f"{WINDOW}.csv", f"{header}\nN1,2025-03-01,Open,,Dales\n{last}")
    (entry,) = warehouse.night()
    assert (entry.outcome, "cut short: line 3" in (entry.reason or "")) == ("refused" if is_cut else "accepted", is_cut)


def test_any_text_may_be_a_header_in_a_mapping(warehouse):
    write_mapping(warehouse)
    mappings = read_mappings(warehouse.home, warehouse.contracts, FORCES)
    assert [u.name for u in mappings.valid] == ["niche.yml"] and not mappings.problems


def test_a_formula_without_a_value_in_such_a_column_refuses_the_file(warehouse):
    """As a blank, it would have a cancelled record count."""
    write_mapping(warehouse)
    cell = '<c r="D2" t="inlineStr"><is><t xml:space="preserve">Open</t></is></c>'
    data = workbook([HEADER, *cells(ROWS)])
    warehouse.put(f"{WINDOW}.xlsx", edit_part(data, "xl/worksheets/sheet1.xml", cell, '<c r="D2"><f>A1</f></c>'))
    (entry,) = warehouse.night()
    assert entry.outcome == "refused" and "formulas under record_status were never worked out" in entry.reason
