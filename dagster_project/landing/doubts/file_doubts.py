"""Notes what may be wrong with a file that lands: what a person would ask on reading it, and no rule can decide. The notes are
in the ledger's `drift`, `pam inspect` and `pam status`."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from dagster_project.contracts import Column
from dagster_project.core.home import LONDON
from dagster_project.core.home_lists import UNIT
from dagster_project.core.plurals import counted
from dagster_project.core.sql import literal, one_row

from ..formats.csv_reader import CELLS
from ..rows.file_table import FileTable
from ..rows.row_rules import PARSED
from ..rows_not_to_count import other_force, says_perhaps_void
from ..storage.ledger import LedgerEntry
from ..storage.vocabulary import CODE, known_values
from .implausible_files import GROUPED_ROWS, blanks_after_first
from .stored_rows import StoredRows

ROUND_ROWS = frozenset({1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 50_000, 100_000, 150_000, 500_000, 1_000_000})
"""Rows that programs export at most, such as Excel's detail of a pivot table, Salesforce, SharePoint, Dynamics and Power BI."""
FLAGS = ({"Y", "N"}, {"Positive", "Negative"})
"""Choices of which a rate is made: one value in all rows makes it 0 or 100."""
ALIKE_ROWS = 50
"""With at least so many rows, one value in all of them is no chance: as for a column that is blank in every row."""
MIN_ROWS, MIN_BLANK = 20, 0.05
"""A few blanks are normal, as in `share_quarantined`."""
GAP_DAYS, GAP_ROWS = 28, 30
"""Days at an end of the window without a row, and the rows that would be usual there: as in `days_without_rows`."""
LEFT_OUT_ROWS = 5
"""So many rows, all left out by a mapping, are more than totals and sources."""
MIN_MONTHS = 3
"""With at least so many months, it is no chance that all days are the first: 1 in 30,000."""
MISSING_MONTH, MONTH_ROWS, MONTH_EDGE = 25, 15, 3
"""Fewest days of a gap that is a month or more, give or take some days at each end, and the rows that would be usual there."""
NO_ROW = "no row"
OUTWEIGHS = 10
"""One amount that is more than so many times all others together may be mistyped."""
FILLED_SHARE, STOPPED_DAYS = 0.9, 14
"""A column with a value in such a share of rows is one that always has it. In fewer last days it may not be known yet."""
LATE_DAYS = 28
"""What was later than so many days had stopped."""
LOST_ROWS = 10
"""In at least so many rows that all have a value, it is no chance."""
BLANK = "{}: blank"
"""What is remembered as said of a column without a value on some days."""
KNOWN_VALUES = "they count as without it. If it is known, export again with it"
MOSTLY = 0.5
"""In at most such a share of orders, nothing is ordered."""
TELLING = frozenset({"record_type", "grade", "test_status", "source", "object_of_search", "outcome"})
"""Columns of which one value in all rows makes another measure 0, or the whole that a part is compared with the part."""
FIRST_LIST = date(2000, 1, 1)
"""No county line, order or seizure that is listed today is older: the Proceeds of Crime Act is of 2002."""
CUT_AT = frozenset({50, 64, 100, 128, 150, 200, 250, 254, 255, 256, 400, 500, 512})
"""Characters at which databases and programs cut a text off."""
CUT_ROWS = 3
MERGED_ROWS, MERGED_SHARE = 10, 0.05
"""At least so many rows that repeat others are no slip, as of rows that share a reference and differ."""
LATE_OF_DAYS, LATE_SHARE = 180, 0.1
"""In a window of so many days, half of the rows are not of the last tenth, unless counting has just begun."""
ENDED_ROWS = 10
"""Of at least so many rows of a whole list some have ended, unless it leaves those out."""
CLOSED = r"^(closed|ended|expired|inactive|ceased|lapsed|revoked|dismantled)\b"
"""What a status says of a line or an order that is no longer active."""


