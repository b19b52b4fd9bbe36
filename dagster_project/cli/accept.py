"""`pam accept`: lets a month that is far from the year before pass the gate."""

from typing import Annotated

import typer

from .common import HOME, ByOption, HomeOption, app
from .echo import echo


@app.command()
def accept(
    measure: Annotated[str, typer.Argument(help="Measure, such as possession_offences.")],
    month: Annotated[str, typer.Argument(help="Month, such as 2025-10.")],
    force: Annotated[str, typer.Option("--force", help="Force, as data.police.uk names it.")],
    why: Annotated[str, typer.Option("--why", help="Why the figure is right: it goes on record. No personal data here.")],
    by: ByOption = "",
    home: HomeOption = HOME,
) -> None:
    """Let a month of a measure pass the gate from the next night on, though it is far from the months before."""
    from dagster_project.transform.accepted_months import accept_month

    accepted = accept_month(home, measure, month, force.strip().lower(), by=by, why=why)
    echo(f"{accepted.measure} of {accepted.force_code} in {accepted.month} passes from the next night on")
