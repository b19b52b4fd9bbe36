"""The published folder: a whole night in one step, whatever state a copy or a stop left the home in."""

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

from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.core.published_file import PublishError, night_of, published_folder, published_night
from dagster_project.nights.interrupted_nights import mark_path, recover_interrupted_nights
from dagster_project.public_form import write_public_form
from dagster_project.publishing import folder_swap, keep_and_prune, outputs, publish
from dagster_project.publishing.outputs import OutputContext, OutputError

NIGHTS = ["20260103T020000Z", "20260104T020000Z", "20260105T020000Z", "20260106T020000Z"]


@functools.cache
def night_body(night_id: str) -> bytes:
    """A warehouse file with only the id of its night."""
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


def publish_small(home: Home, night_id: str, *names: str) -> dict[str, Any]:
    """Publish a night with outputs of these names."""
    night_file(home.candidate / WAREHOUSE, night_id)
    return publish.publish(home, [says(n) for n in names])


def shown_nights(home: Home, *names: str) -> set[str]:
    """Which nights a reader finds: in the file, and in each output."""
    nights = {(home.published / n / "night.txt").read_text(encoding="utf-8") for n in names}
    return nights | {night_of(home.warehouse)}


def names(home: Home) -> list[str]:
    return sorted(os.listdir(home.published))


def test_a_whole_night_is_published_at_once(new_home: Home) -> None:
    written = publish_small(new_home, NIGHTS[0], "open", "report")
    assert shown_nights(new_home, "open", "report") == {NIGHTS[0]}
    assert names(new_home) == [".nights", "current", "open", "report", "warehouse.duckdb"]
    assert (new_home.published / "open" / "told" / "it.csv").read_text() == "open+report False\n"
    assert published_folder(new_home) == new_home.published / ".nights" / NIGHTS[0]
    assert replace(written["open"], form="") == outputs.measure_output(new_home.published / "open", written["open"].seconds)
    assert (written["open"].files, written["open"].bytes) == (2, 34) and not (new_home.candidate / WAREHOUSE).exists()
    publish_small(new_home, NIGHTS[1], "open")
    assert names(new_home) == [".nights", "current", "open", "warehouse.duckdb"], "no link to an output that the night lacks"
    assert shown_nights(new_home, "open") == {NIGHTS[1]}


