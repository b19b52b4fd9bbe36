"""Refreshes a document: its figures, even those typed over, become those of a later night. The author's words, and all else,
stay the same.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from docx.opc.oxml import serialize_part_xml
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from dagster_project.core.errors import PamError
from dagster_project.core.files import new_file

from . import refreshable_figures
from .content_controls import Control, NotReadableError, find_controls, read_part
from .model import Pack
from .refreshable_figures import FIGURE, LATER_DAYS, LINE, NAMESPACE, BoundText, DataPart
from .word_template import copy_zip
from .wording import strip_invalid_xml

MAX_BYTES = 200_000_000
"""The largest part that is read: a small zip file can contain a very large one."""
FORMS = ("exact", "public")
TYPED, KEPT = "typed over", "left as typed"
NEW, NEW_NOTE = "not in the document: a new row of the report", "not in the document: a new note of the report"
DELETED = "deleted under review"
REMOVED, OTHER_DAYS, UNKNOWN = "left: no longer in the report", "left: the report has other days now", "left: not known"


class NotRefreshableError(PamError, ValueError):
    """The figures of a file can't be refreshed. The message says why, and what to do."""


@dataclass(frozen=True)
class RefreshedFigure:
    """What happened to a figure. `was`: what the document showed. `note`: empty where only the night changed it."""

    figure: str
    what: str
    was: str
    now: str
    note: str = ""

    @property
    def is_left(self) -> bool:
        """Whether it was not refreshed."""
        return self.note.startswith("left")


@dataclass
class Document:
    """A document to refresh: its bytes, its data part and the name of that, and the root of each other part with its bound
    controls."""

    data: bytes
    part: DataPart
    part_name: str
    texts: dict[str, tuple[Any, list[Control]]]


@dataclass
class Refreshed:
    """A refreshed document. `before`: the night that it was of. `updated`: how many figures are now those of the new night.
    `has_charts`: charts are never refreshed."""

    data: bytes
    before: str
    updated: int
    has_charts: bool
    changes: list[RefreshedFigure] = field(default_factory=list)


def read_document(path: Path) -> Document:
    """Read a document. Raises NotRefreshableError, OSError."""
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            items = [i for i in file.infolist() if re.fullmatch(r"(word|customXml)/[^/]+\.xml", i.filename)]
            if large := next((i for i in items if i.file_size > MAX_BYTES), None):
                raise NotRefreshableError(f"{path}: {large.filename} has {large.file_size:,} bytes: no report is that large")
            parts = {i.filename: file.read(i) for i in items}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise NotRefreshableError(f"{path} is not a Word document (.docx): {error}") from error
    if "word/document.xml" not in parts:
        raise NotRefreshableError(f"{path} is not a Word document (.docx): it has no word/document.xml")
    part_name, part = _data_part(parts, path)
    texts = {}
    for name, text in parts.items():
        if name.startswith("word/") and b"pam" in text:
            try:
                root = read_part(text)
            except NotReadableError as error:
                raise NotRefreshableError(f"{path}: {name}: {error}; open it in Word, save it, and try again") from error
            if controls := find_controls(root, (FIGURE, LINE)):
                texts[name] = (root, controls)
    if not texts:
        raise NotRefreshableError(
            f"{path}: no content control with a figure can be read in it: if it is Strict Open XML, save it in Word as Word"
            " Document, else make it again with pam report"
        )
    return Document(data, part, part_name, texts)


def _data_part(parts: dict[str, bytes], path: Path) -> tuple[str, DataPart]:
    for name, data in parts.items():
        if name.startswith("customXml/") and NAMESPACE.encode() in data and b"<!DOCTYPE" not in data:
            try:
                root = parse_xml(data)
                if root.tag == f"{{{NAMESPACE}}}figures":
                    part = refreshable_figures.read_part(root)
                    if part.form not in FORMS:
                        # An unknown form must not be refreshed as exact: it could be a public document.
                        raise KeyError(f"form {part.form!r}")
                    return name, part
            except (SyntaxError, KeyError) as error:
                raise NotRefreshableError(f"{path}: {name} can't be read: {error}; make it again with pam report") from error
    raise NotRefreshableError(
        f"{path} has no figures that can be refreshed: it was not made by pam report, or its data part is missing, as it is"
        " when an editor that does not know content controls has saved it. Make it again with pam report"
    )


