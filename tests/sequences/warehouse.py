"""Run a sequence through the product: real landing, the real raw schema, and staging's own SQL without dbt's runner.

dbt compiles the models once. Their SQL then takes milliseconds per sequence; dbt itself would take seconds.
"""

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from oracle.contract import EXTRACTS as PLAIN
from oracle.landing import Landing, land

from dagster_project.contracts import load_contracts
from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.core.project_lists import read_seed
from dagster_project.core.raw_table_columns import columns_of
from dagster_project.landing import accepted, counts, find_files, land_files, read_ledger, release_load
from dagster_project.landing.storage.raw_store import load_of
from dagster_project.nights import erase_expired_rows
from dagster_project.transform import carry_forward, dbt_runner, raw_schema
from dagster_project.transform.changed_months import loads_of

from .plan import EXTRACTS, WITH_OPTIONAL_COLUMNS, Again, File, Release, Sequence
from .write_files import FIRST_DAY, FIRST_MTIME, HEADERS, night_moment, write

FORCE = "derbyshire"
DECIDING_MODELS = (
    "standing_loads", "kept_parts", "superseded_rows", "area_coverages", "coverage_gaps", "coverage_windows",
)  # fmt: skip
"""Models that decide which rows count and what is covered, in build order."""
SUBJECTS = {
    "mda_orders": "mda_orders", "cash_seizures": "cash_seizures", "stop_search": "stop_search", "crimes": "drug_offences",
    "iom_cohort": "iom", "street_crime": "street_crime",
}  # fmt: skip
"""Extract -> the subject that its measures belong to. The subjects' other extracts are empty here."""
WITH_FIGURES = ("mda_orders", "stop_search", "iom_cohort", "street_crime", "crimes")
"""Extracts whose marts are built if a test needs figures. They include stocks, last counts, rates, districts and several
categories.
"""
SHARED = ("coverage_months", "periods")
DAILY_COLUMNS = ", ".join(f"{name} {kind}" for name, kind in columns_of("carried_days").items())
"""Columns of a table that stays empty: it serves editions, which are not built here."""
PERIODS_COLUMNS = ", ".join(f"{name} {kind}" for name, kind in columns_of("carried_periods").items())
"""Columns of a table that stays empty if no figures are built."""
EVENT_TYPES = {"event_on": "date", "amount": "decimal(28, 10)"}
EVENT = ("extract", "load_id", "line", "force_code", "leaf_code", "leaf_name", "event_on", "measure", "category", "amount")
_CASTS = (f"cast(null as {EVENT_TYPES.get(name, 'varchar')}) as {name}" for name in EVENT)
NO_EVENTS = f"select {', '.join(_CASTS)} where false"
EMPTY_EXTRACTS = ("forfeiture_orders", "iom_visits")
"""Extracts of the same subjects for which there are no files."""
COUNTS = ("rows_in_file", "rows_landed", "rows_quarantined", "rows_duplicate")


class OpenConnection:
    """A connection that stays open when the product closes it: opening one takes longer than landing a small night's
    files.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def __getattr__(self, name: str) -> Any:
        return getattr(self.con, name)

    def __enter__(self) -> "OpenConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stay open, but roll back what was not committed."""
        with suppress(duckdb.TransactionException):
            self.con.execute("rollback")


@dataclass(frozen=True)
class Staging:
    """The compiled SQL of the models, by name, and a connection to a `work` in memory with everything they need except
    `raw`.
    """

    sql: dict[str, str]
    con: OpenConnection


