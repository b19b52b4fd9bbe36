"""Puts a loaded night in the place of the one that is read: all schemas, in one transaction, by renaming.

A rename disturbs nobody, but a question that is just being read could find one relation before it and another after. So
the relations that are replaced are locked for that moment: whoever asks meanwhile waits, and then finds the new night.
A try keeps him waiting for LOCK_MS at most, and the change itself, where there are views of others to make anew, for
FOLLOW_MS. A reader who holds one of them for longer (a long question, a transaction left open) has found all that this
question reads: after some tries the names change without him. What he asks next, even in the same transaction, is asked
of the new night, unless his transaction began with a snapshot of its own and holds the tables already.

Views of others are locked before the marts, as whoever reads them does: the other way round is a deadlock.
"""

import random
import time
from dataclasses import dataclass

import psycopg
from psycopg import errors as pg
from psycopg import sql

from .roles import ANALYST, OWNER, SCHEMAS
from .state import served_state

NEXT = "_next"
LOCK_MS = 200
"""How long readers may be kept waiting by one try. Below PostgreSQL's deadlock_timeout, so that no reader is ever ended."""

FOLLOW_MS = 400
"""How long the views of others may be waited for, all together, while the marts are locked. Below deadlock_timeout, too."""

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


@dataclass(frozen=True)
class Swapped:
    """How it went. `waited`: seconds until the names changed. `is_locked`: whether readers were kept out for the moment."""

    waited: float
    is_locked: bool
    left_behind: tuple[str, ...]
    """Views of others that could not be made anew, and go on reading the night before."""


def swap(con: psycopg.Connection) -> Swapped:
    """Within the caller's transaction, give the schemas `..._next` the names that are read. Raises psycopg's errors."""
    began = time.monotonic()
    live = [n for (n,) in con.execute("select nspname from pg_catalog.pg_namespace where nspname = any(%s)", [SCHEMAS])]
    is_locked = _locked(con, live, _own(con, live))
    followers = con.execute(FOLLOWERS, [live, live]).fetchall()
    (number,) = con.execute("select pg_current_xact_id()::text").fetchone() or ("0",)
    for name in live:
        old = sql.Identifier(f"{name}_old_{number}")
        con.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(name), old))
        con.execute(sql.SQL("revoke usage on schema {} from {}").format(old, sql.Identifier(ANALYST)))
    nexts = [name + NEXT for name in SCHEMAS]
    for (name,) in con.execute("select nspname from pg_catalog.pg_namespace where nspname = any(%s)", [nexts]).fetchall():
        made = sql.Identifier(name.removesuffix(NEXT))
        con.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(name), made))
    until = time.monotonic() + FOLLOW_MS / 1000
    left = tuple(said for follower in followers if (said := _follow(con, until, *follower)))
    return Swapped(time.monotonic() - began, is_locked, left)


def _own(con: psycopg.Connection, live: list[str]) -> list[sql.Composed]:
    """Statements that lock the views of others which will be made anew: to give one to its owner changes nothing else."""
    made: list[sql.Composed] = []
    for schema, name, kind, owner, *_ in con.execute(FOLLOWERS, [live, live]).fetchall():
        may = con.execute(
            "select pg_has_role(session_user, %s::name, 'usage') and has_schema_privilege(session_user, %s, 'usage')",
            [owner, schema],
        ).fetchone()
        if kind == "v" and may == (True,):
            view = sql.Identifier(schema, name)
            made.append(sql.SQL("alter view {} owner to {}").format(view, sql.Identifier(owner)))
    return made


def _locked(con: psycopg.Connection, live: list[str], own: list[sql.Composed]) -> bool:
    names = [sql.Identifier(s, n) for s, n, _ in con.execute(RELATIONS, [live]).fetchall()]
    if not names:
        return True
    until, pause = time.monotonic() + PATIENCE, 0.02
    while True:
        try:
            with con.transaction():
                by = time.monotonic() + LOCK_MS / 1000
                con.execute("set local role none")
                for statement in own:
                    _limit(con, by)
                    con.execute(statement)
                con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
                _limit(con, by)
                con.execute(sql.SQL("lock table {} in access exclusive mode").format(sql.SQL(", ").join(names)))
                con.execute("set local statement_timeout = 0")
            return True
        except pg.UndefinedTable:
            # Somebody dropped a view meanwhile: it is looked again.
            own = _own(con, live)
        except (pg.QueryCanceled, pg.LockNotAvailable, pg.DeadlockDetected):
            pass
        if time.monotonic() > until:
            return False
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (so that it does not meet the same reader for ever)
        pause = min(1.0, pause * 2)


def _limit(con: psycopg.Connection, by: float) -> None:
    """Have the next statements of the transaction end by a time of the monotonic clock, each."""
    con.execute(f"set local statement_timeout = {max(1, round((by - time.monotonic()) * 1000))}")


def _follow(
    con: psycopg.Connection, by: float, schema: str, name: str, kind: str, _owner: str, options: str | None, text: str
) -> str:
    """Make somebody's view anew, so that it reads the new night. Returns what is to be said of it where that can't be done."""
    full = f"{schema}.{name}"
    if kind != "v":
        return f"{full} is materialised: drop it and make it again"
    made = sql.SQL("create or replace view {}{} as {}").format(
        sql.Identifier(schema, name),
        sql.SQL(f" with ({options})" if options else ""),
        sql.SQL(text.rstrip().rstrip(";")),
    )
    try:
        with con.transaction():
            # It is not the warehouse's own role that has others' views, but perhaps whoever logs in.
            con.execute("set local role none")
            # Its readers may hold it, and wait for what is locked here.
            con.execute(f"set local lock_timeout = {min(100, max(1, round((by - time.monotonic()) * 1000)))}")
            con.execute(made)
            con.execute("set local lock_timeout = 0")
            con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
    except (pg.LockNotAvailable, pg.DeadlockDetected):
        return f"{full}: somebody holds it in an open transaction"
    except psycopg.Error as error:
        return f"{full}: {error.diag.message_primary}"
    return ""


def drop_old(con: psycopg.Connection) -> list[str]:
    """Drop the schemas of earlier nights. Returns those that stay for now, each with the reason; never waits long.

    Nothing of anybody else's is dropped with them. What stays is tried again by the next load.
    """
    stay = []
    for name in served_state(con).old:
        said = ""
        for again in range(DROP_TRIES):
            try:
                _drop(con, name)
                said = ""
                break
            except (pg.QueryCanceled, pg.LockNotAvailable, pg.DeadlockDetected):
                said = "somebody still reads it"
                time.sleep(0.1 * (again + 1))
            except pg.DependentObjectsStillExist as error:
                said = (error.diag.message_detail or "").splitlines()[0] or "something rests on it"
                break
        if said:
            stay.append(f"{name}: {said}")
    return stay


def _drop(con: psycopg.Connection, schema: str) -> None:
    with con.transaction():
        con.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
        con.execute(f"set local statement_timeout = {LOCK_MS}")
        for kind, word in (("v", "view"), ("r", "table")):
            names = [sql.Identifier(s, n) for s, n, k in con.execute(RELATIONS, [[schema]]).fetchall() if k == kind]
            if names:
                con.execute(sql.SQL("drop {} {}").format(sql.SQL(word), sql.SQL(", ").join(names)))
        con.execute(sql.SQL("drop schema {}").format(sql.Identifier(schema)))
