"""Makes DuckDB tables from rows in Python."""

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
    """Make the table `name` (schema and all) with `columns` (name -> type), and fill it with rows in their order. A temporary
    one takes the place of one that is there.

    A column at a time: a row at a time, as `executemany` does, costs DuckDB a plan each.
    """
    kind_of = "or replace temp table" if temporary else "table"
    con.execute(f"create {kind_of} {name} ({', '.join(f'{n} {kind}' for n, kind in columns.items())})")
    if rows:
        lists = ", ".join(f"unnest(cast(? as {kind}[]))" for kind in columns.values())
        con.execute(f"insert into {name} select {lists}", [list(values) for values in zip(*rows, strict=True)])
