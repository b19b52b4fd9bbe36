"""Holds a file that would withdraw most of the current rows in its window, or notes it of a few rows. The limits are settings,
`[believe]` of `pam.toml`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import islice

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.config import FileLimits
from dagster_project.core.home import Home
from dagster_project.core.sql import literal, one_row

from ..inbox.file_names import EVER
from ..storage.ledger import LedgerEntry
from ..storage.raw_store import Load, load_of, parquet_of
from .other_sheets import MONTH_DAYS
from .stored_rows import StoredRows

MAX_LOADS_BACK = 5
"""Loads that are searched for the last good version of a quarantined row: each costs reading its keys."""

SAMPLE_ABOVE, SAMPLE_PART = 100_000, 32
"""With more current rows than this, 1 in 32 keys is checked first: mostly it shows that the file is nowhere near the limit."""
REPLACED_ROWS = 20
"""A file that withdraws at least so many rows, most of those in its window, may be a list of corrections."""
REPLACED_FEW = 5
"""The same of a whole list, which is short, and of a file that has none of these rows and at least so many others."""


def withdraws_too_much(stored: StoredRows, entries: Iterable[LedgerEntry], limits: FileLimits) -> tuple[str | None, list[str]]:
    """The reason to hold a file that would withdraw most of the current rows in its window, or None; and a note on one that
    withdraws most of a few. `entries`: the accepted loads of its extract and force."""
    con, load, file_table = stored.con, stored.load, stored.file_table
    earlier = sorted((e for e in entries if e.load_id != load.load_id), key=lambda e: str(e.extracted_at), reverse=True)
    if not earlier:
        return None, []
    older = [e for e in earlier if str(e.extracted_at) < load.extracted_at]
    first, last = file_table.covered_from, file_table.covered_to
    if (first, last) == EVER:
        days = one_row(con, f"select min(_date), max(_date) from {stored.table}")
        first, last = map(date.fromisoformat, days) if days[0] else EVER
    rows = _RowsOfWindow(con, stored.home, file_table.contract, load, first, last)
    if file_table.contract.kind == "indicators":
        current, withdrawn = rows.of_indicators(list(filter(rows.is_stored, older)))
    elif file_table.key:
        if sum(e.rows_landed or 0 for e in earlier[:1]) > SAMPLE_ABOVE:
            current, withdrawn = rows.by_key(earlier, SAMPLE_PART)
            if current > SAMPLE_ABOVE // SAMPLE_PART // 2 and withdrawn < limits.withdrawn_share * current / 2:
                return None, []
        current, withdrawn = rows.by_key(earlier)
    else:
        current, withdrawn = rows.by_file(older)
    if current < limits.withdrawn_rows or withdrawn <= limits.withdrawn_share * current:
        has_none = withdrawn == current and stored.n >= REPLACED_FEW
        # A whole list is short, and to lack any of it is seldom a correction. Nor is a file that has none of the rows.
        fewest = REPLACED_FEW if has_none or file_table.contract.kind == "list" else REPLACED_ROWS
        if withdrawn < fewest or withdrawn <= limits.withdrawn_share * current:
            return None, []
        if not has_none:
            lacks = f"lacks {withdrawn:,} of the {current:,} rows of its window, and they count no more"
            return None, [f"{lacks}: is it all of its window, or corrections alone? A newer file of all rows brings them back"]
        none = f"has none of the {current:,} rows that counted in its window, and they count no more"
        what = "is it of another system, of one station of several, or only what is new?"
        return None, [f"{none}: {what} Put all rows of its days into one file"]
    reason = (
        f"would withdraw {withdrawn:,} of the {current:,} current rows in its window ({withdrawn / current:.0%}), more than"
        f" {limits.withdrawn_share:.0%}: not believed. {_what_to_ask(stored)}"
    )
    return reason, []


def _what_to_ask(stored: StoredRows) -> str:
    """What to ask of a file that would withdraw rows of its window, such as those of January to June if its system began in
    July."""
    file_table = stored.file_table
    first, last = file_table.covered_from, file_table.covered_to
    days = one_row(stored.con, f"select min(_date), max(_date) from {stored.table}")
    has_days = file_table.contract.kind == "events" and days[0] and (first, last) != EVER
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
        return one_row(
            self.con,
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
            """,
        )

    def by_file(self, earlier: list[LedgerEntry]) -> tuple[int, int]:
        """Rows without a key, of the window's months."""
        months = f"left(_date, 7) between '{self.first:%Y-%m}' and '{self.last:%Y-%m}'"
        current, is_counted = 0, "false"
        for entry in self._chosen(earlier):
            path = parquet_of(load_of(entry).raw(self.home))
            current += one_row(self.con, f"select count(*) from {path} where {months} and not ({is_counted})")[0]
            is_counted += f" or left(_date, 7) between '{entry.covered_from:%Y-%m}' and '{entry.covered_to:%Y-%m}'"
        (n_new,) = one_row(self.con, f"select count(*) from {parquet_of(self.load.raw(self.home))} where {months}")
        return current, max(0, current - n_new)

    def of_indicators(self, older: list[LedgerEntry]) -> tuple[int, int]:
        """Rows of the indicators that the load has."""
        if not older:
            return 0, 0
        places = ", ".join(f"({literal(str(e.load_id))}, {n})" for n, e in enumerate(reversed(older)))
        return one_row(
            self.con,
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
            """,
        )

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
