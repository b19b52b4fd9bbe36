"""Holds or refuses implausible files: most current rows withdrawn, most rows bad, days and months swapped.

Each limit is a setting, `[believe]` of `pam.toml`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import duckdb

from dagster_project.contracts import Column, Contract
from dagster_project.contracts.model import DATE_TYPES
from dagster_project.core.config import Believe
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row

from .conflicting_files import load_of
from .csv_reader import CELLS
from .ledger import LedgerEntry
from .mapped_values import is_month_first
from .raw_store import Load, parquet_of
from .refusal import Refused
from .row_rules import PARSED, Sheet

EVER = (date(1900, 1, 1), date(2100, 12, 31))
"""The window used for a dry run where the person gave none."""

MOST_LOADS_BACK = 5
"""Loads that are searched for the last good version of a quarantined row: each costs reading its keys."""

SAMPLE_ABOVE, SAMPLE_PART = 100_000, 32
"""With more current rows than this, 1 in 32 keys is checked first: mostly it shows that the file is nowhere near the limit."""

TURNED_DATES = 10
"""Dates among American texts from which it is no chance that none is after the 12th: 1 in 10,000 where they are of any day."""
TEXTS_TO_DATES = 0.5
"""American texts for each such date: 1.6 where dates are of any day, as 19 of 31 days are after the 12th. Fewer are slips."""

PERIOD = re.compile(
    r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?(?![a-z])"
    r"|(?<![a-z\d])q[1-4](?!\d)|(?:19|20)\d\d"
)
"""A month, quarter or year in a sheet's name, in lower case."""
MONTH_DAYS = 28
"""Days of the window without a row before or after those of the first sheet, from which other sheets have them: a month."""
THOUSANDS = 3
"""Different amounts like 1.234 from which their point is taken for one between thousands: a single one may be worked out."""
SPREADSHEET_ROWS = (65_536, 1_048_576)
"""Rows of a sheet in Excel 2003 and since: what a file has beyond them is lost where it is opened and saved."""

SHAPES = {
    r"^\d+/\d+/\d+$": "%m/%d/%Y",
    r"^\d+/\d+/\d+ \d+:\d+$": "%m/%d/%Y %H:%M",
    r"^\d+/\d+/\d+ \d+:\d+:\d+$": "%m/%d/%Y %H:%M:%S",
    r"^\d+/\d+/\d+ \d+:\d+ [AaPp][Mm]$": "%m/%d/%Y %I:%M %p",
    r"^\d+/\d+/\d+ \d+:\d+:\d+ [AaPp][Mm]$": "%m/%d/%Y %I:%M:%S %p",
}
"""Shapes of American dates, and the format that reads each."""


def refuse_american(con: duckdb.DuckDBPyConnection, sheet: Sheet, rows: int, bad: int, limits: Believe, force: str) -> None:
    """Raises Refused, with the line that a mapping needs, where a column's `a/b/yyyy` dates have the month first.

    `rows`, `bad`: counts of the file. Many such dates are bad in UK order, so a file with few bad rows need not be checked.
    """
    if sheet.form != "canonical":
        return
    columns = [c for c in sheet.contract.columns if c.type in DATE_TYPES and c.name in sheet.layout.position]
    mapped = {n for n, formats in (sheet.mapping.dates if sheet.mapping else {}).items() if any(map(is_month_first, formats))}
    for c in columns:
        if c.name in mapped and (turned := _turned_by_spreadsheet(con, sheet, c)):
            raise Refused(turned)
    if bad == 0 or bad < limits.american_share * rows:
        return
    found = {c: line for c in columns if c.name not in mapped and (line := _american_formats(con, sheet, c, rows, limits))}
    for c in found:
        if turned := _turned_by_spreadsheet(con, sheet, c):
            # With the line to add, these dates would be read as other days.
            raise Refused(turned)
    if found:
        own = f"a mapping (mappings/: extract: {sheet.contract.extract}, forces: [{force}])"
        where = "the mapping" if sheet.mapping else own
        raise Refused(f"American dates, with the month first: add to {where} dates: {{{', '.join(found.values())}}}")


def _turned_by_spreadsheet(con: duckdb.DuckDBPyConnection, sheet: Sheet, column: Column) -> str:
    """What is wrong with a column of American dates that a spreadsheet has opened: those it could read day first are dates of
    other days now, the others still texts. "" where that is not so."""
    dates, american, late = one_row(con.execute(
        f"""
        select
            count(*) filter (where is_date),
            count(*) filter (where try_cast(split_part(t, '/', 2) as integer) between 13 and 31),
            count(*) filter (where is_date and t[9:10] > '12')
        from (
            select t, regexp_matches(t, '^\\d{{4}}-\\d{{2}}-\\d{{2}}(\\D|$)') as is_date
            from (select {sheet.text(column.name)} as t from {CELLS} where not {sheet.is_ragged})
            where regexp_matches(t, '^\\d{{1,4}}[-/]\\d{{1,2}}[-/]\\d{{2,4}}(\\D|$)')
        )
        """
    ))
    if dates < TURNED_DATES or american < TEXTS_TO_DATES * dates or late:
        return ""
    return (
        f"{column.name}: a spreadsheet has swapped day and month of {dates:,} American dates: export the file again and do not"
        " open it in one"
    )


