"""Control charts equal those of the R package NHSRplotthedots: on its own vectors, on its results for random series
(tests/oracle/plotthedots.csv, written by tests/oracle/plotthedots.R), and, through a plain model of it, on any series."""

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pytest
from how_often import often
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.charts import Point, chart, part_of_seven, seven_one_side, seven_trend, shown_lower, two_in_three

VECTORS = Path(__file__).parents[1] / "oracle" / "plotthedots.csv"
FLAGS = ("is_outside_limits", "is_run", "is_trend", "is_two_of_three")
TOLERANCE = Decimal("1e-9")


@dataclass(frozen=True)
class Series:
    """A series of months from January 2020. `rebase`: positions at which a new baseline begins. `gaps`: months left out."""

    values: list[Any]
    rebase: tuple[int, ...] = ()
    unit: str = "gbp"
    gaps: tuple[int, ...] = field(default=())

    def months(self) -> list[date]:
        """The month of each value."""
        numbers = (m for m in range(10_000) if m not in self.gaps)
        return [date(2020 + m // 12, m % 12 + 1, 1) for m, _ in zip(numbers, self.values, strict=False)]


class Charts:
    """The dbt model, as compiled, on made-up series."""

    def __init__(self, sql: str) -> None:
        self.sql, self.con = sql, duckdb.connect()
        self.con.execute("attach ':memory:' as warehouse; attach ':memory:' as work")
        self.con.execute("create schema warehouse.marts; create schema work.staging; create schema work.raw")
        self.con.execute(
            "create table warehouse.marts.measures (mart varchar, force_code varchar, area_type varchar, area_code varchar,"
            " area_name varchar, measure varchar, category varchar, period_type varchar, period_start date, period_end date,"
            " value decimal(28, 10), unit varchar, data_status varchar)"
        )
        self.con.execute(
            "create table work.raw.rebases (mart varchar, force_code varchar, area_type varchar, area_code varchar,"
            " measure varchar, category varchar, rebase_on date, reason varchar)"
        )
        rebuilt = "select unnest(['m', 'another']) as mart, 'f' as force_code, 0 as from_month_no, true as has_complete_months"
        self.con.execute(f"create table work.staging.figures_to_rebuild as {rebuilt}")

    def add(self, name: str, rows: Iterable[tuple[date, Any, str, str, str]]) -> None:
        """Figures: first day, value, unit, data_status, period_type."""
        days, values, units, statuses, kinds = (list(column) for column in zip(*rows, strict=True))
        self.con.execute(
            "insert into warehouse.marts.measures select 'm', 'f', 'force', 'f', 'F', $1, 'all', kind, day, last_day(day),"
            " value, unit, status from (select unnest($2::date[]) as day, unnest($3::decimal(28, 10)[]) as value,"
            " unnest($4::varchar[]) as unit, unnest($5::varchar[]) as status, unnest($6::varchar[]) as kind)",
            [name, days, [None if v is None else str(v) for v in values], units, statuses, kinds],
        )

    def rebase(self, name: str, day: date) -> None:
        """A rebase of a series."""
        self.con.execute("insert into work.raw.rebases values ('m', 'f', 'force', 'f', ?, 'all', ?, 'r')", [name, day])

    def rows(self, order: str = "measure, period_start") -> list[dict[str, Any]]:
        """The rows of the model."""
        result = self.con.execute(f"from ({self.sql}) order by {order}")
        names = [c[0] for c in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def charts_of(self, series: dict[str, Series]) -> dict[str, list[dict[str, Any]]]:
        """The charts of only these series, by name."""
        self.con.execute("delete from warehouse.marts.measures; delete from work.raw.rebases")
        for name, one in series.items():
            months = one.months()
            self.add(name, [(m, v, one.unit, "complete", "month") for m, v in zip(months, one.values, strict=True)])
            for place in one.rebase:
                self.rebase(name, months[place])
        return {name: list(rows) for name, rows in groupby(self.rows(), lambda row: row["measure"])}


@pytest.fixture(scope="module")
def charts(compiled_sql: dict[str, str]) -> Iterator[Charts]:
    charts = Charts(compiled_sql["mart_control_charts"])
    yield charts
    charts.con.close()


def equals(row: dict[str, Any], point: Point, unit: str = "gbp") -> bool:
    """Whether a row equals a point of the plain model: mean and limits to 1e-9, and every flag."""
    numbers = (row["mean"], row["lower_limit"], row["upper_limit"])
    expected = (point.mean, shown_lower(point, unit), point.upper)
    pairs = zip(numbers, expected, strict=True)
    is_close = all(a is None if math.isnan(b) else abs(a - Decimal(b)) <= TOLERANCE for a, b in pairs)
    flags = (point.is_outside, point.is_run, point.is_trend, point.is_two_of_three)
    return is_close and tuple(row[f] for f in FLAGS) == flags and row["variation"] == point.variation


def differences(rows_by_series: dict[str, list[dict[str, Any]]], series: dict[str, Series]) -> list[str]:
    """Months in which the dbt model and the plain model differ."""
    different = []
    for name, one in series.items():
        points = chart(one.values, one.rebase) if len(one.values) >= 12 else []
        rows = rows_by_series.get(name, [])
        assert len(rows) == len(points), name
        different += [
            f"{name} {row['period_start']}: {row}, {point}"
            for row, point in zip(rows, points, strict=True)
            if not equals(row, point, one.unit)
        ]
    return different


def vectors() -> dict[str, list[dict[str, str]]]:
    with VECTORS.open(encoding="utf-8", newline="") as file:
        return {name: list(rows) for name, rows in groupby(csv.DictReader(file), lambda row: row["series"])}


def as_series(rows: list[dict[str, str]], unit: str = "gbp") -> Series:
    return Series([Decimal(r["value"]) for r in rows], tuple(i for i, r in enumerate(rows) if r["rebase"] == "1"), unit)


def test_the_model_gives_the_charts_of_the_package(charts: Charts) -> None:
    expected = vectors()
    assert len(expected) > 40 and sum(len(rows) for rows in expected.values()) > 900
    rows_by_series = charts.charts_of({name: as_series(rows) for name, rows in expected.items()})
    flagged = dict.fromkeys(FLAGS, 0)
    for name, rows in expected.items():
        for row, expected_row in zip(rows_by_series[name], rows, strict=True):
            assert abs(row["mean"] - Decimal(expected_row["mean"])) <= TOLERANCE, name
            for ours, theirs in (("lower_limit", "lower"), ("upper_limit", "upper")):
                if expected_row[theirs]:
                    assert abs(row[ours] - Decimal(expected_row[theirs])) <= TOLERANCE, name
                else:
                    # The package has no limits for a constant series; here only a single month has none.
                    assert row[ours] == (row["mean"] if name == "no movement" else None), name
            flags = [expected_row[n] == "1" for n in ("outside", "run", "trend", "two")]
            assert [row[f] for f in FLAGS] == flags, (name, row["period_start"])
            assert row["variation"] == expected_row["variation"], (name, row["period_start"])
            for flag in FLAGS:
                flagged[flag] += row[flag]
    assert min(flagged.values()) > 10


def test_the_plain_model_gives_the_printed_numbers_of_the_package() -> None:
    """From its tests/testthat/_snaps/ptd_spc_standard.md."""
    first_points = {name: chart(as_series(rows).values)[0] for name, rows in vectors().items() if name.startswith("package")}
    printed = {"package: rnorm": (0.1416238, -3.01138, 3.294627), "package: outlier": (0.6694159, -2.383666, 3.722497)}
    for name, numbers in printed.items():
        point = first_points[name]
        assert (point.mean, point.lower, point.upper) == pytest.approx(numbers, rel=1e-6)


def test_the_plain_model_gives_the_test_vectors_of_the_package() -> None:
    """From its tests/testthat/test-ptd_calculate_point_type.R."""
    for sign in (1, -1):
        assert seven_one_side([sign] * 8 + [-sign]) == [False] * 6 + [True, True, False]
        assert seven_one_side([sign] * 6 + [-sign]) == [False] * 7
        assert part_of_seven([0] * 7 + [sign, 0]) == [False] + [True] * 7 + [False]
    assert seven_trend([1, 2, 3, 3, 4, 5, 6]) == [0] * 7
    assert seven_trend([1, 2, 3, 4, 5, 6]) == [0] * 6
    assert seven_trend([2, *range(1, 8), 3]) == [0] * 7 + [1, 0]
    assert seven_trend([2, *range(7, 0, -1), 3]) == [0] * 7 + [-1, 0]
    for close in ([1, 0, 1], [0, 1, 1], [1, 1, 0]):
        assert two_in_three(close, [1, 1, 1]) == [True] * 3
        assert two_in_three(close, [1, -1, 1]) == [False] * 3
    assert two_in_three([0, 0, 1, 0, 1, 0, 0], [1] * 7) == [False, False, True, True, True, False, False]
    assert two_in_three([0, 0, 1, 1, 0, 0, 0], [1] * 7) == [False, True, True, True, True, False, False]
    assert two_in_three([0, 0, 1, 1, 0, 0, 0], [-1, 1, -1, 1, -1, 1, -1]) == [False] * 7


counts = st.one_of(
    st.lists(st.integers(0, 6), min_size=10, max_size=40),
    st.lists(st.integers(0, 3000), min_size=10, max_size=40),
    # Small steps, so that runs, trends and jumps occur.
    st.lists(st.integers(-2, 3), min_size=10, max_size=60).map(lambda steps: [50 + sum(steps[:i]) for i in range(len(steps))]),
)
rates = st.lists(st.decimals(0, 100, places=2, allow_nan=False), min_size=10, max_size=40)


@st.composite
def random_series(draw: st.DrawFn) -> Series:
    values = draw(st.one_of(counts, rates))
    rebase = draw(st.lists(st.integers(1, len(values) - 1), max_size=2, unique=True))
    gaps = draw(st.lists(st.integers(1, 20), max_size=2, unique=True))
    return Series(values, tuple(sorted(rebase)), draw(st.sampled_from(["count", "gbp", "percent"])), tuple(gaps))


@settings(max_examples=often(30, 500))
@given(st.lists(random_series(), min_size=1, max_size=8))
def test_any_series_is_charted_as_by_the_plain_model(charts: Charts, series_list: list[Series]) -> None:
    series = {f"s{i}": one for i, one in enumerate(series_list)}
    assert differences(charts.charts_of(series), series) == []


def test_twelve_complete_months_make_a_chart_and_eleven_none(charts: Charts) -> None:
    chart_rows = charts.charts_of({"eleven": Series(list(range(11))), "twelve": Series(list(range(12)))})
    assert {name: len(rows) for name, rows in chart_rows.items()} == {"twelve": 12}
    assert {(r["baseline_start"], r["baseline_end"]) for r in chart_rows["twelve"]} == {(date(2020, 1, 1), date(2020, 12, 31))}


def test_only_complete_months_with_a_value_are_charted(charts: Charts) -> None:
    charts.charts_of({"s": Series([5] * 6 + [6] * 6)})
    charts.add("s", [
        (date(2021, 1, 1), 900, "gbp", "partial", "month"), (date(2021, 2, 1), None, "gbp", "complete", "month"),
        (date(2021, 3, 1), None, "gbp", "not_available", "month"), (date(2020, 1, 1), 66, "gbp", "complete", "calendar_year"),
    ])  # fmt: skip
    charts.con.execute(
        "insert into warehouse.marts.measures select * replace ('g' as force_code) from warehouse.marts.measures"
    )
    rows = charts.rows()
    assert [r["period_start"] for r in rows] == [date(2020, m, 1) for m in range(1, 13)]
    assert {(r["force_code"], r["mean"]) for r in rows} == {("f", Decimal("5.5"))}


def test_a_negative_lower_limit_of_a_count_is_shown_as_0_but_not_used_as_0(charts: Charts) -> None:
    values = [0, 9, 0, 8, 1, 9, 0, 0, 0, 8, 0, 9, 1]
    rows_by_unit = charts.charts_of({unit: Series(values, unit=unit) for unit in ("count", "gbp", "percent")})
    lower = {unit: rows[0]["lower_limit"] for unit, rows in rows_by_unit.items()}
    assert lower["count"] == 0 and lower["gbp"] == lower["percent"] < 0
    fields = (*FLAGS, "variation", "upper_limit")
    results = {unit: [tuple(r[f] for f in fields) for r in rows] for unit, rows in rows_by_unit.items()}
    assert results["count"] == results["gbp"] == results["percent"]
    # If 0 were the limit, these zeros would be beyond two thirds of the way to it.
    assert not any(r["is_two_of_three"] for r in rows_by_unit["count"])


def test_a_rebase_applies_to_its_series_from_its_month_on(charts: Charts) -> None:
    values = [10, 12, 11, 10, 12, 11, 30, 31, 32, 30, 31, 33]
    charts.charts_of({"a": Series(values), "b": Series(values)})
    charts.rebase("a", date(2020, 7, 19))
    charts.rebase("a", date(2031, 1, 1))
    for column in ("mart", "force_code", "area_type", "area_code", "category"):
        charts.con.execute(
            f"insert into work.raw.rebases select * replace ('another' as {column}, date '2020-03-01' as rebase_on)"
            " from work.raw.rebases where rebase_on = date '2020-07-19'"
        )
    rows = {(r["measure"], r["period_start"].month): r for r in charts.rows()}
    bases = {(r["measure"], r["baseline_start"], r["baseline_end"], round(r["mean"], 4)) for r in rows.values()}
    assert bases == {
        ("a", date(2020, 1, 1), date(2020, 6, 30), Decimal("11.0000")),
        ("a", date(2020, 7, 1), date(2020, 12, 31), Decimal("31.1667")),
        ("b", date(2020, 1, 1), date(2020, 12, 31), Decimal("21.0833")),
    }
    assert rows["b", 7]["variation"] != "common cause" and rows["a", 7]["variation"] == "common cause"


def test_a_trend_has_its_own_direction_before_that_of_a_run_and_its_last_month_that_of_the_step_to_the_next_trend(
    charts: Charts,
) -> None:
    """As the plain model has it: seven months that rise below the mean; seven that rise, and seven that rise again."""
    rising = list(range(10, 17))
    series = {"below": Series([30, 70] * 6 + rising), "twice": Series([9, 19] * 6 + rising + [n + 2 for n in rising])}
    rows = charts.charts_of(series)
    assert differences(rows, series) == []
    assert {(row["is_run"], row["is_trend"], row["variation"]) for row in rows["below"][12:]} == {(True, True, "high")}
    of_twice = [row["variation"] for row in rows["twice"][12:] if row["is_trend"]]
    assert of_twice == ["high"] * 6 + ["low"] + ["high"] * 7


def test_only_moving_ranges_above_the_screening_limit_are_left_out(charts: Charts) -> None:
    """Of 20 ranges of 1 and one of x, x is above 3.267 times their mean from x = 3.69 on."""
    for jump, is_kept in ((Decimal("3.6"), True), (Decimal("3.8"), False)):
        values = [Decimal(i % 2) for i in range(11)]
        values += [jump + i % 2 for i in range(11)]
        rows = charts.charts_of({"s": Series(values)})["s"]
        average = (20 + jump) / 21 if is_kept else Decimal(1)
        assert abs(rows[0]["upper_limit"] - rows[0]["mean"] - Decimal("2.66") * average) <= TOLERANCE
