"""pam_analyst reads the schemas of a night and can do nothing else: every way to write, run code or reach files is tried."""

import contextlib
import grp
import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dagster_project.core.home import Home
from dagster_project.core.permissions import refuse_open
from dagster_project.publishing.postgres import PostgresError, Server, embedded, load, roles_and_grants

from .conftest import Database

REFUSED = {
    "insert": "insert into meta.nights (night_id) values ('x')",
    "update": "update marts.mart_pspo set value = 0",
    "update through the view": "update marts.measures set value = 0",
    "delete": "delete from bi.dim_area",
    "truncate": "truncate marts.mart_iom",
    "drop": "drop table marts.mart_iom",
    "alter": "alter table marts.mart_iom add column x int",
    "lock": "begin; lock table marts.mart_iom in access exclusive mode",
    "index": "create index on marts.mart_iom (value)",
    "comment": "comment on table marts.mart_iom is 'x'",
    "merge": "merge into meta.nights n using (values ('x')) v (i) on false when not matched then insert (night_id) values (i)",
    "select for update": "select * from marts.mart_iom for update",
    "new table": "create table marts.mine (x int)",
    "new table in public": "create table public.mine (x int)",
    "temporary table": "create temporary table mine (x int)",
    "temporary table of a question": "select * into temporary mine from marts.mart_iom",
    "new view": "create view bi.mine as select 1",
    "new schema": "create schema mine",
    "rename a schema": "alter schema marts rename to old",
    "new role": "create role mine",
    "become the owner": "set role pam_owner",
    "become a superuser": "set session authorization postgres",
    "more rights for oneself": "alter role pam_reader createdb",
    "another's password": "alter role pam_analyst password 'x'",
    "another's settings": "alter role pam_loader set statement_timeout = 1",
    "new database": "create database mine",
    "new function": "create function marts.f() returns int language sql as 'select 1'",
    "block of code": "do $$ begin perform 1; end $$",
    "new language": "create language plpython3u",
    "new extension": "create extension dblink",
    "a function of an extension": "select * from dblink('dbname=postgres', 'select 1') as t (x int)",
    "foreign server": "create server s foreign data wrapper dblink_fdw",
    "copy from a program": "copy marts.mart_iom from program 'id'",
    "copy to a program": "copy (select 1) to program 'cat > /tmp/x'",
    "copy to a file": "copy (select 1) to '/tmp/pam_analyst_was_here'",
    "copy from a file": "copy meta.nights from '/etc/passwd'",
    "read a file": "select pg_read_file('/etc/passwd')",
    "read a binary file": "select pg_read_binary_file('/etc/passwd')",
    "list a folder": "select pg_ls_dir('/')",
    "list the server's log": "select pg_ls_logdir()",
    "look at a file": "select pg_stat_file('/etc/passwd')",
    "large object": "select lo_create(0)",
    "large object of bytes": "select lo_from_bytea(0, 'x')",
    "large object of a file": "select lo_import('/etc/passwd')",
    "large object to a file": "select lo_export(1, '/tmp/x')",
    "other roles' passwords": "select rolpassword from pg_authid",
    "settings of the server": "alter system set work_mem = '1GB'",
    "a setting of the server": "set log_statement = 'none'",
    "end another's session": "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'",
    "read the settings' file": "select * from pg_hba_file_rules",
    "another schema": "select * from other.secret",
    "a table in public": "select * from public.open_to_all",
    "the log of changes": "select pg_logical_emit_message(false, 'a', 'b')",
    "publication": "create publication p for all tables",
    "checkpoint": "checkpoint",
    "load a library": "load 'dblink'",
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(loaded: Database) -> Database:
    """The loaded night, next to schemas of others."""
    loaded.as_admin(
        "create schema other", "create table other.secret as select 1 as x", "create table public.open_to_all as select 1 as x",
        "grant select on public.open_to_all to public",
    )  # fmt: skip
    return loaded


@pytest.mark.parametrize("name", REFUSED)
def test_the_analyst_is_refused(shared: Database, name: str) -> None:
    with psycopg.connect(shared.analyst, autocommit=True) as con, contextlib.closing(psycopg.connect(shared.admin)):
        # Read-only is only a default, which the analyst may change; what counts is the missing right.
        con.execute("set default_transaction_read_only = off")
        if name == "end another's session":
            con.execute("select 1")
        with pytest.raises(psycopg.Error) as refused:
            con.execute(REFUSED[name])
        assert isinstance(refused.value, (psycopg.ProgrammingError, psycopg.NotSupportedError, psycopg.OperationalError)), name
        assert refused.value.sqlstate in ("42501", "42P01", "42704", "42883", "3F000", "55000", "0A000", "58P01"), refused.value


def test_the_analyst_reads_the_published_schemas(shared: Database) -> None:
    for relation in ("marts.measures", "mart_iom", "reports.claims", "meta.dictionary", "bi.fact_figure"):
        assert shared.as_analyst(f"select count(*) > 0 from {relation}") == [(True,)]
    assert shared.as_analyst(
        "select a.force_name, m.measure_title, d.financial_year_label, f.value from bi.fact_figure f join bi.dim_area a using"
        " (area_key) join bi.dim_measure m using (measure_key) join bi.dim_date d using (date_key) where a.area_type = 'force'"
        " and m.measure = 'possession_offences' and f.category = 'all' and f.period_type = 'rolling_12_months'"
        " and f.date_key = '2025-10-31'"
    ) == [("Derbyshire Constabulary", "Possession offences", "2025/26", 2187)]
    visible = shared.as_analyst("select distinct table_schema from information_schema.tables")
    ours = {"marts", "marts_public", "reports", "meta", "bi", "public"}
    assert {s for (s,) in visible} - {"information_schema", "pg_catalog"} <= ours


def test_timeouts_of_statements_and_idle_transactions(shared: Database) -> None:
    assert shared.as_analyst("show statement_timeout") == [("5min",)]
    assert shared.as_analyst("show idle_in_transaction_session_timeout") == [("10min",)]
    assert shared.as_analyst("show default_transaction_read_only") == [("on",)]


def test_excess_rights_are_reported(shared: Database, make_database: Callable[..., Database]) -> None:
    with shared.server.connect() as con:
        assert roles_and_grants.excess_rights(con) == []
    lax = make_database("lax", bare=True)
    with psycopg.connect(lax.admin, autocommit=True) as con:
        rights = roles_and_grants.excess_rights(con)
    elsewhere = "it may look into a schema that is not the warehouse's"
    assert rights[0] == elsewhere
    assert rights[1:] == [
        "it may create schemas or temporary tables", "it may run code (plpgsql)", "it may write large objects",
    ]  # fmt: skip

    worst = {
        "pg_read_server_files": "it may read or write the server's files, or run programs there",
        "pg_execute_server_program": "it may read or write the server's files, or run programs there",
        "pg_read_all_data": "it may read or write all tables of the server",
        "pam_owner": "it may act as pam_owner",
    }
    for role, right in worst.items():
        with psycopg.connect(shared.admin) as con:
            con.execute(f"grant {role} to pam_analyst")
            assert right in roles_and_grants.excess_rights(con), role
            con.rollback()
    with psycopg.connect(shared.admin) as con:
        con.execute("grant usage on schema other to pam_analyst")
        assert roles_and_grants.excess_rights(con) == [elsewhere]
        con.rollback()


def test_the_home_stays_private_and_no_password_is_printed(
    cluster: embedded.Embedded, pam: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For any user who starts the server, root too: no folder is opened to others for it."""
    folder = cluster.loader_file.parent
    for path in (folder, folder.parent, folder.parent.parent, embedded.server_folder(Home(folder.parent))):
        assert path.stat().st_mode & 0o077 == 0, path
    for path in (cluster.loader_file, cluster.analyst_file, cluster.admin_file):
        assert path.stat().st_mode & 0o077 == 0
    refuse_open(Home(folder.parent))
    monkeypatch.setattr(embedded, "start", lambda home: cluster)
    result = pam("postgres", "--embedded", "--home", folder.parent)
    assert result.exit_code == 0 and str(cluster.analyst_file) in result.stdout, result.stderr
    assert f"PAM_POSTGRES_DSN_FILE={cluster.loader_file}" in result.stdout
    assert "postgresql://" not in result.stdout
    assert pam("postgres", "-h").exit_code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone needs another user for its server")
def test_root_s_server_gets_a_user_with_its_programs_off_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"pam-test-{os.getpid()}"
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    try:
        ids = embedded._owner(name)
        assert ids == embedded._owner(name) == (pwd.getpwnam(name).pw_uid, grp.getgrnam(name).gr_gid)
    finally:
        subprocess.run(["/usr/sbin/userdel", name], capture_output=True, check=False)
    with pytest.raises(PostgresError, match="user and group not/a/name, which could not be made: add them"):
        embedded._owner("not/a/name")


def test_the_next_start_completes_an_unfinished_one(cluster: embedded.Embedded) -> None:
    """The data folder exists, but the process ended before all roles were made."""
    with psycopg.connect(cluster.admin_file.read_text().strip(), autocommit=True) as con:
        con.execute(f"drop role {embedded.READER}")
    for _ in range(2):
        embedded._set_up(cluster)
        psycopg.connect(cluster.analyst_file.read_text().strip()).close()


def test_a_database_that_is_not_set_up_is_not_changed(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    bare = make_database("bare", bare=True)
    night = small_night("20260101T020000Z")
    # As a superuser too: a load never sets up a database.
    for server in (bare.server, Server.of(bare.admin)):
        with pytest.raises(PostgresError, match="are not set up: `pam postgres sql` prints what a database administrator runs"):
            load(night, server, tmp_path / "t", is_made_up=False)
    assert bare.as_admin("select has_database_privilege('public', 'bare', 'temporary')") == [(True,)]
    bare.as_admin(roles_and_grants.setup_sql("bare", embedded.LOADER))
    assert load(night, bare.server, tmp_path / "t", is_made_up=False).night_id == "20260101T020000Z"
    assert bare.as_analyst("select title from reports.tables") == [("20260101T020000Z",)]
    with psycopg.connect(bare.admin, autocommit=True) as con:
        assert roles_and_grants.excess_rights(con) == []


def test_odbc_reads_the_night(loaded: Database, sample_home: Home) -> None:
    pyodbc = pytest.importorskip("pyodbc", reason="unixODBC is not installed", exc_type=ImportError)
    driver = next((d for d in pyodbc.drivers() if "PostgreSQL Unicode" in d), None)
    if driver is None:
        pytest.skip("the driver is not installed: apt-get install odbc-postgresql unixodbc")
    at = urlsplit(loaded.analyst)
    con = pyodbc.connect(
        f"Driver={{{driver}}};Server={at.hostname};Port={at.port};Database={at.path[1:]};Uid={at.username};Pwd={at.password}"
        ";BoolsAsChar=0"  # as docs/how-to/connect-bi-tools.md says for Excel
    )
    try:
        cursor = con.cursor()
        tables = {(t.table_schem, t.table_name) for t in cursor.tables(schema="bi")}
        assert tables == {("bi", n) for n in ("dim_date", "dim_area", "dim_measure", "fact_figure", "fact_month")}
        kinds = {c.column_name: c.type_name for c in cursor.columns(schema="marts", table="mart_pspo")}
        assert (kinds["value"], kinds["period_end"]) == ("numeric", "date")
        keys = {(k.fkcolumn_name, k.pktable_name) for k in cursor.foreignKeys(foreignTable="fact_figure", foreignSchema="bi")}
        assert keys == {("measure_key", "dim_measure"), ("area_key", "dim_area"), ("date_key", "dim_date")}
        value, day = cursor.execute(
            "select value, period_end from marts.mart_drug_offences where measure = 'possession_offences' and category = 'all'"
            " and area_type = 'force' and period_type = ? and period_end = '2025-10-31'", "rolling_12_months",
        ).fetchone()  # fmt: skip
        assert (value, str(day)) == (2187, "2025-10-31")
        ((additive,),) = cursor.execute("select is_additive from bi.dim_measure where measure = 'searches'").fetchall()
        assert additive is True, "not the text 1"
        with pytest.raises(pyodbc.Error):
            cursor.execute("delete from marts.mart_iom")
    finally:
        con.close()
