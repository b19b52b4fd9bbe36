"""`pam diff`: as a table, as CSV and JSON, to a file, and its error messages."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

from week import NIGHTS

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.serving.diff import FIGURES, FILES


def test_the_table_shows_marts_changed_figures_and_files(pam: Callable, week: Home) -> None:
    result = pam("diff", "20260103", "20260104", "--home", week.path)
    assert result.exit_code == 0 and result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == f"From night {NIGHTS[0]} to night {NIGHTS[1]}: 361 figures moved"
    assert ["mart_naloxone", "1014", "65", "51", "182", "0"] in [line.split() for line in lines]
    june = next(line.split() for line in lines if "Jun 2025" in line)
    assert june[:3] == ["naloxone", "naloxone_administrations", "derbyshire"]
    assert june[3:] == ["Jun", "2025", "2", "1", "-1", "complete", "(1)"]
    file = "naloxone__derbyshire__2025-11-01__2026-01-03__20260104T010000Z.csv"
    assert any(line.split()[:3] == ["1", file, "accepted"] for line in lines)
    assert "(n): the period is outside file n's window" in result.stdout and "\nThe largest moves, complete" in result.stdout
    back = pam("diff", "20260104", "20260103", "--all", "--home", week.path).stdout
    assert back.startswith(f"From night {NIGHTS[1]} to night {NIGHTS[0]}, which is the older: 361 figures moved\n")
    assert "\nThe moves, complete" in back


def test_without_nights_the_last_two_are_compared(pam: Callable, week: Home) -> None:
    result = pam("diff", "--home", week.path)
    assert result.stdout == f"From night {NIGHTS[3]} to night {NIGHTS[4]}: 0 figures moved\n" and result.exit_code == 0


def test_the_csv_has_every_changed_figure(pam: Callable, week: Home, tmp_path: Path) -> None:
    out = tmp_path / "moves.csv"
    result = pam("diff", "20260103", "20260104", "--all", "--format", "csv", "--out", out, "--why", "PAM", "--home", week.path)
    assert result.stdout == f"361 of 361 moved figures written to {out}\n"
    assert out.stat().st_mode & 0o777 == 0o600
    (*_, last) = (r.facts for r in read_log(week) if r.kind == "disclosure")
    assert (last["by"], last["why"], last["to"], last["format"]) == ("pam diff", "PAM", str(out), "csv")
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert len(rows) == 361 and tuple(rows[0]) == FIGURES
    assert pam("diff", "20260103", "20260104", "-f", "csv", "--limit", "3", "--home", week.path).stdout.count("\n") == 4


def test_the_json_has_marts_figures_and_files(pam: Callable, week: Home) -> None:
    diff = json.loads(pam("diff", NIGHTS[2], "today", "-f", "json", "--mart", "op_trapped", "--home", week.path).stdout)
    assert (diff["before"], diff["after"], diff["moved"], diff["unexplained"]) == (NIGHTS[2], NIGHTS[4], 802, 0)
    assert [m["mart"] for m in diff["marts"]] == ["mart_op_trapped"] and len(diff["figures"]) == 20
    assert [(tuple(f), f["extract"], f["figures"]) for f in diff["files"]] == [(FILES, "op_trapped", 802)]
    assert {f["mart"] for f in diff["figures"]} == {"mart_op_trapped"}


def test_unknown_marts_measures_and_nights_are_named(pam: Callable, week: Home, new_home: Home) -> None:
    messages = {
        ("--mart", "mart_nothing"): "no mart is called 'mart_nothing' (there are community_voices, ",
        ("--measure", "nothing"): "no measure is called 'nothing' (docs/reference/marts.md lists them",
        ("20251224",): "20251224: no kept night of that id. There are ",
        ("today", "today"): f"night {NIGHTS[4]} is compared with itself: name two",
    }
    for args, message in messages.items():
        result = pam("diff", *args, "--home", week.path)
        assert result.exit_code == 1 and message in result.stderr and "Traceback" not in result.stderr
    assert "has no published night" in pam("diff", "--home", new_home.path).stderr
    assert pam("diff", *NIGHTS[:3], "--home", week.path).exit_code == 2
    assert pam("diff", "--format", "xml", "--home", week.path).exit_code == 2


def test_rows_of_one_file_can_be_read_back_from_csv(pam: Callable, week: Home) -> None:
    text = pam("diff", "20260104", "20260105", "--measure", "responses", "-f", "csv", "--all", "--home", week.path).stdout
    (*_, last) = (r.facts for r in read_log(week) if r.kind == "consultation")
    assert last == {"by": "pam diff", "nights": "20260104, 20260105", "measure": "responses"}
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {len(r["files"].split("; ")) for r in rows} == {1, 2} and {r["cause"] for r in rows} == {"window", "other window"}
