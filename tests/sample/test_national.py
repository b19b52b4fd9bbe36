"""The national case: a file for each extract and force, with the requested number of rows, clearly made up; all rows land."""

import csv
import hashlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import national
from dagster_project.contracts import load_contracts
from dagster_project.core.home import Home
from dagster_project.core.project_lists import force_names
from dagster_project.landing import find_files, land_files

YEARS, SCALE = 2, 0.02
FORCES = ("derbyshire", "btp")


@pytest.fixture(scope="module")
def national_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Small files of two forces and two years."""
    return national.write_national(tmp_path_factory.mktemp("national"), FORCES, YEARS, SCALE)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_extract_of_every_force_is_written_and_lands_whole(national_files: list[Path], tmp_path: Path) -> None:
    contracts, home = load_contracts(), Home(tmp_path / "home").create()
    national.write_areas(home, FORCES)
    files = find_files(national_files[0].parent, contracts, force_names())
    extracts = (*national.EXTRACTS, "iom_cohort", "public_health")
    assert {(f.extract, f.force_code) for f in files} == {(x, f) for x in extracts for f in FORCES}
    entries = land_files(home, contracts, files, "20260105-0200", now=datetime(2026, 1, 5, tzinfo=UTC), archive=False)
    assert {e.outcome for e in entries} == {"accepted"}, [e.reason for e in entries if e.outcome != "accepted"]
    assert sum(e.rows_quarantined or 0 for e in entries) == 0
    assert sum(e.rows_landed or 0 for e in entries) == sum(len(rows(p)) for p in national_files)
    by_extract = Counter()
    for e in entries:
        by_extract[e.extract, e.force_code] += e.rows_landed or 0
    assert by_extract["incidents", "btp"] == round(national.EXTRACTS["incidents"].rows * YEARS * SCALE)


def test_every_row_is_marked_as_made_up(national_files: list[Path]) -> None:
    for path in national_files:
        for row in rows(path):
            assert any(mark in value for value in row.values() for mark in ("SAMPLE", "ample")), (path.name, row)


def test_files_have_the_same_bytes_each_time_and_forces_have_different_rows(national_files: list[Path], tmp_path: Path) -> None:
    again = national.write_national(tmp_path, FORCES[::-1], YEARS, SCALE)
    digests = [[hashlib.sha256(p.read_bytes()).hexdigest() for p in paths] for paths in (national_files, again)]
    assert digests[0] == digests[1]
    intelligence = [p for p in national_files if p.name.startswith("intelligence")]
    first, second = ([tuple(r.values())[1:] for r in rows(p)] for p in intelligence)
    assert first != second


def test_the_forces_are_those_of_the_national_case(tmp_path: Path) -> None:
    assert len(national.forces_named("all")) == 44 and national.forces_named("derbyshire, KENT") == ["derbyshire", "kent"]
    with pytest.raises(ValueError, match="no force is called kentt; is kent meant"):
        national.write_national(tmp_path, ["kentt"], 1)
