"""The report packs of a night: a folder an edition, in every form.

Made of the night's file alone, so that going back to a night gives the same bytes: the rows behind each figure, which lie in
the work of the night, are not counted in it. `pam report` counts them.
"""

from pathlib import Path

import duckdb

from ..pack import write_editions
from . import Context, beside


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: Context) -> None:
    """Write `<edition>/` for each edition that the night prints. Raises OSError, and EditionError for a bad one."""
    write_editions(con, folder, context.home, context.is_sample, beside(context, "../..", ("catalogue",)))
