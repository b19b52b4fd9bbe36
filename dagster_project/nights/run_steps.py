"""Calls a night's steps one after the other, for the command line, and tries a step again if the fault may pass.

They are the steps that Dagster's assets call, without the six seconds that Dagster takes to load and to write its events.
"""

import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from typing import Any

from dagster_project.publishing import postgres

from .night_run import NightRun


def run_steps(run: NightRun) -> None:
    """Land, build, judge, publish and load PostgreSQL. The receipt says what became of the night, also if a step failed.

    Raises KeyboardInterrupt, but not the failure of a step.
    """
    try:
        _try_step(run, run.land)
        _try_step(run, lambda: _build(run))
        _try_step(run, run.judge)
        if run.receipt and run.receipt.outcome == "held":
            return
        _try_step(run, run.publish)
        if postgres.is_configured():
            _try_step(run, run.load_postgres, after_all=True)
    except Exception as error:
        run.fail(error)


def _build(run: NightRun) -> None:
    if not run.end_if_unchanged():
        run.preload_worker()
        run.build()


def _try_step(run: NightRun, step: Callable[[], Any], after_all: bool = False) -> None:
    for attempt in count(1):
        try:
            step()
            return
        except Exception as error:
            seconds = run.seconds_to_retry(error, attempt, after_all)
            if seconds is None:
                raise
            time.sleep(seconds)


@contextmanager
def interrupted_by_sigterm() -> Generator[None]:
    """Make SIGTERM end the night as Ctrl-C does: with a receipt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
