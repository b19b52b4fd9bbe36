"""Made-up files are recognised by their rows, wherever they come from; a home that has any is marked."""

from pathlib import Path

import pytest
from support import land_night, write_extract

from benchmarks.national import write_national
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.landing import accepted, read_ledger

COLUMNS = ("order_ref", "order_date", "amount", "recipient")


def orders(inbox: Path, refs: list[str], stamp: str = "20260105T020000Z") -> Path:
    rows = [[ref, "2025-05-01", "10", "Police"] for ref in refs]
    return write_extract(inbox, "mda_orders", rows, columns=COLUMNS, stamp=stamp)


@pytest.mark.parametrize(("sample_rows", "real_rows", "is_made_up"), [(5, 5, True), (4, 5, False), (1, 0, True), (0, 9, False)])
def test_half_of_the_first_rows_must_be_made_up(new_home: Home, sample_rows: int, real_rows: int, is_made_up: bool) -> None:
    orders(new_home.inbox, [f"SAMPLE-MDA-{n}" for n in range(sample_rows)] + [f"M{n}" for n in range(real_rows)])
    (entry,) = land_night(new_home)
    assert (entry.outcome, entry.made_up) == ("accepted", is_made_up)


@pytest.mark.parametrize("refs", [("SAMPLER1", "SAMPLER2"), ("sample-1", "sample-2"), ("X SAMPLE-1", "X SAMPLE-2")])
def test_similar_references_are_no_mark(new_home: Home, refs: tuple[str, ...]) -> None:
    orders(new_home.inbox, [*refs])
    assert [e.made_up for e in land_night(new_home)] == [False]


def test_every_file_of_the_sample_has_the_mark(sample_home: Home) -> None:
    entries = read_ledger(sample_home)
    assert [e.source_file for e in entries if not e.made_up] == [] and len(accepted(entries)) > 20


def test_every_file_of_the_national_case_has_the_mark(new_home: Home) -> None:
    write_national(new_home.inbox, ["kent"], 1, 0.01)
    assert [e.source_file for e in land_night(new_home) if e.rows_in_file and not e.made_up] == []


def test_a_made_up_file_waits_in_a_real_home(new_home: Home) -> None:
    orders(new_home.inbox, ["M1"])
    land_night(new_home)
    late = orders(new_home.inbox, ["SAMPLE-1"], stamp="20260106T020000Z")
    (entry,) = land_night(new_home)
    assert entry.outcome == "refused" and "--home DIR" in str(entry.reason)
    assert late.exists() and len(read_ledger(new_home)) == 1


def test_a_real_file_lands_in_a_home_that_stays_marked(new_home: Home, tmp_path: Path) -> None:
    """`pam sample DIR`, then a night that reads DIR: no option says that the data are made up."""
    folder = tmp_path / "made"
    orders(folder, ["SAMPLE-MDA-1"])
    land_night(new_home, folder)
    assert holds_made_up(new_home)
    orders(folder, ["M1"], stamp="20260106T020000Z")
    entries = land_night(new_home, folder)
    assert sorted(e.outcome for e in entries) == ["accepted", "known"] and holds_made_up(new_home)


def test_a_real_home_has_no_mark(new_home: Home) -> None:
    orders(new_home.inbox, ["M1"])
    assert [e.outcome for e in land_night(new_home)] == ["accepted"] and not holds_made_up(new_home)
