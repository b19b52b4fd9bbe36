"""Traces a published figure to the source rows that it was counted from.

It reads what was kept with the night: the events that its marts were made from, whatever was built since. A row is named by
file, line, load and night; what it says of a person is not read.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import duckdb

from dagster_project.contracts import Contract, load_contracts
from dagster_project.core.home import Home
from dagster_project.core.memory import working_database
from dagster_project.core.project_lists import counted_from, coverage_of, extract_of
from dagster_project.core.published_explanations import AcceptedMonth, accepted_months, accepted_within
from dagster_project.core.row_tables import make_table
from dagster_project.core.sql import literal, one_row
from dagster_project.publishing.dictionary import formula
from dagster_project.publishing.kept_nights import TODAY, publication_of
from dagster_project.transform.changed_months import MONTHLY
from dagster_project.transform.kept_totals import loads_as_totals
from dagster_project.transform.trail_files import (
    attach_built,
    attach_trail_file,
    in_area,
    measures_of,
    on_covered_day,
    trail_file_of,
)

from .trace_request import MARTS, FigureRequest, TrailError
from .typed_names import area_named, areas_of, force_named, forces_of, measure_named


@dataclass(frozen=True)
class Part:
    """A sum of source rows: all of a figure, or the numerator or denominator of a rate."""

    role: str
    measure: str
    category: str
    amount: Decimal | None
    rows: list[tuple[Any, ...]]
    """Rows under the names of `COLUMNS`, by date, file and line."""
    erased: list[tuple[str, str, str, Decimal]] = field(default_factory=list)
    """Monthly totals of rows that were erased: month, file, night of the total, amount."""

    def months(self) -> list[tuple[str, int, Decimal]]:
        """What each month adds: month, rows, amount."""
        months: dict[str, list[Decimal]] = {}
        for row in self.rows:
            months.setdefault(f"{row[5]:%Y-%m}", []).append(row[7])
        return [(month, len(amounts), sum(amounts, Decimal(0))) for month, amounts in sorted(months.items())]


@dataclass(frozen=True)
class Trail:
    """A figure and what it is made of. `value`: calculated from the parts, or `published` if there are `erased_files`; None
    where it is not available. `formula`: in words. `data_status`: as the marts say it, for any days."""

    request: FigureRequest
    mart: str
    title: str
    unit: str
    formula: str
    aggregation: str
    value: Decimal | None
    parts: list[Part]
    accepted: tuple[AcceptedMonth, ...] = ()
    """Months of it that a person accepted at the gate: measure, month, why."""
    erased_files: tuple[str, ...] = ()
    """Files whose rows were erased after this night, if the remaining rows do not add up to `published`, or if the night
    published no figure of these days (None), so that nobody can say whether they do."""
    published: Decimal | None = None
    data_status: str = "complete"
    is_split: bool = False
    """Whether its days start or end within a month whose rows were erased: only the totals of whole months are kept."""


COLUMNS = ("extract", "file", "line", "load", "night", "date", "category", "amount")

_ROWS = f"""
    select events.extract, loads.source_file, cast(events.line as bigint) as line, events.load_id, loads.night_id,
        events.event_on, events.category, events.amount
    from work.measures.{{events}} as events
    join work.raw.loads as loads on events.load_id = loads.load_id
    where events.measure = $measure and events.force_code = $force
        and ($category = 'all' or events.category = $category)
        and events.event_on <= $last
        and ($first is null or events.event_on >= $first)
        and ($all_days or {on_covered_day("$coverage")})
        and {in_area("$area_type", "$area")}
    order by events.event_on, loads.source_file, line
"""
_ERASED = f"""
    select strftime(events.month_start, '%Y-%m') as month, loads.source_file, parts.kept_night, sum(events.amount),
        max(events.event_on) as last_on
    from work.measures.kept_measures as events
    join work.raw.loads as loads on events.load_id = loads.load_id
    join work.staging.kept_parts as parts on events.load_id = parts.load_id and events.month_no = parts.month_no
    where events.mart = $mart and events.measure = $measure and events.force_code = $force
        and ($category = 'all' or events.category = $category)
        and events.event_on <= $last
        and ($first is null or events.month_start >= $first)
        and ($all_days or events.is_covered)
        and {in_area("$area_type", "$area")}
    group by all
    order by all
