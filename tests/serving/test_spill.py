"""Rows that do not fit into memory while nights are compared go to the home's spill folder, never to the current one."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from week import NIGHTS

from dagster_project.core.home import Home
from dagster_project.core.memory import delete_spill, working_database
from dagster_project.nights.replay import compare_files
from dagster_project.publishing.kept_nights import publication_of
from dagster_project.serving.diff import compare


def test_large_work_spills_to_the_home_and_leaves_nothing(
    new_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    new_home.config_file.write_text('[night]\nmemory = "80MB"\n', encoding="utf-8")
    with working_database(new_home) as con:
        con.execute("create temp table large as select range as n, md5(range::varchar) as text from range(3000000)")
        paths = [Path(path) for path, _ in con.execute("from duckdb_temporary_files()").fetchall()]
        assert paths and all(path.is_relative_to(new_home.spill) for path in paths)
        assert new_home.spill.stat().st_mode & 0o077 == 0
    assert not new_home.spill.exists() and not (tmp_path / ".tmp").exists()


def test_a_night_deletes_what_killed_readers_spilled_and_leaves_the_files_of_others(new_home: Home) -> None:
    new_home.config_file.write_text('[night]\nmemory = "80MB"\n', encoding="utf-8")
    ended = subprocess.Popen(["true"])
    ended.wait()
    with working_database(new_home) as con:
        con.execute("create temp table large as select range as n, md5(range::varchar) as text from range(3000000)")
        (new_home.spill / f"read-{ended.pid}-1").mkdir()
        (new_home.spill / "landing").mkdir()
        delete_spill(new_home)
        assert [path.name.split("-")[:2] for path in new_home.spill.iterdir()] == [["read", str(os.getpid())]]
        assert con.execute("select count(distinct text) from large").fetchone() == (3_000_000,)
    delete_spill(new_home)
    assert not new_home.spill.exists()


@pytest.mark.parametrize(
    "call",
    [
        lambda home, one, other: compare(home, one, other),
        lambda home, one, other: compare_files(home, one.night_id, one.path, other.path),
    ],
    ids=["pam diff", "pam replay"],
)
def test_diff_and_replay_use_the_home_s_spill_folder(week: Home, new_home: Home, call: Callable[..., Any]) -> None:
    new_home.spill.write_text("a file in its place", encoding="utf-8")
    with pytest.raises(FileExistsError, match="spill"):
        call(new_home, publication_of(week, NIGHTS[0]), publication_of(week, NIGHTS[1]))
