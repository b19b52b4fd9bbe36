"""The pack as a document for its author to write around: headings, tables and charts in the report's order.

What the author is to write, and what to check before it goes out, is marked and can't be taken for a part of the report.
"""

from pathlib import Path

from docx.document import Document as Doc

from .charts import NOT_DRAWN, pngs
from .model import Chart, Claim, Pack, Page, Table
from .ooxml import (
    CHECK,
    NOTE,
    NOTICE,
    add_bookmark,
    add_caption,
    add_field,
    add_link,
    add_picture,
    add_placeholder,
    add_table,
    new_document,
    write_document,
)
from .shared_sentences import heading, legible, marker_lines, night_line, notices, source_line, units_line
from .wording import day_in_words


def write_docx(pack: Pack, path: Path, kept: Path | None = None) -> set[str]:
    """Write the pack to `path`. `kept`: a folder in which pictures are kept from one night to the next.

    The same night gives the same bytes. Returns the ids of charts that could not be drawn.
    """
    pictures = pngs(pack.charts, kept)
    _Writer(legible(pack), pictures).write(path)
    return {c.chart_id for c in pack.charts if not c.unavailable} - pictures.keys()


class _Writer:
    """One document, as it grows: which tables and charts have been numbered, which claims have been told."""

    def __init__(self, pack: Pack, pictures: dict[str, bytes]) -> None:
        self.pack, self.pictures = pack, pictures
        self.notices = notices(pack)
        self.doc: Doc = new_document(heading(pack), " ".join(self.notices) or "Public Assurance Meeting", pack.night_at)
        self.counted = {"Table": 0, "Chart": 0}
        self.told: set[int] = set()

    def write(self, path: Path) -> None:
        """All of it, in order."""
        self._margins()
        self._front()
        for number, page in enumerate(self.pack.pages, start=1):
            self._page(page, number)
        self._back()
        write_document(self.doc, path, self.pack.night_at)

    def _margins(self) -> None:
        """What stands on every page: what it is, whether it is made up, and the page's number."""
        section = self.doc.sections[0]
        section.header.paragraphs[0].text = heading(self.pack)
        for notice in self.notices:
            section.header.add_paragraph(style="Header").add_run(notice).bold = True
        foot = section.footer.paragraphs[0]
        foot.add_run(f"Night {self.pack.night_id}\t\tPage ")
        add_field(foot, "PAGE", "1")
        foot.add_run(" of ")
        add_field(foot, "NUMPAGES", "1")

    def _front(self) -> None:
        pack = self.pack
        self.doc.add_paragraph(pack.title, style="Title")
        self.doc.add_paragraph(f"{pack.force}, edition {pack.edition}, data to {day_in_words(pack.data_to)}")
        for notice in self.notices:
            self.doc.add_paragraph(notice, style=NOTICE)
        self.doc.add_paragraph(f"{night_line(pack)} {pack.data_status}")
        self.doc.add_paragraph(
            "For the author. Write in the yellow places; what you type takes the place of their words. A paragraph with a red"
            " edge is something to check: delete it when you have. Delete this one as well.",
            style=CHECK,
        )
        self._contents()
        if pack.markers:
            self.doc.add_paragraph("Shorthand: what stands beside or instead of a figure", style="Heading 2")
            for line in marker_lines(pack.markers):
                self.doc.add_paragraph(line, style=NOTE)
            self.doc.add_paragraph("0 is a true zero; a figure that is not available is never 0.", style=NOTE)

    def _contents(self) -> None:
        """A list of the parts that leads to each; Word makes it anew from the headings where one asks for one of its own."""
        self.doc.add_paragraph("Contents", style="Heading 2")
        for number, page in enumerate(self.pack.pages, start=1):
            add_link(self.doc.add_paragraph(style="List Bullet"), page.title, f"part_{number}")
        add_link(self.doc.add_paragraph(style="List Bullet"), "Sources and measures", "part_sources")

    def _page(self, page: Page, number: int) -> None:
        add_bookmark(self.doc.add_paragraph(page.title, style="Heading 1"), f"part_{number}", number)
        add_placeholder(self.doc, f"Write here what the reader should take from “{page.title}”.", page.title)
        for table in page.tables:
            self._table(page, table)
        self._check(page.claims)

    def _table(self, page: Page, table: Table) -> None:
        self.doc.add_paragraph(f"{table.title} ({table.paragraph})", style="Heading 2")
        add_placeholder(self.doc, f"Write here about “{table.title}”, paragraph {table.paragraph}.", table.title)
        charts = page.charts_of(table)
        if table.kind == "chart":
            for chart in charts:
                self._chart(chart)
        title = f"{table.title}{', the figures of the chart' if table.kind == 'chart' else ''}, {table.scope}"
        add_caption(self.doc, "Table", self._next("Table"), title)
        add_table(
            self.doc, [table.rows_are, *(c.label for c in table.columns)],
            [[r.label, *(c.printed for c in r.cells)] for r in table.rows],
            title=title, about=f"{units_line(table)} {len(table.rows)} rows, one each for: {table.rows_are.lower()}.",
        )  # fmt: skip
        for line in [table.unavailable, *(f"Note: {n}" for n in table.notes), *marker_lines(table.markers), source_line(table)]:
            if line:
                self.doc.add_paragraph(line, style=NOTE)
        if table.kind != "chart":
            for chart in charts:
                self._chart(chart)
        self._check(table.claims)

    def _next(self, kind: str) -> int:
        self.counted[kind] += 1
        return self.counted[kind]

    def _chart(self, chart: Chart) -> None:
        add_caption(self.doc, "Chart", self._next("Chart"), chart.title)
        picture = self.pictures.get(chart.chart_id)
        if picture is None:
            self.doc.add_paragraph(chart.unavailable or NOT_DRAWN, style=NOTE)
            return
        add_picture(self.doc, picture, alt=chart.alt, title=chart.title)
        for note in chart.notes:
            self.doc.add_paragraph(note, style=NOTE)

    def _check(self, claims: tuple[Claim, ...]) -> None:
        """What does not simply agree, once each, where its paragraph is."""
        for claim in claims:
            if claim.verdict != "agrees" and claim.no not in self.told:
                self.told.add(claim.no)
                paragraph = self.doc.add_paragraph(style=CHECK)
                paragraph.add_run(f"To check, {claim.paragraph}: {claim.verdict}. ").bold = True
                paragraph.add_run(_in_words(claim))

    def _back(self) -> None:
        pack = self.pack
        left = tuple(c for c in pack.claims if c.verdict != "agrees" and c.no not in self.told)
        if left:
            self.doc.add_paragraph("Printed elsewhere", style="Heading 1")
            self._check(left)
        add_bookmark(self.doc.add_paragraph("Sources and measures", style="Heading 1"), "part_sources", len(pack.pages) + 1)
        add_caption(self.doc, "Table", self._next("Table"), "Sources: the extracts behind the figures")
        counted = ["Rows"] if pack.rule is None else []
        rows = [
            [s.title, s.status, _day(s.covered_from), _day(s.covered_to), *(f"{s.rows:,}" for _ in counted),
             _day(s.extracted_at)]
            for s in pack.sources
        ]  # fmt: skip
        add_table(
            self.doc, ["Extract", "Status", "First day covered", "Last day covered", *counted, "Extracted"], rows,
            title="Sources", about="One row an extract.", text=True,
        )  # fmt: skip
        used = {(d.mart, d.measure): d for t in pack.tables for d in t.definitions}
        if used:
            add_caption(self.doc, "Table", self._next("Table"), "Measures: what each figure counts")
            add_table(
                self.doc, ["Measure", "What it counts"], [[d.title, d.meaning] for d in used.values()],
                title="Measures", about="One row a measure.", text=True,
            )  # fmt: skip


def _day(day: object) -> str:
    return f"{day:%d/%m/%Y}" if day else "[z]"


def _in_words(claim: Claim) -> str:
    """What was printed, what the warehouse says, and why they differ."""
    if claim.kind == "statement":
        said = f"In our words, the report says: {claim.what}."
    else:
        said = f"{claim.what}: printed {claim.printed}" + (f", computed {claim.computed}." if claim.computed else ".")
    reason = f" {claim.reason[:1].upper()}{claim.reason[1:].rstrip('.')}." if claim.reason else ""
    return f"{said}{reason}{' The edition lists it as known.' if claim.is_known else ''}"
