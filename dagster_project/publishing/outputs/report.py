"""The report packs of a night: a folder for each edition, in every form.

They are made only from the night's file, so that a rollback gives the same bytes. They do not count the rows behind each
figure, which are in the night's work file; `pam report` counts them.
"""

from collections.abc import Callable
from pathlib import Path

import duckdb

from dagster_project.core.config import read_config
from dagster_project.reporting.pack import write_editions

from . import OutputContext, links_to


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> Callable[[], list[str]]:
    """Write `<edition>/` for each edition that the night prints, in the form that the settings name. Returns a function that
    waits for their workbooks and documents, and returns the charts that could not be drawn.

    Raises OSError, EditionError for a bad one, and NoPublicFormError.
    """
    public = read_config(context.home).publish.report == "public"
    # The other outputs have exact figures, which must not be linked from the public form.
    links = () if public else links_to(context, "../..", ("dashboard", "catalogue"))
    return write_editions(con, folder, context.home, context.is_made_up, links, public)
