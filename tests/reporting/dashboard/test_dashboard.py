"""The dashboard, as files and in a browser: by keyboard alone, from a folder, without a network."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from unicodedata import normalize

import duckdb
import pytest
from how_often import IS_LONG
from playwright.sync_api import expect
from pypdf import PdfReader
from support import published

from dagster_project.audit import read_log
from dagster_project.core.home import Home
from dagster_project.core.made_up_home import SAMPLE_DAY

SECTION_60 = "Criminal Justice and Public Order Act 1994 (section 60)"
HOSTILE = "<img src=x onerror=document.title=1>"
NUMBERS = ("value", "prior_value", "volume_change", "pct_change", "numerator", "denominator")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE_OPTIONS = {"runOnly": WCAG, "reporter": "no-passes"}
"""Options of axe. Without `reporter` it also describes what passes."""


def read_data(folder: Path, name: str) -> Any:
    """The content of a data script."""
    return json.loads((folder / "data" / f"{name}.js").read_text(encoding="utf-8").partition(" = ")[2].rstrip(";\n"))


@pytest.mark.parametrize("mart", ["mart_public_health", "mart_drug_tests", "mart_pspo", "mart_iom", "mart_street_crime"])
def test_the_data_equal_the_mart(folder: Path, sample_home: Home, mart: str) -> None:
    content = read_data(folder, f"derbyshire/{mart}")
    figures = []
    for *key, kinds in content["series"]:
        for kind, packed in kinds.items():
            columns = [text.split(",") if text else None for text in packed[:6]]
            places = packed[7].split(",") if len(packed) > 7 else range(len(content["periods"][kind]))
            for n, place in enumerate(places):
                numbers = [Decimal(c[n]) if c and c[n] else None for c in columns]
                figures.append((*key, kind, *content["periods"][kind][int(place)], *numbers, packed[6][n]))
    expected = published(
        sample_home,
        "select measure, category, area_type, area_code, area_name, period_type, cast(period_start as varchar),"
        f" cast(period_end as varchar), period_label, {', '.join(NUMBERS)}, data_status[1] from marts.{mart}",
    )
    assert len(figures) == len(expected) > 200
    assert set(figures) == set(expected)


def test_the_index_names_everything_published(folder: Path, sample_home: Home) -> None:
    index = read_data(folder, "index")
    marts = [m for (m,) in published(sample_home, "select distinct mart from marts.measures order by 1")]
    assert index["sample"] is True and index["forces"][0]["marts"] == marts
    written = sorted(p.stem for p in (folder / "data" / "derbyshire").iterdir())
    assert written == sorted([*marts, "files", "outlines", "overview"])
    assert (len(index["warnings"]),) in published(sample_home, "select count(*) from meta.checks where not passed")
    assert index["night"]["outcome"] == "published"


def test_the_command_writes_the_dashboard(pam: Callable, folder: Path, sample_home: Home, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    result = pam("dashboard", "--home", sample_home.path, "--out", tmp_path / "out", "--replace", "--why", "PAM")
    assert result.exit_code == 0, result.output
    by = {"by": "pam dashboard", "why": "PAM"}
    recorded = [r.facts for r in [*read_log(sample_home)][-2:]]
    assert recorded == [by, by | {"what": "dashboard", "to": str(tmp_path / "out")}]
    assert not (tmp_path / "out" / "mine.txt").exists()
    assert result.stdout.strip() == str(tmp_path / "out" / "index.html")
    written, expected = read_data(tmp_path / "out", "index"), read_data(folder, "index")
    assert written == expected | {"today": written["today"]} and written["today"] > expected["today"], "the day of the night"


def test_the_command_reports_errors(pam: Callable, new_home: Home, sample_home: Home, tmp_path: Path) -> None:
    result = pam("dashboard", "--home", new_home.path, "--out", tmp_path / "x")
    assert result.exit_code == 1 and "no published night" in result.stderr
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    result = pam("dashboard", "--home", sample_home.path, "--out", tmp_path)
    assert result.exit_code == 1 and "holds other things than a dashboard" in result.stderr
    assert (tmp_path / "mine.txt").exists() and not (tmp_path / "x").exists()


def test_a_night_writes_the_same_dashboard(folder: Path, sample_home: Home) -> None:
    """Except its links to the other outputs."""
    files = [
        {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (folder, (sample_home.published / "dashboard").resolve())
    ]
    assert files[0].keys() == files[1].keys()
    assert {str(path) for path in files[0] if files[0][path] != files[1][path]} <= {"index.html", "data/index.js"}


def format_figure(value: Decimal | None, unit: str) -> str:
    """A figure as the report prints it."""
    if value is None:
        return "[x]"
    places = 1 if unit in ("percent", "per_100k", "points") else 0 if value == int(value) else 2 if unit == "gbp" else 1
    text = f"{abs(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"
    return f"{'−' if value < 0 else ''}{'£' if unit == 'gbp' else ''}{text}{'%' if unit == 'percent' else ''}"


def format_change(value: Decimal | None, unit: str) -> str:
    """A change, always with a sign."""
    return ("+" if value is not None and value > 0 else "") + format_figure(value, unit)


@pytest.mark.parametrize(
    ("mart", "measure", "kind", "area"),
    [
        ("mart_drug_offences", "possession_offences", "rolling_12_months", "force/derbyshire"),
        ("mart_stop_search", "drug_find_rate", "month", "lpu/unknown"),
        ("mart_confiscation_orders", "order_value", "financial_year_to_date", "force/derbyshire"),
        ("mart_incidents", "incidents_drugs_emergency", "calendar_year", "force/derbyshire"),
        ("mart_public_health", "drug_misuse_death_rate", "as_published", "country/E92000001"),
    ],
)
def test_the_page_shows_the_mart(opened: Any, sample_home: Home, mart: str, measure: str, kind: str, area: str) -> None:
    page = opened(mart=mart, measure=measure, kind=kind, area=area)
    area_type, area_code = area.split("/")
    rows = published(
        sample_home,
        "select period_label, value, prior_value, volume_change, pct_change, unit,"
        f" if(period_start > date '{SAMPLE_DAY}', 'not begun', data_status) from marts.{mart}"
        f" where measure = '{measure}' and category = 'all' and area_type = '{area_type}' and area_code = '{area_code}'"
        f" and period_type = '{kind}' order by period_end desc",
    )
    shown_rows = [[c.strip() for c in r] for r in page.eval_on_selector_all(
        "#table tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))")]  # fmt: skip
    words = {"complete": "complete", "partial": "provisional", "not_available": "not available", "not begun": "not begun"}
    assert len(rows) > 2 and len(shown_rows) == len(rows)
    for shown, (label, value, prior, volume, pct, unit, status) in zip(shown_rows, rows, strict=True):
        partial = " [p]" if status == "partial" and value is not None else ""
        points = "points" if unit == "percent" else unit
        assert shown[:2] == [label, "[z]" if value is None and status == "complete" else format_figure(value, unit) + partial]
        assert shown[2].removesuffix(" [p]") == format_figure(prior, unit) or (prior is None and shown[2] == "[z]")
        rise = "[z]" if pct is None and volume is not None else format_change(pct, "percent")
        assert shown[3:6] == [format_change(volume, points), rise, words[status]]
    # One point a figure, and none where there is no figure.
    page.wait_for_selector("#trend svg")
    points = page.locator("#trend .mark-symbol.role-mark path").count()
    assert points == sum(r[1] is not None for r in rows)
    assert page.locator("#trend .mark-rect path").count() == sum(r[1] is None for r in rows)


def test_a_missing_figure_is_not_shown_as_zero(opened: Any, sample_home: Home) -> None:
    assert (None, "not_available") in published(
        sample_home, "select value, data_status from marts.mart_stop_search where measure = 'drug_searches' and period_end ="
        " date '2026-03-31' and period_type = 'month' and area_type = 'force' and category = 'all'",
    )  # fmt: skip
    for period, status, why in (
        ("2026-01-01/2026-01-31", "not available", "no accepted file has it for these days"),
        ("2026-03-01/2026-03-31", "not begun", "its first day is after the update"),
    ):
        page = opened(mart="mart_stop_search", measure="drug_searches", kind="month", period=period)
        first = page.locator("#headline div").first.inner_text()
        assert "[x]" in first and f"{status.capitalize()}: {why}" in first and not re.search(r"\b0\b", first)
        assert status in page.locator("#announcement").inner_text()
        assert f"({status})" in page.locator("#period option:checked").inner_text()
        assert page.locator("#table tr.picked td").nth(4).inner_text() == status


def test_an_address_of_what_there_is_not_says_so(opened: Any) -> None:
    """A link of another night or force does not pass one figure off as another. A choice on the page is no such link."""
    naloxone = {"mart": "mart_naloxone", "measure": "naloxone_administrations"}
    for picked, words in (
        ({"mart": "mart_gone", "measure": "gone"}, "subject mart_gone"),
        ({**naloxone, "area": "lpu/gone"}, "area lpu/gone"),
        ({"force": "kent", **naloxone}, "force kent"),
        ({"force": "kent"}, "force kent"),
    ):
        page = opened(**picked)
        told = f"The address names the {words}, which these figures do not have: what is shown is another."
        assert page.inner_text("#problem") == told
    page = opened(**naloxone)
    assert page.is_hidden("#problem")
    page.select_option("#mart", "mart_drug_tests")
    # Not `wait_for_function`, which the page's own policy refuses where it must wait.
    expect(page).to_have_title(re.compile("^Trigger arrests"))
    assert page.is_hidden("#problem")
    series = "/all/force/derbyshire"
    page = opened(view="compare", m=[f"mart_naloxone/naloxone_administrations{series}", f"mart_gone/gone{series}"])
    assert page.inner_text("#compare-lead") == "1 measure. 1 more measure of the address is not among these figures."


def test_a_card_counts_no_month_that_has_not_begun(opened: Any) -> None:
    """The sample's day is 3 January 2026, and its marts have the months to March 2026."""
    page = opened(view="overview")
    card = page.locator("#cards li:has(a[href*='measure=possession_offences'])")
    assert card.locator("p").last.inner_text() == "Complete to Dec 2025; 1 later month is not available."
    states = {"2025-01": "c", "2025-02": "n", "2025-03": "p", "2025-04": "z", "2025-05": "c", "2025-06": "p", "2026-04": "n"}
    rows = [
        {"label": month, "start": f"{month}-01", "end": f"{month}-28", "status": "c" if s == "z" else s,
         "value": None if s in "nz" else "0"} for month, s in states.items()
    ]  # fmt: skip
    words = page.evaluate("(rows) => completeness({ rows, latest: rows[4], after: rows.slice(5), kind: 'month' })", rows)
    assert words == (
        "Complete to 2025-05; 1 later month is not complete; 1 later month is not available; 1 earlier month is not complete;"
        " 1 earlier month is not available; 1 earlier month is not applicable."
    )
    assert page.evaluate("(rows) => gapNote(rows)", rows) == " Grey is not available, not applicable or not begun."


