"""Holds files with a second table below the first, whose header has the columns in another order."""

import duckdb

from dagster_project.contracts import plain_header
from dagster_project.core.sql import literal

from .header_columns import header_meanings
from .raw_store import QUARANTINED
from .row_rules import PARSED, Sheet

FEWEST_NAMED = 2
"""Cells that name a column: one alone may be a word."""


def other_order_below(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> str | None:
    """The reason to hold a file with a header among its rows that has columns in other places, or None: the rows below it would
    be read under the first. A header in the same order is a row in quarantine like any other.

    Looks at `landing_quarantined`: a header is no date. Identifiers are hashed there.
    """
    meanings = header_meanings(sheet.contract, sheet.form, sheet.mapping).headers
    names = [c.name for c in sheet.contract.columns if c.name in sheet.layout.position and not c.identifier]
    placing = sheet.contract.date_column
    if placing not in names:
        return None
    words = ", ".join(map(literal, meanings))
    cells = ", ".join(f"q_{name}" for name in names)
    found = con.execute(
        f"""
        select line, [{cells}] from {QUARANTINED}
        where lower(regexp_replace(q_{placing}, '[\\s_-]', '', 'g')) in ({words}) order by line limit 100
        """
    ).fetchall()
    for line, row in found:
        named = {name: meanings.get(plain_header(cell or ""), ()) for name, cell in zip(names, row, strict=True)}
        moved = {name: others[0] for name, others in named.items() if others and name not in others}
        if moved and sum(map(bool, named.values())) >= FEWEST_NAMED:
            column, below = next(iter(moved.items()))
            if con.execute(f"select 1 from {PARSED} where not bad and line > {int(line)} limit 1").fetchone():
                return (
                    f"line {line} is another header, in another order ({below} stands where {column} did), and the rows below"
                    " it are read under the first: make each table a file of its own"
                )
    return None
