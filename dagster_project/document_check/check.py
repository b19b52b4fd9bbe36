"""Checks each number of a document: finds its figure, and compares it with the published night."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path

from dagster_project.core.cell_text import plain_text
from dagster_project.core.home import Home
from dagster_project.editions.model import NoEditionError
from dagster_project.editions.verdicts import DISAGREES, NOT_COMPUTABLE
from dagster_project.reporting.pack.refreshable_figures import FIGURE as FIGURE_TAG
from dagster_project.reporting.pack.refreshable_figures import LINE as NIGHT_TAG
from dagster_project.reporting.pack.refreshable_figures import read_tag

from .edition_figures import EditionCell, EditionFigures, read_edition_figures
from .judge_in_context import Verdict, judge_cell, judge_in_sentence
from .model import DocumentError, Figure, Grid, Item, Text, cells_of
from .reading.read_document import read_document
from .sentences.claimed_sentences import claimed, claimed_sentences
from .sentences.link_pack_sentences import link_suggested
from .sentences.link_sentences import figures_of_sentence, why_not_linked
from .sentences.sentence_context import Context
from .tables.link_any_table import TextAbove, figure_in_cell, link_any_table
from .tables.link_own_tables import NamesAlone, names_alone
from .tables.link_tables import header_row
from .text.figures_in_text import MARKERS, Number, NumberInSentence, numbers_of, scale_of
from .text.periods_in_text import periods_of
from .text.words_around_numbers import SIGN_OF_LIMIT, rose_between
from .verdict_rule import NOT_LINKED

MAX_NUMBERS = 100_000
MAX_IN_SENTENCE = 100
LONGEST_SENTENCE = 10_000
"""Numbers and characters. Longer text is a list without line breaks: none is linked, as each is compared with all others."""
PROSE = 7
"""A cell of an unknown table with at least so many words is read as a sentence."""
FIGURES = ("figure", "days")
"""Kinds of numbers that may be figures. Days count as one only if they are linked."""
TOO_LONG = f"a list: more than {MAX_IN_SENTENCE} numbers or {LONGEST_SENTENCE:,} characters without a full stop"
UNKNOWN_TABLE = "the edition has no table with these words in title, rows and columns"
LIMIT_IN_CELL = "a limit, such as <5, and not a figure"
SCALE_IN_DOUBT = "the table says thousands or millions, and may or may not mean this number"
UNKNOWN_CELL = "the edition's table has no such row and column"
_SENTENCE = re.compile(r"(?i:(?<!\bc\.)(?<!\bca\.)(?<!\bapprox\.)(?<!\bvs\.))(?<=[.!?])[\s\0]+(?=[A-Z“\"£(\d])")
_ITEM = re.compile(r"\s*[-•▪*–o]\s")
_OF_TABLE = re.compile(r"\b(?:table|below|following|shows?|shown)\b", re.I)
_AROUND = 60
"""Characters shown on either side of a number."""
AUTHOR_NOTE = re.compile(r"^To check(?:, [\d., -]+)?:")
"""How a note to the author starts in the pack's document. It is not part of the report."""


@dataclass
class CheckedDocument:
    """Every number of a document that may be a figure, in order, checked against an edition. `others`: kind -> count of the
    numbers that are no figures."""

    edition: str
    items: list[Item] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    @property
    def checked(self) -> int:
        """How many were compared with a figure."""
        return sum(i.verdict not in (NOT_LINKED, NOT_COMPUTABLE) for i in self.items)

    @property
    def disagreeing(self) -> int:
        return sum(i.verdict == DISAGREES for i in self.items)


