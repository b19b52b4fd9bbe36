"""Commands about the night in PostgreSQL."""

import json
from typing import Annotated

import typer

from dagster_project.core.home import Home
from dagster_project.core.terminal_text import echo, secho

from .common import HomeOption, app, explained

group = typer.Typer(
    help="The published night in PostgreSQL, for BI tools. PAM_POSTGRES_DSN names the database.", no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(group, name="postgres")


@group.callback(invoke_without_command=True)
def postgres(
    context: typer.Context,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Start a server to try with, its log-ins in postgres/ of the home.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """The published night in PostgreSQL, for BI tools. PAM_POSTGRES_DSN names the database."""
    if context.invoked_subcommand:
        return
    if not embedded:
        echo(context.get_help())
        return
    from dagster_project.publishing.postgres import embedded as server

    with explained():
        found = server.start(Home.of(home))
        echo(
            f"PostgreSQL answers at {server.HOST}:{found.port}, on this machine alone, until `pam postgres stop`.\n"
            f"To load it, now and with each night:\n    export PAM_POSTGRES_DSN_FILE={found.loader_file}\n"
            f"    pam postgres load\n"
            f"To read it, as {server.ANALYST}: the connection string, with the password, is in\n    {found.analyst_file}"
        )


@group.command()
def stop(home: HomeOption = None) -> None:
    """Stop the server that `pam postgres --embedded` started. What it holds stays."""
    from dagster_project.publishing.postgres import embedded as server

    with explained():
        echo("stopped" if server.stop(Home.of(home)) else "no such server is running")


@group.command()
def load(
    home: HomeOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
) -> None:
    """Load what is published, whatever PostgreSQL serves now: after a load that failed, or after `pam rollback`."""
    from rich.console import Console

    from dagster_project.publishing.postgres import bring_by_hand

    with explained(), Console(stderr=True, quiet=quiet).status("loading") as shown:
        brought = bring_by_hand(Home.of(home), lambda name: shown.update(f"loading {name}"))
    if brought.reason:
        secho(brought.reason, err=True, fg=typer.colors.YELLOW)
    if not quiet:
        echo(f"PostgreSQL serves night {brought.night_id}: {brought.rows:,} rows loaded in {brought.seconds:.1f} s.")


@group.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False, home: HomeOption = None
) -> None:
    """Show which night PostgreSQL serves, and which is published. Exit 1 where they differ, or pam_analyst may too much."""
    from dagster_project.core.published_file import published_night
    from dagster_project.publishing.postgres import configured, roles, state

    with explained():
        server, night_id = configured(), published_night(Home.of(home))
        with server.connect() as con:
            there, too_much = state(con), roles.excess(con)
    found = {
        "server": server.where, "serves": there.night_id, "published": night_id, "is_sample": there.is_sample,
        "earlier_nights": list(there.old), "foreign_schemas": list(there.foreign), "analyst_may_too_much": too_much,
    }  # fmt: skip
    if as_json:
        echo(json.dumps(found, indent=1))
    else:
        echo(f"Server     {server.where}")
        echo(f"Serves     {'night ' + there.night_id if there.night_id else 'nothing yet'}")
        echo(f"Published  {'night ' + night_id if night_id else 'nothing yet'}")
        for name in there.old:
            echo(f"Still there, of an earlier night: {name}; the next load tries to drop it again")
        for name in there.foreign:
            secho(f"A schema {name} is somebody else's: the warehouse needs a database of its own", fg=typer.colors.RED)
        for said in too_much:
            secho(f"pam_analyst: {said}. `pam postgres sql` prints what puts that right", fg=typer.colors.RED)
    raise typer.Exit(0 if there.night_id == night_id and not too_much and not there.foreign else 1)


@group.command()
def sql(
    database: Annotated[str, typer.Option("--database", help="The warehouse's own database.")] = "pam",
    login: Annotated[str, typer.Option("--login", help="The role that the nights log in as.")] = "pam_loader",
) -> None:
    """Print what a database administrator runs once, as a superuser: roles and rights. Nothing is connected to.

    Example: pam postgres sql | psql --dbname pam
    """
    from dagster_project.publishing.postgres.roles import setup_sql

    echo(setup_sql(database, login), nl=False)
