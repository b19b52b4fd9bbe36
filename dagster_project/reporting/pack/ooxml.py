"""What python-docx lacks: content controls, fields, bookmarks, tables that mark their header row."""

import io
import zipfile
from collections.abc import Callable, Iterable
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

from .bound_figures import LONGEST, PREFIXES, BoundText, DataPart, item_props, part_xml, store_id, tag_of, xpath_of
from .word_template import PLACEHOLDER, TABLE, TABLE_FIGURE, TABLE_HEADING, TABLE_TEXT

TALLEST = (Cm(6), Cm(9.5))
"""Of a picture with one row of panels, and with more: two charts and their tables have room on a page."""
TEXT_SIZE = 9
"""Points, of a table's letters; one that is wide has smaller ones."""
EM = Pt(1) * 0.56
"""A letter's width, for each point of its size."""

Said = str | BoundText
"""A text, or one that follows the night."""


def element(name: str, /, **attributes: Any) -> Any:
    """An element of WordprocessingML; attributes are those of its namespace."""
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), str(value))
    return made


def add_field(paragraph: Paragraph, code: str, shown: str) -> None:
    """A field: what Word works out anew when asked, and shows till then."""
    field = element("fldSimple", instr=f" {code} ")
    field.append(paragraph.add_run(shown)._r)
    paragraph._p.append(field)


def add_bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Make a paragraph a place that links lead to."""
    paragraph._p.get_or_add_pPr().addnext(element("bookmarkStart", id=number, name=name))
    paragraph._p.append(element("bookmarkEnd", id=number))


def add_link(paragraph: Paragraph, text: str, bookmark: str) -> None:
    """A link to a place in the document."""
    link = element("hyperlink", anchor=bookmark, history=1)
    run = paragraph.add_run(text)
    run.font.underline = True
    link.append(run._r)
    paragraph._p.append(link)


def add_caption(doc: Doc, kind: str, number: int, text: str) -> Paragraph:
    """`Table 3: ...`, numbered by a field, so that Word can list the tables and charts and number them anew."""
    caption = doc.add_paragraph(f"{kind} ", style="Caption")
    add_field(caption, f"SEQ {kind} \\* ARABIC", str(number))
    caption.add_run(f": {text}")
    return caption


class Controls:
    """The content controls of a document: each has a number of its own."""

    def __init__(self, edition: str) -> None:
        self.edition, self.made = edition, 0

    def add_placeholder(self, paragraph: Paragraph, text: str, name: str) -> None:
        """A place for the author's words, whose text and look go when one types. `name`: what Word calls it."""
        self._wrap(paragraph, paragraph.add_run(text, style=PLACEHOLDER)._r, name, element("showingPlcHdr"))

    def add_figure(self, paragraph: Paragraph, bound: BoundText) -> Any:
        """A text that follows the night. Returns its run."""
        run = paragraph.add_run(bound.text)
        binding = element("dataBinding", prefixMappings=PREFIXES, xpath=xpath_of(bound.id), storeItemID=store_id(self.edition))
        self._wrap(paragraph, run._r, bound.name, binding, element("text"), tag=tag_of(self.edition, bound.id))
        return run

    def add(self, paragraph: Paragraph, *said: Said) -> Paragraph:
        """Texts, one after the other."""
        for text in said:
            if isinstance(text, BoundText):
                self.add_figure(paragraph, text)
            elif text:
                paragraph.add_run(text)
        return paragraph

    def _wrap(self, paragraph: Paragraph, run: Any, name: str, *more: Any, tag: str = "") -> None:
        # In the order of the schema: alias, tag, id, showingPlcHdr, dataBinding, text.
        self.made += 1
        control, properties, content = element("sdt"), element("sdtPr"), element("sdtContent")
        properties.append(element("alias", val=name[:LONGEST]))
        if tag:
            properties.append(element("tag", val=tag))
        properties.append(element("id", val=self.made))
        properties.extend(more)
        control.extend([properties, content])
        content.append(run)
        paragraph._p.append(control)


