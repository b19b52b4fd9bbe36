"""What leaves the force: bad data for each rule on the public form and on the report's cells."""

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import candidate, night, write_extract
from week import NALOXONE

from dagster_project import public_form
from dagster_project.core.candidate_files import WAREHOUSE
from dagster_project.core.check_results import Check
from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.nights.errors import NightHeldError
from dagster_project.nights.night_run import NightRun
from dagster_project.public_form import memory_batches
from dagster_project.quality import gate
from dagster_project.quality.gate import outgoing_facts

SHOW_HIDDEN = (
    "update marts_public.measures as p set value = m.value, marker = null from marts.measures as m where p.mart = m.mart"
    " and p.force_code = m.force_code and p.measure = m.measure and p.category = m.category and p.area_type = m.area_type"
    " and p.area_code = m.area_code and p.period_type = m.period_type and p.period_start = m.period_start and p.marker = '[c]'"
)
OUTGOING_CASES = {
    "public_count_under_threshold": (
        "mart_naloxone",
        f"{SHOW_HIDDEN} and p.mart = 'mart_naloxone' and p.area_code = 'amber-valley' and p.period_type ="
        " 'financial_year_to_date' and p.period_end = date '2025-12-31'",
    ),
    "public_value_not_exact": (
        "mart_drug_tests",
        "update marts_public.measures set value = value + 1 where measure = 'positivity_rate' and period_type ="
        " 'rolling_12_months' and period_end = date '2025-10-31'",
    ),
    "public_value_not_rounded": (
        "mart_drug_offences",
        "update marts_public.measures set value = value + 1 where measure = 'possession_offences' and category = 'all'"
        " and area_type = 'force' and period_type = 'rolling_12_months' and period_end = date '2025-10-31'",
    ),
    "public_hidden_can_be_worked_out": (
        "mart_community_voices",
        f"{SHOW_HIDDEN} and p.mart = 'mart_community_voices' and p.category = 'Vehicle crime' and p.area_type = 'force'"
        " and p.period_type = 'month' and p.period_start = date '2025-12-01'",
    ),
    "cell_not_its_mart": (
        "mart_drug_offences",
        "update reports.cells set value = value + 1 where measure = 'possession_offences' and shows = 'value' and value = 2187",
    ),
}


def failed(home: Home, settings: Public) -> set[tuple[str, str]]:
    checks: list[Check] = []
    for kind, (frame, expected) in outgoing_facts(home, settings).items():
        checks += gate._judge_kind(kind, frame, expected)[0]
    assert checks and all(c.severity == "critical" for c in checks)
    return {(c.subject, c.rule) for c in checks if not c.passed}


def change(home: Home, sql: str) -> None:
    with duckdb.connect(str(home.candidate / WAREHOUSE)) as con:
        (rows,) = con.execute(sql).fetchone() or (0,)
    assert rows, f"touches no row: {sql}"


ROUNDED = "public_value_not_rounded"
CELL_CASES = {
    # May 2024 to November 2025 is no period of the marts: the cell is compared with the sum.
    "mart_naloxone": "update reports.cells set value = value + 1 where measure = 'naloxone_administrations' and shows = 'value'"
    " and period_start = date '2024-05-01' and period_end = date '2025-11-30' and area_type = 'force'",
    # A figure that others publish is compared as it is.
    "mart_public_health": "update reports.cells set value = value + 0.01 where mart = 'mart_public_health' and shows = 'value'"
    " and period_end is null and value is not null",
}
"""More changes that make cells of the report differ from their mart."""
SHOW_CROSSED = (
    f"{SHOW_HIDDEN} and p.mart = 'mart_stop_search' and p.measure = 'drug_searches_by_outcome' and p.category <> 'all'"
    " and p.area_code = 'north' and p.period_type = 'calendar_year' and p.period_start = date '2023-01-01' and m.value >= 5"
)
"""Shows all categories of one area but one of 3, whose sum with them is shown."""


