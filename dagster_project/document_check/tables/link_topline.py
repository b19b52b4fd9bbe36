"""Links the cells of a table of `pam topline` to figures: its caption names the area, its rows measure and month."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import duckdb

from dagster_project.core.project_lists import read_seed
from dagster_project.core.row_tables import read_rows
from dagster_project.editions.tables import unit_shown
from dagster_project.reporting.pack.topline_document import HEADER

from ..edition_figures import EditionCell, make_figure
from ..model import Figure, Grid

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
    rows: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in read_rows(
        con, "select * from marts.measures where area_name = ? and category = 'all' and period_type in (?, ?)",
        [named[1], _MONTH, _TWELVE_MONTHS],
    ):  # fmt: skip
        rows[row["mart"], row["measure"], f"{row['period_end']:%b %Y}", row["period_type"]].append(row)
    cells = {}
    for r, texts in enumerate(grid.texts[1:], 1):
        for c, (period_type, shows) in _COLUMNS.items() if len(texts) == len(HEADER) else ():
            figures = rows.get((*measures.get(texts[0], ("", "")), texts[1], period_type), [])
            if len(figures) == 1:
                cells[r, c] = (EditionCell(r, c, HEADER[c], _figure(figures[0], shows, texts[c])),)
    return cells


def _figure(row: dict[str, Any], shows: str, text: str) -> Figure:
    """What a cell shows. A change is in per cent, or else the change itself. Only the value has a status: of a change, it may
    be that of either year."""
    if shows == "change":
        shows = "pct_change" if text.endswith("%") else "volume_change"
    label = row["period_label"]
    shown = {"shows": shows, "unit": unit_shown(row["unit"], shows), "value": row[shows]}
    if shows == "value":
        return make_figure(row | shown, label)
    label = f"the year before {label}" if shows == "prior_value" else f"{label}, on the year before"
    # There is a change where both years are covered whole. Of no figure, the marts do not say why.
    is_partial = shows == "prior_value" and row["prior_value"] is not None and row["volume_change"] is None
    status = "partial" if is_partial else None
    return make_figure(row | shown | {"data_status": status}, label)
