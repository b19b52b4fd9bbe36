"""`pam postgres`: the published night in PostgreSQL, for BI tools."""

import json
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.audit import record
from dagster_project.core.files import write_whole
from dagster_project.core.plurals import counted
from dagster_project.core.published_file import published_night
from dagster_project.core.terminal_console import Console
from dagster_project.publishing.postgres import configured_server, load_by_hand, loaded_state, reader_logins, roles_and_grants
from dagster_project.publishing.postgres import embedded as embedded_server
from dagster_project.publishing.postgres.roles_and_grants import setup_sql
from dagster_project.publishing.postgres.server import administered_server, as_user

from .common import HOME, HomeOption, JsonOption, QuietOption, make_group, option, require_home
from .echo import echo

group = make_group("postgres")


@group.callback(invoke_without_command=True)
def postgres(
    context: typer.Context,
    embedded: Annotated[
        bool, option("--embedded", "Start a server to try it with. Its log-ins are in postgres/ of the home.")
    ] = False,
    home: HomeOption = HOME,
) -> None:
    """The published night in PostgreSQL, for BI tools. PAM_POSTGRES_DSN names the database."""
    if context.invoked_subcommand:
        return
    if not embedded:
        echo(context.get_help())
        return
    started = embedded_server.start(home)
    echo(
        f"PostgreSQL answers at {embedded_server.HOST}:{started.port}, on this machine only, until `pam postgres stop`.\n"
        f"To load it, now and with each night:\n    export PAM_POSTGRES_DSN_FILE={started.loader_file}\n"
        f"    pam postgres load\n"
        f"To read it, as {embedded_server.READER}: the connection string, with the password, is in\n    {started.analyst_file}"
    )


@group.command()
def stop(home: HomeOption = HOME) -> None:
    """Stop the server that `pam postgres --embedded` started. Its data stay."""
    echo("stopped" if embedded_server.stop(home) else "no such server is running")


@group.command()
def load(home: HomeOption = HOME, quiet: QuietOption = False) -> None:
    """Load the published night, whatever PostgreSQL has now: after a failed load, or one of another home."""
    require_home(home)
    with Console(stderr=True, quiet=quiet).status("loading") as status_line:
        loaded = load_by_hand(home, lambda name: status_line.update(f"loading {name}"))
    if loaded.reason:
        echo(loaded.reason, err=True, fg=typer.colors.YELLOW)
    if not quiet:
        echo(f"PostgreSQL serves night {loaded.night_id}: {counted(loaded.rows, 'row')} loaded in {loaded.seconds:.1f} s.")


@group.command()
def status(as_json: JsonOption = False, home: HomeOption = HOME) -> None:
    """Show which night PostgreSQL serves, and which is published. Exit 1: they differ, or rights are wrong; each line says what
    to do."""
    require_home(home)
    server, night_id = configured_server(), published_night(home)
    with server.connect() as con:
        loaded, excess_rights, faults = loaded_state(con), roles_and_grants.excess_rights(con), reader_logins.find_problems(con)
    answer = {
        "server": server.where, "serves": loaded.night_id, "published": night_id, "is_sample": loaded.is_made_up,
        "earlier_nights": list(loaded.old), "foreign_schemas": list(loaded.foreign), "analyst_may_too_much": excess_rights,
        "amiss": faults,
    }  # fmt: skip
    if as_json:
        echo(json.dumps(answer, indent=1))
    else:
        echo(f"Server     {server.where}")
        echo(f"Serves     {'night ' + loaded.night_id if loaded.night_id else 'nothing yet'}")
        echo(f"Published  {'night ' + night_id if night_id else 'nothing yet'}")
        for name in loaded.old:
            echo(f"Left over from an earlier night: {name}; the next load tries to drop it again")
        for name in loaded.foreign:
            echo(f"The schema {name} is not the warehouse's: the warehouse needs a database of its own", fg=typer.colors.RED)
        for right in excess_rights:
            echo(f"pam_analyst: {right}. `pam postgres sql` prints what corrects that", fg=typer.colors.RED)
        for fault in faults:
            echo(fault, fg=typer.colors.RED)
    raise typer.Exit(0 if loaded.night_id == night_id and not (excess_rights or faults or loaded.foreign) else 1)


@group.command()
def sql(
    database: Annotated[str, typer.Option("--database", help="The warehouse's own database.")] = "pam",
    login: Annotated[str, typer.Option("--login", help="The role that the nights log in as.")] = "pam_loader",
) -> None:
    """Print the SQL that a database administrator runs once, as a superuser: roles and rights. It connects to nothing.

    Example: pam postgres sql | psql --dbname pam
    """
    echo(setup_sql(database, login), nl=False)


users = make_group("user", help="People who read it: a log-in for each.", parent=group, no_args_is_help=True)

AdminOption = Annotated[
    Path | None,
    option("--admin", "Your file (0600) with an administrator's connection string. [default: that of the home's own server"
           " (`--embedded`), else what the nights log in with]", exists=True, dir_okay=False),
]  # fmt: skip


@users.command()
def add(
    name: Annotated[str, typer.Argument(help="The log-in: a-z, 0-9 and _.")],
    admin: AdminOption = None,
    out: Annotated[Path | None, option("--out", "The file to write. [default: postgres/users/NAME.dsn of the home]")] = None,
    home: HomeOption = HOME,
) -> None:
    """Make a log-in for a person. The connection string, with the password, is written to a file that only you can read."""
    require_home(home)
    path = out or home.path / "postgres" / "users" / f"{name}.dsn"
    # Without the file nobody has the password: then there is no log-in either.
    server = administered_server(home, admin)
    with server.connect() as con, con.transaction():
        password = reader_logins.add(con, name)
        write_whole(path, f"{as_user(server, name, password)}\n".encode())
        record(home, "alteration", what="log-in made", name=name, server=server.where)
    echo(f"{name} may read. The connection string, with the password, is in {path}: hand it on, then remove the file")


@users.command()
def remove(
    name: Annotated[str, typer.Argument(help="The log-in; pam_analyst: the shared log-in of earlier versions.")],
    admin: AdminOption = None,
    home: HomeOption = HOME,
) -> None:
    """Remove a person's log-in, and end their sessions."""
    require_home(home)
    server = administered_server(home, admin)
    with server.connect() as con:
        reader_logins.remove(con, name)
        # Afterwards: who is to be locked out must be, whatever becomes of the record.
        record(home, "alteration", what="log-in removed", name=name, server=server.where)
    echo(f"{name} can't log in any more")


@users.command("list")
def list_users(admin: AdminOption = None, home: HomeOption = HOME) -> None:
    """Show who may log in to read, and how many connections each has now."""
    with administered_server(home, admin).connect() as con:
        readers = reader_logins.list_people(con)
    for person in readers:
        echo(f"{person.name}  {person.connected} of {person.limit if person.limit >= 0 else 'any number of'} connections")
    if not readers:
        echo("nobody yet: `pam postgres user add NAME`")
