"""Adds a claim to the CSV of a home's edition, for `pam claims add`."""

import csv
import io
from pathlib import Path

from dagster_project.core.files import make_folder, write_whole
from dagster_project.core.home import Home
from dagster_project.core.printable import NOT_PRINTABLE, is_printable
from dagster_project.core.receipts import locked
from dagster_project.editions import Edition
from dagster_project.editions.claims import FIGURES
from dagster_project.editions.model import FOLDER, EditionError
from dagster_project.editions.usable_editions import read_usable_edition

from .understand_sentence import SentenceClaim

COLUMNS = (*FIGURES, "note")


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