def refresh(document: Document, pack: Pack, keep_typed: bool = False) -> Refreshed:
    """Replace a document's figures by those of `pack`, of the same edition and form. `keep_typed`: leave those that a person
    typed over. New rows and notes of its tables are listed, once: only the author adds them. Changes the elements of
    `document`.

    Raises NotRefreshableError if the document is of another force, only one of document and pack is made up, or the public
    form is another, such as a rounded one, than the document says.
    """
    part, pack = document.part, strip_invalid_xml(pack)
    _check_same_kind(part, pack)
    texts_now = refreshable_figures.bound_texts(pack)
    bound_controls = [(c, _figure_of(part, c)) for _, controls in document.texts.values() for c in controls]
    shown = {figure: control.text for control, figure in reversed(bound_controls) if figure and not control.is_deleted}
    typed = {f for c, f in bound_controls if f and not c.is_deleted and (c.text != part.figures[f].text or f in part.shown)}
    left_as_typed = typed if keep_typed else set()
    new = _match_figures(part, texts_now, left_as_typed)
    changes: dict[RefreshedFigure, None] = {}
    updated = 0
    for control, figure in bound_controls:
        if figure is None or not control.can_change:
            changes[RefreshedFigure(control.tag, "", control.text, control.text, UNKNOWN)] = None
            continue
        bound, note = new[figure]
        if not note and (control.text != part.figures[figure].text or figure in part.shown):
            note = TYPED
        # If the author takes the deletion back, the next refresh has its figure.
        note = DELETED if control.is_deleted else note
        is_left = note in (REMOVED, OTHER_DAYS, KEPT, DELETED)
        if not is_left:
            updated += 1
            if control.text != bound.text:
                control.show(bound.text)
        if note or control.text != bound.text:
            after = control.text if is_left else bound.text
            changes[RefreshedFigure(bound.id, bound.name or bound.of, control.text, after, note)] = None
        if bound.id != figure:
            control.rename(refreshable_figures.tag_of(part.edition, bound.id), figure, bound.id)
    for bound in _new_texts(part, texts_now, new, shown):
        note = NEW_NOTE if bound.id.startswith(LATER_DAYS) else NEW
        changes[RefreshedFigure(bound.id, bound.name, "", bound.text, note)] = None
    edited = {name: serialize_part_xml(root) for name, (root, _) in document.texts.items()}
    figures = {**texts_now, **{b.id: b for f, (b, note) in new.items() if note in (REMOVED, OTHER_DAYS) and f in shown}}
    as_typed = {new[f][0].id: part.shown.get(f, shown[f]) for f in left_as_typed}
    edited[document.part_name] = refreshable_figures.part_xml(
        replace(part, night=pack.night_id, figures=figures, shown=as_typed)
    )
    copy = io.BytesIO()
    copy_zip(io.BytesIO(document.data), copy, lambda name, data: edited.get(name, data))
    has_charts = any(root.find(f".//{qn('pic:pic')}") is not None for root, _ in document.texts.values())
    return Refreshed(copy.getvalue(), part.night, updated, has_charts, list(changes))


def write_refreshed(refreshed: Refreshed, file: Path, out: Path) -> None:
    """Write a refreshed document to `out`, whole or not at all, with the permissions of `file`. Raises OSError."""
    with new_file(out) as new:
        new.write_bytes(refreshed.data)
        new.chmod(file.stat().st_mode & 0o777)


def _check_same_kind(part: DataPart, pack: Pack) -> None:
    if part.force != pack.force_code:
        raise NotRefreshableError(
            f"the document is of {part.force}, and edition {pack.edition} of this home is of {pack.force_code}"
        )
    if part.is_made_up != pack.is_made_up:
        kinds = ("made up", "real") if part.is_made_up else ("real", "made up")
        raise NotRefreshableError(
            f"the document's figures are {kinds[0]}, and this home's are {kinds[1]}: make it again with pam report"
        )
    if part.rule and part.rule != pack.rule:
        raise NotRefreshableError(
            f"the document says of its figures: “{part.rule}”, and the public form of this home is another: “{pack.rule}”:"
            " make it again with pam report --public"
        )


def _figure_of(part: DataPart, control: Control) -> str | None:
    """The id of a control's figure; None if the data part of the document does not have it."""
    tag = refreshable_figures.read_tag(control.tag, part.figures)
    return tag[1] if tag and tag[0] == part.edition and tag[1] in part.figures else None


def _match_figures(part: DataPart, now: dict[str, BoundText], left_as_typed: set[str]) -> dict[str, tuple[BoundText, str]]:
    """The new text of each figure of a document, and a note. A figure that is no longer in the report, or is now of other days
    than the words around it say, keeps its text, under an id that no figure of this night has: its old id may be another's."""
    new: dict[str, tuple[BoundText, str]] = {}
    matched = {*now}
    for figure, was in part.figures.items():
        match = refreshable_figures.find_same_figure(was, now)
        # Documents of earlier versions say no period of figures that others publish.
        if match is None or (was.days and match.days != was.days):
            unused = next(i for i in _removed_ids(figure) if i not in matched)
            matched.add(unused)
            new[figure] = (replace(was, id=unused), OTHER_DAYS if match else REMOVED)
        else:
            new[figure] = (match, KEPT if figure in left_as_typed else "")
    return new


def _new_texts(
    part: DataPart, now: dict[str, BoundText], new: dict[str, tuple[BoundText, str]], shown: Iterable[str]
) -> list[BoundText]:
    """Figures of this night that none of the document's is, in rows that its tables do not have, and notes on later days that
    they had no need of. `shown`: the ids in it."""
    tables = {figure.split("/")[0] for figure in shown if figure.count("/") > 1}
    rows = {(figure.split("/")[0], was.of) for figure, was in part.figures.items()}
    matched = {bound.id for bound, _ in new.values()}
    return [
        b for b in now.values()
        if ((table := b.id.split("/")[0]) in tables and b.id not in matched and (table, b.of) not in rows)
        or (b.id.removeprefix(LATER_DAYS) in tables and b.id not in part.figures)
    ]  # fmt: skip


def _removed_ids(figure: str) -> Iterator[str]:
    """`pspo/gone-3/prosecutions`, `pspo/gone-3-2/prosecutions` and so on."""
    table, *row = figure.split("/")
    removed_id = row[0] if row and row[0].startswith("gone-") else f"gone-{row[0] if row else table}"
    for n in count(1):
        yield "/".join([*([table] if row else []), removed_id if n == 1 else f"{removed_id}-{n}", *row[1:]])
