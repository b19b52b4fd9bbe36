"""Commands that look at earlier nights, and go back to one."""

from typing import Annotated

import typer

from ..settings import Home
from .common import HomeOption, app, explained


@app.command()
def rollback(
    night: Annotated[
        str | None,
        typer.Argument(
            help="The kept night to publish again, by its id or the begin of it. [default: the one before what is published]",
            show_default=False,
        ),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who goes back; it is written down.", show_default=False)] = "",
    why: Annotated[str, typer.Option("--why", help="Why; it is written down.", show_default=False)] = "",
    listing: Annotated[bool, typer.Option("--list", help="Show which nights are kept, and change nothing.")] = False,
    home: HomeOption = None,
) -> None:
    """Publish an earlier night again, in one step. What is published now stays kept.

    The next night publishes the newest state again: mend the cause before it, or stop the schedule.

    Example: pam rollback --by "A. Person" --why "the crimes of Tuesday's file are doubled"
    """  # fmt: skip
    where = Home.of(home)
    if listing:
        from ..show import show_publications

        with explained():
            show_publications(where)
        return
    for name, said in (("--by", by), ("--why", why)):
        if not said.strip():
            raise typer.BadParameter("is needed: who goes back, and why, are written down", param_hint=name)
    from ..rollback import roll_back

    with explained():
        receipt = roll_back(where, night, by=by, why=why)
        typer.echo(
            f"Night {receipt.republished} is published again: {sum(receipt.figures.values()):,} figures.\n"
            "The next night publishes the newest state again: mend the cause before it, or stop the schedule."
        )
