"""Figures that changed since the night that readers had before, for the dashboard."""

from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.core.memory import working_database
from dagster_project.core.sql import CONTENT_HASH, one_row
from dagster_project.reporting.dashboard import MAX_LISTED, NOT_KNOWN, Changes

from .figure_diff import COUNTS, EARLIER, FIGURE, LATER, attach, make_differences
from .kept_nights import NotKeptError, kept_before

_PERIOD = ("mart", "force_code", "period_type", "period_start", "period_end")

_SUMS = f"""
select {", ".join(_PERIOD)}, {CONTENT_HASH} as sums
from (select {", ".join((*_PERIOD, "area_type", "area_code", "measure", "category", *FIGURE))} from {{}}) as t group by all
"""

_ROWS = """
with named as (select mart, force_code from differences group by all having count(*) <= $most)
select
    d.mart, d.force_code, measure, category, area_type, area_code, period_type, cast(period_start as varchar),
    cast(period_end as varchar), rtrim(rtrim(cast(value_before as varchar), '0'), '.'),
    case data_status_before when 'complete' then 'c' when 'partial' then 'p' when 'not_available' then 'n' end, d.kind[1]
from differences as d
semi join named using (mart, force_code)
left join differing using (mart, force_code, period_type, period_start, period_end)
where d.kind <> 'new' or differing.was_there
order by all
"""

_PERIODS = """
select mart, force_code, period_type, cast(period_start as varchar), cast(period_end as varchar)
from differing where not was_there order by all
"""


def changes_since(home: Home, con: duckdb.DuckDBPyConnection) -> Changes:
    """What changed between the night that `con` reads and the kept night that readers had before it.

    Returns `NOT_KNOWN` if no earlier night is kept, or it can't be read: the dashboard is then written without it. Most periods
    are the same on most nights: if their figures have the same hash, they are not compared one by one.
    """
    path, night_id = one_row(
        con,
        "select path, (select night_id from meta.nights where finished_at is null) from duckdb_databases() where"
        " database_name = current_database()",
    )
    try:
        return between(home, kept_before(home, night_id or "").path, Path(path))
    except (NotKeptError, ValueError, duckdb.Error):
        return NOT_KNOWN


def between(home: Home, earlier: Path, later: Path) -> Changes:
    """What changed between two nights' files. The earlier file is named by its night's id. Raises ValueError, duckdb.Error."""
    with working_database(home) as con:
        attach(con, earlier, "earlier")
        attach(con, later, "later")
        con.execute(
            f"create temp table differing as select {', '.join(_PERIOD)}, b.sums is not null as was_there"
            f" from ({_SUMS.format(EARLIER)}) as b full join ({_SUMS.format(LATER)}) as a using ({', '.join(_PERIOD)})"
            " where b.sums is distinct from a.sums"
        )
        changed_periods = f"(select * from {{}} semi join differing using ({', '.join(_PERIOD)}))"
        make_differences(con, changed_periods.format(EARLIER), changed_periods.format(LATER))
        by_force = con.execute(f"select mart, force_code, {COUNTS} from differences group by all order by all").fetchall()
        counts = {(mart, force): tuple(n) for mart, force, *n in by_force}
        rows: dict[tuple[str, str], list[list[Any]]] = {}
        for mart, force, *row in con.execute(_ROWS, {"most": MAX_LISTED}).fetchall():
            rows.setdefault((mart, force), []).append(row)
        periods: dict[tuple[str, str], list[list[str]]] = {}
        for mart, force, *period in con.execute(_PERIODS).fetchall():
            periods.setdefault((mart, force), []).append(period)
        return Changes(earlier.stem, counts, rows, periods)