def test_a_series_without_a_figure_shows_no_0_and_opens_on_a_month_that_has_begun(opened: Any) -> None:
    """Its axis had one number, 0%, in the middle of the chart."""
    page = opened(mart="mart_stop_search", measure="drug_find_rate", category=SECTION_60)
    assert page.locator("#period option:checked").inner_text() == "Jan 2026 (not available)"
    page.wait_for_selector("#trend svg")
    assert not [t for t in page.locator("#trend svg text").all_text_contents() if "%" in t]
    page.evaluate("drawForPaper()")
    assert set(page.locator("#areas svg text").all_text_contents()) & {"0%", "[x]"} == {"[x]"}
    assert page.evaluate("yOf('count', [{ y: 0 }, { y: null }])")["axis"]["values"] == [0]
    words = "completeness({ rows: [{ status: 'n' }, { status: 'n' }], after: [{ status: 'n' }], kind: 'month' })"
    assert page.evaluate(words) == "No complete month; 1 month is not available."


def test_areas_without_a_figure_come_before_what_is_in_no_area(opened: Any) -> None:
    page = opened(mart="mart_iom")
    rows = [{"area": a, "y": y, "at": y or 0, "text": "x"} for a, y in (("North", 2), ("South", None), ("Not recorded", 1))]
    (encoding, _) = (layer["encoding"] for layer in page.evaluate("(rows) => rankSpec(rows, 'count', 600)", rows)["layer"])
    assert encoding["y"]["sort"] == ["North", "South", "Not recorded"]


