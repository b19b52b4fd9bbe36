"""The topline: each measure's latest complete month and the twelve months to it, against the year before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

import duckdb

from dagster_project.core.charts_fit_to_judge import charts_in_words
from dagster_project.core.project_lists import read_seed
from dagster_project.core.published_explanations import rebases
from dagster_project.core.sql import has_table, literal

from .typed_names import area_named, areas_of, force_named, forces_of, measures_named

NOT_JUDGED = "not judged"
UNUSUAL = {
    "high": "unusually high", "low": "unusually low", "common cause": "no", "few": "too few", "still": "too few",
    "short": NOT_JUDGED, "status": NOT_JUDGED, "on a day": NOT_JUDGED, "money": NOT_JUDGED, None: "not known",
}  # fmt: skip
"""A month's variation in its control chart, or why it is not judged -> in words."""


@dataclass(frozen=True)
class Line:
    """A measure's latest complete month and the twelve months to it, with a year before each. None is not available.

    `month`: as a label, blank if no month is complete. `unusual`: a value of UNUSUAL; NOT_JUDGED, too, across a known change.
    """

    mart: str
    measure: str
    title: str
    unit: str
    area: str
    month: str
    month_value: Decimal | None
    month_year_before: Decimal | None
    month_change: Decimal | None
    month_pct_change: Decimal | None
    twelve_months_value: Decimal | None
    twelve_months_year_before: Decimal | None
    twelve_months_change: Decimal | None
    twelve_months_pct_change: Decimal | None
    twelve_months_status: str
    unusual: str


COLUMNS = tuple(field.name for field in fields(Line))
"""Columns of the workbook, csv and json (these also have `is_made_up`). Figures are exact. One that is not available is empty,
or in words in the workbook."""

_LINES = """
with wanted as (
    from (values {wanted}) as t(place, mart, measure)
),
area as (
    select marts.* from marts.measures as marts
    inner join wanted on marts.mart = wanted.mart and marts.measure = wanted.measure
    where marts.force_code = $force and marts.area_type = $area_type and marts.area_code = $area_code and marts.category = 'all'
),
months as (
    select * from area where period_type = 'month' and data_status = 'complete'
    qualify row_number() over (partition by mart, measure order by period_end desc) = 1
)
select
    coalesce(charts.not_judged, charts.variation),
    coalesce(months.period_label, ''),
    months.value, months.prior_value, months.volume_change, months.pct_change,
    years.value, years.prior_value, years.volume_change, years.pct_change, coalesce(years.data_status, 'not_available')
from wanted
left join months on months.mart = wanted.mart and months.measure = wanted.measure
left join area as years
    on years.mart = wanted.mart and years.measure = wanted.measure and years.period_type = 'rolling_12_months'
    and years.period_end = months.period_end
left join {charts} as charts
    on charts.mart = wanted.mart and charts.measure = wanted.measure and charts.period_end = months.period_end
order by wanted.place
"""
CHARTS = "mart_control_charts"
_OWN_CHARTS = f"""(
    select charts.* from marts.{CHARTS} as charts inner join wanted using (mart, measure)
    where force_code = $force and area_type = $area_type and area_code = $area_code and category = 'all'
)"""
_NO_CHARTS = "(select *, cast(null as varchar) as variation, cast(null as varchar) as not_judged from area limit 0)"


def topline(
    con: duckdb.DuckDBPyConnection,
    measures: Sequence[str] = (),
    area: str | None = None,
    area_type: str | None = None,
    force: str | None = None,
) -> list[Line]:
    """The lines of these measures, in this order; of the headline measures if none is named.

    Names are as `typed_names` has them. `area`: by default the force. Nothing is known to be unusual in a night of an earlier
    version, which had no control charts. Raises UnknownNameError.
    """
    chosen = _chosen_measures(measures)
    force = force_named(force, forces_of(con))
    place = area_named(area, area_type, areas_of(con, force), marts={row["mart"] for row in chosen})
    # These names come from the project's list, never from the person.
    wanted_measures = ", ".join(f"({n}, {literal(row['mart'])}, {literal(row['measure'])})" for n, row in enumerate(chosen))
    values = {"force": force, "area_type": place.kind, "area_code": place.code}
    charts = charts_in_words(_OWN_CHARTS, "area") if has_table(con, "marts", CHARTS) else _NO_CHARTS
    query = _LINES.format(wanted=wanted_measures, charts=charts)
    rows = con.cursor().execute(query, values).fetchall()
    changed = [r for r in rebases(con, force) if r[2:5] == (place.kind, place.name, "all")]
    lines = []
    for row, (variation, *figures) in zip(chosen, rows, strict=True):
        is_across = any(_is_across(r.month, figures[0]) for r in changed if r[:2] == (row["mart"], row["measure"]))
        unusual = NOT_JUDGED if is_across else UNUSUAL[variation]
        lines.append(Line(row["mart"], row["measure"], row["title"], row["unit"], place.name, *figures, unusual=unusual))
    return lines


def _is_across(changed: date, month: str) -> bool:
    """Whether a line compares months before a known change with later ones: of the last month and twelve months, or of those a
    year before. `month`: a label, such as `Oct 2025`."""
    if not month:
        return False
    newest = datetime.strptime(month, "%b %Y")
    return 0 <= 12 * (newest.year - changed.year) + newest.month - changed.month < 23


def _chosen_measures(measures: Sequence[str]) -> list[Mapping[str, str]]:
    """Rows of the measure list, in the order in which they were named, each once."""
    listed = [r for r in read_seed("measure_list") if r["is_published"] == "true"]
    if not measures:
        return [r for r in listed if r["is_headline"] == "true"]
    return list({(r["mart"], r["measure"]): r for name in measures for r in measures_named(name, listed=listed)}.values())
