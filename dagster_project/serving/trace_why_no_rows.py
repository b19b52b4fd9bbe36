"""Says why a figure has no rows: how many of its days were replaced, withdrawn or quarantined, and by which file.

Read from the ledger and the stored rows, as a night leaves out files that can no longer affect a figure.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import duckdb

from dagster_project.contracts import Contract
from dagster_project.core.config import read_config
from dagster_project.core.home import Home
from dagster_project.core.plurals import counted
from dagster_project.core.receipts import night_order
from dagster_project.core.sql import literal, one_row
from dagster_project.landing import LedgerEntry, accepted, read_ledger
from dagster_project.landing.same_time_conflicts import conflict_files
from dagster_project.landing.storage.ledger import is_replaced
from dagster_project.landing.storage.raw_store import TIE, TIED, load_of, parquet_of
from dagster_project.landing.storage.vocabulary import forgotten_values, shown_values

from .trace import Trail, contract_of
from .typed_names import measure_named

REASONS_SHOWN = 3


def missing_rows(con: duckdb.DuckDBPyConnection, home: Home, trail: Trail) -> dict[str, list[str]]:
    """Sentences on rows of a figure's days that do not count, by role of each part that has none. They are rows of its extract
    and force, of any area and category. `con`: from `open_evidence`."""
    (night_id,) = one_row(con, "select night_id from work.raw.night")
    entries = [e for e in read_ledger(home) if night_order(e.night_id) <= night_order(night_id)]
    reasons = {}
    for part in trail.parts:
        if part.rows or part.erased:
            continue
        contract = contract_of(measure_named(part.measure, trail.mart))
        files = [e for e in accepted(entries) if (e.extract, e.force_code) == (contract.extract, trail.request.force_code)]
        first, last = trail.request.first or date.min, trail.request.last
        reasons[part.role] = [
            *_superseded(con, home, contract, files, first, last), *_quarantined(con, home, contract, files, first, last),
            *(_forgotten(home, files, first, last) if trail.data_status == "not_available" else ()),
        ]  # fmt: skip
    return reasons


def _forgotten(home: Home, files: Iterable[LedgerEntry], first: date, last: date) -> list[str]:
    """Values that no list knows any more: what is counted by them is not available."""
    touching = (e for e in files if e.window[0] <= last and e.window[1] >= first)
    return [
        f"{column} of {e.source_file} has values that no list knows any more: {shown_values(values)}. See pam vocabulary"
        for e, column, values in forgotten_values(home, touching, read_config(home).believe)
    ]


def _superseded(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, files: Iterable[LedgerEntry], first: date, last: date
) -> list[str]:
    """Rows of events with a key: those whose newer version is dated elsewhere, and those that a newer file lacks."""
    stored_files = [e for e in files if e.form == "canonical" and load_of(e).raw(home).exists()]
    if contract.kind != "events" or not contract.key or not stored_files:
        return []
    loads = ", ".join(
        f"({literal(str(e.load_id))}, {literal(e.source_file)}, timestamptz {literal(str(e.extracted_at))},"
        f" date '{e.window[0]}', date '{e.window[1]}')"
        for e in stored_files
    )
    # A quarantined key counts as present.
    withheld = [p for p in home.withheld.glob("*.parquet") if p.stem.split(TIED)[0] in {e.load_id for e in stored_files}]
    none = "select null as load_id, null as _key where false"
    present = f"from {parquet_of(*withheld)}" if withheld else none
    # Rows that files of one time contradict each other on are in quarantine, and replace nothing.
    in_conflict = conflict_files(home, {str(e.load_id) for e in stored_files})
    tied = f"from {parquet_of(*in_conflict)}" if in_conflict else none
    rows = con.execute(
        f"""
        with loads(load_id, file, extracted, first, last) as (values {loads}),
        present as ({present}),
        tied as ({tied}),
        versions as (
            select r._key, cast(r._date as date) as day, loads.*,
                -- A file of the same time is not newer.
                first_value(file) over (
                    partition by r._key order by extracted
                    range between interval 1 microsecond following and unbounded following
                ) as newer
            from {parquet_of(*(load_of(e).raw(home) for e in stored_files))} as r join loads on r._load_id = loads.load_id
            where not exists (from tied as t where t.load_id = r._load_id and t._key = r._key)
        ),
        last_within as (
            from versions where day between $first and $last
            qualify row_number() over (partition by _key order by extracted desc) = 1
        ),
        withdrawn as (
            select v._key, min_by(n.file, n.extracted) as by
            from last_within as v join loads as n on v.extracted < n.extracted and v.day between n.first and n.last
            where v.newer is null and not exists (from present as p where p.load_id = n.load_id and p._key = v._key)
            group by v._key
        )
        select file, newer, false as is_withdrawn, count(*) from last_within where newer is not null group by all
        union all
        select v.file, w.by, true, count(*) from last_within as v join withdrawn as w on v._key = w._key group by all
        order by all
        """,
        {"first": first, "last": last},
    ).fetchall()
    return [
        f"{counted(n, 'row')} dated in this period, of {file}, {'is' if n == 1 else 'are'} "
        + (f"withdrawn: {by} covers the day and lacks it" if is_withdrawn else f"replaced by rows of {by} with the same key")
        for file, by, is_withdrawn, n in rows
    ]


def _quarantined(
    con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, files: list[LedgerEntry], first: date, last: date
) -> list[str]:
    """Rows in quarantine, where no newer file has replaced their file's whole window. Of a date that can't be read: where the
    file covers a day of the period."""
    found = []
    ids, stored = {str(e.load_id) for e in files}, defaultdict(list)
    for folder in {load_of(e).quarantine(home).parent for e in files}:
        for path in sorted(folder.glob("*.parquet")):
            # A conflict counts where both files are accepted.
            if ids.issuperset(loads := path.stem.split(TIE)):
                stored[loads[0]].append(path)
    for e in files:
        paths = stored[str(e.load_id)]
        if not paths or is_replaced(e, files):
            continue
        day = "split_part(split_part(trim(d), ' ', 1), 'T', 1)"
        n, reasons, n_reasons = one_row(
            con,
            f"""
            with rows as (
                select _line, _reasons, coalesce(try_cast({day} as date), cast(try_strptime({day}, '%d/%m/%Y') as date)) as day
                from (select _line, _reasons, {contract.date_column or "null"} as d from {parquet_of(*paths)})
            )
            select
                count(distinct _line), (list(distinct _reasons order by _reasons))[1:{REASONS_SHOWN}], count(distinct _reasons)
            from rows
            where day between $first and $last or (day is null and $touches)
            """,
            {"first": first, "last": last, "touches": e.window[0] <= last and e.window[1] >= first},
        )
        if n:
            why = "; ".join(reasons) + (f"; and {n_reasons - len(reasons)} other reasons" if n_reasons > len(reasons) else "")
            found.append(
                f"{counted(n, 'row')} dated in this period, of {e.source_file}, {'is' if n == 1 else 'are'} in quarantine:"
                f" {why}. See pam quarantine --extract {contract.extract}"
            )
    return found
