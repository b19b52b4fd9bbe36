"""The verdicts on claims, and how many claims were checked."""

from collections.abc import Iterable
from typing import Protocol

DISAGREES, NOT_COMPUTABLE = "disagrees", "not computable"
VERDICTS = ("agrees", "agrees when cut", DISAGREES, NOT_COMPUTABLE)
OUR_WORDS = "(in our words)"
"""Stands where a figure has what was printed: a statement is ours, not the report's own sentence."""


class Held(Protocol):
    """A claim, as far as it says what it is and what came of it."""

    @property
    def kind(self) -> str: ...
    @property
    def verdict(self) -> str: ...


def share_checked(claims: Iterable[Held]) -> str:
    """How many of how many were checked: a claim that is not computable was not."""
    said = []
    held = list(claims)
    for kind, words in (("figure", "printed figures"), ("statement", "statements")):
        own = [c for c in held if c.kind == kind]
        if own:
            said.append(f"{sum(c.verdict != NOT_COMPUTABLE for c in own):,} of {len(own):,} {words}")
    return " and ".join(said) or "nothing"
