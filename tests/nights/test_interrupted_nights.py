"""Every night that began ends with a receipt, also if it was killed, was interrupted or had no room to write it."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import begin, copy_home, land_night, write_extract

from dagster_project.core.errors import Cause
from dagster_project.core.home import PROJECT, Home
from dagster_project.core.night_lock import NightUnderWayError, is_under_way, locked
from dagster_project.core.receipts import read_receipts, receipt_path
from dagster_project.landing import read_file_rows, read_ledger
from dagster_project.nights import health, interrupted_nights, night_run, night_state
from dagster_project.nights.end_night import end_night
from dagster_project.nights.health import find_problems
from dagster_project.nights.interrupted_nights import (
    ENDED_EARLY,
    INTERRUPTED,
    mark_path,
    recover_interrupted_nights,
    under_way_since,
)
from dagster_project.orchestration.sensors import report_interrupted_nights

ORDERS = ["order_ref", "order_date", "amount", "recipient"]
ROWS = [["M1", "2025-05-01", "10", "Police"]]


def test_a_night_is_marked_while_it_is_under_way(new_home: Home) -> None:
    assert under_way_since(new_home) is None and not is_under_way(new_home)
    run = begin(new_home)
    assert under_way_since(new_home) == run.night.started_at.strftime("%Y-%m-%dT%H:%M:%SZ") and is_under_way(new_home)
    run.end()
    assert under_way_since(new_home) is None and not is_under_way(new_home)
    assert read_receipts(new_home) == []


@pytest.fixture(scope="module")
def killed_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home whose night landed in a process of its own that was killed, and the night's id. To be copied, not changed."""
    home = Home(tmp_path_factory.mktemp("killed") / "home").create()
    write_extract(home.inbox, "mda_orders", ROWS, columns=ORDERS)
    code = (
        "import sys, time; from dagster_project.nights.night_run import NightRun; from dagster_project.core.home import Home;"
        "run = NightRun(Home.of(sys.argv[1])); run.land(); print(run.night.night_id, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(home.path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    night_id = process.stdout.readline().strip()
    process.kill()
    process.wait()
    return home, night_id


def test_the_next_night_writes_the_receipt_of_a_killed_night(killed_night: tuple[Home, str], tmp_path: Path) -> None:
    home, night_id = copy_home(killed_night[0], tmp_path / "home"), killed_night[1]
    assert under_way_since(home) and not is_under_way(home) and read_receipts(home) == []
    run = begin(home)
    (receipt,) = read_receipts(home)
    assert (receipt.night_id, receipt.outcome, receipt.reason) == (night_id, "failed", INTERRUPTED)
    assert [f["outcome"] for f in receipt.files] == ["accepted"], "what it landed stays"
    assert run.interrupted == [receipt]
    run.end()
    assert begin(home).interrupted == []


def test_the_sensor_writes_the_receipt_once_and_never_waits(killed_night: tuple[Home, str], tmp_path: Path) -> None:
    home, night_id = copy_home(killed_night[0], tmp_path / "home"), killed_night[1]
    with locked(home):
        assert report_interrupted_nights(home) == []
    home.spill.mkdir(exist_ok=True)
    (home.spill / "left over").touch()
    assert report_interrupted_nights(home) == [night_id] and report_interrupted_nights(home) == []
    assert not [*home.spill.glob("*")]
    assert f"Night {night_id} failed" in (home.nights / "alerts.jsonl").read_text()
    assert len(read_receipts(home)) == 1 and not is_under_way(home)


def test_a_cut_mark_still_gives_a_receipt(new_home: Home) -> None:
    mark_path(new_home).write_text('{"night', encoding="utf-8")
    with locked(new_home):
        (receipt,) = recover_interrupted_nights(new_home)
    assert receipt.outcome == "failed" and receipt_path(new_home, receipt.night_id).exists()
    assert not mark_path(new_home).exists()


def test_a_leftover_mark_of_a_published_night_is_no_failure(sample_copy: Home) -> None:
    (before,) = read_receipts(sample_copy)
    receipt_path(sample_copy, before.night_id).unlink()
    mark_path(sample_copy).write_text(f'{{"night_id": "{before.night_id}", "started_at": "{before.started_at}"}}')
    with locked(sample_copy):
        (receipt,) = recover_interrupted_nights(sample_copy)
    assert (receipt.night_id, receipt.outcome) == (before.night_id, "published")
    assert {f["load_id"] for f in receipt.files} == {f["load_id"] for f in before.files}, "for its alert"


def test_a_night_that_ends_early_has_a_receipt_with_the_reason(new_home: Home) -> None:
    run = begin(new_home)
    assert end_night(run) == ["No alert sent (no contact set up in pam.toml): PAM Warehouse: night failed (interrupted)"]
    assert [(r.outcome, r.reason) for r in read_receipts(new_home)] == [("failed", ENDED_EARLY)]
    assert not is_under_way(new_home)
    run = begin(new_home)
    end_night(run, KeyboardInterrupt())
    assert read_receipts(new_home)[-1].reason == INTERRUPTED


def test_a_full_disk_is_reported_by_the_receipt_and_the_check(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when Dagster can't record that a step failed. Here any disk counts as full."""
    assert not any("disk" in line for line in find_problems(new_home, 36))
    monkeypatch.setattr("dagster_project.nights.end_night.NO_ROOM", 2**62)
    monkeypatch.setattr(health, "LITTLE_ROOM", 2**62)
    end_night(begin(new_home))
    (receipt,) = read_receipts(new_home)
    assert receipt.cause == Cause.DISK_FULL and "make room on the home's disk" in receipt.reason
    assert find_problems(new_home, 36)[0].startswith("the home's disk is full (")


def test_the_next_night_writes_a_receipt_that_had_no_room(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = begin(new_home)
    with monkeypatch.context() as patch:
        patch.setattr(night_state, "write_receipt", full)
        patch.setattr(interrupted_nights, "write_receipt", full)
        messages = end_night(run, "[Errno 28] No space left on device")
    assert "receipt could not be written" in messages[0] and not is_under_way(new_home)
    assert read_receipts(new_home) == [] and mark_path(new_home).exists()
    land_night(new_home)
    assert [(r.night_id, r.outcome) for r in read_receipts(new_home)] == [(run.night.night_id, "failed")]


def test_a_night_that_can_t_begin_releases_the_lock(new_home: Home) -> None:
    (new_home.nights / "20260101T000000Z.json").write_text("{", encoding="utf-8")
    run = night_run.NightRun(new_home)
    for _ in range(2):
        with pytest.raises(ValueError, match="not a receipt"):
            run.begin()
        assert not is_under_way(new_home) and run.night is None
    assert run.fail("no room") is None and run.not_started == "no room"


def test_waiting_for_another_night_reports_when_it_began(new_home: Home) -> None:
    first, second = begin(new_home), night_run.NightRun(new_home)
    began = time.monotonic()
    with pytest.raises(NightUnderWayError, match=r"another night is under way in .* \(it began at 20\d\d-"):
        second.begin_within(1.2)
    assert 1 < time.monotonic() - began < 5
    first.end()
    second.begin_within(0)
    second.end()


def test_pam_nightly_writes_its_receipt_on_sigterm(new_home: Home) -> None:
    write_extract(new_home.inbox, "mda_orders", ROWS, columns=ORDERS)
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_project", "nightly", "--home", str(new_home.path), "--quiet"],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not any(new_home.ledger.glob("*.jsonl")) and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 1, output
    assert "failed; nothing is published yet. interrupted" in output and "Traceback" not in output
    (receipt,) = read_receipts(new_home)
    assert receipt.outcome == "failed" and receipt.reason.startswith("interrupted")
    assert not mark_path(new_home).exists() and not new_home.warehouse.exists()


def test_a_signal_while_a_file_is_read_does_not_refuse_the_file(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB swallows what a signal's handler raises, and ends its query with this error of its own."""
    write_extract(new_home.inbox, "mda_orders", ROWS, columns=ORDERS)

    def signalled(*_: object) -> None:
        raise RuntimeError("Query interrupted")

    run = begin(new_home)
    monkeypatch.setattr(read_file_rows, "parse", signalled)
    with pytest.raises(KeyboardInterrupt):
        run.land()
    end_night(run, KeyboardInterrupt())
    assert read_receipts(new_home)[-1].reason == INTERRUPTED
    assert len(list(new_home.inbox.iterdir())) == 1 and read_ledger(new_home) == []
    monkeypatch.undo()
    assert [e.outcome for e in land_night(new_home)] == ["accepted"]


def test_the_files_of_a_home_inside_its_inbox_are_no_extracts(new_home: Home, tmp_path: Path) -> None:
    write_extract(tmp_path, "mda_orders", ROWS, columns=ORDERS)
    assert new_home.path.parent == tmp_path
    assert [[e.outcome for e in land_night(new_home, tmp_path)] for _ in range(2)] == [["accepted"], ["known"]]


def test_checking_the_lock_creates_no_home(pam: Callable, tmp_path: Path) -> None:
    assert not is_under_way(Home(tmp_path / "nowhere")) and not (tmp_path / "nowhere").exists()