def pdf_text(page: Any) -> list[str]:
    """The text of each page that the browser prints. Some fonts join letters: `oﬀences`."""
    return [normalize("NFKC", p.extract_text()) for p in PdfReader(io.BytesIO(page.pdf(format="A4"))).pages]


def test_the_browser_prints_what_is_shown(opened: Any) -> None:
    """Also without the page's own button, before which charts below the window were not drawn."""
    page = opened(view="overview")
    charts = page.locator(".chart").count()
    assert charts > 40 and page.locator(".chart svg").count() < charts
    printed = pdf_text(page)
    assert page.locator(".chart svg").count() == charts
    assert len(re.findall("Jan 2026", "\n".join(printed))) > 40, "the last month of each card's axis"
    assert all(len(text) > 100 for text in printed), "no page is empty"
    page = opened(mart="mart_drug_offences", kind="financial_year")
    page.wait_for_selector("#trend svg")
    before = page.locator("#trend svg").get_attribute("width")
    page.pdf(format="A4")
    expect(page.locator("#trend svg")).to_have_attribute("width", before)  # the window's own again
    page.locator("#headline button").press("Enter")
    page.wait_for_selector("#evidence[open]")
    printed = pdf_text(page)
    assert "\nEvidence: Possession offences" in printed[0] and "Sample: all figures are made up." in printed[0]
    assert "Areas compared" not in "".join(printed), "the dialog alone"
    assert "pam trace possession_offences" in printed[-1], "and whole"


