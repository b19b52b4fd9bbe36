"""Files that would withdraw most current rows of their window are held. Just inside the limit they land."""

import pytest

from dagster_project.landing import release_load

LATER, LAST = "20260106T020000Z", "20260107T020000Z"


def crimes(first, last, day="2025-03-01"):
    return [f"C{n},{day},92D,Recorded,Dales" for n in range(first, last)]


@pytest.mark.parametrize(
    "rows_before,rows_kept,outcome", [(100, 49, "held"), (100, 50, "accepted"), (99, 0, "accepted"), (101, 50, "held")]
)
def test_a_file_that_would_withdraw_more_than_half_is_held(warehouse, rows_before, rows_kept, outcome):
    warehouse.land("crimes", *crimes(0, rows_before))
    entry = warehouse.land("crimes", *crimes(rows_before - rows_kept, rows_before), "N1,2025-03-01,92D,Recorded,", at=LATER)
    assert entry.outcome == outcome
    if outcome == "held":
        assert f"would withdraw {rows_before - rows_kept:,} of the {rows_before:,} current rows" in entry.reason


@pytest.mark.parametrize(("before", "kept", "new", "is_noted"), [
    (60, 0, 5, True), (5, 0, 60, True), (4, 0, 60, False), (60, 0, 4, False), (60, 1, 60, False),
])  # fmt: skip
def test_a_file_with_none_of_the_rows_of_its_window_is_noted(warehouse, before, kept, new, is_noted):
    """Two stations whose files of a month are named alike: the second withdraws the rows of the first, however few."""
    warehouse.land("crimes", *crimes(0, before))
    entry = warehouse.land("crimes", *crimes(before - kept, before), *crimes(1000, 1000 + new), at=LATER)
    notes = [note for note in entry.drift if "that counted in its window" in note]
    assert entry.outcome == "accepted" and bool(notes) == is_noted
    if notes:
        assert notes[0].startswith(f"has none of the {before} rows") and "into one file" in notes[0]


@pytest.mark.parametrize(("before", "kept", "new", "withdrawn"), [
    (34, 3, 0, 31), (60, 0, 4, 60), (60, 1, 60, 59), (40, 20, 0, None), (41, 20, 0, 21), (30, 11, 0, None), (19, 0, 3, None),
])  # fmt: skip
def test_a_file_that_withdraws_most_of_few_rows_is_noted(warehouse, before, kept, new, withdrawn):
    """The file of a day, sent again with its late rows alone: the month lacked the others, and looked complete."""
    warehouse.land("crimes", *crimes(0, before))
    entry = warehouse.land("crimes", *crimes(0, kept), *crimes(1000, 1000 + new), at=LATER)
    notes = [note for note in entry.drift if "of its window" in note]
    assert entry.outcome == "accepted" and bool(notes) == (withdrawn is not None)
    if notes:
        assert notes[0].startswith(f"lacks {withdrawn} of the {before} rows of its window, and they count no more")


def test_a_held_file_is_not_said_to_have_replaced_rows(warehouse):
    warehouse.land("crimes", *crimes(0, 60))
    entry = warehouse.land("crimes", *(row.replace("92D", "ZZ9") for row in crimes(1000, 1060)), at=LATER)
    assert entry.outcome == "held" and not [note for note in entry.drift if "that counted in its window" in note]


def test_rows_outside_the_window_and_of_other_forces_do_not_count(warehouse):
    warehouse.land("crimes", *crimes(0, 60), *crimes(60, 400, "2025-06-01"))
    warehouse.land("crimes", *crimes(0, 400), force="leicestershire")
    assert warehouse.land("crimes", *crimes(0, 1), at=LATER, start="2025-03-01", end="2025-03-31").outcome == "accepted"
    assert warehouse.land("crimes", *crimes(0, 1), at=LATER, start="2025-06-01", end="2025-06-30").outcome == "held"


def test_withdrawn_and_newer_rows_are_not_counted_as_withdrawn_again(warehouse):
    warehouse.land("crimes", *crimes(0, 300))
    half = warehouse.land("crimes", *crimes(0, 150), at=LATER)
    assert half.outcome == "accepted"
    # 150 rows are current now: another 75 may go.
    assert warehouse.land("crimes", *crimes(0, 74), at=LAST).outcome == "held"
    assert warehouse.land("crimes", *crimes(0, 75), at="20260107T030000Z").outcome == "accepted"
    # An older file that comes late withdraws nothing.
    assert warehouse.land("crimes", *crimes(900, 901), at="20260105T030000Z").outcome == "accepted"


