"""`pam edition`: lists editions, makes the next one, freezes those that were issued."""

import sys
from typing import Annotated

import typer

from dagster_project.core.night_lock import locked
from dagster_project.core.plurals import counted
from dagster_project.editions import read_editions, unseen_categories
from dagster_project.editions.frozen import freeze_edition, frozen_editions, revised_cells
from dagster_project.editions.next_edition import make_next_edition
from dagster_project.serving import write_result

from .common import HOME, ByOption, FormOption, HomeOption, make_group, option, require_home
from .echo import echo
from .name_options import any_force_option

ABOUT = "Editions of the report: list them, make the next one, freeze one that you issue."
edition = make_group("edition", help=ABOUT, no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The edition, called by its month, such as 2026-09.")]


@edition.command("list")
def list_editions(home: HomeOption = HOME) -> None:
    """Show all editions, and which are frozen."""
    require_home(home)
    editions = read_editions(home)
    frozen = {f.edition: f"night {f.night_id}, by {f.by}" for f in frozen_editions(home)}
    rows = [
        (e.edition, e.title, e.force_code, e.data_to, len(e.tables), "yes" if e.claims else "no", frozen.pop(name, "no"))
        for name, e in editions.sound.items()
    ]  # fmt: skip
    # One that was issued stays frozen, although its own file is gone or waits.
    rows += [(name, None, None, None, None, None, how) for name, how in frozen.items()]
    write_result(["edition", "title", "force", "data to", "tables", "claims", "frozen"], rows, "table", sys.stdout)
    for waiting in editions.waiting:
        echo(f"pam: edition {waiting.name} waits until it is corrected: {waiting.problem}", err=True)


@edition.command()
def check(
    name: Annotated[str | None, typer.Argument(help="The edition. (default: all of them)", show_default=False)] = None,
    home: HomeOption = HOME,
) -> None:
    """Show what is wrong with the home's editions: file, line, and what may be meant. No night is needed.

    Where a night is published, it also names categories that no figure has: they are 0, as is a mistyped one.

    Exit 0: the next night prints them. Exit 1: one waits until it is corrected.
    """
    require_home(home)
    editions = read_editions(home)
    if name is not None and name not in {w.name for w in editions.waiting}:
        editions.named(name)
    faulty = [w for w in editions.waiting if name in (None, w.name)]
    for waiting in faulty:
        echo(waiting.problem)
    for sound in editions.sound.values():
        for unseen in unseen_categories(sound, home) if name in (None, sound.edition) else ():
            echo(f"pam: look at {unseen}", err=True)
    if faulty:
        raise typer.Exit(1)
    n = len(editions.sound)
    they = "it" if name or n == 1 else "them"
    echo(f"{name or counted(n, 'edition')}: the next night prints {they}")


@edition.command()
def new(
    name: Name,
    source: Annotated[str | None, option("--from", "The edition to start from. (default: the newest before it)")] = None,
    force: Annotated[str | None, any_force_option(". (default: that of the other edition)")] = None,
    tables: Annotated[str | None, option("--tables", "Tables to take, such as offences,stop_search. (default: all)")] = None,
    home: HomeOption = HOME,
) -> None:
    """Make the next edition: the same tables, with every window moved on by the months between the two.

    For another force it has the tables that the published night has data for, with that force's sections and units. Each table
    ends at most with its last complete month. It is a file in the home's editions/ that you can edit; the next night prints it.
    """
    require_home(home)
    chosen = [t.strip() for t in (tables or "").split(",") if t.strip()]
    path, to_check = make_next_edition(home, source, name, force=force, tables=chosen)
    echo(path)
    made = read_editions(home).sound.get(name)
    for point in (*to_check, *(unseen_categories(made, home) if made else ())):
        echo(f"pam: look at {point}", err=True)


@edition.command()
def freeze(name: Name, by: ByOption = "", home: HomeOption = HOME) -> None:
    """Keep an edition's figures as the published night has them, so that what you issued can be shown after corrections.

    Figures that change later are marked \\[r] in the report, and listed in meta.revisions.
    """
    require_home(home)
    with locked(home):
        frozen = freeze_edition(home, name, by)
    echo(f"Edition {name} is frozen as of night {frozen.night_id}: {frozen.cells:,} cells")


@edition.command()
def revisions(name: Name, form: FormOption = "table", home: HomeOption = HOME) -> None:
    """Show the cells of a frozen edition that have other figures in the published night."""
    require_home(home)
    rows = revised_cells(home, name)
    write_result(["table", "row", "column", "printed", "now", "difference"], rows, form, sys.stdout)
