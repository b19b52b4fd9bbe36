"""Landing that is killed between its steps, and what the next one makes of what is left."""

import os
import shutil
import subprocess
import sys

import pytest

from dagster_project.core.home import PROJECT, Home
from dagster_project.landing import accepted, land_files
from dagster_project.landing.interrupted_landing import MARK

from .conftest import NOW, Warehouse

KILLED = f"""
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
    done = subprocess.run([sys.executable, "-c", KILLED, str(warehouse.home.path), step], cwd=PROJECT, check=False)
    assert done.returncode == -9


def month_twice(warehouse):
    for n, folder in enumerate("ab", start=1):
        text = HEADER + f"2024-01-0{n}T10:00:00+00:00,Drugs,Arrest\n"
        warehouse.put(MONTH, text, folder=warehouse.home.inbox / folder, mtime=1000 * n)


def stored(warehouse):
    return {p.stem for p in warehouse.home.raw.glob("stop_search/*/*")}


def outcomes(entries):
    return [e.outcome for e in entries]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A home with a month that came twice, killed between the ledger and the archive."""
    warehouse = Warehouse(Home.of(tmp_path_factory.mktemp("killed") / "home").create())
    month_twice(warehouse)
    (warehouse.home.inbox / "a" / f"{MONTH}.manifest.json").write_text('{"rows": 1}')
    kill_at(warehouse, "move_to_archive")
    assert outcomes(warehouse.ledger()) == ["accepted", "accepted"] and len(warehouse.inbox()) == 3
    return warehouse


@pytest.fixture
def left(killed, warehouse):
    """The same, to be spoilt."""
    shutil.rmtree(warehouse.home.path)
    shutil.copytree(killed.home.path, warehouse.home.path)
    return warehouse


def test_what_was_decided_on_before_the_archive_is_put_away_and_lands_no_second_time(left):
    ledger, rows = left.ledger(), stored(left)
    entries = left.night()
    assert outcomes(entries) == ["known", "known"]
    assert entries[0].reason == "decided before: accepted" and entries[0].load_id == ledger[0].load_id
    assert left.inbox() == [] and left.ledger() == ledger and stored(left) == rows
    archived = sorted(p.name for p in left.home.archive.rglob("*") if p.is_file())
    assert archived == [MONTH, f"{MONTH}.2", f"{MONTH}.manifest.json"]
    assert not (left.home.ledger / MARK).exists()


def test_older_content_that_is_dropped_again_after_that_lands(left):
    left.night()
    shutil.copy2(left.home.archive / "2026-01-06" / MONTH, left.home.inbox)
    assert outcomes(left.night()) == ["accepted"]
    assert len(accepted(left.ledger())) == 3


def test_other_content_in_the_place_of_what_was_left_lands(left):
    path = left.home.inbox / "b" / MONTH
    at = path.stat().st_mtime
    path.write_bytes(path.read_bytes().replace(b"Arrest", b"Nothin"))
    os.utime(path, (at, at))
    assert outcomes(left.night()) == ["known", "accepted"]


def test_a_night_of_some_files_leaves_the_rest_to_one_of_all(left):
    land_files(left.home, left.contracts, [], "backfill", now=NOW, archive=True, whole=False)
    assert (left.home.ledger / MARK).exists()
    assert outcomes(left.night()) == ["known", "known"]


def test_rows_that_no_line_of_the_ledger_names_go_and_nothing_else_does(warehouse):
    landed = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales", "C2,soon,92D,Recorded,")
    folder = warehouse.home.raw / "crimes" / "derbyshire"
    before = folder / ORPHAN
    before.write_bytes(b"of a backup")
    os.utime(before, (1, 1))
    month_twice(warehouse)
    kill_at(warehouse, "commit")
    lost = stored(warehouse)
    assert len(lost) == 2 and len(warehouse.ledger()) == 1
    strange = [folder / "notes.parquet", folder / f"{ORPHAN}.bak", warehouse.home.raw / "stop_search" / "x.parquet"]
    for path in strange:
        path.write_bytes(b"somebody's")
    half = folder / f".{landed.load_id}.parquet.new"
    half.write_bytes(b"half written")
    # The files are gone meanwhile: nothing will ever write over their rows.
    shutil.rmtree(warehouse.home.inbox)
    warehouse.home.inbox.mkdir()
    assert warehouse.night() == []
    assert stored(warehouse) & lost == set() and not half.exists()
    assert all(path.exists() for path in (before, *strange))
    assert len(warehouse.raw(landed)) == len(warehouse.quarantine(landed)) == len(warehouse.withheld(landed)) == 1


def test_where_no_landing_was_left_unfinished_nothing_goes(warehouse):
    landed = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales")
    shutil.rmtree(warehouse.home.ledger)
    warehouse.home.ledger.mkdir()
    warehouse.land("crimes", "C2,2025-03-01,92D,Recorded,Dales", at="20260106T020000Z")
    assert len(warehouse.raw(landed)) == 1, "a backup without its ledger"


def test_a_part_of_the_ledger_that_did_not_get_its_name_is_removed(left):
    part = left.home.ledger / ".n1__stop_search.jsonl.new"
    part.write_text("{}\n", encoding="utf-8")
    assert outcomes(left.night()) == ["known", "known"]
    assert not part.exists()
    # Where no landing was left unfinished, whatever lies there is somebody's.
    part.write_text("{}\n", encoding="utf-8")
    left.night()
    assert part.exists()
