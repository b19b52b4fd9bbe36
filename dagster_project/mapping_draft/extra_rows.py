"""Rows below or within a table that are no records: totals, source lines, end marks."""

import re
from dataclasses import dataclass

import duckdb

from dagster_project.core.sql import literal, one_row

from .tables import ROWS

MOST = 200
"""More rows than this that look like totals are records after all."""

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
    """A row that is no record: its line, the place of its first cell with text, that text, and how sure that is."""

    line: int
    index: int
    text: str
    sure: bool


def take_out(con: duckdb.DuckDBPyConnection, width: int) -> list[ExtraRow]:
    """Remove from `draft_rows` the rows that are no records, and say which they were."""
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
    found = [ExtraRow(*row) for row in con.execute("from draft_extra order by line").fetchall()]
    rows = one_row(con.execute(f"select count(*) from {ROWS}"))[0]
    if len(found) > min(MOST, rows / 4):
        return []
    con.execute(f"delete from {ROWS} where line in (select line from draft_extra)")
    return found


def glob_of(text: str) -> str:
    """What matches this row and those like it in other months' files: its words up to the first figure, then `*`."""
    if re.fullmatch(r"([-=_*])\1+", text):
        return f"{text[:3]}*"
    head = re.match(r"^[^\d:]*:?", text)
    kept = (head[0] if head else "").rstrip()
    if not kept.endswith(":"):
        # The first two words say it; what follows may change.
        kept = " ".join(kept.split()[:2])
    return f"{kept or text}*"


def catches_records(con: duckdb.DuckDBPyConnection, index: int, glob: str) -> int:
    """Records that a glob would take with it, in one field."""
    start = literal(glob.rstrip("*").lower())
    (n,) = one_row(con.execute(f"select count(*) from {ROWS} where starts_with(lower(c{index}), {start})"))
    return int(n)
