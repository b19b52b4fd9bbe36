"""The catalogue of the published sample: it is complete, its links work, and it works in a browser."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import duckdb
import pytest
from offline_browser import BROWSER, WIDE, WITHOUT, failures, offline_page
from support import published

from dagster_project.core.home import DBT_PROJECT, Home
from dagster_project.core.published_file import open_hardened
from dagster_project.core.receipts import read_receipts
from dagster_project.publishing import outputs
from dagster_project.publishing.outputs import OutputContext
from dagster_project.publishing.outputs.catalogue import write
from dagster_project.reporting import catalogue
from reporting.pack.pages import PageRead, read_pages

HOSTILE = "<script>alert('x')</script>"
FULL_PAGES = ("index.html", "marts-mart-naloxone.html")


@pytest.fixture(scope="module")
def folder(sample_home: Home) -> Path:
    """The catalogue as the night published it."""
    return sample_home.published / "catalogue"


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, PageRead]:
    return read_pages(folder)


@pytest.fixture(scope="module")
def hostile(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue of a small file in which every text is HTML that a page might run, with held and refused files."""
    path = tmp_path_factory.mktemp("hostile") / "night.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(f"attach '{sample_home.warehouse}' as sample (read_only)")
        con.execute("create schema marts; create schema meta; create schema reports")
        con.execute("create table marts.measures as from sample.marts.measures where mart = 'mart_naloxone'")
        con.execute("update marts.measures set category = $1 where category <> 'all'", [HOSTILE])
        con.execute("insert into marts.measures (mart, measure, category, area_type)"
                    " values ('mart_naloxone', 'naloxone_administrations', $1, $1)", [HOSTILE])  # fmt: skip
        for table in ("cells", "tables"):
            con.execute(f"create table reports.{table} as from sample.reports.{table}")
        for table in ("checks", "dictionary", "extracts", "files", "nights"):
            con.execute(f"create table meta.{table} as from sample.meta.{table}")
        con.execute("delete from meta.dictionary where relation_name not in ('mart_naloxone', 'measures', 'cells', 'files')")
        con.execute("delete from meta.checks where suite not in ('dbt', 'naloxone')")
        con.execute("update reports.tables set title = $1", [HOSTILE])
        con.execute("update meta.dictionary set description = $1, title = $1, formula = $1, unit = $1", [HOSTILE])
        con.execute(
            "insert into meta.dictionary (kind, schema_name, relation_name, name, description) values"
            " ('relation', 'other', 'unknown', 'unknown', $1), ('column', 'other', 'unknown', $1, null)",
            [HOSTILE],
        )
        columns = ", ".join(f"{c} = $1" for c in ("subject", "rule", "found", "reason", "advice", "message"))
        con.execute(f"update meta.checks set {columns}", [HOSTILE])
        con.execute("update meta.extracts set title = $1, force_code = $1, status = 'late', days_late = 1", [HOSTILE])
        con.execute("update meta.files set reason = $1, outcome = 'held', source_file = 'held.csv', load_id = $1", [HOSTILE])
        con.execute("insert into meta.files (night_id, outcome, reason) select '', 'refused', $1 from range(250)", [HOSTILE])
        con.execute("update meta.nights set reason = $1", [HOSTILE])
    out = path.parent / "catalogue"
    out.mkdir()
    with open_hardened(path, writable=out) as con:
        write(con, out, OutputContext(sample_home, "a night", True, ("catalogue",)))
    return out


def test_every_relation_and_column_is_listed(folder: Path, pages: dict[str, PageRead], sample_home: Home) -> None:
    columns: dict[tuple[str, str], list[list[str]]] = {}
    for schema, relation, *column in published(
        sample_home,
        "select schema_name, relation_name, name, coalesce(data_type, ''), description from meta.dictionary"
        " where kind = 'column'",
    ):
        columns.setdefault((schema, relation), []).append(column)
    inside = {
        tuple(r)
        for r in published(
            sample_home,
            "select schema_name, table_name from duckdb_tables() union all"
            " select schema_name, view_name from duckdb_views() where not internal",
        )
    }
    assert set(columns) == inside and len(columns) > 70
    for (schema, relation), expected in columns.items():
        page = f"{schema}-{relation}.html".replace("_", "-")
        assert pages[page].tables["columns-t"][1:] == expected, page
        assert page in pages["relations.html"].links


