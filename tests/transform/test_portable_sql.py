"""The models keep to the SQL that DuckDB and Spark share, so that a force can move to Spark without rewriting them.

Two quick checks: constructs that one of the two lacks, and functions that are not known to be in both. What the two spell
differently is in `macros/portable.sql` and nowhere else. test_sql_on_spark.py has Spark read them, and the long run of
test_on_spark.py tests that both give the same rows.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.core.home import DBT_PROJECT

NOT_IN_SPARK = {
    "qualify": r"\bqualify\b",
    "cast by ::": r"::",
    "star except": r"\*\s*(?:except|exclude|replace)\b",
    "whole division": r"//",
    "pivot": r"\b(?:un)?pivot\b",
    "sum of a boolean": r"\bsum\((?!\s*case\b)[^()]*(?:=|<|>|\bis\s+(?:not\s+)?null\b|\blike\b|\bin\b)",
    "try_cast of text to a whole number": r"\btry_cast\(.*\bas\s+(?:tiny|small|big|huge)?int",
    "day less day": r"\b\w*(?:_on|_from|_to|_start|_end|_date|_at)\s*-\s*\w*(?:_on|_from|_to|_start|_end|_date|_at)\b",
    "day of the week": r"\b(?:dayofweek|weekday|isodow|dow)\b",
    "text without a length": r"\bas\s+(?:varchar|text)\s*\)",
    "comma before from": r",\s*from\b",
    "from first": r"(?:\A|\(|;)\s*from\s+\w",
    "quoted name": r'"',
    "union by name": r"\bby\s+name\b",
    "list or struct": r"(?<![\w'\"])[\[{]|\bunnest\b|->",
    "all columns by pattern": r"\bcolumns\(",
    "hugeint": r"\bu?hugeint\b",
    "interval": r"\binterval\b",
}
"""Construct that Spark lacks or reads differently -> its pattern in SQL without comments, strings and Jinja."""

SAMPLES = {
    "qualify": "select a from t qualify row_number() over (order by a) = 1",
    "cast by ::": "select a::int from t",
    "star except": "select * exclude (a) from t",
    "whole division": "select a // 2 from t",
    "pivot": "pivot t on a using sum(b)",
    "sum of a boolean": "select sum(a = 1) from t",
    "try_cast of text to a whole number": "select try_cast(trim(a) as int) from t",
    "day less day": "select covered_to - covered_from from t",
    "day of the week": "select dayofweek(a) from t",
    "text without a length": "select cast(null as varchar) as a",
    "comma before from": "select a, from t",
    "from first": "from t select a",
    "quoted name": 'select "a" from t',
    "union by name": "select a from t union all by name select a from u",
    "list or struct": "select [1, 2] as a",
    "all columns by pattern": "select columns(a) from t",
    "hugeint": "select cast(a as hugeint) from t",
    "interval": "select day + interval 1 day from t",
}

SHARED_SQL = (
    "select sum(case when a = 1 then 1 else 0 end), sum(is_touched) over (partition by b order by c) from t",
    "select count(*) - 1, load_id from t where covered_to >= covered_from and month_no - 11 > 0",
    "select try_cast(a as decimal(28, 10)), cast(b as varchar(4)), cast(c as string) from t",
    "select a from t union all select a from u except select * from w",
)

KEYWORDS = {
    "all", "and", "as", "between", "by", "case", "cross", "else", "exists", "from", "having", "in", "join", "not", "on", "or",
    "over", "select", "then", "union", "using", "values", "when", "where",
}  # fmt: skip
TYPES = {"decimal", "varchar"}
SHARED_FUNCTIONS = {
    "abs", "avg", "cast", "coalesce", "concat", "concat_ws", "count", "first_value", "floor", "greatest", "instr",
    "lag", "last_day", "last_value", "lead", "least", "length", "lower", "lpad", "make_date", "max", "max_by", "min",
    "min_by", "month", "nullif", "regexp_replace", "replace", "round", "row_number", "substr", "sum", "trim", "upper",
    "year",
}  # fmt: skip
"""Functions with the same meaning in both engines. Read both manuals before you add one."""
SPELLED_DIFFERENTLY = {"date_diff", "format", "getvariable", "hash", "regexp_matches"}
"""Functions that `macros/portable.sql` writes for DuckDB, and `materializations.sql` to build mart by mart."""


def without_strings(sql: str) -> str:
    """SQL in lower case without comments, strings and Jinja."""
    sql = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " j ", sql, flags=re.DOTALL)
    sql = re.sub(r"/\*.*?\*/|--[^\n]*", " ", sql, flags=re.DOTALL)
    return re.sub(r"'(?:[^']|'')*'", "''", sql).lower()


def constructs_not_in_spark(sql: str) -> list[str]:
    """Names of constructs in the SQL that Spark lacks."""
    text = without_strings(sql)
    return [name for name, pattern in NOT_IN_SPARK.items() if re.search(pattern, text)]


def functions(sql: str) -> set[str]:
    """Names of functions that the SQL calls."""
    return set(re.findall(r"\b([a-z_]\w*)\s*\(", without_strings(sql))) - KEYWORDS - TYPES


@pytest.fixture
def models(compiled_sql: dict[str, str]) -> dict[str, str]:
    """The compiled SQL of the models."""
    return {p.stem: compiled_sql[p.stem] for p in (DBT_PROJECT / "models").rglob("*.sql")}


def _own_sql(files: Callable[[str], list[Path]]) -> list[Path]:
    """Models and macros, without the files for one engine only."""
    return [p for p in files("*.sql") if p.name not in ("portable.sql", "materializations.sql", "spark.sql")]


@pytest.mark.parametrize("name", NOT_IN_SPARK)
def test_each_construct_is_found_in_its_sample(name: str) -> None:
    assert name in constructs_not_in_spark(SAMPLES[name])


@pytest.mark.parametrize("sql", SHARED_SQL)
def test_shared_sql_passes(sql: str) -> None:
    assert constructs_not_in_spark(sql) == []


def test_sources_have_no_construct_that_spark_lacks(dbt_project: Callable[[str], list[Path]]) -> None:
    constructs = {p.name: constructs_not_in_spark(p.read_text(encoding="utf-8")) for p in _own_sql(dbt_project)}
    assert len(constructs) > 80
    assert {name: f for name, f in constructs.items() if f} == {}


def test_compiled_models_have_no_construct_that_spark_lacks(models: dict[str, str]) -> None:
    """SQL that macros write appears only in compiled models. dbt quotes names as each engine needs."""
    constructs = {name: constructs_not_in_spark(sql.replace('"', "")) for name, sql in models.items()}
    assert {name: f for name, f in constructs.items() if f} == {}


def test_functions_are_in_both_engines(models: dict[str, str]) -> None:
    called = {name: functions(sql) - SHARED_FUNCTIONS - SPELLED_DIFFERENTLY for name, sql in models.items()}
    assert called
    assert {name: f for name, f in called.items() if f} == {}
    assert functions("select date_trunc('month', a), strftime(b, '%Y') from t") == {"date_trunc", "strftime"}


def test_differently_spelled_functions_are_in_one_file(dbt_project: Callable[[str], list[Path]]) -> None:
    for path in _own_sql(dbt_project):
        text = path.read_text(encoding="utf-8")
        assert not [f for f in SPELLED_DIFFERENTLY if re.search(rf"\b{f}\s*\(", text)], path.name
    text = (DBT_PROJECT / "macros" / "portable.sql").read_text(encoding="utf-8")
    names = {kind: set(re.findall(rf"macro {kind}__(\w+)", text)) for kind in ("default", "duckdb")}
    assert names["default"] == names["duckdb"] == set(re.findall(r"macro (?!default__|duckdb__)(\w+)", text))
