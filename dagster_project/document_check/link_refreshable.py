"""Finds the figure of a content control by its tag: `pam:<edition>/<cell>` or `pam:<edition>/claim/<number>`."""

import duckdb

from dagster_project.editions.model import NoEditionError
from dagster_project.reporting.pack.refreshable_figures import FIGURE, SHORT, tag_of

from .edition_figures import EditionFigures, read_edition_figures
from .model import Figure


class RefreshableFigures:
    """Figures by tag, from every edition of the published night."""

    def __init__(self, con: duckdb.DuckDBPyConnection, own: EditionFigures) -> None:
        self._con = con
        self._editions: dict[str, EditionFigures | None] = {own.edition: own}

    def find(self, tag: str) -> tuple[Figure | None, str | None]:
        """A tag's figure, or None and the reason."""
        edition, _, cell = tag.removeprefix(FIGURE).partition("/")
        if edition not in self._editions:
            try:
                self._editions[edition] = read_edition_figures(self._con, edition)
            except NoEditionError:
                self._editions[edition] = None
        figures = self._editions[edition]
        if figures is None:
            return None, f"bound to edition {edition}, which the published night does not have"
        if SHORT.match(cell):
            ids = [f"{t.name}/{c.row_no}/{c.column_name}" for t in figures.tables.values() for c in t.cells.values()]
            ids += [f"claim/{n}" for n in figures.claims]
            cell = next((i for i in ids if tag_of(edition, i) == tag), cell)
        table, _, rest = cell.partition("/")
        row, _, column = rest.partition("/")
        if table == "claim":
            figure, _ = figures.claims.get(rest, (None, ""))
            return figure, None if figure else f"bound to claim {rest}, which edition {edition} does not have"
        for known in figures.tables[table].cells.values() if table in figures.tables else ():
            label = figures.tables[table].rows[known.row_no]
            if row.lower() in (str(known.row_no), label.lower()) and column in (str(known.column_no), known.column_name):
                return known.figure, None if known.figure else "bound to a cell that does not apply"
        return None, f"bound to {cell}, which is no cell of edition {edition}"
