"""Erases rows at their retention limit, after storing their monthly totals, so that no published figure changes.

Runs when a night has been published, and takes the totals from that night's own tables, so that they are those that were judged
and printed. The next night's figures are the same to the last digit.
"""

from collections.abc import Mapping
from datetime import date

import duckdb

from dagster_project import audit
from dagster_project.contracts import Contract
from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.project_lists import extract_of, read_seed
from dagster_project.core.published_file import sha256_of
from dagster_project.core.sql import literal, one_row
from dagster_project.landing import Erasure, LedgerEntry, accepted, read_ledger
from dagster_project.landing.storage.erase_unused import describe_erasure, is_expired, retention_years, write_erasures
from dagster_project.landing.storage.raw_store import load_of, write_parquet
from dagster_project.transform.changed_months import paths_of
from dagster_project.transform.kept_totals import (
    SUPERSEDED_COLUMNS,
    SUPERSEDED_SUFFIX,
    TOTALS_COLUMNS,
    load_kept_totals,
    loads_as_totals,
)
from dagster_project.transform.raw_schema import make_row_index, raw_view


def expired_loads(home: Home, contracts: Mapping[str, Contract], years: Mapping[str, int], today: date) -> list[LedgerEntry]:
    """Loads older than their retention limit whose rows are still in raw/, of extracts that have monthly totals.

    `years`: extract -> years, in place of the contract's.
    """
    # Indicators have no monthly measures: others publish them, of whole areas. None of their rows is about a person.
    limits = {
        x: limit for x, limit in retention_years(contracts, years).items()
        if limit is not None and contracts[x].kind != "indicators" and not contracts[x].looks_back
    }  # fmt: skip
    landed = [(e, limits.get(str(e.extract))) for e in accepted(read_ledger(home)) if e.covered_to]
    expired = (e for e, limit in landed if limit is not None and is_expired(e.window[1], limit, today))
    return [e for e in expired if load_of(e).raw(home).exists()]


def replace_by_totals(
    home: Home, contracts: Mapping[str, Contract], years: Mapping[str, int], today: date, night_id: str
) -> list[Erasure]:
    """Store the monthly totals of loads older than their retention limit, from the night just published, and erase their rows.

    Returns what was erased. Totals are written first; then the record and the ledger's `erased`; rows are erased last. Wherever
    this is interrupted, the next night gets the same figures from what is there. Raises OSError.
    """
    expired = expired_loads(home, contracts, years, today)
    if not expired:
        return []
    with duckdb.connect(str(home.candidate / WORK)) as con:
        used = {load for (load,) in con.execute("select load_id from raw.loads").fetchall()}
        as_totals = loads_as_totals(home)
        # The next landing erases a load that no figure uses. One that is in the ledger's `erased` already is erased now.
        expired = [e for e in expired if e.load_id in used or e.load_id in as_totals]
        without_totals = [e for e in expired if e.load_id not in as_totals]
        units_of_forces: dict[str, list[str]] = dict(
            con.execute(
                "select force_code, list(distinct area_code order by area_code) from staging.areas_listed"
                " where area_type = 'lpu' group by force_code"
            ).fetchall()
        )
        absent: dict[str, list[str]] = dict(
            con.execute(
                "select load_id, list(distinct column_name order by column_name) from raw.absent_columns group by load_id"
            ).fetchall()
        )
        erasures = []
        for entry in without_totals:
            totals_files = _keep_totals(con, home, entry, {str(x.load_id) for x in expired})
            erasure = describe_erasure(home, "raw", load_of(entry).raw(home), night_id, today)
            units = units_of_forces.get(str(entry.force_code), [])
            forgotten = [c for c in absent.get(str(entry.load_id), ()) if c not in entry.lacks]
            erasures.append(erasure.model_copy(update={"kept": totals_files, "units": units, "forgotten": forgotten}))
        if erasures:
            records = [
                ("erasure", {"night_id": night_id, "what": "raw", "file": x.archived, "sha256": x.sha256, "kept": x.kept})
                for x in erasures
            ]
            audit.record_all(home, records)
            write_erasures(home.erasures / f"{night_id}__kept.jsonl", erasures)
        _load_kept_totals(con, home, contracts, {str(e.extract) for e in without_totals if e.has_rows})
    for entry in expired:
        load_of(entry).raw(home).unlink(missing_ok=True)
    return erasures


