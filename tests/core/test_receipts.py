"""A night's id, date, receipt and lock."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from dagster_project.core.check_results import Check
from dagster_project.core.home import Home
from dagster_project.core.night_lock import NightUnderWayError, locked
from dagster_project.core.receipts import (
    Night,
    NightNotFoundError,
    Receipt,
    match_night,
    read_receipts,
    receipt_path,
    write_receipt,
)
from dagster_project.nights.errors import NightFailedError
from dagster_project.nights.night_run import NightRun


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_night_is_named_after_its_start_and_dated_in_london(new_home: Home) -> None:
    winter, summer = (Night.begin(new_home, at(f"2026-{m}T23:30:05")) for m in ("01-31", "06-30"))
    assert (winter.night_id, winter.today) == ("20260131T233005Z", date(2026, 1, 31))
    assert (summer.night_id, summer.today) == ("20260630T233005Z", date(2026, 7, 1))


def test_night_ids_are_unique(new_home: Home) -> None:
    now = at("2026-01-06T02:00:00")
    receipt = Receipt("", "published", "2026-01-06T02:00:00Z", "2026-01-06T02:01:00Z")
    ids = []
    for _ in range(3):
        ids.append(Night.begin(new_home, now).night_id)
        write_receipt(new_home, replace(receipt, night_id=ids[-1]))
    assert ids == ["20260106T020000Z", "20260106T020000Z-2", "20260106T020000Z-3"]
    new_home.ledger.mkdir(parents=True, exist_ok=True)
    (new_home.ledger / "20260106T020000Z-4__crimes.jsonl").touch()
    assert Night.begin(new_home, now).night_id == "20260106T020000Z-5", "a killed night has only a ledger"


def test_a_night_after_the_clock_was_set_back_is_the_newest(new_home: Home) -> None:
    """By their ids, erased months and later files, kept nights and receipts are in the order of the nights."""
    for now in ("2026-01-05T02:00:00", "2026-06-06T23:59:59"):
        night = Night.begin(new_home, at(now))
        write_receipt(new_home, Receipt(night.night_id, "published", f"{now}Z", f"{now}Z"))
    night = Night.begin(new_home, at("2026-01-07T02:00:00"))
    assert (night.night_id, night.today) == ("20260607T000000Z", date(2026, 1, 7)), "late files are those of the clock's day"
    write_receipt(new_home, Receipt(night.night_id, "held", "2026-01-07T02:00:00Z", "2026-01-07T02:01:00Z"))
    assert read_receipts(new_home)[-1].night_id == night.night_id
    new_home.ledger.mkdir(parents=True, exist_ok=True)
    (new_home.ledger / "20260608T020000Z-2__crimes.jsonl").touch()
    assert Night.begin(new_home, at("2026-01-07T02:00:00")).night_id == "20260608T020001Z"


def test_a_check_that_says_the_same_in_many_nights_is_kept_once(new_home: Home) -> None:
    """A night has hundreds: a command that reads the receipts of some years would take half a gigabyte."""
    passed, failed = (Check("crimes", "crimes", "rows", "critical", p, "", "Why.", "Ask.") for p in (True, False))
    assert set(passed.for_receipt()) == {"suite", "subject", "rule", "severity", "passed", "found"}
    assert Check(**passed.for_receipt()) == replace(passed, reason="", advice="") and Check(**failed.for_receipt()) == failed
    for night_id in ("20260106T020000Z", "20260107T020000Z"):
        checks = [passed.for_receipt(), failed.for_receipt()]
        write_receipt(new_home, Receipt(night_id, "held", "2026-01-06T02:00:00Z", "2026-01-06T02:01:00Z", checks=checks))
    first, second = (r.checks for r in read_receipts(new_home))
    assert first == second == [passed.for_receipt(), failed.for_receipt()]
    assert all(a is b for a, b in zip(first, second, strict=True))


def test_a_receipt_of_a_later_version_can_be_read(new_home: Home) -> None:
    receipt = Receipt("20260106T020000Z", "published", "2026-01-06T02:00:00Z", "2026-01-06T02:01:00Z")
    write_receipt(new_home, receipt)
    path = receipt_path(new_home, receipt.night_id)
    path.write_text(path.read_text().replace("{", '{"of_a_later_version": 1,', 1))
    assert read_receipts(new_home) == [receipt]
    path.write_text("[]")
    with pytest.raises(ValueError, match="not a receipt"):
        read_receipts(new_home)


def test_a_receipt_is_read_as_it_was_written(new_home: Home) -> None:
    receipt = Receipt(
        "20260106T020000Z", "held", "2026-01-06T02:00:00Z", "2026-01-06T02:01:00Z", reason="mart_iom: £ and é",
        files=[{"source_file": "a.csv", "covered_from": "2025-01-01"}], checks=[{"rule": "r", "passed": False}],
        figures={"mart_iom": 3}, withdrawn={"crimes": 2}, seconds={"total": 1.5},
    )  # fmt: skip
    write_receipt(new_home, receipt)
    path = receipt_path(new_home, receipt.night_id)
    assert read_receipts(new_home) == [receipt]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in new_home.nights.iterdir()] == ["20260106T020000Z.json"]


def test_receipts_are_read_in_order_of_night(new_home: Home) -> None:
    for night_id in ("20260106T020000Z-10", "20260106T020000Z-2", "20260107T020000Z", "20260106T020000Z"):
        started = f"{night_id[:4]}-{night_id[4:6]}-{night_id[6:8]}T02:00:00Z"
        write_receipt(new_home, Receipt(night_id, "published", started, started))
    assert [r.night_id for r in read_receipts(new_home)] == [
        "20260106T020000Z", "20260106T020000Z-2", "20260106T020000Z-10", "20260107T020000Z",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "{", "[]", '{"night_id": "x"}', '{"unknown": 1}', "\xff"])
def test_an_invalid_receipt_is_named(new_home: Home, text: str, pam) -> None:
    path = new_home.nights / "20260106T020000Z.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"20260106T020000Z\.json: not a receipt"):
        read_receipts(new_home)
    result = pam("status", "--home", new_home.path)
    assert result.exit_code == 1 and "not a receipt" in result.stderr


def test_a_home_without_nights_has_no_receipts(tmp_path) -> None:
    assert read_receipts(Home(tmp_path / "none")) == []


def test_the_lock_is_released_with_its_holder(new_home: Home) -> None:
    with locked(new_home), pytest.raises(NightUnderWayError, match="wait for it"), locked(new_home):
        pass
    with locked(new_home):
        assert (new_home.path / ".night.lock").stat().st_mode & 0o777 == 0o600


def test_only_the_first_failure_of_a_night_is_recorded(new_home: Home) -> None:
    """The steps after a failed one fail, too, and do not change its receipt."""
    run = NightRun(new_home)
    try:
        first = run.fail(NightFailedError("the disk is full"))
        assert run.fail("something else") is first
    finally:
        run.end()
    (receipt,) = read_receipts(new_home)
    assert (receipt.outcome, receipt.reason) == ("failed", "the disk is full")
    assert receipt.finished_at and receipt.seconds["total"] >= 0


def test_an_error_without_a_message_is_named_by_its_type(new_home: Home) -> None:
    run = NightRun(new_home)
    try:
        assert run.fail(KeyError()).reason == "KeyError"
    finally:
        run.end()


def test_a_missing_inbox_is_reported(new_home: Home, tmp_path) -> None:
    run = NightRun(new_home, inbox=tmp_path / "none")
    try:
        with pytest.raises(NotADirectoryError, match="no such folder; `pam nightly --inbox DIR`"):
            run.land()
    finally:
        run.end()


def test_a_night_is_found_by_its_id_or_the_beginning_of_it() -> None:
    nights = ["20260101T020000Z", "20260101T020000Z-2", "20260102T020000Z"]
    assert match_night("20260102", nights, "night") == nights[2]
    assert match_night(nights[0], nights, "night") == nights[0], "though another begins with it"
    with pytest.raises(NightNotFoundError, match=r"^202601: more than one kept night of that id\. There are 20260102T02"):
        match_night("202601", nights, "kept night")
    with pytest.raises(NightNotFoundError, match=r"^2025: no kept night of that id\. There are 20260102T02"):
        match_night("2025", nights, "kept night")
    with pytest.raises(NightNotFoundError, match=r"^2025: no kept night of that id\. `pam nightly` makes one$"):
        match_night("2025", [], "kept night")
