"""Commands for those who make the files: an empty one to start from, and what a file would do."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..settings import Home
from .common import HomeOption, app, explained

DAY = ["%Y-%m-%d"]


@app.command()
def template(
    extract: Annotated[str, typer.Argument(help="Extract to write a file of, such as incidents.")],
    force: Annotated[
        str | None,
        typer.Option(help="Force, by its data.police.uk name. [default: the one whose files the home has]", show_default=False),
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=DAY, help="First covered day. [default: the last whole month's]", show_default=False),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=DAY, help="Last covered day. [default: the last whole month's]", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to; made if it is not there.", file_okay=False)] = Path(),
    home: HomeOption = None,
) -> None:
    """Write an empty file of an extract, with a valid name and its headers, to fill in. Never over another.

    Prints the file's path, and on standard error where to read about its columns.
    """  # fmt: skip
    from ..template import write_template

    with explained():
        window = {"covered_from": first and first.date(), "covered_to": last and last.date()}
        made = write_template(Home.of(home), extract.strip().lower(), out, force=force, **window)
        typer.echo(str(made.path))
        typer.echo(f"Its columns: docs/extracts.md, under {made.contract.extract}. As it stands, {made.empty}.", err=True)
