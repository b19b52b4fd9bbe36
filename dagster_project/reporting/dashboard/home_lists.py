"""A home's own lists for the dashboard: population of its areas and their outlines. None is shipped."""

from dataclasses import dataclass, field

from dagster_project.core.home import Home

from .outlines import Outlines, read_outlines
from .population import Population, read_population


@dataclass(frozen=True)
class HomeLists:
    """As `read_population` and `read_outlines` have them."""

    population: Population = field(default_factory=dict)
    outlines: Outlines = field(default_factory=dict)


NO_LISTS = HomeLists()


def read_home_lists(home: Home) -> HomeLists:
    """The lists of a home. Raises SeedError for one that can't be meant."""
    return HomeLists(read_population(home), read_outlines(home))
