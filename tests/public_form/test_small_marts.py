"""The public form of marts that are written by hand: figures as at a day, changes, rates and markers, each by itself."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

import duckdb
import pytest

from dagster_project.core.config import Public
from dagster_project.core.row_tables import make_table
from dagster_project.editions.windows import month_end
from dagster_project.public_form.write_measures import write_public

FIRST, END = 12 * 2023 + 3, 12 * 2026 + 9
"""Months since year 0, from April 2023 to September 2026: three financial years, and a half that runs."""
APRIL_2024, APRIL_2025, APRIL_2026 = (FIRST + 12 * n for n in (1, 2, 3))
TEXT, NUMBER = "varchar", "decimal(28, 10)"
COLUMNS = {
    "mart": TEXT, "force_code": TEXT, "area_type": TEXT, "area_code": TEXT, "area_name": TEXT, "measure": TEXT,
    "category": TEXT, "period_type": TEXT, "period_start": "date", "period_end": "date", "period_label": TEXT,
    "value": NUMBER, "unit": TEXT, "numerator": NUMBER, "denominator": NUMBER, "prior_value": NUMBER,
    "volume_change": NUMBER, "pct_change": NUMBER, "data_status": TEXT,
}  # fmt: skip
Series = dict[int, int | None]


def series(value: int | None, **months: int | None) -> Series:
    """A figure of each month, the same but in some (`m24303=4`)."""
    return {m: months.get(f"m{m}", value) for m in range(FIRST, END)}


Rows = Iterable[tuple[Any, ...]]


def rows(
    mart: str, measure: str, figures: Series, category: str = "all", below: Series | None = None, unit: str = "count"
) -> Rows:
    """The months of a measure of the force, each with the year before and the change. `below`: what a rate is a share of."""
    shares = {m: v if below is None else 100 * v / below[m] if below[m] else None for m, v in figures.items()}
    for m, value in shares.items():
        start, prior = date(m // 12, m % 12 + 1, 1), shares.get(m - 12)
        change = None if None in (value, prior) else value - prior
        parts = (figures[m], below[m]) if below else (None, None)
        percent = None if below or not (prior and value) else 100 * change / prior
        yield (
            mart, "f", "force", "f", "F", measure, category, "month", start, month_end(start.year, start.month), "", value,
            "percent" if below else unit, *parts, prior, change, percent, "complete",
        )  # fmt: skip


def public(*figures: Rows, change: str = "", **settings: Any) -> duckdb.DuckDBPyConnection:
    """The public form of these rows. `change`: SQL that is run on them first."""
    con = duckdb.connect()
    con.execute("create schema marts; create schema staging")
    areas = ("force_code", "area_type", "area_code", "section_code")
    make_table(con, "staging.areas_listed", dict.fromkeys(areas, TEXT), [("f", "force", "f", None)])
    make_table(con, "marts.measures", COLUMNS, [*chain(*figures)])
    con.execute(change or "select 1")
    write_public(con, Public(**settings), "staging", "secret")
    return con


def make_again(con: duckdb.DuckDBPyConnection, mart: str, from_month: int, **settings: Any) -> None:
    """Make the public form of a mart again, as a night does that changed its figures from a month on."""
    made = "create or replace table made as select $1 as mart, 'f' as force_code, $2::int as from_month_no"
    con.execute(made, [mart, from_month])
    write_public(con, Public(**settings), "staging", "secret", made="made")


def shown(con: duckdb.DuckDBPyConnection, measure: str, columns: str, month: int) -> tuple[Any, ...] | None:
    """Columns of a measure's public form in a month."""
    return con.execute(
        f"select {columns} from marts_public.measures where measure = ? and category = 'all'"
        " and 12 * year(period_start) + month(period_start) - 1 = ?", [measure, month],
    ).fetchone()  # fmt: skip


def values(con: duckdb.DuckDBPyConnection, measure: str) -> list[tuple[Any, ...]]:
    """Value and marker of every month of a measure."""
    sql = "select value, marker from marts_public.measures where measure = ? and category = 'all' order by period_start"
    return con.execute(sql, [measure]).fetchall()


LINES = "mart_county_lines"


def lines(
    active: Series, identified: Series | None = None, closed: Series | None = None, change: str = "",
    running_year: str = "hidden",
) -> duckdb.DuckDBPyConnection:  # fmt: skip
    flows = {"lines_identified": identified or series(10), "lines_closed": closed or series(10), "lines_active": active}
    made = (rows(LINES, measure, figures) for measure, figures in flows.items())
    return public(*made, change=change, running_year=running_year)


