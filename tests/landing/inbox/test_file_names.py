"""File names: what they mean, and why some are invalid."""

import fnmatch
import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.contracts import load_contracts
from dagster_project.landing.inbox.file_names import describe, find_files
from dagster_project.landing.mappings.file_name_patterns import read_pattern

CONTRACTS = load_contracts()
FORCES = {"derbyshire", "avon-and-somerset"}
GOOD = "incidents__derbyshire__2023-01-01__2025-12-31__20260105T020000Z.csv"


def read_name(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_text("x")
    return describe(path, CONTRACTS, FORCES)


def test_a_canonical_name(tmp_path):
    file = read_name(tmp_path, GOOD)
    assert file.problem is None
    assert (file.form, file.extract, file.force_code, file.container) == (
        "canonical",
        "incidents",
        "derbyshire",
        ".csv",
    )
    assert (file.covered_from, file.covered_to) == (date(2023, 1, 1), date(2025, 12, 31))
    assert file.extracted_at == datetime(2026, 1, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize("ext", [".csv", ".CSV", ".csv.gz", ".Csv.GZ"])
def test_extensions_in_any_case(tmp_path, ext):
    file = read_name(tmp_path, GOOD.removesuffix(".csv") + ext)
    assert file.problem is None and file.container == ext.lower()


@pytest.mark.parametrize(
    ("name", "extract", "force", "to"),
    [
        ("2024-02-derbyshire-street.csv", "street_crime", "derbyshire", date(2024, 2, 29)),
        (
            "2024-01-avon-and-somerset-stop-and-search.csv",
            "stop_search",
            "avon-and-somerset",
            date(2024, 1, 31),
        ),
    ],
)
def test_data_police_uk_names_cover_their_month(tmp_path, name, extract, force, to):
    file = read_name(tmp_path, name)
    assert file.problem is None and file.form == "police_uk"
    assert (file.extract, file.force_code, file.covered_to) == (extract, force, to)
    assert file.covered_from == to.replace(day=1) and file.extracted_at is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("notes.txt", "not a kind of file"),
        ("notes.csv", "neither"),
        (GOOD.replace("incidents", "accidents"), "no contract is called 'accidents'"),
        (GOOD.replace("derbyshire", "mordor"), "unknown force 'mordor'"),
        (GOOD.replace("2023-01-01", "2025-02-30"), "covered from: '2025-02-30'"),
        (GOOD.replace("2025-12-31", "31-12-2025"), "covered to: '31-12-2025'"),
        (GOOD.replace("2023-01-01", "20230101"), "covered from"),
        (GOOD.replace("2023-01-01", "0023-01-01"), "covered from"),
        (GOOD.replace("2023-01-01", "2026-01-01"), "ends before it begins"),
        (GOOD.replace("T020000Z", "T020000"), "extracted at"),
        (GOOD.replace("T020000Z", "T250000Z"), "no time there is"),
        ("2024-13-derbyshire-street.csv", "no month there is"),
        ("2024-01-mordor-street.csv", "unknown force 'mordor'"),
        ("2024-01-derbyshire-outcomes.csv", "no contract takes this file"),
    ],
)
def test_invalid_names_are_reported_with_the_reason(tmp_path, name, reason):
    assert reason in read_name(tmp_path, name).problem


def test_which_files_of_the_inbox_are_found(tmp_path):
    for name in (
        GOOD,
        GOOD + ".manifest.json",
        GOOD + ".part",
        "upload.tmp",
        ".hidden.csv",
        "THUMBS.db",
        "2024-01/Desktop.ini",
        "2024-01/2024-01-derbyshire-street.csv",
        ".old/2024-02-derbyshire-street.csv",
        "odd.doc",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    (tmp_path / "2024-03-derbyshire-street.csv").mkdir()
    files = find_files(tmp_path, CONTRACTS, FORCES)
    assert sorted(f.name for f in files) == ["2024-01-derbyshire-street.csv", GOOD, "odd.doc"]
    assert [f.name for f in files if f.problem] == ["odd.doc"]


def test_missing_inbox_has_no_files(tmp_path):
    assert find_files(tmp_path / "none", CONTRACTS, FORCES) == []


def test_globs_match_as_fnmatch_does_without_backtracking():
    rng = random.Random(20260103)
    for _ in range(3000):
        pattern = "".join(rng.choices("**?ab", k=rng.randint(1, 9)))
        name = "".join(rng.choices("abAB", k=rng.randint(0, 9)))
        assert read_pattern(pattern).fits(name) == fnmatch.fnmatchcase(name.lower(), pattern), (pattern, name)
    many_stars = read_pattern("*a" * 60 + ".csv")
    assert many_stars.fits("xa" * 90 + ".CSV") and not many_stars.fits("a" * 250 + "b")
    dates = read_pattern("*run*{month:%b %Y}*.xlsx").read("Run 2 of incidents Oct 2025 (1).xlsx")
    assert dates[0].isoformat() == "2025-10-01"


@pytest.mark.parametrize(
    ("pattern", "name", "first"),
    [
        ("*{month:%B %Y}*.csv", "Force report October 2025 v2.csv", date(2025, 10, 1)),
        ("N*{month:%m%y}.csv", "N 1225.csv", date(2025, 12, 1)),
        ("*{from:%Y%m%d}*{to:%Y%m%d}*.csv", "CAD 20251001 to 20251031 x.csv", date(2025, 10, 1)),
        ("*{from:%d%m%Y}-{to:%d%m%Y}.csv", "CAD 31102025-30112025.csv", date(2025, 10, 31)),
        # A day and the time of another were an extraction of 2 January.
        ("CAD*{from:%d%m%Y%H%M}*{to:%d%m%Y%H%M}*.csv", "CAD 20251 311020250930 301120250930 x.csv", date(2025, 10, 31)),
        # It was December 2020.
        ("*{month:%b %y}*.csv", "Incidents 2 Dec 25 v2.csv", date(2025, 12, 1)),
    ],
)
def test_a_star_takes_no_part_of_the_date_after_it(pattern, name, first):
    assert read_pattern(pattern).read(name)[0] == first


def test_a_date_that_may_end_in_several_places_is_not_guessed():
    _, _, at = read_pattern("CAD*{at:%Y%m%d%H%M}*.csv").read("CAD 20251201 202512020930.csv")
    assert at == datetime(2025, 12, 2, 9, 30, tzinfo=UTC)
    assert read_pattern("*{month:%b %y}*.csv").read("Incidents Dec 2025.csv") is None
    assert read_pattern("*{year:%y}*.csv").read("Incidents 2025.csv")[0] == date(2025, 1, 1)
    assert read_pattern("*{month:%m%Y}*.csv").read("Incidents 12025.csv")[0] == date(2025, 1, 1)
    # It took minutes to see that no date is there.
    assert read_pattern("*{from:%d%m%Y}*{to:%d%m%Y}*{at:%Y%m%d%H%M}*.csv").read("1" * 150 + ".txt") is None
