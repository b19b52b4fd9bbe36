"""Nothing but the published night can be reached or changed: by `pam query`, at the prompt, and from Python."""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.core.home import Home
from dagster_project.core.published_file import NotWritableError, open_hardened
from dagster_project.serving import connect

READS = [
    "from '{0}/rows.csv'",
    "from 'file://{0}/rows.csv'",
    "from '{0}/*.csv'",
    "from read_csv('{0}/rows.csv')",
    "from read_csv_auto('{0}/*')",
    "from sniff_csv('{0}/rows.csv')",
    "from read_text('{0}/rows.csv')",
    "from read_text('{0}/**')",
    "from read_blob('{0}/rows.csv')",
    "from read_blob('/proc/self/environ')",
    "from '{0}/rows.parquet'",
    "from read_parquet(['{0}/rows.parquet'])",
    "from parquet_metadata('{0}/rows.parquet')",
    "from parquet_schema('{0}/rows.parquet')",
    "from read_json('{0}/rows.json')",
    "from read_ndjson_objects('{0}/rows.json')",
    "from read_duckdb('{0}/other.duckdb')",
    "from glob('{0}/*')",
    "from '{0}/other.duckdb'",
    "from query('from read_text(''{0}/rows.csv'')')",
    "from query_table('{0}/rows.csv')",
    "from json_execute_serialized_sql(json_serialize_sql('from read_text(''{0}/rows.csv'')'))",
    "select (select content from read_text('{0}/rows.csv'))",
    "select getenv('PAM_PLANTED')",
    "explain analyze from read_text('{0}/rows.csv')",
    "from read_csv('https://localhost:1/rows.csv')",
    "from 's3://bucket/rows.parquet'",
    "from read_text('http://localhost:1/')",
    "from pandas_scan(1)",
    "from duckdb_secrets()",
    "from which_secret('s3://bucket', 's3')",
]
"""Of files, the environment, the network and secrets."""

WRITES = [
    "copy marts.measures to '{0}/out.csv'",
    "copy (select 1) to '{0}/out.parquet' (format parquet)",
    "copy (select 1) to '/dev/stdout'",
    "copy marts.mart_iom from '{0}/rows.csv'",
    "explain analyze copy (select 1) to '{0}/out.csv'",
    "export database '{0}/out'",
    "import database '{0}/out'",
    "create table marts.t as select 1",
    "create or replace view marts.measures as select 1",
    "create schema other",
    "create sequence marts.s",
    "insert into marts.mart_iom select * from marts.mart_iom",
    "update marts.mart_iom set value = 0",
    "delete from meta.checks",
    "truncate marts.mart_iom",
    "drop schema meta cascade",
    "alter table marts.mart_iom rename to mart_other",
    "comment on table marts.mart_iom is 'mine'",
    "create persistent secret s (type http)",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "call enable_logging(storage = 'file', storage_path = '{0}')",
]

ATTACH_AND_SET = [
    "attach '{0}/other.duckdb' as o (read_only)",
    "attach '{0}/other.sqlite' (type sqlite)",
    "attach ':memory:' as m",
    "attach 'dbname=postgres' (type postgres)",
    "detach warehouse",
    "install httpfs",
    "force install sqlite from community",
    "load sqlite",
    "load '{0}/evil.duckdb_extension'",
    "update extensions",
    "set enable_external_access = true",
    "set global enable_external_access = true",
    "reset enable_external_access",
    "set lock_configuration = false",
    "set allowed_directories = ['{0}']",
    "set allowed_paths = ['{0}/rows.csv']",
    "set temp_directory = '{0}'",
    "set memory_limit = '64GB'",
    "set threads = 64",
    "set python_enable_replacements = true",
    "set autoload_known_extensions = true",
    "set extension_directory = '{0}'",
    "set secret_directory = '{0}'",
    "set home_directory = '{0}'",
    "pragma temp_directory = '{0}'",
    "pragma enable_profiling; pragma profiling_output = '{0}/out.json'",
    "set custom_profiling_settings = '{{}}'",
]
"""Other databases, extensions, settings."""

ESCAPES = [*READS, *WRITES, *ATTACH_AND_SET]
TOO_MUCH = [
    "create temp table t as select range, repeat('x', 100) || range::varchar as x from range(10000000)",
    "select list(range) from range(1000000000)",
    "select count(*) from (select md5((a.range * b.range)::varchar) as x from range(100000) a, range(100000) b order by x)",
]
"""Queries that would fill memory, and without a limit the disk of the published file."""

