"""`pam query`: how each format shows values. tests/serving tests what a query can't reach."""

import json
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from dagster_project.core.home import Home
from dagster_project.core.made_up_home import MADE_UP_MARK, SAMPLE_MARK
from dagster_project.core.receipts import read_receipts
from dagster_project.serving import write_result

ANSWER_FORMATS = ("table", "csv", "json", "parquet", "xlsx")
VALUES = (
    "select 100::decimal(28,10) as whole, 0.5::decimal(28,10) as half, -0.0000000001::decimal(28,10) as least,"
    " 0::decimal(28,10) as zero, null::decimal(28,10) as none, true as yes, date '2025-10-31' as day,"
    " timestamp '2025-10-31 23:59:00' as moment, 'é, \"q\"' as text, ['a', null] as list, {'x': 2.50::decimal(4,2)} as pair"
)


def query(pam: Callable, home: Home, sql: str, form: str) -> str:
    result = pam("query", sql, "--format", form, "--home", home.path)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_csv_format(pam: Callable, sample_home: Home) -> None:
    assert query(pam, sample_home, VALUES, "csv") == (
        "whole,half,least,zero,none,yes,day,moment,text,list,pair\n"
        '100,0.5,-0.0000000001,0,,true,2025-10-31,2025-10-31 23:59:00,"é, ""q""","[""a"", null]","{""x"": 2.5}"\n'
    )


def test_json_format(pam: Callable, sample_home: Home) -> None:
    output = query(pam, sample_home, VALUES, "json")
    assert output == (
        '[{"whole": 100, "half": 0.5, "least": -0.0000000001, "zero": 0, "none": null, "yes": true, "day": "2025-10-31",'
        ' "moment": "2025-10-31 23:59:00", "text": "é, \\"q\\"", "list": ["a", null], "pair": {"x": 2.5}}]\n'
    )
    assert json.loads(output)[0]["text"] == 'é, "q"'


