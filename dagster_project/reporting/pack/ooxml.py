"""What python-docx has no words for: fields, placeholders, bookmarks, tables that say which row is the header."""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

FONT = "Arial"
INK, QUIET, RULE, SHADE = "0B0C0C", "505A5F", "B1B4B6", "E8EDF2"
WIDTH = Cm(17)
"""Between the margins of an A4 page."""
TALLEST = Cm(21)
EM = Pt(1) * 0.56
"""A letter's width, for each point of its size."""
PLACEHOLDER, CHECK, NOTE, NOTICE = "Placeholder", "Check", "Table note", "Notice"


def element(name: str, /, **attributes: Any) -> Any:
    """An element of WordprocessingML; attributes are those of its namespace."""
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), str(value))
    return made


def new_document(title: str, subject: str, at: datetime) -> Doc:
    """An empty A4 document in British English, with the styles of the pack. `at`: when it says that it was made, UTC."""
    doc = Document()
    section = doc.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin, section.bottom_margin = Cm(2.6), Cm(2.2)
    # The picture of python-docx's own template.
    rels = doc.part.package.rels
    for key in [k for k, r in rels.items() if r.reltype.endswith("/thumbnail")]:
        del rels[key]
    known = doc.core_properties
    known.title, known.subject, known.language = title, subject, "en-GB"
    known.author = known.last_modified_by = known.comments = known.keywords = ""
    known.created = known.modified = at
    known.revision = 1
    for setting in doc.settings.element.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")
    _styles(doc)
    return doc


def _styles(doc: Doc) -> None:
    defaults = doc.styles.element.find(f".//{qn('w:rPrDefault')}/{qn('w:rPr')}")
    language = defaults.find(qn("w:lang"))
    language.set(qn("w:val"), "en-GB")
    language.set(qn("w:eastAsia"), "en-GB")
    _font(doc.styles["Normal"], 11)
    doc.styles["Normal"].paragraph_format.space_after = Pt(8)
    for name, size, before in (("Title", 26, 0), ("Heading 1", 18, 0), ("Heading 2", 14, 18), ("Heading 3", 12, 12)):
        style = doc.styles[name]
        _font(style, size, bold=True)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(6)
        style.paragraph_format.keep_with_next = True
        for border in style.element.findall(f".//{qn('w:pBdr')}"):
            border.getparent().remove(border)
    doc.styles["Heading 1"].paragraph_format.page_break_before = True
    for name in ("Header", "Footer"):
        _font(doc.styles[name], 9, colour=QUIET)
    caption = doc.styles["Caption"]
    _font(caption, 10, bold=True)
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(10), Pt(4)
    placeholder = doc.styles.add_style(PLACEHOLDER, WD_STYLE_TYPE.CHARACTER)
    _font(placeholder, 11, colour="5A3A00")
    placeholder.element.get_or_add_rPr().append(element("shd", val="clear", color="auto", fill="FFF4D6"))
    for name, size, colour, fill, edge in (
        (NOTE, 9, QUIET, None, None), (CHECK, 10, INK, "FBE9E7", "A8321B"), (NOTICE, 11, INK, "FFF4D6", "B58900"),
    ):  # fmt: skip
        style = doc.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = doc.styles["Normal"]
        _font(style, size, colour=colour, bold=name == NOTICE)
        style.paragraph_format.space_before = Pt(3 if name == NOTE else 0)
        style.paragraph_format.space_after = Pt(2 if name == NOTE else 8)
        properties = style.element.get_or_add_pPr()
        if fill and edge:
            borders = element("pBdr")
            borders.append(element("left", val="single", sz=24, space=6, color=edge))
            properties.insert(0, borders)
            properties.insert(1, element("shd", val="clear", color="auto", fill=fill))


