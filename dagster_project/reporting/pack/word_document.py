"""The pack as a document that its author completes: front matter, numbered paragraphs, tables and charts.

Every figure in it, in tables and suggested sentences, can be refreshed (`bound_figures`). What the author has to write, and to
check before it goes out, is marked so that it can't be mistaken for a part of the report.
"""

import functools
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from textwrap import shorten
from typing import BinaryIO

from docx.document import Document as Doc
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from dagster_project.editions.tables import CHANGES

from . import ooxml
from . import wording as words
from .document_settings import DocumentSettings
from .model import Cell, Chart, Claim, Pack, Page, Row, Table
from .picture_cache import NOT_DRAWN, draw_pngs
from .refreshable_figures import CHECKED, NIGHT, STATUS, bind_cell, bind_claim, bind_later_days, bind_source, make_data_part
from .word_template import CHECK, NOTE, NOTICE, NUMBERED, open_template

CHART_KINDS = ("line", "bar", "trend")
"""The kinds of chart that a document has; the pages have all of them."""
LONGEST_PROPERTY = 255
"""Characters that Word allows in a property. The sentence on the public form grows with the settings."""
MOST = 3
"""Sentences suggested for a table at most."""

Sentence = tuple[ooxml.Text, ...]
FOR_THE_AUTHOR = (
    "For the author. Write in the yellow places: what you type replaces their words. Keep, change or delete the suggested"
    " sentences. The command pam report refresh updates the figures, also where you copied them to, and leaves your words as"
    " they are. A chart stays that of the update named below it. A paragraph with a red edge is something to check: delete it"
    " when you have. Delete this one as well."
)


def write_docx(pack: Pack, path: Path | BinaryIO, cache: Path | None = None, form: DocumentSettings | None = None) -> set[str]:
    """Write the pack to `path`, or an open file. `cache`: a folder in which pictures are cached between nights.

    The same night gives the same bytes. Returns the ids of charts that could not be drawn. Raises WordTemplateError.
    """
    form = form or DocumentSettings()
    charts = [c for c in pack.charts if c.kind in CHART_KINDS and not form.tables_only]
    pictures = draw_pngs(charts, cache) if charts else {}
    _Writer(words.strip_invalid_xml(pack), pictures, form).write(path)
    return {c.chart_id for c in charts if not c.unavailable} - pictures.keys()


