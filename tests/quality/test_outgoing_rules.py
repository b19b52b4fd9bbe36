"""What leaves the force: bad data for each rule on the public form and on the report's cells."""

import os
from typing import Any

import duckdb
import pytest
from support import night, write_extract
from week import NALOXONE

from dagster_project import public_form
from dagster_project.core.check_results import Check
from dagster_project.core.config import Public
from dagster_project.core.home import Home
from dagster_project.nights.errors import NightHeldError
from dagster_project.nights.run import NightRun
from dagster_project.quality import gate
from dagster_project.quality.gate import outgoing_facts
from dagster_project.transform.raw_schema import WAREHOUSE

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
    monkeypatch.setattr(public_form, "BYTES_PER_FIGURE", 1 << 60)
    assert failed(sample_candidate, Public()) == set(cases)


def test_a_figure_that_is_not_rounded_fails_only_its_rule(sample_candidate: Home) -> None:
    mart, sql = OUTGOING_CASES[ROUNDED]
    settings = Public(mode="round")
    public_form.publish_public(sample_candidate, settings)
    assert failed(sample_candidate, settings) == set()
    change(sample_candidate, sql)
    assert failed(sample_candidate, settings) == {(mart, ROUNDED)}


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
    publish_public = public_form.publish_public

    def leak(home: Home, settings: Public) -> None:
        publish_public(home, settings)
        change(home, SHOW_HIDDEN)

    monkeypatch.setattr(public_form, "publish_public", leak)
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
