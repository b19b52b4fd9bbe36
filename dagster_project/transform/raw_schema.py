"""What dbt reads: the candidate's `raw` schema, made each night from the ledger, the raw Parquet and the contracts.

Extracts are views over the Parquet, not copies. Loads that are fully replaced by a newer one are left out, so that a night does
not read every file of the past.
"""

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

import duckdb

from dagster_project.contracts import Contract, load_contracts
from dagster_project.core.candidate_files import WAREHOUSE, WORK
from dagster_project.core.config import Extracts, read_config
from dagster_project.core.coverages import Coverage, coverages_of
from dagster_project.core.files import make_folder
from dagster_project.core.home import SEEDS, Home
from dagster_project.core.home_lists import (
    UNIT,
    own_words,
    read_own_list,
    rebase_rows,
    seeded_words,
)
from dagster_project.core.plurals import counted
from dagster_project.core.project_lists import read_seed
from dagster_project.core.published_file import published_night
from dagster_project.core.raw_table_columns import columns_of, make_raw_table
from dagster_project.core.read_database import read_database
from dagster_project.core.sql import literal, one_row
from dagster_project.editions import read_editions, write_edition_tables, write_frozen_figures
from dagster_project.landing import Counts, LedgerEntry, accepted, counts, erased_loads, read_ledger
from dagster_project.landing.reconciliation import write_accounts
from dagster_project.landing.storage.ledger import covers, extracted, not_replaced
from dagster_project.landing.storage.raw_store import parquet_of
from dagster_project.landing.storage.vocabulary import forgotten_values, how_many, shown_values

from .accepted_months import make_month_tables
from .carry_forward import carry_forward, drop_previous
from .changed_months import MonthsToRebuild, find_months_to_rebuild, has_key_of, paths_of
from .dbt_sources import ROW_COLUMNS
from .kept_totals import RawLostError, absent_in_totals, forgotten_units, load_kept_totals, loads_as_totals

STORAGE = "v1.5.0"
"""Clients of 1.5 (DBeaver, BI drivers) can read files of this version; what 2.0 writes by default they can't."""

SCHEMAS = ("raw", "seeds", "staging", "measures", "answers", "gate")
AFTER_EVERY_NIGHT = "9"
"""Sorts after every night id."""


@dataclass(frozen=True)
class ReadableLoad:
    """An accepted file that dbt reads."""

    entry: LedgerEntry
    known_by: str
    """What identifies its rows: `key`, `file` (no key, so file and line) or `indicator`."""
    rank: int
    """Order of extraction within its extract and force; equal for equal times."""


def _known_by(contract: Contract, entry: LedgerEntry) -> str:
    if contract.kind == "indicators":
        return "indicator"
    return "key" if contract.key and entry.form == "canonical" else "file"


def loads_that_count(entries: list[LedgerEntry], contracts: dict[str, Contract], since: str) -> list[ReadableLoad]:
    """The accepted loads that can still affect a figure, with their rank.

    A load is fully replaced if one newer load covers its whole window, was published before, and has no row withheld or
    quarantined: each of its rows has a newer version there, or is withdrawn. Loads after the last publication (`since`, its
    night) replace nothing yet, so that the rows that they withdraw can be listed. A load of events stays while an older one
    counts: that one may have a withdrawn key under another date, and no older version may come back.
    """
    loads: list[ReadableLoad] = []
    withheld = {load for e in entries for load, n in e.withheld.items() if n}
    groups: dict[tuple[str, str], list[LedgerEntry]] = {}
    for entry in accepted(entries):
        if entry.extract in contracts:
            groups.setdefault((entry.extract, str(entry.force_code)), []).append(entry)
    for (extract, _), group in sorted(groups.items()):
        contract = contracts[extract]
        times = {t: n for n, t in enumerate(sorted({extracted(e) for e in group}), start=1)}
        ranked = [ReadableLoad(e, _known_by(contract, e), times[extracted(e)]) for e in group]
        oldest_rank = max(times.values())
        for load in sorted(ranked, key=lambda load: load.rank):
            hides_older = load.known_by == "key" and contract.kind == "events" and load.rank > oldest_rank
            if hides_older or not any(_replaces(contract, newer, load, withheld, since) for newer in ranked):
                loads.append(load)
                oldest_rank = min(oldest_rank, load.rank)
    return loads


