"""What the product makes of a sequence: real landing, the real raw schema, and staging's own SQL run without dbt's runner.

dbt compiles the models once; their SQL then takes milliseconds a sequence, where dbt itself would take seconds.
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
from dagster_project.core.home import Home
from dagster_project.core.raw_table_columns import columns_of
from dagster_project.core.seeds import read_seed
from dagster_project.landing import accepted, counts, find_files, land_files, read_ledger, release_load
from dagster_project.landing.conflicting_files import load_of
from dagster_project.nights import erase_expired
from dagster_project.transform import carry_forward, dbt_runner, raw_schema
from dagster_project.transform.changed_months import loads_of

from .plan import COME_AND_GO, EXTRACTS, Again, File, Release, Sequence
from .writing import FIRST_DAY, FIRST_MTIME, HEADERS, night_moment, write

FORCE = "derbyshire"
DECIDING = (
    "standing_loads", "kept_parts", "superseded_rows", "area_coverages", "coverage_gaps", "coverage_windows",
)  # fmt: skip
"""Models that say which rows count and what is covered, in the order in which they are built."""
SUBJECTS = {
    "mda_orders": "mda_orders", "cash_seizures": "cash_seizures", "stop_search": "stop_search", "crimes": "drug_offences",
    "iom_cohort": "iom", "street_crime": "street_crime",
}  # fmt: skip
"""The subject whose measures an extract's rows are in. Others, that a subject has as well, are empty here."""
WITH_FIGURES = ("mda_orders", "stop_search", "iom_cohort", "street_crime", "crimes")
"""Extracts whose marts are made, where figures are asked for: stocks and last counts, rates, districts and several categories
are among them.
"""
SHARED = ("coverage_months", "periods")
DAILY = ", ".join(f"{name} {kind}" for name, kind in columns_of("carried_days").items())
"""A table without rows: what an edition asks is not made here."""
PERIODS = ", ".join(f"{name} {kind}" for name, kind in columns_of("carried_periods").items())
"""The same where no figures are asked for."""
EVENT_TYPES = {"event_on": "date", "amount": "decimal(28, 10)"}
EVENT = ("extract", "load_id", "line", "force_code", "leaf_code", "leaf_name", "event_on", "measure", "category", "amount")
_CASTS = (f"cast(null as {EVENT_TYPES.get(name, 'varchar')}) as {name}" for name in EVENT)
NO_EVENTS = f"select {', '.join(_CASTS)} where false"
BESIDE = ("forfeiture_orders", "iom_visits")
"""Extracts without a file, of the same subjects."""
COUNTS = ("rows_in_file", "rows_landed", "rows_quarantined", "rows_duplicate")


class Kept:
    """A connection that is closed when the tests are over, not when the product is done with it: opening one takes longer
    than a small night's files.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def __getattr__(self, name: str) -> Any:
        return getattr(self.con, name)

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Not yet; but what was not committed is gone."""
        with suppress(duckdb.TransactionException):
            self.con.execute("rollback")


@dataclass(frozen=True)
class Staging:
    """The compiled SQL of the models, by name, and a connection to a `work` in memory that has what they need besides
    `raw`.
    """

    sql: dict[str, str]
    con: Kept


