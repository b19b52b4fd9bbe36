"""`pam claims`: compares the report's printed figures with the marts."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import HOME, EditionOption, FormOption, HomeOption, ReasonOption, make_group
from .echo import secho

if TYPE_CHECKING:
    from dagster_project.serving.claims import ComparedClaim

claims_app = make_group("claims")


@claims_app.callback(invoke_without_command=True)
def claims(
    context: typer.Context,
    edition: EditionOption = None,
    every: Annotated[bool, typer.Option("--all", help="Show the claims that agree as well.")] = False,
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
    from dagster_project.editions.verdicts import OUR_WORDS, VERDICTS, share_checked
    from dagster_project.reporting.pack.wording import verdict_in_sentence
    from dagster_project.serving import plain_text, write_result
    from dagster_project.serving.claims import read_claims

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
        rows = [(*r[:3], *(None if v is None else plain_text(round(v, 2)) for v in r[3:5]), *r[5:]) for r in rows]
    write_result(columns, rows, form, sys.stdout)
    numbers = {v: sum(c.verdict == v for c in compared) for v in VERDICTS}
    counts = ", ".join(f"{n} {verdict_in_sentence(v, n)}" for v, n in numbers.items())
    failing = [c for c in compared if c.fails]
    secho(f"Edition {chosen}: {share_checked(compared)} checked: {counts}", err=form != "table")
    if failing:
        raise typer.Exit(1)


def _description(claim: "ComparedClaim") -> str:
    """A claim in words: the statement, or measure, area, category and period."""
    if claim.says:
        return claim.says
    parts = [claim.measure, None if claim.figure == "value" else claim.figure, claim.area_name,
             None if claim.category == "all" else claim.category, claim.period_label]  # fmt: skip
    return ", ".join(p for p in parts if p)
