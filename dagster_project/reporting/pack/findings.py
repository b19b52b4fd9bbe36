"""What to read first: the most notable figures of each part of the report.

A rule chooses them, by figures alone: docs/reference/control-charts.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dagster_project.core.small_counts import is_small

from . import control_chart_words as charts
from .model import Definition, Finding
from .wording import days_in_words, format_number

MOST = 6
"""Findings of a part at most. A part with fewer measures has one for each."""
A_YEAR = 366
NOTHING_BEFORE = "Nothing a year before to compare with"
NOT_COMPARED = "Not compared with the year before"
"""Of the newest figure that others publish: the table does not say which period it is of."""
Tables = Sequence[tuple[dict[str, Any], list[dict[str, Any]]]]
"""Rows of `reports.tables`, each with its rows of `reports.cells`."""
COMPLETENESS = {
    None: "Complete", "complete": "Complete", "partial": "Provisional: files cover a part of the days",
    "not_available": "Not available", "not_applicable": "Not applicable",
}  # fmt: skip


@dataclass(frozen=True)
class _Candidate:
    """A printed figure that may become a finding. `place`: table, row and column in the report."""

    table: dict[str, Any]
    cell: dict[str, Any]
    key: charts.SeriesKey
    place: tuple[int, int, int]

    @property
    def window(self) -> charts.Window:
        return (self.key, self.cell["period_start"], self.cell["period_end"])

    @property
    def fit(self) -> tuple[Any, ...]:
        """How well it represents its measure; the largest is best: of the force, all categories, the newest, over a year."""
        first, last = self.cell["period_start"], self.cell["period_end"]
        days = (last - first).days + 1 if first and last else 0
        own = self.key.area_type == "force"
        return (
            own, not own and self.key.area_type != "country", self.key.category == "all", last or date.min,
            days <= A_YEAR, days, [-n for n in self.place],
        )  # fmt: skip


def choose_findings(
    tables: Tables, measures: Mapping[tuple[str, str], Definition], evidence: charts.Evidence, force: str
) -> tuple[Finding, ...]:
    """The figures to read first of one part of the report, in order. `tables`: the tables of the part, each with its cells."""
    best: dict[tuple[str, str], _Candidate] = {}
    for table, cells in tables:
        for cell in cells:
            key = charts.series_key(cell)
            if key is None or key[:2] not in measures or cell["shows"] != "value" or cell["value"] is None:
                continue
            candidate = _Candidate(table, cell, key, (table["table_no"], cell["row_no"], cell["column_no"]))
            if key[:2] not in best or candidate.fit > best[key[:2]].fit:
                best[key[:2]] = candidate
    first = sorted(best.values(), key=lambda c: _order(c, tables, evidence))[:MOST]
    return tuple(_finding(c, measures[c.key[:2]], tables, evidence, force) for c in first)


def _order(candidate: _Candidate, tables: Tables, evidence: charts.Evidence) -> tuple[Any, ...]:
    """Unusual figures first, then those within normal variation, those without a chart, and small numbers; in each group the
    largest change in per cent first; then in printed order."""
    comparison = evidence.comparisons.get(candidate.window)
    months = evidence.charts.get(candidate.key, ())
    unusual = charts.describe_period(months, *candidate.window[1:])
    before = comparison.before if comparison else None
    small_numbers = charts.is_sparse(months) or is_small(candidate.cell["unit"], candidate.cell["value"], before)
    group = 3 if small_numbers else 0 if unusual and unusual != charts.NORMAL else 1 if unusual else 2
    printed = _printed_change(candidate, tables)
    change = comparison.pct_change if comparison else printed["value"] if printed else None
    return (group, -abs(change or Decimal(0)), candidate.place)


def _finding(candidate: _Candidate, measure: Definition, tables: Tables, evidence: charts.Evidence, force: str) -> Finding:
    cell, key = candidate.cell, candidate.key
    comparison = evidence.comparisons.get(candidate.window)
    months = [m for m in evidence.charts.get(key, ()) if cell["period_end"] and m.end <= cell["period_end"]]
    parts = [measure.title, None if key.category == "all" else key.category, None if key.area_name == force else key.area_name]
    printed = _printed_change(candidate, tables)
    return Finding(
        title=", ".join(p for p in parts if p),
        figure=cell["printed"],
        days=days_in_words(cell["period_start"], cell["period_end"]) or f"as published: {cell['window_label'] or 'newest'}",
        change=_change(comparison) or _printed_words(printed) or (NOTHING_BEFORE if cell["period_end"] else NOT_COMPARED),
        unusual=_capitalise(evidence.describe_change(candidate.window)),
        newest="" if charts.is_sparse(months) or not months else _capitalise(charts.describe_newest_month(months)),
        complete=COMPLETENESS.get(cell["data_status"], "Not available"),
        table=candidate.table["table_name"],
        paragraph=candidate.table["paragraph"],
        cell_id=f"{cell['table_name']}/{cell['row_no']}/{cell['column_name']}",
    )


def _change(comparison: charts.Comparison | None) -> str:
    """`Up 538 (32.6%) from 1,649`."""
    if comparison is None or comparison.before is None or comparison.change is None:
        return ""
    before = format_number(comparison.before, comparison.unit)
    if comparison.change == 0:
        return f"The same as the year before, {before}"
    direction = "Up" if comparison.change > 0 else "Down"
    if comparison.unit == "percent":
        return f"{direction} {format_number(abs(comparison.change), None, 1)} percentage points from {before}"
    in_per_cent = f" ({format_number(abs(comparison.pct_change), 'percent')})" if comparison.pct_change is not None else ""
    return f"{direction} {format_number(abs(comparison.change), comparison.unit)}{in_per_cent} from {before}"


def _printed_change(candidate: _Candidate, tables: Tables) -> dict[str, Any] | None:
    """The cell of the same table that prints the change in per cent, as tables of what others publish do."""
    cells = next(of_table for table, of_table in tables if table is candidate.table)
    return next(
        (c for c in cells if c["shows"] == "pct_change" and c["value"] is not None
         and (charts.series_key(c), c["period_start"], c["period_end"]) == candidate.window),
        None,
    )  # fmt: skip


def _printed_words(cell: dict[str, Any] | None) -> str:
    """`Up 2.5%`."""
    if cell is None:
        return ""
    return f"{'Up' if cell['value'] > 0 else 'Down'} {cell['printed'].lstrip('-+')}" if cell["value"] else "No change"


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
