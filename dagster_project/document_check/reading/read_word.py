"""Reads the paragraphs, tables and content controls of a .docx, whichever program saved it.

Paragraph numbers are worked out: Word shows them, but does not store them as text.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..model import Block, ContentControl, DocumentError, Grid, Text, visible_text

LARGEST_UNPACKED = 200 << 20
"""Bytes of all parts of a document together."""
_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_NAMES = {"w": _MAIN.strip("{}")}
_PARTS = ("numbering", "styles", "footnotes", "endnotes")
_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = {f"{_MAIN}{n}" for n in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sdtPr", "tblPr", "tcPr")}
_SKIPPED.add(f"{_COMPATIBLE}Fallback")
_AS_TEXT = {f"{_MAIN}t": "", f"{_MAIN}tab": " ", f"{_MAIN}br": " ", f"{_MAIN}cr": " ", f"{_MAIN}noBreakHyphen": "-"}
"""Elements, and what they are in a text; blank: their own text."""
_NOT_SHOWN = ("vanish", "strike", "dstrike")
_NOTE_MARKS = re.compile(r"[\d,\s*†‡§\[\]()]*[\d*†‡§][\d,\s*†‡§\[\]()]*")
"""What stands above the line to name a note. Written after `1,234`, it is no digit of it."""
_DEEPEST = 9
"""Levels of a list."""


@dataclass(frozen=True)
class _Level:
    form: str
    text: str
    start: int


@dataclass
class _Styles:
    """A document's style names by id, and its paragraph numbers, counted in the document's order. `numbered`: style id -> its
    numbering. `restarts`: list -> levels that start again, though the list shares its numbers with another."""

    names: dict[str, str]
    lists: dict[str, tuple[str, dict[int, _Level]]]
    numbered: dict[str, tuple[str, int]]
    restarts: dict[str, set[int]]
    counts: dict[str, list[int | None]] = field(default_factory=lambda: defaultdict(lambda: [None] * _DEEPEST))

    def next_number(self, paragraph: Any) -> tuple[str, bool]:
        """A paragraph's number, such as `2.17`, or an empty text; and whether it is a list item."""
        list_of_style, level_of_style = self.numbered.get(_value(paragraph, "w:pPr/w:pStyle"), ("", 0))
        number = _value(paragraph, "w:pPr/w:numPr/w:numId", list_of_style)
        level = _whole(_value(paragraph, "w:pPr/w:numPr/w:ilvl", str(level_of_style)))
        if number not in self.lists or not 0 <= level < _DEEPEST:
            return "", False
        name, levels = self.lists[number]
        numbering = levels.get(level)
        if numbering is None or numbering.form in ("bullet", "none"):
            return "", numbering is not None and numbering.form == "bullet"
        counts = self.counts[name]
        if level in self.restarts.get(number, ()):
            self.restarts[number].remove(level)
            counts[level] = None
        before = counts[level]
        counts[level] = numbering.start if before is None else before + 1
        counts[level + 1 :] = [None] * (_DEEPEST - level - 1)
        for n in range(level):
            if counts[n] is None:
                counts[n] = levels[n].start if n in levels else 1
        text = re.sub(r"%([1-9])", lambda m: str(counts[int(m[1]) - 1] or 0), numbering.text)
        is_number = numbering.form == "decimal" and re.fullmatch(r"\d+(?:\.\d+)*\.?", text.strip())
        return (text.strip().rstrip(".") if is_number else ""), not is_number


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
    names = {s.style_id: s.name or "" for s in document.styles}
    styles = _read_styles(names, parts.get("numbering"), parts.get("styles"))
    blocks = list(_blocks(document.element.body, styles))
    for kind in ("footnote", "endnote"):
        for note in _all(parts.get(f"{kind}s"), kind):
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


def _blocks(parent: Any, styles: _Styles, tag: str = "") -> Iterator[Block]:
    """The blocks in an element. `tag`: of the content control around it, if there is one."""
    for child in parent:
        if child.tag == f"{_MAIN}p":
            text, bound, boxes = _text(child)
            number, is_item = styles.next_number(child)
            if text.strip():
                style = styles.names.get(_value(child, "w:pPr/w:pStyle"), "").lower()
                whole_text = (ContentControl(0, len(text), tag),) if tag else ()
                is_item = is_item or style.startswith("list")
                yield Text(text, bound or whole_text, style.startswith(("heading", "title")), is_item, number)
            for box in boxes:
                yield from _placed(_blocks(box, styles), "text box")
        elif child.tag == f"{_MAIN}tbl":
            yield from _table(child, styles, tag)
        elif child.tag == f"{_MAIN}sdt":
            for content in _all(child, "sdtContent"):
                yield from _blocks(content, styles, _tag(child) or tag)
        elif child.tag not in _SKIPPED:
            yield from _blocks(child, styles, tag)


def _table(table: Any, styles: _Styles, tag: str) -> Iterator[Block]:
    """A table, then the tables in its cells. A table with a single cell is a frame around paragraphs."""
    rows = [r for r, _ in _inside(table, "tr")]
    cells = [(c, t) for r in rows for c, t in _inside(r, "tc")]
    if len(cells) == 1:
        yield from _blocks(cells[0][0], styles, cells[0][1] or tag)
        return
    nested: list[Block] = []
    yield Grid(tuple(_row(row, styles, nested) for row in rows))
    yield from nested


def _inside(parent: Any, name: str, tag: str = "") -> Iterator[tuple[Any, str]]:
    """A table's rows or a row's cells, with the tag of the content control around each."""
    for child in parent:
        if child.tag == f"{_MAIN}{name}":
            yield child, tag
        elif child.tag == f"{_MAIN}sdt":
            for content in _all(child, "sdtContent"):
                yield from _inside(content, name, _tag(child) or tag)