def compile_staging(folder: Path) -> Staging:
    """Compile the deciding and the staging models, and build what no file can change."""
    home = Home(folder / "home").create()
    raw_schema.fresh_candidate(home)
    raw_schema.prepare_raw(home, "night", date(2026, 1, 1))
    lists = (
        "coverage_limits", "coverage_columns", "months", "measure_list", "+unit_names", "+area_members", "+offence_classes",
    )  # fmt: skip
    nodes = dbt_runner.build(home, select=lists)
    assert nodes and all(n.ok for n in nodes), [n for n in nodes if not n.ok]
    measures = ["events", "monthly", *(f"{s}_events" for s in SUBJECTS.values())]
    marts = [f"mart_{SUBJECTS[x]}" for x in WITH_FIGURES]
    staged = [f"stg_{x}" for x in (*EXTRACTS, *BESIDE)]
    wanted = [*DECIDING, *SHARED, "figures_to_rebuild", *marts, "kept_measures", "row_days", *measures, *staged]
    os.environ["PAM_CANDIDATE"] = str(home.candidate)
    with dbt_runner._closing_connections():
        compiled = dbt_runner._invoke(
            ["compile", "--no-write-json", "-s", *wanted], dbt_runner.manifest(), folder / "dbt"
        ).result.results
    sql = {r.node.name: r.node.compiled_code for r in compiled if r.node.name in wanted}
    assert set(sql) == set(wanted)
    con = duckdb.connect(config={"threads": 1})
    con.execute(f"attach '{home.candidate / raw_schema.WORK}' as built (read_only); attach ':memory:' as work")
    con.execute("create schema work.seeds; create schema work.staging; create schema work.measures; use work")
    con.execute("create schema work.audit; create schema work.answers; create schema work.marts")
    for mart in {row["mart"] for row in read_seed("measure_list")} - {"mart_public_health"}:
        con.execute(f"create view work.measures.{mart.removeprefix('mart_')}_events as {NO_EVENTS}")
    con.execute(f"create view work.measures.events as {sql['events']}")
    con.execute("create table work.staging.figures_to_rebuild (mart varchar, force_code varchar, from_month_no integer)")
    tables = ("unit_names", "months", "areas_listed", "area_members", "offence_classes")
    for table in ("seeds.coverage_limits", "seeds.coverage_columns", "seeds.measure_list", *(f"staging.{t}" for t in tables)):
        con.execute(f"create table work.{table} as from built.{table}")
    return Staging(sql, Kept(con))


