"""Two extractions of the same time that differ, and held files that a person releases."""

import pytest

from dagster_project.landing import NotHeld, accepted, counts, release_load
from dagster_project.landing.retract import retract_load
from dagster_project.landing.storage.quarantine_export import quarantined_files

from .conftest import NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"
ROWS = [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(50)]


def land_at_same_time(warehouse, rows, window):
    start, end = window
    return warehouse.land("crimes", *rows, start=start, end=end)


FROM_JANUARY, FROM_MARCH, FROM_FEBRUARY, FROM_YEAR_BEFORE = (
    (day, "2025-12-31") for day in ("2025-01-01", "2025-03-01", "2025-02-01", "2024-04-01")
)
EREWASH = ROW.replace("Dales", "Erewash")
SAME = "C2,2025-03-02,92D,Recorded,"


def test_keys_that_differ_between_files_of_the_same_time_are_withheld_in_both(warehouse):
    first = land_at_same_time(warehouse, [ROW, SAME, "C3,2025-01-05,92D,Recorded,"], FROM_JANUARY)
    second = land_at_same_time(warehouse, [SAME, EREWASH], FROM_MARCH)
    assert second.outcome == "accepted"
    assert second.withheld == {first.load_id: 1}
    assert (second.rows_landed, second.rows_quarantined) == (1, 1)
    assert second.quarantine_reasons == {"differs from an extraction of the same time": 1}
    for entry, other, line in ((first, second, "2"), (second, first, "3")):
        assert [(r["_line"], r["_key"]) for r in warehouse.withheld(entry)] == [(line, "C1")]
        (row,) = warehouse.quarantine(entry)
        assert row["_reasons"] == (f"crime_ref: differs from the row in {other.source_file}, extracted at the same time")
        # Raw never changes: a separate file lists the rows not to be used.
        assert line in [r["_line"] for r in warehouse.raw(entry)]
    totals = counts(warehouse.ledger())
    assert (totals[first.load_id].rows_landed, totals[first.load_id].rows_quarantined) == (2, 1)
    assert (totals[second.load_id].rows_landed, totals[second.load_id].rows_quarantined) == (1, 1)


def test_third_file_of_the_same_time_counts_no_row_twice(warehouse):
    first, second = land_at_same_time(warehouse, [ROW], FROM_JANUARY), land_at_same_time(warehouse, [EREWASH], FROM_MARCH)
    third = land_at_same_time(warehouse, [ROW], FROM_FEBRUARY)
    assert third.withheld == {} and third.rows_landed == 0
    assert {c.rows_landed for c in counts(warehouse.ledger()).values()} == {0}
    assert [e.outcome for e in (first, second, third)] == ["accepted"] * 3


def test_no_conflict_with_another_time_or_force_or_a_held_file(warehouse):
    warehouse.land("crimes", ROW, at="20260104T000000Z")
    warehouse.land("crimes", ROW, force="leicestershire")
    held = warehouse.land("crimes", *ROWS, *ROWS, start="2025-02-01")
    entry = warehouse.land("crimes", EREWASH)
    assert held.outcome == "held"
    assert (entry.withheld, entry.rows_landed) == ({}, 1)


def test_conflicting_file_again_is_known(warehouse):
    land_at_same_time(warehouse, [ROW], FROM_JANUARY)
    land_at_same_time(warehouse, [EREWASH, SAME], FROM_MARCH)
    assert warehouse.land("crimes", SAME, EREWASH, start=FROM_MARCH[0], end=FROM_MARCH[1], ext=".csv.gz").outcome == "known"
    assert warehouse.land("crimes", ROW, ext=".csv.gz").outcome == "known"


def land_two_that_conflict(warehouse, old, new):
    """Land two files of the same time, one after the other: crimes by number, in the second in another unit.

    Returns the last entry of each."""
    first = land_at_same_time(warehouse, [f"C{n},2025-03-01,92D,Recorded,Dales" for n in old], FROM_JANUARY)
    warehouse.drop("crimes", *(f"C{n},2025-03-01,92D,Recorded,Erewash" for n in new), start=FROM_MARCH[0], end=FROM_MARCH[1])
    warehouse.night()
    second = next(e for e in warehouse.ledger() if e.load_id != first.load_id)
    return [[e for e in warehouse.ledger() if e.load_id == load][-1] for load in (first.load_id, second.load_id)]