def test_the_area_picked_is_named_and_not_only_coloured(opened: Any) -> None:
    page = opened(mart="mart_drug_offences")
    expect(page.locator("#areas-note")).to_have_text(re.compile("^Highest: "))
    page.select_option("#area", label="Derby East")
    expect(page.locator("#areas-note")).to_contain_text("Orange is Derby East, the area picked. Highest: ")


def test_a_small_change_is_not_shown_as_0(opened: Any) -> None:
    page = opened(mart="mart_iom")
    row = {"volume_change": "1", "pct_change": "0.04", "value": "2501", "prior_value": "2500"}
    assert page.evaluate("(row) => describeChange(row, 'count')", row) == "+1 (+0.04%) on the year before"
    points = page.evaluate("describeChange({ volume_change: '-0.0312', pct_change: null }, 'percent')")
    assert points == "−0.03 percentage points on the year before"
    assert page.evaluate("describeChange({ volume_change: '0', pct_change: null }, 'percent')") == "The same as the year before"
    from_0 = page.evaluate("describeChange({ volume_change: '3', pct_change: null }, 'count')")
    assert from_0 == "+3 on the year before, which was 0"
    few = {"volume_change": "4", "pct_change": "26.7", "value": "19", "prior_value": "15"}
    assert page.evaluate("(row) => describeChange(row, 'count')", few) == "+4 on the year before", "as in the report"
    assert page.evaluate("(row) => describeChange(row, 'gbp')", few) == "+£4 (+26.7%) on the year before"
    many = {"volume_change": "5", "pct_change": "25", "value": "25", "prior_value": "20"}
    assert page.evaluate("(row) => describeChange(row, 'count')", many) == "+5 (+25.0%) on the year before"
    for value, unit, text in (
        ("0", "percent", "0.0%"), ("0.05", "percent", "0.1%"), ("0.004", "gbp", "£0.004"), ("1e-10", "count", "0.0000000001"),
    ):  # fmt: skip
        assert page.evaluate("([value, unit]) => formatFigure(value, unit)", [value, unit]) == text


