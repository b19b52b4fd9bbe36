"""Extracts land in parallel as they do one by one, and all stop when one fails."""

import threading
from typing import Any

import duckdb
import pytest
from oracle.unusual_files.plan import write_unusual_files

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import LedgerEntry, accepted, find_files, land, land_file, land_files, read_ledger, reading_budget
from dagster_project.landing.storage.raw_store import load_of

from .conftest import FORCES, NOW, Warehouse

TIMES = {"landed_at", "extracted_at", "load_id", "withheld"}
"""Fields of the ledger that depend on the clock; the id of a data.police.uk load contains its time of landing."""
CRIMES = ("C1,2025-03-01,92D/1,Recorded,Dales", "C2,2025-04-01,92A/2,Recorded,Dales")
LINES = ("L1,2025-03-01,",)
COHORT = ("2025-03-01,4",)


def without_times(entry: LedgerEntry) -> dict[str, Any]:
    return {**entry.model_dump(mode="json", exclude=TIMES), "withheld": sorted(entry.withheld.values())}


def rows(home: Home) -> dict[str, list[tuple]]:
    """The stored rows of each file, raw and quarantined, without columns that depend on the time of landing."""
    rows_by_file = {}
    with duckdb.connect() as con:
        for entry in accepted(read_ledger(home)):
            for path in (load_of(entry).raw(home), load_of(entry).quarantine(home)):
                if path.exists():
                    stored = f"select * exclude (_load_id, _extracted_at) from '{path}' order by cast(_line as bigint)"
                    rows_by_file[f"{path.parts[-3]} {path.parts[-4]} {entry.source_file}"] = con.execute(stored).fetchall()
    return rows_by_file


