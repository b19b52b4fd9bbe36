"""`pam rollback`, `pam diff` and `pam replay`: go back to an earlier night, compare two, and make the warehouse again."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.core.files import make_folder, new_file
from dagster_project.core.home import Home
from dagster_project.nights.replay import ReplayRun, find_night_id, rebuild_and_compare, write_as_of
from dagster_project.nights.rollback import roll_back
from dagster_project.nights.status import status
from dagster_project.serving.diff import choose_nights, compare, write
from dagster_project.serving.recorded_access import record_consultation, record_disclosure

from .common import HOME, ByOption, FormOption, HomeOption, QuietOption, ReasonOption, app, option, require_home
from .echo import echo
from .night_progress import run_with_progress
from .render_history import show_comparison, show_publications


@app.command()
def rollback(
    night: Annotated[
        str | None,
        typer.Argument(
            help="The kept night to publish again, by its id or its first characters. [default: the one before the published]",
            show_default=False,
        ),
    ] = None,
    by: ByOption = "",
    why: Annotated[str, option("--why", "Why; it goes on record.")] = "",
    listing: Annotated[bool, option("--list", "Show which nights are kept, and change nothing.")] = False,
    home: HomeOption = HOME,
) -> None:
    """Publish an earlier night again, in one step. The night that is published now is kept.

    The next night publishes the newest state again: correct the cause before it, or stop the schedule.

    Example: pam rollback --why "the crimes of Tuesday's file are doubled"
    """
    if listing:
        require_home(home)
        show_publications(home)
        return
    if not why.strip():
        example = 'pam rollback [NIGHT] --why "the file of the 6th is doubled"'
        more = "(--by NAME if it is not you; pam rollback --list shows the nights)"
        raise typer.BadParameter(f"is needed, as it goes on record: {example} {more}", param_hint="--why")
    require_home(home)
    receipt = roll_back(home, night, by=by, why=why)
    echo(f"Night {receipt.republished} is published again: {sum(receipt.figures.values()):,} figures.")
    if status(home)["rolled_back"]:
        echo("The next night publishes the newest state again: correct the cause before it, or stop the schedule.")
    if receipt.not_in_postgres:
        echo(f"PostgreSQL still serves the night that it had: {receipt.not_in_postgres}", err=True, fg=typer.colors.RED)
        raise typer.Exit(1)
    if receipt.postgres:
        echo("PostgreSQL serves it, too.")


@app.command()
def diff(
    nights: Annotated[
        list[str] | None,
        typer.Argument(
            help="Two kept nights, by their ids or first characters; `today` is the published one. One is compared with the"
            " published. [default: the published night against the one before it]",
            show_default=False,
        ),
    ] = None,
    mart: Annotated[str | None, option("--mart", "This mart's figures only.")] = None,
    measure: Annotated[str | None, option("--measure", "This measure's figures only.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many figures, the largest moves.")] = 20,
    everything: Annotated[bool, option("--all", "List every changed figure, of every area and period.")] = False,
    form: FormOption = "table",
    out: Annotated[Path | None, option("--out -o", "Write to this file instead of the terminal.", dir_okay=False)] = None,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Show which figures changed between two nights, by how much, and which files caused it.

    Example: pam diff 20260105 today --mart drug_tests
    """
    if len(nights or ()) > 2:
        raise typer.BadParameter("at most two nights are compared", param_hint="NIGHTS")
    record_consultation(home, reason, by="pam diff", nights=", ".join(nights or ()), mart=mart, measure=measure)
    earlier, later = choose_nights(home, nights or ())
    difference = compare(home, earlier, later, mart, measure, None if everything else limit)
    if out:
        record_disclosure(home, reason, by="pam diff", what="figures that moved", to=str(out.absolute()), format=form)
        make_folder(out.parent)
        with new_file(out) as new, new.open("w", encoding="utf-8") as file:
            write(difference, form, file)
        echo(f"{len(difference.figures):,} of {difference.moved:,} moved figures written to {out}")
    else:
        write(difference, form, sys.stdout)


@app.command()
def replay(
    check: Annotated[
        bool, option("--check", "Publish nothing: compare with what is published; exit 1 where a figure differs.")
    ] = False,
    night: Annotated[str | None, option("--night", "With --check: this kept night, instead of the published one.")] = None,
    as_of: Annotated[
        str | None, option("--as-of", "Publish nothing: write the warehouse as it was after this night. Needs --out.")
    ] = None,
    out: Annotated[Path | None, option("--out -o", "With --as-of: the file to write.", dir_okay=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Show at most so many figures that differ.")] = 20,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
    quiet: QuietOption = False,
) -> None:
    """Make the warehouse again from raw/ and the lists alone, and publish it. No new file lands.

    It shows whether the figures are the same as before. Exit 0: published. Exit 1: held back by a check, or failed; the last
    publication stays. With --check, exit 1: a figure differs.
    """
    if night and not check:
        raise typer.BadParameter("goes with --check", param_hint="--night")
    if bool(as_of) != bool(out) or (as_of and check):
        raise typer.BadParameter("goes with --out FILE, and not with --check", param_hint="--as-of")
    if as_of and out:
        _write_as_of(home, as_of, out, quiet, reason)
        return
    require_home(home)
    if check:
        compared = rebuild_and_compare(home, night or "today", limit)
        show_comparison(compared, quiet)
        raise typer.Exit(1 if compared.differing else 0)
    run = ReplayRun(home)
    code = run_with_progress(run, quiet)
    if run.comparison and code == 0:
        show_comparison(run.comparison, quiet)
    raise typer.Exit(code)


def _write_as_of(home: Home, night: str, out: Path, quiet: bool, reason: str) -> None:
    night = find_night_id(home, night)
    record_consultation(home, reason, by="pam replay", night_id=night)
    record_disclosure(home, reason, by="pam replay", what=f"the warehouse as of night {night}", to=str(out.absolute()))
    failed = write_as_of(home, night, out)
    if failed:
        echo(f"pam: the checks would hold this night: {'; '.join(failed)}", err=True, fg=typer.colors.YELLOW)
    if not quiet:
        echo(f"The warehouse as it was after night {night} is in {out}")
