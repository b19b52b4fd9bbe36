"""What python-docx lacks: content controls, fields, bookmarks, tables that mark their header row."""

import io
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from docx.document import Document as Doc
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt
from docx.table import Table
from docx.text.paragraph import Paragraph

from .refreshable_figures import LONGEST, PREFIXES, BoundText, DataPart, data_part_id, item_props, part_xml, tag_of, xpath_of
from .word_template import PLACEHOLDER, TABLE, TABLE_FIGURE, TABLE_HEADING, TABLE_TEXT, copy_zip

TALLEST = (Cm(6), Cm(9.5))
"""The largest height of a picture with one row of panels, and with more: two charts with their tables fit on a page."""
ONE_PAGE = 20
"""Rows of a table that stays on one page."""
TEXT_SIZE = 9
"""The font size of tables, in points; wide tables have a smaller one."""
EM = Pt(1) * 0.56
"""The width of a letter for each point of font size."""
TWIP = 635
"""A twentieth of a point, in EMU: documents have widths in whole ones."""

Text = str | BoundText
"""A text, which can be refreshed if it is bound."""


def make_element(name: str, /, **attributes: Any) -> Any:
    """An element of WordprocessingML; attributes are those of its namespace."""
    element = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), str(value))
    return element


def add_field(paragraph: Paragraph, code: str, shown: str) -> None:
    """Add a field, which shows a text until Word updates it."""
    field = make_element("fldSimple", instr=f" {code} ")
    field.append(paragraph.add_run(shown)._r)
    paragraph._p.append(field)


def add_bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Make a paragraph the target of links."""
    paragraph._p.get_or_add_pPr().addnext(make_element("bookmarkStart", id=number, name=name))
    paragraph._p.append(make_element("bookmarkEnd", id=number))


def add_link(paragraph: Paragraph, text: str, bookmark: str) -> None:
    link = make_element("hyperlink", anchor=bookmark, history=1)
    run = paragraph.add_run(text)
    run.font.underline = True
    link.append(run._r)
    paragraph._p.append(link)


def add_caption(doc: Doc, kind: str, number: int, text: str) -> None:
    """Add a caption, `Table 3: ...`, numbered by a field so that Word can list and renumber tables and charts."""
    caption = doc.add_paragraph(f"{kind} ", style="Caption")
    add_field(caption, f"SEQ {kind} \\* ARABIC", str(number))
    caption.add_run(f": {text}")


class Controls:
    """Adds content controls to a document, each with its own number."""

    def __init__(self, edition: str) -> None:
        self.edition, self.count = edition, 0

    def add_placeholder(self, paragraph: Paragraph, text: str, name: str) -> None:
        """Add a placeholder, which the author's words replace. `name`: what Word calls it."""
        self._wrap(paragraph, paragraph.add_run(text, style=PLACEHOLDER)._r, name, make_element("showingPlcHdr"))

    def add_figure(self, paragraph: Paragraph, bound: BoundText) -> Any:
        """Add a bound text. Returns its run."""
        run = paragraph.add_run(bound.text)
        path, part = xpath_of(bound.id), data_part_id(self.edition)
        binding = make_element("dataBinding", prefixMappings=PREFIXES, xpath=path, storeItemID=part)
        self._wrap(paragraph, run._r, bound.name, binding, make_element("text"), tag=tag_of(self.edition, bound.id))
        return run

    def add(self, paragraph: Paragraph, *texts: Text) -> Paragraph:
        for text in texts:
            if isinstance(text, BoundText):
                self.add_figure(paragraph, text)
            elif text:
                paragraph.add_run(text)
        return paragraph

    def _wrap(self, paragraph: Paragraph, run: Any, name: str, *more: Any, tag: str = "") -> None:
        # In the order of the schema: alias, tag, id, showingPlcHdr, dataBinding, text.
        self.count += 1
        control, properties, content = make_element("sdt"), make_element("sdtPr"), make_element("sdtContent")
        properties.append(make_element("alias", val=name[:LONGEST]))
        if tag:
            properties.append(make_element("tag", val=tag))
        properties.append(make_element("id", val=self.count))
        properties.extend(more)
        control.extend([properties, content])
        content.append(run)
        paragraph._p.append(control)


