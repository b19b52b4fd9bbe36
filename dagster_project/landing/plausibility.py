"""Holds or refuses implausible files: most current rows withdrawn, most rows bad or of another force, or rows left out, as by a
spreadsheet or a report. Limits are settings, `[believe]` of `pam.toml`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

import duckdb

from dagster_project.contracts import Contract, load_contracts, plain_header
from dagster_project.contracts.model import NUMBER_TYPES
from dagster_project.core.config import Believe
from dagster_project.core.home import Home
from dagster_project.core.reference_lists import CLASSIFYING
from dagster_project.core.sql import literal, one_row

from .canonical_values import MONTH_NAME
from .csv_reader import CELLS
from .file_facts import FileFacts
from .ledger import LedgerEntry
from .raw_store import Load, load_of, parquet_of
from .refusal import Refused
from .row_rules import ELSEWHERE, PARSED
from .sheet import Sheet
from .words_of_no_record import FORCE_NUMBERS, own_number

EVER = (date(1900, 1, 1), date(2100, 12, 31))
"""The window used for a dry run where the person gave none."""

MAX_LOADS_BACK = 5
"""Loads that are searched for the last good version of a quarantined row: each costs reading its keys."""

SAMPLE_ABOVE, SAMPLE_PART = 100_000, 32
"""With more current rows than this, 1 in 32 keys is checked first: mostly it shows that the file is nowhere near the limit."""

PERIOD = re.compile(
    r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?(?![a-z])"
    r"|(?<![a-z\d])q[1-4](?!\d)|(?:19|20)\d\d"
)
"""A month, quarter or year in a sheet's name, in lower case."""
AGE_AS_DATE = (
    rf"(?i){MONTH_NAME}[-/ ]\d|\d[-/ ]{MONTH_NAME}|^\d{{4}}-\d\d-\d\d|^\d{{1,2}}/\d{{1,2}}(/\d{{2,4}})?$|^\d{{5}}$"
)
"""What a spreadsheet makes of a range such as 10-17: `Oct-17`, `01/10/2017`, `43009`."""
MADE_DATES_SHARE = 0.01
"""At least such a share of rows with such a range is no slip of one person."""
MONTH_DAYS = 28
"""If at least so many days before or after those of the first sheet have no row, other sheets have them: a month."""
ELSEWHERE_ROWS, ELSEWHERE_SHARE = 20, 0.05
"""At least so many records on other sheets alone, and such a share of the first sheet's, are no sheet of examples."""
AGES = "age_range"
LARGEST_FIGURE = 10**18
"""Figures of the marts are decimals of 18 digits before the point and ten after it."""
THOUSANDS = 3
"""With at least so many different amounts like 1.234, their point is one between thousands: a single one may be worked out."""
REPLACED_ROWS = 20
"""A file with at least so many rows that withdraws at least so many, and has none of them, is no list of corrections."""
REPLACED_OF_LIST = 5
"""The same of a whole list, which is short."""
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


def says_own_number(con: duckdb.DuckDBPyConnection, sheet: Sheet) -> bool:
    """Whether a column of whose rows they are has forces' numbers alone, the own one among them. Others may be anything."""
    number, numbers = own_number(sheet.force), ", ".join(map(literal, FORCE_NUMBERS))
    alone = [
        f"bool_and({cell} in ({numbers}, '')) and bool_or({cell} = {literal(number)})"
        for cell in map(sheet.cell, sheet.layout.force_fields if number else ())
    ]
    return bool(alone and one_row(con.execute(f"select {' or '.join(alone)} from {CELLS}"))[0])


def refuse_other_force(con: duckdb.DuckDBPyConnection, sheet: Sheet, facts: FileFacts, limits: Believe) -> None:
    """Raises Refused, with the rows in `facts`, where most rows say that they are another force's. Few rows are enough: what is
    left would be all that the force has in the window."""
    if not sheet.other_force:
        return
    rows, n_other, names = one_row(con.execute(
        f"""
        select count(*), count(force), (list(distinct force order by force) filter (where force is not null))[1:3]
        from (select {sheet.other_force} as force from {CELLS})
        """
    ))
    if n_other > limits.quarantined_share * rows:
        facts.rows_in_file = rows
        raise Refused(
            f"of another force: {n_other:,} of {rows:,} rows say {', '.join(names)} under '{sheet.force_headers}', and the file"
            f" is of {sheet.force}: correct its name, or forces in its mapping; if the column means something else, export"
            " without it"
        )


