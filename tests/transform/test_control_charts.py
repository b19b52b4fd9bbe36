"""Control charts are those of the R package NHSRplotthedots: on its own vectors, on what it says of random series
(tests/oracle/plotthedots.csv, which tests/oracle/plotthedots.R writes), and, by the plain model of it, on any series."""

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
CLOSE = Decimal("1e-9")


@dataclass(frozen=True)
class Series:
    """A series of months from January 2020 on. `rebase`: places from which a new base begins. `gaps`: months left out."""

    values: list[Any]
    rebase: tuple[int, ...] = ()
    unit: str = "gbp"
    gaps: tuple[int, ...] = field(default=())

    def months(self) -> list[date]:
        """The month of each value."""
        every = (m for m in range(10_000) if m not in self.gaps)
        return [date(2020 + m // 12, m % 12 + 1, 1) for m, _ in zip(every, self.values, strict=False)]


class Charts:
    """The model, as dbt compiles it, on made-up series."""

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
        rebuilt = "select 'm' as mart, 'f' as force_code, 0 as from_month_no"
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
        """What the model makes of them."""
        result = self.con.execute(f"from ({self.sql}) order by {order}")
        names = [c[0] for c in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def of(self, series: dict[str, Series]) -> dict[str, list[dict[str, Any]]]:
        """The charts of these series and no others, by name."""
        self.con.execute("delete from warehouse.marts.measures; delete from work.raw.rebases")
        for name, one in series.items():
            months = one.months()
            self.add(name, [(m, v, one.unit, "complete", "month") for m, v in zip(months, one.values, strict=True)])
            for place in one.rebase:
                self.rebase(name, months[place])
        return {name: list(rows) for name, rows in groupby(self.rows(), lambda row: row["measure"])}


@pytest.fixture(scope="module")
def charts(compiled: dict[str, str]) -> Iterator[Charts]:
    made = Charts(compiled["mart_control_charts"])
    yield made
    made.con.close()


def alike(row: dict[str, Any], point: Point, unit: str = "gbp") -> bool:
    """Whether a row says what the plain model does: mean and limits to 1e-9, every flag."""
    said = (row["mean"], row["lower_limit"], row["upper_limit"])
    meant = (point.mean, shown_lower(point, unit), point.upper)
    numbers = all(a is None if math.isnan(b) else abs(a - Decimal(b)) <= CLOSE for a, b in zip(said, meant, strict=True))
    flags = (point.is_outside, point.is_run, point.is_trend, point.is_two_of_three)
    return numbers and tuple(row[f] for f in FLAGS) == flags and row["variation"] == point.variation


def differing(made: dict[str, list[dict[str, Any]]], series: dict[str, Series]) -> list[str]:
    """Months of which the model and the plain one do not say the same."""
    found = []
    for name, one in series.items():
        points = chart(one.values, one.rebase) if len(one.values) >= 12 else []
        rows = made.get(name, [])
        assert len(rows) == len(points), name
        found += [
            f"{name} {row['period_start']}: {row}, {point}"
            for row, point in zip(rows, points, strict=True)
            if not alike(row, point, one.unit)
        ]
    return found


def vectors() -> dict[str, list[dict[str, str]]]:
    with VECTORS.open(encoding="utf-8", newline="") as file:
        return {name: list(rows) for name, rows in groupby(csv.DictReader(file), lambda row: row["series"])}


def as_series(rows: list[dict[str, str]], unit: str = "gbp") -> Series:
    return Series([Decimal(r["value"]) for r in rows], tuple(i for i, r in enumerate(rows) if r["rebase"] == "1"), unit)


def test_the_packages_charts_are_the_models(charts: Charts) -> None:
    expected = vectors()
    assert len(expected) > 40 and sum(len(rows) for rows in expected.values()) > 900
    made = charts.of({name: as_series(rows) for name, rows in expected.items()})
    marked = dict.fromkeys(FLAGS, 0)
    for name, rows in expected.items():
        for row, meant in zip(made[name], rows, strict=True):
            assert abs(row["mean"] - Decimal(meant["mean"])) <= CLOSE, name
            for ours, theirs in (("lower_limit", "lower"), ("upper_limit", "upper")):
                if meant[theirs]:
                    assert abs(row[ours] - Decimal(meant[theirs])) <= CLOSE, name
                else:
                    # The package has none where nothing moves; of a single month there is none here, either.
                    assert row[ours] == (row["mean"] if name == "no movement" else None), name
            flags = [meant[n] == "1" for n in ("outside", "run", "trend", "two")]
            assert [row[f] for f in FLAGS] == flags, (name, row["period_start"])
            assert row["variation"] == meant["variation"], (name, row["period_start"])
            for flag in FLAGS:
                marked[flag] += row[flag]
    assert min(marked.values()) > 10


def test_the_packages_printed_numbers() -> None:
    """Those of tests/testthat/_snaps/ptd_spc_standard.md."""
    found = {name: chart(as_series(rows).values)[0] for name, rows in vectors().items() if name.startswith("package")}
    printed = {"package: rnorm": (0.1416238, -3.01138, 3.294627), "package: outlier": (0.6694159, -2.383666, 3.722497)}
    for name, numbers in printed.items():
        point = found[name]
        assert (point.mean, point.lower, point.upper) == pytest.approx(numbers, rel=1e-6)


def test_the_plain_model_meets_the_packages_vectors() -> None:
    """Those of tests/testthat/test-ptd_calculate_point_type.R."""
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
    # Mostly level, so that runs, trends and jumps come up.
    st.lists(st.integers(-2, 3), min_size=10, max_size=60).map(lambda steps: [50 + sum(steps[:i]) for i in range(len(steps))]),
)
rates = st.lists(st.decimals(0, 100, places=2, allow_nan=False), min_size=10, max_size=40)


@st.composite
def a_series(draw: st.DrawFn) -> Series:
    values = draw(st.one_of(counts, rates))
    rebase = draw(st.lists(st.integers(1, len(values) - 1), max_size=2, unique=True))
    gaps = draw(st.lists(st.integers(1, 20), max_size=2, unique=True))
    return Series(values, tuple(sorted(rebase)), draw(st.sampled_from(["count", "gbp", "percent"])), tuple(gaps))


@settings(max_examples=often(30, 500))
@given(st.lists(a_series(), min_size=1, max_size=8))
def test_any_series_is_as_the_plain_model_has_it(charts: Charts, many: list[Series]) -> None:
    series = {f"s{i}": one for i, one in enumerate(many)}
    assert differing(charts.of(series), series) == []


def test_twelve_complete_months_make_a_chart_and_eleven_none(charts: Charts) -> None:
    made = charts.of({"eleven": Series(list(range(11))), "twelve": Series(list(range(12)))})
    assert {name: len(rows) for name, rows in made.items()} == {"twelve": 12}
    assert {(r["baseline_start"], r["baseline_end"]) for r in made["twelve"]} == {(date(2020, 1, 1), date(2020, 12, 31))}


def test_only_complete_months_with_a_value_are_in_it(charts: Charts) -> None:
    charts.of({"s": Series([5] * 6 + [6] * 6)})
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


def test_a_lower_limit_of_a_count_is_shown_as_no_less_than_nothing_and_not_used_so(charts: Charts) -> None:
    values = [0, 9, 0, 8, 1, 9, 0, 0, 0, 8, 0, 9, 1]
    made = charts.of({unit: Series(values, unit=unit) for unit in ("count", "gbp", "percent")})
    lower = {unit: rows[0]["lower_limit"] for unit, rows in made.items()}
    assert lower["count"] == 0 and lower["gbp"] == lower["percent"] < 0
    said = {unit: [tuple(r[f] for f in (*FLAGS, "variation", "upper_limit")) for r in rows] for unit, rows in made.items()}
    assert said["count"] == said["gbp"] == said["percent"]
    # Were 0 used as the limit, these zeros would be beyond two thirds of the way to it.
    assert not any(r["is_two_of_three"] for r in made["count"])


def test_a_rebase_is_of_its_series_and_from_the_month_of_its_day_on(charts: Charts) -> None:
    values = [10, 12, 11, 10, 12, 11, 30, 31, 32, 30, 31, 33]
    charts.of({"a": Series(values), "b": Series(values)})
    charts.rebase("a", date(2020, 7, 19))
    charts.rebase("a", date(2031, 1, 1))
    rows = {(r["measure"], r["period_start"].month): r for r in charts.rows()}
    bases = {(r["measure"], r["baseline_start"], r["baseline_end"], round(r["mean"], 4)) for r in rows.values()}
    assert bases == {
        ("a", date(2020, 1, 1), date(2020, 6, 30), Decimal("11.0000")),
        ("a", date(2020, 7, 1), date(2020, 12, 31), Decimal("31.1667")),
        ("b", date(2020, 1, 1), date(2020, 12, 31), Decimal("21.0833")),
    }
    assert rows["b", 7]["variation"] != "common cause" and rows["a", 7]["variation"] == "common cause"


def test_moving_ranges_above_the_screen_alone_are_left_out(charts: Charts) -> None:
    """Of 20 ranges of 1 and one of x, x is above 3.267 times their mean from x = 3.69 on."""
    for jump, kept in ((Decimal("3.6"), True), (Decimal("3.8"), False)):
        values = [Decimal(i % 2) for i in range(11)]
        values += [jump + i % 2 for i in range(11)]
        rows = charts.of({"s": Series(values)})["s"]
        average = (20 + jump) / 21 if kept else Decimal(1)
        assert abs(rows[0]["upper_limit"] - rows[0]["mean"] - Decimal("2.66") * average) <= CLOSE
