"""Nights of files: what counts as the same, ties, releases, and what is left after a crash."""

import json
import os
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.landing import (
    NotHeld,
    accepted,
    counts,
    find_files,
    land_files,
    read_ledger,
    release_load,
)
from dagster_project.landing import land as land_module
from dagster_project.landing import opening as opening_module

from .conftest import FORCES, NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"
ROWS = [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(50)]
SEARCHES = "Type,Date,Object of search,Outcome\n"


def outcomes(entries):
    return [e.outcome for e in entries]


# The same extraction again


def test_the_same_file_again_is_known(warehouse):
    first = warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,")
    again = warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,")
    assert again.outcome == "known" and again.load_id == first.load_id
    assert again.reason.startswith(f"the same as {first.source_file}, accepted on 2026-01-06")
    assert outcomes(warehouse.ledger()) == ["accepted", "known"]
    assert len(accepted(warehouse.ledger())) == 1


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
def test_the_same_rows_in_another_dress_are_known(warehouse, change):
    change = dict(change)
    warehouse.land("crimes", ROW)
    assert warehouse.land("crimes", *change.pop("rows", [ROW]), **change).outcome == "known"


def test_quarantined_rows_are_part_of_the_content(warehouse):
    warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,", "C3,2025-03-01,92D,Recorded,")
    assert (
        warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,", "C3,2025-03-01,92D,Recorded,", ext=".csv.gz").outcome
        == "known"
    )
    other = warehouse.land("crimes", ROW, "C2,later,92D,Recorded,", "C3,2025-03-01,92D,Recorded,")
    assert other.outcome == "refused"


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
def test_other_content_under_the_same_claim_is_refused_and_the_first_stays(warehouse, rows):
    first = warehouse.land("crimes", ROW)
    other = warehouse.land("crimes", *rows)
    assert other.outcome == "refused"
    assert other.reason.startswith("two files claim to be one extraction")
    assert [e.load_id for e in accepted(warehouse.ledger())] == [first.load_id]
    assert len(warehouse.raw(first)) == 1


def test_two_claims_in_one_night(warehouse):
    warehouse.drop("crimes", ROW)
    warehouse.drop("crimes", ROW.replace("Dales", "Erewash"), ext=".csv.gz")
    assert outcomes(warehouse.night()) == ["accepted", "refused"]


def test_a_refused_file_leaves_its_claim_free(warehouse):
    assert warehouse.land("crimes", ROW, "C2,2025", text="crime_ref\nC1\n").outcome == "refused"
    assert warehouse.land("crimes", ROW).outcome == "accepted"


def test_a_held_file_again_is_known_and_other_content_is_refused(warehouse):
    held = warehouse.land("crimes", *ROWS, *ROWS)
    assert warehouse.land("crimes", *ROWS, *ROWS).outcome == "known"
    assert warehouse.land("crimes", *ROWS).outcome == "refused"
    assert outcomes(warehouse.ledger()) == ["held", "known", "refused"]
    assert accepted(warehouse.ledger()) == [] and held.outcome == "held"


@pytest.mark.parametrize("change", [{"at": "20260106T020000Z"}, {"end": "2026-01-31"}, {"force": "leicestershire"}])
def test_the_same_content_under_another_claim_is_new(warehouse, change):
    first, second = warehouse.land("crimes", ROW), warehouse.land("crimes", ROW, **change)
    assert second.outcome == "accepted" and first.load_id != second.load_id


# data.police.uk


def searches(warehouse, *days: str, mtime: float | None = None, **more):
    text = SEARCHES + "".join(f"Person search,2024-01-{day}T10:00:00+00:00,Controlled drugs,Arrest\n" for day in days)
    return warehouse.put("2024-01-derbyshire-stop-and-search.csv", text, mtime=mtime, **more)


def test_a_month_again_is_known_other_content_replaces_and_old_content_may_come_back(warehouse):
    found = []
    for days in (["01"], ["01"], ["01", "02"], ["01"], ["01"]):
        searches(warehouse, *days)
        found += warehouse.night()
    assert outcomes(found) == ["accepted", "known", "accepted", "accepted", "known"]
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


def test_of_two_files_of_a_month_the_newer_one_lands_last(warehouse):
    searches(warehouse, "01", mtime=2000, folder=warehouse.home.inbox / "a")
    searches(warehouse, "02", mtime=1000, folder=warehouse.home.inbox / "b")
    first, second = warehouse.night()
    assert warehouse.raw(first)[0]["_date"] == "2024-01-02"
    assert warehouse.raw(second)[0]["_date"] == "2024-01-01"
    assert first.extracted_at < second.extracted_at