def doubts(rows: StoredRows) -> Iterator[str]:
    """What may be wrong with a load's stored rows, a sentence for each."""
    if rows.n_read in ROUND_ROWS:
        yield f"exactly {rows.n_read:,} rows, which many programs export at most: is that all of them?"
    if rows.n:
        for notes in (
            _leaves_nothing_out, _one_value, _blanks, _stopped_columns, _lost_columns, _amounts, _days, _cut_lists,
            _times_in_utc, _hour_after_window, _reported_by_others, _closed_without_a_day, _none_ended, _perhaps_void,
            _contradictions, _without_expected, _late_in_window,
        ):  # fmt: skip
            yield from notes(rows)


def no_rows(file_table: FileTable, rows: int, previous: LedgerEntry | None) -> str | None:
    """What may be wrong with a file of which no row lands: it has none over many days, and the file before had some, all of its
    `rows` are bad, or its mapping leaves all out."""
    days = (file_table.covered_to - file_table.covered_from).days + 1
    count = "its day counts as 0" if days == 1 else f"its {days:,} days count as 0"
    if rows:
        none = "its only row does not land" if rows == 1 else f"none of its {rows:,} rows lands"
        is_zero = file_table.contract.kind == "events" and previous is None
        return f"{none}{f', and {count}' if is_zero else ''}: see pam quarantine"
    if file_table.n_ignored >= LEFT_OUT_ROWS:
        return f"all {file_table.n_ignored:,} rows are left out, as the mapping says (table: ignore:), and {count}"
    if previous is None or not previous.rows_landed or days < GAP_DAYS:
        return None
    return f"no rows, where the file before had {previous.rows_landed:,}: {count}"


def repeats(rows: int, merged: int) -> list[str]:
    """What may be wrong with a file of `rows` of which `merged` repeat others."""
    if merged < MERGED_ROWS or merged < MERGED_SHARE * rows:
        return []
    note = f"{merged:,} of {rows:,} rows repeat another's reference and columns, and do not count"
    return [f"{note}: if they are of other people or things, have the system export a reference for each"]


def _contradictions(rows: StoredRows) -> Iterator[str]:
    listed = [c for c in rows.file_table.contract.contradictions if not c.needs or not set(rows.absent) >= set(c.needs)]
    if listed:
        counts_sql = ", ".join(f"count(*) filter (where {c.rows})" for c in listed)
        counts = one_row(rows.con, f"select {counts_sql} from {rows.table}")
        yield from (f"{n:,} of {rows.n:,} rows: {c.means}" for n, c in zip(counts, listed, strict=True) if n)


def _without_expected(rows: StoredRows) -> Iterator[str]:
    """Notes a file of which no row has a value that measures count, such as an operation that has a code there."""
    for name, value in rows.file_table.contract.expects.items() if rows.n >= ALIKE_ROWS else ():
        one = f"select 1 from {rows.table} where lower({name}) = {literal(value.lower())} limit 1"
        if name not in rows.absent and not rows.con.execute(one).fetchall():
            note = f"{name}: {value} in none of {rows.n:,} rows: what it counts is 0"
            yield f"{note}. If it has another name there, map it (values); if such rows are left out, export them"


def _late_in_window(rows: StoredRows) -> Iterator[str]:
    """Notes a file whose rows give the window, and are mostly of its last days: an export of records that changed has a few of
    every earlier month, and these months would count as covered."""
    file_table = rows.file_table
    if not rows.give_window or file_table.contract.kind != "events" or rows.n < ALIKE_ROWS:
        return
    first, median, last = one_row(
        rows.con,
        f"select min(day), quantile_disc(day, 0.5), max(day) from (select cast(_date as date) as day from {rows.table})",
    )
    days, late = (last - first).days + 1, (last - median).days + 1
    if days >= LATE_OF_DAYS and late < LATE_SHARE * days:
        yield (
            f"its rows give the window {file_table.covered_from} to {file_table.covered_to}, and half of them are of its last"
            f" {counted(late, 'day')}: does it have only records that changed? Then earlier days count too few: have the system"
            " export all records by their date, or retract the file"
        )


