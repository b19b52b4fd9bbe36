"""Holds or refuses files that are implausible by themselves: most rows bad or of another force, rows or values lost or changed
by a spreadsheet, a report or another locale. Limits are settings, `[believe]` of `pam.toml`."""

from collections.abc import Mapping

import duckdb

from dagster_project.contracts import load_contracts, plain_header
from dagster_project.contracts.model import NUMBER_TYPES
from dagster_project.core.config import FileLimits
from dagster_project.core.home_lists import classifying_columns
from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..opening.file_facts import FileFacts
from ..refusal import Refused
from ..rows.file_table import FileTable
from ..rows.parse_values import MONTH_NAME
from ..rows.row_rules import PARSED
from ..rows_not_to_count import FORCE_NUMBERS, own_number
from .stored_rows import StoredRows

AGE_AS_DATE = rf"(?i){MONTH_NAME}[-/ ]\d|\d[-/ ]{MONTH_NAME}|^\d{{4}}-\d\d-\d\d|^\d{{1,2}}/\d{{1,2}}(/\d{{2,4}})?$|^\d{{5}}$"
"""What a spreadsheet makes of a range such as 10-17: `Oct-17`, `01/10/2017`, `43009`."""
MADE_DATES_SHARE = 0.01
"""At least such a share of rows with such a range is no slip of one person."""
AGES = "age_range"
LARGEST_FIGURE = 10**18
"""Figures of the marts are decimals of 18 digits before the point and ten after it."""
THOUSANDS = 3
"""With at least so many different amounts like 1.234, their point is one between thousands: a single one may be worked out."""
SPREADSHEET_ROWS = (65_536, 1_048_576)
"""Rows of a sheet in Excel 2003 and since: what a file has beyond them is lost where it is opened and saved."""
GROUPED_ROWS = 50
"""With fewer rows, blanks may lie so by chance."""
MIN_GROUPS = 3
MIN_SIZES = 3
"""Groups of a report are of several sizes. Those of one or two are values in turn, and no reason to hold a file."""
FIRST_ROWS = 1_000
"""Rows that are looked at: a report has its groups from the first row on."""
MIN_BLANK = 0.5
"""With at least such a share of blank rows, groups have two rows or more on average."""


def says_own_number(con: duckdb.DuckDBPyConnection, file_table: FileTable) -> bool:
    """Whether a column of whose rows they are has forces' numbers alone, the own one among them. Others may be anything."""
    number, numbers = own_number(file_table.force), ", ".join(map(literal, FORCE_NUMBERS))
    alone = [
        f"bool_and({cell} in ({numbers}, '')) and bool_or({cell} = {literal(number)})"
        for cell in map(file_table.cell, file_table.layout.force_fields if number else ())
    ]
    return bool(alone and one_row(con, f"select {' or '.join(alone)} from {CELLS}")[0])


def refuse_other_force(con: duckdb.DuckDBPyConnection, file_table: FileTable, facts: FileFacts, limits: FileLimits) -> None:
    """Raises Refused, with the rows in `facts`, where most rows say that they are another force's. Few rows are enough: what is
    left would be all that the force has in the window."""
    if not file_table.other_force:
        return
    rows, n_other, names = one_row(
        con,
        f"""
        select count(*), count(force), (list(distinct force order by force) filter (where force is not null))[1:3]
        from (select {file_table.other_force} as force from {CELLS})
        """,
    )
    if n_other > limits.quarantined_share * rows:
        facts.rows_in_file = rows
        raise Refused(
            f"of another force: {n_other:,} of {rows:,} rows say {', '.join(names)} under '{file_table.force_headers}', and the"
            f" file is of {file_table.force}: correct its name, or forces in its mapping; if the column means something else,"
            " export without it"
        )


