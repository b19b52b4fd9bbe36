"""The Word template of a document: the force's own, or our plain one, `templates/report.docx`.

A force's template sets page, header, footer and styles. A style that it lacks is copied from ours.
"""

import io
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.parts.numbering import NumberingPart

from dagster_project.core.errors import PamError

from .refreshable_figures import NAMESPACE

OURS = Path(__file__).parent / "templates" / "report.docx"
NUMBERED, CHECK, NOTE, NOTICE, PLACEHOLDER = "Numbered paragraph", "Check", "Table note", "Notice", "Placeholder"
TABLE, TABLE_HEADING, TABLE_TEXT, TABLE_FIGURE = "Report table", "Table heading", "Table text", "Table figure"
STYLES = (
    "Title", "Heading 1", "Heading 2", "Heading 3", "Caption", "Header", "Footer", "List Bullet", NUMBERED, CHECK, NOTE, NOTICE,
    PLACEHOLDER, TABLE_TEXT, TABLE_HEADING, TABLE_FIGURE, TABLE,
)  # fmt: skip
"""The styles that a document uses."""


class WordTemplateError(PamError, ValueError):
    """A file can't be used as a template. The message names it."""


def open_template(path: Path | None = None) -> Doc:
    """A document made from a template (.docx or .dotx) with all of STYLES. Raises WordTemplateError."""
    if path is None:
        return Document(str(OURS))
    try:
        document = io.BytesIO()
        copy_zip(path, document, _as_document)
        doc = Document(document)
    except OSError as error:
        raise WordTemplateError(f"the template {path} can't be read: {error.strerror or error}") from error
    except Exception as error:
        # python-docx raises many kinds of error for a broken file.
        raise WordTemplateError(f"the template {path} is not a Word document (.docx or .dotx): {error}") from error
    if any(NAMESPACE.encode() in rel.target_part.blob for rel in doc.part.rels.values() if rel.reltype == RT.CUSTOM_XML):
        raise WordTemplateError(
            f"the template {path} is a report that was made by pam report: give the template, without its text"
        )
    _copy_styles(doc, Document(str(OURS)))
    return doc


def copy_zip(
    old: Any, new: Any, change: Callable[[str, bytes], bytes], time: tuple[int, int, int, int, int, int] | None = None
) -> None:
    """Copy a zip file. `change` returns the new bytes of a part; `time`: the time of all parts, else each keeps its own."""
    with zipfile.ZipFile(old) as before, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as after:
        for item in before.infolist():
            copy = zipfile.ZipInfo(item.filename, time or item.date_time)
            after.writestr(copy, change(item.filename, before.read(item)), zipfile.ZIP_DEFLATED)


def _as_document(name: str, data: bytes) -> bytes:
    """A part of a template as that of a document: python-docx opens no .dotx."""
    is_types = name == "[Content_Types].xml"
    return data.replace(b"wordprocessingml.template.main+xml", b"wordprocessingml.document.main+xml") if is_types else data


def _copy_styles(doc: Doc, ours: Doc) -> None:
    """Copy the styles that a document lacks, with their lists."""
    known = {s.name for s in doc.styles}
    if missing := [name for name in STYLES if name not in known]:
        numbers = _copy_lists(doc, ours)
        for name in missing:
            style = deepcopy(ours.styles[name].element)
            for number in style.iter(qn("w:numId")):
                number.set(qn("w:val"), numbers[number.get(qn("w:val"))])
            doc.styles.element.append(style)
        if NUMBERED in missing and (pPr := doc.styles["Heading 1"].element.get_or_add_pPr()).numPr is None:
            # Paragraphs are numbered 2.1 where their heading is numbered 2.
            pPr.get_or_add_numPr().get_or_add_numId().val = int(numbers["1"])


def _copy_lists(doc: Doc, ours: Doc) -> dict[str, str]:
    """Copy our lists into a document. Returns the number that each of our lists, by its number, has there."""
    package: Any = doc.part.package
    part: Any = next((r.target_part for r in doc.part.rels.values() if r.reltype == RT.NUMBERING), None)
    if part is None:
        # python-docx can't create one.
        part = NumberingPart(PackURI("/word/numbering.xml"), CT.WML_NUMBERING, OxmlElement("w:numbering"), package)
        doc.part.relate_to(part, RT.NUMBERING)
    lists = part.element
    used_ids = [int(n) for n in (*lists.xpath("w:num/@w:numId"), *lists.xpath("w:abstractNum/@w:abstractNumId"))]
    first = max(used_ids, default=0) + 1
    numbers = {}
    kinds = lists.findall(qn("w:abstractNum"))
    for kind in ours.part.numbering_part.element.findall(qn("w:abstractNum")):
        list_id = kind.get(qn("w:abstractNumId"))
        numbers[list_id] = str(first + int(list_id))
        copy = deepcopy(kind)
        copy.set(qn("w:abstractNumId"), numbers[list_id])
        # The schema has abstractNum elements before num elements.
        if kinds:
            kinds[-1].addnext(copy)
        else:
            lists.insert(0, copy)
        kinds.append(copy)
        lists.add_num(int(numbers[list_id])).numId = int(numbers[list_id])
    return numbers
