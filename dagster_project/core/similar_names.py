"""Suggests known names that are like a misspelt one."""

import difflib
from collections.abc import Iterable, Mapping

SHOWN = 3


def closest_names(written: str, known: Iterable[str], most: int = SHOWN) -> list[str]:
    """The known names most similar to what was written, the best match first. Empty if none is similar."""
    by_low = {k.lower(): k for k in known}
    return [by_low[low] for low in difflib.get_close_matches(written.lower(), list(by_low), n=most)]


def closest_titled(written: str, titles: Mapping[str, str]) -> list[str]:
    """The names whose name or title is most similar to what was written, the best match first. `titles`: name -> title.

    `drug_incidents` is like the title of `incidents_drugs`, and not like its name.
    """
    name_of = {text.lower().replace("_", " "): name for name, title in titles.items() for text in (title, name)}
    nearest = closest_names(written.replace("_", " "), name_of, 2 * SHOWN)
    return list(dict.fromkeys(name_of[text] for text in nearest))[:SHOWN]


def suggestion(written: str, known: Iterable[str]) -> str:
    """`; is kent meant?`, for the end of a message. Empty if no known name is similar."""
    names = closest_names(written, known, 1)
    return f"; is {names[0]} meant?" if names else ""
