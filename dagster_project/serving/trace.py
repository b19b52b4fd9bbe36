"""From a published figure to the source rows that it is made of, and back.

Read from what was kept with the night: the same events that its marts were made from, whatever was built since. Rows are
told by file, line, load and night; what a row says of a person stays where it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from dagster_project.core.accepted_figures import Accepted, accepted_months, accepted_within
from dagster_project.core.errors import PamError
from dagster_project.core.home import Home
from dagster_project.core.row_tables import make_table
from dagster_project.core.seeds import read_seed
from dagster_project.core.similar_names import closest_names, suggestion
from dagster_project.core.sql import literal, one_row
from dagster_project.publishing.dictionary import formula
from dagster_project.publishing.kept_nights import TODAY, NotKeptError, find_kept
from dagster_project.transform.evidence import attach_built, attach_evidence, evidence_of
from dagster_project.transform.monthly_archive import RawLostError


class TrailError(PamError, ValueError):
    """There is no such figure, or its rows can't be read now. The message says which, and what to do."""


@dataclass(frozen=True)
class Asked:
    """A figure of the marts, or over any run of days. `first`: None from the beginning. `shows`: of a cell of the report,
    which column of the marts it prints."""

    measure: str
    last: date
    first: date | None = None
    mart: str | None = None
    category: str = "all"
    area_type: str = "force"
    area_name: str | None = None
    force_code: str | None = None
    shows: str = "value"


@dataclass(frozen=True)
class Part:
    """A sum of source rows: all of a figure, or the numerator or denominator of a rate."""

    role: str
    measure: str
    category: str
    amount: Decimal | None
    rows: list[tuple[Any, ...]]
    """extract, source_file, line, load_id, night_id, day, category, amount; in the order of day, file and line."""
    erased: list[tuple[str, str, str, Decimal]] = field(default_factory=list)
    """What is kept of months whose rows were erased: month, file, night whose figure it is, amount."""

    def months(self) -> list[tuple[str, int, Decimal]]:
        """What each month adds: month, rows, amount."""
        found: dict[str, list[Decimal]] = {}
        for row in self.rows:
            found.setdefault(f"{row[5]:%Y-%m}", []).append(row[7])
        return [(month, len(amounts), sum(amounts, Decimal(0))) for month, amounts in sorted(found.items())]


@dataclass(frozen=True)
class Trail:
    """A figure and what it is made of. `value`: what the parts make."""

    asked: Asked
    mart: str
    title: str
    unit: str
    words: str
    aggregation: str
    value: Decimal | None
    parts: list[Part]
    accepted: tuple[Accepted, ...] = ()
    """Its months that a person let pass the gate: measure, month, why."""
    lost: tuple[str, ...] = ()
    """Files whose rows were erased after this night, where what is left does not add to `published`, what it said."""
    published: Decimal | None = None


COLUMNS = ("extract", "file", "line", "load", "night", "date", "category", "amount")

_ROWS = """
    select events.extract, loads.source_file, cast(events.line as bigint) as line, events.load_id, loads.night_id,
        events.event_on, events.category, events.amount
    from work.measures.{events} as events
    join work.raw.loads as loads on events.load_id = loads.load_id
    where events.measure = $measure and events.force_code = $force
        and ($category = 'all' or events.category = $category)
        and events.event_on <= $last
        and ($first is null or events.event_on >= $first)
        and ($everything or exists (
            from work.staging.coverage_windows as windows
            where windows.coverage = $coverage and windows.force_code = events.force_code
                and events.event_on between windows.covered_from and windows.covered_to
        ))
        and {place}
    order by events.event_on, loads.source_file, line
"""
_KEPT = """
    select strftime(events.month_start, '%Y-%m') as month, loads.source_file, parts.kept_night, sum(events.amount),
        max(events.event_on) as last_on
    from work.measures.kept_measures as events
    join work.raw.loads as loads on events.load_id = loads.load_id
    join work.staging.kept_parts as parts on events.load_id = parts.load_id and events.month_no = parts.month_no
    where events.mart = $mart and events.measure = $measure and events.force_code = $force
        and ($category = 'all' or events.category = $category)
        and events.event_on <= $last
        and ($first is null or events.month_start >= $first)
        and ($everything or events.is_covered)
        and {place}
    group by all
    order by all
"""
_PLACES = {
    "force": "$area is not null",
    "district": "events.leaf_code = $area",
}
_UNIT = """exists (
            from work.staging.area_members as members
            where members.force_code = events.force_code and members.leaf_code = events.leaf_code
                and members.area_type = '{kind}' and members.area_code = $area
        )"""


