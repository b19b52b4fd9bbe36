"""The ledger adds up, grows line by line, and what lies beside it is for the owner alone."""

import json
import os

import duckdb
import pytest

from dagster_project.core.home import Home
from dagster_project.landing import find_files, land_files, read_ledger

from .conftest import FORCES, NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"


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
    for rows, at in (([ROW], "20260105T020000Z"), (["C2,2025-03-02,92D,Recorded,"], "20260106T020000Z")):
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