@pytest.mark.parametrize(
    "old,new,outcomes,quarantined",
    [
        (range(90), range(80), ["held", "held"], [0, 0]),
        (range(90), range(70, 110), ["accepted", "accepted"], [20, 20]),
        (range(90), range(70, 109), ["accepted", "held"], [0, 0]),
        (range(39), range(19, 109), ["held", "accepted"], [0, 0]),
        (range(40), range(20, 109), ["accepted", "accepted"], [20, 20]),
        (range(19), range(19), ["accepted", "accepted"], [19, 19]),
        (range(20), range(19), ["held", "accepted"], [0, 0]),
    ],
    ids=["both", "half", "the second", "the first", "half of the first", "few", "20 rows"],
)
def test_file_that_loses_most_rows_to_a_conflict_is_held(warehouse, old, new, outcomes, quarantined):
    entries = land_two_that_conflict(warehouse, old, new)
    assert [e.outcome for e in entries] == outcomes
    totals = counts(warehouse.ledger())
    # A held file has no conflicts: the other keeps all its rows.
    assert [totals[e.load_id].rows_quarantined for e in entries] == quarantined
    assert [len(warehouse.quarantine(e)) for e in entries] == quarantined
    for entry, other in (entries, reversed(entries)):
        if entry.outcome == "held":
            assert "Most often differs from an extraction of the same time" in entry.reason
            assert f"Of the same time: {other.source_file}. Drop the one that counts again under a newer time" in entry.reason


def test_one_of_two_conflicting_files_is_released_or_sent_again(warehouse):
    first, _ = land_two_that_conflict(warehouse, range(90), range(80))
    entry = release_load(warehouse.home, warehouse.contracts, first.load_id, "release-1", by="A. Nalyst", why="it counts")
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 90, 0)
    again = warehouse.land(
        "crimes", *(f"C{n},2025-03-01,92D,Recorded,Erewash" for n in range(90)),
        start=FROM_MARCH[0], end=FROM_MARCH[1], at="20260105T030000Z",
    )  # fmt: skip
    assert (again.outcome, again.rows_landed) == ("accepted", 90)


def test_file_held_for_itself_withholds_no_row_of_another(warehouse):
    """A doubled feed with another version of a row that counts: it counts for nothing, so the other's row stays."""
    first = land_at_same_time(warehouse, [ROW.replace("C1", "C7")], FROM_JANUARY)
    held = land_at_same_time(warehouse, [r.replace("Dales", "Erewash") for r in (*ROWS, *ROWS)], FROM_MARCH)
    assert (held.outcome, held.withheld, held.rows_quarantined) == ("held", {}, 0)
    assert warehouse.withheld(first) == [] and counts(warehouse.ledger())[first.load_id].rows_landed == 1


def test_held_file_takes_part_in_no_other_conflict(warehouse):
    """The second differs from the first in five rows and from the third in most: when it is held, the others keep all rows."""
    land_at_same_time(warehouse, [f"C{n},2025-03-01,92D,Recorded,Dales" for n in range(100)], FROM_JANUARY)
    second = land_at_same_time(warehouse, [f"C{n},2025-03-01,92D,Recorded,Erewash" for n in range(95, 135)], FROM_MARCH)
    assert (second.outcome, second.rows_landed) == ("accepted", 35)
    rows = [f"C{n},2025-03-01,92D,Recorded,High Peak" for n in (*range(100, 135), *range(200, 300))]
    warehouse.drop("crimes", *rows, start=FROM_FEBRUARY[0], end=FROM_FEBRUARY[1])
    warehouse.night()
    held = [e for e in warehouse.ledger() if e.load_id == second.load_id][-1]
    assert (held.outcome, held.held_for, held.rows_landed, held.rows_quarantined) == ("held", None, 40, 0)
    assert "40 of 40 rows" in held.reason and "Most often differs from an extraction of the same time (40)" in held.reason
    assert [c.rows_landed for c in counts(warehouse.ledger()).values()] == [100, 40, 135]
    released = release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst", why="it counts")
    assert (released.rows_landed, released.rows_quarantined) == (0, 40)
    assert [c.rows_landed for c in counts(warehouse.ledger()).values()] == [95, 0, 100]