def test_every_measure_has_its_definition_lineage_and_tables(
    folder: Path, pages: dict[str, PageRead], sample_home: Home
) -> None:
    measures = published(
        sample_home, "select relation_name, name, title, description, formula from meta.dictionary where kind = 'measure'"
    )
    rows = {row[0]: row for row in pages["measures.html"].tables["measures"][1:]}
    used = published(sample_home, "select distinct mart, measure, title from reports.cells join reports.tables using"
                                  " (edition, table_name) where measure is not null")  # fmt: skip
    categories = published(sample_home, "select distinct mart, measure, category from marts.measures")
    for mart, name, title, meaning, formula in measures:
        assert rows[f"{title}{name}{mart}"][1:3] == [meaning, formula]
        page = f"marts-{mart}.html".replace("_", "-")
        assert f"{page}#measure-{name.replace('_', '-')}" in pages["measures.html"].links
        text = section_of(folder / page, f"measure-{name.replace('_', '-')}")
        assert all(escape(t) in text for m, n, t in (*used, *categories) if (m, n) == (mart, name)), name
        sums = [f"measures.{name}" for name in (f"{mart[5:]}_events", "event_days", "monthly") if mart != "mart_public_health"]
        steps = ["extracts.html#extract-", "staging.stg_", *sums, f"marts.{mart}"]
        places = [text.index(s, text.index("<dt>Lineage")) for s in steps]
        assert places == sorted(places), name
    assert len(measures) == len(rows) > 60
    text = section_of(folder / "marts-mart-naloxone.html", "measure-naloxone-administrations")
    assert "reports.naloxone" in text and 'href="../report/2026-03/trail/naloxone.html"' in text
    text = section_of(folder / "marts-mart-pspo.html", "lineage")
    assert all(f"staging.stg_{extract}" in text for extract in ("pspos", "pspo_enforcement")) and "stg_crimes" not in text


def section_of(path: Path, place: str) -> str:
    text = path.read_text(encoding="utf-8")
    return text[text.index(f'<section id="{place}"') :].partition("</section>")[0]


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("'", "&#39;")


def test_every_check_extract_and_file_is_listed(pages: dict[str, PageRead], sample_home: Home) -> None:
    checks = published(sample_home, "select subject, rule, passed, severity, message, reason, advice from meta.checks")
    expected = sorted(
        [f"{subject}: {rule}", f"{'passed' if passed else 'failed'} ({severity}){message or ''}", f"{why or ''}{advice or ''}"]
        for subject, rule, passed, severity, message, why, advice in checks
    )
    tables = pages["checks.html"].tables
    failed = tables.pop("failed-t")[1:]
    assert sorted(row for table in tables.values() for row in table[1:]) == expected
    assert sorted(failed) == [row for row in expected if row[1].startswith("failed")] != []
    extracts = published(
        sample_home, "select title || ' ' || extract, force_code, covered_days, rows_current from meta.extracts"
    )
    shown = {(row[0], row[1]): row for row in pages["extracts.html"].tables["extracts-t"][1:]}
    for title, force, days, rows in extracts:
        row = shown.pop((title, force))
        assert f": {days:,} day" in row[3] and row[5] == f"{rows:,}"
    assert shown == {}
    loads = published(sample_home, "select load_id from meta.files")
    text = " ".join(row[-1] for row in pages["extracts.html"].tables["files-t"])
    assert loads and all(load in text for (load,) in loads)


def test_a_night_has_the_name_that_report_and_dashboard_give_it(folder: Path, sample_home: Home) -> None:
    ((night,),) = published(sample_home, "select distinct night_id from meta.nights")
    for page in folder.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<h1>[^<]*_[^<]", text), "a long name breaks at underscores"
        assert f"Update {night}" in text and f"Night {night}" not in text, page.name


