"""Log-ins for the people who read figures in PostgreSQL, all members of the group pam_analyst.

People can change only their own password and settings, and have a limited number of connections, so that nobody can lock out
others.
"""

import re
import secrets
from dataclasses import dataclass

import psycopg
from psycopg import errors as pg
from psycopg import sql

from .errors import PostgresError, statement_error
from .roles_and_grants import ANALYST, IDLE_TIMEOUT, STATEMENT_TIMEOUT

CONNECTIONS = 10
"""The most connections of a person at a time: a BI tool uses a few."""

NAME = re.compile(r"(?!pg_|pam_|postgres$)[a-z][a-z0-9_]{0,62}")

LIMITS = {
    "default_transaction_read_only": "on", "statement_timeout": STATEMENT_TIMEOUT,
    "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
}  # fmt: skip
"""Settings of a person's sessions. People may change them for themselves; `pam postgres status` then says so."""

LISTED = """
    select r.rolname, r.rolconnlimit, (select count(*) from pg_catalog.pg_stat_activity a where a.usename = r.rolname),
        array(select c from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) as c where s.setrole = r.oid),
        r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls,
        array(select o.rolname::text from pg_catalog.pg_auth_members x join pg_catalog.pg_roles o on o.oid = x.roleid
            where x.member = r.oid and o.rolname <> %(group)s order by 1)
    from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.member
    join pg_catalog.pg_roles g on g.oid = m.roleid
    where g.rolname = %(group)s and r.rolcanlogin and not m.admin_option order by 1
"""

OTHER_DATABASES = """
    select datname from pg_catalog.pg_database
    where datallowconn and datname <> current_database() and has_database_privilege('public', oid, 'connect') order by 1
"""
"""Databases that every log-in may connect to. One that is granted to the group itself is there on purpose."""


@dataclass(frozen=True)
class Person:
    """A person's log-in. `limit`: connections at a time, -1 for no limit; `connected`: connections now."""

    name: str
    limit: int
    connected: int
    settings: tuple[str, ...] = ()
    has_extra_rights: bool = False
    """Whether it is a superuser, or may create roles or databases, replicate or pass row security."""
    groups: tuple[str, ...] = ()
    """Other groups of this log-in."""


def list_people(con: psycopg.Connection) -> list[Person]:
    """The log-ins in the group, by name."""
    rows = con.execute(LISTED, {"group": ANALYST}).fetchall()
    return [Person(n, limit, count, tuple(settings), extra, tuple(groups)) for n, limit, count, settings, extra, groups in rows]


def add(con: psycopg.Connection, name: str) -> str:
    """Make a person's log-in. Returns its password, which is stored nowhere. Raises PostgresError."""
    if not NAME.fullmatch(name):
        raise PostgresError(
            f"{name!r} can't be a log-in: write up to 63 of a-z, 0-9 and _, a letter first, and not pg_..., pam_... or postgres"
        )
    password = secrets.token_urlsafe(24)
    create(con, name, password)
    return password


def create(con: psycopg.Connection, name: str, password: str) -> None:
    """Make a log-in of the group, with its limits. Raises PostgresError."""
    role, group = sql.Identifier(name), sql.Identifier(ANALYST)
    # Send the hash that the server stores, so that its log can't have the password.
    password_hash = con.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    try:
        with con.transaction():
            con.execute(
                sql.SQL(
                    "create role {} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit {}"
                    " password {} in role {}"
                ).format(role, sql.Literal(CONNECTIONS), sql.Literal(password_hash), group)
            )
            for setting, value in LIMITS.items():
                con.execute(sql.SQL("alter role {} set {} = {}").format(role, sql.Identifier(setting), sql.Literal(value)))
            con.execute(sql.SQL("alter role {} set search_path = marts, reports, bi, meta").format(role))
    except pg.DuplicateObject:
        raise PostgresError(f"there is a role {name} already: `pam postgres user list` shows who reads") from None
    except psycopg.Error as error:
        raise _people_error(error, f"making the log-in {name}") from None


def remove(con: psycopg.Connection, name: str) -> None:
    """Remove a person's log-in and end their sessions; of pam_analyst, only its right to log in. Raises PostgresError."""
    if name != ANALYST and name not in {p.name for p in list_people(con)}:
        raise PostgresError(f"{name} is no log-in of the group {ANALYST}: `pam postgres user list` shows them")
    role = sql.Identifier(name)
    try:
        con.execute(sql.SQL("alter role {} nologin password null").format(role))
        con.execute("select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where usename = %s", [name])
        if name != ANALYST:
            con.execute(sql.SQL("drop role {}").format(role))
    except pg.DependentObjectsStillExist:
        raise PostgresError(
            f"{name} can't log in any more, and still owns things, so that the role stays: have an administrator `reassign"
            f" owned by {name} to ...`, then remove it again"
        ) from None
    except psycopg.Error as error:
        raise _people_error(error, f"removing the log-in {name}") from None


def _people_error(error: psycopg.Error, doing: str) -> PostgresError:
    if isinstance(error, pg.InsufficientPrivilege):
        return PostgresError(
            f"whoever connects may not do that ({doing}): name a file with an administrator's connection string as --admin"
        )
    if isinstance(error, pg.UndefinedObject):
        return PostgresError(f"there is no group {ANALYST} yet ({doing}): `pam postgres sql` prints what sets it up")
    return statement_error(error, doing)


def find_problems(con: psycopg.Connection) -> list[str]:
    """Problems of the group and its log-ins, each with the remedy."""
    problems = []
    if con.execute("select rolcanlogin from pg_catalog.pg_roles where rolname = %s", [ANALYST]).fetchone() == (True,):
        problems.append(
            f"{ANALYST} can log in itself, and each who shares that log-in can lock out the others: give each person one by"
            f" `pam postgres user add NAME`, then `pam postgres user remove {ANALYST}`"
        )
    problems += [
        f'{ANALYST} may connect to another database, {name}: revoke connect on database "{name}" from public'
        for (name,) in con.execute(OTHER_DATABASES).fetchall()
    ]
    for person in list_people(con):
        name = person.name
        if person.has_extra_rights:
            problems.append(
                f"{name} may do more than read: alter role {name} nosuperuser nocreaterole nocreatedb noreplication nobypassrls"
            )
        problems += [f"{name} is in another group, {other}: revoke {other} from {name}" for other in person.groups]
        if not 0 <= person.limit <= 2 * CONNECTIONS:
            problems.append(f"{name} may take every connection: alter role {name} connection limit {CONNECTIONS}")
        problems += [
            f"{name} has not {setting} = {value} (a person may change it): alter role {name} set {setting} = '{value}', and"
            f" alter role {name} in database ... reset {setting}"
            for setting, value in LIMITS.items()
            if {s for s in person.settings if s.startswith(f"{setting}=")} != {f"{setting}={value}"}
        ]
    return problems
