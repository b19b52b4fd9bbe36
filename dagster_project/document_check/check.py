"""Checks each number of a document: finds its figure, and compares it with the published night."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import duckdb

from dagster_project.core.cell_text import plain_text
from dagster_project.core.home import Home
from dagster_project.editions.model import NoEditionError
from dagster_project.editions.paragraphs import within
from dagster_project.editions.printed import read_printed
from dagster_project.editions.tables import CHANGES
from dagster_project.editions.verdicts import DISAGREES, NOT_COMPUTABLE
from dagster_project.editions.windows import years_before
from dagster_project.reporting.pack.refreshable_figures import FIGURE as FIGURE_TAG
from dagster_project.reporting.pack.refreshable_figures import LINE as NIGHT_TAG
from dagster_project.reporting.pack.refreshable_figures import read_tag

from .base_of_change import is_on_another_base, may_be_on_another
from .claimed_sentences import claimed, claimed_sentences, with_value
from .edition_figures import EditionCell, EditionFigures, read_edition_figures
from .excluding_words import OWN_AREAS, is_elsewhere, is_of_people
from .figures_in_text import MARKERS, SCALE, Number, Spot, numbers_of, scale_of
from .judge import NEXT_NIGHT, NOT_LINKED, as_rounded, judge, judge_near
from .link_own_tables import NamesAlone, is_below_another, names_alone, own_table_cells, total_cells
from .link_sentences import (
    Context,
    is_compared_in_doubt,
    is_plain,
    link_numbers,
    same_period,
    why_not_linked,
)
from .link_tables import header_row, link_suggested, link_table
from .link_topline import topline_cells
from .model import DocumentError, Figure, Grid, Item, Printed, Text, cells_of
from .periods_in_text import periods_of
from .read_document import read_document
from .understand_sentence import Given, NotUnderstoodError, understand_sentence
from .words import mentions
from .words_around_numbers import (
    CHANGE,
    SIGN_OF_LIMIT,
    is_about,
    is_fall_in_words,
    read_written,
    rose_between,
    says_more,
    side_of,
    way_in_clause,
    way_to,
    word_of_rank,
)

MAX_NUMBERS = 100_000
MAX_IN_SENTENCE = 100
LONGEST_SENTENCE = 10_000
"""Numbers and characters. Longer text is a list without line breaks: none is linked, as each is compared with all others."""
LONGEST_CONTEXT = 2_000
"""Characters of a paragraph's earlier sentences that are kept to understand a sentence."""
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
_NEGATIVE = re.compile(r"\(£?[\d.,]+ ?%?\)")
"""A change alone in its cell, as accounts write a fall."""
_WHOLE_PERIOD = re.compile(
    r"\b(?:(?:the whole|all) of (?=(?:19|20)\d\d|FY)|(?:whole|full|entire) (?:financial )?(?:year|period)\b)", re.I
)
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


def check_document(
    con: duckdb.DuckDBPyConnection, path: Path, figures: EditionFigures, home: Home | None = None
) -> CheckedDocument:
    """Check a .docx, .pdf or .txt against an edition of the published night. `home`: for claims added after the night.

    Raises DocumentError, and OSError if there is no such file.
    """
    blocks = read_document(path)
    texts = [text for block in blocks for text in cells_of(block)]
    if sum(len(re.findall(r"\d[\d.,]*", t.text)) for t in texts) > MAX_NUMBERS:
        raise DocumentError(f"{path.name}: holds more than {MAX_NUMBERS:,} numbers; check it in parts")
    # A document of `pam report` numbers its paragraphs differently from the printed report.
    has_own_paragraphs = any(b.tag.startswith(FIGURE_TAG) for t in texts for b in t.bound)
    check = _Check(con, figures, home, has_own_paragraphs)
    for block in blocks:
        if isinstance(block, Grid):
            check.table(block)
        else:
            check.paragraph(block)
    return check.result


