"""What a PostgreSQL database serves: which night, real or made up, and what is left of earlier ones.

A comment on each schema says it, so that a schema `reports` that somebody else made is never taken for ours. Only comments on
schemas of pam_owner count: anybody can comment a schema of their own, and a night in the future would keep all others out.
"""

import re
from dataclasses import dataclass

import psycopg

from .roles_and_grants import OWNER, SCHEMAS

MARK = re.compile(r"PAM Warehouse: night (\S+) of (real|made-up) data(?: \(file ([0-9a-f]+)\))?")
OLD = re.compile(rf"({'|'.join(SCHEMAS)})_old_\d+")
"""A schema that a newer night replaced, and the number of the transaction that did it."""


def schema_comment(night_id: str, is_made_up: bool, sha256: str) -> str:
    """The comment of a schema that holds a night. `sha256`: of its file, since nights of two homes may have one id."""
    kind = "made-up" if is_made_up else "real"
    return f"PAM Warehouse: night {night_id} of {kind} data (file {sha256[:16]}). Replaced whole by each night's load."


@dataclass(frozen=True)
class LoadedState:
    """What a database holds. `night_id`: None if there is no night. `file`: how the SHA-256 of its file begins; blank if an
    earlier version loaded it."""

    night_id: str | None = None
    is_made_up: bool = False
    file: str = ""
    foreign: tuple[str, ...] = ()
    """Schemas of our names that somebody else made."""
    old: tuple[str, ...] = ()
    """Schemas of earlier nights that could not be dropped yet."""


SCHEMA_COMMENTS = """
    select n.nspname, case when pg_get_userbyid(n.nspowner) = %s then coalesce(obj_description(n.oid, 'pg_namespace'), '')
        else '' end from pg_catalog.pg_namespace n
    where n.nspname = any(%s) or n.nspname ~ '_old_[0-9]+$' order by 1
"""


def loaded_state(con: psycopg.Connection) -> LoadedState:
    """What a database holds now."""
    rows = con.execute(SCHEMA_COMMENTS, [OWNER, SCHEMAS]).fetchall()
    live = {name: MARK.match(comment) for name, comment in rows if name in SCHEMAS}
    marks = [m for m in live.values() if m]
    return LoadedState(
        night_id=marks[0][1] if marks else None,
        is_made_up=bool(marks and marks[0][2] == "made-up"),
        file=(marks[0][3] or "") if marks else "",
        foreign=tuple(name for name, m in live.items() if m is None),
        old=tuple(name for name, comment in rows if OLD.fullmatch(name) and MARK.match(comment)),
    )
