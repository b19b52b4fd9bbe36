"""Loads a published night's file into PostgreSQL, in one transaction, beside the night that is being read."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
from psycopg import sql

from dagster_project.core.files import make_folder
from dagster_project.core.sql import literal

from . import roles, shape
from .errors import PostgresError, of_working
from .roles import ANALYST, OWNER
from .server import Server
from .shape import Relation
from .state import mark, state
from .swap import NEXT, Swapped, drop_old, swap

BLOCK = 1 << 20

Progress = Callable[[str], None]
"""Called with each relation's name as it is copied."""


@dataclass(frozen=True)
class Loaded:
    """What was loaded. `rows`: of all relations; `seconds`: in all; `stay`: schemas of earlier nights that are still there."""

    night_id: str
    rows: int
    seconds: float
    swapped: Swapped
    stay: tuple[str, ...]


class _Doing:
    """What is being done, for the message if it fails."""

    what = "looking at what is there"


@contextmanager
def night_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A night's file, read-only, in a DuckDB of its own: one that another part of the process has shut stays out of it."""
    con = duckdb.connect()
    try:
        con.execute(f"attach {literal(str(path))} as night (read_only)")
        con.execute("use night")
        con.execute("set enable_progress_bar = false")
        yield con
    finally:
        con.close()


def load(path: Path, server: Server, temp: Path, is_sample: bool, progress: Progress | None = None) -> Loaded:
    """Load a night's file and have it read in place of the last one. Copies go by way of `temp`, made and removed here.

    A question sees the one night or the other. Where anything fails, what was read before is read on, and nothing is left
    behind. Raises PostgresError.
    """
    began, doing = time.monotonic(), _Doing()
    shutil.rmtree(temp, ignore_errors=True)
    make_folder(temp)
    try:
        with night_file(path) as source, server.connect() as con:
            (night_id,) = source.execute("select night_id from meta.nights where finished_at is null").fetchone() or ("",)
            roles.ensure(con)
            _refuse(con, is_sample)
            with con.transaction():
                con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
                rows = _fill(con, source, temp, mark(night_id, is_sample), doing, progress)
                doing.what = "putting the night in the place of the last one"
                swapped = swap(con)
            doing.what = "dropping the schemas of earlier nights"
            stay = tuple(drop_old(con))
    except psycopg.Error as error:
        raise of_working(error, doing.what) from None
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        raise PostgresError(f"the night could not be read for PostgreSQL ({doing.what}): {said}") from None
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    return Loaded(night_id, rows, time.monotonic() - began, swapped, stay)


def _refuse(con: psycopg.Connection, is_sample: bool) -> None:
    found = state(con)
    if found.foreign:
        raise PostgresError(
            f"the database has a schema {found.foreign[0]} that the warehouse did not make, and would have to replace: give the"
            " warehouse a database of its own"
        )
    if found.night_id and found.is_sample != is_sample:
        here, there = ("made-up", "real") if is_sample else ("real", "made-up")
        raise PostgresError(
            f"the database holds {there} data (night {found.night_id}) and this home {here}: give each a database of its own"
        )


def _fill(
    con: psycopg.Connection, source: duckdb.DuckDBPyConnection, temp: Path, said: str, doing: _Doing, progress: Progress | None
) -> int:
    """Make and fill the schemas `..._next`. Returns how many rows there are."""
    doing.what = "making the new schemas"
    found = shape.relations(source)
    schemas = sorted({r.schema for r in found})
    for name in schemas:
        schema = sql.Identifier(name + NEXT)
        con.execute(sql.SQL("create schema {}").format(schema))
        con.execute(sql.SQL("comment on schema {} is {}").format(schema, sql.Literal(said)))
    words, rows = shape.descriptions(source), 0
    for relation in found:
        doing.what = f"copying {relation.full}"
        if progress:
            progress(relation.full)
        if relation.is_stacked:
            con.execute(shape.create_stack(relation, [r for r in found if r.is_mart], NEXT))
        elif relation.is_public_mart:
            con.execute(shape.create_public(relation, NEXT))
        else:
            con.execute(shape.create_table(relation, NEXT))
            rows += _copy(con, source, relation, temp / "rows.csv")
        doing.what = f"indexing {relation.full}"
        is_too_long = not relation.is_view and shape.is_key_too_long(source, relation)
        statements = (*shape.keys(relation, NEXT, is_too_long), *shape.comments(relation, words, NEXT))
        if statements:
            con.execute(sql.SQL("; ").join(statements))
        if not relation.is_view:
            con.execute(sql.SQL("analyze {}").format(relation.target(NEXT)))
    doing.what = "granting it to those who read"
    for name in schemas:
        schema, analyst = sql.Identifier(name + NEXT), sql.Identifier(ANALYST)
        con.execute(sql.SQL("grant usage on schema {} to {}").format(schema, analyst))
        con.execute(sql.SQL("grant select on all tables in schema {} to {}").format(schema, analyst))
    return rows


def _copy(con: psycopg.Connection, source: duckdb.DuckDBPyConnection, relation: Relation, path: Path) -> int:
    """Copy a relation's rows, in the order of its key. Returns how many."""
    names = ", ".join(f'"{n}"' for n, _ in relation.columns)
    texts = ", ".join(f'"{n}"' for n, kind in relation.columns if kind == "text")
    order = f" order by {', '.join(relation.key)}" if relation.key else ""
    # Text is quoted, null is not: an empty text stays one.
    quoted = f", force_quote ({texts})" if texts else ""
    (rows,) = source.execute(
        f'copy (select {names} from "{relation.schema}"."{relation.name}"{order})'
        f" to {literal(str(path))} (format csv, header false{quoted})"
    ).fetchone() or (0,)
    # Nobody else can see the table yet: its rows need no second look later (freeze).
    into = sql.SQL("copy {} from stdin (format csv, freeze true)").format(relation.target(NEXT))
    with con.cursor() as cursor:
        with path.open("rb") as file, cursor.copy(into) as copy:
            while block := file.read(BLOCK):
                copy.write(block)
        arrived = cursor.rowcount
    path.unlink()
    if arrived != rows:
        raise PostgresError(f"{relation.full}: {rows} rows were sent, and {arrived} arrived")
    return int(rows)
