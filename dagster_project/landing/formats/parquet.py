"""Reads Parquet: typed columns become the text that a CSV would have, so that the same rules apply."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from dagster_project.core.printable import INVISIBLE, WIDE_BLANKS, visible
from dagster_project.core.sql import literal, one_row

from ..refusal import Refused
from .containers import LARGEST, check_kind, too_large
from .csv_reader import CELLS

T = TypeVar("T")

HEADER_LINE = 1
"""Rows are numbered as in a CSV of the same content, whose header is line 1."""

_SHORT = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT",
    "DOUBLE", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
)  # fmt: skip
"""Types whose values are always short."""


def read_parquet(con: duckdb.DuckDBPyConnection, path: Path, lay_out: Callable[[list[str]], T]) -> T:
    """Fill `landing_cells (line, cells)` from a Parquet file. Returns what `lay_out`, which may raise Refused, makes of its
    headers. Raises Refused."""
    with path.open("rb") as file:
        check_kind(file.read(8), ".parquet")
    source = f"read_parquet({literal(str(path))}, binary_as_string = true, hive_partitioning = false"
    con.execute("set TimeZone = 'UTC'")
    try:
        columns = [(row[0], row[1]) for row in con.execute(f"describe select * from {source})").fetchall()]
        _check_size(con, path, source, columns)
        layout = lay_out([visible(name).strip() for name, _ in columns])
        cells = ", ".join(f"coalesce({_text(name, kind)}, '')" for name, kind in columns)
        con.execute(
            f"""
            create or replace temp table landing_records as
            select file_row_number + {HEADER_LINE} + 1 as line, [{cells}] as cells
            from {source}, file_row_number = true)
            """
        )
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:
        raise Refused("damaged or cut short: not a sound Parquet file") from error
    if one_row(con, "select bool_or(contains(array_to_string(cells, ''), chr(0))) from landing_records")[0]:
        raise Refused("holds NUL characters: damaged, or not text")
    con.execute(f"create or replace temp view {CELLS} as from landing_records")
    return layout


def _check_size(con: duckdb.DuckDBPyConnection, path: Path, source: str, columns: list[tuple[str, str]]) -> None:
    """Raises Refused for a file whose rows would be larger than a text may be: a long text that repeats is stored once. The
    size is that of the CSV it would be, added up without writing any of it."""
    rows, packed, parts = one_row(
        con,
        f"""
        select sum(num_values) filter (column_id = 0), sum(total_uncompressed_size), max(row_group_id) + 1
        from parquet_metadata({literal(str(path))})
        """,
    )
    if (rows or 0) * len(columns) > LARGEST or (packed or 0) > LARGEST:
        raise Refused(too_large())
    if not (texts := [_length(name, kind) for name, kind in columns if kind not in _SHORT]):
        return
    length, step = 0, max(1, -(-rows // parts)) if parts else 1
    for start in range(0, rows or 0, step):
        length += one_row(
            con,
            f"select coalesce(sum({' + '.join(texts)}), 0) from {source}, file_row_number = true)"
            f" where file_row_number between {start} and {start + step - 1}",
        )[0]
        if length > LARGEST:
            raise Refused(too_large())


def _length(name: str, kind: str) -> str:
    """SQL for the bytes that a column's text has, from its DuckDB type."""
    column = '"' + name.replace('"', '""') + '"'
    return f"coalesce(strlen({column if kind == 'VARCHAR' else _text(name, kind)}), 0)"


def _text(name: str, kind: str) -> str:
    """SQL for a column as text, from its DuckDB type."""
    column = '"' + name.replace('"', '""') + '"'
    text = f"cast({column} as varchar)"
    match kind:
        case "VARCHAR":
            lf_text = f"replace({column}, chr(13) || chr(10), chr(10))"
            # Of ASCII, which has as many characters as bytes, nothing is invisible.
            cleaned = f"regexp_replace({lf_text}, '[{INVISIBLE}]', '', 'g')"
            return f"if(strlen({column}) = length({column}), {lf_text}, regexp_replace({cleaned}, '[{WIDE_BLANKS}]', ' ', 'g'))"
        case "DOUBLE" | "FLOAT":
            # Many programs write NaN for a blank. A double is exact to 15 digits; a whole one was most likely an integer in a
            # column with blanks.
            digits = f"printf('%.15g', {column})" if kind == "DOUBLE" else text
            is_whole = f"{column} = trunc({column}) and abs({column}) < 1e15"
            number = f"case when {is_whole} then cast(cast({column} as bigint) as varchar) else {digits} end"
            return f"case when not isnan({column}) then {number} end"
        case "TIMESTAMP WITH TIME ZONE":
            return f"strftime(timezone('UTC', {column}), '%Y-%m-%dT%H:%M:%SZ')"
        case "BOOLEAN":
            return f"upper({text})"
    return f"array_to_string({column}, ';')" if kind.endswith("[]") else text
