"""The pages in a browser: no failure of WCAG 2.2 AA, nothing asked of a network, nothing wider than a small window.

axe-core looks at each page, at a telephone's width. `PAM_AXE=all` has it look at everything of everything. In the suite it
opens what can be opened on the pages of the small pack alone, measures colours on those and on the sample's shortest, since
one style sheet has them all, and looks at some trails, since one template has them all.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Made

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TRAILS = ("offences", "public_health")
SHORT = ("index", "manage-offenders")
EVERYTHING = os.environ.get("PAM_AXE") == "all"
OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: `apt-get install chromium` has one")


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page of a browser without a network; what it asks of one is in `page.asked`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        one = browser.new_page(viewport={"width": 360, "height": 800})
        one.asked = []
        one.route(
            lambda url: not url.startswith("file://"),
            lambda route: (one.asked.append(route.request.url), route.abort()),
        )
        yield one
        browser.close()


def looked_at(folder: Path) -> list[Path]:
    trails = sorted((folder / "trail").glob("*.html"))
    if not EVERYTHING:
        trails = [t for t in trails if t.stem in TRAILS] or trails[:1]
    return [*sorted(folder.glob("*.html")), *trails]


def test_no_page_fails_wcag_or_asks_the_network(made: Made, page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    failures = []
    for path in looked_at(made.folder):
        page.goto(path.as_uri())
        whole = EVERYTHING or not made.pack.is_sample
        if whole:
            page.evaluate(OPEN)
        assert not page.evaluate(WIDE), f"{path.name} is wider than its window"
        options = {"runOnly": {"type": "tag", "values": AA}, "resultTypes": ["violations"],
                   "rules": {"color-contrast": {"enabled": whole or path.stem in SHORT}}}  # fmt: skip
        found = Axe().run(page, options=options)
        failures += [(path.name, v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]]
    assert failures == []
    assert page.asked == []


def test_pictures_are_drawn(sample: Made, page: Any) -> None:
    page.goto((sample.folder / f"{sample.pack.pages[0].slug}.html").as_uri())
    drawn = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert len(drawn) == len(sample.pack.pages[0].charts) and all(drawn)


def test_a_request_would_be_seen(page: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<img src='https://example.org/x.png'>", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.asked == ["https://example.org/x.png"]
