"""Reads large texts without quotes or blank lines with DuckDB's own CSV reader, which is several times as fast.

Where each line is one record and each record has as many fields as the header, a row's place is its line: nothing can be
dropped or joined behind one's back. One look over the bytes tells. Anything else is left to `reader`, and so are systems
without files in memory. Rows are read anew at each use: that costs no more than to keep them, and takes no memory.
"""

import codecs
import os
from contextlib import ExitStack
from dataclasses import dataclass

import duckdb

from dagster_project.core.printable import is_printable
from dagster_project.core.sql import literal

from .header import Layout
from .header_row import HEADER_CHARACTERS

WORTH_IT = 1 << 19
"""Bytes from which on it is faster."""

LONGEST_LINE = 1 << 24
BUFFER = 1 << 24
"""Bytes that DuckDB reads at a time: by default it takes, and has the system clear, sixteen times the longest line."""

CHUNK = 1 << 18
"""Bytes that are looked at together: they fit the processor's cache."""

HEAD = 4 * HEADER_CHARACTERS
"""Bytes in which the header is looked for."""

TAB, LINE_END, RETURN, CONTROL_Z, BLANK, QUOTE = b"\t\n\r\x1a \""
BOM = codecs.BOM_UTF8.decode()


@dataclass(frozen=True)
class SeenText:
    """What a look over a text says: its lines, bytes of the longest with its end, whether it has a tab (that parts nothing),
    a no-break space or a byte order mark, whether a cell begins or ends with a space, and whether all of it is printable."""

    lines: int
    longest: int
    odd_blanks: bool
    blank_edges: bool
    is_printable: bool


def is_large(text: str | bytes) -> bool:
    """Whether it is worth while to look over a text."""
    return len(text) >= max(1, WORTH_IT)


def head_of(data: bytes) -> str | None:
    """The beginning of a large text in UTF-8, after its BOM; None where the text has to be read otherwise."""
    if not is_large(data):
        return None
    start = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    try:
        head, _ = codecs.utf_8_decode(data[start : start + HEAD], "strict", len(data) <= start + HEAD)
    except UnicodeDecodeError:
        return None
    return None if "\r" in head or head.startswith(BOM) else head


def is_within(layout: Layout, head: str, data: bytes) -> bool:
    """Whether the header found in a text's `head_of` is the one that would be found in all of it."""
    return len(data) <= HEAD or layout.start + HEADER_CHARACTERS <= len(head)


def look_over(body: memoryview, separator: str, width: int) -> SeenText | None:
    """Look over the text after the header, in UTF-8; None where lines are no records, or of another width than the header.

    What may not be in any text (NUL, bytes that are no UTF-8) is left to whoever says so.
    """
    import numpy

    whole, parting = numpy.frombuffer(body, numpy.int8), ord(separator)
    if whole[-1] == CONTROL_Z:
        return None
    lines = longest = fields = 0
    last_end, odd_blanks, blank_edges, printable = -1, False, bool(BLANK in (whole[0], whole[-1])), True
    was_border = was_blank = False
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(whole), CHUNK):
        part = whole[start : start + CHUNK]
        ends = part == LINE_END
        borders = ends | (part == parting)
        at = numpy.flatnonzero(borders)
        # Every so many borders of fields, one is a line's end, and no other is.
        due = at[width - 1 - fields :: width]
        if numpy.count_nonzero(ends) != len(due) or not ends[due].all() or (part == QUOTE).any():
            return None
        fields = (fields + len(at)) % width
        # Bytes beyond ASCII are negative here.
        odd = numpy.count_nonzero(part < BLANK) - (len(at) if parting < BLANK else len(due))
        if odd or decoder.getstate()[0]:
            found = part.tobytes()
            if 0 in found or RETURN in found:
                return None
            try:
                text = decoder.decode(found)
            except UnicodeDecodeError:
                return None
            odd_blanks |= "\xa0" in text or BOM in text or (TAB in found and parting != TAB)
            # Controls and bytes beyond ASCII are odd here, so that no unprintable character lies in another chunk.
            printable = printable and is_printable(text)
        if len(due):
            longest = max(longest, start + due[0] - last_end, numpy.diff(due).max(initial=0))
            last_end, lines = start + due[-1], lines + len(due)
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
    return SeenText(int(lines) + bool(unended), int(max(longest, unended)), odd_blanks, blank_edges, printable)


def read_plain(con: duckdb.DuckDBPyConnection, body: memoryview, layout: Layout, view: str, held: ExitStack) -> SeenText | None:
    """Make the temporary view `view (line, cells, f1, f2, ...)` of a text in UTF-8, given without its header, whose lines are
    its records. A blank cell is NULL in f1 and so on. The view can be read until `held` is closed.

    Returns what the text was seen to have; None where it has to be read otherwise: then nothing was made.
    """
    width = layout.width
    if width < 2 or not len(body) or not hasattr(os, "memfd_create") or bytes(body[:3]) == codecs.BOM_UTF8:
        return None
    seen = look_over(body, layout.separator, width)
    if seen is None or seen.longest > LONGEST_LINE:
        return None
    names = [f"f{n}" for n in range(1, width + 1)]
    columns = ", ".join(f"'{name}': 'varchar'" for name in names)
    cells = ", ".join(f"coalesce({name}, '')" for name in names)
    con.execute(
        f"""
        create or replace temp view {view} as
        select row_number() over () + {layout.lines} as line, [{cells}] as cells, {', '.join(names)}
        from read_csv(
            {literal(in_memory(body, held))}, columns = {{{columns}}}, auto_detect = false, header = false,
            delim = {literal(layout.separator)}, quote = '', escape = '', comment = '', nullstr = '', new_line = '\\n',
            strict_mode = true, null_padding = false, compression = 'none', encoding = 'utf-8',
            max_line_size = {max(seen.longest, 1 << 21)}, buffer_size = {max(BUFFER, 4 * seen.longest)}
        )
        """
    )
    return seen


def in_memory(body: memoryview, held: ExitStack) -> str:
    """A path to read bytes from that are on no disk: what was hashed is what is read, and personal data stay in memory."""
    handle = os.memfd_create("extract")
    held.callback(os.close, handle)
    with open(handle, "wb", closefd=False) as file:
        file.write(body)
    return f"/proc/self/fd/{handle}"
