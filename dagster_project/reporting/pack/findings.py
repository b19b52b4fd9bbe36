"""What to read first: the most notable figures of each part of the report.

A rule chooses them, by figures alone: docs/reference/control-charts.md.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from dagster_project.core.charts_fit_to_judge import TOO_FEW, has_small_side, has_status_of_now, is_small

from . import control_chart_words as charts
from .model import Definition, Finding
from .wording import capitalise, days_in_words, format_number

MOST = 6
"""Findings of a part at most. A part with fewer measures has one for each."""
A_YEAR = 366
NOTHING_BEFORE = "The year before is not available to compare with"
OLDER = "older ones have had longer to change their status"
NOT_COMPARED = "Not compared with the year before"
"""Of days that are no period of the marts, and of the newest figure that others publish: the table does not say which period
it is of."""
Tables = Sequence[tuple[dict[str, Any], list[dict[str, Any]]]]
"""Rows of `reports.tables`, each with its rows of `reports.cells`."""
COMPLETENESS = {
    None: "Complete", "complete": "Complete", "partial": "Provisional: files cover a part of the days",
    "not_available": "Not available", "not_applicable": "Not applicable",
}  # fmt: skip


class _Candidate(NamedTuple):
    """A printed figure that may become a finding. `window`: its series and days."""

    table: dict[str, Any]
    cell: dict[str, Any]
    window: charts.Window


def choose_findings(
    tables: Tables, measures: Mapping[tuple[str, str], Definition], evidence: charts.Evidence, force: str
) -> tuple[Finding, ...]:
    """The figures to read first of one part of the report, in order. `tables`: the tables of the part, each with its cells."""
    best: dict[tuple[str, str], _Candidate] = {}
    for table, cells in tables:
        for cell in cells:
            window = charts.window_of(cell)
            if window is None or window[0][:2] not in measures or cell["shows"] != "value" or cell["value"] is None:
                continue
            measure, candidate = window[0][:2], _Candidate(table, cell, window)
            if measure not in best or _fit(candidate) > _fit(best[measure]):
                best[measure] = candidate
    first = sorted(best.values(), key=lambda c: _order(c, tables, evidence))[:MOST]
    return tuple(_finding(c, measures[c.window[0][:2]], tables, evidence, force) for c in first)


def _place(candidate: _Candidate) -> tuple[int, int, int]:
    return candidate.table["table_no"], candidate.cell["row_no"], candidate.cell["column_no"]


def _fit(candidate: _Candidate) -> tuple[Any, ...]:
    """How well it represents its measure; the largest is best: of the force, all categories, the newest, over a year."""
    key, first, last = candidate.window
    days = (last - first).days + 1 if first and last else 0
    is_force = key.area_type == "force"
    return (
        is_force, not is_force and key.area_type != "country", key.category == "all", last or date.min, days <= A_YEAR, days,
        [-n for n in _place(candidate)],
    )  # fmt: skip


def _order(candidate: _Candidate, tables: Tables, evidence: charts.Evidence) -> tuple[Any, ...]:
    """Unusual figures first, then those within normal variation, those that are not judged, and small numbers; in each group
    the largest change in per cent first; then in printed order."""
    _, cell, window = candidate
    comparison = evidence.comparisons.get(window)
    verdict = evidence.describe_verdict(window)
    is_of_few = bool(comparison.small_numbers) if comparison else is_small(cell["unit"], cell["value"], None)
    groups = {charts.NORMAL: 1, TOO_FEW: 3}
    group = 3 if is_of_few else 0 if verdict.startswith(charts.UNUSUAL) else groups.get(verdict, 2)
    printed = _printed_change(candidate, tables)
    change = comparison.pct_change if comparison else printed["value"] if printed else None
    is_compared = not has_status_of_now(*window[0][:2], window[0].category)
    return (group, -abs(change or Decimal(0)) if is_compared else Decimal(0), _place(candidate))


def _finding(candidate: _Candidate, measure: Definition, tables: Tables, evidence: charts.Evidence, force: str) -> Finding:
    table, cell, window = candidate
    key = window[0]
    comparison = evidence.comparisons.get(window)
    months = [m for m in evidence.charts.get(key, ()) if cell["period_end"] and m.end <= cell["period_end"]]
    parts = [measure.title, None if key.category == "all" else key.category, None if key.area_name == force else key.area_name]
    printed = _printed_change(candidate, tables)
    change = _change(comparison) or _printed_words(printed) or _why_no_change(cell, comparison, evidence.public)
    rebase = None if evidence.public else evidence.find_rebase(window)
    # The number of something on a day is of the period's last.
    first = cell["period_end"] if measure.aggregation == "stock" else cell["period_start"]
    return Finding(
        title=", ".join(p for p in parts if p),
        figure=cell["printed"],
        days=days_in_words(first, cell["period_end"]) or f"as published: {cell['window_label'] or 'newest'}",
        change=f"{NOT_COMPARED}: {OLDER}" if has_status_of_now(key.mart, key.measure, key.category) else change,
        unusual=". ".join([capitalise(evidence.describe_change(window)), *([rebase.reason] if rebase else [])]),
        newest=capitalise(charts.describe_newest_month(months)) if months and not months[-1].not_judged else "",
        complete=COMPLETENESS.get(cell["data_status"], "Not available"),
        table=table["table_name"],
        paragraph=table["paragraph"],
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
    in_per_cent = ""
    if comparison.pct_change is not None and not has_small_side(comparison.unit, comparison.value, comparison.before):
        in_per_cent = f" ({format_number(abs(comparison.pct_change), 'percent')})"
    return f"{direction} {format_number(abs(comparison.change), comparison.unit)}{in_per_cent} from {before}"


def _why_no_change(cell: dict[str, Any], comparison: charts.Comparison | None, public: bool) -> str:
    """Why a figure has no change. In the public form a figure of the year before may be hidden, and does not say so."""
    if comparison is None or public:
        return NOT_COMPARED
    if comparison.before is None:
        return NOTHING_BEFORE
    days = "the days" if cell["data_status"] == "partial" else "the same days a year before"
    return f"{NOT_COMPARED}: files cover a part of {days}"


def _printed_change(candidate: _Candidate, tables: Tables) -> dict[str, Any] | None:
    """The cell of the same table that prints the change in per cent, as tables of what others publish do."""
    cells = next(of_table for table, of_table in tables if table is candidate.table)
    changes = (c for c in cells if c["shows"] == "pct_change" and c["value"] is not None)
    return next((c for c in changes if charts.window_of(c) == candidate.window), None)


def _printed_words(cell: dict[str, Any] | None) -> str:
    """`Up 2.5%`."""
    if cell is None:
        return ""
    return f"{'Up' if cell['value'] > 0 else 'Down'} {cell['printed'].lstrip('-+')}" if cell["value"] else "No change"
