"""The index of the dashboard: what can be chosen, names, and the state of the night."""

from datetime import UTC
from typing import Any

import duckdb

from dagster_project.core.cell_text import NUMBER, STARTS_FORMULA
from dagster_project.core.charts_fit_to_judge import NOT_JUDGED, SMALL
from dagster_project.core.home import LONDON, Home
from dagster_project.core.made_up_home import holds_made_up, sample_day_of
from dagster_project.core.project_lists import extract_of, force_names, read_seed
from dagster_project.core.row_tables import read_rows

from ..measure_words import OFFENCE_MART, describe_offences, formula_in_words, status_in_words
from .mart_figures import NEAREST, check_name
from .population_and_outlines import Outlines, read_population

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


def read_contents(con: duckdb.DuckDBPyConnection, home: Home, outlines: Outlines) -> dict[str, Any]:
    """What can be chosen, names, and the state of the night. Raises HomeListError."""
    marts = con.execute(
        "select name, description from meta.dictionary where kind = 'relation' and schema_name = 'marts'"
        " and name not in ('measures', 'mart_control_charts') order by description"
    ).fetchall()
    names = force_names()
    marts_of: dict[str, list[str]] = {}
    for force, mart in con.execute("select distinct force_code, mart from marts.measures order by all").fetchall():
        marts_of.setdefault(check_name(force), []).append(check_name(mart))
    nights = read_rows(con, "select * from meta.nights where finished_at is null order by started_at desc limit 1")
    measures = {(m["mart"], m["measure"]): m for m in read_seed("measure_list")}
    started_on = nights[0]["started_at"].replace(tzinfo=UTC).astimezone(LONDON).date() if nights else None
    return {
        # No later period has begun.
        "today": sample_day_of(home) or started_on,
        "sample": holds_made_up(home),
        "small": SMALL,
        "formula": {"starts": STARTS_FORMULA, "but": NUMBER},
        "notJudged": NOT_JUDGED,
        "kinds": KINDS,
        "areaTypes": AREAS,
        "nearest": NEAREST,
        "population": {k: p for k, p in read_population(home).items() if k.partition("/")[0] in marts_of},
        "outlined": sorted(f for f in outlines if f in marts_of),
        "categories": describe_offences(c for (c,) in con.execute(
            f"select distinct category from marts.{OFFENCE_MART} order by all").fetchall()),
        "forces": [
            {"code": f, "name": names.get(f, f), "marts": marts_of[f]} for f in sorted(marts_of, key=lambda f: names.get(f, f))
        ],
        "marts": {name: _split_description(text or name) for name, text in marts},
        "measures": {
            f"{m['relation_name']}/{m['name']}": {
                "title": m["title"], "unit": m["unit"], "meaning": m["description"],
                "formula": formula_in_words(m["formula"], m["description"]),
                "headline": (row := measures.get((m["relation_name"], m["name"]), {})).get("is_headline") == "true",
                "adds": row.get("aggregation") == "sum",
                "extract": extract_of(row) if row else "",
            }
            for m in read_rows(con, "select * from meta.dictionary where kind = 'measure'")
        },
        "night": nights[0] if nights else {},
        "warnings": read_rows(
            con, "select rule, coalesce(message, subject || ': ' || found) as message, reason, advice"
            " from (from meta.checks union all by name select null as message where false)"
            " where not passed order by rule, subject, found",
        ),
        "extracts": [
            r | {"status": status_in_words(r["status"])} for r in read_rows(
                con, "select extract, title, force_code, status, covered_from, covered_to, covered_days, rows_current,"
                " rows_quarantined, days_late from meta.extracts order by title, force_code"
            )
        ],
        "revisions": read_rows(
            con, "select mart, measure, category, area_type, area_name, period_start, period_end, shows, printed_in, was, now"
            " from meta.revisions order by all"
        ),
    }  # fmt: skip


def accepted_files(con: duckdb.DuckDBPyConnection, force: str) -> dict[str, list[list[Any]]]:
    """The accepted files of a force, by extract: load, first and last day covered, rows landed, rows in quarantine, night.

    A file is identified by its load: the dashboard leaves out its name.
    """
    files: dict[str, list[list[Any]]] = {}
    for extract, *row in con.execute(
        "select extract, load_id, cast(covered_from as varchar), cast(covered_to as varchar), rows_landed, rows_quarantined,"
        " night_id from (from meta.files where outcome in ('accepted', 'held', 'retracted')"
        " qualify row_number() over (partition by load_id order by landed_at desc) = 1)"
        " where outcome = 'accepted' and force_code = ? order by 1, 3, 4, 2",
        [force],
    ).fetchall():
        files.setdefault(check_name(extract), []).append(row)
    return files


def _split_description(description: str) -> dict[str, str]:
    """Title and contents of a mart, from its description: `Title. What it holds. Report n. Grain: ...`."""
    title, _, rest = description.partition(". ")
    return {"title": title, "about": rest.partition(" Grain:")[0].strip()}
