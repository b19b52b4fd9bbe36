"""Holds files whose references begin again with each year or day: they would replace the records of the time before. Of a short
file that is noted."""

from collections.abc import Iterable

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.sql import one_row

from .conflicting_files import load_of
from .ledger import LedgerEntry
from .raw_store import Load, parquet_of
from .row_rules import Sheet

FEWEST_KEYS = 100
"""As for a file that would withdraw most of what stands: fewer records may have been moved to another day one by one."""
FEWEST_NOTED = 5
"""A file that brings no new record, and moves so many to its days, is noted."""
MOST_KEYS = 200
"""Keys of the file that are looked up: all or none of them begin again."""
MOST_SHARE = 0.5
LOADS_BACK = 13
"""Earlier files that are searched: with a file a month, the same month of last year is the twelfth or thirteenth back."""
TIMES_LARGER, SMALL = 20, 2_000
"""A file of more rows than so many times this one's, or than `SMALL`, covers much longer: references that begin again would
repeat within it. Searching it would take longer than landing a day."""


def restarted_keys(
    con: duckdb.DuckDBPyConnection, home: Home, load: Load, sheet: Sheet, rows: int, entries: Iterable[LedgerEntry]
) -> tuple[str | None, str | None]:
    """The reason to hold a file most of whose keys are those of earlier records of other days, and a note on one of few rows
    all of whose keys are; or None. `load`, `rows`: its rows, stored already, and how many. `entries`: the accepted loads of its
    extract and force."""
    if rows < FEWEST_NOTED or sheet.contract.kind != "events" or sheet.contract.date_column in sheet.key or not sheet.key:
        return None, None
    first, last = sheet.covered_from, sheet.covered_to
    fewest, most = min(rows, FEWEST_KEYS) // 2, max(TIMES_LARGER * rows, SMALL)
    others = [
        e for e in entries
        if e.form == "canonical" and e.load_id != load.load_id and str(e.extracted_at) < str(load.extracted_at)
        and fewest <= (e.rows_landed or 0) <= most
    ]  # fmt: skip
    newest = sorted(others, key=lambda e: str(e.extracted_at), reverse=True)
    # Within one window a newer version of a record may be of any day.
    apart = [e for e in newest if e.window[1] < first or last < e.window[0]][:LOADS_BACK]
    same_days = [e for e in newest if first <= e.window[1] and e.window[0] <= last][:LOADS_BACK]
    apart, same_days = ([e for e in some if load_of(e).raw(home).exists()] for some in (apart, same_days))
    if not apart or not load.raw(home).exists():
        return None, None
    # Keys that an accepted file has on the same days have replaced the others already.
    known = "select ''"
    if same_days:
        known = f"select _key from {_rows(home, same_days)} where _date between '{first}' and '{last}'"
    keys, again = one_row(con.execute(
        f"""
        with keys as (
            select distinct _key from (from {parquet_of(load.raw(home))} where _key is not null limit {MOST_KEYS})
        )
        select count(*), count(*) filter (where _key in (select _key from {_rows(home, apart)}) and _key not in ({known}))
        from keys
        """
    ))
    is_short = rows < FEWEST_KEYS
    if again < (max(keys, FEWEST_NOTED) if is_short else FEWEST_KEYS) or again <= MOST_SHARE * keys:
        return None, None
    name, placing = sheet.key[0], str(sheet.contract.date_column)
    parts = ", ".join(sheet.layout.headers[c].replace(" + ", ", ") for c in (placing, name))
    remedy = (
        "do references begin again each year or day? Then put the year or day before them, or say headers:"
        f" {{{name}: {{join: [{parts}]}}}} in a mapping"
    )
    if is_short:
        return None, f"{name}: all {again:,} are those of records of other days, and replace them: {remedy}"
    return (
        f"{name}: {again:,} of its first {keys:,} are those of records of other days, and would replace"
        f" them: {remedy}; if the records were moved to these days, release the file"
    ), None


def _rows(home: Home, entries: Iterable[LedgerEntry]) -> str:
    return f"(from {parquet_of(*(load_of(e).raw(home) for e in entries))} where _key is not null)"
