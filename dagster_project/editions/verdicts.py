"""The verdicts on claims, and how many claims were checked."""

from collections.abc import Iterable
from typing import Protocol

DISAGREES, NOT_COMPUTABLE = "disagrees", "not computable"
VERDICTS = ("agrees", "agrees when cut", DISAGREES, NOT_COMPUTABLE)
OUR_WORDS = "(in our words)"
"""Shown as the printed text of a statement, which is in our words, not the report's."""


class JudgedClaim(Protocol):
    """Anything with the kind and the verdict of a claim."""

    @property
    def kind(self) -> str: ...
    @property
    def verdict(self) -> str: ...


def share_checked(claims: Iterable[JudgedClaim]) -> str:
    """How many claims were checked, by kind: `290 of 291 printed figures and ...`. One that is not computable was not."""
    shares = []
    claims = list(claims)
    for kind, words in (("figure", "printed figures"), ("statement", "statements")):
        verdicts = [c.verdict for c in claims if c.kind == kind]
        if verdicts:
            shares.append(f"{len(verdicts) - verdicts.count(NOT_COMPUTABLE):,} of {len(verdicts):,} {words}")
    return " and ".join(shares) or "nothing"
