"""Made-up files, known by what is in them: they never stand beside real ones in one home.

Every row that `pam sample` writes says that it is made up, so that the mark goes where the file goes: a reference or code that
begins with SAMPLE, or the words `Made-up sample`.
"""

from collections.abc import Iterable
from threading import Lock

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
MIXED = "waits in the inbox, as real and made-up data never share a home"


class Kind:
    """Whether a home's accepted files are made up: one answer for all, asked by files that land side by side."""

    def __init__(self, home: Home, accepted: Iterable[LedgerEntry]) -> None:
        said = {bool(e.made_up) for e in accepted}
        self.made_up: bool | None = True if (home.path / SAMPLE_MARK).exists() else min(said, default=None)
        self._one_at_a_time = Lock()

    def admit(self, made_up: bool) -> None:
        """Have a file be of the home's kind; the first one decides. Raises Waits for one of the other kind."""
        with self._one_at_a_time:
            if self.made_up is None:
                self.made_up = made_up
        if made_up and not self.made_up:
            raise Waits(f"{MIXED}: this file is made up (SAMPLE), and the home's are real. Give it another home (--home DIR)")
        if self.made_up and not made_up:
            raise Waits(f"{MIXED}: this home has made-up files (SAMPLE). Give real files a home of their own (--home DIR)")


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
