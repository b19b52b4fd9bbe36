"""Finds the content controls in a part of a Word file by their tags, and changes what they show."""

from dataclasses import dataclass
from typing import Any

from docx.oxml import parse_xml
from docx.oxml.ns import qn

from dagster_project.core.errors import PamError

from .ooxml import make_element

SDT, TEXT, DELETED_TEXT = qn("w:sdt"), qn("w:t"), qn("w:delText")


class NotReadableError(PamError, ValueError):
    """A part of a file that is not XML as Word writes it."""


@dataclass
class Control:
    """A content control with a tag. `text`: what it showed when it was found; `is_deleted`: all of that is deleted under
    review. `texts`: the elements that have its text."""

    element: Any
    tag: str
    text: str
    texts: list[Any]
    is_deleted: bool

    @property
    def can_change(self) -> bool:
        content = self.element.find(qn("w:sdtContent"))
        return bool(self.texts) or (content is not None and content.find(f".//{qn('w:p')}") is None)

    def show(self, text: str) -> None:
        """Show a text, no longer as a placeholder: the first of its texts is replaced, the others are emptied."""
        if not self.texts:
            run = make_element("r")
            self.texts.append(make_element("t"))
            run.append(self.texts[0])
            self.element.find(qn("w:sdtContent")).append(run)
        for n, element in enumerate(self.texts):
            del element[:]  # a comment divides its text
            element.text = text if n == 0 else ""
        for mark in self.element.findall(f"{qn('w:sdtPr')}/{qn('w:showingPlcHdr')}"):
            mark.getparent().remove(mark)

    def rename(self, tag: str, figure_was: str, figure: str) -> None:
        """Give it the tag of another figure, and bind it to that."""
        self.element.find(f"{qn('w:sdtPr')}/{qn('w:tag')}").set(qn("w:val"), tag)
        for binding in self.element.findall(f"{qn('w:sdtPr')}/{qn('w:dataBinding')}"):
            binding.set(qn("w:xpath"), binding.get(qn("w:xpath")).replace(figure_was, figure))


def read_part(data: bytes) -> Any:
    """The root element of a part. Raises NotReadableError."""
    try:
        root = parse_xml(data)
    except SyntaxError as error:
        raise NotReadableError(f"it is broken: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise NotReadableError("it has a document type, which no Word file has")
    return root


def find_controls(root: Any, prefixes: tuple[str, ...]) -> list[Control]:
    """The controls whose tags start with one of `prefixes`. What such a control within another shows is its own alone."""
    tags = {sdt: _tag_of(sdt) for sdt in root.iter(SDT)}
    ours = {sdt: tag for sdt, tag in tags.items() if tag.startswith(prefixes)}
    elements: dict[Any, list[Any]] = {sdt: [] for sdt in ours}
    for element in root.iter(TEXT, DELETED_TEXT):
        if (sdt := next((a for a in element.iterancestors(SDT) if a in ours), None)) is not None:
            elements[sdt].append(element)
    controls = []
    for sdt, tag in ours.items():
        texts = [e for e in elements[sdt] if e.tag == TEXT]
        is_deleted = not texts and bool(elements[sdt])
        controls.append(Control(sdt, tag, "".join(part for t in texts for part in t.xpath("text()")), texts, is_deleted))
    return controls


def _tag_of(sdt: Any) -> str:
    tag = sdt.find(f"{qn('w:sdtPr')}/{qn('w:tag')}")
    return "" if tag is None else tag.get(qn("w:val"), "")
