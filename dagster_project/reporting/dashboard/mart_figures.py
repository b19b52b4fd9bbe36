"""The figures and control charts of a mart and force, packed for the dashboard."""

import re
from collections.abc import Iterable
from typing import Any

import duckdb

from dagster_project.core.charts_fit_to_judge import WITHOUT_LIMITS, charts_in_words
from dagster_project.core.sql import CONTENT_HASH, literal

_NAME = re.compile(r"[a-z0-9_-]+")

_FIGURES = """
with numbered as (
    select
        *,
        dense_rank() over (partition by period_type order by period_end, period_start, period_label) - 1 as period_no
    from marts.{mart}
    where force_code = $force
)

select
    measure, category, area_type, area_code, area_name, period_type,
    {lists},
    string_agg(period_no, ',' order by period_no) as period_nos,
    count(*) as figures
from numbered
group by all
order by all
"""
_NUMBERS = ("value", "prior_value", "volume_change", "pct_change", "numerator", "denominator")
_TEXT = "string_agg(coalesce(rtrim(rtrim(cast({0} as varchar), '0'), '.'), ''), ',' order by period_no)"
_STATUS = "string_agg(case data_status when 'complete' then 'c' when 'partial' then 'p' else 'n' end, '' order by period_no)"

_CHARTS = """
select
    mart, measure, category, area_type, area_code,
    cast(baseline_start as varchar), cast(baseline_end as varchar),
    case when not_judged in {without_limits} then null else cast(round(mean, 4) as double) end,
    case when not_judged in {without_limits} then null else cast(round(lower_limit, 4) as double) end,
    case when not_judged in {without_limits} then null else cast(round(upper_limit, 4) as double) end,
    string_agg(left(cast(period_start as varchar), 7), ',' order by period_start),
    string_agg(to_hex(
        is_outside_limits::int + 2 * is_run::int + 4 * is_trend::int + 8 * is_two_of_three::int), '' order by period_start),
    string_agg(left(variation, 1), '' order by period_start),
    coalesce(not_judged, '')
from {charts}
group by all
order by 1, 2, 3, 4, 5, 6
"""


def read_charts(con: duckdb.DuckDBPyConnection, force: str) -> dict[str, list[tuple[Any, ...]]]:
    """The baselines of a force's control charts, by mart, for `pack_mart`. One query: most of its time is planning."""
    own, measures = (
        f"(from marts.{table} where force_code = {literal(force)})" for table in ("mart_control_charts", "measures")
    )
    query = _CHARTS.format(charts=charts_in_words(own, measures), without_limits=WITHOUT_LIMITS)
    charts: dict[str, list[tuple[Any, ...]]] = {}
    for mart, *row in con.execute(query).fetchall():
        charts.setdefault(mart, []).append(tuple(row))
    return charts


