"""The sample's dashboard, opened in a browser from its folder, without a network."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from dagster_project.core.home import Home
from dagster_project.core.made_up_home import SAMPLE_MARK
from dagster_project.reporting.dashboard import write
from dagster_project.serving import connect


@pytest.fixture(scope="session")
def folder(sample_home: Home, made_once: Callable[..., Path]) -> Path:
    """The dashboard of the sample. Do not change it."""

    def make(folder: Path) -> None:
        (folder / SAMPLE_MARK).touch()
        with connect(sample_home) as con:
            write(con, folder / "out", Home(folder))

    return made_once("dashboard", make) / "out"


@pytest.fixture(scope="module")
def window(browser: Any) -> Iterator[Any]:
    """One window for all tests of a file: opening it takes longer than most of them. The page stores nothing. Files do not
    share it: one measures the memory of a browser with no other window."""
    with closing(browser.new_page()) as page:
        yield page


@pytest.fixture
def opened(window: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page from its folder with the selections in its address, at a width in pixels.

    At the end it checks that the page made no network request and had no error.
    """
    requests, errors = [], []
    page = window
    handlers = {
        "request": lambda request: requests.append(request.url),
        "console": lambda message: errors.append(message.text),
        "pageerror": lambda error: errors.append(str(error)),
    }
    for event, handler in handlers.items():
        page.on(event, handler)

    def call(where: Path = folder, width: int = 1280, **picked: Any) -> Any:
        page.goto("about:blank")
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{(where / 'index.html').as_uri()}#{urlencode(picked, doseq=True)}")
        page.wait_for_function("document.getElementById('announcement').textContent !== ''")
        return page

    yield call
    for event, handler in handlers.items():
        page.remove_listener(event, handler)
    assert requests and all(url.startswith(("file:", "data:", "blob:", "about:")) for url in requests)
    # axe requests the style sheets again, which the page's policy forbids too. One test deletes a file.
    assert [e for e in errors if not any(t in e for t in ("preload assets", "dashboard.css", "ERR_FILE_NOT_FOUND"))] == []


@pytest.fixture
def write_forces(folder: Path, tmp_path: Path) -> Callable[[int], Path]:
    """Writes the sample's dashboard as if that many forces had dropped its files."""

    def call(forces: int) -> Path:
        out = tmp_path / "forces"
        shutil.copytree(folder, out, ignore=shutil.ignore_patterns("derbyshire"))
        index = out / "data" / "index.js"
        index_data = json.loads(index.read_text(encoding="utf-8").partition(" = ")[2].rstrip(";\n"))
        (one,) = index_data["forces"]
        index_data["forces"] = [{**one, "code": f"force-{n}", "name": f"Force {n}"} for n in range(forces)]
        index_data["extracts"] = [{**e, "force_code": f["code"]} for f in index_data["forces"] for e in index_data["extracts"]]
        index.write_text(f"globalThis.pamIndex = {json.dumps(index_data)};", encoding="utf-8")
        for force in index_data["forces"]:
            for script in (folder / "data" / "derbyshire").glob("*.js"):
                text = script.read_text(encoding="utf-8").replace('["derbyshire/', f'["{force["code"]}/', 1)
                (out / "data" / force["code"]).mkdir(exist_ok=True)
                (out / "data" / force["code"] / script.name).write_text(text, encoding="utf-8")
        return out

    return call
