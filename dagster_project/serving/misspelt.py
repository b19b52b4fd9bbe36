"""Names in a question that the published night does not have. Without this a misspelt measure would just return no rows."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from dagster_project.core.similar_names import closest_names
from dagster_project.core.sql import one_row

MOST = 100_000
"""Characters of a question that are looked at."""
COLUMNS = {
    "measure": "select distinct name from meta.dictionary where kind = 'measure'",
    "mart": "select distinct relation_name from meta.dictionary where kind = 'measure'",
    "category": "select distinct category from marts.measures",
    "area_type": "select distinct area_type from marts.measures",
    "area_name": "select distinct area_name from marts.measures",
    "force_code": "select distinct force_code from marts.measures",
    "period_type": "select distinct period_type from marts.measures",
    "data_status": "select distinct data_status from marts.measures",
    "extract": "select distinct extract from meta.extracts",
}
"""Columns whose values are names -> SQL for all that there are."""


def misspelt(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """A sentence for each text that the question holds against one of COLUMNS and that is none of its values.

    Empty where DuckDB gives no syntax tree of the question.
    """
    try:
        (text,) = one_row(con.cursor().execute("select json_serialize_sql($1::varchar)", [sql[:MOST]]))
        compared = dict.fromkeys(_compared(json.loads(text)))
        known = {column: _known(con, column) for column in {c for c, _ in compared}}
    except (duckdb.Error, ValueError, RecursionError):
        return []
    said = []
    for column, value in compared:
        if value not in known[column]:
            near = closest_names(value, known[column])
            there = f"nearest: {', '.join(near)}" if near else f"select distinct {column} shows what there is"
            said.append(f"no {column.replace('_', ' ')} `{value}`; {there}")
    return said


def _known(con: duckdb.DuckDBPyConnection, column: str) -> set[str]:
    return {value for (value,) in con.cursor().execute(COLUMNS[column]).fetchall() if value is not None}


def _compared(node: Any) -> Iterator[tuple[str, str]]:
    """Column and text of each `column = 'text'` and `column in ('text', ...)` of a syntax tree."""
    if isinstance(node, list):
        for one in node:
            yield from _compared(one)
    if not isinstance(node, dict):
        return
    sides: list[Any] = []
    if node.get("type") == "COMPARE_EQUAL":
        sides = [node.get("left"), node.get("right")]
    elif node.get("type") == "COMPARE_IN":
        sides = list(node.get("children") or ())
    columns = [name for side in sides if (name := _column(side))]
    if len(columns) == 1:
        yield from ((columns[0], text) for side in sides if (text := _text(side)) is not None)
    for one in node.values():
        yield from _compared(one)


def _column(node: Any) -> str | None:
    names = node.get("column_names") if isinstance(node, dict) else None
    name = str(names[-1]).lower() if names else ""
    return name if name in COLUMNS else None


def _text(node: Any) -> str | None:
    literal = node.get("literal") if isinstance(node, dict) else None
    return literal["text"] if isinstance(literal, dict) and literal.get("kind") == "STRING" else None