def of_another_extract(sheet: Sheet) -> str | None:
    """The reason to hold a file with all columns that another extract needs, and fewer of its own, or None."""
    headers = {plain_header(h) for h in (*sheet.layout.headers.values(), *sheet.layout.unknown)}
    for other in load_contracts().values() if sheet.key else ():
        shared = [c for c in other.columns if c.headers & headers]
        lacks = any(c.required and c not in shared for c in other.columns)
        if other.key and other.extract != sheet.contract.extract and not lacks and len(shared) > len(sheet.layout.position):
            extra = [c.name for c in other.columns if c in shared and c.name not in sheet.layout.position]
            return (
                f"has the columns of {other.extract}, {', '.join(extra)} among them, and its name says"
                f" {sheet.contract.extract}: correct the name; if the name is right, release the file"
            )
    return None


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
    if sheet.is_named or not any(PERIOD.search(name.casefold()) for name in sheet.unread_sheets):
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


def records_on_other_sheets(con: duckdb.DuckDBPyConnection, sheet: Sheet, rows: int) -> str | None:
    """The reason to hold a workbook with records of its window that only other sheets with the same columns have, as where a
    tracker was split in two; else None."""
    if sheet.is_named or not (n := _records_elsewhere(con, sheet, rows)):
        return None
    return (
        f"{n:,} records of its window are on other sheets alone, and only the first is read: {', '.join(sheet.unread_sheets)}."
        " Put all rows on one sheet; if the first has all that count, say table: {sheet: 1} in a mapping, or release the file"
    )


def records_left_out(con: duckdb.DuckDBPyConnection, sheet: Sheet, rows: int) -> list[str]:
    """The same as a note, where a mapping says which sheet is read: perhaps the others came later."""
    if not sheet.is_named or not (n := _records_elsewhere(con, sheet, rows)):
        return []
    where = f"on sheets alone that the mapping leaves out: {', '.join(sheet.unread_sheets)}"
    return [f"{n:,} records of its window are {where}. If they count, put all rows on one"]


def _records_elsewhere(con: duckdb.DuckDBPyConnection, sheet: Sheet, rows: int) -> int:
    """How many records of the window other sheets alone have; 0 if they may be examples."""
    if not (sheet.unread_sheets and sheet.key and sheet.contract.date_column):
        return 0
    # Of a whole list, a record may be from before the window.
    first = f"_date >= '{sheet.covered_from}' and " if sheet.contract.kind == "events" else ""
    (n,) = one_row(con.execute(
        f"""
        select count(distinct _key) from {ELSEWHERE}
        where {first}_date <= '{sheet.covered_to}' and _key not in (select _key from {PARSED} where _key is not null)
        """
    ))
    return n if n >= max(ELSEWHERE_ROWS, ELSEWHERE_SHARE * rows) else 0


def points_for_thousands(con: duckdb.DuckDBPyConnection, sheet: Sheet, rows: int) -> str | None:
    """The reason to hold a file with a column of amounts like 1.234 whose point stands between thousands, or None.

    There each part after a point has three figures, none has four in a row, and no comma stands between thousands. Where every
    count has a point (`12.000`) they are decimals. `rows`: how many it has.
    """
    for column in sheet.contract.columns if sheet.form == "canonical" and rows >= THOUSANDS else ():
        if column.type not in ("money", "whole") or column.name not in sheet.layout.position:
            continue
        grouped, with_point, filled, english = one_row(con.execute(
            rf"""
            select
                count(distinct t) filter (where regexp_matches(t, '^\D*[1-9]\d{{0,2}}(\.\d{{3}})+(,\d*)?\D*$')),
                count(distinct t) filter (where contains(t, '.')),
                count(distinct t),
                count(*) filter (where regexp_matches(t, '\d{{4}}|^\D*\d{{1,3}}(,\d{{3}})+(\.|\D*$)'))
            from (select nullif({sheet.text(column.name)}, '') as t from {CELLS} where not {sheet.is_ragged})
            """
        ))
        if grouped >= THOUSANDS and grouped == with_point and not english and (column.type == "money" or with_point < filled):
            return (
                f"{column.name}: every amount with a point has three figures after it, as in 1.234: is it a thousand? Then"
                " export amounts without such points; if not, release the file"
            )
    return None


