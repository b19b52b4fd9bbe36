"""A night of files: their order, one bad file among good ones, a crash, an inbox that is not ours to empty."""

import os
from datetime import timedelta

import pytest

from dagster_project.landing import find_files, land_file, land_files
from dagster_project.landing import land as land_module
from dagster_project.landing import open_file as opening_module

from .conftest import FORCES, NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"
ROWS = [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(50)]


def outcomes(entries):
    return [e.outcome for e in entries]


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


UNKNOWN = "could not be read: damaged, or written in a way that is not known; export it again"


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
    assert (first.outcome, first.reason) == ("refused", UNKNOWN)
    assert second.outcome == "accepted"


def test_a_file_that_may_not_be_read_is_refused(warehouse, monkeypatch):
    def read_stored(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(land_file, "read_stored", read_stored)
    assert warehouse.land("crimes", ROW).reason == "could not be read: Permission denied"


def test_a_file_that_is_still_growing_is_left_for_the_next_night(warehouse, monkeypatch):
    path = warehouse.drop("crimes", ROW)
    real = land_file.read_stored

    def read_stored(file, home):
        stored = real(file, home)
        with file.path.open("a") as sender:
            sender.write("C2,2025-03-01,92D,Recorded,\n")
        monkeypatch.undo()
        return stored

    monkeypatch.setattr(land_file, "read_stored", read_stored)
    (entry,) = warehouse.night()
    assert entry.outcome == "refused" and "changed while it was read" in entry.reason
    assert path.exists() and warehouse.ledger() == []
    assert warehouse.night()[0].rows_landed == 2


def test_rows_that_cannot_be_stored_end_the_night_and_the_files_stay(warehouse):
    warehouse.drop("crimes", ROW)
    (warehouse.home.raw / "crimes").write_text("a file where a folder must be")
    with pytest.raises(OSError, match="crimes"):
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
    first = warehouse.land("crimes", ROW)

    def commit(*_):
        raise KeyboardInterrupt

    warehouse.drop("crimes", ROW.replace("Dales", "Erewash"), "C9,soon,92D,Recorded,", start="2025-03-01")
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
