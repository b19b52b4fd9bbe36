"""`pam serve` and `pam alerts`: scheduled nights, and the alerts they sent."""

import json
from typing import Annotated

import typer

from dagster_project.core.config import read_config
from dagster_project.nights import alerts
from dagster_project.orchestration.serve import NightServer

from .common import HOME, HomeOption, JsonOption, app, option, require_home
from .echo import echo
from .render_alerts import show_alerts, show_test


@app.command()
def serve(
    host: Annotated[str | None, option("--host", "Address of the page. [default: from pam.toml, else 127.0.0.1]")] = None,
    port: Annotated[int | None, option("--port", "Its port. [default: from pam.toml, else 3000]", min=1, max=65535)] = None,
    home: HomeOption = HOME,
) -> None:
    """Run nights by themselves: at 02:00 in London, and when a complete set of files has arrived. Shows Dagster's page.

    Runs until it is stopped (Ctrl-C, SIGTERM). A night that is running then is interrupted, and its receipt says so.
    """
    settings = read_config(home).serve
    code = NightServer(home, host or settings.host, port or settings.port, proxy=settings.proxy).run()
    raise typer.Exit(code)


@app.command("alerts")
def alerts_command(
    test: Annotated[bool, option("--test", "Send a test message by every channel, now.")] = False,
    as_json: JsonOption = False,
    last: Annotated[int, typer.Option("--last", help="How many messages to show.", min=1)] = 10,
    home: HomeOption = HOME,
) -> None:
    """Show which alerts were sent to whom, and which are still waiting.

    With --test, exit 1: a channel failed, or pam.toml names none.
    """
    require_home(home)
    if test:
        errors = alerts.send_test(home)
        show_test(errors)
        raise typer.Exit(1 if not errors or any(errors.values()) else 0)
    messages = alerts.overview(home, last)
    if as_json:
        echo(json.dumps(messages, indent=1))
    else:
        show_alerts(messages)
