"""What each figure of an edition is made of: rows counted by month, and by file and night. Never a row itself.

`pam trace` follows one figure to its lines; this counts the lines of all of them at once, from the same events.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.row_tables import make_table
from dagster_project.core.seeds import read_seed
from dagster_project.editions.windows import years_before
from dagster_project.transform.evidence import attach_built, attach_evidence, evidence_of
from dagster_project.transform.monthly_archive import RawLostError

NO_ROWS = {"mart_public_health"}
"""As published: a figure is a line of a download, and nothing is counted."""
BEFORE = {"volume_change", "pct_change", "prior_value"}
"""Columns of the marts that look at the year before."""
YEAR_BEFORE = ", a year before"

_ASKS = {
    "cell_id": "varchar", "role": "varchar", "table_name": "varchar", "events": "varchar", "measure": "varchar",
    "category": "varchar", "area_type": "varchar", "area_code": "varchar", "from_day": "date", "to_day": "date",
    "coverage": "varchar", "everything": "boolean", "is_last": "boolean", "force_code": "varchar",
}  # fmt: skip

_COUNTED = """
    select asks.cell_id, asks.role, asks.table_name, events.extract,
        loads.source_file || case when events.is_covered is null then '' else ' (its rows are erased)' end as source_file,
        loads.night_id,
        strftime(events.event_on, '%Y-%m') as month, events.line, events.amount
    from asks
    join (
        select extract, load_id, line, force_code, leaf_code, event_on, measure, category, amount, null as is_covered
        from work.measures.{subject}_events
        union all
        -- Months whose rows were erased have an amount and no row.
        select extract, load_id, null, force_code, leaf_code, event_on, measure, category, amount, is_covered
        from work.measures.kept_measures where mart = 'mart_{subject}'
    ) as events
        on events.measure = asks.measure and events.force_code = asks.force_code
        and (asks.category = 'all' or events.category = asks.category)
        and events.event_on <= asks.to_day and (asks.from_day is null or events.event_on >= asks.from_day)
    join work.raw.loads as loads on loads.load_id = events.load_id
    where asks.events = '{subject}'
        and (asks.everything or events.is_covered or events.is_covered is null and exists (
            from work.staging.coverage_windows as windows
            where windows.coverage = asks.coverage and windows.force_code = asks.force_code
                and events.event_on between windows.covered_from and windows.covered_to
        ))
        and (asks.area_type = 'force' or (asks.area_type = 'district' and events.leaf_code = asks.area_code) or exists (
            from work.staging.area_members as members
            where members.force_code = asks.force_code and members.leaf_code = events.leaf_code
                and members.area_type = asks.area_type and members.area_code = asks.area_code
        ))
    qualify not asks.is_last or row_number() over (
        partition by asks.cell_id, asks.role order by events.event_on desc, loads.source_file desc,
        cast(events.line as bigint) desc) = 1
"""


@dataclass(frozen=True)
class TrailPart:
    """A sum of rows: all of a figure (`rows`), or the `numerator` or `denominator` of a rate; of a change, those of the year
    before, too. `months`: month, rows, amount."""

    role: str
    rows: int
    amount: Decimal
    months: tuple[tuple[str, int, Decimal], ...]


@dataclass
class Trails:
    """By cell the parts that it is made of, and by table the files: extract, file, night, rows."""

    parts: dict[str, list[TrailPart]] = field(default_factory=dict)
    files: dict[str, list[tuple[str, str, str, int]]] = field(default_factory=dict)


@contextmanager
def work_of(home: Home, night_id: str) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """What a night rests on, as `work`, to read: the candidate's file where that is the night's, else what was kept of it.
    None where nothing was."""
    con = duckdb.connect()
    try:
        is_there = attach_built(con, home, night_id)
        kept = evidence_of(home.publications / f"{night_id}.duckdb")
        if not is_there and kept.exists():
            with suppress(duckdb.Error, RawLostError):
                # Without the rows that were erased since, a figure would not add up: then its trail is left out.
                is_there = not attach_evidence(con, home, kept)
        yield con if is_there else None
    finally:
        con.close()


def read_trails(con: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, edition: str) -> Trails:
    """The trails of an edition's figures. `con` reads the night's file, `work` what it was built from."""
    work.execute("drop table if exists asks")
    make_table(work, "asks", _ASKS, _asks(con, edition))
    subjects = [r[0] for r in work.execute("select distinct events from asks order by 1").fetchall()]
    if not subjects:
        return Trails()
    union = " union all ".join(f"({_COUNTED.format(subject=s)})" for s in subjects)
    work.execute(f"create or replace temp table counted as {union}")
    parts: dict[tuple[str, str], list[tuple[str, int, Decimal]]] = defaultdict(list)
    for cell, role, *month in work.execute(
        "select cell_id, role, month, count(line), sum(amount) from counted group by all order by 1, 2, 3"
    ).fetchall():
        parts[cell, role].append(tuple(month))
    found = Trails()
    for cell, role in work.execute("select cell_id, role from asks order by rowid").fetchall():
        months = parts.get((cell, role), [])
        total = sum((m[2] for m in months), Decimal(0))
        found.parts.setdefault(cell, []).append(TrailPart(role, sum(m[1] for m in months), total, tuple(months)))
    for table, *file in work.execute(
        "select table_name, extract, source_file, night_id, count(distinct line) from counted group by all order by all"
    ).fetchall():
        found.files.setdefault(table, []).append(tuple(file))
    return found


def _asks(con: duckdb.DuckDBPyConnection, edition: str) -> list[tuple[Any, ...]]:
    """What must be counted of each cell; a rate's two parts apart."""
    areas = dict(
        ((a, b, c), d) for a, b, c, d in con.execute(
            "select distinct force_code, area_type, area_name, area_code from marts.measures where area_type <> 'force'"
        ).fetchall()
    )  # fmt: skip
    listed = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
    cells = con.execute(
        "select table_name, row_no, column_name, shows, mart, measure, category, area_type, area_name, force_code,"
        " period_start, period_end from reports.cells where edition = ? and answer_id is not null and period_end is not null"
        " and value is not null",
        [edition],
    ).fetchall()
    return [ask for cell in cells for ask in _asks_of(cell, listed, areas)]


def _asks_of(cell: tuple[Any, ...], listed: dict[Any, Any], areas: dict[Any, str]) -> Iterator[tuple[Any, ...]]:
    table, row_no, column, shows, mart, measure, category, area_type, area_name, force, first, last = cell
    row = listed.get((mart, measure))
    if row is None or mart in NO_ROWS:
        return
    roles = [("rows", measure, category)]
    if row["numerator"]:
        below = row["denominator_category"] or category
        roles = [("numerator", row["numerator"], category), ("denominator", row["denominator"], below)]
    stock = row["aggregation"] == "stock"
    windows = [("", first, last)]
    if shows in BEFORE:
        # A change is made of two windows, and so is its trail.
        windows.append((YEAR_BEFORE, years_before(first), years_before(last)))
    for when, begin, end in windows[1:] if shows == "prior_value" else windows:
        for role, counted, of in roles:
            yield (
                f"{table}/{row_no}/{column}", role + when, table, mart.removeprefix("mart_"), counted, of, area_type,
                areas.get((force, area_type, area_name)), _first(begin, stock), end, row["coverage"], stock,
                row["aggregation"] == "last", force,
            )  # fmt: skip


def _first(day: date | None, stock: bool) -> date | None:
    return None if stock else day
