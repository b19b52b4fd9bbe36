"""Runs a suite's rules on the columns of a mart, a table of the report or a staging model. Reads only the columns that they
name."""

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import read_candidate
from dagster_project.core.check_results import Check
from dagster_project.core.home import Home
from dagster_project.core.similar_names import closest_names
from dagster_project.core.sql import one_row

from . import engine
from .suites import COLUMN_ARGUMENTS, Suite, answer_to

if TYPE_CHECKING:
    import pandas as pd

SCHEMAS = {
    "marts": "warehouse", "reports": "warehouse", "staging": "work", "marts_public": "warehouse", "bi": "warehouse",
}  # fmt: skip
"""The schemas in which relations are looked for, in this order, and the candidate's file that has each."""
SHOW_VALUES = ("partial_unexpected_list", "partial_unexpected_counts", "observed_value", "details")
"""The parts of an answer that show a column's values."""


def judge_relations(home: Home, suites: Collection[Suite]) -> tuple[list[Check], list[dict[str, Any]]]:
    """The check of each rule of the suites, and Great Expectations' own results.

    A rule that can't be run has failed. The staging model of an extract without any file is not judged.
    """
    checks: list[Check] = []
    results: list[dict[str, Any]] = []
    if not suites:
        return checks, results
    with read_candidate(home) as con:
        loaded = {row[0] for row in con.execute("select distinct extract from work.raw.loads").fetchall()}
        for suite in suites:
            relation, schema, name = _find(con, suite.relation)
            subject = suite.subject_in(schema, name)
            if relation is None:
                checks += [answer_to(suite, subject, e, False, f"the check failed to run: {name}") for e in suite.expectations]
            elif not (schema == "staging" and name.startswith("stg_") and subject not in loaded):
                suite_checks, suite_results = _judge(con, suite, subject, relation, _private_columns(schema, subject))
                checks += suite_checks
                results += suite_results
    return checks, results


def _find(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[str | None, str, str]:
    """A relation's full name in SQL, its schema and its name; if there is none: None, blank, and what is wrong."""
    schema, _, name = relation.rpartition(".")
    relations = con.execute(
        "select database_name, schema_name, table_name from duckdb_tables() union all"
        " select database_name, schema_name, view_name from duckdb_views() where not internal"
    ).fetchall()
    for own, database in SCHEMAS.items():
        if schema in ("", own) and (database, own, name) in relations:
            return f'{database}.{own}."{name}"', own, name
    similar = closest_names(name, {n for d, s, n in relations if SCHEMAS.get(s) == d and schema in ("", s)})
    return None, "", f"no mart, report or staging model is called {relation}{_list_nearest(similar)}"


def _list_nearest(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"; nearest: {listed}" if listed else ""


def _private_columns(schema: str, subject: str) -> set[str]:
    """Columns of a staging model that identify rows or people: none of their values may be shown."""
    contract = load_contracts().get(subject) if schema == "staging" else None
    return {c.name for c in contract.columns if c.key or c.identifier} if contract else set()


def _judge(
    con: duckdb.DuckDBPyConnection, suite: Suite, subject: str, relation: str, private: set[str]
) -> tuple[list[Check], list[dict[str, Any]]]:
    kinds = {row[0]: str(row[1]) for row in con.execute(f"describe {relation}").fetchall()}
    (rows,) = one_row(con, f"select count(*) from {relation}")
    checks: list[Check] = []
    valid: list[dict[str, Any]] = []
    for e in suite.expectations:
        columns = _columns_of(e["kwargs"])
        missing = sorted(columns - kinds.keys())
        if missing:
            similar = sorted({n for c in missing for n in closest_names(c, set(kinds))})
            problem = f"there is no column {', '.join(missing)} in {suite.relation}{_list_nearest(similar)}"
        else:
            problem = "there is no row to judge" if not rows and columns else engine.invalid_reason(e)
        if problem:
            checks.append(answer_to(suite, subject, e, False, f"the check failed to run: {problem}"))
        else:
            valid.append(e)
    if not valid:
        return checks, []
    result = engine.validate_values(suite.name, valid, _frame(con, relation, _columns_read(valid, kinds), kinds))
    result["meta"] |= {"relation": suite.relation, "rows": rows}
    answers = {a["expectation_config"]["meta"]["rule"]: a for a in result["results"]}
    checks += [_answer(suite, subject, e, answers.get(e["meta"]["rule"]), rows, private) for e in valid]
    return checks, [result]


def _columns_of(kwargs: dict[str, Any]) -> set[str]:
    values = [kwargs[name] for name in COLUMN_ARGUMENTS if name in kwargs]
    return {str(c) for v in values for c in (v if isinstance(v, list) else [v])}


def _columns_read(expectations: list[dict[str, Any]], kinds: dict[str, str]) -> list[str]:
    """The columns that rules need."""
    needed: set[str] = set()
    for e in expectations:
        words = set(re.findall(r"\w+", str(e["kwargs"].get("row_condition", ""))))
        # A rule about the whole table looks at its column names, or counts its rows, for which any column will do.
        whole = set(kinds) if "table_column" in e["type"] else {next(iter(kinds))}
        needed |= _columns_of(e["kwargs"]) | (words & kinds.keys()) or whole
    return [c for c in kinds if c in needed]


def _frame(con: duckdb.DuckDBPyConnection, relation: str, names: list[str], kinds: dict[str, str]) -> "pd.DataFrame":
    """The columns as a data frame: decimals as floats, as DuckDB gives them, dates as `date`."""
    columns = ", ".join(f'"{n}"' for n in names)
    frame = con.execute(f"select {columns} from {relation}").df()
    for name in names:
        if kinds[name] == "DATE":
            frame[name] = frame[name].dt.date
    return frame


def _answer(
    suite: Suite, subject: str, e: dict[str, Any], answer: dict[str, Any] | None, rows: int, private: set[str]
) -> Check:
    if answer is None:
        return answer_to(suite, subject, e, False, "the check gave no result")
    result = answer.get("result") or {}
    if error := take_error(answer):
        return answer_to(suite, subject, e, False, f"the check failed to run: {error}")
    column = ", ".join(sorted(_columns_of(e["kwargs"]))) or suite.relation
    counts = result.get("partial_unexpected_counts") or []
    if "observed_value" in result:
        values = f" is {_short(result['observed_value'])}"
    else:
        values = " " + ", ".join(_short(c["value"]) for c in counts[:5]) + (" and more" if len(counts) > 5 else "")
        n = result.get("unexpected_count")
        values = f"{values.rstrip()}: {n:,} of {rows:,} rows" if n else values
    if private & _columns_of(e["kwargs"]):
        # Also taken out of the stored results.
        for name in SHOW_VALUES:
            result.pop(name, None)
        values = f": {result.get('unexpected_count', 'some')} of {rows:,} rows (values of keys and identifiers are not shown)"
    passed = answer["success"] is True
    return answer_to(suite, subject, e, passed, "" if passed else f"{column}{values}")


def take_error(answer: dict[str, Any]) -> str:
    """Why a rule could not be run, if so. Also takes the traceback, which has paths of this machine, out of the answer."""
    info = answer.get("exception_info") or {}
    parts = [info] if "raised_exception" in info else list(info.values())
    message = ""
    for part in parts:
        if part.get("raised_exception"):
            message = str(part.get("exception_message") or "it raised an error")
            part["exception_traceback"] = ""
    return " ".join(message.split())


def _short(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"({', '.join(_short(v) for v in value[:8])}{', ...' if len(value) > 8 else ''})"
    text = f"{float(value):.6g}" if isinstance(value, float) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