FORMULAS = [
    "=1+1", " =cmd|'/c calc'!A1", "\u00a0=1+1", "\u2003\ufeff@x", "\t=1", "\tx", "\r=1", "\nx", "\uff1d1+1", " \uff0b1",
    "\uff0d1", "\uff20x", "+1+1", "-x", "-2+3+cmd|' /C calc'!A0", "-1\n", "-1e5+1", "- 1",
]  # fmt: skip
NO_FORMULAS = ["", "drugs", "a=b", "'=1", "-4.2%", "-1e5", "+1E-3", "-1,234.50", "+44", "12", " x", "2025-03-01", "\u2212 1"]


def test_formulas_are_escaped_by_one_rule(opened: Any, sample_home: Home) -> None:
    """It is the same in Python, in DuckDB, in the browser and in a workbook."""
    from dagster_project.core.cell_text import escape_formula, escape_formula_sql
    from dagster_project.reporting.pack.workbook import _cell

    page, con = opened(mart="mart_iom"), duckdb.connect()
    for text in FORMULAS + NO_FORMULAS:
        safe = f"'{text}" if text in FORMULAS else text
        quoted = '"' + safe + '"' if any(c in safe for c in ",\r\n") else safe
        (by_sql,) = con.execute(f"select {escape_formula_sql('t')} from (select ? as t)", [text]).fetchone()
        assert (escape_formula(text), by_sql) == (safe, safe), repr(text)
        assert page.evaluate("(text) => csvCell(text)", text) == quoted, repr(text)
        assert ("quote_prefix" in str(vars(_cell(text)))) == (text in FORMULAS), repr(text)


def test_a_rate_without_a_denominator_is_not_applicable(opened: Any) -> None:
    page = opened(mart="mart_iom")
    texts = page.evaluate("['c', 'p', 'n'].map((status) => formatValue({ value: null, status }, 'value', 'percent'))")
    assert texts == ["[z]", "[z]", "[x]"] and "[z] not applicable" in page.locator("#shorthand").text_content()
    in_words = "gapNote([{ value: null, status }]), describeFigure({ value: null, status }, 'percent')"
    words = page.evaluate(f"['c', 'p', 'n'].map((status) => [{in_words}])")
    applies = [" Grey is not applicable.", "no figure"]
    assert words == [applies, applies, [" Grey is not available.", "not available"]]
    before = "{ label: '', start: '2024-01-01', end: '2024-01-31', status: 'p', value: null, denominator: null }"
    now = before.replace("2024", "2025").replace("}", ", prior_value: null, volume_change: null, pct_change: null }")
    page.evaluate(f"headline({now}, [{before}], 'percent', null)")
    assert page.locator("#headline div").nth(1).inner_text().split("\n")[1:] == ["[z]", "not applicable"]
    figure = "{ label: '', start: '2025-01-01', end: '2025-01-31', status: 'c',"
    figure += " value: '3', prior_value: '0', volume_change: '3', pct_change: null }"
    page.evaluate(f"table([{figure}], null, 'count', '')")
    assert page.locator("#table tbody td").all_text_contents()[:5] == ["3", "0", "+3", "[z]", "complete"]


