"""`pam report`: what it writes, what it refuses and what it does not touch."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from python_calamine import CalamineWorkbook

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.core.published_file import open_hardened
from dagster_project.editions import newest_with_files
from dagster_project.editions.model import NoEditionError
from dagster_project.reporting.pack import write, write_editions

from .conftest import WrittenPack
from .documents import rows_of, tables_of


def test_the_newest_edition_is_written_to_a_folder(pam: Callable, other_pack: WrittenPack, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report"
    result = pam("report", "--home", other_pack.home.path, "--out", out, "--format", "html,csv", "--why", "PAM")
    assert result.exit_code == 0, result.output
    asked, written = (r.facts for r in [*read_log(other_pack.home)][-2:])
    by = {"by": "pam report", "why": "PAM"}
    assert asked == by and written == by | {"what": "edition 2027-01, exact: html, csv", "to": str(out)}
    assert result.stdout.strip() == str(out / "index.html") and "3 of 23 extracts" not in result.stdout
    assert "html: index.html and" in result.stderr and other_pack.pack.night_id in result.stderr
    note = json.loads((out / "pack.json").read_text(encoding="utf-8"))
    assert (note["edition"], note["is_sample"], note["forms"]) == ("2027-01", False, ["html", "csv"])
    # The same night gives the same bytes.
    both = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (out, other_pack.folder)]
    assert both[0] == both[1] and len(both[0]) > 10
    again = pam("report", "--home", other_pack.home.path, "--out", out, "--format", "csv", "-q")
    assert again.exit_code == 0 and again.stderr == "" and again.stdout.strip() == str(out)
    assert not (out / "index.html").exists(), "the earlier report is replaced whole"
    assert [p.name for p in out.parent.iterdir()] == ["report"]


def test_a_workbook_and_a_word_document_of_another_force(other_pack: WrittenPack, pam: Callable, tmp_path: Path) -> None:
    result = pam("report", "--home", other_pack.home.path, "--out", tmp_path / "office", "--format", "xlsx,docx",
                 "--tables-only")  # fmt: skip
    assert result.exit_code == 0, result.output
    (workbook,), (document,) = ((tmp_path / "office").glob(f"*.{form}") for form in ("xlsx", "docx"))
    assert len(Document(str(document)).inline_shapes) == 0, "no charts"
    book = CalamineWorkbook.from_path(workbook)
    for table, word_table in tables_of(document, other_pack.pack):
        printed = [[r.label, *(c.printed for c in r.cells)] for r in table.rows]
        assert rows_of(word_table)[1:] == printed
        sheet = book.get_sheet_by_name(f"{table.number}_{table.name}").to_python()
        assert [row[0] for row in sheet[-len(printed) :]] == [row[0] for row in printed]
        assert [row[1] for row in sheet[-len(printed) :]] == [
            row[1] if r.cells[0].value is None else float(r.cells[0].text.strip("£%").replace(",", ""))
            for row, r in zip(printed, table.rows, strict=True)
        ]


def test_errors_are_reported(pam: Callable, other_pack: WrittenPack, new_home: Home, tmp_path: Path) -> None:
    def error(*options: object, home: Home = other_pack.home) -> str:
        result = pam("report", "--home", home.path, *options)
        assert result.exit_code == 1, result.output
        return result.stderr

    assert "there is no edition 2031-01: there are 2026-03, 2027-01" in error("--out", tmp_path / "x", "--edition", "2031-01")
    assert "no published night" in error("--out", tmp_path / "x", home=new_home)
    assert "pdf: no form of a pack; there are html, csv, xlsx, docx" in error("--out", tmp_path / "x", "--format", "html,pdf")
    own_folder = tmp_path / "own"
    own_folder.mkdir()
    (own_folder / "mine.txt").write_text("mine", encoding="utf-8")
    assert "holds other things than a report" in error("--out", own_folder, "--format", "csv")
    assert "is a file; --out names a folder" in error("--out", own_folder / "mine.txt", "--format", "csv")
    assert [p.name for p in own_folder.iterdir()] == ["mine.txt"] and not (tmp_path / "x").exists()
    assert pam("report", "--home", other_pack.home.path, "--out", own_folder, "--format", ",").exit_code == 2


def test_a_failed_report_leaves_the_old_one(
    other_pack: WrittenPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pam: Callable
) -> None:
    out = tmp_path / "report"
    assert pam("report", "--home", other_pack.home.path, "--out", out, "--format", "csv", "-q").exit_code == 0

    def raise_disk_full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(write, "write_html", raise_disk_full)
    result = pam("report", "--home", other_pack.home.path, "--out", out, "--format", "html,csv")
    assert result.exit_code == 1 and "make room" in result.stderr
    assert (out / "csv").is_dir() and [p.name for p in tmp_path.iterdir()] == ["report"]


def test_other_files_are_replaced_with_the_option(other_pack: WrittenPack, tmp_path: Path, pam: Callable) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.txt").write_text("old", encoding="utf-8")
    result = pam("report", "--home", other_pack.home.path, "--out", tmp_path / "out", "--format", "csv", "--replace")
    assert result.exit_code == 0 and not (tmp_path / "out" / "old.txt").exists()


def test_a_night_publishes_the_report_of_every_edition(sample_pack: WrittenPack) -> None:
    folder = sample_pack.home.published / "report" / "2026-03"
    note = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    # The sample is recognised by its rows, without an option.
    assert (note["night_id"], note["is_sample"]) == (sample_pack.pack.night_id, True) and note["forms"] == list(write.FORMS)
    names = {p.relative_to(sample_pack.folder) for p in sample_pack.folder.rglob("*") if p.is_file()}
    stem = "drug-dealing-and-substance-misuse-2026-03"
    written = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    assert written == names | {Path(f"{stem}.xlsx"), Path(f"{stem}.docx")}
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f'href="../../{output}/index.html"' in index for output in ("dashboard", "catalogue"))
    text = (folder / "trail" / "offences.html").read_text(encoding="utf-8")
    assert "Records by month" not in text and "Records by month" in (
        sample_pack.folder / "trail" / "offences.html").read_text(encoding="utf-8"), "no column without a record"  # fmt: skip
    assert "The records are not counted on this page" in text and "<span>--cell offences/1/rolling" in text
    assert (folder / "csv" / "offences.csv").read_bytes() == (sample_pack.folder / "csv" / "offences.csv").read_bytes()


def test_an_edition_of_a_force_without_files_is_left_out(other_pack: WrittenPack, tmp_path: Path) -> None:
    con = open_hardened(other_pack.home.warehouse, writable=tmp_path)
    assert write_editions(con, tmp_path, other_pack.home, False)() == []
    con.close()
    assert [p.name for p in tmp_path.iterdir()] == ["2027-01"]


def test_the_edition_of_another_force_is_used_only_if_requested(pam: Callable, other_pack: WrittenPack, tmp_path: Path) -> None:
    """Its report would show every figure as not available."""
    con = open_hardened(other_pack.home.warehouse)
    assert newest_with_files(con, {"2027-01": "leicestershire", "2028-01": "derbyshire"}) == "2027-01"
    with pytest.raises(NoEditionError, match="`pam edition new MONTH --force leicestershire` makes one"):
        newest_with_files(con, {"2026-03": "derbyshire"})
    con.close()
    result = pam("report", "--home", other_pack.home.path, "--out", tmp_path / "x", "--edition", "2026-03", "--format", "csv")
    assert result.exit_code == 0, "it is written if requested by name"


def test_an_edition_changed_after_the_night_is_reported(pam: Callable, other_pack: WrittenPack, tmp_path: Path) -> None:
    """The report has the edition as the night printed it, without later changes."""
    command = ("report", "--home", other_pack.home.path, "--out", tmp_path / "x", "--format", "csv")
    edition_file = other_pack.home.editions / "2027-01.yml"
    times = edition_file.stat()
    os.utime(edition_file, (0, 0))
    try:
        assert "was changed after" not in pam(*command).stderr
        os.utime(edition_file, (4e9, 4e9))
        assert "editions/2027-01.yml was changed after this night" in pam(*command).stderr
    finally:
        os.utime(edition_file, ns=(times.st_atime_ns, times.st_mtime_ns))
