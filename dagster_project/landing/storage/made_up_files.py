"""Recognises made-up files by their content, so that figures made from them are always marked.

Every row that `pam sample` writes says that it is made up, by a reference or code that begins with SAMPLE or the words
`Made-up sample`, so a renamed or copied file is recognised, too.
"""

from collections.abc import Iterable

import duckdb

from dagster_project.core.files import write_whole
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import MADE_UP_MARK, is_sample_home
from dagster_project.core.sql import one_row

from ..formats.csv_reader import CELLS
from .ledger import LedgerEntry

FIRST_ROWS = 100
"""Rows of a file that are checked. It is made up where half of them have the mark: a real file may have a row that somebody
entered to try out a system."""
MARKS = r"(^|\x1f)\s*(SAMPLE[-0-9]|[Mm]ade-up sample)"
"""What a cell of a made-up row begins with."""


def has_only_real_files(home: Home, accepted: Iterable[LedgerEntry]) -> bool:
    """Whether a home has real files and no made-up one: its figures would become made up, too. Real files land in a home of
    made-up files: everything that leaves such a home says that it is made up."""
    return {e.made_up for e in accepted} == {False} and not is_sample_home(home)


def is_made_up(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file in `landing_cells` is made up. A file without rows is not."""
    rows, marked = one_row(
        con,
        f"""
        select count(*), count(*) filter (where regexp_matches(array_to_string(cells, chr(31)), '{MARKS}'))
        from (select cells from {CELLS} limit {FIRST_ROWS})
        """,
    )
    return bool(rows > 0 and 2 * marked >= rows)


def mark_home(home: Home, entries: Iterable[LedgerEntry]) -> None:
    """Mark the home as holding made-up data where an entry is of a made-up file: every output then says so."""
    path = home.path / MADE_UP_MARK
    if not path.exists() and any(e.made_up for e in entries):
        write_whole(path, b"This home holds made-up data: every output says so.\n")
