"""Notes on changes, titles of charts and first findings agree with the control charts."""

import re
from calendar import monthrange
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from dagster_project.core.charts_fit_to_judge import NOT_JUDGED, TOO_FEW
from dagster_project.core.published_explanations import Rebase
from dagster_project.editions.paragraphs import sort_paragraphs
from dagster_project.public_form.public_windows import FigureSeries
from dagster_project.reporting.pack import Cell
from dagster_project.reporting.pack.control_chart_words import (
    NO_CHART,
    NO_MONTH,
    NOT_PUBLIC,
    ChartMonth,
    Comparison,
    Evidence,
    _read_comparisons,
    describe_newest_month,
    describe_period,
    window_of,
)
from dagster_project.reporting.pack.findings import (
    MOST,
    NOTHING_BEFORE,
    _change,
    _printed_words,
    _why_no_change,
    choose_findings,
)
from dagster_project.reporting.pack.model import Definition
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
        " null::int as volume_change, null::int as pct_change, kind as period_type, null::int as denominator,"
        " 'kent' as area_code from (values ('calendar_year', 842),"
        f" ('rolling_12_months', null)) as t(kind, prior_value) order by kind {order}"
    )
    series = FigureSeries("mart_incidents", "incidents_drugs", "force", "Kent Police", "all")
    window = (series, date(2025, 1, 1), date(2025, 12, 31))
    found = _read_comparisons(con, "marts", "kent", [window])[window]
    assert found.before == 842
    assert _why_no_change({"data_status": "complete"}, found, public=False) != NOTHING_BEFORE


def test_february_is_compared_with_the_whole_february_of_a_leap_year() -> None:
    con = duckdb.connect()
    con.execute(
        "create schema marts; create table marts.measures as select 'mart_drug_tests' as mart, 'positivity_rate' as measure,"
        " 'force' as area_type, 'Kent Police' as area_name, 'all' as category, first as period_start,"
        " last_day(first) as period_end, 'kent' as force_code, 'percent' as unit, 50 as value, 50 as prior_value,"
        " 0 as volume_change, null as pct_change, 'month' as period_type, tests::decimal(28, 10) as denominator,"
        " 'kent' as area_code from (values (date '2025-02-01', 90), (date '2024-02-01', 8)) as t(first, tests)"
    )
    series = FigureSeries("mart_drug_tests", "positivity_rate", "force", "Kent Police", "all")
    window = (series, date(2025, 2, 1), date(2025, 2, 28))
    assert _read_comparisons(con, "marts", "kent", [window])[window].small_numbers == "small numbers: shares of 90 and 8"