def pack_mart(con: duckdb.DuckDBPyConnection, force: str, mart: str, own_charts: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """The figures of a mart and force. `own_charts`: what `read_charts` has of the mart.

    `periods`: by kind of period, start, end and label of each.

    `series`: measure, category, area type, code and name; then, by kind of period, a list. It has value, prior_value,
    volume_change, pct_change, numerator and denominator, each a text of exact figures with commas in between, in the order of
    the periods, blank for null (all of it, if all are null); a text with a letter for the status of each period: complete,
    partial or not available; and, if the mart lacks some periods, the numbers of those that it has, from 0.

    `charts`: a row for each baseline of a control chart: measure, category, area type and code; first and last day of the
    baseline; mean, lower and upper limit, to four places, null where none are drawn; the numbers of its complete months, from 0
    (only the first, if none is missing in between); for each month a hexadecimal digit, the sum of the rules that mark it in
    words (1 outside the limits, 2 run, 4 trend, 8 two of three), and its variation: c for common cause, h for high, l for low;
    and why its months are not judged, a key of `notJudged` of the index, blank if they are.
    """
    lists = ", ".join([*(_TEXT.format(n) for n in _NUMBERS), _STATUS])
    rows = con.execute(_FIGURES.format(mart=check_name(mart), lists=lists), {"force": force}).fetchall()
    periods: dict[str, list[list[str]]] = {}
    for kind, *period in con.execute(
        "select distinct period_type, cast(period_start as varchar), cast(period_end as varchar), period_label"
        f" from marts.{check_name(mart)} where force_code = ? order by 1, 3, 2, 4",
        [force],
    ).fetchall():
        periods.setdefault(kind, []).append(period)
    series: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for *key, kind, a, b, c, d, e, f, status, period_nos, figures in rows:
        packed = [*(t if t.strip(",") else "" for t in (a, b, c, d, e, f)), status]
        series.setdefault(tuple(key), {})[kind] = packed if figures == len(periods[kind]) else [*packed, period_nos]
    months = {start[:7]: n for n, (start, _, _) in enumerate(periods.get("month", []))}
    charts = []
    for *key, labels, rules, variation, not_judged in own_charts:
        numbers = [months[m] for m in labels.split(",")]
        is_whole = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        charts.append([*key, numbers[0] if is_whole else numbers, rules, variation, not_judged])
    return {"periods": periods, "series": [[*key, kinds] for key, kinds in series.items()], "charts": charts}


def hash_marts(con: duckdb.DuckDBPyConnection, marts: Iterable[str]) -> dict[tuple[str, str], str]:
    """A short text for each force and mart that changes when anything that `pack_mart` reads changes."""
    charts = {
        (force, mart): content for force, mart, content in con.execute(
            f"select force_code, mart, {CONTENT_HASH} from marts.mart_control_charts as t group by all"
        ).fetchall()
    }  # fmt: skip
    return {
        (force, mart): f"{content} {charts.get((force, mart), '')}"
        for mart in marts
        for force, content in con.execute(
            f"select force_code, {CONTENT_HASH} from marts.{check_name(mart)} as t group by all"
        ).fetchall()
    }


OVERVIEW_KINDS = ("month", "rolling_12_months", "as_published")


def pack_overview(figures_by_mart: dict[str, dict[str, Any]], force: str) -> dict[str, Any]:
    """What the first page shows of a force: of each measure, the series of its home area for all categories.

    `figures_by_mart`: what `pack_mart` returns for each mart. Returns the same shape, with the kinds of period of the page.
    """
    overview: dict[str, Any] = {}
    for mart, figures in figures_by_mart.items():
        home: dict[str, list[Any]] = {}
        for s in figures["series"]:
            if s[1] == "all" and (s[0] not in home or _distance(s, force) < _distance(home[s[0]], force)):
                home[s[0]] = s
        keys = {(s[0], *s[2:4]) for s in home.values()}
        overview[mart] = {
            "periods": {k: p for k, p in figures["periods"].items() if k in OVERVIEW_KINDS},
            "series": [[*s[:5], {k: v for k, v in s[5].items() if k in OVERVIEW_KINDS}] for s in home.values()],
            "charts": [c for c in figures["charts"] if c[1] == "all" and (c[0], *c[2:4]) in keys],
        }
    return overview


NEAREST = ("force", "upper_tier", "district", "section", "lpu", "region", "country")
"""Kinds of area, nearest to the whole force first: a measure opens on the first that it has."""


def _distance(series: list[Any], force: str) -> tuple[int, bool, str]:
    """How far the area of a series is from the whole force: by its kind, then by whether it has the force's name."""
    name = re.sub(r"[^a-z0-9]+", "-", series[4].lower())
    return NEAREST.index(series[2]) if series[2] in NEAREST else len(NEAREST), name != force, series[4]


def check_name(name: str) -> str:
    """Return a name that can be used in paths and SQL. Raises ValueError for others."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a file: small letters, digits, _ and - alone")
    return name
