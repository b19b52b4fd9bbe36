"""A document of the pack, read back: python-docx leaves out what stands in a content control."""

from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml.ns import qn

from dagster_project.reporting.pack import Pack, Table


def text_of(part: Any) -> str:
    """All the text of an element."""
    return "".join(t.text or "" for t in part.iter(qn("w:t")))


def rows_of(table: Any) -> list[list[str]]:
    """A document's table, as one reads it."""
    return [[text_of(cell._tc) for cell in row.cells] for row in table.rows]


def tables_of(path: Path, pack: Pack) -> list[tuple[Table, Any]]:
    """The tables of a pack, each with that of the document: those of the charts stand at the end."""
    own = [t for p in pack.pages for t in p.tables if t.kind != "chart"]
    own += [t for t in pack.tables if t.kind == "chart"]
    return list(zip(own, Document(str(path)).tables, strict=False))


def controls_of(part: Any) -> list[tuple[str, str, Any]]:
    """The bound controls of an element: tag, text, and the control."""
    return [
        (tag.get(qn("w:val")), text_of(control.find(qn("w:sdtContent"))), control)
        for control in part.iter(qn("w:sdt"))
        if (tag := control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")) is not None
    ]
