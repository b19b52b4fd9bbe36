"""Which loads a night may leave out without changing a figure. The error to look for: a withdrawn key that comes back from an
older file.
"""

from datetime import date
from itertools import count

import pytest

from dagster_project.contracts import load_contracts
from dagster_project.landing import LedgerEntry
from dagster_project.transform.raw_schema import loads_that_count

FILE_NUMBERS = count()
YEAR = ("2025-01-01", "2025-12-31")
FEB, JAN = ("2025-02-01", "2025-02-28"), ("2025-01-01", "2025-01-31")


def load(name: str, day: int, window: tuple[str, str] = YEAR, extract: str = "mda_orders", **fields) -> LedgerEntry:
    """An accepted file, extracted and landed on a day of January 2026."""
    base = {
        "night_id": f"202601{day:02d}T020000Z", "landed_at": f"2026-01-{day:02d}T02:00:00Z", "extract": extract,
        "force_code": "derbyshire", "source_file": f"{name}.csv", "outcome": "accepted", "load_id": name,
        "form": "canonical", "covered_from": date.fromisoformat(window[0]), "covered_to": date.fromisoformat(window[1]),
        "extracted_at": f"2026-01-{day:02d}T01:00:00Z", "sha256": f"{next(FILE_NUMBERS):064x}", "bytes": 1, "file_mtime": 0,
        "encoding": "utf-8", "delimiter": ",", "rows_in_file": 1, "rows_landed": 1, "rows_quarantined": 0, "rows_duplicate": 0,
    }  # fmt: skip
    return LedgerEntry(**(base | fields))


def counted_loads(*entries: LedgerEntry, since: str = "20260131T020000Z") -> list[str]:
    """The loads that count, by name."""
    return sorted(str(load.entry.load_id) for load in loads_that_count(list(entries), load_contracts(), since))


def test_a_newer_load_of_the_same_window_replaces_the_older() -> None:
    assert counted_loads(load("a", 1), load("b", 2), load("c", 3)) == ["c"]


def test_a_load_of_part_of_the_window_replaces_nothing() -> None:
    assert counted_loads(load("a", 1, YEAR), load("b", 2, JAN)) == ["a", "b"]


def test_a_load_that_is_not_published_yet_replaces_nothing() -> None:
    """Otherwise the rows that it withdraws could not be listed."""
    nights = [load("a", 1), load("b", 2), load("c", 3)]
    assert counted_loads(*nights, since="20260102T020000Z") == ["b", "c"]
    assert counted_loads(*nights, since="") == ["a", "b", "c"]


def test_a_load_with_quarantined_rows_replaces_nothing() -> None:
    """A quarantined row still has its key: its last good version, in the older load, counts."""
    assert counted_loads(load("a", 1), load("b", 2, rows_quarantined=1)) == ["a", "b"]
    tie = load("t", 3, JAN, withheld={"b": 1})
    assert counted_loads(load("a", 1), load("b", 2), tie) == ["a", "b", "t"]


def test_the_newest_version_of_an_event_counts_while_an_older_one_might_come_back() -> None:
    """K was in January's file, then (with its date corrected) in February's, then gone from February's. It must stay gone;
    without the middle load that of January would count again.
    """
    january, february, again = load("a", 1, JAN), load("b", 2, FEB), load("c", 3, FEB)
    assert counted_loads(january, february, again) == ["a", "b", "c"]
    assert counted_loads(january, february, again, load("d", 4, YEAR)) == ["d"], "no older version can come back"
    assert counted_loads(february, again, january) == ["a", "b", "c"], "in any order of arrival"


def test_older_versions_of_a_whole_list_cannot_come_back() -> None:
    lists = [load(n, d, w, extract="cash_seizures") for n, d, w in (("a", 1, JAN), ("b", 2, FEB), ("c", 3, FEB))]
    assert counted_loads(*lists) == ["a", "c"]


def test_files_without_keys_replace_their_month() -> None:
    months = [
        load(n, d, w, extract="street_crime", form="police_uk") for n, d, w in (("a", 1, JAN), ("b", 2, FEB), ("c", 3, FEB))
    ]
    assert counted_loads(*months) == ["a", "c"]


def test_a_force_s_own_file_does_not_replace_one_of_data_police_uk() -> None:
    police_uk = load("a", 1, JAN, extract="stop_search", form="police_uk")
    assert counted_loads(police_uk, load("b", 2, YEAR, extract="stop_search")) == ["a", "b"]


def test_a_download_with_all_the_indicators_replaces_the_older() -> None:
    def download(name: str, day: int, *ids: str) -> LedgerEntry:
        return load(name, day, extract="public_health", indicators=list(ids))

    assert counted_loads(download("a", 1, "92432"), download("b", 2, "92432", "93764")) == ["b"]
    assert counted_loads(download("a", 1, "92432", "93764"), download("b", 2, "92432")) == ["a", "b"]


@pytest.mark.parametrize("other", [{"force_code": "kent"}, {"extract": "school_inputs"}])
def test_a_load_of_another_force_or_extract_replaces_nothing(other: dict) -> None:
    assert counted_loads(load("a", 1), load("b", 2, **other)) == ["a", "b"]


def test_loads_of_equal_times_all_count() -> None:
    tied = [load("a", 2, YEAR), load("b", 2, JAN)]
    assert counted_loads(*tied) == ["a", "b"]
    assert {load.rank for load in loads_that_count(tied, load_contracts(), "")} == {1}


def test_refused_and_held_files_neither_count_nor_replace() -> None:
    others = [load("b", 2, outcome=outcome) for outcome in ("held", "refused", "known")]
    assert counted_loads(load("a", 1), *others) == ["a"]
