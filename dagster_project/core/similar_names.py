"""Suggests known names that are like a misspelt one."""

import difflib
from collections.abc import Iterable

SHOWN = 3


def closest_names(written: str, known: Iterable[str], most: int = SHOWN) -> list[str]:
    """The known names most similar to what was written, the best match first. Empty if none is similar."""
    by_low = {k.lower(): k for k in known}
    return [by_low[low] for low in difflib.get_close_matches(written.lower(), list(by_low), n=most)]


def suggestion(written: str, known: Iterable[str]) -> str:
    """`; is kent meant?`, for the end of a message. Empty if no known name is similar."""
    names = closest_names(written, known, 1)
    return f"; is {names[0]} meant?" if names else ""
