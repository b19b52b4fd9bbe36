"""The pages in a browser: no failure of WCAG 2.2 AA, nothing asked of a network, nothing wider than a small window.

axe-core looks at each page, at a telephone's width. `--long` has it look at everything of everything. In the suite it
opens what can be opened on the pages of the small pack alone, and of the sample's it looks at those that are not one template
with another's, and at the width of all; it measures colours on the small pack's and the sample's shortest, since one style
sheet has them all.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from how_often import IS_LONG
from offline_browser import BROWSER, WIDE, WITHOUT, failures, offline_page

from .conftest import Made

TRAILS = ("offences", "public_health")
SHORT = ("index", "manage-offenders")
OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"

pytestmark = pytest.mark.skipif(BROWSER is None, reason=WITHOUT)


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """A page of a browser without a network; what it asks of one is in `page.asked`."""
    with offline_page(browser) as one:
        yield one


def looked_at(folder: Path) -> list[Path]:
    trails = sorted((folder / "trail").glob("*.html"))
    if not IS_LONG:
        trails = [t for t in trails if t.stem in TRAILS] or trails[:1]
    return [*sorted(folder.glob("*.html")), *trails]


def test_no_page_fails_wcag_or_asks_the_network(made: Made, page: Any) -> None:
    found = []
    alike = {p.slug for p in made.pack.pages if p.slug not in SHORT}
    for path in looked_at(made.folder):
        page.goto(path.as_uri())
        whole = IS_LONG or not made.pack.is_sample
        if whole:
            page.evaluate(OPEN)
        assert not page.evaluate(WIDE), f"{path.name} is wider than its window"
        if not whole and path.parent == made.folder and path.stem in alike:
            continue
        rule = {"enabled": whole or path.stem in SHORT}
        found += [(path.name, *f) for f in failures(page, **{"color-contrast": rule})]
    assert found == []
    assert page.asked == []


def test_a_command_is_broken_between_its_options_alone(sample: Made, page: Any) -> None:
    telephone = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((sample.folder / "trail" / "offences.html").as_uri())
    heights = page.eval_on_selector_all(".claims code span:last-child", "all => all.map((e) => e.getClientRects()[0].height)")
    page.set_viewport_size(telephone)
    assert len(heights) == 12 and max(heights) == min(heights), "--edition 2026-03"


def test_a_narrow_window_prints_the_wide_charts(sample: Made, page: Any) -> None:
    names = []
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        page.goto((sample.folder / "disrupt-the-supply-of-drugs.html").as_uri())
        names.append(page.locator("picture img").first.evaluate("e => e.currentSrc").rpartition("/")[2])
    page.emulate_media(media="screen")
    assert names == ["stop_search-trend-narrow.svg", "stop_search-trend.svg"]


def test_the_sample_notice_keeps_off_the_title_in_print(sample: Made, page: Any) -> None:
    page.emulate_media(media="print")
    page.goto((sample.folder / "index.html").as_uri())
    notice, title = (page.locator(tag).first.bounding_box() for tag in (".sample", "h1"))
    inside = page.locator("h2").first.evaluate("e => getComputedStyle(e).breakInside")
    page.emulate_media(media="screen")
    assert title["y"] - notice["y"] - notice["height"] >= 8 and inside == "avoid"


def test_the_reasons_of_claims_are_seen_whole_in_a_wide_window(sample: Made, page: Any) -> None:
    telephone = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((sample.folder / "claims.html").as_uri())
    cut = page.eval_on_selector_all(".scroll", "all => all.filter(e => e.scrollWidth > e.clientWidth).length")
    count = page.locator(".claims").count()
    page.set_viewport_size(telephone)
    assert count > 3 and cut == 0


def test_a_title_of_a_wide_table_is_seen_whole(sample: Made, page: Any) -> None:
    """Where a table is wider than the window, its title is not."""
    page.goto((sample.folder / "trail" / "offences.html").as_uri())
    page.evaluate("document.querySelectorAll('.scroll').forEach(e => { e.scrollLeft = 150 })")
    cut = "all => all.filter(c => { const r = c.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth }).length"
    assert page.locator("caption").count() > 1 and page.eval_on_selector_all("caption", cut) == 0


def test_pictures_are_drawn(sample: Made, page: Any) -> None:
    page.goto((sample.folder / f"{sample.pack.pages[0].slug}.html").as_uri())
    drawn = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(drawn) == len(sample.pack.pages[0].charts) and all(drawn)


TYPEFACE = """() => document.querySelectorAll('text').forEach(t => t.style.fontFamily = "'DejaVu Sans', Verdana, sans-serif")"""
"""Wider than Arial by a fifth, as where Arial is missing."""
CLIPPED = """() => [...document.querySelectorAll('svg[data-file]')].flatMap(s => { const all = s.getBoundingClientRect();
  return [...s.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()])
    .filter(([t, b]) => t && (b.left < all.left || b.right > all.right || b.top < all.top || b.bottom > all.bottom))
    .map(([t]) => [s.dataset.file, t]) })"""
REFLOWED = """() => [...document.querySelectorAll('.picture img')].map(i => [i.currentSrc, i.clientWidth / i.naturalWidth])"""


def test_no_label_of_a_chart_is_clipped_where_arial_is_missing(sample: Made, page: Any, tmp_path: Path) -> None:
    """All of them on one page."""
    charts = {p.name: p.read_text(encoding="utf-8") for p in sorted((sample.folder / "charts").glob("*.svg"))}
    inline = [f"<svg data-file='{name}' {text[text.index('<svg') + 5 :]}" for name, text in charts.items()]
    (tmp_path / "charts.html").write_text(f"<!doctype html><meta charset='utf-8'>{''.join(inline)}", encoding="utf-8")
    page.goto((tmp_path / "charts.html").as_uri())
    page.evaluate(TYPEFACE)
    assert page.locator("svg[data-file]").count() == len(charts) > 50
    assert page.locator("svg[data-file] text").count() > len(charts)
    assert page.evaluate(CLIPPED) == []


def test_charts_reflow_on_a_telephone(sample: Made, page: Any) -> None:
    """Drawn again for its width, not made smaller until nobody can read them."""
    for one in (p for p in sample.pack.pages if p.charts):
        page.goto((sample.folder / f"{one.slug}.html").as_uri())
        for source, scale in page.evaluate(REFLOWED):
            assert source.endswith("-narrow.svg") and 0.9 < scale <= 1, source


def test_a_request_would_be_seen(page: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<img src='https://example.org/x.png'>", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.asked == ["https://example.org/x.png"]