def test_what_breaks_a_rule_fails_only_that_rule(sample_candidate: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """All cases but the rounded one at once, each in its own mart; judged together, then mart by mart."""
    cases = {(mart, rule): sql for rule, (mart, sql) in OUTGOING_CASES.items() if rule != ROUNDED}
    cases |= {(mart, "cell_not_its_mart"): sql for mart, sql in CELL_CASES.items()}
    cases["mart_stop_search", "public_hidden_can_be_worked_out"] = SHOW_CROSSED
    assert failed(sample_candidate, Public()) == set()
    for sql in cases.values():
        change(sample_candidate, sql)
    change(sample_candidate, "insert into marts_public.measures select * replace ('elsewhere' as force_code) from"
        " marts_public.measures where mart = 'mart_iom' limit 1")  # fmt: skip
    cases["mart_iom", "public_value_not_exact"] = "a figure that the marts do not have"
    assert failed(sample_candidate, Public()) == set(cases)
    monkeypatch.setattr(memory_batches, "BYTES_PER_FIGURE", 1 << 60)
    assert failed(sample_candidate, Public()) == set(cases)


def test_a_figure_that_is_not_rounded_fails_only_its_rule(week_copy: Home) -> None:
    """Of a partial night, too, whose rounded figures are all made again."""
    shutil.copyfile(week_copy.warehouse, week_copy.candidate / WAREHOUSE)
    mart, sql = OUTGOING_CASES[ROUNDED]
    settings = Public(mode="round")
    public_form.write_public_form(week_copy, settings)
    assert failed(week_copy, settings) == set()
    with candidate(week_copy, read_only=False) as con:
        columns = "mart varchar, force_code varchar, from_month_no integer"
        con.execute(f"create or replace table work.{'.'.join(public_form.FIGURES_MADE)} ({columns})")
    change(week_copy, sql)
    assert failed(week_copy, settings) == {(mart, ROUNDED)}


PUBLIC_RULES = ("under_threshold", "not_exact", "not_rounded", "can_be_worked_out")
PUBLIC_CASES = {
    # Unit; what is shown and, if it differs, exact (value, the year before, numerator, denominator); kind of period; the rules
    # that it breaks where small counts are hidden, and where they are rounded.
    "small": ("count", (4, None, None, None), None, "month", {0}, {2}),
    "small before": ("count", (10, 4, None, None), None, "month", {0}, set()),
    "small numerator": ("percent", (10, None, 4, 40), None, "month", {0}, set()),
    "small denominator": ("percent", (0, None, 0, 4), None, "month", {0}, set()),
    "at the threshold": ("count", (5, 5, None, None), None, "month", set(), set()),
    "none": ("count", (0, 0, None, None), None, "month", set(), set()),
    "other value": ("count", (10, None, None, None), (12, None, None, None), "month", {1}, set()),
    "other before": ("count", (10, 20, None, None), (10, 21, None, None), "month", {1}, set()),
    "other numerator": ("percent", (50, None, 20, 40), (50, None, 21, 40), "month", {1}, set()),
    "other denominator": ("percent", (50, None, 20, 40), (50, None, 20, 41), "month", {1}, set()),
    "hidden": ("count", (None, None, None, None), (4, 3, None, None), "month", set(), set()),
    "not rounded": ("count", (12, None, None, None), None, "month", set(), {2}),
    "a month too far": ("count", (20, None, None, None), (12, None, None, None), "month", {1}, {2}),
    "a year as far": ("count", (20, None, None, None), (12, None, None, None), "calendar_year", {1}, set()),
    "a year too far": ("count", (75, None, None, None), (15, None, None, None), "calendar_year", {1}, {2}),
    "a year before too far": ("count", (20, 75, None, None), (20, 15, None, None), "calendar_year", {1}, {2}),
    "a year before as far": ("count", (20, 70, None, None), (20, 15, None, None), "calendar_year", {1}, set()),
    "public anyway": ("count", (4, None, None, None), None, "month", set(), set()),
    "public and wrong": ("count", (10, None, None, None), (12, None, None, None), "month", {1}, {1}),
}
PUBLIC_SUMS = {
    # A whole of 10 and its parts: area, category, kind of period, month and what is shown (-: hidden); and whether that tells.
    "categories": ("force all month", ["force A month 1 8", "force B month 1 -"], True),
    "two hidden of 5": ("force all month", ["force A month 1 5", "force B month 1 -"], False),
    "units of a section": ("section:s all month", ["lpu:a all month 1 8", "lpu:b all month 1 -"], True),
    "units of none": ("force all month", ["lpu:c all month 1 8", "lpu:unknown all month 1 -"], True),
    "districts": ("force all month", ["district:d all month 1 8", "district:e all month 1 -"], True),
    "sections": ("force all month", ["section:s all month 1 8", "section:t all month 1 -"], True),
    "months": ("force all calendar_year", ["force all month 1 8", "force all month 12 -"], True),
    "fiscal months": ("force all financial_year", ["force all month 4 8", "force all month 12 -"], True),
    "another year's month": ("force all financial_year", ["force all month 4 8", "force all month 3 -"], False),
    "nothing hidden": ("force all month", ["force A month 1 8"], False),
    "threshold of 2": ("force all month", ["force A month 1 9", "force B month 1 -"], True),
}
ENDS = {"calendar_year": (1, "2025-12-31"), "financial_year": (4, "2026-03-31")}


@pytest.mark.parametrize("is_rounded", [False, True])
def test_each_rule_of_the_public_form_has_all_its_branches(is_rounded: bool) -> None:
    """Each figure or sum is a measure of its own, and breaks the rules that it should and no other."""
    shown, exact = [], []

    def add(measure: str, place: str, category: str, kind: str, month: int, unit: str, values: tuple, of_mart: tuple) -> None:
        begins, end = ENDS.get(kind, (month, f"2025-{month:02d}-28"))
        area_type, _, code = place.partition(":")
        key = ("m", "f", measure, area_type, code or "f", category, kind, f"2025-{begins:02d}-01", end)
        shown.append((*key, unit, *values, "[c]" if values[0] is None else None, "complete", True))
        exact.append((*key, *of_mart))

    for measure, (unit, values, of_mart, kind, *_) in PUBLIC_CASES.items():
        add(measure, "force", "all", kind, 1, unit, values, of_mart or values)
    for measure, (whole, parts, _) in () if is_rounded else PUBLIC_SUMS.items():
        for *figure, month, value in map(str.split, (f"{whole} 1 10", *parts)):
            values = (None if value == "-" else int(value), None, None, None)
            add(measure, *figure, int(month), "count", values, (2, None, None, None) if value == "-" else values)
    add("extra", "force", "all", "month", 1, "count", (10, None, None, None), ())
    exact.pop()
    measures = [*PUBLIC_CASES, *PUBLIC_SUMS, "extra"]
    key = "mart varchar, force_code varchar, measure varchar, area_type varchar, area_code varchar, category varchar,"
    key += " period_type varchar, period_start date, period_end date"
    values = "value double, prior_value double, numerator double, denominator double"
    tables = {
        "exact_figures": (f"{key}, {values}", exact),
        "public_figures": (f"{key}, unit varchar, {values}, marker varchar, data_status varchar, is_judged boolean", shown),
        "rules": ("mart varchar, measure varchar, role varchar, aggregation varchar, numerator varchar, denominator varchar", [
            ("m", n, "public" if n.startswith("public") else "events", "sum", "above", "below") for n in measures]),
        "thresholds": ("mart varchar, measure varchar, threshold double", [
            ("m", n, 2 if n == "threshold of 2" else 5) for n in (*measures, "above", "below")]),
        "bases": ("unit varchar, base double", [("count", 5), ("gbp", 100)] if is_rounded else []),
        "work.staging.areas_listed": ("force_code varchar, area_type varchar, area_code varchar, section_code varchar", [
            ("f", "lpu", "a", "s"), ("f", "lpu", "b", "s"), ("f", "lpu", "c", None)]),
    }  # fmt: skip
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as work; create schema work.staging")
        for name, (columns, rows) in tables.items():
            con.execute(f"create table {name} ({columns})")
            if rows:
                con.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)
        con.execute(gate._script("public_facts"))
        facts = con.execute(
            f"select measure, {', '.join(f'sum({c})' for c in ('public_count_under_threshold', 'public_value_not_exact'))},"
            " sum(public_value_not_rounded), sum(public_hidden_can_be_worked_out) from new_facts group by all"
        ).fetchall()
    found = {measure: {rule for rule, n in zip(PUBLIC_RULES, counts, strict=True) if n} for measure, *counts in facts}
    expected = {n: {PUBLIC_RULES[r] for r in case[-1 if is_rounded else -2]} for n, case in PUBLIC_CASES.items()}
    expected["extra"] = {"not_exact"}
    if not is_rounded:
        expected |= {n: {"can_be_worked_out"} if tells else set() for n, (*_, tells) in PUBLIC_SUMS.items()}
    assert found == expected


