"""Takes pictures of the sample: those of docs/how-to/ten-questions.md, the dashboard's first page and a page of the report.

    .venv/bin/python tests/reporting/dashboard/pictures.py

Run it after the pages or the sample change: `test_pictures.py` fails then. Each picture says that its figures are made up, and
stores the words that it shows, so that the test can compare them.
"""

import base64
import re
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

TESTS = Path(__file__).parents[2]
FOLDER = TESTS.parent / "docs" / "images"
WIDTH, EDGE = 900, 10
"""The width of the window, and of the white edge around a picture, in pixels."""
SAMPLE = "Sample: all figures are made up."
NIGHT = re.compile(r"\d{8}T\d{6}Z(-[0-9a-f]+)?")
OFFENCES, SEARCHES = {"mart": "mart_drug_offences"}, {"mart": "mart_stop_search", "measure": "drug_searches"}
SIDES = [f"mart_stop_search/drug_{m}/all/force/derbyshire" for m in ("searches", "finds")]
PEOPLE = {"amber-valley": 126200, "chesterfield": 103600, "dales": 71500, "erewash": 112900, "high-peak": 90900}
"""Made up, for rates."""


@dataclass(frozen=True)
class Picture:
    """How to take the picture of an answer: the selections, the element, the parts to leave out, and the element to press."""

    picked: dict[str, Any]
    element: str
    without: str = ""
    press: str = ""


PICTURES = (
    Picture({}, "#overview-view", "#overview-view form, #overview-details, .cards li:nth-child(n + 7)"),
    Picture({}, ".cards li:has(a[href*='measure=possession_offences'])"),
    Picture(SEARCHES, "#measure-view", "#measure-view form, #measure-view section, #measure-view .tools"),
    Picture({**OFFENCES, "show": "years"}, "#main-chart"),
    Picture({**OFFENCES, "show": "stacked"}, "#main-chart"),
    Picture({**OFFENCES, "measure": "trafficking_offences", "rate": "yes"}, "#area-chart", "#map, figure:has(#map)"),
    Picture({**OFFENCES, "measure": "trafficking_offences", "show": "units"}, "#main-chart"),
    Picture({"view": "compare", "m": SIDES}, "#tiles"),
    Picture({**OFFENCES, "kind": "financial_year_to_date"}, "#evidence", press="#headline button"),
    Picture({**OFFENCES, "measure": "trafficking_offences"}, "figure:has(#trend)"),
)


REPORT_PAGE = Path("report") / "2026-03" / "disrupt-the-supply-of-drugs.html"
"""The page of the report that the README shows, in a published folder."""


def path(number: int) -> Path:
    """The picture of a question, counted from 1."""
    return FOLDER / f"question-{number}.png"


def show(page: Any, picture: Picture) -> Any:
    """Prepare an open page for a picture. Returns the element to take."""
    page.set_viewport_size({"width": WIDTH, "height": 1600})
    page.evaluate("Promise.all([...drawnCharts.keys()].filter((h) => h.offsetParent).map((h) => draw(h)))")
    if picture.press:
        page.locator(picture.press).press("Enter")
        page.wait_for_selector(f"{picture.element}[open]")
    page.evaluate(
        "([element, without, note]) => {"
        " if (without) document.querySelectorAll(without).forEach((e) => e.remove());"
        " document.querySelector(element).append(Object.assign(document.createElement('strong'), { textContent: note })); }",
        [picture.element, picture.without, SAMPLE],
    )
    return page.locator(picture.element)


def words(element: Any) -> str:
    """The text of an element and its charts, without the ids of nights and loads."""
    return NIGHT.sub("ID", " ".join(element.evaluate("e => e.textContent").split()))


def read_words(file: Path) -> str:
    """The words that a picture stores."""
    data, at = file.read_bytes(), 8
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"iTXt":
            return zlib.decompress(data[at + 8 : at + 8 + length].partition(b"\0\1\0\0\0")[2]).decode("utf-8")
        at += length + 12
    raise ValueError(f"{file.name} holds no words")


