"""The nights of awkward files, run once, each held against the plain model of tests/oracle."""

import csv
import os
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

import how_often
import pytest
from oracle.compare import diff, diff_files
from oracle.landing import Landing, land
from oracle.marts import COLUMNS, marts
from oracle.nasty import Nights, write_nasty
from oracle.nasty.plan import BELIEVED
from support import candidate, land_night, publish_night, seed

from dagster_project.core.home import Home
from dagster_project.core.reference_lists import OWN_LISTS
from dagster_project.landing import LedgerEntry, counts, read_ledger
from dagster_project.nights.run import NightRun


@dataclass
class Awkward:
    """A home after all its nights, and what the comparison said after each that was published."""

    home: Home
    nights: Nights
    runs: list[NightRun] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Of the nights that were published."""
    differences: list[list[str]] = field(default_factory=list)
    figures: list[int] = field(default_factory=list)
    landings: list[Landing] = field(default_factory=list)

    @property
    def landing(self) -> Landing:
        """What the plain model makes of all nights."""
        return self.landings[-1]


def indicators() -> dict[str, list[tuple[str, str, str]]]:
    """What the plain model is told of the indicators: id -> measure, unit and the column of its value."""
    units = {row["measure"]: row["unit"] for row in seed("measure_list")}
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in seed("public_health_indicators"):
        if row["priority"] == "1":  # the plain model does not know that one indicator stands in for another
            found[row["indicator_id"]].append((row["measure"], units[row["measure"]], row["value_column"].title()))
    return dict(found)


def drop(home: Home, files: list[Path], folder: str) -> None:
    """Copy a night's files and their manifests into the inbox, times kept."""
    into = home.inbox / folder
    into.mkdir(exist_ok=True)
    for file in files:
        for path in (file, file.with_name(f"{file.name}.manifest.json")):
            if path.exists():
                shutil.copy2(path, into / path.name)


def as_oracle(entries: list[LedgerEntry]) -> list[dict[str, Any]]:
    """The ledger with each load's final counts, as `oracle.compare.diff_files` takes it."""
    totals = counts(entries)
    found = []
    for entry in entries:
        row = entry.model_dump()
        if entry.load_id in totals:
            last = totals[entry.load_id]
            row |= {n: getattr(last, n) for n in ("rows_landed", "rows_quarantined", "rows_duplicate")}
        found.append(row)
    return found


def differing(expected: list[dict[str, Any]], actual: list[tuple[Any, ...]]) -> list[str]:
    """`oracle.compare.diff`, asked only where rows are not alike to the last digit: it is thorough, and slow."""
    if Counter(map(itemgetter(*COLUMNS), expected)) == Counter(actual):
        return []
    return diff(expected, [dict(zip(COLUMNS, row, strict=True)) for row in actual])


LANDED_ALONE = 3
"""The night that is only landed in the suite: the next one publishes what both brought."""
UNITS = ("amber-valley", "chesterfield", "derby-east")
"""Two of one section and one of the other. Rows of others are of a unit that the home's list does not have."""


def list_areas(home: Home, areas: list[dict[str, str]]) -> None:
    """Give a home a list of areas of its own."""
    home.seeds.mkdir()
    with (home.seeds / "areas.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, OWN_LISTS["areas"], extrasaction="ignore")
        rows.writeheader()
        rows.writerows(areas)


def run_awkward(folder: Path, seed_number: int) -> Awkward:
    """All nights of one seed, published one after another, and compared after each. The long run publishes each of them; and it
    has all units, which make twice the figures and say no more of SQL that treats all alike.
    """
    nights = write_nasty(folder / "drop", seed=seed_number, indicators=indicators())
    awkward = Awkward(Home(folder / "home").create(), nights)
    awkward.home.config_file.write_text(BELIEVED, encoding="utf-8")
    if not how_often.IS_LONG:
        nights.areas[:] = [area for area in nights.areas if area["lpu_code"] in UNITS]
        list_areas(awkward.home, nights.areas)
    codes = {row["offence_code"]: row["offence_class"] for row in seed("offence_codes")}
    for n, files in enumerate(nights.nights, start=1):
        drop(awkward.home, files, f"night{n}")
        awkward.landings.append(land(nights.nights[:n], nights.forces))
        if n == LANDED_ALONE and not how_often.IS_LONG:
            land_night(awkward.home)
            continue
        awkward.runs.append(publish_night(awkward.home))
        awkward.numbers.append(n)
        expected = marts(awkward.landing, nights.areas, nights.forces, offence_codes=codes, indicators=indicators())
        with candidate(awkward.home) as con:
            actual = con.execute(f"select {', '.join(COLUMNS)} from warehouse.marts.measures").fetchall()
        awkward.differences.append(differing(expected, actual))
        awkward.figures.append(len(actual))
    return awkward


@pytest.fixture(scope="session")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Awkward:
    """All nights of one seed. To be read, not changed."""
    return run_awkward(tmp_path_factory.mktemp("awkward"), int(os.environ.get("PAM_TEST_SEED", "1")))


def file_differences(awkward: Awkward) -> list[str]:
    """Where the ledger and the plain model disagree on a file."""
    return diff_files(awkward.landing.files, as_oracle(read_ledger(awkward.home)))
