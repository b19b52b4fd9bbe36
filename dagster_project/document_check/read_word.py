"""Paragraphs and tables of a .docx, with its content controls: also those that another program saved anew."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .model import Block, Bound, DocumentError, Grid, Text

LARGEST_UNPACKED = 200 << 20
"""Bytes of all the parts of a document together."""
_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = {f"{_MAIN}{n}" for n in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sdtPr", "tblPr", "tcPr")}
_SKIPPED.add(f"{_COMPATIBLE}Fallback")


def word_blocks(path: Path) -> list[Block]:
    """What a document's body holds, in order. Raises DocumentError for what is no .docx, or is too large unpacked."""
    from docx import Document
    from docx.opc.exceptions import OpcError

    try:
        with zipfile.ZipFile(path) as file:
            unpacked = sum(i.file_size for i in file.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise DocumentError(f"unpacks to {unpacked:,} bytes, more than the {LARGEST_UNPACKED:,} that are read")
        document = Document(str(path))
    except DocumentError:
        raise
    # lxml's errors of syntax are Python's.
    except (zipfile.BadZipFile, OpcError, KeyError, ValueError, SyntaxError, NotImplementedError) as error:
        raise DocumentError(f"can't be read as a Word document: {error}") from error
    names = {s.style_id: s.name or "" for s in document.styles}
    return list(_blocks(document.element.body, names))


def _blocks(parent: Any, styles: dict[str, str], tag: str | None = None) -> Iterator[Block]:
    """`tag`: of the content control around, if there is one."""
    for child in parent:
        if child.tag == f"{_MAIN}p":
            text, bound = _text(child)
            if text.strip():
                found = child.find(f"{_MAIN}pPr/{_MAIN}pStyle")
                style = "" if found is None else styles.get(found.get(f"{_MAIN}val"), "")
                all_of_it = (Bound(0, len(text), tag),) if tag else ()
                yield Text(text, bound or all_of_it, style.lower().startswith(("heading", "title")))
        elif child.tag == f"{_MAIN}tbl":
            yield Grid(tuple(_row(r, t) for r, t in _inside(child, "tr", None)))
        elif child.tag == f"{_MAIN}sdt":
            content = child.find(f"{_MAIN}sdtContent")
            if content is not None:
                yield from _blocks(content, styles, _tag(child) or tag)
        elif child.tag not in _SKIPPED:
            yield from _blocks(child, styles, tag)


def _inside(parent: Any, name: str, tag: str | None) -> Iterator[tuple[Any, str | None]]:
    """A table's rows or a row's cells, with the tag of the content control around each."""
    for child in parent:
        if child.tag == f"{_MAIN}{name}":
            yield child, tag
        elif child.tag == f"{_MAIN}sdt":
            content = child.find(f"{_MAIN}sdtContent")
            if content is not None:
                yield from _inside(content, name, _tag(child) or tag)


def _row(row: Any, _: str | None) -> tuple[Text, ...]:
    cells: list[Text] = []
    for cell, tag in _inside(row, "tc", None):
        text, bound = _cell(cell, tag)
        merged = cell.find(f"{_MAIN}tcPr/{_MAIN}vMerge")
        is_continued = merged is not None and merged.get(f"{_MAIN}val", "continue") == "continue"
        cells.append(Text("" if is_continued else text, () if is_continued else bound))
        span = cell.find(f"{_MAIN}tcPr/{_MAIN}gridSpan")
        width = str(span.get(f"{_MAIN}val", "1")) if span is not None else "1"
        cells += [Text("")] * (min(int(width), 100) - 1 if width.isdigit() else 0)
    return tuple(cells)


def _cell(cell: Any, tag: str | None) -> tuple[str, tuple[Bound, ...]]:
    """A cell's paragraphs in one text, blanks between them."""
    text, bound = "", []
    for block in _blocks(cell, {}):
        inner = [block] if isinstance(block, Text) else [c for row in block.rows for c in row]
        for part in inner:
            text += " " if text and part.text else ""
            bound += [Bound(b.start + len(text), b.end + len(text), b.tag) for b in part.bound]
            text += part.text
    if tag and not bound and text:
        bound = [Bound(0, len(text), tag)]
    return text, tuple(bound)


def _tag(control: Any) -> str | None:
    found = control.find(f"{_MAIN}sdtPr/{_MAIN}tag")
    return None if found is None else found.get(f"{_MAIN}val")


def _text(paragraph: Any) -> tuple[str, tuple[Bound, ...]]:
    """A paragraph's text as it is seen, and the content controls in it. What was deleted under review is left out."""
    parts: list[str] = []
    bound: list[Bound] = []
    length = 0

    def add(text: str) -> None:
        nonlocal length
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
            elif child.tag not in _SKIPPED and isinstance(child.tag, str):
                walk(child)

    walk(paragraph)
    return "".join(parts), tuple(bound)
