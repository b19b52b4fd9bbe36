"""Ten questions of an analyst and a Commissioner, each answered by keyboard and compared with the published file.

docs/how-to/ten-questions.md answers the same questions.
"""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from support import published

from dagster_project.core.home import Home
from dagster_project.core.home_lists import HomeListError
from dagster_project.core.made_up_home import MADE_UP_MARK
from dagster_project.reporting.dashboard import write
from dagster_project.reporting.dashboard.population_and_outlines import read_outlines, read_population
from dagster_project.serving import connect

UNIT_FIGURES = (
    "measure = 'trafficking_offences' and area_type = 'lpu' and category = 'all' and period_type = 'month'"
    " and period_start = '2025-12-01'"
)
PEOPLE = {"amber-valley": 126200, "chesterfield": 1000, "dales": 71500}


def make_outlines(*codes: str, **changed: Any) -> dict[str, Any]:
    """GeoJSON with made-up units: squares in a row."""
    return {"type": "FeatureCollection", "attribution": "Squares, made up <b>2026.", "features": [
        {"properties": {"force_code": "derbyshire", "area_type": "lpu", "area_code": code},
         "geometry": {"type": "Polygon", "coordinates": [[[n, 53], [n + 1, 53], [n + 1, 54], [n, 54], [n, 53]]]}, **changed}
        for n, code in enumerate(codes)
    ]}  # fmt: skip