class _Check:
    """The check of one document: its results so far, and the context of the current paragraph and table."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, figures: EditionFigures, home: Home | None, has_own_paragraphs: bool
    ) -> None:
        self.con, self.figures, self.has_own_paragraphs = con, figures, has_own_paragraphs
        self.editions: dict[str, EditionFigures | None] = {figures.edition: figures}
        self.known = claimed_sentences(con, figures, home)
        self.result = CheckedDocument(figures.edition)
        self.context = Context()
        self.tables = self.paragraphs = 0
        self.title = self.caption = self.before_table = self.table_words = self.place = self.number = ""
        self.headings: list[str] = []
        self.titles: set[str] = set()
        self.is_item = False

    @cached_property
    def names(self) -> NamesAlone:
        """What words alone name in a table of the author's own."""
        return names_alone(self.figures)

    @property
    def heading(self) -> str:
        """The newest heading; blank before the first."""
        return self.headings[-1] if self.headings else ""

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
        self._end_paragraph(block.text, has_period, has_figures)
        self.title = self.before_table = block.text if len(block.text) <= 200 else ""
        # A sentence right before a table may be about something else.
        is_about_it = not self.title.rstrip().endswith(".") or _OF_TABLE.search(self.title)
        self.caption = self.title if is_about_it else ""
        if self.title and not has_figures and not self.is_item and self.title.rstrip()[-1] not in ".:;":
            self.headings.append(self.title)

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

    def _outside_body(self, block: Text, place: str) -> None:
        """Check a text outside the body, such as a footnote, without the context of the paragraphs around it."""
        before, self.context, self.place = self.context, Context(subject=self.context.subject), place
        self.is_numbered = False
        self._sentences(block, numbers_of(block.text))
        self.context, self.place = before, ""

    def _start_paragraph(self, block: Text, own_number: Number | None) -> None:
        """Start a paragraph. A paragraph with a number, or a heading, starts a new context."""
        context = self.context
        context.earlier, context.before, context.here = context.before, "", None
        context.is_of_several = False
        was_item, self.is_item = self.is_item, block.is_item or bool(_ITEM.match(block.text))
        self.is_numbered = own_number is not None or bool(block.number)
        if self.is_numbered:
            self.number = re.sub(r"[^\d.]", "", own_number.text if own_number else block.number).rstrip(".")
            context.paragraph = None if self.has_own_paragraphs else self.number
            context.period, context.lead = context.lead or context.period, None
        elif block.is_heading:
            self.context, self.number = Context(), ""
        elif was_item and not self.is_item:
            context.lead = None

    def _end_paragraph(self, text: str, has_period: bool, has_figures: bool) -> None:
        """End a paragraph. A period that it names applies to the list below it, unless the paragraph has figures itself."""
        if self.is_numbered or self.is_item or text.rstrip().endswith(":"):
            return
        if has_period and not has_figures:
            self.context.lead = self.context.period
        elif has_period or not has_figures:
            self.context.lead = None

    def _sentence(self, block: Text, start: int, end: int, numbers: list[Number]) -> bool:
        sentence = block.text[start:end]
        context = self.context
        own_numbers = [replace(n, start=n.start - start, end=n.end - start) for n in numbers]
        may_be = [n for n in own_numbers if n.kind in FIGURES]
        is_read = len(may_be) <= MAX_IN_SENTENCE and len(sentence) <= LONGEST_SENTENCE
        figures = [n for n in own_numbers if n.kind == "figure"]
        links = self._links(sentence, may_be, figures) if is_read else {}
        links |= claimed(sentence, self.known)
        if is_read:
            links |= link_suggested(sentence, figures, self.heading, self.figures)
        for number, at in zip(own_numbers, numbers, strict=True):
            tags = [b.tag for b in block.bound if b.start <= at.start < b.end]
            if any(t.startswith(NIGHT_TAG) for t in tags):
                self.result.others["night"] += 1
                continue
            tag = next((t for t in tags if t.startswith(FIGURE_TAG)), None)
            if tag is None and number.kind not in (*FIGURES, "unclear"):
                self.result.others[number.kind] += 1
                continue
            numbered = f"paragraph {self.number}" if self.number else f"paragraph no. {self.paragraphs}"
            where = self.place or numbered
            around = sentence[max(0, number.start - _AROUND) : number.end + _AROUND].strip()
            figure = links.get(number)
            if tag is not None:
                self._bound(where, around, number, tag)
            elif figure is None and number.kind == "days":
                self.result.others["length"] += 1
            else:
                spot = Spot(sentence, number)
                why = None if figure else why_not_linked(spot, context, self.figures) if is_read else TOO_LONG
                came = next((f for n, f in links.items() if rose_between(sentence, n, number)), None)
                self._judge(where, around, number, figure, spot, why, came=came)
        periods = periods_of(sentence[:LONGEST_SENTENCE], self.figures.data_to)
        named = [p for p in periods if not (p.is_compared or p.is_alone or p.how == "part")]
        if named:
            last = named[-1]
            if last.how == "same" and (known := same_period(last, context)) and known.last:
                last = known
            context.period = last
            if self.is_numbered or sentence.rstrip().endswith(":"):
                context.lead = last
        if figures:
            is_of_all = links and all(f.area_type == "force" and f.category == "all" for f in links.values())
            context.here = context.period if is_of_all else None
        if periods:
            context.is_of_several = len(named) == 0 or len({(p.first, p.last) for p in periods if p.how == "days"}) > 1
        context.before = f"{context.before} {sentence}".strip()[-LONGEST_CONTEXT:]
        return bool(named)

    def _links(self, sentence: str, may_be: list[Number], figures: list[Number]) -> dict[Number, Figure]:
        """The figures that a sentence's words name, without those that other words, or those before it, exclude."""
        links = link_numbers(sentence, may_be, self.context, self.figures)
        links |= self._all_of_marts(sentence, [n for n in figures if n not in links], figures, links)
        for first, second in pairwise(may_be):
            # `More in Dales (47) than in Erewash (12)`, the other way round.
            values = [links[n].value or Decimal() for n in (first, second) if n in links]
            if len(values) == 2 and says_more(sentence, first, second) * (values[0] - values[1]) < 0:
                del links[first], links[second]
        is_away = is_elsewhere(sentence, self.heading, self.context.before, self.figures)
        return {
            n: f for n, f in links.items()
            if not ((is_away or is_of_people(self.heading, sentence, f)) and f.area_type in OWN_AREAS)
            and not is_on_another_base(Spot(sentence, n), f, self.figures)
            and not (f.shows == "value" and is_compared_in_doubt(sentence, n, may_be, self.figures))
        }  # fmt: skip

    def _all_of_marts(
        self, sentence: str, unlinked: list[Number], figures: list[Number], links: Mapping[Number, Figure]
    ) -> dict[Number, Figure]:
        """The figures of the marts for numbers that the edition has none for. Of several numbers, all or none, and only if the
        sentence names one measure, as the nearest may be the other's, and no change, which may be of each."""
        if len(figures) > 1 and (len({m.what for m in mentions(sentence, sentence)}) > 1 or CHANGE.search(sentence)):
            return {}
        spots = [Spot(sentence, n, tuple(o for o in figures if o is not n)) for n in unlinked]
        found = {spot.number: figure for spot in spots if (figure := self._of_marts(spot))}
        times = Counter(f.key for f in (*links.values(), *found.values()))
        return found if len(found) == len(unlinked) and all(times[f.key] == 1 for f in found.values()) else {}

    def _of_marts(self, spot: Spot) -> Figure | None:
        """A figure that the edition does not print, for a sentence that names measure, period and area itself."""
        sentence, number = spot.sentence, spot.number
        if not is_plain(spot, self.figures.force_name):
            return None
        try:
            claim = understand_sentence(sentence, Given(number=number.text), self.figures)
        except NotUnderstoodError:
            return None
        figure = with_value(self.con, self.figures, claim.figure)
        # `The rate fell by 3%` may be of itself, or percentage points.
        is_unclear = figure.unit == "percentage_points" and number.unit == "percent"
        is_unclear |= figure.shows != "value" and not read_written(spot).is_change
        # `Up 12% in October 2025` may be on the month before.
        is_unclear |= may_be_on_another(figure, spot)
        return None if is_unclear or figure.status == NEXT_NIGHT else figure

    def _change_against(self, spot: Spot, figure: Figure, way: int) -> Decimal | None:
        """The change of a year's figure on the year before, if it is not the way that the words say: `fell to 2,187`. None if
        they name another year than these two, as that may be what it rose or fell from."""
        if not way or not (figure.first and figure.last) or figure.shows != "value":
            return None
        named = {p.last for p in periods_of(spot.sentence, self.figures.data_to) if p.how in ("days", "ends")}
        # Of a month it may be that on the month before.
        is_on_year = (figure.last - figure.first).days > 300 or years_before(figure.last) in named
        if not is_on_year or named - {figure.last, years_before(figure.last)}:
            return None
        change = with_value(self.con, self.figures, replace(figure, shows="volume_change", value=None)).value
        return change if change is not None and change * way <= 0 else None

    def table(self, grid: Grid) -> None:
        self.tables += 1
        own_title = " ".join(c.text for row in grid.rows[:2] for c in row[:1] if c.text)
        first = [c.text for c in grid.rows[0] if c.text.strip()] if grid.rows else []
        self.caption = f"{self.caption} {first[0] if len(first) == 1 else ''}".strip()
        title, caption = (SCALE.sub("", words).strip() for words in (self.title, self.caption))
        linked = link_table(grid, f"{title} {own_title}", caption, self.figures)
        cells = topline_cells(grid, self.title, self.con)
        if not cells:
            own = own_table_cells(grid, title, self.headings, self.figures, self.names)
            # The edition's table with these labels may be of another measure than the title names.
            if any(_is_other_measure(cell, linked.cells.get(at, ())) for at, cell in own.items()):
                linked = replace(linked, table=None, cells={})
            if not is_below_another(self.title, self.headings, self.titles, self.figures, self.names):
                cells = self._with_values(own)
        if cells:
            table = linked.table if linked.cells else None
            linked = replace(linked, table=table, cells={**cells, **linked.cells})
        totals = total_cells(
            grid, linked.cells, title, self.figures, lambda figure: with_value(self.con, self.figures, figure)
        )
        linked = replace(linked, cells=_without_other_numbers({**linked.cells, **totals}, grid))
        header = header_row(grid.texts)
        scale = scale_of(" ".join([self.before_table, *(row[0].text for row in grid.rows[: header + 1] if row)]))
        name = f"table {self.tables}" + (f" ({linked.table.title})" if linked.table else "")
        why = linked.reason or (UNKNOWN_CELL if linked.cells else UNKNOWN_TABLE)
        for r, row in enumerate(grid.rows):
            for c, cell in enumerate(row):
                row_label, column_label = linked.labels.get((r, c), ("", ""))
                where = f"{name}, row {_short(row_label) or r + 1}, column {_short(column_label) or c + 1}"
                own_scale = scale_of(f"{row_label} {column_label}")
                self._cell(where, cell, linked.cells.get((r, c), ()), why, scale if own_scale == "" else own_scale)
        words = [c.text for row in grid.rows for c in row if not numbers_of(c.text)]
        self.table_words = " ".join([self.title, own_title, *words])[:2000]
        if linked.cells:
            self.titles.add(self.title)
        self.context.lead = None
        # A table right after this one is about the same subject, but says itself what its amounts are in.
        self.before_table = ""
        self.title = f"{self.title} {own_title}".strip()[:200]

    def _with_values(self, own: Mapping[tuple[int, int], EditionCell]) -> Mapping[tuple[int, int], tuple[EditionCell, ...]]:
        """The cells with the values that the marts have; those of periods that they lack are left out."""
        cells = {}
        for at, cell in own.items():
            assert cell.figure
            figure = with_value(self.con, self.figures, cell.figure)
            if figure.status != NEXT_NIGHT:
                cells[at] = (replace(cell, figure=figure),)
        return cells

    def _cell(self, where: str, cell: Text, known: tuple[EditionCell, ...], reason: str | None, scale: str | None) -> None:
        """`scale`: what the table says of its amounts, as `scale_of` has it."""
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
                self._judge(where, text, number, None, reason=LIMIT_IN_CELL)
            else:
                figure = _figure_in_cell(number, figures, known)
                if figure is None and text.lower() in MARKERS:
                    continue
                # In a table in thousands, £2,022 may be either.
                is_doubtful = scale is None or (scale and number.unit == "gbp" and number.text[-1].isdigit())
                if figure and is_doubtful:
                    figure, reason = None, SCALE_IN_DOUBT
                self._judge(where, text, number, figure, reason=reason, scale=scale or "")

    def _bound(self, where: str, text: str, number: Number, tag: str, scale: str = "") -> None:
        """Judge a number in a content control, by its tag, which may be of any edition of the published night."""
        edition, _ = read_tag(tag) or (tag, "")
        if edition not in self.editions:
            self.editions[edition] = None
            with suppress(NoEditionError):
                self.editions[edition] = read_edition_figures(self.con, edition)
        reason = f"bound to edition {edition}, which the published night does not have"
        if figures := self.editions[edition]:
            by_id = figures.by_id
            _, cell = read_tag(tag, by_id) or (tag, "")
            if figure := by_id.get(cell.lower()):
                self._judge(where, text, number, figure, scale=scale)
                return
            reason = f"bound to {cell}, which is no cell of edition {edition}"
            if cell.lower() in by_id:
                reason = "bound to a cell that does not apply"
        self.result.items.append(Item(where, text, number.text, NOT_COMPUTABLE, reason=reason))

    def _judge(
        self, where: str, text: str, number: Number, figure: Figure | None, spot: Spot | None = None, reason: str | None = None,
        scale: str = "", came: Figure | None = None,
    ) -> None:  # fmt: skip
        """Judge a number against its figure. `spot`: where it is, if it is in a sentence. `reason`: why it has no figure.
        `scale`: of amounts without one of their own. `came`: the figure that the sentence says that it rose or fell from."""
        if figure is None:
            self.result.items.append(Item(where, text, number.text, NOT_LINKED, reason=reason))
            return
        try:
            is_scaled = figure.unit == "gbp" and number.unit != "gbp" and number.text[-1].isdigit()
            printed = read_printed(f"{number.text}{scale if is_scaled else ''}", figure.unit)
            if spot and figure.shows in CHANGES and is_fall_in_words(spot) and printed.value and printed.value > 0:
                # `fell by 12%` means -12.
                printed = replace(printed, value=-printed.value)
            if spot is None and figure.shows in CHANGES and _NEGATIVE.fullmatch(text) and printed.value:
                printed = replace(printed, value=-printed.value)
            side = side_of(spot) if spot else 0
            if side:
                verdict, reason = judge_near(printed, side, figure)
            else:
                verdict, reason = judge(as_rounded(printed) if spot and is_about(spot) else printed, figure)
            claims = [c for c in figure.claims if spot and not side and read_printed(c.text, figure.unit) == printed]
            # A claim is of the exact number, unlike `some 1,800`.
            if claims and not (spot and is_about(spot) and verdict == "agrees"):
                verdict, reason = claims[0].verdict, claims[0].reason
            if spot and verdict != DISAGREES:
                verdict, reason = self._with_words(spot, figure, claims, came) or (verdict, reason)
        except ValueError as error:
            verdict, reason = DISAGREES, str(error)
        value = plain_text(figure.value) if figure.value is not None else None
        self.result.items.append(
            Item(
                where, text, number.text, verdict, figure.measure, value, figure.shows,
                figure.category, figure.area_name, figure.period or None, reason,
            )
        )  # fmt: skip

    def _with_words(
        self, spot: Spot, figure: Figure, claims: list[Printed], came: Figure | None
    ) -> tuple[str, str] | None:
        """Verdict and reason for a right number, if the words around it say another way, or more than is checked. `claims`: the
        edition's claims with this number. In their own paragraph, they are about its words too."""
        if figure.status == "partial" and _WHOLE_PERIOD.search(spot.sentence):
            return NOT_COMPUTABLE, "the extracts cover only a part of the period"
        if came and came.value is not None and figure.value is not None and figure.shows == came.shows == "value":
            change = figure.value - came.value
            if change * way_to(spot) < 0:
                return DISAGREES, f"the number is right, but the change from {came.period} is {plain_text(change)}"
        in_clause = way_in_clause(spot, f"{figure.mart}.{figure.measure}")
        for way, verdict in ((way_to(spot), DISAGREES), (in_clause, NOT_COMPUTABLE)):
            if (change := self._change_against(spot, figure, way)) is not None:
                return verdict, f"the number is right, but the change on the year before is {plain_text(change)}"
        is_claim = any(self.context.paragraph and within(self.context.paragraph, c.paragraph) for c in claims)
        word = None if is_claim else word_of_rank(spot)
        return (NOT_COMPUTABLE, f"the number is right, but {word!r} is not checked") if word else None


