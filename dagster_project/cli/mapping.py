"""`pam map`: drafts a mapping for a force's own export."""

import re
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from dagster_project.core.home import Home
from dagster_project.core.memory import NO_SPILL
from dagster_project.core.terminal_console import Console
from dagster_project.mapping_draft.browser import serve_page
from dagster_project.mapping_draft.draft import draft_mapping
from dagster_project.mapping_draft.show import show_draft, show_preview
from dagster_project.mapping_draft.try_mapping import preview
from dagster_project.mapping_draft.write_yaml import mapping_yaml, write_new

from .common import HOME, HomeOption, app, option
from .echo import echo
from .name_options import any_force_option


@app.command("map")
def map_file(
    file: Annotated[Path, typer.Argument(help="An export as the system writes it.", exists=True, dir_okay=False)],
    extract: Annotated[
        str | None, option("--extract", "Which extract the file is, such as incidents. [default: recognised by its headers]")
    ] = None,
    force: Annotated[
        str | None, any_force_option(". [default: recognised by the file's name, else the home's only force]")
    ] = None,
    out: Annotated[
        Path | None, option("--out -o", "Where to write the mapping. [default: FILE.yml in this folder]", dir_okay=False)
    ] = None,
    browser: Annotated[
        bool, option("--browser", "Draft it in the browser instead: on this machine only, until you stop it.")
    ] = False,
    home: HomeOption = HOME,
) -> None:
    """Draft the mapping of a force's own export: header, columns, codes and dates, with what is left to decide.

    Shows each column and why, the first problems, and the figures that the file would give. What is uncertain has a comment in
    the YAML: `# decide` says what is open and what becomes of the file until you decide, `# ?` marks the place, and `# check`
    means look at it. Put the file in the home's mappings/ when you are done.

    Example: pam map "Incidents Oct 2025.xlsx" --force kent --out "$PAM_HOME/mappings/control-room.yml"
    """
    target = out or Path(f"{re.sub(r'[^A-Za-z0-9]+', '-', file.name.split('.')[0]).strip('-').lower() or 'mapping'}.yml")
    extract = extract.strip().lower() if extract else None
    if browser:
        serve_page(home, file, target, extract=extract, force=force)
        return
    _draft(home, file, target, extract, force)
    is_there = target.absolute().parent == home.mappings.absolute()
    next_step = "try it with `pam inspect`" if is_there else f"put it in {home.mappings}"
    echo(f"Edit what it says to decide or check, then {next_step}: docs/how-to/map-an-export.md", err=True)


def _draft(home: Home, file: Path, target: Path, extract: str | None, force: str | None) -> None:
    """Write the mapping, and show it with the figures that the file would give."""
    # Rows of the file, which may name people, are not spilled to disk while drafting.
    with duckdb.connect(config=NO_SPILL) as con:
        with Console(stderr=True).status("Reading"):
            draft = draft_mapping(con, home, file, extract, force)
            text = mapping_yaml(draft)
        write_new(target, text, home)
        show_draft(draft)
        # Before the figures, which may fail: the file is there then.
        echo(f"{target} written")
        if draft.force:
            with Console(stderr=True).status("Working out the figures"):
                result = preview(con, home, draft, text)
            show_preview(result)
        else:
            echo("No figures: name the force with --force")
