"""`pam sample`: made-up extracts, to try the warehouse with."""

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.sample import write_sample
from dagster_project.sample.raw_exports import write_raw_exports

from .common import app, option
from .echo import echo


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write to; made if it is not there.", file_okay=False)],
    raw: Annotated[
        bool, option("--raw", "Write three exports of Kent instead, as systems write them, for the tutorial.")
    ] = False,
) -> None:
    """Write made-up extracts for Derbyshire, of about the real size, which add up to a published report.

    No row is of a real person or event.
    """
    paths = write_raw_exports(directory) if raw else write_sample(directory)
    echo(f"{len(paths)} made-up extracts in {directory}")
