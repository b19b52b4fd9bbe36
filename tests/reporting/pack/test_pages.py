"""The pages: every figure is there, links work, hostile text does nothing."""

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_project.reporting.pack.figure_trails import read_trails

from .conftest import FORMULA, HOSTILE, WrittenPack
from .pages import PageRead, read_pages


@pytest.fixture
def pages(either_pack: WrittenPack) -> dict[str, PageRead]:
    return read_pages(either_pack.folder)


def test_every_figure_is_in_its_table(either_pack: WrittenPack, pages: dict[str, PageRead]) -> None:
    for page in either_pack.pack.pages:
        tables = pages[f"{page.slug}.html"].tables
        for table in page.tables:
            head, *rows = tables[f"{table.name}-t-caption"]
            assert len(head) == len(table.columns) + 1
            assert rows == [[r.label, *(c.printed for c in r.cells)] for r in table.rows]


def test_every_figure_links_to_its_trail(either_pack: WrittenPack, pages: dict[str, PageRead]) -> None:
    for page in either_pack.pack.pages:
        for table in page.tables:
            trail = pages[f"trail/{table.name}.html"]
            for cell in (c for r in table.rows for c in r.cells if c.measure):
                anchor = cell.cell_id.replace("/", "-")
                assert f"trail/{table.name}.html#{anchor}" in pages[f"{page.slug}.html"].links
                assert anchor in trail.ids


def test_every_link_has_a_target_in_the_pack(either_pack: WrittenPack, pages: dict[str, PageRead]) -> None:
    for name, page in pages.items():
        for link in page.links:
            path, _, anchor = link.partition("#")
            target = (either_pack.folder / name).parent / path if path else either_pack.folder / name
            assert not re.match(r"[a-z]+:|//", link), link
            assert target.resolve().is_file(), f"{name}: {link}"
            if anchor:
                assert anchor in pages[target.resolve().relative_to(either_pack.folder).as_posix()].ids, f"{name}: {link}"
    assert not re.search(r"url\(|@import", (either_pack.folder / "style.css").read_text(encoding="utf-8"))


def test_pages_are_well_formed(either_pack: WrittenPack, pages: dict[str, PageRead]) -> None:
    for name, page in pages.items():
        assert page.faults == [], name
        assert len(set(page.ids)) == len(page.ids), name
        assert page.headings[0] == 1 and page.headings.count(1) == 1, name
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), name
        assert all(image["alt"] for image in page.images), name
        assert not page.tags & {"script", "iframe", "object", "form", "b"}, "hostile text is only text"
        assert not [a for a in page.attributes if a.startswith("on") or a == "style"], name
        text = page.path.read_text(encoding="utf-8")
        assert either_pack.pack.night_id in text and either_pack.pack.data_status in text, name
        assert ("Sample data." in text) == either_pack.pack.is_made_up, name
        assert f"{either_pack.folder.parent}" not in text and str(either_pack.home.path) not in text, name


def test_hostile_texts_are_escaped(other_pack: WrittenPack) -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in other_pack.folder.rglob("*.html"))
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in text and HOSTILE not in text
    (page,) = (p for p in other_pack.pack.pages if p.title == HOSTILE)
    assert {r.label for t in page.tables for r in t.rows} >= {HOSTILE, FORMULA, "Arrest"}


def test_a_table_without_rows_says_why(other_pack: WrittenPack) -> None:
    text = (other_pack.folder / "listen.html").read_text(encoding="utf-8")
    assert text.count("Not available: no accepted file of Community voices says anything of it.") == 1, "for chart and table"
    index = (other_pack.folder / "index.html").read_text(encoding="utf-8")
    missing = re.findall(r">([^<]*)</a> <span class=\"paragraph\">([\d.]+), not available</span>", index)
    assert missing == [("Spoken", "2"), ("Seized", "3")], "with a table of none but [x]"


def test_rows_of_the_trails_add_up_to_the_figures(sample_pack: WrittenPack) -> None:
    con = duckdb.connect()
    con.execute(f"attach '{sample_pack.home.warehouse}' as warehouse (read_only)")
    con.execute(f"attach '{sample_pack.home.candidate}/work.duckdb' as work (read_only)")
    con.execute("use warehouse")
    rest = duckdb.connect()
    rest.execute(f"attach '{sample_pack.home.candidate}/work.duckdb' as work (read_only)")
    trails = read_trails(con, rest, "2026-03")
    checked = 0
    for cell in (c for t in sample_pack.pack.tables for r in t.rows for c in r.cells if c.can_be_traced):
        amounts = [p.amount for p in trails.parts[cell.cell_id]]
        if cell.shows == "value":
            value = amounts[0] if len(amounts) == 1 else 100 * amounts[0] / amounts[1]
        elif cell.unit == "percentage_points":
            value = 100 * amounts[0] / amounts[1] - 100 * amounts[2] / amounts[3]
        else:
            value = amounts[0] - amounts[1]
            value = value if cell.shows == "volume_change" else 100 * value / amounts[1]
        assert abs(value - cell.value) < Decimal("1e-9"), cell
        checked += 1
    assert checked > 400
    lines = con.execute("select count(distinct line) from work.measures.naloxone_events where event_on <= date '2025-11-30'")
    assert [f[3] for f in trails.files["naloxone"]] == [lines.fetchone()[0]]
    con.close()
    rest.close()


def test_no_reference_of_a_row_is_in_the_pack(sample_pack: WrittenPack) -> None:
    for path in (p for p in sample_pack.folder.rglob("*") if p.is_file()):
        assert not re.search(rb"SAMPLE-[A-Za-z]", path.read_bytes()), Path(path).name


def test_pages_describe_a_rate_without_names_of_measures(sample_pack: WrittenPack) -> None:
    pages = [sample_pack.folder / "sources.html", *sample_pack.folder.glob("trail/*.html")]
    texts = [p.read_text(encoding="utf-8") for p in pages]
    assert any("Both numbers are totalled over the period, then divided" in t for t in texts)
    assert not [t for t in texts if "100 * " in t or "as published by OHID. As published" in t]
