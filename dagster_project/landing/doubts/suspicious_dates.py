"""Holds files whose dates can be read and are most likely wrong: a mistyped year that stretches the window, American firsts of
months, which read as the first days of January, and dates that a mapping reads in either order. Refuses American dates."""

from collections.abc import Sequence
from itertools import compress

import duckdb

from dagster_project.contracts import Column
from dagster_project.contracts.model import DATE_TYPES
from dagster_project.core.config import FileLimits
from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..mappings.file_name_patterns import Covers
from ..refusal import Refused
from ..rows.file_table import FileTable
from ..rows.parse_values import is_month_first
from ..rows.row_rules import PARSED

MIN_ROWS = 20
FEW_ROWS = 0.01
"""Share of the rows, and one at least, that may be mistyped."""
GAP_DAYS = 180
GAP_OF_SPAN = 0.5
"""Days, and share of the days of all other rows, that such rows lie apart: by chance one file of 20 rows in 3,000 has it."""

SECOND_ORDER = 0.01
"""Share of the rows whose dates the second format alone reads: as where a mapping names none."""
MIN_MONTHS = 6
WINDOW_DAYS = 62
"""The first days of a month are all of a shorter window."""
TURNED_MONTHS = 2
"""Months of such dates: those of one may be the days after the window."""
MIN_TURNED_MONTHS = 3
"""Months of UK dates that a spreadsheet has turned: dates of either form may stand in one column."""
TURNED_DATES = 10
"""Of at least so many dates it is no chance that none is after the 12th: 1 in 10,000 where they are of any day."""
TEXTS_TO_DATES = 0.5
"""American texts for each such date: 1.6 where dates are of any day, as 19 of 31 days are after the 12th. Fewer are slips."""
SHAPES = {
    r"^\d+/\d+/\d+$": "%m/%d/%Y",
    r"^\d+/\d+/\d+ \d+:\d+$": "%m/%d/%Y %H:%M",
    r"^\d+/\d+/\d+ \d+:\d+:\d+$": "%m/%d/%Y %H:%M:%S",
    r"^\d+/\d+/\d+ \d+:\d+ [AaPp][Mm]$": "%m/%d/%Y %I:%M %p",
    r"^\d+/\d+/\d+ \d+:\d+:\d+ [AaPp][Mm]$": "%m/%d/%Y %I:%M:%S %p",
}
"""Shapes of American dates, and the format that reads each."""


def stretched_by_few(con: duckdb.DuckDBPyConnection, file_table: FileTable, covers: Covers | None, rows: int) -> str | None:
    """The reason to hold a file whose rows give the window, with a few far from all others, or None: the days between would
    count as days without a row.

    `rows`: how many good ones it has. Rows of a list may be of any day.
    """
    if covers is None or rows < MIN_ROWS or file_table.contract.kind != "events":
        return None
    few = max(1, int(FEW_ROWS * rows))
    firsts, lasts = one_row(
        con, f"select min(cast(_date as date), {few + 1}), max(cast(_date as date), {few + 1}) from {PARSED} where not bad"
    )
    if not firsts or len(firsts) <= few:
        return None
    first, last = firsts[few], lasts[few]
    min_gap = max(GAP_DAYS, GAP_OF_SPAN * (last - first).days)
    for ends, edge in ((firsts, first), (lasts, last)):
        if alone := [day for day in ends[:few] if abs((edge - day).days) >= min_gap]:
            return (
                f"its rows give the window {file_table.covered_from} to {file_table.covered_to}, but {len(alone)} of {rows:,}"
                f" lie far from all others, such as {alone[0]}: is it a mistyped year? Correct it, or put the window in the"
                " name; if it is true, release the file"
            )
    return None


def firsts_of_months(con: duckdb.DuckDBPyConnection, file_table: FileTable, rows: int) -> str | None:
    """The reason to hold a file of counts, one a day, whose dates a/b/yyyy have many a up to 12 and one b, or None: with the
    month first they are one day of many months, day first they are the first days of one."""
    placing = file_table.contract.date_column
    if placing is None or placing not in file_table.key or rows < MIN_MONTHS:
        return None
    if (file_table.covered_to - file_table.covered_from).days < WINDOW_DAYS or placing in file_table.mapping.dates:
        return None
    filled, in_window, firsts, seconds, is_american = one_row(
        con,
        f"""
        select
            count(*), count(*) filter (where month_first between '{file_table.covered_from}' and '{file_table.covered_to}'),
            count(distinct split_part(t, '/', 1)), count(distinct split_part(t, '/', 2)),
            bool_or(not regexp_matches(t, '^\\d\\d/'))
        from (
            select t, cast(try_strptime(split_part(t, ' ', 1), '%m/%d/%Y') as date) as month_first
            from (select {file_table.text(placing)} as t from {CELLS} where not {file_table.is_ragged})
            where t <> ''
        )
        """,
    )
    # Spreadsheets set to American dates write 1/1/2025, and systems set to British ones 01/01/2025.
    if in_window < filled or firsts < MIN_MONTHS or seconds != 1 or not is_american:
        return None
    return (
        f"{placing}: with the day first, its dates are {firsts} days at the beginning of a month; with the month first, one day"
        f' of {firsts} months. Say which in a mapping: dates: {{{placing}: "%m/%d/%Y"}}, or "%d/%m/%Y" with the day first'
    )