def of_another_extract(file_table: FileTable) -> str | None:
    """The reason to hold a file with all columns that another extract needs, and fewer of its own, or None."""
    headers = {plain_header(h) for h in (*file_table.layout.headers.values(), *file_table.layout.unknown)}
    for other in load_contracts().values() if file_table.key else ():
        shared = [c for c in other.columns if c.headers & headers]
        lacks = any(c.required and c not in shared for c in other.columns)
        if (
            other.key
            and other.extract != file_table.contract.extract
            and not lacks
            and len(shared) > len(file_table.layout.position)
        ):
            extra = [c.name for c in other.columns if c in shared and c.name not in file_table.layout.position]
            return (
                f"has the columns of {other.extract}, {', '.join(extra)} among them, and its name says"
                f" {file_table.contract.extract}: correct the name; if the name is right, release the file"
            )
    return None


def cut_by_spreadsheet(file_table: FileTable, rows: int) -> str | None:
    """The reason to hold a text or a sheet that has exactly as many rows as a spreadsheet, or None."""
    total = file_table.layout.rows + rows + file_table.n_ignored
    if total not in SPREADSHEET_ROWS or not file_table.layout.separator:
        return None
    return (
        f"ends at row {total:,}, where a spreadsheet does: rows below it may be lost: export again, do not open it in one; if"
        " it ends there by chance, release the file"
    )


def points_for_thousands(con: duckdb.DuckDBPyConnection, file_table: FileTable, rows: int) -> str | None:
    """The reason to hold a file with a column of amounts like 1.234 whose point stands between thousands, or None.

    There each part after a point has three figures, none has four in a row, and no comma stands between thousands. Where every
    count has a point (`12.000`) they are decimals. `rows`: how many it has.
    """
    for column in file_table.contract.columns if file_table.form == "canonical" and rows >= THOUSANDS else ():
        if column.type not in ("money", "whole") or column.name not in file_table.layout.position:
            continue
        grouped, with_point, filled, english = one_row(
            con,
            rf"""
            select
                count(distinct t) filter (where regexp_matches(t, '^\D*[1-9]\d{{0,2}}(\.\d{{3}})+(,\d*)?\D*$')),
                count(distinct t) filter (where contains(t, '.')),
                count(distinct t),
                count(*) filter (where regexp_matches(t, '\d{{4}}|^\D*\d{{1,3}}(,\d{{3}})+(\.|\D*$)'))
            from (select nullif({file_table.text(column.name)}, '') as t from {CELLS} where not {file_table.is_ragged})
            """,
        )
        if grouped >= THOUSANDS and grouped == with_point and not english and (column.type == "money" or with_point < filled):
            return (
                f"{column.name}: every amount with a point has three figures after it, as in 1.234: is it a thousand? Then"
                " export amounts without such points; if not, release the file"
            )
    return None


def only_on_first_rows(con: duckdb.DuckDBPyConnection, file_table: FileTable, rows: int) -> str | None:
    """The reason to hold a file that has a column filled on the first row of each group only, or None. `rows`: how many it has.

    The first row has a value, most have none, and no value follows itself, as it would begin no group. Only columns that must
    be there and decide what a row counts as are looked at.
    """
    if rows < GROUPED_ROWS or not file_table.key:
        return None
    classifying = classifying_columns(file_table.contract.extract)
    names = [
        c.name
        for c in file_table.contract.columns
        if c.required and c.name in file_table.layout.position and (c.type == "choice" or c.name in classifying)
    ]
    # Few columns are mostly blank, and to count is quicker than to compare rows.
    blanks = ", ".join(f"count_if(c_{name} is null) > {MIN_BLANK} * count(*)" for name in names)
    are_blank = one_row(con, f"select {blanks} from (from {PARSED} limit {FIRST_ROWS})") if names else ()
    for name in (n for n, is_blank in zip(names, are_blank, strict=True) if is_blank):
        if blank_note := blanks_after_first(con, name, MIN_SIZES):
            return f"{name}: {blank_note}: fill it down and export again; if blanks are meant, release the file"
    return None


