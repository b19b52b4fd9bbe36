"""Finds the content controls in a part of a Word file by their bytes, so that a text can be changed while every other byte
stays as the author's program wrote it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from dagster_project.core.errors import PamError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main "
Span = tuple[int, int]
_TAG = re.compile(rb"<[^\s/>]+(?:\s+[^\s=>/]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")


class NotReadableError(PamError, ValueError):
    """A part of a file that is not XML as Word writes it."""


@dataclass
class Control:
    """A content control with a tag. Spans of bytes: `names_at`: the XML tags with its tag and its binding; `placeholder_at`:
    that which marks a placeholder; `content_at`: that around its content; `texts`: what is between `<w:t>` and `</w:t>`."""

    tag: str = ""
    text: str = ""
    names_at: list[Span] = field(default_factory=list)
    placeholder_at: Span | None = None
    content_at: Span | None = None
    texts: list[Span] = field(default_factory=list)
    has_paragraphs: bool = False
    has_deleted_text: bool = False

    @property
    def is_deleted(self) -> bool:
        """Whether all of its text is deleted under review."""
        return self.has_deleted_text and not self.texts

    @property
    def can_change(self) -> bool:
        return bool(self.texts) or (self.content_at is not None and not self.has_paragraphs)


class _Reader:
    def __init__(self, data: bytes, prefixes: tuple[str, ...]) -> None:
        self.data, self.prefixes = data, prefixes
        self.open: list[Control] = []
        self.controls: list[Control] = []
        self.in_text = False
        self.parser: Any = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.XmlDeclHandler = self.declared

    def refuse(self, *_: object) -> None:
        raise NotReadableError("it has a document type, which no Word file has")

    def declared(self, _: str, encoding: str | None, __: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise NotReadableError(f"it is written in {encoding}; Word files are in UTF-8")

    @property
    def ours(self) -> Control | None:
        """The innermost open control with one of the prefixes."""
        return next((c for c in reversed(self.open) if c.tag.startswith(self.prefixes)), None)

    def span(self) -> Span:
        """The bytes of the tag that the parser is at."""
        start = self.parser.CurrentByteIndex
        match = _TAG.match(self.data, start)
        if match is None:
            raise NotReadableError(f"byte {start} is no tag")
        return match.span()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == f"{W}sdt":
            self.open.append(Control())
            return
        if not self.open:
            return
        last = self.open[-1]
        if name == f"{W}tag":
            last.tag = attributes.get(f"{W}val", "")
        if name in (f"{W}tag", f"{W}dataBinding"):
            last.names_at.append(self.span())
        elif name == f"{W}showingPlcHdr":
            last.placeholder_at = self.span()
        elif name == f"{W}sdtContent":
            last.content_at = self.span()
        elif name == f"{W}p":
            last.has_paragraphs = True
        elif name == f"{W}delText" and (ours := self.ours):
            ours.has_deleted_text = True
        elif name == f"{W}t" and (ours := self.ours):
            self.in_text = True
            begin, end = self.span()
            # The whole of an empty `<w:t/>` is replaced.
            ours.texts.append((begin, end) if self.data[end - 2 : end] == b"/>" else (end, end))

    def end(self, name: str) -> None:
        if name == f"{W}sdt":
            control = self.open.pop()
            if control.tag.startswith(self.prefixes):
                self.controls.append(control)
        elif name == f"{W}t" and self.in_text and (ours := self.ours):
            self.in_text = False
            begin, end = ours.texts[-1]
            if begin == end:
                ours.texts[-1] = (begin, self.parser.CurrentByteIndex)

    def characters(self, text: str) -> None:
        if self.in_text and (ours := self.ours):
            ours.text += text


def find_controls(data: bytes, prefixes: tuple[str, ...]) -> list[Control]:
    """Find the controls whose tags start with one of `prefixes`. Raises NotReadableError."""
    reader = _Reader(data, prefixes)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotReadableError(f"it is broken: {error}") from error
    return reader.controls


def text_edits(data: bytes, control: Control, text: str) -> list[tuple[Span, bytes]]:
    """The edits that make a control show `text`: its first text is replaced, the others are emptied."""
    escaped = escape(text).encode()
    edits = []
    for n, (begin, end) in enumerate(control.texts):
        new = escaped if n == 0 else b""
        if data[begin:end].startswith(b"<"):
            tag = data[begin:end].rstrip(b"/> ").lstrip(b"<").split()[0]
            new = b"<" + tag + b">" + new + b"</" + tag + b">"
        edits.append(((begin, end), new))
    if not control.texts and control.content_at:
        begin, end = control.content_at
        prefix, colon, _ = data[begin + 1 : end].rpartition(b"sdtContent")[0].rpartition(b":")
        qualified_prefix = prefix + colon
        run = b"<%br><%bt>%b</%bt></%br>" % (qualified_prefix, qualified_prefix, escaped, qualified_prefix, qualified_prefix)
        if data[begin:end].endswith(b"/>"):
            edits.append(((begin, end), b"<%bsdtContent>%b</%bsdtContent>" % (qualified_prefix, run, qualified_prefix)))
        else:
            edits.append(((end, end), run))
    if control.placeholder_at and data[slice(*control.placeholder_at)].endswith(b"/>"):
        edits.append((control.placeholder_at, b""))
    return edits


def apply_edits(data: bytes, edits: Iterable[tuple[Span, bytes]]) -> bytes:
    parts, at = list[bytes](), 0
    for (begin, end), new in sorted(edits):
        parts += [data[at:begin], new]
        at = end
    return b"".join([*parts, data[at:]])