def _american_formats(con: duckdb.DuckDBPyConnection, sheet: Sheet, column: Column, rows: int, limits: Believe) -> str | None:
    """The formats that a column of American dates needs, as YAML; None where it has no such dates."""
    first, second = (f"try_cast(split_part(t, '/', {n}) as integer)" for n in (1, 2))
    month_first = f"({first} between 1 and 12 and {second} between 13 and 31)"
    day_first = f"({first} between 13 and 31 and {second} between 1 and 12)"
    shapes = ", ".join(f"coalesce(bool_or({month_first} and regexp_matches(t, {literal(s)})), false)" for s in SHAPES)
    american, british, *has_shape = one_row(con.execute(
        f"""
        select count(*) filter (where {month_first}), count(*) filter (where {day_first}), {shapes}
        from (select {sheet.text(column.name)} as t from {CELLS} where not {sheet.is_ragged})
        where regexp_matches(t, '^\\d{{1,2}}/\\d{{1,2}}/\\d{{4}}(\\D|$)')
        """
    ))
    if american == 0 or british or american < limits.american_share * rows:
        return None
    forms = [f'"{form}"' for form, has in zip(SHAPES.values(), has_shape, strict=True) if has] or ['"%m/%d/%Y"']
    return f"{column.name}: {forms[0] if len(forms) == 1 else '[' + ', '.join(forms) + ']'}"


def refuse_other_force(con: duckdb.DuckDBPyConnection, sheet: Sheet, facts: dict[str, Any], limits: Believe) -> None:
    """Raises Refused, with the rows in `facts`, where so many rows say that they are another force's that the file is not its
    own. This asks no least number of rows: what few rows would be left would be all that the force has in the window."""
    if not sheet.other_force:
        return
    rows, others, names = one_row(con.execute(
        f"""
        select count(*), count(said), (list(distinct said order by said) filter (where said is not null))[1:3]
        from (select {sheet.other_force} as said from {CELLS})
        """
    ))
    if others > limits.quarantined_share * rows:
        facts["rows_in_file"] = rows
        raise Refused(
            f"of another force: {others:,} of {rows:,} rows say {', '.join(names)} under '{sheet.force_headers}', and the file"
            f" is of {sheet.force}: correct its name, or forces in its mapping; if the column means something else, export"
            " without it"
        )


def cut_by_spreadsheet(sheet: Sheet, rows: int) -> str | None:
    """The reason to hold a text or a sheet that has exactly as many rows as a spreadsheet, or None."""
    total = sheet.layout.rows + rows + sheet.n_ignored
    if total not in SPREADSHEET_ROWS or not sheet.layout.separator:
        return None
    return (
        f"ends at row {total:,}, where a spreadsheet does: rows below it may be lost: export again, do not open it in one; if"
        " it ends there by chance, release the file"
    )