IN_PART = "update marts.measures set data_status = 'partial' where period_start = date '2024-10-01' and {}"


@pytest.mark.parametrize(
    ("active", "flows", "change", "is_shown"),
    [
        (series(9, m24310=5, m24311=0), {}, "", True),
        (series(9, m24310=4), {}, "", False),
        (series(9), {"closed": series(10, m24310=4)}, "", False),
        (series(9), {}, "delete from marts.measures where measure = 'lines_closed'", False),
    ],
    ids=["from the threshold on, or 0", "small in a month", "closed ones are small in a month", "no closed ones"],
)  # fmt: skip
def test_a_figure_as_at_a_day_is_shown_if_it_and_what_changes_it_are_never_small(
    active: Series, flows: dict[str, Series], change: str, is_shown: bool
) -> None:
    """And up to the end of the last financial year that is over; the year before, up to its own."""
    con = lines(active, **flows, change=change)
    for month in (APRIL_2024, APRIL_2026 - 1):
        assert shown(con, "lines_active", "value, marker", month) == ((9, None) if is_shown else (None, "[c]"))
    assert shown(con, "lines_active", "value, marker", APRIL_2026) == (None, "[c]")
    assert shown(con, "lines_active", "prior_value, prior_marker", APRIL_2026) == ((9, None) if is_shown else (None, "[c]"))
    assert shown(con, "lines_active", "prior_value, prior_marker", FIRST) == (None, "[x]")


@pytest.mark.parametrize(("which", "is_shown"), [("measure = 'lines_closed'", False), ("true", True)])
def test_a_stock_is_hidden_where_it_tells_a_count_of_a_month_covered_in_part(which: str, is_shown: bool) -> None:
    """Of 10 identified in a month after which 7 more are active, 3 were closed."""
    con = lines(series(9), change=IN_PART.format(which), running_year="shown")
    assert {*values(con, "lines_active")} == {(9, None) if is_shown else (None, "[c]")}


def test_a_stock_that_gets_small_is_hidden_in_all_months_when_only_later_figures_are_made_again() -> None:
    """Of 9 before, 10 identified and 15 closed leave 4."""
    con = lines(series(9), closed=series(10, **{f"m{APRIL_2026}": 15}), running_year="shown")
    assert {*values(con, "lines_active")} == {(9, None)}
    con.execute("update marts.measures set value = 4 where measure = 'lines_active' and period_start >= date '2026-04-01'")
    make_again(con, LINES, APRIL_2026)
    assert {*values(con, "lines_active")} == {(None, "[c]")} and shown(con, "lines_closed", "value", APRIL_2026) == (15,)


def test_a_year_without_its_last_month_is_not_over() -> None:
    """Neither a count nor a figure as at a day of it is public, though each month is covered."""
    con = lines(series(9), change="delete from marts.measures where period_start >= date '2026-03-01'")
    for measure, value in (("lines_active", 9), ("lines_identified", 10)):
        assert shown(con, measure, "value, marker", APRIL_2025 - 1) == (value, None)
        assert shown(con, measure, "value, marker", APRIL_2025) == (None, "[c]")


@pytest.mark.parametrize(("status", "marker"), [("partial", "[c]"), ("not_available", "[x]")])
def test_a_year_that_a_late_file_may_change_is_not_over(status: str, marker: str) -> None:
    """If a late file gave October 3, only its quarter would be public, and the months beside it in an earlier publication would
    tell the 3. The file changes all later figures as at a day."""
    change = IN_PART.format("true").replace("partial", status)
    con = lines(series(9), change=change)
    is_public = [shown(con, "lines_identified", "marker", month) == (None,) for month in range(FIRST, APRIL_2026)]
    assert is_public == [True] * 12 + [False] * 12 + [True] * 12
    is_public = [shown(con, "lines_active", "marker", month) == (None,) for month in range(FIRST, APRIL_2026)]
    assert is_public == [True] * 12 + [False] * 24
    con = lines(series(9), change=change, running_year="shown")
    october = [shown(con, "lines_identified", "marker", APRIL_2024 + n) for n in (5, 6, 7)]
    assert october == [(None,), (marker,), (None,)]