def add_table(
    doc: Doc, controls: Controls, header: Iterable[str], rows: Iterable[Iterable[Text]], *, title: str, about: str,
    is_text: bool = False,
) -> Table:  # fmt: skip
    """Add a table. Its header row is marked and repeated on every page; its first column names the rows.

    `title`, `about`: for screen readers. `is_text`: its other columns hold words, not figures.
    """
    heads: list[Text] = list(header)
    lines = [list(r) for r in rows]
    plain_rows = [[_plain(c) for c in r] for r in lines]
    figure_style: Any = doc.styles[TABLE_FIGURE]
    # Also in a table of words, numbers below each other are compared by their ends.
    has_figures = [not is_text or all(re.fullmatch(r"[\d,]+", r[n]) for r in plain_rows) for n in range(len(heads))]
    widths, size = _widths([_plain(h) for h in heads], plain_rows, is_text, _text_width(doc))
    table: Table = doc.add_table(rows=1 + len(lines), cols=len(heads), style=TABLE)
    table.autofit = False
    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
    parts = {"firstRow": 1, "lastRow": 0, "firstColumn": 1, "lastColumn": 0, "noHBand": 1, "noVBand": 1}
    properties.append(make_element("tblLook", val="00A0", **parts))
    properties.append(make_element("tblCaption", val=title[:250]))
    properties.append(make_element("tblDescription", val=about[:250]))
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Length(width)
    is_short = len(lines) <= ONE_PAGE
    for line, (row, texts) in enumerate(zip(table.rows, [heads, *lines], strict=True)):
        marks = row._tr.get_or_add_trPr()
        # Rows that may not split get lost in LibreOffice 25.2, and in its PDF, where their table does over two pages.
        if is_short:
            marks.append(make_element("cantSplit"))
        if line == 0:
            marks.append(make_element("tblHeader"))
        for n, (cell, content) in enumerate(zip(row.cells, texts, strict=True)):
            cell.width = Length(widths[n])
            paragraph = cell.paragraphs[0]
            paragraph.style = TABLE_HEADING if line == 0 else TABLE_FIGURE if n and has_figures[n] else TABLE_TEXT
            if line == 0 and n and has_figures[n]:
                paragraph.alignment = figure_style.paragraph_format.alignment
            # A short table stays with its heading and on one page, and a table of figures with the notes below it.
            is_last = line == len(lines)
            stays = not is_text if is_last else line == 0 or is_short
            paragraph.paragraph_format.keep_with_next = stays or None
            run = controls.add_figure(paragraph, content) if isinstance(content, BoundText) else paragraph.add_run(content)
            if size < TEXT_SIZE:
                run.font.size = Pt(size)
    return table


def _plain(text: Text) -> str:
    return text.text if isinstance(text, BoundText) else text


def _text_width(doc: Doc) -> int:
    """The width between the margins of the page, in EMU."""
    section = doc.sections[-1]
    return (section.page_width or Cm(21)) - (section.left_margin or Cm(2)) - (section.right_margin or Cm(2))


def _widths(header: list[str], rows: list[list[str]], is_text: bool, width: int) -> tuple[list[int], int]:
    """Widths of columns, and the font size, at which no figure and no word of a heading is broken."""
    needed = []
    for n, heading in enumerate(header):
        word = 1.15 * max([1, *(len(w) for w in heading.split())])
        cells = [len(r[n]) for r in rows]
        if n == 0 or is_text:
            # The last column of a table of words may be sentences.
            most = 80 if is_text and n == len(header) - 1 else 36
            needed.append(3 + max(word, min(most, max(cells, default=0))))
        else:
            needed.append(3 + max(word, min(16, 0.6 * len(heading)), *cells))
    sizes = range(TEXT_SIZE, 5, -1)
    points = next((size for size in sizes if sum(int(n * size * EM) for n in needed) <= width), sizes[-1])
    widths = [int(n * points * EM) for n in needed]
    if is_text or sum(widths) > width:
        widths = [int(w * width / sum(widths)) for w in widths]
    # A document has whole twips: rounded up, they would be wider than the page.
    return [w // TWIP * TWIP for w in widths], points


def add_picture(doc: Doc, png: bytes, *, alt: str, title: str, has_rows: bool) -> None:
    """Add a picture, at most as wide as the text, with its alt text. `has_rows`: it has several rows of panels."""
    paragraph = doc.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(png))
    scale = min(1.0, _text_width(doc) / shape.width, TALLEST[has_rows] / shape.height)
    shape.width, shape.height = Length(int(shape.width * scale)), Length(int(shape.height * scale))
    properties = shape._inline.docPr
    properties.set("descr", alt)
    properties.set("title", title)


def add_data_part(doc: Doc, part: DataPart) -> None:
    package: Any = doc.part.package
    item = Part(package.next_partname("/customXml/item%d.xml"), "application/xml", part_xml(part), package)
    number = item.partname.idx
    props = Part(
        PackURI(f"/customXml/itemProps{number}.xml"),
        "application/vnd.openxmlformats-officedocument.customXmlProperties+xml", item_props(part.edition), package,
    )  # fmt: skip
    item.relate_to(props, RT.CUSTOM_XML_PROPS)
    doc.part.relate_to(item, RT.CUSTOM_XML)


def save_document(doc: Doc, path: Path | BinaryIO, at: datetime) -> None:
    """Save a document to `path` or an open file, with `at` as the time of each part: the same document gives the same bytes."""
    saved = io.BytesIO()
    doc.save(saved)
    # A zip file can't have dates before 1980.
    time = max(at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    copy_zip(saved, path, lambda _, data: data, time)
