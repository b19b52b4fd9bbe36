"""Makes DuckDB tables from rows in Python, and reads rows as dictionaries."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb


def make_table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Mapping[str, str],
    rows: Sequence[tuple[Any, ...]],
    *,
    temporary: bool = False,
) -> None:
    """Make the table `name` (with its schema) with `columns` (name -> type), and fill it with rows in their order. A temporary
    table replaces one of the same name.

    Rows are inserted by column: `executemany` inserts row by row, and DuckDB plans each.
    """
    what = "or replace temp table" if temporary else "table"
    con.execute(f"create {what} {name} ({', '.join(f'{n} {kind}' for n, kind in columns.items())})")
    if rows:
        lists = ", ".join(f"unnest(cast(? as {kind}[]))" for kind in columns.values())
        con.execute(f"insert into {name} select {lists}", [list(values) for values in zip(*rows, strict=True)])


def read_rows(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query, by the names of its columns."""
    result = con.execute(sql, list(values))
    names = [c[0] for c in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
