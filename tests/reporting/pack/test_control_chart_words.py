"""Notes on changes, titles of charts and first findings agree with the control charts."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from dagster_project.editions.paragraphs import sort_paragraphs
from dagster_project.public_form.public_windows import FigureSeries
from dagster_project.reporting.pack import Cell
from dagster_project.reporting.pack.control_chart_words import (
    NO_CHART,
    NO_MONTH,
    NOT_PUBLIC,
    TOO_FEW,
    ChartMonth,
    Comparison,
    Evidence,
    _read_comparisons,
    describe_newest_month,
    describe_period,
)
from dagster_project.reporting.pack.findings import MOST, NOTHING_BEFORE, _change, _printed_words, _why_no_change
from dagster_project.serving import connect

from .conftest import WrittenPack
from .pages import read_pages


def changes(written_pack: WrittenPack) -> list[Cell]:
    return [c for t in written_pack.pack.tables for r in t.rows for c in r.cells if c.unusual]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_year_before_is_found_whichever_kind_of_period_has_it(order: str) -> None:
    """A calendar year is twelve months, too: these have no row a year before where files begin within it."""
    con = duckdb.connect()
    con.execute(
        "create schema marts; create table marts.measures as select 'mart_incidents' as mart, 'incidents_drugs' as measure,"
        " 'force' as area_type, 'Kent Police' as area_name, 'all' as category, date '2025-01-01' as period_start,"
        " date '2025-12-31' as period_end, 'kent' as force_code, 'count' as unit, 1126 as value, prior_value,"
        " null::int as volume_change, null::int as pct_change, kind as period_type from (values ('calendar_year', 842),"
        f" ('rolling_12_months', null)) as t(kind, prior_value) order by kind {order}"
    )
    series = FigureSeries("mart_incidents", "incidents_drugs", "force", "Kent Police", "all")
    window = (series, date(2025, 1, 1), date(2025, 12, 31))
    found = _read_comparisons(con, "marts", "kent", [window])[window]
    assert found.before == 842
    assert _why_no_change({"data_status": "complete"}, found, public=False) != NOTHING_BEFORE


def test_the_note_on_each_change_agrees_with_the_control_chart(sample_pack: WrittenPack) -> None:
    """The unusual months of each cell are counted in the mart."""
    con = connect(sample_pack.home)
    kinds: Counter[str] = Counter()
    for cell in changes(sample_pack):
        table, row, column = cell.cell_id.split("/")
        high, low, months, mean = con.execute(
            "select count(*) filter (variation = 'high'), count(*) filter (variation = 'low'), count(*), max(mean)"
            " from marts.mart_control_charts as charts, reports.cells as cells where cells.edition = '2026-03'"
            " and (cells.table_name, cells.row_no, cells.column_name) = (?, ?, ?)"
            " and (charts.mart, charts.measure, charts.category, charts.area_type, charts.area_name, charts.force_code)"
            " = (cells.mart, cells.measure, cells.category, cells.area_type, cells.area_name, cells.force_code)"
            " and charts.period_start >= cells.period_start and charts.period_end <= cells.period_end",
            [table, int(row), column],
        ).fetchone()  # fmt: skip
        note = cell.unusual.partition(";")[0]
        if not months:
            assert note == "no control chart, as it is not counted by month", cell
        elif mean < 2:
            assert note == TOO_FEW and "small numbers: " in cell.unusual
        else:
            numbers = [int(n) for n in re.findall(r"\d+", note)]
            assert numbers == [n for n in (high or low, months if high or low else 0, low if high else 0) if n], cell
        kinds[note.split()[0]] += 1
    con.close()
    assert set(kinds) >= {"unusual:", "too", "no"}, kinds
    notes = {c.cell_id: c.unusual for c in changes(sample_pack)}
    # 22 to 78 addresses, and 12 to 43 people: the second has small numbers, and says so.
    assert notes["op_trapped/1/pct_change"] == "unusual: 9 of 12 months high"
    assert notes["op_trapped/2/pct_change"].endswith("; small numbers: 43 and 12")
    pages = read_pages(sample_pack.folder)
    assert sorted(u for p in pages.values() for u in p.unusual) == sorted(notes.values()), "the pages show them"


def test_every_change_and_nothing_else_has_a_note(sample_pack: WrittenPack) -> None:
    for table in sample_pack.pack.tables:
        for row in table.rows:
            changed = {c.measure for c in row.cells if c.shows in ("volume_change", "pct_change") and c.value is not None}
            cells = [c for c in row.cells if c.unusual]
            assert {c.measure for c in cells} >= changed and all(c.shows in ("volume_change", "pct_change") for c in cells)
            assert len({c.measure for c in cells}) == len(cells), "one note for a change printed as a number and in per cent"


def test_first_findings_are_printed_figures_in_order(sample_pack: WrittenPack) -> None:
    cells = {c.cell_id: c for t in sample_pack.pack.tables for r in t.rows for c in r.cells}
    for page in sample_pack.pack.pages:
        assert 3 <= len(page.findings) <= MOST
        groups = []
        for finding in page.findings:
            assert cells[finding.cell_id].printed == finding.figure and finding.table in [t.name for t in page.tables]
            small = "small numbers" in finding.unusual or finding.unusual.startswith("Too few")
            kinds = ("Unusual", "Within", "No control")
            groups.append(3 if small else next(n for n, kind in enumerate(kinds) if finding.unusual.startswith(kind)))
        assert groups == sorted(groups), page.title
    first = sample_pack.pack.pages[0].findings[0]
    assert (first.title, first.figure, first.change) == ("Possession offences", "2,187", "Up 538 (32.6%) from 1,649")
    assert (first.unusual, first.complete) == ("Unusual: 12 of 12 months high", "Complete")
    deaths = next(f for p in sample_pack.pack.pages for f in p.findings if f.figure == "199")
    assert deaths.change == "Not compared with the year before", "the mart has 190 for it"
    provisional = [f for p in sample_pack.pack.pages for f in p.findings if "[p]" in f.figure]
    assert provisional and all(f.complete.startswith("Provisional") for f in provisional)
    links = read_pages(sample_pack.folder)["findings.html"].links
    assert "trail/offences.html#offences-1-rolling" in links


def test_a_finding_without_a_change_says_why(sample_pack: WrittenPack) -> None:
    """The table beside it may print the year before: 2024 had 17,873 items of intelligence."""
    changes = {f.title: f.change for p in sample_pack.pack.pages for f in p.findings}
    assert changes["Drug intelligence"] == "Not compared with the year before: files cover a part of the days"
    assert changes["Operation Knightlow visits"] == "Not compared with the year before", "no period of the marts"
    assert changes["Fixed penalty notices"] == "Nothing a year before to compare with", "no file covers 2023/24"
    complete = {"data_status": "complete"}
    before = Comparison("count", Decimal(58), Decimal(31), None, None)
    why = "Not compared with the year before: files cover a part of the same days a year before"
    assert _why_no_change(complete, before, public=False) == why
    assert _why_no_change(complete, before._replace(before=None), public=True) == "Not compared with the year before"


def test_a_change_is_up_or_down() -> None:
    count = Comparison("count", Decimal(40), Decimal(58), Decimal(-18), Decimal("-31.03"))
    assert _change(count) == "Down 18 (31.0%) from 58"
    assert _change(count._replace(change=Decimal(18), pct_change=None)) == "Up 18 from 58"
    assert _change(count._replace(change=Decimal(0))) == "The same as the year before, 58"
    rate = Comparison("percent", Decimal(40), Decimal("42.5"), Decimal("-2.5"), None)
    assert _change(rate) == "Down 2.5 percentage points from 42.5%"
    printed = {
        n: _printed_words({"value": Decimal(n), "printed": text}) for n, text in ((-3, "-3.0%"), (2, "+2.0%"), (0, "0%"))
    }
    assert printed == {-3: "Down 3.0%", 2: "Up 2.0%", 0: "No change"}


def months(values: list[int], marks: str, rules: dict[str, list[str]], mean: int = 10) -> list[ChartMonth]:
    """Months of 2025 with a mark (`h`, `l` or `.`) and rules each, by the letter in `marks`."""
    return [
        ChartMonth(date(2025, n, 1), date(2025, n, 28), Decimal(v), Decimal(mean), None, None,
                   {"h": "high", "l": "low"}.get(m.lower(), ""), rules.get(m, []))
        for n, (v, m) in enumerate(zip(values, marks, strict=True), start=1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "marks", "rules", "expected"),
    [
        ([9, 11, 10], "...", {}, "within normal variation"),
        ([9, 30, 10, 9], ".h..", {"h": ["above the upper limit"]}, "within normal variation since March 2025"),
        ([9, 10, 30], "..h", {"h": ["above the upper limit"]}, "above the upper limit in March 2025"),
        ([9, 30, 31, 30], ".hhh", {"h": ["above the upper limit"]}, "above the upper limit since February 2025"),
        # A month of the run that is also beyond the limit does not end the run.
        ([9, 12, 30, 12], ".hHh", {"h": ["above the mean"], "H": ["above the upper limit", "above the mean"]},
         "above the mean since February 2025"),
        # A run on the other side is a new run.
        ([8, 8, 12, 12], "llhh", {"h": ["above the mean"], "l": ["below the mean"]}, "above the mean since March 2025"),
        # A downward trend starts at its highest month.
        ([5, 8, 15, 12, 9], "hhlll", {"h": ["trend"], "l": ["trend"]}, "falling since March 2025"),
    ],
)  # fmt: skip
def test_a_title_describes_the_newest_month_and_since_when(values: list, marks: str, rules: dict, expected: str) -> None:
    assert describe_newest_month(months(values, marks, rules)) == expected


def test_a_period_counts_only_its_own_months() -> None:
    chart = months([30, 9, 2, 30], "h.lh", {"h": ["above the upper limit"], "l": ["below the lower limit"]})
    assert describe_period(chart, date(2025, 1, 1), date(2025, 4, 28)) == "unusual: 2 of 4 months high, 1 low"
    assert describe_period(chart, date(2025, 2, 1), date(2025, 2, 28)) == "within normal variation"
    assert describe_period(chart, date(2025, 3, 1), date(2025, 3, 28)) == "unusual: 1 of 1 month low"
    days_in_january = describe_period(chart, date(2025, 1, 2), date(2025, 4, 27))
    assert days_in_january == "unusual: 1 of 2 months low", "whole months alone"
    assert describe_period(chart, date(2024, 1, 1), date(2024, 12, 31)) == "", "none of its months"


@pytest.mark.parametrize("public", [False, True])
def test_days_without_a_whole_month_do_not_say_that_there_is_no_chart(public: bool) -> None:
    series = FigureSeries("mart_incidents", "incidents_drugs", "force", "Kent Police", "all")
    evidence = Evidence({series: tuple(months([9, 11, 10], "...", {}))}, {}, public)
    assert evidence.describe_change((series, date(2025, 3, 3), date(2025, 3, 9))) == NO_MONTH
    assert evidence.describe_change((series, date(2025, 3, 1), date(2025, 3, 28))) == "within normal variation"
    without = Evidence({}, {}, public).describe_change((series, date(2025, 3, 3), date(2025, 3, 9)))
    assert without == (NOT_PUBLIC if public else NO_CHART)


def test_charts_have_the_limits_and_marks_of_the_mart(sample_pack: WrittenPack) -> None:
    con = connect(sample_pack.home)
    checked = 0
    for chart in (c for c in sample_pack.pack.charts if c.kind == "trend"):
        table = next(t for t in sample_pack.pack.tables if t.name == chart.table)
        measures = {d.title: (d.mart, d.measure) for d in table.definitions}
        for panel in (p for p in chart.panels if p.limits):
            rows = con.execute(
                "select period_end, value, variation, mean, lower_limit, upper_limit from marts.mart_control_charts"
                " where (mart, measure, category, area_type) = (?, ?, 'all', 'force') and period_end <= ? order by 1",
                [*measures[panel.title], table.data_to],
            ).fetchall()[-36:]
            points = [p for p in panel.series[0].points if p.value is not None]
            assert [(p.day, p.value) for p in points] == [r[:2] for r in rows]
            assert [p.mark or "common cause" for p in points] == [r[2] for r in rows]
            mean, lower, upper = rows[-1][3:]
            drawn = (mean, lower if lower >= 0 else None, None if panel.unit == "percent" and upper > 100 else upper)
            assert [(x.mean, x.lower, x.upper) for x in panel.limits] == [drawn], "the sample has no rebase"
            assert panel.newest_month and f"{panel.title}: mean " in chart.alt
            checked += 1
        # No mean over counts of 0 and 1.
        for panel in (p for p in chart.panels if panel_mean(p) < 2):
            assert not panel.limits and [s.role for s in panel.series] == ["months"], panel.title
            assert any("Small numbers" in note and panel.title in note for note in chart.notes)
    con.close()
    assert checked > 15
    titles = {c.chart_id: c.title for c in sample_pack.pack.charts}
    assert titles["offences-trend"].startswith("Recorded drug offences: Possession offences near the upper limit since Sep")
    years = "Possession offences: 2,187 in the 12 months to Oct 2025, 1,649 in the 12 before; Trafficking"
    assert titles["offences-years"].startswith(years)


def panel_mean(panel: object) -> Decimal:
    known = [p.value for p in panel.series[0].points if p.value is not None]
    return sum(known) / len(known) if known and panel.unit == "count" else Decimal(99)


def test_paragraphs_are_in_the_order_of_the_report() -> None:
    assert sort_paragraphs(["3.2-3.3", "3.8, 8.4", "8.4", "3.10-3.11"]) == "3.2-3.3, 3.8, 3.10-3.11, 8.4"
    assert sort_paragraphs(["2.15-2.18", "2.18", "2.1-2.2"]) == "2.1-2.2, 2.15-2.18", "without one that is within another"
    assert sort_paragraphs(["Annex B"]) == "Annex B"
