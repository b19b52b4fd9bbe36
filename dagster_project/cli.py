"""`pam`: run a night, see how the warehouse stands, ask the published figures.

Exit codes: 0 done (a night: published), 1 held or failed, 2 wrong use.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from .settings import Home, be_quiet

be_quiet()

app = typer.Typer(
    name="pam",
    help="PAM Warehouse: police performance figures, from the night's extracts to published marts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", envvar="PAM_HOME", help="The warehouse's folder. [default: var/ in the checkout]", show_default=False
    ),
]


@contextmanager
def explained() -> Iterator[None]:
    """Errors that a person can act on are said in a line, not as a traceback; exit 1."""
    try:
        yield
    except BrokenPipeError:
        # Whoever reads has seen enough.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise typer.Exit(0) from None
    except (OSError, ValueError, RuntimeError) as error:
        typer.secho(f"pam: {error}", err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from error


@app.command()
def nightly(
    inbox: Annotated[
        Path | None,
        typer.Option(
            "--inbox",
            help="Read the extracts here, and leave them as they are. [default: inbox/ of the home, whose files"
            " are moved to its archive/]",
            exists=True,
            file_okay=False,
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Run on made-up extracts for Derbyshire, in a home of their own.")
    ] = False,
    home: HomeOption = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build every mart, also those that no new file touches.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
) -> None:
    """Run a night: land the extracts, build the marts, check them, publish.

    Exit 0: published. Exit 1: held back by a check, or failed; the last publication stands.
    """  # fmt: skip
    if sample and inbox:
        raise typer.BadParameter("--sample writes its own extracts; leave --inbox out", param_hint="--sample")
    from .show import run_night

    with explained():
        code = run_night(Home.of(home), inbox, sample, quiet, rebuild)
    raise typer.Exit(code)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    home: HomeOption = None,
) -> None:
    """Show what is published, and what is missing, late, held, refused, quarantined or withdrawn."""
    from .status import status as read_status

    with explained():
        found = read_status(Home.of(home))
        if as_json:
            typer.echo(json.dumps(found, indent=1, default=str))
        else:
            from .show import show_status

            show_status(found)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(help="A query in DuckDB's SQL. Relations are marts.* and meta.*; `-` reads it from standard input.")
    ],
    form: Annotated[str, typer.Option("--format", "-f", help="table, csv or json.")] = "table",
    home: HomeOption = None,
) -> None:
    """Ask the published figures. Nothing else can be read, and nothing changed.

    Example: pam query "select period_label, value from marts.mart_incidents where measure = 'incidents_drugs' and
    area_type = 'force' and period_type = 'calendar_year'"
    """  # fmt: skip
    import duckdb

    from .serving import FORMATS, connect, write_result

    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(FORMATS)}", param_hint="--format")
    text = sys.stdin.read() if sql == "-" else sql
    if not text.strip():
        raise typer.BadParameter("there is no query", param_hint="SQL")
    with explained():
        con = connect(Home.of(home))
        try:
            result = con.execute(text)
            columns = [c[0] for c in result.description or []]
            write_result(columns, result.fetchall() if columns else [], form, sys.stdout)
        except duckdb.Error as error:
            raise ValueError(str(error).split("\n\nStack")[0]) from error
        finally:
            con.close()


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Folder to write to; made if it is not there.", file_okay=False)],
) -> None:
    """Write made-up extracts for Derbyshire, of about the real size, which add up to a published report.

    For trying the warehouse. No row is of a real person or event.
    """
    from .sample import write_sample

    with explained():
        paths = write_sample(directory)
        typer.echo(f"{len(paths)} made-up extracts in {directory}")


@app.command()
def docs() -> None:
    """Write the pages of docs/ that are made from the contracts, the measures and the gate's suites."""
    from .docs import write

    with explained():
        changed = write()
        typer.echo("\n".join(f"{path} written" for path in changed) or "docs/ is up to date")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def dbt(context: typer.Context, home: HomeOption = None) -> None:
    """Run dbt on the home's candidate: `pam dbt test -s stg_incidents`, `pam dbt docs generate --static`."""
    from .candidate import by_hand
    from .nights import locked
    from .transform import run_by_hand

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


def main() -> None:
    """The `pam` command."""
    app()


if __name__ == "__main__":
    main()
