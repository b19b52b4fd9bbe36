"""`pam vocabulary`: shows values that no list has, and sets what they count as."""

import sys
from dataclasses import astuple
from typing import Annotated

import typer

from dagster_project.core.home_lists import UNIT
from dagster_project.core.plurals import counted
from dagster_project.landing.storage.vocabulary import lines_to_paste, unknown_values
from dagster_project.nights.accept_vocabulary import accept_value
from dagster_project.serving import record_consultation, write_result

from .common import HOME, ByOption, HomeOption, ReasonOption, make_group, option, require_home
from .echo import echo

ABOUT = "Values that no list knows, of columns that decide whether a row counts. Without a command: show them."
vocabulary = make_group("vocabulary", help=ABOUT, invoke_without_command=True)


@vocabulary.callback()
def show(context: typer.Context, reason: ReasonOption = "", home: HomeOption = HOME) -> None:
    """Show values that no list has, with their rows, and the line to add for each."""
    if context.invoked_subcommand:
        return
    require_home(home)
    record_consultation(home, reason, by="pam vocabulary")
    unknown = unknown_values(home)
    if not unknown:
        echo("every value is known")
        return
    columns = ("force", "extract", "column", "value", "rows", "first night", "last night")
    write_result(columns, map(astuple, unknown), "table", sys.stdout)
    for line in lines_to_paste(unknown):
        echo(line)


@vocabulary.command()
def accept(
    extract: Annotated[str, typer.Argument(help="Extract, such as incidents.")],
    column: Annotated[str, typer.Argument(help="Column, such as qualifiers.")],
    values: Annotated[list[str], typer.Argument(metavar="VALUE...", help="Values, as the files have them.")],
    counts_as: Annotated[str, option("--counts-as", "Drugs, possession, trafficking, or nothing.")],
    by: ByOption = "",
    home: HomeOption = HOME,
) -> None:
    """Add values to the home's seeds/vocabulary.csv. A file that was held because of them lands with the next night."""
    require_home(home)
    accept_value(home, extract, column, values, counts_as, by=by)
    count = "counts" if len(values) == 1 else "count"
    echo(f"{extract}.{column}: {counted(len(values), 'value')} {count} as {counts_as} from the next night on")
    if column == UNIT:
        # Who pastes the line for a unit that was renamed makes it 0 in all months before.
        echo(
            "Their rows are then Not recorded. If one is an earlier name of a unit, add it to seeds/unit_names.csv as well:"
            " until then the unit's figures lack these rows"
        )
