"""Orders and groups the commands in `pam --help` by what somebody wants to do."""

from typing import Any

import typer

PANELS: dict[str, tuple[str, ...]] = {
    "Run nights": ("nightly", "serve", "status", "alerts", "backfill", "rollback", "replay"),
    "Ask the figures": ("query", "sql", "trace", "diff", "dashboard", "topline"),
    "Make the report": ("report", "edition", "claims", "check"),
    "Files and their values": ("inspect", "map", "template", "vocabulary", "accept", "release", "quarantine"),
    "Look after the home": ("postgres", "key", "audit", "checks"),
    "Try it, and develop it": ("sample", "docs", "dbt"),
}


def group_commands(app: typer.Typer) -> None:
    """Give each command of the app its heading, in the order of `PANELS`. Raises KeyError for one that is not there."""
    panels = {name: panel for panel, names in PANELS.items() for name in names}
    order = [*panels]
    for commands in (app.registered_commands, app.registered_groups):
        for command in commands:
            command.rich_help_panel = panels[_name(command)]
        commands.sort(key=lambda c: order.index(_name(c)))


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__.replace("_", "-"))