@dataclass
class Warehouse:
    """One home that takes a sequence night by night."""

    home: Home
    staging: Staging
    contracts: dict[str, Any] = field(default_factory=dict)
    forces: dict[str, str] = field(default_factory=lambda: {FORCE: "Derbyshire"})
    files: list[File] = field(default_factory=list)
    nights: list[list[Path]] = field(default_factory=list)
    releases: dict[Path, int] = field(default_factory=dict)
    without: Collection[int] = ()
    """Drops that are left out, by number."""

    def run(self, sequence: Sequence) -> list[str]:
        """Land all nights, and compare after each that is published, as if it were the next to build on the one before;
        in the end once more, as the quiet night after them would. Returns where model and product part.
        """
        since = ""
        self.use(sequence)
        for n, drops in enumerate(sequence.nights):
            self.land(n, drops, sequence.archive)
            if sequence.published[n]:
                if found := self.differences(since):
                    return [f"after night {n + 1}: {said}" for said in found]
                since = night_id(n)
        return [f"in the end: {said}" for said in self.differences(night_id(len(sequence.nights)))]

    def use(self, sequence: Sequence) -> None:
        """Have the contracts that the sequence needs."""
        every = load_contracts()
        used = {getattr(drop, "extract", "crimes") for drops in sequence.nights for drop in drops}
        # One at least has a column of listed values, which the raw schema can't do without.
        self.contracts = {x: every[x] for x in EXTRACTS if x in used | {"crimes"}}

    def land(self, n: int, drops: tuple[File | Again | Release, ...], archive: bool) -> None:
        """One night: what is released first, then its files."""
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

    def fate_of(self) -> dict[int, tuple]:
        """The last outcome and counts of each drop, by number."""
        entries = read_ledger(self.home)
        totals = counts(entries)
        return {
            int(e.file_mtime) - FIRST_MTIME: (e.outcome, e.outcome == "accepted" and totals[str(e.load_id)]) for e in entries
        }

    def release(self, drop: Release, n: int, moment: datetime) -> None:
        """Release the file, if any is held."""
        last = {e.load_id: e for e in read_ledger(self.home) if e.outcome in ("accepted", "held")}
        held = [e for e in last.values() if e.outcome == "held"]
        if held:
            entry = held[drop.of % len(held)]
            who = {"by": "A. Person", "why": "checked"}
            release_load(self.home, self.contracts, str(entry.load_id), night_id(n), **who, now=moment)
            self.releases[next(p for p in self.dropped if p.stat().st_mtime == entry.file_mtime)] = n

    @property
    def dropped(self) -> list[Path]:
        """Every file, night by night in the order in which they count."""
        return [p for paths in self.nights for p in paths]

    def model(self) -> Landing:
        """What the plain model makes of the same files."""
        moments = [night_moment(n) for n in range(len(self.nights))]
        return land(self.nights, self.forces, self.releases, moments)

    def differences(self, since: str) -> list[str]:
        """Where the current rows, the coverage, what is withdrawn and each file's fate part from the plain model's.
        `since`: the night that is published.
        """
        landing = self.model()
        found = self.fates(landing)
        con = self.build(since)
        for extract in self.contracts:
            at = (extract, FORCE)
            rows, expected = current_rows(con, extract), model_rows(landing, extract)
            if rows != expected:
                found.append(f"{extract}: too many {minus(rows, expected)}, too few {minus(expected, rows)}")
            days = {d for (d,) in con.execute(DAYS, [extract]).fetchall()}
            if days != landing.covered(*at):
                found.append(f"{extract}: {len(days)} covered days, expected {len(landing.covered(*at))}")
            if extract in COME_AND_GO:
                found += self.columns_differ(con, landing, extract)
            withdrawn = {k for (k,) in con.execute(WITHDRAWN, [extract]).fetchall()}
            gone = {"\x1f".join(map(str, key)) for key in landing.withdrawn.get(at, ())}
            if withdrawn - gone:
                found.append(f"{extract}: withdrawn {sorted(withdrawn - gone)}")
        return found

    def columns_differ(self, con: Kept, landing: Landing, extract: str) -> list[str]:
        """Where the days parted that files with the columns cover which come and go: units, and the power of a search. Of
        data.police.uk there are powers, and no units.
        """
        full = {p: f.full for p, f in zip(self.dropped, (self.files[int(p.parent.name)] for p in self.dropped), strict=True)}
        named = {name for (name,) in con.execute("select area_coverage from staging.area_coverages").fetchall()}
        areas = f"{extract}.areas"
        asked = {areas if areas in named else extract: lambda load: full[load.drop.path]}
        if areas not in named:
            asked = {} if not all(full.values()) else asked
        if extract == "stop_search":
            asked["stop_search_split"] = lambda load: load.form == "police_uk" or full[load.drop.path]
        found = []
        for coverage, has in asked.items():
            days = {d for (d,) in con.execute(DAYS, [coverage]).fetchall()}
            expected = landing.told(extract, FORCE, has)
            if days != expected:
                found.append(f"{coverage}: {len(days)} days, expected {len(expected)}")
        return found

    def fates(self, landing: Landing) -> list[str]:
        """Where outcomes and counts of files part."""
        entries = read_ledger(self.home)
        totals, last = counts(entries), {e.file_mtime: e for e in entries}
        found = []
        for path, result in zip(self.dropped, landing.files, strict=True):
            entry = last[path.stat().st_mtime]
            if entry.outcome != result.outcome:
                found.append(f"{path.name}: {entry.outcome} ({entry.reason}), expected {result.outcome} ({result.reason})")
            elif entry.outcome == "accepted":
                has, wanted = (tuple(getattr(x, n) for n in COUNTS) for x in (totals[str(entry.load_id)], result))
                if has != wanted or has[0] != sum(has[1:]):
                    found.append(f"{path.name}: {COUNTS} {has}, expected {wanted}")
        return found

    def build(self, since: str, before: dict[str, list[str]] | None = None) -> Kept:
        """The deciding models and staging as a night that builds on `since` would have them; in part, where `before` says what
        the tables rest on that are there.
        """
        con = self.staging.con
        con.execute("drop schema if exists raw cascade")
        raw_schema._published_before = lambda _: since
        raw_schema.load_contracts = lambda: self.contracts
        raw_schema.prepare_raw(self.home, "9", date(2026, 3, 1), before=before)
        for name in DECIDING:
            con.execute(f"create or replace table staging.{name} as {self.staging.sql[name]}")
        for extract in self.contracts:
            con.execute(f"create or replace view staging.stg_{extract} as {self.staging.sql[f'stg_{extract}']}")
        return con

    def in_part(self, sequence: Sequence, erased: int | None, figures: bool = False) -> list[str]:
        """Where a night that measures only what its files touch parts from one that measures all, after each that is published.

        `erased`: after the first, the rows of all files go that cover no day after so many. `figures`: look at marts, too.
        """
        self.use(sequence)
        con = self.staging.con
        # Their subjects' other extracts are views of nothing.
        self.contracts |= {x: load_contracts()[x] for x in BESIDE}
        before: dict[str, list[str]] | None = None
        since = ""
        for n, drops in enumerate(sequence.nights):
            self.land(n, drops, sequence.archive)
            if not sequence.published[n]:
                continue
            part = None
            if before is not None:
                try:
                    part = self.measured(since, before, figures)
                finally:
                    carry_forward.drop_previous(con)
            whole = self.measured(since, figures=figures)
            if part is not None and (found := differing(part, whole)):
                return [f"night {n + 1} in part: {said}" for said in found]
            # What it rests on, before rows are erased.
            before, since = loads_of(self.home), night_id(n)
            if part is None and erased is not None:
                self.erase(erased, n)
        return []

    def erased(self, sequence: Sequence, days: int) -> list[str]:
        """Where measures part from what they were, once the rows of all loads are erased that cover no later day."""
        self.use(sequence)
        self.contracts |= {x: load_contracts()[x] for x in BESIDE}
        for n, drops in enumerate(sequence.nights):
            self.land(n, drops, sequence.archive)
        before = self.measured("")
        gone = self.erase(days, len(self.nights))
        after = self.measured(night_id(len(self.nights)))
        of = [x for x in before if x in SUBJECTS]
        return [f"erasing {gone}: {said}" for said in differing({x: after[x] for x in of}, {x: before[x] for x in of})]

    def erase(self, days: int, night: int) -> list[str]:
        """Erase the rows of all loads that cover nothing after so many days, of what was built last. Returns which."""
        entries = accepted(read_ledger(self.home))
        old = [e for e in entries if e.covered_to and (e.covered_to - FIRST_DAY).days < days]
        over = [e for e in old if self.contracts[str(e.extract)].kind != "indicators" and load_of(e).raw(self.home).exists()]
        shown = {load for (load,) in self.staging.con.execute("select load_id from raw.loads").fetchall()}
        over = [e for e in over if e.load_id in shown]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(erase_expired, "duckdb", SimpleNamespace(connect=lambda _: self.staging.con))
            patch.setattr(erase_expired, "expired_loads", lambda *_: over)
            patch.setattr(erase_expired.audit, "record_all", lambda *_: None)
            gone = erase_expired.archive_and_erase(self.home, self.contracts, {}, date(2026, 3, 1), night_id(night))
        assert len(gone) == len(over) and not any(load_of(e).raw(self.home).exists() for e in over)
        return [str(e.load_id) for e in over]

    def measured(
        self, since: str, before: dict[str, list[str]] | None = None, figures: bool = False
    ) -> dict[str, set[tuple]]:
        """The monthly measures of each extract's subject, superseded rows and counts by day, as text, so that nothing is equal
        that is not the same. `before`: what the tables rest on that are there; what no file touched since is left as it is.
        `figures`: those of the marts, too.
        """
        if before is not None:
            self.staging.con.execute(f"create table if not exists answers.daily ({DAILY})")
            self.staging.con.execute(f"create table if not exists staging.periods ({PERIODS})")
        con, sql = self.build(since, before), self.staging.sql
        for x in BESIDE:
            con.execute(f"create or replace view staging.stg_{x} as {sql[f'stg_{x}']}")
        con.execute(f"create or replace view measures.kept_measures as {sql['kept_measures']}")
        con.execute(f"create or replace table audit.row_days as {sql['row_days']}")
        subjects = {x: SUBJECTS[x] for x in self.contracts if x in SUBJECTS}
        for subject in SUBJECTS.values():
            rows = sql[f"{subject}_events"] if subject in subjects.values() else NO_EVENTS
            con.execute(f"create or replace view measures.{subject}_events as {rows}")
        con.execute(f"create or replace table measures.monthly as {sql['monthly']}")
        found = {x: texts(con, f"(from measures.monthly where mart = 'mart_{s}')") for x, s in subjects.items()}
        shown = "staging.superseded_rows join raw.loads using (load_id)"
        found["rows that do not count"] = texts(con, shown, "load_id, line, reason")
        found["rows by day"] = texts(con, "audit.row_days")
        if figures:
            found |= self.figures()
        if before is not None:
            raw_schema.show_all_rows(self.home, [])
        return found

    def figures(self) -> dict[str, set[tuple]]:
        """The figures of each extract's mart, of what was measured last: made as dbt's materialisation makes them."""
        con, sql, found = self.staging.con, self.staging.sql, {}
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
            found[mart] = texts(con, f"marts.{mart}")
        return found


