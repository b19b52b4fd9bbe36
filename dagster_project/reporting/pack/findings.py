"""What to read first: the few figures of each part of the report that a reader should know before the others.

The rule is in docs/reference/control-charts.md, and is one of figures alone: nobody chooses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from .model import Definition, Finding
from .unusual import (
    NORMAL,
    Charts,
    Compared,
    SeriesKey,
    Sides,
    in_period,
    is_small,
    is_sparse,
    key_of,
    until,
    what_happened,
    words_of_change,
)
from .wording import days_in_words, number

MOST = 6
"""Findings of a part. A part with fewer measures has one for each."""
A_YEAR = 366
Tables = Sequence[tuple[dict[str, Any], list[dict[str, Any]]]]
"""Rows of `reports.tables`, each with its rows of `reports.cells`."""
WHOLE = {
    None: "Complete", "complete": "Complete", "partial": "Provisional: files cover a part of the days",
    "not_available": "Not available", "not_applicable": "Not applicable",
}  # fmt: skip


@dataclass(frozen=True)
class _Candidate:
    """A printed figure that may be a finding. `place`: where it stands in the report."""

    table: dict[str, Any]
    cell: dict[str, Any]
    key: SeriesKey
    place: tuple[int, int, int]

    @property
    def window(self) -> tuple[SeriesKey, date | None, date | None]:
        return (self.key, self.cell["period_start"], self.cell["period_end"])

    @property
    def fit(self) -> tuple[Any, ...]:
        """The larger, the better it stands for its measure: the force's own, of all categories, the newest, a year of it."""
        first, last = self.cell["period_start"], self.cell["period_end"]
        days = (last - first).days + 1 if first and last else 0
        own = self.key.area_type == "force"
        return (
            own, not own and self.key.area_type != "country", self.key.category == "all", last or date.min,
            days <= A_YEAR, days, [-n for n in self.place],
        )  # fmt: skip


def findings_of(
    tables: Tables,
    measures: Mapping[tuple[str, str], Definition],
    charts: Charts,
    compared: Compared,
    force: str,
    public: bool = False,
) -> tuple[Finding, ...]:
    """The findings of one part of the report: of its tables, each with its cells, the figures to read first, in order."""
    best: dict[tuple[str, str], _Candidate] = {}
    for candidate in _candidates(tables):
        of = candidate.key[:2]
        if of in measures and (of not in best or candidate.fit > best[of].fit):
            best[of] = candidate
    first = sorted(best.values(), key=lambda c: _order(c, tables, compared, charts))[:MOST]
    return tuple(_finding(c, measures[c.key[:2]], tables, charts, compared, force, public) for c in first)


def _candidates(tables: Tables) -> Iterable[_Candidate]:
    for table, cells in tables:
        for cell in cells:
            key = key_of(cell)
            if key is not None and cell["shows"] == "value" and cell["value"] is not None:
                yield _Candidate(table, cell, key, (table["table_no"], cell["row_no"], cell["column_no"]))


def _order(found: _Candidate, tables: Tables, compared: Compared, charts: Charts) -> tuple[Any, ...]:
    """Unusual ones first, then those within normal variation, those without a chart, and small numbers; in each group the
    largest change in per cent first; then as printed."""
    sides = compared.get(found.window)
    months = charts.get(found.key, ())
    unusual = in_period(months, *found.window[1:])
    small = is_sparse(months) or is_small(found.cell["unit"], found.cell["value"], sides.before if sides else None)
    group = 3 if small else 0 if unusual and unusual != NORMAL else 1 if unusual else 2
    printed = _printed_change(found, tables)
    by = sides.pct_change if sides else printed["value"] if printed else None
    return (group, -abs(by or Decimal(0)), found.place)


def _finding(
    found: _Candidate,
    measure: Definition,
    tables: Tables,
    charts: Charts,
    compared: Compared,
    force: str,
    public: bool,
) -> Finding:
    cell, key = found.cell, found.key
    sides = compared.get(found.window)
    months = until(charts.get(key, ()), cell["period_end"]) if cell["period_end"] else ()
    parts = [measure.title, None if key.category == "all" else key.category, None if key.area_name == force else key.area_name]
    return Finding(
        title=", ".join(p for p in parts if p),
        figure=cell["printed"],
        days=days_in_words(cell["period_start"], cell["period_end"]) or f"as published: {cell['window_label'] or 'newest'}",
        change=_change(sides) or _as_printed(_printed_change(found, tables)) or "Nothing a year before to compare with",
        unusual=_capital(words_of_change(*found.window, charts, compared, public)),
        newest="" if is_sparse(months) or not months else _capital(what_happened(months)),
        complete=WHOLE.get(cell["data_status"], "Not available"),
        table=found.table["table_name"],
        paragraph=found.table["paragraph"],
        cell_id=f"{cell['table_name']}/{cell['row_no']}/{cell['column_name']}",
    )


def _change(sides: Sides | None) -> str:
    """`Up 538 (32.6%) from 1,649`."""
    if sides is None or sides.before is None or sides.change is None:
        return ""
    before = number(sides.before, sides.unit)
    if sides.change == 0:
        return f"The same as the year before, {before}"
    way = "Up" if sides.change > 0 else "Down"
    if sides.unit == "percent":
        return f"{way} {number(abs(sides.change), None, 1)} percentage points from {before}"
    in_per_cent = f" ({number(abs(sides.pct_change), 'percent')})" if sides.pct_change is not None else ""
    return f"{way} {number(abs(sides.change), sides.unit)}{in_per_cent} from {before}"


def _printed_change(found: _Candidate, tables: Tables) -> dict[str, Any] | None:
    """The cell of the same table that prints the change in per cent, as of what others publish."""
    own = next(cells for table, cells in tables if table is found.table)
    return next(
        (c for c in own if c["shows"] == "pct_change" and c["value"] is not None
         and (key_of(c), c["period_start"], c["period_end"]) == found.window),
        None,
    )  # fmt: skip


def _as_printed(cell: dict[str, Any] | None) -> str:
    """`Up 2.5%`."""
    if cell is None:
        return ""
    return f"{'Up' if cell['value'] > 0 else 'Down'} {cell['printed'].lstrip('-+')}" if cell["value"] else "No change"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
