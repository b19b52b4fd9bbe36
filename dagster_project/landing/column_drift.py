"""How a file's columns differ from those of the last accepted one: never silent, since a figure may hang on them."""

from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher

from dagster_project.contracts import plain_header

from .ledger import LedgerEntry

ALIKE = 0.6
"""Likeness of two headers, of 1, from which one may be the other's new name."""


def drift(before: LedgerEntry, headers: Mapping[str, str], unknown: Iterable[str], missing: Collection[str]) -> list[str]:
    """What changed since `before`, a sentence each; none where nothing did.

    `headers`: contract column -> its header now. `unknown`: headers that mean none; `missing`: optional columns without one.
    """
    # Lines of the ledger from before it kept the headers say what was missing.
    if before.headers:
        gone, came = [c for c in before.headers if c not in headers], [c for c in headers if c not in before.headers]
    else:
        gone = [c for c in missing if c not in before.missing_columns]
        came = [c for c in before.missing_columns if c in headers]
    then, now = ({plain_header(h): h for h in part} for part in (before.unknown_columns, unknown))
    new, left = [h for p, h in now.items() if p not in then], [h for p, h in then.items() if p not in now]
    renamed = likely({c: [c, before.headers.get(c, c)] for c in gone}, new)
    said = [f"renamed? {c} is gone, {h} is new" for c, h in renamed.items()]
    said += [f"column gone: {c}" for c in gone if c not in renamed]
    said += [f"column that is there now: {c}" for c in came]
    said += [
        f"other header: {c} was {before.headers[c]}, is {h}"
        for c, h in headers.items()
        if c in before.headers and plain_header(h) != plain_header(before.headers[c])
    ]
    said += [f"new column, not stored: {h}" for h in new if h not in renamed.values()]
    return said + [f"column gone, was not stored: {h}" for h in left]


def likely(lacking: Mapping[str, Iterable[str]], headers: Iterable[str]) -> dict[str, str]:
    """Which of `headers` each lacking column may be called now: column -> header, no header twice.

    `lacking`: column -> what it is or was called. The likeliest first; one column and one header that are left are a pair.
    """
    left = list(dict.fromkeys(headers))
    scored = sorted(
        (
            (max(_likeness(plain_header(n), plain_header(h)) for n in (name, *names)), name, h)
            for name, names in lacking.items()
            for h in left
        ),
        key=lambda s: -s[0],
    )
    found: dict[str, str] = {}
    for score, name, header in scored:
        alone = len(lacking) - len(found) == 1 and len(left) == 1
        if (score >= ALIKE or alone) and name not in found and header in left:
            found[name] = header
            left.remove(header)
    return found


def _likeness(one: str, other: str) -> float:
    """0 to 1. `status` within `crimestatus` is enough to ask; so much longer a name would not be alike letter by letter."""
    shorter, longer = sorted((one, other), key=len)
    within = ALIKE if len(shorter) > 2 and shorter in longer else 0.0
    return max(within, SequenceMatcher(None, one, other).ratio())
