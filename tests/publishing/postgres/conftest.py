"""A real PostgreSQL for the tests, started once, and databases in it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg
import pytest
from support import copy_home, own_postgres

from dagster_project.core.home import Home
from dagster_project.publishing import postgres
from dagster_project.publishing.postgres import Server, embedded
from dagster_project.publishing.postgres.roles_and_grants import setup_sql


@dataclass(frozen=True)
class Database:
    """A database and three who log in: the administrator, whoever loads nights, and pam_analyst."""

    admin: str
    loader: str
    analyst: str

    @property
    def server(self) -> Server:
        """The server that nights are loaded into."""
        return Server.of(self.loader)

    def as_admin(self, *statements: str) -> list[tuple]:
        """Rows of the last statement, as a superuser."""
        return _run(self.admin, statements)

    def as_analyst(self, *statements: str) -> list[tuple]:
        """Rows of the last statement, as a log-in of pam_analyst's, each statement its own transaction."""
        return _run(self.analyst, statements)


def _run(dsn: str, statements: tuple[str, ...]) -> list[tuple]:
    with psycopg.connect(dsn, autocommit=True) as con:
        for statement in statements:
            cursor = con.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def cluster() -> Iterator[embedded.Embedded]:
    """The server, for these tests alone. Its folder is closed to all but its own user, as a home is."""
    folder = Path(tempfile.mkdtemp(prefix="pam-postgres-"))
    try:
        with own_postgres(Home(folder / "home")) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def make_database(cluster: embedded.Embedded) -> Callable[..., Database]:
    """Makes an empty database; set up as an administrator would, unless `bare`."""

    def make(name: str, bare: bool = False) -> Database:
        admin, loader, analyst = (
            f.read_text().strip() for f in (cluster.admin_file, cluster.loader_file, cluster.analyst_file)
        )
        _run(admin, (f"create database {name}", f"revoke connect on database {name} from public"))
        _run(admin, (f"grant connect on database {name} to {embedded.LOADER}",))
        database = Database(*(dsn.rsplit("/", 1)[0] + "/" + name for dsn in (admin, loader, analyst)))
        if not bare:
            database.as_admin(setup_sql(name, embedded.LOADER))
        return database

    return make


@pytest.fixture(scope="session")
def loaded(make_database: Callable[..., Database], sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A database with the sample's night. To be read, not changed."""
    database = make_database("loaded")
    # A load is recorded in the home's audit log, which other tests read.
    copy = copy_home(sample_home, tmp_path_factory.mktemp("loaded") / "home")
    assert postgres.load_if_newer(copy, database.server).outcome == "loaded"
    return database


SMALL = """
    create schema marts; create schema reports; create schema meta; create schema bi;
    create table meta.nights as select '{night}' as night_id, cast(null as timestamp) as finished_at;
    create table meta.dictionary as select 'relation' as kind, 'marts' as schema_name, 'words' as relation_name,
        'words' as name, 'Words. It''s said' as description;
    create table reports.tables as select '{night}' as title;
    create table bi.days as select date '2026-01-01' as day;
"""


@pytest.fixture
def small_night(tmp_path: Path) -> Callable[..., Path]:
    """Writes a night's file with almost nothing in it, and runs further statements."""

    def make(night: str, *statements: str) -> Path:
        path = tmp_path / f"{night}.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as con:
            con.execute(SMALL.format(night=night))
            for statement in statements:
                con.execute(statement)
        return path

    return make
