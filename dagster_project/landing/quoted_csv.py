"""Splits lines with quotes into cells, and joins lines that belong to one record."""

import re

import duckdb

from dagster_project.core.sql import literal, one_row

from .refusal import Refused


def quote_patterns(separator: str) -> tuple[str, str]:
    """Two regular expressions for lines with quotes: "ends within an open quote", and "a field and its separator".

    A quote opens a field only at the field's beginning (after blanks, if any) and is doubled within; elsewhere it is an
    ordinary character, as in `5" pipe`. Text after a closing quote belongs to the field.
    """
    d = re.escape(separator)
    quoted = rf'[ ]*"(?:[^"]|"")*"(?:[^"{d}][^{d}]*)?'
    plain = rf'[ ]*(?:[^" {d}][^{d}]*)?'
    opened = rf'^(?:(?:{quoted}|{plain}){d})*[ ]*"(?:[^"]|"")*$'
    field = rf"({quoted}|[^{d}]*){d}"
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
    (crossing,) = one_row(con.execute(
        f"""
        select coalesce(bool_or(regexp_matches(t, $opened)), false)
        from landing_lines
        where contains(t, '"') and not ({simple})
        """,
        {"opened": opened},
    ))
    # A line that looks like a row: as many fields as the header, one with a date or year.
    dated = literal(rf'(^|{re.escape(separator)})[ "]*\d{{1,4}}[-/.]\d')
    is_row = f"len(string_split(t, {literal(separator)})) = {width} and regexp_matches(t, {dated})"
    torn = bool(crossing) and _join_records(con, opened, None if by_row else is_row)
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


def _join_records(con: duckdb.DuckDBPyConnection, opened: str, is_row: str | None) -> bool:
    """Replace `landing_lines` by one row for each record.

    `is_row`: SQL that is true of a line `t` that looks like a row; None for a sheet, whose cell borders are certain and whose
    records are numbered. Returns whether `landing_torn` has any lines. Raises Refused when the last quote never closes.
    """
    # A line turns "a quote is open before this line" into "... after this line". It sets the answer regardless of what it was
    # (opens = reopens), keeps it (no quotes, or pairs of them), or swaps it. So the state after a line is that of the last line
    # that set it, swapped once for each swapping line since: two running counts over the lines with quotes, no loop.
    con.execute(
        """
        create or replace temp table landing_states as
        with quoted as (
            select
                line,
                regexp_matches(t, $opened) as opens,
                -- the same line, were a quote open before it
                regexp_matches('"' || t, $opened) as reopens
            from landing_lines
            where contains(t, '"')
        ),
        parts as (
            select *, count(*) filter (where opens = reopens) over (order by line) as part from quoted
        ),
        states as (
            select
                line,
                (
                    coalesce(max(opens::int) filter (where opens = reopens) over (partition by part), 0)
                    + count(*) filter (where opens and not reopens) over (partition by part order by line)
                ) % 2 = 1 as is_open,
                lead(line) over (order by line) as next_line
            from parts
        )
        select line, next_line from states where is_open
        """,
        {"opened": opened},
    )
    _find_continuations(con)
    torn = is_row is not None and _separate_rows(con, opened, is_row)
    number = "line" if is_row else "first_line - 1 + row_number() over (order by line)"
    con.execute(
        f"""
        create or replace temp table landing_joined as
        with joined as (
            select f.head as line, string_agg(l.t, chr(10) order by l.line) as t
            from (
                select line, head from landing_following
                union all
                select distinct head, head from landing_following
            ) as f
            join landing_lines as l on l.line = f.line
            group by f.head
        ),
        records as (
            select * from joined
            union all
            select line, t from landing_lines
            where line not in (select line from landing_following) and line not in (select line from joined)
        )
        select {number} as line, t
        from records
        cross join (select min(line) as first_line from landing_lines) as lines_from
        order by 1
        """
    )
    con.execute("drop table landing_states; drop table landing_following; drop table landing_lines")
    con.execute("alter table landing_joined rename to landing_lines")
    return torn


def _separate_rows(con: duckdb.DuckDBPyConnection, opened: str, is_row: str) -> bool:
    """Separate lines that are rows but would be joined by a quote in the wrong place. Makes `landing_torn (line)`, the lines
    with such a quote. Returns whether there are any.

    Joined lines are rows where a line between the first and the last looks like one, or all of them do. The last line alone
    proves nothing: its text before the closing quote belongs to the field.
    """
    con.execute(
        f"""
        create or replace temp table landing_torn as
        with joined as (
            select head, line from landing_following
            union all
            select distinct head, head from landing_following
        ),
        looked_at as (
            select
                j.head,
                {is_row} as is_row,
                j.line > j.head and j.line < max(j.line) over (partition by j.head) as is_within
            from joined as j
            join landing_lines as l on l.line = j.line
        ),
        wrong as (
            select head from looked_at group by head having bool_or(is_row and is_within) or bool_and(is_row)
        ),
        apart as (
            select f.line from landing_following as f join wrong on wrong.head = f.head
            union all
            select head from wrong
        )
        select line, regexp_matches(t, $opened) as has_quote from landing_lines where line in (select line from apart)
        """,
        {"opened": opened},
    )
    con.execute("delete from landing_following where line in (select line from landing_torn)")
    con.execute("delete from landing_torn where not has_quote")
    return bool(one_row(con.execute("select count(*) from landing_torn"))[0])


def _find_continuations(con: duckdb.DuckDBPyConnection) -> None:
    """Make `landing_following (line, head)`: lines that continue a record, and the line on which it begins."""
    (unclosed,) = one_row(con.execute("select max(line) filter (where next_line is null) from landing_states"))
    con.execute(
        """
        create or replace temp table landing_following as
        with following as (
            select unnest(range(line + 1, next_line + 1)) as line from landing_states where next_line is not null
        ),
        runs as (select line, line - row_number() over (order by line) as run from following)
        -- The record begins on the line before a run of continuations.
        select line, min(line) over (partition by run) - 1 as head from runs
        """
    )
    if unclosed is not None:
        head = con.execute("select head from landing_following where line = $1", [unclosed]).fetchone()
        line = head[0] if head else unclosed
        raise Refused(f"cut short: a quote that opens in the row of line {line} never closes")
