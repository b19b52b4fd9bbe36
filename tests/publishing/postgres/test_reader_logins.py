"""Each person has a log-in of their own, which locks out nobody and reaches no other database."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import errors as pg
from psycopg.conninfo import make_conninfo

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.publishing.postgres import PostgresError, Server, embedded, load, loaded_state, reader_logins
from dagster_project.publishing.postgres.roles_and_grants import setup_sql

from .conftest import Database

NIGHT = "20260101T020000Z"


@pytest.fixture(scope="module")
def database(make_database: Callable[..., Database]) -> Database:
    return make_database("crowd")


@contextlib.contextmanager
def person(database: Database, name: str):
    """A log-in that is removed afterwards; gives its connection string."""
    with psycopg.connect(database.admin, autocommit=True) as con:
        password = reader_logins.add(con, name)
        try:
            yield make_conninfo(database.analyst, user=name, password=password)
        finally:
            with contextlib.suppress(PostgresError):
                reader_logins.remove(con, name)


def test_no_person_can_lock_out_another(database: Database) -> None:
    with (
        psycopg.connect(database.admin, autocommit=True) as admin,
        person(database, "anna") as anna,
        person(database, "ben") as ben,
    ):
        with psycopg.connect(anna, autocommit=True) as con:
            con.execute("set default_transaction_read_only = off")
            for others in ("ben", "pam_analyst", "pam_reader"):
                for change in ("password 'x'", "nologin", "set statement_timeout = 1", "connection limit 0"):
                    with pytest.raises(pg.InsufficientPrivilege):
                        con.execute(f"alter role {others} {change}")
            # A change of one's own settings affects nobody else, and is reported.
            con.execute("alter role anna set statement_timeout = 0")
        (fault,) = reader_logins.find_problems(admin)
        assert fault.startswith("anna has not statement_timeout = 5min") and "alter role anna set statement_timeout" in fault
        admin.execute("alter role anna set statement_timeout = '5min'")
        assert reader_logins.find_problems(admin) == []
        with psycopg.connect(ben, autocommit=True) as con:
            assert con.execute("show statement_timeout").fetchone() == ("5min",)
        # A person who opens all the connections they can leaves enough for others and for the nights.
        with contextlib.ExitStack() as held:
            for _ in range(reader_logins.CONNECTIONS):
                held.enter_context(psycopg.connect(anna))
            with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
                psycopg.connect(anna)
            psycopg.connect(ben).close()
            assert {p.name: p.connected for p in reader_logins.list_people(admin)}["anna"] == reader_logins.CONNECTIONS


def test_no_other_database_can_be_reached(database: Database, make_database: Callable[..., Database]) -> None:
    other = make_database("another", bare=True)
    with person(database, "anna") as anna, psycopg.connect(database.admin, autocommit=True) as admin:
        for name in ("postgres", "template1", "another"):
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(make_conninfo(anna, dbname=name))
        assert reader_logins.find_problems(admin) == []
        other.as_admin("grant connect on database another to public")
        try:
            (fault,) = reader_logins.find_problems(admin)
            assert 'another database, another: revoke connect on database "another" from public' in fault
        finally:
            other.as_admin("revoke connect on database another from public")


def test_a_removed_person_is_disconnected_at_once(database: Database) -> None:
    with person(database, "anna") as anna, psycopg.connect(database.admin, autocommit=True) as admin:
        with psycopg.connect(anna, autocommit=True) as con:
            reader_logins.remove(admin, "anna")
            with pytest.raises(psycopg.OperationalError):
                con.execute("select 1")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(anna)
        for name in ("anna", "pam_loader", "postgres", "pam_owner"):
            with pytest.raises(PostgresError, match="no log-in of the group pam_analyst"):
                reader_logins.remove(admin, name)


@pytest.mark.parametrize("name", ["", "Anna", "1a", "a b", 'a"; drop role ben; --', "pg_x", "pam_loader", "postgres", "a" * 64])
def test_impossible_log_in_names_are_refused(database: Database, name: str) -> None:
    with psycopg.connect(database.admin, autocommit=True) as admin, pytest.raises(PostgresError, match="can't be a log-in"):
        reader_logins.add(admin, name)


def test_adding_without_rights_or_twice_is_refused_with_advice(database: Database) -> None:
    with psycopg.connect(database.loader, autocommit=True) as con, pytest.raises(PostgresError, match="as --admin"):
        reader_logins.add(con, "anna")
    refused = pytest.raises(PostgresError, match="there is a role anna already")
    with person(database, "anna"), psycopg.connect(database.admin, autocommit=True) as admin, refused:
        reader_logins.add(admin, "anna")


def test_an_old_shared_log_in_works_until_it_is_removed(database: Database) -> None:
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("alter role pam_analyst login password 'shared'")
        admin.execute("create role carol login password 'own' in role pam_analyst")
        shared = make_conninfo(database.analyst, user="pam_analyst", password="shared")
        try:
            # Setting up again locks out nobody.
            admin.execute(setup_sql("crowd", embedded.LOADER))
            psycopg.connect(shared).close()
            faults = reader_logins.find_problems(admin)
            assert faults[0].startswith("pam_analyst can log in itself") and "pam postgres user remove pam_analyst" in faults[0]
            assert faults[1] == "carol may take every connection: alter role carol connection limit 10"
            assert len(faults) == 2 + len(reader_logins.LIMITS)
            reader_logins.remove(admin, "pam_analyst")
            with pytest.raises(psycopg.OperationalError, match="authentication failed"):
                psycopg.connect(shared)
            psycopg.connect(make_conninfo(database.analyst, user="carol", password="own")).close()
        finally:
            admin.execute("alter role pam_analyst nologin password null")
            admin.execute("drop role carol")
        assert reader_logins.find_problems(admin) == []


def test_excess_rights_of_a_person_are_reported(database: Database) -> None:
    with person(database, "anna"), psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("alter role anna createrole")
        admin.execute("grant pg_read_server_files to anna")
        rights, group = reader_logins.find_problems(admin)
        assert rights.startswith("anna may do more than read: alter role anna nosuperuser")
        assert group == "anna is in another group, pg_read_server_files: revoke pg_read_server_files from anna"


def test_a_comment_on_a_foreign_schema_is_not_trusted(
    make_database: Callable[..., Database], small_night: Callable[..., Path], tmp_path: Path
) -> None:
    """A comment that names a night of the future would keep out every night, unnoticed."""
    database = make_database("commented")
    database.as_admin(
        "create role mallory", "grant create on database commented to mallory", "create schema bi authorization mallory",
        "comment on schema bi is 'PAM Warehouse: night 99991231T000000Z of real data. Replaced whole by each night''s load.'",
    )  # fmt: skip
    try:
        with database.server.connect() as con:
            state = loaded_state(con)
        assert state.night_id is None and state.foreign == ("bi",)
        with pytest.raises(PostgresError, match="has a schema bi that the warehouse did not make"):
            load(small_night(NIGHT), database.server, tmp_path / "t", is_made_up=False)
    finally:
        database.as_admin("drop schema bi", "revoke create on database commented from mallory", "drop role mallory")


def test_the_sql_is_of_the_database_and_the_log_in_that_are_named(pam: Callable) -> None:
    printed = pam("postgres", "sql", "--database", "figures", "--login", "nightly").stdout
    assert printed == setup_sql("figures", "nightly")
    assert 'grant pam_owner to "nightly"' in printed and 'on database "figures" to pam_analyst' in printed


def test_a_database_name_can_t_inject_sql() -> None:
    with pytest.raises(PostgresError, match="has characters that can't be shown"):
        setup_sql("pam\ndrop database pam; --", "pam_loader")
    assert '"pam""x"' in setup_sql('pam"x', "pam_loader")


def test_the_user_commands(cluster: embedded.Embedded, pam: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(cluster.loader_file.parent.parent)
    monkeypatch.setenv("PAM_POSTGRES_DSN_FILE", str(cluster.loader_file))
    refused = pam("postgres", "user", "add", "dora", "--out", tmp_path, "--home", home.path)
    assert refused.exit_code == 1 and "is a folder: name a file in it" in refused.stderr
    # There is no log-in whose password nobody has.
    refused = pam("postgres", "user", "add", "dora", "--admin", cluster.loader_file, "--home", home.path)
    assert refused.exit_code == 1 and "whoever connects may not do that" in refused.stderr
    open_file = tmp_path / "admin.dsn"
    open_file.write_text(cluster.admin_file.read_text())
    open_file.chmod(0o640)
    refused = pam("postgres", "user", "add", "dora", "--admin", open_file, "--home", home.path)
    assert refused.exit_code == 1 and f"{open_file} can be read by others: chmod 600" in refused.stderr
    added = pam("postgres", "user", "add", "dora", "--home", home.path)
    path = home.path / "postgres" / "users" / "dora.dsn"
    assert added.exit_code == 0 and str(path) in added.stdout and path.stat().st_mode & 0o777 == 0o600, added.stderr
    secret = path.read_text().strip()
    try:
        psycopg.connect(secret).close()
        assert "password" not in added.stdout.replace("with the password", "")
        listed = pam("postgres", "user", "list", "--home", home.path)
        assert "dora  0 of 10 connections" in listed.stdout and "pam_reader" in listed.stdout
        as_admin = Server.of(cluster.admin_file.read_text().strip())
        with as_admin.connect() as con:
            for fault, mended, said in (
                ("alter role dora connection limit 21", "alter role dora connection limit 20",
                 "dora may take every connection: alter role dora connection limit 10"),
                ("grant create on schema public to pam_analyst", "revoke create on schema public from pam_analyst",
                 "pam_analyst: it may create things in a schema"),
                ("create schema bi", "drop schema bi", "The schema bi is not the warehouse's"),
            ):  # fmt: skip
                con.execute(fault)
                status = pam("postgres", "status", "--home", home.path)
                con.execute(mended)
                assert status.exit_code == 1 and said in status.stdout
        assert pam("postgres", "status", "--home", home.path).exit_code == 0, "no night is published, and none served"
    finally:
        assert pam("postgres", "user", "remove", "dora", "--home", home.path).exit_code == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(secret)
    changes = [(r.kind, r.facts["what"], r.facts["name"]) for r in read_log(home)]
    assert changes == [("alteration", f"log-in {what}", "dora") for what in ("made", "removed")]
    refused = pam("postgres", "user", "remove", "dora", "--home", home.path)
    assert refused.exit_code == 1 and "no log-in of the group" in refused.stderr


def test_a_server_whose_passwords_are_gone_says_what_to_do(new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_is_root", lambda: False)
    data = new_home.path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").touch()
    with pytest.raises(PostgresError, match=f"lacks the passwords of the server whose data are in {data}: put them back"):
        embedded.start(new_home)