def test_a_year_of_a_partial_night_is_judged_with_the_months_before_it(tmp_path: Path) -> None:
    """January's 8 of the year's 10 tell the 2 of April, which is hidden. The night makes the figures from April on."""
    key = "'m' as mart, 'f' as force_code, 'n' as measure, 'force' as area_type, 'f' as area_code, 'all' as category"
    shown = "from (values ('month', 1, 1, 8), ('month', 2, 2, 0), ('month', 3, 3, 0), ('month', 4, 4, null),"
    shown += " ('calendar_year', 1, 12, 10)) as t (period_type, begins, ends, value)"
    rules = "'events' as role, 'sum' as aggregation, null::varchar as numerator, null::varchar as denominator, 5.0 as threshold"
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as work; create schema work.staging; create schema marts; create schema marts_public")
        con.execute(
            f"create table marts_public.measures as select {key}, period_type, make_date(2025, begins, 1) as period_start,"
            " last_day(make_date(2025, ends, 1)) as period_end, value, null::double as prior_value, null::double as numerator,"
            " null::double as denominator, 'count' as unit, if(value is null, '[c]', null) as marker, 'complete' as data_status"
            f" {shown}"
        )
        con.execute("create table marts.measures as select * replace (coalesce(value, 2) as value) from marts_public.measures")
        con.execute(
            f"create table rules as select 'm' as mart, 'n' as measure, {rules}; create table thresholds as from rules;"
            " create table made as select 'm' as mart, 'f' as force_code, 12 * 2025 + 3 as from_month_no;"
            " create table bases (unit varchar, base double); create table work.staging.areas_listed (force_code varchar,"
            " area_type varchar, area_code varchar, section_code varchar)"
        )
        frames = [gate._public_facts(con, tmp_path / "facts.parquet", made) for made in (None, "made")]
        months = con.execute(f"select month_no from '{tmp_path}/facts.parquet' where public_hidden_can_be_worked_out > 0")
        assert months.fetchall() == [(12 * 2025 + 11,)]
    assert [list(frame["public_hidden_can_be_worked_out"]) for frame in frames] == [[1], [1]]