def only_on_first_rows(con: duckdb.DuckDBPyConnection, sheet: Sheet, rows: int) -> str | None:
    """The reason to hold a file that has a column filled on the first row of each group only, or None. `rows`: how many it has.

    The first row has a value, most have none, and no value follows itself, as it would begin no group. Only columns that must
    be there and decide what a row counts as are looked at.
    """
    if rows < GROUPED_ROWS or not sheet.key:
        return None
    classifying = CLASSIFYING.get(sheet.contract.extract, ())
    for c in sheet.contract.columns:
        if not c.required or c.name not in sheet.layout.position or not (c.type == "choice" or c.name in classifying):
            continue
        if blank_note := blanks_after_first(con, c.name, MIN_SIZES):
            return f"{c.name}: {blank_note}: fill it down and export again; if blanks are meant, release the file"
    return None


def blanks_after_first(con: duckdb.DuckDBPyConnection, name: str, min_sizes: int = 1) -> str | None:
    """What the first rows of `landing_parsed` have under a column that has values on the first row of each group alone, or
    None. `min_sizes`: how many sizes the groups have at least."""
    rows, filled, first_filled, repeats, groups, sizes = one_row(con.execute(
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
        """
    ))
    if groups < MIN_GROUPS or sizes < min_sizes or filled >= (1 - MIN_BLANK) * rows or not first_filled or repeats:
        return None
    where = f"blank in {rows - filled:,} of the first {rows:,} rows"
    return f"{where}, as in a report that has a value on the first row of its group alone"


MENDS_ROWS = "See why: pam inspect; a mapping may be needed"


def quarantined_too_much(
    rows: int, quarantined: int, kinds: Mapping[str, int], limits: Believe, advice: str = MENDS_ROWS
) -> str | None:
    """The reason to hold a file with too many bad rows, or None."""
    if rows < limits.quarantined_rows or quarantined <= limits.quarantined_share * rows:
        return None
    commonest = max(kinds, key=lambda kind: kinds[kind])
    return (
        f"{quarantined:,} of {rows:,} rows ({quarantined / rows:.0%}) would be quarantined, more than"
        f" {limits.quarantined_share:.0%}: not believed. Most often {commonest} ({kinds[commonest]:,}). {advice}"
    )


def ranges_as_dates(con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet) -> str | None:
    """The reason to hold a file whose age ranges a spreadsheet has made dates of, or None: 10-17 would count as Oct-17, and
    10-17 itself as 0. `load`: the file's rows, stored already."""
    if AGES not in sheet.layout.position or not load.raw(home).exists():
        return None
    filled, rows, value = one_row(con.execute(
        f"""
        select sum(n), sum(n) filter (where is_date), arg_max({AGES}, n) filter (where is_date)
        from (
            select {AGES}, count(*) as n, regexp_matches({AGES}, {literal(AGE_AS_DATE)}) as is_date
            from {parquet_of(load.raw(home))} where {AGES} is not null group by {AGES}
        )
        """
    ))
    if not rows or rows < MADE_DATES_SHARE * filled:
        return None
    return (
        f"{AGES}: '{value}' is what a spreadsheet makes of a range such as 10-17 ({rows:,} of {filled:,} rows): export again,"
        f" and do not open it in one. Or say in a mapping which it was, values: {{{AGES}: {{{value}: ...}}}}, and drop the"
        " file again under a newer time"
    )


def amounts_beyond_figures(con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet) -> str | None:
    """The reason to hold a file whose amounts add up to more than a figure can be, or None: no night could be built with it.
    `load`: the file's rows, stored already."""
    names = [c.name for c in sheet.contract.columns if c.type in NUMBER_TYPES and c.name in sheet.layout.position]
    if not names or not load.raw(home).exists():
        return None
    sums = ", ".join(f"sum(abs(cast({name} as decimal(38, 10))))" for name in names)
    examples = ", ".join(f"max_by({name}, abs(cast({name} as decimal(38, 10))))" for name in names)
    facts = one_row(con.execute(f"select {sums}, {examples} from {parquet_of(load.raw(home))}"))
    for name, total, example in zip(names, facts, facts[len(names) :], strict=False):
        if total is not None and total >= LARGEST_FIGURE:
            return (
                f"{name}: its amounts, such as {example}, add up to {total:,.0f}, more than any figure can be: are they"
                " reference numbers? Export again with the amounts, or correct the mapping, and drop the file again under a"
                " newer time"
            )
    return None


def withdraws_too_much(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, entries: Iterable[LedgerEntry], limits: Believe
) -> tuple[str | None, list[str]]:
    """The reason to hold a file that would withdraw most of the current rows in its window, or None; and a note on one that
    withdraws most of a few.

    `load`: the file's rows, stored already. `entries`: the accepted loads of its extract and force.
    """
    earlier = sorted((e for e in entries if e.load_id != load.load_id), key=lambda e: str(e.extracted_at), reverse=True)
    if not earlier or not load.raw(home).exists():
        return None, []
    older = [e for e in earlier if str(e.extracted_at) < load.extracted_at]
    first, last = sheet.covered_from, sheet.covered_to
    if (first, last) == EVER:
        days = one_row(con.execute(f"select min(_date), max(_date) from {parquet_of(load.raw(home))}"))
        first, last = map(date.fromisoformat, days) if days[0] else EVER
    rows = _RowsOfWindow(con, home, sheet.contract, load, first, last)
    if sheet.contract.kind == "indicators":
        current, withdrawn = rows.of_indicators(list(filter(rows.is_stored, older)))
    elif sheet.key:
        if sum(e.rows_landed or 0 for e in earlier[:1]) > SAMPLE_ABOVE:
            current, withdrawn = rows.by_key(earlier, SAMPLE_PART)
            if current > SAMPLE_ABOVE // SAMPLE_PART // 2 and withdrawn < limits.withdrawn_share * current / 2:
                return None, []
        current, withdrawn = rows.by_key(earlier)
    else:
        current, withdrawn = rows.by_file(older)
    if current < limits.withdrawn_rows or withdrawn <= limits.withdrawn_share * current:
        # A whole list is short, and to lack any of it is seldom a correction.
        fewest = REPLACED_OF_LIST if sheet.contract.kind == "list" else REPLACED_ROWS
        if withdrawn < fewest or withdrawn <= limits.withdrawn_share * current:
            return None, []
        (n_new,) = one_row(con.execute(f"select count(*) from {parquet_of(load.raw(home))}"))
        if withdrawn < current or n_new < fewest:
            lacks = f"lacks {withdrawn:,} of the {current:,} rows of its window, and they count no more"
            return None, [f"{lacks}: is it all of its window, or corrections alone? A newer file of all rows brings them back"]
        none = f"has none of the {current:,} rows that counted in its window, and they count no more"
        return None, [f"{none}: is it of another system, or of one station of several? Put the rows of all into one file"]
    reason = (
        f"would withdraw {withdrawn:,} of the {current:,} current rows in its window ({withdrawn / current:.0%}), more than"
        f" {limits.withdrawn_share:.0%}: not believed. {_what_to_ask(con, home, load, sheet)}"
    )
    return reason, []


def _what_to_ask(con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet) -> str:
    """What to ask of a file that would withdraw rows of its window, such as those of January to June if its system began in
    July."""
    first, last = sheet.covered_from, sheet.covered_to
    days = one_row(con.execute(f"select min(_date), max(_date) from {parquet_of(load.raw(home))}"))
    has_days = sheet.contract.kind == "events" and days[0] and (first, last) != EVER
    begins, ends = map(date.fromisoformat, days) if has_days else (first, last)
    if max((begins - first).days, (last - ends).days) < MONTH_DAYS:
        return "Is it of another force, system or period, or only a part?"
    return (
        f"It covers {first} to {last}, and its rows are of {begins} to {ends}: if its system has no other days, have it say"
        " those alone (its name, or files of its mapping)"
    )


@dataclass(frozen=True)
class _RowsOfWindow:
    """Counts the current rows in a stored load's window, and those of them that it lacks. Loads are given newest first. Which
    of them are stored is asked of the few that matter: a home may have thousands."""

    con: duckdb.DuckDBPyConnection
    home: Home
    contract: Contract
    load: Load
    first: date
    last: date

    def is_stored(self, entry: LedgerEntry) -> bool:
        return load_of(entry).raw(self.home).exists()

    def by_key(self, earlier: list[LedgerEntry], part: int = 1) -> tuple[int, int]:
        """Rows with a key (of a list, those of its newest file). `part`: count 1 in `part` keys, chosen by their hash."""
        canonical = [e for e in earlier if e.form == "canonical"]
        chosen = list(islice(filter(self.is_stored, canonical), 1)) if self.contract.kind == "list" else self._chosen(canonical)
        if not chosen:
            # The force's own file replaces what data.police.uk publishes of these months.
            return self.by_file([e for e in earlier if e.form == "police_uk"])
        loads = ", ".join(
            f"({literal(str(e.load_id))}, {n}, {literal(str(e.covered_from))}, {literal(str(e.covered_to))},"
            f" {str(str(e.extracted_at) < self.load.extracted_at).lower()})"
            for n, e in enumerate(reversed(chosen))
        )
        places = "true" if self.contract.kind == "list" else f"v.day between '{self.first}' and '{self.last}'"
        newer_covers = "true" if self.contract.kind == "list" else "v.day between newer.first and newer.last"
        return one_row(self.con.execute(
            f"""
            with loads(load_id, place, first, last, is_older) as (values {loads}),
            versions as (
                select r._key as key, max_by(r._date, l.place) as day, max(l.place) as place
                from {parquet_of(*(load_of(e).raw(self.home) for e in chosen))} as r
                join loads as l on r._load_id = l.load_id
                where r._key is not null and hash(r._key) % {part} = 0
                group by r._key
            ),
            withheld as ({self._withheld(chosen)}),
            current_rows as (
                select v.key, v.place
                from versions as v
                where {places} and not exists (
                    select 1 from loads as newer
                    where newer.place > v.place and {newer_covers}
                    and not exists (select 1 from withheld as w where w.load_id = newer.load_id and w.key = v.key)
                )
            ),
            new_keys as (
                select _key as key from {parquet_of(self.load.raw(self.home))}
                where _key is not null and hash(_key) % {part} = 0
                union all select key from ({self._withheld([self.load])})
            )
            select count(*), count(*) filter (where l.is_older and c.key not in (select key from new_keys))
            from current_rows as c join loads as l on c.place = l.place
            """
        ))

    def by_file(self, earlier: list[LedgerEntry]) -> tuple[int, int]:
        """Rows without a key, of the window's months."""
        months = f"left(_date, 7) between '{self.first:%Y-%m}' and '{self.last:%Y-%m}'"
        current, is_counted = 0, "false"
        for entry in self._chosen(earlier):
            path = parquet_of(load_of(entry).raw(self.home))
            current += one_row(self.con.execute(f"select count(*) from {path} where {months} and not ({is_counted})"))[0]
            is_counted += f" or left(_date, 7) between '{entry.covered_from:%Y-%m}' and '{entry.covered_to:%Y-%m}'"
        (n_new,) = one_row(self.con.execute(f"select count(*) from {parquet_of(self.load.raw(self.home))} where {months}"))
        return current, max(0, current - n_new)

    def of_indicators(self, older: list[LedgerEntry]) -> tuple[int, int]:
        """Rows of the indicators that the load has."""
        if not older:
            return 0, 0
        places = ", ".join(f"({literal(str(e.load_id))}, {n})" for n, e in enumerate(reversed(older)))
        return one_row(self.con.execute(
            f"""
            with loads(load_id, place) as (values {places}),
            counted as (
                select r.indicator_id, l.place, count(*) as n
                from {parquet_of(*(load_of(e).raw(self.home) for e in older))} as r join loads as l on r._load_id = l.load_id
                group by all
            ),
            current_counts as (select indicator_id, max_by(n, place) as n from counted group by indicator_id),
            new as (select indicator_id, count(*) as n from {parquet_of(self.load.raw(self.home))} group by indicator_id)
            select coalesce(sum(s.n), 0)::bigint, coalesce(sum(greatest(s.n - new.n, 0)), 0)::bigint
            from current_counts as s join new on s.indicator_id = new.indicator_id
            """
        ))

    def _chosen(self, earlier: list[LedgerEntry]) -> list[LedgerEntry]:
        """The loads that can have a current row in the window, without those older than loads that cover all of it."""
        open_days = set(range(self.first.toordinal(), self.last.toordinal() + 1))
        chosen: list[LedgerEntry] = []
        for entry in earlier:
            days = range(max(entry.window[0], self.first).toordinal(), min(entry.window[1], self.last).toordinal() + 1)
            if open_days.isdisjoint(days) or not self.is_stored(entry):
                continue
            chosen.append(entry)
            # The last good version of a quarantined row is current, in an older load.
            if entry.rows_quarantined and len(chosen) < MAX_LOADS_BACK:
                continue
            open_days.difference_update(days)
            if not open_days:
                break
        return chosen

    def _withheld(self, loads: Iterable[LedgerEntry | Load]) -> str:
        """SQL for the withheld keys of loads: `load_id`, `key`."""
        paths = [p for e in loads for p in sorted(self.home.withheld.glob(f"{e.load_id}*.parquet"))]
        if not paths:
            return "select null::varchar as load_id, null::varchar as key where false"
        return f"select load_id, _key as key from {parquet_of(*paths)} where _key is not null"
