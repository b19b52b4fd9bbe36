"""Brings a document's figures to a later night, also those typed over. Its author's words, and every other byte of its text,
stay the same.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from docx.oxml import parse_xml

from dagster_project.core.errors import PamError
from dagster_project.core.files import put_in_place, temporary_path

from .bound_figures import (
    FIGURE,
    LINE,
    NAMESPACE,
    BoundText,
    DataPart,
    figures_of,
    part_xml,
    read_part,
    read_tag,
    same_figure,
    tag_of,
    xpath_of,
)
from .control_texts import Control, NotReadableError, Span, applied, controls_in, text_edits
from .model import Pack
from .ooxml import rewrite
from .shared_sentences import legible

MOST_BYTES = 200_000_000
"""Of a part: a small file can hold a very large one."""
FORMS = ("exact", "public")
TYPED, KEPT = "typed over", "left as typed"
GONE, OTHER_DAYS, UNKNOWN = "left: no longer in the report", "left: the report has other days now", "left: not known"


class NotOursError(PamError, ValueError):
    """A file whose figures can't be refreshed. The message says why, and what to do."""


@dataclass(frozen=True)
class RefreshedFigure:
    """What became of a figure. `was`: what the document showed. `note`: empty where the night alone changed it."""

    figure: str
    what: str
    was: str
    now: str
    note: str = ""

    @property
    def is_left(self) -> bool:
        """Whether it does not follow the night."""
        return self.note.startswith("left")


@dataclass
class Document:
    """A document to be refreshed: its bytes, its data part and where that is, and its parts with bound controls."""

    data: bytes
    part: DataPart
    part_name: str
    texts: dict[str, tuple[bytes, list[Control]]]


@dataclass
class Refreshed:
    """A refreshed document, and what became of its figures: `followed` of them are tonight's. `has_charts`: those are not."""

    data: bytes
    before: str
    followed: int
    has_charts: bool
    changes: list[RefreshedFigure] = field(default_factory=list)


def read_document(path: Path) -> Document:
    """Read a document. Raises NotOursError, OSError."""
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            parts = dict(_parts(file, path))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise NotOursError(f"{path} is not a Word document (.docx): {error}") from error
    if "word/document.xml" not in parts:
        raise NotOursError(f"{path} is not a Word document (.docx): it has no word/document.xml")
    part_name, part = _data_part(parts, path)
    texts = {}
    for name, text in parts.items():
        if name.startswith("word/") and b"pam" in text:
            try:
                found = controls_in(text, (FIGURE, LINE))
            except NotReadableError as error:
                raise NotOursError(f"{path}: {name}: {error}; open it in Word, save it, and try again") from error
            if found:
                texts[name] = (text, found)
    return Document(data, part, part_name, texts)


def _parts(file: zipfile.ZipFile, path: Path) -> Iterator[tuple[str, bytes]]:
    for item in file.infolist():
        if re.fullmatch(r"(word|customXml)/[^/]+\.xml", item.filename):
            if item.file_size > MOST_BYTES:
                raise NotOursError(f"{path}: {item.filename} is of {item.file_size:,} bytes: no report is as large")
            yield item.filename, file.read(item)


def _data_part(parts: dict[str, bytes], path: Path) -> tuple[str, DataPart]:
    for name, data in parts.items():
        if name.startswith("customXml/") and NAMESPACE.encode() in data and b"<!DOCTYPE" not in data:
            try:
                root = parse_xml(data)
                if root.tag == f"{{{NAMESPACE}}}figures":
                    part = read_part(root)
                    if part.form not in FORMS:
                        # Exact figures must never come into a document of the public form.
                        raise KeyError(f"form {part.form!r}")
                    return name, part
            except (SyntaxError, KeyError) as error:
                raise NotOursError(f"{path}: {name} can't be read: {error}; make it anew with pam report") from error
    raise NotOursError(
        f"{path} has no figures that follow the night: it was not made by pam report, or its data part is gone, as it is when"
        " an editor that does not know content controls has saved it. Make it anew with pam report"
    )