def texts(con: Kept, relation: str, columns: str = "*") -> set[tuple]:
    """A relation's rows, as text; each there once."""
    rows = con.execute(f"select {columns} from {relation}").fetchall()
    found = {tuple(map(str, row)) for row in rows}
    assert len(found) == len(rows), relation
    return found


def differing(one: dict[str, set[tuple]], other: dict[str, set[tuple]]) -> list[str]:
    """In which relations one has rows that the other lacks."""
    return [
        f"{name}: too many {minus(one[name], other[name])}, too few {minus(other[name], one[name])}"
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
    """Night ids sort as the nights do."""
    return f"{n + 1}"


def columns(extract: str) -> list[str]:
    """The columns in which rows are compared: those that the files have."""
    headers = {c.header: c.name for c in PLAIN[extract].columns}
    names = [headers[h] for h in HEADERS[extract]]
    return [*names, "legislation", "outcome"] if extract == "stop_search" else names


def order(path: Path) -> tuple[bool, str, float]:
    """The order in which a night's files count: by extraction; what data.police.uk publishes is extracted when it lands."""
    is_published = path.name.count("__") != 4
    return is_published, "" if is_published else path.name.split("__")[-1].split(".")[0], path.stat().st_mtime


def identity(file: str, line: Any) -> str:
    """Which extraction a keyed row is of (two of one time may both have it, and then say the same); else file and line."""
    return file.split("__")[-1].split(".")[0] if file.count("__") == 4 else f"{file}:{line}"


def current_rows(con: Kept, extract: str) -> set[tuple]:
    """Staging's rows: where each is from, and its values."""
    names = ", ".join(f"stg.{c}" for c in columns(extract))
    found = con.execute(
        f"select loads.source_file, stg.line, {names} from staging.stg_{extract} as stg join raw.loads as loads using (load_id)"
    ).fetchall()
    return {(identity(file, line), *map(plain, values)) for file, line, *values in found}


def model_rows(landing: Landing, extract: str) -> set[tuple]:
    """The plain model's."""
    rows = landing.rows.get((extract, FORCE), ())
    return {(identity(r["_file"], r["_line"]), *(plain(r.get(c)) for c in columns(extract))) for r in rows}


def plain(value: Any) -> str:
    """A value as text, amounts alike whatever their zeros."""
    if value is None:
        return ""
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def minus(one: set[tuple], other: set[tuple]) -> list[tuple]:
    """The first few of one set that the other lacks."""
    return sorted(one - other)[:3]
