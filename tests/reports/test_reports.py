"""The report's cells and claims on the sample, each against the marts and against the source rows."""

from decimal import Decimal
from typing import Any

import duckdb
import pytest
from support import as_dicts

from dagster_project.core.home import Home
from dagster_project.serving import trace

PERIODS = ("month", "rolling_12_months", "calendar_year", "financial_year", "calendar_year_to_date", "financial_year_to_date")


@pytest.fixture(scope="module")
def con(sample_home: Home) -> Any:
    with trace.opened(sample_home) as opened:
        yield opened


def test_a_cell_over_a_period_of_the_marts_is_the_marts(con: duckdb.DuckDBPyConnection) -> None:
    rows = as_dicts(
        con.execute(
            "select cells.value as said, case cells.shows when 'value' then m.value when 'volume_change' then m.volume_change"
            " when 'pct_change' then m.pct_change end as mart, cells.data_status as cell_status, m.data_status as mart_status,"
            " cells.table_name, cells.row_label, cells.column_name, m.period_type"
            " from warehouse.reports.cells as cells join warehouse.marts.measures as m using (mart, measure, category,"
            " area_type, area_name, force_code, period_start, period_end) where list_contains(?, m.period_type)",
            [list(PERIODS)],
        )
    )
    assert len(rows) > 250 and len({r["period_type"] for r in rows}) >= 5
    assert [r for r in rows if (r["said"], r["cell_status"]) != (r["mart"], r["mart_status"])] == []


def test_a_cell_is_made_of_its_source_rows(con: duckdb.DuckDBPyConnection) -> None:
    cells = con.execute(
        "select distinct mart, measure, category, area_type, area_name, force_code, period_start, period_end, value"
        " from warehouse.reports.cells where shows = 'value' and value is not null and period_end is not null"
    ).fetchall()
    assert len(cells) > 300
    for mart, measure, category, area_type, area_name, force, first, last, value in cells:
        found = trace.trace(con, trace.Asked(measure, last, first, mart, category, area_type, area_name, force))
        assert found.value is not None and round(found.value, 10) == value, (measure, area_name, category, first, last)


def test_the_claims_of_the_sample(con: duckdb.DuckDBPyConnection) -> None:
    rows = as_dicts(con.execute("select * from warehouse.reports.claims"))
    assert len(rows) == 298 and sum(r["kind"] == "figure" for r in rows) == 291
    odd = {(r["paragraph"], r["measure"], r["verdict"]) for r in rows if r["verdict"] != "agrees"}
    assert odd == {
        ("2.1", "possession_offences", "agrees when cut"),
        ("3.8", "properties_identified", "agrees when cut"),
        ("3.6", "lines_closed", "disagrees"),
        ("3.6", "persons_safeguarded", "disagrees"),
        ("3.11", "inputs_delivered", "disagrees"),
        ("2.17", "tests_positive", "disagrees"),
        ("5.2-5.7", "death_registration_delay_median_days", "not computable"),
    }
    assert all(r["reason"] for r in rows if r["verdict"] != "agrees")
    assert {r["difference"] for r in rows if r["measure"] == "tests_positive" and r["kind"] == "statement"} == {Decimal(135)}


def test_every_marker_has_its_reason(con: duckdb.DuckDBPyConnection) -> None:
    rows = as_dicts(con.execute("select * from warehouse.reports.cells"))
    from_nought = {
        row
        for (row,) in con.execute(
            "select answer_id from work.answers.answers where pct_change is null and prior_value = 0"
        ).fetchall()
    }
    for r in rows:
        has_no_meaning = (r["shows"] == "pct_change" and r["answer_id"] in from_nought) or (
            r["shows"] == "value" and r["denominator"] == 0
        )
        expected = (
            "[z]" if r["answer_id"] is None or has_no_meaning
            else "[x]" if r["value"] is None
            else "[p]" if r["data_status"] == "partial" else None
        )  # fmt: skip
        assert r["marker"] == expected and (r["printed"].endswith(expected) if expected else "[" not in r["printed"])
    assert {r["marker"] for r in rows} == {None, "[x]", "[z]", "[p]"}
    assert all(r["printed"] != "0" for r in rows if r["data_status"] == "not_available"), "zero is never not available"


@pytest.mark.parametrize(
    ("table", "row", "printed"),
    [
        ("offences", 1, ("1,431", "1,936", "1,649", "2,187", "538", "32.6%")),
        ("stop_search", 2, ("41%", "42%", "43%", "40%", "-3", "[z]")),
        ("naloxone", 2, ("37",)),
        ("op_trapped", 2, ("0", "0", "0", "2", "2", "[z]")),
        ("confiscation", 5, ("84", "£2,022,314", "£14,557,787", "£101,116", "£134,599")),
        ("intelligence", 12, ("1,152", "1,188", "[x]")),
        ("intelligence", 13, ("17,577", "17,873", "16,150 [p]")),
        ("county_lines", 15, ("29", "30", "33", "17", "61", "4")),
    ],
)
def test_tables_in_the_printed_shape(con: duckdb.DuckDBPyConnection, table: str, row: int, printed: tuple) -> None:
    found = con.execute(
        f"select * exclude (edition, row_no, row_label) from warehouse.reports.{table} where row_no = ?", [row]
    ).fetchall()
    assert found == [printed]


def test_rows_of_every_area_are_the_largest_first(con: duckdb.DuckDBPyConnection) -> None:
    rows = [r[0] for r in con.execute("select row_label from warehouse.reports.naloxone order by row_no").fetchall()]
    assert rows[:4] == ["Force", "South", "North", "Derby North"] and rows[-1] == "North East" and "Not recorded" not in rows
    raised = [r[0] for r in con.execute("select row_label from warehouse.reports.concerns order by row_no").fetchall()]
    assert raised[-1] == "Not recorded"
