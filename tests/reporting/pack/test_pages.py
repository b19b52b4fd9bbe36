"""The pages: nothing lost, nothing that leads nowhere, nothing that a hostile text could do."""

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_project.reporting.pack.row_counts import read_trails

from .conftest import FORMULA, HOSTILE, Made
from .pages import PageRead, read_pages


@pytest.fixture
def pages(made: Made) -> dict[str, PageRead]:
    return read_pages(made.folder)


def test_every_figure_stands_in_its_table(made: Made, pages: dict[str, PageRead]) -> None:
    for page in made.pack.pages:
        tables = pages[f"{page.slug}.html"].tables
        for table in page.tables:
            head, *rows = tables[f"{table.name}-t-caption"]
            assert len(head) == len(table.columns) + 1
            assert rows == [[r.label, *(c.printed for c in r.cells)] for r in table.rows]


def test_every_figure_leads_to_its_trail(made: Made, pages: dict[str, PageRead]) -> None:
    for page in made.pack.pages:
        for table in page.tables:
            trail = pages[f"trail/{table.name}.html"]
            for cell in (c for r in table.rows for c in r.cells if c.measure):
                own = cell.cell_id.replace("/", "-")
                assert f"trail/{table.name}.html#{own}" in pages[f"{page.slug}.html"].links
                assert own in trail.ids


def test_every_link_leads_somewhere_in_the_pack(made: Made, pages: dict[str, PageRead]) -> None:
    for name, page in pages.items():
        for link in page.links:
            path, _, place = link.partition("#")
            target = (made.folder / name).parent / path if path else made.folder / name
            assert not re.match(r"[a-z]+:|//", link), link
            assert target.resolve().is_file(), f"{name}: {link}"
            if place:
                assert place in pages[target.resolve().relative_to(made.folder).as_posix()].ids, f"{name}: {link}"
    assert not re.search(r"url\(|@import", (made.folder / "style.css").read_text(encoding="utf-8"))


def test_pages_are_well_made(made: Made, pages: dict[str, PageRead]) -> None:
    for name, page in pages.items():
        assert page.faults == [], name
        assert len(set(page.ids)) == len(page.ids), name
        assert page.headings[0] == 1 and page.headings.count(1) == 1, name
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), name
        assert all(image["alt"] for image in page.images), name
        assert not page.tags & {"script", "iframe", "object", "form", "b"}, "of hostile texts nothing is left but text"
        assert not [a for a in page.attributes if a.startswith("on") or a == "style"], name
        text = page.path.read_text(encoding="utf-8")
        assert made.pack.night_id in text and made.pack.data_status in text, name
        assert ("Sample data." in text) == made.pack.is_sample, name
        assert f"{made.folder.parent}" not in text and str(made.home.path) not in text, name


def test_hostile_texts_are_shown_as_they_are(other: Made) -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in other.folder.rglob("*.html"))
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in text and HOSTILE not in text
    (page,) = (p for p in other.pack.pages if p.title == HOSTILE)
    assert {r.label for t in page.tables for r in t.rows} >= {HOSTILE, FORMULA, "Arrest"}


def test_a_table_without_rows_says_why(other: Made) -> None:
    text = (other.folder / "listen.html").read_text(encoding="utf-8")
    assert text.count("Not available: no accepted file of Community voices says anything of it.") == 1, "of chart and table"
    assert "Spoken (2)" in (other.folder / "index.html").read_text(encoding="utf-8")


def test_rows_of_the_trails_make_the_figures(sample: Made) -> None:
    con = duckdb.connect()
    con.execute(f"attach '{sample.home.warehouse}' as warehouse (read_only)")
    con.execute(f"attach '{sample.home.candidate}/work.duckdb' as work (read_only)")
    con.execute("use warehouse")
    rest = duckdb.connect()
    rest.execute(f"attach '{sample.home.candidate}/work.duckdb' as work (read_only)")
    found = read_trails(con, rest, "2026-03")
    checked = 0
    for cell in (c for t in sample.pack.tables for r in t.rows for c in r.cells if c.can_be_traced):
        made_of = [p.amount for p in found.parts[cell.cell_id]]
        if cell.shows == "value":
            value = made_of[0] if len(made_of) == 1 else 100 * made_of[0] / made_of[1]
        elif cell.unit == "percentage_points":
            value = 100 * made_of[0] / made_of[1] - 100 * made_of[2] / made_of[3]
        else:
            value = made_of[0] - made_of[1]
            value = value if cell.shows == "volume_change" else 100 * value / made_of[1]
        assert abs(value - cell.value) < Decimal("1e-9"), cell
        checked += 1
    assert checked > 400
    lines = con.execute("select count(distinct line) from work.measures.naloxone_events where event_on <= date '2025-11-30'")
    assert [f[3] for f in found.files["naloxone"]] == [lines.fetchone()[0]]
    con.close()
    rest.close()


def test_no_row_and_no_reference_is_in_the_pack(sample: Made) -> None:
    for path in (p for p in sample.folder.rglob("*") if p.is_file()):
        assert not re.search(rb"SAMPLE-[A-Za-z]", path.read_bytes()), Path(path).name
