"""Writes values into SQL text, and reads the single row of a query."""

from typing import Any, Protocol

CONTENT_HASH = "count(*) || ' ' || coalesce(sum(hash(hash(t))), 0)"
"""A short text that changes when the rows of `t` change, and not when only their order does. Each row's hash is hashed again:
DuckDB's own is so regular that changes of two rows can cancel each other out."""


class _Answer(Protocol):
    def fetchone(self) -> tuple[Any, ...] | None: ...


def literal(text: str) -> str:
    """A text as an SQL string literal, its quotes doubled."""
    return "'" + text.replace("'", "''") + "'"


def one_row(answer: _Answer) -> tuple[Any, ...]:
    """The next row of a statement that always has one, as a count has."""
    row = answer.fetchone()
    assert row is not None, "the statement gave no row"
    return row