def test_a_held_month_is_known_while_it_is_held(warehouse):
    text = "Date,Object of search,Outcome\n" + "".join(f"2024-01-01T10:00:00,x,{i}\n" * 2 for i in range(50))
    for expected in ("held", "known"):
        warehouse.put("2024-01-derbyshire-stop-and-search.csv", text)
        assert outcomes(warehouse.night()) == [expected]


def test_what_is_absent_there_is_no_reason(warehouse):
    searches(warehouse, "01")
    (entry,) = warehouse.night()
    (row,) = warehouse.raw(entry)
    assert (row["search_ref"], row["_key"], row["object_found"]) == (None, None, None)
    assert entry.unknown_columns == ["Type"] and "search_ref" not in entry.missing_columns


# Ties


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
    entry = release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst", now=NOW)
    assert (entry.outcome, entry.load_id, entry.rows_landed, entry.rows_duplicate) == (
        "accepted", held.load_id, 50, 50,
    )  # fmt: skip
    assert entry.reason.startswith("released by A. Nalyst; was held: doubled feed")
    assert [e.load_id for e in accepted(warehouse.ledger())] == [held.load_id]
    assert warehouse.ledger()[-1] == entry
    with pytest.raises(NotHeld, match="accepted"):
        release_load(warehouse.home, warehouse.contracts, held.load_id, "release-2", by="A. Nalyst")
    assert warehouse.land("crimes", *ROWS, *ROWS).outcome == "known"


def test_a_release_settles_ties(warehouse):
    held = warehouse.land("crimes", *ROWS, *ROWS, start="2025-02-01")
    other = warehouse.land("crimes", ERE)
    entry = release_load(warehouse.home, warehouse.contracts, held.load_id, "release-1", by="A. Nalyst")
    assert entry.withheld == {other.load_id: 1}
    assert (entry.rows_landed, entry.rows_quarantined) == (49, 1)


def test_there_is_nothing_to_release(warehouse):
    with pytest.raises(NotHeld):
        release_load(warehouse.home, warehouse.contracts, "none", "release-1", by="A. Nalyst")


# The night


def test_oldest_extraction_first(warehouse):
    warehouse.drop("crimes", ROW, at="20260105T020000Z")
    warehouse.drop("crimes", ROW, at="20260104T020000Z")
    warehouse.drop("crimes", ROW, at="20260103T020000Z", force="leicestershire")
    found = warehouse.night()
    assert [e.extracted_at[:10] for e in found] == ["2026-01-03", "2026-01-04", "2026-01-05"]
    assert [e.landed_at for e in found] == sorted(e.landed_at for e in found)


def test_order_of_landing_does_not_depend_on_the_clock(warehouse):
    warehouse.land("crimes", ROW)
    warehouse.drop("crimes", ROW, at="20260106T020000Z")
    (later,) = warehouse.night(now=NOW - timedelta(days=300))
    assert warehouse.ledger()[-1] == later


def test_files_go_to_the_archive_and_none_is_written_over(warehouse):
    path = warehouse.drop("crimes", ROW)
    path.with_name(path.name + ".manifest.json").write_text('{"rows": 1}')
    warehouse.put("odd.txt", "x")
    warehouse.night()
    warehouse.drop("crimes", ROW)
    warehouse.night()
    assert warehouse.inbox() == []
    folder = warehouse.home.archive / "2026-01-06"
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        [path.name, path.name + ".2", path.name + ".manifest.json", "odd.txt"]
    )
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}


def test_names_that_say_nothing_are_refused_in_a_ledger_file_of_their_own(warehouse):
    warehouse.put("odd.txt", "x")
    warehouse.drop("crimes", ROW, force="mordor")
    found = warehouse.night()
    assert outcomes(found) == ["refused"] * 2 and {e.extract for e in found} == {None}
    assert [p.name for p in warehouse.home.ledger.iterdir()] == ["night-1___files.jsonl"]


def test_one_bad_file_does_not_keep_the_others_out(warehouse, monkeypatch):
    real = opening_module.decode

    def decode(data):
        if b"C13" in data:
            raise RuntimeError("row C13 of Jane Doe")
        return real(data)

    monkeypatch.setattr(opening_module, "decode", decode)
    warehouse.drop("crimes", ROW.replace("C1", "C13"))
    warehouse.drop("crimes", ROW, at="20260106T020000Z")
    first, second = warehouse.night()
    assert (first.outcome, first.reason) == ("refused", "could not be read: RuntimeError")
    assert second.outcome == "accepted"


