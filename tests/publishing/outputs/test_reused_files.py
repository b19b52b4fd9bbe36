"""What need not be made again is taken from the last publication, and is then the same to the byte as what is made anew."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.core.home import Home
from dagster_project.core.receipts import MADE_UP_MARK, SAMPLE_MARK, read_receipts
from dagster_project.core.reuse_outputs import ReusedFiles
from dagster_project.core.sql import CONTENT_HASH
from dagster_project.publishing import outputs, publish
from dagster_project.publishing.outputs import OUTPUTS as ALL_OUTPUTS
from dagster_project.publishing.outputs import Output

WITH_REUSE = [o for o in ALL_OUTPUTS if o.name in ("open", "dashboard")]
"""Outputs whose files can be reused."""


def write(home: Home, night: Path, folder: Path, written: list[Output] = WITH_REUSE) -> dict[str, str]:
    """Write them of a night's file. Returns the SHA-256 of each. The home's list of reusable files stays as it is."""
    folder.mkdir()
    reused = ReusedFiles(home, folder, publish.project_version())
    made = outputs.write(home, night, read_receipts(home)[-1].night_id, folder, written, reused=reused)
    return {name: one.sha256 for name, one in made.items()}


def taken(home: Home, folder: Path) -> set[str]:
    """The files that are those of the last publication under a second name."""
    last = (home.published / "current").resolve()
    return {
        name for path in folder.rglob("*")
        if path.is_file() and (last / (name := path.relative_to(folder).as_posix())).exists()
        and os.path.samefile(path, last / name)
    }  # fmt: skip


def reusable_files(folder: Path) -> set[str]:
    """The files of an output folder that can be reused."""
    found = [*folder.glob("open/csv/*.csv"), *(p for p in folder.glob("dashboard/data/*/*.js") if p.stem.startswith("mart_"))]
    return {p.relative_to(folder).as_posix() for p in found}


def change_four_marts(home: Home, con: duckdb.DuckDBPyConnection) -> None:
    """Of each mart something else, so that one night shows what each change has made again; and the sample's marks go."""
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


OF_FOUR_MARTS = {
    "open/csv/mart_naloxone.csv", "dashboard/data/derbyshire/mart_naloxone.js",
    "open/csv/mart_iom.csv", "dashboard/data/derbyshire/mart_iom.js",
    "open/csv/mart_control_charts.csv", "dashboard/data/derbyshire/mart_incidents.js",
    "open/csv/mart_pspo.csv",
}  # fmt: skip


def other_settings(home: Home, _: duckdb.DuckDBPyConnection) -> None:
    home.config_file.write_text('[publish]\nopen = "public"\nlicence = "https://example.org/l"\n', encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "made_again", "written"),
    [(change_four_marts, OF_FOUR_MARTS, WITH_REUSE), (other_settings, None, WITH_REUSE[:1])],
)
def test_what_is_taken_is_what_would_be_made(
    sample_copy: Home, tmp_path: Path, change: Callable[..., None], made_again: set[str] | None, written: list[Output]
) -> None:
    home, night = sample_copy, tmp_path / "night.duckdb"
    shutil.copyfile(home.warehouse, night)
    with duckdb.connect(str(night)) as con:
        change(home, con)
    found = write(home, night, tmp_path / "taken", written)
    home.parts_file.unlink()
    assert write(home, night, tmp_path / "made", written) == found and not taken(home, tmp_path / "made")
    if made_again is not None:
        assert reusable_files(tmp_path / "taken") - taken(home, tmp_path / "taken") == made_again


def test_what_a_night_publishes_is_taken_by_the_next(sample_copy: Home, tmp_path: Path) -> None:
    """So the night that made the home wrote down what its files are made of."""
    write(sample_copy, sample_copy.warehouse.resolve(), tmp_path / "again")
    files = reusable_files(tmp_path / "again")
    assert len(files) > 60 and taken(sample_copy, tmp_path / "again") == files


@pytest.fixture
def published(new_home: Home) -> Home:
    """A home that has published one part."""
    folder = new_home.published / ".nights" / "N1"
    folder.mkdir(parents=True)
    (new_home.published / "current").symlink_to(".nights/N1")
    reused = ReusedFiles(new_home, folder, "v1")
    reused.reuse_or_make(folder / "open" / "a.csv", "figures", lambda path: path.write_text("1\n"))
    reused.save("N1")
    return new_home


def again(home: Home, made_of: str = "figures", version: str = "v1") -> tuple[bool, str]:
    """The next night's: whether it was taken, and what it holds."""
    folder = home.published / ".nights" / "N2"
    shutil.rmtree(folder, ignore_errors=True)
    path = folder / "open" / "a.csv"
    was = ReusedFiles(home, folder, version).reuse_or_make(path, made_of, lambda path: path.write_text("2\n"))
    return was, path.read_text()


def test_a_part_is_taken_only_where_all_it_is_made_of_is_the_same(published: Home) -> None:
    assert again(published) == (True, "1\n")
    assert again(published, "other figures") == (False, "2\n") and again(published, version="v2") == (False, "2\n")


def test_a_published_file_that_somebody_wrote_in_is_not_taken(published: Home) -> None:
    (published.published / "current" / "open" / "a.csv").write_text("3\n")
    assert again(published) == (False, "2\n")
    assert (published.published / "current" / "open" / "a.csv").read_text() == "3\n", "it is never written to"


@pytest.mark.parametrize("said", [None, "{", "[]", json.dumps({"folder": "N0", "parts": {"open/a.csv": ["k", "d"]}})])
def test_without_a_list_of_this_publication_all_is_made(published: Home, said: str | None) -> None:
    published.parts_file.unlink()
    if said:
        published.parts_file.write_text(said)
    assert again(published) == (False, "2\n")


def test_where_the_disk_has_no_links_it_is_a_copy(published: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise PermissionError("no links")

    monkeypatch.setattr(os, "link", refuses)
    assert again(published) == (True, "1\n")
    assert (published.published / ".nights" / "N2" / "open" / "a.csv").stat().st_nlink == 1


def test_rows_that_exchange_values_have_other_contents() -> None:
    """A sum of DuckDB's hashes alone would often stay the same: it is of their bits."""
    with duckdb.connect() as con:
        said = {
            con.execute(f"select {CONTENT_HASH} from (values {rows}) as t(k, v)").fetchone()
            for rows in ("(1, 5), (2, 6)", "(1, 6), (2, 5)", "(1, 5), (2, 6), (2, 6)", "(1, 5)", "(1, null), (2, 6)")
        }
    assert len(said) == 5
