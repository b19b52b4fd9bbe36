"""Reads a pack's Word document: python-docx leaves out the text of content controls."""

from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from dagster_project.reporting.pack import Pack, Table


def text_of(part: Any) -> str:
    """All the text of an element."""
    return "".join(t.text or "" for t in part.iter(qn("w:t")))


def rows_of(table: Any) -> list[list[str]]:
    """The texts of a document's table."""
    return [[text_of(cell._tc) for cell in row.cells] for row in table.rows]


def tables_of(path: Path, pack: Pack) -> list[tuple[Table, Any]]:
    """Each table of a pack, with its table in the document. Those of charts are at the end."""
    tables = [t for p in pack.pages for t in p.tables if t.kind != "chart"]
    tables += [t for t in pack.tables if t.kind == "chart"]
    return list(zip(tables, Document(str(path)).tables, strict=False))


def controls_of(part: Any) -> list[tuple[str, str, Any]]:
    """The bound controls of an element: tag, text, and the control."""
    return [
        (tag.get(qn("w:val")), text_of(control.find(qn("w:sdtContent"))), control)
        for control in part.iter(qn("w:sdt"))
        if (tag := control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")) is not None
    ]
