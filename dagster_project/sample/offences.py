"""Made-up crimes that add up to 2.1 and 2.2 of the report.

Assumed: which code an offence has within its class, cancelled crimes (one for every 25 drug offences, never
counted), and other crimes (burglary, robbery, assault and so on).
"""

from .files import Extract
from .published import Published
from .random_rows import Choice, random_for, references, units
from .spans import Total, draw_days, span, split_totals

COVERED = span("2023-04-01", "2025-12-31")
CODES = {
    "possession_offences": Choice({"92E/1": 60, "92D/1": 30, "92D": 3, "92C/1": 4, "92E": 3}),
    "trafficking_offences": Choice({"92A/1": 50, "92A/2": 30, "92A": 5, "92A/3": 15}),
}
CANCELLED_SHARE = 25
OTHERS = Choice({"28E/1": 10, "30C/1": 8, "34B/1": 5, "8N/1": 20, "105A/1": 25, "125/9": 8, "58D/1": 10})
OTHER_CRIMES = 1800


def crimes(published: Published) -> Extract:
    """Recorded crimes, and some that were cancelled."""
    rng = random_for("crimes")
    rows: list[tuple[str, str, str]] = []
    for measure, codes in CODES.items():
        days = draw_days(rng, split_totals(published.totals(measure, COVERED), COVERED))
        rows += zip(days, codes.draw(rng, len(days)), ["Recorded"] * len(days), strict=True)
        days = draw_days(rng, [Total(COVERED, len(days) // CANCELLED_SHARE)])
        rows += zip(days, codes.draw(rng, len(days)), ["Cancelled"] * len(days), strict=True)
    days = draw_days(rng, [Total(COVERED, OTHER_CRIMES)])
    rows += zip(days, OTHERS.draw(rng, len(days)), rng.choices(["Recorded", "Cancelled"], [19, 1], k=len(days)), strict=True)
    rows.sort()
    return Extract(
        "crimes",
        COVERED,
        ["crime_ref", "recorded_on", "offence_code", "status", "lpu"],
        [
            (ref, *row, lpu)
            for ref, row, lpu in zip(references("CRI", len(rows)), rows, units(published).draw(rng, len(rows)), strict=True)
        ],
    )