def compile_staging(folder: Path) -> Staging:
    """Compile the deciding and the staging models, and build the tables that no file can change."""
    home = Home(folder / "home").create()
    raw_schema.fresh_candidate(home)
    raw_schema.prepare_raw(home, "night", date(2026, 1, 1))
    lists = ("months", "measure_list", "+unit_names", "+area_members", "+offence_classes")
    nodes = dbt_runner.build(home, select=lists)
    assert nodes and all(n.ok for n in nodes), [n for n in nodes if not n.ok]
    measures = ["events", "event_days", "monthly", *(f"{s}_events" for s in SUBJECTS.values())]
    marts = [f"mart_{SUBJECTS[x]}" for x in WITH_FIGURES]
    staged = [f"stg_{x}" for x in (*EXTRACTS, *EMPTY_EXTRACTS)]
    wanted = [*DECIDING_MODELS, *SHARED, "figures_to_rebuild", *marts, "kept_measures", "row_days", *measures, *staged]
    os.environ["PAM_CANDIDATE"] = str(home.candidate)
    with dbt_runner._closing_connections():
        compiled = dbt_runner._invoke(
            ["compile", "--no-write-json", "-s", *wanted], dbt_runner.manifest(), folder / "dbt"
        ).result.results
    sql = {r.node.name: r.node.compiled_code for r in compiled if r.node.name in wanted}
    assert set(sql) == set(wanted)
    con = duckdb.connect(config={"threads": 1})
    con.execute(f"attach '{home.candidate / WORK}' as built (read_only); attach ':memory:' as work")
    con.execute("create schema work.seeds; create schema work.staging; create schema work.measures; use work")
    con.execute("create schema work.gate; create schema work.answers; create schema work.marts")
    for mart in {row["mart"] for row in read_seed("measure_list")} - {"mart_public_health"}:
        con.execute(f"create view work.measures.{mart.removeprefix('mart_')}_events as {NO_EVENTS}")
    con.execute(f"create view work.measures.events as {sql['events']}")
    con.execute("create table work.staging.figures_to_rebuild (mart varchar, force_code varchar, from_month_no integer)")
    tables = ("unit_names", "months", "areas_listed", "area_members", "offence_classes")
    for table in ("seeds.measure_list", *(f"staging.{t}" for t in tables)):
        con.execute(f"create table work.{table} as from built.{table}")
    return Staging(sql, OpenConnection(con))


