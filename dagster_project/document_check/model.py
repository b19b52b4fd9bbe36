"""A document as it is checked: its paragraphs and tables in order, with the content controls that hold bound figures."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dagster_project.core.errors import PamError

_SEEN = {
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011"), "-"),
    **dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff")),
}


_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+(?!\d)")


def seen(text: str) -> str:
    """A text as a reader sees it: all blanks and hyphens the same, without characters of no width."""
    thousands = _THOUSANDS.sub(lambda m: re.sub(r"\D", ",", m[0]), text)
    return thousands.translate(_SEEN)


class DocumentError(PamError, ValueError):
    """A document that can't be read, or is larger than is read. The message names the file and says what to do."""


@dataclass(frozen=True)
class Bound:
    """A content control in a text: from where to where, and its tag."""

    start: int
    end: int
    tag: str


@dataclass(frozen=True)
class Text:
    """A paragraph, or a table's cell. `is_heading`: it begins a part of its own. `is_item`: of a list. `number`: the
    number that Word shows before it, which is not in its text. `place`: where it is, if not in the body: `footnote 1`."""

    text: str
    bound: tuple[Bound, ...] = ()
    is_heading: bool = False
    is_item: bool = False
    number: str = ""
    place: str = ""


@dataclass(frozen=True)
class Grid:
    """A table, row by row; rows may differ in length. A cell over several columns stands in the first, and is blank after."""

    rows: tuple[tuple[Text, ...], ...]


Block = Text | Grid


@dataclass(frozen=True)
class Printed:
    """What the edition printed of a figure, and what became of it: a row of `reports.claims`."""

    paragraph: str
    text: str
    verdict: str
    reason: str | None


@dataclass(frozen=True)
class Figure:
    """A figure that a number may be linked with. `first`, `last`: its days; both None: the newest that others publish.
    `period`: those days in words. `shows`: which column of the marts. `value`: None where it is not available."""

    mart: str
    measure: str
    shows: str
    area_type: str
    area_name: str
    category: str
    first: date | None
    last: date | None
    unit: str
    value: Decimal | None
    status: str | None
    period: str = ""
    claims: tuple[Printed, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it this figure and no other."""
        return (
            self.mart, self.measure, self.shows, self.area_type, self.area_name, self.category, self.first, self.last,
            self.period if self.last is None else "",
        )  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A number of the document and what came of it. `where`: table, row and column, or the paragraph. `text`: the words
    around. `printed`, `computed`: as text; computed is None where nothing is."""

    where: str
    text: str
    printed: str
    verdict: str
    measure: str | None = None
    computed: str | None = None
    figure: str | None = None
    category: str | None = None
    area: str | None = None
    period: str | None = None
    reason: str | None = None