def encode_png(page: Any, png: bytes, description: str) -> bytes:
    """A picture as a small PNG of at most 256 colours, with its words. `page` is any page: its browser decodes the picture."""
    encoded = page.evaluate(
        "async (text) => { const image = new Image(); image.src = `data:image/png;base64,${text}`; await image.decode();"
        " const canvas = new OffscreenCanvas(image.width, image.height), drawn = canvas.getContext('2d');"
        " drawn.drawImage(image, 0, 0); const { data } = drawn.getImageData(0, 0, image.width, image.height); let bytes = '';"
        " for (let n = 0; n < data.length; n += 32768) bytes += String.fromCharCode(...data.subarray(n, n + 32768));"
        " return [image.width, image.height, btoa(bytes)]; }",
        base64.b64encode(png).decode(),
    )
    width, height, text = encoded
    pixels = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height * width, 4)[:, :3]
    colours, which, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    # The most common colours stay. The others, from the edges of letters, become the nearest of those.
    kept = colours[np.argsort(-counts, kind="stable")[:256]].astype(int)
    nearest = np.array([((kept - colour) ** 2).sum(axis=1).argmin() for colour in colours], np.uint8)
    rows = np.pad(nearest[which.ravel()].reshape(height, width), ((0, 0), (1, 0))).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + b"".join([
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)), chunk(b"PLTE", kept.astype(np.uint8).tobytes()),
        chunk(b"iTXt", b"Description\0\1\0\0\0" + zlib.compress(description.encode("utf-8"), 9)),
        chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b""),
    ])  # fmt: skip


def take(page: Any, open_it: Callable[..., Any]) -> None:
    """Take all pictures of the dashboard. `open_it(**picked)` opens the page with the selections."""
    for number, picture in enumerate(PICTURES, 1):
        open_it(**picture.picked)
        element = show(page, picture)
        text = words(element)
        at, edge = element.bounding_box(), 0 if picture.press else EDGE
        size = {side: at[side] + 2 * edge for side in ("width", "height")}
        clip = {"x": at["x"] - edge, "y": at["y"] - edge, **size}
        path(number).write_bytes(encode_png(page, page.screenshot(full_page=True, clip=clip), text))
        print(path(number).name, path(number).stat().st_size)
    open_it()
    page.set_viewport_size({"width": 1280, "height": 1250})
    page.wait_for_timeout(1000)
    (FOLDER / "dashboard.png").write_bytes(encode_png(page, page.screenshot(), "The first page of the sample's dashboard"))


def show_report(page: Any, published: Path) -> str:
    """Open the page of the report. Returns its words."""
    page.set_viewport_size({"width": 1280, "height": 1340})
    page.goto((published / REPORT_PAGE).as_uri())
    return words(page.locator("main"))


def take_report(page: Any, published: Path) -> None:
    text = show_report(page, published)
    page.wait_for_timeout(1000)
    (FOLDER / "report-page.png").write_bytes(encode_png(page, page.screenshot(), text))


def main() -> None:
    """Make the sample's night and its dashboard, and take the pictures."""
    sys.path[:0] = [str(TESTS), str(TESTS.parent)]
    from offline_browser import BROWSER
    from playwright.sync_api import sync_playwright
    from support import publish_night

    from dagster_project.core.home import Home, be_quiet
    from dagster_project.core.made_up_home import SAMPLE_MARK
    from dagster_project.reporting.dashboard import write
    from dagster_project.sample import write_sample
    from dagster_project.serving import connect

    be_quiet()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        home, out = Home(Path(folder) / "home").create(), Path(folder) / "dashboard"
        write_sample(home.inbox)
        publish_night(home)
        write_people(home.seeds)
        (home.path / SAMPLE_MARK).touch()
        with connect(home) as con:
            write(con, out, home)
        page = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"]).new_page()

        def open_it(**picked: Any) -> None:
            page.goto("about:blank")
            page.goto(f"{(out / 'index.html').as_uri()}#{urlencode(picked, doseq=True)}")
            page.wait_for_function("document.getElementById('announcement').textContent !== ''")

        take(page, open_it)
        take_report(page, home.published)


def write_people(seeds: Path) -> None:
    """A made-up list of people, by unit, in a home's lists."""
    seeds.mkdir(exist_ok=True)
    rows = "".join(f"derbyshire,lpu,{code},{people},made up\n" for code, people in PEOPLE.items())
    (seeds / "population.csv").write_text(f"force_code,area_type,area_code,population,as_of\n{rows}", encoding="utf-8")


if __name__ == "__main__":
    main()
