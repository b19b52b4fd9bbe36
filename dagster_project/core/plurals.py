"""Numbers with what they count, as people write them."""

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def list_first(texts: Sequence[str], most: int) -> str:
    """`a, b and 3 more`: at most so many of the texts, and the number of the others."""
    return ", ".join(texts[:most]) + (f" and {len(texts) - most:,} more" if len(texts) > most else "")