@dataclass
class Warehouse:
    """A home that lands a sequence night by night."""

    home: Home
    staging: Staging
    contracts: dict[str, Any] = field(default_factory=dict)
    forces: dict[str, str] = field(default_factory=lambda: {FORCE: "Derbyshire"})
    files: list[File] = field(default_factory=list)
    nights: list[list[Path]] = field(default_factory=list)
    releases: dict[Path, int] = field(default_factory=dict)
    without: Collection[int] = ()
    """Numbers of the drops to leave out."""

    def run(self, sequence: Sequence) -> list[str]:
        """Land all nights. Compare after each published night, as the next night that builds on it would see it, and once more
        at the end, as a night without files would. Returns the differences between model and product.
        """
        since = ""
        self.use(sequence)
        for n, drops in enumerate(sequence.nights):
            self.land(n, drops, sequence.archive)
            if sequence.published[n]:
                if differences := self.differences(since):
                    return [f"after night {n + 1}: {difference}" for difference in differences]
                since = night_id(n)
        return [f"at the end: {difference}" for difference in self.differences(night_id(len(sequence.nights)))]

    def use(self, sequence: Sequence) -> None:
        """Load the contracts that the sequence needs."""
        contracts = load_contracts()
        used = {getattr(drop, "extract", "crimes") for drops in sequence.nights for drop in drops}
        # `crimes` is always there: the raw schema needs a contract with a column of listed values.
        self.contracts = {x: contracts[x] for x in EXTRACTS if x in used | {"crimes"}}

    def land(self, n: int, drops: tuple[File | Again | Release, ...], archive: bool) -> None:
        """Run one night: first the releases, then its files."""
        moment, paths = night_moment(n), []
        for drop in drops:
            if isinstance(drop, Release):
                self.release(drop, n, moment)
            elif file := drop.file(self.files) if isinstance(drop, Again) else drop:
                paths.append(write(self.home.path / "dropped", file, FORCE, len(self.files)))
                self.files.append(file)
                if len(self.files) - 1 in self.without:
                    shutil.rmtree(paths.pop().parent)
                elif archive:
                    shutil.copytree(paths[-1].parent, self.home.inbox / paths[-1].parent.name)
        self.nights.append(sorted(paths, key=order))
        inbox = self.home.inbox if archive else self.home.path / "dropped"
        files = find_files(inbox, self.contracts, self.forces)
        land_files(self.home, self.contracts, files, night_id(n), now=moment, archive=archive)

    def outcomes(self) -> dict[int, tuple]:
        """The last outcome and counts of each drop, by number."""
        entries = read_ledger(self.home)
        totals = counts(entries)
        return {
            int(e.file_mtime) - FIRST_MTIME: (e.outcome, e.outcome == "accepted" and totals[str(e.load_id)]) for e in entries
        }

    def release(self, drop: Release, n: int, moment: datetime) -> None:
        """Release a held file, if there is one."""
        last = {e.load_id: e for e in read_ledger(self.home) if e.outcome in ("accepted", "held")}
        held = [e for e in last.values() if e.outcome == "held"]
        if held:
            entry = held[drop.of % len(held)]
            approval = {"by": "A. Person", "why": "checked"}
            release_load(self.home, self.contracts, str(entry.load_id), night_id(n), **approval, now=moment)
            self.releases[next(p for p in self.dropped if p.stat().st_mtime == entry.file_mtime)] = n

    @property
    def dropped(self) -> list[Path]:
        """Every file, night by night, in the order in which they count."""
        return [p for paths in self.nights for p in paths]

    def model(self) -> Landing:
        """What the plain model makes of the same files."""
        moments = [night_moment(n) for n in range(len(self.nights))]
        return land(self.nights, self.forces, self.releases, moments)

    def differences(self, since: str) -> list[str]:
        """Where current rows, coverage, withdrawn rows and the outcome of each file differ from the plain model's. `since`: the
        night that is published.
        """
        landing = self.model()
        differences = self.outcome_differences(landing)
        con = self.build(since)
        for extract in self.contracts:
            place = (extract, FORCE)
            rows, expected = current_rows(con, extract), model_rows(landing, extract)
            if rows != expected:
                differences.append(f"{extract}: too many {missing(rows, expected)}, too few {missing(expected, rows)}")
            days = {d for (d,) in con.execute(DAYS, [extract]).fetchall()}
            if days != landing.covered(*place):
                differences.append(f"{extract}: {len(days)} covered days, expected {len(landing.covered(*place))}")
            if extract in WITH_OPTIONAL_COLUMNS:
                differences += self.column_differences(con, landing, extract)
            withdrawn = {k for (k,) in con.execute(WITHDRAWN, [extract]).fetchall()}
            expected_withdrawn = {"\x1f".join(map(str, key)) for key in landing.withdrawn.get(place, ())}
            if unexpected := sorted(withdrawn - expected_withdrawn):
                differences.append(f"{extract}: withdrawn {unexpected}")
        return differences

    def column_differences(self, con: OpenConnection, landing: Landing, extract: str) -> list[str]:
        """Where the days differ that files with the optional columns cover: units, and the power of a search. Files of
        data.police.uk have powers but no units.
        """
        full = {p: f.full for p, f in zip(self.dropped, (self.files[int(p.parent.name)] for p in self.dropped), strict=True)}
        named = {name for (name,) in con.execute("select area_coverage from staging.area_coverages").fetchall()}
        areas = f"{extract}.areas"
        coverages = {areas if areas in named else extract: lambda load: full[load.drop.path]}
        if areas not in named:
            coverages = {} if not all(full.values()) else coverages
        if extract == "stop_search":
            coverages["stop_search with legislation"] = lambda load: load.form == "police_uk" or full[load.drop.path]
        differences = []
        for coverage, has_columns in coverages.items():
            days = {d for (d,) in con.execute(DAYS, [coverage]).fetchall()}
            expected = landing.covered_by_files(extract, FORCE, has_columns)
            if days != expected:
                differences.append(f"{coverage}: {len(days)} days, expected {len(expected)}")
        return differences

    def outcome_differences(self, landing: Landing) -> list[str]:
        """Where outcomes and counts of files differ from the plain model's."""
        entries = read_ledger(self.home)
        totals, last = counts(entries), {e.file_mtime: e for e in entries}
        differences = []
        for path, result in zip(self.dropped, landing.files, strict=True):
            entry = last[path.stat().st_mtime]
            if entry.outcome != result.outcome:
                expected = f"expected {result.outcome} ({result.reason})"
                differences.append(f"{path.name}: {entry.outcome} ({entry.reason}), {expected}")
            elif entry.outcome == "accepted":
                actual, expected = (tuple(getattr(x, n) for n in COUNTS) for x in (totals[str(entry.load_id)], result))
                if actual != expected or actual[0] != sum(actual[1:]):
                    differences.append(f"{path.name}: {COUNTS} {actual}, expected {expected}")
        return differences

    def build(self, since: str, before: dict[str, list[str]] | None = None) -> OpenConnection:
        """Build the deciding models and staging as a night that builds on `since` would. `before`: the loads that the existing
        tables are built from; the night is then one in part.
        """
        con = self.staging.con
        con.execute("drop schema if exists raw cascade")
        raw_schema._published_before = lambda _: since
        raw_schema.load_contracts = lambda: self.contracts
        raw_schema.prepare_raw(self.home, "9", date(2026, 3, 1), before=before)
        for name in DECIDING_MODELS:
            con.execute(f"create or replace table staging.{name} as {self.staging.sql[name]}")
        for extract in self.contracts:
            con.execute(f"create or replace view staging.stg_{extract} as {self.staging.sql[f'stg_{extract}']}")
        return con

    def differences_in_part(self, sequence: Sequence, erased: int | None, figures: bool = False) -> list[str]:
        """Where a night in part, which measures only what its files touch, differs from a whole night. Compares after each
        published night.

        `erased`: after the first comparison, erase the rows of files that cover no day after so many. `figures`: compare
        marts, too.
        """
        self.use(sequence)
        con = self.staging.con
        # The other extracts of the same subjects are empty views.
        self.contracts |= {x: load_contracts()[x] for x in EMPTY_EXTRACTS}
        before: dict[str, list[str]] | None = None
        since = ""
        for n, drops in enumerate(sequence.nights):
            self.land(n, drops, sequence.archive)
            if not sequence.published[n]:
                continue
            measured_in_part = None
            if before is not None:
                try:
                    measured_in_part = self.measures(since, before, figures)
                finally:
                    carry_forward.drop_previous(con)
            whole = self.measures(since, figures=figures)
            if measured_in_part is not None and (differences := differing(measured_in_part, whole)):
                return [f"night {n + 1} in part: {difference}" for difference in differences]
            # The loads that the tables are built from, before rows are erased.
            before, since = loads_of(self.home), night_id(n)
            if measured_in_part is None and erased is not None:
                self.erase(erased, n)
        return []

    def differences_after_erasing(self, sequence: Sequence, days: int) -> list[str]:
        """Where measures change when the rows of all loads that cover no day after so many are erased."""
        self.use(sequence)
        self.contracts |= {x: load_contracts()[x] for x in EMPTY_EXTRACTS}
        for n, drops in enumerate(sequence.nights):
            self.land(n, drops, sequence.archive)
        before = self.measures("")
        erased_loads = self.erase(days, len(self.nights))
        after = self.measures(night_id(len(self.nights)))
        extracts = [x for x in before if x in SUBJECTS]
        differences = differing({x: after[x] for x in extracts}, {x: before[x] for x in extracts})
        return [f"erasing {erased_loads}: {difference}" for difference in differences]

    def erase(self, days: int, night: int) -> list[str]:
        """Erase the rows of the built loads that cover no day after so many. Returns their ids."""
        entries = accepted(read_ledger(self.home))
        old = [e for e in entries if e.covered_to and (e.covered_to - FIRST_DAY).days < days]
        expired = [e for e in old if self.contracts[str(e.extract)].kind != "indicators" and load_of(e).raw(self.home).exists()]
        built = {load for (load,) in self.staging.con.execute("select load_id from raw.loads").fetchall()}
        expired = [e for e in expired if e.load_id in built]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(erase_expired_rows, "duckdb", SimpleNamespace(connect=lambda _: self.staging.con))
            patch.setattr(erase_expired_rows, "expired_loads", lambda *_: expired)
            patch.setattr(erase_expired_rows.audit, "record_all", lambda *_: None)
            erased = erase_expired_rows.replace_by_totals(self.home, self.contracts, {}, date(2026, 3, 1), night_id(night))
        assert len(erased) == len(expired) and not any(load_of(e).raw(self.home).exists() for e in expired)
        return [str(e.load_id) for e in expired]

    def measures(self, since: str, before: dict[str, list[str]] | None = None, figures: bool = False) -> dict[str, set[tuple]]:
        """The monthly measures of each extract's subject, superseded rows and counts by day, as text, so that only identical
        values are equal. `before`: the loads that the existing tables are built from; what no file has touched since stays.
        `figures`: the rows of the marts, too.
        """
        if before is not None:
            self.staging.con.execute(f"create table if not exists answers.daily ({DAILY_COLUMNS})")
            self.staging.con.execute(f"create table if not exists staging.periods ({PERIODS_COLUMNS})")
        con, sql = self.build(since, before), self.staging.sql
        for x in EMPTY_EXTRACTS:
            con.execute(f"create or replace view staging.stg_{x} as {sql[f'stg_{x}']}")
        con.execute(f"create or replace view measures.kept_measures as {sql['kept_measures']}")
        con.execute(f"create or replace table gate.row_days as {sql['row_days']}")
        subjects = {x: SUBJECTS[x] for x in self.contracts if x in SUBJECTS}
        for subject in SUBJECTS.values():
            rows = sql[f"{subject}_events"] if subject in subjects.values() else NO_EVENTS
            con.execute(f"create or replace view measures.{subject}_events as {rows}")
        con.execute(f"create or replace table measures.event_days as {sql['event_days']}")
        con.execute(f"create or replace table measures.monthly as {sql['monthly']}")
        results = {x: rows_as_text(con, f"(from measures.monthly where mart = 'mart_{s}')") for x, s in subjects.items()}
        superseded = "staging.superseded_rows join raw.loads using (load_id)"
        results["rows that do not count"] = rows_as_text(con, superseded, "load_id, line, reason")
        results["rows by day"] = rows_as_text(con, "gate.row_days")
        if figures:
            results |= self.figures()
        if before is not None:
            raw_schema.read_all_rows_again(self.home, [])
        return results

    def figures(self) -> dict[str, set[tuple]]:
        """The figures of each extract's mart, from the last measures. They are built as dbt's materialisation builds them."""
        con, sql, results = self.staging.con, self.staging.sql, {}
        for name in (*SHARED, "figures_to_rebuild"):
            con.execute(f"create or replace table staging.{name} as {sql[name]}")
        (in_part,) = con.execute("select is_in_part from raw.night").fetchone()
        for x in (x for x in self.contracts if x in WITH_FIGURES):
            mart = f"mart_{SUBJECTS[x]}"
            if in_part:
                con.execute(
                    f"delete from marts.{mart} as standing using staging.figures_to_rebuild as rebuilt"
                    f" where rebuilt.mart = '{mart}' and rebuilt.force_code = standing.force_code"
                    " and year(standing.period_end) * 12 + month(standing.period_end) - 1 >= rebuilt.from_month_no"
                )
                con.execute(f"insert into marts.{mart} by name {sql[mart]}")
            else:
                con.execute(f"create or replace table marts.{mart} as {sql[mart]}")
            results[mart] = rows_as_text(con, f"marts.{mart}")
        return results


