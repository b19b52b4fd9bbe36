"""A home's own list of the population of its areas, for rates: `seeds/population.csv`. We ship none."""

from dagster_project.core.home import Home
from dagster_project.core.own_lists import read_own_list

Population = dict[str, tuple[int, str]]
"""By `force/area_type/area_code`: the number of people, and when they were counted."""
COLUMNS = ("force_code", "area_type", "area_code", "population", "as_of")
"""`as_of`: when and by whom they were counted, as the page prints it: `Mid-2024 estimate, ONS`."""


def read_population(home: Home) -> Population:
    """Read the population of areas; empty if the home has no list. Raises SeedError, with file, line and reason."""
    rows = read_own_list(home.seeds / "population.csv", COLUMNS)
    return {f"{force}/{area_type}/{area_code}": (int(people), as_of) for force, area_type, area_code, people, as_of in rows}
