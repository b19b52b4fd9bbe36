"""The spreadsheet and the document of the pack, read back: every printed cell is in both, and nothing can be misread."""

import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from docx import Document
from docx.oxml.ns import qn
from python_calamine import CalamineWorkbook
from support import as_dicts

from dagster_project.core.home import Home
from dagster_project.editions import load_editions
from dagster_project.reporting.pack import Pack, read_pack
from dagster_project.reporting.pack.ooxml import CHECK, PLACEHOLDER
from dagster_project.reporting.pack.shared_sentences import legible
from dagster_project.reporting.pack.word_document import write_docx
from dagster_project.reporting.pack.workbook import write_xlsx

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LABELS = [
    "=1+1", "+44", "-5", "@sum(a1)", "[click](http://example.org)", "$$note$$", "???", "Київ", "a\x01b", "<b>&\"'", "x" * 300,
]  # fmt: skip
"""What rows may be called."""


@pytest.fixture(scope="module")
def awkward(sample_home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample's night, as if its rows had been awkward: labels, headings, markers, tables without a figure."""
    con = duckdb.connect()
    con.execute(f"attach '{sample_home.warehouse}' as w (read_only)")
    for schema, name in con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'w' and schema_name <> 'main'"
        " union all select schema_name, view_name from duckdb_views() where database_name = 'w' and not internal"
    ).fetchall():
        con.execute(f"create schema if not exists {schema}")
        con.execute(f"create table {schema}.{name} as from w.{schema}.{name}")
    con.executemany(
        "update reports.cells set row_label = ? where table_name = 'county_lines' and row_no = ?",
        [[label, n] for n, label in enumerate(LABELS, start=1)],
    )
    con.execute("update reports.cells set column_label = 'Same' where table_name = 'public_health'")
    con.execute(
        "insert into reports.cells select c.* replace ('wide_' || n as column_name, 10 + n as column_no,"
        " 'Wide ' || n as column_label) from reports.cells as c, range(12) as r(n) where table_name = 'iom'"
    )
    con.execute(
        "update reports.cells set value = -1234.5, unit = 'gbp', printed = '-£1,234.50 [p] [r]', marker = '[p] [r]'"
        " where table_name = 'cash_seizures' and row_no = 1"
    )
    con.execute("update reports.cells set value = null, printed = '[x]', marker = '[x]' where table_name = 'naloxone'")
    con.execute("delete from reports.cells where table_name = 'mda_orders'")
    con.execute(
        "update reports.tables set title = '[a](b) $$t$$ & <b>', notes = '=cmd()' || chr(10) || '$$n$$'"
        " where table_name = 'pspo'"
    )
    con.execute("update meta.extracts set files_accepted = 0, covered_from = null, covered_to = null where extract = 'pspos'")
    yield con
    con.close()