def readable_loads(home: Home, entries: list[LedgerEntry], contracts: dict[str, Contract], since: str) -> list[ReadableLoad]:
    """The loads that count, without unused ones that were erased at the end of their retention period.

    After a rollback, a fully replaced load counts again until the load that replaced it is published again.
    """
    loads = loads_that_count(entries, contracts, since)
    if erased := erased_loads(home):
        in_use = {load.entry.load_id for load in loads_that_count(entries, contracts, AFTER_EVERY_NIGHT)}
        loads = [load for load in loads if load.entry.load_id not in erased - in_use]
    return loads


def loads_in_use(home: Home, contracts: dict[str, Contract]) -> set[str]:
    """Loads that figures depend on, published or tonight's."""
    return {str(load.entry.load_id) for load in loads_that_count(read_ledger(home), contracts, _published_before(home))}


def _replaces(contract: Contract, newer: ReadableLoad, load: ReadableLoad, withheld: set[str], since: str) -> bool:
    newer_entry, entry = newer.entry, load.entry
    if newer.rank <= load.rank or newer.known_by != load.known_by or newer_entry.night_id > since:
        return False
    if newer_entry.rows_quarantined or newer_entry.load_id in withheld:
        return False
    if load.known_by == "indicator":
        return set(entry.indicators) <= set(newer_entry.indicators) and covers(newer_entry, entry)
    return covers(newer_entry, entry)


def _published_before(home: Home) -> str:
    """The published night. Files that landed after it are new, even if a later night was held or failed."""
    return published_night(home) or ""


def empty_candidate(home: Home) -> None:
    """Empty the candidate folder, or make it. Raises OSError, also if the folder could not be emptied."""
    shutil.rmtree(home.candidate, ignore_errors=True)
    # Also the home may be missing; `mkdir(parents=True)` would make it readable by others, which a night refuses.
    make_folder(home.candidate.parent)
    home.candidate.mkdir(mode=0o700)


def fresh_candidate(home: Home) -> None:
    """Empty the candidate folder and make its two files, in a format that older clients can read. Raises OSError."""
    empty_candidate(home)
    with duckdb.connect() as con:
        for name in (WAREHOUSE, WORK):
            path = home.candidate / name
            con.execute(f"attach {literal(str(path))} as new (storage_version '{STORAGE}')")
            con.execute("detach new")
            os.chmod(path, 0o600)


def prepare_raw(
    home: Home, night_id: str, today: date, since: str | None = None, before: Mapping[str, list[str]] | None = None
) -> list[ReadableLoad]:
    """Make the `raw` schema of the candidate's work file. Returns the loads that it shows.

    `today`: the night's date, by which files are late. `since`: files that landed after this night are tonight's; None: after
    the published night. `before`: the loads that the work file's tables were made from (`changed_months.loads_of`). If it is
    given, only rows of the months to rebuild are shown, until `read_all_rows_again`. Raises HomeListError for a bad list of the
    home.
    """
    contracts = load_contracts()
    entries = read_ledger(home)
    since = _published_before(home) if since is None else since
    loads = readable_loads(home, entries, contracts, since)
    with duckdb.connect(str(home.candidate / WORK)) as con:
        con.execute("drop schema if exists raw cascade")
        for schema in SCHEMAS:
            con.execute(f"create schema if not exists {schema}")
        con.execute("begin")
        make_raw_table(con, "night", [(night_id, today, False)])
        _load_list(con, loads, since, counts(entries))
        shown, as_totals = [load.entry for load in loads], loads_as_totals(home)
        ids, tonight = {str(e.load_id) for e in shown}, [e for e in shown if e.night_id > since]
        load_kept_totals(con, home, ids)
        with_rows = (e for e in shown if e.load_id not in as_totals)
        forgotten = [*forgotten_values(home, with_rows, read_config(home).believe), *forgotten_units(con, home, shown)]
        absent = absent_in_totals(home, shown, contracts, as_totals)
        _absent_columns(con, shown, contracts, [*absent, *((str(e.load_id), c, c == UNIT) for e, c, _ in forgotten)])
        write_accounts(con, home, entries, ids, since, as_totals)
        _unknown_tonight(con, tonight)
        # A replaced file may still show rows of days that no newer one has, but what it says of units is not asked any more.
        replaced = ids - not_replaced(shown)
        _forgotten_values(con, (f for f in forgotten if f[0].load_id not in replaced))
        _replaced_tonight(con, tonight)
        _contract_lists(con, contracts, read_config(home).extracts, today)
        if missing := next((p for p in paths_of(home, shown, as_totals) if not p.exists()), None):
            raise RawLostError(
                f"{missing.relative_to(home.path)} is gone, and the ledger says that it was landed: restore raw/ from a"
                " backup, then run the night again"
            )
        to_rebuild = None if before is None else find_months_to_rebuild(con, home, contracts, before, ids - set(as_totals))
        _raw_views(con, home, contracts, shown, as_totals, to_rebuild)
        make_row_index(con, home, contracts, shown, as_totals, to_rebuild)
        # The same columns for every extract: the gate's checks read dates, units and kinds of all of them.
        con.execute("create view raw.landed_rows as " + " union all ".join(map(landed_select, contracts.values())))
        _withheld(con, home, ids, {str(e.load_id) for e in accepted(entries)})
        _withheld_versions(con, home, contracts, shown, as_totals)
        carry_forward(con, to_rebuild, as_totals)
        for name in ("areas", "offence_codes", "unit_names"):
            make_raw_table(con, f"own_{name}", read_own_list(home.seeds / f"{name}.csv"))
        # The project's rows (none as shipped), and the home's.
        rebases = [read_own_list(folder / "rebases.csv") for folder in (SEEDS, home.seeds)]
        make_raw_table(con, "rebases", rebase_rows(chain(*rebases)))
        _vocabulary(con, home)
        make_month_tables(con, home)
        write_edition_tables(con, read_editions(home).sound.values())
        write_frozen_figures(con, home)
        con.execute("commit")
    return loads


