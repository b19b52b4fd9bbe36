"""What each figure of an edition is made from: counts of rows by month, and by file and night. Never a row itself.

`pam trace` lists the rows of one figure; this counts the rows of all of them at once, from the same events.
"""

from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.project_lists import counted_from, coverage_of
from dagster_project.core.row_tables import make_table
from dagster_project.editions.tables import CHANGES
from dagster_project.editions.windows import years_before
from dagster_project.transform.kept_totals import RawLostError
from dagster_project.transform.trail_files import (
    attach_built,
    attach_trail_file,
    in_area,
    measures_of,
    on_covered_day,
    trail_file_of,
)

NO_ROWS = {"mart_public_health"}
"""Marts of figures as published: nothing is counted."""
USES_YEAR_BEFORE = {*CHANGES, "prior_value"}
"""Columns of the marts that depend on the year before."""
YEAR_BEFORE = ", a year before"

_WANTED = {
    "cell_id": "varchar", "role": "varchar", "table_name": "varchar", "events": "varchar", "measure": "varchar",
    "category": "varchar", "area_type": "varchar", "area_code": "varchar", "from_day": "date", "to_day": "date",
    "coverage": "varchar", "everything": "boolean", "is_last": "boolean", "force_code": "varchar",
}  # fmt: skip

_ROWS = f"""
    select wanted.cell_id, wanted.role, wanted.table_name, events.extract,
        loads.source_file || case when events.is_covered is null then '' else ' (its rows are erased)' end as source_file,
        loads.night_id,
        strftime(events.event_on, '%Y-%m') as month, events.line, events.amount
    from wanted
    join (
        select extract, load_id, line, force_code, leaf_code, event_on, measure, category, amount, null as is_covered
        from work.measures.{{subject}}_events
        union all
        -- Months whose rows were erased have an amount but no rows.
        select extract, load_id, null, force_code, leaf_code, event_on, measure, category, amount, is_covered
        from work.measures.kept_measures where mart = 'mart_{{subject}}'
    ) as events
        on events.measure = wanted.measure and events.force_code = wanted.force_code
        and (wanted.category = 'all' or events.category = wanted.category)
        and events.event_on <= wanted.to_day and (wanted.from_day is null or events.event_on >= wanted.from_day)
    join work.raw.loads as loads on loads.load_id = events.load_id
    where wanted.events = '{{subject}}'
        and (wanted.everything or events.is_covered or events.is_covered is null and {on_covered_day("wanted.coverage")})
        and {in_area("wanted.area_type", "wanted.area_code")}
    qualify not wanted.is_last or row_number() over (
        partition by wanted.cell_id, wanted.role order by events.event_on desc, loads.source_file desc,
        cast(events.line as bigint) desc) = 1
"""


@dataclass(frozen=True)
class TrailPart:
    """Rows that add up to a figure (`role`: `rows`), or to the `numerator` or `denominator` of a rate; a change also has those
    of the year before. `months`: month, count of rows, amount."""

    role: str
    rows: int
    amount: Decimal
    months: tuple[tuple[str, int, Decimal], ...]


@dataclass
class Trails:
    """`parts`: by cell, what it is made from. `files`: by table, extract, file, night and count of rows."""

    parts: dict[str, list[TrailPart]] = field(default_factory=dict)
    files: dict[str, list[tuple[str, str, str, int]]] = field(default_factory=dict)


@contextmanager
def open_work(home: Home, night_id: str) -> Generator[duckdb.DuckDBPyConnection | None]:
    """The rows that a night was built from, attached as `work` to read: the candidate's file if it is that night's, else the
    trail file kept with the night. None if there is neither."""
    with duckdb.connect() as con:
        is_attached = attach_built(con, home, night_id)
        trail = trail_file_of(home.publications / f"{night_id}.duckdb")
        if not is_attached and trail.exists():
            with suppress(duckdb.Error, RawLostError):
                # If rows were erased since, figures would not add up: there are no trails then.
                is_attached = not attach_trail_file(con, home, trail)
        yield con if is_attached else None


def read_trails(con: duckdb.DuckDBPyConnection, work: duckdb.DuckDBPyConnection, edition: str) -> Trails:
    """The trails of an edition's figures. `con` reads the night's file, `work` the rows that it was built from."""
    make_table(work, "wanted", _WANTED, list(_wanted_counts(con, measures_of(work), edition)), temporary=True)
    subjects = [r[0] for r in work.execute("select distinct events from wanted order by 1").fetchall()]
    if not subjects:
        return Trails()
    union = " union all ".join(f"({_ROWS.format(subject=s)})" for s in subjects)
    work.execute(f"create or replace temp table counted as {union}")
    parts: dict[tuple[str, str], list[tuple[str, int, Decimal]]] = defaultdict(list)
    for cell, role, *month in work.execute(
        "select cell_id, role, month, count(line), sum(amount) from counted group by all order by 1, 2, 3"
    ).fetchall():
        parts[cell, role].append(tuple(month))
    trails = Trails()
    for cell, role in work.execute("select cell_id, role from wanted order by rowid").fetchall():
        months = parts.get((cell, role), [])
        total = sum((m[2] for m in months), Decimal(0))
        trails.parts.setdefault(cell, []).append(TrailPart(role, sum(m[1] for m in months), total, tuple(months)))
    for table, *file in work.execute(
        "select table_name, extract, source_file, night_id, count(distinct line) from counted group by all order by all"
    ).fetchall():
        trails.files.setdefault(table, []).append(tuple(file))
    return trails


def _wanted_counts(
    con: duckdb.DuckDBPyConnection, measures: dict[tuple[str, str], dict[str, str]], edition: str
) -> Iterator[tuple[Any, ...]]:
    """What to count for each cell, in the columns of _WANTED; the two parts of a rate separately."""
    areas = {
        (a, b, c): d for a, b, c, d in con.execute(
            "select distinct force_code, area_type, area_name, area_code from marts.measures where area_type <> 'force'"
        ).fetchall()
    }  # fmt: skip
    cells = con.execute(
        "select table_name, row_no, column_name, shows, mart, measure, category, area_type, area_name, force_code,"
        " period_start, period_end from reports.cells where edition = ? and answer_id is not null and period_end is not null"
        " and value is not null",
        [edition],
    ).fetchall()
    for table, row_no, column, shows, mart, measure, category, area_type, area_name, force, first, last in cells:
        row = measures.get((mart, measure))
        if row is None or mart in NO_ROWS:
            continue
        is_stock = row["aggregation"] == "stock"
        windows = [("", first, last)]
        if shows in USES_YEAR_BEFORE:
            windows.append((YEAR_BEFORE, years_before(first), years_before(last)))
        for when, begin, end in windows[1:] if shows == "prior_value" else windows:
            for role, counted, counted_category in counted_from(row, category):
                yield (
                    f"{table}/{row_no}/{column}", role + when, table, mart.removeprefix("mart_"), counted, counted_category,
                    area_type, areas.get((force, area_type, area_name)), None if is_stock else begin, end,
                    coverage_of(row, counted_category), is_stock, row["aggregation"] == "last", force,
                )  # fmt: skip
