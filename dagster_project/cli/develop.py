"""Commands for those who try the warehouse or work on it."""

from pathlib import Path
from typing import Annotated

import typer

from ..settings import Home
from .common import HomeOption, app, explained


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write to; made if it is not there.", file_okay=False)],
) -> None:
    """Write made-up extracts for Derbyshire, of about the real size, which add up to a published report.

    For trying the warehouse. No row is of a real person or event.
    """
    from ..sample import write_sample

    with explained():
        paths = write_sample(directory)
        typer.echo(f"{len(paths)} made-up extracts in {directory}")


@app.command()
def docs() -> None:
    """Write the pages of docs/ that are made from the contracts, the measures and the gate's suites."""
    from ..docs import write

    with explained():
        changed = write()
        typer.echo("\n".join(f"{path} written" for path in changed) or "docs/ is up to date")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def dbt(context: typer.Context, home: HomeOption = None) -> None:
    """Run dbt on the home's candidate: `pam dbt test -s stg_incidents`, `pam dbt docs generate --static`."""
    from ..candidate import by_hand
    from ..nights import locked
    from ..transform import run_by_hand

    args, where = list(context.args) or ["--help"], Home.of(home)
    if {"--help", "-h", "--version"} & {*args}:
        raise typer.Exit(run_by_hand(where, args))
    with explained():
        if not where.path.is_dir():
            raise FileNotFoundError(f"{where.path}: no such folder; `pam nightly` makes it")
        with locked(where):
            if said := by_hand(where, args):
                typer.echo(f"pam: {said}", err=True)
            code = run_by_hand(where, args)
        if code == 0 and {"docs", "generate", "--static"} <= {*args}:
            typer.echo(f"pam: open {where.candidate / 'dbt' / 'static_index.html'}", err=True)
    raise typer.Exit(code)
