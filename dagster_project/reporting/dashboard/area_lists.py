"""Lists for the dashboard that a home may have: population and outlines of its areas."""

from dataclasses import dataclass, field

from dagster_project.core.home import Home
from dagster_project.core.reference_lists import read_own_list

from .map_outlines import Outlines, read_outlines

Population = dict[str, tuple[int, str]]
"""By `force/area_type/area_code`: the number of people, and when they were counted."""
COLUMNS = ("force_code", "area_type", "area_code", "population", "as_of")
"""`as_of`: when and by whom they were counted, as the page prints it: `Mid-2024 estimate, ONS`."""


@dataclass(frozen=True)
class AreaLists:
    """Population, for rates, from `seeds/population.csv`, and outlines, for a map."""

    population: Population = field(default_factory=dict)
    outlines: Outlines = field(default_factory=dict)


NO_LISTS = AreaLists()


def read_area_lists(home: Home) -> AreaLists:
    """The lists of a home, and the project's outlines where it has none. Raises SeedError for an invalid list, with file, line
    and reason.
    """
    return AreaLists(read_population(home), read_outlines(home))


def read_population(home: Home) -> Population:
    """The population of areas. Raises SeedError."""
    rows = read_own_list(home.seeds / "population.csv", COLUMNS)
    return {f"{force}/{area_type}/{area}": (int(people), as_of) for force, area_type, area, people, as_of in rows}
