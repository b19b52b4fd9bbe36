"""A report pack in no particular format: pages of tables, charts, claims, notes and sources.

`content.read_pack` makes it from the published night and the edition; the writers add no figure.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

MARKERS = {
    "[c]": "not public: a small number, or one that would give a small number away",
    "[x]": "not available: no accepted file has it for these days",
    "[z]": "not applicable: there is no such figure, for example a percentage change from 0",
    "[p]": "provisional: files cover only part of the days",
    "[r]": "revised: a published edition had another figure",
}
"""Markers of the Government Analysis Function, and what each means. 0 is printed only for a true zero."""
MISSING = "[x]"
PUBLIC_ONLY, EXACT_ONLY = "[c]", "[r]"
"""Markers that only one form of a pack has: the public form mentions no earlier figure, as it may be exact."""

UNITS = {
    "count": "Number",
    "gbp": "Pounds",
    "percent": "Per cent",
    "percentage_points": "Percentage points",
    "per_100k": "Per 100,000 people",
    "days": "Days",
}
"""Units of the marts and of `reports.cells`, in words."""


@dataclass(frozen=True)
class Cell:
    """A cell as printed. `printed` includes the marker; `text` does not, and is empty where there is no figure.

    `cell_id`: `table/row/column`, as `pam trace --cell` takes it. `can_be_traced`: whether that command has an answer, as it
    has not for what others publish or for a cell that does not apply. `days`: its window in words. `unusual`: of a change,
    whether it is within normal variation, in words.
    """

    cell_id: str
    printed: str
    text: str
    marker: str | None
    value: Decimal | None
    unit: str | None
    decimals: int
    data_status: str | None
    can_be_traced: bool
    measure: str | None = None
    shows: str | None = None
    days: str = ""
    printed_before: Decimal | None = None
    printed_in: str | None = None
    unusual: str = ""


@dataclass(frozen=True)
class PrintedColumn:
    """A column: its name in the relation, its heading, and its window and unit where all of its figures have the same."""

    name: str
    label: str
    window: str | None
    unit: str | None

    @property
    def heading(self) -> str:
        """The label, and the window where the label does not say it: `Total, May 2024 to Nov 2025`."""
        return f"{self.label}, {self.window}" if self.window and self.window not in self.label else self.label


@dataclass(frozen=True)
class Row:
    """A row: its number in the relation, its heading, and a cell for each column."""

    no: int
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Definition:
    """A measure in words. `formula`: how its months make a period; `aggregation`: the same, as a code of `measure_list`."""

    mart: str
    measure: str
    title: str
    unit: str
    meaning: str
    formula: str
    aggregation: str
    extracts: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """An extract, and how much of it the night had. `status`: current, late, never received, or not sent. `rows`: None in the
    public form, as a count of rows is a figure. `covered_days`: those from `covered_from` to `covered_to`
    that files cover."""

    extract: str
    title: str
    status: str
    rhythm: str
    files: int
    rows: int | None
    covered_from: date | None
    covered_to: date | None
    extracted_at: datetime | None
    days_late: int | None
    covered_days: int = 0


@dataclass(frozen=True)
class Claim:
    """A printed figure or a statement, compared with the marts. `what`: the figure in words, or the statement in our own
    words."""

    no: int
    paragraph: str
    kind: str
    what: str
    printed: str
    computed: str
    difference: str
    verdict: str
    reason: str
    is_known: bool


@dataclass(frozen=True)
class Table:
    """A printed table, or the series behind a chart (`kind`). `name`: its relation in `reports`.

    `scope`: the force and the days. `sources`: the extracts that it is made from. `statuses`: how many of its cells are
    complete, partial and so on. `unavailable`: a sentence where the night has no row of it; it then has one row, of `[x]`.
    `of_one_category`: marts and measures of which it shows one category alone.
    `later_days`: that of `notes` which says that later days count, too, and up to which one; empty if none does.
    """

    name: str
    number: int
    kind: str
    chart: str | None
    paragraph: str
    title: str
    rows_are: str
    scope: str
    data_to: date
    columns: tuple[PrintedColumn, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    sources: tuple[Source, ...]
    definitions: tuple[Definition, ...]
    of_one_category: frozenset[tuple[str, str]]
    claims: tuple[Claim, ...]
    statuses: dict[str, int]
    unavailable: str | None = None
    later_days: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether none of its figures is available."""
        return "not_available" in self.statuses and not {"complete", "partial", "not_public"} & self.statuses.keys()

    @property
    def markers(self) -> tuple[str, ...]:
        """The markers in its cells, in the order of MARKERS."""
        used = " ".join(c.marker or "" for r in self.rows for c in r.cells)
        return tuple(m for m in MARKERS if m in used)


