"""The rule that is drafted from a file's name: its window never exceeds the file's, as the other days would count as 0."""

from datetime import date

import pytest

from dagster_project.landing.mappings.file_name_patterns import NoDateError, read_pattern
from dagster_project.mapping_draft.file_names import draft_name

MONTH = (date(2026, 10, 1), date(2026, 10, 30))
MONTHS = (date(2026, 1, 3), date(2026, 10, 29))
SINCE_APRIL = (date(2026, 4, 2), date(2026, 10, 3))


@pytest.mark.parametrize(
    ("name", "days", "rule"),
    [
        ("Seizures to 31 Oct 2026.csv", MONTHS, "Seizures to *.csv"),
        ("Seizures to 31st October 2026.csv", MONTHS, "Seizures to *.csv"),
        ("Seizures to 31.10.26.csv", MONTHS, "Seizures to *.csv"),
        ("Seizures to 2026-10-31.csv", MONTHS, "Seizures to *.csv"),
        ("seizures_to_31102026.csv", MONTHS, "seizures_to_*.csv"),
        ("Seizures Oct 31 2026.csv", MONTHS, "Seizures *.csv"),
        ("Seizures 31oct2026.csv", MONTHS, "Seizures *.csv"),
        ("Seizures 31 Oct.csv", MONTHS, "Seizures *.csv"),
        ("Naloxone FY 2026-27 to 31 Oct 2026.csv", SINCE_APRIL, "Naloxone FY * to *.csv"),
        ("Incidents to 30 Oct 2026.xlsx", MONTH, "Incidents to *.xlsx"),
        ("Seizures 2026 to 31.10.26.csv", MONTHS, "Seizures * to *.csv"),
        # Rows after the last day that it names, or before the run: days of something else.
        ("Seizures 2026-01-01 to 2026-09-30.csv", MONTHS, "Seizures * to *.csv"),
        ("CAD 20250101 0230.csv", MONTHS, "CAD *.csv"),
        ("Seizures 2028-10-31.csv", MONTHS, "Seizures *.csv"),
    ],
)  # fmt: skip
def test_day_in_the_name_is_not_taken_for_a_year_or_month(name: str, days: tuple[date, date], rule: str) -> None:
    drafted = draft_name(name, *days)
    assert (drafted.name, drafted.covers) == (rule, "days")
    assert "days without rows before and after are not covered" in drafted.doubt
    assert read_pattern(rule).fits(name)


@pytest.mark.parametrize(
    ("name", "days", "saved_on", "rule"),
    [
        ("Crimes 2023.csv", (date(2023, 1, 1), date(2023, 6, 30)), date(2026, 11, 2), "Crimes *.csv"),
        ("Crimes 2023.csv", (date(2023, 7, 1), date(2023, 12, 31)), date(2026, 11, 2), "Crimes *.csv"),
        ("Crimes 2023.csv", (date(2023, 1, 3), date(2023, 12, 5)), date(2026, 11, 2), "Crimes {year:%Y}.csv"),
        ("Crimes 2023.csv", (date(2023, 1, 31), date(2023, 12, 31)), date(2026, 11, 2), "Crimes {year:%Y}.csv"),
        ("Crimes 2023.csv", (date(2023, 2, 1), date(2023, 12, 31)), date(2026, 11, 2), "Crimes *.csv"),
        ("Crimes 2023.csv", (date(2023, 1, 3), date(2023, 6, 30)), date(2023, 7, 2), "Crimes {year:%Y}.csv"),
        (
            "Crimes 2023 run 202307020230.csv",
            (date(2023, 1, 3), date(2023, 6, 30)),
            date(2026, 11, 2),
            "Crimes {year:%Y} run {at:%Y%m%d%H%M}.csv",
        ),
        ("Crimes 2023-24.csv", (date(2023, 4, 1), date(2023, 10, 1)), date(2026, 11, 2), "Crimes *.csv"),
        ("Crimes 2023-24.csv", (date(2023, 4, 1), date(2024, 3, 29)), date(2026, 11, 2), "Crimes {financial_year:%Y}-*.csv"),
    ],
)
def test_year_of_a_system_that_began_or_ended_within_it(name: str, days: tuple[date, date], saved_on: date, rule: str) -> None:
    """The other months were 0, complete; and the new system's file of the year withdrew the old one's."""
    drafted = draft_name(name, *days, saved_on)
    assert (drafted.name, drafted.covers) == (rule, None if "{" in rule else "months")
    assert bool(drafted.doubt) == (drafted.covers == "months") and read_pattern(rule).fits(name)
    if drafted.covers:
        year = "{financial_year:%Y}" if "-" in name else "{year:%Y}"
        assert f"and the rows are of {days[0]} to {days[1]}, so it is from the first to the" in drafted.doubt
        assert drafted.doubt.endswith(f"If the system has those, too, put {year} for the year")