"""

_COVERED = """
    select
        coalesce(sum(greatest(0, date_diff(
            'day', greatest(covered_from, coalesce($first, covered_from)), least(covered_to, $last)) + 1)), 0) as days,
        coalesce(bool_or($last between covered_from and covered_to), false) as is_end_covered,
        date_diff('day', coalesce($first, min(covered_from)), $last) + 1 as all_days
    from work.staging.coverage_windows
    where force_code = $force and coverage = coalesce((
        select area_coverage from work.staging.area_coverages where coverage = $coverage and force_code = $force and $is_unit
    ), $coverage)
"""
"""Of a coverage and some days: how many are covered, and of how many; whether the last is. As `answers` counts them."""
_SPLIT = """
    select count(*) > 0 from work.measures.kept_measures
    where mart = $mart and force_code = $force and measure in $measures and (
        ($last >= month_start and $last < month_end) or (not $is_stock and $first > month_start and $first <= month_end)
    )
"""
"""Whether days start or end within a month whose rows were erased, as `answers` has it: their part of it is not known."""


@contextmanager
def open_evidence(home: Home, night: str | None = None) -> Generator[duckdb.DuckDBPyConnection]:
    """The rows behind a night's figures, as `work`, and its published file, as `warehouse`, to read. `night`: the id of a kept
    night or its first characters; None is what is published.

    Raises NotKeptError, TrailError if the night was kept without its rows, and RawLostError if raw/ lacks them.
    """
    publication = publication_of(home, night or TODAY)
    night_id = publication.night_id
    trail_file = trail_file_of(home.publications / f"{night_id}.duckdb")
    with working_database(home) as con:
        erased: list[str] = []
        as_totals = loads_as_totals(home)
        try:
            if trail_file.exists():
                erased = attach_trail_file(con, home, trail_file)
            # Without it, the last build may be this night's.
            elif not attach_built(con, home, night_id):
                raise TrailError(
                    f"night {night_id} was kept without the rows behind its figures: `pam nightly --rebuild` publishes them"
                    " again, with the rows"
                )
            con.execute(f"attach {literal(str(publication.path))} as warehouse (read_only)")
        except duckdb.Error as error:
            raise TrailError(f"the rows behind night {night_id} can't be read: {str(error).splitlines()[0]}") from error
        # Totals are those of the night that erased: a newer file may have counted in them.
        own = [(load, load in as_totals and as_totals[load].night_id == night_id) for load in erased]
        make_table(con, "memory.main.erased_loads", {"load_id": "varchar", "has_totals": "boolean"}, own)
        try:
            yield con
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            reason = str(error).splitlines()[0]
            raise TrailError(
                f"night {night_id} was built by another version, whose rows this one can't follow ({reason}): `pam nightly`"
                " builds one that it can"
            ) from error


def trace(con: duckdb.DuckDBPyConnection, request: FigureRequest) -> Trail:
    """The rows behind a figure. `con`: from `open_evidence`. Raises UnknownNameError, and TrailError if there is no such
    figure."""
    listed = measure_named(request.measure, request.mart)
    built = measures_of(con).get((listed["mart"], request.measure))
    if built is None:
        raise TrailError(f"the list of measures that this night was built with has no {request.measure}: a later one has it")
    row = {**listed, **built}
    force = force_named(request.force_code, forces_of(con, MARTS))
    area = force if request.area_type == "force" else request.area_code
    if area is None:
        area = area_named(request.area_name, request.area_type, areas_of(con, force, row["mart"], MARTS)).code
    if row["aggregation"] == "published":
        parts = [_published_part(con, force, area, request)]
    else:
        parts = [_part(con, force, area, request, row, *part) for part in counted_from(row, request.category)]
    measures = {request.measure, *(p.measure for p in parts)}
    accepted = accepted_within(accepted_months(con, force, "warehouse"), measures, request.first, request.last)
    value = parts[0].amount
    if len(parts) == 2:
        numerator, denominator = (part.amount or Decimal(0) for part in parts)
        value = 100 * numerator / denominator if denominator else None
    is_split = row["aggregation"] != "published" and _is_split(con, force, request, row, [p.measure for p in parts])
    status = "not_available" if is_split else _data_status(con, force, area, request, row)
    erased_files: tuple[str, ...] = ()
    published = None
    if status != "not_available":
        erased_files, published = _erased_files(con, force, area, request, listed, value)
    if erased_files:
        value, status = published, status if published is not None else "not_available"
    return Trail(
        replace(request, force_code=force), row["mart"], row["title"], row["unit"], formula(row), row["aggregation"],
        None if status == "not_available" else value, parts, tuple(accepted), erased_files, published, status,
        is_split,
    )  # fmt: skip


def contract_of(measure: Mapping[str, str]) -> Contract:
    """The contract of a measure's extract. Raises TrailError if the list of measures names one that there is not."""
    contract = load_contracts().get(extract_of(measure))
    if contract is None:
        raise TrailError(
            f"seeds/measure_list.csv: {measure['measure']}: coverage `{measure['coverage']}` names no extract that there is"
        )
    return contract


