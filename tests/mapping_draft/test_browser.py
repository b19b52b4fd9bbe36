"""`pam map --browser` in a real browser: choose, preview and save by keyboard, with no accessibility fault that axe finds."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from offline_browser import BROWSER, WIDE, WITHOUT, failures, open_browser

from dagster_project.core.home import Home
from dagster_project.mapping_draft.browser import LONGEST_FORM, DraftPage, DraftState

from .systems import AREAS, SYSTEMS, write

TIMEOUT_MS = 90_000
"""How long the figures may take on a busy machine."""


@dataclass(frozen=True)
class Served:
    """A running page: its address, and the file that it saves."""

    address: str
    out: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("page")
    home = Home(folder / "home").create()
    home.seeds.mkdir(exist_ok=True)
    (home.seeds / "areas.csv").write_text(AREAS, encoding="utf-8")
    path = write(next(s for s in SYSTEMS if s.extract == "drug_tests"), folder)
    out = folder / "custody.yml"
    # With --extract: to find out the extract takes several times as long as the rest, at every response.
    options = ["--extract", "drug_tests", "--out", out, "--home", home.path]
    command = [sys.executable, "-m", "dagster_project", "map", path, "--browser", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        assert process.stdout is not None
        yield Served(process.stdout.readline().strip(), out)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def status_of(address: str, data: bytes | None = None, **headers: str) -> int:
    """The HTTP status of the response to a request."""
    request = urllib.request.Request(address, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def test_only_the_page_itself_may_get_and_post(served: Served) -> None:
    start, _, rest = served.address.removesuffix("/").rpartition("/")
    assert start.startswith("http://127.0.0.1:") and len(rest) >= 32
    assert status_of(served.address) == 200
    assert status_of(f"{start}/") == 404 and status_of(f"{start}/{'x' * 32}/") == 404
    assert status_of(served.address, Host="elsewhere.example") == 403
    assert status_of(served.address, Origin="http://elsewhere.example") == 403
    assert status_of(served.address, b"do=save") == 403
    assert status_of(served.address, b"do=save", Origin="http://elsewhere.example") == 403
    assert status_of(served.address, b"do=save", Origin="null") == 403
    assert status_of(served.address, b"x" * (LONGEST_FORM + 1), Origin=start) == 413
    assert not served.out.exists()


def test_the_page_says_first_that_the_file_would_be_held_and_what_is_left_to_choose(tmp_path: Path) -> None:
    """It said so only above the rows, below `Saved`."""
    home = Home(tmp_path / "home").create()
    path = tmp_path / "custody.csv"
    rows = [f"CU{n},{1 + n % 28:02d}/10/2025,Theft,Q{n % 3}" for n in range(60)]
    path.write_text("\n".join(["Custody No,Arrest Date,Offence,Test Outcome", *rows]), encoding="utf-8")
    page = DraftPage(home, path, tmp_path / "custody.yml", "drug_tests", None)

    def top(form: dict[str, str]) -> str:
        """The page down to its first list."""
        return bytes(page._answer(form, DraftState(), with_figures=False).body).decode().partition('id="file-heading"')[0]

    first = top({})
    assert "choose it under Whose it is" in first and "--force" not in first and "would be held" not in first
    saved = top({"extract": "drug_tests", "force": "derbyshire", "do": "save"})
    assert "<h2>Saved</h2>" in saved and "<h2>The file would be held</h2>" in saved
    assert "The lines with <code># ?</code> in" in saved
    path.with_name("custody.csv.manifest.json").write_text('{"rows": 3}', encoding="utf-8")
    assert "<h2>The file would be refused</h2>" in top({"extract": "drug_tests", "force": "derbyshire"})


def test_the_page_shows_no_marks_of_another_format(tmp_path: Path) -> None:
    path = tmp_path / "crimes.csv"
    path.write_text("Crime Ref,Date Recorded,HO Class\nA1,13/04/2025,92E\n", encoding="utf-8")
    page = DraftPage(Home(tmp_path / "home").create(), path, tmp_path / "crimes.yml", "crimes", "derbyshire")
    text = bytes(page._answer({}, DraftState(), with_figures=False).body).decode()
    assert "Home Office offence code, 92D/1 or 92D, or" in text


@pytest.mark.skipif(BROWSER is None, reason=WITHOUT)
def test_person_chooses_previews_and_saves(served: Served) -> None:
    page_root = served.address.rpartition("/")[0].rpartition("/")[0]
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 800})
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(served.address)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            assert failures(page) == [] and not page.evaluate(WIDE)
        assert "CU/0" not in page.content() and "Madeup" not in page.content()
        assert page.get_by_role("link", name="Skip to main content").count() == 1

        # By keyboard: the undecided code, its meaning, then the button.
        code = page.get_by_label("MSD")
        code.focus()
        page.keyboard.type("Mis")
        page.get_by_label("POS").first.select_option("Positive")
        page.get_by_label("POS").last.select_option("Positive")
        button = page.get_by_role("button", name="Show rows and figures")
        button.focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="The result", exact=True).wait_for()
        assert failures(page) == [] and not page.evaluate(WIDE)
        assert page.get_by_role("row", name="Tests completed").count() == 1
        assert page.get_by_text("Left for you to decide").count() == 0
        assert page.get_by_text("400 land, 0 in quarantine").count() == 1
        assert page.get_by_role("row", name="Test rate 84.8% (partial)").count() == 1
        heights = page.locator("#rows ~ .scroll tbody tr").evaluate_all("rows => rows.map(r => r.offsetHeight)")
        assert len(heights) == 20 and max(heights) < 2 * min(heights), "no date is broken over lines"
        assert "CU/0" not in page.content() and "Madeup" not in page.content()

        page.get_by_label("missed_reason").select_option("")
        page.get_by_role("button", name="Save the mapping").press("Enter")
        page.get_by_role("status").wait_for()
        assert failures(page) == [] and page.title().startswith("Saved")
        assert "Put it in the home's mappings folder" in page.get_by_role("status").inner_text()
        page.get_by_label("missed_reason").select_option("No Test Reason")
        page.get_by_role("button", name="Save the mapping").press("Enter")
        page.wait_for_function("document.getElementById('column-missed_reason').value === 'No Test Reason'")
        assert page.get_by_role("alert").count() == 0
        served.out.write_text(served.out.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
        page.get_by_role("button", name="Save the mapping").press("Enter")
        page.get_by_role("alert").wait_for()
    assert all(url.startswith(page_root) or url.startswith("data:") for url in requested), requested
    written = served.out.read_text(encoding="utf-8")
    mapping = yaml.safe_load(written)
    assert written.endswith("# mine\n") and mapping["headers"]["missed_reason"] == "No Test Reason"
    assert mapping["values"]["test_status"]["MSD"] == "Missed" and mapping["values"]["cocaine"]["POS"] == "Positive"