@pytest.fixture(scope="module")
def dashboard_with_lists(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dashboard of the sample with made-up numbers of people and outlines for some units."""
    out, home = tmp_path_factory.mktemp("peopled") / "out", Home(tmp_path_factory.mktemp("lists"))
    home.seeds.mkdir()
    rows = "".join(f"derbyshire,lpu,{code},{n},made up\n" for code, n in PEOPLE.items())
    (home.seeds / "population.csv").write_text(f"force_code,area_type,area_code,population,as_of\n{rows}", encoding="utf-8")
    shapes = make_outlines("chesterfield", "dales", "erewash", "nowhere")
    (home.seeds / "areas.geojson").write_text(json.dumps(shapes), encoding="utf-8")
    (home.path / MADE_UP_MARK).touch()
    with connect(sample_home) as con:
        write(con, out, home)
    return out


def press(page: Any, name: str, keys: str) -> None:
    """Press a key in an element, or type the first letters of an option of a list."""
    page.locator(f"#{name}").focus()
    if keys in ("Enter", "Space"):
        page.keyboard.press(keys)
    else:
        page.keyboard.type(keys)


def save(page: Any, words: str) -> Path:
    """The file that the button with these words saves."""
    page.get_by_role("button", name=words).first.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    return Path(download.value.path())


def test_1_what_is_unusual(opened: Any, sample_home: Home) -> None:
    """In the sample the mart marks three measures that are not judged. The month of another is made unusual here."""
    page = opened()
    newest = published(
        sample_home,
        "with newest as (from marts.mart_control_charts where area_type = 'force' and category = 'all' and mean >= 2"
        " qualify row_number() over (partition by mart, measure order by period_start desc) = 1)"
        " select title, newest.value, variation from newest join meta.dictionary on kind = 'measure'"
        " and relation_name = mart and name = measure"
        " where variation <> 'common cause' or measure = 'drug_searches' order by title",
    )
    unjudged = {"Active public spaces protection orders", "Lines active", "Value under investigation"}
    assert {title for title, *_ in newest} == unjudged | {"Drug searches"}
    page.evaluate(
        "() => { const charts = globalThis.pamOverview['derbyshire/overview'].mart_stop_search.charts;"
        " const chart = charts.find((c) => c[0] === 'drug_searches');"
        " chart[10] = chart[10].slice(0, -1) + '1'; chart[11] = chart[11].slice(0, -1) + 'h'; }"
    )
    expected = [(title, value, "high") for title, value, _ in newest if title not in unjudged]
    page.locator("#every").focus()
    page.keyboard.press("Space")
    expect(page.locator("#cards li")).to_have_count(len(published(
        sample_home, "select distinct mart, measure from marts.measures where category = 'all'")))  # fmt: skip
    listed = sorted(page.locator("#odd-ones li").all_inner_texts())
    assert [s.partition(",")[0] for s in listed] == [title for title, _, _ in expected] != []
    for text, (_, value, variation) in zip(listed, expected, strict=True):
        assert f"unusually {variation}" in text and f"{int(value):,}" in text
    expect(page.locator("#cards li.odd")).to_have_count(len(expected))


def test_the_overview_is_saved_in_exact_figures(opened: Any, sample_home: Home) -> None:
    """Numbers are those of the marts, without a sign or format that a spreadsheet would read as a formula."""
    page = opened()
    page.locator("#overview-details summary").press("Enter")
    page.locator("#overview-csv").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    rows = {(r["mart"], r["measure"]): r for r in csv.DictReader(
        io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig")))}  # fmt: skip
    expected = {(mart, measure): tuple(numbers) for mart, measure, *numbers in published(
        sample_home, "select mart, measure, value, volume_change, pct_change from marts.measures where category = 'all' and"
        " area_type = 'force' and period_type = 'rolling_12_months' and period_label = 'Jan-Dec 2025'")}  # fmt: skip
    numbers = ("year_value", "volume_change", "pct_change")
    year = {key: r for key, r in rows.items() if r["year_label"] == "Jan-Dec 2025"}
    saved = {key: tuple(Decimal(r[n]) if r[n] else None for n in numbers) for key, r in year.items()}
    assert saved == {key: expected[key] for key in saved}
    assert len(saved) > 20 and any(c is not None and c < 0 for _, _, c in saved.values())
    assert not [cell for r in rows.values() for cell in r.values() if cell.startswith("'")]


def test_a_change_from_zero_has_no_percentage_in_any_table(opened: Any, sample_home: Home) -> None:
    (area, start, end), *_ = published(
        sample_home, "select area_name, period_start, period_end from marts.mart_drug_offences where area_type = 'lpu'"
        " and category = '92C' and measure = 'possession_offences' and period_type = 'month' and prior_value = 0"
        " and value > 0 and area_code <> 'unknown' order by all")  # fmt: skip
    page = opened(mart="mart_drug_offences", category="92C", kind="month", period=f"{start}/{end}", by="lpu")
    page.locator("#area-chart summary").press("Enter")
    row = page.locator("#area-chart tbody tr", has_text=area).inner_text().split("\t")
    assert row[2] == "0" and row[3].startswith("+") and row[4] == "[z]"


def test_2_did_it_rise(opened: Any, sample_home: Home) -> None:
    page = opened()
    ((value, change),) = published(
        sample_home, "select value, volume_change from marts.mart_drug_offences where measure = 'possession_offences' and"
        " category = 'all' and area_type = 'force' and period_type = 'rolling_12_months' and period_label = 'Jan-Dec 2025'",
    )  # fmt: skip
    card = page.locator("#cards li", has_text="Possession offences")
    assert f"{value:,.0f} Jan-Dec 2025" in card.inner_text() and f"+{change:,.0f} (+" in card.inner_text()
    card.locator("a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("Possession offences: Derbyshire Constabulary, Dec 2025")
    page.go_back()
    expect(page.locator("#overview-title")).to_be_visible()


def test_3_is_it_more_than_normal(opened: Any, sample_home: Home) -> None:
    page = opened(mart="mart_stop_search", measure="drug_searches")
    rows = published(
        sample_home,
        "select strftime(period_start, '%b %Y'), variation, is_outside_limits, mean, upper_limit from marts.mart_control_charts"
        " where measure = 'drug_searches' and area_type = 'force' and category = 'all' order by period_start desc",
    )
    cells = page.eval_on_selector_all(
        "#table tbody tr", "rows => rows.map(r => [r.cells[0].textContent, r.cells[6].textContent])"
    )
    notes = {period: words for period, words in cells if words}
    assert list(notes) == [r[0] for r in rows]
    for period, variation, outside, _, _ in rows:
        expected = "within normal variation" if variation == "common cause" else f"unusually {variation}"
        assert notes[period].startswith(expected) and ("limit" in notes[period].replace("near the upper limit", "")) == outside
    page.wait_for_selector("#trend svg")
    unusual = sum(r[1] != "common cause" for r in rows)
    limits = f"lower limit {rows[0][3] * 2 - rows[0][4]:.1f}, upper limit {rows[0][4]:.1f}"
    assert limits in page.locator("#trend-note").inner_text()
    assert f"{unusual} unusual months" in page.locator("#trend-note").inner_text()
    lines = page.locator("#trend .mark-line path").count()
    press(page, "limits", "Space")
    expect(page.locator("#trend-note")).not_to_contain_text("limits")
    page.wait_for_selector("#trend svg")
    assert page.locator("#trend .mark-line path").count() == lines - 3, "the mean and two limits are gone"
    assert "limits=off" in page.url


def test_no_line_joins_incomplete_periods(opened: Any, sample_home: Home) -> None:
    """Emergency grading began in October 2023: a rolling year that ends before September 2024 is not complete."""
    page = opened(mart="mart_incidents", measure="incidents_drugs_emergency", kind="rolling_12_months")
    page.wait_for_selector("#trend svg")
    statuses = [s for (s,) in published(
        sample_home, "select data_status from marts.mart_incidents where measure = 'incidents_drugs_emergency' and"
        " category = 'all' and area_type = 'force' and period_type = 'rolling_12_months'")]  # fmt: skip
    line = page.locator("#trend .mark-line path")
    corners = line.evaluate_all("paths => paths.flatMap(p => p.getAttribute('d').match(/[ML]/g))")
    assert len(corners) == statuses.count("complete") < len(statuses)
    assert f"{statuses.count('partial')} periods are not complete" in page.locator("#trend-note").inner_text()
    page = opened(mart="mart_drug_offences", kind="financial_year")
    assert page.locator("#period option:checked").inner_text() == "2024/25", "the newest complete one is picked"


def test_4_how_does_this_year_go(opened: Any) -> None:
    page = opened(mart="mart_drug_offences")
    press(page, "show", "Year")
    expect(page.locator("#trend-title")).to_contain_text("year on year")
    page.locator("#main-chart summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main-chart thead th")).to_have_text(["Month", "2025/26", "2024/25", "2023/24"])
    assert page.locator("#main-chart tbody tr").nth(8).locator("td").first.inner_text() == "149"


def test_5_which_codes_make_the_total(opened: Any, sample_home: Home) -> None:
    page = opened(mart="mart_drug_offences")
    press(page, "show", "Categories, s")
    expect(page.locator("#trend-title")).to_contain_text("by category, stacked")
    page.wait_for_selector("#trend svg")
    assert "92C Other drug offences" in page.locator("#trend svg").text_content()
    rows = list(csv.DictReader(io.StringIO(save(page, "Save figures as CSV").read_text(encoding="utf-8-sig"))))
    assert sorted((r["category"], r["period_label"], Decimal(r["value"])) for r in rows if r["value"]) == sorted(published(
        sample_home, "select category, period_label, value from marts.mart_drug_offences where measure = 'possession_offences'"
        " and category <> 'all' and area_type = 'force' and period_type = 'month' and value is not null"))  # fmt: skip
    assert "92C Other drug offences" in page.locator("#category option").all_inner_texts()
    assert opened(mart="mart_stop_search", measure="drug_searches_by_age").locator("#show").input_value() == "categories"


def test_6_which_unit_is_highest(opened: Any, dashboard_with_lists: Path, sample_home: Home) -> None:
    page = opened(dashboard_with_lists, mart="mart_drug_offences", measure="trafficking_offences")
    counts = dict(published(sample_home, f"select area_code, value from marts.mart_drug_offences where {UNIT_FIGURES}"))
    names = dict(published(sample_home, f"select area_code, area_name from marts.mart_drug_offences where {UNIT_FIGURES}"))
    most = max(v for k, v in counts.items() if k != "unknown")
    assert f", {most:.0f} each." in page.locator("#areas-note").inner_text()
    expect(page.locator("#areas-note")).not_to_contain_text("[x]")  # every area has its figure
    press(page, "rate", "Space")
    rate, code = max((1000 * counts[k] / n, k) for k, n in PEOPLE.items())
    expect(page.locator("#areas-note")).to_contain_text(f"Highest: {names[code]}, {rate:.2f}.")
    expect(page.locator("#areas-note")).to_contain_text("[x] is not available, or the force's list of people lacks the area.")
    page.locator("#area-chart summary").click()
    expect(page.locator("#area-chart tbody")).to_contain_text("Erewash")
    last = {r.split("\t")[0]: r.split("\t")[-1] for r in page.locator("#area-chart tbody tr").all_inner_texts()}
    assert last["Erewash"] == "[x]" == last["Not recorded"], "their number of people is not known"
    assert page.locator("#area-chart tbody tr").last.inner_text().startswith("Not recorded")


def test_areas_that_share_the_highest_figure_are_all_named(opened: Any, sample_home: Home) -> None:
    counts = published(
        sample_home,
        f"select area_name, value from marts.mart_drug_offences where {UNIT_FIGURES} and area_code <> 'unknown' order by 1",
    )
    most = max(value for _, value in counts)
    names = [name for name, value in counts if value == most]
    assert len(names) == 2
    note = opened(mart="mart_drug_offences", measure="trafficking_offences").locator("#areas-note").inner_text()
    assert note.startswith(f"Highest: {names[0]} and {names[1]}, {most:.0f} each.")


def test_the_rate_of_an_area_shows_numerator_and_denominator(opened: Any, sample_home: Home) -> None:
    page = opened(mart="mart_drug_tests", measure="positivity_rate")
    rows = published(
        sample_home, "select area_name, numerator, denominator from marts.mart_drug_tests where measure = 'positivity_rate'"
        " and category = 'all' and area_type = 'lpu' and period_type = 'month' and period_start = '2025-12-01'")  # fmt: skip
    page.locator("#area-chart summary").press("Enter")
    # A busy browser opens the table a moment later.
    expect(page.locator("#area-chart tbody tr").first).to_be_visible()
    cells = {c[0]: c[-1] for c in (r.split("\t") for r in page.locator("#area-chart tbody tr").all_inner_texts())}
    assert cells == {name: f"{part:.0f} of {whole:.0f}" for name, part, whole in rows}
    assert "The table has the numbers that each is made of" in page.locator("#areas-note").inner_text()


def test_a_rate_of_a_category_says_that_it_is_of_all_people(opened: Any, dashboard_with_lists: Path) -> None:
    """Searches of people of one ethnicity per 1,000 people looked like a rate of that group."""
    searches = {"mart": "mart_stop_search", "measure": "drug_searches_by_ethnicity", "rate": "yes"}
    words = "for all people of the area, not those of the category alone; people: made up."
    page = opened(dashboard_with_lists, **searches)
    expect(page.locator("#areas-note")).to_contain_text("Worked out on this page; people: made up.")
    category = page.locator("#category option").nth(1).get_attribute("value")
    expect(opened(dashboard_with_lists, **searches, category=category).locator("#areas-note")).to_contain_text(words)


def test_areas_of_one_kind_have_no_choice_of_kind(opened: Any) -> None:
    page = opened(mart="mart_street_crime")
    expect(page.locator("form:has(#by)")).not_to_be_visible()
    expect(opened(mart="mart_public_health").locator("#by")).to_be_visible()


def test_units_with_an_outline_are_drawn_on_a_map(opened: Any, dashboard_with_lists: Path, folder: Path) -> None:
    page = opened(dashboard_with_lists, mart="mart_drug_offences", measure="trafficking_offences", area="lpu/dales", rate="yes")
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_selector("#map svg")
    shapes = page.locator("#map .mark-shape path")
    assert shapes.count() == 3, "an outline of an unknown area is not drawn"
    note = page.locator("#map-note").inner_text()
    assert "7 areas have no outline" in note and note.endswith("Outlines: Squares, made up <b>2026.")
    assert len(set(shapes.evaluate_all("shapes => shapes.map(s => s.getAttribute('fill'))"))) == 3
    assert "#e3e6e8" in shapes.evaluate_all("shapes => shapes.map(s => s.getAttribute('fill'))"), "Erewash has no rate"
    assert opened(mart="mart_drug_offences").locator("#map").count() == 0


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", "not JSON"), ("9" * 5_000, "not JSON"),
        ("[]", "no FeatureCollection"), ({"features": []}, "no FeatureCollection"),
        (make_outlines("dales", properties={"area_code": "dales"}), "feature 1: its properties lack one of force_code"),
        (make_outlines("dales", geometry={"type": "Point", "coordinates": [0, 53]}), "feature 1: its geometry is Point"),
        (make_outlines("dales", geometry={"type": "Polygon", "coordinates": [[[436000, 335000]]]}), r"WGS 84 \(EPSG:4326\)"),
        (make_outlines("dales", geometry={"type": "Polygon", "coordinates": [[["a", 1]]]}), "coordinates can't be read"),
        (make_outlines("dales", geometry={"type": "Polygon", "coordinates": [[[10**400, 1]]]}), "coordinates can't be read"),
        (make_outlines("dales\x1b]52;c;aGk=\x07"), "feature 1: area_code has a control character"),
        (make_outlines("dales") | {"attribution": "\ud800"}, "attribution has a control character"),
    ],
)  # fmt: skip
def test_invalid_outlines_are_refused(new_home: Home, content: Any, error: str) -> None:
    new_home.seeds.mkdir()
    text = content if isinstance(content, str) else json.dumps(content)
    (new_home.seeds / "areas.geojson").write_text(text, encoding="utf-8")
    with pytest.raises(HomeListError, match=f"seeds/areas.geojson: .*{error}"):
        read_outlines(new_home)


def test_7_is_a_unit_unlike_the_others(opened: Any) -> None:
    page = opened(mart="mart_drug_offences", measure="trafficking_offences")
    press(page, "show", "Each")
    expect(page.locator("#trend-title")).to_contain_text("local policing units, each by itself")
    page.wait_for_selector("#trend svg")
    expect(page.locator("#trend svg .mark-group.role-scope.cell > g")).to_have_count(11)  # ten units, and Not recorded


def test_8_do_two_go_together(opened: Any) -> None:
    page = opened(mart="mart_stop_search", measure="drug_searches")
    press(page, "side", "Enter")
    expect(page.locator("#tiles figure")).to_have_count(1)
    expect(page.locator("#figures")).to_be_focused()
    press(page, "add", "Drug finds")
    press(page, "add-it", "Enter")
    expect(page.locator("#tiles figcaption")).to_have_text(
        ["Drug searches: Derbyshire Constabulary", "Drug finds: Derbyshire Constabulary"])  # fmt: skip
    for name in ("Searches", "Drug find rate", "Drug incidents", "Trigger arrests", "Referrals"):
        press(page, "add", name)
        if page.locator("#add-it").is_enabled():
            press(page, "add-it", "Enter")
            page.wait_for_timeout(150)
        if name == "Trigger arrests":
            expect(page.locator("#compare-kind")).to_be_focused()  # the sixth: the button can't be pressed again
    assert page.locator("#tiles figure").count() == 6 and page.locator("#add-it").is_disabled()
    page.get_by_role("button", name="Remove: Drug finds").press("Enter")
    expect(page.locator("#tiles figure")).to_have_count(5)
    expect(page.locator("#tile-1 ~ .tools button").last).to_be_focused()


def test_missing_months_are_grey_in_comparisons_and_stacked_bars(opened: Any) -> None:
    sides = [f"mart_{name}/all/force/derbyshire" for name in ("stop_search/drug_searches", "mda_orders/order_value")]
    page = opened(view="compare", m=sides)
    grey = 'path[fill="#e3e6e8"]'
    for n, months in enumerate((51, 3)):
        page.wait_for_selector(f"#tile-{n} svg")
        assert page.locator(f"#tile-{n} {grey}").count() - 3 == months, "besides the three months after the data"
        expect(page.locator(f"#tile-{n}-note")).to_contain_text("Grey is not available or not begun.")
    page = opened(mart="mart_drug_offences", show="stacked", kind="financial_year")
    page.wait_for_selector("#trend svg")
    assert page.locator(f"#trend {grey}").count() == 1
    years = [t for t in page.locator("#trend .role-axis-label text").all_text_contents() if "/" in t]
    assert years == ["2023/24", "2024/25", "2025/26"]


def test_a_control_limit_that_no_month_can_reach_is_not_drawn(opened: Any) -> None:
    page = opened(mart="mart_mda_orders", measure="order_value")
    page.wait_for_selector("#trend svg")
    assert page.locator("#trend .mark-line path").count() == 3, "the months, their mean and the upper limit"
    note = page.locator("#trend-note").inner_text()
    assert "upper limit £12,712.85" in note and "lower limit" not in note


def test_9_how_complete_and_from_which_files(opened: Any, folder: Path, sample_home: Home) -> None:
    page = opened(mart="mart_drug_offences", kind="financial_year", period="2025-04-01/2026-03-31")
    button = page.locator("#headline button")
    button.press("Enter")
    expect(page.locator("#evidence h2")).to_have_text("Evidence: Possession offences: Derbyshire Constabulary, 2025/26")
    text = page.locator("#evidence").inner_text()
    loads = published(
        sample_home, "select load_id, source_file from meta.files where outcome = 'accepted' and extract = 'crimes'"
        " and covered_from <= '2026-03-31' and covered_to >= '2025-04-01'")  # fmt: skip
    assert loads and all(load in text for load, _ in loads)
    expect(page.locator("#evidence [aria-label='Months of the figure'] tbody tr")).to_have_count(12)
    assert "Jan 2026\t[x]\tnot available\nFeb 2026\t[x]\tnot begun" in text and "files cover a part of its days" in text
    assert "pam trace possession_offences --mart mart_drug_offences --from 2025-04-01 --to 2026-03-31" in text
    page.keyboard.press("Escape")
    expect(page.locator("#evidence")).not_to_be_visible()
    assert button.evaluate("b => b === document.activeElement"), "the focus returns to the button"
    names = [n for (n,) in published(sample_home, "select distinct source_file from meta.files where source_file is not null")]
    scripts = "".join(p.read_text(encoding="utf-8") for p in (folder / "data").rglob("*.js"))
    assert names and not [n for n in names if n in scripts], "the dashboard does not name the force's files"


def test_10_can_i_have_it_in_my_paper(opened: Any) -> None:
    page = opened(mart="mart_drug_offences", show="years")
    page.wait_for_selector("#trend svg")
    svg = save(page, "Save as SVG").read_text(encoding="utf-8")
    assert svg.startswith("<svg") and "Possession offences" in svg and "all figures are made up" in svg
    assert save(page, "Save as PNG").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    address, title = page.url, page.title()
    again = opened()
    again.goto(address)
    expect(again).to_have_title(title)
    assert again.locator("#show").input_value() == "years"


def test_public_health_opens_on_the_home_area(opened: Any) -> None:
    page = opened(mart="mart_public_health")
    assert page.locator("#title").inner_text().startswith("Deaths from drug misuse: Derbyshire,")


@pytest.mark.parametrize("people", ["0", "-5", "1,000", "many", "٣"])
def test_an_invalid_number_of_people_is_refused(new_home: Home, people: str) -> None:
    header = "force_code,area_type,area_code,population,as_of\n"
    new_home.seeds.mkdir()
    path = new_home.seeds / "population.csv"
    path.write_text(f"{header}derbyshire,lpu,dales,71500,Mid-2024\n", encoding="utf-8")
    assert read_population(new_home) == {"derbyshire/lpu/dales": (71500, "Mid-2024")}
    path.write_text(f'{header}derbyshire,lpu,dales,"{people}",Mid-2024\n', encoding="utf-8")
    with pytest.raises(HomeListError, match=r"seeds/population\.csv: line 2: population .* in digits alone"):
        read_population(new_home)


def test_marts_are_read_only_when_opened(opened: Any, folder: Path, write_forces: Callable[[int], Path]) -> None:
    page = opened(write_forces(44))
    assert page.evaluate("Object.keys(globalThis.pamFigures ?? {}).length") == 0, "no mart is read before it is opened"
    page.select_option("#force", "force-43")
    expect(page.locator("#overview-title")).to_have_text("Overview: Force 43")
