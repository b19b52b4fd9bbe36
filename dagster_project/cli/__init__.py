"""The `pam` command: runs nights, shows the state of the warehouse, reads the published figures.

Each module registers its commands with the app when it is imported, and reads options and prints: what a command does, and
what a value such as a month means, is in the package that it calls. Exit codes: 0 done (a night: published), 1 not done, a
night held, or a difference found, 2 wrong use, 3 a night published that is not in PostgreSQL or has no receipt.
"""

import atexit
import os
import sys
from typing import Any

from . import (  # noqa: F401  (commands register themselves)
    accept,
    audit,
    checks,
    claims,
    dashboard,
    developer_commands,
    document_check,
    edition,
    files,
    history,
    key,
    mapping,
    night,
    postgres,
    quarantine,
    query,
    report,
    sample,
    serve,
    status,
    topline,
    trace,
    vocabulary,
)
from .common import app

PANELS: dict[str, tuple[str, ...]] = {
    "Run nights": ("nightly", "serve", "status", "checks", "accept", "alerts", "backfill", "rollback", "replay"),
    "Ask the figures": ("query", "sql", "trace", "diff", "dashboard", "topline"),
    "Make the report": ("report", "edition", "claims", "check"),
    "Files and their values": ("inspect", "map", "template", "vocabulary", "release", "retract", "quarantine"),
    "Look after the home": ("postgres", "key", "audit"),
    "Try it, and develop it": ("sample", "docs", "dbt"),
}
"""The headings of `pam --help`, by what somebody wants to do, and the order of the commands."""


def _group_commands() -> None:
    """Put each command under its heading. Raises KeyError for one that has none."""
    panels = {name: panel for panel, names in PANELS.items() for name in names}
    for commands in (app.registered_commands, app.registered_groups):
        for command in commands:
            command.rich_help_panel = panels[_name(command)]
        commands.sort(key=lambda command: [*panels].index(_name(command)))


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__.replace("_", "-"))


_group_commands()


def main() -> None:
    """The `pam` command. Once it is done, the process ends without freeing what it loaded, which takes Python 0.6 s after a
    night."""
    try:
        app()
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
