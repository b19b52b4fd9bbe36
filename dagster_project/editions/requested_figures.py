"""The figures that editions need, each once under an id, and the rows that use them."""

from dataclasses import dataclass, field
from typing import Any

from dagster_project.core.seeds import force_names

from .model import EditionFigure
from .tables import EVERY
from .windows import years_before


@dataclass
class RequestedFigures:
    """Figures -> id (`raw.asked`), and the rows of `raw.claims`, `raw.statement_terms`, `raw.report_tables` and
    `raw.report_cells`."""

    figures: dict[tuple[Any, ...], str] = field(default_factory=dict)
    claims: list[tuple[Any, ...]] = field(default_factory=list)
    terms: list[tuple[Any, ...]] = field(default_factory=list)
    tables: list[tuple[Any, ...]] = field(default_factory=list)
    cells: list[tuple[Any, ...]] = field(default_factory=list)

    def figure_id(self, force: str, figure: EditionFigure) -> str:
        """A figure's id. The same figure always has the same id."""
        area = figure.area_name or (force_names().get(force, force) if figure.area_type == "force" else EVERY)
        key = (
            force, figure.mart, figure.measure, figure.category, figure.area_type, area, figure.from_day, figure.to_day,
            years_before(figure.from_day), years_before(figure.to_day), figure.published,
        )  # fmt: skip
        return self.figures.setdefault(key, f"f{len(self.figures) + 1}")
