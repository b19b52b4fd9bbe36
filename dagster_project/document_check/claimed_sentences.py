"""Sentences linked with `pam claims add`: recognised by their words, whatever their number is now."""

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
from .understand import SHOWS, ClaimRow, template

Known = dict[str, dict[int, Figure]]
"""By template: which of its numbers is which figure."""


def claimed_sentences(con: duckdb.DuckDBPyConnection, edition: EditionFigures, home: Home | None) -> Known:
    """The sentences of an edition's claims: of the published night, and of the home's file, which may have newer ones."""
    found: Known = {}
    for number, note in edition.notes.items():
        figure = edition.claim_figures[number]
        for claim in figure.claims:
            _add(found, note, claim.text, figure)
    for row in _own_rows(home, edition.edition) if home else ():
        if row.get("note") and template(row["note"])[0] not in found:
            first, last = (date.fromisoformat(row[c]) if row[c] else None for c in ("period_start", "period_end"))
            asked = Figure(
                row["mart"], row["measure"], row["figure"], row["area_type"], row["area_name"], row["category"], first, last,
                row["unit"], None, NEXT_NIGHT, row["period_label"],
            )  # fmt: skip
            _add(found, row["note"], row["printed"], _counted(con, edition, asked))
    return found


def claimed(sentence: str, known: Known) -> dict[Number, Figure]:
    """The figures that a sentence's numbers were linked with."""
    if not known:
        return {}
    words, numbers = template(sentence)
    return {numbers[n]: figure for n, figure in known.get(words, {}).items() if n < len(numbers)}


def _add(found: Known, sentence: str, printed: str, figure: Figure) -> None:
    words, numbers = template(sentence)
    at = [n for n, number in enumerate(numbers) if number.text == printed.lstrip("-–−") or number.text == printed]
    # A note that is no sentence with the figure in it says something else.
    if len(at) == 1 and any(c.isalpha() for c in words):
        found.setdefault(words, {})[at[0]] = figure


def _own_rows(home: Home, name: str) -> list[dict[str, str]]:
    """The rows of the home's own file of claims; none where the edition is the project's."""
    edition = read_editions(home).sound.get(name)
    path = edition.claims_path if edition else None
    if path is None or path.parent != home.editions:
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def claimed_figure(con: duckdb.DuckDBPyConnection, edition: EditionFigures, claim: ClaimRow) -> Figure:
    """What the published night has of a claim."""
    asked = Figure(
        claim.mart, claim.measure, claim.figure, claim.area_type, claim.area_name, claim.category, claim.first, claim.last,
        claim.unit, None, NEXT_NIGHT, claim.period_label,
    )  # fmt: skip
    return _counted(con, edition, asked)


def _counted(con: duckdb.DuckDBPyConnection, edition: EditionFigures, asked: Figure) -> Figure:
    """A figure with its value, where the edition or a mart has it as it stands."""
    known = next((f for f in edition.pool if f.key == asked.key), None)
    if known is not None:
        return known
    found: tuple[Any, ...] | None = con.execute(
        "select value, volume_change, pct_change, data_status from marts.measures where mart = ? and measure = ?"
        " and force_code = ? and category = ? and area_type = ? and area_name = ? and period_start = ? and period_end = ?",
        [
            asked.mart,
            asked.measure,
            edition.force_code,
            asked.category,
            asked.area_type,
            asked.area_name,
            asked.first,
            asked.last,
        ],
    ).fetchone()
    if found is None:
        return asked
    return replace(asked, value=dict(zip(SHOWS, found[:3], strict=True)).get(asked.shows), status=found[3])
