"""The last things of a night, however it ended: receipt, alerts, lock."""

import contextlib
import errno
import os
from pathlib import Path

from dagster_project.core.errors import with_advice
from dagster_project.core.files import free_bytes
from dagster_project.core.receipts import receipt_path, write_receipt

from . import alerts
from .lifecycle import EARLY
from .run import NightRun

NO_ROOM = 2**20
"""Free bytes below which a disk counts as full."""


def end_night(run: NightRun, error: BaseException | str | None = None) -> list[str]:
    """The last things of a night, whatever became of it: its receipt, its alerts, its lock.

    `error` is what ended it, where something did. Returns what a person should know of the alerts, in lines. Never raises:
    a night that is published stays so, and a disk that is full must not keep the alert from being sent. A run that is not to
    publish has no receipt and no alert: whoever began it sees what became of it.
    """
    if not run.plan.publishes:
        with contextlib.suppress(OSError):
            run.end()
        return []
    said: list[str] = []
    run.unwritten = None
    try:
        if run.receipt is None and (error is not None or run.night is not None):
            run.fail(error or _likely_cause(run.home.path))
        elif run.receipt and not receipt_path(run.home, run.receipt.night_id).exists():
            write_receipt(run.home, run.receipt)
    except Exception as failed:
        run.unwritten = _no_receipt_message(run, failed)
        said.append(run.unwritten)
    try:
        said += alerts.tell(run.ended)
    except Exception as failed:
        said.append(f"alerts could not be sent: {type(failed).__name__}")
    finally:
        with contextlib.suppress(OSError):
            run.end(keep_mark=run.unwritten is not None)
    return said


def _likely_cause(home: Path) -> BaseException | str:
    """Why a night may have ended without an error: on a full disk, Dagster can't record that a step failed."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if free_bytes(home) < NO_ROOM else EARLY


def _no_receipt_message(run: NightRun, error: Exception) -> str:
    """The message that a night has no receipt, and what to do."""
    what = f"its receipt could not be written: {with_advice(error)}"
    if run.receipt and run.receipt.outcome == "published":
        return (
            f"Night {run.receipt.night_id} IS published, and {what}. Readers have its figures: do not put its files"
            " into the inbox again. The next night writes the receipt: `pam nightly`, once the cause is mended"
        )
    return f"The night is not published, the last publication stays, and {what}. The next night writes the receipt"