def test_the_dashboard_works_by_keyboard_alone(opened: Any, sample_home: Home) -> None:
    page = opened(mart="mart_drug_offences", kind="rolling_12_months")
    assert page.locator("#sample").is_visible() and "sample" in page.title()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the figures"
    order = []
    for _ in range(30):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id"))
    picks = ["mart", "measure", "category", "area", "kind", "period", "show"]
    assert order[:12] == ["to-overview", "to-measure", "to-compare", "copy", "print", *picks]
    assert {"download", "table", "by"} <= set(order)
    assert "mart_drug_offences" in page.url
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "figures" and "mart_drug_offences" in page.url, "the page stays"
    page.locator("#measure").focus()
    page.keyboard.press("ArrowDown")
    expect(page).to_have_title(re.compile("^Trafficking offences"))
    assert page.evaluate("document.activeElement.id") == "measure", "the focus stays on the list"
    assert page.locator("#announcement").inner_text().startswith("Trafficking offences: Derbyshire")
    assert "trafficking_offences" in page.url, "the address has the choices"
    page.locator("#download").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.startswith("SAMPLE-derbyshire-trafficking_offences")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    expected = published(
        sample_home,
        f"select period_label, {', '.join(NUMBERS)}, data_status from marts.mart_drug_offences where measure ="
        " 'trafficking_offences' and category = 'all' and area_type = 'force' and period_type = 'rolling_12_months'"
        " order by period_end",
    )
    saved = [(r["period_label"], *(Decimal(r[n]) if r[n] else None for n in NUMBERS), r["data_status"]) for r in rows]
    assert saved == expected
    # Of two quick choices the second counts, though the first takes longer to load.
    page.evaluate(
        "for (const mart of ['mart_stop_search', 'mart_drug_offences']) {"
        " document.getElementById('mart').value = mart; document.getElementById('mart').dispatchEvent(new Event('change')); }"
    )
    page.wait_for_timeout(500)
    assert "derbyshire/mart_stop_search" in page.evaluate("Object.keys(globalThis.pamFigures)")
    assert page.locator("#title").inner_text().startswith("Trafficking offences")
    assert page.locator("#measure option").all_inner_texts() == ["Possession offences", "Trafficking offences"]
    page.locator("#warnings summary").focus()
    page.keyboard.press("Enter")
    # The list is made when it is opened, a moment after the key is pressed.
    expect(page.locator("#warnings li")).to_have_count(len(published(sample_home, "from meta.checks where not passed")))


