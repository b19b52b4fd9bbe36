"""Figures are told apart from other numbers in a text, and periods are read as days."""

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dagster_project.core.home import DBT_PROJECT
from dagster_project.document_check.model import Figure
from dagster_project.document_check.tables.link_topline import _figure as topline_figure
from dagster_project.document_check.text.figures_in_text import numbers_of
from dagster_project.document_check.text.labels import matches
from dagster_project.document_check.text.periods_in_text import periods_of
from dagster_project.document_check.verdict_rule import NO_CHANGE, OF_NOTHING, judge, judge_near
from dagster_project.editions.read_printed_numbers import read_printed

CLAIMS = (DBT_PROJECT / "models" / "reports" / "claims.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("2.17 In all 953 tests", [("2.17", "paragraph"), ("953", "figure")]),
        ("3. AIMS", [("3.", "paragraph")]),
        ("1.5 tests a day", [("1.5", "unclear")]),
        ("14.In 2025, 15.827 of", [("14.", "paragraph"), ("2025", "year"), ("15.827", "figure")]),
        ("15.827 searches were made", [("15.827", "unclear")]),
        ("12.5 per cent of searches", [("12.5 per cent", "figure")]),
        ("12", [("12", "page")]),
        ("Page 3 of 40", [("Page 3 of 40", "page")]),
        ("on 9 May 2025 and in October 2024", [("9 May 2025", "date"), ("October 2024", "date")]),
        ("14 to 20 September 2025", [("14 to 20 September 2025", "date")]),
        ("in 2024/25 and 19/20, since 1971", [("2024/25", "year"), ("19/20", "year"), ("1971", "year")]),
        ("Nov-Oct 2024/25", [("2024/25", "year")]),
        ("Call 101 or 01332 123 456", [("Call 101", "phone"), ("01332 123 456", "phone")]),
        ("999 and 101 calls", [("999 and 101", "phone")]),
        ("101 arrests", [("101", "figure")]),
        ("a 16-year-old, three years", [("16-year-old", "length"), ("three years", "length")]),
        ("Section 27(1) and Table 3, paragraph 3.8, 8.4", [
            ("Section 27(1)", "reference"), ("Table 3", "reference"), ("paragraph 3.8, 8.4", "reference")]),
        ("the 4P model, people of 16-25", [("4P", "name"), ("16-25", "range")]),
        ("15.4 deaths per 100,000", [("15.4", "figure"), ("per 100,000", "unit")]),
        ("it was 1st, then 2nd", [("1st", "rank"), ("2nd", "rank")]),
        ("see https://x.org/2025/07 or a1@b.org", [("https://x.org/2025/07", "address"), ("a1@b.org", "address")]),
        ("Leaflets - 1,000 of them", [("1,000", "figure")]),
        ("in 2024 searches rose; the year 2024", [("2024", "year"), ("2024", "year")]),
        ("in 2023 and 2024 searches rose", [("2023", "year"), ("2024", "year")]),
        ("October 2024 searches, 2024/25 searches", [("October 2024", "date"), ("2024/25", "year")]),
        ("the Misuse of Drugs Act 1971 orders", [("Act 1971", "reference")]),
        ("2024 saw fewer searches", [("2024", "year")]),
        ("in 2024, 2024 searches were made", [("2024", "year"), ("2024", "figure")]),
        ("a total of 2024 drug searches", [("2024", "figure")]),
        ("2,024 searches", [("2,024", "figure")]),
        ("compared with 2024 searches", [("2024", "unclear")]),
        ("2024 searches", [("2024", "unclear")]),
        ("£1.2million, £1.2M, 12.5K orders, 5million", [
            ("£1.2million", "figure"), ("£1.2M", "figure"), ("12.5K", "figure"), ("5million", "figure")]),
        ("1,234offences, £1.2mn, 92D, 24hrs", [
            ("1,234offences", "unclear"), ("£1.2mn", "unclear"), ("92D", "name"), ("24hrs", "name")]),
        ("up 2.1ppts, over 12months", [("2.1ppts", "figure"), ("12months", "length")]),
        ("eight new orders, thirty-six in all, one too many", [("eight", "figure"), ("thirty-six", "figure")]),
        ("No possession offences, zero searches", [("No", "figure"), ("zero", "figure")]),
        ("the total was nil, fell to zero in May and stood: nil", [("nil", "figure"), ("zero", "figure"), ("nil", "figure")]),
        ("no more searches, no change, zero tolerance, no longer, a zero-hours contract, a true zero", []),
    ],
)  # fmt: skip
def test_numbers_have_their_kind(text: str, kinds: list[tuple[str, str]]) -> None:
    assert [(n.text, n.kind) for n in numbers_of(text)] == kinds


