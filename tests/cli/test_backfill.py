"""`pam backfill`: only files that touch the period, newer ones before older ones, and the days still not covered."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import land_night, published, write_extract

from dagster_project.core.config import Extracts
from dagster_project.core.home import Home
from dagster_project.core.receipts import read_receipts
from dagster_project.landing import LedgerEntry, read_ledger
from dagster_project.nights.late_extracts import late_extracts
from dagster_project.nights.period_coverage import (
    PeriodError,
    coverage_gaps,
    coverage_rows,
    find_gaps,
    format_spans,
    read_period,
)

ORDERS = ["order_ref", "order_date", "amount", "recipient"]
PERIOD = (date(2024, 1, 1), date(2024, 12, 31))


def write_orders(folder: Path, first: str, last: str, ref: str, amount: int, stamp: str) -> None:
    rows = [[ref, first, amount, "Police"]]
    write_extract(folder, "mda_orders", rows, columns=ORDERS, window=(first, last), stamp=stamp)


def test_backfill_fills_a_past_period(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    write_orders(new_home.inbox, "2024-07-01", "2024-09-30", "M1", 100, "20260101T020000Z")
    land_night(new_home)
    old_files = tmp_path / "old"
    write_orders(old_files, "2023-12-01", "2024-01-31", "M2", 10, "20240201T020000Z")
    write_orders(old_files, "2024-07-01", "2024-07-31", "M1", 1, "20240801T020000Z")
    write_orders(old_files, "2022-01-01", "2022-12-31", "M3", 1000, "20230101T020000Z")
    (old_files / "notes.txt").write_text("x")
    before = sorted(old_files.iterdir())
    result = pam("backfill", "2024-01-01", "2024-12-31", "--inbox", old_files, "--home", new_home.path)
    assert result.exit_code == 0, result.stderr
    assert sorted(old_files.iterdir()) == before, "the folder is unchanged"
    starts = sorted(f["covered_from"] for f in read_receipts(new_home)[-1].files)
    assert starts == ["2023-12-01", "2024-07-01", "2024-07-01"], "with the file that landed before, which is in no receipt yet"
    assert {str(e.covered_from) for e in read_ledger(new_home)} == {"2024-07-01", "2023-12-01"}
    figures = published(
        new_home,
        "select cast(period_end as varchar), value from marts.mart_mda_orders where measure = 'order_value'"
        " and category = 'all' and period_type = 'month' and area_type = 'force' and value > 0 order by 1",
    )
    # An older file fills only the days that no newer one covers.
    assert [(end, int(value)) for end, value in figures] == [("2023-12-31", 10), ("2024-07-31", 100)]
    table = " ".join(result.stdout.split())
    assert "Covered of 2024-01-01 to 2024-12-31" in table
    assert "mda_orders derbyshire 123 of 366 2024-02-01 to 2024-06-30, 2024-10-01 to 2024-12-31" in table
    assert "all: never accepted" in table and "naloxone" in table
    again = pam("backfill", "2024-01-01", "2024-12-31", "--inbox", old_files, "--home", new_home.path, "--quiet")
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "")
    assert len(read_ledger(new_home)) == 3 and {f["outcome"] for f in read_receipts(new_home)[-1].files} == {"known"}


def test_no_night_runs_where_no_file_touches_the_period(pam: Callable, new_home: Home, tmp_path: Path) -> None:
    write_orders(tmp_path, "2024-01-01", "2024-01-31", "M2", 10, "20240201T020000Z")
    result = pam("backfill", "2024-02-01", "2024-02-29", "--inbox", tmp_path, "--home", new_home.path)
    assert (
        result.exit_code == 1 and "no file whose name says that it covers any day of 2024-02-01 to 2024-02-29" in result.stderr
    )
    assert read_receipts(new_home) == []
    write_orders(new_home.inbox, "2024-02-01", "2024-02-29", "M2", 10, "20240301T020000Z")
    new_home.config_file.write_text(f"[night]\ninbox = '{tmp_path}'\n", encoding="utf-8")
    result = pam("backfill", "2024-02-01", "2024-02-29", "--home", new_home.path)
    assert result.exit_code == 1 and f"{tmp_path}: no file whose name says" in result.stderr, "not those of the home's inbox"


@pytest.mark.parametrize("period", [("2024-02-30", "2024-03-01"), ("2024-03-01", "2024-02-01"), ("yesterday", "today")])
def test_an_invalid_period_is_a_usage_error(pam: Callable, new_home: Home, period: tuple[str, str]) -> None:
    assert pam("backfill", *period, "--home", new_home.path).exit_code == 2
    with pytest.raises(PeriodError):
        read_period(*period)


@given(st.lists(st.tuples(st.integers(-20, 400), st.integers(0, 60)), max_size=8))
def test_covered_days_equal_a_count_day_by_day(windows: list[tuple[int, int]]) -> None:
    days = [PERIOD[0] + timedelta(days=n) for n in range(366)]
    spans = [(PERIOD[0] + timedelta(days=a), PERIOD[0] + timedelta(days=a + n)) for a, n in windows]
    covered = {d for d in days if any(a <= d <= b for a, b in spans)}
    gaps = find_gaps(spans, PERIOD)
    assert {d for a, b in gaps for d in days if a <= d <= b} == set(days) - covered
    assert sum((b - a).days + 1 for a, b in gaps) == len(days) - len(covered), "no day twice, and none of another year"
    rows = [row for row in coverage_rows(covering(*spans), PERIOD) if row[1] == "kent"]
    assert rows == ([("mda_orders", "kent", f"{len(covered)} of 366", format_spans(gaps) or "nothing")] if spans else [])


def covering(*spans: tuple[Any, Any]) -> list[LedgerEntry]:
    """Accepted files of these days, in order of landing."""
    return [
        LedgerEntry(
            night_id="n", landed_at=f"2026-01-01T00:00:{n:02}Z", extract="mda_orders", force_code="kent", source_file=f"{n}",
            outcome="accepted", load_id=f"{n}", covered_from=first, covered_to=last,
        )
        for n, (first, last) in enumerate(spans)
    ]  # fmt: skip


def test_gaps_are_those_between_the_first_and_the_last_covered_day_however_files_arrived() -> None:
    march, january, year = ("2024-03-01", "2024-03-31"), ("2024-01-01", "2024-01-31"), ("2024-01-01", "2024-12-31")
    assert coverage_gaps(covering(march, january)) == [("mda_orders", "kent", "2024-02-01 to 2024-02-29")]
    assert coverage_gaps(covering(year, january)) == []


def test_a_published_month_beside_the_force_s_own_searches_covers_nothing() -> None:
    """As in the marts: not even the days before the force's own begin. Street files have no key, and count beside it."""
    own, march, february = ("2024-03-10", "2024-04-30"), ("2024-03-01", "2024-03-31"), ("2024-02-01", "2024-02-29")
    forms = ("canonical", "police_uk", "police_uk")
    for extract, gap in (("stop_search", "2024-03-01 to 2024-03-09"), ("street_crime", "")):
        files = [
            e.model_copy(update={"extract": extract, "form": form})
            for e, form in zip(covering(own, march, february), forms, strict=True)
        ]
        assert coverage_gaps(files) == ([(extract, "kent", gap)] if gap else [])
        (row,) = (r for r in coverage_rows(files, PERIOD) if r[1] == "kent")
        assert row[2] == ("81 of 366" if gap else "90 of 366")


def test_a_file_that_came_before_the_newest_days_makes_nothing_late() -> None:
    entries = covering(("2025-01-01", "2025-12-01"), ("2024-01-01", "2024-12-31"))
    on = lambda day: [f["days_late"] for f in late_extracts(entries, date.fromisoformat(day), Extracts())]  # noqa: E731
    # Monthly: 45 days after the first of December.
    assert (on("2026-01-15"), on("2026-01-16")) == ([], [1])


def test_a_period_of_one_day() -> None:
    assert read_period("2024-02-29", "2024-02-29") == (date(2024, 2, 29), date(2024, 2, 29))


def test_spans_in_words() -> None:
    assert format_spans([(date(2024, 1, 1), date(2024, 1, 1)), (date(2024, 2, 1), date(2024, 3, 1))]) == (
        "2024-01-01, 2024-02-01 to 2024-03-01"
    )
