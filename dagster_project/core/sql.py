"""Writes values into SQL text, and reads the single row of a query."""

from typing import Any, Protocol

CONTENT_HASH = "count(*) || ' ' || coalesce(sum(hash(hash(t))), 0)"
"""SQL for a short text that changes when the rows of `t` change, but not when only their order does. Each row's hash is hashed
again: DuckDB's hash is so regular that changes of two rows can cancel each other out."""


class _Rows(Protocol):
    def fetchone(self) -> tuple[Any, ...] | None: ...


class _Connection(Protocol):
    def execute(self, query: str, parameters: object = ...) -> _Rows: ...


def literal(text: str) -> str:
    """A text as an SQL string literal, its quotes doubled."""
    return "'" + text.replace("'", "''") + "'"


def one_row(con: _Connection, sql: str, parameters: object = None) -> tuple[Any, ...]:
    """The row of a statement that always returns one, such as a count."""
    row = con.execute(sql, parameters).fetchone()
    assert row is not None, "the statement gave no row"
    return row
