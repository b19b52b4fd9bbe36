"""Lets Dagster try a step again if the fault may pass, and fails it otherwise."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from dagster_project.core.errors import TRIES

NIGHT = {"night"}
"""The resource that every step needs: the run's `NightRun`."""
POOL = "home"
"""The pool of all steps that write in the home. `pam serve` limits it to one run, so that a second one waits in the queue."""


@contextmanager
def retry_if_transient(context: Any, after_all: bool = False) -> Generator[None]:
    """Have Dagster try a step again, after longer and longer pauses, if the fault may pass."""
    try:
        yield
    except Exception as error:
        attempt = context.retry_number + 1
        seconds = context.resources.night.seconds_to_retry(error, attempt, after_all)
        if seconds is None:
            raise
        context.log.warning(f"{error}: trying again in {seconds:.0f} s, {attempt} of {TRIES}")
        raise dg.RetryRequested(max_retries=TRIES, seconds_to_wait=seconds) from error
