"""The figures and control charts of a mart and force, packed for the dashboard."""

import re
from collections.abc import Iterable
from typing import Any

import duckdb

from dagster_project.core.sql import CONTENT_HASH

_SAFE = re.compile(r"[a-z0-9_-]+")

_FIGURES = """
with placed as (
    select
        *,
        dense_rank() over (partition by period_type order by period_end, period_start, period_label) - 1 as place
    from marts.{mart}
    where force_code = $force
)

select
    measure, category, area_type, area_code, area_name, period_type,
    {lists},
    string_agg(place, ',' order by place) as places,
    count(*) as held
from placed
group by all
order by all
"""
_NUMBERS = ("value", "prior_value", "volume_change", "pct_change", "numerator", "denominator")
_TEXT = "string_agg(coalesce(rtrim(rtrim(cast({0} as varchar), '0'), '.'), ''), ',' order by place)"
_STATUS = "string_agg(case data_status when 'complete' then 'c' when 'partial' then 'p' else 'n' end, '' order by place)"

_CHARTS = """
select
    measure, category, area_type, area_code,
    cast(baseline_start as varchar), cast(baseline_end as varchar),
    cast(round(mean, 4) as double), cast(round(lower_limit, 4) as double), cast(round(upper_limit, 4) as double),
    string_agg(left(cast(period_start as varchar), 7), ',' order by period_start),
    string_agg(to_hex(
        is_outside_limits::int + 2 * is_run::int + 4 * is_trend::int + 8 * is_two_of_three::int), '' order by period_start),
    string_agg(left(variation, 1), '' order by period_start)
from marts.mart_control_charts
where mart = ? and force_code = ?
group by all
order by 1, 2, 3, 4, 5
"""


def of_mart(con: duckdb.DuckDBPyConnection, force: str, mart: str) -> dict[str, Any]:
    """A mart's figures of one force.

    `periods`: start, end and label of each, by kind of period. `series`: measure, category, area type, code and name, and by
    kind of period a list: value, prior_value, volume_change, pct_change, numerator and denominator, each a text of figures
    with a comma between them, in the order of the periods, exact, empty where the mart has null (wholly, where all are); then
    the status, a letter a period: complete, partial or not available; then which periods they are, counted from 0, where
    the mart has no row of some.

    `charts`: a row for each base of a control chart: measure, category, area type and code; the base's first and last day;
    mean, lower and upper limit, to four places; then of its complete months which they are, counted from 0 (one number where
    they follow each other, the first); a digit each of the rules that mark it (1 outside the limits, 2 run, 4 trend,
    8 two of three, added, in hexadecimal), and its variation: c for common cause, h for high, l for low.
    """
    lists = ", ".join([*(_TEXT.format(n) for n in _NUMBERS), _STATUS])
    rows = con.execute(_FIGURES.format(mart=safe(mart), lists=lists), {"force": force}).fetchall()
    periods: dict[str, list[list[str]]] = {}
    for kind, *period in con.execute(
        "select distinct period_type, cast(period_start as varchar), cast(period_end as varchar), period_label"
        f" from marts.{safe(mart)} where force_code = ? order by 1, 3, 2, 4",
        [force],
    ).fetchall():
        periods.setdefault(kind, []).append(period)
    series: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for *key, kind, a, b, c, d, e, f, status, places, held in rows:
        packed = [*(t if t.strip(",") else "" for t in (a, b, c, d, e, f)), status]
        series.setdefault(tuple(key), {})[kind] = packed if held == len(periods[kind]) else [*packed, places]
    months = {start[:7]: n for n, (start, _, _) in enumerate(periods.get("month", []))}
    charts = []
    for *key, listed, bits, variation in con.execute(_CHARTS, [mart, force]).fetchall():
        at = [months[m] for m in listed.split(",")]
        charts.append([*key, at[0] if at == list(range(at[0], at[0] + len(at))) else at, bits, variation])
    return {"periods": periods, "series": [[*key, kinds] for key, kinds in series.items()], "charts": charts}


def contents_of_marts(con: duckdb.DuckDBPyConnection, marts: Iterable[str]) -> dict[tuple[str, str], str]:
    """A short text that changes with whatever `of_mart` reads, by force and mart."""
    charts = {
        (force, mart): content for force, mart, content in con.execute(
            f"select force_code, mart, {CONTENT_HASH} from marts.mart_control_charts as t group by all"
        ).fetchall()
    }  # fmt: skip
    return {
        (force, mart): f"{content} {charts.get((force, mart), '')}"
        for mart in marts
        for force, content in con.execute(
            f"select force_code, {CONTENT_HASH} from marts.{safe(mart)} as t group by all"
        ).fetchall()
    }


OVERVIEW_KINDS = ("month", "rolling_12_months", "as_published")


def of_overview(figures_by_mart: dict[str, dict[str, Any]], force: str) -> dict[str, Any]:
    """What the first page shows of a force: of each measure the series of its home area, unsplit, as `of_mart` has it.

    `figures_by_mart`: what `of_mart` returns for each. Returns the same by mart, with the kinds of period that the page shows.
    """
    found: dict[str, Any] = {}
    for mart, figures in figures_by_mart.items():
        here: dict[str, list[Any]] = {}
        for s in figures["series"]:
            if s[1] == "all" and (s[0] not in here or _nearness(s, force) < _nearness(here[s[0]], force)):
                here[s[0]] = s
        kept = {(s[0], *s[2:4]) for s in here.values()}
        found[mart] = {
            "periods": {k: p for k, p in figures["periods"].items() if k in OVERVIEW_KINDS},
            "series": [[*s[:5], {k: v for k, v in s[5].items() if k in OVERVIEW_KINDS}] for s in here.values()],
            "charts": [c for c in figures["charts"] if c[1] == "all" and (c[0], *c[2:4]) in kept],
        }
    return found


NEAREST = ("force", "upper_tier", "district", "section", "lpu", "region", "country")
"""Kinds of area, the nearest to the whole force first: what a measure is opened on."""


def _nearness(series: list[Any], force: str) -> tuple[int, bool, str]:
    """How near a series' area is to the whole of its force: its kind, then whether it has the force's name."""
    name = re.sub(r"[^a-z0-9]+", "-", series[4].lower())
    return NEAREST.index(series[2]) if series[2] in NEAREST else len(NEAREST), name != force, series[4]


def safe(name: str) -> str:
    """A name that may stand in a path and in SQL. Raises ValueError for another."""
    if not _SAFE.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a file: small letters, digits, _ and - alone")
    return name