def _has_totals(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are totals of erased rows. Most homes have none, and planning their query takes as long as reading rows."""
    return bool(one_row(con, "select exists (from work.raw.kept_months)")[0])


def _is_split(
    con: duckdb.DuckDBPyConnection, force: str, request: FigureRequest, row: Mapping[str, str], measures: list[str]
) -> bool:
    if not _has_totals(con):
        return False
    (is_split,) = one_row(con, _SPLIT, {
        "mart": row["mart"], "force": force, "measures": measures, "first": request.first, "last": request.last,
        "is_stock": row["aggregation"] == "stock",
    })  # fmt: skip
    return bool(is_split)


def _data_status(con: duckdb.DuckDBPyConnection, force: str, area: str, request: FigureRequest, row: Mapping[str, str]) -> str:
    """How far files cover the figure's days: without rows it is 0 on covered days, and not available on others."""
    if row["aggregation"] == "published":
        return "complete"
    is_unit = request.area_type == "section" or (request.area_type == "lpu" and area != "unknown")
    days, is_end_covered, all_days = one_row(con, _COVERED, {
        "first": request.first, "last": request.last, "force": force, "coverage": coverage_of(row, request.category),
        "is_unit": is_unit,
    })  # fmt: skip
    if row["aggregation"] in ("stock", "last"):
        return "complete" if is_end_covered else "not_available"
    if not days:
        return "not_available"
    return "complete" if days == all_days else "partial"


def _erased_files(
    con: duckdb.DuckDBPyConnection, force: str, area: str, request: FigureRequest, row: Mapping[str, str], value: Decimal | None
) -> tuple[tuple[str, ...], Decimal | None]:
    """The erased files behind an earlier night's figure, and that figure, None if the night published none of these days.
    Nothing if the remaining rows, and the totals that were kept as of that night, still add up to it."""
    contract = contract_of(row)
    # A row counts in its file's days, but for whole lists, indicators and what later rows look back at.
    in_days = contract.kind in MONTHLY and not contract.looks_back
    erased = con.execute(
        "select source_file, has_totals from memory.main.erased_loads join work.raw.loads as loads using (load_id)"
        " where loads.force_code = ? and loads.extract = ?"
        " and (not ? or (covered_from <= ? and covered_to >= coalesce(?, covered_to))) order by 1",
        [force, contract.extract, in_days, request.last, request.first],
    ).fetchall()
    if not erased:
        return (), None
    figure = con.execute(
        f"select value from warehouse.marts.{row['mart']} where force_code = ? and measure = ? and category = ?"
        " and area_type = ? and area_code = ? and period_start is not distinct from ? and period_end = ?",
        [force, request.measure, request.category, request.area_type, area, request.first, request.last],
    ).fetchone()
    if figure is None:
        return tuple(name for name, has_totals in erased if not has_totals), None
    if figure[0] is None or (value is not None and round(value, 10) == figure[0]):
        return (), None
    return tuple(name for name, _ in erased), figure[0]


def _part(
    con: duckdb.DuckDBPyConnection,
    force: str,
    area: str,
    request: FigureRequest,
    row: Mapping[str, str],
    role: str,
    measure: str,
    category: str,
) -> Part:
    is_stock = row["aggregation"] == "stock"
    values = {
        "measure": measure, "force": force, "category": category, "first": None if is_stock else request.first,
        "last": request.last, "all_days": is_stock, "area_type": request.area_type, "area": area,
    }  # fmt: skip
    events = f"{row['mart'].removeprefix('mart_')}_events"
    rows = con.execute(_ROWS.format(events=events), values | {"coverage": coverage_of(row, category)}).fetchall()
    erased = con.execute(_ERASED, values | {"mart": row["mart"]}).fetchall() if _has_totals(con) else []
    if row["aggregation"] == "last":
        rows, erased = rows[-1:], sorted(erased, key=lambda e: e[4])[-1:]
        if rows and erased:
            (erased if rows[0][5] >= erased[0][4] else rows).clear()
        amount = rows[0][7] if rows else erased[0][3] if erased else None
    else:
        amount = sum((r[7] for r in rows), Decimal(0)) + sum((e[3] for e in erased), Decimal(0))
    return Part(role, measure, category, amount, rows, [e[:4] for e in erased])


def _why_not_published(con: duckdb.DuckDBPyConnection, force: str, area_code: str, request: FigureRequest) -> str:
    """Why others publish no such figure, and which they do: of another area, or of other days."""
    areas: dict[str, list[str]] = {}
    for area, is_it, days in con.execute(
        "select area_name || ' (' || area_type || ')', area_type = ? and area_code = ?,"
        " concat(period_label, ' (', period_start, ' to ', period_end, ')') from warehouse.marts.mart_public_health"
        " where force_code = ? and measure = ? and category = ? order by 1, period_end",
        [request.area_type, area_code, force, request.measure, request.category],
    ).fetchall():
        areas.setdefault("" if is_it else area, []).append(days)
    area, nothing = request.area_name or "the force", f"nothing is published of {request.measure} for"
    if periods := areas.get(""):
        return f"{nothing} these days of {area}: there are {', '.join(periods)}"
    return f"{nothing} {area}: name an area with --area: there are {', '.join(areas) or 'none'}"


def _published_part(con: duckdb.DuckDBPyConnection, force: str, area_code: str, request: FigureRequest) -> Part:
    """The line of the download that has the figure."""
    figure = con.execute(
        "select period_label, value from warehouse.marts.mart_public_health where force_code = ? and measure = ?"
        " and category = ? and area_type = ? and area_code = ? and period_end = ?"
        " and (cast(? as date) is null or period_start = ?)",
        [force, request.measure, request.category, request.area_type, area_code, request.last, request.first,
         request.first],
    ).fetchone()  # fmt: skip
    if figure is None:
        raise TrailError(_why_not_published(con, force, area_code, request))
    period, value = figure
    rows = con.execute(
        "select 'public_health', loads.source_file, cast(rows.line as bigint), rows.load_id, loads.night_id, cast(? as date),"
        " rows.sex, cast(? as decimal(28, 10)) from work.staging.stg_public_health as rows"
        " join work.raw.loads as loads using (load_id)"
        " join work.seeds.public_health_indicators as names on rows.indicator_id = names.indicator_id and names.measure = ?"
        " where rows.force_code = ? and rows.area_code = ? and rows.time_period = ?"
        " and (rows.sex = ? or (rows.sex = 'Persons' and ? = 'all'))"
        " and ? in (try_cast(rows.value as decimal(28, 10)), try_cast(rows.count as decimal(28, 10)))"
        " order by loads.source_file, 3",
        [request.last, value, request.measure, force, area_code, period, request.category, request.category, value],
    ).fetchall()
    return Part("rows", request.measure, request.category, value, rows)