def test_no_in_a_heading_is_the_number_of_something() -> None:
    cells = {"No persons charged": [], "Nil returns": [], "Nil": ["Nil"], "No offences: 3": ["3"]}
    assert {cell: [n.text for n in numbers_of(cell, True)] for cell in cells} == cells
    assert [n.text for n in numbers_of("No offences: 3, no arrests 4")] == ["3", "4"]


@pytest.mark.parametrize(
    ("text", "printed", "unit", "value"),
    [
        ("worth £1.1 million", "£1.1 million", "gbp", 1_100_000),
        ("£52,995.90,", "£52,995.90", "gbp", Decimal("52995.90")),
        ("-3% of", "-3%", "percent", -3),
        ("–3%", "–3%", "percent", -3),
        ("12 per cent", "12 per cent", "percent", 12),
        ("2 percentage points", "2 percentage points", "percentage_points", 2),
        ("756 per 100,000", "756", "per_100k", 756),
        ("twenty-one people", "twenty-one", "count", 21),
        ("208 days", "208", "days", 208),
        ("No drug searches", "No", "count", 0),
        ("zero", "zero", "count", 0),
    ],
)
def test_a_figure_has_its_unit_and_value(text: str, printed: str, unit: str, value: Decimal) -> None:
    number = next(n for n in numbers_of(text) if n.kind in ("figure", "days"))
    assert (number.text, number.unit, read_printed(number.text, number.unit).value) == (printed, unit, value)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Between May 2024 and November 2025", ("2024-05-01", "2025-11-30")),
        ("Between May and November 2025", ("2025-05-01", "2025-11-30")),
        ("Nov-Oct 2024/25", ("2024-11-01", "2025-10-31")),
        ("Apr-Oct 2025/26", ("2025-04-01", "2025-10-31")),
        ("in the year to June 2026", ("2025-07-01", "2026-06-30")),
        ("in the twelve months ending in October 2025", ("2024-11-01", "2025-10-31")),
        ("(to October 2025)", (None, "2025-10-31")),
        ("Operation Amber ended in October 2025", ("2025-10-01", "2025-10-31")),
        ("in 2024/25", ("2024-04-01", "2025-03-31")),
        ("24/25", ("2024-04-01", "2025-03-31")),
        ("in 2024-25", ("2024-04-01", "2025-03-31")),
        ("from 1 April 2024 to 31 March 2025", ("2024-04-01", "2025-03-31")),
        ("in the six months to October 2025", ("2025-05-01", "2025-10-31")),
        ("for the 2025/26 financial year to date", ("2025-04-01", None)),
        ("from 14 to 20 September 2025", ("2025-09-14", "2025-09-20")),
        ("in October 2024", ("2024-10-01", "2024-10-31")),
        ("over the past year", ("2024-11-01", "2025-10-31")),
        ("in 2024", ("2024-01-01", "2024-12-31")),
        ("2025 (January 2025-September 2025)", ("2025-01-01", "2025-09-30")),
        ("between 1 January and 31 December 2025", ("2025-01-01", "2025-12-31")),
        ("1 December to 31 January 2025", ("2024-12-01", "2025-01-31")),
        ("in the 12 months to 30 November 2025", ("2024-12-01", "2025-11-30")),
        ("the year ended 31st March 2025", ("2024-04-01", "2025-03-31")),
        ("the 12 months to 20 November 2025", (None, None)),
    ],
)
def test_periods_are_read_as_days(text: str, days: tuple[str | None, str | None]) -> None:
    (period,) = periods_of(text, date(2025, 10, 31))
    assert tuple(d and str(d) for d in (period.first, period.last)) == days


