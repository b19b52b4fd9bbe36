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
MEASURES_IN_PART = {
    **MEASURES,
    ("mart_confiscation_orders", "orders"): ("true", "code"),
    ("mart_confiscation_orders", "order_value"): ("true", "code"),
    ("mart_county_lines", "lines_identified"): ("kind = 'identified'", None),
    ("mart_county_lines", "lines_closed"): ("kind = 'closed'", None),
}
"""With a stock, and with money. Each order is of one pound, so that money tells as much of its count as it ever can."""
COLUMNS = {  # measure: the columns without which a file says nothing of it
    "referrals": ["referred"],
    "arrests_to_test": ["status"],
    "tests_completed": ["status"],
    "tests_refused": ["status"],
    "tests_missed": ["status"],
    "tests_recording_results": ["status", "result"],
    "tests_positive": ["status", "result"],
    **{m: ["status", "result", "substance"] for _, m in MEASURES if m.startswith("positive_")},
    "drug_searches": ["referred"],
    "drug_searches_by_outcome": ["referred", "status"],
    "drug_searches_recording_finds": ["referred", "result"],
    "drug_finds": ["referred", "result"],
    "lines_closed": ["status"],
    "order_value": ["result"],
}
RATES = {
    ("mart_drug_tests", "positivity_rate"): ("tests_positive", "tests_recording_results"),
    ("mart_drug_tests", "test_rate"): ("tests_completed", "arrests_to_test"),
    ("mart_stop_search", "drug_find_rate"): ("drug_finds", "drug_searches_recording_finds"),
}
NOT_SHOWN = ("arrests_to_test", "drug_searches_recording_finds", "tests_recording_results")
STATUSES = ["negative", "cocaine", "opiates", "both", "neither", "refused", "missed", "not required", "none"]