@contextmanager
def opened_trail(home: Home, night: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """What a night's figures rest on, as `work`, and its file, as `warehouse`, to read. `night`: the id of a kept night, or how
    it begins; what is published where None.

    Raises TrailError where the night is not kept, or not with what its figures rest on.
    """
    try:
        publication = find_kept(home, night or TODAY)
    except NotKeptError as error:
        raise TrailError(str(error)) from error
    evidence = evidence_of(home.publications / f"{publication.night_id}.duckdb")
    con = duckdb.connect()
    try:
        gone = []
        try:
            if evidence.exists():
                gone = attach_evidence(con, home, evidence)
            else:
                _attach_work(con, home, publication.night_id)
            con.execute(f"attach {literal(str(publication.path))} as warehouse (read_only)")
        except RawLostError as error:
            raise TrailError(str(error)) from error
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise TrailError(f"what night {publication.night_id} rests on can't be read: {said}") from error
        make_table(con, "memory.main.gone", {"source_file": "varchar"}, [(name,) for name in gone])
        yield con
    finally:
        con.close()


def _attach_work(con: duckdb.DuckDBPyConnection, home: Home, night_id: str) -> None:
    """The work of the last night that was built, for a night whose evidence could not be kept. Raises TrailError where that is
    another night's."""
    if not attach_built(con, home, night_id):
        raise TrailError(
            f"night {night_id} was kept without what its figures rest on: `pam nightly --rebuild` publishes them again with it"
        )


def measure_row(measure: str, mart: str | None) -> dict[str, str]:
    """A measure's row of the list. Raises TrailError where there is none, or several marts have it."""
    found = [m for m in read_seed("measure_list") if m["measure"] == measure and mart in (None, m["mart"])]
    if not found:
        near = closest_names(measure, {m["measure"] for m in read_seed("measure_list") if mart in (None, m["mart"])})
        there = f"nearest: {', '.join(near)}" if near else "meta.dictionary has them all"
        raise TrailError(f"no measure is called {measure!r}{f' in {mart}' if mart else ''}; {there}")
    if len(found) > 1:
        raise TrailError(f"{' and '.join(m['mart'] for m in found)} have a measure {measure}: name one with --mart")
    return found[0]


def trace(con: duckdb.DuckDBPyConnection, asked: Asked) -> Trail:
    """The rows behind a figure. Raises TrailError where nothing is called as asked."""
    row = measure_row(asked.measure, asked.mart)
    force = _force(con, asked.force_code)
    area = _area(con, force, asked, row)
    if row["aggregation"] == "published":
        parts = [_published(con, force, asked)]
    else:
        roles = [("rows", row["measure"], asked.category)]
        if row["numerator"]:
            below = row["denominator_category"] or asked.category
            roles = [("numerator", row["numerator"], asked.category), ("denominator", row["denominator"], below)]
        parts = [_part(con, force, area, asked, row, *role) for role in roles]
    measures = {asked.measure, *(p.measure for p in parts)}
    accepted = accepted_within(accepted_months(con, force, "warehouse"), measures, asked.first, asked.last)
    about = (row["mart"], row["title"], row["unit"], formula(row), row["aggregation"])
    value = _value(parts)
    lost, published = _lost(con, force, area, asked, row, value)
    return Trail(asked, *about, value, parts, tuple(accepted), lost, published)


def _lost(
    con: duckdb.DuckDBPyConnection, force: str, area: str, asked: Asked, row: dict[str, str], value: Decimal | None
) -> tuple[tuple[str, ...], Decimal | None]:
    """The files that are missing behind a figure of an earlier night, and the figure; nothing where it adds up."""
    gone = tuple(name for (name,) in con.execute("select source_file from memory.main.gone order by 1").fetchall())
    if not gone:
        return (), None
    figure = con.execute(
        f"select value from warehouse.marts.{row['mart']} where force_code = ? and measure = ? and category = ?"
        " and area_type = ? and area_code = ? and period_start is not distinct from ? and period_end = ? and value is not null",
        [force, asked.measure, asked.category, asked.area_type, area, asked.first, asked.last],
    ).fetchone()
    if figure is None or (value is not None and round(value, 10) == figure[0]):
        return (), None
    return gone, figure[0]


def _value(parts: list[Part]) -> Decimal | None:
    if len(parts) == 1:
        return parts[0].amount
    above, below = (p.amount or Decimal(0) for p in parts)
    return 100 * above / below if below else None


def _force(con: duckdb.DuckDBPyConnection, said: str | None) -> str:
    """The force that is named, or the only one that has figures."""
    forces = [r[0] for r in con.execute("select distinct force_code from warehouse.marts.measures order by 1").fetchall()]
    if said is not None and said in forces:
        return said
    if said is not None:
        raise TrailError(f"no force {said!r} has figures{suggestion(said, forces)}: there are {', '.join(forces) or 'none'}")
    if len(forces) != 1:
        raise TrailError(f"name the force with --force: {', '.join(forces) or 'none has figures'}")
    return str(forces[0])


def _area(con: duckdb.DuckDBPyConnection, force: str, asked: Asked, row: dict[str, str]) -> str:
    if asked.area_type == "force" or row["aggregation"] == "published":
        return force
    found = con.execute(
        f"select distinct area_code from warehouse.marts.{row['mart']} where force_code = ? and area_type = ?"
        " and ? in (area_name, area_code)",
        [force, asked.area_type, asked.area_name],
    ).fetchall()
    if len(found) != 1:
        names = con.execute(
            f"select distinct area_name from warehouse.marts.{row['mart']} where force_code = ? and area_type = ? order by 1",
            [force, asked.area_type],
        ).fetchall()
        of_other = con.execute(
            f"select distinct area_type from warehouse.marts.{row['mart']} where force_code = ? and area_type <> 'force'"
            " and lower(?) in (lower(area_name), area_code) order by 1",
            [force, asked.area_name],
        ).fetchall()
        known = [n for (n,) in names]
        kinds = " or ".join(f"--area-type {kind}" for (kind,) in of_other if kind != asked.area_type)
        said = (
            f": say {kinds}" if kinds else f"{suggestion(str(asked.area_name), known)}: there are {', '.join(known) or 'none'}"
        )
        raise TrailError(f"{asked.area_name!r} is no {asked.area_type} of {row['mart']}{said}")
    return str(found[0][0])


def _part(
    con: duckdb.DuckDBPyConnection,
    force: str,
    area: str,
    asked: Asked,
    row: dict[str, str],
    role: str,
    measure: str,
    category: str,
) -> Part:
    stock = row["aggregation"] == "stock"
    events = f"{row['mart'].removeprefix('mart_')}_events"
    place = _PLACES.get(asked.area_type, _UNIT.format(kind=asked.area_type))
    rows = con.execute(
        _ROWS.format(events=events, place=place),
        {"measure": measure, "force": force, "category": category, "first": None if stock else asked.first,
         "last": asked.last, "coverage": row["coverage"], "everything": stock, "area": area},
    ).fetchall()  # fmt: skip
    erased = con.execute(
        _KEPT.format(place=place),
        {"mart": row["mart"], "measure": measure, "force": force, "category": category, "first": None if stock else asked.first,
         "last": asked.last, "everything": stock, "area": area},
    ).fetchall()  # fmt: skip
    if row["aggregation"] == "last":
        rows, erased = rows[-1:], sorted(erased, key=lambda e: e[4])[-1:]
        if rows and erased:
            rows, erased = (rows, []) if rows[0][5] >= erased[0][4] else ([], erased)
        amount = rows[0][7] if rows else erased[0][3] if erased else None
        return Part(role, measure, category, amount, rows, [e[:4] for e in erased])
    amount = sum((r[7] for r in rows), Decimal(0)) + sum((e[3] for e in erased), Decimal(0))
    return Part(role, measure, category, amount, rows, [e[:4] for e in erased])


def _published(con: duckdb.DuckDBPyConnection, force: str, asked: Asked) -> Part:
    """The line of the download that says it."""
    figure = con.execute(
        "select area_code, period_label, value from warehouse.marts.mart_public_health where force_code = ? and measure = ?"
        " and category = ? and area_type = ? and area_name = ? and period_end = ?"
        " and (cast(? as date) is null or period_start = ?)",
        [force, asked.measure, asked.category, asked.area_type, asked.area_name, asked.last, asked.first, asked.first],
    ).fetchone()
    if figure is None:
        raise TrailError(f"nothing is published of {asked.measure} for {asked.area_name} up to {asked.last}")
    area_code, period, value = figure
    rows = con.execute(
        "select 'public_health', loads.source_file, cast(rows.line as bigint), rows.load_id, loads.night_id, cast(? as date),"
        " rows.sex, cast(? as decimal(28, 10)) from work.staging.stg_public_health as rows"
        " join work.raw.loads as loads using (load_id)"
        " join work.seeds.public_health_indicators as names on rows.indicator_id = names.indicator_id and names.measure = ?"
        " where rows.force_code = ? and rows.area_code = ? and rows.time_period = ?"
        " and (rows.sex = ? or (rows.sex = 'Persons' and ? = 'all'))"
        " and ? in (try_cast(rows.value as decimal(28, 10)), try_cast(rows.count as decimal(28, 10)))"
        " order by loads.source_file, 3",
        [asked.last, value, asked.measure, force, area_code, period, asked.category, asked.category, value],
    ).fetchall()
    return Part("rows", asked.measure, asked.category, value, rows)


def feeds(con: duckdb.DuckDBPyConnection, file: str, line: int | None = None) -> list[tuple[Any, ...]]:
    """What a source file, or a row of it, adds to: mart, measure, category, unit, month, rows, amount.

    Each is a month's figure, and part of the years and twelve months that hold it. Raises TrailError for a file that has no
    say in the published night.
    """
    load = con.execute(
        "select load_id, extract from work.raw.loads where source_file = ? or load_id = ?", [file, file]
    ).fetchone()
    if load is None:
        raise TrailError(f"{file} has no say in the published night: it was not accepted, or newer files replaced all of it")
    if one_row(con.execute("select exists (from work.raw.kept_months where load_id = ?)", [load[0]]))[0]:
        return _feeds_kept(con, file, load[0], line)
    subjects = sorted({m["mart"].removeprefix("mart_") for m in read_seed("measure_list")} - {"public_health"})
    events = " union all ".join(
        f"select 'mart_{s}' as mart, measure, category, coalesce(leaf_code, '') as unit, event_on, amount, load_id, line"
        f" from work.measures.{s}_events where load_id = $load"
        for s in subjects
    )
    return con.execute(
        "select mart, measure, category, unit, strftime(event_on, '%Y-%m') as month, count(*) as rows, sum(amount) as amount"
        f" from ({events}) where $line is null or line = cast($line as varchar) group by all order by all",
        {"load": load[0], "line": line},
    ).fetchall()


def _feeds_kept(con: duckdb.DuckDBPyConnection, file: str, load: str, line: int | None) -> list[tuple[Any, ...]]:
    """What a load's erased rows add to, by month; how many they were is not kept."""
    if line is not None:
        raise TrailError(f"the rows of {file} were erased, as their time was over: only what its months add to is kept")
    return con.execute(
        "select mart, measure, category, coalesce(leaf_code, '') as unit, strftime(month_start, '%Y-%m') as month,"
        " cast(null as bigint) as rows, sum(amount) as amount from work.measures.kept_measures where load_id = ?"
        " group by all order by all",
        [load],
    ).fetchall()


def of_period(
    con: duckdb.DuckDBPyConnection,
    measure: str,
    mart: str | None,
    category: str,
    area_type: str,
    area_name: str | None,
    force: str | None,
    period: str | None,
    first: date | None,
    last: date | None,
) -> Asked:
    """A figure by its period's label, or by days. Raises TrailError where the mart has no such period, or several."""
    row = measure_row(measure, mart)
    force = _force(con, force)
    if (period is None) == (last is None):
        raise TrailError("say which days: --period, or --from and --to")
    if period is not None:
        found = con.execute(
            f"select distinct period_start, period_end from warehouse.marts.{row['mart']}"
            " where force_code = ? and measure = ? and period_label = ? order by all",
            [force, measure, period],
        ).fetchall()
        if len(found) != 1:
            said = "; ".join(f"{a} to {b}" for a, b in found) or "no period of this name"
            raise TrailError(f"{row['mart']} has for {period!r}: {said}; say the days with --from and --to")
        first, last = found[0]
    assert last
    return Asked(measure, last, first, row["mart"], category, area_type, area_name, force)


def of_cell(con: duckdb.DuckDBPyConnection, cell: str, edition: str | None) -> Asked:
    """The figure behind a cell of the report, by `table/row/column`; row and column by number, or by name.

    Raises TrailError where there is no such cell, or nothing behind it.
    """
    table, _, rest = cell.partition("/")
    row, _, column = rest.partition("/")
    found = con.execute(
        "select mart, measure, category, area_type, area_name, period_start, period_end, force_code, answer_id, shows"
        " from warehouse.reports.cells where table_name = ? and (cast(row_no as varchar) = ? or lower(row_label) = lower(?))"
        " and (cast(column_no as varchar) = ? or column_name = ?)"
        " and edition = coalesce(?, (select max(edition) from warehouse.reports.tables))",
        [table, row, row, column, column, edition],
    ).fetchall()
    if len(found) != 1:
        raise TrailError(f"{cell!r} is no cell of the report: say table/row/column, as reports.cells has them")
    mart, measure, category, area_type, area_name, first, last, force, answer, shows = found[0]
    if answer is None:
        raise TrailError(f"{cell}: the cell does not apply")
    if last is None:
        raise TrailError(f"{cell}: ask for what others publish by its measure, area and period")
    return Asked(measure, last, first, mart, category, area_type, area_name, force, shows)
