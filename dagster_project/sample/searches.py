"""Made-up searches that add up to 3.2 and 3.3 of the report.

The report prints find rates, not finds: the finds are the fewest that make each printed rate or a little more
(41% of 637 searches: 262). Assumed: searches for other things (two for every three drug searches), powers,
outcomes, ages and ethnicities, with blanks as published searches have them. Times are written in UTC, so that
a search just after midnight in summer has the day before: it must be converted to London time.
"""

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

from .files import Extract
from .published import Published
from .random_rows import Choice, add_times, random_for, references, units
from .spans import Total, choose, draw_days, span, split_totals

COVERED = span("2023-04-01", "2025-12-31")
LONDON = ZoneInfo("Europe/London")

DRUG_OBJECTS = Choice({"Controlled drugs": 90, "Drugs": 5, "controlled drugs": 3, "CONTROLLED DRUGS": 2})
OTHER_OBJECTS = Choice(
    {
        "Offensive weapons": 30,
        "Stolen goods": 25,
        "Article for use in theft": 15,
        "Articles for use in criminal damage": 6,
        "": 14,
    }
)
DRUG_POWERS = Choice(
    {"Misuse of Drugs Act 1971 (section 23)": 96, "Police and Criminal Evidence Act 1984 (section 1)": 2, "": 2}
)
OTHER_POWERS = Choice(
    {
        "Police and Criminal Evidence Act 1984 (section 1)": 85,
        "Criminal Justice and Public Order Act 1994 (section 60)": 8,
        "": 7,
    }
)
NOTHING = Choice({"A no further action disposal": 86, "Arrest": 8, "Caution (simple or conditional)": 2, "": 4})
FOUND = Choice(
    {
        "Community resolution": 34,
        "Arrest": 28,
        "Khat or Cannabis warning": 14,
        "A no further action disposal": 12,
        "Summons / charged by post": 8,
        "Penalty Notice for Disorder": 2,
        "": 2,
    }
)
AGES = Choice({"10-17": 20, "18-24": 33, "25-34": 24, "over 34": 19, "": 4})
ETHNICITIES = Choice(
    {
        "White - English/Welsh/Scottish/Northern Irish/British": 62,
        "Asian/Asian British - Pakistani": 8,
        "White - Any other White background": 6,
        "Black/African/Caribbean/Black British - Caribbean": 4,
        "Mixed/Multiple ethnic groups - White and Black Caribbean": 4,
        "Other ethnic group - Not stated": 12,
        "": 4,
    }
)


def stop_search(published: Published) -> Extract:
    """Searches of the force's own system, which says whether the object was found."""
    rng = random_for("stop_search")
    searched = split_totals(published.totals("drug_searches", COVERED), COVERED)
    days = draw_days(rng, searched)
    found = _object_found(rng, days, split_totals(_finds(published), COVERED))
    number = len(days)
    rows = [
        *zip(
            add_times(rng, days),
            DRUG_POWERS.draw(rng, number),
            DRUG_OBJECTS.draw(rng, number),
            found,
            AGES.draw(rng, number),
            ETHNICITIES.draw(rng, number),
            strict=True,
        )
    ]
    days = draw_days(rng, [Total(each.span, each.value * 2 // 3) for each in searched])
    number = len(days)
    rows += zip(
        add_times(rng, days),
        OTHER_POWERS.draw(rng, number),
        OTHER_OBJECTS.draw(rng, number),
        rng.choices("YN", [2, 8], k=number),
        AGES.draw(rng, number),
        ETHNICITIES.draw(rng, number),
        strict=True,
    )
    rows.sort()
    number = len(rows)
    hits, misses = FOUND.draw(rng, number), NOTHING.draw(rng, number)
    return Extract(
        "stop_search",
        COVERED,
        [
            "search_ref",
            "searched_at",
            "legislation",
            "object_of_search",
            "object_found",
            "age_range",
            "self_defined_ethnicity",
            "outcome",
            "lpu",
        ],
        [
            (ref, _utc(row[0]), *row[1:], hit if row[3] == "Y" else miss, lpu)
            for ref, row, hit, miss, lpu in zip(
                references("SRC", number), rows, hits, misses, units(published).draw(rng, number), strict=True
            )
        ],
    )


def _finds(published: Published) -> list[Total]:
    """Finds in each span with a printed find rate."""
    searched = {each.span: each.value for each in published.totals("drug_searches", COVERED)}
    return [
        Total(each.span, -(-searched[each.span] * each.value // 100)) for each in published.totals("drug_find_rate", COVERED)
    ]


def _object_found(rng: Random, days: list[str], finds: list[Total]) -> list[str]:
    """Y for as many rows of each piece as it has finds, else N."""
    found = ["N"] * len(days)
    for piece in finds:
        first, last = piece.span.start.isoformat(), piece.span.end.isoformat()
        for at in choose(rng, [at for at, day in enumerate(days) if first <= day <= last], piece.value):
            found[at] = "Y"
    return found


def _utc(london: str) -> str:
    """London time as UTC with an offset, as data.police.uk writes it."""
    return datetime.fromisoformat(london).replace(tzinfo=LONDON).astimezone(UTC).isoformat()
