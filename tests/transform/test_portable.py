"""The models keep to the SQL that DuckDB and Spark share, so that a force can move to Spark without rewriting them.

Two nets, which say at once what is wrong: constructs that one of the two lacks, and functions that are not known to be in both.
What the two spell differently stands in `macros/portable.sql` and nowhere else. That both come to the same rows is asked in
tests/transform/test_on_spark.py.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.core.home import DBT_PROJECT

LACKING = {
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
"""What Spark lacks or means otherwise, as it stands in SQL without comments, texts and Jinja."""

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

FINE = (
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
SHARED = {
    "abs", "avg", "cast", "coalesce", "concat", "concat_ws", "count", "first_value", "floor", "greatest", "instr",
    "lag", "last_day", "last_value", "lead", "least", "length", "lower", "lpad", "make_date", "max", "max_by", "min",
    "min_by", "month", "nullif", "regexp_replace", "replace", "round", "row_number", "substr", "sum", "trim", "upper",
    "year",
}  # fmt: skip
"""Functions that both engines have with one meaning. Add to them only after a look at both manuals."""
SPELLED_APART = {"date_diff", "getvariable", "hash", "regexp_matches"}
"""What `macros/portable.sql` writes for DuckDB, and `materializations.sql` to ask mart by mart."""


def bare(sql: str) -> str:
    """SQL in lower case without comments, texts and Jinja."""
    sql = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " j ", sql, flags=re.DOTALL)
    sql = re.sub(r"/\*.*?\*/|--[^\n]*", " ", sql, flags=re.DOTALL)
    return re.sub(r"'(?:[^']|'')*'", "''", sql).lower()


def lacking(sql: str) -> list[str]:
    """Names of the constructs in it that Spark lacks."""
    text = bare(sql)
    return [name for name, pattern in LACKING.items() if re.search(pattern, text)]


def functions(sql: str) -> set[str]:
    """Names that are called in it."""
    return set(re.findall(r"\b([a-z_]\w*)\s*\(", bare(sql))) - KEYWORDS - TYPES


@pytest.fixture
def models(compiled: dict[str, str]) -> dict[str, str]:
    """The compiled SQL of the models."""
    return {p.stem: compiled[p.stem] for p in (DBT_PROJECT / "models").rglob("*.sql")}


def _own_sql(files: Callable[[str], list[Path]]) -> list[Path]:
    """Models and macros, less those that are there for one of the two."""
    return [p for p in files("*.sql") if p.name not in ("portable.sql", "materializations.sql", "spark.sql")]


@pytest.mark.parametrize("name", LACKING)
def test_each_construct_would_be_seen(name: str) -> None:
    assert name in lacking(SAMPLES[name])


@pytest.mark.parametrize("sql", FINE)
def test_shared_sql_is_let_through(sql: str) -> None:
    assert lacking(sql) == []


def test_sources_have_no_construct_that_spark_lacks(dbt_project: Callable[[str], list[Path]]) -> None:
    found = {p.name: lacking(p.read_text(encoding="utf-8")) for p in _own_sql(dbt_project)}
    assert len(found) > 80
    assert {name: f for name, f in found.items() if f} == {}


def test_compiled_models_have_none_either(models: dict[str, str]) -> None:
    """SQL that a macro makes of texts is seen only here. Names are quoted by dbt, as each engine wants them."""
    found = {name: lacking(sql.replace('"', "")) for name, sql in models.items()}
    assert {name: f for name, f in found.items() if f} == {}


def test_functions_are_those_of_both(models: dict[str, str]) -> None:
    called = {name: functions(sql) - SHARED - SPELLED_APART for name, sql in models.items()}
    assert called
    assert {name: f for name, f in called.items() if f} == {}
    assert functions("select date_trunc('month', a), strftime(b, '%Y') from t") == {"date_trunc", "strftime"}


def test_what_is_spelled_apart_stands_in_one_place(dbt_project: Callable[[str], list[Path]]) -> None:
    for path in _own_sql(dbt_project):
        text = path.read_text(encoding="utf-8")
        assert not [f for f in SPELLED_APART if re.search(rf"\b{f}\s*\(", text)], path.name
    text = (DBT_PROJECT / "macros" / "portable.sql").read_text(encoding="utf-8")
    names = {kind: set(re.findall(rf"macro {kind}__(\w+)", text)) for kind in ("default", "duckdb")}
    assert names["default"] == names["duckdb"] == set(re.findall(r"macro (?!default__|duckdb__)(\w+)", text))
