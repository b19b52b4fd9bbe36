"""Follows a night's progress: what `pam nightly` shows while it runs."""

from dagster_project.landing import LedgerEntry


class Listener:
    """Does nothing; `pam nightly` draws its progress from it."""

    def stage(self, name: str) -> None:
        """A step begins: landing, building, checking, publishing, serving."""

    def file(self, entry: LedgerEntry) -> None:
        """A file is decided on."""

    def node(self, name: str, status: str) -> None:
        """dbt is done with a node."""

    def wait(self, reason: str, seconds: float) -> None:
        """Something that may pass is in the way: the night waits, and tries again."""
