"""Sentences of a home's claims: `pam claims add` writes them to the edition's CSV, and a check recognises them by their words,
whatever their numbers are now."""

import csv
import io
from datetime import date
from pathlib import Path

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home
from dagster_project.core.night_lock import locked
from dagster_project.core.printable import NOT_PRINTABLE, is_printable
from dagster_project.editions.edition_tables import FIGURES, claimed_lines
from dagster_project.editions.model import FOLDER, Edition, EditionError
from dagster_project.editions.usable_editions import read_editions, read_usable_edition

from ..edition_figures import EditionFigures, make_figure
from ..model import Figure
from ..text.figures_in_text import Number
from ..verdict_rule import NEXT_NIGHT
from .understand_sentence import SentenceClaim, template

COLUMNS = (*FIGURES, "note")

Known = dict[str, dict[int, Figure]]
"""Template of a sentence -> position of a number -> its figure."""


def claimed_sentences(edition: EditionFigures, home: Home | None) -> Known:
    """The sentences of an edition's claims, from the published night, and from the home's file, which may have newer ones."""
    known: Known = {}
    for figure, note in edition.claims.values():
        for claim in figure.claims if note else ():
            _add(known, note, claim.text, figure)
    for row in _own_rows(home, edition.edition) if home else ():
        if row.get("note") and template(row["note"])[0] not in known:
            first, last = (date.fromisoformat(row[c]) if row[c] else None for c in ("period_start", "period_end"))
            more = {"shows": row["figure"], "period_start": first, "period_end": last, "value": None, "data_status": NEXT_NIGHT}
            figure = make_figure({**row, **more}, row["period_label"])
            _add(known, row["note"], row["printed"], edition.with_value(figure))
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
    if edition is None or edition.claims_path is None or edition.claims_path.parent != home.editions:
        return []
    return [row for _, row in claimed_lines(edition)]


def add_claim(home: Home, edition: Edition, claim: SentenceClaim, paragraph: str) -> tuple[Path, bool]:
    """Add a claim to the home's file. An edition of the project, with its claims, is first copied into the home.

    Returns the file, and whether the edition was copied. Raises EditionError, and then changes nothing.
    """
    if not is_printable(claim.sentence):
        raise EditionError(f"the sentence {NOT_PRINTABLE}: write it without")
    path = home.editions / f"{edition.edition}.yml"
    with locked(home):
        make_folder(home.editions)
        is_new = not path.exists()
        text = (FOLDER / path.name if is_new else path).read_text(encoding="utf-8")
        name = edition.claims or f"{edition.edition}-claims.csv"
        if edition.claims is None:
            text = f"{text.rstrip()}\nclaims: {name}\n"
        file = home.editions / name
        before = {p: p.read_bytes() if p.exists() else None for p in (path, file)}
        old = file if file.exists() else edition.claims_path
        write_whole(file, _with(old.read_text(encoding="utf-8-sig") if old else "", claim, paragraph).encode("utf-8"))
        write_whole(path, text.encode("utf-8"))
        try:
            read_usable_edition(path, home)
        except EditionError:
            for changed, data in before.items():
                if data is None:
                    changed.unlink()
                else:
                    write_whole(changed, data)
            raise
    return file, is_new


def _with(text: str, claim: SentenceClaim, paragraph: str) -> str:
    """A CSV's text with one more row. Missing COLUMNS are added at the end."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    columns = rows[0] if rows else list(COLUMNS)
    figure = claim.figure
    row = {
        "kind": "figure", "paragraph": paragraph, "mart": figure.mart, "measure": figure.measure, "figure": figure.shows,
        "area_type": figure.area_type, "area_name": figure.area_name, "category": figure.category, "period_type": "custom",
        "period_label": figure.period, "period_start": figure.first, "period_end": figure.last, "unit": figure.unit,
        "printed": claim.printed, "note": claim.sentence,
    }  # fmt: skip
    missing = [c for c in COLUMNS if c not in columns]
    out = io.StringIO()
    writer = csv.DictWriter(out, [*columns, *missing], restval="", extrasaction="ignore", lineterminator="\n")
    if missing or not rows:
        # Other rows are only rewritten for a new column.
        writer.writeheader()
        csv.writer(out, lineterminator="\n").writerows([*old, *("" for _ in missing)] for old in rows[1:] if old)
        text = ""
    writer.writerow(row)
    return (text if not text or text.endswith("\n") else f"{text}\n") + out.getvalue()