def test_the_note_on_each_change_agrees_with_the_control_chart(sample_pack: WrittenPack) -> None:
    """The unusual months of each cell are counted in the mart."""
    con = connect(sample_pack.home)
    kinds: Counter[str] = Counter()
    for cell in changes(sample_pack):
        table, row, column = cell.cell_id.split("/")
        high, low, months, mean, upper = con.execute(
            "select count(*) filter (variation = 'high'), count(*) filter (variation = 'low'), count(*), max(mean),"
            " max(upper_limit)"
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
            assert note == TOO_FEW
        elif upper <= mean or note in NOT_JUDGED.values():
            assert cell.unit == "gbp" or cell.measure in ("pspos_active", "cohort_size") or note == TOO_FEW, cell
        else:
            numbers = [int(n) for n in re.findall(r"\d+", note)]
            assert numbers == [n for n in (high or low, months if high or low else 0, low if high else 0) if n], cell
        kinds[note.split()[0]] += 1
    con.close()
    assert set(kinds) >= {"unusual:", "too", "no"}, kinds
    notes = {c.cell_id: c.unusual for c in changes(sample_pack)}
    # 22 to 78 addresses, and 12 to 43 people: neither would be reversed by a few more.
    assert notes["op_trapped/1/pct_change"] == "unusual: 9 of 12 months high"
    assert "small numbers" not in notes["op_trapped/2/pct_change"]
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
            small = "small numbers" in finding.unusual or finding.unusual.startswith("Too few a month")
            kinds = {"Unusual": 0, "Within": 1, "No control": 2, "No month": 2, "Not judged": 2, "Too few changes": 2}
            groups.append(3 if small else next(n for kind, n in kinds.items() if finding.unusual.startswith(kind)))
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
    assert changes["Fixed penalty notices"] == "The year before is not available to compare with", "no file covers 2023/24"
    complete = {"data_status": "complete"}
    before = Comparison("count", Decimal(58), Decimal(31), None, None)
    why = "Not compared with the year before: files cover a part of the same days a year before"
    assert _why_no_change(complete, before, public=False) == why
    assert _why_no_change(complete, before._replace(before=None), public=True) == "Not compared with the year before"


def test_a_change_is_up_or_down() -> None:
    count = Comparison("count", Decimal(40), Decimal(58), Decimal(-18), Decimal("-31.03"))
    assert _change(count) == "Down 18 (31.0%) from 58"
    assert _change(Comparison("count", Decimal(1), Decimal(2), Decimal(-1), Decimal(-50))) == "Down 1 from 2"
    assert _change(Comparison("count", Decimal(240), Decimal(12), Decimal(228), Decimal(1900))) == "Up 228 from 12"
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
        ChartMonth(date(2025, n, 1), date(2025, n, monthrange(2025, n)[1]), Decimal(v), Decimal(mean), None, None,
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
    assert describe_period(chart, date(2025, 1, 1), date(2025, 4, 30)) == "unusual: 2 of 4 months high, 1 low"
    assert describe_period(chart, date(2025, 2, 1), date(2025, 2, 28)) == "within normal variation"
    assert describe_period(chart, date(2025, 3, 1), date(2025, 3, 31)) == "unusual: 1 of 1 month low"
    days_in_january = describe_period(chart, date(2025, 1, 2), date(2025, 4, 29))
    assert days_in_january == "unusual: 1 of 2 months low", "whole months alone"
    assert describe_period(chart, date(2024, 1, 1), date(2024, 12, 31)) == "", "none of its months"


def test_since_never_crosses_a_month_without_a_figure_nor_another_mean() -> None:
    rules = {"h": ["above the mean"]}
    chart = months([12] * 8, "hhhhhhhh", rules)
    assert describe_newest_month(chart) == "above the mean since January 2025"
    assert describe_newest_month(chart[:4] + chart[5:]) == "above the mean since June 2025", "May is missing"
    rebased = [*chart[:6], *(replace(m, mean=Decimal(11)) for m in chart[6:])]
    assert describe_newest_month(rebased) == "above the mean since July 2025"


def test_months_that_are_not_judged_have_no_verdict() -> None:
    chart = months([30, 9, 9, 9], "h...", {"h": ["above the upper limit"]})
    unjudged = [*chart[:3], replace(chart[3], not_judged="still")]
    assert describe_newest_month(unjudged) == "too few changes to tell"
    assert describe_period(unjudged, date(2025, 1, 1), date(2025, 4, 30)) == "too few changes to tell"
    assert describe_period(unjudged, date(2025, 1, 1), date(2025, 3, 31)) == "unusual: 1 of 3 months high"


def naloxone(value: int, before: int, **other: object) -> tuple[dict, dict, Comparison]:
    """A cell, its definition and its comparison with the year before, of the twelve months of 2025."""
    series = {"mart": "mart_naloxone", "measure": "naloxone_administrations", "category": "all", **other}
    cell = {
        **series, "answer_id": 1, "area_type": "force", "area_name": "Kent Police", "period_start": date(2025, 1, 1),
        "period_end": date(2025, 12, 31), "shows": "value", "value": Decimal(value), "unit": "count", "printed": str(value),
        "data_status": "complete", "table_name": "t", "row_no": 1, "column_no": 1, "column_name": "c", "window_label": "2025",
    }  # fmt: skip
    definition = Definition(series["mart"], series["measure"], series["measure"], "count", "", "", "sum", ())
    pct = 100 * Decimal(value - before) / before if before else None
    return cell, definition, Comparison("count", Decimal(value), Decimal(before), Decimal(value - before), pct)


def test_the_largest_true_rise_is_read_first() -> None:
    """12 to 240, in 12 of 12 months high, was `small numbers: 240 and 12`, and was left out."""
    chart = tuple(months([20] * 12, "h" * 12, {"h": ["above the upper limit"]}))
    cell, rise, comparison = naloxone(240, 12)
    others = [naloxone(110 + n, 100, measure=f"other_{n}") for n in range(MOST)]
    evidence = Evidence(
        {window_of(cell)[0]: chart}, {window_of(cell): comparison} | {window_of(c): b for c, _, b in others}, False
    )
    definitions = {(d.mart, d.measure): d for d in (rise, *(d for _, d, _ in others))}
    table = {"table_name": "t", "table_no": 1, "paragraph": "1"}
    found = choose_findings([(table, [c for c, *_ in others] + [cell])], definitions, evidence, "Kent Police")
    assert len(found) == MOST and (found[0].title, found[0].change) == ("naloxone_administrations", "Up 228 from 12")
    assert found[0].unusual == "Unusual: 12 of 12 months high"


def test_a_known_change_is_said_and_has_no_verdict() -> None:
    """ "Up 538 (111.6%), within normal variation" stood across a new recording system."""
    cell, definition, comparison = naloxone(638, 100)
    series, first, last = window_of(cell)
    change = Rebase(*series, date(2025, 4, 1), "New recording system")
    evidence = Evidence({series: tuple(months([9, 11, 10], "...", {}))}, {(series, first, last): comparison}, False, [change])
    assert evidence.describe_change((series, first, last)) == "not judged, as a known change began in April 2025"
    notes = ["Naloxone, Kent Police: a known change began in April 2025: New recording system"]
    assert evidence.describe_rebases([(series, first, last)] * 2, {series[:2]: "Naloxone"}) == notes
    public = replace(evidence, public=True)
    assert public.describe_rebases([(series, first, last)], {}) == [
        "naloxone_administrations, Kent Police: a known change began in April 2025"
    ]
    table = {"table_name": "t", "table_no": 1, "paragraph": "1"}
    definitions = {(definition.mart, definition.measure): definition}
    for one, unusual in ((evidence, ". New recording system"), (public, "")):
        (found,) = choose_findings([(table, [cell])], definitions, one, "Kent Police")
        assert found.unusual == f"Not judged, as a known change began in April 2025{unusual}"
    # The year before begins with the month of the change: all is counted alike. Its own days end before it.
    for month, is_across in (
        (date(2024, 1, 1), False),
        (date(2024, 2, 1), True),
        (date(2025, 12, 1), True),
        (date(2026, 1, 1), False),
    ):
        found = replace(evidence, rebases=[change._replace(month=month)]).find_rebase((series, first, last))
        assert bool(found) == is_across, month
    assert evidence.find_rebase((series, None, date(2025, 12, 31))) and not evidence.find_rebase(
        (series, None, date(2026, 4, 30))
    )
    assert not evidence.find_rebase((series._replace(category="Other"), first, last))


def test_a_rate_of_few_says_of_how_few() -> None:
    rate = Comparison("percent", Decimal(50), Decimal(0), Decimal(50), None, Decimal(8), Decimal(300))
    assert rate.small_numbers == "small numbers: shares of 8 and 300"
    assert not rate._replace(share_of=Decimal(80)).small_numbers


def test_a_change_by_a_status_as_it_is_now_is_not_listed() -> None:
    """Value under investigation: 577,000, up from 0. What was seized the year before has been decided since."""
    cell, definition, comparison = naloxone(577, 0, mart="mart_cash_seizures", measure="under_investigation_value")
    evidence = Evidence({}, {window_of(cell): comparison}, False)
    table = {"table_name": "t", "table_no": 1, "paragraph": "1"}
    (found,) = choose_findings([(table, [cell])], {(definition.mart, definition.measure): definition}, evidence, "Kent Police")
    assert found.change == "Not compared with the year before: older ones have had longer to change their status"


@pytest.mark.parametrize("public", [False, True])
def test_days_without_a_whole_month_do_not_say_that_there_is_no_chart(public: bool) -> None:
    series = FigureSeries("mart_incidents", "incidents_drugs", "force", "Kent Police", "all")
    evidence = Evidence({series: tuple(months([9, 11, 10], "...", {}))}, {}, public)
    assert evidence.describe_change((series, date(2025, 3, 3), date(2025, 3, 9))) == NO_MONTH
    assert evidence.describe_change((series, date(2025, 3, 1), date(2025, 3, 31))) == "within normal variation"
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
            assert [p.mark or "common cause" for p in points] == [r[2] if panel.newest_month else "common cause" for r in rows]
            mean, lower, upper = rows[-1][3:]
            drawn = (mean, lower if lower >= 0 else None, None if panel.unit == "percent" and upper > 100 else upper)
            assert [(x.mean, x.lower, x.upper) for x in panel.limits] == [drawn], "the sample has no rebase"
            assert f"{panel.title}: mean " in chart.alt
            assert panel.newest_month or any(panel.title in n for n in chart.notes if n.startswith("Not judged, as ")), panel
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
