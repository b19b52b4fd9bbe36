"""The published folder: all of a night in one step, however a copy or a stop left the home."""

import errno
import functools
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from how_often import often
from support import made_output, says

from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, night_of, published_folder, published_night
from dagster_project.nights.lifecycle import mark_path, write_missing_receipts
from dagster_project.public_form import publish_public
from dagster_project.publishing import folder_swap, keep_and_prune, outputs, publish
from dagster_project.publishing.outputs import OutputContext, OutputError
from dagster_project.transform.raw_schema import WAREHOUSE

NIGHTS = ["20260103T020000Z", "20260104T020000Z", "20260105T020000Z", "20260106T020000Z"]


@functools.cache
def night_body(night_id: str) -> bytes:
    """As much of a warehouse as says which night it is of."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "warehouse.duckdb")
        with duckdb.connect(str(path)) as con:
            con.execute("create schema meta")
            con.execute("create table meta.nights as select ? as night_id, cast(null as timestamp) as finished_at", [night_id])
        return path.read_bytes()


def night_file(path: Path, night_id: str) -> Path:
    path.unlink(missing_ok=True)
    path.write_bytes(night_body(night_id))
    return path


def put(home: Home, night_id: str, *names: str) -> dict[str, Any]:
    """Publish a night with outputs of these names."""
    night_file(home.candidate / WAREHOUSE, night_id)
    return publish.publish(home, [says(n) for n in names])


def read(home: Home, *names: str) -> set[str]:
    """Which nights a reader finds: in the file, and in each output."""
    said = {(home.published / n / "night.txt").read_text(encoding="utf-8") for n in names}
    return said | {night_of(home.warehouse)}


def names(home: Home) -> list[str]:
    return sorted(os.listdir(home.published))


def test_all_of_a_night_is_published_together(new_home: Home) -> None:
    written = put(new_home, NIGHTS[0], "open", "report")
    assert read(new_home, "open", "report") == {NIGHTS[0]}
    assert names(new_home) == [".nights", "current", "open", "report", "warehouse.duckdb"]
    assert (new_home.published / "open" / "told" / "it.csv").read_text() == "open+report False\n"
    assert published_folder(new_home) == new_home.published / ".nights" / NIGHTS[0]
    assert replace(written["open"], form="") == outputs.measure_output(new_home.published / "open", written["open"].seconds)
    assert (written["open"].files, written["open"].bytes) == (2, 34) and not (new_home.candidate / WAREHOUSE).exists()
    put(new_home, NIGHTS[1], "open")
    assert names(new_home) == [".nights", "current", "open", "warehouse.duckdb"], "no link to what the night has not"
    assert read(new_home, "open") == {NIGHTS[1]}


def test_the_sum_of_an_output_is_that_of_sha256sum(new_home: Home) -> None:
    written = put(new_home, NIGHTS[0], "open")
    find = f"cd '{new_home.published}/open/' && find . -type f -printf '%P\\n' | sort | xargs sha256sum | sha256sum"
    said = os.popen(find).read()
    assert said.split()[0] == written["open"].sha256


def test_who_reads_a_folder_keeps_it_until_the_night_after_the_next(new_home: Home) -> None:
    put(new_home, NIGHTS[0], "open")
    reading = published_folder(new_home)
    with duckdb.connect(str(reading / "warehouse.duckdb"), read_only=True) as con:
        put(new_home, NIGHTS[1], "open")
        assert (reading / "open" / "night.txt").read_text() == NIGHTS[0]
        put(new_home, NIGHTS[2], "open")
        assert not reading.exists() and con.execute("select night_id from meta.nights").fetchone() == (NIGHTS[0],)
    assert sorted(os.listdir(new_home.published / ".nights")) == NIGHTS[1:3]


def test_an_output_that_fails_publishes_nothing(new_home: Home) -> None:
    def fail(con: Any, folder: Path, context: OutputContext) -> None:
        (folder / "half.txt").write_text("half")
        raise OSError(28, "No space left on device")

    put(new_home, NIGHTS[0], "open")
    night_file(new_home.candidate / WAREHOUSE, NIGHTS[1])
    with pytest.raises(OutputError, match=r"the output report could not be written, so nothing.*No space left") as error:
        publish.publish(new_home, [says("open"), made_output("report", fail)])
    assert isinstance(error.value.__cause__, OSError), "so that the night is tried again"
    assert read(new_home, "open") == {NIGHTS[0]} and os.listdir(new_home.published / ".nights") == [NIGHTS[0]]
    publish.publish(new_home, [says("open")])
    assert read(new_home, "open") == {NIGHTS[1]}, "the candidate was still there"


def full_disk(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """No room for links of these names."""
    real = Path.symlink_to

    def link(path: Path, target: str, **more: Any) -> None:
        if path.name in {f".{n}.new" for n in names}:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, target, **more)

    monkeypatch.setattr(Path, "symlink_to", link)


@pytest.mark.parametrize("before", [[], NIGHTS[:1]])
def test_a_switch_that_fails_leaves_the_candidate_and_no_folder(
    new_home: Home, before: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for night_id in before:
        put(new_home, night_id, "open")
    with monkeypatch.context() as patch:
        full_disk(patch, "current")
        with pytest.raises(OSError, match="No space left"):
            put(new_home, NIGHTS[1], "open")
        kept = night_file(new_home.path / "kept.duckdb", NIGHTS[2])
        with pytest.raises(OSError, match="No space left"):
            publish.publish(new_home, [says("open")], kept)
    assert night_of(new_home.candidate / WAREHOUSE) == NIGHTS[1] and night_of(kept) == NIGHTS[2]
    assert os.listdir(new_home.published / ".nights") == before
    assert published_night(new_home) == (before[0] if before else None)
    publish.publish(new_home, [says("open")])
    assert read(new_home, "open") == {NIGHTS[1]}


def test_what_fails_after_the_switch_is_said_of_a_night_that_is_published(
    new_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(new_home, NIGHTS[0], "open")
    mend = folder_swap.mend_links

    def full(home: Home) -> None:
        if published_night(home) == NIGHTS[1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        mend(home)

    with monkeypatch.context() as patch:
        patch.setattr(folder_swap, "mend_links", full)
        put(new_home, NIGHTS[1], "open")
        assert "No space left" in keep_and_prune.fix_links_and_rights(new_home, None)
    assert published_night(new_home) == NIGHTS[1] and not (new_home.candidate / WAREHOUSE).exists()
    assert keep_and_prune.fix_links_and_rights(new_home, None) == "" and read(new_home, "open") == {NIGHTS[1]}


def test_a_candidate_that_is_not_there_is_not_made(new_home: Home) -> None:
    for act in (lambda: publish.seal(new_home), lambda: publish_public(new_home, Public())):
        with pytest.raises(PublishError, match="there is no candidate"):
            act()
    assert not (new_home.candidate / WAREHOUSE).exists()


def test_an_output_writes_in_its_folder_and_reads_the_night_alone(new_home: Home) -> None:
    tried = []

    def stray(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> None:
        for sql in (
            f"copy (select 1) to '{new_home.path}/out.csv'",
            f"copy (select 1) to '{folder}/../../../out.csv'",
            f"from read_text('{new_home.published}/warehouse.duckdb')",
            "set lock_configuration = false",
        ):
            with pytest.raises(duckdb.Error):
                con.execute(sql)
            tried.append(sql)

    night_file(new_home.candidate / WAREHOUSE, NIGHTS[0])
    publish.publish(new_home, [made_output("open", stray)])
    assert len(tried) == 4


def old_home(home: Home, night_id: str) -> Home:
    """As earlier versions published: the file itself under the published name."""
    night_file(home.warehouse, night_id)
    return home


class Killed(BaseException):
    """kill -9, as near as one process comes to it: nothing that follows is done."""


def stopped_at(n: int, monkeypatch: pytest.MonkeyPatch, check: Callable[[], None], act: Callable[[], object]) -> bool:
    """Stop before the `n`th change of a name; `check` before each. Returns whether it came to that."""
    count = 0

    def stopping(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal count
            check()
            count += 1
            if count >= n:
                raise Killed
            return real(*args, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "rename", "link", "symlink", "unlink", "mkdir"):
            patch.setattr(os, name, stopping(getattr(os, name)))
        # Clearing up is what a killed process doesn't do.
        patch.setattr(shutil, "rmtree", stopping(shutil.rmtree))
        try:
            act()
        except Killed:
            return True
    return False


def copied_through_its_links(home: Home) -> Home:
    """What a copy has that follows links: folders and a file in their place."""
    put(home, NIGHTS[0], "open", "report")
    whole = home.published.with_name("whole")
    shutil.copytree(home.published, whole, symlinks=False)
    shutil.rmtree(home.published)
    whole.rename(home.published)
    assert not any(p.is_symlink() for p in home.published.iterdir())
    return home


def test_a_first_publication_stopped_anywhere_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name shows a night before all do, and what was published says so to the next night."""
    n, stopped, after = often(-1, 0), True, 0
    while stopped:
        n += often(2, 1)
        home = Home(tmp_path / str(n)).create()

        def check(home: Home = home) -> None:
            shown = {(home.published / name).exists() for name in ("current", "open", "warehouse.duckdb")}
            assert len(shown) == 1, sorted(os.listdir(home.published))

        stopped = stopped_at(n, monkeypatch, check, functools.partial(put, home, NIGHTS[0], "open"))
        is_published = published_folder(home) is not None
        after += is_published
        # As an earlier version left it: `current` alone, without the names.
        for name in ("open", "warehouse.duckdb"):
            (home.published / name).unlink(missing_ok=True)
        mark_path(home).write_text(f'{{"night_id": "{NIGHTS[0]}", "started_at": "2026-01-03T02:00:00Z"}}', encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(publish, "count_figures", lambda _: {})
            (receipt,) = write_missing_receipts(home)
        assert receipt.outcome == ("published" if is_published else "failed")
        assert published_night(home) == (NIGHTS[0] if is_published else None)
        put(home, NIGHTS[1], "open")
        assert read(home, "open") == {NIGHTS[1]}
    assert n > 8 and after


@pytest.mark.parametrize("lay", [old_home, lambda home, night: put(home, night, "open") and home, copied_through_its_links])
def test_stopped_anywhere_there_is_one_whole_night_to_read(
    lay: Callable[..., Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From each layout: the published file is readable before every change of a name, and the next night mends the rest."""
    n, stopped = 0, True
    while stopped:
        # What laying out an old home is like matters most.
        n += often(4, 1) if lay is old_home else often(11, 3)
        home = Home(tmp_path / str(n)).create()
        if lay is copied_through_its_links:
            lay(home)
        else:
            lay(home, NIGHTS[0])
        found: list[bytes] = []
        check = functools.partial(lambda h, f: f.append(h.warehouse.read_bytes()), home, found)
        stopped = stopped_at(n, monkeypatch, check, functools.partial(put, home, NIGHTS[1], "open"))
        now = night_of(home.warehouse)
        assert now in NIGHTS[:2] and set(found) <= {night_body(NIGHTS[0]), night_body(now)}
        if (home.published / "open" / "night.txt").exists() and home.warehouse.is_symlink():
            assert read(home, "open") == {now}
        put(home, NIGHTS[2], "open")
        assert read(home, "open") == {NIGHTS[2]} and names(home) == [".nights", "current", "open", "warehouse.duckdb"]
        assert all((home.published / p).is_symlink() for p in names(home)[1:])
        assert len(os.listdir(home.published / ".nights")) == 2
    assert n > 8


def test_what_an_earlier_version_published_since_is_what_stands(new_home: Home) -> None:
    """Gone back to an earlier version for a night: it puts its file in the link's place."""
    put(new_home, NIGHTS[0], "open")
    os.replace(night_file(new_home.candidate / "its.duckdb", NIGHTS[1]), new_home.warehouse)
    publish.repair_layout(new_home)
    assert night_of(new_home.warehouse) == NIGHTS[1] and new_home.warehouse.is_symlink()
    assert names(new_home) == [".nights", "current", "warehouse.duckdb"], "the outputs of another night are not shown"


def test_one_night_twice_has_a_folder_each(new_home: Home) -> None:
    put(new_home, NIGHTS[0], "open")
    put(new_home, NIGHTS[0], "open")
    assert published_folder(new_home).name == f"{NIGHTS[0]}.2" and read(new_home, "open") == {NIGHTS[0]}
