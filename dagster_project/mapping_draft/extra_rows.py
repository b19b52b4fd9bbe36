"""Finds rows in or below a table that are not records: totals, source lines, end marks."""

import re
from dataclasses import dataclass

import duckdb

from dagster_project.core.sql import literal, one_row

from .tables import ROWS

MOST = 200
"""If more rows than this look like totals, they are records."""

_LABEL = (
    r"^\W*((grand|sub|overall|running)[ -]?)?totals?\b|^\W*sum\b|^\W*(data )?sources?\b\W*|^\W*count\b|^\W*end of\b"
    r"|^\W*(row|record)s? ?(count|returned|:)|^\W*\d* ?(rows?|records?)( returned| exported| selected|\(s\))"
    r"|^\W*(report|extract|data|query) (run|generated|produced|created|printed|ends?|extracted)\b"
    r"|^\W*(generated|produced|printed|run|extracted|created|prepared)"
    r" (by|on|at|from)\b|^\W*notes?\b\W"
    r"|^\W*official\b|^\W*restricted\b|^\W*page \d|^[-=_*]{3,}$|^\W*average\b|^\W*\(?c\)? crown"
)  # fmt: skip


@dataclass(frozen=True)
class ExtraRow:
    """A row that is not a record: its line, the field and text of its first filled cell, and whether it is certain."""

    line: int
    index: int
    text: str
    is_certain: bool


def remove_extra_rows(con: duckdb.DuckDBPyConnection, width: int) -> list[ExtraRow]:
    """Remove rows that are not records from `draft_rows`, and return them."""
    texts = ", ".join(f"c{n}" for n in range(width))
    filled = " + ".join(f"(c{n} is not null)::int" for n in range(width))
    first = "case " + " ".join(f"when c{n} is not null then {n}" for n in range(width)) + " end"
    labelled = f"regexp_matches(lower(coalesce({texts})), {literal(_LABEL)})"
    con.execute(
        f"""
        create or replace temp table draft_extra as
        select line, first, text, labelled from (
            select line, {first} as first, coalesce({texts}) as text, {labelled} as labelled, {filled} as filled,
                row_number() over (order by line desc) as from_end, median({filled}) over () as usual
            from {ROWS}
        ) where (labelled and filled <= greatest(usual * 0.6, 1))
            or (usual >= 4 and filled = 1 and from_end <= 10)
        """
    )
    extra = [ExtraRow(*row) for row in con.execute("from draft_extra order by line").fetchall()]
    rows = one_row(con.execute(f"select count(*) from {ROWS}"))[0]
    if len(extra) > min(MOST, rows / 4):
        return []
    con.execute(f"delete from {ROWS} where line in (select line from draft_extra)")
    return extra


def glob_of(text: str) -> str:
    """A glob for this row and similar ones in other months' files: its words up to the first digit, then `*`."""
    if re.fullmatch(r"([-=_*])\1+", text):
        return f"{text[:3]}*"
    head = re.match(r"^[^\d:]*:?", text)
    start = (head[0] if head else "").rstrip()
    if not start.endswith(":"):
        # The first two words are enough; the rest may change.
        start = " ".join(start.split()[:2])
    return f"{start or text}*"


def catches_records(con: duckdb.DuckDBPyConnection, index: int, glob: str) -> int:
    """The number of records that a glob would also remove, in one field."""
    start = literal(glob.rstrip("*").lower())
    (n,) = one_row(con.execute(f"select count(*) from {ROWS} where starts_with(lower(c{index}), {start})"))
    return int(n)
