"""Commands for those who try the warehouse or work on it."""

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.core.home import Home

from .common import HomeOption, app, explained
from .echo import echo


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write to; made if it is not there.", file_okay=False)],
    forces: Annotated[
        str | None,
        typer.Option(
            "--forces",
            help="Write for these forces instead, such as derbyshire,kent; all: the 43 of England and Wales and British"
            " Transport Police. What is in them adds up to no report.",
            metavar="all|FORCE,...",
        ),
    ] = None,
    years: Annotated[
        int | None, typer.Option("--years", help="With --forces: calendar years, to 2025. [default: 1]", min=1, max=100)
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(
            "--scale", help="With --forces: times about 56,000 rows a force and year. [default: 1]", min=0.001, max=100_000
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write three exports of Kent instead, as systems write them, for the tutorial.")
    ] = False,
) -> None:
    """Write made-up extracts for Derbyshire, of about the real size, which add up to a published report.

    With --forces, write the national case, for trying how far a warehouse carries. No row is of a real person or event.
    """
    if forces is None and (years is not None or scale is not None):
        raise typer.BadParameter("say for whom: --forces all, or the codes of forces", param_hint="--years, --scale")
    if raw and forces is not None:
        raise typer.BadParameter("the exports of --raw are Kent's: leave --forces out", param_hint="--raw")
    from dagster_project.sample import write_sample
    from dagster_project.sample.national import national_forces, write_national
    from dagster_project.sample.raw_exports import write_raw_exports

    with explained():
        if raw:
            paths = write_raw_exports(directory)
        elif forces is None:
            paths = write_sample(directory)
        else:
            listed = [code for part in forces.split(",") if (code := part.strip().lower())]
            chosen = list(national_forces()) if listed == ["all"] else listed
            paths = write_national(directory, chosen, years or 1, scale or 1)
        echo(f"{len(paths)} made-up extracts in {directory}")


@app.command()
def docs() -> None:
    """Write what is made from the contracts, the measures and the gate's suites: reference pages, and dbt's sources."""
    from dagster_project.transform import dbt_sources

    from .generate_docs import write

    with explained():
        changed = [*write(), *([dbt_sources.PATH] if dbt_sources.write() else [])]
        echo("\n".join(f"{path} written" for path in changed) or "All is up to date")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def dbt(context: typer.Context, home: HomeOption = None) -> None:
    """Run dbt on the home's candidate: `pam dbt test -s stg_incidents`, `pam dbt docs generate --static`."""
    from dagster_project.core.receipts import locked
    from dagster_project.transform.candidate import by_hand
    from dagster_project.transform.dbt_runner import run_by_hand

    args, where = list(context.args) or ["--help"], Home.of(home)
    if {"--help", "-h", "--version"} & {*args}:
        raise typer.Exit(run_by_hand(where, args))
    with explained():
        if not where.path.is_dir():
            raise FileNotFoundError(f"{where.path}: no such folder; `pam nightly` makes it")
        with locked(where):
            if said := by_hand(where, args):
                echo(f"pam: {said}", err=True)
            code = run_by_hand(where, args)
        if code == 0 and {"docs", "generate", "--static"} <= {*args}:
            echo(f"pam: open {where.candidate / 'dbt' / 'static_index.html'}", err=True)
    raise typer.Exit(code)
