"""Recognises made-up files by their content, so that figures made from them are always marked.

Every row that `pam sample` writes says that it is made up, so that the mark goes where the file goes: a reference or code that
begins with SAMPLE, or the words `Made-up sample`.
"""

from collections.abc import Iterable

import duckdb

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.receipts import MADE_UP_MARK, SAMPLE_MARK
from dagster_project.core.sql import one_row

from .csv_reader import CELLS
from .ledger import LedgerEntry
from .refusal import Waits

LOOKED_AT = 100
"""How many of a file's first rows are looked at. Where half of them have the mark, the file is made up: a real one may have a
row that somebody entered to try a system out."""
MARKS = r"(^|\x1f)\s*(SAMPLE[-0-9]|[Mm]ade-up sample)"
"""What a cell of a made-up row begins with."""
MIXED = "waits in the inbox: this file is made up (SAMPLE), and the home's files are real"


class Kind:
    """Whether a home holds real data alone, as the nights before left it."""

    def __init__(self, home: Home, accepted: Iterable[LedgerEntry]) -> None:
        kinds = {bool(e.made_up) for e in accepted}
        self.is_real = kinds == {False} and not (home.path / SAMPLE_MARK).exists()

    def admit(self, made_up: bool) -> None:
        """Let a file in. Raises Waits for a made-up file in a home of real ones: their figures would become made up, too.

        Real files in a home of made-up ones land: all that leaves such a home says that it is made up.
        """
        if made_up and self.is_real:
            raise Waits(f"{MIXED}. Give it another home (--home DIR)")


def is_made_up(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file in `landing_cells` is made up. One without rows is not."""
    asked = con.execute(
        f"""
        select count(*), count(*) filter (where regexp_matches(array_to_string(cells, chr(31)), '{MARKS}'))
        from (select cells from {CELLS} limit {LOOKED_AT})
        """
    )
    rows, marked = one_row(asked)
    return bool(rows > 0 and 2 * marked >= rows)


def mark(home: Home, entries: Iterable[LedgerEntry]) -> None:
    """Say in the home that it holds made-up data, where one of the entries is of a made-up file: every output then says so."""
    path = home.path / MADE_UP_MARK
    if not path.exists() and any(e.made_up for e in entries):
        write_whole(path, b"This home holds made-up data: every output says so.\n")
