"""Made-up crimes that add up to 2.1 and 2.2 of the report.

Assumed: which code an offence has within its class, cancelled crimes (one for every 25 drug offences, never
counted), and other crimes (burglary, robbery, assault and so on).
"""

from . import printed_figures
from .files import Extract
from .random_rows import draw, random_for, with_references, with_units
from .spans import Total, draw_days, span

COVERED = span("2023-04-01", "2025-12-31")
CODES = {
    "possession_offences": {"92E/1": 60, "92D/1": 30, "92D": 3, "92C/1": 4, "92E": 3},
    "trafficking_offences": {"92A/1": 50, "92A/2": 30, "92A": 5, "92A/3": 15},
}
CANCELLED_SHARE = 25
OTHERS = {"28E/1": 10, "30C/1": 8, "34B/1": 5, "8N/1": 20, "105A/1": 25, "125/9": 8, "58D/1": 10}
OTHER_CRIMES = 1800


def crimes() -> Extract:
    """Recorded crimes, and some that were cancelled."""
    rng = random_for("crimes")
    rows: list[tuple[str, str, str]] = []
    for measure, codes in CODES.items():
        days = draw_days(rng, printed_figures.pieces(measure, COVERED))
        rows += zip(days, draw(rng, codes, len(days)), ["Recorded"] * len(days), strict=True)
        days = draw_days(rng, [Total(COVERED, len(days) // CANCELLED_SHARE)])
        rows += zip(days, draw(rng, codes, len(days)), ["Cancelled"] * len(days), strict=True)
    days = draw_days(rng, [Total(COVERED, OTHER_CRIMES)])
    rows += zip(days, draw(rng, OTHERS, len(days)), rng.choices(["Recorded", "Cancelled"], [19, 1], k=len(days)), strict=True)
    rows = with_units(rng, sorted(rows))
    return Extract("crimes", COVERED, "crime_ref, recorded_on, offence_code, status, lpu", with_references("CRI", rows))