def test_links_work_and_pages_are_well_formed(folder: Path, pages: dict[str, PageRead], sample_home: Home) -> None:
    measures = set(published(sample_home, "select distinct mart, measure from marts.measures"))
    linked: set[tuple[str, str]] = set()
    places = {(folder / name).resolve(): set(page.ids) for name, page in pages.items()}
    for name, page in pages.items():
        for link in page.links:
            if link == "data:,":
                continue
            path, _, place = link.partition("#")
            target = (folder / path if path else folder / name).resolve()
            assert target.is_file(), f"{name}: {link}"
            if target.parent.name == "dashboard" and place:
                selected = dict(parse_qsl(place))
                assert (selected["mart"], selected["measure"]) in measures, f"{name}: {link}"
                linked.add((selected["mart"], selected["measure"]))
            else:
                assert not place or place in places[target], f"{name}: {link}"
        assert page.faults == [] and len(set(page.ids)) == len(page.ids), name
        assert page.headings[0] == 1 and page.headings.count(1) == 1, name
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), name
        assert not [a for a in page.attributes if a.startswith("on") or a == "style"], name
        assert "Sample data." in page.path.read_text(encoding="utf-8"), name
    assert linked == measures, "every measure leads to the dashboard"
    assert "../dashboard/index.html" in pages["index.html"].links
    assert "../report/2026-03/index.html" in pages["index.html"].links
    report = (folder.parent / "report" / "2026-03" / "index.html").read_text(encoding="utf-8")
    assert 'href="../../catalogue/index.html"' in report
    assert "../catalogue/index.html" in (folder.parent / "dashboard" / "data" / "index.js").read_text(encoding="utf-8")


def test_the_catalogue_is_reproducible_and_names_no_file_or_path(folder: Path, sample_home: Home, tmp_path: Path) -> None:
    shutil.copytree(folder.parent / "report", tmp_path / "report")
    (tmp_path / "catalogue").mkdir()
    with open_hardened(sample_home.warehouse, writable=tmp_path / "catalogue") as con:
        all_outputs = ("open", "dashboard", "report", "catalogue")
        write(con, tmp_path / "catalogue", OutputContext(sample_home, "a night", True, all_outputs))
    again = outputs.measure_output(tmp_path / "catalogue", 0)
    assert again.sha256 == read_receipts(sample_home)[-1].outputs["catalogue"]["sha256"]
    names = [f.stem for f in sample_home.archive.rglob("*.csv")]
    assert names
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert str(sample_home.path) not in text and str(DBT_PROJECT.parent) not in text, path.name
        assert not [n for n in names if n in text] and not re.search(r"SAMPLE-[A-Za-z]", text), path.name


def test_hostile_text_is_escaped_and_unknown_relations_are_shown(hostile: Path) -> None:
    pages = read_pages(hostile)
    for page in pages.values():
        text = page.path.read_text(encoding="utf-8")
        assert HOSTILE not in text and page.faults == [] and "Sample data." in text and "held.csv" not in text, page.path
        assert text.count("<script") == 1, page.path.name
        assert not [link for link in page.links if link.startswith("..")], "no other output is published with it"
    text = (hostile / "other-unknown.html").read_text(encoding="utf-8")
    assert "does not know what it is made from" in text and "&lt;script&gt;" in text
    for name in ("index", "search", "measures", "relations", "checks", "extracts", "marts-mart-naloxone"):
        assert "&lt;script&gt;alert" in (hostile / f"{name}.html").read_text(encoding="utf-8"), name
    text = (hostile / "extracts.html").read_text(encoding="utf-8")
    assert "The newest 200 of 250 decisions" in text and text.count("refused: &lt;script") == catalogue.read.EARLIER_FILES


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_a_night_without_messages_of_checks_is_shown(hostile: Path, sample_home: Home, tmp_path: Path) -> None:
    """`pam rollback` can go back to a night that an earlier version published."""
    shutil.copyfile(hostile.parent / "night.duckdb", tmp_path / "night.duckdb")
    with duckdb.connect(str(tmp_path / "night.duckdb")) as con:
        con.execute("alter table meta.checks drop column message")
        con.execute("update meta.checks set found = 'found before', passed = false")
    out = tmp_path / "catalogue"
    out.mkdir()
    with open_hardened(tmp_path / "night.duckdb", writable=out) as con:
        write(con, out, OutputContext(sample_home, "a night", True, ("catalogue",)))
    assert any("found before" in page.read_text(encoding="utf-8") for page in out.glob("*.html"))