class _Writer:
    """Writes one document. `numbers`: the last number of tables and of charts; `checked`: the claims that are already in it."""

    def __init__(self, pack: Pack, pictures: dict[str, bytes], form: DocumentSettings) -> None:
        self.pack, self.pictures, self.form = pack, pictures, form
        self.notices = words.notices(pack)
        self.part = make_data_part(pack)
        self.controls = ooxml.Controls(pack.edition)
        self.doc: Doc = open_template(form.template)
        # python-docx would search all styles for each paragraph, a third of the time.
        self.doc.part.get_style_id = functools.cache(self.doc.part.get_style_id)  # pyrefly: ignore[method-assign]
        self.numbers = {"Table": 0, "Chart": 0}
        self.checked: set[int] = set()

    def write(self, path: Path | BinaryIO) -> None:
        self._properties()
        self._headers()
        self._front()
        if not self.form.tables_only:
            self._heading("Overview", 0)
            self._placeholder("Write here what the report is about, and what has changed since the last one.", "Overview")
        for number, page in enumerate(self.pack.pages, start=1):
            self._page(page, number)
        self._end()
        ooxml.add_data_part(self.doc, self.part)
        ooxml.save_document(self.doc, path, self.pack.night_at)

    def _properties(self) -> None:
        properties = self.doc.core_properties
        properties.title, properties.language = words.heading(self.pack), "en-GB"
        properties.subject = shorten(" ".join(self.notices), LONGEST_PROPERTY, placeholder=" …") or "Public Assurance Meeting"
        properties.author = properties.last_modified_by = properties.comments = properties.keywords = ""
        properties.created = properties.modified = self.pack.night_at
        properties.revision = 1

    def _headers(self) -> None:
        """Header and footer: the title, whether figures are made up, and page numbers. The words of a template stay."""
        for number, section in enumerate(self.doc.sections):
            if number and section.header.is_linked_to_previous:
                continue
            # A template's own header may be a picture.
            has_content = any(p.text.strip() or p._p.findall(f".//{qn('w:drawing')}") for p in section.header.paragraphs)
            lines = [] if has_content else [words.heading(self.pack)]
            for line in [*lines, *self.notices]:
                first = section.header.paragraphs[0]
                paragraph = section.header.add_paragraph(style="Header") if first.text else first
                paragraph.add_run(line).bold = line in self.notices or None
            foot = section.footer.paragraphs[0] if section.footer.paragraphs else section.footer.add_paragraph()
            if "PAGE" not in section.footer._element.xml:
                if foot.text:
                    foot = section.footer.add_paragraph(style="Footer")
                tabs = foot.paragraph_format.tab_stops
                width = (section.page_width or 0) - (section.left_margin or 0) - (section.right_margin or 0)
                tabs.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT)
                foot.add_run(f"Edition {self.pack.edition}\tPage ")
                ooxml.add_field(foot, "PAGE", "1")
                foot.add_run(" of ")
                ooxml.add_field(foot, "NUMPAGES", "1")

    def _front(self) -> None:
        pack = self.pack
        self.doc.add_paragraph(pack.title, style="Title")
        self.doc.add_paragraph(f"{pack.force}, edition {pack.edition}, data to {words.day_in_words(pack.data_to)}")
        for notice in self.notices:
            self.doc.add_paragraph(notice, style=NOTICE)
        figures = self.part.figures
        paragraph = self._paragraph(figures[NIGHT], " ", figures[STATUS])
        if CHECKED in figures:
            self.controls.add(paragraph, " Of the figures and statements that this edition lists, ", figures[CHECKED])
        if not self.form.tables_only:
            for title, text in self.form.front:
                self.doc.add_paragraph(title, style="Heading 3")
                paragraph = self.doc.add_paragraph()
                if text:
                    paragraph.add_run(text)
                else:
                    self.controls.add_placeholder(paragraph, f"Write here: {title.lower()}.", title)
            self.doc.add_paragraph(FOR_THE_AUTHOR, style=CHECK)
        self._contents()
        if pack.markers:
            self.doc.add_paragraph("Shorthand: marks beside or in place of a figure", style="Heading 2")
            for line in words.marker_lines(pack.markers):
                self.doc.add_paragraph(line, style=NOTE)
            zero = words.zero_words(self.pack)
            self.doc.add_paragraph(f"{zero}; a figure that is not available is never 0.", style=NOTE)

    def _contents(self) -> None:
        """A list of links to the parts. Word can replace it with a table of contents made from the headings."""
        self.doc.add_paragraph("Contents", style="Heading 2")
        for number, page in enumerate(self.pack.pages, start=1):
            ooxml.add_link(self.doc.add_paragraph(style="List Bullet"), page.title, f"part_{number}")
        ooxml.add_link(self.doc.add_paragraph(style="List Bullet"), "Sources and measures", "part_sources")

    def _heading(self, text: str, number: int) -> None:
        name = "part_sources" if number > len(self.pack.pages) else f"part_{number}"
        ooxml.add_bookmark(self.doc.add_paragraph(text, style="Heading 1"), name, number)

    def _paragraph(self, *texts: ooxml.Text, style: str | None = None) -> Paragraph:
        return self.controls.add(self.doc.add_paragraph(style=style), *texts)

    def _placeholder(self, text: str, name: str, *before: ooxml.Text) -> None:
        """A numbered paragraph for the author to write in, after the suggested texts."""
        paragraph = self._paragraph(*before, *([" "] if before else []), style=NUMBERED)
        self.controls.add_placeholder(paragraph, text, name)

    def _page(self, page: Page, number: int) -> None:
        self._heading(page.title, number)
        if not self.form.tables_only:
            self._placeholder(f"Write here what the reader should take from “{page.title}”.", page.title)
        for table in page.tables:
            self._table(page, table)
        self._check(page.claims)

    def _table(self, page: Page, table: Table) -> None:
        charts = [] if self.form.tables_only else [c for c in page.charts_of(table) if c.kind in CHART_KINDS]
        self.doc.add_paragraph(f"{table.title} ({table.paragraph})", style="Heading 2")
        if not self.form.tables_only:
            sentences = _suggest_sentences(table)
            for sentence in sentences[:-1]:
                self._paragraph(*sentence, style=NUMBERED)
            last = sentences[-1] if sentences else ()
            self._placeholder(f"Write here about “{table.title}”.", table.title, *last)
        if table.kind != "chart":
            self._figures(table)
        for chart in charts:
            self._chart(chart)
        self._check(table.claims)

    def _figures(self, table: Table) -> None:
        """A table as printed, with its notes and source."""
        of_chart = ", the figures of the chart" if table.kind == "chart" else ""
        title = f"{table.title}{of_chart}, {table.scope}"
        ooxml.add_caption(self.doc, "Table", self._next("Table"), title)
        ooxml.add_table(
            self.doc, self.controls, [table.rows_are, *(c.label for c in table.columns)],
            [[r.label, *(bind_cell(table, r, c, cell) for c, cell in zip(table.columns, r.cells, strict=True))]
             for r in table.rows],
            title=title, about=f"{words.units_line(table)} {len(table.rows)} rows, one each for: {table.rows_are.lower()}.",
        )  # fmt: skip
        notes = [f"Note: {n}" for n in table.notes if n != table.later_days]
        for line in [table.unavailable, *words.period_lines(table), *notes]:
            if line:
                self.doc.add_paragraph(line, style=NOTE)
        if table.later_days:
            self._paragraph(bind_later_days(table), style=NOTE)
        self._paragraph(bind_source(table), style=NOTE)

    def _next(self, kind: str) -> int:
        self.numbers[kind] += 1
        return self.numbers[kind]

    def _chart(self, chart: Chart) -> None:
        ooxml.add_caption(self.doc, "Chart", self._next("Chart"), chart.title)
        picture = self.pictures.get(chart.chart_id)
        if picture is None:
            self.doc.add_paragraph(chart.unavailable or NOT_DRAWN, style=NOTE)
            return
        ooxml.add_picture(self.doc, picture, alt=chart.alt, title=chart.title, has_rows=len(chart.panels) > 2)
        self.doc.add_paragraph(" ".join([*chart.notes, f"Drawn for update {self.pack.night_id}."]), style=NOTE)

    def _check(self, claims: Iterable[Claim]) -> None:
        """Each claim that does not simply agree, once, where its paragraph is."""
        for claim in claims if not self.form.tables_only else ():
            if claim.verdict != "agrees" and claim.no not in self.checked:
                self.checked.add(claim.no)
                paragraph = self.doc.add_paragraph(style=CHECK)
                paragraph.add_run(f"To check, {claim.paragraph}: {words.verdict_in_sentence(claim.verdict, 1)}. ").bold = True
                self.controls.add(paragraph, *_describe_claim(claim))

    def _end(self) -> None:
        pack = self.pack
        unplaced = tuple(c for c in pack.claims if c.verdict != "agrees" and c.no not in self.checked)
        if unplaced and not self.form.tables_only:
            self.doc.add_paragraph("Printed elsewhere", style="Heading 2")
            self._check(unplaced)
        self._heading("Sources and measures", len(pack.pages) + 1)
        for table in (t for t in pack.tables if t.kind == "chart"):
            self._figures(table)
        row_count = ["Records used"] if pack.rule is None else []
        rows = [
            [s.title, s.status, words.covered_days(s) or "none", *(f"{s.rows:,}" for _ in row_count), _day(s.extracted_at)]
            for s in pack.sources
        ]  # fmt: skip
        self._text_table(
            f"Sources: the extracts behind the figures of update {pack.night_id}",
            "One row an extract.",
            ["Extract", "Status", "Days covered", *row_count, "Extracted"],
            rows,
        )
        if pack.definitions:
            self._text_table("Measures: what each figure counts", "One row a measure.", ["Measure", "What it counts"],
                             [[d.title, d.meaning] for d in pack.definitions])  # fmt: skip

    def _text_table(self, title: str, about: str, header: list[str], rows: Sequence[Sequence[ooxml.Text]]) -> None:
        ooxml.add_caption(self.doc, "Table", self._next("Table"), title)
        ooxml.add_table(self.doc, self.controls, header, rows, title=title, about=about, is_text=True)