def _leaves_nothing_out(rows: StoredRows) -> Iterator[str]:
    """Notes columns by which the mapping leaves rows out, and which the file lacks: a cancelled record would count."""
    for name in rows.file_table.mapping.table.ignore:
        if rows.file_table.ignore_text(name) is None:
            yield f"no row is left out by {name} (table: ignore:), as the file lacks it: map it, or name its header there"


def _none_ended(rows: StoredRows) -> Iterator[str]:
    """Notes a whole list in which nothing has ended by the extraction: it may have only what is active today."""
    file_table = rows.file_table
    if file_table.contract.kind != "list" or rows.n < ENDED_ROWS:
        return
    for c in rows.of_contract:
        if c.type != "date" or c.required:
            continue
        day = rows.load.extracted_at[:10]
        ended = f"select 1 from {rows.table} where cast({c.name} as varchar) <= {literal(day)} limit 1"
        if not rows.con.execute(ended).fetchall():
            note = f"{c.name}: none of {rows.n:,} rows has ended by {day}: does the list leave out those that have?"
            yield f"{note} Then figures of earlier days are too low"


def _one_value(rows: StoredRows) -> Iterator[str]:
    """Notes a choice, an object of search or a unit with one value in all rows: a default that nobody changed, or an export of
    some rows alone. A Y that is blank in the other rows is a tick."""
    for c in rows.of_contract:
        column = rows.columns[c.name]
        if column.filled < ALIKE_ROWS or column.first is None or column.first != column.last:
            continue
        units = known_values(rows.home, rows.load.force_code, rows.load.extract, UNIT) if c.type == "unit" else None
        if column.first == "Y" and column.filled < rows.n:
            continue
        is_telling = set(c.values) in FLAGS or c.name in TELLING or (c.values and rows.file_table.contract.kind == "list")
        if is_telling or (units and len(units) > 2 and column.first.lower() in units):
            yield f"{c.name}: {column.first} in all {column.filled:,} rows: is it a default, or are others left out?"


def _blanks(rows: StoredRows) -> Iterator[str]:
    """Notes blanks of required columns, of which no measure knows the value, and values on the first row of a group."""
    if rows.file_table.form != "canonical" or rows.file_table.contract.kind == "indicators":
        return
    for c in rows.of_contract:
        n_blank = rows.n - rows.columns[c.name].filled
        # A blank among texts and lists is a row without that, such as a search for nothing in particular.
        needs_value = c.required and (c.type in ("choice", "money", "whole") or c.name == CODE)
        is_noted = needs_value and rows.n >= MIN_ROWS and n_blank > MIN_BLANK * rows.n and not _stop(rows, c)
        if is_noted and _say_once(rows, c, "often blank", f"{c.name} is null", MIN_BLANK):
            they = "add nothing" if c.type in ("money", "whole") else "count as none of its values"
            yield f"{c.name}: blank in {n_blank:,} of {rows.n:,} rows: these rows {they}"
        may_group = not needs_value and c.type in ("choice", "text", "unit", "list")
        if may_group and rows.n >= GROUPED_ROWS and 2 * n_blank > rows.n and (note := blanks_after_first(rows.con, c.name)):
            yield f"{c.name}: {note}: fill it down, or these rows count as without it"


def _stopped_columns(rows: StoredRows) -> Iterator[str]:
    """Notes columns that always have a value, but none in the file's last days: as where a system lost the column, or records
    are not classified yet. A column that is blank in the first days may be a newer one."""
    for c in rows.of_contract:
        if stop := _stop(rows, c):
            first, last, n = stop
            filled = rows.columns[c.name].filled
            if _say_stop_once(rows, c, first, last):
                share = f"{filled / (rows.n - n):.0%} of those before"
                yield f"{c.name}: blank in all {n:,} rows after {first - timedelta(1)}, and filled in {share}: {KNOWN_VALUES}"