def test_unusual_files_land_in_parallel_as_one_by_one(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third night of the plan: conflicts and refused files. test_against_plain_model.py lands all nights in parallel."""
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "one for both homes")
    nights = write_unusual_files(tmp_path / "nights", 20260331)
    homes = {}
    for threads in (1, 3):
        home = homes[threads] = Home(tmp_path / f"{threads} threads").create()
        files = find_files(nights.nights[2][0].parent, load_contracts(), set(nights.forces))
        land_files(home, load_contracts(), files, "night", now=NOW, archive=False, threads=threads)
    one, other = (sorted(map(without_times, read_ledger(h)), key=lambda e: e["source_file"]) for h in homes.values())
    assert {e["outcome"] for e in one} == {"accepted", "held", "refused"} and one == other
    stored = rows(homes[1])
    assert len(stored) > 5 and stored == rows(homes[3])


def drop_three(warehouse: Warehouse) -> None:
    warehouse.drop("crimes", *CRIMES)
    warehouse.drop("county_lines", *LINES)
    warehouse.drop("iom_cohort", *COHORT)


def test_entries_equal_the_ledger_and_progress_is_called_once_for_each_file(warehouse: Warehouse) -> None:
    drop_three(warehouse)
    reported: list[LedgerEntry] = []
    entries = warehouse.night(threads=3, progress=reported.append)
    assert len(entries) == 3 and entries == read_ledger(warehouse.home)
    assert sorted(e.source_file for e in reported) == sorted(e.source_file for e in entries)
    assert not any(warehouse.home.inbox.iterdir())


def test_others_stop_when_one_fails_and_the_next_night_lands_all(warehouse: Warehouse) -> None:
    drop_three(warehouse)
    in_the_way = warehouse.home.raw / "crimes"
    in_the_way.write_text("a file where a folder must be")
    with pytest.raises(OSError, match="crimes"):
        warehouse.night(threads=3)
    assert no_thread_is_left()
    assert "crimes" not in {e.extract for e in read_ledger(warehouse.home)}
    in_the_way.unlink()
    warehouse.night(threads=3)
    entries = read_ledger(warehouse.home)
    assert {(e.extract, e.outcome) for e in entries} == {(x, "accepted") for x in ("crimes", "county_lines", "iom_cohort")}
    assert len(entries) == 3 and all(load_of(e).raw(warehouse.home).exists() for e in entries)


def interrupted_once(started: threading.Event):
    """A `commit` that is interrupted once `started` is set, as when somebody stops the night."""

    def commit(*_):
        started.wait(30)
        raise KeyboardInterrupt

    return commit


def no_thread_is_left() -> bool:
    return not any(t.name.startswith("landing") for t in threading.enumerate())


def test_running_query_is_interrupted_when_the_night_is_stopped(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that was being read is not refused for it."""
    drop_three(warehouse)
    started, real, reported = threading.Event(), land_file.read_file_rows, []

    def slow(session, facts, *more):
        if facts.file.extract == "crimes":
            started.set()
            session.con.execute("select count(*) from range(1000000) a, range(100000000) b")
        return real(session, facts, *more)

    monkeypatch.setattr(land_file, "read_file_rows", slow)
    monkeypatch.setattr(land, "commit", interrupted_once(started))
    with pytest.raises(KeyboardInterrupt):
        warehouse.night(threads=3, progress=reported.append)
    assert no_thread_is_left() and read_ledger(warehouse.home) == []
    assert {e.outcome for e in reported} == {"accepted"} and "crimes" not in {e.extract for e in reported}


def test_file_between_two_queries_is_not_stored_when_the_night_is_stopped(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the night is stopped."""
    drop_three(warehouse)
    started, may_go_on, real, interruptions = threading.Event(), threading.Event(), land_file.read_file_rows, []

    def slow(session, facts, *more):
        rows = real(session, facts, *more)
        if facts.file.extract == "crimes":
            started.set()
            assert may_go_on.wait(30)
        return rows

    def interrupted_again(*_):
        interruptions.append(1)
        if len(interruptions) == 4:
            may_go_on.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(land_file, "read_file_rows", slow)
    monkeypatch.setattr(land.Landing, "interrupt", interrupted_again)
    monkeypatch.setattr(land, "commit", interrupted_once(started))
    with pytest.raises(KeyboardInterrupt):
        warehouse.night(threads=3)
    assert no_thread_is_left() and len(interruptions) >= 4
    assert not list((warehouse.home.raw / "crimes").rglob("*.parquet"))


def test_file_too_large_for_its_share_of_memory_gets_all_of_it(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that file: those of its extract that landed before are not landed again."""
    drop_three(warehouse)
    warehouse.drop("crimes", *CRIMES, end="2025-11-30", at="20260104T020000Z")
    month = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
        "Last outcome category,Context\n"
    )
    warehouse.put("2025-03/2025-03-derbyshire-street.csv", month + f"{'a' * 64},2025-03,,,,,,,Derby 001A,Drugs,,\n")
    real, parts, reported = land_file.read_file_rows, [], []

    def needs_all(session, facts, *more):
        file = facts.file
        if file.extract == "street_crime" or (file.extract == "crimes" and "20260105" in file.name):
            parts.append(session.parts)
            if session.parts > 1:
                raise MemoryError
        return real(session, facts, *more)

    monkeypatch.setattr(land_file, "read_file_rows", needs_all)
    entries = warehouse.night(threads=3, progress=reported.append)
    assert len(entries) == 5 and {e.outcome for e in entries} == {"accepted"}
    assert sorted(parts) == [1, 1, 3, 3] and len(reported) == 5
    assert {p.stem for p in warehouse.home.raw.rglob("*.parquet")} == {e.load_id for e in entries}


def test_name_too_long_for_a_manifest_is_refused_each_time(warehouse: Warehouse) -> None:
    name = f"crimes__{'d' * (249 - 12)}.csv"
    for _ in range(2):
        warehouse.put(name, "crime_ref\n", mtime=1_760_000_000)
        (entry,) = warehouse.night()
        assert entry.outcome == "refused"
    warehouse.put(name, "crime_ref\n", mtime=1_760_000_000)
    assert [e.outcome for _ in range(2) for e in warehouse.night(archive=False)] == ["known", "known"]


def test_files_read_at_the_same_time_fit_the_budget() -> None:
    budget = reading_budget.ReadingBudget(100, 2)
    inside, readers_inside = [], []

    class File:
        container, size = ".csv", 60

    def read() -> None:
        with budget.reserve(File()):
            inside.append(1)
            readers_inside.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert readers_inside == [1] * 8
    File.size = 1000
    read()
    budget.close()
    with pytest.raises(reading_budget.Stopped):
        read()


def test_few_small_files_and_single_extracts_are_read_one_by_one(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_three(warehouse)
    files = find_files(warehouse.home.inbox, warehouse.contracts, FORCES)
    size = sum(f.size for f in files)

    def threads(new, processors: int) -> int:
        monkeypatch.setattr(reading_budget.os, "sched_getaffinity", lambda _: range(processors))
        return reading_budget.threads_for(new)

    assert threads(files, 2) == 1
    assert threads(files * reading_budget.MANY_FILES, 2) == 2
    monkeypatch.setattr(reading_budget, "WORTH_IT", size)
    assert [threads(files, processors) for processors in (1, 2, 16)] == [1, 2, 4]
    assert threads(files[:1] * 9, 2) == 1
    assert threads([], 2) == 1


def test_known_files_do_not_start_parallel_reading(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drop_three(warehouse)
    read, calls = land.read_in_parallel, []
    with monkeypatch.context() as patch:
        patch.setattr(land, "threads_for", lambda new: 3 if new else 1)
        patch.setattr(land, "read_in_parallel", lambda *args: calls.append(1) or read(*args))
        warehouse.night(archive=False)
    assert calls == [1]
    monkeypatch.setattr(land, "threads_for", lambda new: 3 if new else 1)
    monkeypatch.setattr(land, "read_in_parallel", lambda *_: pytest.fail("nothing is new"))
    assert {e.outcome for e in warehouse.night(archive=False)} == {"known"}
