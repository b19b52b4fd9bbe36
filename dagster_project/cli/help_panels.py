"""Orders and groups the commands in `pam --help` by what somebody wants to do."""

import typer

PANELS: dict[str, tuple[str, ...]] = {
    "Run nights": ("nightly", "serve", "status", "alerts", "backfill", "rollback", "replay"),
    "Ask the figures": ("query", "sql", "trace", "diff", "dashboard", "topline"),
    "Make the report": ("report", "edition", "claims", "check"),
    "Files and their values": ("inspect", "map", "template", "vocabulary", "accept", "release", "quarantine"),
    "Look after the home": ("postgres", "key", "audit", "checks"),
    "Try it, and develop it": ("sample", "docs", "dbt"),
}
OTHER = "Other commands"


def group_commands(app: typer.Typer) -> None:
    """Give each command of the app its heading, in the order of `PANELS`. Commands not named there come last."""
    place = {name: (n, panel) for n, (panel, names) in enumerate(PANELS.items()) for name in names}
    order = [name for names in PANELS.values() for name in names]

    def rank(name: str) -> int:
        return order.index(name) if name in place else len(order)

    for command in app.registered_commands:
        command.rich_help_panel = place.get(_name(command), (0, OTHER))[1]
    for group in app.registered_groups:
        group.rich_help_panel = place.get(str(group.name), (0, OTHER))[1]
    app.registered_commands.sort(key=lambda c: rank(_name(c)))
    app.registered_groups.sort(key=lambda g: rank(str(g.name)))


def _name(command: "typer.models.CommandInfo") -> str:
    return command.name or (command.callback.__name__.replace("_", "-") if command.callback else "")
