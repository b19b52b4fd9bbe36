"""Functions for a worker process to run: a module of their own, as it loads the module of what it runs."""

import sys

from dagster_project.core.worker_process import Progress


def count(up_to: int, progress: Progress) -> int:
    """Say each number below `up_to`."""
    for i in range(up_to):
        progress(i, "counted")
    return up_to


class UnpicklableError(Exception):
    """It can't be pickled and read again: it takes two values and keeps one."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def fail() -> None:
    """Raise UnpicklableError."""
    raise UnpicklableError("this", "that")


def is_left_out(module: str) -> bool:
    """Whether importing a module is forbidden in the process that asks."""
    return sys.modules.get(module, "") is None