CELL_RULES = [
    # What a cell shows, its value, that of the mart, and whether the two may stand side by side.
    ("value", 5, 5, True), ("value", 5, 6, False), ("value", None, 6, False), ("value", 5, None, False),
    *((shows, value, of_mart, fits) for shows in ("volume_change", "pct_change")
      for value, of_mart, fits in ((5, 5, True), (5, 6, False), (None, 6, False), (5, None, False))),
    *((shows, value, of_mart, fits) for shows in ("prior_value", "numerator", "denominator")
      for value, of_mart, fits in ((5, 5, True), (5, 6, False), (5, None, True))),
]  # fmt: skip


def test_each_column_of_a_cell_is_compared_with_its_mart() -> None:
    columns = ("value", "prior_value", "volume_change", "pct_change", "numerator", "denominator")
    names = [f"n{n}" for n in range(len(CELL_RULES))]
    place = "'m' as mart, 'f' as force_code, 'force' as area_type, 'F' as area_name, 'all' as category"
    days = "date '2025-01-01' as period_start, date '2025-12-31' as period_end"
    with duckdb.connect() as con:
        for name in ("warehouse", "work"):
            con.execute(f"attach ':memory:' as {name}")
        con.execute("create schema warehouse.reports; create schema warehouse.marts; create schema work.seeds")
        con.execute(
            "create table warehouse.reports.cells as select unnest(?) as measure, unnest(?) as shows,"
            f" unnest(?)::double as value, {place}, {days}, 't' as table_name",
            [names, [c[0] for c in CELL_RULES], [c[1] for c in CELL_RULES]],
        )
        marts = ", ".join(f"case when shows = '{c}' then figure end as {c}" for c in columns)
        con.execute(
            f"create table warehouse.marts.measures as select measure, {place}, {days}, 'calendar_year' as period_type,"
            f" 'complete' as data_status, {marts}"
            " from (select unnest(?) as measure, unnest(?) as shows, unnest(?)::double as figure)",
            [names, [c[0] for c in CELL_RULES], [c[2] for c in CELL_RULES]],
        )
        listed = "select mart, measure, 'sum' as aggregation from warehouse.reports.cells"
        con.execute(f"create table work.seeds.measure_list as {listed}")
        facts = dict(con.execute(f"select measure, cell_not_its_mart from ({gate._script('report_facts')})").fetchall())
    assert [case for name, case in zip(names, CELL_RULES, strict=True) if facts[name] != (0 if case[3] else 1)] == []


