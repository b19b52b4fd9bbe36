"""Each macro of `macros/portable.sql` in a `select` of its own on both engines, and the SQL of every model read by Spark: this
finds in seconds, by name of macro or model, what a night on Spark would find after minutes.

The macros are read as templates, without dbt; the session has the settings that a night has. That every row is the same is
tested by the long run of test_on_spark.py.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import duckdb
import jinja2
import pytest

from dagster_project.core.config import Spark
from dagster_project.core.home import DBT_PROJECT, Home
from dagster_project.quality import engine
from dagster_project.transform import dbt_runner
from dagster_project.transform.spark.session import spark_session

from .needs_spark import QUICK_JAVA, needs_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.begin_first

PORTABLE = (DBT_PROJECT / "macros" / "portable.sql").read_text(encoding="utf-8")
MACROS = jinja2.Environment().from_string(PORTABLE).module
PRINTED = jinja2.Environment().from_string((DBT_PROJECT / "macros" / "printed_cells.sql").read_text(encoding="utf-8"))
Macro = Callable[..., str]

DAYS = (("2024-02-28", "2024-03-01"), ("2023-12-31", "2024-12-31"), ("2024-03-01", "2024-02-28"), ("2025-01-01", "2025-01-01"))
DAY_ROWS = [f"cast('{a}' as date) as a, cast('{b}' as date) as b" for a, b in DAYS]
DAY_ROWS.append("cast(null as date) as a, cast('2024-01-01' as date) as b")
TEXTS = (
    "A & B  (North)", "--x--", "é-ü", "", "2021/22-23/24", "2024 Q1", "2021-23", "1998-00", "0999", "24", "2024\nx", "x2024",
)  # fmt: skip
TEXT_ROWS = [*(f"cast('{text}' as string) as a" for text in TEXTS), "cast(null as string) as a"]
YEARS = "^[12][0-9]{3}(/[0-9]{2})?(-([0-9]{2}|[0-9]{2}/[0-9]{2}|[0-9]{4}(/[0-9]{2})?))?$"
NUMBERS = (
    "0", "0.1", "1.0e-11", "5.0e-11", "-5.0e-11", "1.5e-10", "33.333333333333336", "66.66666666666667", "-12.345678901234567",
    "100", "8.9e8", "9.3e8", "123456789012.125", "-123456789012.125", "8.9e11", "0.30000000000000004", "2.675",
)  # fmt: skip
NUMBER_ROWS = [*(f"cast('{number}' as double) as a" for number in NUMBERS), "cast(null as double) as a"]
COUNTS = ("1, null", "2, 5.0", "3, null", "4, 0.0", "5, null")
COUNT_ROWS = [f"{c.split(',')[0]} as a, cast({c.split(',')[1]} as decimal(38, 10)) as b" for c in COUNTS]
DECIMALS = ("0", "1.5", "-0.0000000001", "0.0000001234", "123456789012.1234567891", "-1000")
DECIMAL_ROWS = [*(f"cast('{d}' as decimal(28, 10)) as a" for d in DECIMALS), "cast(null as decimal(28, 10)) as a"]
WHOLES = ("1 as a, 2 as b", "1 as a, 1 as b", "2 as a, 1 as b", "cast(null as int) as a, cast(null as int) as b")

CASES: dict[str, tuple[list[str], Callable[[Macro], str]]] = {
    "days_between": (DAY_ROWS, lambda macro: macro("a", "b")),
    "add_days": (DAY_ROWS, lambda macro: f"{macro('a', 1)}, {macro('b', -392)}"),
    "last_known": (COUNT_ROWS, lambda macro: f"a, {macro('b')} over (order by a rows between 1 preceding and current row)"),
    "replace_all": (TEXT_ROWS, lambda macro: macro("lower(a)", "[^a-z0-9]+", "-")),
    "matches": (TEXT_ROWS, lambda macro: f"{macro('a', YEARS)}, {macro('a', '^[0-9][0-9][0-9][0-9]$')}"),
    "with_commas": (NUMBER_ROWS, lambda macro: macro("floor(a)")),
    "decimal_text": (DECIMAL_ROWS, lambda macro: f"{macro('a')}, {macro('cast(abs(a) as decimal(28, 10))')}"),
    "ten_places": (NUMBER_ROWS, lambda macro: f"{macro('a')}, {macro('a / 3')}"),
    # Each engine has its own numbers: only compare which rows have equal ones.
    "hash_of": (list(WHOLES), lambda macro: f"{macro('a, b')} = {macro('b, a')}, {macro('a, b')} = {macro('1, 2')}"),
}
"""Macro -> rows, and the expressions with the macro to compute for each row."""


def query_of(name: str, engine: str) -> str:
    """The query of a macro as written for an engine. Its rows are in no order: sorting costs Spark more than the macro."""
    rows, expressions = CASES[name]
    listed = " union all ".join(f"select {n} as row_no, {row}" for n, row in enumerate(rows))
    return f"select row_no, {expressions(getattr(MACROS, f'{engine}__{name}'))} from ({listed}) as t"


first = itemgetter(0)


def on_duckdb(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        return sorted(con.execute(query).fetchall(), key=first)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkSession]":
    """A bare session. Great Expectations, where it is loaded after pyspark, ends a process of these tests: pyspark takes it for
    one that runs its own."""
    engine.preload()
    home = Home(tmp_path_factory.mktemp("spark") / "home").create()
    # Plans are written out whole, however many columns they have.
    settings = QUICK_JAVA | {"spark.sql.debug.maxToStringFields": "10000"}
    with spark_session(home, Spark(master="local[1]", settings=settings)) as spark:
        yield spark


@pytest.fixture
def on_spark(session: "SparkSession") -> Callable[[str], list[tuple[Any, ...]]]:
    """Runs a query in the session. Its rows are sorted by the first column."""
    return lambda query: sorted((tuple(row) for row in session.sql(query).collect()), key=first)


@cache
def is_function(session: "SparkSession", name: str) -> bool:
    """Whether Spark has a function. The models use the same few again and again."""
    return bool(session.catalog.functionExists(name))


def unreadable(session: "SparkSession", sql: str) -> str:
    """Why Spark can't read a query; blank if it can. It need not have the relations: only the syntax and the names of functions
    are looked at.
    """
    from pyspark.errors import ParseException

    try:
        plan = session._jsparkSession.sessionState().sqlParser().parsePlan(sql)
    except ParseException as error:
        return str(error)
    # Spark writes what it has not looked up yet with a quote before it.
    unknown = {name for name in re.findall(r"'(\w+)\(", plan.toString()) if not is_function(session, name)}
    return f"unknown functions: {', '.join(sorted(unknown))}" if unknown else ""


@needs_spark
def test_spark_reads_the_sql_of_every_model(session: "SparkSession", new_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in dbt_runner._environment(new_home).items():
        monkeypatch.setenv(name, value)
    args = ["compile", "--no-write-json", "--no-populate-cache", "--no-introspect", "--target", "spark"]
    with dbt_runner._dbt_lock, dbt_runner._closing_connections("spark"):
        args += ["--select", "resource_type:model"]
        results = dbt_runner._invoke(args, dbt_runner.manifest("spark"), new_home.candidate / "dbt").result.results
    models = {r.node.name: r.node.compiled_code for r in results}
    assert len(models) > 100
    assert {name: why for name, sql in models.items() if (why := unreadable(session, sql))} == {}


@needs_spark
@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select list_filter(a, x -> x > 1) from b", "unknown functions: list_filter"),
        (f"select {'a, ' * 30} list_filter(a, x -> x > 1) from b", "unknown functions: list_filter"),
        ("select * exclude (a) from b", "SYNTAX"),
        ("select a::date from b qualify row_number() over (order by a) = 1", ""),
        ("select count(*) filter (where a) from b", ""),
    ],
)
def test_sql_that_spark_lacks_is_found(session: "SparkSession", sql: str, why: str) -> None:
    assert (why in unreadable(session, sql)) if why else not unreadable(session, sql)


def test_every_macro_has_a_case() -> None:
    assert CASES.keys() == set(re.findall(r"macro duckdb__(\w+)", PORTABLE))


@needs_spark
@pytest.mark.parametrize("name", CASES)
def test_both_engines_give_the_same_rows(name: str, on_spark: Callable[[str], list[tuple[Any, ...]]]) -> None:
    expected = on_duckdb(query_of(name, "duckdb"))
    assert len(expected) == len(CASES[name][0]) and len({row[1:] for row in expected}) > 1, "all rows give the same result"
    assert on_spark(query_of(name, "default")) == expected


@needs_spark
def test_a_number_is_printed_the_same(on_spark: Callable[[str], list[tuple[Any, ...]]]) -> None:
    """Spark cuts and DuckDB rounds in a cast to a whole number."""
    texts = {
        "0": "0", "55": "55", "100": "100", "1.5": "1.5", "40.761": "40.761", "-39.50": "-39.5", "2.00004": "2",
        "0.00005": "0.0001", "0.0000001": "0.0000001",
    }  # fmt: skip
    rows = " union all ".join(f"select {n} as row_no, cast('{text}' as decimal(28, 10)) as a" for n, text in enumerate(texts))
    for run, dialect in ((on_spark, "default"), (on_duckdb, "duckdb")):
        printed = PRINTED.make_module({"decimal_text": getattr(MACROS, f"{dialect}__decimal_text")})
        query = f"select row_no, {printed.plain_number('a')} from ({rows}) as t"
        assert run(query) == list(enumerate(texts.values())), dialect


@needs_spark
def test_a_macro_that_differs_is_found(on_spark: Callable[[str], list[tuple[Any, ...]]]) -> None:
    """Without the option `g`, DuckDB replaces only the first match."""
    query = query_of("replace_all", "duckdb")
    assert ", 'g')" in query
    assert on_duckdb(query.replace(", 'g')", ")")) != on_spark(query_of("replace_all", "default"))
