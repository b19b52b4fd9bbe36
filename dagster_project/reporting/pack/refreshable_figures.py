"""Figures of a document that can be refreshed: the tag of each, and the data part that all of them are bound to.

A figure is in a content control. Its tag identifies it, `pam:2026-03/offences/1/pct_change`, and its text is bound to the data
part: Word shows the text of the data part, and `pam report refresh` changes both.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

from dagster_project.editions.verdicts import share_checked

from .model import MISSING, Cell, Claim, Pack, PrintedColumn, Row, Table
from .wording import night_line, source_line

NAMESPACE = "urn:pam-warehouse:figures:1"
PREFIXES = f"xmlns:pam='{NAMESPACE}'"
FIGURE, LINE = "pam:", "pam-line:"
"""Prefixes of tags: of a figure, and of a sentence about the night. The id of a sentence has no `/`."""
LONGEST = 64
"""Characters that Word allows in a tag, and in its name in words."""
SHORT = re.compile(r"~[0-9a-f]{16}$")
NIGHT, STATUS, CHECKED = "night", "status", "checked"
SOURCE, LATER_DAYS = "source-", "later-"


@dataclass(frozen=True)
class BoundText:
    """A text that can be refreshed. `id`: `table/row/column` or `claim/number`. `text`: as printed. `of`: what identifies the
    figure on another night: its row, or what the claim is about. `days`: its window in words; empty where the words around it
    do not depend on it. `name`: what it is, in words."""

    id: str
    text: str
    of: str = ""
    days: str = ""
    name: str = ""


@dataclass(frozen=True)
class DataPart:
    """The data part of a document. `form`: exact or public. `shown`: by id, the texts that a person typed over. `rule`: what
    the public form leaves out, in the words of the document; empty in documents of earlier versions."""

    edition: str
    night: str
    force: str
    form: str
    is_made_up: bool
    figures: dict[str, BoundText]
    shown: dict[str, str] = field(default_factory=dict)
    rule: str = ""


def tag_of(edition: str, figure: str) -> str:
    """The tag of a figure. If it would be longer than Word allows, it has `~` and the first 16 digits of the id's SHA-256 in
    place of the id."""
    tag = f"{FIGURE if '/' in figure else LINE}{edition}/{figure}"
    if len(tag) <= LONGEST:
        return tag
    return f"{FIGURE}{edition}/~{hashlib.sha256(figure.encode()).hexdigest()[:16]}"


def read_tag(tag: str, known: Iterable[str] = ()) -> tuple[str, str] | None:
    """Edition and id of a tag; None for a tag that is not ours. `known`: the ids that a shortened tag can be of."""
    match = re.fullmatch(rf"(?:{FIGURE}|{LINE})([^/]+)/(.+)", tag)
    if match is None:
        return None
    edition, figure = match.groups()
    if SHORT.match(figure):
        figure = next((k for k in known if tag_of(edition, k) == tag), figure)
    return edition, figure


def data_part_id(edition: str) -> str:
    """The id of an edition's data part. Each edition has its own, so a figure pasted into the document of another edition is
    bound to nothing there."""
    return f"{{{str(uuid5(NAMESPACE_URL, f'{NAMESPACE}:{edition}')).upper()}}}"


def xpath_of(figure: str) -> str:
    return f"/pam:figures/pam:f[@id='{figure}']"


def bound_texts(pack: Pack) -> dict[str, BoundText]:
    """Every text of a pack that a document can have bound, by id: figures, computed claims, sentences about the night."""
    rows = [(t, r) for t in pack.tables for r in t.rows]
    texts = [bind_cell(t, r, c, cell) for t, r in rows for c, cell in zip(t.columns, r.cells, strict=True)]
    texts += [bind_claim(c) for c in pack.claims if c.kind == "figure"]
    texts += [
        BoundText(NIGHT, night_line(pack), name="The night of the figures"),
        BoundText(STATUS, pack.data_status, name="How complete the figures are"),
    ]
    if pack.claims:
        texts.append(BoundText(CHECKED, f"{share_checked(pack.claims)} were checked.", name="What share was checked"))
    texts += [bind_source(t) for t in pack.tables]
    texts += [bind_later_days(t) for t in pack.tables if t.later_days]
    return {b.id: b for b in texts}


def bind_cell(table: Table, row: Row, column: PrintedColumn, cell: Cell) -> BoundText:
    # Figures that others publish are of the period that the column's heading says, if it says one.
    days = (column.window or "") if cell.days.startswith("as published") else cell.days
    return BoundText(cell.cell_id, cell.printed, row.label, days, f"{row.label}, {column.label}: {table.title}")


def bind_claim(claim: Claim) -> BoundText:
    return BoundText(f"claim/{claim.no}", claim.computed or MISSING, f"{claim.what}: {claim.printed}", name=claim.what)


def bind_source(table: Table) -> BoundText:
    return BoundText(f"{SOURCE}{table.name}", source_line(table), name=f"Source: {table.title}")


def bind_later_days(table: Table) -> BoundText:
    return BoundText(f"{LATER_DAYS}{table.name}", f"Note: {table.later_days}", name=f"Later days: {table.title}")


def make_data_part(pack: Pack) -> DataPart:
    form = "exact" if pack.rule is None else "public"
    return DataPart(
        pack.edition, pack.night_id, pack.force_code, form, pack.is_made_up, bound_texts(pack), rule=pack.rule or ""
    )


def find_same_figure(was: BoundText, now: dict[str, BoundText]) -> BoundText | None:
    """The figure of this night that is the same as an earlier one: of the same row, even if that row has moved, as rows sorted
    by size do. None if there is none, or several could be it."""
    if "/" not in was.id:
        return now.get(was.id)
    same_id = now.get(was.id)
    if same_id and same_id.of == was.of:
        return same_id
    # `table/row/column`, or `claim/number`.
    column = was.id.split("/")[::2]
    candidates = [b for b in now.values() if b.of == was.of and "/" in b.id and b.id.split("/")[::2] == column]
    return candidates[0] if len(candidates) == 1 else None


def part_xml(part: DataPart) -> bytes:
    """A data part as XML. `printed`: what the warehouse wrote. The text: what Word shows, and a person may change."""
    facts = {"edition": part.edition, "night": part.night, "force": part.force, "form": part.form,
             "sample": "yes" if part.is_made_up else "no", **({"rule": part.rule} if part.rule else {})}  # fmt: skip
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in facts.items())
    lines = [
        f"<f id={quoteattr(b.id)} printed={quoteattr(b.text)} of={quoteattr(b.of)} days={quoteattr(b.days)}>"
        f"{escape(part.shown.get(b.id, b.text))}</f>"
        for b in part.figures.values()
    ]
    body = "\n".join((f'<figures xmlns="{NAMESPACE}" {attributes}>', *lines, "</figures>"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def read_part(root: Any) -> DataPart:
    """Read a data part that `part_xml` wrote, and other programs may have saved. Raises KeyError if an attribute is missing."""
    figures: dict[str, BoundText] = {}
    shown: dict[str, str] = {}
    for f in root.iter(f"{{{NAMESPACE}}}f"):
        text = f.text or ""
        bound = BoundText(f.attrib["id"], f.get("printed", text), f.get("of", ""), f.get("days", ""))
        figures[bound.id] = bound
        if text != bound.text:
            shown[bound.id] = text
    return DataPart(
        root.attrib["edition"], root.attrib["night"], root.attrib["force"], root.attrib["form"],
        root.attrib["sample"] == "yes", figures, shown, root.get("rule", ""),
    )  # fmt: skip


def item_props(edition: str) -> bytes:
    """The properties part that gives a data part its id."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<ds:datastoreItem ds:itemID="{data_part_id(edition)}"'
        ' xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"><ds:schemaRefs>'
        f'<ds:schemaRef ds:uri="{NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>'
    ).encode()