def _no_rows(table: str) -> str:
    """SQL: the columns of a table of `raw`, without rows."""
    return f"select {', '.join(f'cast(null as {kind}) as {name}' for name, kind in columns_of(table).items())} where false"


def _load_list(con: duckdb.DuckDBPyConnection, loads: list[ReadableLoad], since: str, totals: dict[str, Counts]) -> None:
    rows = [
        (
            e.extract, e.force_code, e.load_id, e.form, load.known_by, load.rank, e.covered_from, e.covered_to,
            extracted(e).replace(tzinfo=None), e.source_file, e.night_id, e.night_id > since, *totals[str(e.load_id)],
        )
        for load in loads
        for e in (load.entry,)
    ]  # fmt: skip
    make_raw_table(con, "loads", rows)


def _absent_columns(
    con: duckdb.DuckDBPyConnection, shown: list[LedgerEntry], contracts: dict[str, Contract], more: list[tuple[str, str, bool]]
) -> None:
    rows = [
        (e.load_id, column, contract.column(column).type == "unit")
        for e in shown
        for contract in (contracts[str(e.extract)],)
        for column in e.lacks
        if column in {c.name for c in contract.columns}
    ]
    make_raw_table(con, "absent_columns", [*rows, *more])


def _contract_lists(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract], sent: Extracts, today: date) -> None:
    rows = [
        (c.extract, c.kind, c.rhythm, bool(c.key), c.has_units or c.kind == "monthly_file",
         c.grace_days if sent.is_expected(c.extract, today) else None)
        for c in contracts.values()
    ]  # fmt: skip
    make_raw_table(con, "contracts", rows)
    values = [(c.extract, k.name, v) for c in contracts.values() for k in c.columns for v in k.values]
    make_raw_table(con, "contract_values", values)
    coverages = {name: Coverage(name, name) for name in contracts} | coverages_of(read_seed("measure_list"))
    make_raw_table(con, "coverages", [(c.name, c.extract, c.available_from) for c in coverages.values()])
    needed = [(c.name, "/".join(group), column) for c in coverages.values() for group in c.needs for column in group]
    make_raw_table(con, "coverage_columns", needed)


def _unknown_tonight(con: duckdb.DuckDBPyConnection, tonight: Iterable[LedgerEntry]) -> None:
    """By extract and force, the rows of tonight's files with values that no list knows, and the values, for the gate's warning.
    A row counts once for each column in which its value is unknown."""
    totals: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for entry in tonight:
        for column, rows in entry.unknown_told.items():
            place = (str(entry.extract), str(entry.force_code))
            n_before, texts = totals.get(place, (0, []))
            totals[place] = (n_before + rows, [*texts, f"{column}: {shown_values(entry.unknown_values.get(column, {}))}"])
    unknown = [(*place, n, "; ".join(dict.fromkeys(texts))) for place, (n, texts) in sorted(totals.items())]
    make_raw_table(con, "unknown_tonight", unknown)