def _row(row: Any, styles: _Styles, nested: list[Block]) -> tuple[Text, ...]:
    """A row's cells. Tables in them are added to `nested`."""
    cells = [Text("")] * min(_whole(_value(row, "w:trPr/w:gridBefore")), 100)
    for cell, tag in _inside(row, "tc"):
        text = _cell(cell, tag, styles, nested)
        merged = cell.find("w:tcPr/w:vMerge", _NAMES)
        is_continued = merged is not None and merged.get(f"{_MAIN}val", "continue") == "continue"
        cells.append(Text("") if is_continued else text)
        cells += [Text("")] * (min(_whole(_value(cell, "w:tcPr/w:gridSpan")), 100) - 1)
    return tuple(cells)


def _cell(cell: Any, tag: str, styles: _Styles, nested: list[Block]) -> Text:
    """A cell's paragraphs in one text, with blanks between them. Tables in it are added to `nested`."""
    text, bound = "", list[ContentControl]()
    for block in _blocks(cell, styles):
        if isinstance(block, Grid) or block.place:
            nested.append(block)
            continue
        text += " " if text and block.text else ""
        bound += [replace(b, start=b.start + len(text), end=b.end + len(text)) for b in block.bound]
        text += block.text
    if tag and not bound and text:
        bound = [ContentControl(0, len(text), tag)]
    return Text(text, tuple(bound))


def _tag(control: Any) -> str:
    return _value(control, "w:sdtPr/w:tag")


def _text(paragraph: Any) -> tuple[str, tuple[ContentControl, ...], list[Any]]:
    """A paragraph's visible text, its content controls, and its text boxes. Text that is hidden, crossed out or deleted with
    tracked changes, and marks of notes are left out."""
    parts: list[str] = []
    bound: list[ContentControl] = []
    boxes: list[Any] = []
    length = 0

    def walk(element: Any) -> None:
        nonlocal length
        for child in element:
            if child.tag in _AS_TEXT:
                parts.append(_AS_TEXT[child.tag] or visible_text(child.text or ""))
                length += len(parts[-1])
            elif child.tag == f"{_MAIN}sdt":
                start = length
                for content in _all(child, "sdtContent"):
                    walk(content)
                if tag := _tag(child):
                    bound.append(ContentControl(start, length, tag))
            elif child.tag == f"{_MAIN}txbxContent":
                boxes.append(child)
            elif child.tag not in _SKIPPED and isinstance(child.tag, str):
                if not (_is_hidden(child) or _is_note_mark(child)):
                    walk(child)
                elif re.search(r"\s", _own_text(child)):
                    # A blank of it stands between the words around it.
                    parts.append(" ")
                    length += 1

    walk(paragraph)
    return "".join(parts), tuple(bound), boxes


def _is_hidden(element: Any) -> bool:
    found = (element.find(f"w:rPr/w:{name}", _NAMES) for name in _NOT_SHOWN)
    return any(f is not None and f.get(f"{_MAIN}val", "1") not in ("0", "false", "off") for f in found)


def _is_note_mark(element: Any) -> bool:
    is_raised = _value(element, "w:rPr/w:vertAlign") == "superscript"
    return is_raised and _NOTE_MARKS.fullmatch(_own_text(element)) is not None


def _own_text(run: Any) -> str:
    return "".join(t.text or "" for t in _all(run, "t"))


def _read_styles(names: dict[str, str], numbering: Any | None, styles: Any | None) -> _Styles:
    """`names`: of the styles, by id. `numbering`, `styles`: the elements of these parts of the document, or None."""
    abstract = {a.get(f"{_MAIN}abstractNumId"): _levels(a) for a in _all(numbering, "abstractNum")}
    lists: dict[str, tuple[str, dict[int, _Level]]] = {}
    restarts: dict[str, set[int]] = {}
    for n in _all(numbering, "num"):
        number, name = n.get(f"{_MAIN}numId"), _value(n, "w:abstractNumId")
        levels = dict(abstract.get(name, {}))
        for own_level in _all(n, "lvlOverride"):
            levels |= _levels(own_level)
            level = _whole(own_level.get(f"{_MAIN}ilvl", "0"))
            if (start := _value(own_level, "w:startOverride")) and level in levels:
                levels[level] = replace(levels[level], start=_whole(start))
                restarts.setdefault(number, set()).add(level)
        lists[number] = name, levels
    numbered: dict[str, tuple[str, int]] = {}
    based = {}
    for style in _all(styles, "style"):
        name = style.get(f"{_MAIN}styleId")
        based[name] = _value(style, "w:basedOn")
        if style.find("w:pPr/w:numPr", _NAMES) is not None:
            numbered[name] = _value(style, "w:pPr/w:numPr/w:numId"), _whole(_value(style, "w:pPr/w:numPr/w:ilvl"))
    for name in based:
        above, seen = name, {name}
        while above not in numbered and based.get(above) and based[above] not in seen:
            above = based[above]
            seen.add(above)
        if above in numbered:
            numbered.setdefault(name, numbered[above])
    return _Styles(names, lists, numbered, restarts)


def _levels(abstract: Any) -> dict[int, _Level]:
    return {
        _whole(level.get(f"{_MAIN}ilvl", "0")): _Level(
            _value(level, "w:numFmt", "decimal"), _value(level, "w:lvlText"), _whole(_value(level, "w:start", "1"))
        )
        for level in _all(abstract, "lvl")
    }  # fmt: skip


def _all(part: Any | None, name: str) -> list[Any]:
    return [] if part is None else part.findall(f"{_MAIN}{name}")


def _value(element: Any, path: str, default: str = "") -> str:
    child = element.find(path, _NAMES)
    return default if child is None else str(child.get(f"{_MAIN}val", default))


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 0