def _lost_columns(rows: StoredRows) -> Iterator[str]:
    """Notes columns without any value, which those of the file before always had, perhaps up to a day."""
    for c in rows.compared if rows.n >= MIN_ROWS and _has_days(rows) else ():
        if _may_be_open(rows, c) or rows.columns[c.name].filled:
            continue
        n, filled = one_row(rows.con, f"select count(*), count({c.name}) from {rows.old}")
        n -= _blank_days(rows, c.name, rows.old)[2]
        if n < LOST_ROWS or filled < FILLED_SHARE * n:
            continue
        (first, last), (old_first, old_last) = (
            one_row(rows.con, f"select min(cast(_date as date)), max(cast(_date as date)) from {table}")
            for table in (rows.table, rows.old)
        )
        # Beside a file of many more days, records of the newest ones may not have it yet.
        is_part = (last - first).days + 1 < min(STOPPED_DAYS, (old_last - old_first).days / 2)
        if not is_part and _say_stop_once(rows, c, first, last):
            share = f"{filled / n:.0%} of those before"
            yield f"{c.name}: blank in all {rows.n:,} rows, and filled in {share}: {KNOWN_VALUES}"


def _say_stop_once(rows: StoredRows, column: Column, first: date, last: date) -> bool:
    """Whether to say that a column has no value on these days, which is then remembered. Not if it was said that it stopped
    then or before, and the file before has none since. Nor if it is late: up to twice as long ago, this column had none in the
    last days either, as was said of a file or as the file before has it, and this file has values on those days."""
    about, days, has_value = BLANK.format(column.name), (last - first).days + 1, f"{column.name} is not null"
    is_compared = column in rows.compared
    for a, b in rows.said.days(about):
        may_be_late = a < first and days <= 2 * min((b - a).days + 1, LATE_DAYS)
        if not is_compared:
            if a == first or may_be_late:
                return False
        elif not _n_of_days(rows, rows.old, a, last, has_value):
            if a <= first:
                return False
        elif may_be_late and _n_of_days(rows, rows.table, a, b, has_value):
            return False
    if is_compared:
        last_filled, days_before, _ = _blank_days(rows, column.name, rows.old)
        may_be_late = last_filled is not None and days <= 2 * days_before
        if may_be_late and _n_of_days(rows, rows.table, last_filled + timedelta(1), first, has_value):
            return False
    rows.said.say(about, first, last)
    return True


def _n_of_days(rows: StoredRows, table: str, first: date, last: date, condition: str = "true") -> int:
    """How many rows of a table (SQL) are of these days, and fulfil a condition (SQL)."""
    n = f"select count(*) from {table} where left(_date, 10) between '{first}' and '{last}' and {condition}"
    return int(one_row(rows.con, n)[0])


def _may_be_open(rows: StoredRows, column: Column) -> bool:
    """Whether a column may be blank in new records: a later event's day. Those that place a row are never blank."""
    contract = rows.file_table.contract
    is_placing = column.name in (*contract.key, contract.date_column)
    return is_placing or (column.type in ("date", "timestamp") and not column.required)


def _stop(rows: StoredRows, column: Column) -> tuple[date, date, int] | None:
    """Of a column that always has a value, but none in the file's last days: the first of these days, the last, and their
    rows."""
    filled = rows.columns[column.name].filled
    if not _has_days(rows) or _may_be_open(rows, column) or min(filled, rows.n - filled) < MIN_ROWS:
        return None
    last_filled, days, n = _blank_days(rows, column.name, rows.table)
    if last_filled is None or n < MIN_ROWS or days < STOPPED_DAYS or filled < FILLED_SHARE * (rows.n - n):
        return None
    return last_filled + timedelta(1), last_filled + timedelta(days), n


