"""Splits text into rows of cells, in DuckDB, each row with the number of its first line.

DuckDB's own CSV reader gives no line numbers and drops what it can't read, but people must be able to find a wrong row in the
file. So lines are split in SQL, and joined to records only where quotes cross lines.

Large texts without quotes or blank lines are read by DuckDB's reader, which is several times faster. One scan of the bytes
shows whether each line is a record with as many fields as the header: then the row number gives the line, and no row is dropped
or joined unnoticed. Rows are read again at each use, which costs no more than storing them and takes no memory.
"""

import codecs
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb

from dagster_project.core.printable import LONGEST, is_printable, visible
from dagster_project.core.sql import literal

from ..rows_not_to_count import mentions_total
from .header_columns import Layout
from .header_row import HEADER_CHARACTERS
from .quoted_csv import split_quoted

BLOCK = 1 << 24
"""Characters passed to DuckDB at a time: larger blocks are slower, and take twice their size in memory."""

WORTH_IT = 1 << 19
"""For a text of at least so many bytes DuckDB's reader is faster."""

LONGEST_LINE = 1 << 24
BUFFER = 1 << 24
"""Bytes that DuckDB reads at a time: by default it allocates sixteen times the longest line."""

CHUNK = 1 << 18
"""Bytes scanned at a time: they fit the processor's cache."""

HEAD = 4 * HEADER_CHARACTERS
"""Bytes in which the header is searched for."""

TAB, LINE_END, RETURN, CONTROL_Z, BLANK, QUOTE = b'\t\n\r\x1a "'

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


def read_cells(
    con: duckdb.DuckDBPyConnection,
    text: str,
    layout: Layout,
    resources: ExitStack | None = None,
    *,
    by_row: bool = False,
) -> Cells:
    """Make the temporary view `landing_cells (line bigint, cells varchar[])`: a row for each record, no blank lines.

    `by_row`: number rows instead of lines, for sheets whose cells may have line breaks. `resources`: allows the fast reader,
    and stays open while the view is read. Raises Refused for a quote that never closes.
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
    is_clean, may_have_totals = is_printable(text), mentions_total(text)
    return Cells(blanks, has_lines=has_lines, is_printable=is_clean, may_have_totals=may_have_totals, cut_short=cut_short)


def _number_lines(con: duckdb.DuckDBPyConnection, text: str, layout: Layout) -> None:
    """Put the lines after the header into `landing_lines (line, t)`, numbered as in the file; blank ones may be in quotes."""
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
    end = len(text) - text.endswith("\n")
    while True:
        cut = text.find("\n", start + BLOCK, end)
        yield text[start : end if cut < 0 else cut]
        if cut < 0:
            return
        start = cut + 1


def _cut_short(con: duckdb.DuckDBPyConnection, layout: Layout) -> tuple[int, str] | None:
    last = con.execute(f"select line, len(cells) from {CELLS} order by line desc limit 1").fetchone()
    if last and last[1] < layout.width:
        return last[0], f"cut short: line {last[0]} is the last, has no line end and {last[1]} of {layout.width} fields"
    return None


@dataclass(frozen=True)
class TextScan:
    lines: int
    longest: int
    """Bytes of the longest line, with its line end."""
    tabs: bool
    """Whether it has a tab that is not the separator."""
    blank_edges: bool
    """Whether a cell begins or ends with a space."""
    is_printable: bool


def is_large(text: str | bytes) -> bool:
    return len(text) >= max(1, WORTH_IT)


def head_of(data: bytes) -> str | None:
    """The beginning of a large UTF-8 text, after its BOM; None where this reader can't be used."""
    if not is_large(data):
        return None
    start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    try:
        head, _ = codecs.utf_8_decode(data[start : start + HEAD], "strict", len(data) <= start + HEAD)
    except UnicodeDecodeError:
        return None
    return None if "\r" in head or visible(head) != head else head