def rows_as_text(con: OpenConnection, relation: str, columns: str = "*") -> set[tuple]:
    """A relation's rows as text. Fails if a row is there twice."""
    rows = con.execute(f"select {columns} from {relation}").fetchall()
    distinct = {tuple(map(str, row)) for row in rows}
    assert len(distinct) == len(rows), relation
    return distinct


def differing(one: dict[str, set[tuple]], other: dict[str, set[tuple]]) -> list[str]:
    """The relations of which one side has rows that the other lacks."""
    return [
        f"{name}: too many {missing(one[name], other[name])}, too few {missing(other[name], one[name])}"
        for name in other
        if one[name] != other[name]
    ]


DAYS = """
select unnest(range(covered_from, covered_to + interval 1 day, interval 1 day))::date
from staging.coverage_windows where coverage = ?
"""
WITHDRAWN = """
select landed.row_key from staging.superseded_rows as gone join raw.landed_rows as landed using (load_id, line)
where gone.reason = 'withdrawn' and gone.extract = ?
"""


def night_id(n: int) -> str:
    """The id of a night. Ids sort in the order of the nights."""
    return f"{n + 1}"


def columns(extract: str) -> list[str]:
    """The columns to compare: those that the files have."""
    headers = {c.header: c.name for c in PLAIN[extract].columns}
    names = [headers[h] for h in HEADERS[extract]]
    return [*names, "legislation", "outcome"] if extract == "stop_search" else names