@pytest.mark.parametrize("is_first", [True, False])
def test_rows_in_quarantine_count_towards_those_that_a_file_would_lose(warehouse, is_first):
    """Six of 20 are bad and six differ, in the file that came first or in the other."""
    bad = [row.replace("Recorded", "Odd") for row in ROWS[:6]]
    files = [*bad, *ROWS[6:20]], [*(row.replace("Dales", "Erewash") for row in ROWS[6:12]), *ROWS[20:40]]
    one, other = files if is_first else files[::-1]
    land_at_same_time(warehouse, one, FROM_JANUARY)
    warehouse.drop("crimes", *other, start=FROM_MARCH[0], end=FROM_MARCH[1])
    warehouse.night()
    last = {e.load_id: e for e in warehouse.ledger()}
    assert [(e.rows_in_file, e.outcome) for e in last.values()] == [
        (20, "held") if is_first else (26, "accepted"), (26, "accepted") if is_first else (20, "held"),
    ]  # fmt: skip
    (held,) = (e for e in last.values() if e.outcome == "held")
    assert "12 of 20 rows" in held.reason and "Most often status: is not one of its values (6)" in held.reason


def test_rows_lost_to_two_files_add_up(warehouse):
    first = land_at_same_time(warehouse, ROWS[:40], FROM_JANUARY)
    rows = [*(r.replace("Dales", "Erewash") for r in ROWS[:15]), *(f"A{r}" for r in ROWS)]
    second = land_at_same_time(warehouse, rows, FROM_MARCH)
    assert second.withheld == {first.load_id: 15}
    rows = [*(r.replace("Dales", "High Peak") for r in ROWS[15:25]), *(f"B{r}" for r in ROWS)]
    warehouse.drop("crimes", *rows, start=FROM_FEBRUARY[0], end=FROM_FEBRUARY[1])
    third, held = warehouse.night()
    assert (held.load_id, held.outcome) == (first.load_id, "held") and "25 of 40 rows" in held.reason
    assert "Most often differs from an extraction of the same time (25)" in held.reason
    # A held file has no conflicts: all rows are back, its own too.
    assert [c.rows_landed for c in counts(warehouse.ledger()).values()] == [40, 65, 60]
    warehouse.drop("crimes", *(f"B{r}".replace("Dales", "Erewash") for r in ROWS), start=FROM_YEAR_BEFORE[0])
    fourth, _ = warehouse.night()
    assert fourth.outcome == "held" and f"Of the same time: {third.source_file}. Drop" in fourth.reason, "and not the second"


def test_two_files_that_a_third_contradicts_are_held_with_all_their_rows(warehouse):
    """They differ from each other in five rows, which came back twice: the ledger had more rows than the file."""
    others = [f"A{r}" for r in ROWS[:25]]
    first = land_at_same_time(warehouse, ROWS[:30], FROM_JANUARY)
    second = land_at_same_time(warehouse, [*(r.replace("Dales", "Erewash") for r in ROWS[:5]), *others], FROM_MARCH)
    assert second.withheld == {first.load_id: 5}
    rows = [*(r.replace("Dales", "High Peak") for r in (*ROWS[5:30], *others)), *(f"B{r}" for r in ROWS), f"X{ROW}"]
    warehouse.drop("crimes", *rows, start=FROM_FEBRUARY[0], end=FROM_FEBRUARY[1])
    assert [e.outcome for e in warehouse.night()] == ["accepted", "held", "held"]
    assert [c.rows_landed for c in counts(warehouse.ledger()).values()] == [30, 30, 101]


def test_released_file_is_not_held_again_without_a_conflict(warehouse):
    """Most of its rows are bad, which a person accepted; the other file of its time differs from none."""
    held = land_at_same_time(warehouse, [*ROWS[:20], *(r.replace("Recorded", "Odd") for r in ROWS[20:])], FROM_JANUARY)
    release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst", why="it counts")
    other = land_at_same_time(warehouse, ["X1,2025-03-01,92D,Recorded,Dales"], FROM_MARCH)
    assert (held.outcome, other.outcome) == ("held", "accepted")
    assert {e.load_id for e in accepted(warehouse.ledger())} == {held.load_id, other.load_id}


