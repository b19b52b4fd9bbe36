"""Splits text into rows of cells, in DuckDB, each row with the number of its first line.

DuckDB's own CSV reader gives no line numbers and drops what it can't read, but people must be able to find a wrong row in the
file. So lines are split in SQL, and joined to records only where quotes cross lines.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb

from dagster_project.core.printable import LONGEST, is_printable
from dagster_project.core.sql import literal

from .excluded_rows import mentions_total
from .fast_csv import is_large, read_fast
from .header_columns import Layout
from .quoted_csv import split_quoted
from .refusal import Refused

BLOCK = 1 << 24
"""Characters passed to DuckDB at a time: larger blocks are slower, and take twice their size in memory."""

CELLS = "landing_cells"

PLAIN_BLANKS = "' '"
ALL_BLANKS = "' ' || chr(9) || chr(10) || chr(13)"
"""Characters trimmed from cells. No-break spaces are spaces by then."""


@dataclass(frozen=True)
class Cells:
    """What is known of `landing_cells`. `blanks`: SQL for the characters to trim; None where no cell has any at its ends.

    `lines`: the number of records, where each is a line and has as many fields as the header; the view then has columns `f1`,
    `f2` and so on, too. `has_lines`: cells may contain line ends; the view then has a column `torn`, true of rows with a quote
    in the wrong place. `is_printable`: every character of every cell is printable; where False, some may not be. `is_short`: no
    cell is longer than a text may be; where False, some may be.
    """

    blanks: str | None
    lines: int | None = None
    has_lines: bool = False
    is_printable: bool = False
    is_short: bool = False
    may_have_totals: bool = True
    """Whether any cell may be a total; False where none is."""
    cut_short: tuple[int, str] | None = None
    """Line and reason, where the last line has no line end and too few fields: it is cut short if it is a record."""

    @property
    def is_uniform(self) -> bool:
        """Whether every record has as many fields as the header."""
        return self.lines is not None


def read_lines(con: duckdb.DuckDBPyConnection, body: memoryview, layout: Layout, resources: ExitStack) -> Cells | None:
    """Make `landing_cells`, as `read_cells` does, from a UTF-8 text without its header where every line is a record; None for
    any other text. The view can be read until `resources` is closed."""
    scan = read_fast(con, body, layout, CELLS, resources)
    if scan is None:
        return None
    # Trimming every cell costs more than scanning for blanks to trim.
    blanks = ALL_BLANKS if scan.tabs else PLAIN_BLANKS if scan.blank_edges else None
    is_short, may_have_totals = scan.longest <= LONGEST, mentions_total(body)
    return Cells(blanks, scan.lines, is_printable=scan.is_printable, is_short=is_short, may_have_totals=may_have_totals)


def read_cells(
    con: duckdb.DuckDBPyConnection,
    text: str,
    layout: Layout,
    resources: ExitStack | None = None,
    *,
    by_row: bool = False,
    may_end_short: bool = False,
) -> Cells:
    """Make the temporary view `landing_cells (line bigint, cells varchar[])`: a row for each record, no blank lines.

    `by_row`: number rows instead of lines, for sheets whose cells may have line breaks. `resources`: allows the fast reader,
    and stays open while the view is read. `may_end_short`: the last line may not be a record, so one that is cut short is
    returned in `Cells`, not refused. Raises Refused when the text is cut short: a quote that never closes, or a last line
    without a line end and with fewer fields than the header.
    """
    if resources is not None and not by_row and is_large(text) and text.find('"', layout.start) < 0:
        body = memoryview(text[layout.start :].encode("utf-8"))
        if cells := read_lines(con, body, layout, resources):
            return cells
    # Most files have spaces only, and trimming one is twice as fast.
    odd_blanks = ('"', "\r", *(() if layout.separator == "\t" else ("\t",)))
    blanks = ALL_BLANKS if any(character in text for character in odd_blanks) else PLAIN_BLANKS
    has_lines = False
    _number_lines(con, text, layout)
    if text.find('"', layout.start) < 0:
        # Split again at each use: cheaper than storing millions of lists.
        con.execute(
            f"""
            create or replace temp view {CELLS} as
            select line, string_split(t, {literal(layout.separator)}) as cells
            from landing_lines
            where trim(t, ' \r') <> ''
            """
        )
    else:
        has_lines = split_quoted(con, layout.separator, layout.width, by_row=by_row)
        shift = layout.rows - layout.lines if by_row else 0
        con.execute(f"create or replace temp view {CELLS} as select line + {shift} as line, cells, torn from landing_records")
    cut_short = _cut_short(con, layout) if text[text.rfind("\n") + 1 :].strip(" \r") else None
    if cut_short and not may_end_short:
        raise Refused(cut_short[1])
    is_clean, may_have_totals = is_printable(text), mentions_total(text)
    return Cells(blanks, has_lines=has_lines, is_printable=is_clean, may_have_totals=may_have_totals, cut_short=cut_short)


def _number_lines(con: duckdb.DuckDBPyConnection, text: str, layout: Layout) -> None:
    """Put the lines after the header into `landing_lines (line, t)`, numbered as in the file; also blank lines, which are
    content inside quotes."""
    lines_before = layout.lines
    statement = "create or replace temp table landing_lines as"
    for block in _blocks(text, layout.start):
        con.execute(
            f"{statement} select n + $lines_before as line, t"
            " from unnest(string_split($block, chr(10))) with ordinality as u(t, n)",
            {"block": block, "lines_before": lines_before},
        )
        statement = "insert into landing_lines"
        lines_before += block.count("\n") + 1


def _blocks(text: str, start: int) -> Iterator[str]:
    """The text from `start` in blocks that end before a line end; at least one, which may be empty."""
    end = len(text) - 1 if text.endswith("\n") else len(text)
    while True:
        cut = text.rfind("\n", start, start + BLOCK) if start + BLOCK < end else end
        if cut < 0:
            cut = text.find("\n", start + BLOCK)
            cut = end if cut < 0 else cut
        yield text[start : max(cut, start)]
        if cut >= end:
            return
        start = cut + 1


def _cut_short(con: duckdb.DuckDBPyConnection, layout: Layout) -> tuple[int, str] | None:
    last = con.execute(f"select line, len(cells) from {CELLS} order by line desc limit 1").fetchone()
    if last and last[1] < layout.width:
        return last[0], f"cut short: line {last[0]} is the last, has no line end and {last[1]} of {layout.width} fields"
    return None
