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
    area: Annotated[str, typer.Option("--area", help="A unit that fell to 0, by name or code. (default: the force)")] = "",
    by: ByOption = "",
    home: HomeOption = HOME,
) -> None:
    """Let a month of a measure pass the gate from the next night on, though it is far from the months before.

    Accept what a night found fault with, once you have seen its figure. Each unit that fell to 0 is accepted by itself, with
    --area: other units and the force's own figure are still judged.

    Example: pam accept possession_offences 2025-10 --force derbyshire --why "Operation Kestrel ended"

    Example: pam accept drug_searches 2025-10 --force derbyshire --area "High Peak" --why "The unit has moved to Glossop"
    """
    from dagster_project.transform.accepted_months import accept_month, is_flagged

    accepted = accept_month(home, measure, month, force.strip().lower(), by=by, why=why, unit=area)
    place = f" of {accepted.area_code}" if area else ""
    echo(f"{accepted.measure}{place} of {accepted.force_code} in {accepted.month} passes from the next night on")
    if not is_flagged(home, accepted):
        echo(
            "pam: no rule of the last checked night found fault with it: whatever comes for it now passes unseen. If you do not"
            f" mean that, take its line out of {home.seeds / 'accepted_months.csv'}",
            err=True,
        )
