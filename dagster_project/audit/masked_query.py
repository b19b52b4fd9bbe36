"""Masks a query for the record: what it selects from which relations stays, the values and names that a person typed do not.

A query reaches only published figures, but a person may type personal data in it: as a value, as an alias, or as a relation
that does not exist. So of its words only those of DuckDB and names of the published night are kept.
"""

import re
from collections.abc import Collection
from functools import cache
from itertools import pairwise

import duckdb

LONGEST = 500
LONGEST_READ = 100_000
NAME, VALUE = "_", "?"

_CONSTANTS = (duckdb.token_type.string_const, duckdb.token_type.numeric_const)
_WORD = re.compile('"(?:[^"]|"")*"?|[A-Za-z0-9_\x80-\U0010ffff]+')
"""A quoted name, or any run of letters and digits: whatever is not ASCII may be part of a name."""


def mask_query(sql: str, known: Collection[str] = frozenset()) -> str:
    """The query with `?` for each constant, `_` for each name that is neither in `known` nor DuckDB's own, and no comments; at
    most `LONGEST` characters.
    """
    sql = sql[:LONGEST_READ]
    raw = sql.encode("utf-8")
    parts = []
    # A token's text reaches to the next token: whatever words are in it are masked, too.
    for (start, kind), (end, _) in pairwise([*duckdb.tokenize(sql), (len(raw), None)]):
        text = raw[start:end].decode("utf-8", "replace")
        if kind in _CONSTANTS:
            parts.append(f" {VALUE} ")
        elif kind == duckdb.token_type.comment:
            parts.append(" ")
        else:
            parts.append(_WORD.sub(lambda m: m[0] if m[0] in known or m[0].lower() in _own_words() else NAME, text))
    return " ".join("".join(parts).split())[:LONGEST]


@cache
def _own_words() -> frozenset[str]:
    """DuckDB's keywords, and the names of its functions and types."""
    with duckdb.connect(config={"threads": 1}) as con:
        words = con.execute(
            "select keyword_name from duckdb_keywords() union select lower(function_name) from duckdb_functions()"
            " union select lower(type_name) from duckdb_types()"
        )
        return frozenset(word for (word,) in words.fetchall())
