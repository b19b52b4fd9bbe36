"""Ends a night, whatever became of it: writes its receipt, sends its alerts, releases the lock."""

import contextlib
import errno
import os
import shutil

from dagster_project.core.errors import with_advice
from dagster_project.core.receipts import receipt_path, write_receipt

from . import alerts
from .interrupted_nights import ENDED_EARLY
from .night_run import NightRun

NO_ROOM = 2**20
"""Free bytes below which a disk counts as full."""


def end_night(run: NightRun, error: BaseException | str | None = None) -> list[str]:
    """Write a night's receipt, send its alerts and release its lock.

    `error`: what ended it, if anything did. Returns lines for a person about receipt and alerts. Never raises: a published
    night stays published, and a full disk must not stop the alert. A run that does not publish has no receipt and no alert,
    because whoever started it sees what became of it. Nor has one whose home can't be made.
    """
    if not run.plan.publishes or not os.path.isdir(run.home.path):
        with contextlib.suppress(OSError):
            run.end()
        return []
    messages: list[str] = []
    run.receipt_problem = None
    try:
        if run.receipt is None and (error is not None or run.night is not None):
            if not error and shutil.disk_usage(run.home.path).free < NO_ROOM:
                # On a full disk, Dagster can't record that a step failed.
                error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            run.fail(error or ENDED_EARLY)
        elif run.receipt and not receipt_path(run.home, run.receipt.night_id).exists():
            write_receipt(run.home, run.receipt)
    except Exception as failed:
        run.receipt_problem = _no_receipt_message(run, failed)
        messages.append(run.receipt_problem)
    try:
        messages += alerts.send_alerts(run.ended)
    except Exception as failed:
        messages.append(f"alerts could not be sent: {type(failed).__name__}")
    finally:
        with contextlib.suppress(OSError):
            run.end(keep_mark=run.receipt_problem is not None)
    return messages


def _no_receipt_message(run: NightRun, error: Exception) -> str:
    problem = f"its receipt could not be written: {with_advice(error)}"
    if run.receipt and run.receipt.outcome == "published":
        return (
            f"Night {run.receipt.night_id} IS published, and {problem}. Readers have its figures: do not put its"
            " files into the inbox again. The next night writes the receipt: `pam nightly`, once the cause is fixed"
        )
    return f"The night is not published, the last publication stays, and {problem}. The next night writes the receipt"
