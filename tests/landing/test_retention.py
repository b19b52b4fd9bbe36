"""How long the archive keeps original files, and the record of erased ones."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support import land_night, night, write_extract

from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.landing import archive_size, erase_expired, erase_old, read_erasures, read_ledger

TODAY = date(2026, 4, 6)


def put(home: Home, day: str, name: str, text: str = "rows") -> Path:
    path = home.archive / day / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_files_older_than_ninety_days_are_erased(new_home: Home) -> None:
    old, last = put(new_home, "2026-01-05", "a.csv"), put(new_home, "2026-01-06", "b.csv")
    recent = put(new_home, "2026-01-07", "c.csv")
    erased = erase_old(new_home, 90, TODAY, "n1")
    assert [e.archived for e in erased] == ["2026-01-05/a.csv", "2026-01-06/b.csv"]
    assert not old.parent.exists() and not last.exists() and recent.exists()
    assert [(e.night_id, e.erased_on, e.bytes) for e in read_erasures(new_home)] == [("n1", TODAY, 4)] * 2
    assert archive_size(new_home) == (1, 4, date(2026, 1, 7))
    assert erase_old(new_home, 90, TODAY, "n2") == []


def test_zero_days_erase_files_after_the_night(new_home: Home) -> None:
    put(new_home, "2026-04-06", "a.csv")
    assert [e.archived for e in erase_old(new_home, 0, TODAY, "n1")] == ["2026-04-06/a.csv"]


def test_files_outside_folders_of_days_stay(new_home: Home) -> None:
    other, below = put(new_home, "elsewhere", "a.csv"), put(new_home, "2020-01-01/kept", "b.csv")
    assert erase_old(new_home, 1, TODAY, "n1") == []
    assert other.exists() and below.exists()


def test_names_of_any_bytes_are_erased_and_recorded(new_home: Home) -> None:
    names = [b"odd \xff.csv", "line\u2028end.csv".encode(), b"new\nline.csv"]
    for name in names:
        put(new_home, "2020-01-01", name.decode("utf-8", "surrogateescape"))
    assert len(erase_old(new_home, 1, TODAY, "n1")) == 3
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
        erase_old(new_home, 1, TODAY, "n1")
    assert not first.exists() and second.exists()
    assert {e.archived for e in read_erasures(new_home)} == {"2020-01-01/a.csv", "2020-01-01/b.csv"}
    erase_old(new_home, 1, TODAY, "n2")
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
    erase_expired(new_home, load_contracts(), {"crimes": 1}, [], TODAY, "n1")
    assert {p.name for p in new_home.archive.rglob("*.csv*")} == {f"{file.name}.3"}
