"""Reads the paragraphs, tables and content controls of a .docx, whichever program saved it."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .model import Block, Bound, DocumentError, Grid, Text, visible_text
from .word_numbering import WordNumbers, word_numbers

LARGEST_UNPACKED = 200 << 20
"""Bytes of all parts of a document together."""
_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARTS = ("numbering", "styles", "footnotes", "endnotes")
_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = {f"{_MAIN}{n}" for n in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sdtPr", "tblPr", "tcPr")}
_SKIPPED.add(f"{_COMPATIBLE}Fallback")


@dataclass(frozen=True)
class _Styles:
    """A document's style names by id, and its paragraph numbers."""

    names: dict[str, str]
    numbers: WordNumbers


def word_blocks(path: Path) -> list[Block]:
    """The blocks of a document's body, in order, then of its footnotes, headers and footers. Raises DocumentError if the file
    is not a .docx or is too large unpacked."""
    from docx import Document
    from docx.opc.exceptions import OpcError
    from docx.oxml import parse_xml

    try:
        with zipfile.ZipFile(path) as file:
            unpacked = sum(i.file_size for i in file.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise DocumentError(f"unpacks to {unpacked:,} bytes, more than the {LARGEST_UNPACKED:,} that are read")
        document = Document(str(path))
        related = [(r.reltype.rpartition("/")[2], r.target_part) for r in document.part.rels.values() if not r.is_external]
        parts = {kind: parse_xml(part.blob) for kind, part in related if kind in _PARTS}
        edges = [(kind, parse_xml(part.blob)) for kind, part in related if kind in ("header", "footer")]
    except DocumentError:
        raise
    # lxml raises Python's SyntaxError.
    except (zipfile.BadZipFile, OpcError, KeyError, ValueError, SyntaxError, NotImplementedError) as error:
        raise DocumentError(f"can't be read as a Word document: {error}") from error
    numbers = word_numbers(parts.get("numbering"), parts.get("styles"))
    styles = _Styles({s.style_id: s.name or "" for s in document.styles}, numbers)
    blocks = list(_blocks(document.element.body, styles))
    for kind in ("footnote", "endnote"):
        for note in parts[f"{kind}s"].findall(f"{_MAIN}{kind}") if f"{kind}s" in parts else ():
            if note.get(f"{_MAIN}type") in (None, "normal"):
                blocks += _placed(_blocks(note, styles), f"{kind} {note.get(f'{_MAIN}id')}")
    shown: set[str] = set()
    for kind, edge in edges:
        for block in _placed(_blocks(edge, styles), kind):
            if isinstance(block, Grid) or block.text not in shown:
                blocks.append(block)
            shown.add(block.text if isinstance(block, Text) else "")
    return blocks


def _placed(blocks: Iterator[Block], place: str) -> Iterator[Block]:
    for block in blocks:
        yield replace(block, place=block.place or place) if isinstance(block, Text) else block


def _blocks(parent: Any, styles: _Styles, tag: str | None = None) -> Iterator[Block]:
    """The blocks in an element. `tag`: of the content control around it, if there is one."""
    for child in parent:
        if child.tag == f"{_MAIN}p":
            text, bound, boxes = _text(child)
            number, is_item = styles.numbers.next(child)
            if text.strip():
                style_element = child.find(f"{_MAIN}pPr/{_MAIN}pStyle")
                style = "" if style_element is None else styles.names.get(style_element.get(f"{_MAIN}val"), "").lower()
                whole_text = (Bound(0, len(text), tag),) if tag else ()
                is_item = is_item or style.startswith("list")
                yield Text(text, bound or whole_text, style.startswith(("heading", "title")), is_item, number)
            for box in boxes:
                yield from _placed(_blocks(box, styles), "text box")
        elif child.tag == f"{_MAIN}tbl":
            yield from _table(child, styles, tag)
        elif child.tag == f"{_MAIN}sdt":
            content = child.find(f"{_MAIN}sdtContent")
            if content is not None:
                yield from _blocks(content, styles, _tag(child) or tag)
        elif child.tag not in _SKIPPED:
            yield from _blocks(child, styles, tag)


def _table(table: Any, styles: _Styles, tag: str | None) -> Iterator[Block]:
    """A table, then the tables in its cells. A table with a single cell is a frame around paragraphs."""
    rows = [r for r, _ in _inside(table, "tr", None)]
    cells = [(c, t) for r in rows for c, t in _inside(r, "tc", None)]
    if len(cells) == 1:
        yield from _blocks(cells[0][0], styles, cells[0][1] or tag)
        return
    made: list[tuple[Text, ...]] = []
    nested: list[Block] = []
    for row in rows:
        texts, inner = _row(row, styles)
        made.append(texts)
        nested += inner
    yield Grid(tuple(made))
    yield from nested


def _inside(parent: Any, name: str, tag: str | None) -> Iterator[tuple[Any, str | None]]:
    """A table's rows or a row's cells, with the tag of the content control around each."""
    for child in parent:
        if child.tag == f"{_MAIN}{name}":
            yield child, tag
        elif child.tag == f"{_MAIN}sdt":
            content = child.find(f"{_MAIN}sdtContent")
            if content is not None:
                yield from _inside(content, name, _tag(child) or tag)


def _row(row: Any, styles: _Styles) -> tuple[tuple[Text, ...], list[Block]]:
    """A row's cells, and the tables in them."""
    cells: list[Text] = [Text("")] * _count(row.find(f"{_MAIN}trPr/{_MAIN}gridBefore"), 0)
    nested: list[Block] = []
    for cell, tag in _inside(row, "tc", None):
        text, bound, inner = _cell(cell, tag, styles)
        nested += inner
        merged = cell.find(f"{_MAIN}tcPr/{_MAIN}vMerge")
        is_continued = merged is not None and merged.get(f"{_MAIN}val", "continue") == "continue"
        cells.append(Text("" if is_continued else text, () if is_continued else bound))
        cells += [Text("")] * (_count(cell.find(f"{_MAIN}tcPr/{_MAIN}gridSpan"), 1) - 1)
    return tuple(cells), nested


def _count(element: Any | None, default: int) -> int:
    text = str(element.get(f"{_MAIN}val", default)) if element is not None else ""
    return min(int(text), 100) if text.isdigit() else default


def _cell(cell: Any, tag: str | None, styles: _Styles) -> tuple[str, tuple[Bound, ...], list[Block]]:
    """A cell's paragraphs in one text, with blanks between them, and the tables in it."""
    text, bound = "", []
    inner: list[Block] = []
    for block in _blocks(cell, styles):
        if isinstance(block, Grid) or block.place:
            inner.append(block)
            continue
        text += " " if text and block.text else ""
        bound += [Bound(b.start + len(text), b.end + len(text), b.tag) for b in block.bound]
        text += block.text
    if tag and not bound and text:
        bound = [Bound(0, len(text), tag)]
    return text, tuple(bound), inner


def _tag(control: Any) -> str | None:
    tag = control.find(f"{_MAIN}sdtPr/{_MAIN}tag")
    return None if tag is None else tag.get(f"{_MAIN}val")


def _text(paragraph: Any) -> tuple[str, tuple[Bound, ...], list[Any]]:
    """A paragraph's visible text, its content controls, and its text boxes. Hidden text, and text deleted with tracked changes,
    is left out."""
    parts: list[str] = []
    bound: list[Bound] = []
    boxes: list[Any] = []
    length = 0

    def add(text: str) -> None:
        nonlocal length
        text = visible_text(text)
        parts.append(text)
        length += len(text)

    def walk(element: Any) -> None:
        for child in element:
            if child.tag == f"{_MAIN}t":
                add(child.text or "")
            elif child.tag in (f"{_MAIN}tab", f"{_MAIN}br", f"{_MAIN}cr"):
                add(" ")
            elif child.tag == f"{_MAIN}noBreakHyphen":
                add("-")
            elif child.tag == f"{_MAIN}sdt":
                start = length
                content = child.find(f"{_MAIN}sdtContent")
                if content is not None:
                    walk(content)
                if tag := _tag(child):
                    bound.append(Bound(start, length, tag))
            elif child.tag == f"{_MAIN}txbxContent":
                boxes.append(child)
            elif child.tag not in _SKIPPED and isinstance(child.tag, str) and not _is_hidden(child):
                walk(child)

    walk(paragraph)
    return "".join(parts), tuple(bound), boxes


def _is_hidden(element: Any) -> bool:
    vanish = element.find(f"{_MAIN}rPr/{_MAIN}vanish")
    return vanish is not None and vanish.get(f"{_MAIN}val", "1") not in ("0", "false", "off")
