"""Workbook and document by a process of their own: the same files, and none is lost with the process."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dagster_project.core.aside import Aside
from dagster_project.publishing.outputs import OFFICE
from dagster_project.reporting.pack.document_form import DocumentForm
from dagster_project.reporting.pack.model import Pack
from dagster_project.reporting.pack.word_template import WordTemplateError
from dagster_project.reporting.pack.write import _document, _workbook

from .conftest import Made


@pytest.fixture(scope="module")
def pack(sample: Made) -> Pack:
    """The sample's, without charts."""
    return replace(sample.pack, pages=tuple(replace(p, charts=()) for p in sample.pack.pages))


@pytest.fixture
def aside() -> Iterator[Aside]:
    aside = Aside()
    aside.get_ready(*OFFICE)
    yield aside
    aside.close()


def test_it_makes_the_same_files(aside: Aside, pack: Pack) -> None:
    begun = [(call, args, aside.begin(call, *args)) for call, args in
             ((_workbook, (pack,)), (_document, (pack, None, DocumentForm())))]  # fmt: skip
    for call, args, future in begun:
        assert future.result(300) == call(*args)
    assert aside._process and aside._process.poll() is None, "it was the process that made them"


def test_what_can_t_be_made_is_said_as_if_it_were_made_here(aside: Aside, pack: Pack, tmp_path: Path) -> None:
    path = tmp_path / "bad.docx"
    path.write_text("no document", encoding="utf-8")
    with pytest.raises(WordTemplateError, match=re.escape(str(path))):
        aside.begin(_document, pack, None, DocumentForm(template=path)).result(300)
    assert aside.begin(len, "and it goes on").result(300) == 14


def test_a_process_that_ends_costs_nothing(aside: Aside) -> None:
    assert aside._process
    aside._process.kill()
    assert aside.begin(len, "four").result(300) == 4 and aside._process is None


def test_it_ends_with_who_asks(aside: Aside) -> None:
    """Who is killed closes the pipe, and nothing else."""
    process = aside._process
    assert process and aside.begin(len, "four").result(300) == 4 and aside._pipe
    aside._pipe.close()
    assert process.wait(300) == 0
