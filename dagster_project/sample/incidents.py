"""Made-up incidents, records of contact and intelligence items that add up to 6.4, 6.5 and 6.7 of the report.

Assumed, since the report does not print it: incidents other than drugs (a fifth of the rows), how drugs
incidents arrive, grades other than Emergency, the sources of intelligence, and about one item in twelve that
is not about drugs.
"""

from datetime import date
from random import Random

from .files import Extract
from .published import Published
from .random_rows import Choice, add_times, random_for, references, units
from .spans import Span, Total, choose, draw_days, span, split_totals

INCIDENTS_COVERED = span("2023-01-01", "2025-12-31")
INTELLIGENCE_COVERED = span("2023-01-01", "2025-11-30")
"""Until November: the report has no figure for December 2025, and prints `*`."""

GRADED_FROM = date(2023, 10, 1)
"""Grading started in October 2023 (6.5): earlier rows have no grade."""

OTHER_INCIDENTS = 2400
OTHER_INTELLIGENCE_SHARE = 12

DRUGS = Choice(
    {"Drugs": 60, "Drugs;Alcohol": 8, "Vehicle; Drugs": 8, "drugs": 2, "Youth;Drugs": 5, "Mental health;DRUGS ;Alcohol": 2}
)
NOT_DRUGS = Choice({"Alcohol": 6, "Mental health": 6, "Drug driving": 3, "Youth;Alcohol": 3, "Vehicle": 5, "": 4})
CHANNELS = Choice({"999": 20, "101": 38, "Online": 24, "Social media": 7, "Front counter": 4, "Officer": 5, "": 2})
GRADES = Choice({"Priority": 30, "Scheduled": 25, "Resolution without deployment": 40, "": 5})
SOURCES = Choice({"Officer": 62, "Crimestoppers": 15, "Partner agency": 14, "Member of public": 9})
DRUG_THEMES = Choice(
    {
        "Drugs": 55,
        "Drugs;County lines": 10,
        "Firearms;Drugs": 6,
        "Drugs; Modern slavery": 3,
        "drugs": 2,
        "Vehicle crime;Drugs": 4,
    }
)
OTHER_THEMES = Choice({"Firearms": 3, "County lines": 2, "Vehicle crime": 4, "Modern slavery": 2, "Drug driving": 1, "": 1})


def incidents(published: Published) -> Extract:
    """Incidents and records of contact (ROC), drugs and others."""
    rng = random_for("incidents")
    area = units(published)
    rows: list[tuple[str, ...]] = []
    for record_type, measure in (("INCIDENT", "incidents_drugs"), ("ROC", "roc_drugs")):
        days = draw_days(rng, split_totals(published.totals(measure, INCIDENTS_COVERED), INCIDENTS_COVERED))
        grades = _grades(rng, days, published.totals(f"{measure}_emergency", INCIDENTS_COVERED))
        rows += zip(
            add_times(rng, days),
            [record_type] * len(days),
            DRUGS.draw(rng, len(days)),
            grades,
            CHANNELS.draw(rng, len(days)),
            area.draw(rng, len(days)),
            strict=True,
        )
    days = draw_days(rng, [Total(INCIDENTS_COVERED, OTHER_INCIDENTS)])
    kinds = rng.choices(["INCIDENT", "ROC"], [9, 1], k=len(days))
    rows += zip(
        add_times(rng, days),
        kinds,
        NOT_DRUGS.draw(rng, len(days)),
        _grades(rng, days, []),
        CHANNELS.draw(rng, len(days)),
        area.draw(rng, len(days)),
        strict=True,
    )
    rows.sort()
    return Extract(
        "incidents",
        INCIDENTS_COVERED,
        ["incident_ref", "created_at", "record_type", "qualifiers", "grade", "channel", "lpu"],
        [(ref, *row) for ref, row in zip(references("INC", len(rows)), rows, strict=True)],
    )


def _grades(rng: Random, days: list[str], emergencies: list[Total]) -> list[str]:
    """A grade for each row: Emergency for as many rows of each span as printed."""
    graded_from = GRADED_FROM.isoformat()
    grades = [grade if day >= graded_from else "" for day, grade in zip(days, GRADES.draw(rng, len(days)), strict=True)]
    for total in emergencies:
        first, last = max(total.span.start, GRADED_FROM).isoformat(), total.span.end.isoformat()
        for at in choose(rng, [at for at, day in enumerate(days) if first <= day <= last], total.value):
            grades[at] = "Emergency"
    return grades


def intelligence(published: Published) -> Extract:
    """Intelligence items: with the theme Drugs as printed, and others."""
    rng = random_for("intelligence")
    totals = published.totals("intelligence_items", INTELLIGENCE_COVERED)
    # a year's total is that of its covered months: 2025 was printed to November
    totals = [Total(Span(each.span.start, min(each.span.end, INTELLIGENCE_COVERED.end)), each.value) for each in totals]
    drugs = draw_days(rng, split_totals(totals, INTELLIGENCE_COVERED))
    others = draw_days(rng, [Total(INTELLIGENCE_COVERED, len(drugs) // OTHER_INTELLIGENCE_SHARE)])
    rows = sorted(
        zip(drugs + others, DRUG_THEMES.draw(rng, len(drugs)) + OTHER_THEMES.draw(rng, len(others)), strict=True),
        key=lambda row: row[0],
    )
    number = len(rows)
    return Extract(
        "intelligence",
        INTELLIGENCE_COVERED,
        ["intel_ref", "submitted_on", "themes", "source", "lpu"],
        [
            (ref, day, themes, source, lpu)
            for ref, (day, themes), source, lpu in zip(
                references("INT", number), rows, SOURCES.draw(rng, number), units(published).draw(rng, number), strict=True
            )
        ],
        extracted_at="20251215T020000Z",
    )
