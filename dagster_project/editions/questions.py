"""What the editions need from the night: each figure once, and which claims and sentences use it."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from dagster_project.core.raw_tables import columns_of
from dagster_project.core.row_tables import make_table

from .asked_figures import Questions
from .claims import ask_claims
from .model import Edition, EditionFigure


def ask_all(editions: Iterable[Edition]) -> Questions:
    """Everything that the editions ask. Raises EditionError for printed figures that can't be read."""
    asked = Questions()
    for edition in editions:
        ask_claims(asked, edition)
        _ask_tables(asked, edition)
    return asked


def _ask_tables(asked: Questions, edition: Edition) -> None:
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
                figure = EditionFigure(**ask, from_day=days.first, to_day=days.last, published=days.published)
                asked_id = asked.ask(edition.force_code, figure)
            asked.cells.append(
                (
                    edition.edition, table.table, cell.row_no, cell.row_label, cell.column_no, cell.column.name,
                    cell.column_label, cell.days.label if cell.days else None, shows, decimals, asked_id,
                    cut, sign,
                )
            )  # fmt: skip


def write_frozen(con: duckdb.DuckDBPyConnection, paths: list[Path]) -> None:
    """Make `raw.frozen`: every figure of every frozen edition, once. `paths`: the cells of each, Parquet."""
    columns = columns_of("frozen")
    names = ", ".join(columns)
    make_table(con, "raw.frozen", columns, ())
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
    for table, rows in (
        ("asked", figures), ("claims", asked.claims), ("statement_terms", asked.terms), ("report_tables", asked.tables),
        ("report_cells", asked.cells),
    ):  # fmt: skip
        make_table(con, f"raw.{table}", columns_of(table), rows)
