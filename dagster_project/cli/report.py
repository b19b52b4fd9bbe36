"""`pam report`: writes the report pack, and updates a document to the newest night."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.core.home import Home
from dagster_project.core.made_up_home import holds_made_up
from dagster_project.core.sql import one_row
from dagster_project.editions import newest_with_files, read_editions
from dagster_project.reporting.pack import read_pack, write_pack
from dagster_project.reporting.pack.word_refresh import NEW, NEW_NOTE, Refreshed, read_document, write_refreshed
from dagster_project.reporting.pack.word_refresh import refresh as refresh_document
from dagster_project.serving import connect, write_result
from dagster_project.serving.recorded_access import can_record, record_disclosure

from .common import HOME, EditionOption, Form, HomeOption, QuietOption, ReasonOption, make_group, option
from .echo import echo

report_app = make_group("report")


@report_app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    out: Annotated[Path | None, option("--out -o", "The folder to write. An earlier report there is replaced.")] = None,
    edition: EditionOption = None,
    form: Annotated[
        str, typer.Option("--format", "-f", help="Formats, with commas between: html, csv, xlsx, docx.")
    ] = "html,csv,xlsx,docx",
    public: Annotated[
        bool, option("--public", "The form for the public: only figures of marts_public, \\[c] for the others.")
    ] = False,
    tables_only: Annotated[
        bool, option("--tables-only", "In the document: no charts, sentences or places to write in.")
    ] = False,
    replace: Annotated[bool, option("--replace", "Replace the folder, although it holds other things.")] = False,
    quiet: QuietOption = False,
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Write an edition of the report from the published night: pages with charts, CSVs, a workbook and a document.

    Nothing is fetched from elsewhere. The folder appears whole or not at all. `refresh` updates a document
    that somebody has written in.

    Example: pam report --edition 2026-03 --out report/

    Example: pam report --out report/ --format html,csv

    Example: pam report --public --out for-the-public/
    """
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise typer.BadParameter("name the folder to write", param_hint="--out")
    forms = [f.strip() for f in form.split(",") if f.strip()]
    if not forms:
        raise typer.BadParameter("names no format", param_hint="--format")

    def print_progress(text: str) -> None:
        if not quiet:
            echo(text, err=True)

    target = out.expanduser().absolute()
    _write(
        home, edition, target, forms, reason, print_progress, public=public, tables_only=tables_only, overwrite=replace
    )  # fmt: skip
    echo(str(target / "index.html" if "html" in forms else target))


def _write(
    home: Home, edition: str | None, target: Path, forms: list[str], reason: str, print_line: Callable[[str], None], *,
    public: bool, tables_only: bool, overwrite: bool,
) -> None:  # fmt: skip
    """Write the pack of an edition, and record it."""
    editions = read_editions(home)
    with connect(home, reason, by="pam report") as con:
        forces = {name: e.force_code for name, e in editions.sound.items()}
        chosen = editions.named(edition or newest_with_files(con, forces))
        print_line(f"Edition {chosen.edition}, {chosen.title}")
        shape = "public form" if public else "exact"
        what = f"edition {chosen.edition}, {shape}: {', '.join(forms)}"
        record_disclosure(home, reason, by="pam report", what=what, to=str(target))
        # A reader of the published file alone can read neither the night's rows nor its pictures.
        readable_home = home if can_record(home) else None
        pack = write_pack(
            con, chosen, target, forms, home=readable_home, is_made_up=holds_made_up(home), overwrite=overwrite, public=public,
            print_line=print_line, tables_only=tables_only,
        )  # fmt: skip
        (started_at,) = one_row(con, "select epoch(started_at) from meta.nights where finished_at is null")
    print_line(f"{pack.data_status} Night {pack.night_id}.")
    path = home.editions / f"{chosen.edition}.yml"
    if path.exists() and path.stat().st_mtime > started_at:
        print_line(f"editions/{path.name} was changed after this night: the next one prints what it says now (pam nightly)")


@report_app.command()
def refresh(
    file: Annotated[Path, typer.Argument(help="The document (.docx) that pam report made, with what you wrote in it.")],
    out: Annotated[Path | None, option("--out -o", "Write this file instead, and leave yours as it is.")] = None,
    keep_typed: Annotated[
        bool, option("--keep-typed", "Leave figures that somebody typed over; else they are computed again.")
    ] = False,
    form: Annotated[Form, typer.Option("--format", "-f", help="List what changed as table, csv or json.")] = "table",
    reason: ReasonOption = "",
    home: HomeOption = HOME,
) -> None:
    """Update the figures of a document to the newest night, in its tables and wherever you copied them. Your words stay.

    What changed is listed. Charts, and the notes on what to check, stay those of the night that the document was made on.

    Exit 0: every figure is of the newest night. Exit 1: some were not updated, or a table has new rows or notes that the
    document lacks: the list says which. Also exit 1: the file can't be refreshed, and is unchanged. Exit 2: wrong use.

    Example: pam report refresh report.docx

    Example: pam report refresh report.docx --out newer.docx --format csv > moved.csv
    """
    target = (out or file).expanduser().absolute()
    document = read_document(file.expanduser())
    part = document.part
    edition = read_editions(home).named(part.edition)
    with connect(home, reason, by="pam report refresh") as con:
        pack = read_pack(con, edition, holds_made_up(home), part.form == "public")
    result = refresh_document(document, pack, keep_typed)
    what = f"edition {part.edition}, {'public form' if part.form == 'public' else 'exact'}: docx, refreshed"
    record_disclosure(home, reason, by="pam report refresh", what=what, to=str(target))
    write_refreshed(result, file.expanduser(), target)
    rows = [(c.figure, c.what, c.was, c.now, c.note) for c in result.changes]
    if rows or form != "table":
        write_result(["figure", "what", "was", "is", "note"], rows, form, sys.stdout)
    left = sum(c.is_left for c in result.changes)
    new = sum(c.note in (NEW, NEW_NOTE) for c in result.changes)
    echo(_summary(result, target, pack.night_id, left, new), err=form != "table")
    if left or new:
        raise typer.Exit(1)


def _summary(result: Refreshed, target: Path, night_id: str, left: int, new: int) -> str:
    """How many figures are of the newest night, moved, or could not be updated."""
    changed = sum(c.was != c.now for c in result.changes) - new
    summary = f"{target}: {result.updated:,} figures are of night {night_id} (were of {result.before}); {changed:,} moved"
    summary += f", {left:,} were left as they were" if left else ""
    summary += f", {new:,} of new rows and notes are not in the document" if new else ""
    return summary + ("; charts stay those of the night named below them" if result.has_charts else "")
