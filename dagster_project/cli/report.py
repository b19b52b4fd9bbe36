"""`pam report`: writes the report pack, and brings a document to a later night."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.core.home import Home

from .common import HomeOption, ReasonOption, app, check_form, explained
from .echo import echo

report_app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})
app.add_typer(report_app, name="report")


@report_app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The folder to write. An earlier report there is replaced.", show_default=False),
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", help="Which edition, such as 2026-03. (default: the newest)", show_default=False)
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", help="Formats, with commas between: html, csv, xlsx, docx.")
    ] = "html,csv,xlsx,docx",
    public: Annotated[
        bool, typer.Option("--public", help="The form for the public: only figures of marts_public, \\[c] for the others.")
    ] = False,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="In the document: no charts, sentences and places to write in.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the folder, although it holds other things.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
    reason: ReasonOption = "",
    home: HomeOption = None,
) -> None:
    """Write an edition of the report from the published night: pages with charts, CSVs, a workbook and a document.

    Nothing is fetched from anywhere. The folder appears whole or not at all. `refresh` brings a document that somebody has
    written in to the newest night.

    Example: pam report --edition 2026-03 --out report/

    Example: pam report --out report/ --format html,csv

    Example: pam report --public --out for-the-public/
    """
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise typer.BadParameter("name the folder to write", param_hint="--out")
    from dagster_project.core.receipts import holds_made_up
    from dagster_project.editions import read_editions
    from dagster_project.reporting.pack import write_pack
    from dagster_project.serving import connect
    from dagster_project.serving.consultation import disclosed, has_record

    def said(text: str) -> None:
        if not quiet:
            echo(text, err=True)

    forms = [f.strip() for f in form.split(",") if f.strip()]
    if not forms:
        raise typer.BadParameter("names no format", param_hint="--format")
    with explained():
        where = Home.of(home)
        chosen = read_editions(where).named(edition)
        con = connect(where, reason, by="pam report")
        try:
            said(f"Edition {chosen.edition}, {chosen.title}")
            sample = holds_made_up(where)
            target = out.expanduser().absolute()
            shape = "public form" if public else "exact"
            what = f"edition {chosen.edition}, {shape}: {', '.join(forms)}"
            disclosed(where, reason, by="pam report", what=what, to=str(target))
            # Who may read what is published and no more has neither the night's rows nor its pictures.
            own = where if has_record(where) else None
            pack = write_pack(
                con, chosen, target, forms, home=own, is_sample=sample, overwrite=replace, public=public, print_line=said,
                tables_only=tables_only,
            )  # fmt: skip
        finally:
            con.close()
        said(f"{pack.data_status} Night {pack.night_id}.")
        echo(str(target / "index.html" if "html" in forms else target))


@report_app.command()
def refresh(
    file: Annotated[Path, typer.Argument(help="The document (.docx) that pam report made, with what you wrote in it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write this file instead, and leave yours as it is.", show_default=False)
    ] = None,
    keep_typed: Annotated[
        bool, typer.Option("--keep-typed", help="Leave figures that somebody typed over; else they are computed again.")
    ] = False,
    form: Annotated[str, typer.Option("--format", "-f", help="List what changed as table, csv or json.")] = "table",
    reason: ReasonOption = "",
    home: HomeOption = None,
) -> None:
    """Bring the figures of a document to the newest night, in its tables and wherever you copied them; your words stay.

    What moved is listed. Charts, and the notes on what to check, stay those of the night that the document was made on.

    Exit 0: every figure is tonight's. Exit 1: some were left as they were, and the list says why; or the file can't be
    refreshed, and is as it was. Exit 2: wrong use.

    Example: pam report refresh report.docx

    Example: pam report refresh report.docx --out newer.docx --format csv > moved.csv
    """
    from dagster_project.core.receipts import holds_made_up
    from dagster_project.editions import read_editions
    from dagster_project.reporting.pack import read_pack
    from dagster_project.reporting.pack.word_refresh import read_document, write_refreshed
    from dagster_project.reporting.pack.word_refresh import refresh as refreshed
    from dagster_project.serving import connect, write_result
    from dagster_project.serving.consultation import disclosed

    check_form(form)
    with explained():
        where, target = Home.of(home), (out or file).expanduser().absolute()
        document = read_document(file.expanduser())
        part = document.part
        edition = read_editions(where).named(part.edition)
        con = connect(where, reason, by="pam report refresh")
        try:
            pack = read_pack(con, edition, holds_made_up(where), part.form == "public")
        finally:
            con.close()
        found = refreshed(document, pack, keep_typed)
        what = f"edition {part.edition}, {'public form' if part.form == 'public' else 'exact'}: docx, refreshed"
        disclosed(where, reason, by="pam report refresh", what=what, to=str(target))
        write_refreshed(found, file.expanduser(), target)
        rows = [(c.figure, c.what, c.was, c.now, c.note) for c in found.changes]
        if rows or form != "table":
            write_result(["figure", "what", "was", "is", "note"], rows, form, sys.stdout)
        left = sum(c.is_left for c in found.changes)
        moved = sum(c.was != c.now for c in found.changes)
        said = f"{target}: {found.updated:,} figures are of night {pack.night_id} (were of {found.before}); {moved:,} moved"
        said += f", {left:,} were left as they were" if left else ""
        said += "; charts stay those of the night named below each" if found.has_charts else ""
        echo(said, err=form != "table")
    if left:
        raise typer.Exit(1)