def test_a_file_that_may_not_be_read_is_refused(warehouse, monkeypatch):
    def read_stored(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(land_module, "read_stored", read_stored)
    assert warehouse.land("crimes", ROW).reason == "could not be read: Permission denied"


def test_a_file_that_is_still_growing_is_left_for_the_next_night(warehouse, monkeypatch):
    path = warehouse.drop("crimes", ROW)
    real = land_module.read_stored

    def read_stored(file: Path):
        with file.open("a") as sender:
            sender.write("C2,2025-03-01,92D,Recorded,\n")
        # What a reader sees that began before: the size at the end is another.
        monkeypatch.setattr(Path, "stat", lambda self, **_: os.stat_result([0o100600, 0, 0, 0, 0, 0, 1, 0, 0, 0]))
        try:
            return real(file)
        finally:
            monkeypatch.undo()

    monkeypatch.setattr(land_module, "read_stored", read_stored)
    (entry,) = warehouse.night()
    assert entry.outcome == "refused" and "changed while it was read" in entry.reason
    assert path.exists() and warehouse.ledger() == []
    assert warehouse.night()[0].rows_landed == 2


def test_rows_that_cannot_be_stored_end_the_night_and_the_files_stay(warehouse, monkeypatch):
    def write_raw(*_):
        raise OSError(28, "No space left on device")

    warehouse.drop("crimes", ROW)
    monkeypatch.setattr(land_module, "write_raw", write_raw)
    with pytest.raises(OSError, match="No space"):
        warehouse.night()
    assert len(warehouse.inbox()) == 1 and warehouse.ledger() == []


def test_progress_is_told_of_each_file(warehouse):
    warehouse.drop("crimes", ROW)
    warehouse.put("odd.txt", "x")
    seen = []
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    found = land_files(warehouse.home, warehouse.contracts, files, "n", now=NOW, archive=True, progress=seen.append)
    assert seen == found and len(seen) == 2


def test_no_files_no_ledger(warehouse):
    assert warehouse.night() == [] and not list(warehouse.home.ledger.iterdir())


# After a crash


def test_parquet_without_a_ledger_line_is_written_over(warehouse, monkeypatch):
    first = tie(warehouse, [ROW], A)

    def commit(*_):
        raise KeyboardInterrupt

    warehouse.drop("crimes", ERE, "C9,soon,92D,Recorded,", start=B[0], end=B[1])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(land_module, "commit", commit)
        warehouse.night()
    assert warehouse.withheld(first) and outcomes(warehouse.ledger()) == ["accepted"]
    # Something else lands first: nothing may stay withheld for a file that is not there.
    path = next(warehouse.home.inbox.iterdir())
    path.rename(warehouse.home.path / path.name)
    warehouse.land("incidents", "I1,ROC,2025-03-01,,,,")
    assert warehouse.withheld(first) == [] and warehouse.quarantine(first) == []
    (warehouse.home.path / path.name).rename(path)
    (second,) = warehouse.night()
    assert second.withheld == {first.load_id: 1} and second.rows_quarantined == 2
    assert len(list(warehouse.home.raw.glob("crimes/*/*.parquet"))) == 2
    assert not [p for p in warehouse.home.path.rglob("*") if p.name.endswith((".new", ".tmp"))]


def test_a_file_committed_and_not_archived_is_known_next_night(warehouse, monkeypatch):
    warehouse.drop("crimes", ROW)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(land_module, "move_to_archive", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        warehouse.night()
    assert outcomes(warehouse.night()) == ["known"]
    assert warehouse.inbox() == []


# An inbox of somebody else's


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def test_a_quiet_night_writes_nothing(warehouse, outside):
    warehouse.drop("crimes", ROW, folder=outside)
    warehouse.drop("crimes", ROW, force="mordor", folder=outside)
    warehouse.drop("crimes", *ROWS, *ROWS, at="20260106T000000Z", folder=outside)
    warehouse.put("2024-01-derbyshire-street.csv", "Month,Crime type\n2024-01,Drugs\n", outside / "2024-01")
    warehouse.put("2024-02-derbyshire-street.csv", "Month\n2024-02\n", outside / "2024-02")
    first = warehouse.night(archive=False, inbox=outside)
    assert sorted(outcomes(first)) == ["accepted", "accepted", "held", "refused", "refused"]
    files = sorted(p.name for p in warehouse.home.ledger.iterdir())
    second = warehouse.night(archive=False, inbox=outside)
    assert outcomes(second) == ["known"] * 5
    assert any("decided before: refused: misses required columns" in e.reason for e in second)
    assert sorted(p.name for p in warehouse.home.ledger.iterdir()) == files
    assert len(list(outside.rglob("*.csv"))) == 5 and len(warehouse.ledger()) == 5


def test_a_new_drop_of_the_same_is_known_once(warehouse, outside):
    path = warehouse.drop("crimes", ROW, folder=outside)
    warehouse.night(archive=False, inbox=outside)
    os.utime(path, (1, 1))
    for _ in range(2):
        assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["known"]
    assert outcomes(warehouse.ledger()) == ["accepted", "known"]


def test_a_mended_name_manifest_or_seed_is_looked_at_again(warehouse, outside):
    path = warehouse.drop("crimes", ROW, folder=outside)
    manifest = path.with_name(path.name + ".manifest.json")
    manifest.write_text('{"rows": 7}')
    assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["refused"]
    os.utime(manifest, (1, 1))
    assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["known"]
    manifest.write_text('{"rows": 1}')
    assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["accepted"]
    strange = warehouse.drop("crimes", ROW, force="mordor", folder=outside)
    warehouse.night(archive=False, inbox=outside)
    files = [f for f in find_files(outside, warehouse.contracts, FORCES | {"mordor"}) if f.name == strange.name]
    (entry,) = land_files(warehouse.home, warehouse.contracts, files, "later", now=NOW, archive=False)
    assert entry.outcome == "accepted"


# The ledger


def test_the_ledger_is_json_lines_that_add_up(warehouse):
    entry = warehouse.land("crimes", ROW, ROW, "C2,soon,92D,Recorded,", "C3,2025-03-01,92D,Recorded,")
    (path,) = warehouse.home.ledger.iterdir()
    assert path.name == "night-1__crimes.jsonl" and path.stat().st_mode & 0o777 == 0o600
    (line,) = path.read_text().splitlines()
    said = json.loads(line)
    assert said["outcome"] == "accepted" and said["covered_to"] == "2025-12-31"
    assert (said["rows_in_file"], said["rows_landed"], said["rows_quarantined"], said["rows_duplicate"]) == (
        4,
        2,
        1,
        1,
    )
    assert said["landed_at"] == "2026-01-06T03:00:00.000000Z" and said["extracted_at"] == "2026-01-05T02:00:00Z"
    assert read_ledger(warehouse.home) == [entry]


def test_a_second_commit_of_a_night_appends(warehouse):
    for rows, at in (([ROW], "20260105T020000Z"), ([SAME], "20260106T020000Z")):
        warehouse.drop("crimes", *rows, at=at)
        files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
        land_files(warehouse.home, warehouse.contracts, files, "one-night", now=NOW, archive=True)
    (path,) = warehouse.home.ledger.iterdir()
    assert len(path.read_text().splitlines()) == 2 and len(warehouse.ledger()) == 2


def test_a_broken_ledger_is_an_error(warehouse):
    warehouse.land("crimes", ROW)
    (path,) = warehouse.home.ledger.iterdir()
    path.write_text(path.read_text()[:-20])
    with pytest.raises(ValueError):
        read_ledger(warehouse.home)


def test_no_home_no_entries(tmp_path):
    from dagster_project.settings import Home

    assert read_ledger(Home.of(tmp_path / "none")) == []


def test_what_is_written_is_for_the_owner_alone(warehouse):
    old = os.umask(0)
    try:
        warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,")
    finally:
        os.umask(old)
    for folder in ("raw", "quarantine"):
        for path in (warehouse.home.path / folder).rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path


def test_raw_is_all_text(warehouse):
    entry = warehouse.land("confiscation_orders", "O1,2025-03-01,Other,1,1")
    path = warehouse.home.raw / "confiscation_orders" / "derbyshire" / f"{entry.load_id}.parquet"
    with duckdb.connect() as con:
        found = con.execute("describe select * from read_parquet($1)", [str(path)]).fetchall()
    assert {row[1] for row in found} == {"VARCHAR"}
    assert [row[0] for row in found][-8:] == [
        "_extract", "_force_code", "_load_id", "_line", "_key", "_date", "_extracted_at", "_source_file",
    ]  # fmt: skip