def test_json_has_every_column_of_a_name_that_comes_twice(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    """Two figures side by side, both called `value`: the second must not replace the first. Parquet has the same names."""
    sql = "select 1 as value, 2 as value, 3 as value, null as other, 4 as value_1"
    rows = json.loads(query(pam, sample_home, sql, "json"))
    assert rows == [{"value": 1, "value_1": 2, "value_2": 3, "other": None, "value_1_1": 4}]
    assert query(pam, sample_home, sql, "csv") == "value,value,value,other,value_1\n1,2,3,,4\n"
    path = tmp_path / "parquet"
    assert pam("query", sql, "-f", "parquet", "-o", path, "--home", sample_home.path).exit_code == 0
    with duckdb.connect() as con:
        names = [c[0] for c in con.execute("from read_parquet(?)", [str(path)]).description]
    assert names == list(rows[0])


def test_json_is_valid_for_every_number(pam: Callable, sample_home: Home) -> None:
    sql = "select 'nan'::double as a, 'infinity'::double as b, [12345678901234567.25::decimal(28,10)] as c, 1e300 as d"
    output = query(pam, sample_home, sql, "json")
    assert "12345678901234567.25" in output
    assert json.loads(output) == [{"a": None, "b": None, "c": [12345678901234567.25], "d": 1e300}]


def test_table_format(pam: Callable, sample_home: Home) -> None:
    sql = "select * from (values ('[red]Dales[/red]', 12.50::decimal(28,10)), ('Erewash', null)) as t(area, value)"
    assert [line.rstrip() for line in query(pam, sample_home, sql, "table").splitlines() if line.strip()] == [
        " area               value",
        " ────────────────────────",
        " [red]Dales[/red]    12.5",
        " Erewash",
        "2 rows",
    ]


@pytest.mark.parametrize(("form", "ending"), [("csv", "a\n"), ("json", "[]\n"), ("table", "0 rows\n")])
def test_a_result_without_rows_is_shown(form: str, ending: str, pam: Callable, sample_home: Home) -> None:
    assert query(pam, sample_home, "select 1 as a where false", form).endswith(ending)


def test_one_row_is_counted_in_the_singular(pam: Callable, sample_home: Home) -> None:
    assert query(pam, sample_home, "select 1 as a", "table").endswith("\n1 row\n")


def test_a_query_from_standard_input(pam: Callable, sample_home: Home) -> None:
    result = pam("query", "-", "-f", "csv", "--home", sample_home.path, stdin="select 1 as a\n")
    assert (result.exit_code, result.stdout) == (0, "a\n1\n")
    assert pam("query", "-", "--home", sample_home.path, stdin=" \n").exit_code == 2
    assert pam("query", "", "--home", sample_home.path).exit_code == 2


def test_a_wrong_query_has_a_clear_error(pam: Callable, sample_home: Home) -> None:
    for sql, word in (("selct 1", "syntax error"), ("select nothing from marts.measures", "nothing"), ("select 1 +", "syntax")):
        result = pam("query", sql, "--home", sample_home.path)
        assert result.exit_code == 1 and result.stdout == ""
        assert result.stderr.startswith("pam: ") and word in result.stderr and "Traceback" not in result.stderr


def test_an_unknown_format_is_an_error_that_lists_the_known_ones(pam: Callable, sample_home: Home) -> None:
    result = pam("query", "select 1", "--format", "xml", "--home", sample_home.path)
    assert result.exit_code == 2 and all(form in result.stderr for form in ANSWER_FORMATS)
    with pytest.raises(ValueError, match="'xlsx' is none of table, csv, json"):
        write_result([], [], "xlsx", None)


def test_every_format_can_be_written_to_a_file(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    """Each has exact figures, and keeps a text that looks like a formula as text."""
    sql = (
        "select '=1+1' as f, 0.1::decimal(28,10) as v, 123456789012345678.5::decimal(28,10) as big, date '2025-10-31' as day,"
        " true as yes, null::int as none, 'it''s' as t -- the end\n;"
    )
    for form in ANSWER_FORMATS:
        path = tmp_path / f"it's {form}"
        result = pam("query", sql, "-f", form, "-o", path, "--home", sample_home.path)
        assert (result.exit_code, result.stdout) == (0, ""), result.stderr
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == len(ANSWER_FORMATS), "nothing unfinished is left"
    row = ("=1+1", Decimal("0.1"), Decimal("123456789012345678.5"), date(2025, 10, 31), True, None, "it's")
    with duckdb.connect() as con:
        assert con.execute("from read_parquet(?)", [str(tmp_path / "it's parquet")]).fetchall() == [row]
    assert (
        tmp_path / "it's csv"
    ).read_text() == "f,v,big,day,yes,none,t\n'=1+1,0.1,123456789012345678.5,2025-10-31,true,,it's\n"
    sheets = CalamineWorkbook.from_path(str(tmp_path / "it's xlsx"))
    assert sheets.get_sheet_by_name("Answer").to_python() == [
        ["f", "v", "big", "day", "yes", "none", "t"],
        ["=1+1", 0.1, "123456789012345678.5", date(2025, 10, 31), True, "", "it's"],
    ]
    night = read_receipts(sample_home)[-1].night_id
    assert sheets.get_sheet_by_name("About").to_python()[0] == ["Published night", night]
    with zipfile.ZipFile(tmp_path / "it's xlsx") as book:
        assert not any(b"<f>" in book.read(n) for n in book.namelist())


def test_a_pivot_can_be_written_to_a_file(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    sql = "pivot (from (values ('a', 1), ('b', 2), ('a', 3)) t(k, v)) on k using sum(v); -- {}"
    for form in ("parquet", "xlsx", "csv"):
        result = pam("query", sql, "-f", form, "-o", tmp_path / form, "--home", sample_home.path)
        assert result.exit_code == 0, result.stderr
    with duckdb.connect() as con:
        assert con.execute("from read_parquet(?)", [str(tmp_path / "parquet")]).fetchall() == [(4, 2)]
    result = pam("query", "explain select 1", "-f", "parquet", "-o", tmp_path / "e", "--home", sample_home.path)
    assert result.exit_code == 1 and "a query plan is text" in result.stderr and not (tmp_path / "e").exists()


def test_an_error_leaves_the_existing_file(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    for form in ANSWER_FORMATS:
        path = tmp_path / form
        path.write_text("before", encoding="utf-8")
        result = pam("query", "select error('broken') from range(9)", "-f", form, "-o", path, "--home", sample_home.path)
        assert result.exit_code == 1 and "broken" in result.stderr and path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == len(ANSWER_FORMATS)
    assert pam("query", "select 1", "-f", "parquet", "--home", sample_home.path).exit_code == 2, "not to the terminal"
    result = pam("query", "select repeat('x', 40000)", "-f", "xlsx", "-o", tmp_path / "long", "--home", sample_home.path)
    assert result.exit_code == 1 and "40,000 characters" in result.stderr


def test_a_workbook_has_every_column_or_is_refused(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    for n, code in ((16_384, 0), (16_385, 1)):
        columns = ", ".join(f"{i} as c{i}" for i in range(n))
        result = pam("query", "-", "-f", "xlsx", "-o", path, "--home", sample_home.path, stdin=f"select {columns}")
        assert result.exit_code == code, result.stderr
    assert "the answer has 16,385 columns, and a sheet 16,384" in result.stderr
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Answer")
    assert sheet.to_python()[1][-1] == 16_383, "the earlier file stays"


def test_a_file_that_has_no_place_says_so(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    """Not by the hidden name that a file has while it is written; and nothing is left beside the folder."""
    for path, message in (
        (tmp_path / "gone" / "x.csv", f"pam: there is no folder {tmp_path / 'gone'}: make it first"),
        (tmp_path, f"pam: {tmp_path} is a folder: name a file in it"),
        (sample_home.config_file.parent / "MADE_UP" / "x.csv", "pam: there is no folder "),
    ):
        for form in ("csv", "parquet", "xlsx"):
            result = pam("query", "select 1", "-f", form, "-o", path, "--home", sample_home.path)
            assert result.exit_code == 1 and result.stderr.startswith(message), result.stderr
    assert not list(tmp_path.iterdir()) and not (tmp_path.parent / f".{tmp_path.name}.new").exists()


def test_a_table_shows_a_limited_number_of_rows_and_says_so(pam: Callable, sample_home: Home, tmp_path: Path) -> None:
    def query(*args: object) -> object:
        return pam("query", "from range(12)", "--home", sample_home.path, *args)

    assert query("--rows", 10).stdout.endswith("10 rows\n") and "the first 10 rows are shown" in query("--rows", 10).stderr
    assert query("--rows", 12).stderr == "" and query("--rows", 0).stdout.endswith("12 rows\n")
    assert query("--rows", 3, "-f", "csv").stdout.count("\n") == 13
    assert query("--rows", 3, "--out", tmp_path / "all").exit_code == 0
    assert (tmp_path / "all").read_text().endswith("12 rows\n"), "a file has them all"


def test_a_query_beyond_a_limit_stops_with_advice(pam: Callable, sample_home: Home) -> None:
    long = "select count(*) from range(1000000) a, range(1000000) b where md5((a.range * b.range)::varchar) = ''"
    result = pam("query", long, "--seconds", 0.1, "--home", sample_home.path)
    assert result.exit_code == 1 and "stopped after 0.1 s" in result.stderr and "--seconds" in result.stderr
    result = pam("query", "from range(100000000000)", "-f", "csv", "--seconds", 0.1, "--home", sample_home.path)
    assert result.exit_code == 1 and "stopped after 0.1 s" in result.stderr, "stopped while its rows are written"
    result = pam("query", "select list(range) from range(1000000000)", "--memory", "100MB", "--home", sample_home.path)
    assert result.exit_code == 1 and "more than 100MB of memory" in result.stderr and "--memory" in result.stderr
    # DuckDB's own limit does not count long texts.
    for form in ("csv", "table"):
        wide = "select repeat('x', 100000000) from range(1000)"
        result = pam("query", wide, "--memory", "50MB", "-f", form, "--home", sample_home.path)
        assert result.exit_code == 1 and "more than 50MB of memory" in result.stderr, form
    unlimited = pam("query", "select max(hash(range)) from range(30000000)", "--seconds", 0, "--home", sample_home.path)
    assert unlimited.exit_code == 0, unlimited.stderr
    result = pam("query", "select repeat('x', 5000) as x", "--home", sample_home.path)
    assert result.exit_code == 0 and "x… (5,000 characters)" in result.stdout and len(result.stdout) < 10_000
    result = pam("query", "select 1", "--memory", "much", "--home", sample_home.path)
    assert result.exit_code == 1 and "memory 'much'" in result.stderr


def test_a_file_of_made_up_figures_is_announced_as_such(pam: Callable, sample_copy: Home, tmp_path: Path) -> None:
    command = ("query", "select 1", "--out", tmp_path / "x.csv", "--home", sample_copy.path)
    assert "x.csv: all figures are made up" in pam(*command).stderr
    for name in (SAMPLE_MARK, MADE_UP_MARK):
        (sample_copy.path / name).unlink(missing_ok=True)
    assert pam(*command).stderr == ""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("nightly", ("Exit 0", "Exit 1", "Exit 2", "Exit 3")), ("query", ("bi.*", "marts_public.*")),
        ("map", ("# decide", "# check", "# ?")),
    ],
)  # fmt: skip
def test_help_names_exit_codes_schemas_and_marks(pam: Callable, command: str, words: tuple[str, ...]) -> None:
    output = pam(command, "--help").stdout
    assert all(word in output for word in words), output