CELL_WINDOWS = {
    # The window of a cell of 8, its months (4 and 5), how they add up, what the cell shows; and whether it is wrong.
    "of whole months": ("2025-01-01", "2025-02-28", ("complete", "complete"), "sum", "value", True),
    "of a month in part": ("2025-01-01", "2025-02-28", ("complete", "partial"), "sum", "value", False),
    "of a month without a figure": ("2025-01-01", "2025-02-28", ("complete",), "sum", "value", False),
    "from the second": ("2025-01-02", "2025-02-28", ("complete", "complete"), "sum", "value", False),
    "to the last but one": ("2025-01-01", "2025-02-27", ("complete", "complete"), "sum", "value", False),
    "without a figure": ("2025-01-01", "2025-02-28", ("complete", "complete"), "sum", "value", False),
    "of a stock": ("2025-01-01", "2025-02-28", ("complete", "complete"), "last", "value", False),
    "of the year before": ("2025-01-01", "2025-02-28", ("complete", "complete"), "sum", "prior_value", False),
}


def test_a_cell_of_several_months_is_compared_with_their_sum() -> None:
    """Where it is one: of whole, complete months that add up."""
    place = "'m' as mart, 'f' as force_code, 'force' as area_type, 'F' as area_name, 'all' as category"
    with duckdb.connect() as con:
        for name in ("warehouse", "work"):
            con.execute(f"attach ':memory:' as {name}")
        con.execute("create schema warehouse.reports; create schema warehouse.marts; create schema work.seeds")
        con.execute("create table cells (measure text, first date, last date, aggregation text, shows text);"
                    " create table months (measure text, month integer, data_status text)")  # fmt: skip
        for name, (first, last, statuses, *more, _) in CELL_WINDOWS.items():
            con.execute("insert into cells values (?, ?, ?, ?, ?)", [name, first, last, *more])
            for month, status in enumerate(statuses, start=1):
                con.execute("insert into months values (?, ?, ?)", [name, month, status])
        con.execute(f"create table warehouse.reports.cells as select measure, shows, {place}, first as"
                    " period_start, last as period_end, 't' as table_name,"
                    " if(measure = 'without a figure', null, 8.0) as value from cells")  # fmt: skip
        no_others = ", ".join(f"0.0 as {c}" for c in ("prior_value", "volume_change", "pct_change", "numerator", "denominator"))
        con.execute(f"create table warehouse.marts.measures as select measure, {place}, make_date(2025, month, 1) as"
                    " period_start, last_day(make_date(2025, month, 1)) as period_end, 'month' as period_type, data_status,"
                    f" 3.0 + month as value, {no_others} from months")  # fmt: skip
        # Another force has figures under the same names.
        con.execute("insert into warehouse.marts.measures select * replace ('g' as force_code) from warehouse.marts.measures")
        con.execute("create table work.seeds.measure_list as select 'm' as mart, measure, aggregation from cells")
        facts = dict(con.execute(f"select measure, cell_not_its_mart from ({gate._script('report_facts')})").fetchall())
    assert facts == {name: int(is_wrong) for name, (*_, is_wrong) in CELL_WINDOWS.items()}


