"""The pages in a browser: no failure of WCAG 2.2 AA, no network request, nothing wider than a small window.

axe-core checks each page at a telephone's width. With `--long` it checks every page with all details open. The suite opens
details only in the small pack. Of the sample's pages it checks the width of all, and with axe one of each template. It
measures colours in the small pack and on the sample's shortest pages, because one style sheet has all colours.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from how_often import IS_LONG
from offline_browser import BROWSER, WIDE, WITHOUT, failures, offline_page

from .conftest import WrittenPack

TRAILS = ("offences", "public_health")
SHORT_PAGES = ("index", "manage-offenders")
OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"

pytestmark = pytest.mark.skipif(BROWSER is None, reason=WITHOUT)


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """A page of a browser without a network. `page.asked` has its network requests."""
    with offline_page(browser) as opened:
        yield opened


def pages_to_check(folder: Path) -> list[Path]:
    trails = sorted((folder / "trail").glob("*.html"))
    if not IS_LONG:
        trails = [t for t in trails if t.stem in TRAILS] or trails[:1]
    return [*sorted(folder.glob("*.html")), *trails]


def test_no_page_fails_wcag_or_uses_the_network(either_pack: WrittenPack, page: Any) -> None:
    faults = []
    same_template = {p.slug for p in either_pack.pack.pages if p.slug not in SHORT_PAGES}
    for path in pages_to_check(either_pack.folder):
        page.goto(path.as_uri())
        is_full_check = IS_LONG or not either_pack.pack.is_made_up
        if is_full_check:
            page.evaluate(OPEN)
        assert not page.evaluate(WIDE), f"{path.name} is wider than its window"
        if not is_full_check and path.parent == either_pack.folder and path.stem in same_template:
            continue
        colours = {"enabled": is_full_check or path.stem in SHORT_PAGES}
        faults += [(path.name, *f) for f in failures(page, **{"color-contrast": colours})]
    assert faults == []
    assert page.asked == []


def test_a_command_is_wrapped_only_between_its_options(sample_pack: WrittenPack, page: Any) -> None:
    phone_size = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((sample_pack.folder / "trail" / "offences.html").as_uri())
    heights = page.eval_on_selector_all(".claims code span:last-child", "all => all.map((e) => e.getClientRects()[0].height)")
    page.set_viewport_size(phone_size)
    assert len(heights) == 12 and max(heights) == min(heights), "--edition 2026-03"


def test_a_narrow_window_prints_the_wide_charts(sample_pack: WrittenPack, page: Any) -> None:
    names = []
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        page.goto((sample_pack.folder / "disrupt-the-supply-of-drugs.html").as_uri())
        names.append(page.locator("picture img").first.evaluate("e => e.currentSrc").rpartition("/")[2])
    page.emulate_media(media="screen")
    assert names == ["stop_search-trend-narrow.svg", "stop_search-trend.svg"]


def test_a_printed_table_keeps_its_notes(sample_pack: WrittenPack, page: Any) -> None:
    page.goto((sample_pack.folder / "disrupt-the-supply-of-drugs.html").as_uri())
    page.emulate_media(media="print")
    notes = page.locator("section > .markers, section > .note")
    breaks = notes.evaluate_all("all => all.map((e) => getComputedStyle(e).breakBefore)")
    page.emulate_media(media="screen")
    assert breaks and set(breaks) == {"avoid"}


def test_no_note_is_printed_larger_than_what_it_belongs_to(sample_pack: WrittenPack, page: Any) -> None:
    page.goto((sample_pack.folder / "disrupt-the-supply-of-drugs.html").as_uri())
    page.emulate_media(media="print")
    size = "(e) => parseFloat(getComputedStyle(e).fontSize)"
    body, cell, unusual, note = (page.locator(tag).first.evaluate(size) for tag in ("body", "td.n", ".unusual", ".note"))
    page.emulate_media(media="screen")
    assert unusual < cell and note < body


def test_the_sample_notice_does_not_cover_the_title_in_print(sample_pack: WrittenPack, page: Any) -> None:
    page.emulate_media(media="print")
    page.goto((sample_pack.folder / "index.html").as_uri())
    notice, title = (page.locator(tag).first.bounding_box() for tag in (".sample", "h1"))
    inside = page.locator("h2").first.evaluate("e => getComputedStyle(e).breakInside")
    page.emulate_media(media="screen")
    assert title["y"] - notice["y"] - notice["height"] >= 8 and inside == "avoid"


def test_reasons_of_claims_are_not_cut_off_in_a_wide_window(sample_pack: WrittenPack, page: Any) -> None:
    phone_size = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((sample_pack.folder / "claims.html").as_uri())
    cut = page.eval_on_selector_all(".scroll", "all => all.filter(e => e.scrollWidth > e.clientWidth).length")
    count = page.locator(".claims").count()
    page.set_viewport_size(phone_size)
    assert count > 3 and cut == 0


def test_the_title_of_a_wide_table_is_not_cut_off(sample_pack: WrittenPack, page: Any) -> None:
    """A title stays in the window even if its table is wider."""
    page.goto((sample_pack.folder / "trail" / "offences.html").as_uri())
    page.evaluate("document.querySelectorAll('.scroll').forEach(e => { e.scrollLeft = 150 })")
    cut = "all => all.filter(c => { const r = c.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth }).length"
    assert page.locator("caption").count() > 1 and page.eval_on_selector_all("caption", cut) == 0


def test_pictures_are_drawn(sample_pack: WrittenPack, page: Any) -> None:
    page.goto((sample_pack.folder / f"{sample_pack.pack.pages[0].slug}.html").as_uri())
    drawn = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(drawn) == len(sample_pack.pack.pages[0].charts) and all(drawn)


BIG_FONT = """() => document.querySelectorAll('text').forEach(t => t.style.fontFamily = "'DejaVu Sans', Verdana, sans-serif")"""
"""A fifth wider than Arial, as on a machine without it."""
CLIPPED = """() => [...document.querySelectorAll('svg[data-file]')].flatMap(s => { const all = s.getBoundingClientRect();
  return [...s.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()])
    .filter(([t, b]) => t && (b.left < all.left || b.right > all.right || b.top < all.top || b.bottom > all.bottom))
    .map(([t]) => [s.dataset.file, t]) })"""
REFLOWED = """() => [...document.querySelectorAll('.picture img')].map(i => [i.currentSrc, i.clientWidth / i.naturalWidth])"""


def test_no_label_of_a_chart_is_clipped_where_arial_is_missing(sample_pack: WrittenPack, page: Any, tmp_path: Path) -> None:
    """All charts are put on one page."""
    charts = {p.name: p.read_text(encoding="utf-8") for p in sorted((sample_pack.folder / "charts").glob("*.svg"))}
    inline = [f"<svg data-file='{name}' {text[text.index('<svg') + 5 :]}" for name, text in charts.items()]
    (tmp_path / "charts.html").write_text(f"<!doctype html><meta charset='utf-8'>{''.join(inline)}", encoding="utf-8")
    page.goto((tmp_path / "charts.html").as_uri())
    page.evaluate(BIG_FONT)
    assert page.locator("svg[data-file]").count() == len(charts) > 50
    assert page.locator("svg[data-file] text").count() > len(charts)
    assert page.evaluate(CLIPPED) == []


def test_charts_reflow_on_a_telephone(sample_pack: WrittenPack, page: Any) -> None:
    """They are drawn for the narrow width, not scaled down until nobody can read them."""
    for pack_page in (p for p in sample_pack.pack.pages if p.charts):
        page.goto((sample_pack.folder / f"{pack_page.slug}.html").as_uri())
        for source, scale in page.evaluate(REFLOWED):
            assert source.endswith("-narrow.svg") and 0.9 < scale <= 1, source


def test_a_network_request_is_recorded(page: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<img src='https://example.org/x.png'>", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.asked == ["https://example.org/x.png"]
