"""Landing that is killed between its steps, and how the next one cleans up."""

import os
import shutil
import subprocess
import sys

import pytest

from dagster_project.core.home import PROJECT, Home
from dagster_project.landing import accepted, land_files
from dagster_project.landing.interrupted_landing import MARK

from .conftest import NOW, Warehouse

LAND_AND_KILL = f"""
import datetime, os, signal, sys
from dagster_project.contracts import load_contracts
from dagster_project.landing import find_files, land, land_files
from dagster_project.core.home import Home
setattr(land, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
home, contracts = Home.of(sys.argv[1]), load_contracts()
files = find_files(home.inbox, contracts, {{"derbyshire"}})
land_files(home, contracts, files, "killed", now=datetime.datetime.fromisoformat("{NOW.isoformat()}"), archive=True)
"""
MONTH = "2024-01-derbyshire-stop-and-search.csv"
HEADER = "Date,Object of search,Outcome\n"
ORPHAN = "20260101T000000Z-0123456789ab.parquet"


def kill_at(warehouse, step):
    """Land the inbox in a process that is killed before `step`, a function that landing calls."""
    result = subprocess.run([sys.executable, "-c", LAND_AND_KILL, str(warehouse.home.path), step], cwd=PROJECT, check=False)
    assert result.returncode == -9


def month_twice(warehouse):
    for n, folder in enumerate("ab", start=1):
        text = HEADER + f"2024-01-0{n}T10:00:00+00:00,Drugs,Arrest\n"
        warehouse.put(MONTH, text, folder=warehouse.home.inbox / folder, mtime=1000 * n)


def stored(warehouse):
    return {p.stem for p in warehouse.home.raw.glob("stop_search/*/*")}


def outcomes(entries):
    return [e.outcome for e in entries]


@pytest.fixture(scope="module")
def killed_home(tmp_path_factory):
    """A home with a month that came twice, killed between the ledger and the archive."""
    warehouse = Warehouse(Home.of(tmp_path_factory.mktemp("killed") / "home").create())
    month_twice(warehouse)
    (warehouse.home.inbox / "a" / f"{MONTH}.manifest.json").write_text('{"rows": 1}')
    kill_at(warehouse, "move_to_archive")
    assert outcomes(warehouse.ledger()) == ["accepted", "accepted"] and len(warehouse.inbox()) == 3
    return warehouse


@pytest.fixture
def interrupted(killed_home, warehouse):
    """A copy of that home, which a test may change."""
    shutil.rmtree(warehouse.home.path)
    shutil.copytree(killed_home.home.path, warehouse.home.path)
    return warehouse


def test_landed_files_not_yet_archived_are_archived_and_do_not_land_again(interrupted):
    ledger, rows = interrupted.ledger(), stored(interrupted)
    entries = interrupted.night()
    assert outcomes(entries) == ["known", "known"]
    assert entries[0].reason == "decided before: accepted" and entries[0].load_id == ledger[0].load_id
    assert interrupted.inbox() == [] and interrupted.ledger() == ledger and stored(interrupted) == rows
    archived = sorted(p.name for p in interrupted.home.archive.rglob("*") if p.is_file())
    assert archived == [MONTH, f"{MONTH}.2", f"{MONTH}.manifest.json"]
    assert not (interrupted.home.ledger / MARK).exists()


def test_older_content_dropped_again_later_lands(interrupted):
    interrupted.night()
    shutil.copy2(interrupted.home.archive / "2026-01-06" / MONTH, interrupted.home.inbox)
    assert outcomes(interrupted.night()) == ["accepted"]
    assert len(accepted(interrupted.ledger())) == 3


def test_other_content_under_the_name_of_a_file_left_behind_lands(interrupted):
    path = interrupted.home.inbox / "b" / MONTH
    at = path.stat().st_mtime
    path.write_bytes(path.read_bytes().replace(b"Arrest", b"Nothin"))
    os.utime(path, (at, at))
    assert outcomes(interrupted.night()) == ["known", "accepted"]


def test_partial_night_leaves_the_cleanup_to_a_whole_one(interrupted):
    land_files(interrupted.home, interrupted.contracts, [], "backfill", now=NOW, archive=True, whole=False)
    assert (interrupted.home.ledger / MARK).exists()
    assert outcomes(interrupted.night()) == ["known", "known"]


def test_only_rows_that_no_ledger_line_names_are_removed(warehouse):
    landed = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales", "C2,soon,92D,Recorded,")
    folder = warehouse.home.raw / "crimes" / "derbyshire"
    older_orphan = folder / ORPHAN
    older_orphan.write_bytes(b"of a backup")
    os.utime(older_orphan, (1, 1))
    month_twice(warehouse)
    kill_at(warehouse, "commit")
    lost = stored(warehouse)
    assert len(lost) == 2 and len(warehouse.ledger()) == 1
    other_files = [folder / "notes.parquet", folder / f"{ORPHAN}.bak", warehouse.home.raw / "stop_search" / "x.parquet"]
    for path in other_files:
        path.write_bytes(b"somebody's")
    half_written = folder / f".{landed.load_id}.parquet.new"
    half_written.write_bytes(b"half written")
    # The files are gone now: nothing will ever overwrite their rows.
    shutil.rmtree(warehouse.home.inbox)
    warehouse.home.inbox.mkdir()
    assert warehouse.night() == []
    assert stored(warehouse) & lost == set() and not half_written.exists()
    assert all(path.exists() for path in (older_orphan, *other_files))
    assert len(warehouse.raw(landed)) == len(warehouse.quarantine(landed)) == len(warehouse.withheld(landed)) == 1


def test_nothing_is_removed_without_an_interrupted_landing(warehouse):
    landed = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales")
    shutil.rmtree(warehouse.home.ledger)
    warehouse.home.ledger.mkdir()
    warehouse.land("crimes", "C2,2025-03-01,92D,Recorded,Dales", at="20260106T020000Z")
    assert len(warehouse.raw(landed)) == 1, "a backup without its ledger"


def test_ledger_part_that_was_not_renamed_is_removed(interrupted):
    part = interrupted.home.ledger / ".n1__stop_search.jsonl.new"
    part.write_text("{}\n", encoding="utf-8")
    assert outcomes(interrupted.night()) == ["known", "known"]
    assert not part.exists()
    # Without an interrupted landing, the file belongs to somebody.
    part.write_text("{}\n", encoding="utf-8")
    interrupted.night()
    assert part.exists()
