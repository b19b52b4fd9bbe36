"""Nights of unusual files, run once, each compared with the plain model of tests/oracle."""

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
from oracle.unusual_files import Nights, write_unusual_files
from oracle.unusual_files.plan import BELIEVED
from support import candidate, land_night, publish_night, seed

from dagster_project.core.home import Home
from dagster_project.core.home_lists import OWN_LISTS
from dagster_project.landing import LedgerEntry, counts, read_ledger
from dagster_project.nights.night_run import NightRun


@dataclass
class ComparedNights:
    """A home after all its nights, and how each published one differed from the plain model."""

    home: Home
    nights: Nights
    runs: list[NightRun] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """The numbers of the published nights."""
    differences: list[list[str]] = field(default_factory=list)
    figures: list[int] = field(default_factory=list)
    landings: list[Landing] = field(default_factory=list)

    @property
    def landing(self) -> Landing:
        """The plain model's result for all nights."""
        return self.landings[-1]


def indicators() -> dict[str, list[tuple[str, str, str]]]:
    """What the plain model needs of the indicators: id -> measure, unit and the column of its value."""
    units = {row["measure"]: row["unit"] for row in seed("measure_list")}
    by_indicator: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in seed("public_health_indicators"):
        if row["priority"] == "1":  # the plain model does not know that one indicator can replace another
            by_indicator[row["indicator_id"]].append((row["measure"], units[row["measure"]], row["value_column"].title()))
    return dict(by_indicator)


def drop(home: Home, files: list[Path], folder: str) -> None:
    """Copy a night's files and their manifests into the inbox, times kept."""
    into = home.inbox / folder
    into.mkdir(exist_ok=True)
    for file in files:
        for path in (file, file.with_name(f"{file.name}.manifest.json")):
            if path.exists():
                shutil.copy2(path, into / path.name)


def ledger_rows(entries: list[LedgerEntry]) -> list[dict[str, Any]]:
    """The ledger with each load's final counts, as `oracle.compare.diff_files` takes it."""
    totals = counts(entries)
    rows = []
    for entry in entries:
        row = entry.model_dump()
        if entry.load_id in totals:
            last = totals[entry.load_id]
            row |= {n: getattr(last, n) for n in ("rows_landed", "rows_quarantined", "rows_duplicate")}
        rows.append(row)
    return rows


def figure_differences(expected: list[dict[str, Any]], actual: list[tuple[Any, ...]]) -> list[str]:
    """`oracle.compare.diff`, run only where rows differ in any digit, as it is slow."""
    if Counter(map(itemgetter(*COLUMNS), expected)) == Counter(actual):
        return []
    return diff(expected, [dict(zip(COLUMNS, row, strict=True)) for row in actual])


ONLY_LANDED = (2, 3)
"""In the suite these nights are only landed: the last one publishes their files and its own."""
UNITS = ("amber-valley", "chesterfield", "derby-east")
"""Two of one section and one of the other. Other units are not on the home's list."""


def list_areas(home: Home, areas: list[dict[str, str]]) -> None:
    """Give a home a list of areas of its own."""
    home.seeds.mkdir()
    with (home.seeds / "areas.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, OWN_LISTS["areas"], extrasaction="ignore")
        rows.writeheader()
        rows.writerows(areas)


def run_compared_nights(folder: Path, seed_number: int) -> ComparedNights:
    """All nights of one seed, published one after another, and compared after each. The long run publishes every night, and has
    all units: twice the figures, but the same SQL.
    """
    nights = write_unusual_files(folder / "drop", seed=seed_number, indicators=indicators())
    compared = ComparedNights(Home(folder / "home").create(), nights)
    compared.home.config_file.write_text(BELIEVED, encoding="utf-8")
    if not how_often.IS_LONG:
        nights.areas[:] = [area for area in nights.areas if area["lpu_code"] in UNITS]
        list_areas(compared.home, nights.areas)
    codes = {row["offence_code"]: row["offence_class"] for row in seed("offence_codes")}
    for n, files in enumerate(nights.nights, start=1):
        drop(compared.home, files, f"night{n}")
        compared.landings.append(land(nights.nights[:n], nights.forces))
        if n in ONLY_LANDED and not how_often.IS_LONG:
            land_night(compared.home)
            continue
        compared.runs.append(publish_night(compared.home))
        compared.numbers.append(n)
        expected = marts(compared.landing, nights.areas, nights.forces, offence_codes=codes, indicators=indicators())
        with candidate(compared.home) as con:
            actual = con.execute(f"select {', '.join(COLUMNS)} from warehouse.marts.measures").fetchall()
        compared.differences.append(figure_differences(expected, actual))
        compared.figures.append(len(actual))
    return compared


@pytest.fixture(scope="session")
def compared_nights(tmp_path_factory: pytest.TempPathFactory) -> ComparedNights:
    """All nights of one seed. To be read, not changed."""
    return run_compared_nights(tmp_path_factory.mktemp("compared"), int(os.environ.get("PAM_TEST_SEED", "1")))


def file_differences(compared: ComparedNights) -> list[str]:
    """Files on which the ledger and the plain model disagree."""
    return diff_files(compared.landing.files, ledger_rows(read_ledger(compared.home)))
