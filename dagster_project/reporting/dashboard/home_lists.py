"""Lists for the dashboard that a home may have: population and outlines of its areas."""

from dataclasses import dataclass, field

from dagster_project.core.home import Home

from .outlines import Outlines, read_outlines
from .population import Population, read_population


@dataclass(frozen=True)
class HomeLists:
    """What `read_population` and `read_outlines` return."""

    population: Population = field(default_factory=dict)
    outlines: Outlines = field(default_factory=dict)


NO_LISTS = HomeLists()


def read_home_lists(home: Home) -> HomeLists:
    """The lists of a home. Raises SeedError for an invalid one."""
    return HomeLists(read_population(home), read_outlines(home))
