"""Paragraphs of a report, as editions name them: `2.16`, `5.2-5.7`, `3.8, 8.4`."""

import re
from collections.abc import Iterable
from functools import cache


def within(paragraph: str, paragraphs: str) -> bool:
    """Whether a claim's paragraph (`2.16` or `5.2-5.7`) is among those of a table (`2.15-2.18`, or `3.8, 8.4`)."""
    if paragraph == paragraphs:
        return True
    bounds = [_paragraph_key(p) for p in paragraph.split("-")]
    ranges = [[_paragraph_key(p) for p in part.split("-")] for part in paragraphs.split(",")]
    return any(ends[0] <= bounds[0] and bounds[-1] <= ends[-1] for ends in ranges)


def sort_paragraphs(paragraphs: Iterable[str]) -> str:
    """The paragraphs of a page, each once, in the order of the report: `3.2-3.3, 3.8, 8.4`."""
    each = dict.fromkeys(part.strip() for p in paragraphs for part in p.split(","))
    outer = [p for p in each if not any(within(p, other) for other in each if other != p)]
    return ", ".join(sorted(outer, key=lambda p: _paragraph_key(p.partition("-")[0])))


@cache
def _paragraph_key(paragraph: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", paragraph))