def _forgotten_values(con: duckdb.DuckDBPyConnection, forgotten: Iterable[tuple[LedgerEntry, str, dict[str, int]]]) -> None:
    """By extract and force, the rows with values that a list no longer knows, and how many values of which columns, for the
    gate's warning."""
    totals: dict[tuple[str, str], dict[str, Counter[str]]] = {}
    for entry, column, values in forgotten:
        columns = totals.setdefault((str(entry.extract), str(entry.force_code)), {})
        columns.setdefault(column, Counter()).update(values)
    rows = [
        (*place, sum(n.total() for n in columns.values()),
         "; ".join(f"{column}: {how_many(set(n))} in {counted(n.total(), 'row')}" for column, n in columns.items()))
        for place, columns in sorted(totals.items())
    ]  # fmt: skip
    make_raw_table(con, "forgotten_values", rows)


def _replaced_tonight(con: duckdb.DuckDBPyConnection, tonight: Iterable[LedgerEntry]) -> None:
    """By extract and force, the rows that tonight's files replace outside their windows, and whose, for the gate's warning."""
    by_place: dict[tuple[str, str], Counter[str]] = {}
    for entry in tonight:
        by_place.setdefault((str(entry.extract), str(entry.force_code)), Counter()).update(entry.replaced)
    rows = [
        (*place, files.total(), ", ".join(f"{n:,} of {file}" for file, n in files.items()))
        for place, files in sorted(by_place.items()) if files
    ]  # fmt: skip
    make_raw_table(con, "replaced_tonight", rows)


def read_all_rows_again(home: Home, loads: list[ReadableLoad]) -> None:
    """Make the candidate's `raw` show all rows of the loads, and the kept totals of erased ones, for all months."""
    as_totals, contracts, shown = loads_as_totals(home), load_contracts(), [load.entry for load in loads]
    with duckdb.connect(str(home.candidate / WORK)) as con:
        con.execute("begin")
        load_kept_totals(con, home, {str(e.load_id) for e in shown})
        _raw_views(con, home, contracts, shown, as_totals, None)
        con.execute("drop table raw.row_index")
        make_row_index(con, home, contracts, shown, as_totals, None)
        drop_previous(con)
        con.execute("commit")


def finish_partial_build(home: Home) -> None:
    """Call `read_all_rows_again` for a candidate that was built part by part, once it is complete."""
    with read_database(home.candidate / WORK) as con:
        (in_part,) = one_row(con, "select is_in_part from raw.night")
    if in_part:
        read_all_rows_again(home, readable_loads(home, read_ledger(home), load_contracts(), _published_before(home)))


def _raw_views(
    con: duckdb.DuckDBPyConnection, home: Home, contracts: dict[str, Contract], shown: list[LedgerEntry],
    as_totals: Collection[str], to_rebuild: MonthsToRebuild | None,
) -> None:  # fmt: skip
    """Make or replace the view of each extract. With `to_rebuild`: of the rows of those months."""
    for extract, contract in contracts.items():
        entries = (e for e in shown if e.extract == extract and (to_rebuild is None or to_rebuild.has(e)))
        where = "true" if to_rebuild is None else to_rebuild.where(extract)
        con.execute(raw_view(contract, paths_of(home, entries, as_totals), where))


def raw_view(contract: Contract, paths: list[Path], where: str = "true") -> str:
    """SQL that makes or replaces `raw.<extract>`: the rows of these files that meet a condition."""
    columns = ", ".join(f'cast(null as varchar) as "{c}"' for c in (*(k.name for k in contract.columns), *ROW_COLUMNS))
    view = f'create or replace view raw."{contract.extract}" as select {columns} where false'
    if not paths:
        return view
    listed = ", ".join(literal(str(p)) for p in paths)
    # Older files may lack a column that the contract has now.
    return f"{view} union all by name select * from read_parquet([{listed}], union_by_name = true) where {where}"


