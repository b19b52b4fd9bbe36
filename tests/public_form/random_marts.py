"""Random marts: events with random attributes, counted by area, category and period as the marts count them."""

from collections.abc import Collection

import duckdb
import numpy as np

MEASURES = {  # mart, measure: which events, by what category
    ("mart_drug_offences", "possession_offences"): ("true", "code"),
    ("mart_drug_tests", "trigger_arrests"): ("true", None),
    ("mart_drug_tests", "arrests_to_test"): ("status <> 'not required'", None),
    ("mart_drug_tests", "referrals"): ("referred", None),
    ("mart_drug_tests", "tests_completed"): ("status in ('negative', 'cocaine', 'opiates', 'both', 'neither')", None),
    ("mart_drug_tests", "tests_recording_results"): ("status in ('negative', 'cocaine', 'opiates', 'both', 'neither')", None),
    ("mart_drug_tests", "tests_refused"): ("status = 'refused'", None),
    ("mart_drug_tests", "tests_missed"): ("status = 'missed'", "code"),
    ("mart_drug_tests", "tests_positive"): ("status in ('cocaine', 'opiates', 'both', 'neither')", None),
    ("mart_drug_tests", "positive_cocaine"): ("status = 'cocaine'", None),
    ("mart_drug_tests", "positive_opiates"): ("status = 'opiates'", None),
    ("mart_drug_tests", "positive_both"): ("status = 'both'", None),
    ("mart_drug_tests", "positive_not_recorded"): ("status = 'neither'", None),
    ("mart_stop_search", "searches"): ("true", "code"),
    ("mart_stop_search", "drug_searches"): ("referred", "code"),
    ("mart_stop_search", "drug_searches_by_outcome"): ("referred", "status"),
    ("mart_stop_search", "drug_searches_recording_finds"): ("referred", "code"),
    ("mart_stop_search", "drug_finds"): ("referred and status in ('cocaine', 'both')", "code"),
}
RATES = {
    ("mart_drug_tests", "positivity_rate"): ("tests_positive", "tests_recording_results"),
    ("mart_drug_tests", "test_rate"): ("tests_completed", "arrests_to_test"),
    ("mart_stop_search", "drug_find_rate"): ("drug_finds", "drug_searches_recording_finds"),
}
NOT_SHOWN = ("arrests_to_test", "drug_searches_recording_finds", "tests_recording_results")
STATUSES = ["negative", "cocaine", "opiates", "both", "neither", "refused", "missed", "not required", "none"]


def make_marts(
    seed: int, months: int = 16, months_to_come: int = 0, corrected: str = "", missing: Collection[int] = (), without: str = ""
) -> duckdb.DuckDBPyConnection:
    """A connection with `marts.measures` and `staging.areas_listed` of one force; the same for a seed.

    `months_to_come`: how many of the last months are not there yet. `corrected`: SQL condition; one of these events is removed.
    `missing`: months that no file covers. `without`: a mart that is not made.
    """
    rng = np.random.default_rng(seed)
    # So few rows that a second thread would take more time than it saves.
    con = duckdb.connect(config={"threads": 1})
    con.execute("create schema marts; create schema staging")
    leaves = [(f"s{s}", f"s{s}u{u}") for s in range(rng.integers(1, 3)) for u in range(rng.integers(1, 4))]
    con.execute("create table staging.areas_listed (force_code text, area_type text, area_code text, section_code text)")
    con.executemany(
        "insert into staging.areas_listed values ('f', ?, ?, ?)",
        [
            ("force", "f", None), ("lpu", "unknown", None), *(("lpu", u, s) for s, u in leaves),
            *(("section", s, None) for s in sorted({s for s, _ in leaves})),
        ],
    )  # fmt: skip
    first = 12 * 2022 + int(rng.integers(0, 12))
    last = first + int(rng.integers(11, months))
    # From a few a year to a few dozen a month, unevenly spread.
    events = int(10 ** rng.uniform(0.7, 2.6))

    def draw(values: list[str]) -> np.ndarray:
        return rng.choice(values, events, p=rng.dirichlet(np.full(len(values), 0.7)))

    con.register(
        "drawn",
        {
            "m": draw([str(m) for m in range(first, last + 1)]) if rng.random() < 0.5
            else rng.integers(first, last + 1, events),
            "leaf": draw([*(u for _, u in leaves), "unknown"]),
            "code": draw([f"c{i}" for i in range(rng.integers(1, 4))]),
            "status": draw(STATUSES),
            "referred": rng.random(events) < rng.uniform(0, 1),
        },
    )  # fmt: skip
    con.execute(
        "create temp table events as"
        " select m::int as m, leaf::text as leaf, code::text as code, status::text as status, referred from drawn"
    )
    last -= months_to_come
    covered = [m for m in range(first, last + 1) if m not in missing]
    con.execute(f"delete from events where m not in ({', '.join(map(str, covered))})")
    if corrected:
        con.execute(f"delete from events where rowid = (select min(rowid) from events where {corrected})")
    con.execute("create temp table monthly (mart varchar, measure varchar, leaf varchar, category varchar, m int, x bigint)")
    for (mart, measure), (which, by) in MEASURES.items():
        if mart == without:
            continue
        con.execute(
            f"insert into monthly select '{mart}', '{measure}', leaf, {by or chr(39) + 'all' + chr(39)}, m, count(*)"
            f" from events where {which} group by all"
        )
        # Measures of one mart that are split by the same column share its categories, also those without events.
        con.execute(
            "insert into monthly"
            f" select distinct '{mart}', '{measure}', 'unknown', {by or chr(39) + 'all' + chr(39)}, {first}, 0 from events"
        )
    columns = map(np.array, zip(*periods(covered), strict=True))
    con.register("listed", dict(zip(("period_type", "a", "b", "data_status"), columns, strict=True)))
    con.execute("create temp table periods as select period_type::text as period_type, a::int as a, b::int as b,"
                " data_status::text as data_status from listed")  # fmt: skip
    con.execute(CREATE_FIGURES)
    for (mart, rate), (above, below) in RATES.items():
        con.execute(
            "insert into figures select n.mart, n.area_type, n.area_code, ?, n.category, n.period_type, n.a, n.b,"
            " 100.0 * n.value / nullif(d.value, 0), n.value, d.value, n.data_status"
            " from figures as n join figures as d using (mart, area_type, area_code, category, period_type, a, b)"
            " where n.mart = ? and n.measure = ? and d.measure = ?",
            [rate, mart, above, below],
        )
    con.execute(f"delete from figures where measure in {NOT_SHOWN}")
    con.execute(CREATE_MARTS)
    return con