def _day(day: date | None) -> str:
    return words.day_in_words(day) if day else "[z]"


def _describe_claim(claim: Claim) -> list[ooxml.Text]:
    """What was printed, what was computed, and why they differ."""
    if claim.kind == "statement":
        texts: list[ooxml.Text] = [f"In our words, the report says: {claim.what}."]
    elif claim.computed:
        texts = [f"{claim.what}: printed {claim.printed}, computed ", bind_claim(claim), "."]
    else:
        texts = [f"{claim.what}: printed {claim.printed}."]
    reason = f" {words.capitalise(claim.reason).rstrip('.')}." if claim.reason else ""
    return [*texts, f"{reason}{' The edition lists it as known.' if claim.is_known else ''}"]


def _suggest_sentences(table: Table) -> list[Sentence]:
    """Sentences about a table: one for each of the first rows that compares two years; otherwise one about the first row, or
    the last row of a series of months or years.

    None says that something rose or fell: a later night may differ, and only the author changes words.
    """
    if table.unavailable:
        return []
    compared = [s for row in table.rows if (s := _compare(table, row))]
    return compared[:MOST] or [_list_figures(table, table.rows[-1 if _is_series(table) else 0])]


def _is_series(table: Table) -> bool:
    """Whether its rows are one measure in different periods."""
    first = [row.cells[0] for row in table.rows]
    return len({c.days for c in first}) == len(first) > 1 and len({c.measure for c in first}) == 1


