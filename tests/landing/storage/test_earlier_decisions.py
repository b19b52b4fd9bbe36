"""The same extraction again, in any format, and months of data.police.uk."""

import pytest

from dagster_project.landing import accepted

from ..conftest import NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"
ROWS = [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(50)]
SEARCHES = "Type,Date,Object of search,Outcome\n"


def outcomes(entries):
    return [e.outcome for e in entries]


def test_the_same_file_again_is_known(warehouse):
    first = warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,")
    again = warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,")
    assert again.outcome == "known" and again.load_id == first.load_id
    assert again.reason.startswith(f"the same as {first.source_file}, accepted on 2026-01-06")
    assert outcomes(warehouse.ledger()) == ["accepted", "known"]
    assert len(accepted(warehouse.ledger())) == 1


def test_a_known_file_has_the_counts_of_the_first(warehouse):
    mapping = 'extract: crimes\ntable: {ignore: {crime_ref: ["TOTAL*"]}}\n'
    (warehouse.home.mappings / "m.yml").write_text(mapping, encoding="utf-8")
    entries = [warehouse.land("crimes", ROW, "TOTAL,,,,") for _ in range(2)]
    assert outcomes(entries) == ["accepted", "known"]
    assert [(e.rows_in_file, e.rows_ignored) for e in entries] == [(1, 1)] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"ext": ".csv.gz"},
        {"encoding": "utf-16"},
        {
            "header": "Crime Ref;Recorded On;Offence Code;Status;LPU;Note",
            "rows": ["C1;01/03/2025;92D;recorded; Dales;x"],
        },
    ],
)
def test_same_rows_in_another_format_are_known(warehouse, change):
    change = dict(change)
    warehouse.land("crimes", ROW)
    assert warehouse.land("crimes", *change.pop("rows", [ROW]), **change).outcome == "known"


def test_quarantined_rows_are_compared_too(warehouse):
    """Bad ones, and those of a key with different content."""
    rows = [ROW, "C2,soon,92D,Recorded,", *ROWS[3:5], ROWS[4].replace("Dales", "Erewash")]
    assert warehouse.land("crimes", *rows).rows_quarantined == 3
    assert warehouse.land("crimes", *rows, ext=".csv.gz").outcome == "known"
    for was, now in (("soon", "later"), ("Erewash", "High Peak")):
        assert warehouse.land("crimes", *(row.replace(was, now) for row in rows)).outcome == "refused"


@pytest.mark.parametrize("header", [None, "custody_ref,arrested_at,trigger_offence,test_status"])
def test_all_cells_of_rows_with_the_wrong_width_are_compared(warehouse, header):
    extract, rows = ("drug_tests", ["P1,2025-03-01", "P2,x"]) if header else ("crimes", [ROW, "C2,2025"])
    first = warehouse.land(extract, *rows, header=header)
    assert first.outcome == "accepted" and len(first.ragged_digest) == 64
    assert warehouse.land(extract, *reversed(rows), header=header, ext=".csv.gz").outcome == "known"
    other = [*rows[:1], rows[1].replace("x", "y").replace("2025", "2026")]
    assert warehouse.land(extract, *other, header=header).outcome == "refused"


@pytest.mark.parametrize(
    "rows",
    [
        [ROW.replace("Dales", "Erewash")],
        [ROW, "C2,2025-03-01,92D,Recorded,"],
        [ROW, ROW],
        [],
        ["C1,2025-03-01,92D,Open,Dales"],
    ],
)
def test_other_content_of_the_same_extraction_is_refused_and_the_first_stays(warehouse, rows):
    first = warehouse.land("crimes", ROW)
    other = warehouse.land("crimes", *rows)
    assert other.outcome == "refused"
    assert other.reason.startswith("two files claim to be one extraction")
    assert "if this one corrects it, drop it again under a newer time (in its name, or" in other.reason
    assert [e.load_id for e in accepted(warehouse.ledger())] == [first.load_id]
    assert len(warehouse.raw(first)) == 1


def test_other_content_under_a_new_mapping_is_not_said_to_be_of_two_systems(warehouse):
    warehouse.land("crimes", ROW)
    warehouse.home.mappings.mkdir(exist_ok=True)
    mapping = "extract: crimes\nforces: [derbyshire]\nvalues: {status: {Rec: Recorded}}\n"
    (warehouse.home.mappings / "book.yml").write_text(mapping, encoding="utf-8")
    other = warehouse.land("crimes", ROW.replace("Recorded", "Rec").replace("Dales", "Erewash"))
    assert other.outcome == "refused" and other.reason.endswith(
        " (or the mapping changed since: drop what is mapped again as a newer extraction)"
    )


def test_two_files_of_one_extraction_in_one_night(warehouse):
    warehouse.drop("crimes", ROW)
    warehouse.drop("crimes", ROW.replace("Dales", "Erewash"), ext=".csv.gz")
    assert outcomes(warehouse.night()) == ["accepted", "refused"]


def test_corrected_file_lands_after_a_refused_one_of_the_same_name(warehouse):
    assert warehouse.land("crimes", ROW, "C2,2025", text="crime_ref\nC1\n").outcome == "refused"
    assert warehouse.land("crimes", ROW).outcome == "accepted"


