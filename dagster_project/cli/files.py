"""Commands for people who make the files: an empty file to fill in, and a test of what a file would do."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.core.terminal_console import Console
from dagster_project.landing.blank_extract import write_template
from dagster_project.nights.dry_run import FileDescription, inspect_files

from .common import HOME, HomeOption, JsonOption, app, day_option, option
from .echo import echo
from .name_options import any_force_option
from .render_inspection import show_inspected


@app.command()
def template(
    extract: Annotated[str, typer.Argument(help="Extract to write a file of, such as incidents.")],
    force: Annotated[str | None, any_force_option(". [default: the one that the home knows]")] = None,
    first: Annotated[date | None, day_option("--from", "First covered day. [default: the last whole month's]")] = None,
    last: Annotated[date | None, day_option("--to", "Last covered day. [default: the last whole month's]")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to; made if not there.", file_okay=False)] = Path(),
    home: HomeOption = HOME,
) -> None:
    """Write an empty file of an extract, with a valid name and its headers, to fill in. It never replaces a file.

    Prints the file's path, and on standard error where to read about its columns.
    """  # fmt: skip
    template = write_template(home, extract.strip().lower(), out, force=force, covered_from=first, covered_to=last)
    echo(template.path)
    place = f"docs/reference/extracts.md, under {template.contract.extract}"
    echo(f"Its columns: {place}. As it stands, {template.empty}.", err=True)


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to look at.", exists=True, dir_okay=False)],
    extract: Annotated[str | None, option("--extract", "What the files are, whatever their names say; with --force.")] = None,
    force: Annotated[str | None, any_force_option(": whose files they are; with --extract.")] = None,
    first: Annotated[date | None, day_option("--from", "First covered day, with --extract. [default: any]")] = None,
    last: Annotated[date | None, day_option("--to", "Last covered day, with --extract. [default: any]")] = None,
    gate: Annotated[bool, option("--gate", "Build a night with them, and show what the checks find.")] = False,
    as_json: JsonOption = False,
    home: HomeOption = HOME,
) -> None:
    """Show what files would do: how they are read, which rows land, which are quarantined and why. Changes nothing.

    Exit 0: each would be accepted, or is known; with --gate, the night would be published. Exit 1: one would not.
    """
    if bool(extract) != bool(force) or ((first or last) and not extract):
        raise typer.BadParameter("--extract and --force go together, and --from and --to with them", param_hint="--extract")
    description = None
    if extract and force:
        description = FileDescription.checked(extract.strip().lower(), force, first, last)
    with Console(stderr=True).status("Building and checking a night with it" if gate else "Reading"):
        inspected, trial = inspect_files(home, files, description, gate=gate)
    if as_json:
        result = {"files": [f.as_dict() for f in inspected], "gate": asdict(trial) if trial else None}
        echo(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        show_inspected(inspected, trial)
    raise typer.Exit(0 if all(f.fine for f in inspected) and (trial is None or trial.fine) else 1)
