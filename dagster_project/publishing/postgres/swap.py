"""Replaces the night that is read with a loaded one: all schemas, in one transaction, by renaming.

A rename disturbs nobody, but a query that is being parsed could find one relation before it and another after. So the old
relations are locked for a moment: queries wait, and then find the new night. A try makes them wait for LOCK_MS at most, and
the change itself, if views of other people must be made again, for FOLLOW_MS. A reader who holds a relation for longer (a long
query, a transaction left open) has already found all relations of that query: after some tries the names change without the
lock. Later queries, even in the same transaction, read the new night, unless the transaction has a snapshot and already
holds the tables.

Views of other people are locked before the marts, in the same order as by their readers: the other order would deadlock.
"""

import random
import time
from typing import LiteralString, cast

import psycopg
from psycopg import errors as pg
from psycopg import sql

from .roles_and_grants import ANALYST, NEXT, OWNER, SCHEMAS
from .state import loaded_state

LOCK_MS = 200
"""How long one try may make readers wait. Below PostgreSQL's deadlock_timeout, so that no reader's query is ever ended."""

FOLLOW_MS = 400
"""How long to wait for views of other people, in total, while the marts are locked. Also below deadlock_timeout."""

PATIENCE = 10.0
"""Seconds for which the lock is tried."""

DROP_TRIES = 3

RELATIONS = """
    select n.nspname, c.relname, c.relkind::text from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%s) and c.relkind in ('r', 'v') order by 1, 2
"""

FOLLOWERS = """
    select distinct n.nspname, v.relname, v.relkind::text, pg_get_userbyid(v.relowner),
        array_to_string(v.reloptions, ', '), pg_get_viewdef(v.oid)
    from pg_catalog.pg_depend d
    join pg_catalog.pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    join pg_catalog.pg_class v on v.oid = r.ev_class
    join pg_catalog.pg_namespace n on n.oid = v.relnamespace
    join pg_catalog.pg_class t on d.refclassid = 'pg_class'::regclass and t.oid = d.refobjid
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    where tn.nspname = any(%s) and n.nspname <> all(%s) order by 1, 2
"""


def swap(con: psycopg.Connection) -> list[str]:
    """Within the caller's transaction, rename the schemas `..._next` to the names that are read.

    Returns the views of other people that could not be made again, and still read the night before, each with the reason.
    Raises psycopg's errors.
    """
    live = [n for (n,) in con.execute("select nspname from pg_catalog.pg_namespace where nspname = any(%s)", [SCHEMAS])]
    _lock(con, live, _view_locks(con, live))
    followers = con.execute(FOLLOWERS, [live, live]).fetchall()
    (number,) = con.execute("select pg_current_xact_id()::text").fetchone() or ("0",)
    for name in live:
        old = sql.Identifier(f"{name}_old_{number}")
        con.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(name), old))
        con.execute(sql.SQL("revoke usage on schema {} from {}").format(old, sql.Identifier(ANALYST)))
    nexts = [name + NEXT for name in SCHEMAS]
    for (name,) in con.execute("select nspname from pg_catalog.pg_namespace where nspname = any(%s)", [nexts]).fetchall():
        final_name = sql.Identifier(name.removesuffix(NEXT))
        con.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(name), final_name))
    until = time.monotonic() + FOLLOW_MS / 1000
    return [problem for view in followers if (problem := _remake_view(con, until, *view))]


def _view_locks(con: psycopg.Connection, live: list[str]) -> list[sql.Composed]:
    """Statements that lock the views of other people that will be made again. Setting the owner to the same owner locks a view,
    and changes nothing."""
    statements: list[sql.Composed] = []
    for schema, name, kind, owner, *_ in con.execute(FOLLOWERS, [live, live]).fetchall():
        is_allowed = con.execute(
            "select pg_has_role(session_user, %s::name, 'usage') and has_schema_privilege(session_user, %s, 'usage')",
            [owner, schema],
        ).fetchone()
        if kind == "v" and is_allowed == (True,):
            view = sql.Identifier(schema, name)
            statements.append(sql.SQL("alter view {} owner to {}").format(view, sql.Identifier(owner)))
    return statements