def _compare(table: Table, row: Row) -> Sentence | None:
    """A row's figure compared with the year before. None if the row does not have these side by side."""
    pairs = list(zip(table.columns, row.cells, strict=True))
    changes = [n for n, (_, cell) in enumerate(pairs) if cell.shows in CHANGES and cell.value is not None]
    if not changes or changes[0] < 2:
        return None
    (before, prior), (now, value) = pairs[changes[0] - 2 : changes[0]]
    difference = pairs[changes[0]][1]
    if not _is_change(prior, value, difference):
        return None
    texts: list[ooxml.Text] = [f"{row.label}: ", bind_cell(table, row, now, value), f" in {now.label}, against "]
    texts += [bind_cell(table, row, before, prior), f" in {before.label}; a change of "]
    for n, (column, cell) in enumerate(pairs[c] for c in changes):
        texts += [" (" if n else "", bind_cell(table, row, column, cell), ")" if n else ""]
    return (*texts, ".")


def _is_change(prior: Cell, value: Cell, change: Cell) -> bool:
    """Whether `change` is the change between the other two cells, of one measure."""
    if None in (prior.value, value.value) or prior.measure != value.measure or change.measure != value.measure:
        return False
    return prior.shows == value.shows == "value" and change.days == value.days


def _list_figures(table: Table, row: Row) -> Sentence:
    """The figures of a row, each with its column, without those that don't apply."""
    texts: list[ooxml.Text] = [f"{row.label}: "]
    applicable = [(column, cell) for column, cell in zip(table.columns, row.cells, strict=True) if cell.marker != "[z]"]
    for n, (column, cell) in enumerate(applicable):
        texts += [", " if n else "", bind_cell(table, row, column, cell), f" ({column.label})"]
    return (*texts, ".")