NOT_QUERIES = [
    "create temp table t as select 1",
    "create temp macro f() as 1",
    "prepare p as select 1",
    "set variable x = 1",
    "use meta",
    "begin",
    "checkpoint",
    "call pragma_version()",
    "pragma database_list",
    "select 1; select 2",
    "select 1; attach '{0}/other.duckdb'",
]
"""Harmless from Python, but no queries: `pam query` refuses them."""


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory, sample_home: Home) -> Iterator[Path]:
    """Files next to the home that a query must not reach; at the end, none was added, removed or changed."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "rows.csv").write_text("secret\nFOUND\n", encoding="utf-8")
    (folder / "rows.json").write_text('[{"secret": "FOUND"}]', encoding="utf-8")
    with duckdb.connect(str(folder / "other.duckdb")) as con:
        con.execute("create table rows as select 'FOUND' as secret")
        con.execute(f"copy rows to '{folder}/rows.parquet'")
    sqlite3.connect(folder / "other.sqlite").close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAM_PLANTED", "FOUND")
        before = state(folder, sample_home)
        yield folder
        assert state(folder, sample_home) == before


def state(folder: Path, home: Home) -> dict[str, str]:
    """Every file that could have been written, and its SHA-256."""
    paths = [p for f in (folder, home.published, Path.home() / ".duckdb") for p in f.rglob("*") if p.is_file()]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


@pytest.fixture(scope="module")
def con(sample_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    con = connect(sample_home, memory="100MB")
    yield con
    con.close()


@pytest.mark.parametrize("sql", ESCAPES)
def test_no_way_out_from_python(sql: str, con: duckdb.DuckDBPyConnection, secrets: Path) -> None:
    with pytest.raises(duckdb.Error) as error:
        con.execute(sql.format(secrets)).fetchall()
    assert "FOUND" not in str(error.value)
    assert con.execute("select count(*) from meta.nights").fetchone() == (1,), "the connection still works"


@pytest.mark.parametrize("sql", [*ESCAPES, *NOT_QUERIES])
def test_no_way_out_by_pam_query(sql: str, pam: Callable, sample_home: Home, secrets: Path) -> None:
    result = pam("query", sql.format(secrets), "-f", "csv", "--home", sample_home.path)
    assert result.exit_code == 1 and result.stdout == "" and result.stderr.startswith("pam: ") and "FOUND" not in result.stderr


def test_no_way_out_through_a_file_s_format(pam: Callable, sample_home: Home, secrets: Path, tmp_path: Path) -> None:
    """Parquet is written by DuckDB, which may then write that one file, and read no other."""
    out = tmp_path / "out.parquet"
    for sql in (
        "from read_text('{0}/rows.csv')",
        "select 1) to '{0}/out.parquet' (format parquet); --",
        "from read_blob('{1}/*')",
    ):
        result = pam("query", sql.format(secrets, tmp_path), "-f", "parquet", "-o", out, "--home", sample_home.path)
        assert result.exit_code == 1 and os.listdir(tmp_path) == []


def test_no_way_out_at_the_prompt(pam: Callable, sample_home: Home, secrets: Path) -> None:
    """One after the other; each is refused, and the next is read."""
    own = [
        ".read {0}/rows.csv",
        ".open {0}/other.duckdb",
        ".shell ls",
        ".output {0}/out.csv",
        r"\! ls",
        r"\o {0}/out.csv",
        r"\i x",
    ]
    lines = [s.format(secrets) + ";" for s in [*ESCAPES, *NOT_QUERIES] if not s.startswith("select 1;")]
    lines += [s.format(secrets) for s in own]
    result = pam("sql", "--home", sample_home.path, "-f", "csv", stdin="\n".join([*lines, "select 'still here';"]))
    assert result.exit_code == 1 and result.stdout.splitlines()[-1] == "still here"
    assert result.stdout.count("\n") == 2 and "FOUND" not in result.stderr
    assert result.stderr.count("pam: ") == len(lines)


@pytest.mark.parametrize("sql", TOO_MUCH)
def test_a_query_that_fills_memory_ends_and_writes_nothing(sql: str, con: duckdb.DuckDBPyConnection, secrets: Path) -> None:
    with pytest.raises(duckdb.OutOfMemoryException):
        con.execute(sql).fetchone()
    assert con.execute("select current_setting('temp_directory')").fetchone() == ("",)
    assert con.execute("from duckdb_temporary_files()").fetchall() == []


def test_the_machine_s_environment_is_not_shown(pam: Callable, sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "planted-key")
    for sql in ("from duckdb_settings()", "from duckdb_databases()"):
        result = pam("query", sql, "-f", "csv", "--home", sample_home.path)
        assert result.exit_code == 0 and "planted-key" not in result.stdout + result.stderr


def test_python_objects_are_not_relations(sample_home: Home) -> None:
    with duckdb.connect() as own:
        local = own.sql("select 'FOUND' as secret").df()
    assert len(local) == 1
    with connect(sample_home) as con, pytest.raises(duckdb.Error):
        con.execute("from local")


def test_an_open_night_can_t_be_opened_for_writing(figures_copy: Home, tmp_path: Path) -> None:
    with connect(figures_copy), pytest.raises(NotWritableError, match="is open in this process"):
        open_hardened(figures_copy.warehouse.resolve(), writable=tmp_path)
    with open_hardened(figures_copy.warehouse.resolve(), writable=tmp_path) as con:
        con.execute(f"copy (select 1) to '{tmp_path}/x.csv'")
