"""Dates that can be read but are probably wrong: a mistyped year, and American first days of months."""

from datetime import UTC, date, datetime, timedelta

import pytest

MAPPING = "extract: naloxone\nforces: [derbyshire]\nfiles: [{{name: 'Naloxone*.csv', covers: {}}}]\n"


def land_log(warehouse, days, covers="months"):
    (warehouse.home.mappings / "m.yml").write_text(MAPPING.format(covers), encoding="utf-8")
    rows = "".join(f"N{i},{day},Dales\n" for i, day in enumerate(days))
    changed_at = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
    warehouse.put("Naloxone log.csv", f"administration_ref,administered_at,lpu\n{rows}", mtime=changed_at)
    (entry,) = warehouse.night()
    return entry


def regular_days(n, first=date(2025, 1, 5), step=8):
    return [first + timedelta(days=step * i) for i in range(n)]


@pytest.mark.parametrize("covers", ["months", "days"])
@pytest.mark.parametrize("wrong", [date(2015, 3, 7), date(2023, 3, 7)])
def test_a_mistyped_year_does_not_stretch_the_window(warehouse, covers, wrong):
    entry = land_log(warehouse, [wrong, *regular_days(30)], covers)
    assert entry.outcome == "held"
    assert f"1 of 31 lie far from all others, such as {wrong}: is it a mistyped year? Correct it, or put" in entry.reason


def test_mistyped_years_of_a_longer_file(warehouse):
    """Two of 200 rows, which are one in a hundred."""
    days = [date(2015, 3, 7), date(2015, 5, 7), *regular_days(198, step=1)]
    assert "2 of 200 lie far from all others" in land_log(warehouse, days).reason


def test_mistyped_year_at_the_end_or_in_a_single_month(warehouse):
    assert land_log(warehouse, [*regular_days(30, date(2022, 1, 5)), date(2025, 3, 1)]).outcome == "held"
    assert land_log(warehouse, [date(2024, 10, 7), *regular_days(30, date(2025, 10, 1), 1)], "days").outcome == "held"


@pytest.mark.parametrize(
    "days",
    [
        [date(2015, 3, 7), *regular_days(18)],
        [date(2015, 3, 7), *regular_days(18), "soon"],
        [date(2015, 3, 7), date(2015, 5, 7), *regular_days(30)],
        [date(2024, 9, 7), *regular_days(30)],
        regular_days(40, date(2020, 1, 5), 50),
        [date(2025, 1, 5)] * 30,
    ],
    ids=["few rows", "few good rows", "more than a slip", "near", "sparse", "one day"],
)
def test_plausible_rows_far_apart_land(warehouse, days):
    assert land_log(warehouse, days).outcome == "accepted"


def test_far_dates_land_with_a_window_in_the_name_and_in_a_list(warehouse):
    rows = [f"N{i},{day},Dales" for i, day in enumerate([date(2015, 3, 7), *regular_days(30)])]
    entry = warehouse.land("naloxone", *rows, start="2015-01-01")
    assert (entry.outcome, entry.rows_landed) == ("accepted", 31)
    text = "extract: county_lines\nforces: [derbyshire]\nfiles: [{name: 'Lines*.csv', covers: months}]\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    lines = "".join(f"L{i},{day},\n" for i, day in enumerate([date(2015, 3, 7), *regular_days(30)]))
    warehouse.put("Lines.csv", f"line_ref,identified_on,closed_on\n{lines}")
    assert warehouse.night()[0].outcome == "accepted"


def land_cohort(warehouse, *days, **more):
    return warehouse.land("iom_cohort", *(f"{day},{100 + n}" for n, day in enumerate(days)), **more)


FIRSTS = [f"{month}/1/2025" for month in range(1, 13)]