def _keep_totals(con: duckdb.DuckDBPyConnection, home: Home, entry: LedgerEntry, expired: set[str]) -> dict[str, str]:
    """Write a load's monthly totals, and which rows it superseded of loads that stay. Returns path in `raw/_kept` -> SHA-256.

    `expired`: all loads that are erased with it.
    """
    folder = home.kept / str(entry.extract) / str(entry.force_code)
    path, superseded_path = folder / f"{entry.load_id}.parquet", folder / f"{entry.load_id}{SUPERSEDED_SUFFIX}.parquet"
    write_parquet(con, f"{_monthly_totals_sql(entry)} order by all", path)
    expired_ids = ", ".join(literal(x) for x in sorted(expired))
    superseded = (
        f"select {', '.join(SUPERSEDED_COLUMNS)} from staging.superseded_rows where by_load_id = {literal(str(entry.load_id))}"
        f" and reason = 'newer version' and load_id not in ({expired_ids})"
    )
    files = [path]
    if one_row(con, f"select exists ({superseded})")[0]:
        write_parquet(con, f"{superseded} order by all", superseded_path)
        files.append(superseded_path)
    return {str(f.relative_to(home.kept)): sha256_of(f) for f in files}


def _monthly_totals_sql(entry: LedgerEntry) -> str:
    """SQL for what a load's current rows add to each measure in each month, in the columns of `TOTALS_COLUMNS`."""
    subjects = sorted({m["mart"].removeprefix("mart_") for m in read_seed("measure_list") if extract_of(m) == entry.extract})
    events = " union all ".join(
        f"select 'mart_{s}' as mart, * from measures.{s}_events where load_id = {literal(str(entry.load_id))}" for s in subjects
    )
    # On a covered day whose newest file lacks the column that splits a measure, a row adds to `all`, and 0 to its category
    # (`event_days`).
    unsplit = "listed.category_coverage is not null and windows.coverage is not null and split.coverage is null"
    return f"""
        select {", ".join(f"cast({name} as {kind}) as {name}" for name, kind in TOTALS_COLUMNS.items())}
        from (
            select
                events.extract, events.force_code, events.load_id, events.mart, events.measure,
                case when is_unsplit then 'all' else events.category end as category,
                events.leaf_code, max(events.leaf_name) as leaf_name,
                year(events.event_on) * 12 + month(events.event_on) - 1 as month_no,
                case max(listed.aggregation) when 'last' then max(events.event_on) end as counted_on,
                windows.coverage is not null as is_covered,
                case max(listed.aggregation)
                    when 'last' then max_by(events.amount, events.event_on)
                    else sum(case when is_unsplit = ({unsplit}) then events.amount else 0 end)
                end as amount
            from ({events}) as events
            join seeds.measure_list as listed on events.mart = listed.mart and events.measure = listed.measure
            left join staging.coverage_windows as windows
                on listed.coverage = windows.coverage and events.force_code = windows.force_code
                and events.event_on between windows.covered_from and windows.covered_to
            left join staging.coverage_windows as split
                on listed.category_coverage = split.coverage and events.force_code = split.force_code
                and events.event_on between split.covered_from and split.covered_to
            join (values (false), (true)) as copies (is_unsplit) on not is_unsplit or {unsplit}
            group by all
        )
    """


def _load_kept_totals(
    con: duckdb.DuckDBPyConnection, home: Home, contracts: Mapping[str, Contract], extracts: set[str]
) -> None:
    """Make the night's tables read the kept totals in place of these extracts' rows, for `pam dbt`, `pam trace` and the next
    night."""
    con.execute("begin")
    shown = dict(con.execute("select load_id, rows_landed from raw.loads").fetchall())
    load_kept_totals(con, home, {load for load, n in shown.items() if n})
    as_totals = loads_as_totals(home)
    # Those without rows, too: one may have withdrawn the rows of another.
    entries = [e for e in accepted(read_ledger(home)) if e.load_id in shown]
    for extract in sorted(extracts):
        con.execute(raw_view(contracts[extract], paths_of(home, (e for e in entries if e.extract == extract), as_totals)))
    make_row_index(con, home, contracts, entries, as_totals, None)
    con.execute("commit")
