"""Files that need no rebuilding are reused from the last publication, and equal rebuilt ones to the byte."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.core.home import Home
from dagster_project.core.made_up_home import MADE_UP_MARK, SAMPLE_MARK
from dagster_project.core.receipts import read_receipts
from dagster_project.core.reuse_outputs import ReusedFiles
from dagster_project.core.sql import CONTENT_HASH
from dagster_project.publishing import outputs, publish
from dagster_project.publishing.outputs import OUTPUTS as ALL_OUTPUTS
from dagster_project.publishing.outputs import Output

WITH_REUSE = [o for o in ALL_OUTPUTS if o.name in ("open", "dashboard")]
"""Outputs whose files can be reused."""


def write(home: Home, night: Path, folder: Path, written: list[Output] = WITH_REUSE) -> dict[str, str]:
    """Write the outputs of a night's file. Returns the SHA-256 of each. The home's list of reusable files is not changed."""
    folder.mkdir()
    reused = ReusedFiles(home, folder, publish.project_version())
    results = outputs.write(home, night, read_receipts(home)[-1].night_id, folder, written, reused=reused)
    return {name: one.sha256 for name, one in results.items()}


def linked_files(home: Home, folder: Path) -> set[str]:
    """The files that are hard links to those of the last publication."""
    last = (home.published / "current").resolve()
    return {
        name for path in folder.rglob("*")
        if path.is_file() and (last / (name := path.relative_to(folder).as_posix())).exists()
        and os.path.samefile(path, last / name)
    }  # fmt: skip


def reusable_files(folder: Path) -> set[str]:
    """The files of an output folder that can be reused."""
    paths = [*folder.glob("open/csv/*.csv"), *(p for p in folder.glob("dashboard/data/*/*.js") if p.stem.startswith("mart_"))]
    return {p.relative_to(folder).as_posix() for p in (*paths, *folder.glob("dashboard/vega.js"))}


def change_four_marts(home: Home, con: duckdb.DuckDBPyConnection) -> None:
    """Change each mart in another way, so that one night shows what each change rebuilds; and remove the sample's marks."""
    # One figure.
    con.execute(
        "update marts.mart_naloxone set value = value + 1"
        " where rowid = (select max(rowid) from marts.mart_naloxone where value is not null)"
    )
    # The same values, in other rows.
    con.execute(
        "update marts.mart_iom as m set value = o.value from marts.mart_iom as o, (select min(value) as low,"
        " max(value) as high from marts.mart_iom) where m.value in (low, high) and o.value in (low, high)"
        " and m.value <> o.value"
    )
    # One control chart.
    con.execute("update marts.mart_control_charts set mean = mean + 1 where mart = 'mart_incidents'")
    # The same rows in another order.
    con.execute("create table marts.other as from marts.mart_pspo order by value")
    con.execute("delete from marts.mart_pspo")
    con.execute("insert into marts.mart_pspo from marts.other")
    con.execute("drop table marts.other")
    for mark in (SAMPLE_MARK, MADE_UP_MARK):
        (home.path / mark).unlink(missing_ok=True)


FILES_OF_FOUR_MARTS = {
    "open/csv/mart_naloxone.csv", "dashboard/data/derbyshire/mart_naloxone.js",
    "open/csv/mart_iom.csv", "dashboard/data/derbyshire/mart_iom.js",
    "open/csv/mart_control_charts.csv", "dashboard/data/derbyshire/mart_incidents.js",
    "open/csv/mart_pspo.csv",
}  # fmt: skip


