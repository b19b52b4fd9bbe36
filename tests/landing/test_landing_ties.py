"""Two extractions of one time that differ, and held files that a person releases."""

import pytest

from dagster_project.landing import NotHeld, accepted, counts, release_load

from .conftest import NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"
ROWS = [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(50)]


def tie(warehouse, rows, window):
    start, end = window
    return warehouse.land("crimes", *rows, start=start, end=end)


A, B, C = ("2025-01-01", "2025-12-31"), ("2025-03-01", "2025-12-31"), ("2025-02-01", "2025-12-31")
ERE = ROW.replace("Dales", "Erewash")
SAME = "C2,2025-03-02,92D,Recorded,"


def test_keys_that_differ_between_tied_files_are_withheld_in_both(warehouse):
    first = tie(warehouse, [ROW, SAME, "C3,2025-01-05,92D,Recorded,"], A)
    second = tie(warehouse, [SAME, ERE], B)
    assert second.outcome == "accepted"
    assert second.withheld == {first.load_id: 1}
    assert (second.rows_landed, second.rows_quarantined) == (1, 1)
    assert second.quarantine_reasons == {"differs from an extraction of the same time": 1}
    for entry, other, line in ((first, second, "2"), (second, first, "3")):
        assert [(r["_line"], r["_key"]) for r in warehouse.withheld(entry)] == [(line, "C1")]
        (row,) = warehouse.quarantine(entry)
        assert row["_reasons"] == (
            f"crime_ref: differs from the row in {other.source_file}, extracted at the same time"
        )
        # Raw never changes: what is not to be used is said beside it.
        assert line in [r["_line"] for r in warehouse.raw(entry)]
    now = counts(warehouse.ledger())
    assert (now[first.load_id].rows_landed, now[first.load_id].rows_quarantined) == (2, 1)
    assert (now[second.load_id].rows_landed, now[second.load_id].rows_quarantined) == (1, 1)


def test_a_third_tied_file_counts_no_row_twice(warehouse):
    first, second = tie(warehouse, [ROW], A), tie(warehouse, [ERE], B)
    third = tie(warehouse, [ROW], C)
    assert third.withheld == {} and third.rows_landed == 0
    assert {c.rows_landed for c in counts(warehouse.ledger()).values()} == {0}
    assert [e.outcome for e in (first, second, third)] == ["accepted"] * 3


def test_no_tie_with_another_time_force_or_a_file_that_is_not_accepted(warehouse):
    warehouse.land("crimes", ROW, at="20260104T000000Z")
    warehouse.land("crimes", ROW, force="leicestershire")
    held = warehouse.land("crimes", *ROWS, *ROWS, start="2025-02-01")
    entry = warehouse.land("crimes", ERE)
    assert held.outcome == "held"
    assert (entry.withheld, entry.rows_landed) == ({}, 1)


def test_a_tied_file_again_is_known(warehouse):
    tie(warehouse, [ROW], A)
    tie(warehouse, [ERE, SAME], B)
    assert warehouse.land("crimes", SAME, ERE, start=B[0], end=B[1], ext=".csv.gz").outcome == "known"
    assert warehouse.land("crimes", ROW, ext=".csv.gz").outcome == "known"


# Releases


def test_a_released_file_loads_as_it_is(warehouse):
    held = warehouse.land("crimes", *ROWS, *ROWS)
    who = {"by": "A. Nalyst", "why": "checked at the source"}
    entry = release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", **who, now=NOW)
    assert (entry.outcome, entry.load_id, entry.rows_landed, entry.rows_duplicate) == (
        "accepted", held.load_id, 50, 50,
    )  # fmt: skip
    assert entry.reason.startswith("released by A. Nalyst: checked at the source; was held: doubled feed")
    assert [e.load_id for e in accepted(warehouse.ledger())] == [held.load_id]
    assert warehouse.ledger()[-1] == entry
    with pytest.raises(NotHeld, match="accepted"):
        release_load(warehouse.home, warehouse.contracts, held.load_id, "release-2", by="A. Nalyst", why="checked")
    assert warehouse.land("crimes", *ROWS, *ROWS).outcome == "known"


def test_a_release_settles_ties(warehouse):
    held = warehouse.land("crimes", *ROWS, *ROWS, start="2025-02-01")
    other = warehouse.land("crimes", ERE)
    entry = release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst", why="checked")
    assert entry.withheld == {other.load_id: 1}
    assert (entry.rows_landed, entry.rows_quarantined) == (49, 1)


def test_there_is_nothing_to_release(warehouse):
    with pytest.raises(NotHeld):
        release_load(warehouse.home, warehouse.contracts, "none", "release-1", by="A. Nalyst", why="checked")


def test_a_released_month_is_no_newer_for_that(warehouse):
    """A month that came after it stays the newest: the same again is known, the released content again replaces it."""
    text = "Date,Object of search,Outcome\n"
    doubled = text + "".join(f"2024-01-01T10:00:00,x,{i}\n" * 2 for i in range(50))
    name = "2024-01-derbyshire-stop-and-search.csv"
    warehouse.put(name, doubled)
    (held,) = warehouse.night()
    warehouse.put(name, text + "2024-01-02T10:00:00,x,y\n")
    warehouse.night()
    release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst", why="checked")
    found = []
    for again in (text + "2024-01-02T10:00:00,x,y\n", doubled):
        warehouse.put(name, again)
        found += warehouse.night()
    assert [e.outcome for e in found] == ["known", "held"]
