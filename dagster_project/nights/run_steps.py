"""Calls a night's steps one after the other, for the command line, and tries a step again if the fault may pass.

They are the steps that Dagster's assets call, without the six seconds that Dagster takes to load and to write its events.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dagster_project.core.errors import TRIES, is_transient, seconds_before_retry
from dagster_project.publishing import postgres

from .run import NightRun


def run_steps(run: NightRun) -> None:
    """Land, build, judge, publish and serve. The receipt says what became of the night, also if a step failed.

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
            _try_step(run, run.serve, after_all=True)
    except Exception as error:
        run.fail(error)


def _build(run: NightRun) -> None:
    if not run.end_if_unchanged():
        run.preload_worker()
        run.build()


def _try_step(run: NightRun, step: Callable[[], Any], after_all: bool = False) -> None:
    """Call a step, and again if the fault may pass, for as long as the night's patience lasts.

    Not once the night is published or has its receipt, unless `after_all`: the step is one that comes after that.
    """
    for attempt in range(1, TRIES + 2):
        try:
            step()
            return
        except Exception as error:
            if attempt > TRIES or not run.patience or not is_transient(error) or (run.is_finished() and not after_all):
                raise
            seconds = seconds_before_retry(attempt, run.patience)
            run.listener.wait(str(error), seconds)
            time.sleep(seconds)


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Make SIGTERM end the night as Ctrl-C does: with a receipt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
