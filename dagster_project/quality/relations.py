"""Rules on the columns of a mart, a table of the report or a staging model, as a suite's YAML gives them.

Only the columns that a rule names are read. Of a relation with more than a million rows, a rule that looks at each value
by itself is asked of the distinct values.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.checks import Check
from dagster_project.core.home import Home
from dagster_project.core.memory import limit_memory
from dagster_project.core.similar_names import closest_names
from dagster_project.core.sql import literal, one_row
from dagster_project.transform.raw_schema import WAREHOUSE, WORK

from . import engine
from .suites import Suite

if TYPE_CHECKING:
    import pandas as pd

SCHEMAS = {
    "marts": "warehouse", "reports": "warehouse", "staging": "work", "marts_public": "warehouse", "bi": "warehouse",
}  # fmt: skip
"""Where relations are looked for, in this order, and in which of the candidate's files."""
AT_ONCE = 1_000_000
BY_VALUE = {
    "expect_column_values_to_be_between", "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex",
    "expect_column_values_to_match_regex_list", "expect_column_values_to_not_match_regex_list",
    "expect_column_values_to_not_be_null", "expect_column_values_to_be_null", "expect_column_value_lengths_to_be_between",
    "expect_column_value_lengths_to_equal", "expect_column_values_to_match_strftime_format",
    "expect_column_distinct_values_to_be_in_set", "expect_column_distinct_values_to_contain_set",
    "expect_column_distinct_values_to_equal_set", "expect_column_min_to_be_between", "expect_column_max_to_be_between",
}  # fmt: skip
"""What a column's distinct values answer as all of its values do, where all have to pass."""
LISTS = ("partial_unexpected_list", "partial_unexpected_counts", "observed_value", "details")


def judge_relations(home: Home, suites: Iterable[Suite]) -> tuple[list[Check], list[dict[str, Any]]]:
    """The answer to each rule of the suites, and Great Expectations' own results. A rule that can't be asked has failed; a
    staging model of an extract that no file has come of is not judged."""
    checks: list[Check] = []
    results: list[dict[str, Any]] = []
    con = duckdb.connect()
    try:
        limit_memory(con, home)
        for name, file in (("work", WORK), ("warehouse", WAREHOUSE)):
            con.execute(f"attach {literal(str(home.candidate / file))} as {name} (read_only)")
        dropped = {row[0] for row in con.execute("select distinct extract from work.raw.loads").fetchall()}
        for suite in suites:
            found, schema, name = _find(con, suite.relation)
            subject = name.removeprefix("stg_") if schema == "staging" else name if schema == "marts" else suite.relation
            if found is None:
                checks += [_check(suite, subject, e, False, f"the check failed to run: {name}") for e in suite.expectations]
            elif schema == "staging" and name.startswith("stg_") and subject not in dropped:
                continue
            else:
                own, result = _judge(con, suite, subject, found, _private(schema, subject))
                checks += own
                results += result
    finally:
        con.close()
    return checks, results


