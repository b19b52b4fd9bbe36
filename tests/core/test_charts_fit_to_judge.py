"""Which control charts and changes are judged in words."""

from datetime import date
from decimal import Decimal

import duckdb
import numpy as np
import pytest
from oracle.charts import chart

from dagster_project.core.charts_fit_to_judge import charts_in_words, has_small_side, has_status_of_now, is_small

COUNT, RATE, STOCK = (
    ("mart_incidents", "incidents_drugs"), ("mart_drug_tests", "positivity_rate"), ("mart_pspo", "pspos_active"),
)  # fmt: skip


def month(number: int) -> date:
    return date(2022 + number // 12, number % 12 + 1, 1)


def in_words(
    values: list[float], measure: tuple[str, str] = COUNT, *, share_of: int | None = None, category: str = "all",
    months: list[int] | None = None,
) -> list[tuple[str | None, str, bool, bool]]:  # fmt: skip
    """A control chart in words: of each month why it is not judged, its variation, and whether it is of a run and of a trend.
    `share_of`: the denominator of each month; `months`: numbers of the months, from January 2022."""
    con = duckdb.connect()
    points = chart([Decimal(str(v)) for v in values])
    con.execute(
        "create table charts (mart varchar, force_code varchar, area_type varchar, area_code varchar, measure varchar,"
        " category varchar, period_start date, value decimal(28, 10), mean decimal(28, 10), upper_limit decimal(28, 10),"
        " baseline_start date, is_outside_limits boolean, is_run boolean, is_trend boolean, is_two_of_three boolean,"
        " variation varchar)"
    )
    starts = [month(n) for n in months or range(len(values))]
    for start, p in zip(starts, points, strict=True):
        con.execute(
            "insert into charts values (?, 'f', 'force', 'f', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*measure, category, start, p.value, p.mean, p.upper, starts[0], p.is_outside, p.is_run, p.is_trend,
             p.is_two_of_three, p.variation],
        )  # fmt: skip
    con.execute(
        "create table measures as select * exclude (mean, upper_limit), 'month' as period_type,"
        f" {share_of or 'null'}::decimal(28, 10) as denominator, value * denominator / 100 as numerator from charts"
    )
    return con.execute(
        f"select not_judged, variation, is_run, is_trend from {charts_in_words('charts', 'measures')} order by period_start"
    ).fetchall()


def reasons(*args: object, **options: object) -> set[str | None]:
    rows = in_words(*args, **options)
    assert not [r for r in rows if r[0] and r[1:] != ("common cause", False, False)], "no mark without a verdict"
    return {r[0] for r in rows}


@pytest.mark.parametrize(("values", "measure", "share_of"), [
    ([30] * 20 + [29] * 4, COUNT, None), ([30] * 20 + [29] * 4, STOCK, None), ([7] * 24, COUNT, None),
    ([49.8] + [50.0] * 11, RATE, 400),
])  # fmt: skip
def test_limits_on_the_mean_judge_nothing(values: list[float], measure: tuple[str, str], share_of: int | None) -> None:
    """One order of 30 expires: its step is far from the others, so that both limits are the mean and all months outside."""
    points = chart([Decimal(str(v)) for v in values])
    assert all(p.upper == pytest.approx(p.mean) for p in points) and len(set(values)) == len({p.variation for p in points})
    assert reasons(values, measure, share_of=share_of) == {"still"}


@pytest.mark.parametrize(("measure", "category", "reason"), [
    (COUNT, "all", None), (STOCK, "all", "on a day"), (("mart_iom", "cohort_size"), "all", "on a day"),
    (("mart_mda_orders", "order_value"), "all", "money"), (("mart_cash_seizures", "forfeiture_value"), "all", "money"),
    (("mart_cash_seizures", "under_investigation_value"), "all", "status"),
    (("mart_cash_seizures", "orders_obtained"), "all", None),
    (("mart_cash_seizures", "orders_obtained"), "Forfeited", "status"),
    (("mart_cash_seizures", "orders_obtained_value"), "Forfeited", "status"),
])  # fmt: skip
def test_measures_that_the_method_does_not_fit_are_not_judged(measure: tuple[str, str], category: str, reason: str) -> None:
    assert reasons([20, 31, 24, 90, 22, 28] * 4, measure, category=category) == {reason}
    assert has_status_of_now(*measure, category) == (reason == "status")


