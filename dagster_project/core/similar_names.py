"""Suggests known names that are like a misspelt one."""

import difflib
from collections.abc import Iterable

SHOWN = 3


def closest_names(said: str, known: Iterable[str], most: int = SHOWN) -> list[str]:
    """The known names most like the one written, the best match first. Empty if none is like it."""
    by_low = {k.lower(): k for k in known}
    return [by_low[low] for low in difflib.get_close_matches(said.lower(), list(by_low), n=most)]


def suggestion(said: str, known: Iterable[str]) -> str:
    """`; is kent meant?`, to end a message with. Empty if no known name is like it."""
    found = closest_names(said, known, 1)
    return f"; is {found[0]} meant?" if found else ""
