"""Made-up incidents, records of contact and intelligence items that add up to 6.4, 6.5 and 6.7 of the report.

Assumed, since the report does not print it: incidents other than drugs (a fifth of the rows), how drugs
incidents arrive, grades other than Emergency, the sources of intelligence, and about one item in twelve that
is not about drugs.
"""

from datetime import date
from random import Random

from . import printed_figures
from .files import Extract
from .random_rows import Weights, add_times, draw, random_for, with_references, with_units
from .spans import Span, Total, draw_days, span, split_totals

INCIDENTS_COVERED = span("2023-01-01", "2025-12-31")
INTELLIGENCE_COVERED = span("2023-01-01", "2025-11-30")
"""Until November: the report has no figure for December 2025, and prints `*`."""

GRADED_FROM = date(2023, 10, 1)
"""Grading started in October 2023 (6.5): earlier rows have no grade."""

OTHER_INCIDENTS = 2400
OTHER_INTELLIGENCE_SHARE = 12

DRUGS = {"Drugs": 60, "Drugs;Alcohol": 8, "Vehicle; Drugs": 8, "drugs": 2, "Youth;Drugs": 5, "Mental health;DRUGS ;Alcohol": 2}
NOT_DRUGS = {"Alcohol": 6, "Mental health": 6, "Drug driving": 3, "Youth;Alcohol": 3, "Vehicle": 5, "": 4}
CHANNELS = {"999": 20, "101": 38, "Online": 24, "Social media": 7, "Front counter": 4, "Officer": 5, "": 2}
GRADES = {"Priority": 30, "Scheduled": 25, "Resolution without deployment": 40, "": 5}
SOURCES = {"Officer": 62, "Crimestoppers": 15, "Partner agency": 14, "Member of public": 9}
DRUG_THEMES = {
    "Drugs": 55, "Drugs;County lines": 10, "Firearms;Drugs": 6, "Drugs; Modern slavery": 3, "drugs": 2,
    "Vehicle crime;Drugs": 4,
}  # fmt: skip
OTHER_THEMES = {"Firearms": 3, "County lines": 2, "Vehicle crime": 4, "Modern slavery": 2, "Drug driving": 1, "": 1}


def incidents() -> Extract:
    """Incidents and records of contact (ROC), drugs and others."""
    rng = random_for("incidents")
    rows: list[tuple[str, ...]] = []
    for record_type, measure in (("INCIDENT", "incidents_drugs"), ("ROC", "roc_drugs")):
        days = draw_days(rng, printed_figures.pieces(measure, INCIDENTS_COVERED))
        grades = _grades(rng, days, printed_figures.totals(f"{measure}_emergency", INCIDENTS_COVERED))
        rows += _rows(rng, days, [record_type] * len(days), DRUGS, grades)
    days = draw_days(rng, [Total(INCIDENTS_COVERED, OTHER_INCIDENTS)])
    rows += _rows(rng, days, rng.choices(["INCIDENT", "ROC"], [9, 1], k=len(days)), NOT_DRUGS, None)
    columns = "incident_ref, created_at, record_type, qualifiers, grade, channel, lpu"
    return Extract("incidents", INCIDENTS_COVERED, columns, with_references("INC", sorted(rows)))


def _rows(
    rng: Random, days: list[str], types: list[str], qualifiers: Weights, grades: list[str] | None
) -> list[tuple[str, ...]]:
    """Rows without references. `grades`: None to draw them."""
    times, drawn = add_times(rng, days), draw(rng, qualifiers, len(days))
    grades = _grades(rng, days, []) if grades is None else grades
    return with_units(rng, list(zip(times, types, drawn, grades, draw(rng, CHANNELS, len(days)), strict=True)))


def _grades(rng: Random, days: list[str], emergencies: list[Total]) -> list[str]:
    """A grade for each row: Emergency for as many rows of each span as printed."""
    graded_from = GRADED_FROM.isoformat()
    grades = [grade if day >= graded_from else "" for day, grade in zip(days, draw(rng, GRADES, len(days)), strict=True)]
    for total in emergencies:
        for at in rng.sample(Span(max(total.span.start, GRADED_FROM), total.span.end).places(days), total.value):
            grades[at] = "Emergency"
    return grades


def intelligence() -> Extract:
    """Intelligence items: with the theme Drugs as printed, and others."""
    rng = random_for("intelligence")
    # a year's total is that of its covered months: 2025 was printed to November
    totals = [
        Total(Span(each.span.start, min(each.span.end, INTELLIGENCE_COVERED.end)), each.value)
        for each in printed_figures.totals("intelligence_items", INTELLIGENCE_COVERED)
    ]
    drugs = draw_days(rng, split_totals(totals, INTELLIGENCE_COVERED))
    others = draw_days(rng, [Total(INTELLIGENCE_COVERED, len(drugs) // OTHER_INTELLIGENCE_SHARE)])
    themes = draw(rng, DRUG_THEMES, len(drugs)) + draw(rng, OTHER_THEMES, len(others))
    items = sorted(zip(drugs + others, themes, strict=True), key=lambda item: item[0])
    sources = draw(rng, SOURCES, len(items))
    rows = with_units(rng, [(*item, source) for item, source in zip(items, sources, strict=True)])
    columns = "intel_ref, submitted_on, themes, source, lpu"
    return Extract("intelligence", INTELLIGENCE_COVERED, columns, with_references("INT", rows), "20251215T020000Z")
