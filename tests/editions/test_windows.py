"""The days and the label of each kind of window, counted from the last day of data."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dagster_project.editions.windows import Window, month_end, years_before

END = date(2025, 10, 31)


@pytest.mark.parametrize(
    ("window", "first", "last", "label"),
    [
        ({"month": 0}, "2025-10-01", "2025-10-31", "Oct 2025"),
        ({"month": -10}, "2024-12-01", "2024-12-31", "Dec 2024"),
        ({"rolling_12_months": 0}, "2024-11-01", "2025-10-31", "Nov-Oct 2024/25"),
        ({"rolling_12_months": -1}, "2023-11-01", "2024-10-31", "Nov-Oct 2023/24"),
        ({"calendar_year": -1}, "2024-01-01", "2024-12-31", "2024"),
        ({"financial_year": 0}, "2025-04-01", "2026-03-31", "2025/26"),
        ({"financial_year": -1}, "2024-04-01", "2025-03-31", "2024/25"),
        ({"calendar_year_to_date": 0}, "2025-01-01", "2025-10-31", "Jan-Oct 2025"),
        ({"calendar_year_to_date": -1}, "2024-01-01", "2024-10-31", "Jan-Oct 2024"),
        ({"financial_year_to_date": -1}, "2024-04-01", "2024-10-31", "Apr-Oct 2024/25"),
        ({"last_months": 13}, "2024-10-01", "2025-10-31", "Oct 2024 to Oct 2025"),
        ({"as_at": 0}, "2025-10-31", "2025-10-31", "31 Oct 2025"),
        ({"as_at": -1}, "2025-10-30", "2025-10-30", "30 Oct 2025"),
        ({"since": date(2024, 5, 1)}, "2024-05-01", "2025-10-31", "May 2024 to Oct 2025"),
        ({"from": date(2025, 9, 14), "to": date(2025, 9, 20)}, "2025-09-14", "2025-09-20", "14 Sep 2025 to 20 Sep 2025"),
        ({"from": date(2024, 5, 1), "to": date(2024, 5, 31)}, "2024-05-01", "2024-05-31", "May 2024"),
        ({"all_to_date": True}, None, "2025-10-31", "to Oct 2025"),
        ({"to": date(2025, 9, 20)}, None, "2025-09-20", "to Sep 2025"),
        ({"published": -1}, None, None, "1 before the newest"),
    ],
)
def test_a_window_has_days_and_a_label(window: dict, first: str | None, last: str | None, label: str) -> None:
    days = Window.model_validate(window).days(END)
    assert (days.first and str(days.first), days.last and str(days.last), days.label) == (first, last, label)


@pytest.mark.parametrize(
    ("end", "window", "label"),
    [
        (date(2025, 12, 31), {"rolling_12_months": 0}, "Jan-Dec 2025"),
        (date(2026, 1, 31), {"rolling_12_months": 0}, "Feb-Jan 2025/26"),
        (date(2025, 4, 30), {"financial_year_to_date": 0}, "Apr 2025/26"),
        (date(2025, 3, 31), {"financial_year_to_date": 0}, "Apr-Mar 2024/25"),
        (date(2025, 1, 31), {"calendar_year_to_date": 0}, "Jan 2025"),
        (date(2025, 3, 31), {"financial_year": 0}, "2024/25"),
    ],
)
def test_labels_at_the_end_of_a_year(end: date, window: dict, label: str) -> None:
    assert Window.model_validate(window).days(end).label == label


def test_windows_have_the_labels_of_the_marts_periods(sample_home) -> None:
    """With the same days: an analyst finds the period of a cell by its label."""
    from support import published

    rows = published(
        sample_home,
        "select distinct period_type, period_start, period_end, period_label from marts.mart_drug_offences"
        " where period_type not in ('calendar_year', 'financial_year')",
    )
    assert len(rows) > 50
    for kind, first, last, label in rows:
        days = Window.model_validate({kind: 0}).days(last)
        assert (days.first, days.last, days.label) == (first, last, label)


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"month": 0, "calendar_year": 0},
        {"month": 1},
        {"from": date(2025, 1, 1)},
        {"from": date(2025, 2, 1), "to": date(2025, 1, 1)},
        {"month": 0, "to": date(2025, 1, 1)},
        {"fortnight": 0},
    ],
)
def test_an_invalid_window_is_an_error(window: dict) -> None:
    with pytest.raises(ValidationError):
        Window.model_validate(window)


@pytest.mark.parametrize(
    ("window", "first", "last", "label"),
    [
        ({"month": -8}, "2022-02-01", "2022-02-28", "Feb 2022"),
        ({"calendar_year": 0}, "2022-01-01", "2022-12-31", "2022"),
        ({"since": date(2024, 5, 1)}, "2022-05-01", "2022-10-31", "May 2022 to Oct 2022"),
        ({"from": date(2024, 2, 1), "to": date(2024, 2, 29)}, "2022-02-01", "2022-02-28", "Feb 2022"),
        ({"all_to_date": True}, None, "2022-10-31", "to Oct 2022"),
        ({"month": 0, "label": "Ours"}, "2022-10-01", "2022-10-31", "Ours"),
        ({"published": 0}, None, None, "newest"),
    ],
)
def test_a_window_some_years_back_is_named_by_its_own_days(window: dict, first: str | None, last: str, label: str) -> None:
    days = Window.model_validate(window).days(date(2024, 10, 31), years_back=2)
    assert (days.first and str(days.first), days.last and str(days.last), days.label) == (first, last, label)


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(1, 30))
def test_years_before(day: date, years: int) -> None:
    earlier = years_before(day, years)
    assert earlier is not None and (earlier.year, earlier.month) == (day.year - years, day.month)
    is_end, was_end = (d == month_end(d.year, d.month) for d in (day, earlier))
    assert was_end if is_end else earlier.day == day.day or was_end
