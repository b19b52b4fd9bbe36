"""What the dashboard is told of the figures that moved since the night before."""

from dataclasses import dataclass, field
from typing import Any

MOST = 20_000
"""Figures of a mart and force that are told one by one. Where more moved, `pam diff` has them: a page would be slow."""


@dataclass(frozen=True)
class Moved:
    """Figures that are not the same as on the night before.

    `before`: the id of that night; blank where none is kept. `counts`: by mart and force, how many changed, how many of
    these were complete before, how many are new and how many are gone. `rows`: by mart and force, of each figure that moved:
    measure, category, area type and code, kind of period, its first and last day, value and status (a letter) before, and
    which it is: c for changed, n for new, g for gone. Left out are new figures of periods that the mart had none of before,
    which `periods` has: kind, first and last day. Neither has a mart of which more than `MOST` moved.
    """

    before: str = ""
    counts: dict[tuple[str, str], tuple[int, int, int, int]] = field(default_factory=dict)
    rows: dict[tuple[str, str], list[list[Any]]] = field(default_factory=dict)
    periods: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)


NOT_KNOWN = Moved()