def test_a_public_form_without_a_mart_fails(sample_candidate: Home) -> None:
    change(sample_candidate, "delete from marts_public.measures where mart = 'mart_iom'")
    assert failed(sample_candidate, Public()) == {("mart_iom", "something_to_judge")}
    with duckdb.connect(str(sample_candidate.candidate / WAREHOUSE)) as con:
        con.execute("drop schema marts_public cascade")
    assert failed(sample_candidate, Public(mode="off")) == set(), "the public form is off"
    with pytest.raises(duckdb.CatalogException, match="marts_public"):
        failed(sample_candidate, Public())


def test_a_public_form_that_shows_too_much_holds_the_night(week_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made and judged before anything is published, also if the steps are called one by one."""
    write_public_form = public_form.write_public_form

    def leak(home: Home, settings: Public) -> None:
        write_public_form(home, settings)
        change(home, SHOW_HIDDEN)

    monkeypatch.setattr(public_form, "write_public_form", leak)
    before = week_copy.warehouse.read_bytes()
    drop_administrations(week_copy)
    with night(week_copy) as run:
        run_until_held(run)
        assert run.receipt and run.receipt.outcome == "held" and "public_count_under_threshold" in run.receipt.reason
        assert run.fail("later") is run.receipt, "a held night stays held"
    assert week_copy.warehouse.read_bytes() == before


def drop_administrations(home: Home) -> None:
    """A file of January 2026, so that the next night makes only the months from then on."""
    rows = [["J1", "2026-01-05 10:00", "Dales"]]
    write_extract(home.inbox, "naloxone", rows, columns=NALOXONE, window=("2026-01-04", "2026-01-07"), stamp="20260108T010000Z")


def facts_by_month(home: Home) -> list[tuple[Any, ...]]:
    return duckdb.sql(f"from '{home.candidate / gate.PUBLIC_FACTS}' order by all").fetchall()


@pytest.mark.long
def test_a_partial_night_judges_the_public_figures_that_it_made(week_copy: Home) -> None:
    """Figures of earlier nights are not judged again; their facts stay, with any broken rules."""
    drop_administrations(week_copy)
    with night(week_copy) as run:
        run.land()
        run.build()
        assert not [c for c in run.judge() if not c.passed and c.suite == "public"]
    of_partial_night = facts_by_month(week_copy)
    (week_copy.candidate / gate.PUBLIC_FACTS).unlink()
    # Only its owner may read the file, whatever the umask.
    old_umask = os.umask(0o022)
    try:
        assert failed(week_copy, Public()) == set()
    finally:
        os.umask(old_umask)
    assert (week_copy.candidate / gate.PUBLIC_FACTS).stat().st_mode & 0o777 == 0o600
    assert facts_by_month(week_copy) == of_partial_night
    broken = f"select * replace (2 as public_count_under_threshold) from '{week_copy.candidate / gate.PUBLIC_FACTS}'"
    duckdb.sql(f"copy ({broken}) to '{week_copy.candidate / gate.PUBLIC_FACTS}' (format parquet)")
    assert ("mart_naloxone", "public_count_under_threshold") in failed(week_copy, Public())
    counted = {row[3]: row[4] for row in facts_by_month(week_copy) if row[0] == "mart_naloxone" and row[1] == "derbyshire"}
    assert min(counted.values()) == 0 < max(counted.values()) and counted[max(counted)] == 0, "only January's are counted again"
    change(
        week_copy,
        "update marts_public.measures set value = 99, marker = null where mart = 'mart_naloxone' and category = 'all'"
        " and force_code = 'derbyshire' and area_type = 'force' and period_type = 'month' and period_start = date '2026-01-01'",
    )
    assert ("mart_naloxone", "public_value_not_exact") in failed(week_copy, Public()), "this night made the month"


def run_until_held(run: NightRun) -> None:
    run.land()
    run.build()
    run.judge()
    with pytest.raises(NightHeldError):
        run.publish()
