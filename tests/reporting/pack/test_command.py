"""`pam report`: what it writes, what it refuses, and what it leaves alone."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from dagster_project.core.home import Home
from dagster_project.core.published_file import open_hardened
from dagster_project.editions import newest_with_files
from dagster_project.editions.model import NoEditionError
from dagster_project.reporting.pack import write, write_editions

from .conftest import Made
from .documents import rows_of, tables_of


def test_a_folder_of_the_newest_edition(pam: Callable, other: Made, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report"
    result = pam("report", "--home", other.home.path, "--out", out, "--format", "html,csv")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out / "index.html") and "3 of 23 extracts" not in result.stdout
    assert "html: index.html and" in result.stderr and other.pack.night_id in result.stderr
    note = json.loads((out / "pack.json").read_text(encoding="utf-8"))
    assert (note["edition"], note["is_sample"], note["forms"]) == ("2027-01", False, ["html", "csv"])
    # The same night gives the same bytes.
    both = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (out, other.folder)]
    assert both[0] == both[1] and len(both[0]) > 10
    again = pam("report", "--home", other.home.path, "--out", out, "--format", "csv", "-q")
    assert again.exit_code == 0 and again.stderr == "" and again.stdout.strip() == str(out)
    assert not (out / "index.html").exists(), "the earlier report is replaced whole"
    assert [p.name for p in out.parent.iterdir()] == ["report"]


def test_a_workbook_and_a_document_of_an_edition_by_somebody_else(other: Made, pam: Callable, tmp_path: Path) -> None:
    result = pam("report", "--home", other.home.path, "--out", tmp_path / "office", "--format", "xlsx,docx")
    assert result.exit_code == 0, result.output
    (workbook,), (document,) = ((tmp_path / "office").glob(f"*.{form}") for form in ("xlsx", "docx"))
    book = CalamineWorkbook.from_path(workbook)
    for table, made in tables_of(document, other.pack):
        printed = [[r.label, *(c.printed for c in r.cells)] for r in table.rows]
        assert rows_of(made)[1:] == printed
        sheet = book.get_sheet_by_name(f"{table.number}_{table.name}").to_python()
        assert [row[0] for row in sheet[-len(printed) :]] == [row[0] for row in printed]
        assert [row[1] for row in sheet[-len(printed) :]] == [
            row[1] if r.cells[0].value is None else float(r.cells[0].text.strip("£%").replace(",", ""))
            for row, r in zip(printed, table.rows, strict=True)
        ]


def test_what_is_wrong_is_said(pam: Callable, other: Made, new_home: Home, tmp_path: Path) -> None:
    def said(*options: object, home: Home = other.home) -> str:
        result = pam("report", "--home", home.path, *options)
        assert result.exit_code == 1, result.output
        return result.stderr

    assert "there is no edition 2031-01: there are 2026-03, 2027-01" in said("--out", tmp_path / "x", "--edition", "2031-01")
    assert "no published night" in said("--out", tmp_path / "x", home=new_home)
    assert "pdf: no form of a pack; there are html, csv, xlsx, docx" in said("--out", tmp_path / "x", "--format", "html,pdf")
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.txt").write_text("mine", encoding="utf-8")
    assert "holds other things than a report" in said("--out", own, "--format", "csv")
    assert "is a file; --out names a folder" in said("--out", own / "mine.txt", "--format", "csv")
    assert [p.name for p in own.iterdir()] == ["mine.txt"] and not (tmp_path / "x").exists()
    assert pam("report", "--home", other.home.path, "--out", own, "--format", ",").exit_code == 2


def test_a_pack_that_fails_leaves_the_old_one(
    other: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pam: Callable
) -> None:
    out = tmp_path / "report"
    assert pam("report", "--home", other.home.path, "--out", out, "--format", "csv", "-q").exit_code == 0

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(write, "write_html", full)
    result = pam("report", "--home", other.home.path, "--out", out, "--format", "html,csv")
    assert result.exit_code == 1 and "make room" in result.stderr
    assert (out / "csv").is_dir() and [p.name for p in tmp_path.iterdir()] == ["report"]


def test_other_things_are_replaced_when_told(other: Made, tmp_path: Path, pam: Callable) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old", encoding="utf-8")
    result = pam("report", "--home", other.home.path, "--out", tmp_path / "out", "--format", "csv", "--replace")
    assert result.exit_code == 0 and not (tmp_path / "out" / "old.txt").exists()


def test_a_night_publishes_every_edition_beside_its_file(sample: Made) -> None:
    folder = sample.home.published / "report" / "2026-03"
    note = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    # The rows of the sample say what they are: no option has to.
    assert (note["night_id"], note["is_sample"]) == (sample.pack.night_id, True) and note["forms"] == list(write.FORMS)
    names = {p.relative_to(sample.folder) for p in sample.folder.rglob("*") if p.is_file()}
    stem = "drug-dealing-and-substance-misuse-2026-03"
    found = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    assert found == names | {Path(f"{stem}.xlsx"), Path(f"{stem}.docx")}
    text = (folder / "trail" / "offences.html").read_text(encoding="utf-8")
    assert "The records are not counted on this page" in text and "<span>--cell offences/1/rolling" in text
    assert (folder / "csv" / "offences.csv").read_bytes() == (sample.folder / "csv" / "offences.csv").read_bytes()


def test_an_edition_of_a_force_without_files_is_left_out(other: Made, tmp_path: Path) -> None:
    con = open_hardened(other.home.warehouse, writable=tmp_path)
    assert write_editions(con, tmp_path, other.home, False)() == []
    con.close()
    assert [p.name for p in tmp_path.iterdir()] == ["2027-01"]


def test_another_forces_edition_is_not_taken_unasked(pam: Callable, other: Made, tmp_path: Path) -> None:
    """It would be a report in which nothing is available."""
    con = open_hardened(other.home.warehouse)
    assert newest_with_files(con, {"2027-01": "leicestershire", "2028-01": "derbyshire"}) == "2027-01"
    with pytest.raises(NoEditionError, match="`pam edition new MONTH --force leicestershire` makes one"):
        newest_with_files(con, {"2026-03": "derbyshire"})
    con.close()
    result = pam("report", "--home", other.home.path, "--out", tmp_path / "x", "--edition", "2026-03", "--format", "csv")
    assert result.exit_code == 0, "asked for by name it is written"


def test_an_edition_that_was_changed_since_the_night_is_told(pam: Callable, other: Made, tmp_path: Path) -> None:
    """The night has printed it: what was changed since is not in the report."""
    ask = ("report", "--home", other.home.path, "--out", tmp_path / "x", "--format", "csv")
    own = other.home.editions / "2027-01.yml"
    times = own.stat()
    os.utime(own, (0, 0))
    try:
        assert "was changed after" not in pam(*ask).stderr
        os.utime(own, (4e9, 4e9))
        assert "editions/2027-01.yml was changed after this night" in pam(*ask).stderr
    finally:
        os.utime(own, ns=(times.st_atime_ns, times.st_mtime_ns))