def add_table(
    doc: Doc, controls: Controls, header: Iterable[str], rows: Iterable[Iterable[Said]], *, title: str, about: str,
    text: bool = False,
) -> Table:  # fmt: skip
    """A table whose header row is marked and is repeated on every page; its first column names its rows.

    `title`, `about`: what a screen reader says of it. `text`: its other columns hold words, not figures.
    """
    heads: list[Said] = list(header)
    lines = [list(r) for r in rows]
    width = width_of(doc)
    widths, size = _widths([_text(h) for h in heads], [[_text(c) for c in r] for r in lines], text, width)
    table: Table = doc.add_table(rows=1 + len(lines), cols=len(heads), style=TABLE)
    table.autofit = False
    properties = table._tbl.tblPr
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
    properties.append(element("tblLook", val="00A0", firstRow=1, lastRow=0, firstColumn=1, lastColumn=0, noHBand=1, noVBand=1))
    properties.append(element("tblCaption", val=title[:250]))
    properties.append(element("tblDescription", val=about[:250]))
    for column, wide in zip(table.columns, widths, strict=True):
        column.width = Length(wide)
    for line, (row, said) in enumerate(zip(table.rows, [heads, *lines], strict=True)):
        marks = row._tr.get_or_add_trPr()
        marks.append(element("cantSplit"))
        if line == 0:
            marks.append(element("tblHeader"))
        for n, (cell, what) in enumerate(zip(row.cells, said, strict=True)):
            cell.width = Length(widths[n])
            paragraph = cell.paragraphs[0]
            paragraph.style = TABLE_HEADING if line == 0 else TABLE_TEXT if text or not n else TABLE_FIGURE
            if line == 0 and n and not text:
                paragraph.alignment = doc.styles[TABLE_FIGURE].paragraph_format.alignment
            # A short table stays with its heading and on one page.
            paragraph.paragraph_format.keep_with_next = line == 0 or (len(lines) <= 20 and line < len(lines)) or None
            run = controls.add_figure(paragraph, what) if isinstance(what, BoundText) else paragraph.add_run(what)
            if size < TEXT_SIZE:
                run.font.size = Pt(size)
    return table


def _text(said: Said) -> str:
    return said.text if isinstance(said, BoundText) else said


def width_of(doc: Doc) -> int:
    """Between the margins of the page, in EMU."""
    section = doc.sections[-1]
    return int((section.page_width or Cm(21)) - (section.left_margin or Cm(2)) - (section.right_margin or Cm(2)))


def _widths(header: list[str], rows: list[list[str]], text: bool, width: int) -> tuple[list[int], int]:
    """Widths of the columns and the size of the letters with which no word of a heading and no figure is broken."""
    needed = []
    for n, heading in enumerate(header):
        word = 1.15 * max([1, *(len(w) for w in heading.split())])
        cells = [len(r[n]) for r in rows]
        if n == 0 or text:
            # The last of a table of words may be a sentence.
            most = 80 if text and n == len(header) - 1 else 36
            needed.append(3 + max(word, min(most, max(cells, default=0))))
        else:
            needed.append(3 + max(word, min(16, 0.6 * len(heading)), *cells))
    for points in range(TEXT_SIZE, 5, -1):
        wide = [int(n * points * EM) for n in needed]
        if sum(wide) <= width:
            break
    if text or sum(wide) > width:
        wide = [int(w * width / sum(wide)) for w in wide]
    return wide, points


def add_picture(doc: Doc, png: bytes, *, alt: str, title: str, has_rows: bool) -> None:
    """A picture, as wide as the page at most, with the words that stand for it. `has_rows`: it is of several rows of panels."""
    paragraph = doc.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(png))
    scale = min(1.0, width_of(doc) / shape.width, TALLEST[has_rows] / shape.height)
    shape.width, shape.height = Length(int(shape.width * scale)), Length(int(shape.height * scale))
    said = shape._inline.docPr
    said.set("descr", alt)
    said.set("title", title)


def add_data_part(doc: Doc, part: DataPart) -> None:
    """Put the texts that controls are bound to into a document."""
    package = doc.part.package
    item = Part(package.next_partname("/customXml/item%d.xml"), "application/xml", part_xml(part), package)
    number = item.partname.idx
    props = Part(
        PackURI(f"/customXml/itemProps{number}.xml"),
        "application/vnd.openxmlformats-officedocument.customXmlProperties+xml", item_props(part.edition), package,
    )  # fmt: skip
    item.relate_to(props, RT.CUSTOM_XML_PROPS)
    doc.part.relate_to(item, RT.CUSTOM_XML)


def write_document(doc: Doc, path: Path | BinaryIO, at: datetime) -> None:
    """Write it to `path` or an open file, with `at` as the time of each part: the same document gives the same bytes."""
    made = io.BytesIO()
    doc.save(made)
    # Dates before 1980 can't be in a zip file.
    stamp = max(at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    rewrite(made, path, lambda _, data: data, stamp)


def rewrite(
    old: Any, new: Any, change: Callable[[str, bytes], bytes], stamp: tuple[int, int, int, int, int, int] | None = None
) -> None:
    """Copy a zip file, each part as `change` gives it back, with the times that its parts have, or `stamp`."""
    with zipfile.ZipFile(old) as before, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as after:
        for item in before.infolist():
            made = zipfile.ZipInfo(item.filename, stamp or item.date_time)
            after.writestr(made, change(item.filename, before.read(item)), zipfile.ZIP_DEFLATED)
