"""References that restart each year, month or day: a file would replace the records of the period before."""

import pytest

from dagster_project.landing import release_load

LATER, LAST = "20260106T020000Z", "20260107T020000Z"


def land_keys(warehouse, keys, year, at, start=None, end=None, day="03-05"):
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
def test_references_that_restart_each_year(warehouse, old, new, outcome):
    land_keys(warehouse, old, 2024, "20250105T020000Z")
    entry = land_keys(warehouse, new, 2025, LATER)
    assert entry.outcome == outcome
    if outcome == "held":
        assert f"administration_ref: {min(len(old), len(new))} of its first {len(new)} are those of records" in entry.reason
        assert "headers: {administration_ref: {join: [administered_at, administration_ref]}} in a mapping" in entry.reason


SEPTEMBER, OCTOBER = ("2025-09-01", "2025-09-30", "09-05"), ("2025-10-01", "2025-10-31", "10-05")


def land_month(warehouse, keys, days, at):
    start, end, day = days
    return land_keys(warehouse, keys, 2025, at, start, end, day)


def notes(entry):
    return [note for note in entry.drift if "replaced by rows" in note]


@pytest.mark.parametrize(
    "old,new,replaced",
    [
        (range(3), range(4), 3),
        (range(1), range(40), 1),
        (range(80), range(90), 80),
        (range(99), range(1, 99), 98),
        (range(40), range(5), 5),
        (range(7), range(4), 4),
        (range(40), range(4), 0),
        (range(8), range(4), 0),
        (range(40), range(40, 80), 0),
    ],
    ids=["three", "one", "eighty", "all but one", "five", "most", "a few", "half", "go on"],
)
def test_references_that_restart_each_month_are_noted_in_a_file_of_any_size(warehouse, old, new, replaced):
    land_month(warehouse, old, SEPTEMBER, "20251001T020000Z")
    entry = land_month(warehouse, new, OCTOBER, "20251101T020000Z")
    assert (entry.outcome, entry.rows_landed) == ("accepted", len(new))
    name = "naloxone__derbyshire__2025-09-01__2025-09-30__20251001T020000Z.csv"
    assert entry.replaced == ({name: replaced} if replaced else {})
    rows, verb = ("1 row of", "is") if replaced == 1 else (f"{replaced} rows of", "are")
    start = (
        f"{rows} {name}, dated 2025-09-05, {verb} replaced by rows of {entry.source_file} with the same administration_ref: "
    )
    assert len(notes(entry)) == bool(replaced) and all(note.startswith(start) for note in notes(entry))
    # The same days again are newer versions.
    assert notes(land_month(warehouse, new, OCTOBER, "20251102T020000Z")) == []


def test_late_month_notes_its_replaced_rows(warehouse):
    newer = land_month(warehouse, range(4), OCTOBER, "20251101T020000Z")
    entry = land_month(warehouse, range(3), SEPTEMBER, "20251001T020000Z")
    assert entry.replaced == {entry.source_file: 3}
    assert f"{entry.source_file}, dated 2025-09-05, are replaced by rows of {newer.source_file} with" in notes(entry)[0]
    # The rows of a still older month are replaced too, by those of September.
    august = land_keys(warehouse, range(3), 2025, "20250901T020000Z", "2025-08-01", "2025-08-31", "08-05")
    assert f"replaced by rows of {entry.source_file} with" in notes(august)[0] and len(notes(august)) == 1


def test_late_month_that_loses_rows_to_two_files(warehouse):
    land_month(warehouse, range(5), OCTOBER, "20251101T020000Z")
    land_month(warehouse, range(5, 10), ("2025-11-01", "2025-11-30", "11-05"), "20251201T020000Z")
    entry = land_month(warehouse, range(10), SEPTEMBER, "20251001T020000Z")
    assert entry.replaced == {entry.source_file: 10} and len(notes(entry)) == 2


def test_withdrawn_rows_are_not_noted_as_replaced(warehouse):
    land_month(warehouse, range(3), SEPTEMBER, "20251001T020000Z")
    land_month(warehouse, ["9-0", "9-1", "9-2"], SEPTEMBER, "20251002T020000Z")
    assert notes(land_month(warehouse, range(4), OCTOBER, "20251101T020000Z")) == []


def test_references_that_restart_each_month_in_daily_files(warehouse):
    for n in range(1, 31):
        day = f"2025-09-{n:02}"
        warehouse.drop("naloxone", f"{n},{day},Dales", start=day, end=day, at=f"202509{n:02}T230000Z")
    warehouse.night()
    entry = land_keys(warehouse, [1], 2025, "20251001T230000Z", "2025-10-01", "2025-10-01", "10-01")
    assert entry.replaced == {"naloxone__derbyshire__2025-09-01__2025-09-01__20250901T230000Z.csv": 1}


