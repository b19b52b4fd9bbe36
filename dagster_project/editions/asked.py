"""What the editions ask of the night: each figure once, and which claims and sentences are made of which."""

import csv
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from ..seeds import force_names
from ..settings import SEEDS
from .model import Edition, EditionError, Figure
from .printed import read_printed

ASKED = {
    "asked_id": "varchar", "force_code": "varchar", "mart": "varchar", "measure": "varchar", "category": "varchar",
    "area_type": "varchar", "area_name": "varchar", "from_day": "date", "to_day": "date", "prior_from": "date",
    "prior_to": "date",
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


@dataclass
class Asked:
    """Rows of `raw.asked`, `raw.claims` and `raw.statement_terms`."""

    figures: dict[tuple[Any, ...], str] = field(default_factory=dict)
    claims: list[tuple[Any, ...]] = field(default_factory=list)
    terms: list[tuple[Any, ...]] = field(default_factory=list)

    def ask(self, force: str, figure: Figure) -> str:
        """The id under which a figure is answered; the same for the same figure."""
        area = figure.area_name or force_names().get(force, force)
        key = (
            force, figure.mart, figure.measure, figure.category, figure.area_type, area, figure.from_day, figure.to_day,
            year_before(figure.from_day), year_before(figure.to_day),
        )  # fmt: skip
        return self.figures.setdefault(key, f"f{len(self.figures) + 1}")


def year_before(day: date | None) -> date | None:
    """The same day a year earlier; a month's last day becomes that month's last day."""
    if day is None:
        return None
    last = monthrange(day.year - 1, day.month)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(day.year - 1, day.month, last if is_last else min(day.day, last))


def ask_all(editions: Iterable[Edition]) -> Asked:
    """Everything that the editions ask. Raises EditionError for printed figures that can't be read."""
    asked = Asked()
    for edition in editions:
        if edition.claims:
            _ask_claims(asked, edition)
    return asked


def _ask_claims(asked: Asked, edition: Edition) -> None:
    known = {(k.paragraph, k.measure, k.printed): k.because for k in edition.known}
    sentences = {s.says: s for s in edition.statements}
    with (SEEDS / str(edition.claims)).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for number, row in enumerate(reader, start=1):
            statement = row["kind"] == "statement"
            try:
                printed = None if statement else read_printed(row["printed"], row["unit"])
                from_day, to_day = (date.fromisoformat(row[c]) if row[c] else None for c in ("period_start", "period_end"))
            except ValueError as error:
                raise EditionError(f"seeds/{edition.claims}: line {reader.line_num}: {error}") from error
            asked_id = None
            if statement:
                if sentence := sentences.get(row["printed"]):
                    _ask_terms(asked, edition, number, sentence)
            else:
                asked_id = asked.ask(
                    edition.force_code,
                    Figure(
                        mart=row["mart"], measure=row["measure"], area_type=row["area_type"], area_name=row["area_name"],
                        category=row["category"], from_day=from_day, to_day=to_day,
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


def write_asked(con: duckdb.DuckDBPyConnection, editions: Iterable[Edition]) -> None:
    """Make `raw.asked`, `raw.claims` and `raw.statement_terms`. Raises EditionError."""
    asked = ask_all(editions)
    figures = [(asked_id, *key) for key, asked_id in asked.figures.items()]
    for table, columns, rows in (
        ("asked", ASKED, figures), ("claims", CLAIMS, asked.claims), ("statement_terms", TERMS, asked.terms),
    ):  # fmt: skip
        con.execute(f"create table raw.{table} ({', '.join(f'{n} {t}' for n, t in columns.items())})")
        if rows:
            con.executemany(f"insert into raw.{table} values ({', '.join('?' * len(columns))})", rows)
