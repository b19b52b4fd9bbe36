"""The ledger's counts add up, it grows line by line, and only the owner may read what landing writes."""

import json
import os
from datetime import date, timedelta
from random import Random

import duckdb
import pytest

from dagster_project.core.home import Home
from dagster_project.landing import find_files, land_files, read_ledger
from dagster_project.landing.storage import ledger, quarantine_export
from dagster_project.landing.storage.ledger import extracted, is_replaced, not_replaced

from ..conftest import FORCES, NOW

ROW = "C1,2025-03-01,92D,Recorded,Dales"


def test_ledger_is_json_lines_with_counts_that_add_up(warehouse):
    entry = warehouse.land("crimes", ROW, ROW, "C2,soon,92D,Recorded,", "C3,2025-03-01,92D,Recorded,")
    (path,) = warehouse.home.ledger.iterdir()
    assert path.name == "night-1__crimes.jsonl" and path.stat().st_mode & 0o777 == 0o600
    (line,) = path.read_text().splitlines()
    fields = json.loads(line)
    assert fields["outcome"] == "accepted" and fields["covered_to"] == "2025-12-31"
    assert (fields["rows_in_file"], fields["rows_landed"], fields["rows_quarantined"], fields["rows_duplicate"]) == (
        4,
        2,
        1,
        1,
    )
    assert fields["landed_at"] == "2026-01-06T03:00:00.000000Z" and fields["extracted_at"] == "2026-01-05T02:00:00Z"
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


def test_missing_home_has_no_entries(tmp_path):
    assert read_ledger(Home.of(tmp_path / "none")) == []


def test_only_the_owner_may_read_what_is_written(warehouse):
    old = os.umask(0)
    try:
        warehouse.land("crimes", ROW, "C2,soon,92D,Recorded,")
    finally:
        os.umask(old)
    for folder in ("raw", "quarantine"):
        for path in (warehouse.home.path / folder).rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path


def test_raw_columns_are_all_text(warehouse):
    entry = warehouse.land("confiscation_orders", "O1,2025-03-01,Other,1,1")
    path = warehouse.home.raw / "confiscation_orders" / "derbyshire" / f"{entry.load_id}.parquet"
    with duckdb.connect() as con:
        columns = con.execute("describe select * from read_parquet($1)", [str(path)]).fetchall()
    assert {row[1] for row in columns} == {"VARCHAR"}
    assert [row[0] for row in columns][-8:] == [
        "_extract", "_force_code", "_load_id", "_line", "_key", "_date", "_extracted_at", "_source_file",
    ]  # fmt: skip


def test_files_that_no_newer_one_replaces_are_found_together_as_one_by_one(warehouse):
    """Of two extracts and forms, accepted and held, some of one time or one window."""
    entry, draw = warehouse.land("crimes", ROW), Random(7)
    loads = []
    for n in range(300):
        first = date(2025, 1, 1) + timedelta(draw.randrange(12))
        change = {
            "load_id": str(n),
            "outcome": draw.choice(["accepted", "held"]),
            "extract": draw.choice(["crimes", "naloxone"]),
        }
        change |= {
            "covered_from": first,
            "covered_to": first + timedelta(draw.randrange(12)),
            "form": draw.choice(["canonical", "x"]),
        }
        loads.append(entry.model_copy(update=change | {"extracted_at": f"2026-01-{draw.randrange(1, 29):02d}T01:00:00Z"}))
    accepted = [e for e in loads if e.outcome == "accepted"]
    expected = {e.load_id for e in loads if not is_replaced(e, accepted if e.outcome == "accepted" else loads)}
    assert not_replaced(loads) == expected and 20 < len(expected) < 200


def test_files_with_rows_in_quarantine_are_not_compared_each_with_each(warehouse, monkeypatch):
    """A home has a thousand daily files of an extract: comparing each with each took seconds for every extract."""
    entry, n, asked = warehouse.land("crimes", ROW, ROW.replace("2025", "2035")), 300, []
    days = [date(2025, 1, 1) + timedelta(i) for i in range(n)]
    loads = [entry.model_copy(update={"load_id": f"{i}", "covered_from": d, "covered_to": d}) for i, d in enumerate(days)]
    monkeypatch.setattr(quarantine_export, "read_ledger", lambda _: loads)
    monkeypatch.setattr(ledger, "extracted", lambda e: asked.append(e) or extracted(e))
    assert len(quarantine_export.quarantined_files(warehouse.home)) == n and len(asked) <= 3 * n