def periods(covered_months: Collection[int]) -> list[tuple[str, int, int, str]]:
    """The periods of marts whose files cover these whole months: type, first and last month, status."""
    years = {(m // 12) * 12 for m in covered_months}
    financial = {((m - 3) // 12) * 12 + 3 for m in covered_months}
    months = sorted({m for y in years | financial for m in range(y, y + 12)})
    rows = []

    def add(kind: str, a: int, b: int) -> None:
        covered = sum(a <= m <= b for m in covered_months)
        rows.append((kind, a, b, "not_available" if not covered else "complete" if covered == b - a + 1 else "partial"))

    for y in sorted(years):
        add("calendar_year", y, y + 11)
    for y in sorted(financial):
        add("financial_year", y, y + 11)
    for m in months:
        add("month", m, m)
        add("calendar_year_to_date", m // 12 * 12, m)
        add("financial_year_to_date", (m - 3) // 12 * 12 + 3, m)
        if m - 11 >= min(covered_months):
            add("rolling_12_months", m - 11, m)
    return rows


CREATE_FIGURES = """
create temp table figures as
with placed as (
    select mart, measure, 'lpu' as area_type, leaf as area_code, category, m, x from monthly
    union all select mart, measure, 'force', 'f', category, m, x from monthly
    union all
    select mart, measure, 'section', section_code, category, m, x
    from monthly join staging.areas_listed on leaf = area_code where section_code is not null
),
with_all as (
    select * from placed union all select * replace ('all' as category) from placed where category <> 'all'
),
series as (
    select mart, measure, area_type, area_code, category
    from (select distinct mart, measure, category from with_all union select distinct mart, measure, 'all' from with_all)
    cross join (select area_type, area_code from staging.areas_listed)
),
summed as (
    select mart, measure, area_type, area_code, category, m, sum(x)::bigint as x from with_all group by all
)
select
    s.mart, s.area_type, s.area_code, s.measure, s.category, p.period_type, p.a, p.b,
    case when max(p.data_status) <> 'not_available' then coalesce(sum(x), 0)::decimal(28, 10) end as value,
    null::decimal(28, 10) as numerator, null::decimal(28, 10) as denominator, p.data_status
from series as s
cross join periods as p
left join summed as x
    on s.mart = x.mart and s.measure = x.measure and s.area_type = x.area_type and s.area_code = x.area_code
    and s.category = x.category and x.m between p.a and p.b
group by all
"""
CREATE_MARTS = """
create table marts.measures as
select
    n.mart, 'f' as force_code, n.area_type, n.area_code, n.area_code as area_name, n.measure, n.category, n.period_type,
    make_date((n.a // 12)::int, (n.a % 12 + 1)::int, 1) as period_start,
    last_day(make_date((n.b // 12)::int, (n.b % 12 + 1)::int, 1)) as period_end,
    'label' as period_label, n.value, case when n.numerator is null then 'count' else 'percent' end as unit,
    n.numerator, n.denominator, p.value as prior_value,
    case when n.data_status = 'complete' and p.data_status = 'complete' then n.value - p.value end as volume_change,
    null::decimal(28, 10) as pct_change,
    n.data_status
from figures as n
left join figures as p
    on n.mart = p.mart and n.area_type = p.area_type and n.area_code = p.area_code and n.measure = p.measure
    and n.category = p.category and n.period_type = p.period_type and n.a - 12 = p.a and n.b - 12 = p.b
"""
