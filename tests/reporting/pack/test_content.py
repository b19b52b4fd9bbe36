"""What the pack says is what the night has: every cell, every claim, and a word where there is nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest
from support import as_dicts, published

from dagster_project.editions.paragraphs import within
from dagster_project.reporting.pack import picture_cache, read_pack
from dagster_project.reporting.pack.model import Panel
from dagster_project.reporting.pack.page_charts import _trend_title
from dagster_project.reporting.pack.wording import format_number, slug, verdict_in_sentence
from dagster_project.serving import connect

from .conftest import FORMULA, HOSTILE, Made


def cells_of(made: Made) -> list[dict]:
    con = connect(made.home)
    try:
        return as_dicts(con.execute("select * from reports.cells where edition = ?", [made.edition.edition]))
    finally:
        con.close()


def test_every_cell_is_there_once_as_the_night_has_it(made: Made) -> None:
    cells = cells_of(made)
    found = {c.cell_id: c for t in made.pack.tables for r in t.rows for c in r.cells if c.measure or c.marker == "[z]"}
    assert len(cells) > 40
    for c in cells:
        cell = found.pop(f"{c['table_name']}/{c['row_no']}/{c['column_name']}")
        assert (cell.printed, cell.value, cell.unit, cell.marker) == (c["printed"], c["value"], c["unit"], c["marker"])
        assert "[" not in cell.text and (cell.text or cell.value is None)
    assert not found


def test_pages_are_the_parts_of_the_report_in_its_order(sample: Made, other: Made) -> None:
    pack = sample.pack
    assert [t.number for t in pack.tables] == list(range(1, 31)) == [t.number for p in pack.pages for t in p.tables]
    assert [p.title for p in pack.pages][:2] == ["Reduce the harm caused by drugs", "Disrupt the supply of drugs"]
    assert pack.is_sample and pack.data_status.startswith("459 of 487 figures are complete, 19 provisional")
    assert [p.title for p in other.pack.pages] == ["Other figures", HOSTILE, "Listen"]
    assert other.pack.pages[1].slug == "script-alert-x-script" and other.pack.force == "Leicestershire Police"


def test_each_claim_stands_on_the_page_of_its_paragraph(sample: Made, other: Made) -> None:
    placed = sorted(c.no for p in sample.pack.pages for c in p.claims)
    assert placed == list(range(1, 312)), "each once"
    assert {c.paragraph for t in sample.pack.tables if t.name == "op_trapped" for c in t.claims} == {"3.8", "8.4"}
    assert [c.paragraph for p in other.pack.pages for c in p.claims] == ["9"] and len(other.pack.claims) == 2


def test_how_many_of_how_many_were_checked_is_said(sample: Made) -> None:
    """Not every figure and sentence of the report is: no page says so, and a statement is never shown as printed."""
    said = "290 of 291 printed figures and 19 of 20 statements"
    for page in ("index.html", "claims.html"):
        text = (sample.folder / page).read_text(encoding="utf-8")
        assert said in text and "very printed figure" not in text and "sentence)" not in text
    assert all(c.printed == "" for c in sample.pack.claims if c.kind == "statement")


def test_two_percentages_differ_by_points(sample: Made) -> None:
    cut = {(c.printed, c.computed, c.difference) for c in sample.pack.claims if c.verdict == "agrees when cut"}
    assert cut == {("32%", "32.63%", "0.63 points"), ("254%", "254.55%", "0.55 points")}


def test_what_the_sample_says_is_current(sample: Made) -> None:
    """The sample's night has the sample's clock: its files do not grow late on the first page that anybody sees."""
    assert [s.extract for s in sample.pack.late] == ["intelligence"]


def test_nothing_adds_leaflets_to_people(sample: Made) -> None:
    panels = [panel.title for p in sample.pack.pages for c in p.charts for panel in c.panels]
    assert panels and not [t for t in panels if "quantit" in t.lower()]


def test_what_is_not_there_says_so(other: Made) -> None:
    tables = {t.name: t for t in other.pack.tables}
    assert tables["spoken"].unavailable == "Not available: no accepted file of Community voices says anything of it."
    assert [[c.printed for c in r.cells] for r in tables["spoken"].rows] == [["[x]"]]
    assert tables["seized"].rows[0].cells[0].printed == "[x]" and tables["seized"].sources[0].status == "never dropped"
    chart = next(c for c in other.pack.charts if c.table == "spoken")
    assert chart.unavailable == tables["spoken"].unavailable and not picture_cache.draw_svgs([chart])
    assert tables["unset"].rows[0].cells[2].printed == "[x]" and tables["unset"].rows[1].cells[2].printed == "[z]"
    assert len([s for s in other.pack.late if s.status == "never dropped"]) == 21


def test_charts_say_what_they_show(sample: Made) -> None:
    found = {c.chart_id: c for c in sample.pack.charts}
    assert {c.kind for c in found.values()} == {"line", "bar", "trend", "years", "units"}
    named = [t.name for t in sample.pack.tables if t.kind == "chart"]
    assert len(named) == 7 and not set(named) - set(found)
    years = found["offences-years"].panels[0]
    totals = [sum(p.value for p in s.points) for s in years.series]
    assert totals == [1649, 2187] and [len(s.points) for s in years.series] == [12, 12]
    assert [s.role for s in found["offences-trend"].panels[0].series] == ["months"], "a control chart has a mean of its own"
    assert "181 in Oct 2025; highest 206 in May 2025" in found["offences-trend"].alt
    assert found["missed_tests"].alt.startswith("Bar chart. Missed tests by reason. Not enough staff 85, Released before")
    units = found["offences-units"].panels
    assert len(units) == 11 and units[-1].title == "Not recorded"
    assert sum(p.series[0].points[-1].value for p in units) == 2187, "the units add to the force"
    assert all(p.data_status == "complete" for c in found.values() if c.kind != "bar" for n in c.panels for s in n.series
               for p in s.points if p.value is not None and c.kind in ("trend", "years", "units"))  # fmt: skip


def test_a_picture_is_drawn_once(sample: Made, tmp_path) -> None:
    some = [c for c in sample.pack.charts if c.chart_id == "missed_tests"]
    one = picture_cache.draw_svgs(some, tmp_path)
    kept = {p: p.read_bytes() for p in tmp_path.iterdir()}
    assert len(kept) == 2 and all("http" not in s.replace("http://www.w3.org", "") for both in one.values() for s in both)
    next(iter(kept)).write_bytes(b"<svg/>")
    again = [s for both in picture_cache.draw_svgs(some, tmp_path).values() for s in both]
    assert again.count("<svg/>") == 1, "taken from where it is kept"
    assert picture_cache.draw_svgs(some) == one, "and the same when drawn anew"
    assert picture_cache.draw_pngs(some[:1])[some[0].chart_id].startswith(b"\x89PNG")


def test_the_night_must_print_the_edition(sample: Made) -> None:
    con = connect(sample.home)
    later = sample.edition.model_copy(update={"edition": "2031-01"})
    with pytest.raises(ValueError, match="does not print edition 2031-01: it has 2026-03"):
        read_pack(con, later)
    con.close()
    assert published(sample.home, "select count(*) from reports.tables") == [(30,)]


@pytest.mark.parametrize(
    ("paragraph", "paragraphs", "is_within"),
    [("2.16", "2.15-2.18", True), ("2.2", "2.15-2.18", False), ("8.4", "3.8, 8.4", True), ("5.2-5.7", "5.2", False),
     ("3.10", "3.10-3.11", True), ("3.1", "3.10-3.11", False), ("Annex B", "Annex B", True)],
)  # fmt: skip
def test_a_paragraph_lies_within(paragraph: str, paragraphs: str, is_within: bool) -> None:
    assert within(paragraph, paragraphs) == is_within


def test_words() -> None:
    assert format_number(Decimal("-2.5"), "count") == "-3" and format_number(Decimal("1234.5"), "gbp") == "£1,235"
    assert format_number(Decimal("32.65"), "percent") == "32.7%" and format_number(Decimal("0.04"), "percent", 2) == "0.04%"
    assert slug(FORMULA) == "cmd-c-calc-a1" and slug("£££") == "part"
    assert [verdict_in_sentence("agrees when cut", n) for n in (1, 2)] == ["matches if rounded down", "match if rounded down"]


def test_a_table_by_month_has_a_chart_by_month_once(other: Made) -> None:
    table, panel = other.pack.tables[0], Panel("Lines", "count", (), (), "")
    titles = [_trend_title(replace(table, title=title), [panel] * 2) for title in ("Lines", "Lines by month")]
    assert titles == ["Lines by month"] * 2
