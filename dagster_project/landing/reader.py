"""From text to rows of cells, in DuckDB: every row with the physical line on which it begins.

DuckDB's own CSV reader gives no line numbers and drops what it can't read; here a row that is wrong must be
found again. So lines are split in SQL, and only where quotes open across lines are they joined to records.
"""

import re

import duckdb

from .forms import literal
from .header import Layout
from .refusal import Refused

BLOCK = 1 << 24
"""Characters handed to DuckDB at a time: larger blocks are slower, and take their size in memory twice."""

CELLS = "landing_cells"

PLAIN_BLANKS = "' '"
ALL_BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(65279)"
"""What is trimmed from cells: also no-break spaces, which spreadsheets leave, and stray byte order marks."""


def blanks_of(text: str, separator: str) -> str:
    """SQL for the characters to trim. Most files have spaces only, and trimming one is twice as fast."""
    only_spaces = text.isascii() and "\r" not in text and '"' not in text and (separator == "\t" or "\t" not in text)
    return PLAIN_BLANKS if only_spaces else ALL_BLANKS


def read_cells(con: duckdb.DuckDBPyConnection, text: str, layout: Layout, *, by_row: bool = False) -> None:
    """Make the temporary view `landing_cells (line bigint, cells varchar[])`: a row a record, no blank lines.

    `by_row`: number rows, not lines, as in a sheet whose cells may have line breaks. Raises Refused when the text
    is cut short: a quote that never closes, or a last line without its end and with fewer fields than the header.
    """
    con.execute(f"drop view if exists {CELLS}")
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
        _split_quoted(con, layout.separator, by_row)
        shift = layout.rows - layout.lines if by_row else 0
        con.execute(f"create temp view {CELLS} as select line + {shift} as line, cells from landing_records")
    if text[text.rfind("\n") + 1 :].strip(" \r"):
        _check_last(con, layout)


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


def _blocks(text: str, start: int):
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


def quote_patterns(separator: str) -> tuple[str, str]:
    """Two regular expressions for lines with quotes: "ends within an open quote", and "one field and its
    separator".

    A quote opens a field only at its beginning (blanks may precede it) and is doubled within; elsewhere
    it is a character like any other, as in `5" pipe`. What follows a closing quote belongs to the field.
    """
    d = re.escape(separator)
    quoted = rf'[ ]*"(?:[^"]|"")*"(?:[^"{d}][^{d}]*)?'
    plain = rf'[ ]*(?:[^" {d}][^{d}]*)?'
    opened = rf'^(?:(?:{quoted}|{plain}){d})*[ ]*"(?:[^"]|"")*$'
    field = rf"({quoted}|[^{d}]*){d}"
    return opened, field


def _split_quoted(con: duckdb.DuckDBPyConnection, separator: str, by_row: bool) -> None:
    """`landing_lines (line, t)` to `landing_records (line, cells)`, joining lines where a quote stays
    open."""
    opened, field = quote_patterns(separator)
    con.execute(
        """
        create or replace temp table landing_quoted as
        select
            line,
            regexp_matches(t, $opened) as opens,
            -- the same line, were a quote open before it
            regexp_matches('"' || t, $opened) as reopens
        from landing_lines
        where contains(t, '"')
        """,
        {"opened": opened},
    )
    crossing = con.execute("select coalesce(bool_or(opens), false) from landing_quoted").fetchone()[0]
    if crossing:
        _join_records(con, by_row)
    con.execute(
        """
        create or replace temp table landing_records as
        select
            line,
            case
                when contains(t, '"') then list_transform(
                    regexp_extract_all(t || $separator, $field, 1),
                    lambda x: case
                        when starts_with(ltrim(x, ' '), '"')
                            then replace(regexp_extract(x, $inner, 1), '""', '"')
                            || regexp_extract(x, $inner, 2)
                        else x
                    end
                )
                else string_split(t, $separator)
            end as cells
        from landing_lines
        where trim(t, ' \r') <> ''
        """,
        {"separator": separator, "field": "(?s)" + field, "inner": r'(?s)^ *"((?:[^"]|"")*)"(.*)$'},
    )
    con.execute("drop table landing_lines; drop table landing_quoted")


def _join_records(con: duckdb.DuckDBPyConnection, by_row: bool) -> None:
    """Replace `landing_lines` by one row a record. Raises Refused when the last quote never closes."""
    # A line turns "a quote is open before me" into "... after me": it may set the answer whatever it
    # was (opens = reopens), keep it (no quote, or only opens within what was open), or swap it. So the
    # state after a line is that of the last line which set it, swapped as often as lines since then
    # swap: two running sums, no loop.
    con.execute(
        """
        create or replace temp table landing_states as
        with sets as (
            select
                line,
                opens,
                opens and not reopens as swaps,
                opens = reopens as is_set,
                count(*) filter (where opens = reopens) over (order by line rows unbounded preceding) as part
            from landing_quoted
        )
        select
            line,
            (
                coalesce(max(opens::int) filter (where is_set) over (partition by part), 0)
                + count(*) filter (where swaps) over (partition by part order by line rows unbounded preceding)
            ) % 2 = 1 as open_after
        from sets
        """
    )
    number = "min(min(line)) over () - 1 + row_number() over (order by min(line))" if by_row else "min(line)"
    con.execute(
        f"""
        create or replace temp table landing_joined as
        with before as (
            select
                l.line,
                l.t,
                coalesce(
                    last_value(s.open_after ignore nulls) over (
                        order by l.line rows between unbounded preceding and 1 preceding
                    ),
                    false
                ) as is_open
            from landing_lines as l
            left join landing_states as s on l.line = s.line
        ),
        numbered as (
            select line, t, count(*) filter (where not is_open) over (order by line rows unbounded preceding) as record
            from before
        )
        select {number} as line, string_agg(t, chr(10) order by line) as t
        from numbered
        group by record
        order by 1
        """
    )
    if con.execute("select arg_max(open_after, line) from landing_states").fetchone()[0]:
        line = con.execute("select max(line) from landing_joined").fetchone()[0]
        raise Refused(f"cut short: a quote that opens in the row of line {line} never closes")
    con.execute("drop table landing_states; drop table landing_lines")
    con.execute("alter table landing_joined rename to landing_lines")


def _check_last(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    last = con.execute(f"select line, len(cells) from {CELLS} order by line desc limit 1").fetchone()
    if last and last[1] < layout.width:
        raise Refused(f"cut short: line {last[0]} is the last, has no line end and {last[1]} of {layout.width} fields")