def _has_days(rows: StoredRows) -> bool:
    return rows.file_table.contract.date_column is not None and rows.file_table.form == "canonical"


def _blank_days(rows: StoredRows, name: str, table: str) -> tuple[date | None, int, int]:
    """The last day with a value of a column; the days of rows, and the rows, after it."""
    # Days are compared as texts, since reading ten million dates takes a second.
    return one_row(
        rows.con,
        f"""
        with by_day as materialized (
            select left(_date, 10) as day, count(*) as n, count({name}) as filled from {table} group by 1
        ),
        filled as (select max(day) as last_filled from by_day where filled > 0)
        select
            cast(any_value(last_filled) as date),
            coalesce(cast(max(day) as date) - cast(any_value(last_filled) as date), 0),
            coalesce(sum(n) filter (where day > last_filled), 0)::bigint
        from by_day, filled
        """,
    )


def _amounts(rows: StoredRows) -> Iterator[str]:
    """Notes sums of money that are 0 in most rows, as systems write for one that they lack, and one beyond all others."""
    for c in rows.of_contract if rows.n >= MIN_ROWS and rows.file_table.form == "canonical" else ():
        if c.type != "money":
            continue
        zeros, largest, others, line = one_row(
            rows.con,
            f"""
            select count(*) filter (where v = 0), max(v), sum(abs(v)) - max(abs(v)), arg_max(_line, v)
            from (select cast({c.name} as double) as v, _line from {rows.table})
            """,
        )
        is_zero = f"cast({c.name} as double) = 0"
        if c.required and zeros > MOSTLY * rows.n and _say_once(rows, c, "mostly 0", is_zero, MOSTLY):
            yield f"{c.name}: 0 in {zeros:,} of {rows.n:,} rows: are they blanks? These rows add nothing"
        if not largest or not others or largest <= OUTWEIGHS * others:
            continue
        amount, is_same = f"{largest:,.0f}", f"cast({c.name} as double) = {largest!r}"
        if _say_once(rows, c, amount, is_same, 0):
            yield f"{c.name}: {amount} on line {line} is more than ten times all others together: is it mistyped?"


def _say_once(rows: StoredRows, column: Column, what: str, condition: str, share: float) -> bool:
    """Whether to say that in more than such a share of rows a condition (SQL) is true, which makes a column `what`, such as
    mostly 0. It is then remembered. Not if it was said, and is so in half as many rows of the file before, or that can't be
    compared."""
    about = f"{column.name}: {what}"
    if rows.said.was_said(about):
        if column not in rows.compared:
            return False
        n, matching = one_row(rows.con, f"select count(*), count(*) filter (where {condition}) from {rows.old}")
        if matching > share / 2 * n:
            return False
    rows.said.say(about)
    return True