def test_sliding_window(warehouse):
    land_keys(warehouse, range(10), 2025, "20251001T020000Z", "2025-09-01", "2025-09-30", "09-01")
    entry = land_keys(warehouse, range(10), 2025, "20251002T020000Z", "2025-09-02", "2025-10-01", "10-01")
    assert list(entry.replaced.values()) == [10]


def test_mapping_line_of_the_reason_keeps_both_years(warehouse):
    text = "extract: naloxone\nheaders: {administration_ref: {join: [administered_at, administration_ref]}}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    land_keys(warehouse, range(240), 2024, "20250105T020000Z")
    entry = land_keys(warehouse, range(240), 2025, LATER)
    assert (entry.outcome, entry.rows_landed) == ("accepted", 240)
    assert warehouse.raw(entry)[3]["_key"] == "2025-03-05 3"


def test_references_that_restart_each_day_or_after_a_year_of_months(warehouse):
    for month in range(1, 13):
        keys = range(110 * month, 110 * month + 110)
        month = f"{month:02}"
        land_keys(warehouse, keys, 2024, f"2025{month}01T020000Z", f"2024-{month}-01", f"2024-{month}-28", f"{month}-05")
    entry = land_keys(warehouse, range(110, 220), 2025, LATER, "2025-01-01", "2025-01-31", "01-05")
    assert entry.outcome == "held"
    land_keys(warehouse, range(3000, 3300), 2025, LATER, "2025-03-05", "2025-03-05")
    entry = land_keys(warehouse, range(3000, 3290), 2025, LAST, "2025-03-06", "2025-03-06", "03-06")
    assert "200 of its first 200" in entry.reason


def test_references_of_several_short_files(warehouse):
    """None of them has as many as the file that would replace them."""
    land_month(warehouse, range(60), ("2025-08-01", "2025-08-31", "08-05"), "20250901T020000Z")
    land_month(warehouse, range(60, 120), SEPTEMBER, "20251001T020000Z")
    assert land_month(warehouse, range(120), OCTOBER, "20251101T020000Z").outcome == "held"


def test_newer_extraction_of_earlier_days(warehouse):
    land_month(warehouse, range(240), OCTOBER, "20251101T020000Z")
    assert land_month(warehouse, range(240), SEPTEMBER, "20251102T020000Z").outcome == "held"


def test_newer_versions_of_the_same_days_land(warehouse):
    land_keys(warehouse, range(240), 2025, "20260105T020000Z")
    assert land_keys(warehouse, range(240), 2025, LATER, end="2025-12-30").outcome == "accepted"
    assert land_keys(warehouse, range(240), 2025, LAST, start="2024-01-01", day="04-05").outcome == "accepted"


def test_an_older_file_that_arrives_late_replaces_nothing(warehouse):
    land_keys(warehouse, range(240), 2025, LATER)
    assert land_keys(warehouse, range(240), 2024, "20250105T020000Z").outcome == "accepted"


@pytest.mark.parametrize("start", ["2025-01-01", "2025-02-01"])
def test_newer_version_of_a_released_file_is_not_held(warehouse, start):
    land_keys(warehouse, range(240), 2024, "20250105T020000Z")
    held = land_keys(warehouse, range(240), 2025, LATER)
    assert held.outcome == "held"
    release_load(warehouse.home, warehouse.contracts, held.load_id, "night-9", by="A. Person", why="moved")
    assert land_keys(warehouse, range(240), 2025, LAST, start).outcome == "accepted"


def test_a_much_longer_file_is_not_searched(warehouse, monkeypatch):
    # References that restart would repeat within it.
    monkeypatch.setattr("dagster_project.landing.doubts.restarted_keys.TIMES_LARGER", 2)
    land_keys(warehouse, range(300), 2024, "20250105T020000Z")
    assert land_keys(warehouse, range(140), 2025, LATER).outcome == "accepted"


def test_lists_and_dates_as_keys_are_not_held(warehouse):
    lines = [f"L{n},2020-01-01," for n in range(200)]
    warehouse.land("county_lines", *lines, start="2024-01-01", end="2024-12-31")
    assert warehouse.land("county_lines", *lines, at=LATER).outcome == "accepted"
    counts = [f"2024-{m:02}-{n:02},{n}" for m in range(1, 7) for n in range(1, 20)]
    warehouse.land("iom_cohort", *counts, start="2024-01-01", end="2024-12-31")
    assert warehouse.land("iom_cohort", *counts, start="2024-01-01", end="2024-06-30", at=LATER).outcome == "accepted"
