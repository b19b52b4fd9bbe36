"""Links the cells of a table of `pam topline` to figures: its caption names the area, its rows measure and month."""

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from dagster_project.core.seeds import read_seed
from dagster_project.editions.tables import unit_shown
from dagster_project.reporting.pack.topline_document import HEADER

from .edition_figures import EditionCell
from .model import Figure, Grid

_TITLE = re.compile(r"\bTopline: (.+?)\s*$")
_MONTH, _TWELVE_MONTHS = "month", "rolling_12_months"
_COLUMNS = {2: (_MONTH, "value"), 3: (_MONTH, "prior_value"), 4: (_MONTH, "change"), 5: (_TWELVE_MONTHS, "value"),
            6: (_TWELVE_MONTHS, "prior_value"), 7: (_TWELVE_MONTHS, "change")}  # fmt: skip
"""The columns with figures, by their place in HEADER: of which period, and what they show."""


def topline_cells(grid: Grid, title: str, con: duckdb.DuckDBPyConnection) -> Mapping[tuple[int, int], tuple[EditionCell, ...]]:
    """The figure of each cell, by row and column; none if the table has another caption or other headings than `pam topline`
    writes. A row is left out if its title, month or area leaves more than one figure.
    """
    named = _TITLE.search(title)
    if not named or not grid.rows or tuple(c.text.strip() for c in grid.rows[0]) != HEADER:
        return {}
    measures = {r["title"]: (r["mart"], r["measure"]) for r in read_seed("measure_list") if r["is_published"] == "true"}
    rows = _figures_of(con, named[1])
    cells = {}
    for r, row in enumerate(grid.rows[1:], 1):
        texts = [c.text.strip() for c in row]
        for c, (period_type, shows) in _COLUMNS.items():
            own = rows.get((*measures.get(texts[0], ("", "")), texts[1], period_type), []) if len(texts) == len(HEADER) else []
            if len(own) == 1:
                cells[r, c] = (EditionCell(r, c, HEADER[c], _figure(own[0], shows, texts[c])),)
    return cells


def _figures_of(con: duckdb.DuckDBPyConnection, area: str) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """An area's months and the twelve months to each, by mart, measure, the month's label and kind of period."""
    rows: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for label, *row in con.execute(
        "select strftime(period_end, '%b %Y'), period_type, mart, measure, area_type, period_start, period_end, period_label,"
        " unit, value, prior_value, volume_change, pct_change, data_status from marts.measures"
        " where area_name = $area and category = 'all' and period_type in ($month, $twelve)",
        {"area": area, "month": _MONTH, "twelve": _TWELVE_MONTHS},
    ).fetchall():
        rows.setdefault((row[1], row[2], label, row[0]), []).append((area, *row))
    return rows


def _figure(row: tuple[Any, ...], shows: str, text: str) -> Figure:
    """What a cell shows. A change is in per cent, or else the change itself: of a rate, in percentage points. Only the value
    has a status: of a change, it may be that of either year.
    """
    area, _, mart, measure, area_type, first, last, label, unit, value, prior, change, percent, status = row
    values = {"value": value, "prior_value": prior, "volume_change": change, "pct_change": percent}
    if shows == "change":
        shows = "pct_change" if text.endswith("%") else "volume_change"
        unit = unit_shown(unit, shows)
    if shows != "value":
        status, label = None, f"the year before {label}" if shows == "prior_value" else f"{label}, on the year before"
    return Figure(mart, measure, shows, area_type, area, "all", first, last, unit, values[shows], status, label)