def make_row_index(
    con: duckdb.DuckDBPyConnection, home: Home, contracts: Mapping[str, Contract], shown: list[LedgerEntry],
    as_totals: Collection[str], to_rebuild: MonthsToRebuild | None,
) -> None:  # fmt: skip
    """Make or replace `raw.row_index`: every row that another load could supersede. An extract and force with a single load
    have none.

    With `to_rebuild`: only the rows of those months, and all rows with the same keys.
    """
    places: dict[tuple[str, str], list[LedgerEntry]] = {}
    for entry in shown:
        places.setdefault((str(entry.extract), str(entry.force_code)), []).append(entry)
    selects = list[str]()
    for extract, contract in contracts.items():
        by_force = {f: entries for (x, f), entries in places.items() if x == extract and len(entries) > 1}
        if to_rebuild is not None:
            places_to_rebuild = {*to_rebuild.whole, *to_rebuild.months}
            by_force = {f: entries for f, entries in by_force.items() if (extract, f) in places_to_rebuild}
        paths = paths_of(home, (e for entries in by_force.values() for e in entries), as_totals)
        if paths:
            rows = parquet_of(*paths)
            where = "true" if to_rebuild is None else to_rebuild.where(extract)
            selects.append(f"{index_select(contract)} from {rows} where {where}")
            if to_rebuild is not None and contract.key:
                same_key = has_key_of(con, f"{rows} where {where}")
                selects.append(f"{index_select(contract)} from {rows} where ({where}) is not true and {same_key}")
    kind = "view" if to_rebuild is None else "table"
    con.execute(f"create or replace {kind} raw.row_index as " + " union all ".join(selects or [_no_rows("row_index")]))


def index_select(contract: Contract) -> str:
    """SQL for both engines: the columns of `raw.row_index` from an extract's rows, up to `from`."""
    key = "indicator_id" if contract.kind == "indicators" else "_key"
    return (
        "select _extract as extract, _force_code as force_code, _load_id as load_id, _line as line,"
        f" {key} as row_key, cast(_date as date) as row_date"
    )


def _withheld_versions(
    con: duckdb.DuckDBPyConnection, home: Home, contracts: dict[str, Contract], shown: list[LedgerEntry],
    as_totals: Collection[str],
) -> None:  # fmt: skip
    """All rows with a key that was withheld from some load: one of them may replace the withheld row."""
    extracts = {x for (x,) in con.execute("select distinct extract from raw.withheld where row_key is not null").fetchall()}
    paths = paths_of(home, (e for e in shown if e.extract in extracts & set(contracts)), as_totals)
    columns = {"_extract": "extract", "_force_code": "force_code", "_load_id": "load_id", "_line": "line", "_key": "row_key"}
    if paths:
        names = ", ".join(f"{column} as {name}" for column, name in columns.items())
        select = f"select {names} from {parquet_of(*paths)} where _key in (select row_key from raw.withheld)"
    else:
        select = _no_rows("withheld_versions")
    con.execute(f"create table raw.withheld_versions as {select}")


def landed_select(contract: Contract) -> str:
    """SQL for both engines: an extract's rows in the columns of `raw.landed_rows`."""
    unit = next((c.name for c in contract.columns if c.type == "unit"), None)
    kind = next((c.name for c in contract.columns if c.type == "choice"), None)
    return (
        "select _extract as extract, _force_code as force_code, _load_id as load_id, _line as line,"
        f" _key as row_key, cast(_date as date) as row_date, {unit or 'cast(null as string)'} as unit,"
        f" {kind or 'cast(null as string)'} as row_kind from raw.{contract.extract}"
    )


def _withheld(con: duckdb.DuckDBPyConnection, home: Home, ids: set[str], accepted_ids: set[str]) -> None:
    """Keys that must not be used. A conflict between two loads counts once both are accepted: `<load>__<other load>.parquet`
    may be of a night that was interrupted, or later than the night that is made again.
    """
    make_raw_table(con, "withheld", ())
    files = home.withheld.glob("*.parquet") if home.withheld.is_dir() else ()
    paths = [p for p in files for load, *others in (p.stem.split("__"),) if load in ids and accepted_ids.issuperset(others)]
    if paths:
        con.execute(
            "insert into raw.withheld select distinct extract, force_code, load_id, _line, _key from read_parquet(?)",
            [[str(p) for p in sorted(paths)]],
        )


def _vocabulary(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """What values of classifying columns count as, in lower case. The home's own list overrides the project's."""
    words = seeded_words() | own_words(home)
    make_raw_table(con, "vocabulary", [(*place, counts_as) for place, counts_as in sorted(words.items())])
