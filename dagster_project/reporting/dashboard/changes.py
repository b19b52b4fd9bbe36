"""Figures that changed since the night before, as the dashboard shows them."""

from dataclasses import dataclass, field
from typing import Any

MAX_LISTED = 20_000
"""Changed figures of a mart and force that the dashboard lists at most: more would make the page slow. `pam diff` lists all."""


@dataclass(frozen=True)
class Changes:
    """Figures that differ from those of the night before.

    `before`: the id of that night; blank if none is kept. By mart and force: `counts` has how many figures changed, how many
    of those were complete before, how many are new and how many are gone. `rows` has, for each figure: measure, category, area
    type and code, kind of period, its first and last day, value and status (a letter) before, and c for changed, n for new or
    g for gone. `periods` has periods that the mart did not have before (kind, first and last day), whose figures are not in
    `rows`. A mart with more than `MAX_LISTED` changes is only in `counts`.
    """

    before: str = ""
    counts: dict[tuple[str, str], tuple[int, int, int, int]] = field(default_factory=dict)
    rows: dict[tuple[str, str], list[list[Any]]] = field(default_factory=dict)
    periods: dict[tuple[str, str], list[list[str]]] = field(default_factory=dict)


NOT_KNOWN = Changes()