def scan_text(body: memoryview, separator: str, width: int) -> TextScan | None:
    """Scan the UTF-8 text after the header; None where a line is not a record of `width` fields.

    Also None for quotes, CR, a last Ctrl-Z, NUL, invisible characters and other bytes than UTF-8: only the other reader has
    them.
    """
    import numpy

    text_bytes, separator_byte = numpy.frombuffer(body, numpy.int8), ord(separator)
    if text_bytes[-1] == CONTROL_Z:
        return None
    lines = longest = fields = 0
    last_end, tabs, blank_edges, printable = -1, False, BLANK in (text_bytes[0], text_bytes[-1]), True
    was_border = was_blank = False
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(text_bytes), CHUNK):
        block = text_bytes[start : start + CHUNK]
        ends = block == LINE_END
        borders = ends | (block == separator_byte)
        borders_at = numpy.flatnonzero(borders)
        # Every `width`-th border of a field must be a line end, and no other may be.
        line_ends = borders_at[width - 1 - fields :: width]
        if numpy.count_nonzero(ends) != len(line_ends) or not ends[line_ends].all() or (block == QUOTE).any():
            return None
        fields = (fields + len(borders_at)) % width
        # Bytes beyond ASCII are negative here.
        n_special = numpy.count_nonzero(block < BLANK) - (len(borders_at) if separator_byte < BLANK else len(line_ends))
        if n_special or decoder.getstate()[0]:
            chunk = block.tobytes()
            if 0 in chunk or RETURN in chunk:
                return None
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                return None
            if visible(text) != text:
                return None
            tabs |= TAB in chunk and separator_byte != TAB
            # Unprintable characters are controls or beyond ASCII, so that a chunk with none of these has none.
            printable = printable and is_printable(text)
        if len(line_ends):
            longest = max(longest, start + line_ends[0] - last_end, numpy.diff(line_ends).max(initial=0))
            last_end, lines = start + line_ends[-1], lines + len(line_ends)
        if not blank_edges:
            blanks = block == BLANK
            blank_edges = bool(
                (was_border and blanks[0]) or (was_blank and borders[0])
                or (blanks[1:] & borders[:-1]).any() or (blanks[:-1] & borders[1:]).any()
            )  # fmt: skip
            was_border, was_blank = borders[-1], blanks[-1]
    unended = len(text_bytes) - 1 - last_end
    if decoder.getstate()[0] or fields != (width - 1 if unended else 0):
        return None
    return TextScan(lines + bool(unended), int(max(longest, unended)), tabs, blank_edges, printable)


def read_lines(con: duckdb.DuckDBPyConnection, body: memoryview, layout: Layout, resources: ExitStack) -> Cells | None:
    """Make `landing_cells (line, cells, f1, f2, ...)` from a UTF-8 text without its header; None where a line is not a record.

    A blank cell is NULL in f1 and so on. The view can be read until `resources` is closed.
    """
    width = layout.width
    if width < 2 or not len(body) or not hasattr(os, "memfd_create"):
        return None
    scan = scan_text(body, layout.separator, width)
    if scan is None or scan.longest > LONGEST_LINE:
        return None
    names = [f"f{n}" for n in range(1, width + 1)]
    columns = ", ".join(f"'{name}': 'varchar'" for name in names)
    cells = ", ".join(f"coalesce({name}, '')" for name in names)
    con.execute(
        f"""
        create or replace temp view {CELLS} as
        select row_number() over () + {layout.lines} as line, [{cells}] as cells, {", ".join(names)}
        from read_csv(
            {literal(memory_file(body, resources))}, columns = {{{columns}}}, auto_detect = false, header = false,
            delim = {literal(layout.separator)}, quote = '', escape = '', comment = '', nullstr = '', new_line = '\\n',
            strict_mode = true, null_padding = false, compression = 'none', encoding = 'utf-8',
            max_line_size = {max(scan.longest, 1 << 21)}, buffer_size = {max(BUFFER, 4 * scan.longest)}
        )
        """
    )
    # Trimming every cell costs more than scanning for blanks to trim.
    blanks = ALL_BLANKS if scan.tabs else PLAIN_BLANKS if scan.blank_edges else None
    is_short, may_have_totals = scan.longest <= LONGEST, mentions_total(body)
    return Cells(blanks, scan.lines, is_printable=scan.is_printable, is_short=is_short, may_have_totals=may_have_totals)


def memory_file(body: memoryview, resources: ExitStack) -> str:
    """The path of an in-memory file with these bytes: what was hashed is what is read, and personal data stay off the disk."""
    handle = os.memfd_create("extract")
    resources.callback(os.close, handle)
    with open(handle, "wb", closefd=False) as file:
        file.write(body)
    return f"/proc/self/fd/{handle}"
