"""Extracts landed side by side end as they do one by one, and nothing goes on when one of them fails."""

import os
import threading
from typing import Any

import duckdb
import pytest
from nasty.plan import write_nasty

from dagster_project.contracts import load_contracts
from dagster_project.landing import LedgerEntry, abreast, accepted, find_files, land, land_files, read_ledger
from dagster_project.landing.ties import load_of
from dagster_project.settings import Home

from .conftest import FORCES, NOW, Warehouse

TIMES = {"landed_at", "extracted_at", "load_id", "withheld"}
"""What the ledger says by the clock, or by the time of landing that the id of a file of data.police.uk has in it."""
CRIMES = ("C1,2025-03-01,92D/1,Recorded,Dales", "C2,2025-04-01,92A/2,Recorded,Dales")
LINES = ("L1,2025-03-01,",)
COHORT = ("2025-03-01,4",)


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever there is, and whatever the machine has."""
    monkeypatch.setattr(abreast, "WORTH_IT", 0)
    monkeypatch.setattr(abreast, "processors", lambda: 3)


def said(entry: LedgerEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude=TIMES)


def rows(home: Home) -> dict[str, list[tuple]]:
    """What is stored of each file, raw and quarantined, but for when it landed."""
    found = {}
    with duckdb.connect() as con:
        for entry in accepted(read_ledger(home)):
            for path in (load_of(entry).raw(home), load_of(entry).quarantine(home)):
                if path.exists():
                    stored = f"select * exclude (_load_id, _extracted_at) from '{path}' order by cast(_line as bigint)"
                    found[f"{path.parts[-3]} {path.parts[-4]} {entry.source_file}"] = con.execute(stored).fetchall()
    return found


def test_odd_nights_end_as_they_do_one_by_one(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "one for both homes")
    nights = write_nasty(tmp_path / "nights", 20260331)
    homes = {}
    for name, worth_it in (("one by one", 1 << 60), ("side by side", 0)):
        monkeypatch.setattr(abreast, "WORTH_IT", worth_it)
        monkeypatch.setattr(abreast, "processors", lambda: 3)
        home = homes[name] = Home(tmp_path / name).create()
        for number, paths in enumerate(nights.nights):
            files = find_files(paths[0].parent, load_contracts(), set(nights.forces))
            land_files(home, load_contracts(), files, f"night-{number}", now=NOW, archive=False)
    one, other = (sorted(map(said, read_ledger(h)), key=lambda e: (e["night_id"], e["source_file"])) for h in homes.values())
    assert len(one) > 60 and one == other
    stored = rows(homes["one by one"])
    assert len(stored) > 30 and stored == rows(homes["side by side"])


def drop_three(warehouse: Warehouse) -> None:
    warehouse.drop("crimes", *CRIMES)
    warehouse.drop("county_lines", *LINES)
    warehouse.drop("iom_cohort", *COHORT)


@pytest.mark.usefixtures("side_by_side")
def test_entries_are_those_of_the_ledger_and_each_file_is_told_once(warehouse: Warehouse) -> None:
    drop_three(warehouse)
    told: list[str] = []
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    entries = land_files(
        warehouse.home, warehouse.contracts, files, "one", now=NOW, archive=True, progress=lambda e: told.append(e.source_file)
    )
    assert len(entries) == 3 and entries == read_ledger(warehouse.home)
    assert sorted(told) == sorted(e.source_file for e in entries)
    assert not any(warehouse.home.inbox.iterdir())


@pytest.mark.usefixtures("side_by_side")
def test_where_one_fails_the_others_stop_and_the_next_night_lands_all(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_three(warehouse)
    real = land.write_raw

    def full(con, home, load, *more):
        if load.extract == "crimes":
            raise OSError(28, "No space left on device")
        real(con, home, load, *more)

    monkeypatch.setattr(land, "write_raw", full)
    with pytest.raises(OSError, match="No space left"):
        warehouse.night()
    assert not any(t.name.startswith("landing") for t in threading.enumerate())
    before = read_ledger(warehouse.home)
    assert "crimes" not in {e.extract for e in before}
    monkeypatch.setattr(land, "write_raw", real)
    warehouse.night()
    entries = read_ledger(warehouse.home)
    assert {(e.extract, e.outcome) for e in entries} == {(x, "accepted") for x in ("crimes", "county_lines", "iom_cohort")}
    assert len(entries) == 3 and all(load_of(e).raw(warehouse.home).exists() for e in entries)


@pytest.mark.usefixtures("side_by_side")
def test_whoever_ends_the_night_waits_for_no_query(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_three(warehouse)
    begun = threading.Event()
    real = land.write_raw

    def slow(con, home, load, *more):
        if load.extract == "crimes":
            begun.set()
            con.execute("select count(*) from range(1000000) a, range(100000000) b")
        real(con, home, load, *more)

    def ended(*_):
        begun.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(land, "write_raw", slow)
    monkeypatch.setattr(land, "commit", ended)
    with pytest.raises(KeyboardInterrupt):
        warehouse.night()
    assert not any(t.name.startswith("landing") for t in threading.enumerate())
    assert read_ledger(warehouse.home) == []


@pytest.mark.usefixtures("side_by_side")
def test_what_is_too_large_for_a_part_of_the_memory_lands_alone(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_three(warehouse)
    real, parts = land._Landing._take, []

    def wants_all(self, file, *more):
        if file.extract == "crimes":
            parts.append(self.parts)
            if self.parts > 1:
                raise MemoryError
        return real(self, file, *more)

    monkeypatch.setattr(land._Landing, "_take", wants_all)
    assert {(e.extract, e.outcome) for e in warehouse.night()} == {
        (x, "accepted") for x in ("crimes", "county_lines", "iom_cohort")
    }
    assert parts == [3, 1]


def test_texts_read_at_one_time_fit_the_room() -> None:
    room = abreast._Shared(100, 2)
    inside, most = [], []

    class File:
        container, size = ".csv", 60

    def take() -> None:
        with room.taken(File()):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8
    File.size = 1000
    take()
    room.close()
    with pytest.raises(abreast._Stopped):
        take()


def test_a_small_night_and_one_of_a_single_extract_are_read_one_by_one(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_three(warehouse)
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    monkeypatch.setattr(abreast, "processors", lambda: 2)
    assert not abreast.is_worth_it(files)
    monkeypatch.setattr(abreast, "WORTH_IT", sum(f.size for f in files))
    assert abreast.is_worth_it(files)
    assert not abreast.is_worth_it(files[:1] * 9)
    monkeypatch.setattr(abreast, "processors", lambda: 1)
    assert not abreast.is_worth_it(files)


@pytest.mark.usefixtures("side_by_side")
def test_an_inbox_whose_files_are_known_is_not_read(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_three(warehouse)
    warehouse.night(archive=False)
    monkeypatch.setattr(abreast, "WORTH_IT", 1)
    monkeypatch.setattr(abreast, "read", lambda *_: pytest.fail("nothing is new"))
    assert {e.outcome for e in warehouse.night(archive=False)} == {"known"}
