"""`pam replay --check`, and `pam replay --out`. (tests/nights tests a replay that publishes.)"""

import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
from week import NIGHTS, RELEASED

from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.published_file import night_of
from dagster_project.nights.replay import REASON
from dagster_project.publishing.figure_diff import EVERY, attach, make_differences
from dagster_project.publishing.keep_and_prune import prune
from dagster_project.publishing.kept_nights import publication_of


def test_a_check_that_finds_differences_exits_with_1(pam: Callable, week_copy: Home) -> None:
    """After a list was replaced and a held file released. A check needs no lock, leaves the home as it is, and removes the
    remains of a killed one. (The long run has the example of docs/how-to/go-back.md, which finds no difference.)"""
    home = week_copy
    with duckdb.connect(str(home.publications / f"{NIGHTS[3]}.duckdb")) as con:
        con.execute("update marts.mart_naloxone set value = 7 where period_label = 'Jun 2025' and area_type = 'force'")
    before = file_states(home.path)
    dead, alive = (home.path / f".replay-{pid}-x" for pid in (2**22 + 1, os.getpid()))
    for folder in (dead, alive):
        (folder / "candidate").mkdir(parents=True)
    with locked(home):
        result = pam("replay", "--check", "--night", "20260106", "--home", home.path)
    assert result.exit_code == 1 and result.stderr == ""
    assert f"2 of 13,728 figures are not those of night {NIGHTS[3]}" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if "2025-06-01" in line]
    assert [row[1] for row in rows] == ["derbyshire", "leicestershire"]
    assert [row[-3:] for row in rows] == [["value", "7", "1"], ["value", "7", "2"]]
    assert list(home.path.glob(".replay-*")) == [alive], "the other process may still use its folder"
    shutil.rmtree(alive)
    assert file_states(home.path) == before


def differing_marts(one: Path, other: Path) -> set[str]:
    with duckdb.connect() as con:
        attach(con, one, "earlier")
        attach(con, other, "later")
        make_differences(con, columns=EVERY)
        return {mart for (mart,) in con.execute("select distinct mart from differences").fetchall()}


def file_states(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in folder.rglob("*") if p.name != ".night.lock"}


def test_an_earlier_night_is_written_to_a_file(pam: Callable, week: Home, tmp_path: Path) -> None:
    """From a home that has lost its publications and receipts. The release came between the third and the fourth night: the
    figures are the third's, except those of the released file, which are the fourth's."""
    home, out = Home(tmp_path / "restored").create(), tmp_path / "released.duckdb"
    shutil.copytree(week.raw, home.raw, dirs_exist_ok=True)
    result = pam("replay", "--as-of", RELEASED, "--out", out, "--home", home.path)
    assert result.exit_code == 0 and result.stdout == f"The warehouse as it was after night {RELEASED} is in {out}\n"
    assert result.stderr == "", "no check would hold it"
    assert out.stat().st_mode & 0o777 == 0o600 and night_of(out) == RELEASED
    assert differing_marts(publication_of(week, NIGHTS[2]).path, out) == {"mart_stop_search"}
    assert "mart_stop_search" not in differing_marts(publication_of(week, NIGHTS[3]).path, out)
    with duckdb.connect() as con:
        attach(con, out, "later")
        con.execute("use later")
        nights = con.execute("select distinct night_id from meta.files order by 1").fetchall()
        held = con.execute("select outcome from meta.files where extract = 'stop_search' order by landed_at").fetchall()
        late = con.execute("select covered_to, days_late from meta.extracts where extract = 'crimes' and force_code like 'd%'")
        assert late.fetchall() == [(date(2025, 12, 31), 2)], "as late as on that night"
        (row,) = con.execute("select night_id, reason from meta.nights where finished_at is null").fetchall()
        schemas = con.execute(
            "select distinct schema_name from duckdb_tables() where database_name = 'later' order by 1"
        ).fetchall()
    assert nights == [(n,) for n in (*NIGHTS[:3], RELEASED)] and sorted(held) == [("accepted",), ("accepted",), ("held",)]
    assert row == (RELEASED, REASON)
    assert schemas == [("bi",), ("marts",), ("marts_public",), ("meta",), ("reports",)]
    assert not home.warehouse.exists() and not list(home.nights.glob("*.json")) and not list(home.path.glob(".replay-*"))
    result = pam("replay", "--as-of", RELEASED, "--out", out, "--home", home.path)
    assert result.exit_code == 1 and "already exists: name a new file" in result.stderr


def test_a_night_that_is_not_kept_cannot_be_checked(pam: Callable, week_copy: Home) -> None:
    prune(week_copy, 1)
    result = pam("replay", "--check", "--night", "20260104", "--home", week_copy.path)
    assert result.exit_code == 1 and "no kept night of that id" in result.stderr


def test_usage_errors(pam: Callable, week: Home, tmp_path: Path) -> None:
    for args in (("--night", "x"), ("--as-of", "x"), ("--out", tmp_path / "x"), ("--as-of", "x", "--out", "x", "--check")):
        result = pam("replay", *args, "--home", week.path)
        assert result.exit_code == 2 and "goes with" in result.stderr
    for args, message in ((("--check",), "no published night"), ((), "has no ledger")):
        home = Home(tmp_path / "empty").create()
        result = pam("replay", *args, "--home", home.path)
        assert result.exit_code == 1 and message in result.stderr + result.stdout
    assert "no such folder" in pam("replay", "--home", tmp_path / "nowhere").stderr
    assert not (tmp_path / "nowhere").exists()