def refresh(document: Document, pack: Pack, keep_typed: bool = False) -> Refreshed:
    """Bring a document's figures to those of `pack`, of the same edition and form. `keep_typed`: leave those that a person
    typed over.

    Raises NotOursError where the document is of another force, or its figures are made up and the pack's are not, or the other
    way round.
    """
    part, pack = document.part, legible(pack)
    _refuse_others(part, pack)
    now = figures_of(pack)
    controls = [c for _, found in document.texts.values() for c in found]
    typed = {f for c in controls if (f := _known(part, c)) and (c.text != part.figures[f].text or f in part.shown)}
    kept = typed if keep_typed else set()
    new = _tonight(part, now, kept)
    changes: dict[RefreshedFigure, None] = {}
    followed = 0
    edited: dict[str, bytes] = {}
    for name, (text, found) in document.texts.items():
        edits: list[tuple[Span, bytes]] = []
        for control in found:
            figure = _known(part, control)
            if figure is None or not control.can_change:
                changes[RefreshedFigure(control.tag, "", control.text, control.text, UNKNOWN)] = None
                continue
            bound, note = new[figure]
            if not note and (control.text != part.figures[figure].text or figure in part.shown):
                note = TYPED
            if note not in (GONE, OTHER_DAYS, KEPT):
                followed += 1
                if control.text != bound.text:
                    edits += text_edits(text, control, bound.text)
            if note or control.text != bound.text:
                shown = control.text if note in (GONE, OTHER_DAYS, KEPT) else bound.text
                changes[RefreshedFigure(bound.id, bound.name or bound.of, control.text, shown, note)] = None
            edits += _place_edits(part.edition, control, figure, bound.id)
        if edits:
            edited[name] = applied(text, edits)
    in_use = {f for c in controls if (f := _known(part, c))}
    figures = {**now, **{b.id: b for f, (b, note) in new.items() if note in (GONE, OTHER_DAYS) and f in in_use}}
    as_typed = {new[f][0].id: part.shown.get(f, next(c.text for c in controls if _known(part, c) == f)) for f in kept}
    after = replace(part, night=pack.night_id, figures=figures, shown=as_typed)
    edited[document.part_name] = part_xml(after)
    made = io.BytesIO()
    rewrite(io.BytesIO(document.data), made, lambda name, data: edited.get(name, data))
    has_charts = any(b"<pic:pic" in text for text, _ in document.texts.values())
    return Refreshed(made.getvalue(), part.night, followed, has_charts, list(changes))


def write_refreshed(found: Refreshed, file: Path, out: Path) -> None:
    """Write a refreshed document to `out`, whole or not at all, for those who could read `file`. Raises OSError."""
    new = temporary_path(out)
    try:
        new.touch(mode=0o600)
        new.write_bytes(found.data)
        new.chmod(file.stat().st_mode & 0o777)
        put_in_place(new, out)
    finally:
        new.unlink(missing_ok=True)


def _refuse_others(part: DataPart, pack: Pack) -> None:
    if part.force != pack.force_code:
        raise NotOursError(f"the document is of {part.force}, and edition {pack.edition} of this home is of {pack.force_code}")
    if part.is_sample != pack.is_sample:
        said = ("made up", "real") if part.is_sample else ("real", "made up")
        raise NotOursError(f"the document's figures are {said[0]}, and this home's are {said[1]}: make it anew with pam report")


def _known(part: DataPart, control: Control) -> str | None:
    """The id of a control's figure; None for what the document's data part does not have."""
    found = read_tag(control.tag, part.figures)
    return found[1] if found and found[0] == part.edition and found[1] in part.figures else None


def _tonight(part: DataPart, now: dict[str, BoundText], kept: set[str]) -> dict[str, tuple[BoundText, str]]:
    """What each figure of a document is tonight. One that is in the report no more, or is of other days than the words around
    it say, keeps its text, under an id that no figure of tonight has: what has its old place is another figure."""
    new, taken = {}, {*now}
    for figure, was in part.figures.items():
        same = same_figure(was, now)
        if same is None or same.days != was.days:
            free = next(g for g in _gone(figure) if g not in taken)
            taken.add(free)
            new[figure] = (replace(was, id=free), OTHER_DAYS if same else GONE)
        else:
            new[figure] = (same, KEPT if figure in kept else "")
    return new


def _gone(figure: str) -> Iterator[str]:
    """`pspo/gone-3/prosecutions`, `pspo/gone-3-2/prosecutions` and so on."""
    table, *row = figure.split("/")
    own = row[0] if row and row[0].startswith("gone-") else f"gone-{row[0] if row else table}"
    for n in count(1):
        yield "/".join([*([table] if row else []), own if n == 1 else f"{own}-{n}", *row[1:]])


def _place_edits(edition: str, control: Control, was: str, now: str) -> list[tuple[Span, bytes]]:
    """Where a figure's row has moved, its tag and its binding say so."""
    if was == now:
        return []
    edits: list[tuple[Span, bytes]] = []
    if control.tag_at:
        edits.append((control.tag_at, tag_of(edition, now).encode()))
    if control.path_at:
        edits.append((control.path_at, xpath_of(now).replace("'", "&apos;").encode()))
    return edits