def test_less_than_a_year_beside_a_known_change_is_not_judged() -> None:
    """24, 44 and 26 have limits of 0 and 82: any month was `within normal variation`."""
    assert reasons([24, 44, 26]) == {"short"} and reasons([20, 31, 24, 90, 22, 28, 25, 26, 31, 23, 22]) == {"short"}
    assert reasons([20, 31, 24, 90, 22, 28, 25, 26, 31, 23, 22, 27]) == {None}
    assert reasons([1, 2, 0]) == {"few"} and reasons([7, 7, 7]) == {"still"}


def test_a_rate_is_judged_by_what_it_is_a_share_of() -> None:
    """Of one test a month it is 0% or 100%; of 1,000 a rate under 2% is of many events."""
    assert reasons([0, 100, 100, 0] * 6, RATE, share_of=1) == {"few"}
    assert reasons([40, 50, 45, 60] * 6, RATE, share_of=19) == {"few"} and reasons([40, 50, 45] * 6, RATE, share_of=20) == {
        None
    }
    assert reasons([1.1, 1.3, 1.2] * 6, RATE, share_of=1000) == {None}
    assert reasons([1.1, 1.3, 1.2] * 6, RATE, share_of=100) == {"few"} and reasons([1, 2, 3] * 6) == {None}
    assert reasons([1, 2, 1] * 6) == {"few"}


def test_a_run_does_not_leap_over_months_without_a_figure() -> None:
    """Covered January 2022 to April 2023 and September to December 2025: four high months before and four after were a run."""
    values = [13, 9] * 6 + [12] * 8
    months = [*range(16), *range(44, 48)]
    assert [p.is_run for p in chart(values)] == [False] * 12 + [True] * 8
    assert not any(is_run for *_, is_run, _ in in_words(values, months=months))
    assert [r[1] for r in in_words(values)[12:]] == ["high"] * 8
    # Three before and seven after: seven adjoining months are one.
    values, months = [13, 9] * 6 + [12] * 10, [*range(15), *range(41, 48)]
    assert [is_run for *_, is_run, _ in in_words(values, months=months)] == [False] * 15 + [True] * 7


@pytest.mark.parametrize("seed", range(6))
def test_marks_in_words_are_those_of_the_method_within_adjoining_months(seed: int) -> None:
    """Against a plain reading, month by month, of random series with and without missing months."""
    rng = np.random.default_rng(seed)
    values = [int(v) for v in 50 + rng.choice([-1, 0, 1, 1], 60).cumsum() * rng.choice([-1, 1])]
    for months in (list(range(60)), sorted(rng.choice(75, 60, replace=False).tolist())):
        points, found = chart(values), in_words(values, months=months)
        sides = [np.sign(p.value - p.mean) for p in points]
        steps = [0, *(np.sign(values[n] - values[n - 1]) if months[n] == months[n - 1] + 1 else 0 for n in range(1, 60))]
        runs, trends = [False] * 60, [0] * 60
        for n in range(54):
            if months[n + 6] == months[n] + 6 and len({*sides[n : n + 7]}) == 1:
                runs[n : n + 7] = [True] * 7
            if len({*steps[n + 1 : n + 7]}) == 1 and steps[n + 1]:
                trends[n : n + 7] = [steps[n + 1]] * 7
        for n, (p, (not_judged, variation, is_run, is_trend)) in enumerate(zip(points, found, strict=True)):
            assert (not_judged, is_run, is_trend) == (None, p.is_run and runs[n], p.is_trend and bool(trends[n])), (n, months)
            by = sides[n] if p.is_outside else trends[n] if is_trend else sides[n] if p.is_two_of_three or is_run else 0
            assert variation == {1: "high", -1: "low", 0: "common cause"}[by], (n, months)
        if months == list(range(60)):
            assert [f[1:] for f in found] == [(p.variation, p.is_run, p.is_trend) for p in points]
            assert any(p.is_run for p in points)


def test_a_change_is_of_small_numbers_where_both_sides_are() -> None:
    """12 to 240 is no small change, though its 1,900% is of little use."""
    twelve, many, none = Decimal(12), Decimal(240), None
    assert is_small("count", twelve, Decimal(1)) and not is_small("count", many, twelve) and not is_small("count", twelve, many)
    assert is_small("count", twelve, none) and not is_small("count", many, none) and not is_small("gbp", twelve, twelve)
    assert has_small_side("count", many, twelve) and has_small_side("count", twelve, many)
    assert not has_small_side("count", many, many) and not has_small_side("percent", twelve, twelve)
    assert is_small("percent", many, many, (Decimal(8), Decimal(300))) and not is_small("percent", twelve, twelve, (many, many))
    assert not is_small("percent", twelve, twelve, (none, none)), "not known"
