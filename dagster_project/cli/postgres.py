"""Commands about the night in PostgreSQL."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project.core.home import Home

from .common import HomeOption, app, explained
from .echo import echo, secho

if TYPE_CHECKING:
    from dagster_project.publishing.postgres import Server

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
            f"To read it, as {server.READER}: the connection string, with the password, is in\n    {found.analyst_file}"
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
    from dagster_project.core.terminal_console import Console
    from dagster_project.publishing.postgres import load_by_hand

    with explained(), Console(stderr=True, quiet=quiet).status("loading") as shown:
        brought = load_by_hand(Home.of(home), lambda name: shown.update(f"loading {name}"))
    if brought.reason:
        secho(brought.reason, err=True, fg=typer.colors.YELLOW)
    if not quiet:
        echo(f"PostgreSQL serves night {brought.night_id}: {brought.rows:,} rows loaded in {brought.seconds:.1f} s.")


@group.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False, home: HomeOption = None
) -> None:
    """Show which night PostgreSQL serves, and which is published. Exit 1 where they differ, or rights are not as they should
    be: each line says what puts that right."""
    from dagster_project.core.published_file import published_night
    from dagster_project.publishing.postgres import configured_server, lock_holders, people, roles, served_state

    with explained():
        server, night_id = configured_server(), published_night(Home.of(home))
        with server.connect() as con:
            there, too_much = served_state(con), roles.excess_rights(con)
            amiss, held = people.find_problems(con), lock_holders(con)
    found = {
        "server": server.where, "serves": there.night_id, "published": night_id, "is_sample": there.is_sample,
        "earlier_nights": list(there.old), "foreign_schemas": list(there.foreign), "analyst_may_too_much": too_much,
        "amiss": amiss, "held_by": held,
    }  # fmt: skip
    if as_json:
        echo(json.dumps(found, indent=1))
    else:
        echo(f"Server     {server.where}")
        echo(f"Serves     {'night ' + there.night_id if there.night_id else 'nothing yet'}")
        echo(f"Published  {'night ' + night_id if night_id else 'nothing yet'}")
        for name in there.old:
            echo(f"Still there, of an earlier night: {name}; the next load tries to drop it again")
        for said in held:
            echo(f"In use: {said}. A night waits for it, for some seconds, to take the place of the one before")
        for name in there.foreign:
            secho(f"A schema {name} is somebody else's: the warehouse needs a database of its own", fg=typer.colors.RED)
        for said in too_much:
            secho(f"pam_analyst: {said}. `pam postgres sql` prints what puts that right", fg=typer.colors.RED)
        for said in amiss:
            secho(said, fg=typer.colors.RED)
    raise typer.Exit(0 if there.night_id == night_id and not (too_much or amiss or there.foreign) else 1)


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


users = typer.Typer(help="Who reads it: a log-in for each person.", no_args_is_help=True)
group.add_typer(users, name="user")

AdminOption = Annotated[
    Path | None,
    typer.Option(
        "--admin", help="A file (0600) with an administrator's connection string. [default: that of the home's own server"
        " (`--embedded`), else what the nights log in with]", exists=True, dir_okay=False, show_default=False,
    ),
]  # fmt: skip


@users.command()
def add(
    name: Annotated[str, typer.Argument(help="The log-in: a-z, 0-9 and _.")],
    admin: AdminOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The file to write. [default: postgres/users/NAME.dsn of the home]", show_default=False),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make a log-in for a person. Its connection string, with the password, goes to a file for you alone to hand on."""
    from dagster_project.core.files import write_whole
    from dagster_project.publishing.postgres import people
    from dagster_project.publishing.postgres.server import as_user

    with explained():
        where = Home.of(home)
        path = out or where.path / "postgres" / "users" / f"{name}.dsn"
        with _administering(where, admin) as (server, con):
            password = people.add(con, name)
        write_whole(path, f"{as_user(server, name, password)}\n".encode())
    echo(f"{name} may read. The connection string, with the password, is in {path}: hand it on, then remove the file")


@users.command()
def remove(
    name: Annotated[str, typer.Argument(help="The log-in; pam_analyst: of before, which several shared.")],
    admin: AdminOption = None,
    home: HomeOption = None,
) -> None:
    """Take a person's log-in away, and end their sessions."""
    from dagster_project.publishing.postgres import people

    with explained(), _administering(Home.of(home), admin) as (_, con):
        people.remove(con, name)
    echo(f"{name} can't log in any more")


@users.command("list")
def list_users(admin: AdminOption = None, home: HomeOption = None) -> None:
    """Show who may log in to read, and how many connections each has now."""
    from dagster_project.publishing.postgres import people

    with explained(), _administering(Home.of(home), admin) as (_, con):
        found = people.list_people(con)
    for person in found:
        echo(f"{person.name}  {person.connected} of {person.limit if person.limit >= 0 else 'any number of'} connections")
    if not found:
        echo("nobody yet: `pam postgres user add NAME`")


@contextmanager
def _administering(home: Home, admin: Path | None) -> "Iterator[tuple[Server, Any]]":
    """A server, and a connection of somebody who may make log-ins there. Raises PostgresError."""
    from dagster_project.publishing.postgres import Server, configured_server, is_configured
    from dagster_project.publishing.postgres.server import DSN_FILE

    own = home.path / "postgres"
    nights = os.environ.get(DSN_FILE, "").strip()
    is_own = Path(nights).resolve().parent == own if nights else not is_configured()
    path = admin or (own / "admin.dsn" if is_own and (own / "admin.dsn").exists() else None)
    server = Server.of(path.read_text(encoding="utf-8").strip(), f"the content of {path}") if path else configured_server()
    with server.connect() as con:
        yield server, con
