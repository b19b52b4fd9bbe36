"""Follows a night's progress, so that `pam nightly` can show it."""

from dagster_project.landing import LedgerEntry


class Listener:
    """Called while a night runs. Does nothing itself: `pam nightly` overrides it to show progress."""

    def stage(self, name: str) -> None:
        """A step starts: landing, building, checking, publishing, serving."""

    def file(self, entry: LedgerEntry) -> None:
        """A file has landed, or was held or refused."""

    def node(self, name: str, status: str) -> None:
        """dbt has finished a node."""

    def wait(self, reason: str, seconds: float) -> None:
        """The night waits and tries again, because the fault may pass."""