def _find(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[str | None, str, str]:
    """A relation's full name in SQL, its schema and its name; without the first, what is wrong in place of the last."""
    schema, _, name = relation.rpartition(".")
    there = con.execute(
        "select database_name, schema_name, table_name from duckdb_tables() union all"
        " select database_name, schema_name, view_name from duckdb_views() where not internal"
    ).fetchall()
    for own, database in SCHEMAS.items():
        if schema in ("", own) and (database, own, name) in there:
            return f'{database}.{own}."{name}"', own, name
    near = closest_names(name, {n for d, s, n in there if SCHEMAS.get(s) == d and schema in ("", s)})
    return None, "", f"no mart, report or staging model is called {relation}{_nearest(near)}"


def _nearest(names: Iterable[str]) -> str:
    near = ", ".join(names)
    return f"; nearest: {near}" if near else ""


def _private(schema: str, subject: str) -> set[str]:
    """Columns of a staging model that tell rows or people apart: no value of theirs leaves it."""
    contract = load_contracts().get(subject) if schema == "staging" else None
    return {c.name for c in contract.columns if c.key or c.identifier} if contract else set()


def _judge(
    con: duckdb.DuckDBPyConnection, suite: Suite, subject: str, relation: str, private: set[str]
) -> tuple[list[Check], list[dict[str, Any]]]:
    kinds = {row[0]: str(row[1]) for row in con.execute(f"describe {relation}").fetchall()}
    (rows,) = one_row(con.execute(f"select count(*) from {relation}"))
    checks, askable = [], []
    for e in suite.expectations:
        wanted = _named(e["kwargs"])
        lacking = sorted(wanted - kinds.keys())
        if lacking:
            near = sorted({n for c in lacking for n in closest_names(c, set(kinds))})
            why = f"there is no column {', '.join(lacking)} in {suite.relation}{_nearest(near)}"
        else:
            why = "there is no row to judge" if not rows and wanted else engine.why_not(e)
        if why:
            checks.append(_check(suite, subject, e, False, f"the check failed to run: {why}"))
        else:
            askable.append(e)
    results: list[dict[str, Any]] = []
    for names, is_distinct, part in _batches(askable, kinds, rows):
        found = engine.validate_values(suite.name, part, _frame(con, relation, names, kinds, is_distinct))
        found["meta"] |= {"relation": suite.relation, "rows": rows, "of_distinct_values": is_distinct}
        answers = {a["expectation_config"]["meta"]["rule"]: a for a in found["results"]}
        for e in part:
            checks.append(_answer(suite, subject, e, answers.get(e["meta"]["rule"]), rows, is_distinct, private))
        results.append(found)
    return checks, results


def _named(kwargs: dict[str, Any]) -> set[str]:
    """The columns that a rule's arguments name."""
    given = [v for k, v in kwargs.items() if k in ("column", "column_A", "column_B", "column_list")]
    return {str(c) for v in given for c in (v if isinstance(v, list) else [v])}


def _batches(
    expectations: list[dict[str, Any]], kinds: dict[str, str], rows: int
) -> list[tuple[list[str], bool, list[dict[str, Any]]]]:
    """What is read together: columns, whether only their distinct values, and the rules that are asked of it."""
    together: list[dict[str, Any]] = []
    by_column: dict[str, list[dict[str, Any]]] = {}
    for e in expectations:
        alone = e["type"] in BY_VALUE and e["kwargs"].get("mostly", 1) == 1 and "row_condition" not in e["kwargs"]
        if rows > AT_ONCE and alone:
            by_column.setdefault(e["kwargs"]["column"], []).append(e)
        else:
            together.append(e)
    batches = [([column], True, own) for column, own in by_column.items()]
    if together:
        needed: set[str] = set()
        for e in together:
            words = set(re.findall(r"\w+", str(e["kwargs"].get("row_condition", ""))))
            # A rule of the table as a whole asks which columns it has, or counts its rows.
            whole = set(kinds) if "table_column" in e["type"] else {next(iter(kinds))}
            needed |= _named(e["kwargs"]) | (words & kinds.keys()) or whole
        batches.append(([c for c in kinds if c in needed], False, together))
    return batches


def _frame(
    con: duckdb.DuckDBPyConnection, relation: str, names: list[str], kinds: dict[str, str], is_distinct: bool
) -> "pd.DataFrame":
    """The columns as pandas has them: decimals as floats, days as days."""
    columns = ", ".join(
        f'cast("{n}" as double) as "{n}"' if kinds[n].startswith("DECIMAL") else f'"{n}"' for n in names
    )
    frame = con.execute(f"select {'distinct ' if is_distinct else ''}{columns} from {relation}").df()
    for name in names:
        if kinds[name] == "DATE":
            frame[name] = frame[name].dt.date
    return frame


def _answer(
    suite: Suite,
    subject: str,
    e: dict[str, Any],
    answer: dict[str, Any] | None,
    rows: int,
    is_distinct: bool,
    private: set[str],
) -> Check:
    if answer is None:
        return _check(suite, subject, e, False, "the check gave no result")
    result = answer.get("result") or {}
    if error := clean_error(answer):
        return _check(suite, subject, e, False, f"the check failed to run: {error}")
    column = ", ".join(sorted(_named(e["kwargs"]))) or suite.relation
    counts = result.get("partial_unexpected_counts") or []
    if "observed_value" in result:
        values = f" is {_short(result['observed_value'])}"
    else:
        values = " " + ", ".join(_short(c["value"]) for c in counts[:5]) + (" and more" if len(counts) > 5 else "")
        n = result.get("unexpected_count")
        values = f"{values.rstrip()}: {n:,} of {'the distinct values of ' if is_distinct else ''}{rows:,} rows" if n else values
    if private & _named(e["kwargs"]):
        # In the results that are kept, too.
        for name in LISTS:
            result.pop(name, None)
        values = f": {result.get('unexpected_count', 'some')} of {rows:,} rows (values of keys and identifiers are not shown)"
    passed = answer["success"] is True
    return _check(suite, subject, e, passed, "" if passed else f"{column}{values}")


def clean_error(answer: dict[str, Any]) -> str:
    """Why a rule could not be asked, if so. Takes the traceback out of the answer: it has paths of this machine."""
    info = answer.get("exception_info") or {}
    parts = [info] if "raised_exception" in info else list(info.values())
    said = ""
    for part in parts:
        if part.get("raised_exception"):
            said = str(part.get("exception_message") or "it raised an error")
            part["exception_traceback"] = ""
    return " ".join(said.split())


def _short(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"({', '.join(_short(v) for v in value[:8])}{', ...' if len(value) > 8 else ''})"
    text = f"{float(value):.6g}" if isinstance(value, float) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _check(suite: Suite, subject: str, e: dict[str, Any], passed: bool, found: str) -> Check:
    meta = e["meta"]
    return Check(suite.name, subject, meta["rule"], e["severity"], passed, found, meta["reason"], meta["advice"])