@pytest.mark.parametrize(
    ("name", "days", "rule"),
    [
        ("Incidents_20260103.csv", (date(2026, 1, 2), date(2026, 1, 2)), "Incidents_{at:%Y%m%d}.csv"),
        ("Naloxone log.csv", (date(2026, 1, 12), date(2026, 1, 18)), "Naloxone log.csv"),
        ("Naloxone w.e. 05.01.2026.csv", (date(2025, 12, 22), date(2026, 1, 4)), "Naloxone w.e. {at:%d.%m.%Y}.csv"),
        ("Naloxone wk3.csv", (date(2026, 1, 9), date(2026, 1, 18)), "Naloxone wk*.csv"),
        ("Naloxone weekly.csv", (date(2026, 1, 9), date(2026, 1, 18)), "Naloxone weekly.csv"),
    ],
)
def test_file_of_a_day_or_a_week_covers_no_month(name: str, days: tuple[date, date], rule: str) -> None:
    """Each covered its whole month, and withdrew the rows of the files before: the last week's were the month's, complete."""
    drafted = draft_name(name, *days)
    assert (drafted.name, drafted.covers) == (rule, "days") and "would withdraw the rows of the others" in drafted.doubt


def test_without_dates_in_its_rows_a_name_gives_no_window() -> None:
    drafted = draft_name("Seizures 31 Oct.csv", None, None)
    assert (drafted.name, drafted.doubt) == ("Seizures *.csv", "the rows have no dates to find the window by")


def test_a_brace_in_a_name_is_any_character() -> None:
    """A rule would take it for a placeholder, and be none."""
    rule = draft_name("Naloxone 2024 {x}.csv", date(2024, 1, 1), date(2024, 12, 30)).name
    assert rule == "Naloxone {year:%Y} ?x?.csv" and read_pattern(rule).fits("Naloxone 2024 {x}.csv")


def test_rule_of_a_file_of_may_reads_other_months() -> None:
    """May is its long and its short name, and the long one of others is seldom meant: `Jan 2024` was refused as no date."""
    rule = draft_name("CAD May 2024.csv", date(2024, 5, 1), date(2024, 5, 30)).name
    for name, first in (("CAD May 2024.csv", 5), ("CAD Jan 2024.csv", 1)):
        read = read_pattern(rule).read(name)
        assert read and read[0] == date(2024, first, 1)
    with pytest.raises(NoDateError):
        read_pattern(rule).read("CAD Foo 2024.csv")


@pytest.mark.parametrize(
    ("name", "days", "rule", "covers"),
    [
        ("Seizures 2026.csv", MONTHS, "Seizures {year:%Y}.csv", None),
        ("Seizures (2) 2026.csv", MONTHS, "Seizures * {year:%Y}.csv", None),
        ("Seizures Jan-Oct 2026.csv", MONTHS, "Seizures *.csv", "months"),
        ("Seizures 2026-10.csv", MONTHS, "Seizures *.csv", "months"),
        ("Seizures Q3 2026.csv", MONTHS, "Seizures Q* *.csv", "months"),
        ("Seizures 2026-10-31.csv", MONTHS, "Seizures {at:%Y-%m-%d}.csv", "months"),
        ("Naloxone FY 2026-27.csv", SINCE_APRIL, "Naloxone FY {financial_year:%Y}-*.csv", None),
        ("Incidents Oct 2026.xlsx", MONTH, "Incidents {month:%b %Y}.xlsx", None),
        ("Incidents 2026-10 run 20261101 0200.csv", MONTH, "Incidents {month:%Y-%m} run {at:%Y%m%d %H%M}.csv", None),
        ("1 Jan 2026 to 31 Oct 2026.csv", MONTHS, "{from:%d %b %Y} to {to:%d %b %Y}.csv", None),
        ("v2b list 3.csv", MONTHS, "v*b list *.csv", "months"),
        ("Seizures 2026-10-29.csv", MONTHS, "Seizures {at:%Y-%m-%d}.csv", "months"),
        ("Seizures run 20261101 0200 of 2026-11-02.csv", MONTHS, "Seizures run {at:%Y%m%d %H%M} of *.csv", "months"),
        ("Naloxone FY 2025-26.csv", (date(2025, 4, 2), date(2026, 4, 1)), "Naloxone FY *.csv", "months"),
    ],
)  # fmt: skip
def test_complete_window_in_the_name_is_used(name: str, days: tuple[date, date], rule: str, covers: str | None) -> None:
    drafted = draft_name(name, *days)
    assert (drafted.name, drafted.covers, drafted.doubt) == (rule, covers, "")
    assert read_pattern(rule).fits(name)
