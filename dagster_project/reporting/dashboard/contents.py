"""The index of the dashboard: what there is to choose, names, and the state of the night."""

from typing import Any

import duckdb

from dagster_project.core.cell_text import NUMBER, STARTS_FORMULA
from dagster_project.core.seeds import force_names, read_seed
from dagster_project.core.small_numbers import FEW_A_MONTH

from ..category_words import CODED, offence_words
from .data import NEAREST, safe
from .home_lists import HomeLists

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
    "force": "Force", "section": "Sections", "lpu": "Local policing units", "upper_tier": "Upper-tier authorities",
    "district": "Districts", "region": "Regions", "country": "Country",
}  # fmt: skip


def contents(con: duckdb.DuckDBPyConnection, is_sample: bool, lists: HomeLists) -> dict[str, Any]:
    """What there is to pick, and how the night stands. `lists`: what the home says of its areas."""
    marts = con.execute(
        "select name, description from meta.dictionary where kind = 'relation' and schema_name = 'marts'"
        " and name not in ('measures', 'mart_control_charts') order by description"
    ).fetchall()
    names = force_names()
    held: dict[str, list[str]] = {}
    for force, mart in con.execute("select distinct force_code, mart from marts.measures order by all").fetchall():
        held.setdefault(safe(force), []).append(safe(mart))
    nights = _dicts(con, "select * from meta.nights where finished_at is null order by started_at desc limit 1")
    listed = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
    limits = {r["coverage"]: r["extract"] for r in read_seed("coverage_limits")}
    return {
        "sample": is_sample,
        "formula": {"starts": STARTS_FORMULA, "but": NUMBER},
        "few": FEW_A_MONTH,
        "kinds": KINDS,
        "areaTypes": AREAS,
        "nearest": NEAREST,
        "population": {k: p for k, p in lists.population.items() if k.partition("/")[0] in held},
        "outlined": sorted(f for f in lists.outlines if f in held),
        "categories": offence_words(c for (c,) in con.execute(
            f"select distinct category from marts.{CODED} order by all").fetchall()),
        "forces": [{"code": f, "name": names.get(f, f), "marts": held[f]} for f in sorted(held, key=lambda f: names.get(f, f))],
        "marts": {name: _titled(text) for name, text in marts},
        "measures": {
            f"{m['relation_name']}/{m['name']}": {
                "title": m["title"], "unit": m["unit"], "meaning": m["description"], "formula": m["formula"],
                "headline": (one := listed.get((m["relation_name"], m["name"]), {})).get("is_headline") == "true",
                "adds": one.get("aggregation") == "sum",
                "extract": limits.get(one.get("coverage", ""), one.get("coverage", "")),
            }
            for m in _dicts(con, "select * from meta.dictionary where kind = 'measure'")
        },
        "night": nights[0] if nights else {},
        "warnings": _dicts(
            con, "select subject, rule, found, reason, advice from meta.checks where not passed order by subject, rule, found"
        ),
        "extracts": _dicts(
            con, "select extract, title, force_code, status, covered_from, covered_to, rows_current, rows_quarantined,"
            " days_late from meta.extracts order by title, force_code"
        ),
        "revisions": _dicts(
            con, "select mart, measure, category, area_type, area_name, period_start, period_end, shows, printed_in, was, now"
            " from meta.revisions order by all"
        ),
    }  # fmt: skip


def files_of(con: duckdb.DuckDBPyConnection, force: str) -> dict[str, list[list[Any]]]:
    """The accepted files of a force, by extract: load, first and last day covered, rows that landed, rows set aside, night.

    A file is told by its load: its name is the force's own business.
    """
    found: dict[str, list[list[Any]]] = {}
    for extract, *row in con.execute(
        "select extract, load_id, cast(covered_from as varchar), cast(covered_to as varchar), rows_landed, rows_quarantined,"
        " night_id from meta.files where outcome = 'accepted' and force_code = ? order by 1, 3, 4, 2",
        [force],
    ).fetchall():
        found.setdefault(safe(extract), []).append(row)
    return found


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
