"""The `pam` command: runs nights, shows the state of the warehouse, reads the published figures.

Each module registers its commands with the app when it is imported. Exit codes: 0 done (a night: published), 1 held or failed,
2 wrong use.
"""

import atexit
import os
import sys

from . import (  # noqa: F401  (commands register themselves)
    accept,
    audit,
    checks,
    claims,
    claims_add,
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
from .help_panels import group_commands

group_commands(app)


def main() -> None:
    """The `pam` command. Once it is done, the process ends without freeing what it loaded, which takes Python 0.6 s after a
    night."""
    try:
        app()
    except SystemExit as done:
        if not isinstance(done.code, int | None):
            raise
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            # None where whoever started pam has closed it.
            if stream:
                stream.flush()
        os._exit(done.code or 0)