def test_no_page_fails_wcag_or_uses_the_network(folder: Path, hostile: Path, page: Any) -> None:
    """axe-core checks each kind of page, the long ones in the small catalogue."""
    faults = []
    small = ("measures", "relations", "checks", "search", "extracts")
    for path in [*(folder / n for n in FULL_PAGES), *(hostile / f"{n}.html" for n in small)]:
        page.goto(path.as_uri())
        assert not page.evaluate(WIDE), f"{path.name} is wider than its window"
        faults += [(path.name, *f) for f in failures(page)]
    for name in ("checks", "search", "extracts"):
        page.goto((folder / f"{name}.html").as_uri())
        assert not page.evaluate(WIDE), name
    assert page.locator("#files-t ~ tbody .outcome").first.evaluate("e => e.clientWidth") >= 8 * 14, "reasons are long"
    assert faults == [] and page.asked == []


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    with offline_page(browser) as opened:
        yield opened


@pytest.fixture
def plain_page(page: Any) -> Iterator[Any]:
    """A page of the same browser with JavaScript off."""
    context = page.context.browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_the_search_page_lists_everything(pages: dict[str, PageRead], sample_home: Home) -> None:
    rows = pages["search.html"].tables["everything"][1:]
    by_kind = {kind: [r for r in rows if r[1] == kind] for kind in ("Measure", "Category", "Column", "Extract", "Relation")}
    counted = published(
        sample_home,
        "select (select count(*) from meta.dictionary where kind = 'measure'),"
        " (select count(distinct (mart, category)) from marts.measures where category <> 'all'),"
        " (select count(distinct (name, coalesce(description, ''))) from meta.dictionary where kind = 'column'),"
        " (select count(distinct extract) from meta.extracts), (select count(*) from meta.dictionary where kind = 'relation')",
    )
    assert tuple(len(kind_rows) for kind_rows in by_kind.values()) == counted[0] and len(rows) == sum(counted[0])
    (code,) = (r for r in by_kind["Category"] if r[0] == "92C")
    assert code[2].startswith("Other drug offences. Category of Possession offences")


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_search_results_link_to_the_dashboard_and_back(folder: Path, page: Any) -> None:
    page.goto((folder / "index.html").as_uri())
    page.get_by_label("Search measures, categories, columns").fill("other drug 92c")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html#q=*")
    rows = page.locator("table.filtered tbody tr:visible")
    assert rows.count() == 1 and page.get_by_role("status").inner_text().startswith("1 of")
    rows.get_by_role("link", name="on the dashboard").click()
    page.wait_for_selector("#title:has-text('Possession offences, 92C Other drug offences')")
    page.get_by_role("link", name="More in the catalogue").click()
    page.wait_for_url("**/marts-mart-drug-offences.html#measure-possession-offences")
    assert page.locator(".flow .here").inner_text().endswith("marts.mart_drug_offences") and page.asked == []


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_no_table_of_extracts_and_files_is_cut_off_in_a_wide_window(folder: Path, page: Any) -> None:
    phone_size = page.viewport_size
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto((folder / "extracts.html").as_uri())
    cut = page.eval_on_selector_all(".scroll", "all => all.filter((e) => e.scrollWidth > e.clientWidth).length")
    page.set_viewport_size(phone_size)
    assert cut == 0


def test_rows_can_be_filtered_and_all_show_without_javascript(folder: Path, page: Any, plain_page: Any) -> None:
    address = (folder / "measures.html").as_uri()
    page.goto(address)
    page.get_by_label("Show measures with").fill("RATE mart_stop_search")
    assert page.locator("table.filtered tbody tr:visible th a").all_inner_texts() == ["Drug find rate"]
    assert page.get_by_role("status").inner_text() == "1 of 68 shown"
    page.get_by_label("Show measures with").fill("RATE zzz")
    assert page.get_by_role("status").inner_text().startswith("No row has all of these words.")
    page.get_by_label("Show measures with").fill("")
    assert page.locator("table.filtered tbody tr:visible").count() == 68
    plain_page.goto(address)
    assert plain_page.locator("table.filtered tbody tr:visible").count() == 68 and plain_page.locator("input").count() == 0