@pytest.mark.parametrize(
    "text", ["12/34", "the Misuse of Drugs Act 1971", "since May 2024", "on 1 January and 31 December 2025"]
)
def test_a_text_without_a_period_has_none(text: str) -> None:
    assert not periods_of(text, date(2025, 10, 31))


def test_a_count_that_looks_like_a_year_is_not_a_period() -> None:
    assert not periods_of("We carried out 2024 searches", date(2025, 10, 31))
    (period,) = periods_of("We carried out 2024 searches in 2024", date(2025, 10, 31))
    assert (period.start, str(period.last)) == (32, "2024-12-31")


@pytest.mark.parametrize("text", ["in early 2025", "last summer", "last year", "Q4 2024/25", "the first quarter of 2024/25"])
def test_a_part_of_a_period_fits_no_figure(text: str) -> None:
    (period,) = periods_of(text, date(2025, 10, 31))
    assert not period.fits(date(2024, 4, 1), date(2025, 3, 31), None) and not period.fits(None, None, None)


def test_a_year_to_date_is_no_whole_year_and_a_year_that_ends_no_month() -> None:
    (to_date,) = periods_of("for 2025/26 to date", date(2026, 3, 31))
    begins = date(2025, 4, 1)
    lasts = [date(2025, 4, 30), date(2026, 2, 28), date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 30)]
    assert [to_date.fits(begins, last, None) for last in lasts] == [False, True, True, False, False]
    assert to_date.fits(begins, lasts[0], lasts[0])
    assert not to_date.fits(date(2025, 1, 1), lasts[0], None)
    (ends,) = periods_of("searches to October 2025", date(2025, 12, 31))
    end = date(2025, 10, 31)
    begins_on = [date(2024, 11, 1), date(2025, 9, 1), date(2025, 10, 1), None]
    assert [ends.fits(first, end, None) for first in begins_on] == [True, True, False, False]
    assert not ends.fits(date(2024, 10, 1), date(2025, 9, 30), None)


@pytest.mark.parametrize("text", ["@" * 100_000, "a" * 100_000, "(" + "1.11" * 40, " " * 100_000 + "a", "1," * 20_000])
def test_long_texts_are_read_quickly(text: str) -> None:
    """A pattern that starts again at every letter would take hours on one of these."""
    started = time.monotonic()
    numbers_of(text)
    assert time.monotonic() - started < 30


def test_labels_match_only_where_they_mean_the_same() -> None:
    totals = {2: "TOTAL (Orders - number)", 3: "TOTAL (Orders - value)"}
    known = {1: "Drug Possession", **totals, 4: "2023/24", 5: "Nov-Oct 2023/24"}
    assert matches("drug possession", known) == [(1, True)]
    assert matches("Drug Possession - cannabis", known) == []
    assert matches("TOTAL (Orders - number and value)", known) == [(2, False), (3, False)]
    assert matches("Nov- Oct 2023/24", known) == [(5, True)] and matches("23/24**", known) == [(4, True)]
    assert matches("Dec-Nov 2023/24", known) == []


