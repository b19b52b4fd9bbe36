"""Search every file of a folder for marks: its bytes, and the values packed in Parquet, DuckDB, zip and gzip.

The search has no list of the files of a home, so a file that is added later is searched, too.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import duckdb

from privacy.marked_values import UNKNOWN_NUMBER

_UNKNOWN = str(UNKNOWN_NUMBER)[:6] + "[0-9]{3}"
MARK = re.compile(rb"Z\0?Q\0?([A-Z])\0?(?:[0-9]\0?){4}X|(?<![0-9])(" + _UNKNOWN.encode() + rb")(?![0-9])")
"""A mark in UTF-8 or UTF-16, or an unknown number, but not within a longer one: nanosecond times contain it by chance."""
BEGINNINGS = (b"ZQ", b"Z\0Q", str(UNKNOWN_NUMBER)[:6].encode())
"""What a mark begins with. Most files have none, so looking for these first is ten times as fast."""

MARK_IN_SQL = f"ZQ[A-Z][0-9]{{4}}X|[0-9]*{_UNKNOWN}[0-9]*"
"""A possible mark, for DuckDB. It includes all digits of a number; `MARK` decides."""


def marks_in(path: Path) -> dict[str, str]:
    """The letters of the marks in a file -> an example of each."""
    marks: dict[str, str] = {}
    for data in _contents(path):
        for m in _marks(data):
            marks.setdefault(m[1].decode() if m[1] else "U", m[0].decode())
    return marks


def search(folder: Path, exclude: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, str]]]:
    """Path and marks of every file below a folder that has any, in its name or content. `exclude`: folders to leave out."""
    seen: dict[tuple[int, int], dict[str, str]] = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if relative.parts[0] in exclude or not path.is_file():
            continue
        stat = path.stat()
        # A file with two names is searched once.
        marks = dict(seen.get((stat.st_dev, stat.st_ino)) or seen.setdefault((stat.st_dev, stat.st_ino), marks_in(path)))
        for m in MARK.finditer(str(relative).encode()):
            marks.setdefault(m[1].decode() if m[1] else "U", str(relative))
        if marks:
            yield str(relative), marks


def mark_letters(data: bytes) -> set[str]:
    """The letters of the marks in some bytes."""
    return {m[1].decode() if m[1] else "U" for m in _marks(data)}


def _marks(data: bytes) -> Iterator[re.Match[bytes]]:
    return MARK.finditer(data) if any(b in data for b in BEGINNINGS) else iter(())


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield from _unpacked(data)
    if data[:4] == data[-4:] == b"PAR1":
        yield marked(_shared_connection(), f"read_parquet('{path}')")
    elif data[8:12] == b"DUCK":
        yield from _values(path)


@cache
def _shared_connection() -> duckdb.DuckDBPyConnection:
    """A connection for each of hundreds of Parquet files would take most of the time."""
    return duckdb.connect()


def marked(con: duckdb.DuckDBPyConnection, relation: str) -> bytes:
    """The marks in all columns. DuckDB itself searches them: there are a million figures."""
    names = [n for (n,) in con.execute(f"select column_name from (describe select * from {relation})").fetchall()]
    all_columns = ", ".join(f'cast("{n}" as varchar)' for n in names)
    rows = con.execute(
        f"select distinct unnest(regexp_extract_all(concat_ws(' ', {all_columns}), '{MARK_IN_SQL}')) from {relation}"
    ).fetchall()
    return "\n".join(v for (v,) in rows).encode()


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Some bytes and, if they are a zip (as a workbook or document is) or a gzip, what is packed in them, at any depth."""
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(BytesIO(data)) as packed:
            for name in packed.namelist():
                yield from _unpacked(packed.read(name))
    elif data[:2] == b"\x1f\x8b":
        # If it is cut short, what there is.
        yield from _unpacked(zlib.decompressobj(31).decompress(data))


def _values(path: Path) -> Iterator[bytes]:
    """The marks in every relation of a DuckDB file, and the texts of its catalogue."""
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as searched (read_only)")
        yield str(con.execute("select list(comment) from duckdb_columns() where not internal").fetchone()).encode()
        yield str(con.execute("select list(comment) from duckdb_schemas() where not internal").fetchone()).encode()
        for catalogue in ("tables", "views", "indexes", "sequences"):
            yield str(con.execute(f"select list((sql, comment)) from duckdb_{catalogue}()").fetchone()).encode()
        relations = con.execute(
            "select database_name, schema_name, table_name, false from duckdb_tables() union all"
            " select database_name, schema_name, view_name, true from duckdb_views() where not internal"
        ).fetchall()
        for database, schema, name, is_view in relations:
            try:
                yield marked(con, f'"{database}"."{schema}"."{name}"')
            except duckdb.CatalogException:
                # A night that fails before its rows are shown leaves views without tables.
                if not is_view:
                    raise