def order(path: Path) -> tuple[bool, str, float]:
    """A sort key: the order in which a night's files count, by extraction. A data.police.uk file is extracted when it lands."""
    is_published = path.name.count("__") != 4
    return is_published, "" if is_published else path.name.split("__")[-1].split(".")[0], path.stat().st_mtime


def identity(file: str, line: Any) -> str:
    """The extraction of a keyed row (two of one time may both have it, with the same values); otherwise its file and line."""
    return file.split("__")[-1].split(".")[0] if file.count("__") == 4 else f"{file}:{line}"


def current_rows(con: OpenConnection, extract: str) -> set[tuple]:
    """Staging's rows: the source of each, and its values."""
    names = ", ".join(f"stg.{c}" for c in columns(extract))
    rows = con.execute(
        f"select loads.source_file, stg.line, {names} from staging.stg_{extract} as stg join raw.loads as loads using (load_id)"
    ).fetchall()
    return {(identity(file, line), *map(value_text, values)) for file, line, *values in rows}


def model_rows(landing: Landing, extract: str) -> set[tuple]:
    """The plain model's rows: the source of each, and its values."""
    rows = landing.rows.get((extract, FORCE), ())
    return {(identity(r["_file"], r["_line"]), *(value_text(r.get(c)) for c in columns(extract))) for r in rows}


def value_text(value: Any) -> str:
    """A value as text. Amounts that differ only in trailing zeros have the same text."""
    if value is None:
        return ""
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def missing(one: set[tuple], other: set[tuple]) -> list[tuple]:
    """The first few rows of one set that the other lacks."""
    return sorted(one - other)[:3]