def make_marts(
    seed: int, months: int = 16, months_to_come: int = 0, corrected: str = "", missing: Collection[int] = (), without: str = "",
    only: str = "", in_part: str = "",
) -> duckdb.DuckDBPyConnection:  # fmt: skip
    """A connection with `marts.measures` and `staging.areas_listed` of one force; the same for a seed.

    `months_to_come`: how many of the last months are not there yet. `corrected`: SQL condition; one of these events is removed.
    `missing`: months that no file covers. `without`: a mart that is not made. `only`: the only one that is. `in_part`: each
    month has two files, of which some lack columns, and some have not come ("some missing") or have come late ("filled"); and
    there is a stock, and money.
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
    measures = MEASURES_IN_PART if in_part else MEASURES
    con.execute("alter table events add column lacking text[] default []")
    if in_part:
        draw_files(con, seed, first, last, in_part)
    last -= months_to_come
    covered = [m for m in range(first, last + 1) if m not in missing]
    con.execute(f"delete from events where m not in ({', '.join(map(str, covered))})")
    if corrected:
        con.execute(f"delete from events where rowid = (select min(rowid) from events where {corrected})")
    con.execute("create temp table monthly (mart varchar, measure varchar, leaf varchar, category varchar, m int, x bigint)")
    for (mart, measure), (which, by) in measures.items():
        if mart == without or only not in ("", mart):
            continue
        # What a file without the column of the categories holds is of all, and of no category.
        category = "if(list_contains(lacking, 'code'), 'all', code)" if by == "code" else by or "'all'"
        table = "lines" if mart == "mart_county_lines" else "events"
        con.execute(
            f"insert into monthly select '{mart}', '{measure}', leaf, {category}, m, count(*)"
            f" from {table} where {which} and not list_has_any(lacking, {columns_of(measure)}) group by all"
        )
        # Measures of one mart that are split by the same column share its categories, also those without events.
        con.execute(
            "insert into monthly"
            f" select distinct '{mart}', '{measure}', 'unknown', {by or chr(39) + 'all' + chr(39)}, {first}, 0 from {table}"
        )
    columns = map(np.array, zip(*periods(covered), strict=True))
    con.register("listed", dict(zip(("period_type", "a", "b", "data_status"), columns, strict=True)))
    con.execute("create temp table periods as select period_type::text as period_type, a::int as a, b::int as b,"
                " data_status::text as data_status from listed")  # fmt: skip
    con.execute(CREATE_FIGURES)
    if in_part:
        give_statuses(con, {measure: by for (_, measure), (_, by) in measures.items()})
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


def columns_of(measure: str, by: str | None = None) -> list[str]:
    """What a file must have to say something of a measure, and of its categories."""
    return ["rows", *COLUMNS.get(measure, ()), *([by] if by == "code" else ())]


def draw_files(con: duckdb.DuckDBPyConnection, seed: int, first: int, last: int, in_part: str) -> None:
    """Give each month two files, of which some lack columns, and make `files` and `lines`. Each in two months at most."""
    rng = np.random.default_rng([seed, 2])
    months = range(first, last + 1)
    lacking = {(m, file): [] for m in months for file in (0, 1)}
    for column in ("status", "result", "substance", "referred", "code", "rows"):
        for m in rng.choice(months, rng.integers(0, 3), replace=False):
            for file in [(0,), (1,), (0, 1)][rng.integers(0, 3)]:
                # What comes before the first file is not expected.
                if column != "rows" or (in_part == "some missing" and m > first):
                    lacking[int(m), file].append(column)
    files = [(m, file, columns) for (m, file), columns in lacking.items()]
    con.execute("create temp table files (m int, file int, lacking text[])")
    con.executemany("insert into files values (?, ?, ?)", files)
    share = rng.uniform(0.2, 0.8)
    con.execute(
        "create or replace temp table events as select e.* replace (f.lacking as lacking)"
        f" from events as e join files as f on e.m = f.m and f.file = (hash(e.rowid, {seed}) % 100 < {int(100 * share)})::int"
    )
    # Mostly as many lines a month as can be shown, so that the stock often can: all of them, or of one file.
    con.execute("create temp table lines (m int, file int, kind text, n int)")
    drawn = [
        (m, file, kind, int(n))
        for m in months
        for kind in ("identified", "closed")
        for file, n in zip((0, 1), rng.permutation([rng.integers(5, 15), rng.choice([0, 0, rng.integers(0, 5)])]), strict=True)
    ]
    con.executemany("insert into lines values (?, ?, ?, ?)", drawn)
    con.execute(
        "create or replace temp table lines as select l.m, l.kind, 'unknown' as leaf, f.lacking"
        " from lines as l join files as f using (m, file) cross join unnest(range(l.n))"
    )
    con.execute("set variable stock_before = ?", [int(rng.integers(0, 100))])


def give_statuses(con: duckdb.DuckDBPyConnection, split_by: dict[str, str | None]) -> None:
    """Say of each figure whether the files of its months have its columns, and add the stock. `split_by`: of each measure."""
    con.execute("create temp table needs (measure text, of_category boolean, needed text[])")
    needs = [(m, is_split, columns_of(m, by if is_split else None)) for m, by in split_by.items() for is_split in (False, True)]
    con.executemany("insert into needs values (?, ?, ?)", needs)
    con.execute(GIVE_STATUSES)


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
GIVE_STATUSES = """
create temp table statuses as
with monthly_files as (
    select
        n.measure, n.of_category, f.m, count(*) filter (not list_has_any(f.lacking, n.needed)) as n,
        bool_or(f.file = 1 and not list_has_any(f.lacking, n.needed)) as has_end
    from needs as n cross join files as f group by all
)
select
    s.measure, s.of_category, p.a, p.b, max(has_end) filter (s.m = p.b) as has_end,
    case
        when sum(s.n) = 0 then 'not_available'
        when sum(s.n) < 2 * (p.b - p.a + 1) then 'partial'
        else 'complete'
    end as data_status
from monthly_files as s
join (select distinct a, b from periods where data_status <> 'not_available') as p on s.m between p.a and p.b
group by s.measure, s.of_category, p.a, p.b;

create or replace temp table figures as
select
    f.* replace (
        if(coalesce(s.data_status, 'not_available') = 'not_available', null, f.value) as value,
        coalesce(s.data_status, 'not_available') as data_status
    )
from figures as f
left join statuses as s on f.measure = s.measure and (f.category <> 'all') = s.of_category and f.a = s.a and f.b = s.b;

insert into figures by name
select
    'mart_county_lines' as mart, 'force' as area_type, 'f' as area_code, 'lines_active' as measure, 'all' as category,
    s.period_type, s.a, s.b, getvariable('stock_before') + coalesce((
        select sum(if(kind = 'identified', 1, -1)) from lines where m <= s.b
        and not list_has_any(lacking, if(kind = 'closed', ['rows', 'status'], ['rows']))
    ), 0) as value,
    'complete' as data_status
from periods as s
join statuses as t on t.measure = 'lines_closed' and not t.of_category and t.a = s.a and t.b = s.b and t.has_end;
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
