"""Loads a published night's file into PostgreSQL, in one transaction, while the night before is being read."""

import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import psycopg
from psycopg import sql

from dagster_project.core.files import make_folder
from dagster_project.core.published_file import sha256_of
from dagster_project.core.sql import literal

from . import table_definitions
from .errors import PostgresError, statement_error
from .roles_and_grants import NEXT, OWNER, grant_reading, require_roles
from .server import Server
from .state import loaded_state, schema_comment
from .swap import drop_old, swap
from .table_definitions import Relation

BLOCK = 1 << 20

Progress = Callable[[str], None]
"""Called with each relation's name as it is copied."""


@dataclass(frozen=True)
class LoadOutcome:
    """The result of loading a night to PostgreSQL, for its receipt."""

    outcome: Literal["loaded", "there already", "failed"]
    night_id: str = ""
    """The night that PostgreSQL serves; blank if that is not known."""
    reason: str = ""
    """Why it failed; if it was loaded, what a person should know."""
    rows: int = 0
    seconds: float = 0.0
    is_transient: bool = False
    """Whether the fault may pass by itself."""


class _Step:
    """The current step, for the message if it fails."""

    name = "looking at what is there"


@contextmanager
def night_file(path: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """Open a night's file read-only in a DuckDB instance of its own, without the settings of other connections."""
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(path))} as night (read_only)")
        con.execute("use night")
        con.execute("set enable_progress_bar = false")
        yield con


def load(path: Path, server: Server, temp: Path, is_made_up: bool, progress: Progress | None = None) -> LoadOutcome:
    """Load a night's file and replace the last night. `temp`: a folder for copies, made and removed here.

    A query sees the one night or the other. If anything fails, the last night stays, and nothing is left behind. Raises
    PostgresError.
    """
    started, step = time.monotonic(), _Step()
    shutil.rmtree(temp, ignore_errors=True)
    make_folder(temp)
    try:
        with night_file(path) as source, server.connect() as con:
            (night_id,) = source.execute("select night_id from meta.nights where finished_at is null").fetchone() or ("",)
            require_roles(con)
            _check_database(con, is_made_up)
            with con.transaction():
                con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
                rows = _fill(con, source, temp, schema_comment(night_id, is_made_up, sha256_of(path)), step, progress)
                step.name = "putting the night in the place of the last one"
                notes = [f"this view still reads the night before: {view}" for view in swap(con)]
            step.name = "dropping the schemas of earlier nights"
            notes += [f"an earlier night is still there: {schema}" for schema in drop_old(con)]
    except psycopg.Error as error:
        raise statement_error(error, step.name) from None
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise PostgresError(f"the night could not be read for PostgreSQL ({step.name}): {reason}") from None
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    return LoadOutcome("loaded", night_id, "; ".join(notes), rows, round(time.monotonic() - started, 3))


def _check_database(con: psycopg.Connection, is_made_up: bool) -> None:
    served = loaded_state(con)
    if served.foreign:
        raise PostgresError(
            f"the database has a schema {served.foreign[0]} that the warehouse did not make, and would have to replace: give"
            " the warehouse a database of its own"
        )
    if served.night_id and served.is_made_up != is_made_up:
        tonight, stored = ("made-up", "real") if is_made_up else ("real", "made-up")
        raise PostgresError(
            f"the database holds {stored} data (night {served.night_id}) and this home {tonight}:"
            " give each a database of its own"
        )


def _fill(
    con: psycopg.Connection, source: duckdb.DuckDBPyConnection, temp: Path, comment: str, step: _Step, progress: Progress | None
) -> int:
    """Make and fill the schemas `..._next`. Returns the number of rows."""
    step.name = "making the new schemas"
    relations = table_definitions.relations(source)
    schemas = sorted({r.schema for r in relations})
    for name in schemas:
        schema = sql.Identifier(name + NEXT)
        con.execute(sql.SQL("create schema {}").format(schema))
        con.execute(sql.SQL("comment on schema {} is {}").format(schema, sql.Literal(comment)))
    descriptions, rows = table_definitions.descriptions(source), 0
    for relation in relations:
        step.name = f"copying {relation.full}"
        if progress:
            progress(relation.full)
        con.execute(table_definitions.create(relation, [r for r in relations if r.is_mart]))
        if not relation.is_view:
            rows += _copy(con, source, relation, temp / "rows.csv")
        step.name = f"indexing {relation.full}"
        is_too_long = not relation.is_view and table_definitions.is_key_too_long(source, relation)
        statements = (*table_definitions.keys(relation, is_too_long), *table_definitions.comments(relation, descriptions))
        if statements:
            con.execute(sql.SQL("; ").join(statements))
        if not relation.is_view:
            con.execute(sql.SQL("analyze {}").format(relation.target))
    step.name = "granting it to those who read"
    grant_reading(con, [name + NEXT for name in schemas])
    return rows


def _copy(con: psycopg.Connection, source: duckdb.DuckDBPyConnection, relation: Relation, path: Path) -> int:
    """Copy a relation's rows, in the order of its key. Returns their number."""
    names = ", ".join(f'"{n}"' for n, _ in relation.columns)
    texts = ", ".join(f'"{n}"' for n, kind in relation.columns if kind == "text")
    order = f" order by {', '.join(relation.key)}" if relation.key else ""
    # Texts are quoted and nulls are not, so that an empty text does not become null.
    quoted = f", force_quote ({texts})" if texts else ""
    (rows,) = source.execute(
        f'copy (select {names} from "{relation.schema}"."{relation.name}"{order})'
        f" to {literal(str(path))} (format csv, header false{quoted})"
    ).fetchone() or (0,)
    # Nobody else can see the table yet, so its rows can be frozen.
    into = sql.SQL("copy {} from stdin (format csv, freeze true)").format(relation.target)
    with con.cursor() as cursor:
        with path.open("rb") as file, cursor.copy(into) as copy:
            while block := file.read(BLOCK):
                copy.write(block)
        arrived = cursor.rowcount
    path.unlink()
    if arrived != rows:
        raise PostgresError(f"{relation.full}: {rows} rows were sent, and {arrived} arrived")
    return int(rows)
