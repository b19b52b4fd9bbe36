"""Columns that change between files: new, gone or renamed, and the likely header of a column that a refused file lacks."""

import json

import pytest

from dagster_project.landing import read_ledger
from dagster_project.landing.opening.column_drift import likely_renames

HEADER = "crime_ref,recorded_on,offence_code,status,lpu"
INCIDENTS = "incident_ref,record_type,created_at,qualifiers,grade,channel"


def row(header: str, number: int = 1) -> str:
    day = dict.fromkeys(("recorded_on", "recorded-on", "created_at"), "2025-03-01")
    known = day | {"status": "Recorded", "record_type": "ROC"}
    cells = [known.get(name.lower(), "") for name in header.split(",")]
    return ",".join([f"C{number}", *cells[1:]])


def drift_between(warehouse, first: str, second: str, extract: str = "crimes") -> list[str]:
    warehouse.land(extract, row(first), header=first, at="20260105T020000Z")
    entry = warehouse.land(extract, row(second), header=second, at="20260106T020000Z")
    assert entry.outcome == "accepted", entry.reason
    assert warehouse.ledger()[-1].drift == entry.drift
    return entry.drift


@pytest.mark.parametrize(
    ("first", "second", "drift"),
    [
        (HEADER, HEADER, []),
        (HEADER, "LPU,Crime Ref,RECORDED-ON,status,offence code".replace("LPU,Crime Ref", "Crime Ref,LPU"), []),
        (HEADER, HEADER + ",Shift", ["new column, not stored: Shift"]),
        (HEADER + ",Shift", HEADER, ["column gone, was not stored: Shift"]),
        (HEADER + ",Shift", HEADER + ",SHIFT", []),
        (HEADER, HEADER.removesuffix(",lpu"), ["column gone: lpu"]),
        (HEADER.removesuffix(",lpu"), HEADER, ["column that is there now: lpu"]),
        (HEADER, HEADER.replace("lpu", "Beat"), ["renamed? lpu is gone, Beat is new"]),
        (HEADER, HEADER.replace("lpu", "Beat,Shift"), [
            "column gone: lpu", "new column, not stored: Beat", "new column, not stored: Shift",
        ]),
        (HEADER, HEADER.replace("lpu", "Shift,LPU Code"), [
            "renamed? lpu is gone, LPU Code is new", "new column, not stored: Shift",
        ]),
        (HEADER + ",", HEADER, ["column gone, was not stored: (column 6 has no name)"]),
    ],
)  # fmt: skip
def test_changes_since_the_last_accepted_file(warehouse, first, second, drift):
    assert drift_between(warehouse, first, second) == drift


def test_several_renamed_columns_are_paired_by_likeness(warehouse):
    drift = drift_between(warehouse, INCIDENTS, INCIDENTS.replace("grade,channel", "Contact Channel,Grading"), "incidents")
    assert drift == ["renamed? grade is gone, Grading is new", "renamed? channel is gone, Contact Channel is new"]


def test_first_file_has_no_drift(warehouse):
    assert warehouse.land("crimes", row(HEADER + ",x"), header=HEADER + ",x").drift == []


def test_only_files_of_the_same_extract_force_and_form_are_compared(warehouse):
    warehouse.land("crimes", row(HEADER))
    assert warehouse.land("crimes", row(HEADER + ",x"), header=HEADER + ",x", force="leicestershire").drift == []
    warehouse.land("stop_search", "S1,2024-01-02,Drugs,Y", header="search_ref,searched_at,object_of_search,object_found")
    header = "Type,Date,Object of search,Outcome,Legislation,Age range,Self-defined ethnicity,Gender\n"
    line = "Person search,2024-{}-02T10:00:00+00:00,Controlled drugs,,,,,\n"
    warehouse.put("2024-01-derbyshire-stop-and-search.csv", header + line.format("01"))
    assert warehouse.night()[0].drift == []
    warehouse.put("2024-02-derbyshire-stop-and-search.csv", header.replace("Gender", "Latitude") + line.format("02"))
    assert warehouse.night()[0].drift == ["new column, not stored: Latitude", "column gone, was not stored: Gender"]


def test_files_are_not_compared_with_refused_or_held_ones(warehouse):
    warehouse.land("crimes", row(HEADER))
    held = warehouse.land("crimes", header=HEADER + ",x", at="20260106T020000Z")
    assert (held.outcome, held.drift) == ("held", ["new column, not stored: x"])
    assert warehouse.land("crimes", row(HEADER), at="20260107T020000Z").drift == []


