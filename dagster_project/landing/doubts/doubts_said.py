"""Remembers in the ledger which doubts were said, so that later files with the same rows are not given the same note again."""

from collections.abc import Iterable
from datetime import date

from ..storage.ledger import LedgerEntry, SaidDoubt


class DoubtsSaid:
    """The doubts said of earlier files of an extract and force, and those said of this file."""

    def __init__(self, earlier: Iterable[LedgerEntry]) -> None:
        self._before = [doubt for entry in earlier for doubt in entry.said]
        self.now: list[SaidDoubt] = []

    def say(self, about: str, first: date | None = None, last: date | None = None) -> None:
        """Remember a doubt. `about`: what it is of, such as `channel: blank`. `first`, `last`: the days that it is of."""
        self.now.append(SaidDoubt(about=about, first=first, last=last))

    def was_said(self, about: str) -> bool:
        """Whether an earlier file was given it."""
        return any(doubt.about == about for doubt in self._before)

    def was_said_of_half(self, about: str, first: date, last: date) -> bool:
        """Whether it was said of half of these days or more: with each file, some may be added at one end."""
        overlaps = ((min(last, b) - max(first, a)).days + 1 for a, b in self.days(about))
        return any(2 * days >= (last - first).days + 1 for days in overlaps)

    def days(self, about: str) -> list[tuple[date, date]]:
        """The days of which it was said."""
        return [(d.first, d.last) for d in self._before if d.about == about and d.first and d.last]
