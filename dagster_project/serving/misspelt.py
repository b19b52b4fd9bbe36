"""Finds names in a query that the published night does not have. A misspelt measure would otherwise just return no rows."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from dagster_project.core.similar_names import closest_names, closest_titled
from dagster_project.core.sql import one_row

MOST = 100_000
"""Characters of a query that are parsed."""
COLUMNS = {
    "measure": "select distinct name from meta.dictionary where kind = 'measure'",
    "measure_key": "select measure_key from bi.dim_measure",
    "mart": "select distinct relation_name from meta.dictionary where kind = 'measure'",
    "category": "select distinct category from marts.measures",
    "area_type": "select distinct area_type from marts.measures",
    "area_code": "select distinct area_code from marts.measures",
    "area_key": "select area_key from bi.dim_area",
    "area_name": "select distinct area_name from marts.measures",
    "force_code": "select distinct force_code from marts.measures",
    "period_type": "select distinct period_type from marts.measures",
    "data_status": "select distinct data_status from marts.measures",
    "extract": "select distinct extract from meta.extracts",
}
"""Columns whose values are names -> SQL for all their values."""


def misspelt(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """A sentence for each text that the query compares with one of COLUMNS and that is not one of its values.

    Empty if DuckDB can't parse the query.
    """
    try:
        (text,) = one_row(con.cursor(), "select json_serialize_sql($1::varchar)", [sql[:MOST]])
        comparisons = dict.fromkeys(_comparisons(json.loads(text)))
        known = {column: _values(con, column) for column in {c for c, _ in comparisons}}
    except (duckdb.Error, ValueError, RecursionError):
        return []
    sentences = []
    for column, value in comparisons:
        if value not in known[column]:
            near = closest_titled(value, _titles(con)) if column == "measure" else closest_names(value, known[column])
            hint = f"nearest: {', '.join(near)}" if near else f"select distinct {column} shows what there is"
            sentences.append(f"no {column.replace('_', ' ')} `{value}`; {hint}")
    return sentences


def _values(con: duckdb.DuckDBPyConnection, column: str) -> set[str]:
    return {value for (value,) in con.cursor().execute(COLUMNS[column]).fetchall() if value is not None}


def _titles(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(con.cursor().execute("select name, title from meta.dictionary where kind = 'measure'").fetchall())


def _comparisons(node: Any) -> Iterator[tuple[str, str]]:
    """Column and text of each `column = 'text'` and `column in ('text', ...)` of a syntax tree."""
    if isinstance(node, list):
        for part in node:
            yield from _comparisons(part)
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
    for part in node.values():
        yield from _comparisons(part)


def _column(node: Any) -> str | None:
    names = node.get("column_names") if isinstance(node, dict) else None
    name = str(names[-1]).lower() if names else ""
    return name if name in COLUMNS else None


def _text(node: Any) -> str | None:
    literal = node.get("literal") if isinstance(node, dict) else None
    return literal["text"] if isinstance(literal, dict) and literal.get("kind") == "STRING" else None