def _days(rows: StoredRows) -> Iterator[str]:
    """Notes days after the extraction, and long before any of a list; days without a row at the ends of the window, if many
    rows would be usual there and no run within is as long; whole months without a row within; and a day that has most rows,
    such as that of a move from an older system."""
    contract = rows.file_table.contract
    if not contract.date_column:
        return
    by_day = f"select cast(_date as date), count(*) from {rows.table} group by 1 order by 1"
    rows_by_day = rows.con.execute(by_day).fetchall()
    days, one_day = [day for day, _ in rows_by_day], timedelta(days=1)
    # A day later, as days are London's and extractions UTC.
    last_day = date.fromisoformat(rows.load.extracted_at[:10]) + one_day
    late = sum(n for day, n in rows_by_day if day > last_day)
    if late and contract.kind == "events":
        note = f"{counted(late, 'row')} of days after the extraction, such as {days[-1]}"
        yield f"{note}: are day and month swapped, or is a year mistyped?"
    early = sum(n for day, n in rows_by_day if day < FIRST_LIST)
    if early and contract.kind == "list":
        yield f"{contract.date_column}: {counted(early, 'row')} before 2000, such as {days[0]}: is a year mistyped?"
    if contract.kind != "events" or rows.n < GAP_ROWS:
        return
    span = (days[-1] - days[0]).days + 1
    if span < GAP_DAYS:
        return
    runs = sorted(((after - before).days - 1, before + one_day, after) for before, after in pairwise(days))
    longest = runs[-1][0] + 1
    yield from _month_without_rows(rows, span, runs)
    for first, last in ((rows.file_table.covered_from, days[0] - one_day), (days[-1] + one_day, rows.file_table.covered_to)):
        gap = (last - first).days + 1
        is_unusual = gap >= max(GAP_DAYS, longest) and rows.n * gap >= GAP_ROWS * span
        if is_unusual and _say_gap_once(rows, first, last):
            yield (
                f"{NO_ROW} from {first} to {last}, where about {rows.n * gap / span:,.0f} would be usual: these days count as"
                " 0. If the system does not have them, name the next file for the days that it has"
            )
    if rows.n >= ALIKE_ROWS and len(days) >= MIN_MONTHS and all(day.day == 1 for day in days):
        yield (
            f"{contract.date_column}: every row is of the first day of a month: does the system say the month alone? Then"
            " figures of months and years are right, and those of a window that begins or ends within a month are not"
        )
    day, n = max(rows_by_day, key=lambda c: c[1])
    if rows.n >= ALIKE_ROWS and 2 * n > rows.n:
        yield f"{contract.date_column}: {n:,} of {rows.n:,} rows are of {day}: is it a default?"


def _month_without_rows(rows: StoredRows, span: int, runs: list[tuple[int, date, date]]) -> Iterator[str]:
    """Notes a month or more within the window of which a file has no row, if no other such run is half as long: holidays and
    surveys come again. `span`: days from the first row to the last. `runs`: days, first day, and day after of each run of days
    without rows, the shortest first."""
    gap, first, after = runs[-1]
    usual = rows.n * gap / (span - gap)
    is_only_one = len(runs) == 1 or gap >= 2 * runs[-2][0]
    if not (is_only_one and gap >= MISSING_MONTH and usual >= MONTH_ROWS and _begins_month(first) and _begins_month(after)):
        return
    last = after - timedelta(1)
    if _say_gap_once(rows, first, last):
        yield (
            f"{NO_ROW} from {first} to {last}, where about {usual:,.0f} would be usual: these days count as 0."
            " If a month was left out, export again with it"
        )


def _say_gap_once(rows: StoredRows, first: date, last: date) -> bool:
    """Whether to say that there is no row on these days, which is then remembered. Not if it was said of half of them, and the
    file before has none there either."""
    if rows.said.was_said_of_half(NO_ROW, first, last) and not (rows.compared and _n_of_days(rows, rows.old, first, last)):
        return False
    rows.said.say(NO_ROW, first, last)
    return True


def _begins_month(day: date) -> bool:
    return day.day <= 1 + MONTH_EDGE or (day + timedelta(MONTH_EDGE)).day <= MONTH_EDGE


def _cut_lists(rows: StoredRows) -> Iterator[str]:
    """Notes lists of which the longest have a length at which programs cut texts off, with or without blanks after each `;`."""
    for name in (c.name for c in rows.of_contract if c.type == "list"):
        sizes = (f"length({name})", f"2 * length({name}) - length(replace({name}, ';', ''))")
        longest = one_row(rows.con, f"select max({sizes[0]}), max({sizes[1]}) from {rows.table}")
        for size, length in zip(sizes, longest, strict=True):
            if length not in CUT_AT:
                continue
            (n,) = one_row(rows.con, f"select count(distinct {name}) from {rows.table} where {size} = {length}")
            # One list that is as long by chance may be in many rows.
            if n >= CUT_ROWS:
                note = f"{name}: the longest, {n:,} different ones, have {length} characters each"
                yield f"{note}: are they cut off, and items lost?"
                break


