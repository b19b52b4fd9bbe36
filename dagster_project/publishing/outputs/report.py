"""The report packs of a night: a folder for each edition, in every form.

Made of the night's file alone, so that going back to a night gives the same bytes: the rows behind each figure, which lie in
the work of the night, are not counted in it. `pam report` counts them.
"""

from collections.abc import Callable
from pathlib import Path

import duckdb

from dagster_project.core.config import read_config
from dagster_project.reporting.pack import write_editions

from . import OutputContext, links_to


def write(con: duckdb.DuckDBPyConnection, folder: Path, context: OutputContext) -> Callable[[], list[str]]:
    """Write `<edition>/` for each edition that the night prints, in the form that the settings name. Returns what waits for
    their workbooks and documents, and then returns lost charts.

    Raises OSError, EditionError for a bad one, and NoPublicFormError.
    """
    public = read_config(context.home).publish.report == "public"
    # What is beside it has exact figures, and may not go where the public form goes.
    links = () if public else links_to(context, "../..", ("catalogue",))
    return write_editions(con, folder, context.home, context.is_sample, links, public)
