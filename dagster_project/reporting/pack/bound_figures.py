"""Writes figures of a document that follow the night: the tag of each, and the data part that all are bound to.

A figure stands in a content control whose tag says what it is, `pam:2026-03/offences/1/pct_change`, and whose text is that of
the data part. Word shows the data part's text; `pam report refresh` changes both.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

from dagster_project.editions.verdicts import share_checked

from .model import Cell, Claim, Pack, PrintedColumn, Row, Table
from .shared_sentences import night_line, source_line

NAMESPACE = "urn:pam-warehouse:figures:1"
PREFIXES = f"xmlns:pam='{NAMESPACE}'"
FIGURE, LINE = "pam:", "pam-line:"
"""What a tag begins with: of a figure, or of a sentence on the night. The id of a sentence has no `/`."""
LONGEST = 64
"""Characters of a tag, and of its name in words, that Word allows."""
SHORT = re.compile(r"~[0-9a-f]{16}$")
NIGHT, STATUS, CHECKED = "night", "status", "checked"
SOURCE = "source-"
MISSING = "[x]"


@dataclass(frozen=True)
class BoundText:
    """A text that follows the night. `id`: `table/row/column` or `claim/number`. `text`: as printed. `of`: what makes it the
    same figure on another night: the row that it stands in, or what the claim is about. `days`: its window in words, as the
    words around it say; empty where they don't. `name`: what it is, in words."""

    id: str
    text: str
    of: str = ""
    days: str = ""
    name: str = ""


@dataclass(frozen=True)
class DataPart:
    """The data part of a document. `form`: exact, or public. `shown`: id -> the text that Word shows, where a person typed
    over one."""

    edition: str
    night: str
    force: str
    form: str
    is_sample: bool
    figures: dict[str, BoundText]
    shown: dict[str, str] = field(default_factory=dict)


def tag_of(edition: str, figure: str) -> str:
    """The tag of a figure. One that would be longer than Word allows ends in `~` and the first 16 digits of the SHA-256 of the
    id instead of the id."""
    tag = f"{FIGURE if '/' in figure else LINE}{edition}/{figure}"
    if len(tag) <= LONGEST:
        return tag
    return f"{FIGURE}{edition}/~{hashlib.sha256(figure.encode()).hexdigest()[:16]}"


def read_tag(tag: str, known: Iterable[str] = ()) -> tuple[str, str] | None:
    """Edition and id of a tag; None where it is no tag of ours. `known`: the ids that a shortened tag may stand for."""
    found = re.fullmatch(rf"(?:{FIGURE}|{LINE})([^/]+)/(.+)", tag)
    if found is None:
        return None
    edition, figure = found.groups()
    if SHORT.match(figure):
        figure = next((k for k in known if tag_of(edition, k) == tag), figure)
    return edition, figure


def store_id(edition: str) -> str:
    """The id of an edition's data part. Each edition has its own: a figure that is pasted into the document of another one is
    bound to nothing there, and is not shown as that edition's."""
    return f"{{{str(uuid5(NAMESPACE_URL, f'{NAMESPACE}:{edition}')).upper()}}}"


def xpath_of(figure: str) -> str:
    """Where the data part has a figure."""
    return f"/pam:figures/pam:f[@id='{figure}']"


def figures_of(pack: Pack) -> dict[str, BoundText]:
    """All that can be bound in a document of a pack, by id: its figures, what its claims come to, sentences on the night."""
    rows = [(t, r) for t in pack.tables for r in t.rows]
    found = [cell_figure(t, r, c, cell) for t, r in rows for c, cell in zip(t.columns, r.cells, strict=True)]
    found += [claim_figure(c) for c in pack.claims if c.kind == "figure"]
    found += [
        BoundText(NIGHT, night_line(pack), name="The night of the figures"),
        BoundText(STATUS, pack.data_status, name="How complete the figures are"),
    ]
    if pack.claims:
        found.append(BoundText(CHECKED, f"{share_checked(pack.claims)} were checked.", name="What share was checked"))
    found += [source_of(t) for t in pack.tables]
    return {b.id: b for b in found}


def cell_figure(table: Table, row: Row, column: PrintedColumn, cell: Cell) -> BoundText:
    """A cell of a table."""
    # What others publish is their newest, whichever period that is.
    days = "" if cell.days.startswith("as published") else cell.days
    return BoundText(cell.cell_id, cell.printed, row.label, days, f"{row.label}, {column.label}: {table.title}")


def claim_figure(claim: Claim) -> BoundText:
    """What a claim comes to."""
    return BoundText(f"claim/{claim.no}", claim.computed or MISSING, f"{claim.what}: {claim.printed}", name=claim.what)


def source_of(table: Table) -> BoundText:
    """The extracts of a table and the days that they cover."""
    return BoundText(f"{SOURCE}{table.name}", source_line(table), name=f"Source: {table.title}")


def data_part(pack: Pack) -> DataPart:
    """The data part of a pack's document."""
    form = "exact" if pack.rule is None else "public"
    return DataPart(pack.edition, pack.night_id, pack.force_code, form, pack.is_sample, figures_of(pack))


def same_figure(was: BoundText, now: dict[str, BoundText]) -> BoundText | None:
    """Tonight's figure that is what `was` was: of the same row, also where the row has moved, as rows do that are sorted by
    size. None where there is none, or no telling which."""
    if "/" not in was.id:
        return now.get(was.id)
    same = now.get(was.id)
    if same and same.of == was.of:
        return same
    # `table/row/column`, or `claim/number`.
    place = was.id.split("/")[::2]
    found = [b for b in now.values() if b.of == was.of and "/" in b.id and b.id.split("/")[::2] == place]
    return found[0] if len(found) == 1 else None


def part_xml(part: DataPart) -> bytes:
    """A data part as XML. `printed` is what the warehouse wrote; the text is what Word shows, and what a person changes."""
    facts = {"edition": part.edition, "night": part.night, "force": part.force, "form": part.form,
             "sample": "yes" if part.is_sample else "no"}  # fmt: skip
    said = " ".join(f"{name}={quoteattr(value)}" for name, value in facts.items())
    lines = [
        f"<f id={quoteattr(b.id)} printed={quoteattr(b.text)} of={quoteattr(b.of)} days={quoteattr(b.days)}>"
        f"{escape(part.shown.get(b.id, b.text))}</f>"
        for b in part.figures.values()
    ]
    body = "\n".join((f'<figures xmlns="{NAMESPACE}" {said}>', *lines, "</figures>"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def read_part(root: Any) -> DataPart:
    """A data part as `part_xml` wrote it, whatever else has saved it since. Raises KeyError for one that lacks an attribute."""
    figures, shown = {}, {}
    for f in root.iter(f"{{{NAMESPACE}}}f"):
        text = f.text or ""
        bound = BoundText(f.attrib["id"], f.get("printed", text), f.get("of", ""), f.get("days", ""))
        figures[bound.id] = bound
        if text != bound.text:
            shown[bound.id] = text
    return DataPart(
        root.attrib["edition"], root.attrib["night"], root.attrib["force"], root.attrib["form"],
        root.attrib["sample"] == "yes", figures, shown,
    )  # fmt: skip


def item_props(edition: str) -> bytes:
    """What gives a data part its id."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<ds:datastoreItem ds:itemID="{store_id(edition)}"'
        ' xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"><ds:schemaRefs>'
        f'<ds:schemaRef ds:uri="{NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>'
    ).encode()
