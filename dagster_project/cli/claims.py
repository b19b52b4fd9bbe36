"""`pam claims`: compares the report's printed figures with the marts, and `pam claims add` adds a printed sentence to them."""

import sys
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import typer

from dagster_project.core.cell_text import rounded_text
from dagster_project.core.project_lists import read_seed
from dagster_project.document_check.edition_figures import figures_to_understand
from dagster_project.document_check.sentences.claimed_sentences import add_claim
from dagster_project.document_check.sentences.understand_sentence import (
    ClaimOptions,
    NotUnderstoodError,
    SentenceClaim,
    understand_sentence,
)
from dagster_project.editions import read_editions
from dagster_project.editions.verdicts import DISAGREES, OUR_WORDS, VERDICTS, share_checked
from dagster_project.reporting.pack.wording import verdict_in_sentence
from dagster_project.serving import connect, write_result
from dagster_project.serving.claims import read_claims

from .common import HOME, EditionOption, FormOption, HomeOption, ReasonOption, as_day, day_option, make_group, option
from .echo import echo
from .name_options import AreaOption, MartOption

claims_app = make_group("claims")
SHOWS = {"value": "its value", "volume_change": "the change on the year before", "pct_change": "the change in per cent"}


@claims_app.callback(invoke_without_command=True)
def claims(
    context: typer.Context,
    edition: EditionOption = None,
    every: Annotated[bool, option("--all", "Show the claims that agree as well.")] = False,
    form: FormOption = "table",
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Compare the printed figures and statements of an edition with the marts, at the precision printed.

    The last line says how many of them could be checked. Statements are in our own words, not those of the report.

    Exit 0: no claim disagrees, except those that the edition lists as known, with the reason. Exit 1: a claim disagrees.
    """
    if context.invoked_subcommand is not None:
        return
    chosen, compared = read_claims(home, edition, reason)
    shown = [c for c in compared if every or c.verdict != "agrees"]
    columns = ["paragraph", "claim", "printed", "computed", "difference", "verdict", "why"]
    rows: list[tuple[Any, ...]] = [
        (c.paragraph, _description(c), c.printed or OUR_WORDS, c.computed, c.difference,
         c.verdict + (" (known)" if c.is_known else ""), "; ".join(t for t in (c.known_reason, c.reason, c.note) if t))
        for c in shown
    ]  # fmt: skip
    if form == "table":
        # Two decimal places are enough for a person.
        rows = [(*r[:3], *(None if v is None else rounded_text(v) for v in r[3:5]), *r[5:]) for r in rows]
    write_result(columns, rows, form, sys.stdout)
    numbers = {v: sum(c.verdict == v for c in compared) for v in VERDICTS}
    counts = ", ".join(f"{n} {verdict_in_sentence(v, n)}" for v, n in numbers.items())
    echo(f"Edition {chosen}: {share_checked(compared)} checked: {counts}", err=form != "table")
    if any(c.verdict == DISAGREES and not c.is_known for c in compared):
        raise typer.Exit(1)


def _description(claim: Any) -> str:
    """A claim in words: the statement, or measure, area, category and period."""
    if claim.says:
        return str(claim.says)
    parts = [claim.measure, None if claim.figure == "value" else claim.figure, claim.area_name,
             None if claim.category == "all" else claim.category, claim.period_label]  # fmt: skip
    return ", ".join(p for p in parts if p)


@claims_app.command("add")
def add(
    sentence: Annotated[str, typer.Argument(help="The sentence as printed, in quotes.")],
    edition: EditionOption = None,
    number: Annotated[str | None, option("--number", "Which number of the sentence, where it has several.")] = None,
    measure: Annotated[str | None, option("--measure", "The measure: its name, title or mart.measure.")] = None,
    mart: MartOption = None,
    figure: Annotated[str | None, option("--figure", "value, volume_change or pct_change.")] = None,
    area: AreaOption = None,
    category: Annotated[str | None, option("--category", "The category. (default: all)")] = None,
    first: Annotated[date | None, day_option("--from", "First day.")] = None,
    last: Annotated[date | None, day_option("--to", "Last day.")] = None,
    paragraph: Annotated[str, option("--paragraph", "The paragraph of the report, such as 3.2.")] = "",
    yes: Annotated[bool, option("--yes -y", "Don't ask: add the claim if it is understood.")] = False,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Add a printed sentence to the claims of an edition, after you confirm how it was understood.

    What the sentence leaves open is asked for, or given with an option. The next night compares it; `pam check` recognises the
    sentence from now on. If the edition is the project's, it is first copied into the home.

    Example: pam claims add "Drug searches rose by 12% in the year to June 2026"

    Example: pam claims add "It fell to 40%." --measure drug_find_rate --from 2024-11-01 --to 2025-10-31 --yes
    """
    given = ClaimOptions(number, mart, measure, figure, area, category, first, last)
    chosen = read_editions(home).named(edition)
    with connect(home, reason, by="pam claims add") as con:
        figures = figures_to_understand(con, chosen.edition, chosen.force_code, chosen.data_to)
        claim = _read_sentence(sentence, given, figures, yes)
        published = figures.with_value(claim.figure)
    _show(claim, published.value, is_partial=published.status == "partial")
    if not yes and not typer.confirm("Is this what the sentence says?"):
        echo("Nothing was written.")
        raise typer.Exit(1)
    path, became_own = add_claim(home, chosen, claim, paragraph)
    echo(f"Added to {path}: the next night compares it")
    if became_own:
        echo(f"Edition {chosen.edition} is now a file of the home: {path.with_name(f'{chosen.edition}.yml')}")


def _read_sentence(sentence: str, given: ClaimOptions, figures: Any, is_silent: bool) -> SentenceClaim:
    """The claim, after asking for what is missing. With --yes nothing is asked: the error names the option to use."""
    while True:
        try:
            return understand_sentence(sentence, given, figures)
        except NotUnderstoodError as error:
            if is_silent or not error.option.startswith("--"):
                raise typer.BadParameter(str(error)) from error
            given = _ask(given, error)


def _ask(given: ClaimOptions, error: NotUnderstoodError) -> ClaimOptions:
    echo(f"{error}")
    if error.option == "--from and --to":
        # A day that is none is asked for again, under its own name.
        first, last = (typer.prompt(f"{name} (YYYY-MM-DD)", value_proc=as_day) for name in ("--from", "--to"))
        return replace(given, first=first, last=last)
    return replace(given, **{error.option.removeprefix("--"): typer.prompt(error.option)})


def _show(claim: SentenceClaim, value: Any, is_partial: bool) -> None:
    figure = claim.figure
    title = next(m["title"] for m in read_seed("measure_list") if (m["mart"], m["measure"]) == (figure.mart, figure.measure))
    echo(f"{title} ({figure.mart}.{figure.measure}): {SHOWS[figure.shows]}")
    echo(f"{figure.area_name}, category {figure.category}, {figure.first} to {figure.last}")
    value_now = "not available" if value is None else rounded_text(value)
    value_now += " [p], of a part of the days" if is_partial and value is not None else ""
    echo(f"Printed: {claim.printed}. Published now: {value_now}")
