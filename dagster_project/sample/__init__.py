"""A made-up inbox for Derbyshire: row-level extracts that add up to the printed report.

For trying the warehouse. No row is real, and every reference says so (`SAMPLE-...`). Rows are invented so that they add up to
the printed figures of `seeds/published_figures.csv`. What the report does not print (how events spread over days, other kinds
of incident, units, outcomes) is assumed, and each module says what it assumes. Nothing outside this package knows the figures:
the pipeline finds them by counting.
"""

from pathlib import Path

from . import drug_tests, exploitation, incidents, money, offences, prevention, public_health, searches, street

__all__ = ["write_sample"]

SUBJECTS = (
    incidents.incidents, incidents.intelligence, offences.crimes, searches.stop_search, drug_tests.drug_tests,
    prevention.naloxone, exploitation.county_lines, exploitation.exploitation_outcomes, exploitation.op_trapped,
    exploitation.school_inputs, money.confiscation_orders, money.aris_returns, money.mda_orders, prevention.pspos,
    prevention.pspo_enforcement, prevention.iom_cohort, prevention.iom_visits, prevention.community_voices,
    prevention.prevention_activity, public_health.public_health,
)  # fmt: skip


def write_sample(directory: Path) -> list[Path]:
    """Write the sample extracts to `directory`, which is made if needed. Returns their paths, sorted by name.

    The bytes are the same each time, on any day and Python. Files of the same name are overwritten. Raises ValueError if
    the seed's figures contradict each other, LookupError if one is missing, and OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    extracts = [*(subject() for subject in SUBJECTS), *money.cash(), *street.street_crime()]
    return sorted(extract.write(directory) for extract in extracts)