@pytest.mark.parametrize(
    ("last_month", "later", "ends_shown"),
    [(9, 3, [6, 9]), (9, 1, []), (8, 3, [6]), (8, 1, [6])],
    ids=["two quarters", "the second is small", "a quarter that is not over", "one that is not over and small so far"],
)
def test_a_running_year_is_shown_by_quarters_that_are_over(last_month: int, later: int, ends_shown: list[int]) -> None:
    """Three administrations a month until June, then three or one. What is not over limits no other, and is not shown."""
    to_date = (
        f"delete from marts.measures where period_start > date '2026-{last_month:02}-01'; insert into marts.measures"
        " select * replace ('financial_year_to_date' as period_type, date '2026-04-01' as period_start,"
        " sum(value) over (order by period_end) as value) from marts.measures where period_start >= date '2026-04-01'"
    )
    given = series(3, **{f"m{m}": later for m in range(APRIL_2026 + 3, END)})
    con = public(rows("mart_naloxone", "naloxone_administrations", given), change=to_date, running_year="shown")
    shown_ends = con.execute(
        "select month(period_end) from marts_public.measures where period_type = 'financial_year_to_date'"
        " and marker is null order by 1"
    ).fetchall()
    assert [end for (end,) in shown_ends] == ends_shown


@pytest.mark.parametrize(("until_december", "ends_shown"), [(10, [3]), (0, [])], ids=["its end is small", "it is small"])
def test_a_year_that_has_just_ended_is_judged_whole(until_december: int, ends_shown: list[int]) -> None:
    """From January on there is one a month: the first nine months would tell the 3 of the last."""
    given = series(until_december, **{f"m{APRIL_2025 + n}": 1 for n in (9, 10, 11)})
    to_date = (
        "delete from marts.measures where period_start > date '2026-03-01'; insert into marts.measures"
        " select * replace ('financial_year_to_date' as period_type, date '2025-04-01' as period_start,"
        " sum(value) over (order by period_end) as value) from marts.measures where period_start >= date '2025-04-01'"
    )
    con = public(rows("mart_naloxone", "naloxone_administrations", given), change=to_date)
    shown_ends = con.execute(
        "select month(period_end) from marts_public.measures where period_type = 'financial_year_to_date'"
        " and marker is null order by 1"
    ).fetchall()
    assert [end for (end,) in shown_ends] == ends_shown


def test_a_change_from_a_hidden_figure_is_hidden() -> None:
    """It and the figure now would give away the year before."""
    small = {f"m{m}": 3 for m in range(FIRST, APRIL_2024)}
    con = lines(series(9), series(10, **small))
    columns = "value, prior_value, volume_change, pct_change, marker, prior_marker"
    assert shown(con, "lines_identified", columns, APRIL_2024) == (10, None, None, None, None, "[c]")
    assert shown(con, "lines_identified", columns, APRIL_2025) == (10, 10, 0, 0, None, None)


def test_what_is_split_by_area_and_by_category_is_hidden_unless_all_of_a_measure_is_public() -> None:
    """What is not available says so, and whether there is a year before."""
    split = (
        "update marts.measures set data_status = 'not_available' where period_start = date '2025-04-01';"
        "insert into marts.measures"
        " select * replace ('lpu' as area_type, 'u' as area_code, 'X' as category) from marts.measures"
    )
    naloxone, orders = ("mart_naloxone", "naloxone_administrations"), ("mart_pspo", "pspos_new")
    con = public(*(rows(*measure, series(50)) for measure in (naloxone, orders)), change=split)
    shown_rows = {
        (measure, m): row for measure, m, *row in con.execute(
            "select measure, 12 * year(period_start) + month(period_start) - 1, value, prior_value, marker, prior_marker"
            " from marts_public.measures where area_type = 'lpu'"
        ).fetchall()
    }  # fmt: skip
    expected = {
        FIRST: ([None, None, "[c]", "[x]"], [50, None, None, "[x]"]),
        APRIL_2024: ([None, None, "[c]", "[c]"], [50, 50, None, None]),
    }
    for month, (of_naloxone, of_orders) in expected.items():
        assert (shown_rows[naloxone[1], month], shown_rows[orders[1], month]) == (of_naloxone, of_orders)
    assert shown_rows[naloxone[1], APRIL_2025] == [None, None, "[x]", "[c]"]


