"""`pam`: run a night, see the state of the warehouse, ask the published figures.

A module a kind of command; importing it makes its commands known to the app. Exit codes: 0 done (a night: published),
1 held or failed, 2 wrong use.
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
from .help_panels import arrange

arrange(app)


def main() -> None:
    """The `pam` command."""
    app()