def _times_in_utc(rows: StoredRows) -> Iterator[str]:
    file_table = rows.file_table
    for column in file_table.contract.columns if not file_table.mapping.times_are_utc else ():
        header = file_table.layout.headers.get(column.name, "")
        if column.type in ("date", "timestamp") and re.search(r"\b(utc|zulu)\b", header, re.I):
            yield f"{column.name}: its header says UTC: if its times have no offset, say times_are_utc: true in the mapping"


def _hour_after_window(rows: StoredRows) -> Iterator[str]:
    """Notes rows that a system whose months are UTC's exports with the month before: no file has them in its window. Not in
    winter, when both begin at once, nor where the file goes on after the hour."""
    file_table = rows.file_table
    name, last = file_table.contract.date_column, file_table.covered_to
    if not file_table.mapping.times_are_utc or name is None or file_table.contract.column(name).type != "timestamp":
        return
    day = last + timedelta(1)
    if not datetime.combine(day, time(), LONDON).utcoffset():
        return
    n, n_later = one_row(
        rows.con,
        f"""
        select count(*) filter (where hour = '00'), count(*) filter (where hour <> '00')
        from (select substr(c_{name}, 12, 2) as hour from {PARSED} where left(c_{name}, 10) = '{day}')
        """,
    )
    if n and not n_later:
        say, they = ("1 row is", "it does") if n == 1 else (f"{n:,} rows are", "they do")
        yield (
            f"{name}: {say} of the hour after {last}, as its times are UTC and days London's: {they} not count, and the next"
            " file may begin after it: have the system export a day more at each end than the file's name says"
        )


def _reported_by_others(rows: StoredRows) -> Iterator[str]:
    """Notes rows of a street file that another force reported, as in one that was put together of several."""
    if "reported_by" not in rows.columns or rows.columns["reported_by"].first is None:
        return
    other_force_sql = other_force(["reported_by"], rows.load.force_code)
    n, names = one_row(
        rows.con,
        f"""
        select count(force), (list(distinct force order by force))[1:3]
        from (select {other_force_sql} as force from {rows.table}) where force is not null
        """,
    )
    if n:
        say, count = ("says", "counts") if n == 1 else ("say", "count")
        counted_for = f"{rows.load.force_code}, as the file's name says"
        yield f"reported_by: {counted(n, 'row')} {say} {', '.join(names)}, and {count} for {counted_for}"


def _perhaps_void(rows: StoredRows) -> Iterator[str]:
    """Notes rows that count, and that a column which is not stored may call deleted, or a duplicate."""
    file_table = rows.file_table
    for i, header in file_table.layout.void_fields.items() if file_table.void else ():
        is_void = f"{file_table.void} is null and {says_perhaps_void(header, file_table.cell(i))}"
        (n,) = one_row(rows.con, f"select count(*) filter (where {is_void}) from {CELLS} where not {file_table.is_ragged}")
        if n:
            say, they = counted(n, "row"), "it counts" if n == 1 else "they count"
            note = f"{header}: may say of {say} that it is no record, and {they}"
            yield f"{note}: leave such rows out, by table: ignore: in a mapping, if they should not"


def _closed_without_a_day(rows: StoredRows) -> Iterator[str]:
    """Notes rows of a whole list that a column which is not stored calls closed, and that have no day of it."""
    file_table = rows.file_table
    ends = [
        c.name
        for c in file_table.contract.columns
        if c.type == "date" and not c.required and c.name in file_table.layout.position
    ]
    for end in ends if file_table.contract.kind == "list" else ():
        for i, header in file_table.layout.void_fields.items():
            (n,) = one_row(
                rows.con,
                f"""
                select count(*) from {CELLS}
                where not {file_table.is_ragged} and nullif({file_table.text(end)}, '') is null
                    and regexp_matches({file_table.cell(i)}, {literal(CLOSED)}, 'i')
                """,
            )
            if n:
                yield f"{header}: says closed, without {end}, in {counted(n, 'row')} that would count as active"