def test_held_file_again_is_known_and_other_content_is_refused(warehouse):
    held = warehouse.land("crimes", *ROWS, *ROWS)
    assert warehouse.land("crimes", *ROWS, *ROWS).outcome == "known"
    assert warehouse.land("crimes", *ROWS).outcome == "refused"
    assert outcomes(warehouse.ledger()) == ["held", "known", "refused"]
    assert accepted(warehouse.ledger()) == [] and held.outcome == "held"


@pytest.mark.parametrize("change", [{"at": "20260106T020000Z"}, {"end": "2026-01-31"}, {"force": "leicestershire"}])
def test_same_content_of_another_extraction_is_new(warehouse, change):
    first, second = warehouse.land("crimes", ROW), warehouse.land("crimes", ROW, **change)
    assert second.outcome == "accepted" and first.load_id != second.load_id


# data.police.uk


def searches(warehouse, *days: str, mtime: float | None = None, **more):
    text = SEARCHES + "".join(f"Person search,2024-01-{day}T10:00:00+00:00,Controlled drugs,Arrest\n" for day in days)
    return warehouse.put("2024-01-derbyshire-stop-and-search.csv", text, mtime=mtime, **more)


def test_month_is_known_again_and_replaced_by_other_or_returning_content(warehouse):
    entries = []
    for days in (["01"], ["01"], ["01", "02"], ["01"], ["01"]):
        searches(warehouse, *days)
        entries += warehouse.night()
    assert outcomes(entries) == ["accepted", "known", "accepted", "accepted", "known"]
    loads = accepted(warehouse.ledger())
    assert len({e.load_id for e in loads}) == 3
    assert [e.extracted_at for e in loads] == sorted(e.extracted_at for e in loads)
    assert (loads[0].form, loads[0].covered_from.isoformat(), loads[0].covered_to.isoformat()) == (
        "police_uk", "2024-01-01", "2024-01-31",
    )  # fmt: skip


def test_a_month_in_another_container_is_known(warehouse):
    searches(warehouse, "01")
    warehouse.night()
    path = searches(warehouse, "01")
    warehouse.put(path.name + ".gz", path.read_bytes())
    path.unlink()
    assert outcomes(warehouse.night()) == ["known"]


def test_newer_of_two_files_of_a_month_lands_last(warehouse):
    searches(warehouse, "01", mtime=2000, folder=warehouse.home.inbox / "a")
    searches(warehouse, "02", mtime=1000, folder=warehouse.home.inbox / "b")
    first, second = warehouse.night()
    assert warehouse.raw(first)[0]["_date"] == "2024-01-02"
    assert warehouse.raw(second)[0]["_date"] == "2024-01-01"
    assert first.extracted_at < second.extracted_at


def test_a_held_month_is_known_while_it_is_held(warehouse):
    """So is the month that was accepted before it, and counts."""
    text = "Date,Object of search,Outcome\n" + "".join(f"2024-01-01T10:00:00,x,{i}\n" * 2 for i in range(50))
    searches(warehouse, "01")
    assert outcomes(warehouse.night()) == ["accepted"]
    for expected in ("held", "known"):
        warehouse.put("2024-01-derbyshire-stop-and-search.csv", text)
        assert outcomes(warehouse.night()) == [expected]
    searches(warehouse, "01")
    assert outcomes(warehouse.night()) == ["known"]


def test_columns_that_data_police_uk_lacks_are_no_reason_for_quarantine(warehouse):
    searches(warehouse, "01")
    (entry,) = warehouse.night()
    (row,) = warehouse.raw(entry)
    assert (row["search_ref"], row["_key"], row["object_found"]) == (None, None, None)
    assert entry.unknown_columns == ["Type"] and "search_ref" not in entry.missing_columns


def test_month_of_searches_is_known_after_the_force_s_own_extract(warehouse):
    """It replaces nothing of the force's own, whose searches have keys: also from another container."""
    path = searches(warehouse, "01")
    text = path.read_text()
    warehouse.drop("stop_search", "S1,2024-01-05T10:00,Drugs,Y", header="search_ref,searched_at,object_of_search,object_found",
                   start="2024-01-01", end="2024-01-31", at="20270101T000000Z")  # fmt: skip
    assert outcomes(warehouse.night()) == ["accepted", "accepted"]
    warehouse.put(f"{path.name}.gz", text)
    assert outcomes(warehouse.night(now=NOW.replace(year=2027, month=2))) == ["known"]


def test_month_is_known_after_the_force_s_own_extract_replaced_it(warehouse):
    text = "Month,Crime type\n2024-01,Drugs\n"
    outcomes_by_night = []
    for night in range(4):
        warehouse.put("2024-01-derbyshire-street.csv", text)
        if night == 1:
            warehouse.drop("street_crime", start="2024-01-10", end="2024-02-29", at="20270101T000000Z", text=text)
        outcomes_by_night.append([e.outcome for e in warehouse.night(now=NOW.replace(year=2026 + night))])
    # The force's own extract lands first in its night: it is newer than what landed in 2026, and older than the month.
    assert outcomes_by_night == [["accepted"], ["accepted", "accepted"], ["known"], ["known"]]
