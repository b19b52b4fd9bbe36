"""Lets Dagster try a step again if the fault may pass, and fails it otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from dagster_project.core import errors

NIGHT = {"night"}
"""What every step needs: the `NightRun` of the run."""
POOL = "home"
"""The steps of two runs never write in one home: where the instance limits this pool, the second run waits in the queue."""


@contextmanager
def tried_again(context: Any, after_all: bool = False) -> Iterator[None]:
    """Have Dagster try a step again, later and later, where what stopped it can pass by itself.

    Not once the night has its receipt, or its publication: then it is over, whatever came after. `after_all`: for a step
    that comes after that.
    """
    run = context.resources.night
    try:
        yield
    except Exception as error:
        if run.patience and errors.is_transient(error) and (after_all or not run.is_over()):
            again = context.retry_number + 1
            seconds = errors.seconds_before_retry(again, run.patience)
            if again <= errors.TRIES:
                run.listener.wait(str(error), seconds)
                context.log.warning(f"{error}: trying again in {seconds:.0f} s, {again} of {errors.TRIES}")
            raise dg.RetryRequested(max_retries=errors.TRIES, seconds_to_wait=seconds) from error
        raise
