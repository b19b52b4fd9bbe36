"""The year before of a public figure has its own status: files may cover a part of the one year and the whole of the other."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from dagster_project.editions.windows import month_end
from dagster_project.public_form.public_windows import FigureSeries, PublicFigure, PublicFigures, WantedSeries

SERIES = ("m", "x", "force", "F", "all")
YEAR = (date(2025, 1, 1), date(2025, 12, 31))
SPRING = (date(2025, 3, 1), date(2025, 5, 31))
FILLED = "period_type, period_start, period_end, unit, value, numerator, denominator, marker"


@pytest.mark.parametrize("days", [YEAR, SPRING], ids=["a row of the marts", "a sum of months"])
@pytest.mark.parametrize(("now", "before"), [("complete", "partial"), ("partial", "complete")])
def test_the_year_before_has_its_own_status(days: tuple[date, date], now: str, before: str) -> None:
    with duckdb.connect() as con:
        con.execute("create schema marts_public")
        con.execute(
            f"""
            create table marts_public.measures as
            with months as (
                select make_date(year, month, 1) as period_start, if(year = 2025, '{now}', '{before}') as data_status
                from range(2024, 2026) as y (year), range(1, 13) as m (month)
            ),
            periods as (
                select 'month' as period_type, period_start, last_day(period_start) as period_end, data_status, 10 as value
                from months
                union all
                select 'calendar_year', min(period_start), max(last_day(period_start)), any_value(data_status), 120
                from months group by year(period_start)
            )
            select
                'm' as mart, 'x' as measure, 'force' as area_type, 'F' as area_name, 'all' as category, 'f' as force_code, p.*
                replace (cast(p.value as decimal(28, 10)) as value), '' as period_label, 'count' as unit,
                null::decimal(28, 10) as numerator, null::decimal(28, 10) as denominator,
                if(year(p.period_start) = 2025, p.value, null)::decimal(28, 10) as prior_value,
                null::decimal(28, 10) as volume_change, null::decimal(28, 10) as pct_change,
                null::varchar as marker, if(year(p.period_start) = 2025, null, '[x]') as prior_marker
            from periods as p
            """
        )
        figures = PublicFigures(con, "f", [WantedSeries(*SERIES)], {("m", "x"): "sum"})
    figure = figures.over(FigureSeries(*SERIES), *days)
    assert (figure.data_status, figure.prior_status, figure.volume_change) == (now, before, None)
    assert figure.value == figure.prior_value == (120 if days == YEAR else 30)


def make_figures(aggregation: str, rows: list[tuple]) -> PublicFigures:
    """Public figures of one series. `rows`: kind of period, first and last day, unit, value, numerator, denominator, marker."""
    with duckdb.connect() as con:
        con.execute(
            "create schema marts_public; create table marts_public.measures (period_type varchar, period_start date,"
            " period_end date, unit varchar, value decimal(28, 10), numerator decimal(28, 10), denominator decimal(28, 10),"
            " marker varchar, mart varchar default 'm', measure varchar default 'x', area_type varchar default 'force',"
            " area_name varchar default 'F', category varchar default 'all', force_code varchar default 'f',"
            " period_label varchar default '', prior_value decimal(28, 10), volume_change decimal(28, 10),"
            " pct_change decimal(28, 10), data_status varchar default 'complete', prior_marker varchar default '[x]')"
        )
        con.executemany(f"insert into marts_public.measures ({FILLED}) values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return PublicFigures(con, "f", [WantedSeries(*SERIES)], {("m", "x"): aggregation})


def test_a_rate_over_other_days_has_a_change_in_points_alone() -> None:
    parts = {2025: (3, 10), 2024: (2, 10)}
    rows = [
        ("month", date(year, month, 1), month_end(year, month), "percent", 10 * n, n, d, None)
        for year, (n, d) in parts.items() for month in (3, 4, 5)
    ]  # fmt: skip
    figure = make_figures("rate", rows).over(FigureSeries(*SERIES), *SPRING)
    assert (figure.value, figure.prior_value, figure.volume_change, figure.pct_change) == (30, 20, 10, None)
    assert (figure.numerator, figure.denominator) == (9, 30)


def test_a_last_count_is_of_the_days_that_are_asked_for() -> None:
    """The year's may be of January. A stock is that of its last day, whichever period ends with it."""
    rows = [
        ("month", date(2025, 12, 1), date(2025, 12, 31), "count", None, None, None, "[z]"),
        ("calendar_year", *YEAR, "count", 50, None, None, None),
    ]
    days = (date(2025, 11, 1), date(2025, 12, 31))
    shown = {kind: make_figures(kind, rows).over(FigureSeries(*SERIES), *days).value for kind in ("last", "stock")}
    assert shown == {"last": None, "stock": 50}


@pytest.mark.parametrize(
    ("figure", "change"),
    [
        ((25, None, "complete", 20, None, "complete", 5), "[z]"),
        ((25, None, "complete", None, "[z]", "complete"), "[z]"),
        ((25, None, "complete", None, "[z]", "partial"), "[x]"),
        ((25, None, "complete", None, "[x]", "not_available"), "[x]"),
        ((25, None, "complete", None, "[c]", "complete"), "[c]"),
        ((25, None, "partial", None, "[c]", "complete"), "[x]"),
        ((None, "[z]", "complete", 20, None, "complete"), "[z]"),
    ],
)
def test_a_change_that_is_not_there_says_why(figure: tuple, change: str) -> None:
    """As `reports.cells` does: there is none of a rate of nothing, or from one, nor in per cent of a percentage."""
    denominator = Decimal(0 if figure[0] is None else 4)
    assert PublicFigure(*figure, denominator=denominator).shown("pct_change") == (None, change)


def test_a_change_from_a_hidden_figure_is_hidden_also_where_this_year_has_nothing_to_divide_by() -> None:
    """[z] would tell that the year before is one of nothing, too."""
    hidden, nothing = (PublicFigure(None, "[z]", "complete", None, before, "complete") for before in ("[c]", "[z]"))
    assert [f.shown("volume_change") for f in (hidden, nothing)] == [(None, "[c]"), (None, "[z]")]
