"""Commands that say how the warehouse stands and what its figures are."""

import json
import sys
from typing import Annotated

import typer

from ..settings import Home
from .common import HomeOption, ReasonOption, app, check_form, explained


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    home: HomeOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="For monitoring: one line, and exit 1 where something needs a person.")
    ] = False,
    max_age: Annotated[float, typer.Option("--max-age", help="With --check: hours a publication may be old.", min=0)] = 26,
) -> None:
    """Show what is published, and what is missing, late, held, refused, quarantined or withdrawn."""
    if check:
        from ..watch import troubles

        with explained():
            found = troubles(Home.of(home), max_age)
        typer.echo("PAM CRITICAL: " + "; ".join(found) if found else "PAM OK")
        raise typer.Exit(1 if found else 0)
    from ..status import status as read_status

    with explained():
        found = read_status(Home.of(home))
        if as_json:
            typer.echo(json.dumps(found, indent=1, default=str))
        else:
            from ..show import show_status

            show_status(found)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(help="A query in DuckDB's SQL. Relations are marts.* and meta.*; `-` reads it from standard input.")
    ],
    form: Annotated[str, typer.Option("--format", "-f", help="table, csv or json.")] = "table",
    reason: ReasonOption = "",
    home: HomeOption = None,
) -> None:
    """Ask the published figures. Nothing else can be read, and nothing changed.

    Example: pam query "select period_label, value from marts.mart_incidents where measure = 'incidents_drugs' and
    area_type = 'force' and period_type = 'calendar_year'"
    """  # fmt: skip
    import duckdb

    from ..serving import connect, write_result

    check_form(form)
    text = sys.stdin.read() if sql == "-" else sql
    if not text.strip():
        raise typer.BadParameter("there is no query", param_hint="SQL")
    with explained():
        con = connect(Home.of(home), reason, by="pam query", asked=text)
        try:
            result = con.execute(text)
            columns = [c[0] for c in result.description or []]
            write_result(columns, result.fetchall() if columns else [], form, sys.stdout)
        except duckdb.Error as error:
            raise ValueError(str(error).split("\n\nStack")[0]) from error
        finally:
            con.close()
