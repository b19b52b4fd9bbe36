"""Recognises sentences that were linked with `pam claims add` by their words, whatever their numbers are now."""

import csv
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb

from dagster_project.core.home import Home
from dagster_project.editions.usable_editions import read_editions

from .edition_figures import EditionFigures
from .judge import NEXT_NIGHT
from .model import Figure
from .numbers import Number
from .understand_sentence import SHOWS, template

Known = dict[str, dict[int, Figure]]
"""Template of a sentence -> position of a number -> its figure."""


def claimed_sentences(con: duckdb.DuckDBPyConnection, edition: EditionFigures, home: Home | None) -> Known:
    """The sentences of an edition's claims, from the published night, and from the home's file, which may have newer ones."""
    known: Known = {}
    for number, note in edition.notes.items():
        figure = edition.claim_figures[number]
        for claim in figure.claims:
            _add(known, note, claim.text, figure)
    for row in _own_rows(home, edition.edition) if home else ():
        if row.get("note") and template(row["note"])[0] not in known:
            first, last = (date.fromisoformat(row[c]) if row[c] else None for c in ("period_start", "period_end"))
            figure = Figure(
                row["mart"], row["measure"], row["figure"], row["area_type"], row["area_name"], row["category"], first, last,
                row["unit"], None, NEXT_NIGHT, row["period_label"],
            )  # fmt: skip
            _add(known, row["note"], row["printed"], with_value(con, edition, figure))
    return known


def claimed(sentence: str, known: Known) -> dict[Number, Figure]:
    """The figures that the numbers of a sentence are linked with."""
    if not known:
        return {}
    words, numbers = template(sentence)
    return {numbers[n]: figure for n, figure in known.get(words, {}).items() if n < len(numbers)}


def _add(known: Known, sentence: str, printed: str, figure: Figure) -> None:
    words, numbers = template(sentence)
    positions = [n for n, number in enumerate(numbers) if number.text == printed.lstrip("-–−") or number.text == printed]
    # Other notes are not a sentence with the figure in it.
    if len(positions) == 1 and any(c.isalpha() for c in words):
        known.setdefault(words, {})[positions[0]] = figure


def _own_rows(home: Home, name: str) -> list[dict[str, str]]:
    """The rows of the home's file of claims; none if the edition is the project's."""
    edition = read_editions(home).sound.get(name)
    path = edition.claims_path if edition else None
    if path is None or path.parent != home.editions:
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def with_value(con: duckdb.DuckDBPyConnection, edition: EditionFigures, figure: Figure) -> Figure:
    """The figure with its value, if the edition or a mart of the published night has it."""
    known = next((f for f in edition.pool if f.key == figure.key), None)
    if known is not None:
        return known
    row: tuple[Any, ...] | None = con.execute(
        "select value, volume_change, pct_change, data_status from marts.measures where mart = ? and measure = ?"
        " and force_code = ? and category = ? and area_type = ? and area_name = ? and period_start = ? and period_end = ?",
        [figure.mart, figure.measure, edition.force_code, figure.category, figure.area_type, figure.area_name, figure.first,
         figure.last],
    ).fetchone()  # fmt: skip
    if row is None:
        return figure
    return replace(figure, value=dict(zip(SHOWS, row[:3], strict=True)).get(figure.shows), status=row[3])
