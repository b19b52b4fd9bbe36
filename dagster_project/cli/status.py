"""`pam status`: the state of the warehouse."""

import json
from typing import Annotated

import typer

from dagster_project.nights.health import find_problems, find_warnings
from dagster_project.nights.status import status as read_status

from .common import HOME, HomeOption, JsonOption, app, option
from .echo import echo
from .render_status import show_status


@app.command()
def status(
    as_json: JsonOption = False,
    home: HomeOption = HOME,
    check: Annotated[
        bool, option("--check", "For monitoring: one line. Exit 2: something needs a person; 1: a warning.")
    ] = False,
    max_age: Annotated[
        float, typer.Option("--max-age", help="With --check: how old the publication may be, in hours.", min=0)
    ] = 26,
) -> None:
    """Show what is published, and what is missing, late, held, refused, waiting, quarantined or withdrawn."""
    if check:
        problems = find_problems(home, max_age)
        warnings: list[str] = [] if problems else find_warnings(home)
        level = "CRITICAL" if problems else "WARNING" if warnings else "OK"
        echo(f"PAM {level}" + (": " if problems or warnings else "") + "; ".join([*problems, *warnings]))
        # As Nagios and Icinga read it.
        raise typer.Exit(2 if problems else 1 if warnings else 0)
    state = read_status(home)
    if as_json:
        echo(json.dumps(state, indent=1, default=str))
    else:
        show_status(state)