def test_what_a_later_status_changes_is_not_public() -> None:
    """A case under investigation is decided, and two publications of a year that is over differ by it alone."""
    orders = {"all": 100, "Forfeited": 60, "Under investigation": 40}
    made = [rows("mart_cash_seizures", "orders_obtained", series(n), category) for category, n in orders.items()]
    money = ("orders_obtained_value", "under_investigation_value")
    con = public(*made, *(rows("mart_cash_seizures", measure, series(9000), unit="gbp") for measure in money))
    by_status = con.execute("select distinct category, value, marker from marts_public.mart_cash_seizures where unit = 'count'")
    hidden = {(status, None, "[c]") for status in orders if status != "all"}
    assert {*by_status.fetchall()} == {("all", 100, None)} | hidden
    assert ({*values(con, money[0])}, {*values(con, money[1])}) == ({(9000, None)}, {(None, "[c]")})


FINDS = "drug_find_rate"


def searches(finds: Series, below: Series, change: str = "", **settings: Any) -> duckdb.DuckDBPyConnection:
    """Searches, of which some are drug searches with finds; the same number by outcome."""
    counts = {"searches": below, "drug_searches": below, "drug_finds": finds, "drug_searches_by_outcome": below}
    made = [rows("mart_stop_search", measure, figures) for measure, figures in counts.items()]
    made.append(rows("mart_stop_search", "drug_searches_by_outcome", below, "Arrest"))
    return public(*made, rows("mart_stop_search", FINDS, finds, below=below), change=change, **settings)


def test_a_rate_is_hidden_with_either_of_its_parts() -> None:
    """Now or the year before: here the finds, and the searches without finds, are small in some years."""
    for small in ({"finds": 3, "below": 100}, {"finds": 97, "below": 100}):
        years = {name: {f"m{m}": n for m in range(APRIL_2024, APRIL_2025)} for name, n in small.items()}
        con = searches(series(40, **years["finds"]), series(100, **years["below"]))
        columns = "value, prior_value, volume_change, numerator, denominator, marker, prior_marker"
        assert shown(con, FINDS, columns, APRIL_2024) == (None, 40, None, None, None, "[c]", None)
        assert shown(con, FINDS, columns, APRIL_2025) == (40, None, None, 40, 100, None, "[c]")


def test_the_whole_of_another_count_s_categories_is_shown_with_that_count() -> None:
    """All drug searches by outcome are the drug searches, which are small in a year of which the months are hidden."""
    con = searches(series(40), series(100, **{f"m{m}": 3 for m in range(APRIL_2024, APRIL_2025)}))
    of_drugs = values(con, "drug_searches")
    assert of_drugs == values(con, "drug_searches_by_outcome") and {*of_drugs} == {(100, None), (None, "[c]")}