@dataclass(frozen=True)
class Point:
    """A point of a series. `label`: its place on the axis; `day`: the last day of its period, if it has one. `value`: None
    where it is not available. `mark`: `high` or `low` where a control chart marks it as unusual."""

    label: str
    day: date | None
    value: Decimal | None
    printed: str
    data_status: str | None
    mark: str = ""


@dataclass(frozen=True)
class Series:
    """A line, or the bars of one colour. `role`: months, rolling, this, before, or plain."""

    name: str
    points: tuple[Point, ...]
    role: str = "plain"


@dataclass(frozen=True)
class ChartLimits:
    """Mean and limits of a control chart over some months. `first`, `last`: the last days of the first and last month."""

    first: date
    last: date
    mean: Decimal
    lower: Decimal | None
    upper: Decimal | None


@dataclass(frozen=True)
class Panel:
    """One picture of a chart, which has one or several side by side. `title` may be empty where there is one.

    `limits`: empty where it is no control chart. `newest_month`: whether its newest month is unusual, in words.
    """

    title: str
    unit: str
    series: tuple[Series, ...]
    limits: tuple[ChartLimits, ...] = ()
    newest_month: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart. `kind`: line and bar (an edition's own), trend (months, as control charts where there are any), years (twelve
    months against the twelve before) or units (a panel for each unit, on one scale).

    `alt`: what it shows, in words and figures. `unavailable`: a sentence where it has no point; it is then not drawn.
    """

    chart_id: str
    kind: str
    paragraph: str
    title: str
    table: str
    x_title: str
    panels: tuple[Panel, ...]
    alt: str
    notes: tuple[str, ...] = ()
    unavailable: str | None = None

    def header(self) -> list[str]:
        """The headings of its data as a table: the label, then a column for each series."""
        several = len(self.panels) > 1
        return [self.x_title, *(f"{p.title}: {s.name}" if several and len(p.series) > 1 else p.title if several else s.name
                                for p in self.panels for s in p.series)]  # fmt: skip

    def lines(self) -> list[tuple[str, list[Point | None]]]:
        """Its data as a table: each label, with a point of each series; None where a series has none there."""
        series = [s for p in self.panels for s in p.series]
        days = {p.label: p.day for s in reversed(series) for p in reversed(s.points)}
        labels = list(dict.fromkeys(p.label for s in series for p in s.points))
        if None not in days.values():
            labels.sort(key=lambda label: days[label] or date.min)
        by_label = [{p.label: p for p in s.points} for s in series]
        return [(label, [points.get(label) for points in by_label]) for label in labels]


@dataclass(frozen=True)
class Finding:
    """A figure to read first. `newest`: whether the newest month of its control chart is unusual, and since when; empty where
    it has no chart. `complete`: how complete it is. `cell_id`: the printed figure, for the link to its trail."""

    title: str
    figure: str
    days: str
    change: str
    unusual: str
    newest: str
    complete: str
    table: str
    paragraph: str
    cell_id: str


@dataclass(frozen=True)
class Page:
    """A part of the report: its tables and charts in the order of the report. `slug`: its name in a path."""

    slug: str
    title: str
    paragraphs: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...] = ()

    def charts_of(self, table: Table) -> tuple[Chart, ...]:
        return tuple(c for c in self.charts if c.table == table.name)


@dataclass(frozen=True)
class Pack:
    """One edition of the report, as the published night has it.

    `night_at`: when the night started, UTC. `is_made_up`: every page must say that data are made up. `data_status`: a sentence
    on how complete and up to date it is. `late`: those of `sources` that are late or were never received. `rule`: what the
    public form leaves out, in a sentence that every page must have; None where figures are exact.
    """

    edition: str
    title: str
    force_code: str
    force: str
    data_to: date
    night_id: str
    night_at: datetime
    frozen_in: str | None
    is_made_up: bool
    data_status: str
    pages: tuple[Page, ...]
    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]
    late: tuple[Source, ...]
    rule: str | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table and chart series, in the order of the report."""
        return tuple(sorted((t for p in self.pages for t in p.tables), key=lambda t: t.number))

    @property
    def charts(self) -> tuple[Chart, ...]:
        return tuple(c for p in self.pages for c in p.charts)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        return tuple(dict.fromkeys(d for t in self.tables for d in t.definitions))

    @property
    def markers(self) -> dict[str, str]:
        """The markers that it can have, and what each means."""
        other = PUBLIC_ONLY if self.rule is None else EXACT_ONLY
        return {m: words for m, words in MARKERS.items() if m != other}
