"""Loads whose time is over are erased, on record, and no figure moves for it."""

from datetime import date
from pathlib import Path

import pytest
from support import land_night, publish_night, write_extract

from dagster_project.audit import read_log, verify
from dagster_project.contracts import load_contracts
from dagster_project.landing import erase_expired, erased_loads, read_erasures, read_ledger
from dagster_project.landing.expiry import is_over
from dagster_project.replay import ReplayError, as_of, check
from dagster_project.settings import Home

COLUMNS = ("crime_ref", "recorded_on", "offence_code", "status", "lpu")
OLD = ("2018-01-01", "2018-06-30")


def crimes(year: int, months: range) -> list[list[str]]:
    rows = [[f"C{year}{m}{n}", f"{year}-{m:02d}-1{n}", "92D", "Recorded", "Chesterfield"] for m in months for n in (1, 2)]
    return [*rows, [f"BAD{year}", "no day", "92D", "Recorded", "Chesterfield"]]


def figures(home: Home) -> list[tuple]:
    from support import published

    return published(home, "select * from marts.measures order by all")


def test_years_are_counted_to_the_day() -> None:
    assert not is_over(date(2018, 3, 1), 6, date(2024, 3, 1)) and is_over(date(2018, 3, 1), 6, date(2024, 3, 2))
    assert not is_over(date(2020, 2, 29), 1, date(2021, 2, 28)) and is_over(date(2020, 2, 29), 1, date(2021, 3, 1))


def stored_in(home: Home) -> set[Path]:
    """Files of the three folders that hold rows."""
    folders = (home.raw, home.quarantine, home.archive)
    return {p.relative_to(home.path) for folder in folders for p in folder.rglob("*.*") if p.is_file()}


def test_what_was_noted_before_a_second_try_in_one_night_stays_noted(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can't be erased yet ends the first try; the second one's list comes on top of the first one's."""
    home = new_home
    for n, name in ((1, "crimes"), (7, "naloxone")):
        columns = COLUMNS if name == "crimes" else ("administration_ref", "administered_at", "lpu")
        rows = crimes(2018, range(1, 2)) if name == "crimes" else [["N1", "2018-03-01 10:00", "Chesterfield"]]
        write_extract(home.inbox, name, rows, columns=columns, window=OLD, stamp=f"2018070{n}T020000Z")
    land_night(home)
    stored, unlink = stored_in(home), Path.unlink

    def stopped(path: Path, **options: bool) -> None:
        if "naloxone" in path.name:
            raise PermissionError("Permission denied")
        unlink(path, **options)

    def erase() -> None:
        erase_expired(home, load_contracts(), {"crimes": 1, "naloxone": 1}, [], date(2026, 1, 5), "n1")

    with monkeypatch.context() as patch, pytest.raises(PermissionError):
        patch.setattr(Path, "unlink", stopped)
        erase()
    assert len(stored_in(home)) < len(stored)
    erase()
    gone = {str(p) for p in stored - stored_in(home)}
    noted = {e.archived if e.kind != "archive" else f"archive/{e.archived}" for e in read_erasures(home)}
    assert noted == {g for g in gone if "erased" not in g} and len(noted) >= 5


def test_what_is_over_goes_and_the_figures_stay(new_home: Home, tmp_path: Path) -> None:
    home = new_home
    write_extract(home.inbox, "crimes", crimes(2018, range(1, 7)), columns=COLUMNS, window=OLD, stamp="20180702T020000Z")
    first = land_night(home)[0].night_id
    # All of 2018 anew, and nothing in quarantine: no figure rests on the half year's file any more.
    write_extract(
        home.inbox, "crimes", crimes(2018, range(1, 13))[:-1], columns=COLUMNS, window=("2018-01-01", "2018-12-31"),
        stamp="20190102T020000Z",
    )  # fmt: skip
    write_extract(home.inbox, "naloxone", [["N1", "2018-03-01 10:00", "Chesterfield"], ["N2", "x", "Chesterfield"]],
                  columns=("administration_ref", "administered_at", "lpu"), window=OLD)  # fmt: skip
    publish_night(home)
    before = figures(home)
    stored = stored_in(home)
    home.config_file.write_text("[keep]\nyears = { crimes = 7, naloxone = 7 }\n", encoding="utf-8")
    home.config_file.chmod(0o600)
    publish_night(home)
    assert figures(home) == before
    gone = {p for p in stored - stored_in(home) if "erased" not in p.parts}
    assert sorted(p.parts[0] for p in gone) == ["archive"] * 3 + ["quarantine"] * 2 + ["raw"]
    (spent,) = erased_loads(home)
    assert next(e for e in read_ledger(home) if e.load_id == spent).covered_to == date(2018, 6, 30)
    told = [r.facts for r in read_log(home) if r.kind == "erasure"]
    assert sorted(f["what"] for f in told) == ["archive"] * 3 + ["quarantine"] * 2 + ["raw"] and len(read_erasures(home)) == 6
    assert not verify(home).faults
    # Made again from what is left, the figures are the same.
    assert check(home).differing == 0
    with pytest.raises(ReplayError, match="was erased, as its time was over"):
        as_of(home, first, tmp_path / "then.duckdb")
