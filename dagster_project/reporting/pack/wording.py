"""Words that pages, workbook and document share: numbers, days, what a chart shows, and sentences. A table's cells come as
printed, with their markers, from `dbt/macros/printed_cells.sql`."""

import re
from calendar import month_name
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dagster_project.core.plurals import list_first
from dagster_project.editions.tables import CHANGES
from dagster_project.public_form import is_rounded

from .model import MARKERS, MISSING, PUBLIC_ONLY, UNITS, Pack, Panel, Point, Series, Source, Table

MAX_GAPS = 6
"""Periods without a figure that an alt text names; more are counted."""
PLACES = {"percent": 1, "per_100k": 1}
MAX_PLACES = 10
"""Decimal places that a figure of the marts has at most."""
ORDER_OF_FINDINGS = (
    "Unusual figures come first, then figures within normal variation, figures that are not judged, and small numbers. In each"
    " group the largest percentage change comes first. “Unusual” means that the control chart marks at least one month of the"
    " period. A chart may mark a month although nothing changed. This happens in 3 to 5 of 10 charts of three years, in most"
    " charts of seven years or more, and in most charts of figures that follow the seasons."
)
SAMPLE = "Sample: all figures are made up."
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def format_number(value: Decimal, unit: str | None, places: int | None = None, rounding: str = ROUND_HALF_UP) -> str:
    """A value as printed: `2,187`, `£1,431`, `32.6%`, `-3.0`. A half is rounded away from zero, as in `reports.cells`.

    0 is for a true zero alone: a value that would be rounded to it has more places, up to its ten, and pounds have pence.
    """
    places = PLACES.get(unit or "", 0) if places is None else places
    while value and places < MAX_PLACES and not value.quantize(Decimal(1).scaleb(-places), rounding):
        places += 2 if unit == "gbp" and places == 0 else 1
    rounded = abs(value).quantize(Decimal(1).scaleb(-places), rounding)
    sign = "-" if value < 0 else ""
    return f"{sign}{'£' if unit == 'gbp' else ''}{rounded:,}{'%' if unit == 'percent' else ''}"


def day_in_words(day: date) -> str:
    """`31 October 2025`."""
    return f"{day.day} {month_name[day.month]} {day.year}"


def moment_in_words(at: datetime) -> str:
    """`3 January 2026 at 02:00 UTC`."""
    return f"{day_in_words(at.date())} at {at:%H:%M} UTC"


def month_in_words(text: str) -> str:
    """`2025-10` as `October 2025`."""
    return f"{month_name[int(text[5:7])]} {text[:4]}"


def days_in_words(first: date | None, last: date | None) -> str:
    """`1 November 2024 to 31 October 2025`; `up to 31 October 2025` without a first day; empty without a last one."""
    if last is None:
        return ""
    if first == last:
        return day_in_words(last)
    return f"{day_in_words(first)} to {day_in_words(last)}" if first else f"up to {day_in_words(last)}"


def name_paragraphs(paragraphs: str, letter: str = "P") -> str:
    """`Paragraph 2.12`, `Paragraphs 3.2-3.3, 8.4`. `letter`: the first one, `p` within a sentence."""
    return f"{letter}aragraph{'s' if re.search('[-–,]', paragraphs) else ''} {paragraphs}"


def capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def join_words(texts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else ""


VERDICTS = {
    "agrees": "Agrees", "agrees when cut": "Matches if rounded down", "disagrees": "Disagrees",
    "not computable": "Cannot be checked",
}  # fmt: skip


def verdict_in_sentence(verdict: str, count: int) -> str:
    """A verdict after a count of claims: 1 `agrees`, 2 `agree`."""
    plural = {"agrees": "agree", "agrees when cut": "match if rounded down", "disagrees": "disagree"}
    singular = {"agrees when cut": "matches if rounded down"}
    if verdict == "not computable":
        return "cannot be checked"
    return (singular if count == 1 else plural).get(verdict, verdict)


def slug(text: str) -> str:
    """A text as a name in a path: small letters, digits and hyphens. Never empty."""
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower())
    return "-".join(letters.split())[:60].strip("-") or "part"


def describe_lines(kind: str, title: str, panels: Sequence[Panel], with_range: bool = True) -> str:
    """Alt text of a chart of lines or months: the first and last figure of each and, `with_range`, the highest and lowest."""
    sentences = [
        _describe_series(s, p.title if len(panels) > 1 else "", len(p.series) > 1 or not p.title, with_range)
        for p in panels for s in p.series if _known_points(s)
    ]  # fmt: skip
    return f"{kind}. {title}. {' '.join(sentences)}".strip()


def _describe_series(series: Series, panel: str, is_named: bool, with_range: bool) -> str:
    points = _known_points(series)
    name = ": ".join(filter(None, (panel, series.name if is_named else ""))) or series.name
    first, last = points[0], points[-1]
    gaps = f"; {text}" if (text := _describe_gaps(series)) else ""
    if len(points) == 1:
        return f"{name}: {first.printed} in {first.label}{gaps}."
    text = f"{name}: {first.printed} in {first.label}, {last.printed} in {last.label}"
    # Of a provisional figure more may come.
    final = [p for p in points if p.data_status != "partial"] or points
    top, low = max(final, key=lambda p: p.value or 0), min(final, key=lambda p: p.value or 0)
    # A figure that is not public may be higher or lower than those shown.
    is_range_known = with_range and all(p.printed != PUBLIC_ONLY for p in series.points)
    if is_range_known and len(points) > 2 and top.value != low.value:
        text += f"; highest {top.printed} in {top.label}, lowest {low.printed} in {low.label}"
    return f"{text}{gaps}."


