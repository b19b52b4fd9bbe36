"""Reading DuckDB files by themselves, through one database of the process."""

import os
import signal
from pathlib import Path

import duckdb
import pytest

from dagster_project.core.read_database import read_database


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files, each with its name in a table, which has the same name in both."""
    paths = [tmp_path / "it's one.duckdb", tmp_path / "two.duckdb"]
    for path in paths:
        with duckdb.connect(str(path)) as con:
            con.execute("create schema marts; create table marts.name as select $1 as name", [path.stem])
    return paths


def name_in(con: duckdb.DuckDBPyConnection) -> str:
    return str(con.execute("from marts.name").fetchall()[0][0])


def test_each_connection_reads_its_own_file(files: list[Path]) -> None:
    """Also the same file twice at a time, and one while another is read."""
    with read_database(files[0]) as one, read_database(files[1]) as two, read_database(files[0]) as again:
        assert [name_in(con) for con in (one, two, again)] == ["it's one", "two", "it's one"]


def test_a_file_is_read_only_and_let_go_of_afterwards(files: list[Path]) -> None:
    with read_database(files[0]) as con, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        con.execute("drop table marts.name")
    with duckdb.connect(str(files[0])) as con:
        con.execute("update marts.name set name = 'new'")
    with pytest.raises(ZeroDivisionError), read_database(files[0]):
        _ = 1 / 0
    files[1].replace(files[0])
    with read_database(files[0]) as con:
        assert name_in(con) == "two", "a file that took the place of one that was read"
        assert con.execute("select count(*) from duckdb_databases() where not internal").fetchone() == (2,)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.duckdb").write_bytes(b"no database, but long enough to be looked at" * 100)
    for name in ("a.duckdb", "missing.duckdb"):
        with pytest.raises(duckdb.Error), read_database(tmp_path / name):
            raise AssertionError


def test_a_forked_process_has_a_database_of_its_own(files: list[Path]) -> None:
    """The threads of its parent's are not there: to use it, or to close it, would wait for them for ever."""
    with read_database(files[0]):
        child = os.fork()
        if not child:
            signal.alarm(20)
            with read_database(files[1]) as con:
                os._exit(0 if name_in(con) == "two" else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_nothing_is_spilled_to_the_folder_that_the_process_is_in(files: list[Path]) -> None:
    with read_database(files[0]) as con:
        assert con.execute("select current_setting('temp_directory')").fetchone() == ("",)
