"""What the editions ask of the night: each figure once, and which claims and sentences are made of which."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.row_tables import make_table
from dagster_project.core.seeds import force_names

from .claims import ask_claims
from .model import Edition, Figure
from .tables import EVERY
from .windows import years_before

ASKED = {
    "asked_id": "varchar", "force_code": "varchar", "mart": "varchar", "measure": "varchar", "category": "varchar",
    "area_type": "varchar", "area_name": "varchar", "from_day": "date", "to_day": "date", "prior_from": "date",
    "prior_to": "date", "published": "integer",
}  # fmt: skip
CLAIMS = {
    "edition": "varchar", "claim_no": "integer", "kind": "varchar", "paragraph": "varchar", "force_code": "varchar",
    "mart": "varchar", "measure": "varchar", "figure": "varchar", "area_type": "varchar", "area_name": "varchar",
    "category": "varchar", "period_label": "varchar", "from_day": "date", "to_day": "date", "printed": "varchar",
    "printed_value": "decimal(28, 10)", "printed_places": "decimal(28, 10)", "unit": "varchar", "asked_id": "varchar",
    "known_reason": "varchar", "note": "varchar", "says": "varchar", "own_total": "decimal(28, 10)",
    "own_printed": "decimal(28, 10)",
}  # fmt: skip
TERMS = {
    "edition": "varchar", "claim_no": "integer", "form": "varchar", "group_no": "integer", "role": "varchar",
    "amount": "decimal(28, 10)", "asked_id": "varchar", "shows": "varchar", "within": "decimal(28, 10)",
}  # fmt: skip
TABLES = {
    "edition": "varchar", "table_no": "integer", "table_name": "varchar", "kind": "varchar", "chart": "varchar",
    "objective": "varchar", "paragraph": "varchar", "title": "varchar", "rows_are": "varchar", "data_to": "date",
    "notes": "varchar",
}  # fmt: skip
CELLS = {
    "edition": "varchar", "table_name": "varchar", "row_no": "integer", "row_label": "varchar", "column_no": "integer",
    "column_name": "varchar", "column_label": "varchar", "window_label": "varchar", "shows": "varchar",
    "decimals": "integer", "asked_id": "varchar", "is_cut": "boolean", "sign": "varchar",
}  # fmt: skip


@dataclass
class Asked:
    """Rows of `raw.asked`, `raw.claims`, `raw.statement_terms`, `raw.report_tables` and `raw.report_cells`."""

    figures: dict[tuple[Any, ...], str] = field(default_factory=dict)
    claims: list[tuple[Any, ...]] = field(default_factory=list)
    terms: list[tuple[Any, ...]] = field(default_factory=list)
    tables: list[tuple[Any, ...]] = field(default_factory=list)
    cells: list[tuple[Any, ...]] = field(default_factory=list)

    def ask(self, force: str, figure: Figure) -> str:
        """The id under which a figure is answered; the same for the same figure."""
        area = figure.area_name or (force_names().get(force, force) if figure.area_type == "force" else EVERY)
        key = (
            force, figure.mart, figure.measure, figure.category, figure.area_type, area, figure.from_day, figure.to_day,
            years_before(figure.from_day), years_before(figure.to_day), figure.published,
        )  # fmt: skip
        return self.figures.setdefault(key, f"f{len(self.figures) + 1}")


def ask_all(editions: Iterable[Edition]) -> Asked:
    """Everything that the editions ask. Raises EditionError for printed figures that can't be read."""
    asked = Asked()
    for edition in editions:
        ask_claims(asked, edition)
        _ask_tables(asked, edition)
    return asked


def _ask_tables(asked: Asked, edition: Edition) -> None:
    for table_no, table in enumerate(edition.tables, start=1):
        asked.tables.append(
            (
                edition.edition, table_no, table.table, table.kind, table.chart, table.objective, table.paragraph, table.title,
                table.rows_are, table.data_to or edition.data_to, "\n".join(table.notes) or None,
            )
        )  # fmt: skip
        for cell in edition.cells(table):
            ask = dict(cell.ask or {})
            shows, decimals = ask.pop("shows", "value"), ask.pop("decimals", None)
            cut, sign = ask.pop("cut", False), ask.pop("sign", None)
            asked_id = None
            if cell.days:
                days = cell.days
                figure = Figure(**ask, from_day=days.first, to_day=days.last, published=days.published)
                asked_id = asked.ask(edition.force_code, figure)
            asked.cells.append(
                (
                    edition.edition, table.table, cell.row_no, cell.row_label, cell.column_no, cell.column.name,
                    cell.column_label, cell.days.label if cell.days else None, shows, decimals, asked_id,
                    cut, sign,
                )
            )  # fmt: skip


FROZEN = {
    "edition": "varchar", "force_code": "varchar", "mart": "varchar", "measure": "varchar", "category": "varchar",
    "area_type": "varchar", "area_name": "varchar", "period_start": "date", "period_end": "date", "shows": "varchar",
    "value": "decimal(28, 10)",
}  # fmt: skip


def write_frozen(con: duckdb.DuckDBPyConnection, paths: list[Path]) -> None:
    """Make `raw.frozen`: every figure of every frozen edition, once. `paths`: the cells of each, Parquet."""
    names = ", ".join(FROZEN)
    make_table(con, "raw.frozen", FROZEN, ())
    if paths:
        con.execute(
            f"insert into raw.frozen select distinct {names} from read_parquet(?) where value is not null"
            " and period_end is not null",
            [[str(p) for p in paths]],
        )


def write_asked(con: duckdb.DuckDBPyConnection, editions: Iterable[Edition]) -> None:
    """Make what dbt reads of the editions: `raw.asked`, `raw.claims`, `raw.statement_terms`, `raw.report_tables` and
    `raw.report_cells`. Raises EditionError."""
    asked = ask_all(editions)
    figures = [(asked_id, *key) for key, asked_id in asked.figures.items()]
    for table, columns, rows in (
        ("asked", ASKED, figures), ("claims", CLAIMS, asked.claims), ("statement_terms", TERMS, asked.terms),
        ("report_tables", TABLES, asked.tables), ("report_cells", CELLS, asked.cells),
    ):  # fmt: skip
        make_table(con, f"raw.{table}", columns, rows)