def left_on_other_sheets(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> str | None:
    """The reason to hold a workbook with a sheet for each period, of which the first does not fill the window; else None."""
    if not any(PERIOD.search(name.casefold()) for name in sheet.unread_sheets):
        return None
    first, last = one_row(con.execute(f"select min(_date), max(_date) from {PARSED} where not bad"))
    if first:
        before, after = date.fromisoformat(first) - sheet.covered_from, sheet.covered_to - date.fromisoformat(last)
        if max(before, after).days < MONTH_DAYS:
            return None
    names = ", ".join(sheet.unread_sheets)
    return (
        f"rows of its window are on other sheets, and only the first is read: {names}. Save each as a file of its own, or put"
        " all rows on the first; if the first has all, say table: {sheet: 1} in a mapping, or release the file"
    )


def points_for_thousands(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> str | None:
    """The reason to hold a file with a column of amounts like 1.234 whose point stands between thousands, or None.

    There each part after a point has three figures, none has four in a row, and no comma stands between thousands. Where every
    count has a point (`12.000`) they are decimals.
    """
    for c in sheet.contract.columns if sheet.form == "canonical" else ():
        if c.type not in ("money", "whole") or c.name not in sheet.layout.position:
            continue
        alike, with_point, filled, english = one_row(con.execute(
            rf"""
            select
                count(distinct t) filter (where regexp_matches(t, '^\D*[1-9]\d{{0,2}}(\.\d{{3}})+(,\d*)?\D*$')),
                count(distinct t) filter (where contains(t, '.')),
                count(distinct t),
                count(*) filter (where regexp_matches(t, '\d{{4}}|^\D*\d{{1,3}}(,\d{{3}})+(\.|\D*$)'))
            from (select nullif({sheet.text(c.name)}, '') as t from {CELLS} where not {sheet.is_ragged})
            """
        ))
        if alike >= THOUSANDS and alike == with_point and not english and (c.type == "money" or with_point < filled):
            return (
                f"{c.name}: every amount with a point has three figures after it, as in 1.234: is it a thousand? Then export"
                " amounts without such points; if not, release the file"
            )
    return None


def quarantined_too_much(rows: int, quarantined: int, kinds: Mapping[str, int], limits: Believe) -> str | None:
    """The reason to hold a file with too many bad rows, or None."""
    if rows < limits.quarantined_rows or quarantined <= limits.quarantined_share * rows:
        return None
    most = max(kinds, key=lambda kind: kinds[kind])
    return (
        f"{quarantined:,} of {rows:,} rows ({quarantined / rows:.0%}) would be quarantined, more than"
        f" {limits.quarantined_share:.0%}: not believed. Most often {most} ({kinds[most]:,}). See why: pam inspect; a"
        " mapping may be needed"
    )


def withdraws_too_much(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    contract: Contract,
    load: Load,
    sheet: Sheet,
    entries: Iterable[LedgerEntry],
    limits: Believe,
) -> str | None:
    """The reason to hold a file that would withdraw most of the current rows in its window, or None.

    `load`: the file's rows, stored already. `entries`: the accepted loads of its extract and force.
    """
    earlier = sorted((e for e in entries if e.load_id != load.load_id), key=lambda e: str(e.extracted_at), reverse=True)
    earlier = [e for e in earlier if load_of(e).raw(home).exists()]
    if not earlier or not load.raw(home).exists():
        return None
    first, last = sheet.covered_from, sheet.covered_to
    if (first, last) == EVER:
        first, last = _days(con, home, load) or EVER
    if contract.kind == "indicators":
        current, withdrawn = _indicators(con, home, load, earlier)
    elif sheet.key:
        if sum(e.rows_landed or 0 for e in earlier[:1]) > SAMPLE_ABOVE:
            current, withdrawn = _keyed(con, home, contract, load, earlier, first, last, SAMPLE_PART)
            if current > SAMPLE_ABOVE // SAMPLE_PART // 2 and withdrawn < limits.withdrawn_share * current / 2:
                return None
        current, withdrawn = _keyed(con, home, contract, load, earlier, first, last)
    else:
        older = [e for e in earlier if str(e.extracted_at) < load.extracted_at]
        current, withdrawn = _by_file(con, home, load, older, first, last)
    if current < limits.withdrawn_rows or withdrawn <= limits.withdrawn_share * current:
        return None
    return (
        f"would withdraw {withdrawn:,} of the {current:,} current rows in its window ({withdrawn / current:.0%}), more than"
        f" {limits.withdrawn_share:.0%}: not believed. Is it of another force, system or period, or only a part?"
    )


def _keyed(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    contract: Contract,
    load: Load,
    earlier: list[LedgerEntry],
    first: date,
    last: date,
    part: int = 1,
) -> tuple[int, int]:
    """The number of current rows in the window (of a list, in its newest file), and of those that this newer file lacks.

    `part`: count 1 in `part` keys, chosen by their hash.
    """
    own = [e for e in earlier if e.form == "canonical"]
    if contract.kind == "list":
        chosen = own[:1]
    else:
        chosen = _chosen(own, first, last)
    if not chosen:
        # The force's own file replaces what data.police.uk publishes of these months.
        published = [e for e in earlier if e.form == "police_uk"]
        return _by_file(con, home, load, published, first, last)
    loads = ", ".join(
        f"({literal(str(e.load_id))}, {n}, {literal(str(e.covered_from))}, {literal(str(e.covered_to))},"
        f" {str(str(e.extracted_at) < load.extracted_at).lower()})"
        for n, e in enumerate(reversed(chosen))
    )
    chosen_keys = f"hash({{}}) % {part} = 0" if part > 1 else "true"
    places = "true" if contract.kind == "list" else f"v.day between '{first}' and '{last}'"
    newer_covers = "true" if contract.kind == "list" else "v.day between n.first and n.last"
    return one_row(con.execute(
        f"""
        with loads(load_id, place, first, last, is_older) as (values {loads}),
        versions as (
            select r._key as key, max_by(r._date, l.place) as day, max(l.place) as place
            from {parquet_of(*(load_of(e).raw(home) for e in chosen))} as r
            join loads as l on r._load_id = l.load_id
            where r._key is not null and {chosen_keys.format("r._key")}
            group by r._key
        ),
        present as ({_withheld(home, chosen)}),
        current_rows as (
            select v.key, v.place
            from versions as v
            where {places} and not exists (
                select 1 from loads as n
                where n.place > v.place and {newer_covers}
                and not exists (select 1 from present as p where p.load_id = n.load_id and p.key = v.key)
            )
        ),
        here as (
            select _key as key from {parquet_of(load.raw(home))} where _key is not null and {chosen_keys.format("_key")}
            union all select key from ({_withheld(home, [load])})
        )
        select count(*), count(*) filter (where l.is_older and c.key not in (select key from here))
        from current_rows as c join loads as l on c.place = l.place
        """
    ))


def _by_file(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, earlier: list[LedgerEntry], first: date, last: date
) -> tuple[int, int]:
    """Rows without a key: how many are current in the window's months, and how many fewer the file has."""
    chosen = _chosen(earlier, first, last)
    if not chosen:
        return 0, 0
    months = f"left(_date, 7) between '{first:%Y-%m}' and '{last:%Y-%m}'"
    current, is_counted = 0, "false"
    for e in chosen:
        path = parquet_of(load_of(e).raw(home))
        current += one_row(con.execute(f"select count(*) from {path} where {months} and not ({is_counted})"))[0]
        is_counted += f" or left(_date, 7) between '{e.covered_from:%Y-%m}' and '{e.covered_to:%Y-%m}'"
    (new,) = one_row(con.execute(f"select count(*) from {parquet_of(load.raw(home))} where {months}"))
    return current, max(0, current - new)


def _indicators(con: duckdb.DuckDBPyConnection, home: Home, load: Load, earlier: list[LedgerEntry]) -> tuple[int, int]:
    """Rows of the file's indicators: how many are current, and how many fewer the file has."""
    older = [e for e in earlier if str(e.extracted_at) < load.extracted_at]
    if not older:
        return 0, 0
    places = ", ".join(f"({literal(str(e.load_id))}, {n})" for n, e in enumerate(reversed(older)))
    return one_row(con.execute(
        f"""
        with loads(load_id, place) as (values {places}),
        counted as (
            select r.indicator_id, l.place, count(*) as n
            from {parquet_of(*(load_of(e).raw(home) for e in older))} as r join loads as l on r._load_id = l.load_id
            group by all
        ),
        current_counts as (select indicator_id, max_by(n, place) as n from counted group by indicator_id),
        new as (select indicator_id, count(*) as n from {parquet_of(load.raw(home))} group by indicator_id)
        select coalesce(sum(s.n), 0)::bigint, coalesce(sum(greatest(s.n - new.n, 0)), 0)::bigint
        from current_counts as s join new on s.indicator_id = new.indicator_id
        """
    ))


def _chosen(earlier: list[LedgerEntry], first: date, last: date) -> list[LedgerEntry]:
    """The loads, newest first, that can have a current row in a window, without those older than loads that cover all of it."""
    open_days, chosen = [(first, last)], []
    for e in earlier:
        a, b = e.window
        if not any(a <= end and begin <= b for begin, end in open_days):
            continue
        chosen.append(e)
        # The last good version of a quarantined row is current, in an older load.
        if e.rows_quarantined and len(chosen) < MOST_LOADS_BACK:
            continue
        open_days = [part for span in open_days for part in _without(span, (a, b))]
        if not open_days:
            break
    return chosen


def _without(span: tuple[date, date], other: tuple[date, date]) -> list[tuple[date, date]]:
    """The days of a span that are not in another: none, one or two spans."""
    (first, last), (a, b) = span, other
    if b < first or last < a:
        return [span]
    left = [(first, a - timedelta(days=1))] if first < a else []
    return left + ([(b + timedelta(days=1), last)] if b < last else [])


def _days(con: duckdb.DuckDBPyConnection, home: Home, load: Load) -> tuple[date, date] | None:
    days = one_row(con.execute(f"select min(_date), max(_date) from {parquet_of(load.raw(home))}"))
    return (date.fromisoformat(days[0]), date.fromisoformat(days[1])) if days[0] else None


def _withheld(home: Home, loads: Iterable[LedgerEntry | Load]) -> str:
    """SQL for the withheld keys of loads: `load_id`, `key`."""
    paths = [p for e in loads for p in sorted(home.withheld.glob(f"{e.load_id}*.parquet"))]
    if not paths:
        return "select null::varchar as load_id, null::varchar as key where false"
    return f"select load_id, _key as key from {parquet_of(*paths)} where _key is not null"
