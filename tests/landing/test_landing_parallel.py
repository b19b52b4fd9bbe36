"""Extracts landed side by side end as they do one by one, and nothing goes on when one of them fails."""

import os
import threading
from typing import Any

import duckdb
import pytest
from oracle.nasty.plan import write_nasty

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import LedgerEntry, accepted, find_files, land, land_file, land_files, parallel, read_ledger
from dagster_project.landing.conflicts import load_of

from .conftest import FORCES, NOW, Warehouse

TIMES = {"landed_at", "extracted_at", "load_id", "withheld"}
"""What the ledger says by the clock, or by the time of landing that the id of a file of data.police.uk has in it."""
CRIMES = ("C1,2025-03-01,92D/1,Recorded,Dales", "C2,2025-04-01,92A/2,Recorded,Dales")
LINES = ("L1,2025-03-01,",)
COHORT = ("2025-03-01,4",)


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever there is, and whatever the machine has."""
    monkeypatch.setattr(parallel, "WORTH_IT", 0)
    monkeypatch.setattr(parallel, "processors", lambda: 3)


def said(entry: LedgerEntry) -> dict[str, Any]:
    return {**entry.model_dump(mode="json", exclude=TIMES), "withheld": sorted(entry.withheld.values())}


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
        monkeypatch.setattr(parallel, "WORTH_IT", worth_it)
        monkeypatch.setattr(parallel, "processors", lambda: 3)
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
    real = land_file.write_raw

    def full(con, home, load, *more):
        if load.extract == "crimes":
            raise OSError(28, "No space left on device")
        real(con, home, load, *more)

    monkeypatch.setattr(land_file, "write_raw", full)
    with pytest.raises(OSError, match="No space left"):
        warehouse.night()
    assert no_thread_is_left()
    before = read_ledger(warehouse.home)
    assert "crimes" not in {e.extract for e in before}
    monkeypatch.setattr(land_file, "write_raw", real)
    warehouse.night()
    entries = read_ledger(warehouse.home)
    assert {(e.extract, e.outcome) for e in entries} == {(x, "accepted") for x in ("crimes", "county_lines", "iom_cohort")}
    assert len(entries) == 3 and all(load_of(e).raw(warehouse.home).exists() for e in entries)


def ended_once(begun: threading.Event):
    """A `commit` that somebody ends the night in, once `begun` is set."""

    def commit(*_):
        begun.wait(30)
        raise KeyboardInterrupt

    return commit


def no_thread_is_left() -> bool:
    return not any(t.name.startswith("landing") for t in threading.enumerate())


@pytest.mark.usefixtures("side_by_side")
def test_whoever_ends_the_night_waits_for_no_query(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is the file that was being read at fault."""
    drop_three(warehouse)
    begun, real, told = threading.Event(), land.Landing._take, []

    def slow(self, file, *more):
        if file.extract == "crimes":
            begun.set()
            self.con.execute("select count(*) from range(1000000) a, range(100000000) b")
        return real(self, file, *more)

    monkeypatch.setattr(land.Landing, "_take", slow)
    monkeypatch.setattr(land, "commit", ended_once(begun))
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    with pytest.raises(KeyboardInterrupt):
        land_files(warehouse.home, warehouse.contracts, files, "one", now=NOW, archive=True, progress=told.append)
    assert no_thread_is_left() and read_ledger(warehouse.home) == []
    assert {e.outcome for e in told} == {"accepted"} and "crimes" not in {e.extract for e in told}


@pytest.mark.usefixtures("side_by_side")
def test_a_file_that_is_between_two_queries_then_is_not_stored(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody ends the night."""
    drop_three(warehouse)
    begun, over, real, again = threading.Event(), threading.Event(), land.Landing._take, []

    def slow(self, file, *more):
        found = real(self, file, *more)
        if file.extract == "crimes":
            begun.set()
            assert over.wait(30)
        return found

    def impatient(*_):
        again.append(1)
        if len(again) == 4:
            over.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(land.Landing, "_take", slow)
    monkeypatch.setattr(land.Landing, "interrupt", impatient)
    monkeypatch.setattr(land, "commit", ended_once(begun))
    with pytest.raises(KeyboardInterrupt):
        warehouse.night()
    assert no_thread_is_left() and len(again) >= 4
    assert not list((warehouse.home.raw / "crimes").rglob("*.parquet"))


@pytest.mark.usefixtures("side_by_side")
def test_what_is_too_large_for_a_part_of_the_memory_has_all_of_it(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It alone: what landed of its extract before is not landed again."""
    drop_three(warehouse)
    warehouse.drop("crimes", *CRIMES, end="2025-11-30", at="20260104T020000Z")
    month = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
        "Last outcome category,Context\n"
    )
    warehouse.put("2025-03/2025-03-derbyshire-street.csv", month + f"{'a' * 64},2025-03,,,,,,,Derby 001A,Drugs,,\n")
    real, parts, told = land.Landing._take, [], []

    def wants_all(self, file, *more):
        if file.extract == "street_crime" or (file.extract == "crimes" and "20260105" in file.name):
            parts.append(self.parts)
            if self.parts > 1:
                raise MemoryError
        return real(self, file, *more)

    monkeypatch.setattr(land.Landing, "_take", wants_all)
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    entries = land_files(warehouse.home, warehouse.contracts, files, "one", now=NOW, archive=True, progress=told.append)
    assert len(entries) == 5 and {e.outcome for e in entries} == {"accepted"}
    assert sorted(parts) == [1, 1, 3, 3] and len(told) == 5
    assert {p.stem for p in warehouse.home.raw.rglob("*.parquet")} == {e.load_id for e in entries}


def test_a_name_that_is_too_long_for_a_manifest_is_refused_each_time(warehouse: Warehouse) -> None:
    name = f"crimes__{'d' * (249 - 12)}.csv"
    for _ in range(2):
        warehouse.put(name, "crime_ref\n", mtime=1_760_000_000)
        (entry,) = warehouse.night()
        assert entry.outcome == "refused"
    warehouse.put(name, "crime_ref\n", mtime=1_760_000_000)
    assert [e.outcome for _ in range(2) for e in warehouse.night(archive=False)] == ["known", "known"]


def test_texts_read_at_one_time_fit_the_room() -> None:
    room = parallel._Shared(100, 2)
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
    with pytest.raises(parallel.Stopped):
        take()


def test_a_small_night_and_one_of_a_single_extract_are_read_one_by_one(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_three(warehouse)
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    monkeypatch.setattr(parallel, "processors", lambda: 2)
    assert not parallel.is_worth_it(files)
    monkeypatch.setattr(parallel, "WORTH_IT", sum(f.size for f in files))
    assert parallel.is_worth_it(files)
    assert not parallel.is_worth_it(files[:1] * 9)
    monkeypatch.setattr(parallel, "processors", lambda: 1)
    assert not parallel.is_worth_it(files)


@pytest.mark.usefixtures("side_by_side")
def test_an_inbox_whose_files_are_known_is_not_read(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_three(warehouse)
    warehouse.night(archive=False)
    monkeypatch.setattr(parallel, "WORTH_IT", 1)
    monkeypatch.setattr(parallel, "read", lambda *_: pytest.fail("nothing is new"))
    assert {e.outcome for e in warehouse.night(archive=False)} == {"known"}
