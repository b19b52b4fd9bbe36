"""The cells and claims of the sample's report, compared with the marts and with the source rows."""

from decimal import Decimal
from typing import Any

import duckdb
import pytest
from how_often import often
from support import as_dicts, seed

from dagster_project.core.candidate_files import WORK
from dagster_project.core.home import Home
from dagster_project.serving.trace import open_evidence, trace
from dagster_project.serving.trace_request import FigureRequest

PERIODS = ("month", "rolling_12_months", "calendar_year", "financial_year", "calendar_year_to_date", "financial_year_to_date")


@pytest.fixture(scope="module")
def con(sample_home: Home) -> Any:
    with open_evidence(sample_home) as opened:
        opened.execute(f"attach '{sample_home.candidate / WORK}' as candidate (read_only)")
        yield opened


def test_a_cell_over_a_period_of_the_marts_equals_the_mart(con: duckdb.DuckDBPyConnection) -> None:
    rows = as_dicts(
        con.execute(
            "select cells.value as cell, case cells.shows when 'value' then m.value when 'volume_change' then m.volume_change"
            " when 'pct_change' then m.pct_change end as mart, cells.data_status as cell_status, m.data_status as mart_status,"
            " cells.table_name, cells.row_label, cells.column_name, m.period_type"
            " from warehouse.reports.cells as cells join warehouse.marts.measures as m using (mart, measure, category,"
            " area_type, area_name, force_code, period_start, period_end) where list_contains(?, m.period_type)",
            [list(PERIODS)],
        )
    )
    assert len(rows) > 250 and len({r["period_type"] for r in rows}) >= 5
    assert [r for r in rows if (r["cell"], r["cell_status"]) != (r["mart"], r["mart_status"])] == []


def test_a_cell_equals_its_traced_source_rows(con: duckdb.DuckDBPyConnection) -> None:
    """For each measure one window (with `--long` all), for the force, for areas and for categories.

    `test_rows_of_the_trails_add_up_to_the_figures` counts the events of every cell.
    """
    cells = con.execute(
        "select mart, measure, category, area_type, area_name, force_code, period_start, period_end, value"
        " from (select distinct * exclude (edition, table_name, row_no, row_label, column_no, column_name, column_label)"
        " from warehouse.reports.cells) where shows = 'value' and value is not null and period_end is not null"
        " qualify row_number() over (partition by mart, measure, category = 'all', area_type"
        " order by hash(category, area_name, period_start, period_end)) <= ?",
        [often(1, 200)],
    ).fetchall()
    assert len(cells) > 50
    for mart, measure, category, area_type, area_name, force, first, last, value in cells:
        traced = trace(con, FigureRequest(measure, last, first, mart, category, area_type, area_name, force))
        assert traced.value is not None and round(traced.value, 10) == value, (measure, area_name, category, first, last)


def test_claims_of_the_sample_have_their_verdicts(con: duckdb.DuckDBPyConnection) -> None:
    rows = as_dicts(con.execute("select * from warehouse.reports.claims"))
    assert [sum(r["kind"] == kind for r in rows) for kind in ("figure", "statement")] == [291, 20]
    others = {(r["paragraph"], r["measure"], r["verdict"]) for r in rows if r["verdict"] != "agrees"}
    assert others == {
        ("2.1", "possession_offences", "agrees when cut"),
        ("3.8", "properties_identified", "agrees when cut"),
        ("3.6", "lines_closed", "disagrees"),
        ("3.6", "persons_safeguarded", "disagrees"),
        ("2.17", "tests_positive|positive_cocaine|positive_opiates|positive_both", "disagrees"),
        ("2.11", "prosecutions", "not computable"),
        ("5.2-5.7", "death_registration_delay_median_days", "not computable"),
    }
    assert all(r["reason"] for r in rows if r["verdict"] != "agrees")
    assert {r["difference"] for r in rows if r["kind"] == "statement" and r["verdict"] == "disagrees"} == {Decimal(135)}


def test_a_statement_is_shown_in_our_own_words(con: duckdb.DuckDBPyConnection) -> None:
    """No statement is shown as printed text, and each has the verdict that the list gives it."""
    rows = as_dicts(con.execute("select * from warehouse.reports.claims where kind = 'statement' order by claim_no"))
    expected = seed("statements")
    assert [(r["paragraph"], r["says"], r["verdict"]) for r in rows] == [
        (e["paragraph"], e["says"], e["on_the_report_s_own_figures"]) for e in expected
    ]
    assert all(r["printed"] is None for r in rows)


def test_every_marker_follows_from_the_figure(con: duckdb.DuckDBPyConnection) -> None:
    rows = as_dicts(con.execute("select * from warehouse.reports.cells"))
    changes_from_0 = {
        row
        for (row,) in con.execute(
            "select answer_id from candidate.answers.answers where pct_change is null and prior_value = 0"
        ).fetchall()
    }
    for r in rows:
        has_no_meaning = (r["shows"] == "pct_change" and r["answer_id"] in changes_from_0) or (
            r["shows"] == "value" and r["denominator"] == 0
        )
        expected = (
            "[z]" if r["answer_id"] is None or has_no_meaning
            else "[x]" if r["value"] is None
            else "[p]" if r["data_status"] == "partial" else None
        )  # fmt: skip
        assert r["marker"] == expected and (r["printed"].endswith(expected) if expected else "[" not in r["printed"])
    assert {r["marker"] for r in rows} == {None, "[x]", "[z]", "[p]"}
    assert all(r["printed"] != "0" for r in rows if r["data_status"] == "not_available"), "a missing figure is never shown as 0"