def test_quarantined_keys_count_as_present(warehouse):
    warehouse.land("crimes", *crimes(0, 100))
    bad = [row.replace("Recorded", "Odd") for row in crimes(0, 45)]
    entry = warehouse.land("crimes", *bad, *crimes(45, 50), *crimes(200, 250), at=LATER)
    assert (entry.outcome, entry.rows_quarantined) == ("accepted", 45)
    # The earlier good versions of those rows are still current, and are withdrawn with the rest.
    assert "would withdraw 100 of the 100" in warehouse.land("crimes", "X,2025-03-01,92D,Recorded,", at=LAST).reason


def test_rows_of_several_overlapping_files_are_counted_once(warehouse):
    warehouse.land("crimes", *crimes(0, 200), *crimes(200, 400, "2025-08-01"))
    warehouse.land("crimes", *crimes(0, 120), at=LATER, end="2025-06-30")
    # 120 of the first half, 200 of the second.
    entry = warehouse.land("crimes", *crimes(0, 100), at=LAST)
    assert "would withdraw 220 of the 320" in entry.reason


def test_new_system_whose_file_covers_days_of_the_old_one(warehouse):
    """Both are named for their year. A person who releases the second loses the half year of the first."""
    rows = [f"C{i},2025-{i % 6 + 1:02}-05,92D,Recorded,Dales" for i in range(200)]
    warehouse.land("crimes", *rows)
    rows = [f"N{i},2025-{i % 6 + 7:02}-05,92D,Recorded,Dales" for i in range(200)]
    held = warehouse.land("crimes", *rows, at=LATER)
    assert held.outcome == "held" and held.reason.endswith(
        "not believed. It covers 2025-01-01 to 2025-12-31, and its rows are of 2025-07-05 to 2025-12-05: if its system has no"
        " other days, have it say those alone (its name, or files of its mapping)"
    )
    entry = warehouse.land("crimes", *rows, at=LAST, start="2025-07-01")
    assert (entry.outcome, entry.reason) == ("accepted", None)


def test_files_of_two_systems_that_are_named_for_one_year(warehouse):
    """Saved in one second, they are one extraction: the advice was to drop the second as a newer one."""
    columns = "crime_ref,recorded_on,offence_code,status,lpu\n"
    for system, month in (("Old", 3), ("New", 9)):
        mapping = f"extract: crimes\nforces: [derbyshire]\nfiles: ['{system} {{year:%Y}}.csv']\n"
        (warehouse.home.mappings / f"{system}.yml").write_text(mapping, encoding="utf-8")
        warehouse.put(f"{system} 2025.csv", f"{columns}{system}1,2025-0{month}-05,92D,Recorded,Dales\n", mtime=1767225600)
    entries = sorted(warehouse.night(), key=lambda e: e.outcome)
    assert [e.outcome for e in entries] == ["accepted", "refused"]
    assert entries[1].reason.endswith(
        "; if they are of two systems, have each cover its own days alone (covers: months in its mapping)"
    )


def test_list_is_compared_only_with_the_newest_list(warehouse):
    lines = [f"L{n},2020-01-01," for n in range(200)]
    warehouse.land("county_lines", *lines, start="2024-01-01", end="2024-12-31")
    entry = warehouse.land("county_lines", *lines[:99], at=LATER)
    assert entry.outcome == "held" and "would withdraw 101 of the 200" in entry.reason
    assert warehouse.land("county_lines", *lines[:100], at=LAST).outcome == "accepted"


STREET = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context\n"
)
SEARCH = (
    "Type,Date,Part of a policing operation,Policing operation,Latitude,Longitude,Gender,Age range,Self-defined ethnicity,"
    "Officer-defined ethnicity,Legislation,Object of search,Outcome,Outcome linked to object of search,"
    "Removal of more than just outer clothing\n"
)


def searches(n):
    rows = [f"2024-01-0{i % 9 + 1}T10:{i % 60:02}:00+00:00,,,,,Male,,W{i},White,Act,Drugs,x,," for i in range(n)]
    return SEARCH + "".join(f"Person search,{row}\n" for row in rows)


@pytest.mark.parametrize("n,outcome", [(30, "held"), (190, "held"), (191, "accepted")])
def test_month_of_data_police_uk_replaced_by_few_rows_is_held(warehouse, n, outcome):
    warehouse.put("2024-01-derbyshire-stop-and-search.csv", searches(381))
    (entry,) = warehouse.night()
    assert entry.outcome == "accepted", entry.reason
    warehouse.put("2024-01-derbyshire-stop-and-search.csv", searches(n))
    (entry,) = warehouse.night()
    assert entry.outcome == outcome, entry.reason
    if n == 30:
        assert "351 of the 381" in entry.reason


@pytest.mark.parametrize("n,outcome", [(30, "held"), (200, "accepted")])
def test_force_s_own_file_that_replaces_a_month_of_data_police_uk(warehouse, n, outcome):
    warehouse.put("2024-01-derbyshire-stop-and-search.csv", searches(381))
    warehouse.night()
    rows = [f"S{i},2024-01-05,Act,Drugs,x,Y,,," for i in range(n)]
    header = "search_ref,searched_at,legislation,object_of_search,outcome,object_found,age_range,self_defined_ethnicity,lpu"
    entry = warehouse.land("stop_search", *rows, header=header, start="2024-01-01", end="2024-01-31")
    assert entry.outcome == outcome


