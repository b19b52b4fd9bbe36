"""Every byte of whatever lies in a folder, and every value of what is packed: Parquet, DuckDB, zip and gzip.

Knows nothing of a home: what comes to be there tomorrow is searched as well.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import duckdb

from privacy.planting import UNKNOWN_NUMBER

_UNKNOWN = str(UNKNOWN_NUMBER)[:6] + "[0-9]{3}"
MARK = re.compile(rb"Z\0?Q\0?([A-Z])\0?(?:[0-9]\0?){4}X|(?<![0-9])(" + _UNKNOWN.encode() + rb")(?![0-9])")
"""A mark in UTF-8 or UTF-16, or an unknown number, not within a longer one: times in nanoseconds have it by chance."""
BEGINNINGS = (b"ZQ", b"Z\0Q", str(UNKNOWN_NUMBER)[:6].encode())
"""What a mark begins with. To look for these first is ten times as fast: most files have none."""

WANTED = f"ZQ[A-Z][0-9]{{4}}X|[0-9]*{_UNKNOWN}[0-9]*"
"""What may be one, for DuckDB: with all digits of a number."""


def marks_in(path: Path) -> dict[str, str]:
    """Letter of each mark that a file holds -> one of them."""
    found: dict[str, str] = {}
    for data in _contents(path):
        for m in _marks(data):
            found.setdefault(m[1].decode() if m[1] else "U", m[0].decode())
    return found


def search(folder: Path, but: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, str]]]:
    """Path in the folder and the marks of every file below it that has any, its own name searched too. `but`: folders."""
    seen: dict[tuple[int, int], dict[str, str]] = {}
    for path in sorted(folder.rglob("*")):
        where = path.relative_to(folder)
        if where.parts[0] in but or not path.is_file():
            continue
        stat = path.stat()
        # A file under two names is searched once.
        found = dict(seen.get((stat.st_dev, stat.st_ino)) or seen.setdefault((stat.st_dev, stat.st_ino), marks_in(path)))
        for m in MARK.finditer(str(where).encode()):
            found.setdefault(m[1].decode() if m[1] else "U", str(where))
        if found:
            yield str(where), found


def found_in(data: bytes) -> set[str]:
    """Letters of the marks in some bytes."""
    return {m[1].decode() if m[1] else "U" for m in _marks(data)}


def _marks(data: bytes) -> Iterator[re.Match[bytes]]:
    return MARK.finditer(data) if any(b in data for b in BEGINNINGS) else iter(())


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield from _unpacked(data)
    if data[:4] == data[-4:] == b"PAR1":
        yield _marked(_one_for_all_parquet(), f"read_parquet('{path}')")
    elif data[8:12] == b"DUCK":
        yield from _values(path)


@cache
def _one_for_all_parquet() -> duckdb.DuckDBPyConnection:
    """One for each of hundreds of files would take most of the time."""
    return duckdb.connect()


def _marked(con: duckdb.DuckDBPyConnection, relation: str) -> bytes:
    """Each mark of every column. A million figures are looked through within DuckDB."""
    names = [n for (n,) in con.execute(f"select column_name from (describe select * from {relation})").fetchall()]
    every = ", ".join(f'cast("{n}" as varchar)' for n in names)
    rows = con.execute(
        f"select distinct unnest(regexp_extract_all(concat_ws(' ', {every}), '{WANTED}')) from {relation}"
    ).fetchall()
    return "\n".join(v for (v,) in rows).encode()


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Some bytes and, of a zip (and so of a workbook or a document) or a gzip, what is packed in them, and in that."""
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(BytesIO(data)) as packed:
            for name in packed.namelist():
                yield from _unpacked(packed.read(name))
    elif data[:2] == b"\x1f\x8b":
        # Of one that is cut short, what there is.
        yield from _unpacked(zlib.decompressobj(31).decompress(data))


def _values(path: Path) -> Iterator[bytes]:
    """Every mark of every relation of a DuckDB file, and what its catalogue says."""
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as found (read_only)")
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
                yield _marked(con, f'"{database}"."{schema}"."{name}"')
            except duckdb.CatalogException:
                # A night that failed before its rows were shown leaves views that have none.
                if not is_view:
                    raise
