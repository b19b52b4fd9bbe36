"""What is said of a change that has no number, and which cell of the report gives its number."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from dagster_project.serving import trace_change as module
from dagster_project.serving.trace import Trail
from dagster_project.serving.trace_change import Change, trace_change
from dagster_project.serving.trace_request import FigureRequest

CELL = {
    "mart": "m", "measure": "n", "category": "all", "area_type": "force", "area_name": None, "force_code": "f",
    "period_start": date(2024, 3, 1), "period_end": date(2025, 2, 28), "shows": "pct_change",
}  # fmt: skip
REQUEST = FigureRequest("n", date(2025, 2, 28), date(2024, 3, 1), "m", force_code="f", shows="pct_change")


def change(
    monkeypatch: pytest.MonkeyPatch,
    cells: list[dict],
    now: tuple,
    before: tuple,
    shows: str = "pct_change",
    unit: str = "count",
) -> Change:
    """The change where `now` and `before` are value and status of the two figures."""
    figures = {date(2025, 2, 28): now, date(2024, 2, 29): before}

    def trail(_: object, request: FigureRequest) -> Trail:
        value, status = figures[request.last]
        assert request.first == date(request.last.year - 1, 3, 1)
        return Trail(request, "m", "t", unit, "", "sum", value, [], data_status=status)

    monkeypatch.setattr(module, "trace", trail)
    request = FigureRequest(**(vars(REQUEST) | {"shows": shows}))
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as warehouse; create schema warehouse.reports")
        columns = ", ".join(f"{name} {'date' if name.startswith('period') else 'varchar'}" for name in CELL)
        con.execute(f"create table warehouse.reports.cells ({columns}, value double)")
        for cell in cells:
            con.execute("insert into warehouse.reports.cells values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", list(cell.values()))
        return trace_change(con, request)


WHOLE, PART, NONE, ZERO = (Decimal(5), "complete"), (Decimal(0), "partial"), (None, "not_available"), (Decimal(0), "complete")
NOT_APPLICABLE = (None, "complete")
NOT_COVERED = "one of the two periods is not fully covered"


@pytest.mark.parametrize(
    ("now", "before", "shows", "unit", "why"),
    [
        (WHOLE, PART, "pct_change", "count", NOT_COVERED),
        (PART, ZERO, "pct_change", "count", NOT_COVERED),
        (WHOLE, NONE, "volume_change", "count", NOT_COVERED),
        (WHOLE, ZERO, "pct_change", "count", "there is no change in per cent from 0"),
        (WHOLE, ZERO, "pct_change", "percent", "a rate changes by percentage points"),
        (NOT_APPLICABLE, ZERO, "volume_change", "percent", "one of the two figures is not applicable"),
        (WHOLE, NOT_APPLICABLE, "volume_change", "percent", "one of the two figures is not applicable"),
    ],
)
def test_a_change_without_a_number_says_why(
    now: tuple, before: tuple, shows: str, unit: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 in the covered part of a year is not 0, and a rate of nothing is covered."""
    found = change(monkeypatch, [], now, before, shows, unit)
    assert (found.value, found.why) == (None, why)


def test_a_change_is_the_one_that_its_own_cell_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another cell differs from it in one column; its figure is greater."""
    others = {"mart": "o", "measure": "o", "category": "o", "area_type": "lpu", "area_name": "o", "force_code": "o",
              "period_start": date(2024, 3, 2), "period_end": date(2025, 2, 27), "shows": "volume_change"}  # fmt: skip
    cells = [{**CELL, "value": 7.5}, *({**CELL, name: other, "value": 99} for name, other in others.items())]
    found = change(monkeypatch, cells, WHOLE, WHOLE)
    assert (found.value, found.why, found.unit) == (7.5, "", "percent")


@pytest.mark.parametrize(
    ("shows", "unit", "expected"),
    [
        ("pct_change", "gbp", "percent"), ("volume_change", "gbp", "gbp"), ("volume_change", "percent", "percentage_points"),
        ("prior_value", "percent", "percent"),
    ],
)  # fmt: skip
def test_a_change_has_its_own_unit(shows: str, unit: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert change(monkeypatch, [], WHOLE, WHOLE, shows, unit).unit == expected