@pytest.fixture(scope="module", params=["sample", "awkward"])
def written(
    request: pytest.FixtureRequest, sample_home: Home, awkward: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Pack, Path, list[dict[str, Any]], bool]:
    """A pack, the folder with its two files, the night's cells, and whether it is the awkward one. Two charts are drawn."""
    edition = load_editions(sample_home)["2026-03"]
    folder = tmp_path_factory.mktemp("office")
    is_sample = request.param == "sample"
    con = duckdb.connect(str(sample_home.warehouse), read_only=True) if is_sample else awkward
    pack = read_pack(con, edition, is_sample)
    cells = as_dicts(con.execute("select * from reports.cells where edition = '2026-03' order by all"))
    if is_sample:
        con.close()
    drawn = {c.kind: c.chart_id for c in pack.charts if c.kind in ("bar", "units")} if is_sample else {}
    pack = replace(
        pack, pages=tuple(replace(p, charts=tuple(c for c in p.charts if c.chart_id in drawn.values())) for p in pack.pages)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # gptables warns of what its guidance is against
        write_xlsx(pack, folder / "a.xlsx")
        write_docx(pack, folder / "a.docx", folder / "kept")
    return pack, folder, cells, not is_sample


def number(printed: str) -> float:
    """The number that a printed figure says."""
    return float(re.sub(r"\[.\]|[£,%\s]", "", printed))


def table_of(sheet: list[list[Any]], header: str) -> list[list[Any]]:
    """A sheet's table: from the row that begins with its first heading."""
    at = next(n for n, row in enumerate(sheet) if row[0] == header)
    return sheet[at:]


def test_every_cell_is_a_number_or_its_marker_in_the_spreadsheet(written: Any) -> None:
    pack, folder, cells, is_awkward = written
    book = CalamineWorkbook.from_path(folder / "a.xlsx")
    assert book.sheet_names[:3] == ["Cover", "Contents", "Notes"] and book.sheet_names[-3:] == ["Claims", "Sources", "Measures"]
    seen = 0
    for table in pack.tables:
        rows = table_of(book.get_sheet_by_name(f"{table.number}_{table.name}"[:31]).to_python(), table.rows_are)
        own = [c for c in cells if c["table_name"] == table.name]
        assert len(rows) == 1 + len(table.rows) and all(v != "" for row in rows for v in row), "no blank cell"
        heads = [str(h).casefold() for h in rows[0]]
        assert len(set(heads)) == len(heads)
        columns = sorted({c["column_no"] for c in own})
        for cell in own:
            row = rows[cell["row_no"]]
            said = row[1 + columns.index(cell["column_no"])]
            assert row[0] == legible(cell["row_label"])
            assert said == (cell["printed"] if cell["value"] is None else number(cell["printed"])), cell
            for marker in (cell["marker"] or "").split() if cell["value"] is not None else ():
                assert marker in row[-1]
            seen += 1
    assert seen == len(cells) > 480
    claims = table_of(book.get_sheet_by_name("Claims").to_python(), "Number")
    assert [r[6].removesuffix(" (known)") for r in claims[1:]] == [c.verdict for c in pack.claims]
    cover = str(book.get_sheet_by_name("Cover").to_python())
    assert ("made up" in cover) != is_awkward


def test_the_spreadsheet_shows_figures_as_printed_and_holds_no_formula(written: Any) -> None:
    pack, folder, _, _ = written
    with zipfile.ZipFile(folder / "a.xlsx") as file:
        parts = {n: file.read(n) for n in file.namelist()}
    names = [s.get("name") for s in ElementTree.fromstring(parts["xl/workbook.xml"]).iter(f"{MAIN}sheet")]
    styles = ElementTree.fromstring(parts["xl/styles.xml"])
    forms = {f.get("numFmtId"): f.get("formatCode") for f in styles.iter(f"{MAIN}numFmt")}
    used = [forms.get(x.get("numFmtId")) for x in styles.find(f"{MAIN}cellXfs")]
    for n, name in enumerate(names, start=1):
        sheet = ElementTree.fromstring(parts[f"xl/worksheets/sheet{n}.xml"])
        assert not list(sheet.iter(f"{MAIN}f")) and not list(sheet.iter(f"{MAIN}mergeCell"))
        assert name == "Cover" or len(list(sheet.iter(f"{MAIN}tablePart"))) == 1, "one table a sheet"
        links = [x.get("location") for x in sheet.iter(f"{MAIN}hyperlink")]
        assert all(x.split("!")[0].strip("'") in names for x in links), "no link leads out"
        assert name in ("Cover", "Contents") or links == ["'Contents'!A1"] or links == ["Contents!A1"]
        for table in [t for t in pack.tables if name == f"{t.number}_{t.name}"[:31]]:
            shown = [shows(used[int(c.get("s"))], float(c.find(f"{MAIN}v").text)) for c in sheet.iter(f"{MAIN}c")
                     if c.get("t") is None and c.find(f"{MAIN}v") is not None]  # fmt: skip
            assert shown == [c.printed for r in table.rows for c in r.cells if c.text]


def shows(form: str, value: float) -> str:
    """A number in one of the formats that the spreadsheet uses, as Excel shows it."""
    pounds, places, after = re.fullmatch(r'(\[\$£-809\])?#,##0(?:\.(0+))?(?:"(.*)")?', form).groups()
    return f"{'-' if value < 0 else ''}{'£' if pounds else ''}{abs(value):,.{len(places or '')}f}{after or ''}"


def test_every_cell_is_in_the_document_as_printed(written: Any) -> None:
    pack, folder, cells, is_awkward = written
    doc = Document(str(folder / "a.docx"))
    seen = 0
    for table, made in zip(pack.tables, doc.tables, strict=False):
        rows = [[c.text for c in r.cells] for r in made.rows]
        own = [c for c in cells if c["table_name"] == table.name]
        columns = sorted({c["column_no"] for c in own})
        for cell in own:
            row = rows[cell["row_no"]]
            assert (row[0], row[1 + columns.index(cell["column_no"])]) == (legible(cell["row_label"]), cell["printed"])
            seen += 1
        if not own:
            assert {t for r in rows[1:] for t in r[1:]} == {"[x]"}
        marks = made.rows[0]._tr.trPr
        assert marks.find(qn("w:tblHeader")) is not None and made._tbl.tblPr.find(qn("w:tblCaption")) is not None
        widths = [int(g.get(qn("w:w"))) for g in made._tbl.tblGrid]
        assert sum(widths) <= 17 / 2.54 * 1440 + 20, "no table is wider than the page"
    assert seen == len(cells)
    known = doc.core_properties
    assert known.title.startswith(pack.title) and known.language == "en-GB" and known.author == ""
    header = " ".join(p.text for p in doc.sections[0].header.paragraphs)
    assert ("made up" in header) != is_awkward
    assert doc.styles["Normal"].font.name and "PAGE" in doc.sections[0].footer._element.xml


def test_the_document_tells_its_author_what_to_write_and_to_check(written: Any) -> None:
    pack, folder, _, is_awkward = written
    doc = Document(str(folder / "a.docx"))
    headings = [p.text for p in doc.paragraphs if p.style.name == "Heading 1"]
    assert headings == [*(p.title for p in pack.pages), "Sources and measures"]
    captions = [p.text.split(":")[0] for p in doc.paragraphs if p.style.name == "Caption"]
    assert [c for c in captions if c.startswith("Table")] == [f"Table {n}" for n in range(1, len(doc.tables) + 1)]
    places = list(doc.element.body.iter(qn("w:sdt")))
    assert len(places) == len(pack.pages) + len(pack.tables)
    assert all(p.find(f".//{qn('w:rStyle')}").get(qn("w:val")) == PLACEHOLDER for p in places)
    checks = [p.text for p in doc.paragraphs if p.style.name == CHECK and p.text.startswith("To check")]
    assert len(checks) == sum(c.verdict != "agrees" for c in pack.claims) == 7
    assert any("disagrees" in c and "3.6" in c for c in checks)
    pictures = [x.get("descr") for x in doc.element.body.iter(qn("wp:docPr"))]
    assert pictures == [c.alt for c in pack.charts] and len(pictures) == (0 if is_awkward else 2)
    assert all(len(p) > 30 for p in pictures)


def test_the_same_night_gives_the_same_bytes(written: Any) -> None:
    pack, folder, _, is_awkward = written
    if is_awkward:
        pytest.skip("asked of the sample")
    write_xlsx(pack, folder / "b.xlsx")
    write_docx(pack, folder / "b.docx", folder / "kept")
    for form in ("xlsx", "docx"):
        assert (folder / f"a.{form}").read_bytes() == (folder / f"b.{form}").read_bytes(), form
