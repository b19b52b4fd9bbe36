"""Which published nights are kept, and that keeping them can't damage the published one."""

import errno
import os
import shutil
from pathlib import Path

import duckdb
import pytest
from support import begin, write_extract
from week import NALOXONE, NIGHTS, administrations, publish_dated

from dagster_project.core.home import Home
from dagster_project.core.published_file import night_of, sha256_of
from dagster_project.core.receipts import NightNotFoundError, Receipt, night_order, read_receipts, write_receipt
from dagster_project.publishing import keep_and_prune, kept_nights, publish
from dagster_project.publishing.kept_nights import NotKeptError


def nights_kept(home: Home) -> list[str]:
    return [p.night_id for p in kept_nights.list_kept(home)]


def make_kept_files(home: Home, nights: list[str], published: str) -> Home:
    """A home whose kept files hold only the id of their night."""
    home.publications.mkdir()
    for night_id in nights:
        with duckdb.connect(str(home.publications / f"{night_id}.duckdb")) as con:
            con.execute("create schema meta")
            con.execute("create table meta.nights as select ? as night_id, cast(null as timestamp) as finished_at", [night_id])
    os.link(home.publications / f"{published}.duckdb", home.warehouse)
    return home


def test_an_overwritten_file_with_its_time_set_back_is_read_again(new_home: Home) -> None:
    one, other = "20260101T020000Z", "20260102T020000Z"
    home = make_kept_files(new_home, [one, other], published=one)
    path, status = home.publications / f"{one}.duckdb", home.warehouse.stat()
    assert night_of(home.warehouse) == one
    path.write_bytes((home.publications / f"{other}.duckdb").read_bytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert night_of(home.warehouse) == other


def test_every_published_night_is_kept_unchanged(week: Home) -> None:
    assert nights_kept(week) == NIGHTS
    assert [p.is_published for p in kept_nights.list_kept(week)] == [False] * 4 + [True]
    for publication, receipt in zip(kept_nights.list_kept(week), (r for r in read_receipts(week)), strict=True):
        assert night_of(publication.path) == publication.night_id == receipt.night_id
        assert sha256_of(publication.path) == receipt.sha256
        assert publication.path.stat().st_mode & 0o777 == 0o600
    assert week.warehouse.samefile(kept_nights.list_kept(week)[-1].path), "a hard link takes no space"
    assert not list(week.publications.glob(".*"))


def test_prune_keeps_the_newest_and_the_published_night(new_home: Home) -> None:
    nights = [f"202601{day:02d}T020000Z" for day in range(1, 7)]
    home = make_kept_files(new_home, nights, published=nights[1])
    assert keep_and_prune.prune(home, 6) == keep_and_prune.prune(home, 8) == []
    assert keep_and_prune.prune(home, 3, except_nights=[nights[2]]) == [nights[0]]
    assert keep_and_prune.prune(home, 3) == [nights[2]]
    assert nights_kept(home) == [nights[1], *nights[3:]]
    assert keep_and_prune.prune(home, 1) == nights[3:5]
    assert night_of(home.warehouse) == nights[1]


def test_a_night_is_found_by_its_id_though_another_begins_with_it(new_home: Home) -> None:
    nights = ["20260106T020000Z", "20260106T020000Z-2", "20260106T020000Z-10"]
    home = make_kept_files(new_home, nights, published=nights[1])
    assert nights_kept(home) == [kept_nights.publication_of(home, night).night_id for night in nights] == nights


def test_a_night_that_was_taken_back_is_not_what_readers_had_before(new_home: Home) -> None:
    nights = ["20260101T020000Z", "20260103T020000Z", "20260105T020000Z"]
    home = make_kept_files(new_home, nights, published=nights[2])
    back = Receipt("20260104T020000Z", "rolled back", "2026-01-04T02:00:00Z", "", republished="20260102T020000Z")
    write_receipt(home, back)
    assert kept_nights.kept_before(home, nights[2]).night_id == nights[0], "the one that it went back to is not kept any more"


def test_a_tenth_night_of_one_second_comes_after_the_ninth() -> None:
    nights = ["20260106T020000Z", "20260106T020000Z-2", "20260106T020000Z-10", "20260106T020001Z"]
    assert sorted(reversed(nights), key=night_order) == nights


def test_wrong_settings_end_the_night_before_it_lands(week_copy: Home) -> None:
    week_copy.config_file.write_text("[keep]\npublications = 0\n", encoding="utf-8")
    dropped = write_extract(week_copy.inbox, "naloxone", administrations(range(1, 13)), columns=NALOXONE)
    with pytest.raises(ValueError, match=r"pam\.toml: keep\.publications"):
        publish_dated(week_copy, "20260108T020000Z")
    assert dropped.exists() and nights_kept(week_copy) == NIGHTS


def test_the_next_night_keeps_one_that_was_killed_before_it_was_kept(week_copy: Home) -> None:
    shutil.rmtree(week_copy.publications)
    before = week_copy.warehouse.read_bytes()
    begin(week_copy).end()
    assert nights_kept(week_copy) == [NIGHTS[4]]
    assert week_copy.warehouse.read_bytes() == before
    assert week_copy.warehouse.samefile(kept_nights.list_kept(week_copy)[0].path)


def test_a_half_written_copy_is_ignored_and_deleted(week_copy: Home) -> None:
    newest = week_copy.publications / f"{NIGHTS[4]}.duckdb"
    half = newest.with_name(f".{newest.name}.new")
    half.write_bytes(newest.read_bytes()[:5000])
    earlier = week_copy.publications / ".20260101T020000Z.duckdb.new"
    earlier.touch()
    newest.unlink()
    assert nights_kept(week_copy) == NIGHTS[:4]
    begin(week_copy).end()
    assert nights_kept(week_copy) == NIGHTS and not half.exists() and not earlier.exists()
    assert sha256_of(newest) == read_receipts(week_copy)[-1].sha256


def test_a_published_night_without_a_receipt_gets_one_fit_for_rollback(week_copy: Home) -> None:
    """Killed between publishing and the receipt: the published file is counted and measured afterwards."""
    before = read_receipts(week_copy)[-1]
    (week_copy.nights / f"{NIGHTS[4]}.json").unlink()
    begin(week_copy).end()
    after = next(r for r in read_receipts(week_copy) if r.night_id == NIGHTS[4])
    assert (after.outcome, after.sha256, after.figures) == ("published", before.sha256, before.figures)
    kept_nights.check_whole(kept_nights.publication_of(week_copy, "today"))


def failing_link(number: int):
    def link(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return link


def test_without_hard_links_nights_are_copied(week_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(week_copy.publications)
    monkeypatch.setattr(publish.os, "link", failing_link(errno.EXDEV))
    path = keep_and_prune.keep_published(week_copy)
    assert path and path.read_bytes() == week_copy.warehouse.read_bytes() and not path.samefile(week_copy.warehouse)
    assert path.stat().st_mode & 0o777 == 0o600 and not [*week_copy.publications.glob(".*")]


def test_a_full_disk_does_not_fail_a_published_night(week_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish.os, "link", failing_link(errno.ENOSPC))
    run = publish_dated(week_copy, "20260108T020000Z")
    assert run.receipt.outcome == "published"
    assert run.receipt.reason == "published, but not kept for going back: No space left on device"
    assert night_of(week_copy.warehouse) == "20260108T020000Z" and nights_kept(week_copy) == NIGHTS
    monkeypatch.undo()
    begin(week_copy).end()
    assert nights_kept(week_copy) == [*NIGHTS, "20260108T020000Z"]


def test_a_published_file_that_can_t_be_read_is_said_not_to_be_kept(new_home: Home) -> None:
    new_home.warehouse.write_bytes(b"no database")
    assert keep_and_prune.keep_tonight(new_home, 3).startswith("published, but not kept for going back: ")


def test_a_night_is_kept_though_its_evidence_can_t_be(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    night_id = "20260101T020000Z"
    home = make_kept_files(new_home, [night_id], published=night_id)
    monkeypatch.setattr(keep_and_prune, "write_trail_file", full)
    assert keep_and_prune.keep_tonight(home, 3).startswith("published, but what its figures rest on could not be kept")


def test_an_unwritable_folder_is_an_os_error(week_copy: Home) -> None:
    """A file is in the place of the folder."""
    shutil.rmtree(week_copy.publications)
    week_copy.publications.touch()
    with pytest.raises(OSError):
        keep_and_prune.keep_published(week_copy)


def test_kept_nights_are_found_by_id_or_its_start(week: Home, new_home: Home) -> None:
    first = kept_nights.publication_of(week, NIGHTS[2])
    assert first.night_id == kept_nights.publication_of(week, "20260105").night_id == NIGHTS[2]
    assert kept_nights.publication_of(week, "today").night_id == NIGHTS[4]
    assert kept_nights.kept_before(week, NIGHTS[4]).night_id == NIGHTS[3]
    with pytest.raises(NightNotFoundError, match=r"2026010: more than one kept night of that id\. There are 20260107T02"):
        kept_nights.publication_of(week, "2026010")
    for other in ("20251231", "0105T02"):
        with pytest.raises(NightNotFoundError, match=f"{other}: no kept night of that id"):
            kept_nights.publication_of(week, other)
    with pytest.raises(NotKeptError, match="no night before 20260103T020000Z is kept"):
        kept_nights.kept_before(week, NIGHTS[0])
    with pytest.raises(NightNotFoundError, match="`pam nightly` makes one"):
        kept_nights.publication_of(new_home, NIGHTS[0])


def test_kept_files_are_never_written_to(week: Home) -> None:
    """The next night builds on a copy: the inodes of readers and of kept nights do not change."""
    assert len({p.path.stat().st_ino for p in kept_nights.list_kept(week)}) == 5
    candidates = {p.stat().st_ino for p in Path(week.candidate).rglob("*.duckdb")}
    assert not candidates & {p.path.stat().st_ino for p in kept_nights.list_kept(week)}
