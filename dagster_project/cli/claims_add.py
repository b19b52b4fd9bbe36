"""`pam claims add`: adds a printed sentence to an edition's claims, after showing how it was understood."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .claims import claims_app
from .common import HOME, EditionOption, HomeOption, ReasonOption, as_day, day_option, option
from .echo import echo

if TYPE_CHECKING:
    from dagster_project.document_check.understand_sentence import Given, NotUnderstoodError, SentenceClaim

SHOWS = {"value": "its value", "volume_change": "the change on the year before", "pct_change": "the change in per cent"}


@claims_app.command("add")
def add(
    sentence: Annotated[str, typer.Argument(help="The sentence as printed, in quotes.")],
    edition: EditionOption = None,
    number: Annotated[str | None, option("--number", "Which number of the sentence, where it has several.")] = None,
    measure: Annotated[str | None, option("--measure", "The measure, such as drug_searches.")] = None,
    mart: Annotated[str | None, option("--mart", "The mart, where several have the measure.")] = None,
    figure: Annotated[str | None, option("--figure", "value, volume_change or pct_change.")] = None,
    area: Annotated[str | None, option("--area", "The area, by name. (default: the force)")] = None,
    category: Annotated[str | None, option("--category", "The category. (default: all)")] = None,
    first: Annotated[date | None, day_option("--from", "First day.")] = None,
    last: Annotated[date | None, day_option("--to", "Last day.")] = None,
    paragraph: Annotated[str, option("--paragraph", "The paragraph of the report, such as 3.2.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask: add the claim if it is understood.")] = False,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Add a printed sentence to the claims of an edition, after you confirm how it was understood.

    What the sentence leaves open is asked for, or given with an option. The next night compares it; `pam check` recognises the
    sentence from now on. If the edition is the project's, it is first copied into the home.

    Example: pam claims add "Drug searches rose by 12% in the year to June 2026"

    Example: pam claims add "It fell to 40%." --measure drug_find_rate --from 2024-11-01 --to 2025-10-31 --yes
    """
    from dagster_project.document_check.claimed_sentences import add_claim, with_value
    from dagster_project.document_check.edition_figures import figures_to_understand
    from dagster_project.document_check.understand_sentence import Given
    from dagster_project.editions import read_editions
    from dagster_project.serving import connect

    given = Given(number, mart, measure, figure, area, category, first, last)
    chosen = read_editions(home).named(edition)
    with connect(home, reason, by="pam claims add") as con:
        figures = figures_to_understand(con, chosen.edition, chosen.force_code, chosen.data_to)
        claim = _read_sentence(sentence, given, figures, yes)
        published = with_value(con, figures, claim.figure)
    _show(claim, published.value)
    if not yes and not typer.confirm("Is this what the sentence says?"):
        echo("Nothing was written.")
        raise typer.Exit(1)
    path, became_own = add_claim(home, chosen, claim, paragraph)
    echo(f"Added to {path}: the next night compares it")
    if became_own:
        echo(f"Edition {chosen.edition} is now a file of the home: {path.with_name(f'{chosen.edition}.yml')}")


def _read_sentence(sentence: str, given: "Given", figures: Any, is_silent: bool) -> "SentenceClaim":
    """The claim, after asking for what is missing. With --yes nothing is asked: the error names the option to use."""
    from dagster_project.document_check.understand_sentence import NotUnderstoodError, understand_sentence

    while True:
        try:
            return understand_sentence(sentence, given, figures)
        except NotUnderstoodError as error:
            if is_silent or not error.option.startswith("--"):
                raise typer.BadParameter(str(error)) from error
            given = _ask(given, error)


def _ask(given: "Given", error: "NotUnderstoodError") -> "Given":
    echo(f"{error}")
    if error.option == "--from and --to":
        # A day that is none is asked for again, under its own name.
        first, last = (typer.prompt(f"{name} (YYYY-MM-DD)", value_proc=as_day) for name in ("--from", "--to"))
        return replace(given, first=first, last=last)
    return replace(given, **{error.option.removeprefix("--"): typer.prompt(error.option)})


def _show(claim: "SentenceClaim", value: Any) -> None:
    from dagster_project.core.seeds import read_seed
    from dagster_project.serving import plain_text

    figure = claim.figure
    title = next(m["title"] for m in read_seed("measure_list") if (m["mart"], m["measure"]) == (figure.mart, figure.measure))
    echo(f"{title} ({figure.mart}.{figure.measure}): {SHOWS[figure.shows]}")
    echo(f"{figure.area_name}, category {figure.category}, {figure.first} to {figure.last}")
    echo(f"Printed: {claim.printed}. Published now: {plain_text(round(value, 2)) if value is not None else 'not available'}")
