"""The ways in which a night can end without being published."""

from collections.abc import Iterable

from dagster_project.core.check_results import Check
from dagster_project.core.errors import Cause, PamError
from dagster_project.quality import gate
from dagster_project.transform.dbt_runner import Node


class NightHeldError(PamError, RuntimeError):
    """The gate holds the night back. The last publication stays; the receipt names the rules."""


class NightFailedError(PamError, RuntimeError):
    """The night could not be finished. The last publication stays."""


class BuildFailedError(NightFailedError):
    """dbt could not build the marts, because of a model, the disk or another process. The message quotes dbt."""

    cause = Cause.MODEL

    @classmethod
    def of(cls, broken: Iterable[Node]) -> "BuildFailedError":
        """An error that quotes the first three broken nodes: failed ones before skipped ones."""
        nodes = sorted(broken, key=lambda n: n.status != "error")
        reasons = "; ".join(f"{n.name}: {n.message or n.status}" for n in nodes[:3])
        return cls.quoting(f"dbt could not build {len(nodes)} of the models: {reasons or 'it built none'}")


class NotInPostgresError(PamError, RuntimeError):
    """The night is published, but could not be loaded into PostgreSQL, which still serves an earlier one."""


def held_reason(checks: Iterable[Check]) -> str:
    """What the first five rules that hold the night back say, and their names."""
    held_checks = gate.held_by(checks)
    more = f"; and {len(held_checks) - 5} more" if len(held_checks) > 5 else ""
    return "; ".join(f"{c.message} [{c.rule}]" for c in held_checks[:5]) + more
