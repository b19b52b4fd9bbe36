"""Reads large texts without quotes or blank lines with DuckDB's own CSV reader, which is several times faster.

Where each line is a record with as many fields as the header, the row number gives the line, and DuckDB can't drop or join rows
unnoticed. One scan of the bytes checks this. `csv_reader` reads any other text, and all texts on systems without in-memory
files. Rows are read again at each use, which costs no more than storing them and takes no memory.
"""

import codecs
import os
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb

from dagster_project.core.printable import is_printable, visible
from dagster_project.core.sql import literal

from .header_columns import Layout
from .header_row import HEADER_CHARACTERS

WORTH_IT = 1 << 19
"""Bytes from which this reader is faster."""

LONGEST_LINE = 1 << 24
BUFFER = 1 << 24
"""Bytes that DuckDB reads at a time: by default it allocates sixteen times the longest line."""

CHUNK = 1 << 18
"""Bytes scanned at a time: they fit the processor's cache."""

HEAD = 4 * HEADER_CHARACTERS
"""Bytes in which the header is searched for."""

TAB, LINE_END, RETURN, CONTROL_Z, BLANK, QUOTE = b"\t\n\r\x1a \""


@dataclass(frozen=True)
class TextScan:
    """The result of scanning a text."""

    lines: int
    longest: int
    """Bytes of the longest line, with its line end."""
    tabs: bool
    """Whether it has a tab that is not the separator."""
    blank_edges: bool
    """Whether a cell begins or ends with a space."""
    is_printable: bool


def is_large(text: str | bytes) -> bool:
    """Whether a text is large enough to be worth scanning."""
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


def is_within(layout: Layout, head: str, data: bytes) -> bool:
    """Whether the header found in the head of a text is the one that would be found in the whole text."""
    return len(data) <= HEAD or layout.start + HEADER_CHARACTERS <= len(head)


def scan_text(body: memoryview, separator: str, width: int) -> TextScan | None:
    """Scan the UTF-8 text after the header; None where a line is not a record of `width` fields.

    Also None for quotes, CR, a last Ctrl-Z, NUL, invisible characters and bytes that are not UTF-8, which only the other reader
    handles.
    """
    import numpy

    whole, separator_byte = numpy.frombuffer(body, numpy.int8), ord(separator)
    if whole[-1] == CONTROL_Z:
        return None
    lines = longest = fields = 0
    last_end, tabs, blank_edges, printable = -1, False, bool(BLANK in (whole[0], whole[-1])), True
    was_border = was_blank = False
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(whole), CHUNK):
        part = whole[start : start + CHUNK]
        ends = part == LINE_END
        borders = ends | (part == separator_byte)
        at = numpy.flatnonzero(borders)
        # Every `width`-th border of a field must be a line end, and no other may be.
        line_ends = at[width - 1 - fields :: width]
        if numpy.count_nonzero(ends) != len(line_ends) or not ends[line_ends].all() or (part == QUOTE).any():
            return None
        fields = (fields + len(at)) % width
        # Bytes beyond ASCII are negative here.
        odd = numpy.count_nonzero(part < BLANK) - (len(at) if separator_byte < BLANK else len(line_ends))
        if odd or decoder.getstate()[0]:
            chunk = part.tobytes()
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
            blanks = part == BLANK
            blank_edges = bool(
                (was_border and blanks[0]) or (was_blank and borders[0])
                or (blanks[1:] & borders[:-1]).any() or (blanks[:-1] & borders[1:]).any()
            )  # fmt: skip
            was_border, was_blank = borders[-1], blanks[-1]
    unended = len(whole) - 1 - last_end
    if decoder.getstate()[0] or fields != (width - 1 if unended else 0):
        return None
    return TextScan(int(lines) + bool(unended), int(max(longest, unended)), tabs, blank_edges, printable)


def read_fast(
    con: duckdb.DuckDBPyConnection, body: memoryview, layout: Layout, view: str, resources: ExitStack
) -> TextScan | None:
    """Make the temporary view `view (line, cells, f1, f2, ...)` from a UTF-8 text without its header. A blank cell is NULL in
    f1 and so on. The view can be read until `resources` is closed.

    Returns the scan of the text; None, without a view, where a line is not a record.
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
        create or replace temp view {view} as
        select row_number() over () + {layout.lines} as line, [{cells}] as cells, {', '.join(names)}
        from read_csv(
            {literal(memory_file(body, resources))}, columns = {{{columns}}}, auto_detect = false, header = false,
            delim = {literal(layout.separator)}, quote = '', escape = '', comment = '', nullstr = '', new_line = '\\n',
            strict_mode = true, null_padding = false, compression = 'none', encoding = 'utf-8',
            max_line_size = {max(scan.longest, 1 << 21)}, buffer_size = {max(BUFFER, 4 * scan.longest)}
        )
        """
    )
    return scan


def memory_file(body: memoryview, resources: ExitStack) -> str:
    """The path of an in-memory file with these bytes: the bytes hashed are the bytes read, and personal data stay off the disk.
    """
    handle = os.memfd_create("extract")
    resources.callback(os.close, handle)
    with open(handle, "wb", closefd=False) as file:
        file.write(body)
    return f"/proc/self/fd/{handle}"
