"""What a PostgreSQL database serves: which night, of which kind, and what is left of earlier ones.

The schemas say it themselves, in a comment, so that a schema `reports` that somebody else made is never taken for ours. Anybody
can write such a comment on a schema of their own, so it counts on those of pam_owner alone: one that names a night of the
future would keep every night out.
"""

import re
from dataclasses import dataclass, field

import psycopg

from .roles import OWNER, SCHEMAS

MARK = re.compile(r"PAM Warehouse: night (\S+) of (real|made-up) data")
OLD = re.compile(rf"({'|'.join(SCHEMAS)})_old_\d+")
"""A schema that was read until a newer night took its place, and the number of the transaction in which that happened."""


def schema_comment(night_id: str, is_sample: bool) -> str:
    """The comment of a schema that holds a night."""
    return f"PAM Warehouse: night {night_id} of {'made-up' if is_sample else 'real'} data. Replaced whole by each night's load."


@dataclass(frozen=True)
class ServedState:
    """What is there. `night_id` is None where no night is."""

    night_id: str | None = None
    is_sample: bool = False
    foreign: tuple[str, ...] = ()
    """Schemas of our names that somebody else made."""
    old: tuple[str, ...] = field(default=())
    """Schemas of earlier nights that could not be dropped yet."""


SCHEMA_COMMENTS = """
    select n.nspname, case when pg_get_userbyid(n.nspowner) = %s then coalesce(obj_description(n.oid, 'pg_namespace'), '')
        else '' end from pg_catalog.pg_namespace n
    where n.nspname = any(%s) or n.nspname ~ '_old_[0-9]+$' order by 1
"""


def served_state(con: psycopg.Connection) -> ServedState:
    """What a database serves now."""
    rows = con.execute(SCHEMA_COMMENTS, [OWNER, SCHEMAS]).fetchall()
    live = {name: MARK.match(said) for name, said in rows if name in SCHEMAS}
    found = [m for m in live.values() if m]
    return ServedState(
        night_id=found[0][1] if found else None,
        is_sample=bool(found and found[0][2] == "made-up"),
        foreign=tuple(name for name, m in live.items() if m is None),
        old=tuple(name for name, said in rows if OLD.fullmatch(name) and MARK.match(said)),
    )


HELD = """
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
    """Who keeps relations of the warehouse from being replaced at this moment, a sentence each. Since when is known of one's
    own log-in, and of others where the log-in may read `pg_read_all_stats`."""
    return [
        f"{user} (process {pid}) reads {schemas}{f', in a transaction since {since}' if since else ''}"
        for pid, user, since, schemas in con.execute(HELD, [SCHEMAS])
    ]
