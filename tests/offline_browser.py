"""A browser without a network, which records the requests of a page, and its check of WCAG 2.2 AA."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WITHOUT = "no Chromium here: `apt-get install chromium` has one"
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@contextmanager
def open_browser() -> Iterator[Any]:
    """A browser. While it is open, nothing else in this process may run an asyncio event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def offline_page(browser: Any) -> Iterator[Any]:
    """A page as wide as a telephone. The network requests that it made, and did not get, are in `page.asked`."""
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.asked = []
    page.route(
        lambda url: not url.startswith("file://"),
        lambda route: (page.asked.append(route.request.url), route.abort()),
    )
    yield page
    page.close()


def failures(page: Any, **rules: Any) -> list[tuple[str, str]]:
    """Accessibility rules that the open page breaks, each with the first element. `rules`: options of axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": AA}, "reporter": "no-passes", "rules": rules}
    return [(v["id"], v["nodes"][0]["html"]) for v in Axe().run(page, options=options).response["violations"]]
