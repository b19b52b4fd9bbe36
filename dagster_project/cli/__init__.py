"""The `pam` command: runs nights, shows the state of the warehouse, reads the published figures.

Each module registers its commands with the app when it is imported. Exit codes: 0 done (a night: published), 1 held or failed,
2 wrong use.
"""

from . import (  # noqa: F401  (commands register themselves)
    accept,
    audit,
    checks,
    claims,
    claims_add,
    dashboard,
    develop,
    document_check,
    edition,
    files,
    history,
    key,
    mapping,
    night,
    postgres,
    quarantine,
    report,
    serve,
    status,
    topline,
    trace,
    vocabulary,
)
from .common import app
from .help_panels import group_commands

group_commands(app)


def main() -> None:
    """The `pam` command."""
    app()
