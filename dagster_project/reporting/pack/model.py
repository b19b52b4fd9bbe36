"""A report pack, whatever form it is written in: pages of tables, charts, claims, notes and sources.

All of it is made of the published night and the edition, by `content.read_pack`; the writers add form and no figure.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

MARKERS = {
    "[c]": "not public: a small number, or one that would give a small number away",
    "[x]": "not available: no accepted file covers the days",
    "[z]": "not applicable: there is no such figure, for example a percentage change from 0",
    "[p]": "provisional: files cover only part of the days",
    "[r]": "revised: a published edition had another figure",
}
"""Markers of the Government Analysis Function, and what each says of a figure. 0 is printed for a true zero alone."""
PUBLIC_ONLY, EXACT_ONLY = "[c]", "[r]"
"""Markers that stand in one form of a pack alone: in the public form no earlier figure is told of, as it may be exact."""

NOT_RECORDED = "Not recorded"
"""The unit or category of rows that say none."""

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
    """A cell as printed. `printed` has the marker in it; `text` has not, and is empty where there is no figure.

    `days`: its window in words. `cell_id`: `table/row/column`, as `pam trace --cell` takes it. `can_be_traced`: whether that
    command has an answer; what
    others publish is asked for by its measure, and a cell that does not apply by nothing.
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
    mart: str | None = None
    measure: str | None = None
    shows: str | None = None
    days: str = ""
    printed_before: Decimal | None = None
    printed_in: str | None = None
    unusual: str = ""
    """Of a change: whether it is within normal variation, in words."""


@dataclass(frozen=True)
class PrintedColumn:
    """A column: its name in the relation, its heading, and its unit where all of its figures have the same."""

    name: str
    label: str
    window: str | None
    unit: str | None


@dataclass(frozen=True)
class Row:
    """A row: its number in the relation, its heading, and a cell a column."""

    no: int
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Definition:
    """A measure in words. `formula`: how its months make a period; `aggregation`: the same as `measure_list` has it."""

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
    """An extract, and how much of it the night had. `status`: current, late, never dropped, or not sent.
    `rows`: None in the public form:
    a count of rows is a figure."""

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


@dataclass(frozen=True)
class Claim:
    """A printed figure or a statement, held against the marts. `what`: the figure in words, or the statement in words of
    our own."""

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

    `unavailable`: a sentence, where the night has no row of it; it then has one row, of `[x]`. `scope`: force, measure's
    days. `sources`: the extracts that it is made of. `statuses`: how many of its cells are complete, partial and so on.
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
    claims: tuple[Claim, ...]
    statuses: dict[str, int]
    unavailable: str | None = None

    @property
    def markers(self) -> tuple[str, ...]:
        """The markers that stand in it, in the order of MARKERS."""
        found = " ".join(c.marker or "" for r in self.rows for c in r.cells)
        return tuple(m for m in MARKERS if m in found)


@dataclass(frozen=True)
class Point:
    """A point of a series. `label`: where it stands; `day`: the last day of its period, where it has one. `value` is None where
    it is not available. `mark`: `high` or `low` where a control chart marks it as unusual."""

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
    """Mean and limits of a control chart over some months: the last days of the first and of the last."""

    first: date
    last: date
    mean: Decimal
    lower: Decimal | None
    upper: Decimal | None


@dataclass(frozen=True)
class Panel:
    """One picture of a chart, which has one or several side by side. `title` is empty where there is one.

    `limits`: of a control chart; empty where it is none. `happened`: what its newest month is, in words.
    """

    title: str
    unit: str
    series: tuple[Series, ...]
    limits: tuple[ChartLimits, ...] = ()
    happened: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart. `kind`: line and bar (an edition's own), trend (months, as control charts where there are any), years (twelve
    months against the twelve before) or units (a panel a unit, on one scale).

    `alt`: what it shows, in words and figures. `unavailable`: a sentence, where it has no point; it is then not drawn.
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
        """The heads of its data as a table: where a point stands, then a column a series."""
        several = len(self.panels) > 1
        return [self.x_title, *(f"{p.title}: {s.name}" if several and len(p.series) > 1 else p.title if several else s.name
                                for p in self.panels for s in p.series)]  # fmt: skip

    def lines(self) -> list[tuple[str, list[Point | None]]]:
        """Its data as a table: where the points stand, and a point a series; None where a series has none there."""
        series = [s for p in self.panels for s in p.series]
        places: dict[str, date | None] = {}
        for one in series:
            for point in one.points:
                places.setdefault(point.label, point.day)
        days = {label: day for label, day in places.items() if day is not None}
        labels = sorted(days, key=days.__getitem__) if len(days) == len(places) else list(places)
        found = [{p.label: p for p in one.points} for one in series]
        return [(label, [points.get(label) for points in found]) for label in labels]


@dataclass(frozen=True)
class Finding:
    """A figure to read first. `newest`: what the newest month of its control chart is, and since when; empty where it has no
    chart. `complete`: how whole it is. `cell_id`: the printed figure, which leads to its trail."""

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
    """A part of the report: its tables and charts in the report's order. `slug`: its name in a path."""

    slug: str
    title: str
    paragraphs: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...] = ()

    def charts_of(self, table: Table) -> tuple[Chart, ...]:
        """The charts that are drawn beside a table."""
        return tuple(c for c in self.charts if c.table == table.name)


@dataclass(frozen=True)
class Pack:
    """One edition of the report, as the published night has it.

    `night_at`: when the night began, UTC. `is_sample`: made-up data; every page must say so. `data_status`: a sentence on how
    whole and how fresh it is. `late`: those of `sources` that are late or were never dropped. `rule`: what the public form
    leaves out, in a sentence; every page must say it. None where figures are exact.
    """

    edition: str
    title: str
    force_code: str
    force: str
    data_to: date
    night_id: str
    night_at: datetime
    frozen_in: str | None
    is_sample: bool
    data_status: str
    pages: tuple[Page, ...]
    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]
    late: tuple[Source, ...]
    rule: str | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table and chart series, in the report's order."""
        return tuple(sorted((t for p in self.pages for t in p.tables), key=lambda t: t.number))

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart, in the report's order."""
        return tuple(c for p in self.pages for c in p.charts)

    @property
    def markers(self) -> dict[str, str]:
        """Markers that can stand in it, and what each says."""
        other = PUBLIC_ONLY if self.rule is None else EXACT_ONLY
        return {m: words for m, words in MARKERS.items() if m != other}