def other_settings(home: Home, _: duckdb.DuckDBPyConnection) -> None:
    home.config_file.write_text('[publish]\nopen = "public"\nlicence = "https://example.org/l"\n', encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "made_again", "written"),
    [(change_four_marts, FILES_OF_FOUR_MARTS, WITH_REUSE), (other_settings, None, WITH_REUSE[:1])],
)
def test_reused_files_equal_rebuilt_ones(
    sample_copy: Home, tmp_path: Path, change: Callable[..., None], made_again: set[str] | None, written: list[Output]
) -> None:
    home, night = sample_copy, tmp_path / "night.duckdb"
    shutil.copyfile(home.warehouse, night)
    with duckdb.connect(str(night)) as con:
        change(home, con)
    hashes = write(home, night, tmp_path / "taken", written)
    home.parts_file.unlink()
    assert write(home, night, tmp_path / "made", written) == hashes and not linked_files(home, tmp_path / "made")
    if made_again is not None:
        assert reusable_files(tmp_path / "taken") - linked_files(home, tmp_path / "taken") == made_again


def test_a_night_reuses_all_files_of_the_night_before(sample_copy: Home, tmp_path: Path) -> None:
    """So the night that made the home recorded the inputs of its files."""
    write(sample_copy, sample_copy.warehouse.resolve(), tmp_path / "again")
    files = reusable_files(tmp_path / "again")
    assert len(files) > 60 and linked_files(sample_copy, tmp_path / "again") == files


@pytest.fixture
def published_home(new_home: Home) -> Home:
    """A home that has published one part."""
    folder = new_home.published / ".nights" / "N1"
    folder.mkdir(parents=True)
    (new_home.published / "current").symlink_to(".nights/N1")
    reused = ReusedFiles(new_home, folder, "v1")
    reused.reuse_or_make(folder / "open" / "a.csv", "figures", lambda path: path.write_text("1\n"))
    reused.save("N1")
    return new_home


def reuse(home: Home, inputs: str = "figures", version: str = "v1") -> tuple[bool, str]:
    """The file of the next night: whether it was reused, and its content."""
    folder = home.published / ".nights" / "N2"
    shutil.rmtree(folder, ignore_errors=True)
    path = folder / "open" / "a.csv"
    is_reused = ReusedFiles(home, folder, version).reuse_or_make(path, inputs, lambda path: path.write_text("2\n"))
    return is_reused, path.read_text()


def test_a_file_is_reused_only_if_all_its_inputs_are_the_same(published_home: Home) -> None:
    assert reuse(published_home) == (True, "1\n")
    assert reuse(published_home, "other figures") == (False, "2\n") and reuse(published_home, version="v2") == (False, "2\n")


def test_a_changed_published_file_is_not_reused(published_home: Home) -> None:
    (published_home.published / "current" / "open" / "a.csv").write_text("3\n")
    assert reuse(published_home) == (False, "2\n")
    assert (published_home.published / "current" / "open" / "a.csv").read_text() == "3\n", "it is never written to"


@pytest.mark.parametrize("parts_list", [None, "{", "[]", json.dumps({"folder": "N0", "parts": {"open/a.csv": ["k", "d"]}})])
def test_without_a_list_of_this_publication_nothing_is_reused(published_home: Home, parts_list: str | None) -> None:
    published_home.parts_file.unlink()
    if parts_list:
        published_home.parts_file.write_text(parts_list)
    assert reuse(published_home) == (False, "2\n")


def test_without_hard_links_files_are_copied(published_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise PermissionError("no links")

    monkeypatch.setattr(os, "link", refuses)
    assert reuse(published_home) == (True, "1\n")
    assert (published_home.published / ".nights" / "N2" / "open" / "a.csv").stat().st_nlink == 1


def test_swapped_values_change_the_content_hash() -> None:
    """A plain sum of DuckDB's hashes would often stay the same, so the sum is of their bits."""
    with duckdb.connect() as con:
        hashes = {
            con.execute(f"select {CONTENT_HASH} from (values {rows}) as t(k, v)").fetchone()
            for rows in ("(1, 5), (2, 6)", "(1, 6), (2, 5)", "(1, 5), (2, 6), (2, 6)", "(1, 5)", "(1, null), (2, 6)")
        }
    assert len(hashes) == 5
