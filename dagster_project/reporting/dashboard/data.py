"""What the dashboard is told: the figures of a mart and force, and an index of what there is, with the night's status."""

import re
from typing import Any

import duckdb

from dagster_project.core.cell_text import NUMBER, STARTS_FORMULA
from dagster_project.core.seeds import force_names

KINDS = {
    "month": "Month",
    "rolling_12_months": "Twelve months",
    "financial_year": "Financial year",
    "financial_year_to_date": "Financial year to date",
    "calendar_year": "Calendar year",
    "calendar_year_to_date": "Calendar year to date",
    "as_published": "As published",
}
AREAS = {
    "force": "Force", "section": "Sections", "lpu": "Local policing units", "country": "Country", "region": "Regions",
    "upper_tier": "Upper-tier authorities", "district": "Districts",
}  # fmt: skip
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
_STATUS = (
    "string_agg(case data_status when 'complete' then 'c' when 'partial' then 'p' else 'n' end, '' order by place)"
)


def of_mart(con: duckdb.DuckDBPyConnection, force: str, mart: str) -> dict[str, Any]:
    """A mart's figures of one force.

    `periods`: start, end and label of each, by kind of period. `series`: measure, category, area type, code and name, and by
    kind of period a list: value, prior_value, volume_change, pct_change, numerator and denominator, each a text of figures
    with a comma between them, in the order of the periods, exact, empty where the mart has null (wholly, where all are); then
    the status, a letter a period: complete, partial or not available; then which periods they are, counted from 0, where
    the mart has no row of some.
    """
    lists = ", ".join([*(_TEXT.format(n) for n in _NUMBERS), _STATUS])
    rows = con.execute(_FIGURES.format(mart=_safe(mart), lists=lists), {"force": force}).fetchall()
    periods: dict[str, list[list[str]]] = {}
    for kind, *period in con.execute(
        "select distinct period_type, cast(period_start as varchar), cast(period_end as varchar), period_label"
        f" from marts.{_safe(mart)} where force_code = ? order by 1, 3, 2, 4",
        [force],
    ).fetchall():
        periods.setdefault(kind, []).append(period)
    series: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for *key, kind, a, b, c, d, e, f, status, places, held in rows:
        packed = [*(t if t.strip(",") else "" for t in (a, b, c, d, e, f)), status]
        series.setdefault(tuple(key), {})[kind] = packed if held == len(periods[kind]) else [*packed, places]
    return {"periods": periods, "series": [[*key, kinds] for key, kinds in series.items()]}


def _safe(name: str) -> str:
    """A name that may stand in a path and in SQL. Raises ValueError for another."""
    if not _SAFE.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a file: small letters, digits, _ and - alone")
    return name


def index(con: duckdb.DuckDBPyConnection, is_sample: bool) -> dict[str, Any]:
    """What there is to pick, and how the night stands."""
    marts = con.execute(
        "select name, description from meta.dictionary where kind = 'relation' and schema_name = 'marts'"
        " and name not in ('measures', 'mart_control_charts') order by description"
    ).fetchall()
    names = force_names()
    held: dict[str, list[str]] = {}
    for force, mart in con.execute("select distinct force_code, mart from marts.measures order by all").fetchall():
        held.setdefault(_safe(force), []).append(_safe(mart))
    nights = _dicts(con, "select * from meta.nights where finished_at is null order by started_at desc limit 1")
    return {
        "sample": is_sample,
        "formula": {"starts": STARTS_FORMULA, "but": NUMBER},
        "kinds": KINDS,
        "areaTypes": AREAS,
        "forces": [{"code": f, "name": names.get(f, f), "marts": held[f]} for f in sorted(held, key=lambda f: names.get(f, f))],
        "marts": {name: _titled(text) for name, text in marts},
        "measures": {
            f"{m['relation_name']}/{m['name']}": {
                "title": m["title"], "unit": m["unit"], "meaning": m["description"], "formula": m["formula"],
            }
            for m in _dicts(con, "select * from meta.dictionary where kind = 'measure'")
        },
        "night": nights[0] if nights else {},
        "warnings": _dicts(
            con, "select subject, rule, found, reason, advice from meta.checks where not passed order by subject, rule, found"
        ),
        "extracts": _dicts(
            con, "select title, force_code, status, covered_from, covered_to, rows_current, rows_quarantined, days_late"
            " from meta.extracts order by title, force_code"
        ),
    }  # fmt: skip


def _titled(description: str) -> dict[str, str]:
    """A mart's title and what it holds: its description is `Title. What it holds. Report n. Grain: ...`."""
    title, _, rest = description.partition(". ")
    return {"title": title, "about": rest.partition(" Grain:")[0].strip()}


def _dicts(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    result = con.execute(sql)
    names = [c[0] for c in result.description]
    return [
        {n: v if v is None or isinstance(v, int | str | bool) else str(v) for n, v in zip(names, row, strict=True)}
        for row in result.fetchall()
    ]