def test_files_of_one_night_are_compared_with_each_other(warehouse):
    for day, header in enumerate((HEADER, HEADER + ",x", HEADER + ",x"), start=5):
        warehouse.drop("crimes", row(header), header=header, at=f"2026010{day}T020000Z")
    assert [e.drift for e in warehouse.night()] == [[], ["new column, not stored: x"], []]


def test_another_header_of_a_mapped_column_is_noted(warehouse):
    mapping = "extract: crimes\nheaders: {lpu: [Beat, Beat Code]}\n"
    (warehouse.home.mappings / "m.yml").write_text(mapping)
    drift = drift_between(warehouse, HEADER.replace("lpu", "Beat"), HEADER.replace("lpu", "Beat Code"))
    assert drift == ["other header: lpu was Beat, is Beat Code"]


def test_older_ledger_lines_are_read_and_compared(warehouse):
    warehouse.land("crimes", row(HEADER), header=HEADER + ",Shift")
    (path,) = warehouse.home.ledger.iterdir()
    old = json.loads(path.read_text())
    for name in ("headers", "drift", "mapping"):
        del old[name]
    path.write_text(json.dumps(old) + "\n")
    (entry,) = read_ledger(warehouse.home)
    assert (entry.headers, entry.drift, entry.mapping) == ({}, [], None)
    shorter = HEADER.removesuffix(",lpu")
    later = warehouse.land("crimes", row(shorter + ",Shift"), header=shorter + ",Shift", at="20260106T020000Z")
    assert later.drift == ["column gone: lpu"]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER.replace("status", "Crime Status"), "misses required columns: status; perhaps status is 'Crime Status' there"),
        (HEADER.replace("status", "State of affairs"), "perhaps status is 'State of affairs' there: then map it in mappings/"),
        (HEADER.replace("recorded_on,offence_code", "x,Date Recorded,HO Offence Code,y"),
         "perhaps offence_code is 'HO Offence Code' there, recorded_on is 'Date Recorded' there"),
        (HEADER.replace("status", "a,b"), "misses required columns: status"),
    ],
)  # fmt: skip
def test_likely_header_of_a_missing_column_is_named(warehouse, header, reason):
    entry = warehouse.land("crimes", row(header), header=header)
    assert entry.outcome == "refused" and reason in entry.reason
    assert "perhaps" in reason or "perhaps" not in entry.reason
    assert entry.headers["crime_ref"] == "crime_ref" and entry.unknown_columns, "the ledger lists the file's headers"


def test_no_header_is_suggested_twice():
    renames = likely_renames({"tested_at": [], "arrested_at": []}, ["Arrested", "Other thing", "Third thing"])
    assert renames == {"arrested_at": "Arrested"}


def test_published_file_gets_no_advice_to_map_it(warehouse):
    header = "Type,Date and time,Object of search,Outcome,Legislation,Age range,Self-defined ethnicity\n"
    warehouse.put("2024-01-derbyshire-stop-and-search.csv", header + "Person search,2024-01-02,,,,,\n")
    (entry,) = warehouse.night()
    assert entry.reason.startswith("misses required columns: searched_at; perhaps searched_at is '")
    assert "mappings/" not in entry.reason


@pytest.mark.parametrize(
    ("at", "end", "note"),
    [
        ("20251215T020000Z", "2025-12-31", "window: ends on 2025-12-31, after its extraction on 2025-12-15: later"),
        ("20251231T020000Z", "2025-12-31", None),
        ("20260301T020000Z", "2025-12-31", "extracted on 2026-03-01, long after it landed: until then, every other"),
        ("20260201T020000Z", "2025-12-31", None),
    ],
)
def test_extraction_time_that_cannot_be_true_is_noted(warehouse, at, end, note):
    entry = warehouse.land("crimes", row(HEADER), at=at, end=end)
    assert entry.outcome == "accepted"
    assert [d[: len(note)] for d in entry.drift] == [note] if note else entry.drift == []


def test_extraction_far_ahead_holds_a_file(warehouse):
    """A sender's clock a year or more ahead: the file would count as newer than any correction."""
    ahead = warehouse.land("crimes", row(HEADER), at="20991231T020000Z")
    assert ahead.outcome == "held" and ahead.reason.startswith(
        "extracted at 2099-12-31 02:00, more than a year after it landed"
    )
    assert warehouse.land("crimes", row(HEADER), at="20261201T020000Z").outcome == "accepted"
