"""References that begin again with each year or day: a file would replace the records of the time before."""

import pytest

from dagster_project.landing import release_load

LATER, LAST = "20260106T020000Z", "20260107T020000Z"


def given(warehouse, keys, year, at, start=None, end=None, day="03-05"):
    rows = [f"{key},{year}-{day},Dales" for key in keys]
    return warehouse.land("naloxone", *rows, start=start or f"{year}-01-01", end=end or f"{year}-12-31", at=at)


@pytest.mark.parametrize(
    "old,new,outcome",
    [
        (range(240), range(180), "held"),
        (range(100), range(190), "held"),
        (range(100), range(200), "accepted"),
        (range(99), range(99), "accepted"),
        (range(240), range(240, 480), "accepted"),
    ],
    ids=["all", "most", "half", "few", "go on"],
)
def test_references_that_begin_again_each_year(warehouse, old, new, outcome):
    given(warehouse, old, 2024, "20250105T020000Z")
    entry = given(warehouse, new, 2025, LATER)
    assert entry.outcome == outcome
    if outcome == "held":
        assert f"administration_ref: {min(len(old), len(new))} of its first {len(new)} are those of records" in entry.reason
        assert "headers: {administration_ref: {join: [administered_at, administration_ref]}} in a mapping" in entry.reason


@pytest.mark.parametrize(
    "old,new,is_noted",
    [
        (range(12), range(10), True),
        (range(99), range(99), True),
        (range(12), range(4), False),
        (range(12), range(1, 13), False),
    ],
    ids=["short", "the longest", "too few", "one more"],
)
def test_a_short_file_all_of_whose_references_begin_again_is_noted(warehouse, old, new, is_noted):
    given(warehouse, old, 2024, "20250105T020000Z")
    entry = given(warehouse, new, 2025, LATER)
    assert entry.outcome == "accepted"
    said = f"administration_ref: all {len(new)} are those of records of other days, and replace them: do references begin again"
    assert any(note.startswith(said) for note in entry.drift) == is_noted
    # The same days again are newer versions.
    assert not any("replace them" in note for note in given(warehouse, new, 2025, LAST).drift)


def test_the_line_that_is_said_keeps_both_years(warehouse):
    text = "extract: naloxone\nheaders: {administration_ref: {join: [administered_at, administration_ref]}}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    given(warehouse, range(240), 2024, "20250105T020000Z")
    entry = given(warehouse, range(240), 2025, LATER)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 240)
    assert warehouse.raw(entry)[3]["_key"] == "2025-03-05 3"


def test_each_day_and_a_month_of_last_year(warehouse):
    for month in range(1, 13):
        keys = range(110 * month, 110 * month + 110)
        month = f"{month:02}"
        given(warehouse, keys, 2024, f"2025{month}01T020000Z", f"2024-{month}-01", f"2024-{month}-28", f"{month}-05")
    entry = given(warehouse, range(110, 220), 2025, LATER, "2025-01-01", "2025-01-31", "01-05")
    assert entry.outcome == "held"
    given(warehouse, range(3000, 3300), 2025, LATER, "2025-03-05", "2025-03-05")
    entry = given(warehouse, range(3000, 3290), 2025, LAST, "2025-03-06", "2025-03-06", "03-06")
    assert "200 of its first 200" in entry.reason


def test_newer_versions_of_the_same_days_and_a_longer_window(warehouse):
    given(warehouse, range(240), 2025, "20260105T020000Z")
    assert given(warehouse, range(240), 2025, LATER, end="2025-12-30").outcome == "accepted"
    assert given(warehouse, range(240), 2025, LAST, start="2024-01-01", day="04-05").outcome == "accepted"


def test_an_older_file_that_arrives_late_replaces_nothing(warehouse):
    given(warehouse, range(240), 2025, LATER)
    assert given(warehouse, range(240), 2024, "20250105T020000Z").outcome == "accepted"


def test_what_a_released_file_has_on_these_days_is_not_asked_about_again(warehouse):
    given(warehouse, range(240), 2024, "20250105T020000Z")
    held = given(warehouse, range(240), 2025, LATER)
    assert held.outcome == "held"
    release_load(warehouse.home, warehouse.contracts, held.load_id, "night-9", by="A. Person", why="moved")
    assert given(warehouse, range(240), 2025, LAST).outcome == "accepted"


def test_a_much_longer_file_is_not_searched(warehouse, monkeypatch):
    # References that begin again would repeat within it.
    monkeypatch.setattr("dagster_project.landing.restarted_keys.SMALL", 10)
    monkeypatch.setattr("dagster_project.landing.restarted_keys.TIMES_LARGER", 2)
    given(warehouse, range(300), 2024, "20250105T020000Z")
    assert given(warehouse, range(140), 2025, LATER).outcome == "accepted"


def test_lists_and_days_that_are_keys(warehouse):
    lines = [f"L{n},2020-01-01," for n in range(200)]
    warehouse.land("county_lines", *lines, start="2024-01-01", end="2024-12-31")
    assert warehouse.land("county_lines", *lines, at=LATER).outcome == "accepted"
    counts = [f"2024-{m:02}-{n:02},{n}" for m in range(1, 7) for n in range(1, 20)]
    warehouse.land("iom_cohort", *counts, start="2024-01-01", end="2024-12-31")
    assert warehouse.land("iom_cohort", *counts, start="2024-01-01", end="2024-06-30", at=LATER).outcome == "accepted"