def test_row_that_differs_from_two_files_is_lost_once(warehouse):
    """Ten of 30 rows differ, from both earlier files: the third is not held."""
    for window in (FROM_JANUARY, FROM_MARCH):
        land_at_same_time(warehouse, ROWS[:20], window)
    rows = [*(row.replace("Dales", "Erewash") for row in ROWS[:10]), *ROWS[20:40]]
    third = land_at_same_time(warehouse, rows, FROM_FEBRUARY)
    assert (third.outcome, third.rows_landed, third.rows_quarantined) == ("accepted", 20, 10)


def test_two_conflicting_files_in_one_night(warehouse):
    for unit, (start, end) in (("Dales", FROM_JANUARY), ("Erewash", FROM_MARCH)):
        warehouse.drop("crimes", *(f"C{n},2025-03-01,92D,Recorded,{unit}" for n in range(30)), start=start, end=end)
    entries = warehouse.night()
    assert [e.outcome for e in entries] == ["accepted", "held", "held"] and entries[0].load_id == entries[2].load_id
    assert accepted(warehouse.ledger()) == []
    assert [e.outcome for e in warehouse.night(archive=False)] == []


def test_rows_withheld_by_a_later_file_have_a_reason(warehouse):
    land_two_that_conflict(warehouse, range(90), range(70, 110))
    assert [(f.rows, f.reasons) for f in quarantined_files(warehouse.home)] == [
        (20, {"differs from an extraction of the same time": 20})
    ] * 2


def test_rows_without_a_key_of_two_files_of_one_time_count_once(warehouse):
    """A street file of other days or of a newer time is welcome. One that was retracted is not released beside another."""
    row = {"header": "Month,LSOA name,Crime type", "end": "2025-02-28"}
    first = warehouse.land("street_crime", "2025-02,Derby 001A,Robbery", **row)
    second = warehouse.land("street_crime", "2025-02,Derby 001A,Robbery", start="2025-02-01", **row)
    assert second.outcome == "refused" and "covers some of the same months" in second.reason
    half = warehouse.land("street_crime", "2025-01,Derby 001A,Robbery", start="2024-12-01", **row | {"end": "2025-01-09"})
    assert half.outcome == "refused", "a row of January says no day"
    march = warehouse.land("street_crime", "2025-03,Derby 001A,Robbery", start="2025-03-01", **row | {"end": "2025-03-31"})
    newer = warehouse.land("street_crime", "2025-02,Derby 001A,Robbery", start="2025-02-01", at="20260105T030000Z", **row)
    assert (march.outcome, newer.outcome) == ("accepted", "accepted")
    retract_load(warehouse.home, first.load_id, "retract-1", by="A. Nalyst", why="wrong")
    other = warehouse.land("street_crime", "2025-02,Derby 001A,Robbery", start="2025-02-03", **row)
    assert other.outcome == "accepted"
    with pytest.raises(NotHeld, match="is of the same extraction"):
        release_load(warehouse.home, warehouse.contracts, first.load_id, "release-1", by="A. Nalyst", why="right after all")


# Releases


def test_released_file_loads_unchanged(warehouse):
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


def test_release_checks_for_conflicts(warehouse):
    held = warehouse.land("crimes", *ROWS, *ROWS, start="2025-02-01")
    other = warehouse.land("crimes", EREWASH)
    entry = release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst", why="checked")
    assert entry.withheld == {other.load_id: 1}
    assert (entry.rows_landed, entry.rows_quarantined) == (49, 1)


def test_unknown_load_cannot_be_released(warehouse):
    with pytest.raises(NotHeld):
        release_load(warehouse.home, warehouse.contracts, "none", "release-1", by="A. Nalyst", why="checked")


def test_release_does_not_make_a_month_newer(warehouse):
    """A month that came after it stays the newest: the same again is known, and the released content again is held."""
    text = "Date,Object of search,Outcome\n"
    doubled = text + "".join(f"2024-01-01T10:00:00,x,{i}\n" * 2 for i in range(50))
    name = "2024-01-derbyshire-stop-and-search.csv"
    warehouse.put(name, doubled)
    (held,) = warehouse.night()
    warehouse.put(name, text + "2024-01-02T10:00:00,x,y\n")
    warehouse.night()
    release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst", why="checked")
    entries = []
    for again in (text + "2024-01-02T10:00:00,x,y\n", doubled):
        warehouse.put(name, again)
        entries += warehouse.night()
    assert [e.outcome for e in entries] == ["known", "held"]
