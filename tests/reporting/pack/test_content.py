"""The pack has every cell and every claim of the night, and says where there is no figure."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support import as_dicts, published

from dagster_project.editions.paragraphs import within
from dagster_project.reporting.measure_words import status_in_words
from dagster_project.reporting.pack import picture_cache, read_pack
from dagster_project.reporting.pack.chart_specs import spec, value_axis
from dagster_project.reporting.pack.content import (
    NO_SECTION,
    _completeness,
    _exact,
    _later_days_note,
    _missing_cell,
    _of_one_category,
    _status_of,
    leaves_rows_out_of_sections,
)
from dagster_project.reporting.pack.control_chart_words import Evidence
from dagster_project.reporting.pack.findings import choose_findings
from dagster_project.reporting.pack.model import MARKERS, MISSING, PUBLIC_ONLY, Panel, Source
from dagster_project.reporting.pack.page_charts import _edition_chart, _trend_title, make_page_charts
from dagster_project.reporting.pack.wording import (
    _source_days,
    covered_days,
    format_number,
    name_paragraphs,
    slug,
    verdict_in_sentence,
)
from dagster_project.serving import connect

from .conftest import FORMULA, HOSTILE, WrittenPack


def cells_of(written_pack: WrittenPack) -> list[dict]:
    con = connect(written_pack.home)
    try:
        return as_dicts(con.execute("select * from reports.cells where edition = ?", [written_pack.edition.edition]))
    finally:
        con.close()


def test_every_cell_of_the_night_is_in_the_pack_once(either_pack: WrittenPack) -> None:
    cells = cells_of(either_pack)
    shown = {c.cell_id: c for t in either_pack.pack.tables for r in t.rows for c in r.cells if c.measure or c.marker == "[z]"}
    assert len(cells) > 40
    for c in cells:
        cell = shown.pop(f"{c['table_name']}/{c['row_no']}/{c['column_name']}")
        assert (cell.printed, cell.value, cell.unit, cell.marker) == (c["printed"], c["value"], c["unit"], c["marker"])
        assert "[" not in cell.text and (cell.text or cell.value is None)
    assert not shown


def test_pages_are_the_parts_of_the_report_in_order(sample_pack: WrittenPack, other_pack: WrittenPack) -> None:
    pack = sample_pack.pack
    assert [t.number for t in pack.tables] == list(range(1, 31)) == [t.number for p in pack.pages for t in p.tables]
    assert [p.title for p in pack.pages][:2] == ["Reduce the harm caused by drugs", "Disrupt the supply of drugs"]
    assert pack.is_made_up and pack.data_status.startswith("459 of 487 figures are complete, 19 provisional")
    assert [p.title for p in other_pack.pack.pages] == ["Other figures", HOSTILE, "Listen"]
    assert other_pack.pack.pages[1].slug == "script-alert-x-script" and other_pack.pack.force == "Leicestershire Police"


def test_each_claim_is_on_the_page_of_its_paragraph(sample_pack: WrittenPack, other_pack: WrittenPack) -> None:
    placed = sorted(c.no for p in sample_pack.pack.pages for c in p.claims)
    assert placed == list(range(1, 312)), "each claim once"
    assert {c.paragraph for t in sample_pack.pack.tables if t.name == "op_trapped" for c in t.claims} == {"3.8", "8.4"}
    assert [c.paragraph for p in other_pack.pack.pages for c in p.claims] == ["9"] and len(other_pack.pack.claims) == 2


def test_pages_say_how_many_claims_were_checked(sample_pack: WrittenPack) -> None:
    """Some figures and sentences cannot be checked: no page claims otherwise, and no statement is shown as printed."""
    counts = "290 of 291 printed figures and 19 of 20 statements"
    for page in ("index.html", "claims.html"):
        text = (sample_pack.folder / page).read_text(encoding="utf-8")
        assert counts in text and "very printed figure" not in text and "sentence)" not in text
    assert all(c.printed == "" for c in sample_pack.pack.claims if c.kind == "statement")


def test_percentages_differ_by_points(sample_pack: WrittenPack) -> None:
    rounded_down = {(c.printed, c.computed, c.difference) for c in sample_pack.pack.claims if c.verdict == "agrees when cut"}
    assert rounded_down == {("32%", "32.63%", "0.63 points"), ("254%", "254.55%", "0.55 points")}


def test_files_of_the_sample_are_not_late(sample_pack: WrittenPack) -> None:
    """The sample's night uses the sample's date, so its files are not late today."""
    assert [s.extract for s in sample_pack.pack.late] == ["intelligence"]


def test_a_year_that_goes_beyond_the_last_day_of_data_says_so() -> None:
    """Under "data to 30 June 2026" the year 2026 had July and August, once files had them."""

    def note(covered_to: date | None, period_end: date) -> str:
        cell = {"mart": "mart_incidents", "measure": "incidents", "value": Decimal(101), "period_end": period_end,
                "window_label": str(period_end.year)}  # fmt: skip
        old = cell | {"period_end": date(2025, 12, 31), "window_label": "2025"}
        # Files of crimes, whose only figure is of 2025, say nothing of incidents.
        crimes = old | {"mart": "mart_offences", "measure": "offences"}
        covers = {("mart_incidents", "incidents"): covered_to, ("mart_offences", "offences"): date(2026, 8, 31)}
        return _later_days_note([old, crimes, cell, cell], date(2026, 6, 30), covers)

    says = "2026: also counts days after 30 June 2026, up to 31 August 2026, as files cover them."
    assert note(date(2026, 8, 31), date(2026, 12, 31)) == says
    assert note(date(2027, 2, 1), date(2026, 12, 31)) == says.replace("31 August", "31 December")
    assert not note(date(2026, 6, 30), date(2026, 12, 31)) and not note(date(2026, 8, 31), date(2026, 6, 30))
    assert not note(None, date(2026, 12, 31))


def test_sections_that_are_not_the_whole_force_say_so(sample_pack: WrittenPack) -> None:
    """51 in four sections stood above a force of 54: three had no unit, and sections have no row for those."""

    def leaves_out(north: int | None, south: int, force: int | None, sections: str = "NS", **other: str) -> bool:
        cell = {
            "column_no": 1,
            "mart": "m",
            "measure": "n",
            "category": "all",
            "period_start": date(2025, 1, 1),
            "period_end": date(2025, 12, 31),
            "shows": "value",
            "unit": "count",
        }
        # The row of the force is there twice.
        rows = (("section", "N", north), ("section", "S", south), ("force", "F", force), ("force", "F", force))
        cells = [cell | {"area_type": kind, "area_name": a, "value": None if v is None else Decimal(v)} for kind, a, v in rows]
        return leaves_rows_out_of_sections([c | other for c in cells], sections)

    assert leaves_out(10, 37, 48) and leaves_out(10, 37, 48, unit="gbp") and leaves_out(0, 0, 1)
    assert not leaves_out(10, 37, 47) and not leaves_out(10, 37, None)
    assert not leaves_out(10, 37, 90, unit="percent") and not leaves_out(10, 37, 48, shows="pct_change")
    # Others may have what these lack.
    assert not leaves_out(10, 37, 48, sections="NSW") and not leaves_out(None, 37, 48)
    # The sample's sections add up, and a table without sections says nothing of them.
    assert not [t for p in sample_pack.pack.pages for t in p.tables if NO_SECTION in t.notes]


@pytest.mark.parametrize(
    ("marker", "value", "data_status", "status"),
    [
        (None, 1, "complete", "complete"), (None, 1, None, "complete"), ("[p]", 1, "partial", "partial"),
        ("[x]", None, "not_available", "not_available"), ("[x]", None, "complete", "not_available"),
        ("[z]", None, "complete", "not_applicable"), ("[c]", None, "complete", "not_public"),
    ],
)  # fmt: skip
def test_a_change_that_is_missing_is_not_complete(marker: str | None, value: int | None, data_status: str, status: str) -> None:
    """Though the status in its cell is that of the newer year."""
    cell = replace(_missing_cell("t/1/a"), marker=marker, value=value, data_status=data_status)
    assert _status_of(cell) == status


def test_a_computed_change_in_per_cent_has_its_sign() -> None:
    numbers = [
        ("32.63", "count", "pct_change"),
        ("-3", "gbp", "pct_change"),
        ("12.5", "gbp", "value"),
        ("40", "percent", "value"),
    ]
    assert [_exact(Decimal(value), unit, figure) for value, unit, figure in numbers] == ["32.63%", "-3%", "£12.50", "40%"]
    assert _exact(None, "count", "value") == ""


@pytest.mark.parametrize(
    ("status", "files", "says"),
    [
        ("current", 1, "Crimes (1 January 2025 to 31 October 2025)"),
        ("late", 1, "Crimes (1 January 2025 to 31 October 2025, late)"),
        ("never received", 0, "Crimes (never received)"), ("not sent", 0, "Crimes (not sent)"),
        ("late", 0, "Crimes (no accepted file)"),
    ],
)  # fmt: skip
def test_a_late_source_is_called_late(status: str, files: int, says: str) -> None:
    days = (date(2025, 1, 1), date(2025, 10, 31)) if files else (None, None)
    covered = 304 if files else 0
    assert _source_days(Source("crimes", "Crimes", status, "nightly", files, None, *days, None, None, covered)) == says


def test_days_covered_says_how_many_of_them_are() -> None:
    """Files of January 2022 to April 2023 and of September to December 2025 cover 607 days, not four years."""
    days = (date(2022, 1, 1), date(2025, 12, 31))
    source = Source("incidents", "Incidents", "current", "nightly", 2, None, *days, None, None, 607)
    assert _source_days(source) == "Incidents (1 January 2022 to 31 December 2025: 607 of 1,461 days)"
    assert covered_days(replace(source, covered_days=1461)) == "1 January 2022 to 31 December 2025"
    assert covered_days(replace(source, covered_from=None, covered_to=None, covered_days=0)) == ""


def test_no_chart_mixes_quantities_of_leaflets_and_people(sample_pack: WrittenPack) -> None:
    panels = [panel.title for p in sample_pack.pack.pages for c in p.charts for panel in c.panels]
    assert panels and not [t for t in panels if "quantit" in t.lower()]


def test_missing_data_are_named(other_pack: WrittenPack) -> None:
    tables = {t.name: t for t in other_pack.pack.tables}
    assert tables["spoken"].unavailable == "Not available: no accepted file of Community voices says anything of it."
    assert [[c.printed for c in r.cells] for r in tables["spoken"].rows] == [["[x]"]]
    assert tables["seized"].rows[0].cells[0].printed == "[x]" and tables["seized"].sources[0].status == "never received"
    chart = next(c for c in other_pack.pack.charts if c.table == "spoken")
    assert chart.unavailable == tables["spoken"].unavailable and not picture_cache.draw_svgs([chart])
    assert tables["unset"].rows[0].cells[2].printed == "[x]" and tables["unset"].rows[1].cells[2].printed == "[z]"
    assert len([s for s in other_pack.pack.late if s.status == "never received"]) == 21


def test_charts_have_their_series_and_alternative_text(sample_pack: WrittenPack) -> None:
    charts = {c.chart_id: c for c in sample_pack.pack.charts}
    assert {c.kind for c in charts.values()} == {"line", "bar", "trend", "years", "units"}
    named = [t.name for t in sample_pack.pack.tables if t.kind == "chart"]
    assert len(named) == 7 and not set(named) - set(charts)
    years = charts["offences-years"].panels[0]
    totals = [sum(p.value for p in s.points) for s in years.series]
    assert totals == [1649, 2187] and [len(s.points) for s in years.series] == [12, 12]
    assert [s.role for s in charts["offences-trend"].panels[0].series] == ["months"], "a control chart has a mean of its own"
    assert "181 in Oct 2025; highest 206 in May 2025" in charts["offences-trend"].alt
    assert charts["missed_tests"].alt.startswith("Bar chart. Missed tests by reason. Not enough staff 85, Released before")
    units = charts["offences-units"].panels
    assert len(units) == 11 and units[-1].title == "Not recorded"
    assert sum(p.series[0].points[-1].value for p in units) == 2187, "the units add to the force"
    assert all(p.data_status == "complete" for c in charts.values() if c.kind != "bar" for n in c.panels for s in n.series
               for p in s.points if p.value is not None and c.kind in ("trend", "years", "units"))  # fmt: skip


def test_no_line_joins_a_month_that_is_covered_in_part(sample_pack: WrittenPack) -> None:
    """Half a month joined by a line looked like a fall."""
    table = next(t for t in sample_pack.pack.tables if t.name == "arrests_and_tests")
    *rows, last = table.rows
    arrests, tests = last.cells
    cells = (replace(arrests, data_status="partial"), replace(tests, value=None, printed=MISSING, data_status="not_available"))
    chart = _edition_chart(replace(table, rows=(*rows, replace(last, cells=cells))))
    drawn = spec(chart)
    points = [row for row in drawn["data"]["values"] if row["series"] == 0]
    assert drawn["layer"][0]["encoding"]["y"]["field"] == "joined" and points[-1]["y"] == float(arrests.value or 0)
    assert [n for n, row in enumerate(points) if row["joined"] is None] == [len(table.rows) - 1]
    both = picture_cache.draw_svgs([chart])[chart.chart_id]
    assert all(re.search('fill="#ffffff" stroke="#12436d"', svg) for svg in both), "an open point is to be seen"
    assert chart.notes == (
        "An open point is provisional, as files cover only part of its days: no line joins it.",
        "Figures that are not available or not complete are not 0: lines break there.",
    )
    assert _edition_chart(table).notes == ()


@pytest.mark.parametrize("name", ["offences-units", "offences-years", "repeat_addresses-trend"])
def test_a_figure_between_two_breaks_is_a_point_that_can_be_seen(sample_pack: WrittenPack, name: str) -> None:
    """A line of one point was a speck: most of a chart of the public form."""
    chart = next(c for c in sample_pack.pack.charts if c.chart_id == name)
    first, *others = chart.panels
    last = first.series[-1]
    points = tuple(p if n % 4 == 2 else replace(p, value=None, printed=PUBLIC_ONLY) for n, p in enumerate(last.points))
    hidden = replace(last, points=points, role="rolling" if chart.kind == "trend" else last.role)
    parted = replace(chart, panels=(replace(first, series=(*first.series[:-1], hidden)), *others))
    dots = [picture_cache.draw_svgs([c])[name][0].count("A2.55,2.55,0,1,1,-2.55,0") for c in (chart, parted)]
    assert dots == [0, len(range(2, len(points), 4))] and dots[1] > 2


def test_a_table_of_one_category_has_no_chart_of_all(sample_pack: WrittenPack) -> None:
    """Under burglaries by district was a chart of all crimes."""
    one = {"mart": "mart_street_crime", "measure": "crimes", "category": "Burglary"}
    assert _of_one_category([one, one]) == {("mart_street_crime", "crimes")}
    assert not _of_one_category([one, {**one, "category": "Drugs"}]) and not _of_one_category([{**one, "category": "all"}])
    table = next(t for t in sample_pack.pack.tables if t.name == "naloxone")
    con = connect(sample_pack.home)
    of_one = replace(table, of_one_category=frozenset({("mart_naloxone", "naloxone_administrations")}))
    assert make_page_charts(con, "derbyshire", [table], {}) and not make_page_charts(con, "derbyshire", [of_one], {})
    con.close()


def test_late_extracts_are_a_part_of_those_that_are_sent(sample_pack: WrittenPack) -> None:
    """With three of seven late it said three of 28: of all that there are."""
    first, second, third, *others = sample_pack.pack.sources
    assert [status_in_words(s) for s in ("never dropped", "late")] == ["never received", "late"]
    late = (replace(first, status="late"), replace(second, status="never received"))
    sources = {s.extract: s for s in (*late, third, *(replace(s, status="not sent") for s in others))}
    assert _completeness([], sources, late).endswith("1 of 3 extracts is late. 1 of 3 extracts was never received.")


def test_a_picture_is_drawn_once(sample_pack: WrittenPack, tmp_path) -> None:
    charts = [c for c in sample_pack.pack.charts if c.chart_id == "missed_tests"]
    drawn = picture_cache.draw_svgs(charts, tmp_path)
    kept = {p: p.read_bytes() for p in tmp_path.iterdir()}
    assert len(kept) == 2 and all("http" not in s.replace("http://www.w3.org", "") for both in drawn.values() for s in both)
    next(iter(kept)).write_bytes(b"<svg/>")
    again = [s for both in picture_cache.draw_svgs(charts, tmp_path).values() for s in both]
    assert again.count("<svg/>") == 1, "taken from where it is kept"
    assert picture_cache.draw_svgs(charts) == drawn, "and the same when drawn again"
    assert picture_cache.draw_pngs(charts[:1])[charts[0].chart_id].startswith(b"\x89PNG")


def test_an_edition_that_the_night_did_not_print_is_an_error(sample_pack: WrittenPack) -> None:
    con = connect(sample_pack.home)
    later = sample_pack.edition.model_copy(update={"edition": "2031-01"})
    with pytest.raises(ValueError, match="does not print edition 2031-01: it has 2026-03"):
        read_pack(con, later)
    con.close()
    assert published(sample_pack.home, "select count(*) from reports.tables") == [(30,)]


@pytest.mark.parametrize(
    ("paragraph", "paragraphs", "is_within"),
    [("2.16", "2.15-2.18", True), ("2.2", "2.15-2.18", False), ("8.4", "3.8, 8.4", True), ("5.2-5.7", "5.2", False),
     ("3.10", "3.10-3.11", True), ("3.1", "3.10-3.11", False), ("Annex B", "Annex B", True)],
)  # fmt: skip
def test_a_paragraph_is_within_a_range(paragraph: str, paragraphs: str, is_within: bool) -> None:
    assert within(paragraph, paragraphs) == is_within


def test_numbers_slugs_and_verdicts_are_formatted() -> None:
    assert format_number(Decimal("-2.5"), "count") == "-3" and format_number(Decimal("1234.5"), "gbp") == "£1,235"
    small = [("0.4", "gbp"), ("-0.04", "percent"), ("0.004", "percent"), ("0", "gbp"), ("0.000026", "percent")]
    assert [format_number(Decimal(value), unit) for value, unit in small] == ["£0.40", "-0.04%", "0.004%", "£0", "0.00003%"]
    assert format_number(Decimal("32.65"), "percent") == "32.7%" and format_number(Decimal("0.04"), "percent", 2) == "0.04%"
    assert slug(FORMULA) == "cmd-c-calc-a1" and slug("£££") == "part"
    assert [verdict_in_sentence("agrees when cut", n) for n in (1, 2)] == ["matches if rounded down", "match if rounded down"]


def test_the_reason_of_x_holds_for_files_that_lack_the_columns() -> None:
    """County lines without a day of closing cover the days all the same."""
    assert MARKERS[MISSING] == "not available: no accepted file has it for these days"


def test_a_chart_title_says_by_month_once(other_pack: WrittenPack) -> None:
    table, panel = other_pack.pack.tables[0], Panel("Lines", "count", (), (), "")
    titles = [_trend_title(replace(table, title=title), [panel] * 2) for title in ("Lines", "Lines by month")]
    assert titles == ["Lines by month"] * 2


def test_a_number_on_a_day_is_dated_by_that_day_among_what_to_read_first(sample_pack: WrittenPack) -> None:
    """36 orders in force on 31 March are not 36 of a year."""
    con = connect(sample_pack.home)
    query = "select * from reports.cells where edition = '2026-03' and measure = 'pspos_active' and value = 36"
    cells = as_dicts(con.execute(query))
    con.close()
    definitions = {(d.mart, d.measure): d for d in sample_pack.pack.definitions}
    table = {"table_name": "t", "table_no": 1, "paragraph": "1"}
    (finding,) = choose_findings([(table, cells)], definitions, Evidence({}, {}, False), sample_pack.pack.force)
    assert (finding.figure, finding.days) == ("36", "31 March 2025")


def test_figures_that_others_publish_say_their_period(either_pack: WrittenPack) -> None:
    """A count of three years must not be read as one of a year."""
    published = [t for t in either_pack.pack.tables if {d.mart for d in t.definitions} == {"mart_public_health"}]
    cells = [c for t in published for r in t.rows for c in r.cells if c.value is not None]
    assert not [c for c in cells if "newest" in c.days]
    assert not [f for p in either_pack.pack.pages for f in p.findings if "newest" in f.days]
    headings = {t.name: [c.window for c in t.columns] for t in published}
    assert not either_pack.pack.is_made_up or headings["public_health"] == ["2022 - 24", "2022 - 24", "2023/24", "2024", "2024"]
    assert not either_pack.pack.is_made_up or headings["deaths"] == [None, None], "the rows are its periods"


def test_a_title_does_not_count_a_measure_that_is_not_judged_as_unusual(sample_pack: WrittenPack) -> None:
    table = next(t for t in sample_pack.pack.tables if t.name == "cash_seizures")
    judged, other = (Panel("A", "count", (), (), newest) for newest in ("within normal variation", ""))
    within = "2 measures within normal variation in the newest month; 2 not judged"
    assert _trend_title(table, [judged, other] * 2) == f"Cash seizures and forfeiture: {within}"
    (chart,) = (c for c in sample_pack.pack.charts if c.chart_id == "cash_seizures-trend")
    assert chart.title == "Cash seizures and forfeiture by month", "amounts, and under two a month"
    money = "Not judged, as a few large amounts decide it: "
    assert [n for n in chart.notes if n.startswith(money)] and not [n for n in chart.notes if "Triangles" in n]


def test_pounds_in_alternative_texts_have_no_tenths(sample_pack: WrittenPack) -> None:
    texts = [c.alt for c in sample_pack.pack.charts]
    assert any("mean £" in t for t in texts) and not [t for t in texts if re.search(r"£[\d,]+\.\d(?!\d)", t)]


@pytest.mark.parametrize(("top", "unit"), [(9_000, None), (15_000, "k"), (1_500_000, "m")])
def test_an_axis_of_pounds_has_one_unit(top: int, unit: str | None) -> None:
    for low, high in ((0.0, float(top)), (-float(top), 5.0)):
        ticks = value_axis("gbp", [{"y": low}, {"y": high}])["axis"]["labelExpr"]
        assert [u for u in "km" if f"'{u}'" in ticks] == [u for u in [unit] if u]


@pytest.mark.parametrize(("given", "named"), [("9", "Paragraph 9"), ("3.5-3.6", "Paragraphs 3.5-3.6")])
def test_several_paragraphs_are_paragraphs(given: str, named: str) -> None:
    assert name_paragraphs(given) == named