@pytest.mark.parametrize(
    ("printed", "unit", "value", "status", "verdict"),
    [
        ("10", "count", 3, "partial", ("not computable", "the extracts cover only a part of the period")),
        ("10", "count", 12, "partial", ("disagrees", "the marts have another figure")),
        ("3", "count", 3, "partial", ("agrees", "over the covered part of the period")),
        ("10", "count", 3, "complete", ("disagrees", "the marts have another figure")),
        ("10%", "percent", 12, "partial", ("not computable", "the extracts cover only a part of the period")),
        ("-2", "count", Decimal("-2.95"), "complete", ("agrees when cut", "matches if rounded down")),
        ("2", "count", Decimal("-2.95"), "complete", ("disagrees", "the marts have another figure")),
        ("-3", "count", Decimal("-2.5"), "complete", ("agrees", None)),
        ("3", "count", Decimal("-2.5"), "complete", ("disagrees", "the marts have another figure")),
        ("10%", "percent", None, "complete", ("not computable", OF_NOTHING)),
        ("10%", "percent", None, "partial", ("not computable", OF_NOTHING)),
        ("50", "count", None, "complete", ("not computable", OF_NOTHING)),
        ("50", "count", None, "partial", ("not computable", "no accepted file has it for these days")),
        ("10%", "percent", None, "not_available", ("not computable", "no accepted file has it for these days")),
    ],
)
def test_a_number_is_not_held_against_a_part_or_a_rate_of_nothing(
    printed: str, unit: str, value: Decimal | int | None, status: str, verdict: tuple[str, str | None]
) -> None:
    place = ("force", "Derbyshire Constabulary", "all", None, None)
    figure = Figure("mart_x", "x", "value", *place, unit, None if value is None else Decimal(value), status)
    assert judge(read_printed(printed), figure) == verdict
    if value is not None:
        assert judge(read_printed(printed), replace(figure, shows="numerator")) == verdict, "as reports.claims has it"
    assert judge(read_printed(printed), replace(figure, shows="prior_value")) == verdict
    assert verdict[1] is None or f"'{verdict[1]}" in CLAIMS, "claims have the same words"


@pytest.mark.parametrize(
    ("side", "value", "verdict"),
    [
        (1, 2001, "agrees"), (1, 2099, "agrees"), (1, 2000, "not computable"), (1, 2100, "not computable"),
        (1, 2199, "not computable"), (1, 2200, "disagrees"), (1, 1999, "disagrees"),
        (-1, 1999, "agrees"), (-1, 1900, "not computable"), (-1, 1800, "disagrees"), (-1, 2001, "disagrees"),
    ],
)  # fmt: skip
def test_just_over_and_just_under_are_within_a_step_of_the_last_digit(side: int, value: int, verdict: str) -> None:
    """Of 2,000 that is 100: to less than two steps, who is less strict may call it near."""
    place = ("force", "Derbyshire Constabulary", "all", None, None)
    figure = Figure("mart_x", "x", "value", *place, "count", Decimal(value), "complete")
    assert judge_near(read_printed("2,000"), side, figure)[0] == verdict
    of_change = replace(figure, shows="volume_change", value=Decimal(-value))
    assert judge_near(read_printed("-2,000"), side, of_change)[0] == verdict, "a fall of just over 2,000"


def test_a_unit_without_a_figure_may_have_another_name() -> None:
    figure = Figure("mart_x", "x", "value", "lpu", "Old name", "all", None, None, "count", None, "not_available")
    reason = "no accepted file has it for these days, or the list of areas lacks the name"
    assert judge(read_printed("563"), figure) == ("not computable", reason) and f"'{reason}'" in CLAIMS


def test_a_change_without_a_year_before_does_not_say_that_no_file_has_its_days() -> None:
    place = ("force", "Derbyshire Constabulary", "all", None, None)
    figure = Figure("mart_x", "x", "pct_change", *place, "percent", None, "complete")
    assert judge(read_printed("19%"), figure) == ("not computable", NO_CHANGE)
    assert judge(read_printed("19%"), replace(figure, status="not_available"))[1] == "no accepted file has it for these days"


@pytest.mark.parametrize(
    ("change", "printed", "verdict"),
    [(800, "1,649", "disagrees"), (None, "1,649", "not computable"), (None, "1,200", "agrees"), (None, "900", "disagrees")],
)
def test_a_year_before_is_held_against_a_number_where_it_is_covered_whole(
    change: int | None, printed: str, verdict: str
) -> None:
    """The status in the marts is that of the newer year: complete, whatever of the year before is covered."""
    row = {
        "mart": "mart_x", "measure": "x", "area_type": "force", "area_name": "F", "category": "all", "unit": "count",
        "period_start": date(2025, 1, 1), "period_end": date(2025, 12, 31), "period_label": "2025", "value": Decimal(2000),
        "prior_value": Decimal(1200), "volume_change": change, "data_status": "complete",
    }  # fmt: skip
    assert judge(read_printed(printed), topline_figure(row, "prior_value", printed))[0] == verdict
