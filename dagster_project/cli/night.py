"""Commands that run a night."""

from pathlib import Path
from typing import Annotated

import typer

from ..settings import Home
from .common import HomeOption, app, explained


@app.command()
def nightly(
    inbox: Annotated[
        Path | None,
        typer.Option(
            "--inbox",
            help="Read the extracts here, and leave them as they are. (default: inbox/ of the home, whose files"
            " are moved to its archive/)",
            exists=True,
            file_okay=False,
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Run on made-up extracts for Derbyshire, in a home of their own.")
    ] = False,
    home: HomeOption = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build every mart, also those that no new file touches.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
) -> None:
    """Run a night: land the extracts, build the marts, check them, publish.

    Exit 0: published. Exit 1: held back by a check, or failed; the last publication stands.
    """  # fmt: skip
    if sample and inbox:
        raise typer.BadParameter("--sample writes its own extracts; leave --inbox out", param_hint="--sample")
    from ..show import run_night

    with explained():
        code = run_night(Home.of(home), inbox, sample, quiet, rebuild)
    raise typer.Exit(code)
