"""mart_public_health: values as published, one row per indicator, area, sex and period. Nothing is added up."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from .periods import Month

# Defaults; the tests pass the project's own seed. One indicator may feed several measures.
INDICATORS = {
    "92432": [
        ("drug_misuse_deaths", "count", "Count"),
        ("drug_misuse_death_rate", "per_100k", "Value"),
    ],
    "93764": [("alcohol_admission_rate", "per_100k", "Value")],
    "94160": [("ocu_prevalence", "per_100k", "Value")],
    "94161": [("treatment_registrations", "count", "Value")],
}


def area_type(published):
    """The mart's area type for one of Fingertips. None if the mart has none: those rows are dropped."""
    text = published or ""
    if text.startswith(("England", "Country")):
        return "country"
    if "Region" in text or "region" in text:
        return "region"
    if "District" in text or "Lower" in text:
        return "district"
    if "Count" in text or "Upper" in text or "UA" in text:
        return "upper_tier"
    return None


def period(published, last_year=2100):
    """(first day, last day) of `2024`, `2023/24`, `2021 - 23`, `2021/22 - 23/24`; None for any other shape, for years the wrong
    way round, and after `last_year`, which is the extraction's."""
    text = (published or "").strip()
    if match := re.fullmatch(r"(\d{4})(?: ?- ?(\d\d))?", text):
        first, last = match.groups()
        end = _full(first, last) if last else int(first)
        return (date(int(first), 1, 1), date(end, 12, 31)) if end <= last_year else None
    if match := re.fullmatch(r"(\d{4})/(\d\d)(?: ?- ?(\d\d)/(\d\d))?", text):
        first, after, _, last = match.groups()
        end = _full(first, last or after)
        if int(after) != (int(first) + 1) % 100 or end > last_year + 1:
            return None
        return Month(int(first) * 12 + 3).first, Month(end * 12 + 2).last
    return None


def _full(first, short):
    """2023 for (2021, `23`); 2000 for (1999, `00`)."""
    year = int(first[:2] + short)
    return year if year >= int(first) else year + 100


def public_health(rows, force, indicators):
    """Rows of the mart for the current rows of one force's downloads. Breakdowns (a Category) are dropped."""
    for row in rows:
        wanted = indicators.get(row["indicator_id"], [])
        kind, window = area_type(row["area_type"]), period(row["time_period"])
        if kind is None or window is None or row["category"]:
            continue
        for measure, unit, column in [wanted] if isinstance(wanted, tuple) else wanted:
            value = row[column.lower()]
            if value is not None:
                value = Decimal(value).quantize(Decimal("1e-10"), ROUND_HALF_UP)
            sex = row["sex"] or "Not recorded"
            yield {
                "mart": "mart_public_health", "force_code": force,
                "area_type": kind, "area_code": row["area_code"], "area_name": row["area_name"],
                "measure": measure, "category": "all" if sex == "Persons" else sex,
                "period_type": "as_published", "period_start": window[0], "period_end": window[1],
                "period_label": row["time_period"].strip(),
                "value": value, "unit": unit, "numerator": None, "denominator": None,
                "prior_value": None, "volume_change": None, "pct_change": None,
                "data_status": "not_available" if value is None else "complete",
            }  # fmt: skip
