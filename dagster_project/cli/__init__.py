"""The `pam` command: runs nights, shows the state of the warehouse, reads the published figures.

Each module registers its commands with the app when it is imported, and reads options and prints: what a command does, and
what a value such as a month means, is in the package that it calls. `pam` imports the module of its command alone, as all of
them take a second. Exit codes: 0 done (a night: published), 1 not done, a night held, or a difference found, 2 wrong use, 3 a
night published that is not in PostgreSQL or has no receipt.
"""

import atexit
import os
import sys
from importlib import import_module
from typing import Any

import typer

from .common import app

PANELS: dict[str, dict[str, str]] = {
    "Run nights": {
        "nightly": "nightly", "serve": "serve", "status": "status", "checks": "checks", "accept": "accept", "alerts": "serve",
        "backfill": "nightly", "rollback": "history", "replay": "history",
    },
    "Ask the figures": {
        "query": "query", "sql": "query", "trace": "trace", "diff": "history", "dashboard": "dashboard", "topline": "topline",
    },
    "Make the report": {"report": "report", "edition": "edition", "claims": "claims", "check": "document_check"},
    "Files and their values": {
        "inspect": "files", "map": "mapping", "template": "files", "vocabulary": "vocabulary", "release": "quarantine",
        "retract": "quarantine", "quarantine": "quarantine",
    },
    "Look after the home": {"postgres": "postgres", "key": "key", "audit": "audit"},
    "Try it, and develop it": {"sample": "sample", "docs": "developer_commands", "dbt": "developer_commands"},
}  # fmt: skip
"""The headings of `pam --help`, by what somebody wants to do; below each its commands, in order, and the module of each."""


def load_app(command: str = "") -> typer.Typer:
    """The app with this command, or with all where there is none of this name. Raises KeyError for a command that has no
    heading."""
    modules = {name: module for commands in PANELS.values() for name, module in commands.items()}
    for module in [modules[command]] if command in modules else dict.fromkeys(modules.values()):
        import_module(f".{module}", __name__)
    panels = {name: panel for panel, commands in PANELS.items() for name in commands}
    for registered in (app.registered_commands, app.registered_groups):
        for each in registered:
            each.rich_help_panel = panels[_name(each)]
        registered.sort(key=lambda each: [*panels].index(_name(each)))
    return app


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__.replace("_", "-"))


def main() -> None:
    """The `pam` command. Once it is done, the process ends without freeing what it loaded, which takes Python 0.6 s after a
    night."""
    words = sys.argv[1:]
    try:
        # The version needs no command.
        (app if words == ["--version"] else load_app(next((w for w in words if not w.startswith("-")), "")))()
    except SystemExit as done:
        if not isinstance(done.code, int | None):
            raise
        atexit._run_exitfuncs()
        code = done.code or 0
        for stream in (sys.stdout, sys.stderr):
            try:
                # None where whoever started pam has closed it.
                if stream:
                    stream.flush()
            except BrokenPipeError:
                # Nobody reads the rest.
                pass
            except OSError:
                # A full disk: the answer is not all there. Messages may be lost.
                code = code or int(stream is sys.stdout)
        os._exit(code)