def either_order(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> str | None:
    """The reason to hold a file with dates that two formats of its mapping read as two days, and others that the second alone
    can read, or None: then the first is the wrong one for some, and nobody can tell which."""
    for name, formats in file_table.mapping.dates.items():
        pairs = [(f, other_form) for i, f in enumerate(formats) if (other_form := swap_day_and_month(f)) in formats[i + 1 :]]
        for first, second in pairs if name in file_table.layout.position else ():
            rows, either, second_only = one_row(
                con,
                f"""
                select count(*), count(*) filter (where a <> b), count(*) filter (where a is null and b is not null)
                from (
                    select try_strptime(t, {literal(first)}) as a, try_strptime(t, {literal(second)}) as b
                    from (select {file_table.text(name)} as t from {CELLS} where not {file_table.is_ragged})
                )
                """,
            )
            if either and second_only >= SECOND_ORDER * rows:
                return (
                    f"{name}: dates that fit both {first} and {second} ({either:,}) would be read by the first, and some"
                    f" ({second_only:,}) fit the second alone: keep one of them in the mapping, and export rows of the other"
                    " order to another file"
                )
    return None


def swap_day_and_month(form: str) -> str:
    """A format with day and month in the other's place."""
    return form.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")


def swapped_by_program(con: duckdb.DuckDBPyConnection, file_table: FileTable, bad: int) -> str | None:
    """The reason to hold a file in which a program has swapped day and month wherever both orders are a date, or None: dates
    outside the window, of several months, are all of the first twelve days, and in it the other way round. `bad`: rows."""
    column = file_table.contract.date_column
    if bad < TURNED_DATES or file_table.contract.kind != "events":
        return None
    window = f"between '{file_table.covered_from}' and '{file_table.covered_to}'"
    turned = "left(_date, 5) || right(_date, 2) || substr(_date, 5, 3)"
    rows, months, n_elsewhere, n_unswapped, day = one_row(
        con,
        f"""
        select
            count(*) filter (where not is_in), count(distinct left(_date, 7)) filter (where not is_in),
            count(*) filter (where not is_in and (right(_date, 2) > '12' or {turned} not {window})),
            -- Those that it could not swap are where they belong.
            count(*) filter (where is_in and right(_date, 2) > '12'), min(_date) filter (where not is_in)
        from (select _date, _date {window} as is_in from {PARSED} where _date is not null)
        """,
    )
    if rows < TURNED_DATES or months < TURNED_MONTHS or n_elsewhere or n_unswapped < rows:
        return None
    return (
        f"{column}: {rows:,} dates outside the window, such as {day}, would be in it with day and month the other way round: a"
        " program may have swapped them, in other rows, too. Export again, with days such as 2025-10-31; if they are right,"
        " release the file"
    )


def refuse_american(
    con: duckdb.DuckDBPyConnection, file_table: FileTable, rows: int, bad: int, limits: FileLimits, *, is_mapped: bool
) -> None:
    """Raises Refused, with the line that a mapping needs, where a column's `a/b/yyyy` dates have the month first.

    `rows`, `bad`: counts of the file. Many such dates are bad in UK order, so a file with few bad rows need not be checked.
    """
    if file_table.form != "canonical":
        return
    columns = [c for c in file_table.contract.columns if c.type in DATE_TYPES and c.name in file_table.layout.position]
    dated = columns if rows >= TURNED_DATES else []
    for c in _with_slashes(con, file_table, dated) if not file_table.cells.is_uniform else ():
        if turned := _turned_by_spreadsheet(con, file_table, c, "UK"):
            raise Refused(turned)
    mapped = {n for n, formats in file_table.mapping.dates.items() if any(map(is_month_first, formats))}
    for c in dated:
        if c.name in mapped and (turned := _turned_by_spreadsheet(con, file_table, c)):
            raise Refused(turned)
    if bad == 0 or bad < limits.american_share * rows:
        return
    american = {
        c: line for c in columns if c.name not in mapped and (line := _american_formats(con, file_table, c, rows, limits))
    }
    for c in american:
        if turned := _turned_by_spreadsheet(con, file_table, c):
            # With the line to add, these dates would be read as other days.
            raise Refused(turned)
    if american:
        new_mapping = f"a mapping (mappings/: extract: {file_table.contract.extract}, forces: [{file_table.force}])"
        place = "the mapping" if is_mapped else new_mapping
        raise Refused(f"American dates, with the month first: add to {place} dates: {{{', '.join(american.values())}}}")


def _with_slashes(con: duckdb.DuckDBPyConnection, file_table: FileTable, columns: Sequence[Column]) -> list[Column]:
    """Those of the columns that have a slash in a cell: any other has no date that a spreadsheet could not read."""
    if not columns:
        return []
    found = ", ".join(f"coalesce(bool_or(contains({file_table.text(c.name)}, '/')), false)" for c in columns)
    return list(compress(columns, one_row(con, f"select {found} from {CELLS} where not {file_table.is_ragged}")))


def _turned_by_spreadsheet(
    con: duckdb.DuckDBPyConnection, file_table: FileTable, column: Column, whose: str = "American"
) -> str:
    """What is wrong with a column of American dates that a spreadsheet has opened, or of UK ones that one set to American dates
    has: those it could read in its own order are dates of other days now, the others still texts. "" where that is not so."""
    day_part, month_part = (2, 1) if whose == "American" else (1, 2)
    dates, months, texts, late = one_row(
        con,
        f"""
        select
            count(*) filter (where is_date),
            count(distinct left(t, 7)) filter (where is_date),
            count(*) filter (
                where try_cast(split_part(t, '/', {day_part}) as integer) between 13 and 31
                and try_cast(split_part(t, '/', {month_part}) as integer) between 1 and 12
            ),
            -- Dates that it would have swapped, and has not.
            count(*) filter (
                where is_date and t[9:10] > '12'
                or {whose == "UK"} and regexp_matches(t, '^(0?[1-9]|1[0-2])/(0?[1-9]|1[0-2])/')
            )
        from (
            select t, regexp_matches(t, '^\\d{{4}}-\\d{{2}}-\\d{{2}}(\\D|$)') as is_date
            from (select {file_table.text(column.name)} as t from {CELLS} where not {file_table.is_ragged})
            where regexp_matches(t, '^\\d{{1,4}}[-/]\\d{{1,2}}[-/]\\d{{2,4}}(\\D|$)')
        )
        """,
    )
    if dates < TURNED_DATES or texts < TEXTS_TO_DATES * dates or late or (whose == "UK" and months < MIN_TURNED_MONTHS):
        return ""
    return (
        f"{column.name}: a spreadsheet has swapped day and month of {dates:,} {whose} dates: export the file again and do not"
        " open it in one"
    )


def _american_formats(
    con: duckdb.DuckDBPyConnection, file_table: FileTable, column: Column, rows: int, limits: FileLimits
) -> str | None:
    """The formats that a column of American dates needs, as YAML; None where it has no such dates."""
    shapes = ", ".join(f"coalesce(bool_or(american and regexp_matches(t, {literal(s)})), false)" for s in SHAPES)
    american, british, *has_shape = one_row(
        con,
        f"""
        select count(*) filter (where american), count(*) filter (where british), {shapes}
        from (
            -- A day that no month has, such as 30 February, is of neither order.
            select
                t,
                month_first is not null and day_first is null as american,
                day_first is not null and month_first is null as british
            from (
                select t, try_strptime(day, '%m/%d/%Y') as month_first, try_strptime(day, '%d/%m/%Y') as day_first
                from (
                    select t, regexp_extract(t, '^(\\d{{1,2}}/\\d{{1,2}}/\\d{{4}})(\\D|$)', 1) as day
                    from (select {file_table.text(column.name)} as t from {CELLS} where not {file_table.is_ragged})
                )
                where day <> ''
            )
        )
        """,
    )
    if american == 0 or british or american < limits.american_share * rows:
        return None
    forms = [f'"{form}"' for form, has in zip(SHAPES.values(), has_shape, strict=True) if has] or ['"%m/%d/%Y"']
    return f"{column.name}: {forms[0] if len(forms) == 1 else '[' + ', '.join(forms) + ']'}"