@pytest.mark.parametrize(
    ("table", "row", "printed"),
    [
        ("offences", 1, ("1,431", "1,936", "1,649", "2,187", "538", "32%")),
        ("offences", 2, ("909", "1,032", "1,010", "1,059", "49", "4.9%")),
        ("stop_search", 1, ("637", "1,351", "1,020", "1,708", "688", "67%")),
        ("stop_search", 2, ("41%", "42%", "43%", "40%", "[z]", "-3%")),
        ("naloxone", 2, ("37",)),
        ("naloxone_units", 1, ("26",)),
        ("op_trapped", 1, ("21", "28", "22", "78", "56", "254%")),
        ("op_trapped", 2, ("15", "16", "12", "43", "31", "258%")),
        ("repeat_addresses", 1, ("0", "0", "0", "2", "2", "[z]")),
        ("confiscation", 1, ("88", "76", "82", "72", "84", "108")),
        ("confiscation", 2, ("£528,664", "£479,240", "£568,888", "£908,984", "£2,022,314", "£1,185,696")),
        ("confiscation", 3, ("£3,149,382", "£7,204,898", "£4,672,022", "£19,029,354", "£14,557,787", "£17,796,149")),
        ("confiscation", 4, ("£86,821.28", "£96,183.56", "£52,995.90", "£168,038.02", "£134,599.02", "£185,202")),
        ("cash_seizures", 2, ("£209,310", "£318,528", "£286,632", "£181,979", "£620,867", "£182,321")),
        ("cash_seizures", 4, ("£111,520", "£39,408", "£103,791", "£67,358", "£328,615", "£109,450")),
        ("mda_orders", 2, ("£45,130", "£44,930", "£45,084", "£31,114", "£82,349", "£85,480")),
        ("mda_recipients", 2, ("£35,236",)),
        ("incidents", 2, ("267", "221", "270")),
        ("emergency_incidents", 1, ("167 [p]", "894", "825")),
        ("emergency_incidents", 2, ("0 [p]", "2", "1")),
        ("intelligence", 12, ("1,152", "1,188", "[x]")),
        ("intelligence", 13, ("17,577", "17,873", "16,150 [p]")),
        ("county_lines", 12, ("1", "10", "4", "1", "6", "0")),
        ("county_lines_totals", 2, ("29", "30", "33", "17", "61", "4")),
    ],
)
def test_tables_have_the_printed_figures(con: duckdb.DuckDBPyConnection, table: str, row: int, printed: tuple) -> None:
    rows = con.execute(
        f"select * exclude (edition, row_no, row_label) from warehouse.reports.{table} where row_no = ?", [row]
    ).fetchall()
    assert rows == [printed]


def test_rows_of_areas_are_sorted_by_size(con: duckdb.DuckDBPyConnection) -> None:
    rows = [r[0] for r in con.execute("select row_label from warehouse.reports.naloxone_units order by row_no").fetchall()]
    assert rows[:4] == ["Derby North", "Chesterfield", "Derby West", "Derby East"]
    assert rows[-1] == "North East" and "Not recorded" not in rows
    raised = [r[0] for r in con.execute("select row_label from warehouse.reports.concerns order by row_no").fetchall()]
    assert raised[-1] == "Not recorded"


@pytest.mark.parametrize(
    ("table", "header", "labels"),
    [
        ("offences", "2023/24, 2024/25, Nov-Oct 2023/24, Nov-Oct 2024/25, Volume Change, % Change",
         ["Drug Possession", "Drug Trafficking"]),
        ("confiscation", "19/20, 20/21, 21/22, 22/23, 23/24, 24/25", ["TOTAL (Orders - number)"]),
        ("mda_orders", "19/20, 20/21, 21/22, 22/23, 23/24, 24/25**", ["TOTAL (number)", "TOTAL (value)"]),
        ("incidents", "2023, 2024, 2025", ["Total incidents with drugs qualifier"]),
        ("naloxone", "Total", ["North", "South", "Force"]),
        (
            "county_lines",
            "New Lines Identified, Lines Closed, No. persons charged CL, No of Persons Charged OCG,"
            " No. persons safeguarded CL, No. persons safeguarded OCG",
            ["Oct 24", "Nov 24"],
        ),
        ("intelligence", "2023, 2024, 2025", ["January", "February"]),
    ],
)  # fmt: skip
def test_labels_equal_the_printed_report(con: duckdb.DuckDBPyConnection, table: str, header: str, labels: list[str]) -> None:
    query = "select {} from warehouse.reports.cells where table_name = ? group by all order by {}"
    columns = con.execute(query.format("column_no, max(column_label)", "column_no"), [table]).fetchall()
    assert ", ".join(c for _, c in columns) == header
    rows = con.execute(query.format("row_no, row_label", "row_no"), [table]).fetchall()
    assert [label for _, label in rows][: len(labels)] == labels
