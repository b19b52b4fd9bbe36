"""Large texts without a quote or a blank line: read by DuckDB's own CSV reader, which is several times as fast.

Where each line is one record and each record has as many fields as the header, a row's place is its line: nothing can be
dropped or joined behind one's back. Anything else is left to `reader`, and so are systems without files in memory.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from .forms import literal
from .header import Layout

WORTH_IT = 1 << 19
"""Characters from which on it is faster."""

LONGEST_LINE = 1 << 24
CHUNK = 1 << 20
"""Bytes that are looked at together: they fit the processor's cache."""

TABLE = "landing_fields"


def read_plain(con: duckdb.DuckDBPyConnection, text: str, layout: Layout, view: str) -> bytes | None:
    """Make the temporary view `view (line, cells, f1, f2, ...)` of a text whose lines are its records. A blank cell is NULL.

    Returns the text after the header as it was read; None where it has to be read otherwise: then nothing was made.
    """
    start, width = layout.start, layout.width
    if width < 2 or len(text) - start < max(1, WORTH_IT) or not hasattr(os, "memfd_create"):
        return None
    if text.find('"', start) >= 0 or text.find("\r", start) >= 0 or text.startswith("\ufeff", start):
        return None
    body = text[start:].encode("utf-8")
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    if body.count(layout.separator.encode()) != lines * (width - 1):
        # DuckDB passes over a blank field too many at the end of a line.
        return None
    names = [f"f{n}" for n in range(1, width + 1)]
    columns = ", ".join(f"'{name}': 'varchar'" for name in names)
    with _in_memory(body) as path:
        try:
            (rows,) = con.execute(
                f"""
                create or replace temp table {TABLE} as
                from read_csv(
                    {literal(path)}, columns = {{{columns}}}, auto_detect = false, header = false,
                    delim = {literal(layout.separator)}, quote = '', escape = '', comment = '', nullstr = '', new_line = '\\n',
                    strict_mode = true, null_padding = false, compression = 'none', encoding = 'utf-8',
                    max_line_size = {LONGEST_LINE}
                )
                """
            ).fetchone()
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # A line with more or fewer fields than the header: a row to be quarantined.
            return None
    if rows != lines:
        # A blank line is none of its rows, and would be counted.
        con.execute(f"drop table {TABLE}")
        return None
    cells = ", ".join(f"coalesce({name}, '')" for name in names)
    con.execute(
        f"create temp view {view} as"
        f" select rowid + {layout.lines + 1} as line, [{cells}] as cells, {', '.join(names)} from {TABLE}"
    )
    return body


def has_blank_edges(body: bytes, separator: str) -> bool:
    """Whether any cell of a text without quotes begins or ends with a space."""
    import numpy

    whole = numpy.frombuffer(body, numpy.uint8)
    blank, ends = ord(" "), (ord(separator), ord("\n"))
    if len(whole) and blank in (whole[0], whole[-1]):
        return True
    for start in range(0, len(whole) - 1, CHUNK):
        part = whole[start : start + CHUNK + 1]
        blanks, edges = part == blank, (part == ends[0]) | (part == ends[1])
        if (blanks[1:] & edges[:-1]).any() or (blanks[:-1] & edges[1:]).any():
            return True
    return False


@contextmanager
def _in_memory(body: bytes) -> Iterator[str]:
    """A path to read bytes from that are on no disk: what was hashed is what is read, and personal data stay in memory."""
    handle = os.memfd_create("extract")
    try:
        with open(handle, "wb", closefd=False) as file:
            file.write(body)
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
