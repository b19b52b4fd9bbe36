"""Links a document's table with one of the edition, else as the author's own, or as one of `pam topline`."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..edition_figures import EditionCell, EditionFigures
from ..model import Figure, Grid
from ..text.figures_in_text import MARKERS, SCALE, Number
from ..verdict_rule import NEXT_NIGHT
from .link_own_tables import NamesAlone, is_below_another, own_table_cells, total_cells
from .link_tables import LinkedTable, link_table
from .link_topline import topline_cells

_MONEY = re.compile(r"£|\b(?:value|amount|worth|benefit|compensation|cash|money)", re.I)


@dataclass
class TextAbove:
    """What is above a table: the words right before it (`title`), those of them that are about it (`caption`), the headings
    before it, and the titles of linked tables."""

    title: str = ""
    caption: str = ""
    headings: list[str] = field(default_factory=list)
    titles: set[str] = field(default_factory=set)


def link_any_table(grid: Grid, above: TextAbove, names: NamesAlone, edition: EditionFigures) -> LinkedTable:
    own_title = " ".join(c.text for row in grid.rows[:2] for c in row[:1] if c.text)
    first = [c.text for c in grid.rows[0] if c.text.strip()] if grid.rows else []
    above.caption = f"{above.caption} {first[0] if len(first) == 1 else ''}".strip()
    title, caption = (SCALE.sub("", words).strip() for words in (above.title, above.caption))
    linked = link_table(grid, f"{title} {own_title}", caption, edition)
    cells = topline_cells(grid, above.title, edition.con)
    if not cells:
        own = own_table_cells(grid, title, above.headings, edition, names)
        # The edition's table with these labels may be of another measure than the title names.
        if any(_is_other_measure(cell, linked.cells.get(at, ())) for at, cell in own.items()):
            linked = replace(linked, table=None, cells={})
        if not is_below_another(above.title, above.headings, above.titles, edition, names):
            # Those of periods that the marts lack are left out.
            found = {at: edition.with_value(cell.figure) for at, cell in own.items() if cell.figure}
            cells = {at: (replace(own[at], figure=f),) for at, f in found.items() if f.status != NEXT_NIGHT}
    if cells:
        linked = replace(linked, table=linked.table if linked.cells else None, cells={**cells, **linked.cells})
    totals = total_cells(grid, linked.cells, title, edition)
    linked = replace(linked, cells=_without_other_numbers({**linked.cells, **totals}, grid))
    if linked.cells:
        above.titles.add(above.title)
    above.title = f"{above.title} {own_title}".strip()[:200]
    return linked


def _without_other_numbers(
    cells: Mapping[tuple[int, int], tuple[EditionCell, ...]], grid: Grid
) -> Mapping[tuple[int, int], tuple[EditionCell, ...]]:
    """The cells without those of a figure that the table has two numbers for: one may be of a part, as a PDF loses headings."""
    texts: defaultdict[object, set[str]] = defaultdict(set)
    keys = {at: known[0].figure.key for at, known in cells.items() if len(known) == 1 and known[0].figure}
    for (r, c), key in keys.items():
        texts[key].add(grid.texts[r][c].replace(",", ""))
    return {at: known for at, known in cells.items() if at not in keys or len(texts[keys[at]]) == 1}


def _is_other_measure(own: EditionCell, linked: tuple[EditionCell, ...]) -> bool:
    """Whether an own table's cell names another measure than all of the edition's cells that it may be."""
    measures = {c.figure.what for c in linked if c.figure}
    return bool(own.figure and measures and own.figure.what not in measures)


def figure_in_cell(number: Number, figures: list[Number], known: tuple[EditionCell, ...], words: str) -> Figure | None:
    """The figure of a number in a cell: the only one, else the only one of its unit if no other number has that unit. A number
    without a pound sign may be an amount only if the `words` for it say so."""
    may_be_money = number.unit == "gbp" or number.text.lower() in MARKERS or _MONEY.search(words)
    candidates = [c.figure for c in known if c.figure and (c.figure.unit != "gbp" or may_be_money)]
    unit = _unit_kind(number.unit)
    if len(candidates) == 1 and len(figures) == 1:
        # `41%` is not a count.
        return candidates[0] if unit in ("count", _unit_kind(candidates[0].unit)) else None
    same_unit = [f for f in candidates if _unit_kind(f.unit) == unit]
    is_only = sum(_unit_kind(n.unit) == unit for n in figures) == 1
    return same_unit[0] if len(same_unit) == 1 and is_only else None


def _unit_kind(unit: str) -> str:
    return {"gbp": "gbp", "percent": "percent", "percentage_points": "percent"}.get(unit, "count")