@pytest.mark.parametrize("status", ["partial", "not_available"])
def test_what_a_file_without_the_column_leaves_out_is_not_shown(status: str) -> None:
    """Less the searches by outcome, those of the month are the few of the days without an outcome; and the money of the same
    month may be of few orders. Nor a year later, where a night makes only the later figures again."""
    month = date(APRIL_2025 // 12, APRIL_2025 % 12 + 1, 1)
    change = f"""
        update marts.measures set data_status = '{status}', value = 3, volume_change = null, pct_change = null
        where measure in ('drug_searches_by_outcome', 'compensation_value') and period_start = '{month}'
    """
    orders = rows("mart_confiscation_orders", "orders", series(40))
    money = rows("mart_confiscation_orders", "compensation_value", series(9000), unit="gbp")
    counts = [rows("mart_stop_search", m, series(100)) for m in ("searches", "drug_searches", "drug_searches_by_outcome")]
    con = public(*counts, orders, money, change=change)
    for mart in ("mart_stop_search", "mart_confiscation_orders"):
        make_again(con, mart, APRIL_2026)
    marker = "[c]" if status == "partial" else "[x]"
    for measure, value in (("drug_searches_by_outcome", 100), ("compensation_value", 9000)):
        assert shown(con, measure, "value, marker", APRIL_2025) == (None, marker)
        assert shown(con, measure, "value, marker", APRIL_2025 - 1) == (value, None)
        assert shown(con, measure, "value, prior_value, prior_marker", APRIL_2026) == (value, None, "[c]")
    assert shown(con, "drug_searches", "value", APRIL_2025) == shown(con, "drug_searches", "prior_value", APRIL_2026) == (100,)


def test_a_category_of_a_month_covered_in_part_is_not_shown() -> None:
    """Though it and the rest are large: a file of the other days may add a few, and two publications would tell them."""
    outcomes = "drug_searches_by_outcome"
    change = f"""
        update marts.measures set data_status = 'partial', value = 50
        where measure = '{outcomes}' and period_start = date '2025-04-01'
    """
    counts = [rows("mart_stop_search", m, series(100)) for m in ("searches", "drug_searches", outcomes)]
    con = public(*counts, rows("mart_stop_search", outcomes, series(60), "Arrest"), change=change)
    months = con.execute(
        "select month(period_start), value from marts_public.measures where category = 'Arrest'"
        " and period_start between date '2025-03-01' and date '2025-05-01' order by 1"
    ).fetchall()
    assert months == [(3, 60), (4, None), (5, 60)]


def test_money_is_all_shown_where_its_count_is() -> None:
    """Also of a month covered in part, which a count with a threshold has hidden."""
    made = [rows("mart_confiscation_orders", "orders", series(2))]
    made.append(rows("mart_confiscation_orders", "order_value", series(900), unit="gbp"))
    con = public(*made, change=IN_PART.format("true"), thresholds={"orders": 0})
    assert ({*values(con, "orders")}, {*values(con, "order_value")}) == ({(2, None)}, {(900, None)})


def test_the_categories_of_a_year_do_not_tell_a_month_of_few_without_their_column() -> None:
    """Less the searches of all outcomes, the year's are the three of April, whose file has no outcomes."""
    april, of_outcomes = "period_start = '2025-04-01'", "measure = 'drug_searches_by_outcome'"
    change = f"""
        update marts.measures set data_status = 'not_available', value = null, prior_value = null, volume_change = null,
            pct_change = null where {april} and {of_outcomes};
        insert into marts.measures by name
        select mart, force_code, area_type, area_code, area_name, measure, category, unit, 'financial_year' as period_type,
            min(period_start) as period_start, max(period_end) as period_end, '2025/26' as period_label, sum(value) as value,
            if(bool_and(data_status = 'complete'), 'complete', 'partial') as data_status
        from marts.measures where period_start between '2025-04-01' and '2026-03-31' group by all
    """
    drugs, half = series(100, **{f"m{APRIL_2025}": 3}), series(50)
    made = [rows("mart_stop_search", "searches", series(300)), rows("mart_stop_search", "drug_searches", drugs)]
    made += [rows("mart_stop_search", "drug_searches_by_outcome", drugs if c == "all" else half, c) for c in ("all", "A", "B")]
    con = public(*made, change=change)
    sql = "select measure, value from marts_public.measures where period_type = 'financial_year' and value > 0 order by all"
    assert con.execute(sql).fetchall() == [("drug_searches", 1103), ("drug_searches_by_outcome", 550), ("searches", 3600)]


ROUND = {"mode": "round", "base": 5}
RATE = "value, prior_value, volume_change, pct_change, numerator, denominator, marker, prior_marker"


def test_rounded_rates_need_a_divisor_of_ten_bases() -> None:
    """Now, or the year before. Counts that are multiples of the base stay as they are; a rate changes by points."""
    small = {f"m{m}": 45 for m in range(APRIL_2024, APRIL_2025)}
    con = searches(series(20), series(50, **small), **ROUND)
    assert shown(con, FINDS, RATE, FIRST) == (40, None, None, None, 20, 50, None, "[x]")
    assert shown(con, FINDS, RATE, APRIL_2024) == (None, 40, None, None, 20, 45, "[c]", None)
    assert shown(con, FINDS, RATE, APRIL_2025) == (40, None, None, None, 20, 50, None, "[c]")
    assert shown(con, FINDS, RATE, APRIL_2026) == (40, 40, 0, None, 20, 50, None, None)
    assert shown(con, "drug_finds", RATE, APRIL_2026) == (20, 20, 0, 0, None, None, None, None)


def test_a_rounded_change_is_there_where_the_exact_one_is() -> None:
    """Not between periods of which one is covered in part. A year before that is not available is no figure at all, one with
    nothing to divide by is."""
    no_change = "update marts.measures set volume_change = null, pct_change = null where period_start = date '2026-04-01'"
    gone = "update marts.measures set data_status = 'not_available', value = null where period_start = date '2024-04-01';"
    gone += "update marts.measures set prior_value = null where period_start = date '2025-04-01'"
    nothing = {f"m{m}": 0 for m in (APRIL_2024, APRIL_2024 + 1)}
    con = searches(series(20, **nothing), series(50, **nothing), change=f"{no_change}; {gone}", **ROUND)
    assert shown(con, "drug_finds", "value, prior_value, volume_change, pct_change", APRIL_2026) == (20, 20, None, None)
    assert shown(con, FINDS, "prior_value, prior_marker", APRIL_2025) == (None, "[x]")
    assert shown(con, FINDS, "prior_value, prior_marker", APRIL_2025 + 1) == (None, "[c]")


def test_rounding_follows_from_the_secret_alone() -> None:
    """Who could repeat it without would know of each month whether it is nearer to the multiple above or below."""
    con = public(rows("mart_naloxone", "naloxone_administrations", series(3)), **ROUND)
    made = []
    for secret in ("secret", "another", "secret"):
        write_public(con, Public(**ROUND), "staging", secret)
        made.append(values(con, "naloxone_administrations"))
    assert made[0] == made[2] != made[1]


def test_rounded_counts_of_the_same_events_are_rounded_alike() -> None:
    """All drug searches by outcome are the drug searches; a figure as at a day is rounded by what it is, in any period."""
    con = searches(series(3), series(53), **ROUND)
    of_drugs = values(con, "drug_searches")
    assert of_drugs == values(con, "drug_searches_by_outcome") and {v for v, _ in of_drugs} == {50, 55}
    cohort = series(52, **{f"m{APRIL_2025}": None})
    con = public(rows("mart_iom", "cohort_size", cohort), rows("mart_pspo", "pspos_new", series(3)), **ROUND)
    cohorts = {*values(con, "cohort_size")}
    assert len(cohorts) == 2 and cohorts < {(None, "[z]"), (Decimal(50), None), (Decimal(55), None)}
    assert shown(con, "cohort_size", "prior_marker", APRIL_2026) == ("[z]",)
    assert shown(con, "cohort_size", "prior_marker", FIRST) == ("[x]",)
    assert shown(con, "pspos_new", "value, prior_value, marker, prior_marker", APRIL_2024) == (3, 3, None, None)
    assert shown(con, "pspos_new", "value, prior_value, marker, prior_marker", FIRST) == (3, None, None, "[x]")


def test_a_cohort_that_nobody_counted_has_one_marker_now_and_a_year_later() -> None:
    """Files cover the month, so it is not [x]: neither is the year before of the month a year later."""
    con = public(rows("mart_iom", "cohort_size", series(52, **{f"m{APRIL_2024}": None})))
    assert shown(con, "cohort_size", "value, marker", APRIL_2024) == (None, "[z]")
    assert shown(con, "cohort_size", "value, marker, prior_marker", APRIL_2025) == (52, None, "[z]")
    assert shown(con, "cohort_size", "prior_marker", FIRST) == ("[x]",)


def test_a_small_count_that_only_a_longer_period_has_hides_the_cohort() -> None:
    """The last count of a year to date can be of a month whose end no file covers: the month itself has no figure."""
    uncovered = "update marts.measures set data_status = 'not_available' where value is null;"
    uncovered += "insert into marts.measures by name select * replace ('financial_year_to_date' as period_type, 3 as value)"
    uncovered += " from marts.measures where period_start = date '2024-05-01'"
    con = public(rows("mart_iom", "cohort_size", series(52, **{f"m{APRIL_2024}": None})), change=uncovered)
    assert {v for v, _ in values(con, "cohort_size")} == {None}


def test_rounded_periods_are_the_sums_of_their_own_months_where_a_year_before_has_none() -> None:
    """A year that no file covers has no months. A year after it must not be everything that was ever counted, and a rolling
    year that ends in it is what its covered months add to."""
    period = "insert into marts.measures by name select * replace ('{}' as period_type, date '{}' as period_start,"
    period += " date '{}' as period_end, {} as value, {} as prior_value, '{}' as data_status) from marts.measures"
    period += " where period_start = date '2026-04-01'; "
    rolling = ("rolling_12_months", "2023-07-01", "2024-06-30", 180, "null", "partial")
    years = [("financial_year", f"{y}-04-01", f"{y + 1}-03-31", 240, "null", "complete") for y in (2023, 2025)]
    gap = "delete from marts.measures where period_start between date '2024-04-01' and date '2025-03-01'; "
    change = gap + "".join(period.format(*p) for p in (rolling, *years))
    figures = rows("mart_naloxone", "naloxone_administrations", series(20))
    con = public(figures, change=change, **ROUND)
    made = con.execute(
        "select period_type, year(period_end), value, marker from marts_public.measures where period_type <> 'month'"
        " order by all"
    ).fetchall()
    assert made == [
        ("financial_year", 2024, 240, None), ("financial_year", 2026, 240, None), ("rolling_12_months", 2024, 180, None)
    ]  # fmt: skip
