"""A made-up inbox for Derbyshire: row-level extracts that add up to the printed report.

For trying the warehouse. No row is real, and every reference says so (`SAMPLE-...`). Rows are invented so that they add up to
the printed figures of `seeds/published_figures.csv`. What the report does not print (how events spread over days, other kinds
of incident, units, outcomes) is assumed, and each module says what it assumes. Nothing outside this package knows the figures:
the pipeline finds them by counting.
"""

from pathlib import Path

from .drug_tests import drug_tests
from .exploitation import county_lines, exploitation_outcomes, op_trapped, school_inputs
from .files import Extract
from .incidents import incidents, intelligence
from .money import aris_returns, cash, confiscation_orders, mda_orders
from .offences import crimes
from .prevention import community_voices, iom_cohort, iom_visits, naloxone, prevention_activity, pspo_enforcement, pspos
from .public_health import public_health
from .published import Published
from .searches import stop_search
from .street import street_crime

__all__ = ["write_sample"]

SUBJECTS = (
    incidents,
    intelligence,
    crimes,
    stop_search,
    drug_tests,
    naloxone,
    county_lines,
    exploitation_outcomes,
    op_trapped,
    school_inputs,
    confiscation_orders,
    aris_returns,
    mda_orders,
    pspos,
    pspo_enforcement,
    iom_cohort,
    iom_visits,
    community_voices,
    prevention_activity,
    public_health,
)


def write_sample(directory: Path) -> list[Path]:
    """Write the sample extracts to `directory`, which is made if needed. Returns their paths, sorted by name.

    The bytes are the same each time, on any day and Python. Files of the same name are overwritten. Raises ValueError if
    the seed's figures contradict each other, LookupError if one is missing, and OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    return sorted(extract.write(directory) for extract in _extracts(Published()))


def _extracts(published: Published) -> list[Extract]:
    """All files of the sample, before they are written."""
    return [*(subject(published) for subject in SUBJECTS), *cash(published), *street_crime()]
