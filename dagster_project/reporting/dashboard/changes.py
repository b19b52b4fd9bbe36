"""Figures that changed since the night before, as the dashboard shows them."""

from dataclasses import dataclass, field
from typing import Any

MOST_LISTED = 20_000
"""Changed figures of a mart and force that the dashboard lists. More would make the page slow: `pam diff` lists them."""


@dataclass(frozen=True)
class Changes:
    """Figures that are not the same as on the night before.

    `before`: the id of that night; blank if none is kept. `counts`: by mart and force, how many changed, how many of those
    were complete before, how many are new and how many are gone. `rows`: by mart and force, for each figure: measure,
    category, area type and code, kind of period, its first and last day, value and status (a letter) before, and c for
    changed, n for new or g for gone. New figures of periods that the mart did not have before are not in `rows`; `periods`
    has those periods: kind, first and last day. A mart with more than `MOST_LISTED` changes is in `counts` alone.
    """

    before: str = ""
    counts: dict[tuple[str, str], tuple[int, int, int, int]] = field(default_factory=dict)
    rows: dict[tuple[str, str], list[list[Any]]] = field(default_factory=dict)
    periods: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)


NOT_KNOWN = Changes()
