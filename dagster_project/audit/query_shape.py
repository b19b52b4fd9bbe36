"""A query's shape for the record: what it asks of which relations, without the values that a person typed.

A query can only reach published figures, yet a person may type a name or a number that is personal data.
"""

from itertools import pairwise

import duckdb

LONGEST = 500


def shape_of(sql: str) -> str:
    """The query with each constant and quoted name as `?`, without comments, at most `LONGEST` characters."""
    raw = sql.encode("utf-8")
    starts = [*duckdb.tokenize(sql), (len(raw), None)]
    parts = []
    for (start, kind), (end, _) in pairwise(starts):
        text = raw[start:end].decode("utf-8", "replace")
        if kind in (duckdb.token_type.string_const, duckdb.token_type.numeric_const) or text.startswith('"'):
            text = "? "
        elif kind == duckdb.token_type.comment:
            text = " "
        parts.append(text)
    return " ".join("".join(parts).split())[:LONGEST]
