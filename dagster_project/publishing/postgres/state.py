"""What a PostgreSQL database serves: which night, real or made up, and what is left of earlier ones.

A comment on each schema says it, so that a schema `reports` that somebody else made is never taken for ours. Only comments on
schemas of pam_owner count: anybody can comment a schema of their own, and a night in the future would keep all others out.
"""

import re
from dataclasses import dataclass

import psycopg

from .roles import OWNER, SCHEMAS

MARK = re.compile(r"PAM Warehouse: night (\S+) of (real|made-up) data")
OLD = re.compile(rf"({'|'.join(SCHEMAS)})_old_\d+")
"""A schema that a newer night replaced, and the number of the transaction that did it."""


def schema_comment(night_id: str, is_sample: bool) -> str:
    """The comment of a schema that holds a night."""
    return f"PAM Warehouse: night {night_id} of {'made-up' if is_sample else 'real'} data. Replaced whole by each night's load."


@dataclass(frozen=True)
class ServedState:
    """What is served. `night_id`: None if there is no night."""

    night_id: str | None = None
    is_sample: bool = False
    foreign: tuple[str, ...] = ()
    """Schemas of our names that somebody else made."""
    old: tuple[str, ...] = ()
    """Schemas of earlier nights that could not be dropped yet."""


SCHEMA_COMMENTS = """
    select n.nspname, case when pg_get_userbyid(n.nspowner) = %s then coalesce(obj_description(n.oid, 'pg_namespace'), '')
        else '' end from pg_catalog.pg_namespace n
    where n.nspname = any(%s) or n.nspname ~ '_old_[0-9]+$' order by 1
"""


def served_state(con: psycopg.Connection) -> ServedState:
    """What a database serves now."""
    rows = con.execute(SCHEMA_COMMENTS, [OWNER, SCHEMAS]).fetchall()
    live = {name: MARK.match(comment) for name, comment in rows if name in SCHEMAS}
    marks = [m for m in live.values() if m]
    return ServedState(
        night_id=marks[0][1] if marks else None,
        is_sample=bool(marks and marks[0][2] == "made-up"),
        foreign=tuple(name for name, m in live.items() if m is None),
        old=tuple(name for name, comment in rows if OLD.fullmatch(name) and MARK.match(comment)),
    )


LOCKS = """
    select l.pid, max(coalesce(a.usename, '?')), min(coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS'), '')),
        string_agg(distinct n.nspname, ', ' order by n.nspname)
    from pg_catalog.pg_locks as l
    join pg_catalog.pg_class as c on c.oid = l.relation
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
    where l.granted and l.pid <> pg_backend_pid()
        and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
        and (n.nspname = any(%s) or n.nspname ~ '_old_[0-9]+$')
    group by l.pid order by l.pid
"""


def lock_holders(con: psycopg.Connection) -> list[str]:
    """Who holds locks on relations of the warehouse now, a sentence each. The start of a transaction is known for the same
    log-in, and for others if this log-in is in `pg_read_all_stats`."""
    return [
        f"{user} (process {pid}) reads {schemas}{f', in a transaction since {since}' if since else ''}"
        for pid, user, since, schemas in con.execute(LOCKS, [SCHEMAS])
    ]
