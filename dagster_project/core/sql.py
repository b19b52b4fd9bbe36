"""Writes values into SQL text, and reads the single row of a query."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CONTENT_HASH = "count(*) || ' ' || coalesce(sum(hash(hash(t))), 0)"
"""SQL for a short text that changes when the rows of `t` change, but not when only their order does. Each row's hash is hashed
again: DuckDB's hash is so regular that changes of two rows can cancel each other out."""


def literal(text: str) -> str:
    """A text as an SQL string literal, its quotes doubled."""
    return "'" + text.replace("'", "''") + "'"


def one_row(con: "DuckDBPyConnection", sql: str, parameters: object = None) -> tuple[Any, ...]:
    """The row of a statement that always returns one, such as a count."""
    row = con.execute(sql, parameters).fetchone()
    assert row is not None, "the statement gave no row"
    return row


def has_table(con: "DuckDBPyConnection", schema: str, name: str) -> bool:
    """Whether a night's file has a table: that of an earlier version may lack it."""
    query = "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?"
    return bool(one_row(con, query, [schema, name])[0])
