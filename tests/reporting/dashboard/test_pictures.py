"""The pictures in the documents show the current dashboard and report."""

from pathlib import Path
from typing import Any

import pytest

from dagster_project.core.home import PROJECT, Home
from dagster_project.core.made_up_home import SAMPLE_MARK
from dagster_project.reporting.dashboard import write
from dagster_project.serving import connect

from . import pictures


@pytest.fixture(scope="module")
def dashboard_with_people(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out, home = tmp_path_factory.mktemp("pictured") / "out", Home(tmp_path_factory.mktemp("people"))
    pictures.write_people(home.seeds)
    (home.path / SAMPLE_MARK).touch()
    with connect(sample_home) as con:
        write(con, out, home)
    return out


def test_each_picture_is_marked_as_sample_and_has_the_words_of_its_page(opened: Any, dashboard_with_people: Path) -> None:
    saved, shown = [], []
    for number, picture in enumerate(pictures.PICTURES, 1):
        element = pictures.show(opened(dashboard_with_people, **picture.picked), picture)
        shown.append(pictures.words(element))
        saved.append(pictures.read_words(pictures.path(number)))
    assert all(pictures.SAMPLE in words for words in saved)
    assert saved == shown, "run `.venv/bin/python tests/reporting/dashboard/pictures.py`, look at docs/images, and commit them"


def test_the_picture_of_the_report_has_the_words_of_its_page(browser: Any, sample_home: Home) -> None:
    page = browser.new_page()
    shown = pictures.show_report(page, sample_home.published)
    page.close()
    saved = pictures.read_words(pictures.FOLDER / "report-page.png")
    assert saved == shown, "run `.venv/bin/python tests/reporting/dashboard/pictures.py`, look at docs/images, and commit them"


def test_every_question_has_a_small_picture() -> None:
    page = (PROJECT / "docs" / "how-to" / "ten-questions.md").read_text(encoding="utf-8")
    names = sorted(p.name for p in pictures.FOLDER.glob("question-*.png"))
    assert names == sorted(pictures.path(n).name for n in range(1, 11)) and len(pictures.PICTURES) == 10
    assert all(f"(../images/{name})" in page for name in names)
    assert all((pictures.FOLDER / name).stat().st_size < 90_000 for name in names)
