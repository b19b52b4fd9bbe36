"""`pam serve` and `pam alerts`: nights that run by themselves, and the alerts they sent."""

import json
from typing import Annotated

import typer

from dagster_project.core.home import Home

from .common import HomeOption, app, explained
from .echo import echo


@app.command()
def serve(
    host: Annotated[
        str | None,
        typer.Option("--host", help="Address of the page. [default: of pam.toml, else 127.0.0.1]", show_default=False),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Its port. [default: of pam.toml, else 3000]", min=1, max=65535, show_default=False),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Run nights by themselves: at 02:00 in London, and when a complete set of files has come. Shows Dagster's page.

    Runs until it is ended (Ctrl-C, SIGTERM). A night that is under way then is interrupted, and says so.
    """
    from dagster_project.core.config import read_config
    from dagster_project.orchestration.serve import NightServer

    with explained():
        where = Home.of(home)
        settings = read_config(where).serve
        code = NightServer(where, host or settings.host, port or settings.port, proxy=settings.proxy).run()
    raise typer.Exit(code)


@app.command("alerts")
def alerts_command(
    test: Annotated[bool, typer.Option("--test", help="Send a test message by every channel, now.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    last: Annotated[int, typer.Option("--last", help="How many messages to show.", min=1)] = 10,
    home: HomeOption = None,
) -> None:
    """Show which alerts were sent to whom, and which are still waiting.

    With --test, exit 1 where a channel failed or pam.toml names none.
    """
    from dagster_project.nights import alerts

    from .render import say_alerts, say_test

    code = 0
    with explained():
        where = Home.of(home)
        if test:
            done = alerts.send_test(where)
            say_test(done)
            code = 0 if done and all(d.error is None for d in done) else 1
        else:
            found = alerts.overview(where, last)
            if as_json:
                echo(json.dumps(found, indent=1))
            else:
                say_alerts(found)
    raise typer.Exit(code)
