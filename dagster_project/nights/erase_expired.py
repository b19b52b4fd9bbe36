"""Erases rows that have been kept long enough, once their monthly totals are stored, so that no published figure changes.

Done when a night has been published, with that night's own work: what is kept is what was judged and printed. The figures of
the next night are the same to the last digit.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb

from dagster_project import audit
from dagster_project.contracts import Contract
from dagster_project.core.home import Home
from dagster_project.core.seeds import read_seed
from dagster_project.core.sql import literal, one_row
from dagster_project.landing import Erasure, LedgerEntry, accepted, read_ledger
from dagster_project.landing.archive_retention import describe_erasure, write_erasures
from dagster_project.landing.conflicts import load_of
from dagster_project.landing.load_expiry import is_expired, retention_years
from dagster_project.landing.raw_store import write_parquet
from dagster_project.transform.monthly_archive import BESIDE, MEASURES, SUPERSEDED, kept_loads, load_kept
from dagster_project.transform.raw_schema import WORK, raw_view

CAN_NOT = ("indicators",)
"""Kinds that have no monthly measures: what others publish of whole areas. No row of them is about a person."""


def expired_loads(home: Home, contracts: Mapping[str, Contract], years: Mapping[str, int], today: date) -> list[LedgerEntry]:
    """Loads whose time is over and whose rows are still in raw, of extracts that can be kept by month.

    `years`: extract -> years, in place of the contract's.
    """
    limits = {
        x: limit for x, limit in retention_years(contracts, years).items()
        if limit is not None and contracts[x].kind not in CAN_NOT and not contracts[x].looks_back
    }  # fmt: skip
    landed = [(e, limits.get(str(e.extract))) for e in accepted(read_ledger(home)) if e.covered_to]
    over = (e for e, limit in landed if limit is not None and is_expired(e.window[1], limit, today))
    return [e for e in over if load_of(e).raw(home).exists()]


def keep_and_erase(
    home: Home, contracts: Mapping[str, Contract], years: Mapping[str, int], today: date, night_id: str
) -> list[Erasure]:
    """Keep the monthly measures of loads whose time is over, of the night that was just published, and erase their rows in raw.

    Returns what was erased. Written first, then on record and in the ledger's `erased`, then erased: wherever this is cut
    short, the figures follow from what is there. Raises OSError.
    """
    over = expired_loads(home, contracts, years, today)
    if not over:
        return []
    con = duckdb.connect(str(home.candidate / WORK))
    try:
        shown = {load for (load,) in con.execute("select load_id from raw.loads").fetchall()}
        before = kept_loads(home)
        # A load that nothing rests on goes with the next landing; one that is noted already, with this.
        over = [e for e in over if e.load_id in shown or e.load_id in before]
        found: dict[Path, Erasure] = {}
        for e in over:
            path = load_of(e).raw(home)
            if e.load_id not in before:
                kept = _keep(con, home, e, {str(x.load_id) for x in over})
                found[path] = describe_erasure(home, "raw", path, night_id, today).model_copy(update={"kept": kept})
        if found:
            told = [
                ("erasure", {"night_id": night_id, "what": "raw", "file": x.archived, "sha256": x.sha256, "kept": x.kept})
                for x in found.values()
            ]
            audit.record_all(home, told)
            write_erasures(home.erasures / f"{night_id}__kept.jsonl", found.values())
        _let_go(con, home, contracts, {str(e.extract) for e in over if e.rows_landed and e.load_id not in before})
    finally:
        con.close()
    for e in over:
        load_of(e).raw(home).unlink(missing_ok=True)
    return list(found.values())


def _keep(con: duckdb.DuckDBPyConnection, home: Home, e: LedgerEntry, over: set[str]) -> dict[str, str]:
    """Write what is kept of a load. Returns the files by their path in `raw/_kept`, with their SHA-256."""
    folder = home.kept / str(e.extract) / str(e.force_code)
    path, beside = folder / f"{e.load_id}.parquet", folder / f"{e.load_id}{BESIDE}.parquet"
    write_parquet(con, f"{_months_of(e)} order by all", path)
    others = ", ".join(literal(x) for x in sorted(over))
    superseded = (
        f"select {', '.join(SUPERSEDED)} from staging.superseded_rows where by_load_id = {literal(str(e.load_id))}"
        f" and reason = 'newer version' and load_id not in ({others})"
    )
    files = [path]
    if one_row(con.execute(f"select exists ({superseded})"))[0]:
        write_parquet(con, f"{superseded} order by all", beside)
        files.append(beside)
    return {str(f.relative_to(home.kept)): _digest(f) for f in files}


def _months_of(e: LedgerEntry) -> str:
    """SQL: what each month of a load's current rows adds to each measure, in the columns of `MEASURES`."""
    coverages = {e.extract, *(c["coverage"] for c in read_seed("coverage_limits") if c["extract"] == e.extract)}
    subjects = sorted({m["mart"].removeprefix("mart_") for m in read_seed("measure_list") if m["coverage"] in coverages})
    events = " union all ".join(
        f"select 'mart_{s}' as mart, * from measures.{s}_events where load_id = {literal(str(e.load_id))}" for s in subjects
    )
    return f"""
        select {", ".join(f"cast({name} as {kind}) as {name}" for name, kind in MEASURES.items())}
        from (
            select
                events.extract, events.force_code, events.load_id, events.mart, events.measure, events.category,
                events.leaf_code, max(events.leaf_name) as leaf_name,
                year(events.event_on) * 12 + month(events.event_on) - 1 as month_no,
                case max(listed.aggregation) when 'last' then max(events.event_on) end as counted_on,
                windows.coverage is not null as is_covered,
                case max(listed.aggregation)
                    when 'last' then max_by(events.amount, events.event_on) else sum(events.amount)
                end as amount
            from ({events}) as events
            join seeds.measure_list as listed on events.mart = listed.mart and events.measure = listed.measure
            left join staging.coverage_windows as windows
                on listed.coverage = windows.coverage and events.force_code = windows.force_code
                and events.event_on between windows.covered_from and windows.covered_to
            group by all
        )
    """


def _let_go(con: duckdb.DuckDBPyConnection, home: Home, contracts: Mapping[str, Contract], extracts: set[str]) -> None:
    """Have the night's work read the kept measures in place of rows of these extracts: `pam trace` and the next night begin
    with it.
    """
    con.execute("begin")
    con.execute("drop table raw.kept_months")
    con.execute("drop table raw.kept_superseded")
    shown = con.execute("select extract, force_code, load_id from raw.loads where rows_landed > 0").fetchall()
    load_kept(con, home, {load for _, _, load in shown})
    kept = kept_loads(home)
    for extract in sorted(extracts):
        paths = [home.raw / x / force / f"{load}.parquet" for x, force, load in shown if x == extract and load not in kept]
        con.execute(raw_view(contracts[extract], paths))
    con.execute("commit")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
