"""Files as published on data.police.uk, if they are next to the checkout. Two of them have doubled rows."""

import shutil
from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the published files are not beside the checkout")


@pytest.fixture
def landed(warehouse):
    def land(name: str):
        shutil.copy(REAL / name, warehouse.home.inbox / name)
        (entry,) = warehouse.night()
        return entry

    return land


def test_every_search_of_a_month_loads(warehouse, landed):
    entry = landed("2019-12-derbyshire-stop-and-search.csv")
    assert (entry.outcome, entry.rows_landed, entry.rows_quarantined) == ("accepted", 198, 0)
    rows = warehouse.raw(entry)
    assert rows[0]["searched_at"] == "2019-12-01 13:10:00" and rows[0]["object_found"] is None
    assert "Latitude" in entry.unknown_columns and "Outcome linked to object of search" in entry.unknown_columns


def test_times_are_utc_and_the_first_row_belongs_to_the_next_month(warehouse, landed):
    entry = landed("2018-09-city-of-london-stop-and-search.csv")
    assert (entry.rows_landed, entry.rows_quarantined) == (148, 0)
    first = warehouse.raw(entry)[0]
    assert (first["searched_at"], first["_date"], first["_line"]) == (
        "2018-09-01 00:13:35",
        "2018-09-01",
        "2",
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("2020-07-city-of-london-stop-and-search.csv", "of the file occurs"),
        ("2024-02-derbyshire-street.csv", "Crime type 'Anti-social behaviour' occurs"),
    ],
)
def test_doubled_feeds_are_held(landed, name, reason):
    entry = landed(name)
    assert entry.outcome == "held" and reason in entry.reason


def test_month_with_genuine_repeats_is_not_held(landed):
    entry = landed("2024-01-derbyshire-street.csv")
    assert (entry.outcome, entry.rows_landed, entry.rows_duplicate) == ("accepted", 8216, 0)
    assert entry.unknown_columns == [] and entry.missing_columns == []
