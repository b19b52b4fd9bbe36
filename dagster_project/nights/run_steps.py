"""Calls a night's steps one after the other, for the command line; tries a step again if the fault may pass.

The same steps that Dagster's assets call, without the six seconds that Dagster takes to load and to write its events.
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
    """Land, build, judge, publish and serve. The receipt says what became of the night, also where a step failed.

    Raises what interrupts it (KeyboardInterrupt), and no failure of a step.
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
    if not run.leave_unchanged():
        run.load_ahead()
        run.build()


def _try_step(run: NightRun, step: Callable[[], Any], after_all: bool = False) -> None:
    """Call a step, and again where what stopped it can pass by itself, for as long as the night's patience.

    Not once the night has its receipt or its publication: then it is over. `after_all`: for a step that comes after that.
    """
    for again in range(1, TRIES + 2):
        try:
            step()
            return
        except Exception as error:
            if again > TRIES or not run.patience or not is_transient(error) or (run.is_over() and not after_all):
                raise
            seconds = seconds_before_retry(again, run.patience)
            run.listener.wait(str(error), seconds)
            time.sleep(seconds)


@contextmanager
def ended_by_a_signal() -> Iterator[None]:
    """Let a polite end of the process (SIGTERM) end the night as Ctrl-C does: with a receipt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def is_left_early(run: NightRun) -> bool:
    """Whether nothing is new. What goes wrong in finding out goes wrong again in the steps, which know what to do about it."""
    try:
        return run.leave_early()
    except Exception:
        return False
