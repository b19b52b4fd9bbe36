"""A query's shape for the record: what it asks of which relations, without the values and names that a person typed.

A query can only reach published figures, yet a person may type a name or a number that is personal data: as a value, as an
alias, as a relation that there is not. So DuckDB's own parser reads it, and of its syntax tree only what the language and
the published night call so is kept.
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
"""Keys of the tree whose text is DuckDB's own word, where it is written as these are."""

_WORD = re.compile(r"[A-Z][A-Z_]*")
_TOKEN = re.compile(r"[^\W\d]\w*|\W", re.ASCII)


def shape_of(sql: str, known: Collection[str] = frozenset()) -> str:
    """The query with each constant as `?`, and each name as `_` that is neither in `known` nor DuckDB's own; without comments,
    at most `LONGEST` characters."""
    sql = sql[:LONGEST_READ]
    with duckdb.connect(config={"threads": 1}) as con:
        shape = _of_tree(con, sql, known)
        return (_of_words(sql, known, _functions(con)) if shape is None else shape)[:LONGEST]


def _of_tree(con: duckdb.DuckDBPyConnection, sql: str, known: Collection[str]) -> str | None:
    """The shape as the syntax tree has it; None where DuckDB gives no tree of such a statement, or can't write it as SQL."""
    try:
        tree = json.loads(one_row(con.execute("select json_serialize_sql($1::varchar)", [sql]))[0])
        if tree.pop("error"):
            return None
        masked = json.dumps({"error": False, **_masked(tree, known, _functions(con))})
        (text,) = one_row(con.execute("select json_deserialize_sql($1::json)", [masked]))
    except (duckdb.Error, ValueError, RecursionError):
        return None
    # What is quoted here is a word of the language that the night calls a column.
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
    """The same of a statement of which there is no tree, word for word: keywords, operators and known names stay."""
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
            called = word.lower() in functions or word in known
            parts.append(text if called else f"{NAME}{' ' if text != text.rstrip() else ''}")
        else:
            # A token's text goes on to the next one's: what is no word of the language in between was typed by a person.
            parts.append("".join(_kept(t, known, functions) for t in _TOKEN.findall(text)))
    return " ".join("".join(parts).split())


def _kept(token: str, known: Collection[str], functions: Collection[str]) -> str:
    is_word = token[:1].isalpha() or token[:1] == "_"
    return token if not is_word or token in known or token.lower() in functions or token.lower() in _keywords() else NAME


@cache
def _keywords() -> frozenset[str]:
    with duckdb.connect(config={"threads": 1}) as con:
        return frozenset(word for (word,) in con.execute("select keyword_name from duckdb_keywords()").fetchall())


_FUNCTIONS: dict[str, frozenset[str]] = {}


def _functions(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """What DuckDB itself calls functions and types."""
    if not _FUNCTIONS:
        found = con.execute(
            "select lower(function_name) from duckdb_functions() union select lower(type_name) from duckdb_types()"
        )
        _FUNCTIONS["all"] = frozenset(name for (name,) in found.fetchall())
    return _FUNCTIONS["all"]
