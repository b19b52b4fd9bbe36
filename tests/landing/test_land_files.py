"""A night of files: their order, one bad file among good ones, a crash, and an inbox that is not ours to empty."""

import os
from datetime import timedelta

import pytest

from dagster_project.landing import find_files, land_file, land_files
from dagster_project.landing import land as land_module
from dagster_project.landing.opening import open_file as open_file_module

from .conftest import FORCES, NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"
ROWS = [f"C{i},2025-03-01,92D,Recorded,Dales" for i in range(50)]


def outcomes(entries):
    return [e.outcome for e in entries]


def test_oldest_extraction_first(warehouse):
    warehouse.drop("crimes", ROW, at="20260105T020000Z")
    warehouse.drop("crimes", ROW, at="20260104T020000Z")
    warehouse.drop("crimes", ROW, at="20260103T020000Z", force="leicestershire")
    entries = warehouse.night()
    assert [e.extracted_at[:10] for e in entries] == ["2026-01-03", "2026-01-04", "2026-01-05"]
    assert [e.landed_at for e in entries] == sorted(e.landed_at for e in entries)


def test_order_of_the_ledger_does_not_depend_on_the_clock(warehouse):
    warehouse.land("crimes", ROW)
    warehouse.drop("crimes", ROW, at="20260106T020000Z")
    (later,) = warehouse.night(now=NOW - timedelta(days=300))
    assert warehouse.ledger()[-1] == later


def test_archived_files_are_not_overwritten(warehouse):
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


def test_files_with_unknown_names_are_refused_in_their_own_ledger_file(warehouse):
    warehouse.put("odd.txt", "x")
    warehouse.drop("crimes", ROW, force="mordor")
    entries = warehouse.night()
    assert outcomes(entries) == ["refused"] * 2 and {e.extract for e in entries} == {None}
    assert [p.name for p in warehouse.home.ledger.iterdir()] == ["night-1___files.jsonl"]


UNKNOWN = "could not be read: damaged, or written in a way that is not known; export it again"


def test_one_unreadable_file_does_not_stop_the_others(warehouse, monkeypatch):
    real = open_file_module.decode

    def decode(data):
        if b"C13" in data:
            raise RuntimeError("row C13 of Jane Doe")
        return real(data)

    monkeypatch.setattr(open_file_module, "decode", decode)
    warehouse.drop("crimes", ROW.replace("C1", "C13"))
    warehouse.drop("crimes", ROW, at="20260106T020000Z")
    first, second = warehouse.night()
    assert (first.outcome, first.reason) == ("refused", UNKNOWN)
    assert second.outcome == "accepted"


def test_file_without_permission_to_read_is_refused(warehouse, monkeypatch):
    def read_stored(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(land_file, "read_stored", read_stored)
    assert warehouse.land("crimes", ROW).reason == "could not be read: Permission denied"


def test_growing_file_waits_for_the_next_night(warehouse, monkeypatch):
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


def test_night_ends_and_files_stay_if_rows_cannot_be_stored(warehouse):
    warehouse.drop("crimes", ROW)
    (warehouse.home.raw / "crimes").write_text("a file where a folder must be")
    with pytest.raises(OSError, match="crimes"):
        warehouse.night()
    assert len(warehouse.inbox()) == 1 and warehouse.ledger() == []


def test_progress_is_called_for_each_file(warehouse):
    warehouse.drop("crimes", ROW)
    warehouse.put("odd.txt", "x")
    reported = []
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    entries = land_files(warehouse.home, warehouse.contracts, files, "n", now=NOW, archive=True, progress=reported.append)
    assert reported == entries and len(reported) == 2


def test_no_files_make_no_ledger(warehouse):
    assert warehouse.night() == [] and not list(warehouse.home.ledger.iterdir())


# After a crash


def test_parquet_without_a_ledger_line_is_overwritten(warehouse, monkeypatch):
    first = warehouse.land("crimes", ROW)

    def commit(*_):
        raise KeyboardInterrupt

    warehouse.drop("crimes", ROW.replace("Dales", "Erewash"), "C9,soon,92D,Recorded,", start="2025-03-01")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(land_module, "commit", commit)
        warehouse.night()
    assert warehouse.withheld(first) and outcomes(warehouse.ledger()) == ["accepted"]
    # Another file lands first: nothing may stay withheld for a file that is not there.
    path = next(warehouse.home.inbox.iterdir())
    path.rename(warehouse.home.path / path.name)
    warehouse.land("incidents", "I1,ROC,2025-03-01,,,,")
    assert warehouse.withheld(first) == [] and warehouse.quarantine(first) == []
    (warehouse.home.path / path.name).rename(path)
    (second,) = warehouse.night()
    assert second.withheld == {first.load_id: 1} and second.rows_quarantined == 2
    assert len(list(warehouse.home.raw.glob("crimes/*/*.parquet"))) == 2
    assert not [p for p in warehouse.home.path.rglob("*") if p.name.endswith((".new", ".tmp"))]


def test_archived_files_of_a_long_name_are_not_overwritten(warehouse):
    """There is no room for a number after it, so the archive has another name for it."""
    for text in ("first", "second"):
        warehouse.put(f"{'x' * 240}.csv", text)
        assert outcomes(warehouse.night()) == ["refused"]
    assert sorted(p.read_text() for p in warehouse.home.archive.rglob("*.csv*")) == ["first", "second"]


def test_a_file_committed_and_not_archived_is_known_next_night(warehouse, monkeypatch):
    warehouse.drop("crimes", ROW)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(land_module, "move_to_archive", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        warehouse.night()
    assert outcomes(warehouse.night()) == ["known"]
    assert warehouse.inbox() == []


# A shared inbox, which landing does not empty


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def test_night_without_new_files_writes_nothing(warehouse, outside):
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


def test_same_file_dropped_again_is_known_once(warehouse, outside):
    path = warehouse.drop("crimes", ROW, folder=outside)
    warehouse.night(archive=False, inbox=outside)
    os.utime(path, (1, 1))
    for _ in range(2):
        assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["known"]
    assert outcomes(warehouse.ledger()) == ["accepted", "known"]


def test_file_is_read_again_after_its_manifest_or_the_list_of_forces_is_corrected(warehouse, outside):
    path = warehouse.drop("crimes", ROW, folder=outside)
    manifest = path.with_name(path.name + ".manifest.json")
    manifest.write_text('{"rows": 7}')
    assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["refused"]
    os.utime(manifest, (1, 1))
    assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["known"]
    manifest.write_text('{"rows": 1}')
    assert outcomes(warehouse.night(archive=False, inbox=outside)) == ["accepted"]
    unknown_force = warehouse.drop("crimes", ROW, force="mordor", folder=outside)
    warehouse.night(archive=False, inbox=outside)
    files = [f for f in find_files(outside, warehouse.contracts, FORCES | {"mordor"}) if f.name == unknown_force.name]
    (entry,) = land_files(warehouse.home, warehouse.contracts, files, "later", now=NOW, archive=False)
    assert entry.outcome == "accepted"
