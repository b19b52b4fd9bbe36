"""`pam query`: what a value looks like in each format, and what a query can't reach. More of it in test_answers.py."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.serving import FORMATS, connect, write_result
from dagster_project.settings import Home

VALUES = (
    "select 100::decimal(28,10) as whole, 0.5::decimal(28,10) as half, -0.0000000001::decimal(28,10) as least,"
    " 0::decimal(28,10) as zero, null::decimal(28,10) as none, true as yes, date '2025-10-31' as day,"
    " timestamp '2025-10-31 23:59:00' as moment, 'é, \"q\"' as text, ['a', null] as list, {'x': 2.50::decimal(4,2)} as pair"
)


def ask(pam: Callable, home: Home, sql: str, form: str) -> str:
    result = pam("query", sql, "--format", form, "--home", home.path)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_csv_to_the_letter(pam: Callable, sample_home: Home) -> None:
    assert ask(pam, sample_home, VALUES, "csv") == (
        "whole,half,least,zero,none,yes,day,moment,text,list,pair\n"
        '100,0.5,-0.0000000001,0,,true,2025-10-31,2025-10-31 23:59:00,"é, ""q""","[""a"", null]","{""x"": 2.5}"\n'
    )


def test_json_to_the_letter(pam: Callable, sample_home: Home) -> None:
    said = ask(pam, sample_home, VALUES, "json")
    assert said == (
        '[{"whole": 100, "half": 0.5, "least": -0.0000000001, "zero": 0, "none": null, "yes": true, "day": "2025-10-31",'
        ' "moment": "2025-10-31 23:59:00", "text": "é, \\"q\\"", "list": ["a", null], "pair": {"x": 2.5}}]\n'
    )
    assert json.loads(said)[0]["text"] == 'é, "q"'


def test_json_is_json_whatever_the_number(pam: Callable, sample_home: Home) -> None:
    sql = "select 'nan'::double as a, 'infinity'::double as b, [12345678901234567.25::decimal(28,10)] as c, 1e300 as d"
    said = ask(pam, sample_home, sql, "json")
    assert "12345678901234567.25" in said
    assert json.loads(said) == [{"a": None, "b": None, "c": [12345678901234567.25], "d": 1e300}]


def test_a_table_to_the_letter(pam: Callable, sample_home: Home) -> None:
    sql = "select * from (values ('[red]Dales[/red]', 12.50::decimal(28,10)), ('Erewash', null)) as t(area, value)"
    assert [line.rstrip() for line in ask(pam, sample_home, sql, "table").splitlines() if line.strip()] == [
        " area               value",
        " ────────────────────────",
        " [red]Dales[/red]    12.5",
        " Erewash",
        "2 rows",
    ]


@pytest.mark.parametrize(("form", "said"), [("csv", "a\n"), ("json", "[]\n"), ("table", "0 rows\n")])
def test_no_rows_is_an_answer(form: str, said: str, pam: Callable, sample_home: Home) -> None:
    assert ask(pam, sample_home, "select 1 as a where false", form).endswith(said)


def test_one_row_is_one_row(pam: Callable, sample_home: Home) -> None:
    assert ask(pam, sample_home, "select 1 as a", "table").endswith("\n1 row\n")


def test_a_query_from_standard_input(pam: Callable, sample_home: Home) -> None:
    result = pam("query", "-", "-f", "csv", "--home", sample_home.path, stdin="select 1 as a\n")
    assert (result.exit_code, result.stdout) == (0, "a\n1\n")
    assert pam("query", "-", "--home", sample_home.path, stdin=" \n").exit_code == 2
    assert pam("query", "", "--home", sample_home.path).exit_code == 2


def test_a_clear_word_for_a_mistake(pam: Callable, sample_home: Home) -> None:
    for sql, word in (("selct 1", "syntax error"), ("select nothing from marts.measures", "nothing"), ("select 1 +", "syntax")):
        result = pam("query", sql, "--home", sample_home.path)
        assert result.exit_code == 1 and result.stdout == ""
        assert result.stderr.startswith("pam: ") and word in result.stderr and "Traceback" not in result.stderr


def test_an_unknown_format_names_those_there_are(pam: Callable, sample_home: Home) -> None:
    result = pam("query", "select 1", "--format", "xlsx", "--home", sample_home.path)
    assert result.exit_code == 2 and all(form in result.stderr for form in FORMATS)
    with pytest.raises(ValueError, match="'xlsx' is none of table, csv, json"):
        write_result([], [], "xlsx", None)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files beside the home that a query must not reach."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "rows.csv").write_text("secret\nFOUND\n", encoding="utf-8")
    (folder / "rows.json").write_text('[{"secret": "FOUND"}]', encoding="utf-8")
    with duckdb.connect(str(folder / "other.duckdb")) as con:
        con.execute("create table rows as select 'FOUND' as secret")
        con.execute(f"copy rows to '{folder}/rows.parquet'")
    sqlite3.connect(folder / "other.sqlite").close()
    return folder


ESCAPES = [
    "from '{0}/rows.csv'",
    "from read_csv_auto('{0}/rows.csv')",
    "from read_text('{0}/rows.csv')",
    "from read_blob('{0}/rows.csv')",
    "from '{0}/rows.parquet'",
    "from parquet_metadata('{0}/rows.parquet')",
    "from read_json('{0}/rows.json')",
    "from glob('{0}/*')",
    "attach '{0}/other.duckdb' as o (read_only); from o.rows",
    "attach '{0}/other.sqlite' (type sqlite)",
    "attach ':memory:' as m; create table m.t as select 1; copy m.t to '{0}/out.csv'",
    "copy marts.measures to '{0}/out.csv'",
    "copy (select 1) to '{0}/out.parquet' (format parquet)",
    "export database '{0}/out'",
    "import database '{0}/out'",
    "load sqlite",
    "install httpfs; load httpfs",
    "reset enable_external_access",
    "set lock_configuration = false",
    "set temp_directory = '{0}'; from marts.measures order by value",
    "pragma enable_profiling; pragma profiling_output='{0}/out.json'; select 1",
    "create table marts.t as select 1",
    "create or replace view marts.measures as select 1",
    "update marts.mart_iom set value = 0",
    "drop schema meta cascade",
    "comment on table marts.mart_iom is 'mine'",
    "from read_csv('https://localhost:1/rows.csv')",
    "select * from query('from read_text(''{0}/rows.csv'')')",
]


@pytest.mark.parametrize("sql", ESCAPES)
def test_no_way_out_of_the_published_file(sql: str, pam: Callable, sample_home: Home, secrets: Path) -> None:
    before, files = sample_home.warehouse.read_bytes(), sorted(secrets.iterdir())
    result = pam("query", sql.format(secrets), "-f", "csv", "--home", sample_home.path)
    assert result.exit_code == 1 and "FOUND" not in result.stdout, result.stdout
    assert sample_home.warehouse.read_bytes() == before and sorted(secrets.iterdir()) == files


def test_the_machine_s_environment_is_not_told(pam: Callable, sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAM_PSEUDONYM_KEY", "planted-key")
    for sql in ("select getenv('PAM_PSEUDONYM_KEY') as k", "from duckdb_settings()", "from duckdb_databases()"):
        result = pam("query", sql, "-f", "csv", "--home", sample_home.path)
        assert "planted-key" not in result.stdout + result.stderr


def test_python_s_own_objects_are_not_relations(sample_home: Home) -> None:
    local = duckdb.sql("select 'FOUND' as secret").df()
    assert len(local) == 1
    with connect(sample_home) as con, pytest.raises(duckdb.Error):
        con.execute("from local")
