"""Writes the tables that dbt reads of the editions: the figures that they need, their claims and their cells."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from dagster_project.core.raw_table_columns import columns_of, make_raw_table

from .claims import RequestedFigures, add_claims
from .model import Edition, EditionFigure


def requested_by(editions: Iterable[Edition]) -> RequestedFigures:
    """Everything that the editions need. Raises EditionError for printed figures that can't be read."""
    requested = RequestedFigures()
    for edition in editions:
        add_claims(requested, edition)
        _add_tables(requested, edition)
    return requested


def _add_tables(requested: RequestedFigures, edition: Edition) -> None:
    for table_no, table in enumerate(edition.tables, start=1):
        requested.tables.append(
            (
                edition.edition, table_no, table.table, table.kind, table.chart, table.objective, table.paragraph, table.title,
                table.rows_are, table.data_to or edition.data_to, "\n".join(table.notes) or None,
            )
        )  # fmt: skip
        for cell in edition.cells(table):
            fields = dict(cell.fields or {})
            shows, decimals = fields.pop("shows", "value"), fields.pop("decimals", None)
            cut, sign = fields.pop("cut", False), fields.pop("sign", None)
            figure_id = None
            if cell.days:
                days = cell.days
                figure = EditionFigure(**fields, from_day=days.first, to_day=days.last, published=days.published)
                figure_id = requested.figure_id(edition.force_code, figure)
            requested.cells.append(
                (
                    edition.edition, table.table, cell.row_no, cell.row_label, cell.column_no, cell.column.name,
                    cell.column_label, cell.days.label if cell.days else None, shows, decimals, figure_id,
                    cut, sign,
                )
            )  # fmt: skip


def write_frozen_figures(con: duckdb.DuckDBPyConnection, paths: list[Path]) -> None:
    """Make `raw.frozen`: every figure of every frozen edition, once. `paths`: Parquet files of their cells."""
    make_raw_table(con, "frozen", ())
    if paths:
        con.execute(
            f"insert into raw.frozen select distinct {', '.join(columns_of('frozen'))} from read_parquet(?)"
            " where value is not null and period_end is not null",
            [[str(p) for p in paths]],
        )


def write_edition_tables(con: duckdb.DuckDBPyConnection, editions: Iterable[Edition]) -> None:
    """Make the tables that dbt reads of the editions: `raw.asked`, `raw.claims`, `raw.statement_terms`, `raw.report_tables` and
    `raw.report_cells`. Raises EditionError."""
    requested = requested_by(editions)
    figures = [(figure_id, *key) for key, figure_id in requested.figures.items()]
    for table, rows in (
        ("asked", figures), ("claims", requested.claims), ("statement_terms", requested.terms),
        ("report_tables", requested.tables), ("report_cells", requested.cells),
    ):  # fmt: skip
        make_raw_table(con, table, rows)
