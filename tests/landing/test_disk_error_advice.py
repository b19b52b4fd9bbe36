"""The error of a disk that is full or read-only says what to do."""

import errno
import os
from collections.abc import Callable

import pytest

from dagster_project.core.errors import with_advice
from dagster_project.core.home import Home
from dagster_project.nights.night_run import NightRun


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room on the home's disk"),
        (errno.EROFS, "let the night's user write there"),
        (errno.EACCES, "let the night's user write there"),
    ],
)
def test_receipt_says_what_to_do(number: int, advice: str, new_home: Home) -> None:
    run = NightRun(new_home)
    try:
        run.begin()
        receipt = run.fail(OSError(number, os.strerror(number), "raw/x"))
    finally:
        run.end()
    assert receipt is not None and receipt.outcome == "failed"
    assert os.strerror(number) in receipt.reason and advice in receipt.reason


def test_other_errors_get_no_advice() -> None:
    assert with_advice("the disk turns") == "the disk turns"


def test_command_says_what_to_do(pam: Callable, new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_disk_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("dagster_project.nights.status.read_receipts", raise_disk_full)
    result = pam("status", "--home", new_home.path)
    assert result.exit_code == 1 and "make room on the home's disk" in result.stderr
