"""`pam replay`: published again, checked, and written to a file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
from support import same_figures
from week import NIGHTS

from dagster_project.core.home import Home
from dagster_project.core.published_file import night_of
from dagster_project.core.receipts import read_receipts
from dagster_project.nights.replay import REASON
from dagster_project.publishing.figure_diff import EVERY, attach, find_differences
from dagster_project.publishing.kept_nights import find_kept, prune


def test_a_replay_publishes_and_compares(pam: Callable, week: Home, week_copy: Home) -> None:
    (week_copy.inbox / "naloxone__derbyshire__2025-01-01__2025-12-31__20260109T020000Z.csv").write_text("x\n", encoding="utf-8")
    result = pam("replay", "--home", week_copy.path)
    assert result.exit_code == 0
    last = read_receipts(week_copy)[-1]
    assert night_of(week_copy.warehouse) == last.night_id and last.reason == "made again from raw/ and the lists"
    assert f"Night {last.night_id} is published" in result.stdout
    assert f"figures are those of night {NIGHTS[4]}" in result.stdout
    assert same_figures(week, week_copy) == [] and len(list(week_copy.inbox.iterdir())) == 1, "the inbox waits for a night"


def test_a_check_answers_by_its_exit_code(pam: Callable, week_copy: Home) -> None:
    """One that finds nothing is an example of docs/how-to/go-back.md, and run by the test of that page."""
    with duckdb.connect(str(week_copy.publications / f"{NIGHTS[1]}.duckdb")) as con:
        con.execute("update marts.mart_naloxone set value = 7 where period_label = 'Jun 2025' and area_type = 'force'")
    result = pam("replay", "--check", "--night", "20260104", "--home", week_copy.path)
    assert result.exit_code == 1 and result.stderr == ""
    assert f"2 of 8,816 figures are not those of night {NIGHTS[1]}" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if "2025-06-01" in line]
    assert [row[1] for row in rows] == ["derbyshire", "leicestershire"]
    assert [row[-3:] for row in rows] == [["value", "7", "1"], ["value", "7", "2"]]


def test_an_earlier_night_to_a_file(pam: Callable, week_copy: Home, tmp_path: Path) -> None:
    """It stays within reach when it is no longer kept."""
    kept, out = tmp_path / "kept.duckdb", tmp_path / "night.duckdb"
    shutil.copyfile(find_kept(week_copy, NIGHTS[1]).path, kept)
    prune(week_copy, 1)
    result = pam("replay", "--check", "--night", "20260104", "--home", week_copy.path)
    assert result.exit_code == 1 and "no kept night of that id" in result.stderr
    result = pam("replay", "--as-of", "20260104", "--out", out, "--home", week_copy.path)
    assert result.exit_code == 0 and result.stdout == f"The warehouse as it was after night {NIGHTS[1]} is in {out}\n"
    assert night_of(out) == NIGHTS[1]
    with duckdb.connect() as con:
        attach(con, kept, "earlier")
        attach(con, out, "later")
        assert find_differences(con, columns=EVERY) == 0
        rows = con.execute("select night_id, finished_at is null, reason from later.meta.nights").fetchall()
    assert rows == [(NIGHTS[0], False, ""), (NIGHTS[1], True, REASON)]
    result = pam("replay", "--as-of", "20260104", "--out", out, "--home", week_copy.path)
    assert result.exit_code == 1 and "already exists: name a new file" in result.stderr


def test_wrong_use_is_said(pam: Callable, week: Home, tmp_path: Path) -> None:
    for args in (("--night", "x"), ("--as-of", "x"), ("--out", tmp_path / "x"), ("--as-of", "x", "--out", "x", "--check")):
        result = pam("replay", *args, "--home", week.path)
        assert result.exit_code == 2 and "goes with" in result.stderr
    for args, said in ((("--check",), "no published night"), ((), "has no ledger")):
        home = Home(tmp_path / "empty").create()
        result = pam("replay", *args, "--home", home.path)
        assert result.exit_code == 1 and said in result.stderr + result.stdout
    assert "no such folder" in pam("replay", "--home", tmp_path / "nowhere").stderr
    assert not (tmp_path / "nowhere").exists()