def test_street_crime_is_compared_by_month(warehouse):
    for n, outcome in ((240, "accepted"), (119, "held"), (120, "accepted")):
        rows = "".join(f",2024-01,,,,,Place {i},,Dales 001A,Drugs,,\n" for i in range(n))
        warehouse.put("2024-01-derbyshire-street.csv", STREET + rows)
        (entry,) = warehouse.night()
        assert entry.outcome == outcome


def street(warehouse, months, rows, at, end="2025-02-28"):
    """Land so many rows of each month, in a file of the force's own."""
    lines = [f"{month},Dales 001A,Crime {at} {i}" for month in months for i in range(rows)]
    header = {"header": "Month,LSOA name,Crime type"}
    return warehouse.land("street_crime", *lines, start=f"{months[0]}-01", end=end, at=at, **header)


def test_rows_without_a_key_of_overlapping_files_are_counted_once(warehouse):
    both = ["2025-01", "2025-02"]
    street(warehouse, both, 120, "20260105T020000Z")
    assert street(warehouse, both[:1], 120, LATER, "2025-01-31").outcome == "accepted"
    # 240 rows are current, of the 360 in the two files.
    entry = street(warehouse, both, 59, LAST)
    assert entry.outcome == "held" and "would withdraw 122 of the 240" in entry.reason
    assert street(warehouse, both, 60, "20260108T020000Z").outcome == "accepted"


def test_an_older_file_without_keys_that_arrives_late_withdraws_nothing(warehouse):
    street(warehouse, ["2025-02"], 240, LATER)
    assert street(warehouse, ["2025-02"], 10, "20260105T020000Z").outcome == "accepted"


def download(warehouse, at, **rows):
    """Land a download of indicators with so many rows of each."""
    lines = [f"{i},Deaths,E{n},Derbyshire,Counties,Persons,2021-23,5.5" for i, some in rows.items() for n in range(some)]
    names = "Indicator ID,Indicator Name,Area Code,Area Name,Area Type,Sex,Time period,Value"
    return warehouse.land("public_health", *lines, header=names, at=at)


def test_each_indicator_is_compared_with_its_newest_download(warehouse):
    download(warehouse, "20260105T020000Z", A=400)
    download(warehouse, LATER, A=200)
    assert download(warehouse, LAST, A=100).outcome == "accepted"
    download(warehouse, "20260108T020000Z", A=150, B=100)
    # More rows of one indicator make up for none of another.
    entry = download(warehouse, "20260109T020000Z", A=10, B=300)
    assert entry.outcome == "held" and "would withdraw 140 of the 250" in entry.reason
    assert download(warehouse, "20260104T020000Z", A=1, B=1).outcome == "accepted", "an older one that comes late"


def test_files_of_a_single_day_are_compared(warehouse):
    day = {"start": "2025-03-01", "end": "2025-03-01"}
    warehouse.land("crimes", *crimes(0, 100), **day)
    assert warehouse.land("crimes", *crimes(0, 49), at=LATER, **day).outcome == "held"


def test_a_newer_file_lands_after_the_rows_of_the_earlier_were_erased(warehouse):
    load = warehouse.land("crimes", *crimes(0, 200))
    (warehouse.home.raw / "crimes/derbyshire" / f"{load.load_id}.parquet").unlink()
    assert warehouse.land("crimes", *crimes(0, 1), at=LATER).outcome == "accepted"


def test_released_file_withdraws_rows(warehouse):
    warehouse.land("crimes", *crimes(0, 100))
    held = warehouse.land("crimes", *crimes(0, 10), at=LATER)
    released = release_load(warehouse.home, warehouse.contracts, held.load_id, "night-9", by="A", why="true")
    assert released.outcome == "accepted" and "would withdraw 90 of the 100" in released.reason
    # While it was held, it did not affect later files.
    assert warehouse.land("crimes", *crimes(0, 1), at=LAST).outcome == "accepted"


@pytest.mark.parametrize("rows_kept,outcome", [(60, "held"), (199, "held"), (200, "accepted"), (390, "accepted")])
def test_large_files_are_first_compared_by_a_sample(warehouse, monkeypatch, rows_kept, outcome):
    monkeypatch.setattr("dagster_project.landing.doubts.mass_withdrawals.SAMPLE_ABOVE", 100)
    monkeypatch.setattr("dagster_project.landing.doubts.mass_withdrawals.SAMPLE_PART", 2)
    warehouse.land("crimes", *crimes(0, 400))
    entry = warehouse.land("crimes", *crimes(0, rows_kept), *crimes(600, 630), at=LATER)
    assert entry.outcome == outcome