def _describe_gaps(series: Series) -> str:
    """The places without a final figure, and why: `not public: Oct 2025`. Only their number where there are many; empty for
    none."""
    gaps: dict[str, list[str]] = {"not available": [], "incomplete": [], "not public": [], "provisional": []}
    for p in series.points:
        if p.value is not None and p.data_status == "partial":
            gaps["provisional"].append(p.label)
        if p.printed in (MISSING, PUBLIC_ONLY):
            no_figure = "incomplete" if p.data_status == "partial" else "not available"
            gaps["not public" if p.printed == PUBLIC_ONLY else no_figure].append(p.label)
    return "; ".join(f"{why}: {join_words(at) if len(at) <= MAX_GAPS else len(at)}" for why, at in gaps.items() if at)


def describe_limits(panel: Panel) -> str:
    """A control chart, for the alt text: its mean, its limits, and the months that it marks."""
    newest = panel.limits[-1]
    ends = [(name, v) for name, v in (("lower", newest.lower), ("upper", newest.upper)) if v is not None]
    places = 0 if panel.unit == "gbp" else 1
    limits = "".join(f", {name} limit {format_number(v, panel.unit, places)}" for name, v in ends)
    verdict = f"; {panel.newest_month}" if panel.newest_month else ""
    text = f"{panel.title}: mean {format_number(newest.mean, panel.unit, places)}{limits}{verdict}."
    for mark in ("high", "low"):
        if labels := [p.label for s in panel.series for p in s.points if p.mark == mark]:
            text += f" Unusually {mark}: {join_words(labels)}."
    return text


def describe_bars(title: str, panel: Panel) -> str:
    """Alt text of a bar chart: the figures of the first twelve bars, how many more there are, and which have no figure."""
    sentences = []
    for series in panel.series:
        points = _known_points(series)
        figures = list_first([f"{p.label} {p.printed}" for p in points], 12)
        shown = "; ".join(filter(None, (figures, _describe_gaps(series))))
        sentences.append(f"{series.name}: {shown}." if len(panel.series) > 1 else f"{shown}.")
    return f"Bar chart. {title}. {' '.join(sentences)}".strip()


def _known_points(series: Series) -> list[Point]:
    return [p for p in series.points if p.value is not None]


def strip_invalid_xml(value: Any) -> Any:
    """A pack, or a part of one, without the characters that XML can't have: a cell of an extract may contain them."""
    if isinstance(value, str):
        return value if value.isprintable() else _NOT_XML.sub("", value)
    if value is None or isinstance(value, int | Decimal | date):
        return value
    if isinstance(value, tuple):
        return tuple(strip_invalid_xml(v) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: strip_invalid_xml(getattr(value, f.name)) for f in fields(value) if f.init})
    return value


def sample_notice(pack: Pack) -> str | None:
    """The sentence on every sheet and page of made-up data; None for other data."""
    return f"{SAMPLE} None is a figure of {pack.force}." if pack.is_made_up else None


def notices(pack: Pack) -> list[str]:
    """The sentences that every sheet and page must have: that the data are made up, that the form is the public one."""
    return [n for n in (sample_notice(pack), pack.rule) if n]


def heading(pack: Pack) -> str:
    """`Drug dealing and substance misuse: Derbyshire, 2026-03`."""
    return f"{pack.title}: {pack.force}, {pack.edition}"


def night_line(pack: Pack) -> str:
    return f"Figures from update {pack.night_id}, started on {moment_in_words(pack.night_at)}."


def zero_words(pack: Pack) -> str:
    """What a 0 is. Rounded figures may have it for a few."""
    return "0 may be a few" if pack.rule and is_rounded(pack.rule) else "0 is a true zero"


def marker_lines(markers: Iterable[str]) -> list[str]:
    return [f"{m} {MARKERS[m]}." for m in markers]


def source_line(table: Table) -> str:
    """The extracts that a table is made from, and the days that they cover."""
    return f"Source: {'; '.join(_source_days(s) for s in table.sources)}." if table.sources else "Source: no extract."


def period_lines(table: Table) -> list[str]:
    """The period of each column whose label does not say it, a line for each period. A change is of the years beside it."""
    periods: dict[str, list[str]] = {}
    for n, column in enumerate(table.columns):
        if column.window and column.heading != column.label and table.rows[0].cells[n].shows not in CHANGES:
            periods.setdefault(column.window, []).append(f"“{column.label}”")
    return [f"Period of {join_words(labels)}: {window}." for window, labels in periods.items()]


def _source_days(source: Source) -> str:
    if not source.files or not (days := covered_days(source)):
        # Files that were held, refused or retracted are not accepted, but they were received.
        return f"{source.title} ({'no accepted file' if source.status == 'late' else source.status})"
    late = ", late" if source.status == "late" else ""
    return f"{source.title} ({days}{late})"


def covered_days(source: Source) -> str:
    """`1 January 2022 to 31 December 2025`, and where files do not cover all of them `: 607 of 1,461 days`; empty for none."""
    if source.covered_from is None or source.covered_to is None:
        return ""
    days = (source.covered_to - source.covered_from).days + 1
    covered = f": {source.covered_days:,} of {days:,} days" if source.covered_days < days else ""
    return f"{day_in_words(source.covered_from)} to {day_in_words(source.covered_to)}{covered}"


def units_line(table: Table) -> str:
    units = dict.fromkeys(UNITS.get(c.unit or "", c.unit or "") for r in table.rows for c in r.cells if c.unit)
    if not units:
        return "Unit: none, as no figure is available."
    return f"Unit: {join_words([u.lower() for u in units])}."