def test_no_page_fails_wcag_or_scrolls_sideways(opened: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    sides = [f"mart_drug_offences/{m}/all/force/derbyshire" for m in ("possession_offences", "trafficking_offences")]
    # The long run checks more pages of the same templates.
    long_run = (
        {"view": "overview"}, {"mart": "mart_drug_offences", "show": "years"},
        {"mart": "mart_drug_offences", "show": "stacked"}, {"mart": "mart_pspo", "kind": "financial_year"},
        {"mart": "mart_stop_search", "measure": "drug_find_rate"},
    )  # fmt: skip
    for picked in (
        *(long_run if IS_LONG else ()), {"view": "overview", "subject": "mart_stop_search"}, {"view": "compare", "m": sides},
        {"mart": "mart_stop_search", "measure": "drug_searches_by_ethnicity"}, {"mart": "mart_drug_offences", "show": "units"},
        {"mart": "mart_drug_offences"},
    ):  # fmt: skip
        page = opened(**picked)
        page.wait_for_selector(".chart svg")
        for summary in page.locator("summary:visible").all():
            summary.click()
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(100)
            needed = page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, f"{picked}: something is cut off or scrolls sideways at {width}"
        # Colours take longest and are all in one style sheet: the suite measures the last page's, the long run all.
        colours = {"enabled": IS_LONG or picked == {"mart": "mart_drug_offences"}}
        result = Axe().run(page, options=AXE_OPTIONS | {"rules": {"color-contrast": colours}})
        assert result.violations_count == 0, result.generate_report()
    page.locator("#headline button").click()
    page.wait_for_selector("#evidence[open]")
    for after in ("null", "byId('evidence').close()", "showError(new Error('the folder is incomplete'))"):
        page.evaluate(after)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        result = Axe().run(page, options=AXE_OPTIONS)
        assert result.violations_count == 0, result.generate_report()


def test_no_text_of_a_chart_is_cut_off(opened: Any) -> None:
    """In the narrowest window, with the longest words."""
    outside = (
        "() => [...document.querySelectorAll('.chart svg text')].filter((t) => {"
        " const s = t.closest('svg').getBoundingClientRect(), r = t.getBoundingClientRect();"
        " return r.width && (r.left < s.left - 1 || r.right > s.right + 1 || r.top < s.top - 1 || r.bottom > s.bottom + 1);"
        " }).map((t) => t.textContent)"
    )
    rate = {"mart": "mart_stop_search", "measure": "drug_find_rate", "kind": "financial_year_to_date"}
    long_run = (rate, {"mart": "mart_street_crime"}, {"view": "overview"})
    for picked in (
        {"mart": "mart_stop_search", "measure": "drug_searches_by_ethnicity"}, {"mart": "mart_public_health"},
        {"mart": "mart_drug_offences", "show": "stacked"}, {"mart": "mart_confiscation_orders", "measure": "order_value"},
        *(long_run if IS_LONG else ()),
    ):  # fmt: skip
        page = opened(width=320, **picked)
        page.evaluate("Promise.all([...drawnCharts.keys()].filter((h) => h.offsetParent).slice(0, 12).map((h) => draw(h)))")
        assert page.locator(".chart svg text").count() > 5
        assert page.evaluate(outside) == [], picked
        assert page.locator(".chart svg text", has_text="…").count() == 0, picked


def test_small_counts_have_whole_ticks(opened: Any) -> None:
    page = opened(mart="mart_pspo")
    page.wait_for_selector("#trend svg")
    ticks = page.locator("#trend .role-axis-label text").all_text_contents()
    assert {"0", "1", "2"} <= set(ticks) and not [t for t in ticks if "." in t]
    note = page.locator("figure:has(#trend)").inner_text()
    assert "Too few a month, or too few changes, for a mean and limits." in note and "No month is unusual" not in note


def test_since_never_goes_back_over_months_without_a_figure(opened: Any) -> None:
    """Files of April 2023 and of September 2025: there are no rows of the years in between."""
    page = opened(mart="mart_pspo")
    days = (("2023-04-01", "2023-04-30"), ("2025-09-01", "2025-09-30"), ("2025-10-01", "2025-10-31"))
    rows = [{"start": start, "end": end} for start, end in days]
    alike = (
        "([rows, means]) => firstAlike(rows, rows.at(-1), new Map(rows.map((r, n) => [r.start.slice(0, 7),"
        " { variation: 'h', mean: means[n] }]))).start"
    )
    assert page.evaluate(alike, [rows, [5, 5, 5]]) == "2025-09-01"
    assert page.evaluate(alike, [rows, [5, 4, 5]]) == "2025-10-01", "another mean"
    covered = {"covered_from": "2022-01-01", "covered_to": "2025-12-31", "covered_days": 607}
    assert page.evaluate("(e) => coveredDays(e)", covered) == "1 January 2022 to 31 December 2025: 607 of 1,461 days"
    assert page.evaluate("(e) => coveredDays(e)", covered | {"covered_days": 1461}) == "1 January 2022 to 31 December 2025"


def test_hostile_text_is_escaped_and_missing_data_are_reported(opened: Any, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "hostile")
    path = tmp_path / "hostile" / "data" / "derbyshire" / "mart_community_voices.js"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"Burglary"', json.dumps(HOSTILE)).replace('"Violence"', '"=1+1"'), encoding="utf-8")
    page = opened(tmp_path / "hostile", mart="mart_community_voices", category=HOSTILE, kind="month")
    assert HOSTILE in page.locator("#title").inner_text() and HOSTILE in page.title()
    assert page.locator("main img").count() == 0
    page.select_option("#category", "=1+1")
    expect(page).to_have_title(re.compile(r"=1\+1"))
    page.locator("#headline button").click()
    expect(page.locator("#evidence code")).to_contain_text("--category '=1+1'")
    page.locator("#close").click()
    with page.expect_download() as download:
        page.locator("#download").click()
    assert ",'=1+1," in Path(download.value.path()).read_text(encoding="utf-8-sig")
    (tmp_path / "hostile" / "data" / "derbyshire" / "mart_iom.js").unlink()
    page.select_option("#mart", "mart_iom")
    expect(page.locator("#problem")).to_contain_text("the folder is incomplete")
    assert page.locator("#table tr").count() == 0 and page.locator("#download").is_disabled(), "no figure of another subject"
    index = read_data(folder, "index") | {"forces": []}
    (tmp_path / "hostile" / "data" / "index.js").write_text(f"globalThis.pamIndex = {json.dumps(index)};", encoding="utf-8")
    page.reload()
    expect(page.locator("#problem")).to_have_text(re.compile("^There are no figures yet"))
    assert not page.locator("#force").is_visible(), "nothing to choose from"


def test_what_is_below_a_chart_does_not_move_when_it_is_drawn(opened: Callable[..., Any]) -> None:
    """The button moved away from under the pointer: the click was lost."""
    page = opened(mart="mart_stop_search", measure="drug_searches", kind="month")
    page.locator("#main-chart svg").wait_for()
    expect(page.locator("#area-chart .chart")).to_be_attached()
    assert page.locator("#area-chart svg").count() == 0, "below the window: not drawn yet"
    place = "document.querySelector('#download').getBoundingClientRect().top + scrollY"
    before = page.evaluate(place)
    page.evaluate("document.querySelector('#download').scrollIntoView(false)")
    page.locator("#area-chart svg").wait_for()
    assert abs(page.evaluate(place) - before) < 2


def test_a_subject_without_a_control_chart_does_not_say_0_of_0(opened: Callable[..., Any]) -> None:
    page = opened(view="overview", subject="mart_street_crime")
    lead = page.locator("#overview-lead").inner_text()
    assert lead == "No measure here has a control chart that is judged."


def test_the_header_of_the_table_stays_in_view(opened: Any) -> None:
    page = opened(mart="mart_drug_offences")
    page.evaluate("document.getElementById('table').scrollTop = 400")
    top = "document.querySelector('{}').getBoundingClientRect().top"
    assert page.evaluate(top.format("#table thead th")) == page.evaluate(top.format("#table"))


def test_a_link_of_the_overview_opens_a_measure_at_its_top(opened: Any) -> None:
    """It opened at the bottom of its figures, below the charts, where the card was further down than the new view is long."""
    page = opened(view="overview")
    link = page.locator("#cards h3 a").last
    link.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 0
    link.click()
    expect(page.locator("#measure-view")).to_be_visible()
    expect(page.locator("#title")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0


def test_advice_is_given_once_for_several_warnings_of_a_rule(opened: Any) -> None:
    page = opened(view="overview")
    advice = page.evaluate("contents.warnings[0].advice")
    page.evaluate("contents.warnings.push({ ...contents.warnings[0], message: 'another' })")
    page.locator("#warnings summary").press("Enter")
    expect(page.locator("#warnings li")).to_have_count(2)
    assert page.locator("#warnings").inner_text().count(advice) == 1


def test_a_measure_is_explained_without_names_of_measures(opened: Any) -> None:
    meaning = opened(mart="mart_stop_search", measure="drug_find_rate").locator("#meaning").inner_text()
    assert "Both numbers are totalled over the period, then divided." in meaning and "drug_finds" not in meaning
    assert "As published" not in opened(mart="mart_public_health").locator("#meaning").inner_text()
