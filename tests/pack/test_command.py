"""`pam report`: what it writes, what it refuses, and what it leaves alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.pack import write
from dagster_project.settings import Home

from .conftest import Made


def test_a_folder_of_the_newest_edition(pam: Callable, other: Made, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report"
    result = pam("report", "--home", other.home.path, "--out", out, "--form", "html,csv")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out / "index.html") and "3 of 23 extracts" not in result.stdout
    assert "html: index.html and" in result.stderr and other.pack.night_id in result.stderr
    note = json.loads((out / "pack.json").read_text(encoding="utf-8"))
    assert (note["edition"], note["is_sample"], note["forms"]) == ("2027-01", False, ["html", "csv"])
    again = pam("report", "--home", other.home.path, "--out", out, "--form", "csv", "-q")
    assert again.exit_code == 0 and again.stderr == "" and again.stdout.strip() == str(out)
    assert not (out / "index.html").exists(), "the earlier report is replaced whole"
    assert [p.name for p in out.parent.iterdir()] == ["report"]


def test_same_night_same_bytes(other: Made, pam: Callable, tmp_path: Path) -> None:
    assert pam("report", "--home", other.home.path, "--out", tmp_path / "one", "--form", "html,csv", "-q").exit_code == 0
    files = {p.relative_to(other.folder): p.read_bytes() for p in other.folder.rglob("*") if p.is_file()}
    assert {p.relative_to(tmp_path / "one"): p.read_bytes() for p in (tmp_path / "one").rglob("*") if p.is_file()} == files


def test_what_is_wrong_is_said(pam: Callable, other: Made, new_home: Home, tmp_path: Path) -> None:
    def said(*options: object, home: Home = other.home) -> str:
        result = pam("report", "--home", home.path, *options)
        assert result.exit_code == 1, result.output
        return result.stderr

    assert "there is no edition 2031-01: there are 2026-03, 2027-01" in said("--out", tmp_path / "x", "--edition", "2031-01")
    assert "no published night" in said("--out", tmp_path / "x", home=new_home)
    assert "pdf: no form of a pack; there are html, csv, xlsx, docx" in said("--out", tmp_path / "x", "--form", "html,pdf")
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.txt").write_text("mine", encoding="utf-8")
    assert "holds other things than a report" in said("--out", own, "--form", "csv")
    assert "is a file; --out names a folder" in said("--out", own / "mine.txt", "--form", "csv")
    assert [p.name for p in own.iterdir()] == ["mine.txt"] and not (tmp_path / "x").exists()
    assert pam("report", "--home", other.home.path, "--out", own, "--form", ",").exit_code == 2


def test_a_pack_that_fails_leaves_the_old_one(other: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pam: Callable) -> None:
    out = tmp_path / "report"
    assert pam("report", "--home", other.home.path, "--out", out, "--form", "csv", "-q").exit_code == 0

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(write, "write_html", full)
    result = pam("report", "--home", other.home.path, "--out", out, "--form", "html,csv")
    assert result.exit_code == 1 and "make room" in result.stderr
    assert (out / "csv").is_dir() and [p.name for p in tmp_path.iterdir()] == ["report"]


def test_other_things_are_replaced_when_told(other: Made, tmp_path: Path, pam: Callable) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old", encoding="utf-8")
    result = pam("report", "--home", other.home.path, "--out", tmp_path / "out", "--form", "csv", "--force")
    assert result.exit_code == 0 and not (tmp_path / "out" / "old.txt").exists()
