"""Made-up monthly street files in the form of data.police.uk.

No figure of the report depends on them: all is assumed. As in published files, anti-social behaviour has no Crime ID, some IDs
appear twice in a month with another place, some rows have no place, and a few genuine rows are identical. The places are
clearly not real.
"""

import hashlib
from datetime import date

from .files import Extract
from .printed_figures import FORCE
from .random_rows import MARK, draw, random_for
from .spans import DAY, Span

MONTHS = (date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1))
ROWS = 1900
"""Rows of a month: about a quarter of a real file."""

TWICE_PER_THOUSAND = 30
HEADERS = (
    "Crime ID, Month, Reported by, Falls within, Longitude, Latitude, Location, LSOA code, LSOA name, Crime type,"
    " Last outcome category, Context"
)
TYPES = {
    "Violence and sexual offences": 38, "Anti-social behaviour": 14, "Public order": 9, "Criminal damage and arson": 8,
    "Shoplifting": 8, "Other theft": 7, "Vehicle crime": 5, "Burglary": 4, "Drugs": 3, "Other crime": 2,
    "Possession of weapons": 1, "Theft from the person": 1, "Robbery": 1, "Bicycle theft": 1,
}  # fmt: skip
DISTRICTS = {
    "Derby": 36, "Chesterfield": 13, "Amber Valley": 11, "Erewash": 10, "South Derbyshire": 8, "High Peak": 7, "Bolsover": 7,
    "North East Derbyshire": 6, "Derbyshire Dales": 4, "": 3,
}  # fmt: skip
OUTCOMES = {
    "Unable to prosecute suspect": 33, "Investigation complete; no suspect identified": 31, "Under investigation": 22,
    "Awaiting court outcome": 7, "Local resolution": 4, "Offender given a caution": 1,
}  # fmt: skip


def street_crime() -> list[Extract]:
    """A file for each of `MONTHS`."""
    return [_month(month) for month in MONTHS]


def _month(month: date) -> Extract:
    rng = random_for(f"street_crime {month}")
    drawn = [draw(rng, weights, ROWS) for weights in (TYPES, DISTRICTS, OUTCOMES)]
    label, known = f"{month:%Y-%m}", ""
    rows: list[tuple[str, ...]] = []
    for at, (kind, district, outcome) in enumerate(zip(*drawn, strict=True)):
        behaviour = kind == "Anti-social behaviour"
        if not behaviour and not (known and rng.randrange(1000) < TWICE_PER_THOUSAND):
            known = MARK.lower() + hashlib.sha256(f"{MARK} {label} {at}".encode()).hexdigest()[len(MARK) :]
        number = rng.randrange(1, 40)
        place = (f"-1.{number:02d}0000", f"53.{number:02d}0000", f"On or near Sample Street {number}", f"{MARK}{number:03d}",
                 f"{district} {number:03d}A") if district else ("", "", "No location", "", "")  # fmt: skip
        crime_id, ending = ("", "") if behaviour else (known, outcome)
        rows.append((crime_id, label, FORCE, FORCE, *place, kind, ending, ""))
    next_month = (month.replace(day=28) + 4 * DAY).replace(day=1)
    return Extract("street_crime", Span(month, next_month - DAY), HEADERS, rows, file_name=f"{label}-derbyshire-street.csv")
