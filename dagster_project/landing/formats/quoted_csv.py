"""Splits lines with quotes into cells, and joins lines that belong to one record."""

import re

import duckdb

from dagster_project.core.sql import literal, one_row

from ..refusal import Refused


def quote_patterns(separator: str) -> tuple[str, str]:
    """Two regular expressions for lines with quotes: "ends within an open quote", and "a field and its separator".

    A quote opens a field only at the field's beginning (after blanks, if any) and is doubled within; elsewhere it is an
    ordinary character, as in `5" pipe`. Text after a closing quote belongs to the field.
    """
    sep = re.escape(separator)
    quoted = rf'[ ]*"(?:[^"]|"")*"(?:[^"{sep}][^{sep}]*)?'
    unquoted = rf'[ ]*(?:[^" {sep}][^{sep}]*)?'
    opened = rf'^(?:(?:{quoted}|{unquoted}){sep})*[ ]*"(?:[^"]|"")*$'
    field = rf"({quoted}|[^{sep}]*){sep}"
    return opened, field


def split_quoted(con: duckdb.DuckDBPyConnection, separator: str, width: int, *, by_row: bool) -> bool:
    """Make `landing_records (line, cells, torn)` from `landing_lines (line, t)`, joining lines where a quote stays open.

    `width`: fields of the header. `by_row`: number records, not lines. Returns whether any quote stays open at a line end. A
    row is torn where its quote would take in other rows. Raises Refused when the last quote never closes.
    """
    opened, field = quote_patterns(separator)
    # Where a program quotes every field, the pieces between `","` are the fields if no quote is left over: four times faster
    # than the regular expression.
    between = literal(f'"{separator}"')
    pieces = f"string_split(t[2:-2], {between})"
    simple = f"""
        starts_with(t, '"') and ends_with(t, '"')
        and len(t) - len(replace(t, '"', '')) = 2 * len({pieces})
    """
    (crossing,) = one_row(
        con,
        f"""
        select coalesce(bool_or(regexp_matches(t, $opened)), false)
        from landing_lines
        where contains(t, '"') and not ({simple})
        """,
        {"opened": opened},
    )
    # A line that looks like a row: as many fields as the header, one with a date or year.
    dated = literal(rf'(^|{re.escape(separator)})[ "]*\d{{1,4}}[-/.]\d')
    is_row = f"len(string_split(t, {literal(separator)})) = {width} and regexp_matches(t, {dated})"
    torn = bool(crossing) and _join_records(con, opened, simple, None if by_row else is_row)
    # The quote that tears a row stays where it is.
    closes = "and regexp_matches(x, $inner)" if torn else ""
    con.execute(
        f"""
        create or replace temp table landing_records as
        select
            line,
            {"line in (select line from landing_torn)" if torn else "false"} as torn,
            case
                when not contains(t, '"') then string_split(t, $separator)
                when {simple} then {pieces}
                else list_transform(
                    regexp_extract_all(t || $separator, $field, 1),
                    lambda x: case
                        when starts_with(ltrim(x, ' '), '"') {closes}
                            then replace(regexp_extract(x, $inner, 1), '""', '"')
                                || regexp_extract(x, $inner, 2)
                        else x
                    end
                )
            end as cells
        from landing_lines
        where trim(t, ' \r') <> ''
        """,
        {"separator": separator, "field": "(?s)" + field, "inner": r'(?s)^ *"((?:[^"]|"")*)"(.*)$'},
    )
    con.execute("drop table landing_lines")
    return bool(crossing)


def _join_records(con: duckdb.DuckDBPyConnection, opened: str, simple: str, is_row: str | None) -> bool:
    """Replace `landing_lines` by one row for each record.

    `opened`: the pattern of a line that ends within a quote. `simple`, `is_row`: SQL that is true of a line `t` whose quotes
    are around its fields, and of one that looks like a row; None for a sheet, whose cell borders are certain and whose records
    are numbered. Returns whether `landing_torn` has any lines. Raises Refused when the last quote never closes.
    """
    _find_joined_lines(con, opened, simple)
    torn = is_row is not None and _separate_rows(con, opened, is_row)
    number = "line" if is_row else "first_line - 1 + row_number() over (order by line)"
    con.execute(
        f"""
        create or replace temp table landing_joined as
        with records as (
            select j.head as line, string_agg(l.t, chr(10) order by l.line) as t
            from landing_joined_lines as j
            join landing_lines as l on l.line = j.line
            group by j.head
            union all
            select line, t from landing_lines where line not in (select line from landing_joined_lines)
        )
        select {number} as line, t
        from records
        cross join (select min(line) as first_line from landing_lines) as lines_from
        order by 1
        """
    )
    con.execute("drop table landing_joined_lines; drop table landing_lines")
    con.execute("alter table landing_joined rename to landing_lines")
    return torn


def _find_joined_lines(con: duckdb.DuckDBPyConnection, opened: str, simple: str) -> None:
    """Make `landing_joined_lines (line, head)`: the lines of records of several, and the line on which each record begins."""
    lines = con.execute(
        f"""
        select line, t, not ({simple}) and regexp_matches(t, $opened) from landing_lines
        where contains(t, '"') order by line
        """,
        {"opened": opened},
    )
    still_open = re.compile(opened)
    head: int | None = None
    heads: list[int] = []
    ends: list[int] = []
    while batch := lines.fetchmany(10_000):
        for line, text, opens in batch:
            is_open = opens if head is None else still_open.match(f'"{text}') is not None
            if is_open and head is None:
                head = line
            elif head is not None and not is_open:
                heads.append(head)
                ends.append(line)
                head = None
    if head is not None:
        raise Refused(f"cut short: a quote that opens in the row of line {head} never closes")
    con.execute(
        """
        create or replace temp table landing_joined_lines as
        select unnest(range(head, last + 1)) as line, head
        from (select unnest($heads::bigint[]) as head, unnest($ends::bigint[]) as last)
        """,
        {"heads": heads, "ends": ends},
    )


def _separate_rows(con: duckdb.DuckDBPyConnection, opened: str, is_row: str) -> bool:
    """Separate lines that are rows but would be joined by a quote in the wrong place. Makes `landing_torn (line)`, the lines
    with such a quote. Returns whether there are any.

    Joined lines are rows where a line between the first and the last looks like one, or all of them do. The last line alone
    proves nothing: its text before the closing quote belongs to the field.
    """
    con.execute(
        f"""
        create or replace temp table landing_torn as
        with looked_at as (
            select
                j.head,
                {is_row} as is_row,
                j.line > j.head and j.line < max(j.line) over (partition by j.head) as is_within
            from landing_joined_lines as j
            join landing_lines as l on l.line = j.line
        ),
        wrong as (
            select head from looked_at group by head having bool_or(is_row and is_within) or bool_and(is_row)
        )
        select l.line, regexp_matches(l.t, $opened) as has_quote
        from landing_lines as l
        join landing_joined_lines as j on l.line = j.line
        where j.head in (select head from wrong)
        """,
        {"opened": opened},
    )
    con.execute("delete from landing_joined_lines where line in (select line from landing_torn)")
    con.execute("delete from landing_torn where not has_quote")
    return bool(one_row(con, "select count(*) from landing_torn")[0])