def check_document(path: Path, figures: EditionFigures, home: Home | None = None) -> CheckedDocument:
    """Check a .docx, .pdf or .txt against an edition of the published night. `home`: for claims added after the night.

    Raises DocumentError, and OSError if there is no such file.
    """
    blocks = read_document(path)
    texts = [text for block in blocks for text in cells_of(block)]
    if sum(len(re.findall(r"\d[\d.,]*", t.text)) for t in texts) > MAX_NUMBERS:
        raise DocumentError(f"{path.name}: holds more than {MAX_NUMBERS:,} numbers; check it in parts")
    # A document of `pam report` numbers its paragraphs differently from the printed report.
    has_own_paragraphs = any(b.tag.startswith(FIGURE_TAG) for t in texts for b in t.bound)
    check = _Check(figures, home, has_own_paragraphs)
    for block in blocks:
        if isinstance(block, Grid):
            check.table(block)
        else:
            check.paragraph(block)
    return check.result


class _Check:
    """The check of one document: its results so far, and the context of the current paragraph and table."""

    def __init__(self, figures: EditionFigures, home: Home | None, has_own_paragraphs: bool) -> None:
        self.figures, self.has_own_paragraphs = figures, has_own_paragraphs
        self.editions: dict[str, EditionFigures | None] = {figures.edition: figures}
        self.known = claimed_sentences(figures, home)
        self.result = CheckedDocument(figures.edition)
        self.context, self.above = Context(), TextAbove()
        self.tables = self.paragraphs = 0
        self.before_table = self.table_words = self.place = self.number = ""

    @cached_property
    def names(self) -> NamesAlone:
        """What words alone name in a table of the author's own."""
        return names_alone(self.figures)

    def paragraph(self, block: Text) -> None:
        if block.place:
            self._outside_body(block, block.place)
            return
        self.paragraphs += 1
        if AUTHOR_NOTE.match(block.text.strip()):
            return
        numbers = numbers_of(block.text)
        has_figures = any(n.kind == "figure" for n in numbers)
        own_number = next((n for n in numbers if n.kind == "paragraph" and not block.text[: n.start].strip()), None)
        self._start_paragraph(block, own_number)
        if not re.match(r"\s*\*", block.text):
            self.table_words = ""
        self.context.subject = self.table_words
        has_period = self._sentences(block, numbers, own_number)
        self.context.end_paragraph(block.text, has_period, has_figures)
        title = self.before_table = block.text if len(block.text) <= 200 else ""
        # A sentence right before a table may be about something else.
        is_about_it = not title.rstrip().endswith(".") or _OF_TABLE.search(title)
        self.above.title, self.above.caption = title, title if is_about_it else ""
        if title and not has_figures and not self.context.is_item and title.rstrip()[-1] not in ".:;":
            self.above.headings.append(title)

    def _start_paragraph(self, block: Text, own_number: Number | None) -> None:
        """Start a paragraph. A heading without a number starts a new context."""
        is_numbered = own_number is not None or bool(block.number)
        self.context.start_paragraph(is_numbered, block.is_item or bool(_ITEM.match(block.text)))
        if is_numbered:
            self.number = re.sub(r"[^\d.]", "", own_number.text if own_number else block.number).rstrip(".")
            self.context.paragraph = None if self.has_own_paragraphs else self.number
        elif block.is_heading:
            self.context, self.number = Context(is_item=self.context.is_item), ""

    def _outside_body(self, block: Text, place: str) -> None:
        """Check a text outside the body, such as a footnote, without the context of the paragraphs around it."""
        before, self.context, self.place = self.context, Context(subject=self.context.subject), place
        self._sentences(block, numbers_of(block.text))
        self.context, self.place = before, ""

    def _sentences(self, block: Text, numbers: list[Number], own_number: Number | None = None) -> bool:
        """Check a text's sentences. Returns whether they name a period."""
        # The full stop of the paragraph's number ends no sentence.
        text = "\1" * own_number.end + block.text[own_number.end :] if own_number else block.text
        places = [n.start for n in numbers]
        has_period = False
        for start, end in pairwise([0, *(m.start() for m in _SENTENCE.finditer(text)), len(text)]):
            numbers_in_sentence = numbers[bisect_left(places, start) : bisect_left(places, end)]
            has_period |= self._sentence(block, start, end, numbers_in_sentence)
        return has_period

    def _sentence(self, block: Text, start: int, end: int, numbers: list[Number]) -> bool:
        """Check a sentence. Returns whether it names a period."""
        sentence = block.text[start:end]
        own_numbers = [replace(n, start=n.start - start, end=n.end - start) for n in numbers]
        links, reason = self._links(sentence, own_numbers)
        for number, at in zip(own_numbers, numbers, strict=True):
            tags = [b.tag for b in block.bound if b.start <= at.start < b.end]
            tag = next((t for t in tags if t.startswith(FIGURE_TAG)), None)
            where = self.place or (f"paragraph {self.number}" if self.number else f"paragraph no. {self.paragraphs}")
            around = sentence[max(0, number.start - _AROUND) : number.end + _AROUND].strip()
            figure = links.get(number)
            if any(t.startswith(NIGHT_TAG) for t in tags):
                self.result.others["night"] += 1
            elif tag is not None:
                self._bound(where, around, number, tag)
            elif number.kind not in (*FIGURES, "unclear"):
                self.result.others[number.kind] += 1
            elif figure is None and number.kind == "days":
                self.result.others["length"] += 1
            else:
                self._judge_in_sentence(where, around, NumberInSentence(sentence, number), links, reason)
        periods = periods_of(sentence[:LONGEST_SENTENCE], self.figures.data_to)
        has_figures = any(n.kind == "figure" for n in own_numbers)
        return self.context.end_sentence(sentence, periods, has_figures, links.values())

    def _links(self, sentence: str, numbers: list[Number]) -> tuple[dict[Number, Figure], str | None]:
        """The figures of a sentence's numbers, and why none is linked by its words, if the sentence is too long to read."""
        known = claimed(sentence, self.known)
        may_be = [n for n in numbers if n.kind in FIGURES]
        if len(may_be) > MAX_IN_SENTENCE or len(sentence) > LONGEST_SENTENCE:
            return known, TOO_LONG
        heading = self.above.headings[-1] if self.above.headings else ""
        headings = [heading, self.context.lead_words]
        links = figures_of_sentence(sentence, may_be, self.context, headings, self.figures)
        figures = [n for n in may_be if n.kind == "figure"]
        return links | known | link_suggested(sentence, figures, heading, self.figures), None

    def table(self, grid: Grid) -> None:
        self.tables += 1
        before, title = self.before_table, self.above.title
        linked = link_any_table(grid, self.above, self.names, self.figures)
        header = header_row(grid.texts)
        corner = " ".join(row[0].text for row in grid.rows[: header + 1] if row)
        scale = scale_of(f"{before} {corner}")
        name = f"table {self.tables}" + (f" ({linked.table.title})" if linked.table else "")
        why = linked.reason or (UNKNOWN_CELL if linked.cells else UNKNOWN_TABLE)
        for r, row in enumerate(grid.rows):
            for c, cell in enumerate(row):
                row_label, column_label = linked.labels.get((r, c), ("", ""))
                where = f"{name}, row {_short(row_label) or r + 1}, column {_short(column_label) or c + 1}"
                own_scale = scale_of(f"{row_label} {column_label}")
                known, words = linked.cells.get((r, c), ()), f"{title} {corner} {row_label} {column_label}"
                self._cell(where, cell, known, words, why, scale if own_scale == "" else own_scale)
        words = [c.text for row in grid.rows for c in row if not numbers_of(c.text)]
        self.table_words = " ".join([self.above.title, *words])[:2000]
        self.context.lead = None
        # A table right after this one is about the same subject, but says itself what its amounts are in.
        self.before_table = ""

    def _cell(
        self, where: str, cell: Text, known: tuple[EditionCell, ...], words: str, reason: str | None, scale: str | None
    ) -> None:
        """`words`: title and labels. `scale`: what the table says of its amounts, as `scale_of` has it."""
        if not known and not cell.bound and len(cell.text.split()) >= PROSE:
            self._outside_body(cell, where)
            return
        numbers = numbers_of(cell.text, True)
        tagged = [b for b in cell.bound if b.tag.startswith(FIGURE_TAG)]
        text = cell.text.strip()
        if (known and text.lower() in MARKERS) or (
            known and len(numbers) == 1 and numbers[0].kind in ("year", "days") and numbers[0].text == text
        ):
            numbers = [Number(0, len(text), text, "figure")]
        figures = [n for n in numbers if n.kind in FIGURES]
        for number in numbers:
            tag = next((b.tag for b in tagged if b.start <= number.start < b.end), None)
            if tag is not None:
                self._bound(where, text, number, tag, scale or "")
            elif number.kind not in FIGURES:
                self.result.others[number.kind] += 1
            elif SIGN_OF_LIMIT.search(cell.text[: number.start]):
                self._not_linked(where, text, number, LIMIT_IN_CELL)
            elif (figure := figure_in_cell(number, figures, known, words)) is None:
                if text.lower() not in MARKERS:
                    self._not_linked(where, text, number, reason)
            elif scale is None or (scale and number.unit == "gbp" and number.text[-1].isdigit()):
                # In a table in thousands, £2,022 may be either.
                self._not_linked(where, text, number, SCALE_IN_DOUBT)
            else:
                self._judge(where, text, number, figure, partial(judge_cell, number, text, figure, scale))

    def _bound(self, where: str, text: str, number: Number, tag: str, scale: str = "") -> None:
        """Judge a number in a content control, by its tag, which may be of any edition of the published night."""
        edition, _ = read_tag(tag) or (tag, "")
        if edition not in self.editions:
            self.editions[edition] = None
            with suppress(NoEditionError):
                self.editions[edition] = read_edition_figures(self.figures.con, edition)
        reason = f"bound to edition {edition}, which the published night does not have"
        if figures := self.editions[edition]:
            by_id = figures.by_id
            _, cell = read_tag(tag, by_id) or (tag, "")
            if figure := by_id.get(cell.lower()):
                self._judge(where, text, number, figure, partial(judge_cell, number, text, figure, scale))
                return
            reason = f"bound to {cell}, which is no cell of edition {edition}"
            if cell.lower() in by_id:
                reason = "bound to a cell that does not apply"
        self.result.items.append(Item(where, text, number.text, NOT_COMPUTABLE, reason=reason))

    def _not_linked(self, where: str, text: str, number: Number, reason: str | None) -> None:
        self.result.items.append(Item(where, text, number.text, NOT_LINKED, reason=reason))

    def _judge_in_sentence(
        self, where: str, text: str, spot: NumberInSentence, links: dict[Number, Figure], reason: str | None
    ) -> None:
        figure = links.get(spot.number)
        if figure is None:
            self._not_linked(where, text, spot.number, reason or why_not_linked(spot, self.context, self.figures))
            return
        came = next((f for n, f in links.items() if rose_between(spot.sentence, n, spot.number)), None)
        judge_it = partial(judge_in_sentence, spot, figure, came, self.context.paragraph, self.figures)
        self._judge(where, text, spot.number, figure, judge_it)

    def _judge(self, where: str, text: str, number: Number, figure: Figure, judge_it: Callable[[], Verdict]) -> None:
        try:
            verdict, reason = judge_it()
        except ValueError as error:
            verdict, reason = DISAGREES, str(error)
        value = plain_text(figure.value) if figure.value is not None else None
        self.result.items.append(
            Item(
                where, text, number.text, verdict, figure.measure, value, figure.shows,
                figure.category, figure.area_name, figure.period or None, reason,
            )
        )  # fmt: skip


def _short(label: str) -> str:
    return label if len(label) <= 60 else f"{label[:59]}…"
