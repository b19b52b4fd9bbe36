"""A query's shape, for the record: what it selects from which relations, without the values and names that a person typed.

A query reaches only published figures, but a person may type personal data in it: as a value, as an alias, or as a relation
that does not exist. So DuckDB parses it, and of the syntax tree only words of SQL and names of the published night are kept.
"""

import json
import re
from collections.abc import Collection
from functools import cache
from itertools import pairwise
from typing import Any

import duckdb

from dagster_project.core.sql import one_row

LONGEST = 500
LONGEST_READ = 100_000
NAME, VALUE = "_", "?"

_OF_LANGUAGE = frozenset((
    "type", "class", "kind", "join_type", "ref_type", "aggregate_handling", "null_order", "setop_type", "show_type",
    "materialized", "start", "end", "exclude_clause", "order_type", "sample_size_is_percentage", "method", "on_entries",
))  # fmt: skip
"""Keys of the tree whose value is one of DuckDB's own words, if it is written in capitals."""

_WORD = re.compile(r"[A-Z][A-Z_]*")
_TOKEN = re.compile(r"[^\W\d]\w*|\W", re.ASCII)


def shape_of(sql: str, known: Collection[str] = frozenset()) -> str:
    """The query with `?` for each constant, `_` for each name that is neither in `known` nor DuckDB's own, and no comments; at
    most `LONGEST` characters.
    """
    sql = sql[:LONGEST_READ]
    with duckdb.connect(config={"threads": 1}) as con:
        shape = _of_tree(con, sql, known)
        return (_of_words(sql, known, _functions()) if shape is None else shape)[:LONGEST]


def _of_tree(con: duckdb.DuckDBPyConnection, sql: str, known: Collection[str]) -> str | None:
    """The shape from the syntax tree; None if DuckDB has no tree for such a statement, or can't write it back as SQL."""
    try:
        tree = json.loads(one_row(con.execute("select json_serialize_sql($1::varchar)", [sql]))[0])
        if tree.pop("error"):
            return None
        masked = json.dumps({"error": False, **_masked(tree, known, _functions())})
        (text,) = one_row(con.execute("select json_deserialize_sql($1::json)", [masked]))
    except (duckdb.Error, ValueError, RecursionError):
        return None
    # Words still in quotes are keywords that are also names of columns.
    return " ".join(re.sub(r'"(\w+)"', r"\1", text).replace(f"'{VALUE}'", VALUE).split())


def _masked(node: Any, known: Collection[str], functions: Collection[str], key: str = "") -> Any:
    if isinstance(node, dict):
        if "literal" in node and isinstance(node["literal"], dict):
            return {**node, "alias": _name(node.get("alias"), known), "literal": {"kind": "STRING", "text": VALUE}}
        return {k: _masked(v, known, functions, k) for k, v in node.items()}
    if isinstance(node, list):
        return [_masked(v, known, functions, key) for v in node]
    if not isinstance(node, str) or (key in _OF_LANGUAGE and _WORD.fullmatch(node)):
        return node
    if key in ("function_name", "type_name", "path") and node.lower() in functions:
        return node
    return _name(node, known)


def _name(text: str | None, known: Collection[str]) -> str | None:
    return text if not text or text in known else NAME


def _of_words(sql: str, known: Collection[str], functions: Collection[str]) -> str:
    """The shape of a statement without a syntax tree, token by token: keywords, operators and known names stay."""
    raw = sql.encode("utf-8")
    parts = []
    for (start, kind), (end, _) in pairwise([*duckdb.tokenize(sql), (len(raw), None)]):
        text = raw[start:end].decode("utf-8", "replace")
        word = text.strip()
        if kind in (duckdb.token_type.string_const, duckdb.token_type.numeric_const):
            parts.append(f" {VALUE} ")
        elif kind == duckdb.token_type.comment:
            parts.append(" ")
        elif kind == duckdb.token_type.identifier:
            is_known = word.lower() in functions or word in known
            parts.append(text if is_known else f"{NAME}{' ' if text != text.rstrip() else ''}")
        else:
            # The text reaches to the next token: any word in it that is not SQL was typed by a person.
            parts.append("".join(_mask_word(t, known, functions) for t in _TOKEN.findall(text)))
    return " ".join("".join(parts).split())


def _mask_word(token: str, known: Collection[str], functions: Collection[str]) -> str:
    is_word = token[:1].isalpha() or token[:1] == "_"
    return token if not is_word or token in known or token.lower() in functions or token.lower() in _keywords() else NAME


@cache
def _keywords() -> frozenset[str]:
    with duckdb.connect(config={"threads": 1}) as con:
        return frozenset(word for (word,) in con.execute("select keyword_name from duckdb_keywords()").fetchall())


@cache
def _functions() -> frozenset[str]:
    """The names of DuckDB's own functions and types."""
    with duckdb.connect(config={"threads": 1}) as con:
        names = con.execute(
            "select lower(function_name) from duckdb_functions() union select lower(type_name) from duckdb_types()"
        )
        return frozenset(name for (name,) in names.fetchall())