def _lock(con: psycopg.Connection, live: list[str], view_locks: list[sql.Composed]) -> None:
    """Lock the old relations until the transaction ends, if their readers let it within PATIENCE."""
    names = [sql.Identifier(s, n) for s, n, _ in con.execute(RELATIONS, [live]).fetchall()]
    until, pause = time.monotonic() + PATIENCE, 0.02
    while names and time.monotonic() < until:
        try:
            with con.transaction():
                by = time.monotonic() + LOCK_MS / 1000
                con.execute("set local role none")
                for statement in view_locks:
                    _limit(con, by)
                    con.execute(statement)
                con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
                _limit(con, by)
                con.execute(sql.SQL("lock table {} in access exclusive mode").format(sql.SQL(", ").join(names)))
                con.execute("set local statement_timeout = 0")
            return
        except pg.UndefinedTable:
            # Somebody dropped a view meanwhile: look again.
            view_locks = _view_locks(con, live)
        except (pg.QueryCanceled, pg.LockNotAvailable, pg.DeadlockDetected):
            pass
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (so that it does not keep meeting the same reader)
        pause = min(1.0, pause * 2)


def _limit(con: psycopg.Connection, by: float) -> None:
    """Set a timeout for each of the next statements: until a time of the monotonic clock."""
    con.execute(sql.SQL("set local statement_timeout = {}").format(max(1, round((by - time.monotonic()) * 1000))))


def _remake_view(
    con: psycopg.Connection, by: float, schema: str, name: str, kind: str, _owner: str, options: str | None, text: str
) -> str:
    """Make somebody's view again, so that it reads the new night. Returns why that was not possible, or an empty text."""
    full = f"{schema}.{name}"
    if kind != "v":
        return f"{full} is materialised: drop it and make it again"
    statement = sql.SQL("create or replace view {}{} as {}").format(
        sql.Identifier(schema, name),
        # PostgreSQL's own words for a view that is there.
        sql.SQL(cast(LiteralString, f" with ({options})" if options else "")),
        sql.SQL(cast(LiteralString, text.rstrip().rstrip(";"))),
    )
    try:
        with con.transaction():
            # The warehouse's role does not own these views, but the log-in may.
            con.execute("set local role none")
            # Its readers may hold it, while they wait for the relations locked here.
            con.execute(sql.SQL("set local lock_timeout = {}").format(min(100, max(1, round((by - time.monotonic()) * 1000)))))
            con.execute(statement)
            con.execute("set local lock_timeout = 0")
            con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
    except (pg.LockNotAvailable, pg.DeadlockDetected):
        return f"{full}: somebody holds it in an open transaction"
    except psycopg.Error as error:
        return f"{full}: {error.diag.message_primary}"
    return ""


def drop_old(con: psycopg.Connection) -> list[str]:
    """Drop the schemas of earlier nights; another load may do so meanwhile. Returns those that can't be dropped yet, each with
    the reason. Never waits long.

    Nothing of other people is dropped with them. The next load tries again.
    """
    remaining: list[str] = []
    for name in loaded_state(con).old:
        reason = ""
        for attempt in range(DROP_TRIES):
            try:
                _drop(con, name)
                reason = ""
                break
            except (pg.QueryCanceled, pg.LockNotAvailable, pg.DeadlockDetected):
                reason = "somebody still reads it"
                time.sleep(0.1 * (attempt + 1))
            except pg.DependentObjectsStillExist as error:
                reason = (error.diag.message_detail or "").splitlines()[0] or "something rests on it"
                break
        if reason:
            remaining.append(f"{name}: {reason}")
    return remaining


def _drop(con: psycopg.Connection, schema: str) -> None:
    with con.transaction():
        con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
        con.execute(sql.SQL("set local statement_timeout = {}").format(LOCK_MS))
        for kind, word in (("v", "view"), ("r", "table")):
            names = [sql.Identifier(s, n) for s, n, k in con.execute(RELATIONS, [[schema]]).fetchall() if k == kind]
            if names:
                con.execute(sql.SQL("drop {} if exists {}").format(sql.SQL(word), sql.SQL(", ").join(names)))
        con.execute(sql.SQL("drop schema if exists {}").format(sql.Identifier(schema)))
