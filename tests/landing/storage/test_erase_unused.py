"""How long the archive keeps original files, and the record of erased ones."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from support import land_night, night, write_extract

from dagster_project.audit import read_log
from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import archive_size, erase_old_originals, erase_unused_loads, read_erasures, read_ledger
from dagster_project.landing.reconciliation import write_accounts
from dagster_project.landing.storage.erase_unused import describe_erasure, erased_loads, record_erasures
from dagster_project.landing.storage.raw_store import load_of

TODAY = date(2026, 4, 6)
CRIME = {"crime_ref": "C1", "recorded_on": "2018-01-10", "offence_code": "92D", "status": "Recorded"}


def put(home: Home, day: str, name: str, text: str = "rows") -> Path:
    path = home.archive / day / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_files_older_than_ninety_days_are_erased(new_home: Home) -> None:
    old, last = put(new_home, "2026-01-05", "a.csv"), put(new_home, "2026-01-06", "b.csv")
    recent = put(new_home, "2026-01-07", "c.csv")
    erased = erase_old_originals(new_home, 90, TODAY, "n1")
    assert [e.archived for e in erased] == ["2026-01-05/a.csv", "2026-01-06/b.csv"]
    assert not old.parent.exists() and not last.exists() and recent.exists()
    assert [(e.night_id, e.erased_on, e.bytes) for e in read_erasures(new_home)] == [("n1", TODAY, 4)] * 2
    assert archive_size(new_home) == (1, 4, date(2026, 1, 7))
    assert erase_old_originals(new_home, 90, TODAY, "n2") == []


def test_zero_days_erase_files_after_the_night(new_home: Home) -> None:
    put(new_home, "2026-04-06", "a.csv")
    assert [e.archived for e in erase_old_originals(new_home, 0, TODAY, "n1")] == ["2026-04-06/a.csv"]


def test_files_outside_folders_of_days_stay(new_home: Home) -> None:
    other, below = put(new_home, "elsewhere", "a.csv"), put(new_home, "2020-01-01/kept", "b.csv")
    assert erase_old_originals(new_home, 1, TODAY, "n1") == []
    assert other.exists() and below.exists()


@pytest.mark.parametrize("target", ["nowhere", "..", "../elsewhere.csv"])
def test_links_in_the_archive_stay_and_stop_no_erasure(new_home: Home, target: str) -> None:
    """Landing archives no link: somebody put it there, and what it leads to would not be erased with it."""
    old = put(new_home, "2020-01-01", "b.csv")
    (new_home.archive / "elsewhere.csv").write_text("rows", encoding="utf-8")
    link = old.with_name("a.csv")
    link.symlink_to(target)
    (new_home.archive / "2019-01-01").symlink_to(old.parent)
    assert [e.archived for e in erase_old_originals(new_home, 1, TODAY, "n1")] == ["2020-01-01/b.csv"]
    assert link.is_symlink() and not old.exists() and (new_home.archive / "2019-01-01").is_symlink()


def test_names_of_any_bytes_are_erased_and_recorded(new_home: Home) -> None:
    names = [b"odd \xff.csv", "line\u2028end.csv".encode(), b"new\nline.csv"]
    for name in names:
        put(new_home, "2020-01-01", name.decode("utf-8", "surrogateescape"))
    assert len(erase_old_originals(new_home, 1, TODAY, "n1")) == 3
    assert sorted(e.archived for e in read_erasures(new_home)) == [
        "2020-01-01/line\u2028end.csv", "2020-01-01/new\nline.csv", "2020-01-01/odd \\xff.csv",
    ]  # fmt: skip


def test_erasures_are_recorded_before_files_are_erased(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a night stops in between, the next one erases the rest, and the record shows each file once."""
    first, second = put(new_home, "2020-01-01", "a.csv"), put(new_home, "2020-01-01", "b.csv")
    unlink = Path.unlink

    def stopped(path: Path, **options: bool) -> None:
        if path == second:
            raise KeyboardInterrupt
        unlink(path, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", stopped)
        erase_old_originals(new_home, 1, TODAY, "n1")
    assert not first.exists() and second.exists()
    assert {e.archived for e in read_erasures(new_home)} == {"2020-01-01/a.csv", "2020-01-01/b.csv"}
    erase_old_originals(new_home, 1, TODAY, "n2")
    assert not second.exists()
    assert [(e.archived, e.night_id) for e in read_erasures(new_home)] == [
        ("2020-01-01/a.csv", "n1"),
        ("2020-01-01/b.csv", "n2"),
    ]


def test_night_erases_files_and_records_it(new_home: Home) -> None:
    new_home.config_file.write_text("[keep]\narchive_days = 0\n", encoding="utf-8")
    rows = [["M1", "2025-06-01", "10", "Police"]]
    columns = ["order_ref", "order_date", "amount", "recipient"]
    path = write_extract(new_home.inbox, "mda_orders", rows, columns=columns)
    with night(new_home, today=datetime.now(UTC).date()) as run:
        run.land()
        assert len(run.erased) == 1
    assert not path.exists() and archive_size(new_home)[0] == 0
    assert len(read_ledger(new_home)) == 1, "the ledger's entries do not change"
    assert read_erasures(new_home)[0].archived == f"{read_ledger(new_home)[0].landed_at[:10]}/{path.name}"


def test_lists_of_withdrawn_rows_are_kept_as_long_as_originals(new_home: Home) -> None:
    for night_id in ("20260105T020000Z", "20260106T020000Z-2"):
        (new_home.nights / f"{night_id}__withdrawn.csv").write_text("key\nC1\n", encoding="utf-8")
    with night(new_home, today=date(2026, 4, 5)) as run:
        run.land()
        (erased,) = run.erased
    assert (erased.kind, erased.archived) == ("withdrawn", "nights/20260105T020000Z__withdrawn.csv")
    assert [p.name for p in new_home.nights.glob("*__withdrawn.csv")] == ["20260106T020000Z-2__withdrawn.csv"]
    assert [r.facts["file"] for r in read_log(new_home) if r.kind == "erasure"] == [erased.archived]
    assert read_erasures(new_home) == [erased]


def test_files_of_a_shared_inbox_are_not_erased(new_home: Home, tmp_path: Path) -> None:
    new_home.config_file.write_text("[keep]\narchive_days = 0\n", encoding="utf-8")
    path = write_extract(tmp_path / "inbox", "aris_returns", [["R1", "2025-06-01", "10"]],
                         columns=["return_ref", "received_on", "amount"])  # fmt: skip
    land_night(new_home, tmp_path / "inbox")
    assert path.exists() and read_erasures(new_home) == []


def test_every_original_of_an_expired_load_is_erased(new_home: Home) -> None:
    """Also the same file that came again on that day, for which the archive has another name; what came under its name with
    other content was read as no load, and stays for the archive's own limit."""
    for text in ("C1", "C1", "C2"):
        row = {"crime_ref": text, "recorded_on": "2018-01-10", "offence_code": "92D", "status": "Recorded"}
        file = write_extract(new_home.inbox, "crimes", [row], window=("2018-01-01", "2018-01-31"))
        land_night(new_home)
    names = {p.name for p in new_home.archive.rglob("*.csv*")}
    assert names == {file.name, f"{file.name}.2", f"{file.name}.3"}
    erase_unused_loads(new_home, load_contracts(), {"crimes": 1}, [], TODAY, "n1")
    assert {p.name for p in new_home.archive.rglob("*.csv*")} == {f"{file.name}.3"}


def test_only_what_an_expired_load_was_read_from_is_erased(new_home: Home) -> None:
    """It is known by its name or all its bytes. Raw rows stay while figures use them. A load expires on the day after its
    last one, so many years later; without a limit it never does."""
    contracts = load_contracts()
    file = write_extract(new_home.inbox, "crimes", [CRIME], window=("2018-01-01", "2018-04-06"))
    write_extract(new_home.inbox, "mda_orders", [["M1", "2018-01-01", "1", "P"]], window=("2018-01-01", "2018-04-06"),
                  columns=["order_ref", "order_date", "amount", "recipient"])  # fmt: skip
    land_night(new_home)
    (load,) = (e for e in read_ledger(new_home) if e.extract == "crimes")
    raw, original = load_of(load).raw(new_home), new_home.archive / load.landed_at[:10] / file.name
    same, other, link = (original.with_name(f"{name}.csv") for name in ("same", "of_the_same_size", "link"))
    same.write_bytes(original.read_bytes())
    other.write_bytes(original.read_bytes().replace(b"C1", b"C2"))
    link.symlink_to(same.name)
    today = date(2019, 4, 6)
    limits = {name: None for name in contracts} | {"crimes": 1}
    assert erase_unused_loads(new_home, contracts, limits, [], today, "n1") == []
    erased = erase_unused_loads(new_home, contracts, limits, [load.load_id], today + timedelta(1), "n2")
    assert {Path(e.archived).name for e in erased} == {file.name, "same.csv"} and erased_loads(new_home) == set()
    assert raw.exists() and other.exists() and link.is_symlink()
    (erased,) = erase_unused_loads(new_home, contracts, limits, [], today + timedelta(1), "n3")
    assert (erased.kind, erased.archived) == ("raw", str(raw.relative_to(new_home.path))) and not raw.exists()
    assert erased_loads(new_home) == {load.load_id}
    assert erase_unused_loads(new_home, contracts, limits, [], today + timedelta(1), "n4") == []


@pytest.mark.parametrize(("is_recorded", "stored"), [(True, 1), (False, None)])
def test_quarantine_that_was_erased_at_its_limit_is_not_said_to_be_lost(warehouse, is_recorded, stored):
    """The night that erased it warned of it, and advised to restore it from a backup: its rows in raw/ are still there then."""
    entry = warehouse.land("crimes", "C1,2025-03-01,92D,Recorded,Dales", "C2,2025-03-01,92D,Odd,Dales")
    path = load_of(entry).quarantine(warehouse.home)
    if is_recorded:
        erasure = describe_erasure(warehouse.home, "quarantine", path, "n", date(2026, 1, 6))
        record_erasures(warehouse.home, "n__expired.jsonl", [erasure])
    path.unlink()
    with duckdb.connect() as con:
        con.execute("create schema raw")
        write_accounts(con, warehouse.home, warehouse.ledger(), {entry.load_id}, "")
        assert con.execute("select rows_quarantined, rows_in_quarantine from raw.accounts").fetchall() == [(1, stored)]


def test_an_original_stays_if_another_of_its_name_has_expired(new_home: Home) -> None:
    """A mapped name says no window, so that two files of one name and day may cover other years."""
    mapping = "extract: crimes\nforces: [kent]\nfiles:\n  - {name: Crimes.csv, covers: months}\n"
    new_home.mappings.mkdir(exist_ok=True)
    (new_home.mappings / "kent.yml").write_text(mapping, encoding="utf-8")
    for year in (2025, 2015):
        rows = ["crime_ref,recorded_on,offence_code,status", *(f"C{year}{n},{year}-0{n}-10,92D,Recorded" for n in (1, 2))]
        path = new_home.inbox / "Crimes.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        os.utime(path, (path.stat().st_mtime - 60,) * 2)
        assert [e.outcome for e in land_night(new_home)] == ["accepted"]
    erase_unused_loads(new_home, load_contracts(), {"crimes": 5}, [], TODAY, "n1")
    assert [p.read_text().count("2025-0") for p in new_home.archive.rglob("Crimes.csv*")] == [2]