def test_american_first_days_of_months_are_held(warehouse):
    entry = land_cohort(warehouse, *FIRSTS)
    assert entry.outcome == "held"
    assert "with the day first, its dates are 12 days at the beginning of a month; with the month first" in entry.reason
    for n, (form, last) in enumerate((("%m/%d/%Y", "2025-12-01"), ("%d/%m/%Y", "2025-01-12"))):
        assert form in entry.reason
        text = f'extract: iom_cohort\ndates: {{counted_on: "{form}"}}\n'
        (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
        landed = land_cohort(warehouse, *FIRSTS, at=f"2026010{n + 6}T020000Z")
        assert landed.outcome == "accepted" and warehouse.raw(landed)[-1]["counted_on"] == last


@pytest.mark.parametrize(
    "days,start",
    [
        ([f"1/{month}/2025" for month in range(1, 13)], "2025-01-01"),
        ([f"2025-01-{day:02}" for day in range(1, 13)], "2025-01-01"),
        ([f"{day}/12/2025" for day in range(1, 13)], "2025-11-15"),
        ([f"{day}/12/2025" for day in range(1, 13)], "2025-04-01"),
        ([*FIRSTS[:-1], "13/1/2025"], "2025-01-01"),
        ([f"{day:02}/01/2025" for day in range(1, 13)], "2025-01-01"),
        (FIRSTS[:5], "2025-01-01"),
    ],
    ids=["UK firsts", "ISO", "short window", "months outside the window", "a 13th", "two digits", "few"],
)
def test_other_days_of_counts_land(warehouse, days, start):
    entry = land_cohort(warehouse, *days, start=start)
    assert (entry.outcome, entry.rows_landed) == ("accepted", len(days)), entry.reason


def land_with_formats(warehouse, *days, formats='"%d/%m/%Y", "%m/%d/%Y"', at="20260105T020000Z"):
    text = f"extract: crimes\ndates: {{recorded_on: [{formats}]}}\n"
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    return warehouse.land("crimes", *(f"C{i},{day},92D,Recorded,Dales" for i, day in enumerate(days)), at=at)


def test_dates_that_fit_two_formats_of_a_mapping_are_held(warehouse):
    entry = land_with_formats(warehouse, "3/4/2025", "3/3/2025", "13/3/2025", "3/13/2025")
    assert entry.outcome == "held"
    start = "recorded_on: dates that fit both %d/%m/%Y and %m/%d/%Y (1) would be read by the first, and some (1) fit the second"
    assert entry.reason.startswith(start)
    entry = land_with_formats(warehouse, "3/13/2025", *["3/4/2025"] * 99, at="20260105T030000Z")
    assert entry.outcome == "held", "one in a hundred"
    formats = '"%m-%d-%Y %H:%M", "%d-%m-%Y %H:%M"'
    entry = land_with_formats(warehouse, "3-4-2025 10:00", "30-3-2025 10:00", formats=formats, at="20260106T020000Z")
    assert entry.outcome == "held"


def test_formats_of_a_column_that_the_file_lacks(warehouse):
    text = 'extract: pspos\ndates: {ends_on: ["%d/%m/%Y", "%m/%d/%Y"]}\n'
    (warehouse.home.mappings / "m.yml").write_text(text, encoding="utf-8")
    entry = warehouse.land("pspos", "P1,High Peak,2025-03-01", header="order_ref,authority,starts_on")
    assert entry.outcome == "accepted", entry.reason


@pytest.mark.parametrize(
    "days,formats",
    [
        (("3/4/2025", "13/3/2025"), '"%d/%m/%Y", "%m/%d/%Y"'),
        (("3/13/2025", *["3/4/2025"] * 100), '"%d/%m/%Y", "%m/%d/%Y"'),
        (("3/3/2025", "13/3/2025", "3/13/2025"), '"%d/%m/%Y", "%m/%d/%Y"'),
        (("3/4/2025", "13/3/2025", "13.3.2025"), '"%d/%m/%Y", "%d.%m.%Y"'),
        (("3/4/2025", "3-13-2025"), '"%d/%m/%Y", "%m-%d-%Y"'),
    ],
    ids=["first alone", "one slip", "same day", "one order", "told apart"],
)
def test_formats_that_can_be_distinguished_land(warehouse, days, formats):
    entry = land_with_formats(warehouse, *days, formats=formats)
    assert (entry.outcome, entry.rows_landed) == ("accepted", len(days)), entry.reason


MONTHS = ("2026-03", "Mar-26", "March 2026", "03/2026", "Sept 2025", "2025 Nov", "202512")


def test_months_without_their_day_are_named_as_such(warehouse):
    """In the reason of each row and of the file, whatever gives its window: it was said that a mapping may be needed."""
    header = "administration_ref,administered_at"
    rows = [f"N{i},{MONTHS[i % len(MONTHS)]}" for i in range(21)]
    held = warehouse.land("naloxone", *rows, "N99,2025-01-05", header=header)
    advice = (
        "administered_at: 21 of 22 rows say a month without its day, and rows count by their day: have the system export it. A"
        " spreadsheet may only hide it: show the column as dd/mm/yyyy and save again"
    )
    assert held.outcome == "held"
    assert held.reason.endswith(f"Most often administered_at: is not a date and time (21). {advice}")
    reasons = {row["_reasons"] for row in warehouse.quarantine(held)}
    assert reasons == {f"administered_at: '{month}' is not a date and time: a month without its day" for month in MONTHS}
    log = land_log(warehouse, ["Mar-26"] * 3)
    assert log.outcome == "refused" and "window from: administered_at: 3 of 3 rows say a month without its day" in log.reason


@pytest.mark.parametrize("cell", ["March", "2026", "26-Mar", "13/2026", "2026-13", "someday 26", "2026-3-x"])
def test_other_bad_dates_are_not_called_months(warehouse, cell):
    rows = [f"N{i},{cell}" for i in range(20)]
    held = warehouse.land("naloxone", *rows, header="administration_ref,administered_at")
    assert held.outcome == "held" and "without its day" not in held.reason + str(warehouse.quarantine(held))


@pytest.mark.parametrize(
    ("n", "months", "day", "is_noted"), [(60, 6, 1, True), (60, 2, 1, False), (49, 6, 1, False), (60, 6, 2, False)]
)
def test_rows_that_are_all_of_first_days_of_months_are_noted(warehouse, n, months, day, is_noted):
    """As a spreadsheet writes a month: the row counts on a day that nobody recorded."""
    rows = [f"N{i},{date(2025, i % months + 1, day if i == 0 else 1)}" for i in range(n)]
    entry = warehouse.land("naloxone", *rows, header="administration_ref,administered_at", end="2025-06-30")
    note = "administered_at: every row is of the first day of a month: does the system say the month alone?"
    assert entry.outcome == "accepted" and any(d.startswith(note) for d in entry.drift) == is_noted


def swapped(day):
    """A date as a program leaves it that tries the month first."""
    return date(day.year, day.day, day.month) if day.day <= 12 else day


@pytest.mark.parametrize(
    "days,start,end,outcome",
    [
        ([swapped(day) for day in regular_days(62, date(2025, 10, 1), 1)[:31] * 2], "2025-10-01", "2025-10-31", "held"),
        ([swapped(day) for day in regular_days(300, date(2025, 1, 1), 1)], "2025-01-01", "2025-10-31", "held"),
        # The days after the window.
        (regular_days(316, date(2025, 1, 1), 1), "2025-01-01", "2025-10-31", "accepted"),
        (regular_days(350, date(2025, 1, 1), 1), "2025-01-01", "2025-10-31", "accepted"),
    ],
    ids=["a month", "ten months", "12 days more", "46 days more"],
)
def test_days_and_months_that_a_program_swapped(warehouse, days, start, end, outcome):
    entry = warehouse.land("crimes", *(f"C{i},{day},92D,Recorded," for i, day in enumerate(days)), start=start, end=end)
    assert entry.outcome == outcome, entry.reason
    if outcome == "held":
        assert "would be in it with day and month the other way round: a program may have swapped them" in entry.reason
