"""Lets Dagster try a step again if the fault may pass, and fails it otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from dagster_project.core import errors

NIGHT = {"night"}
"""The resource that every step needs: the run's `NightRun`."""
POOL = "home"
"""The pool of all steps that write in the home. `pam serve` limits it to one run, so that a second one waits in the queue."""


@contextmanager
def retry_if_transient(context: Any, after_all: bool = False) -> Iterator[None]:
    """Have Dagster try a step again, after longer and longer pauses, if the fault may pass.

    Not once the night is published or has its receipt, unless `after_all`: the step is one that comes after that.
    """
    run = context.resources.night
    try:
        yield
    except Exception as error:
        if run.patience and errors.is_transient(error) and (after_all or not run.is_finished()):
            attempt = context.retry_number + 1
            seconds = errors.seconds_before_retry(attempt, run.patience)
            if attempt <= errors.TRIES:
                run.listener.wait(str(error), seconds)
                context.log.warning(f"{error}: trying again in {seconds:.0f} s, {attempt} of {errors.TRIES}")
            raise dg.RetryRequested(max_retries=errors.TRIES, seconds_to_wait=seconds) from error
        raise
