"""`pam check`: checks a document against the published night."""

import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.core.cell_text import rounded_text
from dagster_project.document_check import (
    NOT_LINKED,
    VERDICTS,
    CheckedDocument,
    DocumentError,
    read_edition_figures,
)
from dagster_project.document_check import check_document as check_written
from dagster_project.editions.model import NoEditionError
from dagster_project.editions.verdicts import DISAGREES, NOT_COMPUTABLE
from dagster_project.reporting.pack.wording import verdict_in_sentence
from dagster_project.serving import connect, write_result

from .common import HOME, EditionOption, FormOption, HomeOption, ReasonOption, app
from .echo import echo


@app.command("check")
def check_document(
    file: Annotated[
        Path, typer.Argument(help="The document: a .docx, .pdf or .txt, whoever wrote it.", exists=True, dir_okay=False)
    ],
    edition: EditionOption = None,
    form: FormOption = "table",
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Check every number of a document against the published figures: which figure it is, its value, and the verdict.

    A figure with a tag is found by the tag, a table by its title and labels, a sentence by its words for measure, period and
    area. If the words do not say for sure which figure a number is, it is `not linked` and not checked: `pam claims add`
    links it.

    Exit 0: none disagrees. Exit 1: a number disagrees. Exit 2: no such file or edition, or a file that can't be read.

    Example: pam check report.docx --edition 2026-03

    Example: pam check report.pdf --format json > numbers.json
    """
    with connect(home, reason, by="pam check") as con:
        try:
            checked = check_written(file, read_edition_figures(con, edition), home)
        except (DocumentError, NoEditionError) as error:
            raise typer.BadParameter(str(error)) from error
    if form == "table":
        _show(checked)
    else:
        columns = ["where", "text", "printed", "verdict", "measure", "computed", "figure", "category", "area", "period",
                   "reason"]  # fmt: skip
        write_result(columns, [[getattr(i, c) for c in columns] for i in checked.items], form, sys.stdout)
    echo(_summary(checked), err=form != "table")
    if checked.disagreeing:
        raise typer.Exit(1)


MEANINGS = {
    "agrees when cut": "matches if rounded down",
    "not computable": (
        "not held in the warehouse, no file covers all of the days, nothing to divide by or nothing counted, or the words say"
        " more than the number"
    ),
    "not linked": "the words do not say which figure it is; pam claims add links it",
}


def _show(checked: CheckedDocument) -> None:
    """Print every number for a person, what the verdicts mean, and at the end those that disagree or can't be checked."""
    rows = [
        [i.where, i.printed, ", ".join(w for w in (i.measure, i.area, i.period) if w), _rounded(i.computed), i.verdict]
        for i in checked.items
    ]
    write_result(["where", "printed", "taken for", "computed", "verdict"], rows, "table", sys.stdout)
    for verdict, meaning in MEANINGS.items():
        if any(i.verdict == verdict for i in checked.items):
            echo(f"{verdict}: {meaning}")
    for item in checked.items:
        if item.verdict == DISAGREES:
            computed = _rounded(item.computed) or "no figure"
            echo(f"Disagrees: {item.where}: printed {item.printed}, computed {computed}: {item.reason}")
        elif item.verdict == NOT_COMPUTABLE:
            echo(f"Not computable: {item.where}: printed {item.printed}: {item.reason}")
        elif item.verdict == "agrees" and item.reason:
            echo(f"Provisional: {item.where}: printed {item.printed}: agrees {item.reason}")
    # Of a table once, not of each cell.
    left = [i for i in checked.items if i.verdict == NOT_LINKED and i.reason]
    for line in dict.fromkeys(f"Not linked: {i.where.split(',')[0]}: {i.reason}" for i in left):
        echo(line)


def _rounded(computed: str | None) -> str:
    return rounded_text(Decimal(computed)) if computed else ""


def _summary(checked: CheckedDocument) -> str:
    counts = Counter(i.verdict for i in checked.items)
    verdicts = ", ".join(f"{counts[v]:,} {verdict_in_sentence(v, counts[v])}" for v in VERDICTS if counts[v])
    others = ", ".join(f"{'length of time' if kind == 'length' else kind} {n:,}" for kind, n in checked.others.most_common())
    summary = f"Edition {checked.edition}: {checked.checked:,} of {len(checked.items):,} numbers checked"
    return summary + (f": {verdicts}" if verdicts else "") + (f"\nNot figures: {others}" if others else "")
