"""Made-up searches that add up to 3.2 and 3.3 of the report.

The report prints find rates, not finds: the finds are the fewest that make each printed rate or a little more
(41% of 637 searches: 262). Assumed: searches for other things (two for every three drug searches), powers,
outcomes, ages and ethnicities, with blanks as published searches have them. Times are written in UTC, so that
a search just after midnight in summer has the day before: it must be converted to London time.
"""

from datetime import UTC, datetime
from random import Random

from dagster_project.core.home import LONDON

from . import printed_figures
from .files import Extract
from .random_rows import Weights, add_times, draw, random_for, with_references, with_units
from .spans import Total, draw_days, span, split_totals

COVERED = span("2023-04-01", "2025-12-31")

DRUG_OBJECTS = {"Controlled drugs": 90, "Drugs": 5, "controlled drugs": 3, "CONTROLLED DRUGS": 2}
OTHER_OBJECTS = {
    "Offensive weapons": 30, "Stolen goods": 25, "Article for use in theft": 15, "Articles for use in criminal damage": 6,
    "": 14,
}  # fmt: skip
DRUG_POWERS = {"Misuse of Drugs Act 1971 (section 23)": 96, "Police and Criminal Evidence Act 1984 (section 1)": 2, "": 2}
OTHER_POWERS = {
    "Police and Criminal Evidence Act 1984 (section 1)": 85, "Criminal Justice and Public Order Act 1994 (section 60)": 8,
    "": 7,
}  # fmt: skip
NOTHING = {"A no further action disposal": 86, "Arrest": 8, "Caution (simple or conditional)": 2, "": 4}
FOUND = {
    "Community resolution": 34, "Arrest": 28, "Khat or Cannabis warning": 14, "A no further action disposal": 12,
    "Summons / charged by post": 8, "Penalty Notice for Disorder": 2, "": 2,
}  # fmt: skip
AGES = {"10-17": 20, "18-24": 33, "25-34": 24, "over 34": 19, "": 4}
ETHNICITIES = {
    "White - English/Welsh/Scottish/Northern Irish/British": 62, "Asian/Asian British - Pakistani": 8,
    "White - Any other White background": 6, "Black/African/Caribbean/Black British - Caribbean": 4,
    "Mixed/Multiple ethnic groups - White and Black Caribbean": 4, "Other ethnic group - Not stated": 12, "": 4,
}  # fmt: skip


def stop_search() -> Extract:
    """Searches of the force's own system, which says whether the object was found."""
    rng = random_for("stop_search")
    searched = printed_figures.pieces("drug_searches", COVERED)
    days = draw_days(rng, searched)
    object_found = ["N"] * len(days)
    for piece in split_totals(_finds(), COVERED):
        for at in rng.sample(piece.span.places(days), piece.value):
            object_found[at] = "Y"
    rows = _rows(rng, days, DRUG_POWERS, DRUG_OBJECTS, object_found)
    rows += _rows(
        rng, draw_days(rng, [Total(each.span, each.value * 2 // 3) for each in searched]), OTHER_POWERS, OTHER_OBJECTS
    )
    rows.sort()
    hits, misses = draw(rng, FOUND, len(rows)), draw(rng, NOTHING, len(rows))
    whole = [
        (_utc(at), *rest, hit if rest[2] == "Y" else miss) for (at, *rest), hit, miss in zip(rows, hits, misses, strict=True)
    ]
    return Extract(
        "stop_search", COVERED, "search_ref, searched_at, legislation, object_of_search, object_found, age_range,"
        " self_defined_ethnicity, outcome, lpu", with_references("SRC", with_units(rng, whole)),
    )  # fmt: skip


def _rows(
    rng: Random, days: list[str], powers: Weights, objects: Weights, found: list[str] | None = None
) -> list[tuple[str, ...]]:
    """Time, power, object, whether it was found (drawn, if not given), age and ethnicity of searches on these days."""
    number = len(days)
    times, powers_used, objects_drawn = add_times(rng, days), draw(rng, powers, number), draw(rng, objects, number)
    found = found or rng.choices("YN", [2, 8], k=number)
    ages, ethnicities = draw(rng, AGES, number), draw(rng, ETHNICITIES, number)
    return list(zip(times, powers_used, objects_drawn, found, ages, ethnicities, strict=True))


def _finds() -> list[Total]:
    """Finds in each span with a printed find rate."""
    searched = {each.span: each.value for each in printed_figures.totals("drug_searches", COVERED)}
    rates = printed_figures.totals("drug_find_rate", COVERED)
    return [Total(rate.span, -(-searched[rate.span] * rate.value // 100)) for rate in rates]


def _utc(london: str) -> str:
    """London time as UTC with an offset, as data.police.uk writes it."""
    return datetime.fromisoformat(london).replace(tzinfo=LONDON).astimezone(UTC).isoformat()