def _font(style: Any, size: int, *, colour: str = INK, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(size), bold, False
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{kind}"), None)
    for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{kind}"), FONT)


def add_field(paragraph: Paragraph, code: str, shown: str) -> None:
    """A field: what Word works out anew when asked, and shows till then."""
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("shown", shown), ("end", "")):
        run = paragraph.add_run()
        if kind in ("begin", "separate", "end"):
            run._r.append(element("fldChar", fldCharType=kind))
        elif kind == "shown":
            run.text = text
        else:
            instruction = element("instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = f" {text} "
            run._r.append(instruction)


def add_bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Make a paragraph a place that links lead to."""
    start = element("bookmarkStart", id=number, name=name)
    first = paragraph._p.find(qn("w:pPr"))
    paragraph._p.insert(0 if first is None else 1, start)
    paragraph._p.append(element("bookmarkEnd", id=number))


def add_link(paragraph: Paragraph, text: str, bookmark: str) -> None:
    """A link to a place in the document."""
    link = element("hyperlink", anchor=bookmark, history=1)
    run = paragraph.add_run(text)
    run.font.color.rgb, run.font.underline = RGBColor.from_string("1D4F8C"), True
    link.append(run._r)
    paragraph._p.append(link)


def add_caption(doc: Doc, kind: str, number: int, text: str) -> Paragraph:
    """`Table 3: ...`, numbered by a field, so that Word can list the tables and charts and number them anew."""
    caption = doc.add_paragraph(f"{kind} ", style="Caption")
    add_field(caption, f"SEQ {kind} \\* ARABIC", str(number))
    caption.add_run(f": {text}")
    return caption


def add_placeholder(doc: Doc, text: str, name: str) -> None:
    """A place for the author's words: a content control, whose text and look go when one types. `name`: what Word calls it."""
    paragraph = doc.add_paragraph()
    paragraph.add_run(text, style=PLACEHOLDER)
    paragraph.paragraph_format.keep_with_next = True
    control, properties, content = element("sdt"), element("sdtPr"), element("sdtContent")
    properties.append(element("alias", val=name[:64]))
    properties.append(element("showingPlcHdr"))
    paragraph._p.addprevious(control)
    control.extend([properties, content])
    content.append(paragraph._p)


def add_table(
    doc: Doc, header: Iterable[str], rows: Iterable[Iterable[str]], *, title: str, about: str, text: bool = False
) -> Table:
    """A table whose header row is marked and is repeated on every page; its first column names its rows.

    `title`, `about`: what a screen reader says of it. `text`: its other columns hold words, not figures.
    """
    heads, lines = list(header), [list(r) for r in rows]
    table: Table = doc.add_table(rows=1 + len(lines), cols=len(heads))
    widths, size = _widths(heads, lines, text)
    properties = table._tbl.tblPr
    properties.append(_borders())
    properties.append(element("tblLayout", type="fixed"))
    properties.append(_margins())
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)
    properties.append(element("tblLook", val="00A0", firstRow=1, lastRow=0, firstColumn=1, lastColumn=0, noHBand=1, noVBand=1))
    properties.append(element("tblCaption", val=title[:250]))
    properties.append(element("tblDescription", val=about[:250]))
    for column, width in zip(table._tbl.tblGrid.findall(qn("w:gridCol")), widths, strict=True):
        column.set(qn("w:w"), str(round(width / 635)))
    for line, (row, texts) in enumerate(zip(table._tbl.tr_lst, [heads, *lines], strict=True)):
        marks = row.get_or_add_trPr()
        marks.append(element("cantSplit"))
        if line == 0:
            marks.append(element("tblHeader"))
        for n, (cell, said) in enumerate(zip(row.tc_lst, texts, strict=True)):
            made = _Cell(cell, table)
            made.width = Emu(widths[n])
            paragraph = made.paragraphs[0]
            run = paragraph.add_run(said)
            run.font.size, run.font.bold = size, line == 0
            paragraph.paragraph_format.space_after = Pt(0)
            # A short table stays with its heading and on one page.
            paragraph.paragraph_format.keep_with_next = line == 0 or (len(lines) <= 20 and line < len(lines))
            if n and not text:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if line == 0:
                cell.get_or_add_tcPr().append(element("shd", val="clear", color="auto", fill=SHADE))
                cell.get_or_add_tcPr().append(element("vAlign", val="bottom"))
    return table


def _widths(header: list[str], rows: list[list[str]], text: bool) -> tuple[list[int], Pt]:
    """Widths of the columns and the size of the letters with which no word of a heading and no figure is broken."""
    needed = []
    for n, heading in enumerate(header):
        word = 1.15 * max([1, *(len(w) for w in heading.split())])
        cells = [len(r[n]) for r in rows]
        if n == 0 or text:
            needed.append(2 + max(word, min(36, max(cells, default=0))))
        else:
            needed.append(2 + max(word, min(16, 0.6 * len(heading)), *cells))
    for points in (10, 9, 8, 7, 6):
        wide = [int(n * points * EM) for n in needed]
        if sum(wide) <= WIDTH:
            break
    if text or sum(wide) > WIDTH:
        wide = [int(w * WIDTH / sum(wide)) for w in wide]
    return wide, Pt(points)


def _borders() -> Any:
    borders = element("tblBorders")
    for side, size, colour in (("top", 8, INK), ("bottom", 8, INK), ("insideH", 4, RULE)):
        borders.append(element(side, val="single", sz=size, space=0, color=colour))
    return borders


def _margins() -> Any:
    margins = element("tblCellMar")
    for side, width in (("top", 40), ("left", 80), ("bottom", 40), ("right", 80)):
        margins.append(element(side, w=width, type="dxa"))
    return margins


def add_picture(doc: Doc, png: bytes, *, alt: str, title: str) -> None:
    """A picture, as wide as the page at most, with the words that stand for it."""
    paragraph = doc.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(png))
    scale = min(1.0, WIDTH / shape.width, TALLEST / shape.height)
    shape.width, shape.height = Emu(int(shape.width * scale)), Emu(int(shape.height * scale))
    said = shape._inline.docPr
    said.set("descr", alt)
    said.set("title", title)


def write_document(doc: Doc, path: Path, at: datetime) -> None:
    """Write it to `path`, with `at` as the time of each part: the same document gives the same bytes."""
    made = io.BytesIO()
    doc.save(made)
    # Dates before 1980 can't be in a zip file.
    stamp = max(at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, stamp), old.read(name), zipfile.ZIP_DEFLATED)
