"""The two roles in PostgreSQL, the owner of the schemas and the readers, with their rights and limits."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

from ..publish import OPTIONAL_SCHEMAS, PUBLISHED_SCHEMAS
from .errors import PostgresError

OWNER, ANALYST = "pam_owner", "pam_analyst"
SCHEMAS = sorted(PUBLISHED_SCHEMAS | OPTIONAL_SCHEMAS)
"""The schemas of a night's file. Those of OPTIONAL_SCHEMAS depend on the settings."""
NEXT = "_next"
"""The end of a schema's name while a night is loaded into it."""

STATEMENT_TIMEOUT, IDLE_TIMEOUT = "5min", "10min"
"""Limits of an analyst's session: longer queries, and transactions left open, are ended."""

WRITING_FUNCTIONS = ("lo_creat", "lo_create", "lo_from_bytea", "lo_put", "lowrite", "pg_logical_emit_message", "pg_notify")
"""Functions that everybody may call in a new database, and that write something."""


def setup_sql(database: str, login: str) -> str:
    """SQL that a database administrator runs once, as a superuser, in the warehouse's own database. It may be run again.

    `login`: the role that the nights log in as. Raises PostgresError for a name that can't be shown.
    """
    for name_ in (database, login):
        if not name_.isprintable():
            raise PostgresError(f"{name_!r} can't be a name: it has characters that can't be shown")
    name, loader, owner, analyst = sql.Identifier(database).as_string(), sql.Identifier(login).as_string(), OWNER, ANALYST
    functions = ", ".join(f"'{f}'" for f in WRITING_FUNCTIONS)
    return f"""\
-- PAM Warehouse in PostgreSQL: run once, as a superuser, in the database {name}, which should be the warehouse's own.
do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = '{owner}') then
        create role {owner} nologin nosuperuser nocreatedb nocreaterole;
    end if;
    if not exists (select from pg_catalog.pg_roles where rolname = '{analyst}') then
        create role {analyst} nologin nosuperuser nocreatedb nocreaterole;
    end if;
end $$;

-- {owner} has the schemas; whoever loads them acts as it.
grant {owner} to {loader};
grant connect, create on database {name} to {owner};

-- {analyst} is the group of those who read them, who can do nothing else here. Each person has a log-in of their own:
-- pam postgres user add NAME
revoke connect on database {name} from public;
grant connect on database {name} to {loader};
grant connect on database {name} to {analyst};
revoke create, temporary on database {name} from public;
revoke all on schema public from public;
revoke usage on language plpgsql from public;
do $$
declare
    writes regprocedure;
begin
    for writes in
        select oid from pg_catalog.pg_proc where pronamespace = 'pg_catalog'::regnamespace
        and proname in ({functions})
    loop
        execute format('revoke execute on function %s from public', writes);
    end loop;
end $$;
alter role {analyst} in database {name} set default_transaction_read_only = on;
alter role {analyst} in database {name} set statement_timeout = '{STATEMENT_TIMEOUT}';
alter role {analyst} in database {name} set idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}';
alter role {analyst} in database {name} set search_path = marts, reports, bi, meta;
"""


READY = f"""
    select count(*) = 2 and bool_and(
        case rolname
            when '{OWNER}' then pg_has_role(current_user, oid, 'member')
                and has_database_privilege(oid, current_database(), 'create')
            else has_database_privilege(oid, current_database(), 'connect')
        end
    ) from pg_catalog.pg_roles where rolname in ('{OWNER}', '{ANALYST}')
"""


def require_roles(con: psycopg.Connection) -> None:
    """Raise PostgresError, which says what a database administrator must do, unless the roles exist and have their rights."""
    if con.execute(READY).fetchone() != (True,):
        raise PostgresError(
            f"the roles {OWNER} and {ANALYST} are not set up: `pam postgres sql` prints what a database administrator runs"
            " once, in a database of the warehouse's own"
        )


def grant_reading(con: psycopg.Connection, schemas: Iterable[str]) -> None:
    """Let the readers read every table and view of these schemas."""
    for name in schemas:
        schema, analyst = sql.Identifier(name), sql.Identifier(ANALYST)
        con.execute(sql.SQL("grant usage on schema {} to {}").format(schema, analyst))
        con.execute(sql.SQL("grant select on all tables in schema {} to {}").format(schema, analyst))


EXCESS = (
    ("it is a superuser, or may create roles or databases",
     "select rolsuper or rolcreaterole or rolcreatedb from pg_catalog.pg_roles where rolname = %(a)s"),
    ("it may read or write the server's files, or run programs there",
     "select exists (select from pg_catalog.pg_roles where rolname in ('pg_read_server_files', 'pg_write_server_files',"
     " 'pg_execute_server_program') and pg_has_role(%(a)s, oid, 'member'))"),
    ("it may read or write all tables of the server",
     "select exists (select from pg_catalog.pg_roles where rolname in ('pg_read_all_data', 'pg_write_all_data')"
     " and pg_has_role(%(a)s, oid, 'member'))"),
    (f"it may act as {OWNER}",
     f"select exists (select from pg_catalog.pg_roles where rolname = '{OWNER}' and pg_has_role(%(a)s, oid, 'member'))"),
    ("it may look into a schema that is not the warehouse's",
     "select exists (select from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
     " and nspname <> all(%(ours)s) and has_schema_privilege(%(a)s, oid, 'usage'))"),
    ("it may create schemas or temporary tables",
     "select has_database_privilege(%(a)s, current_database(), 'create')"
     " or has_database_privilege(%(a)s, current_database(), 'temporary')"),
    ("it may create things in a schema",
     "select exists (select from pg_catalog.pg_namespace where has_schema_privilege(%(a)s, oid, 'create'))"),
    ("it may change tables",
     "select exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
     " where c.relkind in ('r', 'p', 'v') and n.nspname not in ('pg_catalog', 'information_schema')"
     " and n.nspname !~ '^pg_toast' and has_table_privilege(%(a)s, c.oid, 'insert, update, delete, truncate'))"),
    ("it may run code (plpgsql)",
     "select exists (select from pg_catalog.pg_language where lanname = 'plpgsql'"
     " and has_language_privilege(%(a)s, oid, 'usage'))"),
    ("it may write large objects", "select has_function_privilege(%(a)s, 'pg_catalog.lo_create(oid)', 'execute')"),
)  # fmt: skip


def excess_rights(con: psycopg.Connection) -> list[str]:
    """What pam_analyst may do besides reading, in words; empty if it is set up correctly."""
    if con.execute("select 1 from pg_catalog.pg_roles where rolname = %s", [ANALYST]).fetchone() is None:
        return []
    return [right for right, query in EXCESS if con.execute(query, {"a": ANALYST, "ours": SCHEMAS}).fetchone() == (True,)]