def _without_other_numbers(
    cells: Mapping[tuple[int, int], tuple[EditionCell, ...]], grid: Grid
) -> Mapping[tuple[int, int], tuple[EditionCell, ...]]:
    """The cells without those of a figure that the table has two numbers for: one may be of a part, as a PDF loses headings."""
    texts: defaultdict[object, set[str]] = defaultdict(set)
    for (r, c), known in cells.items():
        if len(known) == 1 and known[0].figure:
            texts[known[0].figure.key].add(grid.texts[r][c].replace(",", ""))
    return {
        at: known for at, known in cells.items()
        if len(known) != 1 or not known[0].figure or len(texts[known[0].figure.key]) == 1
    }  # fmt: skip


def _is_other_measure(own: EditionCell, linked: tuple[EditionCell, ...]) -> bool:
    """Whether an own table's cell names another measure than all of the edition's cells that it may be."""
    measures = {(c.figure.mart, c.figure.measure) for c in linked if c.figure}
    return bool(own.figure and measures and (own.figure.mart, own.figure.measure) not in measures)


def _short(label: str) -> str:
    return label if len(label) <= 60 else f"{label[:59]}…"


def _figure_in_cell(number: Number, figures: list[Number], known: tuple[EditionCell, ...]) -> Figure | None:
    """The figure of a number in a cell: the only one, else the only one of its unit if no other number has that unit."""
    candidates = [c.figure for c in known if c.figure]
    unit = _unit_kind(number.unit)
    if len(candidates) == 1 and len(figures) == 1:
        # `41%` is not a count.
        return candidates[0] if unit in ("count", _unit_kind(candidates[0].unit)) else None
    same_unit = [f for f in candidates if _unit_kind(f.unit) == unit]
    is_only = sum(_unit_kind(n.unit) == unit for n in figures) == 1
    return same_unit[0] if len(same_unit) == 1 and is_only else None


def _unit_kind(unit: str) -> str:
    return {"gbp": "gbp", "percent": "percent", "percentage_points": "percent"}.get(unit, "count")
