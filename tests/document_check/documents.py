"""Word documents for the tests: tables of an edition, sentences and content controls."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duckdb
import pytest
from docx import Document
from docx.document import Document as Doc
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from office import OFFICE, WITHOUT, convert

from dagster_project.core.home import Home
from dagster_project.document_check import CheckedDocument, EditionFigures, check_document, read_edition_figures

EDITION = "2026-03"


def check(home: Home, path: Path) -> CheckedDocument:
    """Check a document against a home's published night."""
    _, figures = read_figures(home.warehouse.resolve())
    return check_document(path, figures)


@cache
def read_figures(warehouse: Path) -> tuple[duckdb.DuckDBPyConnection, EditionFigures]:
    """A published file, which stays open, and the figures of its edition. They are read once: it takes longer than a check."""
    con = duckdb.connect()
    con.execute(f"attach '{warehouse}' as night (read_only)")
    con.execute("use night")
    return con, read_edition_figures(con, EDITION)


def check_text(home: Home, folder: Path, text: str) -> CheckedDocument:
    """The same for a text."""
    path = folder / "document.txt"
    path.write_text(text, encoding="utf-8")
    return check(home, path)


def printed_tables(home: Home) -> list[tuple[str, list[list[str]]]]:
    """The title of each table of the edition, and its rows with their labels."""
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        cells = con.execute(
            "select table_no, title, rows_are, row_no, row_label, column_no, column_label, printed from reports.cells"
            " join reports.tables using (edition, table_name) where edition = ? order by table_no, row_no, column_no",
            [EDITION],
        ).fetchall()
    tables: dict[int, tuple[str, list[list[str]]]] = {}
    for number, title, rows_are, row_no, row_label, column_no, column_label, printed in cells:
        _, rows = tables.setdefault(number, (title, [[rows_are]]))
        if row_no == 1:
            rows[0].append(column_label)
        if column_no == 1:
            rows.append([row_label])
        rows[-1].append(printed)
    return list(tables.values())


def make_word(tables: Iterable[tuple[str, list[list[str]]]] = (), sentences: Iterable[str] = ()) -> Doc:
    """A Word document of sentences and of tables with a caption each."""
    document = Document()
    for sentence in sentences:
        document.add_paragraph(sentence)
    for number, (title, rows) in enumerate(tables, start=1):
        document.add_paragraph(f"Table {number}: {title}")
        table = document.add_table(len(rows), len(rows[0]))
        for r, row in enumerate(rows):
            for cell, text in zip(table.rows[r].cells, row, strict=True):
                cell.text = text
    return document


def control(tag: str, text: str) -> str:
    """An inline content control with a tag."""
    return (
        f"<w:sdt {nsdecls('w')}><w:sdtPr><w:tag w:val='{tag}'/></w:sdtPr>"
        f"<w:sdtContent><w:r><w:t>{text}</w:t></w:r></w:sdtContent></w:sdt>"
    )


def add_bound_figure(document: Doc, before: str, tag: str, text: str, after: str) -> None:
    """Add a paragraph that contains a bound figure."""
    paragraph = document.add_paragraph(before)
    paragraph._p.append(parse_xml(control(tag, text)))
    paragraph.add_run(after)


def resave(path: Path, folder: Path, form: str = "docx") -> Path:
    """The document, saved again by LibreOffice."""
    if OFFICE is None:
        pytest.skip(WITHOUT)
    return convert(path, folder / "resaved", form)