def blanks_after_first(con: duckdb.DuckDBPyConnection, name: str, min_sizes: int = 1) -> str | None:
    """What the first rows of `landing_parsed` have under a column that has values on the first row of each group alone, or
    None. `min_sizes`: how many sizes the groups have at least."""
    rows, filled, first_filled, repeats, groups, sizes = one_row(
        con,
        f"""
        select
            count(*), count(v), coalesce(arg_min(v is not null, line), false), coalesce(bool_or(v = before), false),
            -- Values one below the other, and then blanks alone, are no groups.
            count(v) filter (where is_above_blank),
            -- The last group may be cut off.
            count(distinct next - row_no) filter (where v is not null)
        from (
            select
                line, v, lag(v) over (partition by v is null order by line) as before,
                lead(v is null, 1, false) over (order by line) as is_above_blank,
                row_no, lead(row_no) over (partition by v is null order by line) as next
            from (
                select line, v, row_number() over (order by line) as row_no
                from (select line, c_{name} as v from {PARSED} limit {FIRST_ROWS})
            )
        )
        """,
    )
    if groups < MIN_GROUPS or sizes < min_sizes or filled >= (1 - MIN_BLANK) * rows or not first_filled or repeats:
        return None
    where = f"blank in {rows - filled:,} of the first {rows:,} rows"
    return f"{where}, as in a report that has a value on the first row of its group alone"


READ_WHY = "See why: pam inspect; a mapping may be needed"


def quarantined_too_much(
    rows: int, quarantined: int, kinds: Mapping[str, int], limits: FileLimits, advice: str = READ_WHY
) -> str | None:
    """The reason to hold a file with too many bad rows, or None."""
    if rows < limits.quarantined_rows or quarantined <= limits.quarantined_share * rows:
        return None
    commonest = max(kinds, key=lambda kind: kinds[kind])
    return (
        f"{quarantined:,} of {rows:,} rows ({quarantined / rows:.0%}) would be quarantined, more than"
        f" {limits.quarantined_share:.0%}: not believed. Most often {commonest} ({kinds[commonest]:,}). {advice}"
    )


def ranges_as_dates(rows: StoredRows) -> str | None:
    """The reason to hold a file whose age ranges a spreadsheet has made dates of, or None: 10-17 would count as Oct-17, and
    10-17 itself as 0."""
    if AGES not in rows.file_table.layout.position:
        return None
    filled, dates, value = one_row(
        rows.con,
        f"""
        select sum(n), sum(n) filter (where is_date), arg_max({AGES}, n) filter (where is_date)
        from (
            select {AGES}, count(*) as n, regexp_matches({AGES}, {literal(AGE_AS_DATE)}) as is_date
            from {rows.table} where {AGES} is not null group by {AGES}
        )
        """,
    )
    if not dates or dates < MADE_DATES_SHARE * filled:
        return None
    return (
        f"{AGES}: '{value}' is what a spreadsheet makes of a range such as 10-17 ({dates:,} of {filled:,} rows): export again,"
        f" and do not open it in one. Or say in a mapping which it was, values: {{{AGES}: {{{value}: ...}}}}, and drop the"
        " file again under a newer time"
    )


def amounts_beyond_figures(rows: StoredRows) -> str | None:
    """The reason to hold a file whose amounts add up to more than a figure can be, or None: no night could be built with
    it."""
    file_table = rows.file_table
    names = [c.name for c in file_table.contract.columns if c.type in NUMBER_TYPES and c.name in file_table.layout.position]
    if not names:
        return None
    sums = ", ".join(f"sum(abs(cast({name} as decimal(38, 10))))" for name in names)
    examples = ", ".join(f"max_by({name}, abs(cast({name} as decimal(38, 10))))" for name in names)
    facts = one_row(rows.con, f"select {sums}, {examples} from {rows.table}")
    for name, total, example in zip(names, facts, facts[len(names) :], strict=False):
        if total is not None and total >= LARGEST_FIGURE:
            return (
                f"{name}: its amounts, such as {example}, add up to {total:,.0f}, more than any figure can be: are they"
                " reference numbers? Export again with the amounts, or correct the mapping, and drop the file again under a"
                " newer time"
            )
    return None
