"""A document to check: its paragraphs and tables in order, with the content controls around figures."""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from dagster_project.core.errors import PamError
from dagster_project.core.printable import visible
from dagster_project.editions.tables import CHANGES
from dagster_project.editions.windows import years_before

_PLAIN = str.maketrans({
    **dict.fromkeys("\u2002\u2003\u2007\u2008\u2009\u200a", " "),
    **dict.fromkeys("\u2010\u2011", "-"),
    # Bullets of Word's symbol fonts.
    **dict.fromkeys("\uf0a7\uf0b7", "•"),
    # Letters that a font joins: a PDF may say `oﬀences` and `conﬁscation` with one character for two.
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st",
})  # fmt: skip
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+(?!\d)")


def visible_text(text: str) -> str:
    """A text as a reader sees it: with plain blanks, hyphens, bullets and letters, and without characters of no width."""
    thousands = _THOUSANDS.sub(lambda m: re.sub(r"\D", ",", m[0]), text)
    return visible(thousands).translate(_PLAIN)


class DocumentError(PamError, ValueError):
    """A document that can't be read, or is too large. The message names the file and says what to do."""


@dataclass(frozen=True)
class ContentControl:
    """A content control in a text: its place and its tag."""

    start: int
    end: int
    tag: str


@dataclass(frozen=True)
class Text:
    """A paragraph, or a table's cell. `is_item`: of a list. `number`: the number that Word shows before it, which is not in its
    text. `place`: where it is, if not in the body, such as `footnote 1`."""

    text: str
    bound: tuple[ContentControl, ...] = ()
    is_heading: bool = False
    is_item: bool = False
    number: str = ""
    place: str = ""


@dataclass(frozen=True)
class Grid:
    """A table, row by row; rows may differ in length. A cell over several columns is in the first, with blank ones after it."""

    rows: tuple[tuple[Text, ...], ...]

    @cached_property
    def texts(self) -> list[list[str]]:
        """The cells' texts, without blanks around them."""
        return [[c.text.strip() for c in row] for row in self.rows]


Block = Text | Grid


def cells_of(block: Block) -> list[Text]:
    """A table's cells, or the paragraph itself."""
    return [block] if isinstance(block, Text) else [cell for row in block.rows for cell in row]


SHOWS = ("value", *CHANGES)
"""What a figure shows of a mart: its columns."""


@dataclass(frozen=True)
class Printed:
    """A printed figure of the edition and its verdict: a row of `reports.claims`."""

    paragraph: str
    text: str
    verdict: str
    reason: str | None


@dataclass(frozen=True)
class Figure:
    """A figure that a number may be linked with. `first`, `last`: its days; both None: the newest that others publish.
    `period`: its days in words. `shows`: which column of the marts. `value`: None if it is not available."""

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
    def what(self) -> str:
        """The measure, as words for it mean it: `mart.measure`."""
        return f"{self.mart}.{self.measure}"

    @property
    def key(self) -> tuple[object, ...]:
        """What identifies the figure."""
        return (
            self.mart, self.measure, self.shows, self.area_type, self.area_name, self.category, self.first, self.last,
            self.period if self.last is None else "",
        )  # fmt: skip

    def is_year_before(self, later: "Figure") -> bool:
        """Whether another figure is this one a year later."""
        is_next = later.last is not None and years_before(later.last) == self.last
        return is_next and replace(later, first=self.first, last=self.last).key == self.key


@dataclass(frozen=True)
class Item:
    """A number of the document and its verdict. `where`: table, row and column, or paragraph. `text`: the words around it.
    `printed`, `computed`: as text; computed is None if there is no figure."""

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