def test_the_checksum_of_an_output_is_that_of_sha256sum(new_home: Home) -> None:
    """By the command of docs/reference/published.md."""
    written = publish_small(new_home, NIGHTS[0], "open")
    folder = new_home.published / "open"
    command = f"cd '{folder}/' && find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum"
    assert os.popen(command).read().split()[0] == written["open"].sha256
    for name in ("a-b/x", "a/x", "a.txt", "B", "ä", "a b"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    assert os.popen(command).read().split()[0] == outputs.measure_output(folder, 0).sha256


def test_every_file_is_on_disk_before_it_is_published(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    monkeypatch.setattr(folder_swap, "flush", lambda path: flushed.append((path.name, published_folder(new_home))))
    publish_small(new_home, NIGHTS[0], "open")
    whole = {p.name for p in published_folder(new_home).rglob("*")} | {f".{NIGHTS[0]}.new"}
    assert len(whole) > 4 and set(flushed) == {(name, None) for name in whole}


def test_what_a_stopped_publication_left_is_removed(new_home: Home) -> None:
    folder = folder_swap.begin_folder(new_home, NIGHTS[0])
    (folder / "left.txt").touch()
    assert list(folder_swap.begin_folder(new_home, NIGHTS[0]).iterdir()) == []
    (new_home.published / ".dashboard.new").symlink_to("current/open")
    publish_small(new_home, NIGHTS[0], "open")
    assert names(new_home) == [".nights", "current", "open", "warehouse.duckdb"]


def test_a_file_of_no_night_is_not_published(new_home: Home) -> None:
    with duckdb.connect(str(night_file(new_home.candidate / WAREHOUSE, NIGHTS[0]))) as con:
        con.execute("update meta.nights set finished_at = '2026-01-03'")
    with pytest.raises(PublishError, match=r"warehouse\.duckdb does not say which night it is of"):
        publish.publish(new_home)


def test_a_folder_is_kept_for_its_readers_until_the_night_after_next(new_home: Home) -> None:
    publish_small(new_home, NIGHTS[0], "open")
    reading = published_folder(new_home)
    with duckdb.connect(str(reading / "warehouse.duckdb"), read_only=True) as con:
        publish_small(new_home, NIGHTS[1], "open")
        assert (reading / "open" / "night.txt").read_text() == NIGHTS[0]
        publish_small(new_home, NIGHTS[2], "open")
        assert not reading.exists() and con.execute("select night_id from meta.nights").fetchone() == (NIGHTS[0],)
    assert sorted(os.listdir(new_home.published / ".nights")) == NIGHTS[1:3]


def test_an_output_that_fails_publishes_nothing(new_home: Home) -> None:
    def fail(con: Any, folder: Path, context: OutputContext) -> None:
        (folder / "half.txt").write_text("half")
        raise OSError(28, "No space left on device")

    publish_small(new_home, NIGHTS[0], "open")
    night_file(new_home.candidate / WAREHOUSE, NIGHTS[1])
    with pytest.raises(OutputError, match=r"the output report could not be written, so nothing.*No space left") as error:
        publish.publish(new_home, [says("open"), made_output("report", fail)])
    assert isinstance(error.value.__cause__, OSError), "so that the night is retried"
    assert shown_nights(new_home, "open") == {NIGHTS[0]} and os.listdir(new_home.published / ".nights") == [NIGHTS[0]]
    publish.publish(new_home, [says("open")])
    assert shown_nights(new_home, "open") == {NIGHTS[1]}, "the candidate was still there"


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
        publish_small(new_home, night_id, "open")
    with monkeypatch.context() as patch:
        full_disk(patch, "current")
        with pytest.raises(OSError, match="No space left"):
            publish_small(new_home, NIGHTS[1], "open")
        kept = night_file(new_home.path / "kept.duckdb", NIGHTS[2])
        with pytest.raises(OSError, match="No space left"):
            publish.publish(new_home, [says("open")], kept)
    assert night_of(new_home.candidate / WAREHOUSE) == NIGHTS[1] and night_of(kept) == NIGHTS[2]
    assert os.listdir(new_home.published / ".nights") == before
    assert published_night(new_home) == (before[0] if before else None)
    publish.publish(new_home, [says("open")])
    assert shown_nights(new_home, "open") == {NIGHTS[1]}


def test_an_error_after_the_switch_is_reported_of_a_published_night(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_small(new_home, NIGHTS[0], "open")
    repair = folder_swap.repair_links

    def full(home: Home) -> None:
        if published_night(home) == NIGHTS[1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        repair(home)

    with monkeypatch.context() as patch:
        patch.setattr(folder_swap, "repair_links", full)
        publish_small(new_home, NIGHTS[1], "open")
        assert "No space left" in keep_and_prune.fix_links_and_rights(new_home, None)
    assert published_night(new_home) == NIGHTS[1] and not (new_home.candidate / WAREHOUSE).exists()
    assert keep_and_prune.fix_links_and_rights(new_home, None) == "" and shown_nights(new_home, "open") == {NIGHTS[1]}


def test_a_missing_candidate_is_not_created(new_home: Home) -> None:
    for act in (lambda: publish.seal(new_home), lambda: write_public_form(new_home, Public())):
        with pytest.raises(PublishError, match="there is no candidate"):
            act()
    assert not (new_home.candidate / WAREHOUSE).exists()


def test_an_output_writes_only_its_folder_and_reads_only_the_night(new_home: Home) -> None:
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
    """As near to kill -9 as one process gets: nothing after it runs."""


def stopped_at(n: int, monkeypatch: pytest.MonkeyPatch, check: Callable[[], None], act: Callable[[], object]) -> bool:
    """Stop before the `n`th change of a name; call `check` before each. Returns whether it stopped."""
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
        # A killed process does not clear up.
        patch.setattr(shutil, "rmtree", stopping(shutil.rmtree))
        try:
            act()
        except Killed:
            return True
    return False


def copied_through_its_links(home: Home) -> Home:
    """As after a copy that follows links: folders and a file instead of links."""
    publish_small(home, NIGHTS[0], "open", "report")
    whole = home.published.with_name("whole")
    shutil.copytree(home.published, whole, symlinks=False)
    shutil.rmtree(home.published)
    whole.rename(home.published)
    assert not any(p.is_symlink() for p in home.published.iterdir())
    return home


def test_a_first_publication_stopped_anywhere_is_complete_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All names appear at once, and the next night recognises what was published."""
    n, stopped, after = often(-1, 0), True, 0
    while stopped:
        n += often(2, 1)
        home = Home(tmp_path / str(n)).create()

        def check(home: Home = home) -> None:
            shown = {(home.published / name).exists() for name in ("current", "open", "warehouse.duckdb")}
            assert len(shown) == 1, sorted(os.listdir(home.published))

        stopped = stopped_at(n, monkeypatch, check, functools.partial(publish_small, home, NIGHTS[0], "open"))
        is_published = published_folder(home) is not None
        after += is_published
        # As an earlier version left it: `current` alone, without the names.
        for name in ("open", "warehouse.duckdb"):
            (home.published / name).unlink(missing_ok=True)
        mark_path(home).write_text(f'{{"night_id": "{NIGHTS[0]}", "started_at": "2026-01-03T02:00:00Z"}}', encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(publish, "count_figures", lambda _: {})
            (receipt,) = recover_interrupted_nights(home)
        assert receipt.outcome == ("published" if is_published else "failed")
        assert published_night(home) == (NIGHTS[0] if is_published else None)
        publish_small(home, NIGHTS[1], "open")
        assert shown_nights(home, "open") == {NIGHTS[1]}
    assert n > 8 and after


@pytest.mark.parametrize(
    "lay", [old_home, lambda home, night: publish_small(home, night, "open") and home, copied_through_its_links]
)
def test_stopped_anywhere_one_complete_night_is_readable(
    lay: Callable[..., Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From each layout: the published file is readable before every change of a name, and the next night repairs the rest."""
    n, stopped = 0, True
    while stopped:
        # The layout of an old home matters most.
        n += often(4, 1) if lay is old_home else often(11, 3)
        home = Home(tmp_path / str(n)).create()
        if lay is copied_through_its_links:
            lay(home)
        else:
            lay(home, NIGHTS[0])
        bodies: list[bytes] = []
        check = functools.partial(lambda h, f: f.append(h.warehouse.read_bytes()), home, bodies)
        stopped = stopped_at(n, monkeypatch, check, functools.partial(publish_small, home, NIGHTS[1], "open"))
        now = night_of(home.warehouse)
        assert now in NIGHTS[:2] and set(bodies) <= {night_body(NIGHTS[0]), night_body(now)}
        if (home.published / "open" / "night.txt").exists() and home.warehouse.is_symlink():
            assert shown_nights(home, "open") == {now}
        publish_small(home, NIGHTS[2], "open")
        assert shown_nights(home, "open") == {NIGHTS[2]} and names(home) == [".nights", "current", "open", "warehouse.duckdb"]
        assert all((home.published / p).is_symlink() for p in names(home)[1:])
        assert len(os.listdir(home.published / ".nights")) == 2
    assert n > 8


def test_a_night_of_an_earlier_version_stays_published(new_home: Home) -> None:
    """An earlier version was used for a night: it replaces the link with its file."""
    publish_small(new_home, NIGHTS[0], "open")
    os.replace(night_file(new_home.candidate / "its.duckdb", NIGHTS[1]), new_home.warehouse)
    publish.repair_layout(new_home)
    assert night_of(new_home.warehouse) == NIGHTS[1] and new_home.warehouse.is_symlink()
    assert names(new_home) == [".nights", "current", "warehouse.duckdb"], "the outputs of another night are not shown"


def test_a_night_published_twice_has_two_folders(new_home: Home) -> None:
    publish_small(new_home, NIGHTS[0], "open")
    publish_small(new_home, NIGHTS[0], "open")
    assert published_folder(new_home).name == f"{NIGHTS[0]}.2" and shown_nights(new_home, "open") == {NIGHTS[0]}
