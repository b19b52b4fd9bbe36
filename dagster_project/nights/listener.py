"""Follows a night's progress: what `pam nightly` shows while it runs."""

from dagster_project.landing import LedgerEntry


class Listener:
    """Called as a night goes on. Does nothing itself: `pam nightly` overrides it to show progress."""

    def stage(self, name: str) -> None:
        """A step begins: landing, building, checking, publishing, serving."""

    def file(self, entry: LedgerEntry) -> None:
        """A file has landed, or was held or refused."""

    def node(self, name: str, status: str) -> None:
        """dbt has finished a node."""

    def wait(self, reason: str, seconds: float) -> None:
        """The night waits and tries again, because the fault may pass by itself."""
