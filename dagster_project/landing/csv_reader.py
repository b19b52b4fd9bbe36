"""From text to rows of cells, in DuckDB: every row with the line on which it begins.

DuckDB's own CSV reader gives no line numbers and drops what it can't read; here a row that is wrong must be
found again. So lines are split in SQL, and only where quotes open across lines are they joined to records.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb

from dagster_project.core.printable import LONGEST, is_printable
from dagster_project.core.sql import literal

from .fast_csv import SeenText, is_large, read_plain
from .header import Layout
from .quoted_csv import split_quoted
from .refusal import Refused

BLOCK = 1 << 24
"""Characters handed to DuckDB at a time: larger blocks are slower, and take their size in memory twice."""

CELLS = "landing_cells"

PLAIN_BLANKS = "' '"
ALL_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(65279)"
"""What is trimmed from cells: also no-break spaces, which spreadsheets leave, and stray byte order marks."""


@dataclass(frozen=True)
class Cells:
    """What `landing_cells` has. `blanks`: SQL for the characters to trim from a cell; None where no cell has any at its ends.

    `lines`: where every record is a line and has as many fields as the header, how many there must be; the fields are then
    there as columns `f1`, `f2` and so on, too. `has_lines`: whether a cell may have line ends; then there is a column `torn`,
    true of rows with a quote in the wrong place. `is_printable`: no cell has what can't be printed (`printable`); where it is
    False, some may have. `is_short`: no cell is longer than a text may be; where it is False, some may be.
    """

    blanks: str | None
    lines: int | None = None
    has_lines: bool = False
    is_printable: bool = False
    is_short: bool = False
    cut_short: tuple[int, str] | None = None
    """Line and reason, where the last line has no end and too few fields: it is cut short if it is a record."""

    @property
    def is_even(self) -> bool:
        """Whether every record has as many fields as the header."""
        return self.lines is not None


def read_lines(con: duckdb.DuckDBPyConnection, body: memoryview, layout: Layout, held: ExitStack) -> Cells | None:
    """Make `landing_cells`, as `read_cells` does, of a text in UTF-8 without its header whose lines are plainly its records;
    None of any other. The view can be read until `held` is closed."""
    seen = read_plain(con, body, layout, CELLS, held)
    if seen is None:
        return None
    return Cells(_blanks_seen(seen), seen.lines, is_printable=seen.is_printable, is_short=seen.longest <= LONGEST)


def _blanks_seen(seen: SeenText) -> str | None:
    if seen.odd_blanks:
        return ALL_BLANKS
    # To trim what is long is dearer than to look whether there is anything to be trimmed.
    return PLAIN_BLANKS if seen.blank_edges else None


def read_cells(
    con: duckdb.DuckDBPyConnection,
    text: str,
    layout: Layout,
    held: ExitStack | None = None,
    *,
    by_row: bool = False,
    ends_freely: bool = False,
) -> Cells:
    """Make the temporary view `landing_cells (line bigint, cells varchar[])`: a row a record, no blank lines.

    `by_row`: number rows, not lines, as in a sheet whose cells may have line breaks. `held`: what may be held for as long as
    the view is read; without it, no line is taken for a record before it was split. `ends_freely`: the last line may be none,
    so that one which is cut short is told, not refused. Raises Refused when the text is cut short:
    a quote that never closes, or a last line without its end and with fewer fields than the header.
    """
    con.execute(f"drop view if exists {CELLS}")
    if held is not None and not by_row and is_large(text) and text.find('"', layout.start) < 0:
        body = memoryview(text[layout.start :].encode("utf-8"))
        if cells := read_lines(con, body, layout, held):
            return cells
    blanks = _blanks_of(text, layout.separator)
    has_lines = False
    _number_lines(con, text, layout)
    if text.find('"', layout.start) < 0:
        # Split again at each use: cheaper than to keep millions of lists.
        con.execute(
            f"""
            create temp view {CELLS} as
            select line, string_split(t, {literal(layout.separator)}) as cells
            from landing_lines
            where trim(t, ' \r') <> ''
            """
        )
    else:
        has_lines = split_quoted(con, layout.separator, layout.width, by_row=by_row)
        shift = layout.rows - layout.lines if by_row else 0
        con.execute(f"create temp view {CELLS} as select line + {shift} as line, cells, torn from landing_records")
    cut_short = _cut_short(con, layout) if text[text.rfind("\n") + 1 :].strip(" \r") else None
    if cut_short and not ends_freely:
        raise Refused(cut_short[1])
    return Cells(blanks, has_lines=has_lines, cut_short=cut_short, is_printable=is_printable(text))


def _blanks_of(text: str, separator: str) -> str:
    """SQL for the characters to trim. Most files have spaces only, and trimming one is twice as fast."""
    odd = ('"', "\r", "\xa0", "\ufeff", *(() if separator == "\t" else ("\t",)))
    return ALL_BLANKS if any(character in text for character in odd) else PLAIN_BLANKS


def _number_lines(con: duckdb.DuckDBPyConnection, text: str, layout: Layout) -> None:
    """Lines of the text after the header into `landing_lines (line, t)`, numbered as in the file.

    Blank ones too: inside quotes they are content.
    """
    passed = layout.lines
    statement = "create or replace temp table landing_lines as"
    for block in _blocks(text, layout.start):
        con.execute(
            f"{statement} select n + $passed as line, t"
            " from unnest(string_split($block, chr(10))) with ordinality as u(t, n)",
            {"block": block, "passed": passed},
        )
        statement = "insert into landing_lines"
        passed += block.count("\n") + 1


def _blocks(text: str, start: int) -> Iterator[str]:
    """The text from `start` in pieces that end before a line end; at least one, may be empty."""
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
