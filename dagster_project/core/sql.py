"""Writes values into SQL text, and reads the single row of a query."""

from typing import Any, Protocol


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
