"""What the editions ask of the night: each figure once, and which claims and sentences are made of which."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.core.row_tables import make_table
from dagster_project.core.seeds import force_names

from .model import Edition, EditionError, Figure
from .printed import read_printed
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
    "known_reason": "varchar", "note": "varchar",
}  # fmt: skip
TERMS = {
    "edition": "varchar", "claim_no": "integer", "form": "varchar", "group_no": "integer", "role": "varchar",
    "amount": "decimal(28, 10)", "asked_id": "varchar",
}  # fmt: skip
TABLES = {
    "edition": "varchar", "table_no": "integer", "table_name": "varchar", "kind": "varchar", "chart": "varchar",
    "objective": "varchar", "paragraph": "varchar", "title": "varchar", "rows_are": "varchar", "data_to": "date",
    "notes": "varchar",
}  # fmt: skip
CELLS = {
    "edition": "varchar", "table_name": "varchar", "row_no": "integer", "row_label": "varchar", "column_no": "integer",
    "column_name": "varchar", "column_label": "varchar", "window_label": "varchar", "shows": "varchar",
    "decimals": "integer", "asked_id": "varchar",
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
        if edition.claims:
            _ask_claims(asked, edition)
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
            asked_id = None
            if cell.days:
                days = cell.days
                figure = Figure(**ask, from_day=days.first, to_day=days.last, published=days.published)
                asked_id = asked.ask(edition.force_code, figure)
            asked.cells.append(
                (
                    edition.edition, table.table, cell.row_no, cell.row_label, cell.column_no, cell.column.name,
                    cell.column_label, cell.days.label if cell.days else None, shows, decimals, asked_id,
                )
            )  # fmt: skip


def _ask_claims(asked: Asked, edition: Edition) -> None:
    known = {(k.paragraph, k.measure, k.printed): k.because for k in edition.known}
    sentences = {s.says: s for s in edition.statements}
    assert edition.claims_path
    with edition.claims_path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for number, row in enumerate(reader, start=1):
            statement = row["kind"] == "statement"
            try:
                printed = None if statement else read_printed(row["printed"], row["unit"])
                from_day, to_day = (date.fromisoformat(row[c]) if row[c] else None for c in ("period_start", "period_end"))
            except ValueError as error:
                raise EditionError(f"{edition.claims}: line {reader.line_num}: {error}") from error
            asked_id = None
            if statement:
                if sentence := sentences.get(row["printed"]):
                    _ask_terms(asked, edition, number, sentence)
            else:
                asked_id = asked.ask(
                    edition.force_code,
                    Figure(
                        mart=row["mart"], measure=row["measure"], area_type=row["area_type"], area_name=row["area_name"],
                        category=row["category"], from_day=from_day, to_day=to_day, published=None if to_day else 0,
                    ),
                )  # fmt: skip
            asked.claims.append(
                (
                    edition.edition, number, row["kind"], row["paragraph"], edition.force_code, row["mart"], row["measure"],
                    row["figure"] or None, row["area_type"], row["area_name"], row["category"] or None,
                    row["period_label"] or None, from_day, to_day, row["printed"], printed.value if printed else None,
                    printed.places if printed else Decimal(1), row["unit"] or None, asked_id,
                    known.pop((row["paragraph"], row["measure"], row["printed"]), None), row["note"] or None,
                )
            )  # fmt: skip
    if known:
        raise EditionError(f"{edition.edition}.yml: known: no claim is printed so: {'; '.join(map(str, known))}")


def _ask_terms(asked: Asked, edition: Edition, number: int, sentence: Any) -> None:
    for group_no, group in enumerate(sentence.groups, start=1):
        terms = [("whole", sentence.whole(group)), *(("part", p) for p in sentence.parts(group))]
        asked.terms += [
            (edition.edition, number, sentence.form, group_no, role, group.amount, asked.ask(edition.force_code, figure))
            for role, figure in terms
        ]


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
